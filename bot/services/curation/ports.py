"""What the use-cases of curation need from the outside, as Protocols."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.domain.cards import Card, Source
from bot.domain.catalog import Catalog
from bot.domain.communities import Community
from bot.domain.curation import (
    AskedKind,
    Event,
    Posted,
    Proposal,
    ProposalStatus,
    Report,
    ReportStatus,
    Revision,
    SourceAlert,
    Vote,
    Wish,
)
from bot.domain.manuscripts import Remark
from bot.services.ports import Library

IndexOf = Callable[[Catalog], Library]
"""Builds the search over a catalog; takes a moment, so off the event loop."""


class Proofreader(Protocol):
    """The lint of the cards, for one card that is not in a file."""

    def proofread(self, card: Card, added: Sequence[Source], catalog: Catalog) -> Sequence[Remark]:
        """What must be mended before anybody else sees it: style, safety, length, names and sources that another
        card or record already has. Pure and quick enough (about 0.1 s) for a thread.
        """
        ...


class CommunityStore(Protocol):
    async def get(self, guild_id: int) -> Community | None: ...

    async def all(self) -> Sequence[Community]: ...

    async def save(self, community: Community, event: Event) -> None:
        """Write the settings over the earlier ones, with a line of the audit log, in one transaction."""
        ...

    async def digested_at(self, guild_id: int) -> datetime | None:
        """When the last weekly digest went out."""
        ...

    async def digested(self, guild_id: int, at: datetime) -> None: ...

    async def note(self, event: Event) -> None:
        """Add a line to the audit log."""
        ...

    async def events(self, guild_id: int, limit: int) -> Sequence[Event]:
        """The latest lines of the audit log, newest first."""
        ...


class ProposalStore(Protocol):
    async def save(self, proposal: Proposal) -> bool:
        """Store a new proposal, or write manuscript, base, why and status over one that is still editable.

        False, and nothing written, if it is not editable (in review, or at its end). Approvals given to an earlier
        wording are forgotten.
        """
        ...

    async def get(self, proposal_id: str) -> Proposal | None: ...

    async def of_author(self, guild_id: int, author_id: int) -> Sequence[Proposal]:
        """The author's living proposals (drafts, in review, sent back), newest first."""
        ...

    async def in_status(self, guild_id: int, *status: ProposalStatus) -> Sequence[Proposal]:
        """Oldest first."""
        ...

    async def move(self, proposal_id: str, new: ProposalStatus, event: Event, *, reply: str = "") -> bool:
        """Open, send back, reject or discard; False, and nothing done, from a status that does not lead there.

        DRAFT and CHANGES_ASKED lead to OPEN and DISCARDED; OPEN leads to CHANGES_ASKED, REJECTED and DISCARDED.
        """
        ...

    async def shown_at(self, proposal_id: str, channel_id: int | None, message_id: int | None) -> None:
        """Remember the message in which it is reviewed."""
        ...

    async def approve(self, proposal_id: str, curator_id: int, needed: int, revision: Revision, event: Event) -> Vote:
        """Count an approval and, with the last one needed, add the revision and end the proposal: one transaction.

        `revision.number` is the number it shall get; nothing is published if the card has got it meanwhile, and
        `approved_by` is filled in from the approvals counted.
        """
        ...


class RevisionStore(Protocol):
    async def latest(self, guild_id: int) -> Sequence[Revision]:
        """The newest revision of each card of a community."""
        ...

    async def guilds(self) -> frozenset[int]:
        """Every community that has any."""
        ...

    async def of_card(self, guild_id: int, card_id: str) -> Sequence[Revision]:
        """Newest first."""
        ...

    async def add(self, revision: Revision, event: Event) -> bool:
        """Add one that needs no proposal (withdrawn, restored, bundled again, imported).

        False, and nothing done, if the card has a revision of that number already: somebody was quicker.
        """
        ...


class ReportStore(Protocol):
    async def add(self, report: Report, trace: str) -> None:
        """`trace` is the mark of who made it: nothing reads it, but erasing them finds the report by it."""
        ...

    async def get(self, report_id: str) -> Report | None: ...

    async def open(self, guild_id: int) -> Sequence[Report]:
        """Oldest first."""
        ...

    async def settle(self, report_id: str, status: ReportStatus, event: Event) -> bool:
        """False if it was settled before."""
        ...

    async def purge(self, before: datetime) -> int:
        """Forget those that were made before and are settled; returns how many."""
        ...


