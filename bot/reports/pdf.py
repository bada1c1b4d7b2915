"""The appointment page: one or two sheets of A4 as PDF/UA-1, tagged for screen readers."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time
from functools import cache
from importlib.resources import files
from itertools import groupby
from pathlib import Path
from statistics import median
from unicodedata import bidirectional

import typst
from matplotlib import get_data_path

from bot.domain.trends import Appointment, Day, Measure, Trend, count, plain
from bot.reports.charts import chart_svg
from bot.reports.words import (
    alt_text,
    first_of_month,
    flare_words,
    long_day,
    mark_words,
    monday,
    month_and_year,
    one_line,
    short_day,
    shorten,
    without_controls,
)

MOST_PAGES = 2
QUESTIONS, QUESTION = 5, 300
"""Questions to print, and the characters of one."""

KEEP = ((10, QUESTIONS), (6, QUESTIONS), (3, QUESTIONS), (1, QUESTIONS), (0, QUESTIONS), (0, 3), (0, 1))
"""How many to print of comparisons, notes and events each, and of questions, while two pages do not hold more.

The questions go last: they are what the page is for.
"""

MEASURES, SENTENCES = 4, 8
"""Measures that have a column in the table, and those that have a sentence."""

LINE = 240
"""Characters of one text of the member's own."""

ABOUT = (
    "Self-reported: one person's own scores, written down day by day in check-ins with Spoonful. "
    "They are not a measurement or a diagnosis."
)

Said = dict[str, str | bool]


def appointment_pdf(page: Appointment) -> bytes:
    """PDF/UA-1 (ISO 14289-1), which typst verifies while writing: title, language, tags, alt text, table headings."""
    contents = _contents(page)
    prepared = datetime.combine(page.prepared, time(12), UTC)
    made = b""
    for keep, questions in KEEP:
        made = _typeset(contents | _lists(page, keep, questions), prepared)
        if pages(made) <= MOST_PAGES:
            break
    return made


