"""Trends: every date accounted for, plain sentences, and honest comparisons."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.checkins import EntryKind
from bot.domain.trends import (
    Comparison,
    Flare,
    Mark,
    Measure,
    Observation,
    TooFew,
    Trend,
    _resampled_median,  # pyright: ignore[reportPrivateUsage] - held against the plain way of resampling
    before_and_after,
    plain,
    trend,
)

FIRST = date(2026, 11, 1)
PAIN = Measure("pain", "Pain", 0, 10, higher_is_worse=True)
SLEEP = Measure("sleep", "Sleep", 0, 24, higher_is_worse=False, unit="hours")
STARTED = Mark("ketamine", FIRST)


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def entry(number: int, value: float | None, kind: EntryKind = EntryKind.ANSWERED, key: str = "pain") -> Observation:
    recorded = datetime.combine(day(number), time(9), UTC)
    return Observation(day(number), recorded, kind, {} if value is None else {key: value})


def unwell(number: int) -> Observation:
    return entry(number, None, EntryKind.UNWELL)


def over(observations: Sequence[Observation], length: int, measure: Measure = PAIN) -> Trend:
    return trend(observations, measure, day(0), day(length - 1))


def test_the_sentence_counts_worse_and_missing_days() -> None:
    scores = [6, 6, 6, 5, 8, 9, 7, 4, 6]
    found = over([entry(n, score) for n, score in enumerate(scores)], 11)
    assert found.sentence == "Median pain 6; 3 worse days; 2 days missing."
    assert (found.worse, found.better, found.missing) == (3, 2, 2)


def test_one_of_each_is_singular_and_none_is_said() -> None:
    found = over([entry(0, 5), entry(1, 5), entry(2, 6), unwell(4)], 5)
    assert found.sentence == "Median pain 5; 1 worse day; 1 day missing; 1 day too unwell to answer."
    assert over([entry(0, 5)], 1).sentence == "Median pain 5; no worse days; no days missing."


def test_a_lower_value_is_worse_where_the_measure_says_so() -> None:
    found = over([entry(n, hours, key="sleep") for n, hours in enumerate((7, 7.5, 3))], 3, SLEEP)
    assert found.sentence == "Median sleep 7 hours; 1 worse day; no days missing."


def test_the_empty_states() -> None:
    assert over([], 30).sentence == "No check-ins in these 30 days yet."
    assert over([], 1).sentence == "No check-ins on this day yet."
    assert over([unwell(0), unwell(2)], 7).sentence == "No pain scores in these 7 days; 2 days too unwell to answer."


def test_answers_in_words_are_counted_one_by_one() -> None:
    walked = Measure("own-1", "Did I walk?", 0, 1, None, words=((0, "no"), (1, "yes")))
    entries = [entry(day, value, key="own-1") for day, value in ((0, 1), (1, 0), (2, 1), (2, 0), (3, 1))]
    found = over(entries, 5, walked)
    assert found.sentence == "“Did I walk?”: no on 1 day, no to yes on 1 day, yes on 2 days; 1 day missing."
    assert (found.worse, found.better) == (0, 0)


def test_nothing_is_worse_where_nobody_said_what_is() -> None:
    steps = Measure("own-1", "Steps", 0, 10000, None, "steps")
    found = over([entry(0, 4000, key="own-1"), entry(1, 100, key="own-1")], 2, steps)
    assert found.sentence == "Median “Steps” 2050 steps; no days missing."


def test_several_entries_on_a_day_count_once_with_their_median() -> None:
    found = over([entry(0, 2), entry(0, 9), entry(0, 4), unwell(0)], 1)
    assert found.values == (4,)
    assert found.unwell == 0


def test_the_rolling_median_looks_back_a_week_even_before_the_period() -> None:
    entries = [entry(n, 10 + n) for n in range(-6, 1)]
    assert over(entries, 1).days[0].rolling == 7
    assert over([entry(0, 1), entry(1, 2)], 3).days[2].rolling is None


def test_only_what_touches_the_period_is_kept() -> None:
    flares = [Flare(day(-9), day(-1)), Flare(day(-2), day(0)), Flare(day(3)), Flare(day(8))]
    marks = [Mark("old", day(-9), day(-1)), Mark("now", day(-9)), Mark("later", day(9))]
    found = trend([], PAIN, day(0), day(6), flares, marks)
    assert found.flares == tuple(flares[1:3])
    assert [mark.name for mark in found.marks] == ["now"]
    assert [found.in_flare(day(n)) for n in (0, 1, 6)] == [True, False, True]


KINDS = st.sampled_from(EntryKind)
ENTRIES = st.lists(st.builds(entry, st.integers(-9, 40), st.none() | st.integers(0, 10), KINDS), max_size=60)


@given(ENTRIES, st.integers(1, 40))
def test_every_date_is_answered_unwell_or_missing(entries: list[Observation], length: int) -> None:
    found = over(entries, length)
    assert [each.date for each in found.days] == [day(n) for n in range(length)]
    assert len(found.values) + found.unwell + found.missing == length
    assert found.worse + found.better <= len(found.values)
    assert found.sentence.endswith(".")


def sides(before: Sequence[float], after: Sequence[float]) -> list[Observation]:
    return [entry(-1 - n, value) for n, value in enumerate(before)] + [
        entry(1 + n, value) for n, value in enumerate(after)
    ]


def test_a_comparison_says_how_sure_it_is_in_plain_words() -> None:
    found = before_and_after(
        sides([6, 7, 5, 6, 8, 6, 5, 7, 6, 6] * 2, [5, 4, 6, 5, 5, 6, 4, 5, 5, 3] * 2), PAIN, STARTED
    )
    assert isinstance(found, Comparison)
    assert found.lowest <= found.after - found.before <= found.highest
    assert found.sentence == (
        "Your median pain was 6 before and 5 after starting ketamine; the change could be anything from "
        f"{plain(-found.lowest)} lower to {plain(-found.highest) + ' lower' if found.highest else 'no change'}. "
        "This is not proof: other things changed too."
    )


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ([6] * 10, [6] * 10, "the best guess is no change"),
        ([6] * 10, [4.5] * 10, "the best guess is 1.5 lower"),
        ([2] * 10, [2, 3] * 5, "anything from no change to 1 higher"),
    ],
)
def test_the_range_of_a_change(before: list[float], after: list[float], words: str) -> None:
    found = before_and_after(sides(before, after), PAIN, STARTED)
    assert words in found.sentence


def test_too_few_days_say_how_many_more_it_takes() -> None:
    found = before_and_after(sides([6] * 9, [5] * 7), PAIN, STARTED)
    assert found == TooFew(STARTED, 1, 3)
    assert found.sentence == (
        "Too few days to compare yet: it takes 1 more answered day before starting ketamine "
        "and 3 more answered days after starting ketamine."
    )


def test_days_after_stopping_and_the_first_day_itself_do_not_count() -> None:
    entries = [*sides([6] * 10, [5] * 12), entry(0, 9)]
    assert before_and_after(entries, PAIN, Mark("ketamine", day(0), day(8))) == TooFew(
        Mark("ketamine", day(0), day(8)), 0, 2
    )


@pytest.mark.parametrize("size", [10, 11, 33])
def test_drawing_a_resampled_median_directly_is_resampling(size: int) -> None:
    rng = Random(1)  # noqa: S311
    values = sorted(rng.randint(0, 10) for _ in range(size))
    drawn = [_resampled_median(values, rng) for _ in range(8000)]
    resampled = [median(rng.choices(values, k=size)) for _ in range(8000)]
    for value in {*drawn, *resampled}:
        assert abs(sum(each <= value for each in drawn) - sum(each <= value for each in resampled)) < 8000 * 0.035


@pytest.mark.parametrize(
    ("value", "shown"), [(6, "6"), (6.0, "6"), (6.5, "6.5"), (6.25, "6.2"), (-0.01, "0"), (12000, "12000")]
)
def test_numbers_are_plain(value: float, shown: str) -> None:
    assert plain(value) == shown


def test_labels_inside_a_sentence() -> None:
    assert [Measure("k", label, 0, 1, higher_is_worse=True).name for label in ("Pain", "PHQ-2", "x", "")] == [
        "pain",
        "PHQ-2",
        "x",
        "",
    ]
