"""Due times: one for each date and slot, later in a gap, first in a fold, in every zone; and codes that last."""

import re
import subprocess
import sys
import zoneinfo
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.domain.schedules import (
    CODE,
    EVERY_DAY,
    MAX_TIMES,
    WEEKDAYS,
    WEEKEND,
    Days,
    EveryNDays,
    Key,
    Moment,
    Monthly,
    Occurrence,
    OnDate,
    Schedule,
    Weekdays,
    ordinal,
)
from bot.domain.zones import places

LONDON = ZoneInfo("Europe/London")
QUARTER = timedelta(minutes=15)
ONE_DAY = timedelta(days=1)
FIRST, LAST = date(2025, 1, 1), date(2027, 12, 31)
BEGIN, END = datetime(2024, 12, 29, tzinfo=UTC), datetime(2028, 1, 4, tzinfo=UTC)


def clock(minute: int) -> time:
    return time(*divmod(minute, 60))


def at(*times: str, days: Days = EVERY_DAY, salt: int = 0) -> Schedule:
    """`at("09:00", "13:00-15:00")`."""
    marks = [[int(part[:2]) * 60 + int(part[3:]) for part in each.split("-")] for each in times]
    return Schedule(tuple(Moment(clock(each[0]), each[-1] - each[0]) for each in marks), days, salt)


def chain(schedule: Schedule, zone: ZoneInfo, start: datetime, past: Key | None = None) -> Iterator[Occurrence]:
    """The occurrences as the bot finds them: each time the next one, from what was due before."""
    while (found := next(schedule.after(start, zone, past=past), None)) is not None:
        yield found
        start, past = found.due_at, found.key


# All zones. Due times depend on a zone only through its offsets, so zones alike in these three years are one case.


@dataclass(frozen=True)
class Change:
    """Where clocks change: the instant, and the offsets before and after."""

    moment: datetime
    before: timedelta
    after: timedelta

    @property
    def wall(self) -> datetime:
        """What clocks show the moment before they change; in a gap the first time that does not exist."""
        return self.moment.replace(tzinfo=None) + self.before


def offset(zone: ZoneInfo, moment: datetime) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()


def changes(zone: ZoneInfo, days: list[datetime]) -> Iterator[Change]:
    """Every change of the offset between the first and the last of these instants, to the minute."""
    offsets = [offset(zone, day) for day in days]
    for n, (before, after) in enumerate(pairwise(offsets)):
        if before != after:
            low, high = days[n], days[n + 1]
            while high - low > timedelta(minutes=1):
                middle = low + (high - low) // 2
                low, high = (middle, high) if offset(zone, middle) == before else (low, middle)
            yield Change(high.replace(second=0, microsecond=0), before, after)


@cache
def cases() -> dict[tuple[timedelta, tuple[Change, ...]], list[str]]:
    """The zones by what their clocks do from 2025 to 2027: the offset at the beginning, and every change."""
    days = [BEGIN + n * ONE_DAY for n in range((END - BEGIN).days + 1)]
    found: dict[tuple[timedelta, tuple[Change, ...]], list[str]] = {}
    for name in sorted(zoneinfo.available_timezones() | {place.zone for place in places()}):
        zone = ZoneInfo(name)
        found.setdefault((offset(zone, BEGIN), tuple(changes(zone, days))), []).append(name)
    return found


def changing() -> list[tuple[ZoneInfo, Change]]:
    """Each change of clocks, in one zone of each case."""
    return [(ZoneInfo(names[0]), change) for (_, found), names in cases().items() for change in found]


def test_fault_44_the_cases_hold_every_zone_and_the_odd_ones() -> None:
    names = [name for alike in cases().values() for name in alike]
    assert len(names) == len(set(names)) > 550
    assert {place.zone for place in places()} <= set(names)
    sizes = {change.after - change.before for _, change in changing()}
    assert sizes >= {timedelta(hours=1), timedelta(hours=-1), timedelta(minutes=30), timedelta(minutes=-30)}
    gaps_at_midnight = {
        name
        for (_, found), names in cases().items()
        for name in names
        if any(change.after > change.before and change.wall.time() == time(0) for change in found)
    }
    assert gaps_at_midnight >= {"Asia/Beirut", "Africa/Cairo", "America/Santiago"}


