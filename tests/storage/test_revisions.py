"""Revisions: only ever added, one for each number, and the newest counts."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy.exc import IntegrityError

from bot.domain.curation import RevisionKind
from bot.storage import Storage
from tests.storage.curation_examples import FIRST, GUILD, OTHER_GUILD, SECOND, card, event, revision
from tests.storage.examples import HOUR, NOW


async def test_each_kind_comes_back_as_it_went_in(storage: Storage) -> None:
    made = [
        replace(revision(1), approved_by=(SECOND, FIRST)),
        replace(revision(2), kind=RevisionKind.WITHDRAWN, author_id=None, why="A dose\nis wrong.", bundled=None),
        replace(revision(3), kind=RevisionKind.BUNDLED, card=None, sources=(), at=NOW + HOUR),
    ]
    for each in made:
        assert await storage.revisions.add(each, event())
    assert await storage.revisions.of_card(GUILD, "tea") == made[::-1]
    assert await storage.revisions.of_card(GUILD, "coffee") == []


async def test_the_newest_of_each_card_counts_and_nothing_leaks_across(storage: Storage) -> None:
    tea = [revision(number) for number in (1, 2, 10)]
    coffee, theirs = revision(card_id="coffee"), replace(revision(guild_id=OTHER_GUILD), approved_by=(SECOND,))
    for each in (*tea, coffee, theirs):
        await storage.revisions.add(each, event(guild_id=each.guild_id))
    assert await storage.revisions.latest(GUILD) == [coffee, tea[-1]]
    assert await storage.revisions.latest(OTHER_GUILD) == [theirs]
    assert await storage.revisions.latest(300) == []
    assert await storage.revisions.guilds() == {GUILD, OTHER_GUILD}


async def test_a_number_that_is_taken_is_refused_without_a_trace(storage: Storage) -> None:
    first, second = replace(revision(), approved_by=(FIRST,)), replace(revision(), card=card(scope="Another text."))
    assert await storage.revisions.add(first, event())
    assert not await storage.revisions.add(replace(second, approved_by=(SECOND,)), event(SECOND, "too late"))
    assert await storage.revisions.of_card(GUILD, "tea") == [first]
    assert [each.actor_id for each in await storage.communities.events(GUILD, 10)] == [FIRST]


async def test_of_many_at_the_same_moment_one_gets_the_number(storage: Storage) -> None:
    for number in range(1, 11):
        theirs = [replace(revision(number), approved_by=(person,)) for person in range(5)]
        added = await asyncio.gather(*(storage.revisions.add(each, event()) for each in theirs))
        assert sum(added) == 1
        [newest] = await storage.revisions.latest(GUILD)
        assert newest == theirs[added.index(True)]
    assert len(await storage.communities.events(GUILD, 100)) == 10


@pytest.mark.parametrize("wrong", [{"number": 0}, {"card": None}, {"kind": RevisionKind.BUNDLED}])
async def test_the_schema_refuses_what_makes_no_sense(storage: Storage, wrong: dict[str, object]) -> None:
    with pytest.raises(IntegrityError):
        await storage.revisions.add(replace(revision(), **wrong), event())
    assert await storage.communities.events(GUILD, 10) == []
