"""Members: who opted in, and how they want to be treated."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field

from bot.domain.cards import Frozen

SAFETY_PLAN_LIMIT = 1000
HIGH_SCORE = 9
"""From this score of 10 on a member's safety plan is shown, unless they say otherwise."""


@dataclass(frozen=True)
class Member:
    """Someone who opted in. `zone` is an IANA name; `unreachable_since` is set while their DMs are closed to us."""

    id: int
    zone: str
    consent_version: int
    consented_at: datetime
    dm_channel_id: int
    unreachable_since: datetime | None = None


class QuietHours(Frozen):
    """No prompt from `start` to `end`, by the member's clock; over midnight if `end` is the earlier one."""

    start: time
    end: time

    def describe(self) -> str:
        return f"{self.start:%H:%M} to {self.end:%H:%M}"

    def covers(self, moment: time) -> bool:
        if self.start < self.end:
            return self.start <= moment < self.end
        return moment >= self.start or moment < self.end


class SafetyPlan(Frozen):
    """What the member wants to read when it is bad: their own words, and the services of the country they chose."""

    text: Annotated[str, Field(max_length=SAFETY_PLAN_LIMIT)] = ""
    country: str | None = None
    from_score: Annotated[int, Field(ge=0, le=10)] = HIGH_SCORE


class Preferences(Frozen):
    """How a member wants to be treated; all of it is sealed like an answer."""

    day_begins: time = time(3)
    quiet: QuietHours | None = None
    streaks: bool = False
    safety: SafetyPlan | None = None

    def day_of(self, moment: datetime, zone: ZoneInfo) -> date:
        """The day that an instant belongs to: before `day_begins` it is still the day before."""
        local = moment.astimezone(zone)
        return local.date() - timedelta(days=local.time() < self.day_begins)
