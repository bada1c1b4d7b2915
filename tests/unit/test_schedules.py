"""Due times: one per local date, later in a gap, first in a fold, in every zone."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.schedules import EVERY_DAY, WEEKDAYS, WEEKEND, Schedule, parse_days, parse_time
from bot.domain.zones import places
from bot.errors import UserError

ZONES = [place.zone for place in places()]
TIMES = st.times().map(lambda at: at.replace(second=0, microsecond=0))


@settings(max_examples=300, deadline=None)
@given(
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    at=TIMES,
    start=st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_every_local_date_has_exactly_one_occurrence(zone: ZoneInfo, at: time, start: datetime) -> None:
    found = list(islice(Schedule(at, EVERY_DAY).after(start, zone), 40))
    dates = [each.local_date for each in found]
    assert dates == [dates[0] + timedelta(days=n) for n in range(40)]
    assert all(each.due_at > start for each in found)
    for each in found:
        local = each.due_at.astimezone(zone)
        wall = datetime.combine(each.local_date, at)
        assert local.fold == 0
        assert local.replace(tzinfo=None) >= wall


def due(zone: str, day: date, at: time) -> datetime:
    return Schedule(at, EVERY_DAY).due_on(day, ZoneInfo(zone))


def test_in_a_gap_go_later() -> None:
    assert due("Europe/Berlin", date(2026, 3, 29), time(2, 30)) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_in_a_fold_take_the_first() -> None:
    assert due("Europe/Berlin", date(2026, 10, 25), time(2, 30)) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_half_an_hour_of_daylight_saving_on_lord_howe() -> None:
    assert due("Australia/Lord_Howe", date(2026, 10, 4), time(2, 15)) == datetime(2026, 10, 3, 15, 45, tzinfo=UTC)


def test_a_midnight_that_does_not_exist_in_beirut() -> None:
    found = next(Schedule(time(0, 0), EVERY_DAY).after(datetime(2026, 3, 28, 12, tzinfo=UTC), ZoneInfo("Asia/Beirut")))
    assert found.local_date == date(2026, 3, 29)
    assert found.due_at.astimezone(ZoneInfo("Asia/Beirut")).time() == time(1, 0)


def test_only_chosen_days_and_never_before_a_given_date() -> None:
    schedule = Schedule(time(9), frozenset({0, 2}))
    start = datetime(2026, 11, 23, 8, tzinfo=UTC)
    found = islice(schedule.after(start, ZoneInfo("Europe/London"), not_before=date(2026, 11, 24)), 2)
    assert [each.local_date for each in found] == [date(2026, 11, 25), date(2026, 11, 30)]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("9", time(9)),
        ("09:00", time(9)),
        ("9.30", time(9, 30)),
        ("9pm", time(21)),
        (" 9:15 PM ", time(21, 15)),
        ("12am", time(0)),
        ("12 pm", time(12)),
        ("21h30", time(21, 30)),
        ("0730", time(7, 30)),
    ],
)
def test_times_as_people_type_them(typed: str, meant: time) -> None:
    assert parse_time(typed) == meant


@pytest.mark.parametrize("typed", ["", "25:99", "24:00", "9:60", "13pm", "0am", "half nine", "9:5", "-1", "9" * 500])
def test_what_is_no_time(typed: str) -> None:
    with pytest.raises(UserError, match="09:00"):
        parse_time(typed)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Every day", EVERY_DAY),
        ("weekdays", WEEKDAYS),
        ("Weekends", WEEKEND),
        ("Mon Wed Fri", frozenset({0, 2, 4})),
        ("tuesday and thursday", frozenset({1, 3})),
        ("Sundays", frozenset({6})),
        ("sat, SUN", WEEKEND),
        ("mon mon", frozenset({0})),
    ],
)
def test_days_as_people_type_them(typed: str, meant: frozenset[int]) -> None:
    assert parse_days(typed) == meant


@pytest.mark.parametrize("typed", ["", "t", "blursday", "mon blurs", ",", "and"])
def test_what_is_no_day(typed: str) -> None:
    with pytest.raises(UserError, match="Monday to Friday"):
        parse_days(typed)


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (EVERY_DAY, "09:00, every day"),
        (WEEKDAYS, "09:00, Monday to Friday"),
        (WEEKEND, "09:00, at weekends"),
        (frozenset({3}), "09:00 on Thursday"),
        (frozenset({0, 2, 4}), "09:00 on Monday, Wednesday and Friday"),
    ],
)
def test_how_a_schedule_is_described(days: frozenset[int], said: str) -> None:
    assert Schedule(time(9), days).describe() == said
