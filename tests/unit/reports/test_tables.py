"""Text tables: every day in its row, coarser rows for longer periods, and never more than a message holds."""

import pytest

from bot.domain.trends import Measure, trend
from bot.reports.tables import TABLE_LIMIT, text_table
from tests.unit.reports.examples import EMPTY, LAST, MONTH, MOOD, PAIN, day, entry, over


def test_a_week_day_by_day() -> None:
    assert text_table(over(6)).splitlines() == [
        "Day         Score",
        "Tue 17 Nov  3",
        "Wed 18 Nov  -      too unwell",
        "Thu 19 Nov  6",
        "Fri 20 Nov  5      flare",
        "Sat 21 Nov  4      flare",
        "Sun 22 Nov  3      flare",
    ]


def test_missing_days_have_rows() -> None:
    assert "Sun 15 Nov  -      missing" in text_table(over(30))
    assert text_table(over(1, EMPTY)).splitlines()[1] == "Sun 22 Nov  -      missing"


def test_a_quarter_week_by_week() -> None:
    lines = text_table(over(90)).splitlines()
    assert lines[0].split() == ["Week", "of", "Median", "Range", "Days"]
    assert lines[1].split() == ["24", "Aug", "26", "-", "-", "0/6"]
    assert lines[-1].split() == ["16", "Nov", "26", "4", "3-6", "6/7"]


@pytest.mark.parametrize("length", [1, 30, 31, 60, 90, 365, 1000, 4000, 40000])
def test_it_fits_one_message_and_a_phone(length: int) -> None:
    table = text_table(over(length))
    assert len(table) <= TABLE_LIMIT
    assert max(map(len, table.splitlines())) <= 36


def test_big_numbers_still_fit() -> None:
    steps = Measure("pain", "Steps", 0, 99999, higher_is_worse=False)
    table = text_table(trend([entry(n, 12345.5) for n in range(365)], steps, day(364), LAST))
    assert len(table) <= TABLE_LIMIT
    assert "12345.5" in table


def test_the_measure_decides() -> None:
    assert "0/" in text_table(over(365, MONTH, Measure("other", "Other", 0, 1, higher_is_worse=True)))
    assert PAIN.key in MONTH.observations[0].values


def test_answers_in_words_stay_words_and_stay_narrow() -> None:
    assert "Thu 19 Nov  more than half th…" in text_table(over(6, MONTH, MOOD))
    lines = text_table(over(90, MONTH, MOOD)).splitlines()
    assert lines[0].split() == ["Week", "of", "Middle", "Days"]
    assert lines[-1].startswith("16 Nov 26  more than half th…")
    assert max(map(len, lines)) <= 36