def test_fault_44_every_zone_every_date_of_three_years_has_exactly_one() -> None:
    wanted = [FIRST + n * ONE_DAY for n in range((LAST - FIRST).days + 1)]
    for (_, found), names in cases().items():
        zone = ZoneInfo(names[0])
        hostile = next((change.wall.time() for change in found if change.after > change.before), time(2, 30))
        schedule = Schedule.daily(hostile)
        start = datetime.combine(FIRST, time(), tzinfo=zone).astimezone(UTC) - timedelta(minutes=1)
        assert [each.local_date for each in islice(chain(schedule, zone, start), len(wanted))] == wanted, names


def promised(change: Change) -> dict[datetime, datetime]:
    """What each wall-clock time two days around a change means: watch the clock go by, and note when it shows what.

    A time it never shows is later by the size of the gap. In quarters of an hour, as every offset is.
    """
    shown: dict[datetime, datetime] = {}
    moment = change.moment - 3 * ONE_DAY
    while moment < change.moment + 3 * ONE_DAY:
        local = moment.replace(tzinfo=None) + (change.before if moment < change.moment else change.after)
        shown.setdefault(local, moment)
        moment += QUARTER
    gap = change.after - change.before
    walls = (datetime.combine(change.wall.date(), time()) + n * QUARTER for n in range(-96, 2 * 96))
    return {wall: shown[wall] if wall in shown else shown[wall + gap] for wall in walls}


def test_fault_44_around_every_change_of_clocks_a_gap_goes_later_and_a_fold_first() -> None:
    for zone, change in changing():
        expected = promised(change)
        walls = [clock(n * 15) for n in range(96)]
        for day in (change.wall.date() + n * ONE_DAY for n in (-1, 0, 1)):
            found = [each.due_at for wall in walls for each in Schedule.daily(wall).on(day, zone)]
            assert found == [expected[datetime.combine(day, wall)] for wall in walls], (zone, change)


def test_fault_44_chains_across_every_change_of_clocks_miss_nothing_and_double_nothing() -> None:
    for zone, change in changing():
        day = change.wall.date() - 2 * ONE_DAY
        expected = promised(change)
        start = expected[datetime.combine(day + ONE_DAY, time())] - timedelta(minutes=1)
        for minute in range(0, 24 * 60, 30):
            found = list(islice(chain(Schedule.daily(clock(minute)), zone, start), 3))
            assert [each.local_date for each in found] == [day + n * ONE_DAY for n in (1, 2, 3)], (zone, change, minute)


minutes = st.integers(0, 24 * 60 - 1)
dates = st.dates(date(2025, 1, 1), date(2027, 12, 31))
days = st.one_of(
    st.sampled_from([EVERY_DAY, WEEKDAYS, WEEKEND]),
    st.frozensets(st.integers(0, 6), min_size=1).map(Weekdays),
    st.builds(EveryNDays, st.integers(2, 366), dates),
    st.builds(Monthly, st.integers(1, 31)),
    st.builds(OnDate, dates),
)


@st.composite
def schedules(draw: st.DrawFn, days: st.SearchStrategy[Days] = days) -> Schedule:
    marks = sorted(draw(st.sets(minutes, min_size=1, max_size=MAX_TIMES)))
    room = [later - mark for mark, later in pairwise([*marks, 24 * 60])]
    lengths = [draw(st.integers(0, most)) for most in room]
    if len(marks) == MAX_TIMES:
        lengths[draw(st.integers(0, MAX_TIMES - 1))] = 0
    moments = tuple(Moment(clock(mark), length) for mark, length in zip(marks, lengths, strict=True))
    return Schedule(moments, draw(days), draw(st.integers(0, 255)))


zones = st.sampled_from([place.zone for place in places()]).map(ZoneInfo)
near_a_change = st.deferred(lambda: st.sampled_from(changing()).map(lambda each: (each[0], each[1].moment)))
anywhere = st.tuples(zones, st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 1), timezones=st.just(UTC)))  # noqa: DTZ001


def is_one(days: Days, day: date) -> bool:
    """Whether a day is one of these, worked out without stepping from one to the next."""
    match days:
        case Weekdays():
            return day.weekday() in days.days
        case EveryNDays():
            return day >= days.since and (day.toordinal() - days.since.toordinal()) % days.n == 0
        case Monthly():
            return day.day == days.day or (day.day < days.day and (day + ONE_DAY).day == 1)
        case OnDate():
            return day == days.date


