"""Entries: what members answered, sealed before it reaches a table and opened only on the way out."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Delete, Row, Select, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.checkins import Answers, Entry, EntryKind, Prompt, PromptStatus
from bot.storage.engine import Database, columns_of, insert
from bot.storage.tables import DUE, entries, members, prompts
from bot.storage.vault import Vault

LOOK_BACK = 60
"""Entries looked through for a score to repeat."""


class EntryStore:
    """Every method that opens an entry raises `SealBroken` when it does not open."""

    def __init__(self, db: Database, vault: Vault) -> None:
        self._db = db
        self._vault = vault

    async def record(self, entry: Entry) -> tuple[Entry, bool]:
        """Store the entry of a prompt and mark the prompt answered, in one transaction.

        Returns the entry that stands for this prompt, and whether it is this one: retries and double clicks find
        the first.

        Raises:
            LookupError: the member has no such prompt, or not any more.
        """

        async def work(connection: AsyncConnection) -> Entry:
            if (await connection.execute(_holding(entry))).first() is None:
                raise LookupError("the prompt of this entry is gone")
            new = insert(connection, entries).values(await self._values(entry))
            await connection.execute(new.on_conflict_do_nothing())
            answered = update(prompts).where(prompts.c.id == entry.prompt_id)
            await connection.execute(answered.values(status=PromptStatus.ANSWERED, lease_until=None))
            await connection.execute(_still_to_come(entry))
            return await self._entry((await connection.execute(_of_prompt(entry.prompt_id))).one())

        standing = await self._db.write(work)
        return standing, standing.id == entry.id

    async def add_all(self, answered: Sequence[tuple[Prompt, Entry]]) -> None:
        """Store entries of one member with the prompts they belong to, all or none: what a file brings back.

        Raises:
            IntegrityError: the member or the plan of one of them is gone.
        """
        if not answered:
            return
        [member_id] = {entry.member_id for _, entry in answered}

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(prompts.insert(), [columns_of(prompt) for prompt, _ in answered])
            sealed = await self._vault.seal_all(member_id, [_plain(entry) for _, entry in answered])
            values = [_columns(entry, each) for (_, entry), each in zip(answered, sealed, strict=True)]
            await connection.execute(entries.insert(), values)

        await self._db.write(work)

    async def replace(self, entry: Entry) -> None:
        """Write new answers over an entry that exists.

        Raises:
            LookupError: it does not exist any more, so nothing was saved.
        """
        written = update(entries).where(entries.c.id == entry.id).values(await self._values(entry))
        if not await self._db.run(written):
            raise LookupError("the entry to write over is gone")

    async def of_prompt(self, prompt_id: str) -> Entry | None:
        row = await self._db.row(_of_prompt(prompt_id))
        return None if row is None else await self._entry(row)

    async def latest(self, member_id: int, key: str) -> Entry | None:
        """The member's newest entry that answers the question with this key."""
        newest_first = select(entries).where(entries.c.member_id == member_id).order_by(entries.c.recorded_at.desc())
        for row in await self._db.rows(newest_first.limit(LOOK_BACK)):
            entry = await self._entry(row)
            if key in entry.answers.values:
                return entry
        return None

    async def days(self, member_id: int, limit: int) -> Sequence[date]:
        """The latest days with an entry of any kind, newest first."""
        theirs = select(entries.c.local_date).where(entries.c.member_id == member_id).distinct()
        return [
            row.local_date for row in await self._db.rows(theirs.order_by(entries.c.local_date.desc()).limit(limit))
        ]

    async def of_member(self, member_id: int) -> Sequence[Entry]:
        """Everything the member told us, in the order of the days it is about."""
        ordered = select(entries).where(entries.c.member_id == member_id)
        rows = await self._db.rows(ordered.order_by(entries.c.local_date, entries.c.recorded_at))
        opened = await self._vault.open_all(member_id, [(_place(row.id), row.sealed) for row in rows])
        return [_opened(row, plaintext) for row, plaintext in zip(rows, opened, strict=True)]

    async def delete(self, entry: Entry) -> None:
        """Forget one entry. Its prompt stays as skipped, so that the day keeps its place in the history."""

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(delete(entries).where(entries.c.id == entry.id))
            ended = update(prompts).where(prompts.c.id == entry.prompt_id)
            await connection.execute(ended.values(status=PromptStatus.SKIPPED))

        await self._db.write(work)

    async def purge(self, before: datetime, after: str, limit: int) -> tuple[int, str | None]:
        """Forget entries that were written before, with their prompts, for a part of them: those after that id.

        Returns how many that were, and the id to go on from; None at the end.
        """
        old = select(entries.c.id, entries.c.prompt_id).where(entries.c.id > after, entries.c.recorded_at < before)
        rows = await self._db.rows(old.order_by(entries.c.id).limit(limit))  # a reader looks, so that nobody waits
        gone = delete(prompts).where(prompts.c.id.in_([row.prompt_id for row in rows]))
        count = await self._db.run(gone) if rows else 0
        if len(rows) < limit:
            await self._db.scrub()
        return count, rows[-1].id if len(rows) == limit else None

    async def _values(self, entry: Entry) -> dict[str, Any]:
        return _columns(entry, await self._vault.seal(entry.member_id, *_plain(entry)))

    async def _entry(self, row: Row[Any]) -> Entry:
        return _opened(row, await self._vault.open(row.member_id, _place(row.id), row.sealed))


def _opened(row: Row[Any], plaintext: bytes) -> Entry:
    answers = Answers.model_validate_json(plaintext)
    kind = EntryKind(row.kind)
    return Entry(row.id, row.member_id, row.prompt_id, row.local_date, row.recorded_at, kind, answers, row.late)


def _plain(entry: Entry) -> tuple[str, bytes]:
    """What of an entry is to be sealed, and for which place."""
    return _place(entry.id), entry.answers.model_dump_json(exclude_none=True).encode()


def _columns(entry: Entry, sealed: bytes) -> dict[str, Any]:
    return {
        "id": entry.id,
        "member_id": entry.member_id,
        "prompt_id": entry.prompt_id,
        "local_date": entry.local_date,
        "recorded_at": entry.recorded_at,
        "kind": entry.kind,
        "late": entry.late,
        "sealed": sealed,
    }


def _holding(entry: Entry) -> Select[Any]:
    """Finds the prompt, and on PostgreSQL makes an erasure of its member wait, or waits for it."""
    return (
        select(prompts.c.id)
        .join(members, members.c.id == prompts.c.member_id)
        .where(prompts.c.id == entry.prompt_id, members.c.id == entry.member_id)
        .with_for_update(read=True, key_share=True, of=members)
    )


def _still_to_come(entry: Entry) -> Delete:
    """A nudge about the prompt, or the one that it was put off to: not needed once it is answered."""
    answered = select(prompts.c.plan_id, prompts.c.about).where(prompts.c.id == entry.prompt_id).subquery()
    theirs = prompts.c.plan_id == select(answered.c.plan_id).scalar_subquery()
    about = prompts.c.about.in_([entry.prompt_id, select(answered.c.about).scalar_subquery()])
    return delete(prompts).where(theirs, about, DUE)


def _of_prompt(prompt_id: str) -> Select[Any]:
    return select(entries).where(entries.c.prompt_id == prompt_id)


def _place(entry_id: str) -> str:
    return f"entry:{entry_id}"
