"""What was asked for in vain: no text before three different people asked, and none after they are gone."""

import asyncio
from dataclasses import replace

import pytest

from bot.domain.curation import AskedKind
from bot.storage import Storage
from tests.storage.curation_examples import GUILD, OTHER_GUILD, TEXT, ask, wish
from tests.storage.examples import DAY, HOUR, NOW
from tests.storage.places import Place


async def rows(place: Place, table: str) -> int:
    return (await place.sql(f"SELECT count(*) FROM {table}"))[0][0]  # noqa: S608 - our own names


class TestRevealing:
    async def test_a_text_is_stored_from_the_third_different_asker_on(self, storage: Storage, place: Place) -> None:
        for counted, person in enumerate((1, 2), start=1):
            for _ in range(3):
                assert await ask(storage, person) == counted
            assert await place.sql("SELECT text FROM asked") == [(None,)]
            assert await storage.asked.revealed(GUILD) == []
        assert await ask(storage, 3) == 3
        assert await storage.asked.revealed(GUILD) == [(AskedKind.QUESTION, TEXT, 3)]

    async def test_before_that_no_file_holds_it_or_who_asked(self, sqlite_place: Place) -> None:
        storage = await sqlite_place.open()
        person = 0x0123456789ABCDEF
        await ask(storage, person, text="a secret wish")
        left = sqlite_place.raw_bytes()
        await storage.close()
        assert storage.traces.of(person).encode() in left
        for said in (b"secret wish", str(person).encode(), person.to_bytes(8, "big")):
            assert said not in left.replace(b"mark of a secret wish", b"")

    async def test_those_who_ask_at_the_same_moment_are_all_counted(self, storage: Storage) -> None:
        for at in range(10):
            counted = await asyncio.gather(*(ask(storage, person, text=f"text {at}") for person in range(3)))
            assert sorted(counted) == [1, 2, 3]
        assert len(await storage.asked.revealed(GUILD)) == 10

    async def test_the_most_wanted_come_first_and_nothing_leaks_across(self, storage: Storage) -> None:
        for text, people in (("beta", 3), ("alpha", 3), ("gamma", 5), ("rare", 2)):
            for person in range(people):
                await ask(storage, person, text=text)
        for person in range(3, 6):
            await ask(storage, person, text="rare", guild_id=OTHER_GUILD)
        found = [(text, count) for _, text, count in await storage.asked.revealed(GUILD)]
        assert found == [("gamma", 5), ("alpha", 3), ("beta", 3)]
        assert await storage.asked.revealed(OTHER_GUILD) == [(AskedKind.QUESTION, "rare", 3)]
        assert await storage.asked.guilds() == {GUILD, OTHER_GUILD}

    async def test_a_community_where_too_few_ask_for_anything_is_not_among_those(self, storage: Storage) -> None:
        for person in range(2):
            await ask(storage, person)
        assert await storage.asked.guilds() == frozenset()

    async def test_a_card_and_a_question_of_the_same_words_are_two(self, storage: Storage) -> None:
        for person in range(2):
            for kind in AskedKind:
                counted = await storage.asked.asked(GUILD, kind, "mark", storage.traces.of(person), TEXT, NOW, 3)
                assert counted == person + 1

    async def test_a_dismissed_text_starts_from_nobody(self, storage: Storage, place: Place) -> None:
        for guild_id in (GUILD, OTHER_GUILD):
            for person in range(3):
                await ask(storage, person, guild_id=guild_id)
        await storage.asked.dismiss(GUILD, AskedKind.CARD, TEXT)
        assert len(await storage.asked.revealed(GUILD)) == 1
        await storage.asked.dismiss(GUILD, AskedKind.QUESTION, TEXT)
        assert await storage.asked.revealed(GUILD) == []
        assert await rows(place, "asker") == 3
        assert await ask(storage, 1) == 1
        assert len(await storage.asked.revealed(OTHER_GUILD)) == 1