class AlertStore(Protocol):
    async def found(self, alerts: Sequence[SourceAlert]) -> None:
        """Add those that are new."""
        ...

    async def undecided(self, guild_id: int) -> Sequence[SourceAlert]:
        """Those on which this community has not decided, oldest first."""
        ...

    async def confirmed(self, guild_id: int) -> Sequence[SourceAlert]: ...

    async def decide(self, guild_id: int, alert: SourceAlert, *, confirmed: bool, event: Event) -> bool:
        """False if somebody decided before."""
        ...


class PostedStore(Protocol):
    """Card messages in channels, remembered for 30 days."""

    async def add(self, posted: Sequence[Posted]) -> None: ...

    async def keep(self, cards: Mapping[str, Card]) -> None:
        """Keep these texts, by fingerprint, for as long as some message shows them."""
        ...

    async def kept(self, fingerprint: str) -> Card | None:
        """The text with that fingerprint, if it was kept and can still be read."""
        ...

    async def all(self, guild_id: int | None = None) -> Sequence[Posted]:
        """Of one community or of all, by channel and message."""
        ...

    async def shown(self, message_id: int, card_id: str, fingerprint: str) -> None:
        """The message shows this state of the card now."""
        ...

    async def forget(self, message_id: int) -> None: ...

    async def purge(self, before: datetime) -> int:
        """Forget those posted before, and texts that no message shows any more; returns how many messages' rows."""
        ...


class Traces(Protocol):
    """Marks that tell two people or texts apart without saying which: keyed hashes under a key in the vault."""

    def of(self, *parts: str | int) -> str:
        """24 characters; the same for the same parts.

        The trace of a person is `of(user_id)` and nothing more: by it, erasing them finds what is theirs.
        """
        ...


class AskedStore(Protocol):
    """What members looked for in vain. A text is stored once enough different people asked; before, only its trace."""

    async def asked(
        self, guild_id: int, kind: AskedKind, mark: str, trace: str, text: str, at: datetime, reveal_from: int
    ) -> int:
        """Count one asker (`trace`) of a text (`mark`), each pair once; returns how many different ones there are.

        `text` is stored when that reaches `reveal_from`, and not before.
        """
        ...

    async def revealed(self, guild_id: int) -> Sequence[tuple[AskedKind, str, int]]:
        """Kind, text and number of different askers, most wanted first."""
        ...

    async def dismiss(self, guild_id: int, kind: AskedKind, text: str) -> None:
        """Forget the text with everybody's traces."""
        ...

    async def purge(self, before: datetime) -> int: ...

    async def wish(self, wish: Wish) -> bool:
        """Remember that somebody wants to be told; False if they had asked already."""
        ...

    async def wishes(self, guild_id: int | None = None) -> Sequence[Wish]:
        """Of one community (0: outside of any) or of all, oldest first."""
        ...

    async def unwish(self, wish: Wish) -> None: ...


class Noticeboard(Protocol):
    """Posts to channels and edits what was posted. No method raises for what Discord refuses."""

    def serves(self, guild_id: int) -> bool:
        """Whether this process speaks for a community (0: outside of any); with several processes, just one does."""
        ...

    async def edit_answer(self, posted: Posted, note: str) -> "Placed":
        """Draw a posted message anew from the community's cards as they are now; `note` says what changed."""
        ...

    async def post_digest(self, community: Community, digest: Mapping[str, Sequence[str]], nonce: str) -> "Placed":
        """Headings and their lines, into the curation channel; gone if there is none to post to."""
        ...

    async def tell_wisher(self, wish: Wish, card: Card) -> "Placed":
        """One private message: the card somebody wished for exists."""
        ...


class SourceWatch(Protocol):
    """Asks the registries of papers, which are services of others."""

    async def look(self, sources: Sequence[Source], at: datetime) -> Sequence[SourceAlert]:
        """Every retraction, correction and expression of concern about these; takes as long as politeness asks for.

        A registry that cannot be asked is none of the alerts. Two records under one id are both looked up.
        """
        ...


@dataclass(frozen=True)
class Placed:
    """What came of a message: done, gone for good (the message, the channel or our access), or neither: try later."""

    done: bool = False
    gone: bool = False
