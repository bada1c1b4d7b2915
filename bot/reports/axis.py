"""Where a chart puts its ticks and labels: arithmetic on dates and widths, nothing drawn."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from itertools import chain
from pathlib import Path

from matplotlib import get_data_path
from matplotlib.ft2font import FT2Font

from bot.domain.trends import Trend
from bot.reports.words import one_line, short_day, shorten

NAME_LIMIT = 20
LABEL_ROWS = 3
CHARACTER = 0.0162
"""Width of a letter of a label, as a part of the axis."""


@dataclass(frozen=True)
class Label:
    """A treatment started or stopped on `day`: its words, the row they stand in, and the side of the line."""

    day: date
    words: str
    starts: bool
    row: int | None
    leftwards: bool


@cache
def _letters() -> frozenset[int]:
    font = FT2Font(Path(get_data_path(), "fonts", "ttf", "DejaVuSans.ttf"))
    return frozenset(font.get_charmap())


def drawable(text: str, limit: int) -> str:
    """One line of at most `limit` characters, without those that the chart's font cannot draw (most emoji, CJK)."""
    kept = "".join(letter for letter in one_line(text) if ord(letter) in _letters() and letter.isprintable())
    return shorten(one_line(kept), limit)


def labels(trend: Trend) -> list[Label]:
    """A label for every start and stop in the period, in rows so that none covers another."""
    events = chain.from_iterable(
        ((mark.started, mark.name, True), (mark.stopped, mark.name, False)) for mark in trend.marks
    )
    dated = [(day, name, starts) for day, name, starts in events if day and trend.first_day <= day <= trend.last_day]
    ends = [0.0] * LABEL_ROWS
    return [_placed(trend, ends, *event) for event in sorted(dated)]


def _placed(trend: Trend, ends: list[float], day: date, name: str, starts: bool) -> Label:  # noqa: FBT001
    words = f"{drawable(name, NAME_LIMIT) or 'treatment'}{'' if starts else ' stopped'}"
    width = CHARACTER * (len(words) + 2)
    at = (day - trend.first_day).days / max(1, len(trend.days) - 1)
    leftwards = at + width > 1
    begin = at - width if leftwards else at
    row = next((row for row, end in enumerate(ends) if end <= begin), None)
    if row is not None:
        ends[row] = begin + width
    return Label(day, words, starts, row, leftwards)


def date_ticks(first: date, last: date) -> list[tuple[date, str]]:
    """Up to eight dates with labels as coarse as the period is long."""
    length = (last - first).days + 1
    if length <= 7:
        return [(day, f"{day:%a} {day.day}") for day in _every(first, length, 1)]
    if length <= 130:
        return [(day, short_day(day)) for day in _every(first, length, -(-length // 5))]
    months = [date(year, month, 1) for year in range(first.year, last.year + 1) for month in range(1, 13)]
    months = [month for month in months if first <= month <= last]
    if length <= 800:
        return [(month, f"{month:%b %y}") for month in months[:: -(-len(months) // 6)]]
    years = [month for month in months if month.month == 1]
    return [(year, str(year.year)) for year in years[:: -(-len(years) // 8)]]


def _every(first: date, length: int, step: int) -> list[date]:
    return [first + timedelta(days=n) for n in range(0, length, step)]
