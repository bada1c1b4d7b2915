"""What there is about a person is counted and read out whole, on both engines."""

from datetime import timedelta

import pytest

from bot.domain.checkins import new_id
from bot.domain.journal import TreatmentMark
from bot.domain.lifetimes import Holding
from bot.domain.members import Preferences
from bot.domain.trends import Mark
from bot.storage import Storage
from bot.storage.curation_tables import NAMES_ACTOR, NAMES_APPROVER, TRACES, marked
from bot.storage.tables import metadata
from tests.storage.curation_examples import curate
from tests.storage.examples import DAY, DUE, NOW, TUESDAY, enroll, entry, own_prompt, sent_prompt

PERSON, OTHER = 0x0123456789ABCDEF, 2
LIMIT = 2


async def fill(storage: Storage, person: int) -> None:
    """A row of every kind."""
    await storage.entries.record(entry(await sent_prompt(storage, person)))
    await storage.marks.add([TreatmentMark(new_id(), person, Mark("Yoga", TUESDAY))])
    await storage.members.set_preferences(person, Preferences(streaks=True))
    await curate(storage, person)


def test_every_table_that_can_hold_a_person_is_a_kind() -> None:
    """A new one needs words in `bot.domain.lifetimes`."""
    named = {column.table.name for mark in (NAMES_ACTOR, NAMES_APPROVER, TRACES) for column in marked(mark)}
    of_members = {name for name, table in metadata.tables.items() if "member_id" in table.c}
    assert {"member", "preferences", *named, *of_members} == set(Holding)


async def test_everything_is_counted_and_erasing_returns_the_same_counts(storage: Storage) -> None:
    await fill(storage, PERSON)
    await enroll(storage, OTHER)
    held = await storage.holdings.of(PERSON)
    assert list(held) == list(Holding)
    assert (held[Holding.PROMPT], held[Holding.ENTRY], held[Holding.APPROVAL]) == (2, 1, 2)
    assert await storage.members.erase(PERSON) == held
    assert await storage.holdings.of(PERSON) == {}
    assert await storage.holdings.records(PERSON) == []
    assert await storage.members.erase(PERSON) == {}
    assert await storage.holdings.of(OTHER) == {Holding.MEMBER: 1, Holding.PLAN: 1, Holding.PROMPT: 1}


async def test_records_are_the_rows_without_what_is_sealed(storage: Storage) -> None:
    await fill(storage, PERSON)
    records = await storage.holdings.records(PERSON)
    held = await storage.holdings.of(PERSON)
    apart = {Holding.ENTRY, Holding.MARK, Holding.PREFERENCES}
    assert {each.holding for each in records} == set(held) - apart
    [member] = [dict(each.fields) for each in records if each.holding is Holding.MEMBER]
    assert member == {
        "id": str(PERSON),
        "zone": "Europe/Berlin",
        "consent_version": "1",
        "consented_at": NOW.isoformat(),
        "dm_channel_id": str(PERSON + 1000),
    }
    assert all("sealed" not in dict(each.fields) for each in records)


async def test_entries_are_purged_in_parts_with_their_prompts(storage: Storage) -> None:
    await enroll(storage)
    for number in range(5):
        prompt = own_prompt()
        await storage.prompts.add(prompt)
        await storage.entries.record(entry(prompt, at=DUE + number * DAY))
    before = DUE + 3 * DAY
    first, after = await storage.entries.purge(before, "", LIMIT)
    assert after is not None
    second, end = await storage.entries.purge(before, after, LIMIT)
    assert (first, second, end) == (2, 1, None)
    assert [each.recorded_at for each in await storage.entries.of_member(1)] == [before, before + DAY]
    held = await storage.holdings.of(1)
    assert (held[Holding.ENTRY], held[Holding.PROMPT]) == (2, 3)  # and the one that is due


async def test_prompts_are_purged_in_parts_but_not_what_waits_or_was_answered(storage: Storage) -> None:
    answer = entry(await sent_prompt(storage))
    await storage.entries.record(answer)
    for _ in range(3):
        await storage.prompts.add(own_prompt())
    later = DUE + timedelta(days=900)
    first, after = await storage.prompts.purge(later, "", LIMIT)
    assert after is not None
    second, end = await storage.prompts.purge(later, after, LIMIT)
    assert (first, second, end) == (2, 1, None)
    assert await storage.entries.of_prompt(answer.prompt_id) == answer
    assert await storage.prompts.next_due() is not None


async def test_purging_nothing_is_no_error(storage: Storage) -> None:
    assert await storage.entries.purge(NOW, "", LIMIT) == (0, None)
    assert await storage.prompts.purge(NOW, "", LIMIT) == (0, None)


@pytest.mark.parametrize("warned", [True, False])
async def test_a_warning_counts_once_and_only_for_who_is_out_of_reach(storage: Storage, *, warned: bool) -> None:
    await enroll(storage)
    assert not await storage.members.warn(1, NOW)
    await storage.members.set_unreachable(1, NOW)
    assert [each.id for each in await storage.members.lost(NOW, LIMIT, -1)] == [1]
    assert await storage.members.warn(1, NOW + DAY)
    assert not await storage.members.warn(1, NOW + DAY)
    assert await storage.members.lost(NOW, LIMIT, -1) == []
    if not warned:
        assert await storage.members.warn(1, None)
    told = await storage.members.lost(NOW, LIMIT, -1, warned_before=NOW + DAY)
    assert [each.id for each in told] == ([1] if warned else [])
    assert await storage.members.lost(NOW, LIMIT, 1, warned_before=NOW + DAY) == []
    assert await storage.members.lost(NOW, LIMIT, -1, warned_before=NOW) == []


async def test_a_consent_is_written_over_the_earlier_one(storage: Storage) -> None:
    await enroll(storage)
    await storage.members.agree(1, 3, NOW + DAY)
    member = await storage.members.get(1)
    assert member is not None
    assert (member.consent_version, member.consented_at) == (3, NOW + DAY)
