"""Proposals: what curators want cards to be, the approvals of others, and the moment in which one is published."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Row, Select, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.curation import ALIVE, EDITABLE, Event, Proposal, ProposalStatus, Revision, Vote
from bot.domain.manuscripts import Manuscript
from bot.storage.audit import note
from bot.storage.curation_tables import approvals, proposals, revisions
from bot.storage.engine import Database, insert
from bot.storage.revisions import add_revision

LEADS_FROM: Mapping[ProposalStatus, frozenset[ProposalStatus]] = {
    ProposalStatus.OPEN: EDITABLE,
    ProposalStatus.CHANGES_ASKED: frozenset({ProposalStatus.OPEN}),
    ProposalStatus.REJECTED: frozenset({ProposalStatus.OPEN}),
    ProposalStatus.DISCARDED: ALIVE,
}
"""New status -> those that lead to it. To be published is for `approve` alone."""

_WRITTEN = ("card_id", "status", "manuscript", "base", "base_number", "changed_at", "why")
"""What an author changes; who it is, where it is shown and what reviewers said stay."""


class ProposalStore:
    def __init__(self, db: Database) -> None:
        self._db = db

    async def save(self, proposal: Proposal) -> bool:
        """Store a new proposal, or write manuscript, base, why and status over one that is still editable.

        False, and nothing written, if it is not editable (in review, or at its end). Approvals given to an earlier
        wording are forgotten.
        """
        values = _values(proposal)
        over = {name: values[name] for name in _WRITTEN}

        async def work(connection: AsyncConnection) -> bool:
            new = insert(connection, proposals).values(values)
            written = await connection.execute(
                new.on_conflict_do_update(
                    index_elements=["id"], set_=over, where=proposals.c.status.in_(sorted(EDITABLE))
                )
            )
            if written.rowcount:
                await connection.execute(delete(approvals).where(approvals.c.proposal_id == proposal.id))
            return written.rowcount > 0

        return await self._db.write(work)

    async def get(self, proposal_id: str) -> Proposal | None:
        return next(iter(await self._found(select(proposals).where(proposals.c.id == proposal_id))), None)

    async def of_author(self, guild_id: int, author_id: int) -> Sequence[Proposal]:
        """The author's living proposals (drafts, in review, sent back), newest first."""
        theirs = select(proposals).where(
            proposals.c.author_id == author_id,
            proposals.c.guild_id == guild_id,
            proposals.c.status.in_(sorted(ALIVE)),
        )
        return await self._found(theirs.order_by(proposals.c.changed_at.desc(), proposals.c.id))

    async def in_status(self, guild_id: int, *status: ProposalStatus) -> Sequence[Proposal]:
        """Oldest first."""
        there = select(proposals).where(proposals.c.guild_id == guild_id, proposals.c.status.in_(status))
        return await self._found(there.order_by(proposals.c.changed_at, proposals.c.id))

    async def move(self, proposal_id: str, new: ProposalStatus, event: Event, *, reply: str = "") -> bool:
        """Open, send back, reject or discard; False, and nothing done, from a status that does not lead there.

        `reply` takes the place of the earlier one.
        """
        there = update(proposals).where(
            proposals.c.id == proposal_id, proposals.c.status.in_(sorted(LEADS_FROM.get(new, ())))
        )

        async def work(connection: AsyncConnection) -> bool:
            moved = await connection.execute(there.values(status=new, reply=reply, changed_at=event.at))
            if moved.rowcount:
                await note(connection, event)
            return moved.rowcount > 0

        return await self._db.write(work)

    async def shown_at(self, proposal_id: str, channel_id: int | None, message_id: int | None) -> None:
        """Remember the message in which it is reviewed."""
        here = update(proposals).where(proposals.c.id == proposal_id)
        await self._db.run(here.values(channel_id=channel_id, message_id=message_id))

    async def approve(self, proposal_id: str, curator_id: int, needed: int, revision: Revision, event: Event) -> Vote:
        """Count an approval and, with the last one needed, add the revision and end the proposal: one transaction.

        `revision.number` is the number it shall get; nothing is published if the card has got it meanwhile, and
        `approved_by` is filled in from the approvals counted. A second approval of the same curator is the first.

        Raises:
            LookupError: there is no such proposal.
        """

        async def work(connection: AsyncConnection) -> Vote:
            proposal = await _locked(connection, proposal_id)
            if proposal.status is not ProposalStatus.OPEN:
                return Vote(proposal, ended=True)
            if await _has_got(connection, revision):
                return Vote(proposal, conflict=True)
            approved = replace(proposal, approved_by=tuple(dict.fromkeys([*proposal.approved_by, curator_id])))
            ready = len(approved.approved_by) >= needed
            # Before the approval is counted: two proposals on one card can both come here, and one must leave no trace.
            if ready and not await add_revision(connection, replace(revision, approved_by=approved.approved_by)):
                return Vote(proposal, conflict=True)
            if ready or approved != proposal:
                await _count(connection, proposal_id, curator_id, event)
            return Vote(await _published(connection, approved, event), published=True) if ready else Vote(approved)

        return await self._db.write(work)

    async def _found(self, query: Select[*tuple[Any, ...]]) -> list[Proposal]:
        async def work(connection: AsyncConnection) -> list[Proposal]:
            return await _with_approvals(connection, query)

        return await self._db.read(work)


