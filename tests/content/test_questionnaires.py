"""Every questionnaire that ships: without problems, allowed to ship, safe to ask, and fit for a modal."""

from functools import cache
from pathlib import Path

import pytest

from bot.catalog.loader import load
from bot.domain.questionnaires import DEFAULT, LicenceStatus, Questionnaire, Rhythm, Score

CONTENT = Path(__file__).parents[2] / "content"
FILES = sorted((CONTENT / "questionnaires").glob("*.yaml"))
SCREENS = ("phq-2", "gad-2")
NOT_OURS = (
    "PEG", "Brief Pain Inventory", "FIQ", "PROMIS", "EQ-5D", "WHO-5", "Pittsburgh", "Insomnia Severity", "HADS",
    "SF-36", "SF-12", "painDETECT", "Fatigue Severity Scale", "MFI", "Widespread Pain Index", "PHQ-9", "GAD-7",
)  # fmt: skip


@cache
def shipped() -> dict[str, Questionnaire]:
    return dict(load(CONTENT).questionnaires)


def test_these_ship_and_no_others() -> None:
    expected = {"pain", "fatigue", "sleep", "daily", "overall-change", *SCREENS}
    assert shipped().keys() == expected == {path.stem for path in FILES}
    assert list(shipped()) == sorted(shipped(), key=lambda name: shipped()[name].name.casefold())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_one_has_a_licence_and_nothing_of_those_that_forbid_it(path: Path) -> None:
    questionnaire, text = shipped()[path.stem], path.read_text("utf-8")
    assert text.startswith("# yaml-language-server: $schema=../schema/questionnaire.json\n")
    assert questionnaire.licence.note
    assert not [name for name in NOT_OURS if name in text]
    assert bool(questionnaire.licence.credit) is (questionnaire.licence.status is LicenceStatus.NO_PERMISSION_NEEDED)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_answer_that_can_be_picked_is_read_back(path: Path) -> None:
    for question in shipped()[path.stem].questions:
        assert question.scale.higher_is_worse is not None
        options = question.choice.options if question.choice else ()
        picked = [option.value for option in options] or range(11)
        for value in picked:
            assert shipped()[path.stem].validate_answer(question.key, str(value)) == value
            assert question.say(value)
        for option in options:
            assert question.read(option.label) == option.value


@pytest.mark.parametrize("name", ["pain", "fatigue", "sleep"])
def test_the_daily_check_in_asks_the_very_same_questions(name: str) -> None:
    (alone,) = shipped()[name].questions
    assert shipped()[DEFAULT].question(name) == alone
    assert isinstance(alone.scale, Score)


def test_the_daily_check_in_begins_with_pain_and_leaves_room() -> None:
    daily = shipped()[DEFAULT]
    assert [question.key for question in daily.questions] == ["pain", "fatigue", "sleep"]
    assert daily.first.key == "pain"
    assert daily.total({"pain": 6, "fatigue": 4, "sleep": 5}) is None, "adding these up means nothing"


def test_ten_is_the_worst_pain_and_the_best_sleep() -> None:
    pain, _, sleep = (question.scale for question in shipped()[DEFAULT].questions)
    assert (pain.higher_is_worse, sleep.higher_is_worse) == (True, False)
    assert "10 is the best" in shipped()["sleep"].first.text


def test_overall_change_has_seven_steps_around_no_change() -> None:
    change = shipped()["overall-change"]
    assert change.suggested is Rhythm.MONTHLY
    assert [change.first.say(value) for value in (1, 4, 7)] == ["very much better", "no change", "very much worse"]


@pytest.mark.parametrize("name", SCREENS)
def test_a_screen_is_off_until_there_is_support(name: str) -> None:
    screen = shipped()[name]
    assert not screen.switched_on
    assert screen.needs_support_path
    assert screen.suggested is Rhythm.FORTNIGHTLY
    assert "Spitzer, Williams, Kroenke" in (screen.licence.credit or "")


def test_nothing_else_is_off() -> None:
    assert {name for name, each in shipped().items() if not each.switched_on} == set(SCREENS)


@pytest.mark.parametrize(
    ("name", "items"),
    [
        ("phq-2", ("Little interest or pleasure in doing things", "Feeling down, depressed, or hopeless")),
        ("gad-2", ("Feeling nervous, anxious, or on edge", "Not being able to stop or control worrying")),
    ],
)
def test_a_screen_has_the_items_and_answers_of_the_instrument(name: str, items: tuple[str, ...]) -> None:
    for question, item in zip(shipped()[name].questions, items, strict=True):
        assert question.label == item
        assert question.text == f"How often in the last 2 weeks: {item[0].lower()}{item[1:]}?"
        assert [question.say(value) for value in range(4)] == [
            "not at all",
            "several days",
            "more than half the days",
            "nearly every day",
        ]


@pytest.mark.parametrize("name", SCREENS)
@pytest.mark.parametrize(("answers", "total", "high"), [((0, 0), 0, False), ((1, 1), 2, False), ((2, 1), 3, True)])
def test_a_screen_is_high_from_three(name: str, answers: tuple[int, int], total: int, *, high: bool) -> None:
    screen = shipped()[name]
    values = {question.key: float(value) for question, value in zip(screen.questions, answers, strict=True)}
    assert screen.total(values) == total
    assert screen.is_high(values) is high
