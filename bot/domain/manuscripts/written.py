"""What is written: a manuscript and its fields, and what is said about one that is no card yet."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from bot.domain.cards import Slug, Source


class Part(StrEnum):
    """A field of a card as it is edited: one box of a form."""

    NAME = "name"
    KIND = "kind"
    ALIASES = "aliases"
    BRANDS = "brands"
    SCOPE = "scope"
    KEY_MESSAGES = "key_messages"
    EFFECT = "effect"
    CERTAINTY = "certainty"
    EVIDENCE = "evidence"
    UNKNOWN = "unknown"
    COMMON = "common"
    SERIOUS = "serious"
    SEEK_HELP = "seek_help"
    CAREFUL = "careful"
    INTERACTIONS = "interactions"
    WHAT_IT_IS = "what_it_is"
    POSITIONS = "positions"
    WAITING = "waiting"
    QUESTIONS = "questions"
    COMPILED = "compiled"
    REVIEW_DUE = "review_due"
    REVIEWED_BY = "reviewed_by"


_HEADINGS: Mapping[Part, str] = {
    Part.NAME: "Name",
    Part.KIND: "Kind",
    Part.ALIASES: "Other names",
    Part.BRANDS: "Brand names",
    Part.SCOPE: "What this card covers",
    Part.KEY_MESSAGES: "In short",
    Part.EFFECT: "How big is the effect?",
    Part.CERTAINTY: "How sure is the evidence?",
    Part.EVIDENCE: "What trials found",
    Part.UNKNOWN: "What is not known",
    Part.COMMON: "Harms: common",
    Part.SERIOUS: "Harms: serious",
    Part.SEEK_HELP: "Harms: when to get help",
    Part.CAREFUL: "Who should be careful",
    Part.INTERACTIONS: "Taken with other things",
    Part.WHAT_IT_IS: "What it is",
    Part.POSITIONS: "What guidelines and regulators say",
    Part.WAITING: "Waiting, or not starting it",
    Part.QUESTIONS: "Questions for a clinician",
    Part.COMPILED: "Compiled",
    Part.REVIEW_DUE: "Review due",
    Part.REVIEWED_BY: "Reviewed by",
}
_OF_TOPICS: Mapping[Part, str] = {Part.EVIDENCE: "What is known", Part.CAREFUL: "Warning signs"}

STATEMENTS: Mapping[Part, tuple[str, ...]] = {
    Part.KEY_MESSAGES: ("key_messages",),
    Part.EVIDENCE: ("evidence",),
    Part.COMMON: ("harms", "common"),
    Part.SERIOUS: ("harms", "serious"),
    Part.SEEK_HELP: ("harms", "seek_help"),
    Part.CAREFUL: ("careful",),
    Part.UNKNOWN: ("unknown",),
    Part.WHAT_IT_IS: ("what_it_is",),
    Part.INTERACTIONS: ("interactions",),
    Part.WAITING: ("waiting",),
}
"""The parts that are plain lists of statements, each with its path on a `Card`."""

CITED = frozenset({*STATEMENTS, Part.EFFECT, Part.CERTAINTY, Part.POSITIONS})
"""The parts whose lines end with citations."""


def heading(part: Part, *, topic: bool = False) -> str:
    """What the part is called on the card; of at most 45 characters, as forms want it."""
    return _OF_TOPICS.get(part, _HEADINGS[part]) if topic else _HEADINGS[part]


class Written(BaseModel):
    """Text as it was typed: frozen, and not even stripped."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class WrittenClaim(Written):
    """A claim as it is edited; `why` carries its citations like a line of a part, `phrases` stand one a line."""

    id: Slug
    text: str
    verdict: str
    why: str
    phrases: str = ""


class Manuscript(Written):
    """A card as its authors write it. `sources` gives the numbers that people type: number n is `sources[n - 1]`."""

    card_id: Slug
    parts: Mapping[Part, str]
    claims: tuple[WrittenClaim, ...] = ()
    sources: tuple[Slug, ...] = ()
    added: tuple[Source, ...] = ()
    """Records of sources that nobody had before."""


@dataclass(frozen=True)
class Remark:
    """Something to mend: where (a part, or the id of a claim), in which line from 1 (0: the whole), and how.

    Empty lines are not counted. In a claim only its other wordings have lines.
    """

    where: Part | str
    line: int
    message: str


class NotACardError(Exception):
    """The manuscript cannot be read as a card; `remarks` holds every reason."""

    def __init__(self, remarks: tuple[Remark, ...]) -> None:
        super().__init__(f"{len(remarks)} things to mend")
        self.remarks = remarks


def blank(card_id: str, name: str) -> Manuscript:
    """A new card with nothing on it but its name."""
    return Manuscript(card_id=card_id, parts={part: name if part is Part.NAME else "" for part in Part})
