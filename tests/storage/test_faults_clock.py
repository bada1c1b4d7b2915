"""Clocks that jump and bots that were away: no burst, nothing twice, and whatever was left out is marked so."""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.domain.checkins import Delivery
from bot.domain.plans import Plan
from bot.services.delivery import DeliveryService
from bot.services.pace import Pace
from bot.services.ports import Delivered, Outcome
from bot.storage import Storage
from tests.chat.world import FixedClock
from tests.drill.crowd import fill
from tests.storage.examples import DAY, DUE, HOUR, MINUTE, enroll
from tests.storage.places import Place


@dataclass
class NotingMessenger:
    """Delivers everything, and remembers to whom and about which day."""

    sent: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])

    async def look_for(self, delivery: Delivery) -> Outcome | None:
        del delivery
        return None

    async def send_prompt(self, delivery: Delivery, plan: Plan) -> Outcome:
        self.sent.append((plan.member_id, delivery.prompt.local_date.isoformat()))
        return Delivered(len(self.sent))


@dataclass
class Bot:
    """A dispatcher with a clock to turn."""

    storage: Storage
    clock: FixedClock
    messenger: NotingMessenger
    delivery: DeliveryService

    async def at(self, moment: datetime) -> list[tuple[int, str]]:
        """What is sent when the clock says this, by member."""
        self.clock.moment = moment
        before = len(self.messenger.sent)
        await self.delivery.deliver_due()
        return sorted(self.messenger.sent[before:])


def bot_on(storage: Storage) -> Bot:
    clock, messenger = FixedClock(DUE), NotingMessenger()
    pace = Pace(100_000)
    service = DeliveryService(clock, messenger, pace, storage.members, storage.plans, storage.prompts)
    return Bot(storage, clock, messenger, service)


@pytest.fixture
async def bot(sqlite_place: Place) -> AsyncIterator[Bot]:
    """Two members; the example plan is due at `DUE` and each day after."""
    storage = await sqlite_place.open()
    for member_id in (1, 2):
        await enroll(storage, member_id)
    yield bot_on(storage)
    await storage.close()


TUESDAY, WEDNESDAY, FRIDAY = "2026-06-02", "2026-06-03", "2026-06-05"


async def test_fault_46_an_hour_ahead_and_back_sends_each_day_once(bot: Bot) -> None:
    assert await bot.at(DUE + HOUR) == [(1, TUESDAY), (2, TUESDAY)]
    for minutes in range(0, 121, 10):
        assert await bot.at(DUE - HOUR + minutes * MINUTE) == []
    assert await bot.at(DUE + DAY) == [(1, WEDNESDAY), (2, WEDNESDAY)]


async def test_fault_46_three_days_ahead_sends_one_each_and_back_again_repeats_none(bot: Bot) -> None:
    assert await bot.at(DUE) == [(1, TUESDAY), (2, TUESDAY)]
    assert await bot.at(DUE + 3 * DAY) == [(1, FRIDAY), (2, FRIDAY)]
    for day in range(4):
        assert await bot.at(DUE + day * DAY + HOUR) == []
    assert len(await bot.at(DUE + 4 * DAY)) == 2
    assert max(Counter(bot.messenger.sent).values()) == 1


async def test_fault_46_in_1970_nothing_is_sent_and_the_day_after_all_is_well(bot: Bot) -> None:
    assert await bot.at(datetime(1970, 1, 1, tzinfo=UTC)) == []
    assert await bot.at(DUE) == [(1, TUESDAY), (2, TUESDAY)]


OVERDUE = 1000
CATCHABLE = 50


async def test_fault_47_of_a_thousand_overdue_each_gets_one_at_most_and_the_stale_are_missed(tmp_path: Path) -> None:
    """Away for three days: most were due long ago, some an hour ago."""
    place, now = Place(tmp_path, None), datetime(2026, 6, 5, 12, tzinfo=UTC)

    def overdue(n: int) -> timedelta:
        return 3 * DAY + HOUR if n % (OVERDUE // CATCHABLE) == 0 else 3 * DAY + 3 * HOUR

    await fill(place, OVERDUE, overdue=overdue, now=now)
    storage = await place.open()
    bot = bot_on(storage)
    sent = await bot.at(now)
    assert await bot.at(now + 2 * MINUTE) == []
    assert len({member for member, _ in sent}) == len(sent) == CATCHABLE
    assert {day for _, day in sent} == {"2026-06-05"}
    counted = dict(await place.sql("SELECT status, count(*) FROM prompt GROUP BY status"))
    await storage.close()
    assert counted == {"sent": CATCHABLE, "missed": 3 * CATCHABLE + 4 * (OVERDUE - CATCHABLE), "due": OVERDUE}


async def test_fault_41_yesterdays_backup_sends_nothing_of_yesterday_again(sqlite_place: Place) -> None:
    """Put in place of the database. The command that restores one is still to come."""
    storage = await sqlite_place.open()
    await enroll(storage, 1)
    backup = sqlite_place.folder / "backup.db"
    await sqlite_place.sql(f"VACUUM INTO '{backup}'")
    before = bot_on(storage)
    assert await before.at(DUE) == [(1, TUESDAY)]
    assert await before.at(DUE + DAY) == [(1, WEDNESDAY)]
    await storage.close()
    backup.replace(sqlite_place.file)
    storage = await sqlite_place.open()
    after = bot_on(storage)
    assert await after.at(DUE + DAY + 3 * HOUR) == []
    assert await after.at(DUE + 2 * DAY) == [(1, "2026-06-04")]
    assert await sqlite_place.sql("SELECT count(*) FROM prompt WHERE status = 'missed'") == [(2,)]
    await storage.close()