@settings(max_examples=250, deadline=None)
@given(schedule=schedules(), where=near_a_change | anywhere, back=st.integers(0, 4 * 24 * 60))
def test_fault_44_any_chain_has_each_date_and_slot_once_and_in_order(
    schedule: Schedule, where: tuple[ZoneInfo, datetime], back: int
) -> None:
    zone, moment = where
    start = moment - timedelta(minutes=back)
    found = list(islice(chain(schedule, zone, start), 12))
    assert all(earlier < later for earlier, later in pairwise([start, *(each.due_at for each in found)]))
    first = start.astimezone(zone).date() + ONE_DAY  # the first date of which nothing can have passed
    last = found[-1].key if found else (date(2028, 12, 31), 0)
    expected = [
        (day, slot)
        for day in (first + n * ONE_DAY for n in range((last[0] - first).days + 1))
        if is_one(schedule.days, day)
        for slot in range(len(schedule.moments))
        if (day, slot) <= last
    ]
    assert [each.key for each in found if each.local_date >= first] == expected


@settings(max_examples=150, deadline=None)
@given(schedule=schedules(), where=near_a_change | anywhere)
def test_fault_44_a_chain_is_what_the_days_hold(schedule: Schedule, where: tuple[ZoneInfo, datetime]) -> None:
    zone, moment = where
    local = moment.astimezone(zone).date()
    held = [each for n in range(-2, 4) for each in schedule.on(local + n * ONE_DAY, zone)]
    assert held == sorted(held, key=lambda each: each.due_at)
    later = [each for each in held if each.due_at > moment]
    assert list(islice(schedule.after(moment, zone), len(later))) == later


# Named cases


@pytest.mark.parametrize(
    ("zone", "wall", "instant"),
    [
        ("Europe/London", "2026-03-29 01:30", "2026-03-29 01:30"),  # gap: shown as 02:30
        ("Europe/London", "2026-10-25 01:30", "2026-10-25 00:30"),  # fold: the first
        ("Europe/Berlin", "2026-03-29 02:30", "2026-03-29 01:30"),
        ("Europe/Berlin", "2026-10-25 02:30", "2026-10-25 00:30"),
        ("Australia/Lord_Howe", "2026-10-04 02:15", "2026-10-03 15:45"),  # half an hour: shown as 02:45
        ("Australia/Lord_Howe", "2026-04-05 01:45", "2026-04-04 14:45"),
        ("Asia/Beirut", "2026-03-29 00:00", "2026-03-28 22:00"),  # no midnight: shown as 01:00
        ("Africa/Cairo", "2026-04-24 00:30", "2026-04-23 22:30"),
        ("America/Santiago", "2026-09-06 00:00", "2026-09-06 04:00"),
        ("America/Nuuk", "2026-03-28 23:30", "2026-03-29 01:30"),  # over midnight: shown as 00:30 on Sunday
    ],
)
def test_fault_44_named_cases(zone: str, wall: str, instant: str) -> None:
    local = datetime.fromisoformat(wall)
    (found,) = Schedule.daily(local.time()).on(local.date(), ZoneInfo(zone))
    assert found.due_at == datetime.fromisoformat(f"{instant}Z")


def test_fault_44_a_midnight_that_does_not_exist_still_gives_its_date_a_prompt() -> None:
    beirut = ZoneInfo("Asia/Beirut")
    found = next(Schedule.daily(time(0, 0)).after(datetime(2026, 3, 28, 12, tzinfo=UTC), beirut))
    assert found.local_date == date(2026, 3, 29)
    assert found.due_at.astimezone(beirut).time() == time(1, 0)


def test_fault_44_times_that_a_gap_makes_meet_or_change_places_stay_in_order() -> None:
    found = at("01:00", "01:30", "02:00", "02:10").on(date(2026, 3, 29), LONDON)
    clocks = [each.due_at.astimezone(LONDON).time() for each in found]
    assert clocks == [time(2, 0), time(2, 30), time(2, 31), time(2, 32)]
    assert [each.slot for each in found] == [0, 1, 2, 3]


def test_fault_44_the_last_of_a_day_comes_before_the_first_of_the_next_even_over_midnight() -> None:
    nuuk = ZoneInfo("America/Nuuk")
    schedule = at("00:10", "23:30")
    found = list(islice(chain(schedule, nuuk, datetime(2026, 3, 28, 12, tzinfo=UTC)), 3))
    assert [each.key for each in found] == [(date(2026, 3, 28), 1), (date(2026, 3, 29), 0), (date(2026, 3, 29), 1)]
    assert [f"{each.due_at.astimezone(nuuk):%d %H:%M}" for each in found] == ["29 00:30", "29 00:31", "29 23:30"]


