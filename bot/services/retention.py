"""Retention: once a day, what was kept for as long as it may be is forgotten. `bot.domain.lifetimes` says how long."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog

from bot.domain.lifetimes import EVENTS, NOTICE, TOMBSTONES, UNANSWERED_PROMPTS, Lifetimes
from bot.domain.members import Member
from bot.services.pace import Pace
from bot.services.ports import (
    Clock,
    EntryStore,
    Held,
    Herald,
    MemberStore,
    PromptStore,
    ServerLogs,
    StateStore,
    TokenRefused,
    TombstoneStore,
)

EVERY = timedelta(days=1)
DONE = "retention done"

AT_ONCE = 500
"""Rows deleted in one transaction: some milliseconds in which nobody else writes."""

MEMBERS_AT_ONCE = 50

log = structlog.get_logger()

Purge = Callable[[datetime, str, int], Awaitable[tuple[int, str | None]]]


class RetentionService:
    """The daily job. Every step may be repeated: one that was broken off is done again from its beginning."""

    def __init__(
        self,
        clock: Clock,
        lifetimes: Lifetimes,
        state: StateStore,
        members: MemberStore,
        prompts: PromptStore,
        entries: EntryStore,
        logs: ServerLogs,
        tombstones: TombstoneStore,
        herald: Herald,
        pace: Pace,
    ) -> None:
        self._clock = clock
        self._lifetimes = lifetimes
        self._state = state
        self._members = members
        self._prompts = prompts
        self._entries = entries
        self._logs = logs
        self._tombstones = tombstones
        self._herald = herald
        self._pace = pace

    async def run_if_due(self) -> None:
        """Run when the last time was a day ago or longer, or never; or when the clock has been put back since."""
        last, now = await self._state.get(DONE), self._clock.now()
        if last is None or not timedelta() <= now - datetime.fromisoformat(last) < EVERY:
            await self.run()
            await self._state.put(DONE, now.isoformat())

    async def run(self) -> None:
        """Forget what is over, erase whom nothing reaches any more, and tell those whose turn comes next."""
        now = self._clock.now()
        prompts = await _all(self._prompts.purge, now - UNANSWERED_PROMPTS)
        entries = await _all(self._entries.purge, now - self._lifetimes.entries)
        erased = await self._erase_lost(now)
        told = await self._tell_lost(now)
        log.info(
            "retention",
            entries=entries,
            prompts=prompts,
            erased=erased,
            told=told,
            log_lines=await self._logs.purge_events(now - EVENTS),
            tombstones=await self._tombstones.purge(now - TOMBSTONES),
        )

    async def _erase_lost(self, now: datetime) -> int:
        """Those who were told long enough ago. Deleted accounts end here too: what Discord says of them is the same."""
        count, after = 0, -1
        while lost := await self._members.lost(
            now - self._lifetimes.unreachable, MEMBERS_AT_ONCE, after, warned_before=now - NOTICE
        ):
            after = lost[-1].id
            for member in lost:
                count += await self._erase(member)
        return count

    async def _erase(self, member: Member) -> bool:
        as_now = await self._members.get(member.id)
        if as_now is None or as_now.unreachable_since is None:  # back since the look
            return False
        return bool(await self._members.erase(member.id, self._clock.now()))

    async def _tell_lost(self, now: datetime) -> int:
        """One message each, tried once: it is noted before it is sent, so that nobody gets it twice."""
        count, after = 0, -1
        while lost := await self._members.lost(now - self._lifetimes.unreachable, MEMBERS_AT_ONCE, after):
            after = lost[-1].id
            for member in lost:
                if await self._members.warn(member.id, now):
                    count += 1
                    if not await self._tell(member, now):
                        return count - 1
        return count

    async def _tell(self, member: Member, now: datetime) -> bool:
        """False if Discord takes no message from us at all just now: then nobody is told today."""
        await self._pace.wait()
        outcome = await self._herald.tell_leaving(member, now + NOTICE)
        if isinstance(outcome, Held | TokenRefused):
            await self._members.warn(member.id, None)
            return False
        return True


async def _all(purge: Purge, before: datetime) -> int:
    """Part after part, letting others write between them."""
    count, after = await purge(before, "", AT_ONCE)
    while after is not None:
        await asyncio.sleep(0)
        more, after = await purge(before, after, AT_ONCE)
        count += more
    return count
