"""When a plan is due: wall-clock time on chosen days in the member's zone, computed into UTC.

The rule for daylight saving is the one in `Schedule.due_on`: in a gap go later, in a fold take the first.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.errors import UserError

EVERY_DAY = frozenset(range(7))
WEEKDAYS = frozenset(range(5))
WEEKEND = frozenset({5, 6})
DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_DAY_GROUPS = {
    ("every day", "daily", "everyday", "all days"): EVERY_DAY,
    ("monday to friday", "weekdays", "mon-fri", "working days"): WEEKDAYS,
    ("weekends", "weekend", "at weekends", "saturday and sunday"): WEEKEND,
}

_TIME = re.compile(r"(?P<hour>\d{1,2})(?:[:.h]?(?P<minute>\d{2}))?\s*(?P<half>am|pm)?", re.IGNORECASE)


@dataclass(frozen=True)
class Occurrence:
    """One moment of a schedule: the local date it belongs to, and the instant in UTC."""

    local_date: date
    due_at: datetime


@dataclass(frozen=True)
class Schedule:
    """A time of day on chosen days of the week (0 is Monday), on the member's own clock."""

    at: time
    days: frozenset[int]

    def due_on(self, day: date, zone: ZoneInfo) -> datetime:
        """The instant (UTC) at which this schedule is due on a local date.

        `fold=0` makes the standard library do what we promise: a time that does not exist moves later by the size
        of the gap, and of a time that happens twice the first is taken.
        """
        return datetime.combine(day, self.at.replace(fold=0), tzinfo=zone).astimezone(UTC)

    def after(self, moment: datetime, zone: ZoneInfo, *, not_before: date | None = None) -> Iterator[Occurrence]:
        """Every occurrence later than `moment` (aware), soonest first; none on a local date before `not_before`."""
        day = moment.astimezone(zone).date() - timedelta(days=1)  # a gap can push yesterday's time past midnight
        if not_before is not None:
            day = max(day, not_before)
        while True:
            if day.weekday() in self.days and (due := self.due_on(day, zone)) > moment:
                yield Occurrence(day, due)
            day += timedelta(days=1)

    def describe(self) -> str:
        """`09:00, every day` or `21:30 on Monday and Friday`."""
        clock = f"{self.at:%H:%M}"
        named = {EVERY_DAY: "every day", WEEKDAYS: "Monday to Friday", WEEKEND: "at weekends"}
        if self.days in named:
            return f"{clock}, {named[self.days]}"
        names = [DAY_NAMES[day] for day in sorted(self.days)]
        listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
        return f"{clock} on {listed}"


def parse_time(text: str) -> time:
    """A time of day as people type it: `9`, `09:00`, `9.30`, `9pm`, `21h30`.

    Raises:
        UserError: it is no time of day; the message says how to write one.
    """
    match = _TIME.fullmatch(text.strip())
    if match:
        hour, minute = int(match["hour"]), int(match["minute"] or 0)
        half = (match["half"] or "").lower()
        if half and 1 <= hour <= 12:
            hour = hour % 12 + (12 if half == "pm" else 0)
        elif half:
            hour = 24
        if hour < 24 and minute < 60:
            return time(hour, minute)
    raise UserError("I could not read that as a time of day. Try something like 09:00, 9pm or 21:30.")


def parse_days(text: str) -> frozenset[int]:
    """Days of the week as people type them: `every day`, `weekdays`, `Mon Wed Fri`, `Tuesday and Thursday`.

    Raises:
        UserError: a word is no day; the message says how to write them.
    """
    wanted = " ".join(text.casefold().replace(",", " ").split())
    for names, days in _DAY_GROUPS.items():
        if wanted in names:
            return days
    words = [word for word in wanted.split() if word not in {"and", "&"}]
    found = {
        day
        for word in words
        for day, name in enumerate(DAY_NAMES)
        if len(word) >= 2 and name.casefold().startswith(word.removesuffix("s") if len(word) > 5 else word)
    }
    if len(found) != len(set(words)) or not found:
        raise UserError("I could not read those days. Try: every day, Monday to Friday, weekends, or Mon Wed Fri.")
    return frozenset(found)
