"""Questionnaires: what a check-in asks, how an answer is read, and what a total means.

These models are the format of `content/questionnaires/`, as those in `cards` are of the cards. The limits on texts are
Discord's for a modal: what is valid here fits there.
"""

import re
import secrets
import unicodedata
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, TypeAlias

from pydantic import ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from bot.domain.cards import Frozen, Label, Sentence, Slug
from bot.errors import UserError

DEFAULT = "daily"
"""The id of the check-in that a member gets without choosing."""

MAX_OWN_QUESTIONS = 3
"""A member's own questions; more would make answering a burden."""

OWN_PREFIX = "own-"
"""How the keys of members' own questions begin, and no others."""

LABEL_LIMIT = 45
TEXT_LIMIT = 100
UNIT_LIMIT = 20
FURTHEST = 1_000_000

Short = Annotated[str, Field(min_length=1, max_length=LABEL_LIMIT)]
ShortSentence = Annotated[str, Field(min_length=3, max_length=TEXT_LIMIT)]
Unit = Annotated[str, Field(min_length=1, max_length=UNIT_LIMIT)]
Bound = Annotated[float, Field(ge=-FURTHEST, le=FURTHEST, allow_inf_nan=False)]
Points = Annotated[int, Field(ge=0, le=100)]

_NUMBER = re.compile(r"[+-]?\d{1,12}(?:\.\d{1,2})?")
_THOUSANDS = re.compile(r"[+-]?\d{1,12}(?:[.,' ]\d{3})+(?:[.,]\d{1,2})?")
_TYPED = str.maketrans({",": ".", "٫": ".", "−": "-"})
_YES = frozenset({"yes", "y", "true", "1", "1.0"})
_NO = frozenset({"no", "n", "false", "0", "0.0"})

_UNREADABLE = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
_JOINERS = "\u200c\u200d"  # Persian words and many emoji are made with these
_BLANKS = frozenset("\u115f\u1160\u2800\u3164\uffa0")  # they count as letters and symbols, and show nothing


class Rhythm(StrEnum):
    """How often a questionnaire makes sense."""

    DAILY = "daily"
    WEEKLY = "weekly"
    FORTNIGHTLY = "fortnightly"
    MONTHLY = "monthly"


class LicenceStatus(StrEnum):
    """Why the words may be shipped. There is no step for "unclear": such a questionnaire stays out."""

    OWN_WORDS = "own words"
    PUBLIC_DOMAIN = "public domain"
    NO_PERMISSION_NEEDED = "no permission needed"


class OwnKind(StrEnum):
    """The kinds of question that a member can make."""

    SCORE = "score"
    YES_NO = "yes-no"
    NUMBER = "number"


class Score(Frozen):
    """A rating from 0 to 10."""

    lowest: Short = Field(description="What 0 means: 'no pain'.")
    highest: Short = Field(description="What 10 means: 'the worst pain imaginable'.")
    higher_is_worse: bool | None = Field(description="true where 10 is the worst, false where it is the best.")

    @property
    def span(self) -> tuple[float, float]:
        return 0, 10

    def read(self, raw: str) -> float:
        """Halves are kept: somebody who writes 6,5 means it. "7/10" is 7."""
        return _between(_number(raw.strip().removesuffix("/10"), "6 or 6.5"), 0, 10)

    def say(self, value: float) -> str:
        return f"{_digits(value)} of 10"


class Option(Frozen):
    """One of the answers to choose from."""

    value: Points = Field(description="What is stored and, where there is scoring, added up.")
    label: Label


class Choice(Frozen):
    """One answer out of a few, in the order in which they are shown."""

    options: tuple[Option, ...] = Field(min_length=2, max_length=10)
    higher_is_worse: bool | None = Field(description="true where the highest value is the worst answer.")

    @field_validator("options")
    @classmethod
    def _distinct(cls, options: tuple[Option, ...]) -> tuple[Option, ...]:
        if len({option.value for option in options}) < len(options):
            raise PydanticCustomError("options", "two options have the same value: give each its own")
        if len({option.label.casefold() for option in options}) < len(options):
            raise PydanticCustomError("options", "two options have the same label: give each its own")
        return options

    @property
    def span(self) -> tuple[float, float]:
        values = [option.value for option in self.options]
        return min(values), max(values)

    def read(self, raw: str) -> float:
        """An option's value, or its label as it is shown."""
        typed = raw.strip().casefold()
        for option in self.options:
            if typed in {option.label.casefold(), str(option.value), f"{option.value}.0"}:
                return float(option.value)
        labels = ", ".join(option.label for option in self.options)
        raise UserError(f"I did not recognise that answer. Please pick one of these: {labels}.")

    def say(self, value: float) -> str:
        return next((option.label for option in self.options if option.value == value), _digits(value))


