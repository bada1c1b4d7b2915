"""A day that is still to come, as people type it."""

from datetime import date

import pytest

from bot.domain.journal import parse_coming_day
from bot.errors import UserError

MONDAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("tomorrow", date(2026, 11, 24)),
        (" Tomorrow ", date(2026, 11, 24)),
        ("Friday", date(2026, 11, 27)),
        ("fri", date(2026, 11, 27)),
        ("monday", date(2026, 11, 30)),
        ("in 1 day", date(2026, 11, 24)),
        ("in  5 days", date(2026, 11, 28)),
        ("5 days", date(2026, 11, 28)),
        ("in 2 weeks", date(2026, 12, 7)),
        ("in 366 days", date(2027, 11, 24)),
        ("2026-12-01", date(2026, 12, 1)),
        ("2026-12-1", date(2026, 12, 1)),
    ],
)
def test_days_to_come(typed: str, day: date) -> None:
    assert parse_coming_day(typed, MONDAY) == day


@pytest.mark.parametrize("typed", ["", "soon", "2026-02-30", "yesterday", "in -3 days", "12/01/2026", "in 1000 days"])
def test_what_is_no_day_is_answered_with_examples(typed: str) -> None:
    with pytest.raises(UserError, match=r"Try: tomorrow, Friday, in 5 days, or a date such as 2026-12-03\."):
        parse_coming_day(typed, MONDAY)


@pytest.mark.parametrize("typed", ["today", "2026-11-22", "in 0 days", "in 367 days", "in 53 weeks", "9999-12-31"])
def test_a_day_that_is_no_use(typed: str) -> None:
    with pytest.raises(UserError, match="from tomorrow on, at most 366 days ahead"):
        parse_coming_day(typed, MONDAY)