class TestForgetting:
    async def test_what_was_asked_long_ago_is_forgotten_and_hides_the_text(self, storage: Storage) -> None:
        for person, at in enumerate((NOW - DAY, NOW, NOW)):
            await ask(storage, person, at=at)
        assert await storage.asked.purge(NOW) == 1
        assert await storage.asked.revealed(GUILD) == []
        assert await ask(storage, 4) == 3
        assert len(await storage.asked.revealed(GUILD)) == 1

    async def test_who_asks_again_is_kept(self, storage: Storage) -> None:
        for at in (NOW - DAY, NOW):
            await ask(storage, 1, at=at)
        assert await storage.asked.purge(NOW) == 0
        assert await ask(storage, 2) == 2

    async def test_nothing_is_left_of_what_nobody_asks_for(self, storage: Storage, place: Place) -> None:
        for person in range(3):
            await ask(storage, person, at=NOW - DAY)
        assert await storage.asked.purge(NOW) == 3
        assert (await rows(place, "asked"), await rows(place, "asker")) == (0, 0)

    async def test_an_erased_asker_does_not_count_any_more(self, storage: Storage) -> None:
        for person in range(3):
            await ask(storage, person)
        assert await storage.members.erase(1)
        assert await storage.asked.revealed(GUILD) == []
        assert await ask(storage, 0) == 2

    async def test_asking_at_the_same_moment_as_being_erased_or_purged(self, storage: Storage, place: Place) -> None:
        """Either the last question counts or it is forgotten with the rest, and no two wait for each other for ever."""
        for at in range(15):
            for person in range(3):
                await ask(storage, person, text=f"text {at}", at=NOW - DAY)
            await asyncio.gather(
                *(ask(storage, person, text=f"text {at}") for person in range(3)),
                storage.members.erase(0),
                storage.asked.purge(NOW),
            )
            counts = "SELECT count(*) FROM asked WHERE text IS NOT NULL AND 3 > (SELECT count(*) FROM asker b"
            assert await place.sql(f"{counts} WHERE b.mark = asked.mark)") == [(0,)]
        assert await storage.asked.purge(NOW + DAY) > 0
        assert (await rows(place, "asked"), await rows(place, "asker")) == (0, 0)


class TestWishes:
    async def test_a_wish_is_kept_once_and_taken_back(self, storage: Storage) -> None:
        mine, theirs = wish(storage, 1), wish(storage, 2, at=NOW - HOUR)
        outside = wish(storage, 1, guild_id=0)
        for each in (mine, theirs, outside):
            assert await storage.asked.wish(each)
        assert not await storage.asked.wish(replace(mine, wished_at=NOW + DAY))
        assert await storage.asked.wishes(GUILD) == [theirs, mine]
        assert await storage.asked.wishes(0) == [outside]
        assert len(await storage.asked.wishes()) == 3
        await storage.asked.unwish(mine)
        assert await storage.asked.wishes(GUILD) == [theirs]
        assert await storage.asked.wishes(0) == [outside]

    async def test_old_wishes_are_forgotten(self, storage: Storage) -> None:
        for person, at in enumerate((NOW - DAY, NOW)):
            await storage.asked.wish(wish(storage, person, at=at))
        assert await storage.asked.purge(NOW) == 1
        assert await storage.asked.wishes() == [wish(storage, 1)]


class TestTraces:
    async def test_traces_tell_apart_and_survive_a_restart(self, place: Place) -> None:
        storage = await place.open()
        parts = [(1,), (2,), ("1",), (1, 1), (11,), ("a", "b"), ("ab",), ("a,b",), ()]
        before = [storage.traces.of(*each) for each in parts]
        await storage.close()
        assert len(set(before)) == len(parts)
        assert {len(each) for each in before} == {24}
        storage = await place.open()
        assert [storage.traces.of(*each) for each in parts] == before
        await storage.close()

    @pytest.mark.parametrize("person", [1, 0x0123456789ABCDEF])
    async def test_another_bot_has_other_traces(self, tmp_path_factory: pytest.TempPathFactory, person: int) -> None:
        found: set[str] = set()
        for name in ("one", "other"):
            storage = await Place(tmp_path_factory.mktemp(name), None).open()
            found.add(storage.traces.of(person))
            await storage.close()
        assert len(found) == 2