def pages(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


def _typeset(contents: dict[str, object], prepared: datetime) -> bytes:
    return typst.compile(
        _template(),
        font_paths=_fonts(),
        format="pdf",
        sys_inputs={"page": json.dumps(contents)},
        pdf_standards=["ua-1"],
        timestamp=prepared,
    )


@cache
def _template() -> bytes:
    return files("bot.reports").joinpath("appointment.typ").read_bytes()


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(font_paths=[Path(get_data_path(), "fonts", "ttf")])


@cache
def _families() -> list[str]:
    """DejaVu first, then the operator's Noto fonts for other scripts and emoji, then a box for what is left."""
    noto = sorted(family for family in _fonts().families() if family.startswith("Noto "))
    return ["DejaVu Sans", *noto, "Last Resort High-Efficiency"]


def _contents(page: Appointment) -> dict[str, object]:
    trends = page.trends[:MEASURES]
    first = trends[0]
    title, start, rows = _table(trends)
    return {
        "title": "My check-ins, for an appointment",
        "period": f"{long_day(first.first_day)} to {long_day(first.last_day)}",
        "about": ABOUT,
        "footer": f"Self-reported with Spoonful, prepared {long_day(page.prepared)}",
        "fonts": _families(),
        "sentences": _kept([_sentence(trend) for trend in page.trends], SENTENCES),
        "chart": chart_svg(first),
        "alt": alt_text(first),
        "table-title": title,
        "heading": _all_said([start, *(shorten(trend.measure.label, 24) for trend in trends), "Remarks"]),
        "rows": [_all_said(row) for row in rows],
        "missing": _missing(first),
    }


def _lists(page: Appointment, keep: int, questions: int = QUESTIONS) -> dict[str, object]:
    notes = [f"{long_day(day)}: {note}" for day, note in sorted(page.notes, reverse=True)]
    return {
        "questions": _kept(page.questions, questions, QUESTION),
        "events": _kept(_events(page.trends[0]), keep),
        "comparisons": [_said(each.sentence, 2 * LINE) for each in page.comparisons[:keep]],
        "notes": _kept(notes, keep),
    }


def _kept(texts: Sequence[str], keep: int, limit: int = LINE) -> list[Said]:
    more = [f"… and {len(texts) - keep} more"] if len(texts) > keep else []
    return [_said(text, limit) for text in [*texts[:keep], *more]]


def _said(text: str, limit: int = LINE) -> Said:
    """Words as the template takes them: safe to set, breakable, and with the direction of their first letter."""
    words = shorten(one_line(without_controls(text)), limit)
    sides = (bidirectional(letter) for letter in words)
    rtl = next((side != "L" for side in sides if side in {"L", "R", "AL"}), False)
    return {"text": re.sub(r"(\S{30})(?=\S)", "\\1\u200b", words), "rtl": rtl}


def _all_said(texts: Iterable[str]) -> list[Said]:
    return [_said(text) for text in texts]


def _sentence(trend: Trend) -> str:
    measure = trend.measure
    if measure.words and trend.values:
        return trend.sentence
    scale = f"{plain(measure.low)} to {measure.say(measure.high)}"
    if measure.higher_is_worse is not None:
        low, high = ("best", "worst") if measure.higher_is_worse else ("worst", "best")
        scale = f"{plain(measure.low)} is {low}, {plain(measure.high)} is {high}"
    return f"{measure.label}: {trend.sentence}" if measure.words else f"{measure.label} ({scale}): {trend.sentence}"


def _events(trend: Trend) -> list[str]:
    """Newest first."""
    found = [(mark.started, mark_words(mark)) for mark in trend.marks]
    found += [(flare.first, flare_words(flare)) for flare in trend.flares]
    return [words for _, words in sorted(found, reverse=True)]


def _table(trends: tuple[Trend, ...]) -> tuple[str, str, Iterator[list[str]]]:
    """A title, the heading of the first column, and rows for days, weeks or months as the period allows."""
    length = len(trends[0].days)
    if length <= 31:
        return "Day by day", "Day", _day_rows(trends)
    if length <= 200:
        return "Week by week", "Week of", _period_rows(trends, monday, short_day)
    return "Month by month", "Month", _period_rows(trends, first_of_month, month_and_year)


def _day_rows(trends: tuple[Trend, ...]) -> Iterator[list[str]]:
    for days in zip(*(trend.days for trend in trends), strict=True):
        day = days[0].date
        flare = ["flare"] * trends[0].in_flare(day)
        yield [f"{day:%a} {short_day(day)}", *map(_score, trends, days), ", ".join([*_absence(days), *flare])]


def _absence(days: Iterable[Day]) -> list[str]:
    if any(day.value is not None for day in days):
        return []
    return ["too unwell to answer" if any(day.unwell for day in days) else "missing"]


def _score(trend: Trend, day: Day) -> str:
    return "–" if day.value is None else _answer(trend.measure, day.value)


def _answer(measure: Measure, value: float) -> str:
    """The unit stands above the table."""
    return measure.say(value) if measure.words else plain(value)


def _period_rows(
    trends: tuple[Trend, ...], start: Callable[[date], date], named: Callable[[date], str]
) -> Iterator[list[str]]:
    days = zip(*(trend.days for trend in trends), strict=True)
    for first, group in groupby(days, lambda each: start(each[0].date)):
        columns = list(zip(*group, strict=True))
        flare = ["flare"] * any(trends[0].in_flare(day.date) for day in columns[0])
        answered = f"{sum(day.value is not None for day in columns[0])} of {count(len(columns[0]), 'day')}"
        yield [named(first), *map(_spread, trends, columns), ", ".join([answered, *flare])]


def _spread(trend: Trend, days: Iterable[Day]) -> str:
    values = [day.value for day in days if day.value is not None]
    if not values:
        return "–"
    if trend.measure.words:
        return trend.measure.say(median(values))
    return f"{plain(median(values))} ({plain(min(values))} to {plain(max(values))})"


def _missing(trend: Trend) -> str:
    runs = [list(group) for missing, group in groupby(trend.days, lambda day: day.missing) if missing]
    if not runs:
        return "No days are missing."
    words = (f"{short_day(run[0].date)}{f' to {short_day(run[-1].date)}' if len(run) > 1 else ''}" for run in runs)
    return shorten(
        f"{count(trend.missing, 'day')} missing, with no {trend.measure.name} score: {', '.join(words)}.", 3 * LINE
    )
