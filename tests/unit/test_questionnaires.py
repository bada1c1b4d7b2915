"""Reading answers, adding them up, members' own questions, and every message about a questionnaire's file."""

import json
import unicodedata
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator, validate
from jsonschema import ValidationError as EditorError
from pydantic import ValidationError

from bot.catalog.loader import load
from bot.catalog.problems import ContentError
from bot.catalog.schema import schemas
from bot.domain.questionnaires import (
    FURTHEST,
    LABEL_LIMIT,
    TEXT_LIMIT,
    UNIT_LIMIT,
    Choice,
    Licence,
    LicenceStatus,
    Number,
    Option,
    OwnKind,
    Question,
    Questionnaire,
    Rhythm,
    Score,
    Scoring,
    YesNo,
    own_question,
    tidied,
)
from bot.errors import UserError

from .catalog.folder import SOURCES, Folder

LEVELS = ("not at all", "several days", "nearly every day")
PAIN = Question(
    key="pain",
    label="Pain",
    text="How strong is your pain?",
    score=Score(lowest="none", highest="the worst", higher_is_worse=True),
)
WORRY = Question(
    key="worry",
    label="Worry",
    text="How often did you worry?",
    choice=Choice(
        options=tuple(Option(value=value, label=label) for value, label in enumerate(LEVELS)), higher_is_worse=True
    ),
)
WALK = Question(key="walk", label="A walk", text="Did you go for a walk?", yes_no=YesNo())
REST = Question(
    key="rest", label="Rest", text="How long did you lie down?", number=Number(unit="hours", lowest=0, highest=24)
)
STEPS = Question(
    key="steps", label="Steps", text="How far did you walk?", number=Number(unit="steps", lowest=0, highest=90_000)
)


def asking(*questions: Question, high_from: int | None = None) -> Questionnaire:
    return Questionnaire(
        id="test",
        name="Test",
        about="Some questions.",
        questions=questions,
        recall="today",
        suggested=Rhythm.DAILY,
        licence=Licence(status=LicenceStatus.OWN_WORDS, note="Written for the tests."),
        scoring=Scoring(high_from=high_from, high_means="That was a lot.") if high_from else None,
    )


ALL = asking(PAIN, WORRY, WALK, REST, STEPS)


def refusal(key: str, raw: str) -> str:
    with pytest.raises(UserError) as refused:
        ALL.validate_answer(key, raw)
    return str(refused.value)


# --- Reading answers -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "raw", "value"),
    [
        ("pain", "6", 6),
        ("pain", " 6,5 ", 6.5),
        ("pain", "6.5", 6.5),
        ("pain", "7/10", 7),
        ("pain", "+7", 7),
        ("pain", "-0", 0),
        ("pain", "١٠", 10),
        ("pain", "６", 6),
        ("worry", "1", 1),
        ("worry", "1.0", 1),
        ("worry", "Several days ", 1),
        ("walk", "YES", 1),
        ("walk", "n", 0),
        ("walk", "0", 0),
        ("rest", "7,5", 7.5),
        ("rest", "7.5 Hours", 7.5),
        ("steps", "7500", 7500),
        ("steps", "1.5", 1.5),
    ],
)
def test_reads_what_people_write(key: str, raw: str, value: float) -> None:
    read = ALL.validate_answer(key, raw)
    assert str(read) == str(float(value))


@pytest.mark.parametrize(
    ("key", "raw", "message"),
    [
        ("pain", "", "“Pain”: There is no answer yet. Please write a number, such as 6 or 6.5."),
        ("pain", "awful", "“Pain”: I could not read that as a number. Please write one such as 6 or 6.5."),
        ("pain", "nan", "“Pain”: I could not read that as a number. Please write one such as 6 or 6.5."),
        ("pain", "inf", "“Pain”: I could not read that as a number. Please write one such as 6 or 6.5."),
        ("pain", "1e1", "“Pain”: I could not read that as a number. Please write one such as 6 or 6.5."),
        ("pain", "9" * 5000, "“Pain”: I could not read that as a number. Please write one such as 6 or 6.5."),
        ("pain", "11", "“Pain”: I can take numbers from 0 to 10 here. Please write one of those."),
        ("pain", "−1", "“Pain”: I can take numbers from 0 to 10 here. Please write one of those."),
        (
            "worry",
            "3",
            (
                "“Worry”: I did not recognise that answer. "
                "Please pick one of these: not at all, several days, nearly every day."
            ),
        ),
        ("walk", "maybe", "“A walk”: I need a yes or a no here. Please write one of the two."),
        ("rest", "25", "“Rest”: I can take numbers from 0 to 24 here. Please write one of those."),
        ("rest", "hours", "“Rest”: There is no answer yet. Please write a number, such as 7500 or 7.5."),
        ("gone", "5", "That question is not in this check-in any more. Please open the check-in again."),
    ],
)
def test_says_kindly_what_it_cannot_take(key: str, raw: str, message: str) -> None:
    assert refusal(key, raw) == message