def test_fault_44_what_a_gap_pushed_past_midnight_is_still_to_come_after_midnight() -> None:
    nuuk = ZoneInfo("America/Nuuk")
    just_past_midnight = datetime(2026, 3, 29, 0, 15, tzinfo=nuuk).astimezone(UTC)
    found = next(Schedule.daily(time(23, 30)).after(just_past_midnight, nuuk))
    assert (found.local_date, found.due_at) == (date(2026, 3, 28), just_past_midnight + QUARTER)


def test_a_member_who_moves_gets_nothing_twice() -> None:
    """On the tenth it is noon in Honolulu, but the morning of the eleventh was had in Auckland."""
    start = datetime(2026, 6, 10, 22, tzinfo=UTC)
    schedule = at("09:00", "21:00")
    found = next(schedule.after(start, ZoneInfo("Pacific/Honolulu"), past=(date(2026, 6, 11), 0)))
    assert found.key == (date(2026, 6, 11), 1)


# Days


def dates_of(days: Days, start: date, count: int) -> list[date]:
    begin = datetime.combine(start, time(), tzinfo=UTC)
    return [each.local_date for each in islice(Schedule.daily(time(9), days).after(begin, ZoneInfo("UTC")), count)]


def test_days_of_the_week() -> None:
    assert dates_of(Weekdays(frozenset({0, 2})), date(2026, 11, 24), 2) == [date(2026, 11, 25), date(2026, 11, 30)]


def test_every_few_days_counts_from_the_first() -> None:
    every_3 = EveryNDays(3, date(2026, 11, 23))
    assert dates_of(every_3, date(2026, 11, 1), 2) == [date(2026, 11, 23), date(2026, 11, 26)]
    assert dates_of(every_3, date(2026, 11, 24), 2) == [date(2026, 11, 26), date(2026, 11, 29)]


def test_a_short_month_gives_its_last_day() -> None:
    found = dates_of(Monthly(30), date(2027, 12, 31), 4)
    assert found == [date(2028, 1, 30), date(2028, 2, 29), date(2028, 3, 30), date(2028, 4, 30)]
    assert dates_of(Monthly(31), date(2026, 2, 1), 3) == [date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30)]


def test_once_is_once() -> None:
    assert dates_of(OnDate(date(2026, 12, 24)), date(2026, 1, 1), 5) == [date(2026, 12, 24)]
    assert dates_of(OnDate(date(2026, 12, 24)), date(2026, 12, 27), 5) == []
    assert Schedule.daily(time(9), OnDate(date(2026, 12, 24))).once
    assert not Schedule.daily(time(9)).once


@given(days=days, day=dates)
def test_the_first_day_from_a_date_on_is_one_of_the_days_and_none_lies_between(days: Days, day: date) -> None:
    found = days.first_from(day)
    between = ((found or date(2028, 12, 31)) - day).days
    assert found is None or is_one(days, found)
    assert not any(is_one(days, day + n * ONE_DAY) for n in range(between))


@settings(max_examples=200, deadline=None)
@given(where=near_a_change | anywhere, ahead=st.integers(-180, 180))
def test_fault_44_once_at_an_instant_is_due_then_or_where_an_hour_that_happens_twice_ends(
    where: tuple[ZoneInfo, datetime], ahead: int
) -> None:
    zone, moment = where
    moment = moment.replace(second=0, microsecond=0) + timedelta(minutes=ahead)
    (found,) = Schedule.once_at(moment, zone).after(moment - timedelta(minutes=1), zone)
    if moment.astimezone(zone).fold:
        assert found.due_at > moment
        assert not found.due_at.astimezone(zone).fold
        assert (found.due_at - timedelta(minutes=1)).astimezone(zone).fold
    else:
        assert found.due_at == moment


def test_once_at_never_comes_before_its_moment() -> None:
    schedule = Schedule.once_at(datetime(2026, 6, 1, 12, 0, 1, tzinfo=UTC), LONDON)
    assert schedule == Schedule.daily(time(13, 1), OnDate(date(2026, 6, 1)))


# Random minutes


def test_a_random_minute_lies_in_its_window_and_every_minute_gets_its_turn() -> None:
    schedule = at("09:00-11:00", salt=7)
    found = [each.due_at.time() for n in range(2000) for each in schedule.on(FIRST + n * ONE_DAY, ZoneInfo("UTC"))]
    assert set(found) == {clock(9 * 60 + n) for n in range(120)}
    assert max(map(found.count, set(found))) < 45  # 17 on average


