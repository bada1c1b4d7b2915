"""A trend as a text table for a code block: narrow enough for a phone, short enough for one message."""

from collections.abc import Callable, Sequence
from datetime import date
from itertools import groupby
from statistics import median

from bot.domain.trends import Day, Measure, Trend, plain
from bot.reports.words import first_of_month, monday, month_and_year, short_day, shorten

TABLE_LIMIT = 1900
ANSWER_LIMIT = 18
"""Characters of an answer in words: a row is read on a phone."""

Row = tuple[str, ...]


def text_table(trend: Trend) -> str:
    """Aligned columns in at most 1,900 characters: days, or weeks, months and years when there are too many."""
    tables = (_aligned(rows(trend)) for rows in (day_rows, week_rows, _month_rows, _year_rows))
    return next((table for table in tables if len(table) <= TABLE_LIMIT), _aligned(_year_rows(trend))[:TABLE_LIMIT])


def day_rows(trend: Trend) -> list[Row]:
    """A heading and a row for every day, missing ones included."""
    return [("Day", "Score", ""), *(_day_row(trend, day) for day in trend.days)]


def week_rows(trend: Trend) -> list[Row]:
    """A heading and a row for every week, Monday to Sunday."""
    return _period_rows(trend, "Week of", monday, _dated)


def _month_rows(trend: Trend) -> list[Row]:
    return _period_rows(trend, "Month", first_of_month, month_and_year)


def _year_rows(trend: Trend) -> list[Row]:
    return _period_rows(trend, "Year", lambda day: day.replace(month=1, day=1), lambda day: str(day.year))


def _dated(day: date) -> str:
    return f"{short_day(day)} {day:%y}"


def _day_row(trend: Trend, day: Day) -> Row:
    score = "-" if day.value is None else _answer(trend.measure, day.value)
    words = ["missing"] * day.missing + ["too unwell"] * day.unwell + ["flare"] * trend.in_flare(day.date)
    return f"{day.date:%a} {short_day(day.date)}", score, ", ".join(words)


def _period_rows(trend: Trend, heading: str, start: Callable[[date], date], named: Callable[[date], str]) -> list[Row]:
    columns = ("Middle",) if trend.measure.words else ("Median", "Range")
    found: list[Row] = [(heading, *columns, "Days")]
    for first, group in groupby(trend.days, lambda day: start(day.date)):
        days = list(group)
        values = [day.value for day in days if day.value is not None]
        spread = _spread(trend.measure, values) if values else ("-",) * len(columns)
        found.append((named(first), *spread, f"{len(values)}/{len(days)}"))
    return found


def _spread(measure: Measure, values: Sequence[float]) -> Row:
    if measure.words:
        return (_answer(measure, median(values)),)
    return plain(median(values)), f"{plain(min(values))}-{plain(max(values))}"


def _answer(measure: Measure, value: float) -> str:
    return shorten(measure.say(value), ANSWER_LIMIT) if measure.words else plain(value)


def _aligned(rows: Sequence[Row]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