@pytest.mark.parametrize("raw", ["7,500", "7.500", "7'500", "7 500", "1,234.5"])
def test_does_not_guess_at_thousands(raw: str) -> None:
    assert refusal("steps", raw) == (
        "“Steps”: I was not sure how to read that number. Please write it without separators, such as 7500 or 7.5."
    )


def test_never_repeats_what_was_typed() -> None:
    assert "everyone" not in refusal("pain", "@everyone")


NUMBERS = st.decimals(allow_nan=True, allow_infinity=True).map(str) | st.floats().map(str) | st.integers().map(str)
TYPED = st.text() | NUMBERS | NUMBERS.map(lambda text: text.replace(".", ",")) | st.from_regex(r"[-+]?\d*[.,]?\d*/?10?")


@given(key=st.sampled_from([question.key for question in ALL.questions]), raw=TYPED)
def test_an_answer_is_a_number_within_its_span_or_a_refusal(key: str, raw: str) -> None:
    question = ALL.question(key)
    assert question
    lowest, highest = question.scale.span
    try:
        value = ALL.validate_answer(key, raw)
    except UserError:
        return
    assert type(value) is float
    assert lowest <= value <= highest
    assert question.read(question.say(value).removesuffix(" of 10")) == value, "it can be read back as it is shown"


@given(value=st.integers(0, 1000), sign=st.sampled_from([".", ","]))
def test_both_decimal_signs_mean_the_same(value: int, sign: str) -> None:
    assert PAIN.read(f"{value / 100:.2f}".replace(".", sign)) == value / 100


@pytest.mark.parametrize(
    ("question", "value", "said"),
    [
        (PAIN, 6.0, "6 of 10"),
        (PAIN, 6.5, "6.5 of 10"),
        (WORRY, 1.0, "several days"),
        (WORRY, 9.0, "9"),
        (WALK, 1.0, "yes"),
        (WALK, 0.0, "no"),
        (REST, 7.25, "7.25 hours"),
        (STEPS, 10_000.0, "10000 steps"),
    ],
)
def test_says_an_answer_in_words(question: Question, value: float, said: str) -> None:
    assert question.say(value) == said


# --- Totals ----------------------------------------------------------------------------------------------------------


def test_adds_up_only_what_is_complete_and_meant_to_be_added() -> None:
    scored = asking(PAIN, WORRY, high_from=8)
    assert scored.total({"pain": 6, "worry": 2, "other": 5}) == 8
    assert scored.total({"pain": 6}) is None
    assert asking(PAIN, WORRY).total({"pain": 6, "worry": 2}) is None
    assert scored.highest_total == 12


@pytest.mark.parametrize(
    ("values", "high"),
    [({"pain": 6.0, "worry": 2.0}, True), ({"pain": 9.0}, True), ({"pain": 6.0, "worry": 1.0}, False), ({}, False)],
)
def test_support_does_not_wait_for_the_last_answer(values: dict[str, float], *, high: bool) -> None:
    assert asking(PAIN, WORRY, high_from=8).is_high(values) is high
    assert not asking(PAIN, WORRY).is_high(values)


# --- Values ----------------------------------------------------------------------------------------------------------


def test_a_question_is_a_value_that_survives_storage() -> None:
    for question in (*ALL.questions, own_question("Steps?", OwnKind.NUMBER, "steps")):
        assert Question.model_validate_json(question.model_dump_json(exclude_none=True)) == question
    with pytest.raises(ValidationError):
        PAIN.label = "Other"


