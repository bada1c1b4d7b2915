"""Erasing somebody from what communities keep: the history stays, their name goes, enrolled or not."""

from typing import Any

import pytest
from sqlalchemy import BigInteger, Column

from bot.domain.curation import ProposalStatus
from bot.storage import Storage
from bot.storage.curation_tables import NAMES_ACTOR, NAMES_APPROVER, TRACES, marked
from bot.storage.tables import members, metadata
from tests.storage.curation_examples import FIRST, GUILD, SECOND, TEXT, ask, curate, wish
from tests.storage.examples import enroll
from tests.storage.places import Place

PERSON = 0x0123456789ABCDEF
NO_PERSON = {"guild_id", "channel_id", "dm_channel_id", "message_id"}
"""Columns for Discord's ids of something else. (A member's DM channel goes with the row that says whose it is.)"""

COLUMNS = [column for table in metadata.sorted_tables for column in table.columns]


def cascades(column: Column[Any]) -> bool:
    return column is members.c.id or any(
        key.target_fullname == "member.id" and key.ondelete == "CASCADE" for key in column.foreign_keys
    )


@pytest.mark.parametrize(
    "column", [each for each in COLUMNS if isinstance(each.type, BigInteger) or each.name == "trace"], ids=str
)
def test_every_column_that_can_hold_a_person_is_forgotten(column: Column[Any]) -> None:
    """A new one goes with the member, or says what erasing does to it, or is named above because it holds no person."""
    said = [mark for mark in (NAMES_ACTOR, NAMES_APPROVER, TRACES) if column.info.get(mark)]
    assert cascades(column) + (column.name in NO_PERSON) + len(said) == 1
    assert (column.name == "trace") == (said == [TRACES])
    assert (NAMES_ACTOR in said) <= bool(column.nullable)


async def whole(place: Place) -> str:
    """Every row of every table, as text; on SQLite also every byte of the files, in the forms that ids are kept in."""
    rows = [str(await place.sql(f"SELECT * FROM {table}")) for table in metadata.tables]  # noqa: S608 - our own names
    return "".join(rows) + ("" if place.url else place.raw_bytes().decode("latin-1"))


def forms(person: int) -> list[str]:
    """An id as text and as SQLite keeps it: in a row; as the key of one, seven bits in a byte and eight in the last."""
    sevens = [person >> shift & 0x7F | 0x80 for shift in range(57, 7, -7)]
    return [str(person), person.to_bytes(8, "big").decode("latin-1"), bytes([*sevens, person & 0xFF]).decode("latin-1")]


@pytest.mark.parametrize("enrolled", [True, False])
async def test_nothing_in_the_files_names_an_erased_person(storage: Storage, place: Place, *, enrolled: bool) -> None:
    if enrolled:
        await enroll(storage, PERSON)
    await curate(storage, PERSON)
    trace, channel = storage.traces.of(PERSON), PERSON + 1
    for column in marked(NAMES_ACTOR) + marked(NAMES_APPROVER) + marked(TRACES):
        kept = await place.sql(f"SELECT {column.name} FROM {column.table.name}")  # noqa: S608 - our own names
        assert {PERSON, trace} & {value for (value,) in kept}, f"the example leaves out {column}"
    before = await whole(place)
    expected = forms(PERSON)[:1] if place.url else forms(PERSON)[: 2 + enrolled]  # the key is that of the member
    assert all(form in before for form in (trace, *expected))
    assert await storage.members.erase(PERSON)
    left = await whole(place)
    for form in (*forms(PERSON), *forms(channel), trace):
        assert form not in left
    assert not await storage.members.erase(PERSON)


async def test_the_history_stays_with_the_names_of_the_others(storage: Storage) -> None:
    await curate(storage, PERSON)
    lines = len(await storage.communities.events(GUILD, 100))
    await storage.members.erase(PERSON)
    withdrawn, published = await storage.revisions.of_card(GUILD, "tea")
    assert (withdrawn.author_id, published.author_id, published.approved_by) == (None, 11, ())
    assert withdrawn.card is not None
    events = await storage.communities.events(GUILD, 100)
    assert len(events) == lines
    assert {each.actor_id for each in events} == {None, 11, FIRST}
    assert await storage.communities.get(GUILD) is not None


async def test_a_proposal_whose_author_is_gone_stays_in_review_and_their_approvals_go(
    storage: Storage,
) -> None:
    await curate(storage, PERSON)
    await storage.members.erase(PERSON)
    found = {each.author_id: each for each in await storage.proposals.in_status(GUILD, ProposalStatus.OPEN)}
    assert found[None].approved_by == (FIRST,)
    assert found[11].approved_by == ()


async def test_others_keep_what_they_asked_and_wished_for(storage: Storage) -> None:
    await curate(storage, PERSON)
    await storage.asked.wish(wish(storage, SECOND))
    await storage.members.erase(PERSON)
    assert await storage.asked.wishes() == [wish(storage, SECOND)]
    assert await storage.asked.revealed(GUILD) == []  # two are left, and two are too few
    assert await ask(storage, 14, text=TEXT) == 3
