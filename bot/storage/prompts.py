"""Prompts: claimed with a lease, sent once, and never gone without a mark."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Row, bindparam, case, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain import zones
from bot.domain.checkins import Delivery, EntryKind, Prompt, PromptKind, PromptStatus, new_id
from bot.domain.condition import Backlog
from bot.domain.journal import PastPrompt
from bot.domain.plans import NUDGE_AFTER, Timetable
from bot.domain.schedules import Key
from bot.storage.engine import Database, columns_of, insert
from bot.storage.plans import last_key, scheduled_prompt, timetable_of
from bot.storage.tables import DUE, NEXT, UNANSWERED, WAITING, entries, members, plans, prompts

ANSWERABLE = (PromptStatus.SENDING, PromptStatus.SENT, PromptStatus.EXPIRED)

DISCORD_EPOCH = datetime(2015, 1, 1, tzinfo=UTC)
"""Where the milliseconds in the upper bits of Discord's ids begin."""

STILL_OPEN = (PromptStatus.DUE, PromptStatus.SENDING)

MOST_MISSED = 100
"""Rows for what a plan missed while the bot was off; older dates get none."""

_TIMETABLE = (plans.c.schedule, plans.c.paused_until, plans.c.eased_until, plans.c.answer_minutes, plans.c.nudge)
"""What `timetable_of` reads."""

