"""Snoozes: how far a prompt can be put off with one tap, by the member's own clock."""

from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

EVENING = time(20)
MORNING = time(9)
FURTHEST = timedelta(days=7)
"""A prompt put off for longer is better skipped: the answer would be about another week."""


class Snooze(StrEnum):
    """The choices beside a time of one's own."""

    MINUTES = "10-minutes"
    HOUR = "1-hour"
    TONIGHT = "tonight"
    TOMORROW = "tomorrow"

    @property
    def label(self) -> str:
        return {"10-minutes": "10 minutes", "1-hour": "1 hour"}.get(self.value, self.value.capitalize())

    def until(self, now: datetime, zone: ZoneInfo) -> datetime:
        """The instant (UTC) it leads to; for tonight one that may have passed."""
        here = now.astimezone(zone)
        match self:
            case Snooze.MINUTES:
                return now + timedelta(minutes=10)
            case Snooze.HOUR:
                return now + timedelta(hours=1)
            case Snooze.TONIGHT:
                return datetime.combine(here.date(), EVENING, tzinfo=zone).astimezone(UTC)
            case Snooze.TOMORROW:
                return datetime.combine(here.date() + timedelta(days=1), MORNING, tzinfo=zone).astimezone(UTC)
