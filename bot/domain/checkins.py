"""Check-ins: what a member agrees to, what they are asked, and what they answer."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from bot.domain.cards import Frozen

CONSENT_VERSION = 3
"""Raised whenever the meaning of the consent text changes: who agreed to an earlier one is asked at the next thing they
do, and reads what is new (`bot.chat.ui.consent`)."""

NOTE_LIMIT = 4000
"""Characters in a note: as many as a Discord modal can carry."""

PAIN = "pain"
QuestionKey = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=40)]


def new_id() -> str:
    """A random id of 16 characters: fits a Discord nonce (25) and leaves room in a custom_id (100)."""
    return secrets.token_hex(8)


class PromptStatus(StrEnum):
    """The life of a prompt: due, sending, sent, and then one of the ends.

    An expired one can still be answered (late); one that was put off goes on in another prompt.
    """

    DUE = "due"
    SENDING = "sending"
    SENT = "sent"
    ANSWERED = "answered"
    SKIPPED = "skipped"
    SNOOZED = "snoozed"
    EXPIRED = "expired"
    MISSED = "missed"
    UNDELIVERABLE = "undeliverable"


class PromptKind(StrEnum):
    """Where a prompt comes from: the schedule, the member themselves, a snooze, or the one nudge about another."""

    SCHEDULED = "scheduled"
    OWN = "own"
    SNOOZE = "snooze"
    NUDGE = "nudge"


class EntryKind(StrEnum):
    """How a member answered: "same" and "unwell" are answers of their own, not gaps."""

    ANSWERED = "answered"
    SAME = "same"
    UNWELL = "unwell"


@dataclass(frozen=True)
class Prompt:
    """One occurrence of a plan; `plan_id`, `local_date` and `slot` say which if it is a scheduled one.

    The local date of any other is that of the prompt it goes back to (`about`: the one put off, or the one the nudge
    is for), or the day it is about if the member started it on their own.
    """

    id: str
    plan_id: str
    member_id: int
    local_date: date
    due_at: datetime
    status: PromptStatus
    kind: PromptKind = PromptKind.SCHEDULED
    slot: int = 0
    about: str | None = None
    expires_at: datetime | None = None
    message_id: int | None = None


@dataclass(frozen=True)
class Delivery:
    """A claimed prompt and where it goes: the dispatcher's unit of work until `lease_until`.

    `attempt` counts from 1; one that is not `fresh` is too old to be sent and is only looked for.
    """

    prompt: Prompt
    channel_id: int
    attempt: int
    lease_until: datetime
    fresh: bool = True

    @property
    def sign(self) -> str:
        """What the controls of the message carry: for a nudge the id of the prompt that it is about."""
        return self.prompt.about or self.prompt.id if self.prompt.kind is PromptKind.NUDGE else self.prompt.id


class Answers(Frozen):
    """What a member told us, each part optional: scores and other numbers by question key, and a note."""

    values: Mapping[QuestionKey, float] = Field(default_factory=dict[str, float])
    note: Annotated[str, Field(max_length=NOTE_LIMIT)] | None = None

    @property
    def pain(self) -> float | None:
        """The one-tap question, from 0 (none) to 10 (worst imaginable)."""
        return self.values.get(PAIN)


@dataclass(frozen=True)
class Entry:
    """A member's answers, tied to the prompt they came from: one entry a prompt.

    `late` says that they came after the time for answering, or for a day that had passed.
    """

    id: str
    member_id: int
    prompt_id: str
    local_date: date
    recorded_at: datetime
    kind: EntryKind
    answers: Answers
    late: bool = False


def tidy(note: str | None) -> str | None:
    """A note without what no storage takes (NUL, halves of characters); None if nothing is left to keep."""
    if note is None:
        return None
    kept = note.encode("utf-8", "ignore").decode("utf-8").replace("\0", "").strip()
    return kept or None