def test_random_minutes_differ_between_schedules_days_and_slots() -> None:
    utc = ZoneInfo("UTC")
    one, other = at("01:00-11:00", "13:00-23:00", salt=1), at("01:00-11:00", "13:00-23:00", salt=2)
    assert one.on(FIRST, utc) != other.on(FIRST, utc)
    first, second = one.on(FIRST, utc)
    assert second.due_at - first.due_at != timedelta(hours=12)
    assert one.on(FIRST + ONE_DAY, utc)[0].due_at - first.due_at != ONE_DAY


def test_the_random_minute_is_the_same_in_every_process() -> None:
    code = "m15@0900-1100~1f"
    program = (
        "import sys; from datetime import date; from zoneinfo import ZoneInfo; "
        "from bot.domain.schedules import Schedule; "
        "print(Schedule.from_code(sys.argv[1]).on(date(2026, 12, 15), ZoneInfo('UTC'))[0].due_at.isoformat())"
    )
    said = subprocess.run([sys.executable, "-c", program, code], capture_output=True, text=True, check=True).stdout
    here = Schedule.from_code(code).on(date(2026, 12, 15), ZoneInfo("UTC"))[0].due_at
    assert said.strip() == here.isoformat() == "2026-12-15T10:24:00+00:00"


# Quiet hours


@pytest.mark.parametrize(
    ("times", "start", "end", "within"),
    [
        (["09:00"], "09:00", "10:00", True),
        (["09:00"], "08:00", "09:00", False),
        (["06:59"], "22:00", "07:00", True),
        (["07:00", "21:59"], "22:00", "07:00", False),
        (["22:00"], "22:00", "07:00", True),
        (["00:00"], "22:00", "00:00", False),
        (["23:59"], "22:00", "00:00", True),
        (["21:00-22:00"], "22:00", "07:00", False),
        (["21:00-22:01"], "22:00", "07:00", True),
        (["09:00-11:00"], "09:30", "09:40", True),
        (["09:00"], "09:00", "09:00", False),
    ],
)
def test_what_falls_into_quiet_hours(times: list[str], start: str, end: str, *, within: bool) -> None:
    assert at(*times).within(time.fromisoformat(start), time.fromisoformat(end)) is within


# Codes


@pytest.mark.parametrize(
    ("schedule", "code"),
    [
        (at("09:00", "21:00"), "w7f@0900+2100"),
        (at("09:00", days=EveryNDays(3, date(2026, 11, 23))), "n3.20261123@0900"),
        (at("09:00-11:00", days=Monthly(15), salt=0x1F), "m15@0900-1100~1f"),
        (at("15:30", days=OnDate(date(2026, 12, 24))), "o20261224@1530"),
        (at("22:00-24:00", days=WEEKEND), "w60@2200-2400~00"),
        (at("01:00-02:00", "03:00-04:00", "05:00-06:00", salt=255), "w7f@0100-0200+0300-0400+0500-0600~ff"),
        (
            at(
                "01:00-02:00", "03:00-04:00", "05:00-06:00", "23:59", days=EveryNDays(366, date(2026, 11, 23)), salt=255
            ),
            "n366.20261123*01urc05k6o099m018fzz~ff",
        ),
    ],
)
def test_codes_are_kept_for_ever(schedule: Schedule, code: str) -> None:
    assert schedule.code == code
    assert Schedule.from_code(code) == schedule


@settings(max_examples=300)
@given(schedules())
@example(at("00:00-05:00", "05:00-10:00", "10:00-23:59", "23:59", days=EveryNDays(366, FIRST), salt=255))
def test_every_schedule_has_a_code_that_leads_back_to_it_and_fits_into_a_button(schedule: Schedule) -> None:
    assert Schedule.from_code(schedule.code) == schedule
    assert re.fullmatch(CODE, schedule.code, re.ASCII)
    assert len(schedule.code) <= 37
    assert ":" not in schedule.code