@pytest.mark.parametrize("scales", [{}, {"yes_no": YesNo(), "score": PAIN.score}])
def test_a_question_has_one_scale(scales: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="exactly one of"):
        Question.model_validate({"key": "x", "label": "X", "text": "What?", **scales})


# --- A member's own question -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "unit", "raw", "said"),
    [
        (OwnKind.SCORE, None, "3", "3 of 10"),
        (OwnKind.YES_NO, "ignored", "y", "yes"),
        (OwnKind.NUMBER, " °C ", "-4,5°C", "-4.5 °C"),
    ],
)
def test_makes_an_own_question(kind: OwnKind, unit: str | None, raw: str, said: str) -> None:
    question = own_question(" How cold\nwas it? ", kind, unit)
    assert question.text == question.label == "How cold was it?"
    assert question.is_own
    assert question.say(question.read(raw)) == said
    assert question.scale.higher_is_worse is None, "only the member knows"


def test_each_own_question_has_a_key_of_its_own() -> None:
    assert own_question("Did I rest?", OwnKind.YES_NO).key != own_question("Did I rest?", OwnKind.YES_NO).key
    assert not PAIN.is_own


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("x" * LABEL_LIMIT, "x" * LABEL_LIMIT),
        ("x" * TEXT_LIMIT, "x" * (LABEL_LIMIT - 1) + "…"),
        ("I " + "x" * 60, "I " + "x" * (LABEL_LIMIT - 3) + "…"),
        ("How many hours did I spend lying down in the afternoon?", "How many hours did I spend lying down in the…"),
    ],
)
def test_a_long_question_gets_a_short_label(text: str, label: str) -> None:
    question = own_question(text, OwnKind.SCORE)
    assert (question.text, question.label) == (text, label)


@pytest.mark.parametrize(
    ("text", "kind", "unit", "message"),
    [
        ("", OwnKind.SCORE, None, "Please write the question you want to be asked, in a few words."),
        ("\u202e \u3164\u200d", OwnKind.SCORE, None, "Please write the question you want to be asked, in a few words."),
        ("x" * 101, OwnKind.SCORE, None, "Your question has 101 characters. Please shorten it to 100 or fewer."),
        ("Steps?", OwnKind.NUMBER, None, "Please say what the number counts: a unit such as hours, steps or °C."),
        ("Steps?", OwnKind.NUMBER, "\u200b", "Please say what the number counts: a unit such as hours, steps or °C."),
        ("Steps?", OwnKind.NUMBER, "s" * 21, "Your unit has 21 characters. Please shorten it to 20 or fewer."),
    ],
)  # fmt: skip
def test_says_what_an_own_question_needs(text: str, kind: OwnKind, unit: str | None, message: str) -> None:
    with pytest.raises(UserError) as refused:
        own_question(text, kind, unit)
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("a\u202eb\u2066c\u200bd", "abcd"),
        ("one\r\n\ttwo\u2028three\x00", "one two three"),
        ("می\u200cخواهم 👩\u200d🦽", "می\u200cخواهم 👩\u200d🦽"),
        ("*bold* <@1> stay as typed", "*bold* <@1> stay as typed"),
        ("half \ud800", "half"),
    ],
)
def test_tidies_what_hides_and_leaves_the_rest(text: str, kept: str) -> None:
    assert tidied(text) == kept


@given(st.text(st.characters()), st.sampled_from(OwnKind), st.text(st.characters(), max_size=30))
def test_an_own_question_is_sound_or_refused(text: str, kind: OwnKind, unit: str) -> None:
    try:
        question = own_question(text, kind, unit)
    except UserError:
        return
    assert 0 < len(question.label) <= LABEL_LIMIT
    assert len(question.text) <= TEXT_LIMIT
    shown = question.text + question.label + (question.number.unit if question.number else "")
    assert not [each for each in shown if unicodedata.category(each) in {"Cc", "Cs", "Zl", "Zp"} or each == "\u202e"]
    assert tidied(question.text) == question.text
    if question.number:
        assert len(question.number.unit) <= UNIT_LIMIT
        assert question.read("12,5") == 12.5
        assert question.read(question.say(12.5)) == 12.5
        with pytest.raises(UserError, match="numbers from -1000000 to 1000000"):
            question.read(str(FURTHEST + 1))


# --- The files -------------------------------------------------------------------------------------------------------

