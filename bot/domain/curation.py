"""Curation: how a community changes its cards, and what of it is kept.

A *proposal* is what one curator wants a card to be. Approved by others it becomes a *revision*: the card as the
community shows it from then on, over the bundled one. Revisions are only ever added; the newest of a card counts.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.cards import Card, Source
from bot.domain.manuscripts import Manuscript


class ProposalStatus(StrEnum):
    """Where a proposal is in its life."""

    DRAFT = "draft"
    """Seen by its author alone; the lint may still object."""
    OPEN = "open"
    """In review."""
    CHANGES_ASKED = "changes asked"
    """Back with its author, who can send it again."""
    PUBLISHED = "published"
    REJECTED = "rejected"
    DISCARDED = "discarded"
    """Given up by its author."""


ALIVE = frozenset({ProposalStatus.DRAFT, ProposalStatus.OPEN, ProposalStatus.CHANGES_ASKED})
EDITABLE = frozenset({ProposalStatus.DRAFT, ProposalStatus.CHANGES_ASKED})


@dataclass(frozen=True)
class Proposal:
    """What one curator wants a card to be.

    `base` is the card as it was when they began (None: there was none), `base_number` the community's revision number
    of it then (0: the bundled card, or none). `author_id` is None once the author has been erased.
    """

    id: str
    guild_id: int
    card_id: str
    author_id: int | None
    status: ProposalStatus
    manuscript: Manuscript
    base: Manuscript | None
    base_number: int
    changed_at: datetime
    why: str = ""
    reply: str = ""
    """What a reviewer said: the change asked for, or the reason for rejecting it."""
    channel_id: int | None = None
    message_id: int | None = None
    """Where it is shown for review."""
    approved_by: tuple[int, ...] = ()


@dataclass(frozen=True)
class Vote:
    """What came of an approval: exactly one of the flags is set, or none while more approvals are needed.

    `proposal` is as it stands afterwards.
    """

    proposal: Proposal
    published: bool = False
    conflict: bool = False
    """The card has a newer revision than the one this was based on. The approval was not counted."""
    ended: bool = False
    """It was not in review any more: somebody was quicker."""


class RevisionKind(StrEnum):
    """What a revision does to a card."""

    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"
    """Members see that it is being checked, and why. `card` is the text that was taken down."""
    BUNDLED = "bundled"
    """The bundled card counts again; `card` is None."""


@dataclass(frozen=True)
class Revision:
    """One state of a card in one community. Numbers count from 1; 0 stands for the bundled card."""

    guild_id: int
    card_id: str
    number: int
    kind: RevisionKind
    card: Card | None
    sources: tuple[Source, ...]
    """Those it cites that are not bundled."""
    author_id: int | None
    approved_by: tuple[int, ...]
    why: str
    at: datetime
    bundled: str | None
    """`fingerprint` of the bundled card beside which this was decided; None if there was none."""


class ReportStatus(StrEnum):
    """What became of a report."""

    OPEN = "open"
    DONE = "done"
    DISMISSED = "dismissed"


@dataclass(frozen=True)
class Report:
    """Somebody says that a card is wrong. Who said it is not in it, and nobody is told."""

    id: str
    guild_id: int
    card_id: str
    text: str
    at: datetime
    status: ReportStatus = ReportStatus.OPEN


@dataclass(frozen=True)
class SourceAlert:
    """Something happened to a source: retraction, correction, expression of concern. A person decides what it means."""

    source_id: str
    kind: str
    detail: str
    found_at: datetime


@dataclass(frozen=True)
class Event:
    """A line of the audit log. `actor_id` is None for the operator, and once the actor has been erased."""

    guild_id: int
    at: datetime
    actor_id: int | None
    action: str
    subject: str
    detail: str = ""


@dataclass(frozen=True)
class Posted:
    """A message of ours that everybody in a channel can see, and one card on it. `shown` is that card's fingerprint.

    `shape` says what the message is: `card`, `claim:<claim id>`, `compare:<second card's id>` (on that second card's
    row: `compared:<first card's id>`), or `ask:<ids of all its cards>`, separated by commas.
    """

    guild_id: int
    channel_id: int
    message_id: int
    card_id: str
    shape: str
    shown: str
    posted_at: datetime


@dataclass(frozen=True)
class Wish:
    """A member wants one private message when a card of that name exists. `trace` is `Traces.of` the member."""

    guild_id: int
    name: str
    trace: str
    channel_id: int
    wished_at: datetime


class AskedKind(StrEnum):
    """What members looked for and did not find."""

    CARD = "card"
    QUESTION = "question"


def fingerprint(card: Card) -> str:
    """16 hex digits that change with anything on the card."""
    return hashlib.sha256(card.model_dump_json().encode()).hexdigest()[:16]
