"""References: how people name a paper that they cite, and the short ids by which cards do."""

import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass
from string import ascii_lowercase
from urllib.parse import unquote

from pydantic import ValidationError

from bot.domain.cards import Source, SourceType
from bot.domain.catalog import Catalog
from bot.domain.manuscripts import Manuscript, free_id, numbered, with_ids
from bot.domain.questionnaires import tidied
from bot.domain.zones import fold
from bot.errors import UserError

ID_LENGTH = 40
_MARK_LENGTH = 6

_DOI = re.compile(r"(?:(?:https?://)?(?:dx\.|www\.)?doi\.org/|doi:)?(10\.[0-9]{4,9}/\S+)")
_PMID = re.compile(
    r"(?:(?:https?://)?(?:pubmed\.ncbi\.nlm\.nih\.gov|(?:www\.)?ncbi\.nlm\.nih\.gov/pubmed)/|pmid:?)?0*([1-9][0-9]{0,7})/?"
)
_YEAR = re.compile(r"(?<![0-9])(?:19|20)[0-9]{2}(?![0-9])")
_INITIALS = re.compile(r"[A-Z](?:[.-]?[A-Z]){0,3}\.?")
_AFTER_FIRST_AUTHOR = re.compile(r"[,;&(]|\band\b|\bet al\b")

NOT_A_PAPER = (
    "I could not read that as a DOI or a PubMed number. A DOI looks like 10.1002/ejp.522, "
    "a PubMed number like 23748251."
)
NO_YEAR = "Please add the year, such as “Pain Medicine 2021”."
_WANTED = {
    "title": "I need the title, in 3 to 400 characters.",
    "authors": "I need the authors, in 80 characters at most. “Noppers I, et al.” will do.",
    "published_in": "Please shorten the name of the journal to 160 characters.",
    "year": NO_YEAR,
}


@dataclass(frozen=True)
class Identifier:
    """What a registry knows a paper by: a DOI in lower case, or the digits of a PubMed number."""

    doi: str | None = None
    pmid: str | None = None

    def names(self, source: Source) -> bool:
        """Whether that is the source's own. DOIs are the same in upper and lower case."""
        if self.doi is not None:
            return source.doi is not None and source.doi.casefold() == self.doi
        return source.pmid == self.pmid

    @classmethod
    def read(cls, typed: str) -> "Identifier":
        """As it comes out of a paper, an address bar or a reference list.

        Raises:
            UserError: it is neither.
        """
        compact = "".join(tidied(unquote(typed)).split()).casefold().rstrip(".,;")
        if found := _DOI.fullmatch(compact):
            return cls(doi=found[1])
        if found := _PMID.fullmatch(compact):
            return cls(pmid=found[1])
        raise UserError(NOT_A_PAPER)


def identified(text: str) -> Identifier | None:
    """The identifier that a text is, if it is one."""
    try:
        return Identifier.read(text)
    except UserError:
        return None


def source_of(
    identifier: Identifier,
    title: str,
    authors: str,
    published_in_and_year: str,
    design: SourceType,
    taken: Collection[str],
) -> Source:
    """A record of what somebody typed, under an id that is not `taken`.

    Raises:
        UserError: it says what to add or shorten.
    """
    place, year = _place_and_year(tidied(published_in_and_year))
    by = tidied(authors)
    try:
        return Source(
            id=_source_id(by, year, taken),
            type=design,
            authors=by,
            title=tidied(title),
            published_in=place,
            year=year,
            doi=identifier.doi,
            pmid=identifier.pmid,
        )
    except ValidationError as error:
        field = str(error.errors()[0]["loc"][0])
        raise UserError(_WANTED.get(field, NOT_A_PAPER)) from None


def new_slug(text: str, taken: Collection[str]) -> str:
    """An id made of the text's words, with a number where it is `taken`.

    A text of which something is lost in that (it is long, or not in Latin letters) gets a mark of its own, so that
    the same text leads to the same id and different texts do not.
    """
    words, folded = _slug(text, ID_LENGTH), fold(text)
    if folded.isascii() and len(folded) <= ID_LENGTH and words:
        return free_id(words, taken)
    mark = hashlib.sha256(folded.encode()).hexdigest()[:_MARK_LENGTH]
    return free_id("-".join(filter(None, (_slug(text, ID_LENGTH - 1 - _MARK_LENGTH), mark))), taken)


def known_records(catalog: Catalog, text: Manuscript) -> dict[str, Source]:
    """Everything that the text may cite, by id. What the catalog says of an id counts before what was added."""
    return {**{source.id: source for source in text.added}, **catalog.sources}


def sharing_records(text: Manuscript, catalog: Catalog) -> Manuscript:
    """The same with one record for each paper, and one paper for each id, also where others added some meanwhile."""
    for source in text.added:
        same = next((known for known in catalog.sources.values() if _is_same_paper(source, known)), None)
        if same and same.id != source.id:
            text = _exchanged(text, source, same)
        elif not same and source.id in catalog.sources:
            other_id = free_id(source.id, known_records(catalog, text))
            text = _exchanged(text, source, source.model_copy(update={"id": other_id}))
    return text


def _place_and_year(text: str) -> tuple[str | None, int]:
    found = list(_YEAR.finditer(text))
    if not found:
        raise UserError(NO_YEAR)
    before, after = (each.strip(" ,.;:()-–") for each in (text[: found[-1].start()], text[found[-1].end() :]))
    return before or after or None, int(found[-1][0])


def _source_id(authors: str, year: int, taken: Collection[str]) -> str:
    """First author and year, then with letters: `noppers-2011`, `noppers-2011b`."""
    base = f"{_slug(_family_name(authors), ID_LENGTH - 10) or 'source'}-{year}"
    lettered = (base, *(base + letter for letter in ascii_lowercase[1:]))
    return next((each for each in lettered if each not in taken), None) or free_id(base, taken)


def _family_name(authors: str) -> str:
    """“Carvalho JF, et al.” -> “Carvalho”; a body such as “Health Canada” stays as it is."""
    words = _AFTER_FIRST_AUTHOR.split(authors, maxsplit=1)[0].split()
    while len(words) > 1 and _INITIALS.fullmatch(words[-1]):
        words.pop()
    return " ".join(words)


def _slug(text: str, length: int) -> str:
    return re.sub(r"[^a-z0-9]+", "-", fold(text)).strip("-")[:length].strip("-")


def _is_same_paper(mine: Source, known: Source) -> bool:
    by_doi = mine.doi and known.doi and mine.doi.casefold() == known.doi.casefold()
    return mine == known or bool(by_doi) or (mine.pmid is not None and mine.pmid == known.pmid)


def _exchanged(text: Manuscript, old: Source, new: Source) -> Manuscript:
    """The same with another record in the place, and under the number, of one that was added."""
    ids = tuple(new.id if each == old.id else each for each in text.sources)

    def renamed(written: str) -> str:
        return with_ids(numbered(written, text.sources), ids)

    claims = (claim.model_copy(update={"why": renamed(claim.why)}) for claim in text.claims)
    return text.model_copy(
        update={
            "parts": {part: renamed(written) for part, written in text.parts.items()},
            "claims": tuple(claims),
            "sources": tuple(dict.fromkeys(ids)),
            "added": tuple(new if each is old else each for each in text.added),
        }
    )
