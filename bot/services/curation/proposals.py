"""Proposals: from a draft through its check and review to a published card. Two keys: an author never approves."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bot.domain.cards import Card, Source
from bot.domain.changes import Change, changes
from bot.domain.curation import ALIVE, Event, Proposal, ProposalStatus, Revision, RevisionKind, Vote
from bot.domain.manuscripts import Manuscript, NotACardError, Remark, card_of, merged
from bot.domain.references import known_records, sharing_records
from bot.errors import UserError
from bot.services.curation.communities import Action, CommunityService
from bot.services.curation.drafts import Drafts, text_of
from bot.services.curation.editions import CardState, Editions
from bot.services.curation.ports import Proofreader, ProposalStore, RevisionStore
from bot.services.curation.shelf import beside, said
from bot.services.facts import Withdrawal
from bot.services.ports import Clock

NOT_IN_REVIEW = "This proposal is not in review any more. Look at it again to see what became of it."
NOTHING_NEW = "This says just what the card says now, so there is nothing to review yet. Your draft is kept."
OWN = "You wrote this one, so somebody else must approve it. Two people look at every change."
OWN_REJECTED = "This one is yours: you can take it back instead."
NOBODY_TO_MEND = "Its author is not with us any more, so nobody could change it. You can approve or reject it."
APPROVED_BEFORE = "You approved this already, and it counts. It still needs somebody else's approval."
MEND_FIRST = "Something else has changed since this was sent, so it needs mending first. {remark}"


@dataclass(frozen=True)
class Check:
    """What is to be said about a proposal before it goes on.

    `changes` is what it would change, against the card it began with; empty while it cannot be read as a card.
    `conflict` is what others changed on that card since. `lifts` is the withdrawal that publishing it would end.
    """

    remarks: Sequence[Remark]
    changes: Sequence[Change]
    conflict: Sequence[Change] = ()
    lifts: Withdrawal | None = None

    @property
    def is_clean(self) -> bool:
        """Whether it may go into review."""
        return not self.remarks and not self.conflict


class ProposalService(Drafts):
    """Use-cases of a proposal's whole life: those of its draft, and from there to its end."""

    def __init__(
        self,
        clock: Clock,
        editions: Editions,
        communities: CommunityService,
        proposals: ProposalStore,
        revisions: RevisionStore,
        proofreader: Proofreader,
    ) -> None:
        super().__init__(clock, editions, proposals, revisions)
        self._communities = communities
        self._proofreader = proofreader

    async def check(self, proposal: Proposal) -> Check:
        """Everything that is to be said about it now: what to mend, what it changes, what others changed."""
        state = await self._editions.state(proposal.guild_id, proposal.card_id)
        catalog = await self._editions.catalog_of(proposal.guild_id)
        sources = known_records(catalog, proposal.manuscript)
        alive = proposal.status in ALIVE
        conflict = _conflict(proposal, state, sources) if alive else []
        lifts = state.withdrawal if alive else None
        try:
            card = card_of(proposal.manuscript)
        except NotACardError as error:
            return Check(error.remarks, (), conflict, lifts)
        remarks = await asyncio.to_thread(self._proofreader.proofread, card, proposal.manuscript.added, catalog)
        return Check(remarks, changes(_readable(proposal.base), card, sources), conflict, lifts)

    async def send(self, guild_id: int, proposal_id: str, author_id: int, why: str) -> Check:
        """Open it for review, if there is nothing to mend and nobody changed the card meanwhile.

        Otherwise it stays as it is, `why` included, and what is returned says what to do.
        """
        reason = said(why, "why you propose this")
        async with self._turn(proposal_id):
            proposal = await self._editable(guild_id, proposal_id, author_id)
            text = sharing_records(proposal.manuscript, await self._editions.catalog_of(guild_id))
            proposal = await self._rewritten(replace(proposal, why=reason), text)
            check = await self.check(proposal)
            if check.is_clean:
                if _readable(proposal.base) == card_of(proposal.manuscript):
                    raise UserError(NOTHING_NEW)
                await self._move(proposal, ProposalStatus.OPEN, author_id, Action.SENT, reason)
            return check

    async def bring_together(self, guild_id: int, proposal_id: str, author_id: int) -> tuple[Proposal, tuple[str, ...]]:
        """Base it on the card as it is now: what only one side changed is taken over, and needs sending again.

        Returns it with the names of the parts and claims that both changed differently. There the author's words stay.
        """
        async with self._turn(proposal_id):
            proposal = self._own(await self.get(guild_id, proposal_id), author_id)
            state = await self._editions.state(guild_id, proposal.card_id)
            if proposal.status is ProposalStatus.OPEN and moved_on(proposal, state):
                await self._move(proposal, ProposalStatus.CHANGES_ASKED, author_id, Action.TAKEN_BACK, "")
            proposal = await self._editable(guild_id, proposal_id, author_id)
            theirs = text_of(state)
            text, both = merged(proposal.base, proposal.manuscript, theirs) if theirs else (proposal.manuscript, ())
            rebased = replace(proposal, base=theirs, base_number=state.number)
            return await self._rewritten(rebased, text), both

    async def approve(self, guild_id: int, proposal_id: str, curator_id: int) -> Vote:
        """Turn a key. With as many as the community asks for, the card is published at once.

        Raises:
            UserError: it is the curator's own, approved by them before, or needs mending after all.
        """
        async with self._turn(proposal_id):  # what is published is the text that was checked
            proposal = await self.get(guild_id, proposal_id)
            if proposal.status is not ProposalStatus.OPEN:
                return Vote(proposal, ended=True)
            needed = (await self._communities.of(guild_id)).approvals
            _refuse_second_key(proposal, curator_id, needed)
            check = await self.check(proposal)
            if check.conflict:
                return Vote(proposal, conflict=True)
            if check.remarks:
                raise UserError(MEND_FIRST.format(remark=check.remarks[0].message))
            vote = await self._approved(proposal, curator_id, needed)
        if vote.published:
            self._editions.changed(guild_id)
            await self._communities.note(guild_id, curator_id, Action.PUBLISHED, proposal.card_id, proposal.why)
        return vote

    async def ask_change(self, guild_id: int, proposal_id: str, curator_id: int, text: str) -> Proposal:
        """Send it back to its author, who can mend it and send it again. Authors may so take their own back."""
        reply = said(text, "what you would like changed")
        async with self._turn(proposal_id):
            proposal = await self._in_review(guild_id, proposal_id)
            if proposal.author_id is None:
                raise UserError(NOBODY_TO_MEND)
            await self._move(proposal, ProposalStatus.CHANGES_ASKED, curator_id, Action.CHANGE_ASKED, reply)
        return await self.get(guild_id, proposal_id)

    async def reject(self, guild_id: int, proposal_id: str, curator_id: int, reason: str) -> Proposal:
        """End it. Its text is kept."""
        reply = said(reason, "the reason")
        proposal = await self._in_review(guild_id, proposal_id)
        if proposal.author_id == curator_id:
            raise UserError(OWN_REJECTED)
        await self._move(proposal, ProposalStatus.REJECTED, curator_id, Action.REJECTED, reply)
        return await self.get(guild_id, proposal_id)

    async def discard(self, guild_id: int, proposal_id: str, author_id: int) -> Proposal:
        """Give up one's own, in review or not."""
        proposal = self._own(await self.get(guild_id, proposal_id), author_id)
        await self._move(proposal, ProposalStatus.DISCARDED, author_id, Action.DISCARDED, "")
        return await self.get(guild_id, proposal_id)

    async def shown_at(self, guild_id: int, proposal_id: str, channel_id: int | None, message_id: int | None) -> None:
        """Remember the message in which it is reviewed; None once that is gone."""
        proposal = await self.get(guild_id, proposal_id)
        await self._proposals.shown_at(proposal.id, channel_id, message_id)

    async def rivals(self, guild_id: int, card_id: str) -> Sequence[Proposal]:
        """What is in review about this card, oldest first."""
        there = await self._proposals.in_status(guild_id, ProposalStatus.OPEN)
        return [proposal for proposal in there if proposal.card_id == card_id]

    async def _in_review(self, guild_id: int, proposal_id: str) -> Proposal:
        proposal = await self.get(guild_id, proposal_id)
        if proposal.status is not ProposalStatus.OPEN:
            raise UserError(NOT_IN_REVIEW)
        return proposal

    async def _move(self, proposal: Proposal, new: ProposalStatus, actor_id: int, action: Action, words: str) -> None:
        event = self._event(proposal, actor_id, action, words)
        reply = words if new in {ProposalStatus.CHANGES_ASKED, ProposalStatus.REJECTED} else ""
        if not await self._proposals.move(proposal.id, new, event, reply=reply):
            raise UserError(NOT_IN_REVIEW)

    async def _approved(self, proposal: Proposal, curator_id: int, needed: int) -> Vote:
        keys = len({*proposal.approved_by, curator_id})
        event = self._event(proposal, curator_id, Action.APPROVED, f"{keys} of {needed}")
        revision = await self._revision(proposal)
        return await self._proposals.approve(proposal.id, curator_id, needed, revision, event)

    async def _revision(self, proposal: Proposal) -> Revision:
        """The card as it shall be published; raises NotACardError for what `check` would have refused."""
        card = card_of(proposal.manuscript)
        known = known_records(await self._editions.catalog_of(proposal.guild_id), proposal.manuscript)
        bundled = self._editions.catalog.sources
        newest = next(iter(await self._revisions.of_card(proposal.guild_id, proposal.card_id)), None)
        return Revision(
            proposal.guild_id,
            proposal.card_id,
            proposal.base_number + 1,
            RevisionKind.PUBLISHED,
            card,
            tuple(known[cited] for cited in card.citation_numbers() if cited not in bundled),
            proposal.author_id,
            (),
            proposal.why,
            self._clock.now(),
            beside(newest, _readable(proposal.base)),  # no conflict: where it began with the bundled card, that is it
        )

    def _event(self, proposal: Proposal, actor_id: int, action: Action, detail: str) -> Event:
        return Event(proposal.guild_id, self._clock.now(), actor_id, action, proposal.card_id, detail)


def _refuse_second_key(proposal: Proposal, curator_id: int, needed: int) -> None:
    if proposal.author_id == curator_id:
        raise UserError(OWN)
    # Where fewer are asked for since, the same press publishes.
    if curator_id in proposal.approved_by and len(proposal.approved_by) < needed:
        raise UserError(APPROVED_BEFORE)


def _readable(text: Manuscript | None) -> Card | None:
    try:
        return card_of(text) if text else None
    except NotACardError:
        return None


def moved_on(proposal: Proposal, state: CardState) -> bool:
    """Whether the card is not any more the one that the proposal began with."""
    return state.number != proposal.base_number or state.card != _readable(proposal.base)


def _conflict(proposal: Proposal, state: CardState, sources: Mapping[str, Source]) -> list[Change]:
    """What happened to the card since the proposal began with it; never empty if something did."""
    if not moved_on(proposal, state):
        return []
    happened = changes(_readable(proposal.base), state.card, sources)
    if state.withdrawal:
        happened.append(Change("Withdrawn", None, state.withdrawal.reason))
    return happened or [Change("Revision", str(proposal.base_number), str(state.number))]
