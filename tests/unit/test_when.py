"""What people type for times, days and moments: what it means, and what is refused kindly."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.schedules import (
    EVERY_DAY,
    WEEKDAYS,
    WEEKEND,
    Days,
    EveryNDays,
    Moment,
    Monthly,
    Schedule,
    Weekdays,
)
from bot.domain.when import parse_days, parse_time, parse_times, parse_when
from bot.errors import UserError

TODAY = date(2026, 11, 23)  # a Monday
LONDON = ZoneInfo("Europe/London")
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def said(typed: str) -> str:
    """Moments as their codes: short to compare."""
    return " ".join(moment.code for moment in parse_times(typed))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("9", time(9)),
        ("09:00", time(9)),
        ("9.30", time(9, 30)),
        ("9pm", time(21)),
        (" 9:15 PM ", time(21, 15)),
        ("9 a.m.", time(9)),
        ("12am", time(0)),
        ("12 pm", time(12)),
        ("noon", time(12)),
        ("Midnight", time(0)),
        ("21h30", time(21, 30)),
        ("0730", time(7, 30)),
    ],
)
def test_a_time_as_people_type_it(typed: str, meant: time) -> None:
    assert parse_time(typed) == meant


@pytest.mark.parametrize(
    "typed", ["", "25:99", "24:00", "9:60", "13pm", "0am", "half nine", "9:5", "-1", "9-11", "9" * 500]
)
def test_what_is_no_time(typed: str) -> None:
    with pytest.raises(UserError, match="09:00"):
        parse_time(typed)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("9", "0900"),
        ("09:00", "0900"),
        ("9pm", "2100"),
        ("at 9", "0900"),
        ("9am and 9pm", "0900 2100"),
        ("9, 13:30, 21:00", "0900 1330 2100"),
        ("9, 13, and 21", "0900 1300 2100"),
        ("09:00 21:00", "0900 2100"),
        ("21:00; 9 & 9", "0900 2100"),
        ("0900+2100", "0900 2100"),
        ("between 9 and 11am", "0900-1100"),
        ("Between 9 and 11 PM", "2100-2300"),
        ("some time between 09:00 and 11:00, and 21:00", "0900-1100 2100"),
        ("9-11", "0900-1100"),
        ("09:00-11:00", "0900-1100"),
        ("09:00 – 11:00", "0900-1100"),
        ("9 to 11", "0900-1100"),
        ("from 9 until 11", "0900-1100"),
        ("9 to 11pm", "2100-2300"),
        ("11 to 1pm", "1100-1300"),
        ("12 to 1pm", "1200-1300"),
        ("12 to 2am", "0000-0200"),
        ("10 to 12pm", "1000-1200"),
        ("9 to 12am", "2100-2400"),
        ("9pm to midnight", "2100-2400"),
        ("10 to noon", "1000-1200"),
        ("20:00-24:00", "2000-2400"),
        ("20:00-0:00", "2000-2400"),
        ("9pm-11", "2100-2300"),
        ("9am-5", "0900-1700"),
        ("14-3pm", "1400-1500"),
        ("9-11 and 11-13, 20", "0900-1100 1100-1300 2000"),
        ("9-11, 09:00-11:00", "0900-1100"),
    ],
)
def test_times_as_people_type_them(typed: str, meant: str) -> None:
    assert said(typed) == meant


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("", "could not read"),
        ("and", "could not read"),
        ("nine", "could not read"),
        ("9x", "could not read"),
        ("9:5", "could not read"),
        ("between 9", "could not read"),
        ("9 to 5 to 7", "could not read"),
        ("9 to 13pm", "could not read"),
        ("25 to 26", "could not read"),
        ("-1", "could not read"),
        ("2026-12-24", "could not read"),
        ("9 25", "could not read"),
        ("9 " * 500, "could not read"),
        ("9 10 11 12 13", "more than 4 times a day"),
        ("22:00-07:00", "later on the same day"),
        ("9-5", "later on the same day"),
        ("9-9", "later on the same day"),
        ("9-11, 10-12", "overlap"),
        ("9-11, 10", "overlap"),
        ("9, 9-11", "overlap"),
        ("1-2, 3-4, 5-6, 7-8", "At most 3"),
    ],
)
def test_times_that_are_refused_with_a_way_on(typed: str, answer: str) -> None:
    with pytest.raises(UserError, match=answer) as refused:
        parse_times(typed)
    assert any(figure.isdigit() for figure in str(refused.value))  # an example


@given(st.text(alphabet="0123456789apm:.h -,&andtobetwn", max_size=40))
def test_whatever_is_typed_for_times_is_a_schedule_or_refused(typed: str) -> None:
    try:
        moments = parse_times(typed)
    except UserError:
        return
    assert Schedule(moments, EVERY_DAY).moments == moments


@given(st.lists(st.integers(0, 24 * 60 - 1), min_size=1, max_size=4, unique=True))
def test_times_as_they_are_shown_can_be_typed(minutes: list[int]) -> None:
    moments = tuple(Moment(time(*divmod(minute, 60))) for minute in sorted(minutes))
    assert parse_times(" and ".join(moment.describe() for moment in moments)) == moments


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Every day", EVERY_DAY),
        ("every 1 day", EVERY_DAY),
        ("weekdays", WEEKDAYS),
        ("Mon-Fri", WEEKDAYS),
        ("Monday to Friday", WEEKDAYS),
        ("Weekends", WEEKEND),
        ("Mon Wed Fri", Weekdays(frozenset({0, 2, 4}))),
        ("tuesday and thursday", Weekdays(frozenset({1, 3}))),
        ("Sundays", Weekdays(frozenset({6}))),
        ("on Weds", Weekdays(frozenset({2}))),
        ("every Tues & Thurs", Weekdays(frozenset({1, 3}))),
        ("sat, SUN", WEEKEND),
        ("mon mon", Weekdays(frozenset({0}))),
        ("mon - thu", Weekdays(frozenset({0, 1, 2, 3}))),
        ("Friday to Monday", Weekdays(frozenset({4, 5, 6, 0}))),
        ("every other day", EveryNDays(2, TODAY)),
        ("every second day", EveryNDays(2, TODAY)),
        ("every 3 days", EveryNDays(3, TODAY)),
        ("every three days", EveryNDays(3, TODAY)),
        ("once every 3rd day", EveryNDays(3, TODAY)),
        ("every 366 days", EveryNDays(366, TODAY)),
        ("every 2 weeks", EveryNDays(14, TODAY)),
        ("every other week", EveryNDays(14, TODAY)),
        ("fortnightly", EveryNDays(14, TODAY)),
        ("every fortnight", EveryNDays(14, TODAY)),
        ("fortnightly on Friday", EveryNDays(14, date(2026, 11, 27))),
        ("every 3 weeks on Mondays", EveryNDays(21, TODAY)),
        ("weekly", Weekdays(frozenset({0}))),
        ("once a week", Weekdays(frozenset({0}))),
        ("every 7 days", Weekdays(frozenset({0}))),
        ("weekly on Monday", Weekdays(frozenset({0}))),
        ("every week on Tue and Thu", Weekdays(frozenset({1, 3}))),
        ("monthly", Monthly(23)),
        ("once a month", Monthly(23)),
        ("monthly on the 15th", Monthly(15)),
        ("every month on the 2nd", Monthly(2)),
        ("monthly on 15", Monthly(15)),
        ("on the 1st of the month", Monthly(1)),
        ("day 3 of every month", Monthly(3)),
        ("the 15th", Monthly(15)),
        ("15th", Monthly(15)),
        ("last day of the month", Monthly(31)),
        ("monthly on the last day", Monthly(31)),
        ("the end of the month", Monthly(31)),
    ],
)
def test_days_as_people_type_them(typed: str, meant: Days) -> None:
    assert parse_days(typed, TODAY) == meant


@pytest.mark.parametrize(
    "typed",
    [
        "", "t", "blursday", "mon blurs", ",", "and", "15", "every 15", "every few days", "every 3 days on Monday",
        "every week on blursday", "mon-tue-wed", "every day and night", "-", "weekly on", "x" * 5000,
    ],
)  # fmt: skip
def test_what_is_no_day(typed: str) -> None:
    with pytest.raises(UserError, match="Monday to Friday"):
        parse_days(typed, TODAY)


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("every 0 days", "from 2 to 366 days"),
        ("every 367 days", "from 2 to 366 days"),
        ("every 53 weeks", "from 2 to 366 days"),
        ("every 99999999999999999999 days", "from 2 to 366 days"),
        ("the 0th", "from 1 to 31"),
        ("monthly on the 32nd", "from 1 to 31"),
        ("every 2 weeks on Mon and Thu", "pick one day"),
    ],
)
def test_numbers_that_are_refused_with_a_way_on(typed: str, answer: str) -> None:
    with pytest.raises(UserError, match=answer) as refused:
        parse_days(typed, TODAY)
    assert "Try: " in str(refused.value)


@given(st.text(alphabet="0123456789 everydaywksmonthlfrith-,&", max_size=40))
def test_whatever_is_typed_for_days_is_a_schedule_or_refused(typed: str) -> None:
    try:
        days = parse_days(typed, TODAY)
    except UserError:
        return
    assert Schedule.from_code(Schedule.daily(time(9), days).code).days == days


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("<t:1795521600>", "2026-11-24 12:00"),
        ("<t:1795521600:F>", "2026-11-24 12:00"),
        ("<t:1795521601:R>", "2026-11-24 12:01"),
        ("in 20 minutes", "2026-11-23 12:20"),
        ("20 min", "2026-11-23 12:20"),
        ("In an hour", "2026-11-23 13:00"),
        ("in half an hour", "2026-11-23 12:30"),
        ("in 2 hours", "2026-11-23 14:00"),
        ("in 1 hour and 30 minutes", "2026-11-23 13:30"),
        ("in 2h 5m", "2026-11-23 14:05"),
        ("in 3 days", "2026-11-26 12:00"),
        ("in a week", "2026-11-30 12:00"),
        ("in 366 days", "2027-11-24 12:00"),
        ("tomorrow 9am", "2026-11-24 09:00"),
        ("tomorrow at 09:00", "2026-11-24 09:00"),
        ("9am tomorrow", "2026-11-24 09:00"),
        ("today 18:30", "2026-11-23 18:30"),
        ("9pm", "2026-11-23 21:00"),
        ("at 9", "2026-11-24 09:00"),
        ("12:00", "2026-11-24 12:00"),
        ("midnight", "2026-11-24 00:00"),
        ("2026-12-24 15:30", "2026-12-24 15:30"),
        ("15:30 on 2026-12-24", "2026-12-24 15:30"),
        ("friday 9am", "2026-11-27 09:00"),
        ("on Fri, at 9", "2026-11-27 09:00"),
        ("monday at 10", "2026-11-30 10:00"),
        ("monday at 13", "2026-11-23 13:00"),
        ("9 pm on Wednesday", "2026-11-25 21:00"),
    ],
)
def test_a_moment_as_people_type_it(typed: str, meant: str) -> None:
    assert parse_when(typed, NOON, LONDON) == datetime.fromisoformat(f"{meant}Z")


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("", "could not read"),
        ("soon", "could not read"),
        ("tomorrow", "could not read"),
        ("in 5 months", "could not read"),
        ("in a while", "could not read"),
        ("blursday 9am", "could not read"),
        ("2026-02-30 9:00", "could not read"),
        ("9-11", "could not read"),
        ("<t:abc>", "could not read"),
        ("<t:999999999999999999>", "could not read"),
        ("<@123>", "could not read"),
        ("in 5 minutes " * 50, "could not read"),
        ("tomorrow 25:00", "could not read"),
        ("today 9am", "not in the future"),
        ("today 12:00", "not in the future"),
        ("in 0 minutes", "not in the future"),
        ("<t:1700000000>", "not in the future"),
        ("2026-11-22 15:30", "not in the future"),
        ("0001-01-01 00:00", "not in the future"),
        ("<t:99999999999>", "more than 366 days"),
        ("in 367 days", "more than 366 days"),
        ("in 999999 weeks", "more than 366 days"),
        ("2027-11-24 12:01", "more than 366 days"),
        ("9999-12-31 23:59", "more than 366 days"),
    ],
)
def test_moments_that_are_refused_with_a_way_on(typed: str, answer: str) -> None:
    with pytest.raises(UserError, match=answer) as refused:
        parse_when(typed, NOON, LONDON)
    assert any(figure.isdigit() for figure in str(refused.value))


def test_a_moment_is_rounded_up_to_the_minute() -> None:
    now = NOON + timedelta(seconds=30, microseconds=1)
    assert parse_when("in 20 minutes", now, LONDON) == NOON + timedelta(minutes=21)


def test_days_from_now_keep_the_time_of_day_and_hours_their_length_when_clocks_change() -> None:
    evening = datetime(2026, 10, 24, 20, 0, tzinfo=UTC)  # 21:00 in London, which goes back an hour that night
    assert parse_when("in 1 day", evening, LONDON) == evening + timedelta(hours=25)
    assert parse_when("in 24 hours", evening, LONDON) == evening + timedelta(hours=24)
    assert parse_when("tomorrow 21:00", evening, LONDON) == evening + timedelta(hours=25)


def test_fault_44_a_typed_moment_in_a_gap_goes_later_and_in_a_fold_is_the_first() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert parse_when("2026-03-29 01:30", now, LONDON) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert parse_when("2026-10-25 01:30", now, LONDON) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@given(st.text(alphabet="0123456789 intomrwfdaymuesh:-<>pF", max_size=40))
def test_whatever_is_typed_for_a_moment_lies_in_the_next_year_or_is_refused(typed: str) -> None:
    try:
        moment = parse_when(typed, NOON, ZoneInfo("Pacific/Chatham"))
    except UserError:
        return
    assert NOON < moment <= NOON + timedelta(days=366)
    assert moment.second == moment.microsecond == 0
