"""The weekly digest: what waits in the queue, told once a week to curators who do not look."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from bot.domain.communities import Community, Feature
from bot.domain.curation import Event
from bot.services.curation.communities import Action
from bot.services.curation.ports import CommunityStore, Noticeboard
from bot.services.curation.queue import CurationQueue, Queue
from bot.services.ports import Clock

HOUR = 9
"""Of Monday, in UTC."""

CATCH_UP = timedelta(days=2)
"""For so long a digest that could not go out on Monday still does; then it waits for the next one."""

LINES = 5
"""Names shown below a heading."""


class Digests:
    """Use-case of the digest. What went out is in the database; what was empty is looked at once a week."""

    def __init__(self, clock: Clock, store: CommunityStore, queue: CurationQueue, noticeboard: Noticeboard) -> None:
        self._clock = clock
        self._store = store
        self._queue = queue
        self._noticeboard = noticeboard
        self._nothing_to_tell: dict[int, datetime] = {}

    async def send_due(self) -> int:
        """Post the digests of this week that have not gone out. Returns how many were posted."""
        now = self._clock.now()
        week = _monday(now)
        if not week <= now < week + CATCH_UP:
            return 0
        waiting = [each for each in await self._store.all() if self._wants_one(each)]
        return sum([await self._send(community, week) for community in waiting])

    def _wants_one(self, community: Community) -> bool:
        asked_for = community.curation_channel_id is not None and community.has(Feature.DIGEST)
        return asked_for and self._noticeboard.serves(community.guild_id)

    async def _send(self, community: Community, week: datetime) -> bool:
        guild_id = community.guild_id
        last = await self._store.digested_at(guild_id)
        if (last and last >= week) or self._nothing_to_tell.get(guild_id) == week:
            return False
        queue = await self._queue.of(guild_id)
        if queue.is_empty:
            self._nothing_to_tell[guild_id] = week
            return False
        placed = await self._noticeboard.post_digest(community, digest_of(queue), nonce_of(guild_id, week))
        if placed.gone:
            channel = str(community.curation_channel_id)
            await self._store.note(Event(guild_id, self._clock.now(), None, Action.DIGEST_FAILED, channel))
        if placed.done or placed.gone:
            await self._store.digested(guild_id, self._clock.now())
        return placed.done


def digest_of(queue: Queue) -> Mapping[str, Sequence[str]]:
    """How many under each heading that has any, with the first few names. What people typed is in the lines."""
    return {f"{heading}: {len(lines)}": _first(lines) for heading, lines in queue.lines().items() if lines}


def nonce_of(guild_id: int, week: datetime) -> str:
    """At most 25 characters, which is as many as Discord takes: the community and the week of the year."""
    year, number, _ = week.isocalendar()
    return f"{guild_id}-{year % 100:02}{number:02}"


def _first(lines: Sequence[str]) -> list[str]:
    shown = list(dict.fromkeys(lines))
    more = len(shown) - LINES
    return [*shown[:LINES], f"and {more} more"] if more > 0 else shown


def _monday(now: datetime) -> datetime:
    """The latest Monday at 09:00 UTC, which may be a week ago."""
    monday = now.replace(hour=HOUR, minute=0, second=0, microsecond=0) - timedelta(days=now.weekday())
    return monday if monday <= now else monday - timedelta(weeks=1)
