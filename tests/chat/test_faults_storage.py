"""What a member sees when their answer cannot be stored, and when they vanish in the middle of it."""

import asyncio
import re
from contextlib import suppress
from typing import Any

from bot.domain.checkins import PromptStatus
from bot.errors import UserError
from bot.storage import SealBroken
from bot.storage.tables import metadata
from tests.chat.world import World, custom_ids_of, text_of

OF_MEMBERS = ["member", *(name for name, table in metadata.tables.items() if "member_id" in table.c)]


def prompt_id(message: Any) -> str:
    [found] = {each for custom_id in custom_ids_of(message) for each in re.findall(r"[0-9a-f]{16}", custom_id)}
    return found


async def set_writable(world: World, *, writable: bool) -> None:
    """As when a disk turns read-only: SQLite refuses from now on. Disks that are full are in `tests/storage`."""
    writer = world.storage.prompts._db._writer  # pyright: ignore[reportPrivateUsage] - no other way to it
    async with writer.connect() as connection:
        driver: Any = (await connection.get_raw_connection()).driver_connection
        await driver.execute_fetchall(f"PRAGMA query_only={'OFF' if writable else 'ON'}")


async def test_fault_38_when_nothing_can_be_written_the_member_is_told_and_nothing_half_is_kept(world: World) -> None:
    await world.enroll()
    prompt = await world.due_prompt()
    await set_writable(world, writable=False)
    answer = await world.you.select(prompt, ["6"])
    assert "Something went wrong on my side" in text_of(answer.followups[0])
    assert "Saved" not in text_of(world.inbox[-2])
    assert await world.storage.entries.of_prompt(prompt_id(prompt)) is None
    kept = await world.storage.prompts.get(prompt_id(prompt))
    assert kept is not None
    assert kept.status is PromptStatus.SENT

    await set_writable(world, writable=True)
    await world.you.select(prompt, ["6"])
    entry = await world.storage.entries.of_prompt(prompt_id(prompt))
    assert entry is not None
    assert entry.answers.pain == 6


async def test_fault_50_erased_during_an_export_or_an_answer_leaves_no_row_and_no_key(world: World) -> None:
    """Each at the same time as the erasure, begun before it, beside it and after it."""
    storage, member = world.storage, world.you.id
    for steps in range(0, 25, 5):
        await world.enroll()
        prompt = await world.due_prompt()

        async def after(count: int, work: Any) -> None:
            for _ in range(count):
                await asyncio.sleep(0)
            with suppress(LookupError, UserError, SealBroken):
                await work

        await asyncio.gather(
            after(0, world.checkins.record(member, prompt_id(prompt), "6")),
            after(0, storage.entries.of_member(member)),
            after(steps, storage.members.erase(member)),
        )
        assert await storage.members.get(member) is None
        for table in OF_MEMBERS:
            assert not await storage.prompts._db.rows(metadata.tables[table].select()), table  # pyright: ignore[reportPrivateUsage]
