"""A member's journal: what they marked, and what became of each prompt."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bot.domain.checkins import EntryKind, PromptStatus
from bot.domain.trends import Mark
from bot.errors import UserError

BACKDATE_DAYS = 14
"""How far back a check-in may be added: memory of pain is worth little beyond that."""

_AGO = re.compile(r"(\d{1,2}) days? ago")
_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")


@dataclass(frozen=True)
class TreatmentMark:
    """A mark as it is stored."""

    id: str
    member_id: int
    mark: Mark


@dataclass(frozen=True)
class PastPrompt:
    """What became of one prompt: when it was meant to come, how it ended, and how it was answered if it was."""

    local_date: date
    due_at: datetime
    status: PromptStatus
    scheduled: bool
    answered: EntryKind | None = None


def parse_day(text: str, today: date) -> date:
    """A day as people type it: `today`, `yesterday`, `3 days ago`, `2026-11-20`.

    Raises:
        UserError: it is no day, is still to come, or lies more than `BACKDATE_DAYS` back.
    """
    wanted = " ".join(text.casefold().split())
    day = _day(wanted, today)
    if day is None:
        raise UserError("I could not read that day. Try: yesterday, 3 days ago, or a date such as 2026-11-20.")
    if not today - timedelta(days=BACKDATE_DAYS) <= day <= today:
        raise UserError(f"That works for today and the {BACKDATE_DAYS} days before it.")
    return day


def _day(wanted: str, today: date) -> date | None:
    if wanted in {"today", "yesterday"}:
        return today - timedelta(days=wanted == "yesterday")
    if ago := _AGO.fullmatch(wanted):
        return today - timedelta(days=int(ago[1]))
    if written := _DATE.fullmatch(wanted):
        try:
            return date(*map(int, written.groups()))
        except ValueError:
            return None
    return None
