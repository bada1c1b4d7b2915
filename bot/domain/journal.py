"""A member's journal: what they marked, and what became of each prompt."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bot.domain.checkins import EntryKind, PromptKind, PromptStatus
from bot.domain.schedules import DAY_NAMES
from bot.domain.trends import Flare, Mark
from bot.errors import UserError

BACKDATE_DAYS = 14
"""How far back a check-in may be added: memory of pain is worth little beyond that."""

MOST_DAYS_AHEAD = 366

_AGO = re.compile(r"(\d{1,2}) days? ago")
_AHEAD = re.compile(r"(?:in )?(\d{1,3}) (day|week)s?")
_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")


@dataclass(frozen=True)
class TreatmentMark:
    """A treatment as it is stored."""

    id: str
    member_id: int
    mark: Mark


@dataclass(frozen=True)
class FlareMark:
    """A flare as it is stored."""

    id: str
    member_id: int
    mark: Flare


@dataclass(frozen=True)
class PastPrompt:
    """What became of one prompt.

    `sent_at` is when Discord took it, `put_off_from` when the prompt that was snoozed had been due, `answered` how it
    was answered, if it was; `late` says that the answer came after its time.
    """

    plan_id: str
    local_date: date
    due_at: datetime
    status: PromptStatus
    kind: PromptKind
    sent_at: datetime | None = None
    put_off_from: datetime | None = None
    answered: EntryKind | None = None
    late: bool = False


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


def parse_coming_day(text: str, today: date) -> date:
    """A day that is still to come: `tomorrow`, `Friday`, `in 5 days`, `in 2 weeks`, `2026-12-01`.

    Raises:
        UserError: it is no day, is not after today, or lies more than `MOST_DAYS_AHEAD` ahead.
    """
    day = _coming_day(" ".join(text.casefold().split()), today)
    if day is None:
        raise UserError(
            "I could not read that day. Try: tomorrow, Friday, in 5 days, or a date such as "
            f"{today + timedelta(days=10)}."
        )
    if not today < day <= today + timedelta(days=MOST_DAYS_AHEAD):
        raise UserError(f"Please choose a day from tomorrow on, at most {MOST_DAYS_AHEAD} days ahead.")
    return day


def _day(wanted: str, today: date) -> date | None:
    if wanted in {"today", "yesterday"}:
        return today - timedelta(days=wanted == "yesterday")
    if ago := _AGO.fullmatch(wanted):
        return today - timedelta(days=int(ago[1]))
    return _written_day(wanted)


def _coming_day(wanted: str, today: date) -> date | None:
    if wanted in {"today", "tomorrow"}:
        return today + timedelta(days=wanted == "tomorrow")
    if ahead := _AHEAD.fullmatch(wanted):
        return today + timedelta(days=int(ahead[1]) * (7 if ahead[2] == "week" else 1))
    for number, name in enumerate(DAY_NAMES):
        if wanted in {name.casefold(), name.casefold()[:3]}:
            return today + timedelta(days=(number - today.weekday() - 1) % 7 + 1)
    return _written_day(wanted)


def _written_day(wanted: str) -> date | None:
    if written := _DATE.fullmatch(wanted):
        try:
            return date(*map(int, written.groups()))
        except ValueError:
            return None
    return None
