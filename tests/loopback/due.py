"""Prompts in the file that the bot will open, and what has become of them once no bot is running."""

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from datetime import UTC, datetime, time, timedelta

from bot.domain.checkins import CONSENT_VERSION, Prompt, PromptStatus, new_id
from bot.domain.members import Member
from bot.domain.plans import CheckIn, Plan, Timetable
from bot.domain.schedules import Schedule
from bot.storage import Storage
from tests.loopback.process import Launcher
from tests.ready import open_ready

MEMBER = 4242


async def put_due_prompt(bots: Launcher, member_id: int = MEMBER) -> tuple[Prompt, int]:
    """A prompt that was due a minute ago, and the member's channel."""
    [(prompt, channel)] = await put_due_prompts(bots, [member_id])
    return prompt, channel


async def put_due_prompts(bots: Launcher, members: Iterable[int], plans: int = 1) -> list[tuple[Prompt, int]]:
    """So many prompts for each member."""
    now = datetime.now(UTC) - timedelta(minutes=1)
    timetable = Timetable(Schedule.daily(time(now.hour, now.minute)))
    storage = await open_storage(bots)
    made: list[tuple[Plan, int]] = []
    for member_id in members:
        channel = bots.discord.open_dm(member_id)
        theirs = [Plan(new_id(), member_id, CheckIn(), timetable, now) for _ in range(plans)]
        member = Member(member_id, "UTC", CONSENT_VERSION, now, channel)
        await storage.plans.save(member, theirs, now - timedelta(minutes=1))
        made += [(plan, channel) for plan in theirs]
    await storage.close()
    with closing(sqlite3.connect(bots.data_dir / "spoonful.db")) as file:
        ids = dict[str, str](file.execute("SELECT plan_id, id FROM prompt").fetchall())
    return [
        (Prompt(ids[plan.id], plan.id, plan.member_id, now.date(), now, PromptStatus.DUE), channel)
        for plan, channel in made
    ]


async def open_storage(bots: Launcher) -> Storage:
    if not bots.data_dir.exists():
        return await open_ready(bots.data_dir)
    return await Storage.open(None, bots.data_dir, bots.data_dir / "master.key")


async def stored(bots: Launcher, prompt: Prompt) -> Prompt:
    """The prompt's row, once no bot is running."""
    [found] = await all_stored(bots, [prompt])
    return found


async def all_stored(bots: Launcher, prompts: Sequence[Prompt]) -> list[Prompt]:
    storage = await open_storage(bots)
    found = [await storage.prompts.get(prompt.id) for prompt in prompts]
    await storage.close()
    assert None not in found
    return [prompt for prompt in found if prompt]