FILE = """\
# yaml-language-server: $schema=../schema/questionnaire.json
id: worry
name: Worry
about: Two questions about worry.
questions:
  - key: worry
    label: Worry
    text: How often did you worry?
    choice:
      options:
        - {value: 0, label: not at all}
        - {value: 3, label: nearly every day}
      higher_is_worse: true
  - key: tense
    label: Tense
    text: How tense were you?
    score:
      lowest: not at all
      highest: completely
      higher_is_worse: true
recall: the last 2 weeks
suggested: weekly
scoring:
  high_from: 3
  high_means: That was a hard week.
switched_on: false
needs_support_path: true
licence:
  status: own words
  note: Written for the tests.
"""
NAME = "questionnaires/worry.yaml"
NUMBER = "    number: {unit: hours, lowest: 0, highest: 24}\n"
SCORE = FILE[FILE.index("    score:\n") : FILE.index("recall:")]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path / "content")
    (made.root / "questionnaires").mkdir()
    made.write(NAME, FILE)
    return made


STRUCTURE = {
    "another id": ("id: worry", "id: fear", "2: the id is `fear`: rename the file to fear.yaml, or mend the id"),
    "no recall": (
        "recall: the last 2 weeks\n",
        "",
        "1: `recall` is missing: add it (The time that the questions ask about: 'the last 24 hours')",
    ),
    "long name": ("name: Worry", "name: " + "W" * 46, "3: `name` has 46 characters: shorten it to at most 45"),
    "long label": (
        "label: Worry",
        "label: " + "W" * 46,
        "7: `label` has 46 characters: shorten it to at most 45",
    ),
    "long text": (
        "How tense were you?",
        "x" * 101,
        "16: `text` has 101 characters: shorten it to at most 100",
    ),
    "too many questions": (
        "recall:",
        "".join(f"  - {{key: q{n}, label: Q, text: What?, yes_no: {{}}}}\n" for n in range(4)) + "recall:",
        "5: `questions` has 6 entries: keep at most 5",
    ),
    "no scale": (
        SCORE,
        "",
        "14: entry 2 of `questions`: write exactly one of `score`, `choice`, `yes_no` and `number`",
    ),
    "two scales": (
        SCORE,
        SCORE + "    yes_no: {}\n",
        "14: entry 2 of `questions`: write exactly one of `score`, `choice`, `yes_no` and `number`",
    ),
    "no direction": (
        "      highest: completely\n      higher_is_worse: true\n",
        "      highest: completely\n",
        "17: `higher_is_worse` is missing: add it (true where 10 is the worst, false where it is the best)",
    ),
    "misspelt": (
        "recall: ",
        "    labl: Tense\nrecall: ",
        "21: there is no field `labl`: did you mean `label`?",
    ),
    "one option": (
        "        - {value: 3, label: nearly every day}\n",
        "",
        "10: `options` has too few entries: write at least 2",
    ),
    "same value": ("value: 3", "value: 0", "10: `options`: two options have the same value: give each its own"),
    "same label": (
        "nearly every day",
        "Not at all",
        "10: `options`: two options have the same label: give each its own",
    ),
    "bounds": (
        SCORE,
        NUMBER.replace("0", "24"),
        "17: `number`: `lowest` is not below `highest`: mend one of the two",
    ),
    "unclear licence": (
        "status: own words",
        "status: unclear",
        "29: `status` is `unclear`: write 'own words', 'public domain' or 'no permission needed'",
    ),
    "repeated key": (
        "key: tense",
        "key: worry",
        "14: the question key `worry` is already in this questionnaire: choose another",
    ),
    "a member's key": (
        "key: tense",
        "key: own-tense",
        "14: keys that begin with `own-` are for members' own questions: choose another",
    ),
    "on without support": (
        "switched_on: false",
        "switched_on: true",
        "26: this needs a support path and may not be on from the start: write `switched_on: false`",
    ),
    "on by default without support": (
        "switched_on: false\n",
        "",
        "1: this needs a support path and may not be on from the start: write `switched_on: false`",
    ),
    "unreachable": ("high_from: 3", "high_from: 14", "24: `high_from` is 14: write a total from 1 to 13"),
    "always high": ("high_from: 3", "high_from: 0", "24: `high_from` is 0: write a total from 1 to 13"),
    "adding hours": (
        SCORE,
        NUMBER,
        "17: a number with a unit cannot be added up: remove `scoring`, or ask in another way",
    ),
    "unknown source": (
        "note: Written for the tests.",
        "note: Written for the tests.\n  cites: [smith-2021]",
        "31: no source has the id `smith-2021`: did you mean `smith-2020`?",
    ),
    "not YAML": ("name: Worry", "name: a\nname: b", "4: `name` is here for the second time: keep one of the two"),
}
STYLE = {
    "hidden": (
        "name: Worry",
        "name: Wor\u200bry",
        "3: this text holds line breaks, double spaces or characters that hide: write it anew",
    ),
    "diagnosis": (
        "That was a hard week.",
        "You may have a disorder.",
        "25: “You may have a disorder” reads as a diagnosis: say what the answers were like, and what may help",
    ),
    "condition": (
        "That was a hard week.",
        "These are symptoms of something.",
        "25: “symptoms of” reads as a diagnosis: say what the answers were like, and what may help",
    ),
    "no room": (
        "recall:",
        "".join(f"  - {{key: q{n}, label: Q, text: What?, yes_no: {{}}}}\n" for n in range(3)) + "recall:",
        "23: warning: with more than 4 questions the form has no room for a note: ask fewer",
    ),
}


