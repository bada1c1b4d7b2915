"""Cards: what Spoonful says about a treatment or topic, each sentence with its sources.

These models are the format of `content/`: `bot.catalog` reads them from YAML and writes their JSON Schema to
`content/schema/` for editors. Field descriptions are what an author sees while typing.
"""

from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=40)]
Sentence = Annotated[str, Field(min_length=3, max_length=400)]
Label = Annotated[str, Field(min_length=1, max_length=80)]


class Frozen(BaseModel):
    """A value: immutable, and strict about names it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Kind(StrEnum):
    """What a card is about; members browse by it."""

    MEDICINE = "medicine"
    SUPPLEMENT = "supplement"
    EXERCISE = "exercise"
    PSYCHOLOGICAL = "psychological"
    PHYSICAL = "physical"
    DEVICE = "device"
    DIET = "diet"
    TOPIC = "topic"


class Certainty(StrEnum):
    """How sure the evidence lets us be, in GRADE's four steps. It says nothing about the size of an effect."""

    HIGH = "high"
    MODERATE = "moderate"
    LOW = "low"
    VERY_LOW = "very low"


class Verdict(StrEnum):
    """How a thing people say compares with the evidence."""

    SUPPORTED = "supported"
    MIXED = "mixed"
    MISLEADING = "misleading"
    OUTDATED = "outdated"
    UNSUPPORTED = "unsupported"


class SourceType(StrEnum):
    """The design of a source, as its own field names it."""

    GUIDELINE = "guideline"
    SYSTEMATIC_REVIEW = "systematic review"
    TRIAL = "randomised trial"
    OBSERVATIONAL = "observational study"
    NARRATIVE_REVIEW = "narrative review"
    REGULATOR = "regulator or label"
    REGISTRY = "trial registry"


class Source(Frozen):
    """One bibliographic record, shared by every card that cites it."""

    id: Slug = Field(description="Short key that cards cite, such as first author and year: noppers-2011-fm.")
    type: SourceType
    authors: Label = Field(description="First authors as a reader would cite them, or the publishing body.")
    title: Annotated[str, Field(min_length=3, max_length=400)]
    published_in: str | None = Field(default=None, max_length=160, description="Journal or publisher.")
    year: int | None = Field(default=None, ge=1900, le=2100)
    doi: str | None = Field(default=None, pattern=r"^10\.\d{4,9}/\S+$")
    pmid: str | None = Field(default=None, pattern=r"^\d{1,8}$", description="PubMed number, in quotes.")
    url: str | None = Field(default=None, pattern=r"^https://\S+$", description="Only where there is no DOI or PMID.")

    @property
    def link(self) -> str | None:
        """Where a reader can look it up: the DOI first, then PubMed, then the page itself."""
        if self.doi:
            return f"https://doi.org/{self.doi}"
        if self.pmid:
            return f"https://pubmed.ncbi.nlm.nih.gov/{self.pmid}/"
        return self.url


class Statement(Frozen):
    """One sentence (or two short ones) with its sources."""

    text: Sentence
    cites: tuple[Slug, ...] = Field(min_length=1, description="Ids of the sources that say so.")


class Finding(Statement):
    """How certain the evidence is for one outcome, and why; the text is the reason for the rating."""

    outcome: Sentence = Field(description="What was measured: 'Less pain beyond one week'.")
    certainty: Certainty


class Position(Statement):
    """What a guideline or regulator says; the text is its position."""

    body: Label = Field(description="Who says it, with the year: 'NICE, England (2021)'.")


class Harms(Frozen):
    """Unwanted effects, as prominent as the benefits."""

    common: tuple[Statement, ...] = Field(min_length=1)
    serious: tuple[Statement, ...] = ()
    seek_help: tuple[Statement, ...] = Field(default=(), description="Signs that need help soon or at once.")


class Claim(Frozen):
    """Something people say, with a verdict."""

    id: Slug
    text: Sentence = Field(description="The claim as people make it.")
    verdict: Verdict
    why: Sentence
    cites: tuple[Slug, ...] = Field(min_length=1)
    phrases: tuple[Label, ...] = Field(default=(), description="Other ways people put it; used to find the claim.")


class Card(Frozen):
    """Published text on one treatment or topic. Lists are in the order in which they are shown."""

    id: Slug
    kind: Kind
    name: Label
    aliases: tuple[Label, ...] = Field(default=(), description="Other names people type, slang included.")
    brands: tuple[Label, ...] = ()
    scope: Sentence = Field(description="What this card covers, in one line.")
    key_messages: tuple[Statement, ...] = Field(min_length=2, max_length=3)
    what_it_is: tuple[Statement, ...] = Field(min_length=1)
    effect: Statement | None = Field(default=None, description="Size of the main effect, absolute where possible.")
    certainty: tuple[Finding, ...] = Field(default=(), description="The main outcome first.")
    evidence: tuple[Statement, ...] = Field(min_length=1, description="What trials and reviews found.")
    harms: Harms | None = None
    careful: tuple[Statement, ...] = Field(default=(), description="Who should be careful.")
    interactions: tuple[Statement, ...] = ()
    positions: tuple[Position, ...] = Field(default=(), description="Guidelines and regulators.")
    waiting: tuple[Statement, ...] = Field(default=(), description="Doing nothing, waiting, or other first steps.")
    unknown: tuple[Statement, ...] = Field(min_length=1, description="What nobody knows yet.")
    questions: tuple[Sentence, ...] = Field(min_length=1, max_length=8, description="To ask a clinician.")
    claims: tuple[Claim, ...] = ()
    compiled: date
    review_due: date
    reviewed_by: Label | None = Field(default=None, description="The clinician who reviewed it, once one has.")

    @property
    def is_topic(self) -> bool:
        return self.kind is Kind.TOPIC

    def statements(self) -> Iterator[Statement | Claim]:
        """Everything on the card that carries citations, in reading order: this order numbers the sources."""
        yield from self.key_messages
        if self.effect:
            yield self.effect
        yield from self.certainty
        yield from self.evidence
        if self.harms:
            yield from self.harms.common
            yield from self.harms.serious
            yield from self.harms.seek_help
        yield from self.careful
        yield from self.unknown
        yield from self.what_it_is
        yield from self.interactions
        yield from self.positions
        yield from self.waiting
        yield from self.claims

    def citation_numbers(self) -> dict[str, int]:
        """Source id -> its number on this card, from 1, in order of first appearance."""
        ids = dict.fromkeys(cite for statement in self.statements() for cite in statement.cites)
        return {source_id: number for number, source_id in enumerate(ids, start=1)}
