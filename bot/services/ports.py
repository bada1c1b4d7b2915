"""What the use-cases need from the outside, as Protocols. `bot.storage` and `bot.chat` satisfy them by structure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from bot.domain.catalog import Catalog
from bot.domain.checkins import Delivery, Entry, Prompt, PromptStatus
from bot.domain.found import ClaimMatch, NameMatch, Passage
from bot.domain.journal import FlareMark, PastPrompt, TreatmentMark
from bot.domain.lifetimes import Holdings
from bot.domain.members import Member, Preferences
from bot.domain.plans import Plan
from bot.domain.rights import Account, Record
from bot.domain.schedules import Key
from bot.domain.trends import Appointment, Diary, Trend


class Clock(Protocol):
    """The only source of the present."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...


@dataclass(frozen=True)
class Delivered:
    """Discord has the message. The id is None if Discord only said that it had been there."""

    message_id: int | None


@dataclass(frozen=True)
class Unreachable:
    """Discord refused for a reason that trying again does not mend: closed DMs, no shared server, gone."""

    reason: str


@dataclass(frozen=True)
class Uncertain:
    """No clear answer: the message may or may not have arrived. `server_fault` says whose fault that was."""

    reason: str
    server_fault: bool = False


@dataclass(frozen=True)
class Held:
    """Discord wants no request at all for so many seconds."""

    seconds: float
    reason: str


@dataclass(frozen=True)
class TokenRefused:
    """Discord does not take the token any more."""


Outcome = Delivered | Unreachable | Uncertain | Held | TokenRefused


class Messenger(Protocol):
    """Sends prompts to members. Neither method raises."""

    async def send_prompt(self, delivery: Delivery, plan: Plan) -> Outcome:
        """Post the prompt to its channel, with the prompt's id as nonce and in every custom_id."""
        ...

    async def look_for(self, delivery: Delivery) -> Outcome | None:
        """Whether the prompt is in its channel already: `Delivered`; None if it is not; or why that is not known."""
        ...


class Herald(Protocol):
    """Tells members what no plan of theirs is about. It does not raise."""

    async def tell_leaving(self, member: Member, on: datetime) -> Outcome:
        """Say in their stored DM channel that everything of theirs is erased then, unless they come back."""
        ...


class Budget(Protocol):
    """A pace that several processes keep together."""

    async def reserve(self, count: int, rate: float) -> float:
        """Take the next `count` turns of `rate` a second; returns the seconds until the first of them."""
        ...


class MemberStore(Protocol):
    async def get(self, member_id: int) -> Member | None: ...

    async def preferences(self, member_id: int) -> Preferences:
        """How the member wants to be treated; the usual way for one who never said."""
        ...

    async def set_preferences(self, member_id: int, preferences: Preferences) -> None: ...

    async def set_unreachable(self, member_id: int, since: datetime | None) -> None:
        """Pause (a time) or resume (None) everything scheduled for this member."""
        ...

    async def unreachable(self) -> frozenset[int]:
        """Everybody whose DMs turned us away."""
        ...

    async def set_dm_channel(self, member_id: int, channel_id: int) -> None: ...

    async def agree(self, member_id: int, version: int, at: datetime) -> None:
        """The member agreed to that version of the consent."""
        ...

    async def lost(
        self, since: datetime, limit: int, after: int, *, warned_before: datetime | None = None
    ) -> Sequence[Member]:
        """Members with a greater id than `after`, by id, who cannot be reached and have not checked in since then.

        Without `warned_before` those who were not told yet that they will be erased; with it those told before.
        """
        ...

    async def warn(self, member_id: int, at: datetime | None) -> bool:
        """Note that they are told now, or were not after all (None). False if it was noted before, or they are back."""
        ...

    async def erase(self, member_id: int, at: datetime | None = None) -> Holdings:
        """Delete the person with everything that is theirs alone, and their key; take their name off the rest.

        Returns how many rows of each kind that met; nothing if there was nothing.
        """
        ...


