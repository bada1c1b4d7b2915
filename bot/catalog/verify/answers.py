"""What a registry can answer, whichever it is: a `Record`, that it does not know the paper, or nothing of use."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, TypeAlias, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, BeforeValidator, ConfigDict

from bot.catalog.verify.report import Standing
from bot.catalog.verify.titles import is_of_a_notice, mark_of, readable

_Item = TypeVar("_Item")
Many: TypeAlias = Annotated[tuple[_Item, ...], BeforeValidator(lambda value: () if value is None else value)]


class Loose(BaseModel):
    """A part of somebody else's answer: what we use is checked, the rest may change as they like."""

    model_config = ConfigDict(frozen=True, extra="ignore")


@dataclass(frozen=True)
class Notice:
    """Something that happened to a paper after it was published."""

    standing: Standing
    text: str
    link: str | None = None


@dataclass(frozen=True)
class Record:
    """What a registry says about one paper. DOIs are in lower case; a missing title leaves `titles` empty.

    `is_about` names what the record is when it is itself a notice about another paper.
    """

    titles: tuple[str, ...]
    dois: frozenset[str]
    notices: tuple[Notice, ...]
    is_about: str | None = None


@dataclass(frozen=True)
class Unknown:
    """The registry answered, and does not know the paper."""


@dataclass(frozen=True)
class NoAnswer:
    """Nothing is known: the registry could not be asked, or said something that makes no sense."""

    reason: str


Answer: TypeAlias = Record | Unknown | NoAnswer


def doi_link(doi: str) -> str:
    return f"https://doi.org/{quote(doi, safe='/')}"


def pubmed_link(pmid: str | int) -> str:
    return f"https://pubmed.ncbi.nlm.nih.gov/{quote(str(pmid), safe='')}/"


def record_of(titles: Sequence[str], dois: frozenset[str], notices: Iterator[Notice], is_about: str | None) -> Record:
    given = [title for title in titles if readable(title)]
    marks = (Notice(mark, f"the title “{readable(title)}”") for title in given if (mark := mark_of(title)))
    if given and is_of_a_notice(given[0]):
        is_about = is_about or f"“{readable(given[0])}”"
    # A publisher and Retraction Watch may both report one thing.
    once = {(notice.standing, notice.link or notice.text): notice for notice in reversed([*notices, *marks])}
    return Record(tuple(map(readable, given)), dois, tuple(reversed(once.values())), is_about)


def letters_of(name: str) -> str:
    """`RetractionIn`, `Retraction in` and `retraction_in` are one word to us."""
    return re.sub(r"[^a-z]", "", name.casefold())


def standing_in(letters: str) -> Standing | None:
    for standing, stems in _STEMS.items():
        if any(stem in letters for stem in stems):
            return standing
    return None


_STEMS = {
    Standing.RETRACTED: ("retract", "withdraw", "removal"),
    Standing.CONCERN: ("concern",),
    Standing.CORRECTED: ("correct", "errat", "corrig", "addend", "clarif"),
}
