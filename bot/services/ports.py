"""What the use-cases need from the outside, as Protocols. `bot.storage` and `bot.chat` satisfy them by structure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.domain.catalog import Catalog
from bot.domain.checkins import Delivery, Entry, Member, Plan, Prompt, PromptStatus
from bot.domain.found import ClaimMatch, NameMatch, Passage
from bot.domain.journal import PastPrompt, TreatmentMark
from bot.domain.schedules import Occurrence
from bot.domain.trends import Appointment, Diary, Trend


class Clock(Protocol):
    """The only source of the present."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...


@dataclass(frozen=True)
class Delivered:
    """Discord has the message."""

    message_id: int


@dataclass(frozen=True)
class Unreachable:
    """Discord refused for a reason that trying again does not mend: closed DMs, no shared server, gone."""

    reason: str


@dataclass(frozen=True)
class Uncertain:
    """No clear answer: the message may or may not have arrived. Sending again with the same nonce is safe."""

    reason: str


Outcome = Delivered | Unreachable | Uncertain


class Messenger(Protocol):
    """Sends prompts to members."""

    async def send_prompt(self, delivery: Delivery) -> Outcome:
        """Post the prompt to its channel, with the prompt's id as nonce and in every custom_id. Does not raise."""
        ...


class MemberStore(Protocol):
    async def get(self, member_id: int) -> Member | None: ...

    async def set_unreachable(self, member_id: int, since: datetime | None) -> None:
        """Pause (a time) or resume (None) everything scheduled for this member."""
        ...

    async def set_dm_channel(self, member_id: int, channel_id: int) -> None: ...

    async def erase(self, member_id: int) -> bool:
        """Delete the member with everything that hangs off them, and their key. False if there was nothing."""
        ...


class PlanStore(Protocol):
    async def active(self, member_id: int) -> Plan | None: ...

    async def start(self, member: Member, plan: Plan, next_prompt: Prompt) -> None:
        """Store member, plan and its next due prompt in one transaction.

        The member row is written over (zone, consent, DM channel; reachable again). A plan with this id is written
        over too, and a prompt of it that is still due is replaced.
        """
        ...

    async def stop(self, plan_id: str, at: datetime) -> None:
        """End the plan and forget its prompt that is still due. Entries stay."""
        ...


class PromptStore(Protocol):
    async def claim_due(
        self, now: datetime, lease_until: datetime, stale_before: datetime, limit: int
    ) -> Sequence[Delivery]:
        """Take up to `limit` prompts that are due, or whose lease has run out, and mark them `sending`.

        In the same transaction: each claimed prompt's plan gets its next due prompt, computed in the member's zone
        by `Schedule.after`; and prompts due before `stale_before` that were never sent become `missed` instead of
        being returned. Prompts of unreachable members stay as they are.
        """
        ...

    async def mark_sent(self, prompt_id: str, message_id: int) -> None:
        """Record delivery. An answer that arrived first is not overwritten."""
        ...

    async def mark_undeliverable(self, prompt_id: str) -> None: ...

    async def add(self, prompt: Prompt) -> None:
        """Store a prompt a member started on their own."""
        ...

    async def get(self, prompt_id: str) -> Prompt | None: ...

    async def history(self, member_id: int, limit: int) -> Sequence[PastPrompt]:
        """The member's latest prompts that are past being due, newest first, and how they ended."""
        ...

    async def next_due(self) -> datetime | None:
        """When the soonest prompt is due, over all members that can be reached."""
        ...

    async def last_occurrence(self, plan_id: str) -> Occurrence | None:
        """The plan's latest scheduled prompt that is no longer merely due: its local date is used up."""
        ...

    async def settle(self, prompt_id: str, status: PromptStatus) -> bool:
        """End a sent prompt without an entry (skipped). False if it had already ended."""
        ...


class EntryStore(Protocol):
    async def record(self, entry: Entry) -> tuple[Entry, bool]:
        """Store the entry of a prompt and mark the prompt answered, in one transaction.

        Returns the entry that stands for this prompt, and whether it is this one: retries and double clicks find
        the first.
        """
        ...

    async def replace(self, entry: Entry) -> None:
        """Write new answers over an entry that exists."""
        ...

    async def of_prompt(self, prompt_id: str) -> Entry | None: ...

    async def latest(self, member_id: int) -> Entry | None:
        """The member's newest entry that has a pain score."""
        ...

    async def of_member(self, member_id: int) -> Sequence[Entry]:
        """Everything the member told us, in the order of the days it is about."""
        ...

    async def delete(self, entry: Entry) -> None:
        """Forget one entry; its prompt stays as skipped."""
        ...


class MarkStore(Protocol):
    async def add(self, mark: TreatmentMark) -> None: ...

    async def replace(self, mark: TreatmentMark) -> None: ...

    async def of_member(self, member_id: int) -> Sequence[TreatmentMark]:
        """The member's marks, in the order of their starts."""
        ...


class Press(Protocol):
    """Makes pictures and files of values, in memory and off the event loop."""

    async def chart(self, trend: Trend, *, dark: bool) -> bytes: ...

    async def appointment(self, page: Appointment) -> bytes: ...

    async def csv(self, diary: Diary) -> bytes: ...

    async def json(self, diary: Diary) -> bytes: ...

    async def fhir(self, diary: Diary) -> bytes: ...

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


class Library(Protocol):
    """A catalog with the search over it: exchanged as one when the content changes."""

    @property
    def catalog(self) -> Catalog: ...

    @property
    def search(self) -> CardSearch: ...


class TallyStore(Protocol):
    """Counts without people: how often a card was looked up, how often one was asked for."""

    async def looked_up(self, card_id: str) -> None: ...

    async def lookups(self) -> Mapping[str, int]:
        """Card id -> how often it was looked up."""
        ...

    async def requested(self, name: str) -> None: ...

    async def requests(self) -> Mapping[str, int]:
        """What cards were asked for -> how often."""
        ...