# The member and plan rows are locked too (SQLite locks everything anyway): who changes a plan or erases a member waits
# for this claim and then sees the prompt it added, or is passed over by it.
_CLAIMABLE = (
    select(prompts, *_TIMETABLE, plans.c.stopped_at, members.c.zone, members.c.dm_channel_id)
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

MOVED_AT_ONCE = 1000

_MOVABLE = (
    select(prompts, *_TIMETABLE, members.c.zone)
    .join(plans, plans.c.id == prompts.c.plan_id)
    .join(members, members.c.id == prompts.c.member_id)
    .where(NEXT, prompts.c.id > bindparam("after"))
    .order_by(prompts.c.id)
    .limit(bindparam("limit"))
    .with_for_update(of=prompts)
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
    passed_over: int
    missed: int


class PromptStore:
    """`missed` counts the prompts that were given up through this object."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self.missed = 0

    async def claim_due(
        self, now: datetime, lease_until: datetime, stale_before: datetime, limit: int
    ) -> Sequence[Delivery]:
        """Take up to `limit` prompts that are due, or whose lease has run out, and mark them `sending`.

        An empty answer means that nothing is due: batches in which everything was stale are passed over. What a plan
        missed while the bot was off becomes `missed` too, up to `MOST_MISSED` rows: of several that are overdue, the
        one that is due after `stale_before` is sent, and no other.
        """
        claim = partial(_claim, claim=_Claim(now, lease_until, stale_before, limit))
        while True:
            batch = await self._db.write(claim)
            self.missed += batch.missed
            if batch.deliveries or not batch.passed_over:
                return batch.deliveries

    async def mark_sent(self, prompt_id: str, message_id: int | None) -> None:
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

    async def mark_missed(self, prompt_id: str) -> None:
        self.missed += await self._end(prompt_id, PromptStatus.MISSED, [PromptStatus.SENDING])

    async def move_with_zones(self, after: str) -> tuple[int, str | None]:
        """Recompute when the scheduled prompts that are due stand in UTC, for a part of them: those after that id.

        Each keeps its row, and so its local date and slot: none is doubled or lost. Returns how many moved, and the id
        to go on from; None at the end.
        """
        return await self._db.write(partial(_move, after=after))

    async def add(self, prompt: Prompt) -> None:
        """Store a prompt a member started on their own."""
        await self._db.run(prompts.insert().values(columns_of(prompt)))

    async def get(self, prompt_id: str) -> Prompt | None:
        row = await self._db.row(select(prompts).where(prompts.c.id == prompt_id))
        return None if row is None else _prompt(row)

    async def history(self, member_id: int, limit: int) -> Sequence[PastPrompt]:
        """The member's latest prompts that are past being due, newest first, and how they ended."""
        earlier = prompts.alias("earlier")
        rows = await self._db.rows(
            select(prompts, entries.c.kind.label("answered"), entries.c.late, earlier.c.due_at.label("put_off_from"))
            .outerjoin(entries, entries.c.prompt_id == prompts.c.id)
            .outerjoin(earlier, earlier.c.id == prompts.c.about)
            .where(prompts.c.member_id == member_id, prompts.c.kind != PromptKind.NUDGE)
            .where(prompts.c.status != PromptStatus.DUE)
            .order_by(prompts.c.due_at.desc())
            .limit(limit)
        )
        return [_past(row) for row in rows]

    async def next_due(self) -> datetime | None:
        """When the soonest prompt is due, over all members that can be reached."""
        soonest = select(prompts.c.due_at).where(WAITING, DUE).order_by(prompts.c.due_at).limit(1)
        row = await self._db.row(soonest)
        return None if row is None else row.due_at

    async def backlog(self, now: datetime) -> Backlog:
        """What waits to be sent, over all members that can be reached."""
        overdue = func.count().filter(prompts.c.due_at <= now)
        row = await self._db.row(select(func.count().label("waiting"), overdue.label("overdue")).where(WAITING))
        oldest = await self._db.row(
            select(prompts.c.due_at).where(WAITING, prompts.c.due_at <= now).order_by(prompts.c.due_at).limit(1)
        )
        return Backlog(row.waiting if row else 0, row.overdue if row else 0, oldest.due_at if oldest else None)

    async def last_key(self, plan_id: str) -> Key | None:
        """Which of the plan's scheduled prompts was the latest that is no longer merely due: it gets no second one."""
        return await self._db.read(partial(last_key, plan_id=plan_id))

    async def settle(self, prompt_id: str, status: PromptStatus) -> bool:
        """End a prompt without an entry (skipped, or a reminder that is done). False if it had already ended.

        `sending` counts as sent: a tap can overtake `mark_sent`.
        """
        return await self._end(prompt_id, status, ANSWERABLE)

    async def put_off(self, prompt_id: str, later: Prompt) -> bool:
        """Let another prompt take the place of this one. False, and nothing done, if it is gone or has ended."""
        put_off = update(prompts).where(prompts.c.id == prompt_id, prompts.c.status.in_(ANSWERABLE))
        # On PostgreSQL an erasure of the member waits for this, instead of each waiting for the other.
        staying = select(members.c.id).where(members.c.id == later.member_id).with_for_update(read=True, key_share=True)

        async def work(connection: AsyncConnection) -> bool:
            await connection.execute(staying)
            ended = await connection.execute(put_off.values(status=PromptStatus.SNOOZED, lease_until=None))
            if ended.rowcount:
                await connection.execute(prompts.insert().values(columns_of(later)))
            return ended.rowcount > 0

        return await self._db.write(work)

    async def expire(self, now: datetime) -> int:
        """Close what was not answered in time; answers are still taken, as late ones. Returns how many."""
        over = update(prompts).where(UNANSWERED, prompts.c.expires_at <= now)
        return await self._db.run(over.values(status=PromptStatus.EXPIRED))

    async def purge(self, before: datetime, after: str, limit: int) -> tuple[int, str | None]:
        """Forget prompts that were due before and have ended without an entry, for a part of them: those after that id.

        Returns how many that were, and the id to go on from; None at the end.
        """
        answered = select(entries.c.id).where(entries.c.prompt_id == prompts.c.id).exists()
        over = prompts.c.due_at < before, prompts.c.status.not_in(STILL_OPEN), ~answered
        old = select(prompts.c.id).where(prompts.c.id > after, *over).order_by(prompts.c.id).limit(limit)
        rows = await self._db.rows(old)  # a reader looks, so that nobody waits
        gone = delete(prompts).where(prompts.c.id.in_([row.id for row in rows]), *over)
        count = await self._db.run(gone) if rows else 0
        return count, rows[-1].id if len(rows) == limit else None

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
        PromptKind(row.kind),
        row.slot,
        row.about,
        row.expires_at,
        row.message_id,
    )


def _past(row: Row[Any]) -> PastPrompt:
    return PastPrompt(
        row.plan_id,
        row.local_date,
        row.due_at,
        PromptStatus(row.status),
        PromptKind(row.kind),
        None if row.message_id is None else DISCORD_EPOCH + timedelta(milliseconds=row.message_id >> 22),
        row.put_off_from,
        None if row.answered is None else EntryKind(row.answered),
        bool(row.late),
    )


async def _claim(connection: AsyncConnection, claim: _Claim) -> _Batch:
    rows = (await connection.execute(_CLAIMABLE, {"now": claim.now, "limit": claim.limit})).all()
    idle = await _idle_nudges(connection, rows)
    untried = [row for row in rows if row.status == PromptStatus.DUE and row.id not in idle]
    late = {row.id for row in untried if row.due_at < claim.stale_before or row.stopped_at is not None}
    taken = [row for row in rows if row.id not in late | idle]
    if idle:
        await connection.execute(delete(prompts).where(prompts.c.id.in_(idle)))
    if late:
        missed = update(prompts).where(prompts.c.id.in_(late))
        await connection.execute(missed.values(status=PromptStatus.MISSED, lease_until=None))
    if taken:
        sending = update(prompts).where(prompts.c.id.in_([row.id for row in taken]))
        await connection.execute(
            sending.values(status=PromptStatus.SENDING, lease_until=claim.lease_until, attempts=prompts.c.attempts + 1)
        )
    new = [prompt for row in untried for prompt in _following(row, claim)]
    if new:
        values = [columns_of(prompt) for prompt in new]
        await connection.execute(insert(connection, prompts).on_conflict_do_nothing(), values)
    missed_later = sum(prompt.status is PromptStatus.MISSED for prompt in new)
    return _Batch([_delivery(row, claim) for row in taken], len(rows) - len(taken), len(late) + missed_later)


async def _idle_nudges(connection: AsyncConnection, rows: Sequence[Row[Any]]) -> set[str]:
    """The nudges among these rows that the plan does not want any more, or whose prompt does not wait for an answer."""
    nudges = {row.id: row.about for row in rows if row.kind == PromptKind.NUDGE}
    if not nudges:
        return set()
    open_ones = select(prompts.c.id).where(prompts.c.id.in_(nudges.values()), prompts.c.status == PromptStatus.SENT)
    still_open = set((await connection.execute(open_ones)).scalars())
    return {
        row.id
        for row in rows
        if row.id in nudges and not (row.about in still_open and timetable_of(row).nudges(row.local_date))
    }


def _following(row: Row[Any], claim: _Claim) -> Iterator[Prompt]:
    """What a prompt claimed for the first time makes: a nudge about it, and the plan's next one."""
    if row.stopped_at is not None or row.kind not in (PromptKind.SCHEDULED, PromptKind.SNOOZE):
        return
    timetable, fresh = timetable_of(row), row.due_at >= claim.stale_before
    nudge_at = claim.now + NUDGE_AFTER
    if fresh and timetable.nudges(row.local_date) and (row.expires_at is None or nudge_at < row.expires_at):
        yield _nudge(row, nudge_at)
    if row.kind == PromptKind.SCHEDULED:
        yield from _scheduled_after(row, timetable, claim.now if fresh else claim.stale_before)


def _nudge(about: Row[Any], at: datetime) -> Prompt:
    place = about.plan_id, about.member_id, about.local_date
    return Prompt(new_id(), *place, at, PromptStatus.DUE, PromptKind.NUDGE, about=about.id)


def _scheduled_after(row: Row[Any], timetable: Timetable, over: datetime) -> list[Prompt]:
    """The plan's prompts that follow this one: missed ones up to `over`, and the next that is due after it."""
    later = timetable.after(row.due_at, zones.ZoneInfo(row.zone), past=(row.local_date, row.slot))
    missed: deque[Prompt] = deque(maxlen=MOST_MISSED)
    for occurrence in later:
        if occurrence.due_at > over:
            return [*missed, scheduled_prompt(row.plan_id, row.member_id, timetable, occurrence)]
        missed.append(scheduled_prompt(row.plan_id, row.member_id, timetable, occurrence, PromptStatus.MISSED))
    return list(missed)


def _delivery(row: Row[Any], claim: _Claim) -> Delivery:
    prompt = replace(_prompt(row), status=PromptStatus.SENDING)
    fresh = row.due_at >= claim.stale_before
    return Delivery(prompt, row.dm_channel_id, row.attempts + 1, claim.lease_until, fresh)


async def _move(connection: AsyncConnection, after: str) -> tuple[int, str | None]:
    rows = (await connection.execute(_MOVABLE, {"after": after, "limit": MOVED_AT_ONCE})).all()
    moved = 0
    for row in rows:
        now_at = {
            each.slot: each.due_at for each in timetable_of(row).schedule.on(row.local_date, zones.ZoneInfo(row.zone))
        }
        due_at = now_at.get(row.slot, row.due_at)
        if due_at != row.due_at:
            moved += 1
            later = update(prompts).where(prompts.c.id == row.id)
            expires_at = row.expires_at and row.expires_at + (due_at - row.due_at)
            await connection.execute(later.values(due_at=due_at, expires_at=expires_at))
    return moved, rows[-1].id if len(rows) == MOVED_AT_ONCE else None
