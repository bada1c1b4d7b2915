"""What waits for moderators: reports and source alerts; and the messages that are kept up to date."""

import asyncio
from dataclasses import replace

from bot.domain.curation import ReportStatus, SourceAlert
from bot.storage import Storage
from tests.storage.curation_examples import ALERT, FIRST, GUILD, OTHER_GUILD, SECOND, card, event, posted, report
from tests.storage.examples import DAY, HOUR, NOW
from tests.storage.places import Place

TIMES = 10


class TestReports:
    async def test_open_ones_come_oldest_first_and_only_to_their_community(self, storage: Storage) -> None:
        later, sooner, theirs = report("@everyone\n\u202e", at=NOW + HOUR), report(), report(guild_id=OTHER_GUILD)
        for each in (later, sooner, theirs):
            await storage.reports.add(each, "somebody")
        assert await storage.reports.open(GUILD) == [sooner, later]
        assert await storage.reports.open(OTHER_GUILD) == [theirs]
        assert await storage.reports.get(later.id) == later
        assert await storage.reports.get("another") is None

    async def test_one_person_settles_it(self, storage: Storage) -> None:
        for _ in range(TIMES):
            made = report()
            await storage.reports.add(made, "somebody")
            ends = (ReportStatus.DONE, ReportStatus.DISMISSED)
            settled = await asyncio.gather(*(storage.reports.settle(made.id, end, event()) for end in ends))
            assert sum(settled) == 1
            assert await storage.reports.get(made.id) == replace(made, status=ends[settled.index(True)])
        assert await storage.reports.open(GUILD) == []
        assert len(await storage.communities.events(GUILD, 100)) == TIMES

    async def test_only_settled_ones_are_forgotten(self, storage: Storage) -> None:
        old, old_and_open, new = report(at=NOW - DAY), report(at=NOW - DAY), report()
        for each in (old, old_and_open, new):
            await storage.reports.add(each, "somebody")
        for each in (old, new):
            await storage.reports.settle(each.id, ReportStatus.DONE, event())
        assert await storage.reports.purge(NOW) == 1
        found = [await storage.reports.get(each.id) for each in (old, old_and_open, new)]
        assert found == [None, old_and_open, replace(new, status=ReportStatus.DONE)]


class TestAlerts:
    async def test_what_is_found_again_is_no_news(self, storage: Storage) -> None:
        correction = replace(ALERT, kind="correction", found_at=NOW - DAY)
        second = replace(ALERT, detail="x" * 5000, found_at=NOW + HOUR)
        for _ in range(2):
            await storage.alerts.found([ALERT, correction, second])
        await storage.alerts.found([replace(ALERT, found_at=NOW + DAY)])
        await storage.alerts.found([])
        assert await storage.alerts.undecided(GUILD) == [correction, ALERT, second]

    async def test_each_community_decides_for_itself(self, storage: Storage) -> None:
        mistake = SourceAlert("roe-2025", "concern", "", NOW)
        await storage.alerts.found([ALERT, mistake])
        assert await storage.alerts.decide(GUILD, ALERT, confirmed=True, event=event())
        assert await storage.alerts.decide(GUILD, mistake, confirmed=False, event=event())
        assert await storage.alerts.undecided(GUILD) == []
        assert await storage.alerts.confirmed(GUILD) == [ALERT]
        assert len(await storage.alerts.undecided(OTHER_GUILD)) == 2
        assert await storage.alerts.confirmed(OTHER_GUILD) == []

    async def test_of_two_decisions_at_the_same_moment_one_counts(self, storage: Storage) -> None:
        for at in range(TIMES):
            alert = replace(ALERT, detail=f"number {at}")
            await storage.alerts.found([alert])
            decided = await asyncio.gather(
                storage.alerts.decide(GUILD, alert, confirmed=True, event=event(FIRST)),
                storage.alerts.decide(GUILD, alert, confirmed=False, event=event(SECOND)),
            )
            assert sum(decided) == 1
            assert (alert in await storage.alerts.confirmed(GUILD)) == decided[0]
        assert len(await storage.communities.events(GUILD, 100)) == TIMES


class TestPosted:
    async def test_messages_with_several_cards_come_by_channel_and_message(self, storage: Storage) -> None:
        first, second = posted(2**60, "coffee"), posted(2**60, "tea")
        elsewhere, theirs = replace(posted(1), channel_id=9), posted(3, guild_id=OTHER_GUILD)
        await storage.posted.add([elsewhere, second, first])
        await storage.posted.add([theirs, theirs])
        await storage.posted.add([])
        assert await storage.posted.all(GUILD) == [first, second, elsewhere]
        assert await storage.posted.all() == [theirs, first, second, elsewhere]

    async def test_one_card_of_a_message_is_updated_and_the_whole_message_forgotten(self, storage: Storage) -> None:
        await storage.posted.add([posted(1, "coffee"), posted(1, "tea"), posted(2)])
        await storage.posted.shown(1, "tea", "withdrawn")
        assert await storage.posted.all() == [posted(1, "coffee"), replace(posted(1), shown="withdrawn"), posted(2)]
        await storage.posted.forget(1)
        assert await storage.posted.all() == [posted(2)]

    async def test_old_ones_are_forgotten(self, storage: Storage) -> None:
        await storage.posted.add([posted(1, at=NOW - DAY), posted(2)])
        assert await storage.posted.purge(NOW) == 1
        assert await storage.posted.all() == [posted(2)]

    async def test_a_text_is_kept_while_a_message_shows_it(self, storage: Storage) -> None:
        here, gone = card(), card("coffee")
        await storage.posted.add([replace(posted(1), shown="here")])
        await storage.posted.keep({"here": here, "gone": gone})
        await storage.posted.keep({"here": here})
        assert [await storage.posted.kept(each) for each in ("here", "gone")] == [here, gone]
        await storage.posted.purge(NOW - DAY)
        assert [await storage.posted.kept(each) for each in ("here", "gone")] == [here, None]

    async def test_a_text_that_cannot_be_read_any_more_is_no_text(self, storage: Storage, place: Place) -> None:
        await storage.posted.keep({"old": card()})
        await place.sql("UPDATE shown_card SET card = '{}'")
        assert await storage.posted.kept("old") is None