class HoldingStore(Protocol):
    """What all the tables have about one person, whether they opted in or not."""

    async def of(self, person_id: int) -> Holdings:
        """How many rows of each kind there are, without those of which there are none."""
        ...

    async def records(self, person_id: int) -> Sequence[Record]:
        """Every row about them with what can be read of it, except entries and marks."""
        ...


class ServerLogs(Protocol):
    async def purge_events(self, before: datetime) -> int:
        """Forget the lines of the servers' logs from before; returns how many."""
        ...


class TombstoneStore(Protocol):
    async def purge(self, before: datetime) -> int:
        """Forget who was erased before; returns how many."""
        ...


class PlanStore(Protocol):
    async def get(self, plan_id: str) -> Plan | None: ...

    async def of_member(self, member_id: int) -> Sequence[Plan]:
        """All plans of a member, the stopped ones too, in the order in which they were started."""
        ...

    async def save(self, member: Member, changed: Sequence[Plan], now: datetime) -> None:
        """Store member and plans, each plan with the next prompt that its timetable makes due after `now`.

        The member row is written over, and so is a plan with the same id. A local date that had its prompt gets no
        second one, whatever time or zone the plan had before.
        """
        ...

    async def stop(self, plan_id: str, at: datetime) -> None:
        """End the plan and forget its prompts that are still due. Entries stay."""
        ...


class PromptStore(Protocol):
    async def claim_due(
        self, now: datetime, lease_until: datetime, stale_before: datetime, limit: int
    ) -> Sequence[Delivery]:
        """Take up to `limit` prompts that are due, or whose lease has run out, and mark them `sending`.

        In the same transaction: each claimed prompt's plan gets its next due prompt, computed in the member's zone
        by `Timetable.after`, and the nudge about the claimed one if the plan has any; prompts due before
        `stale_before` that were never tried become `missed` instead of being returned (those that were tried are
        returned as not `fresh`); and nudges about something that was answered meanwhile vanish. Prompts of
        unreachable members stay as they are.
        """
        ...

    async def mark_sent(self, prompt_id: str, message_id: int | None) -> None:
        """Record delivery. An answer that arrived first is not overwritten."""
        ...

    async def mark_undeliverable(self, prompt_id: str) -> None: ...

    async def mark_missed(self, prompt_id: str) -> None: ...

    async def move_with_zones(self, after: str) -> tuple[int, str | None]:
        """Recompute when the scheduled prompts that are due stand in UTC, for a part of them: those after that id.

        Returns how many moved, and the id to go on from; None at the end.
        """
        ...

    async def add(self, prompt: Prompt) -> None:
        """Store a prompt a member started on their own."""
        ...

    async def get(self, prompt_id: str) -> Prompt | None: ...

    async def purge(self, before: datetime, after: str, limit: int) -> tuple[int, str | None]:
        """Forget prompts that were due before and have ended without an entry, for a part of them: those after that id.

        Returns how many that were, and the id to go on from; None at the end.
        """
        ...

    async def history(self, member_id: int, limit: int) -> Sequence[PastPrompt]:
        """The member's latest prompts that are past being due, newest first, and how they ended; no nudges."""
        ...

    async def next_due(self) -> datetime | None:
        """When the soonest prompt is due, over all members that can be reached."""
        ...

    async def last_key(self, plan_id: str) -> Key | None:
        """Which of the plan's scheduled prompts was the latest that is no longer merely due: it gets no second one."""
        ...

    async def settle(self, prompt_id: str, status: PromptStatus) -> bool:
        """End a prompt without an entry (skipped, or a reminder that is done). False if it had already ended."""
        ...

    async def put_off(self, prompt_id: str, later: Prompt) -> bool:
        """Let another prompt take the place of this one. False, and nothing done, if it had already ended."""
        ...

    async def expire(self, now: datetime) -> int:
        """Close what was not answered in time; answers are still taken, as late ones. Returns how many."""
        ...


