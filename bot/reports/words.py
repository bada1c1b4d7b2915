"""Dates and names as reports write them."""

from datetime import date, timedelta
from unicodedata import bidirectional, category

from bot.domain.trends import Flare, Mark, Trend, plain

ALT_LIMIT = 1024

OVERRIDES = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})


def long_day(day: date) -> str:
    return f"{day.day} {day:%B} {day.year}"


def short_day(day: date) -> str:
    return f"{day.day} {day:%b}"


def monday(day: date) -> date:
    """The first day of the day's week."""
    return day - timedelta(days=day.weekday())


def first_of_month(day: date) -> date:
    return day.replace(day=1)


def month_and_year(day: date) -> str:
    return f"{day:%b} {day.year}"


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters, with an ellipsis where something was cut."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def one_line(text: str) -> str:
    return " ".join(text.split())


def flare_words(flare: Flare) -> str:
    end = f" to {long_day(flare.last)}" if flare.last else ", still going on"
    return f"Flare from {long_day(flare.first)}{end}."


def mark_words(mark: Mark) -> str:
    end = f", stopped {long_day(mark.stopped)}" if mark.stopped else ""
    return f"{one_line(mark.name)}: started {long_day(mark.started)}{end}."


def without_controls(text: str) -> str:
    """The text without control characters, save for lines and tabs, and without marks that turn our own words around.

    Direction comes from the letters themselves; overrides are only ever left open by accident or on purpose.
    """
    return "".join(letter for letter in text if letter in "\n\t" or not _controls(letter))


def _controls(letter: str) -> bool:
    return category(letter) in {"Cc", "Cs"} or bidirectional(letter) in OVERRIDES


def _range(trend: Trend) -> str:
    measure, least, most = trend.measure, min(trend.values), max(trend.values)
    if measure.words:
        return f"Answers run from {measure.say(least)} to {measure.say(most)}."
    return f"Scores run from {plain(least)} to {plain(most)}."


def alt_text(trend: Trend) -> str:
    """What the chart shows, in at most 1,024 characters."""
    period = f"{long_day(trend.first_day)} to {long_day(trend.last_day)}"
    parts = [f"Chart of {trend.measure.name}, {period}. {trend.sentence}"]
    if trend.values:
        parts.append(_range(trend))
    parts += map(flare_words, trend.flares)
    parts += map(mark_words, trend.marks)
    return shorten(" ".join(parts), ALT_LIMIT)
