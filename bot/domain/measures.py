"""Measures: what can be counted of what a member told us, as one list over all their questions, past and present."""

from collections.abc import Collection, Iterable, Mapping
from itertools import count
from math import floor

from bot.domain.questionnaires import FURTHEST, Choice, Number, Question, YesNo
from bot.domain.trends import Measure

EARLIER = "An earlier question of yours"

TICKS = 5
"""Steps of a range that is made for its values: as many as a chart has ticks."""

Values = Mapping[str, Collection[float]]


def measures(asked: Iterable[Question], ours: Iterable[Question], values: Values) -> tuple[Measure, ...]:
    """The measures for all that was `asked`, then for what else has `values` (by key), each key once.

    Of `ours`, the questions of all questionnaires, those that were answered are taken; what nobody knows any more
    keeps its place under a name of ours.
    """
    known: dict[str, Question] = {}
    for question in [*asked, *(each for each in ours if each.key in values)]:
        known.setdefault(question.key, question)
    gone = [key for key in values if key not in known]
    return (
        *(measure_of(question, values.get(question.key, ())) for question in known.values()),
        *(_earlier(key, f" ({number})" if len(gone) > 1 else "", values[key]) for key, number in zip(gone, count(1))),
    )


def measure_of(question: Question, values: Collection[float] = ()) -> Measure:
    """A question as something to count. One that takes any number gets a range that its values fill."""
    scale = question.scale
    low, high = around(values) if scale.span == (-FURTHEST, FURTHEST) else scale.span
    unit = scale.unit if isinstance(scale, Number) else None
    return Measure(question.key, question.label, low, high, scale.higher_is_worse, unit, _words(question))


def around(values: Collection[float]) -> tuple[float, float]:
    """The narrowest round range that holds all values: (0, 10000) for steps, (36, 38.5) for °C."""
    if not values:
        return 0, 10
    least, most = min(values), max(values)
    for tenths in (digit * 10**power for power in range(8) for digit in (2, 5, 10)):
        low = floor(least * 10 / tenths) * tenths / 10
        high = low + TICKS * tenths / 10
        if low <= least and most <= high:
            return low, high
    return least, most


def _earlier(key: str, number: str, values: Collection[float]) -> Measure:
    return Measure(key, EARLIER + number, *around(values), higher_is_worse=None)


def _words(question: Question) -> tuple[tuple[float, str], ...]:
    match question.scale:
        case Choice(options=options):
            return tuple(sorted((float(option.value), option.label) for option in options))
        case YesNo():
            return (0.0, "no"), (1.0, "yes")
        case _:
            return ()
