"""PubMed, the registry of PMIDs: ESummary of the E-utilities, https://www.ncbi.nlm.nih.gov/books/NBK25499/."""

import re
from collections.abc import Iterator, Sequence
from itertools import chain

from pydantic import ValidationError

from bot.catalog.verify.answers import (
    Answer,
    Loose,
    Many,
    NoAnswer,
    Notice,
    Record,
    Unknown,
    letters_of,
    pubmed_link,
    record_of,
    standing_in,
)
from bot.catalog.verify.polite import NoAnswerError, Service
from bot.catalog.verify.report import Standing

BATCH = 100
"""PMIDs in one request; PubMed prefers few large requests to many small ones."""


class _ArticleId(Loose):
    idtype: str
    value: str


class _Reference(Loose):
    reftype: str
    refsource: str = ""
    pmid: int | str = ""

    @property
    def link(self) -> str | None:
        return pubmed_link(self.pmid) if self.pmid else None


class _Summary(Loose):
    uid: str
    error: str | None = None
    title: str = ""
    booktitle: str = ""
    vernaculartitle: str = ""
    elocationid: str = ""
    pubtype: Many[str] = ()
    articleids: Many[_ArticleId] = ()
    references: Many[_Reference] = ()


class _SummaryAnswer(Loose):
    result: dict[str, object]


class PubMed:
    """The registry of PMIDs."""

    def __init__(self, service: Service, contact: str | None) -> None:
        self._service = service
        self._who = {"tool": "spoonful"} | ({"email": contact} if contact else {})

    async def summaries(self, pmids: Sequence[str]) -> dict[str, Answer]:
        """What it says about each of these papers, in a few requests."""
        answers: dict[str, Answer] = {}
        for start in range(0, len(pmids), BATCH):
            answers |= await self._batch(pmids[start : start + BATCH])
        return answers

    async def _batch(self, pmids: Sequence[str]) -> dict[str, Answer]:
        query = {"db": "pubmed", "retmode": "json", "id": ",".join(map(_uid, pmids))} | self._who
        try:
            answer = await self._service.ask("esummary.fcgi", query, _SummaryAnswer)
        except NoAnswerError as error:
            return dict.fromkeys(pmids, NoAnswer(str(error)))
        if answer is None:
            return dict.fromkeys(pmids, NoAnswer("it answered with status 404"))
        return {pmid: _answer_of_summary(answer.result.get(_uid(pmid)), _uid(pmid)) for pmid in pmids}


def _uid(pmid: str) -> str:
    return str(int(pmid))


def _answer_of_summary(said: object, uid: str) -> Answer:
    if said is None:
        return NoAnswer("its answer leaves this paper out")
    try:
        summary = _Summary.model_validate(said)
    except ValidationError:
        return NoAnswer("its answer makes no sense")
    if summary.uid != uid:
        return NoAnswer("its answer is about another paper")
    return Unknown() if summary.error else _record_of_summary(summary)


def _record_of_summary(summary: _Summary) -> Record:
    dois = [entry.value for entry in summary.articleids if entry.idtype == "doi"]
    dois = dois or re.findall(r"doi: (10\.\S+)", summary.elocationid)
    about = next((kind for kind in summary.pubtype if letters_of(kind) in _NOTICE_TYPES), None)
    about = about or next((ref.reftype for ref in summary.references if _points_away(ref)), None)
    return record_of(
        [summary.title, summary.booktitle, summary.vernaculartitle],
        frozenset(doi.casefold() for doi in dois),
        chain(_typed_notices(summary), _referred_notices(summary)),
        about,
    )


_NOTICE_TYPES = {"retractionofpublication", "retractionnotice", "publishederratum"}
_PAPER_TYPES = {"retractedpublication": Standing.RETRACTED, "expressionofconcern": Standing.CONCERN}


def _typed_notices(summary: _Summary) -> Iterator[Notice]:
    for kind in summary.pubtype:
        standing = _PAPER_TYPES.get(letters_of(kind))
        if standing:
            yield Notice(standing, f"the publication type {kind}", pubmed_link(summary.uid))


def _referred_notices(summary: _Summary) -> Iterator[Notice]:
    for reference in summary.references:
        letters = letters_of(reference.reftype)
        standing = standing_in(letters) if letters.endswith("in") else None
        if standing:
            yield Notice(standing, f"{reference.reftype}: {reference.refsource}", reference.link)


def _points_away(reference: _Reference) -> bool:
    """`Erratum for` and the like stand on the notice. `Corrected and republished from` stands on the good paper."""
    letters = letters_of(reference.reftype)
    return letters.endswith(("of", "for", "over")) and standing_in(letters) is not None