@pytest.mark.parametrize(("old", "new", "message"), STRUCTURE.values(), ids=STRUCTURE)
def test_a_wrong_questionnaire_is_refused_with_its_line(folder: Folder, old: str, new: str, message: str) -> None:
    folder.change(folder.root / NAME, old, new)
    assert folder.problems() == [f"{NAME}:{message}"]
    with pytest.raises(ContentError):
        load(folder.root)


@pytest.mark.parametrize(("old", "new", "message"), STYLE.values(), ids=STYLE)
def test_a_poor_questionnaire_is_found_with_its_line(folder: Folder, old: str, new: str, message: str) -> None:
    folder.change(folder.root / NAME, old, new)
    assert folder.problems() == [f"{NAME}:{message}"]
    assert load(folder.root).questionnaires


def test_one_key_is_one_question_everywhere(folder: Folder) -> None:
    folder.write("questionnaires/fear.yaml", FILE.replace("id: worry", "id: fear"))
    assert folder.problems() == []
    folder.change(folder.root / NAME, "How tense were you?", "How calm were you?")
    assert folder.problems() == [
        (
            f"{NAME}:14: `tense` is another question at {folder.root}/questionnaires/fear.yaml:14: make them the same, "
            "or choose another key"
        )
    ]


def test_a_good_questionnaire_is_in_the_catalog(folder: Folder) -> None:
    assert folder.problems() == []
    assert list(load(folder.root).questionnaires) == ["worry"]


def test_the_folder_may_be_missing(folder: Folder) -> None:
    (folder.root / NAME).unlink()
    (folder.root / "questionnaires").rmdir()
    assert folder.problems() == []
    assert load(folder.root).questionnaires == {}


def test_what_a_questionnaire_cites_is_not_unused(folder: Folder) -> None:
    folder.write("sources/more.yaml", SOURCES.split("  - id: agency")[0].replace("2020", "2019").replace("23456", "3"))
    assert folder.problems() == ["sources/more.yaml:2: no card cites `smith-2019`: cite it, or remove it"]
    folder.change(folder.root / NAME, "for the tests.", "for the tests.\n  cites: [smith-2019]")
    assert folder.problems() == []
    folder.change(folder.root / NAME, "name: Worry", "nam: Worry")
    assert len(folder.problems()) == 2, "what a broken file cites is not known, and no second problem"


def as_an_editor(text: str) -> None:
    schema = json.loads(schemas()["questionnaire.json"])
    Draft7Validator.check_schema(schema)
    validate(yaml.safe_load(text), schema, cls=Draft7Validator)


def test_an_editor_accepts_a_good_file() -> None:
    as_an_editor(FILE)


@pytest.mark.parametrize(
    ("old", "new"), [("recall:", "recal:"), ("weekly", "yearly"), (SCORE, ""), (SCORE, SCORE + NUMBER)]
)
def test_an_editor_marks_a_mistake(old: str, new: str) -> None:
    with pytest.raises(EditorError):
        as_an_editor(FILE.replace(old, new))