class EntryStore(Protocol):
    async def record(self, entry: Entry) -> tuple[Entry, bool]:
        """Store the entry of a prompt and mark the prompt answered, in one transaction.

        Returns the entry that stands for this prompt, and whether it is this one: retries and double clicks find
        the first.
        """
        ...

    async def add_all(self, answered: Sequence[tuple[Prompt, Entry]]) -> None:
        """Store entries with the prompts they belong to, all or none: what a file brings back."""
        ...

    async def replace(self, entry: Entry) -> None:
        """Write new answers over an entry that exists."""
        ...

    async def of_prompt(self, prompt_id: str) -> Entry | None: ...

    async def latest(self, member_id: int, key: str) -> Entry | None:
        """The member's newest entry that answers the question with this key."""
        ...

    async def days(self, member_id: int, limit: int) -> Sequence[date]:
        """The latest days with an entry of any kind, newest first."""
        ...

    async def of_member(self, member_id: int) -> Sequence[Entry]:
        """Everything the member told us, in the order of the days it is about."""
        ...

    async def delete(self, entry: Entry) -> None:
        """Forget one entry; its prompt stays as skipped."""
        ...

    async def purge(self, before: datetime, after: str, limit: int) -> tuple[int, str | None]:
        """Forget entries that were written before, with their prompts, for a part of them: those after that id.

        Returns how many that were, and the id to go on from; None at the end.
        """
        ...


class MarkStore(Protocol):
    async def add(self, added: Sequence[TreatmentMark | FlareMark]) -> None:
        """Store new marks, all or none."""
        ...

    async def replace(self, mark: TreatmentMark | FlareMark) -> None: ...

    async def treatments(self, member_id: int) -> Sequence[TreatmentMark]:
        """The treatments a member marked, in the order of their starts."""
        ...

    async def flares(self, member_id: int) -> Sequence[FlareMark]:
        """The member's flares, in the order of their first days."""
        ...


class Press(Protocol):
    """Makes pictures and files of values, in memory and off the event loop."""

    async def chart(self, trend: Trend, *, dark: bool) -> bytes: ...

    async def appointment(self, page: Appointment) -> bytes: ...

    async def csv(self, diary: Diary) -> bytes: ...

    async def json(self, diary: Diary) -> bytes: ...

    async def account(self, account: Account) -> bytes:
        """Everything about a person that is not in their diary, as JSON."""
        ...

    async def fhir(self, diary: Diary) -> bytes: ...

    async def read_json(self, content: bytes) -> Diary:
        """The diary that `json` wrote.

        Raises:
            UserError: it is something else; the message says what.
        """
        ...

    def alt_text(self, trend: Trend) -> str:
        """What the chart shows, in at most 1,024 characters."""
        ...

    def table(self, trend: Trend) -> str:
        """The numbers in aligned columns, in at most 1,900 characters."""
        ...


class StateStore(Protocol):
    """A few facts about the bot itself that must survive a restart."""

    async def get(self, name: str) -> str | None: ...

    async def put(self, name: str, value: str) -> None: ...


class CardSearch(Protocol):
    """Finds cards by what people type."""

    def names(
        self, typed: str, *, topics: bool | None = None, limit: int = 25, popular: Mapping[str, int] = ...
    ) -> list[NameMatch]:
        """Cards whose names match, best first; nothing typed gives all, the most looked-up first."""
        ...

    def ask(self, question: str, limit: int = 5) -> list[Passage]:
        """Cards that cover the question, each with its best sentence; empty if none really does."""
        ...

    def claims(self, text: str, limit: int = 10) -> list[ClaimMatch]:
        """The claims that a text makes, best first; empty if it makes none of ours."""
        ...


class Catalogs(Protocol):
    """Whoever has the catalog as it is now."""

    @property
    def catalog(self) -> Catalog: ...


class Library(Catalogs, Protocol):
    """A catalog with the search over it: exchanged as one when the content changes."""

    @property
    def search(self) -> CardSearch: ...


class TallyStore(Protocol):
    """Counts without people: how often a card was looked up."""

    async def looked_up(self, counted: Mapping[str, int]) -> None:
        """Add to the counts: card id -> how often since the last time."""
        ...

    async def lookups(self) -> Mapping[str, int]:
        """Card id -> how often it was looked up."""
        ...
