"""Which communities have work waiting, for beats that are cheap while there is none."""

import contextlib
from collections.abc import Generator
from datetime import datetime


class Waiting:
    """Marks set by events and taken by a beat. At the start everything waits: nobody knows what came before it."""

    def __init__(self) -> None:
        self._all = True
        self._guilds: set[int] = set()
        self._later: dict[int, datetime] = {}

    def mark(self, guild_id: int | None) -> None:
        """Something changed in a community, or for all of them (None)."""
        if guild_id is None:
            self._all = True
        else:
            self._guilds.add(guild_id)

    def mark_later(self, guild_id: int, at: datetime) -> None:
        """Look at this community again, and not before that time."""
        self._later[guild_id] = at

    @contextlib.contextmanager
    def take(self, now: datetime) -> Generator[frozenset[int] | None]:
        """The communities that wait, None for all, as waiting no more; they wait again if the work on them fails."""
        everything, guilds = self._all, self._guilds | {guild for guild, at in self._later.items() if at <= now}
        self._all, self._guilds = False, set()
        self._later = {} if everything else {guild: at for guild, at in self._later.items() if guild not in guilds}
        try:
            yield None if everything else frozenset(guilds)
        except BaseException:
            self._all = self._all or everything
            self._guilds |= guilds
            raise
