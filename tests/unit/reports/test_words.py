"""Words of reports: dates, and text that keeps to itself."""

from datetime import date

from bot.domain.trends import Flare, Mark
from bot.reports.words import first_of_month, flare_words, mark_words, monday, shorten, without_controls


def test_dates_have_no_leading_zeros() -> None:
    assert flare_words(Flare(date(2026, 11, 1))) == "Flare from 1 November 2026, still going on."
    assert mark_words(Mark("a\n b", date(2026, 11, 1))) == "a b: started 1 November 2026."


def test_weeks_begin_on_monday_and_months_on_the_first() -> None:
    assert monday(date(2026, 11, 22)) == monday(date(2026, 11, 16)) == date(2026, 11, 16)
    assert first_of_month(date(2026, 11, 22)) == date(2026, 11, 1)


def test_what_is_cut_says_so() -> None:
    assert shorten("12345", 5) == "12345"
    assert shorten("123 567", 5) == "123…"


def test_controls_and_overrides_go_and_everything_else_stays() -> None:
    assert without_controls("a\x00\x07\u202eb\u2066\n\tc") == "ab\n\tc"
    assert without_controls("👩‍🦽 שלום مرحبا é") == "👩‍🦽 שלום مرحبا é"
