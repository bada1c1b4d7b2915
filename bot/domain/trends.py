"""Trends: what a member's own check-ins say over time, day by day and around a treatment."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from random import Random
from statistics import median

from bot.domain.checkins import EntryKind
from bot.domain.questionnaires import OWN_PREFIX

ROLLING_DAYS = 7
ROLLING_NEEDS = 3
"""A rolling median of fewer values than this would be noise drawn as a line."""

COMPARISON_NEEDS = 10
COMPARISON_SPAN = 90
RESAMPLES = 2000
SEED = 20260101


@dataclass(frozen=True)
class Measure:
    """A question with a number for an answer, from `low` to `high`. `label` is a name such as "Pain".

    `higher_is_worse` is None where neither end is the worse one. `words` are what the answers are called where there
    are only a few, lowest first: ((0, "no"), (1, "yes")).
    """

    key: str
    label: str
    low: float
    high: float
    higher_is_worse: bool | None
    unit: str | None = None
    words: tuple[tuple[float, str], ...] = ()

    @property
    def is_own(self) -> bool:
        """Whether the member made the question: then the label and the unit are their words."""
        return self.key.startswith(OWN_PREFIX)

    @property
    def name(self) -> str:
        """The label as it stands inside a sentence: "Pain" gives "pain", "PHQ-2" stays, a member's own is quoted."""
        if self.is_own:
            return f"“{self.label}”"
        return self.label if self.label[1:2].isupper() else self.label[:1].lower() + self.label[1:]

    def worse(self, value: float, than: float) -> bool:
        if self.higher_is_worse is None:
            return False
        return value > than if self.higher_is_worse else value < than

    def say(self, value: float) -> str:
        """A value in words: "6.5", "7 hours", "yes"; "no to yes" for the middle of two answers."""
        if self.words:
            below = [word for number, word in self.words if number <= value][-1:]
            above = [word for number, word in self.words if number >= value][:1]
            return " to ".join(dict.fromkeys([*below, *above]))
        return f"{plain(value)} {self.unit}" if self.unit else plain(value)


@dataclass(frozen=True)
class Observation:
    """One entry as trends see it. `values` are by measure key; the local date is the day it is about."""

    local_date: date
    recorded_at: datetime
    kind: EntryKind
    values: Mapping[str, float]
    note: str | None = None
    late: bool = False


@dataclass(frozen=True)
class Flare:
    """Both days belong to the flare; one without a last day goes on."""

    first: date
    last: date | None = None


@dataclass(frozen=True)
class Mark:
    """A treatment, from the day it was started; `card_id` when the catalog has a card on it."""

    name: str
    started: date
    stopped: date | None = None
    card_id: str | None = None


@dataclass(frozen=True)
class Diary:
    """Everything a member told us that has a date."""

    measures: tuple[Measure, ...] = ()
    observations: tuple[Observation, ...] = ()
    flares: tuple[Flare, ...] = ()
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True)
class Day:
    """One local date. A day with neither a value nor `unwell` is missing."""

    date: date
    value: float | None
    unwell: bool
    rolling: float | None

    @property
    def missing(self) -> bool:
        return self.value is None and not self.unwell


