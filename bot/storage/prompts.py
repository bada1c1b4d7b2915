"""Prompts: claimed with a lease, sent once, and never gone without a mark."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Row, bindparam, case, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain import zones
from bot.domain.checkins import Delivery, EntryKind, Prompt, PromptStatus
from bot.domain.journal import PastPrompt
from bot.domain.schedules import Occurrence
from bot.storage.engine import Database, insert
from bot.storage.plans import due_prompt, schedule_of
from bot.storage.tables import DUE, SCHEDULED, WAITING, entries, members, plans, prompts

# The member and plan rows are locked too (SQLite locks everything anyway): who changes a plan or erases a member waits
# for this claim and then sees the prompt it added, or is passed over by it.
_CLAIMABLE = (
    select(prompts, plans.c.at, plans.c.days, plans.c.stopped_at, members.c.zone, members.c.dm_channel_id)
    .join(plans, plans.c.id == prompts.c.plan_id)
    .join(members, members.c.id == prompts.c.member_id)
    .where(
        WAITING,
        prompts.c.due_at <= bindparam("now"),
        or_(prompts.c.lease_until.is_(None), prompts.c.lease_until <= bindparam("now")),
    )
    .order_by(prompts.c.due_at)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True, key_share=True)
)


@dataclass(frozen=True)
class _Claim:
    now: datetime
    lease_until: datetime
    stale_before: datetime
    limit: int


@dataclass(frozen=True)
class _Batch:
    deliveries: Sequence[Delivery]
    missed: int


class PromptStore:
    def __init__(self, db: Database) -> None:
        self._db = db

    async def claim_due(
        self, now: datetime, lease_until: datetime, stale_before: datetime, limit: int
    ) -> Sequence[Delivery]:
        """Take up to `limit` prompts that are due, or whose lease has run out, and mark them `sending`.

        An empty answer means that nothing is due: batches in which everything was stale are passed over. The next
        prompt of a plan is later than `now`; dates skipped while the bot was off get no row.
        """
        claim = partial(_claim, claim=_Claim(now, lease_until, stale_before, limit))
        while True:
            batch = await self._db.write(claim)
            if batch.deliveries or not batch.missed:
                return batch.deliveries

    async def mark_sent(self, prompt_id: str, message_id: int) -> None:
        """Record delivery, also of one that we had given up. An answer that arrived first is not overwritten."""
        undelivered = (PromptStatus.SENDING, PromptStatus.MISSED, PromptStatus.UNDELIVERABLE)
        status = case((prompts.c.status.in_(undelivered), PromptStatus.SENT), else_=prompts.c.status)
        await self._db.run(
            update(prompts)
            .where(prompts.c.id == prompt_id)
            .values(message_id=message_id, status=status, lease_until=None)
        )

    async def mark_undeliverable(self, prompt_id: str) -> None:
        await self._end(prompt_id, PromptStatus.UNDELIVERABLE, [PromptStatus.SENDING])

    async def add(self, prompt: Prompt) -> None:
        """Store a prompt a member started on their own."""
        await self._db.run(prompts.insert().values(asdict(prompt)))

    async def get(self, prompt_id: str) -> Prompt | None:
        row = await self._db.row(select(prompts).where(prompts.c.id == prompt_id))
        return None if row is None else _prompt(row)

    async def history(self, member_id: int, limit: int) -> Sequence[PastPrompt]:
        """The member's latest prompts that are past being due, newest first, and how they ended."""
        rows = await self._db.rows(
            select(prompts, entries.c.kind)
            .outerjoin(entries, entries.c.prompt_id == prompts.c.id)
            .where(prompts.c.member_id == member_id, prompts.c.status != PromptStatus.DUE)
            .order_by(prompts.c.due_at.desc())
            .limit(limit)
        )
        return [
            PastPrompt(
                row.local_date,
                row.due_at,
                PromptStatus(row.status),
                row.scheduled,
                None if row.kind is None else EntryKind(row.kind),
            )
            for row in rows
        ]

    async def next_due(self) -> datetime | None:
        """When the soonest prompt is due, over all members that can be reached."""
        soonest = select(prompts.c.due_at).where(WAITING, DUE).order_by(prompts.c.due_at).limit(1)
        row = await self._db.row(soonest)
        return None if row is None else row.due_at

    async def last_occurrence(self, plan_id: str) -> Occurrence | None:
        """The plan's latest scheduled prompt that is no longer merely due: its local date is used up."""
        row = await self._db.row(
            select(prompts.c.local_date, prompts.c.due_at)
            .where(SCHEDULED, prompts.c.plan_id == plan_id, prompts.c.status != PromptStatus.DUE)
            .order_by(prompts.c.local_date.desc())
            .limit(1)
        )
        return None if row is None else Occurrence(row.local_date, row.due_at)

    async def settle(self, prompt_id: str, status: PromptStatus) -> bool:
        """End a sent prompt without an entry (skipped). False if it had already ended.

        `sending` counts as sent: a tap can overtake `mark_sent`.
        """
        return await self._end(prompt_id, status, [PromptStatus.SENDING, PromptStatus.SENT])

    async def _end(self, prompt_id: str, status: PromptStatus, before: Sequence[PromptStatus]) -> bool:
        ended = await self._db.run(
            update(prompts)
            .where(prompts.c.id == prompt_id, prompts.c.status.in_(before))
            .values(status=status, lease_until=None)
        )
        return ended > 0


def _prompt(row: Row[Any]) -> Prompt:
    return Prompt(
        row.id,
        row.plan_id,
        row.member_id,
        row.local_date,
        row.due_at,
        PromptStatus(row.status),
        row.scheduled,
        row.message_id,
    )


async def _claim(connection: AsyncConnection, claim: _Claim) -> _Batch:
    rows = (await connection.execute(_CLAIMABLE, {"now": claim.now, "limit": claim.limit})).all()
    late = {row.id for row in rows if row.due_at < claim.stale_before or row.stopped_at is not None}
    taken = [row for row in rows if row.id not in late]
    if late:
        missed = update(prompts).where(prompts.c.id.in_(late))
        await connection.execute(missed.values(status=PromptStatus.MISSED, lease_until=None))
    if taken:
        sending = update(prompts).where(prompts.c.id.in_([row.id for row in taken]))
        await connection.execute(
            sending.values(status=PromptStatus.SENDING, lease_until=claim.lease_until, attempts=prompts.c.attempts + 1)
        )
    if following := [asdict(_following(row, claim.now)) for row in rows if _opens_the_next(row)]:
        await connection.execute(insert(connection, prompts).on_conflict_do_nothing(), following)
    return _Batch([_delivery(row) for row in taken], len(late))


def _opens_the_next(row: Row[Any]) -> bool:
    """A prompt claimed for the second time did so the first time; a stopped plan has no next."""
    return row.status == PromptStatus.DUE and row.scheduled and row.stopped_at is None


def _following(row: Row[Any], now: datetime) -> Prompt:
    coming = schedule_of(row).after(now, zones.ZoneInfo(row.zone), not_before=row.local_date + timedelta(days=1))
    return due_prompt(row.plan_id, row.member_id, next(coming))


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery(replace(_prompt(row), status=PromptStatus.SENDING), row.dm_channel_id)