async def _with_approvals(connection: AsyncConnection, query: Select[*tuple[Any, ...]]) -> list[Proposal]:
    rows = (await connection.execute(query)).all()
    given: defaultdict[str, list[int]] = defaultdict(list)
    theirs = select(approvals).where(approvals.c.proposal_id.in_([row.id for row in rows]))
    for row in await connection.execute(theirs.order_by(approvals.c.at, approvals.c.curator_id)):
        given[row.proposal_id].append(row.curator_id)
    return [_proposal(row, given[row.id]) for row in rows]


async def _locked(connection: AsyncConnection, proposal_id: str) -> Proposal:
    """As it stands, and nobody else changes it before this transaction ends. SQLite has one writer anyway."""
    found = await _with_approvals(connection, select(proposals).where(proposals.c.id == proposal_id).with_for_update())
    if not found:
        raise LookupError(proposal_id)
    return found[0]


async def _has_got(connection: AsyncConnection, revision: Revision) -> bool:
    """Whether the card has a revision of that number, or a later one."""
    newest = select(func.max(revisions.c.number)).where(
        revisions.c.guild_id == revision.guild_id, revisions.c.card_id == revision.card_id
    )
    return ((await connection.execute(newest)).scalar_one() or 0) >= revision.number


async def _count(connection: AsyncConnection, proposal_id: str, curator_id: int, event: Event) -> None:
    new = insert(connection, approvals).values(proposal_id=proposal_id, curator_id=curator_id, at=event.at)
    await connection.execute(new.on_conflict_do_nothing())
    await note(connection, event)


async def _published(connection: AsyncConnection, proposal: Proposal, event: Event) -> Proposal:
    ended = replace(proposal, status=ProposalStatus.PUBLISHED, changed_at=event.at)
    here = update(proposals).where(proposals.c.id == ended.id)
    await connection.execute(here.values(status=ended.status, changed_at=ended.changed_at))
    return ended


def _values(proposal: Proposal) -> dict[str, Any]:
    values = dict(vars(proposal))
    del values["approved_by"]
    values["manuscript"] = proposal.manuscript.model_dump_json()
    values["base"] = proposal.base and proposal.base.model_dump_json()
    return values


def _proposal(row: Row[Any], approved_by: Sequence[int]) -> Proposal:
    return Proposal(
        row.id,
        row.guild_id,
        row.card_id,
        row.author_id,
        ProposalStatus(row.status),
        Manuscript.model_validate_json(row.manuscript),
        None if row.base is None else Manuscript.model_validate_json(row.base),
        row.base_number,
        row.changed_at,
        row.why,
        row.reply,
        row.channel_id,
        row.message_id,
        tuple(approved_by),
    )