@dataclass(frozen=True)
class Trend:
    """One measure over a period; one `Day` for every date in it, and what happened meanwhile."""

    measure: Measure
    days: tuple[Day, ...]
    flares: tuple[Flare, ...]
    marks: tuple[Mark, ...]

    @property
    def first_day(self) -> date:
        return self.days[0].date

    @property
    def last_day(self) -> date:
        return self.days[-1].date

    @cached_property
    def values(self) -> tuple[float, ...]:
        return tuple(day.value for day in self.days if day.value is not None)

    @cached_property
    def median(self) -> float | None:
        return median(self.values) if self.values else None

    @cached_property
    def worse(self) -> int:
        """Days worse than the median of the period."""
        middle = self.median
        return 0 if middle is None else sum(self.measure.worse(value, middle) for value in self.values)

    @cached_property
    def better(self) -> int:
        """Days better than the median of the period."""
        middle = self.median
        return 0 if middle is None else sum(self.measure.worse(middle, value) for value in self.values)

    @cached_property
    def missing(self) -> int:
        return sum(day.missing for day in self.days)

    @cached_property
    def unwell(self) -> int:
        return sum(day.unwell for day in self.days)

    @property
    def sentence(self) -> str:
        """The trend in plain words: "Median pain 6; 3 worse days; 2 days missing."."""
        if self.median is None:
            return self._nothing_yet()
        measure = self.measure
        parts = [self._each_answer() if measure.words else f"Median {measure.name} {measure.say(self.median)}"]
        if not measure.words and measure.higher_is_worse is not None:
            parts.append(count(self.worse, "worse day"))
        parts.append(self._completeness)
        if self.unwell:
            parts.append(f"{count(self.unwell, 'day')} too unwell to answer")
        return "; ".join(parts) + "."

    def _each_answer(self) -> str:
        """How often each answer was given: "Mood: no on 2 days, yes on 5 days"."""
        found = Counter(map(self.measure.say, sorted(self.values)))
        days = ", ".join(f"{words} on {count(number, 'day')}" for words, number in found.items())
        return f"{self.measure.name if self.measure.is_own else self.measure.label}: {days}"

    @property
    def _completeness(self) -> str:
        """A question that is asked now and then has answered days, not missing ones."""
        if self.missing * 2 > len(self.days):
            return f"answered on {count(len(self.values), 'day')}"
        return f"{count(self.missing, 'day')} missing"

    def _nothing_yet(self) -> str:
        period = "on this day" if len(self.days) == 1 else f"in these {len(self.days)} days"
        if self.unwell:
            return f"No {self.measure.name} scores {period}; {count(self.unwell, 'day')} too unwell to answer."
        return f"No check-ins {period} yet."

    def in_flare(self, day: date) -> bool:
        return any(flare.first <= day <= (flare.last or date.max) for flare in self.flares)


@dataclass(frozen=True)
class Comparison:
    """Medians before and after a treatment was started, and the range the change lies in (95 %, by bootstrap)."""

    measure: Measure
    mark: Mark
    before: float
    after: float
    lowest: float
    highest: float

    @property
    def sentence(self) -> str:
        medians = f"{plain(self.before)} before and {self.measure.say(self.after)} after"
        return (
            f"Your median {self.measure.name} was {medians} starting {self.mark.name}; {self._range()}. "
            "This is not proof: other things changed too."
        )

    def _range(self) -> str:
        if self.lowest == self.highest:
            return f"the best guess is {_change(self.lowest)}"
        return f"the change could be anything from {_change(self.lowest)} to {_change(self.highest)}"


@dataclass(frozen=True)
class TooFew:
    """No comparison yet; how many answered days each side still lacks."""

    mark: Mark
    before: int
    after: int

    @property
    def sentence(self) -> str:
        lacks = [
            f"{count(number, 'more answered day')} {side} starting {self.mark.name}"
            for number, side in ((self.before, "before"), (self.after, "after"))
            if number
        ]
        return f"Too few days to compare yet: it takes {' and '.join(lacks)}."


@dataclass(frozen=True)
class Appointment:
    """What a member takes to a clinician. At least one trend, all over one period; the first one is drawn."""

    prepared: date
    trends: tuple[Trend, ...]
    comparisons: tuple[Comparison | TooFew, ...] = ()
    questions: tuple[str, ...] = ()
    notes: tuple[tuple[date, str], ...] = ()


def plain(value: float) -> str:
    """At most one decimal, and none where it says nothing: 6, 6.5."""
    return f"{round(value, 1) + 0.0:.1f}".removesuffix(".0")


def count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"


def daily_values(observations: Iterable[Observation], key: str) -> dict[date, float]:
    """One value a local date: the median of that day's entries."""
    found: defaultdict[date, list[float]] = defaultdict(list)
    for each in observations:
        if key in each.values:
            found[each.local_date].append(each.values[key])
    return {day: median(values) if len(values) > 1 else values[0] for day, values in found.items()}


