"""Every zone, every day of three years, at many times of the day: held against a clock that is watched going by."""

import zoneinfo
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest

from bot.domain.schedules import Schedule
from bot.domain.zones import places
from tests.drill.fleet import report

pytestmark = pytest.mark.drill

FIRST, LAST = date(2025, 1, 1), date(2027, 12, 31)
DAYS = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
TIMES = [time(hour, minute) for hour, minute in ((0, 0), (0, 30), (1, 15), (2, 0), (2, 30), (3, 0), (9, 0), (23, 59))]
NAMES = sorted(zoneinfo.available_timezones() | {place.zone for place in places()})
PARTS = 16


def due_times(zone: ZoneInfo, at: time) -> Iterator[tuple[date, datetime]]:
    """As the bot finds them: each time the next one, from what was due before."""
    schedule, past = Schedule.daily(at), None
    moment = datetime.combine(FIRST, time(), tzinfo=zone).astimezone(UTC) - timedelta(minutes=1)
    while (found := next(schedule.after(moment, zone, past=past), None)) is not None:
        yield found.local_date, found.due_at
        moment, past = found.due_at, found.key


def is_right(zone: ZoneInfo, day: date, at: time, due: datetime) -> bool:
    """The first moment that shows that time; in a gap, as much later as the gap is long."""
    wanted, shown = datetime.combine(day, at), due.astimezone(zone).replace(tzinfo=None)
    if shown == wanted:
        earlier = [due - timedelta(minutes=n) for n in (30, 60, 120)]
        return all(each.astimezone(zone).replace(tzinfo=None) != wanted for each in earlier)
    gap = shown - wanted
    before = (due - gap).astimezone(zone).replace(tzinfo=None)
    return timedelta() < gap <= timedelta(days=1) and shown - before > gap


@pytest.mark.parametrize("part", range(PARTS))
def test_fault_44_every_zone_every_day_of_three_years_at_many_times(part: int) -> None:
    names = NAMES[part::PARTS]
    for name in names:
        zone = ZoneInfo(name)
        for at in TIMES:
            found = list(islice(due_times(zone, at), len(DAYS)))
            assert [day for day, _ in found] == DAYS, (name, at)
            wrong = [(day, due) for day, due in found if not is_right(zone, day, at, due)]
            assert not wrong, (name, at, wrong[:3])
    report("zones", part=part, zones=len(names), due_times=len(names) * len(TIMES) * len(DAYS))