@pytest.mark.parametrize(
    "code",
    [
        "", "w7f", "@0900", "w00@0900", "w80@0900", "wff@0900", "w7F@0900", "w7f@900", "w7f@2400", "w7f@0960",
        "w7f@0900+0900", "w7f@2100+0900", "w7f@0900~1f", "w7f@0900-1100", "w7f@1100-0900~00", "w7f@0900-0900~00",
        "w7f@0900-2401~00", "w7f@0900-1100+1000~00", "w7f@0100+0200+0300+0400+0500", "w7f@0900\n", " w7f@0900",
        "n1.20261123@0900", "n367.20261123@0900", "n03.20261123@0900", "n3.20261323@0900", "n3.00010101@0900",
        "m0@0900", "m32@0900", "m05@0900", "o20260230@0900", "o99991231@0900", "w7f*0go9s", "w7f*zzzzz", "w7f*",
        "w7f@0100-0110+0200-0210+0300-0310+0400-0410~00", "w٧f@0900", "x" * 5000,
    ],
)  # fmt: skip
def test_what_is_no_code(code: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Schedule.from_code(code)


@given(st.from_regex(CODE, fullmatch=True))
def test_whatever_a_button_carries_is_a_schedule_or_refused(code: str) -> None:
    try:
        schedule = Schedule.from_code(code)
    except ValueError:
        return
    assert schedule.code == code


# What no schedule can be


@pytest.mark.parametrize(
    "times",
    [
        [],
        ["09:00"] * 2,
        ["21:00", "09:00"],
        ["01:00", "02:00", "03:00", "04:00", "05:00"],
        ["09:00-11:00", "10:00-12:00"],
        ["09:00-11:00", "10:00"],
        ["09:00", "09:00-11:00"],
        ["01:00-02:00", "03:00-04:00", "05:00-06:00", "07:00-08:00"],
    ],
)
def test_times_that_no_schedule_can_have(times: list[str]) -> None:
    with pytest.raises(ValueError, match=r"moments|windows"):
        at(*times)


def test_neighbours_may_touch() -> None:
    assert len(at("09:00-11:00", "11:00", "11:01-12:00").moments) == 3


@pytest.mark.parametrize(
    "make",
    [
        lambda: Moment(time(9, 0, 30)),
        lambda: Moment(time(9, tzinfo=UTC)),
        lambda: Moment(time(9), -1),
        lambda: Moment(time(23), 61),
        lambda: Weekdays(frozenset()),
        lambda: Weekdays(frozenset({7})),
        lambda: EveryNDays(1, FIRST),
        lambda: EveryNDays(367, FIRST),
        lambda: EveryNDays(2, date.min),
        lambda: Monthly(0),
        lambda: Monthly(32),
        lambda: OnDate(date.max),
        lambda: at("09:00-11:00", salt=256),
        lambda: at("09:00-11:00", salt=-1),
    ],
)
def test_values_that_cannot_be(make: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        make()


def test_a_salt_without_a_window_means_nothing() -> None:
    assert at("09:00", salt=9) == at("09:00")


# How it is said


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (EVERY_DAY, "09:00, every day"),
        (WEEKDAYS, "09:00, Monday to Friday"),
        (WEEKEND, "09:00, at weekends"),
        (Weekdays(frozenset({3})), "09:00 on Thursday"),
        (Weekdays(frozenset({0, 2, 4})), "09:00 on Monday, Wednesday and Friday"),
        (EveryNDays(2, FIRST), "09:00 every other day"),
        (EveryNDays(3, FIRST), "09:00 every 3 days"),
        (EveryNDays(14, date(2026, 11, 23)), "09:00 every 2 weeks on Monday"),
        (Monthly(15), "09:00 on the 15th of every month"),
        (Monthly(31), "09:00 on the last day of every month"),
        (OnDate(date(2026, 12, 24)), "09:00 on Thursday 24 December 2026"),
    ],
)
def test_how_days_are_described(days: Days, said: str) -> None:
    assert Schedule.daily(time(9), days).describe() == said


@pytest.mark.parametrize(
    ("times", "said"),
    [
        (["09:00", "21:00"], "09:00 and 21:00, every day"),
        (["09:00", "13:00", "21:00"], "09:00, 13:00 and 21:00, every day"),
        (["09:00-11:00"], "some time between 09:00 and 11:00, every day"),
        (["09:00-11:00", "21:00"], "some time between 09:00 and 11:00, and 21:00, every day"),
        (["22:00-24:00"], "some time between 22:00 and midnight, every day"),
    ],
)
def test_how_times_are_described(times: list[str], said: str) -> None:
    assert at(*times).describe() == said


def test_ordinals() -> None:
    said = "1st 2nd 3rd 4th 11th 12th 13th 21st 22nd 23rd 30th 31st"
    assert [ordinal(int(each[:-2])) for each in said.split()] == said.split()