def trend(
    observations: Sequence[Observation],
    measure: Measure,
    first_day: date,
    last_day: date,
    flares: Iterable[Flare] = (),
    marks: Iterable[Mark] = (),
) -> Trend:
    """One measure from `first_day` to `last_day`, both included; earlier observations only feed the rolling median."""
    values = daily_values(observations, measure.key)
    unwell = {each.local_date for each in observations if each.kind is EntryKind.UNWELL} - values.keys()
    dates = [first_day + timedelta(days=n) for n in range((last_day - first_day).days + 1)]
    return Trend(
        measure,
        tuple(Day(day, values.get(day), day in unwell, _rolling(values, day)) for day in dates),
        tuple(flare for flare in flares if flare.first <= last_day and (flare.last or date.max) >= first_day),
        tuple(mark for mark in marks if mark.started <= last_day and (mark.stopped or date.max) >= first_day),
    )


def streak(answered: Iterable[date], today: date, flares: Iterable[Flare] = ()) -> int:
    """Days in a row with an answer, up to today or yesterday. Days of a flare neither count nor break it."""
    days, resting = set(answered), list(flares)
    day, length = today, 0
    while True:
        if day in days:
            length += 1
        elif day != today and not any(each.first <= day <= (each.last or today) for each in resting):
            return length
        day -= timedelta(days=1)


def _rolling(values: Mapping[date, float], day: date) -> float | None:
    window = (day - timedelta(days=back) for back in range(ROLLING_DAYS))
    found = [values[each] for each in window if each in values]
    return median(found) if len(found) >= ROLLING_NEEDS else None


def before_and_after(
    observations: Iterable[Observation], measure: Measure, mark: Mark, span: int = COMPARISON_SPAN
) -> Comparison | TooFew:
    """Compare up to `span` days on each side of a start; the day itself belongs to neither.

    The interval treats days as independent, which they are not quite, so it is narrow rather than wide.
    """
    first, last = mark.started - timedelta(days=span), mark.started + timedelta(days=span)
    last = min(last, mark.stopped or last)
    near = (each for each in observations if first <= each.local_date <= last)
    values = sorted(daily_values(near, measure.key).items())
    before = [value for day, value in values if day < mark.started]
    after = [value for day, value in values if day > mark.started]
    lacking = [max(0, COMPARISON_NEEDS - len(side)) for side in (before, after)]
    if any(lacking):
        return TooFew(mark, *lacking)
    lowest, highest = _interval(sorted(before), sorted(after))
    return Comparison(measure, mark, median(before), median(after), lowest, highest)


def _interval(before: Sequence[float], after: Sequence[float]) -> tuple[float, float]:
    rng = Random(SEED)  # noqa: S311 - statistics, and the same answer every time it is asked
    changes = sorted(_resampled_median(after, rng) - _resampled_median(before, rng) for _ in range(RESAMPLES))
    tail = RESAMPLES // 40
    return changes[tail], changes[-1 - tail]


def _resampled_median(ordered: Sequence[float], rng: Random) -> float:
    """The median of one bootstrap sample, drawn directly.

    A resample picks n uniform places in the sorted values, and the k-th smallest of n uniform numbers follows
    Beta(k, n - k + 1) (David and Nagaraja, Order Statistics, 2003, section 2.3): one or two draws instead of n.
    """
    n = len(ordered)
    k = (n + 1) // 2
    lower = rng.betavariate(k, n - k + 1)
    upper = lower if n % 2 else lower + (1 - lower) * rng.betavariate(1, n - k)
    return (ordered[min(int(n * lower), n - 1)] + ordered[min(int(n * upper), n - 1)]) / 2


def _change(difference: float) -> str:
    if plain(difference) == "0":
        return "no change"
    return f"{plain(abs(difference))} {'lower' if difference < 0 else 'higher'}"