class YesNo(Frozen):
    """Yes (stored as 1) or no (0). `yes_no: {}` will do where neither is worse."""

    higher_is_worse: bool | None = Field(default=None, description="true where yes is the worse answer.")

    @property
    def span(self) -> tuple[float, float]:
        return 0, 1

    def read(self, raw: str) -> float:
        typed = raw.strip().casefold()
        if typed in _YES:
            return 1.0
        if typed in _NO:
            return 0.0
        raise UserError("I need a yes or a no here. Please write one of the two.")

    def say(self, value: float) -> str:
        return "yes" if value else "no"


class Number(Frozen):
    """A number with a unit."""

    unit: Unit = Field(description="As it reads after the number: 'hours'.")
    lowest: Bound
    highest: Bound
    higher_is_worse: bool | None = None

    @model_validator(mode="after")
    def _has_room(self) -> "Number":
        if self.lowest >= self.highest:
            raise PydanticCustomError("bounds", "`lowest` is not below `highest`: mend one of the two")
        return self

    @property
    def span(self) -> tuple[float, float]:
        return self.lowest, self.highest

    def read(self, raw: str) -> float:
        """With its unit or without."""
        typed = raw.strip()
        if not _is_number(typed) and typed.casefold().endswith(self.unit.casefold()):
            typed = typed[: -len(self.unit)]
        return _between(_number(typed, "7500 or 7.5"), self.lowest, self.highest)

    def say(self, value: float) -> str:
        return f"{_digits(value)} {self.unit}"


Scale: TypeAlias = Score | Choice | YesNo | Number


class Question(Frozen):
    """One question, with exactly one way to answer it.

    A member's own question holds what they typed: whoever renders `label`, `text` and `unit` must escape markdown and
    mentions, as for any text of a member.
    """

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": [name]} for name in ("score", "choice", "yes_no", "number")]}
    )

    key: Slug = Field(description="What answers are stored under. The same key is the same question everywhere.")
    label: Short = Field(description="Short name above the field: 'Fatigue'.")
    text: ShortSentence = Field(description="The question as it is asked, understandable on its own.")
    score: Score | None = None
    choice: Choice | None = None
    yes_no: YesNo | None = None
    number: Number | None = None

    @model_validator(mode="after")
    def _one_scale(self) -> "Question":
        if len(self._scales()) != 1:
            raise PydanticCustomError("scale", "write exactly one of `score`, `choice`, `yes_no` and `number`")
        return self

    def _scales(self) -> list[Scale]:
        return [scale for scale in (self.score, self.choice, self.yes_no, self.number) if scale]

    @property
    def scale(self) -> Scale:
        return self._scales()[0]

    @property
    def is_own(self) -> bool:
        """Whether a member made it."""
        return self.key.startswith(OWN_PREFIX)

    def read(self, raw: str) -> float:
        """What somebody typed or picked, as the number that is stored: always within `scale.span`.

        Raises:
            UserError: a sentence that says what is wanted. It repeats nothing of what was typed.
        """
        return self.scale.read(raw)

    def say(self, value: float) -> str:
        """A stored answer in words: "6 of 10", "several days", "yes", "7.5 hours"."""
        return self.scale.say(value)


class Licence(Frozen):
    """Why these words may be used here, and what that asks of us."""

    status: LicenceStatus
    note: Sentence = Field(description="Where the words come from, and who says that they may be used.")
    credit: Label | None = Field(default=None, description="To show beside the questions, where the licence asks.")
    cites: tuple[Slug, ...] = Field(default=(), description="Ids of sources about it.")


class Scoring(Frozen):
    """The answers added up. It says when to offer support, and never names a condition."""

    high_from: Points = Field(description="Totals from here on are high.")
    high_means: Sentence = Field(description="What a high total means, in plain words; never a diagnosis.")


