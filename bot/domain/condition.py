"""How the bot itself is doing: what is measured of it, and what of that means that it is not ready to work."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

LONGEST_RECONNECT = 30.0
"""Seconds. Discord asks for a new connection every few hours, and that takes a moment."""

LATE_AFTER = timedelta(minutes=5)
"""Prompts are promised within a minute or two."""

BACKUP_EVERY = timedelta(hours=26)
"""The daily one, and two hours for one that takes its time."""

FAILS_IN_A_ROW = 3
CARD_FILES = "card files"
"""The trouble that the files of the cards have a problem. It has no beat: those that are read well count."""


class State(StrEnum):
    FINE = "fine"
    STRAINED = "strained"
    """Somebody should look, and it works all the same."""

    RED = "red"
    """It does not do what members rely on."""


@dataclass(frozen=True)
class Signal:
    """One thing that is watched, in a sentence without anything about a member."""

    name: str
    state: State
    said: str


@dataclass(frozen=True)
class Backlog:
    """Prompts of all members together: those not sent yet, those of them that are due, and since when the oldest is."""

    waiting: int
    overdue: int
    oldest: datetime | None


@dataclass(frozen=True)
class Stored:
    """What the database answered. `missed` counts the prompts that this process gave up since it started."""

    kind: str
    size: int
    """Bytes, with the members' keys and the write-ahead log."""

    backlog: Backlog
    missed: int


@dataclass(frozen=True)
class Hold:
    """Sends are held back until then: some minutes, or for ever."""

    reason: str
    until: datetime


@dataclass(frozen=True)
class Condition:
    """Everything at one moment.

    `offline_for` is in seconds: 0 while connected, infinite before the first time, None where this process needs no
    gateway. `stored` is None if the database cannot be read. `failing` has how often each trouble came in a row.
    """

    at: datetime
    started: datetime
    version: str
    offline_for: float | None
    latency: float | None
    writable: bool
    stored: Stored | None
    hold: Hold | None
    cards: int
    content: str
    backs_up: bool
    backup: datetime | None
    failing: Mapping[str, int]

    @property
    def ready(self) -> bool:
        return all(signal.state is not State.RED for signal in self.signals)

    @property
    def signals(self) -> Sequence[Signal]:
        """What is red keeps the bot from its work; the rest is for somebody to look at."""
        lateness = [] if self.stored is None else [self._lateness(self.stored.backlog)]
        gateway = [] if self.offline_for is None else [self._gateway(self.offline_for)]
        return [*gateway, self._database(), self._delivery(), *lateness, self._backup(), self._content(), self._beats()]

    @property
    def late(self) -> timedelta:
        """How late the oldest overdue prompt is by now."""
        oldest = self.stored.backlog.oldest if self.stored else None
        return max(self.at - oldest, timedelta()) if oldest else timedelta()

    def _gateway(self, offline_for: float) -> Signal:
        if offline_for == 0:
            return Signal("gateway", State.FINE, "Connected.")
        if offline_for <= LONGEST_RECONNECT:
            return Signal("gateway", State.STRAINED, "Connecting again.")
        since = "" if offline_for == float("inf") else f" for {offline_for:.0f} s"
        return Signal("gateway", State.RED, f"Not connected{since}.")

    def _database(self) -> Signal:
        if self.stored is None:
            return Signal("database", State.RED, "It cannot be read.")
        if not self.writable:
            return Signal("database", State.RED, "It cannot be written: look at the disk. Nothing new is kept.")
        return Signal("database", State.FINE, f"{self.stored.kind} reads and writes.")

    def _delivery(self) -> Signal:
        if self.hold is None:
            return Signal("delivery", State.FINE, "Sends go out.")
        soon = self.hold.until - self.at < timedelta(days=1)
        until = f" until {self.hold.until:%H:%M:%S} UTC" if soon else ""
        return Signal("delivery", State.RED, f"Sends are held back{until}: {self.hold.reason}.")

    def _lateness(self, backlog: Backlog) -> Signal:
        late = f"{backlog.overdue} prompts are due, the oldest for {self.late.total_seconds():.0f} s."
        if self.late > LATE_AFTER:
            return Signal("lateness", State.STRAINED, late)
        return Signal("lateness", State.FINE, late if backlog.overdue else "No prompt is late.")

    def _backup(self) -> Signal:
        if not self.backs_up:
            return Signal("backup", State.FINE, "The daily one is switched off.")
        if self.backup is None:
            return Signal("backup", State.STRAINED, "There is none yet: spoonful backup create")
        old = self.at - self.backup > BACKUP_EVERY
        said = f"The last one is of {self.backup:%Y-%m-%d %H:%M} UTC."
        return Signal("backup", State.STRAINED if old else State.FINE, said)

    def _content(self) -> Signal:
        if CARD_FILES in self.failing:
            return Signal("content", State.STRAINED, "Files of cards have problems; the cards are as they were before.")
        return Signal("content", State.FINE, f"{self.cards} cards.")

    def _beats(self) -> Signal:
        failing = sorted(name for name, times in self.failing.items() if times >= FAILS_IN_A_ROW and name != CARD_FILES)
        if failing:
            return Signal("beats", State.STRAINED, f"These fail again and again: {', '.join(failing)}.")
        return Signal("beats", State.FINE, "What is done by the clock is done.")
