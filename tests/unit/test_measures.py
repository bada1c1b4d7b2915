"""Measures: one list over all that was ever asked, with ranges that make sense."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.measures import around, measure_of, measures
from bot.domain.questionnaires import FURTHEST, Choice, Number, Option, OwnKind, Question, Score, own_question

SCALE = Score(lowest="none", highest="the worst", higher_is_worse=True)
PAIN = Question(key="pain", label="Pain", text="How strong is it?", score=SCALE)
SLEEP = Question(key="sleep", label="Sleep", text="How was it?", score=SCALE)
MOOD = Question(
    key="mood",
    label="Mood",
    text="How is it?",
    choice=Choice(options=(Option(value=1, label="low"), Option(value=0, label="fine")), higher_is_worse=True),
)


def test_what_is_asked_comes_first_and_each_key_once() -> None:
    found = measures([SLEEP, PAIN, SLEEP], [PAIN, MOOD], {"pain": [3]})
    assert [each.key for each in found] == ["sleep", "pain"]
    assert [each.key for each in measures([SLEEP], [PAIN, MOOD], {"mood": [1]})] == ["sleep", "mood"]
    assert measures([], [PAIN, MOOD], {}) == ()


def test_what_nobody_knows_any_more_keeps_its_place() -> None:
    one = measures([PAIN], [MOOD], {"own-1": [3, 8]})
    assert [(each.label, each.low, each.high) for each in one[1:]] == [("An earlier question of yours", 3, 8)]
    assert one[1].higher_is_worse is None
    two = measures([], [], {"own-1": [3], "gone": [4]})
    assert [each.label for each in two] == ["An earlier question of yours (1)", "An earlier question of yours (2)"]


def test_a_question_as_a_measure() -> None:
    assert measure_of(MOOD).words == ((0, "fine"), (1, "low"))
    walked = own_question("Did you walk?", OwnKind.YES_NO)
    assert (measure_of(walked).words, measure_of(walked).higher_is_worse) == (((0, "no"), (1, "yes")), None)
    steps = measure_of(own_question("How many steps?", OwnKind.NUMBER, "steps"), [4200, 900])
    assert (steps.unit, steps.low, steps.high) == ("steps", 0, 5000)
    bounded = Question(key="hours", label="Hours", text="How many?", number=Number(unit="hours", lowest=0, highest=24))
    assert (measure_of(bounded, [7]).low, measure_of(bounded, [7]).high) == (0, 24)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], (0, 10)),
        ([5], (5, 6)),
        ([36.4, 38.1], (36, 38.5)),
        ([0, 10], (0, 10)),
        ([8500, 1200], (0, 10000)),
        ([-3, 3], (-4, 6)),
        ([-FURTHEST, FURTHEST], (-1_000_000, 1_500_000)),
    ],
)
def test_ranges_are_round(values: list[float], expected: tuple[float, float]) -> None:
    assert around(values) == expected


@given(st.lists(st.floats(-FURTHEST, FURTHEST), min_size=1))
def test_a_range_holds_its_values(values: list[float]) -> None:
    low, high = around(values)
    assert low <= min(values) <= max(values) <= high
    assert low < high
