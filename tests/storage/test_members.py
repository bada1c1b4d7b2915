"""Members, and that erasing one leaves nothing."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import time

import pytest

from bot.domain.checkins import Entry, new_id
from bot.domain.journal import FlareMark, TreatmentMark
from bot.domain.members import Preferences, QuietHours, SafetyPlan
from bot.domain.trends import Flare, Mark
from bot.storage import SealBroken, Storage
from bot.storage.tables import metadata
from tests.storage.examples import DAY, DUE, HOUR, NOW, TUESDAY, claim, enroll, entry, sent_prompt, snooze
from tests.storage.places import Place

ABOUT_NO_MEMBER = {
    *("bot_state", "send_budget", "lookup"),
    *("community", "report", "source_alert", "decision", "posted", "shown_card", "asked"),
}
ABOUT_ANYBODY = {"event", "proposal", "approval", "revision", "signature", "asker", "wish", "report"}
"""Those whose people need not be members: `test_erasure` sees to them."""

OF_MEMBERS = sorted(set(metadata.tables) - ABOUT_NO_MEMBER - ABOUT_ANYBODY - {"member"})


@pytest.mark.parametrize("name", OF_MEMBERS)
def test_every_table_goes_with_the_member(name: str) -> None:
    """A new table hangs off a member, or is named above."""
    column = metadata.tables[name].c.member_id
    [key] = column.foreign_keys
    assert (key.target_fullname, key.ondelete, column.nullable) == ("member.id", "CASCADE", False)


def test_no_other_column_points_past_the_member() -> None:
    for table in metadata.tables.values():
        assert all(key.ondelete == "CASCADE" for key in table.foreign_keys)


async def test_a_new_dm_channel_is_where_the_next_prompt_goes(storage: Storage) -> None:
    await enroll(storage)
    await storage.members.set_dm_channel(1, 5)
    [delivery] = await claim(storage)
    assert delivery.channel_id == 5


async def test_unreachable_since_is_kept_and_cleared(storage: Storage) -> None:
    await enroll(storage)
    for since in (NOW, None):
        await storage.members.set_unreachable(1, since)
        kept = await storage.members.get(1)
        assert kept is not None
        assert kept.unreachable_since == since


async def test_preferences_are_the_members_own_and_outlive_a_new_plan(storage: Storage) -> None:
    quiet = QuietHours(start=time(22), end=time(7, 30))
    mine = Preferences(day_begins=time(4), quiet=quiet, streaks=True, safety=SafetyPlan(text="Übel", country="GB"))
    for member_id in (1, 2):
        await enroll(storage, member_id)
        assert await storage.members.preferences(member_id) == Preferences()
    await storage.members.set_preferences(1, mine)
    await enroll(storage, 1)
    assert await storage.members.preferences(1) == mine
    assert await storage.members.preferences(2) == await storage.members.preferences(3) == Preferences()


async def test_preferences_of_nobody_are_refused(storage: Storage) -> None:
    with pytest.raises(SealBroken):
        await storage.members.set_preferences(1, Preferences())


async def test_marks_come_back_by_kind_in_the_order_of_their_days(storage: Storage) -> None:
    await enroll(storage)
    yoga, tea = (TreatmentMark(new_id(), 1, Mark(name, TUESDAY, card_id=name)) for name in ("yoga", "tea"))
    flares = [FlareMark(new_id(), 1, Flare(TUESDAY - day * DAY)) for day in (0, 9)]
    await storage.marks.add([yoga, *flares])
    await storage.marks.add([])
    earlier = replace(tea, mark=replace(tea.mark, started=TUESDAY - DAY, stopped=TUESDAY))
    await storage.marks.add([tea])
    await storage.marks.replace(earlier)
    over = replace(flares[1], mark=replace(flares[1].mark, last=TUESDAY))
    await storage.marks.replace(over)
    assert await storage.marks.treatments(1) == [earlier, yoga]
    assert await storage.marks.flares(1) == [over, flares[0]]


async def test_erasing_takes_everything_of_this_member_and_nothing_of_others(storage: Storage, place: Place) -> None:
    mine, theirs = entry(await sent_prompt(storage, 1)), entry(await sent_prompt(storage, 2))
    await storage.entries.record(mine)
    await storage.entries.record(theirs)
    for member_id in (1, 2):
        await storage.marks.add([TreatmentMark(new_id(), member_id, Mark("Yoga", mine.local_date))])
        await storage.members.set_preferences(member_id, Preferences(streaks=True))
    assert await storage.members.erase(1)
    for table in OF_MEMBERS:
        assert set(await place.sql(f"SELECT member_id FROM {table}")) == {(2,)}, table  # noqa: S608 - our own names
    keys = await place.sql(f"SELECT member_id FROM {place.vault_schema}member_key", vault=True)  # noqa: S608
    assert keys == [(2,)]
    assert await storage.members.get(1) is None
    assert await storage.members.preferences(1) == Preferences()
    assert await storage.plans.of_member(1) == []
    assert await storage.entries.of_prompt(mine.prompt_id) is None
    assert await storage.entries.of_prompt(theirs.prompt_id) == theirs
    assert not await storage.members.erase(1)


async def test_an_erased_member_can_come_back_with_a_new_key(storage: Storage) -> None:
    await sent_prompt(storage)
    await storage.members.erase(1)
    again = entry(await sent_prompt(storage), note="again")
    await storage.entries.record(again)
    assert await storage.entries.latest(1, "pain") == again


async def test_fault_50_an_answer_that_meets_an_erasure_is_stored_and_erased_or_refused(
    storage: Storage, place: Place
) -> None:
    async def record(answer: Entry) -> None:
        with suppress(LookupError):
            await storage.entries.record(answer)

    for member_id in range(10):
        prompt = await sent_prompt(storage, member_id)
        later = storage.prompts.put_off(prompt.id, snooze(prompt, DUE + HOUR))
        await asyncio.gather(later, record(entry(prompt)), storage.members.erase(member_id), claim(storage))
    for table in ("member", "prompt", "entry"):
        assert await place.sql(f"SELECT count(*) FROM {table}") == [(0,)]  # noqa: S608 - our own names


async def test_fault_50_a_member_whose_key_is_gone_is_unreadable_but_not_stuck(storage: Storage, place: Place) -> None:
    """What a crash in the middle of an erasure leaves: it can be repeated, and nothing can be read meanwhile."""
    answer = entry(await sent_prompt(storage))
    await storage.entries.record(answer)
    await place.sql(f"DELETE FROM {place.vault_schema}member_key", vault=True)  # noqa: S608
    with pytest.raises(SealBroken):
        await storage.entries.latest(1, "pain")
    assert await storage.members.erase(1)
    assert await storage.members.get(1) is None