class Questionnaire(Frozen):
    """A few questions asked together. The first is the one that is answered with one tap."""

    id: Slug
    name: Short
    about: Sentence = Field(description="What it is, in one sentence, for choosing it.")
    questions: tuple[Question, ...] = Field(min_length=1, max_length=5)
    recall: Label = Field(description="The time that the questions ask about: 'the last 24 hours'.")
    suggested: Rhythm
    licence: Licence
    scoring: Scoring | None = None
    switched_on: bool = Field(default=True, description="Whether members can choose it without an operator's doing.")
    needs_support_path: bool = Field(
        default=False, description="Whether an operator must first say where members can turn to."
    )

    @property
    def first(self) -> Question:
        return self.questions[0]

    def question(self, key: str) -> Question | None:
        return next((question for question in self.questions if question.key == key), None)

    def validate_answer(self, key: str, raw: str) -> float:
        """What somebody typed or picked, as the number that is stored; decimals like "6,5" are fine.

        Raises:
            UserError: it names the question, and says what is wanted.
        """
        question = self.question(key)
        if question is None:
            raise UserError("That question is not in this check-in any more. Please open the check-in again.")
        try:
            return question.read(raw)
        except UserError as refused:
            raise UserError(f"“{question.label}”: {refused}") from None

    def total(self, values: Mapping[str, float]) -> float | None:
        """The sum of the answers; None if one is missing, or if adding them up means nothing (no `scoring`)."""
        if self.scoring is None or not all(question.key in values for question in self.questions):
            return None
        return sum(values[question.key] for question in self.questions)

    def is_high(self, values: Mapping[str, float]) -> bool:
        """Whether to offer support. Answers that are missing could only add to the sum, so they are not waited for."""
        given = sum(values.get(question.key, 0) for question in self.questions)
        return self.scoring is not None and given >= self.scoring.high_from

    @property
    def highest_total(self) -> float:
        """The highest total there can be."""
        return sum(question.scale.span[1] for question in self.questions)


def own_question(text: str, kind: OwnKind, unit: str | None = None) -> Question:
    """A member's own question, under a new key. Their words are tidied and not escaped: the renderer does that.

    To change the words of a question and keep its answers, give the old key to the new one with `model_copy`.

    Raises:
        UserError: it says what to shorten or add.
    """
    asked = _within(tidied(text), TEXT_LIMIT, "question")
    if len(asked) < 3:  # as the format demands of any question
        raise UserError("Please write the question you want to be asked, in a few words.")
    return Question(
        key=OWN_PREFIX + secrets.token_hex(6),
        label=_shortened(asked),
        text=asked,
        score=Score(lowest="the least", highest="the most", higher_is_worse=None) if kind is OwnKind.SCORE else None,
        yes_no=YesNo() if kind is OwnKind.YES_NO else None,
        number=_own_number(unit or "") if kind is OwnKind.NUMBER else None,
    )


def _own_number(unit: str) -> Number:
    counted = _within(tidied(unit), UNIT_LIMIT, "unit")
    if not counted:
        raise UserError("Please say what the number counts: a unit such as hours, steps or °C.")
    return Number(unit=counted, lowest=-FURTHEST, highest=FURTHEST)


def tidied(text: str) -> str:
    """One line of text without what hides or reorders it: control, bidirectional and blank characters.

    Empty if nothing is left to see.
    """
    shown = "".join(" " if character.isspace() else character for character in text if _is_kept(character))
    return " ".join(shown.split()) if shown.strip(f" {_JOINERS}") else ""


def _is_kept(character: str) -> bool:
    if character in _JOINERS or character.isspace():
        return True
    return character not in _BLANKS and unicodedata.category(character) not in _UNREADABLE


def _within(text: str, limit: int, what: str) -> str:
    if len(text) > limit:
        raise UserError(f"Your {what} has {len(text)} characters. Please shorten it to {limit} or fewer.")
    return text


def _shortened(text: str) -> str:
    """For a label: cut between words where that leaves enough."""
    if len(text) <= LABEL_LIMIT:
        return text
    words = text[:LABEL_LIMIT].rpartition(" ")[0]
    return f"{words if len(words) > LABEL_LIMIT // 2 else text[: LABEL_LIMIT - 1]}…"


def _is_number(typed: str) -> bool:
    return _NUMBER.fullmatch(typed.translate(_TYPED)) is not None


def _number(raw: str, example: str) -> float:
    typed = raw.strip()
    if not typed:
        raise UserError(f"There is no answer yet. Please write a number, such as {example}.")
    if _is_number(typed):
        return float(typed.translate(_TYPED)) + 0.0  # which makes -0 a 0
    if _THOUSANDS.fullmatch(typed):
        raise UserError(
            f"I was not sure how to read that number. Please write it without separators, such as {example}."
        )
    raise UserError(f"I could not read that as a number. Please write one such as {example}.")


def _between(value: float, lowest: float, highest: float) -> float:
    if not lowest <= value <= highest:
        raise UserError(
            f"I can take numbers from {_digits(lowest)} to {_digits(highest)} here. Please write one of those."
        )
    return value


def _digits(value: float) -> str:
    """7, 6.5, 1000000."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
