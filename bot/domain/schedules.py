"""When something is due: times of day on chosen days, on a member's own clock, computed into UTC.

The rule for daylight saving is the one in `Schedule.on`: in a gap go later, in a fold take the first.
What people type is read in `bot.domain.when`.
"""

import hashlib
import re
from calendar import monthrange
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

MAX_TIMES = 4
"""Times a day: more would be a burden, and would not fit into a custom_id."""

MAX_WINDOWS = 3
MAX_INTERVAL = 366
DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

CODE = r"[wnmo][0-9a-z.@*+~-]{6,36}"
"""Every `Schedule.code` matches this, at most 37 characters and none of them a colon: for fields of a custom_id."""

Key = tuple[date, int]
"""Which occurrence of a schedule: the local date, and the slot within it."""

_Date = date  # in a class with a field of that name
_CODE_LIMIT = 37
_DAY_MINUTES = 24 * 60
_ONE_DAY = timedelta(days=1)
_ONE_MINUTE = timedelta(minutes=1)
_YEARS = range(1970, 9999)  # so that the days on either side exist in every zone

_BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"
_PLAIN_MOMENT = r"[0-9]{4}(?:-[0-9]{4})?"
_CODE_PARTS = re.compile(
    r"(?:w(?P<week>[0-9a-f]{2})|n(?P<n>[0-9]{1,3})\.(?P<since>[0-9]{8})|m(?P<day>[0-9]{1,2})|o(?P<date>[0-9]{8}))"
    rf"(?:@(?P<plain>{_PLAIN_MOMENT}(?:\+{_PLAIN_MOMENT}){{0,3}})|\*(?P<tight>(?:[0-9a-z]{{5}}){{1,4}}))"
    r"(?:~(?P<salt>[0-9a-f]{2}))?"
)


@dataclass(frozen=True)
class Occurrence:
    """One moment of a schedule: the local date it belongs to, the instant in UTC, and which time of that day it is."""

    local_date: date
    due_at: datetime
    slot: int = 0

    @property
    def key(self) -> Key:
        return self.local_date, self.slot


@dataclass(frozen=True, order=True)
class Moment:
    """A time of day or, with `minutes`, a window from `start` in which one minute is chosen at random."""

    start: time
    minutes: int = 0

    def __post_init__(self) -> None:
        if self.start != time(self.start.hour, self.start.minute):
            raise ValueError("a moment starts at a whole minute, in no zone")
        if not 0 <= self.minutes <= _DAY_MINUTES - self.opens:
            raise ValueError("a window ends on the day it starts")

    @property
    def opens(self) -> int:
        """The first minute of the day it can fall on."""
        return minute_of_day(self.start)

    @property
    def closes(self) -> int:
        """The first minute of the day it is over at."""
        return self.opens + max(self.minutes, 1)

    @property
    def code(self) -> str:
        """`0900`, or `0900-1100` for a window."""
        marks = [self.opens, self.closes] if self.minutes else [self.opens]
        return "-".join(f"{mark // 60:02}{mark % 60:02}" for mark in marks)

    @property
    def tight_code(self) -> str:
        """The same in five characters, whatever it is."""
        number = self.opens * (_DAY_MINUTES + 1) + self.minutes
        return "".join(_BASE36[number // 36**place % 36] for place in (4, 3, 2, 1, 0))

    @classmethod
    def from_code(cls, code: str) -> "Moment":
        """Raises ValueError for a start or a window outside the day."""
        start, *end = (int(part[:2]) * 60 + int(part[2:]) for part in code.split("-"))
        return cls(time(*divmod(start, 60)), end[0] - start if end else 0)

    @classmethod
    def from_tight_code(cls, code: str) -> "Moment":
        """Raises ValueError for a start or a window outside the day."""
        start, minutes = divmod(int(code, 36), _DAY_MINUTES + 1)
        return cls(time(*divmod(start, 60)), minutes)

    def describe(self) -> str:
        """`09:00`, or `some time between 09:00 and 11:00`."""
        if not self.minutes:
            return f"{self.start:%H:%M}"
        end = "midnight" if self.closes == _DAY_MINUTES else f"{time(*divmod(self.closes, 60)):%H:%M}"
        return f"some time between {self.start:%H:%M} and {end}"


@dataclass(frozen=True)
class Weekdays:
    """Chosen days of every week; 0 is Monday."""

    days: frozenset[int]

    def __post_init__(self) -> None:
        if not self.days or not self.days <= set(range(7)):
            raise ValueError("days of the week are numbers from 0 to 6, and at least one")

    @property
    def code(self) -> str:
        return f"w{sum(1 << day for day in self.days):02x}"

    def first_from(self, day: date) -> date:
        """The first of these days that is not before `day`."""
        while day.weekday() not in self.days:
            day += _ONE_DAY
        return day

    def describe(self) -> str:
        named = {EVERY_DAY: ", every day", WEEKDAYS: ", Monday to Friday", WEEKEND: ", at weekends"}
        return named.get(self) or f" on {listed(DAY_NAMES[day] for day in sorted(self.days))}"


@dataclass(frozen=True)
class EveryNDays:
    """Every `n`th day, counted from the first one, `since`."""

    n: int
    since: date

    def __post_init__(self) -> None:
        if not 2 <= self.n <= MAX_INTERVAL or self.since.year not in _YEARS:
            raise ValueError(f"from 2 to {MAX_INTERVAL} days, since a day that has a day before it")

    @property
    def code(self) -> str:
        return f"n{self.n}.{_compact(self.since)}"

    def first_from(self, day: date) -> date:
        """The first of these days that is not before `day`."""
        if day <= self.since:
            return self.since
        return day + timedelta(days=(self.since - day).days % self.n)

    def describe(self) -> str:
        if self.n == 2:
            return " every other day"
        weeks, rest = divmod(self.n, 7)
        if weeks > 1 and not rest:
            return f" every {weeks} weeks on {DAY_NAMES[self.since.weekday()]}"
        return f" every {self.n} days"


@dataclass(frozen=True)
class Monthly:
    """That day of every month, from 1; the last day of a month that is too short for it."""

    day: int

    def __post_init__(self) -> None:
        if not 1 <= self.day <= 31:
            raise ValueError("a month has days 1 to 31")

    @property
    def code(self) -> str:
        return f"m{self.day}"

    def first_from(self, day: date) -> date:
        """The first of these days that is not before `day`."""
        this_month = self._in_month_of(day)
        return this_month if this_month >= day else self._in_month_of(day.replace(day=28) + timedelta(days=4))

    def _in_month_of(self, day: date) -> date:
        return day.replace(day=min(self.day, monthrange(day.year, day.month)[1]))

    def describe(self) -> str:
        return f" on the {'last day' if self.day == 31 else ordinal(self.day)} of every month"


@dataclass(frozen=True)
class OnDate:
    """Once, on that date."""

    date: _Date

    def __post_init__(self) -> None:
        if self.date.year not in _YEARS:
            raise ValueError("a date with days on either side of it")

    @property
    def code(self) -> str:
        return f"o{_compact(self.date)}"

    def first_from(self, day: _Date) -> _Date | None:
        """That date, or None if `day` is later."""
        return self.date if day <= self.date else None

    def describe(self) -> str:
        return f" on {DAY_NAMES[self.date.weekday()]} {self.date.day} {self.date:%B} {self.date.year}"


Days = Weekdays | EveryNDays | Monthly | OnDate

EVERY_DAY = Weekdays(frozenset(range(7)))
WEEKDAYS = Weekdays(frozenset(range(5)))
WEEKEND = Weekdays(frozenset({5, 6}))


@dataclass(frozen=True)
class Schedule:
    """Times of day on chosen days, on the member's own clock.

    `moments` are sorted and apart from each other. `salt` (0 to 255) makes the random minutes of two schedules differ;
    without a window it means nothing, and is 0.
    """

    moments: tuple[Moment, ...]
    days: Days
    salt: int = 0

    def __post_init__(self) -> None:
        if not 1 <= len(self.moments) <= MAX_TIMES or not 0 <= self.salt <= 0xFF:
            raise ValueError(f"from 1 to {MAX_TIMES} moments, and a salt of one byte")
        if any(earlier.closes > later.opens for earlier, later in pairwise(self.moments)):
            raise ValueError("moments are sorted and do not overlap")
        if self._windows > MAX_WINDOWS:
            raise ValueError(f"at most {MAX_WINDOWS} windows")
        if not self._windows:
            object.__setattr__(self, "salt", 0)  # equal schedules have equal codes

    @classmethod
    def daily(cls, at: time, days: Days = EVERY_DAY) -> "Schedule":
        """At one time of day."""
        return cls((Moment(at),), days)

    @classmethod
    def once_at(cls, moment: datetime, zone: ZoneInfo) -> "Schedule":
        """Once, at the first whole minute from `moment` (aware) on that a clock in the zone can name.

        The second pass of an hour that happens twice has no name of its own, as a time of day means the first:
        there it is the end of that hour, since late is better than before the hour has come.
        """
        wall = moment.astimezone(zone).replace(tzinfo=None, second=0, microsecond=0, fold=0)
        while _instant(wall, zone) < moment:
            wall += _ONE_MINUTE
        return cls.daily(wall.time(), OnDate(wall.date()))

    @property
    def once(self) -> bool:
        return isinstance(self.days, OnDate)

    @property
    def _windows(self) -> int:
        return sum(moment.minutes > 0 for moment in self.moments)

    def on(self, day: date, zone: ZoneInfo) -> list[Occurrence]:
        """What is due on one local date, soonest first; empty if it is not one of the days.

        In a gap a time moves later by the size of the gap, and of a time that happens twice the first counts. Where a
        gap makes times meet or change places, even across midnight, the later slot follows a minute after the earlier.
        """
        if self.days.first_from(day) != day:
            return []
        yesterday = list(_in_order(self._wanted(day - _ONE_DAY, zone)))
        due = _in_order(self._wanted(day, zone), yesterday[-1] if yesterday else None)
        return [Occurrence(day, each, slot) for slot, each in enumerate(due)]

    def after(self, moment: datetime, zone: ZoneInfo, *, past: Key | None = None) -> Iterator[Occurrence]:
        """Every occurrence later than `moment` (aware), and past the one with that key; soonest first.

        It ends for what happens once, and otherwise never does.
        """
        start = moment.astimezone(zone).date() - _ONE_DAY  # a gap can push yesterday's time past midnight
        day = self.days.first_from(max(start, past[0]) if past else start)
        while day is not None:
            for each in self.on(day, zone):
                if each.due_at > moment and (past is None or each.key > past):
                    yield each
            day = self.days.first_from(day + _ONE_DAY)

    def _wanted(self, day: date, zone: ZoneInfo) -> Iterator[datetime]:
        """The instant of each moment on its own, in the order of the slots; none on a day that is not ours."""
        if self.days.first_from(day) == day:
            for slot, moment in enumerate(self.moments):
                minute = moment.opens + (self._random(day, slot) % moment.minutes if moment.minutes else 0)
                yield _instant(datetime.combine(day, time(*divmod(minute, 60))), zone)

    def _random(self, day: date, slot: int) -> int:
        """The same in every process (`hash` is not), so that what a member was shown is what comes."""
        return int.from_bytes(hashlib.sha256(f"{self.salt} {day} {slot}".encode()).digest()[:8])

    def within(self, start: time, end: time) -> bool:
        """Whether a moment can fall between two times of day, `end` excluded; 22:00 to 07:00 goes over midnight."""
        first, last = minute_of_day(start), minute_of_day(end)
        spans = [(first, last)] if first <= last else [(first, _DAY_MINUTES), (0, last)]
        return any(max(moment.opens, low) < min(moment.closes, high) for moment in self.moments for low, high in spans)

    @property
    def code(self) -> str:
        """The schedule in at most 37 characters, to keep for ever: `w7f@0900+2100`, `m15@0900-1100~1f`.

        Days, times, and the salt if there is a window. Times that would be too long are packed: `n14.20261123*0go9s`.
        """
        salt = f"~{self.salt:02x}" if self._windows else ""
        plain = f"{self.days.code}@{'+'.join(moment.code for moment in self.moments)}{salt}"
        tight = f"{self.days.code}*{''.join(moment.tight_code for moment in self.moments)}{salt}"
        return plain if len(plain) <= _CODE_LIMIT else tight

    @classmethod
    def from_code(cls, code: str) -> "Schedule":
        """The schedule with that code.

        Raises:
            ValueError: no schedule has that code; each has exactly one.
        """
        match = _CODE_PARTS.fullmatch(code)
        if match is None:
            raise ValueError("that is not the code of a schedule")
        schedule = cls(_moments_from(match), _days_from(match), int(match["salt"] or "0", 16))
        if schedule.code != code:
            raise ValueError("that is not how the code of this schedule is written")
        return schedule

    def describe(self) -> str:
        """`09:00, every day`; `09:00 and 21:00 on Monday`; `some time between 09:00 and 11:00 every 3 days`."""
        times = [moment.describe() for moment in self.moments]
        # "between 9 and 11 and 12" could mean anything: a comma keeps a window apart from what follows.
        return f"{listed(times, last=', and ' if self._windows else ' and ')}{self.days.describe()}"


def minute_of_day(at: time) -> int:
    return at.hour * 60 + at.minute


def listed(names: Iterable[str], last: str = " and ") -> str:
    """`Monday, Wednesday and Friday`."""
    *most, end = names
    return f"{', '.join(most)}{last}{end}" if most else end


def ordinal(number: int) -> str:
    """`1st`, `22nd`, `13th`."""
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{'th' if number // 10 % 10 == 1 else ending}"


def _instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """`fold=0` makes the standard library do what we promise: later in a gap by its size, and the first of two."""
    return wall.replace(tzinfo=zone, fold=0).astimezone(UTC)


def _in_order(wanted: Iterable[datetime], after: datetime | None = None) -> Iterator[datetime]:
    """Each instant, or a minute after the one before where it would not come later by itself."""
    for due in wanted:
        after = due if after is None or due > after else after + _ONE_MINUTE
        yield after


def _compact(day: date) -> str:
    return day.isoformat().replace("-", "")


def _moments_from(match: re.Match[str]) -> tuple[Moment, ...]:
    if match["plain"]:
        return tuple(Moment.from_code(part) for part in match["plain"].split("+"))
    return tuple(Moment.from_tight_code(part) for part in re.findall(".{5}", match["tight"]))


def _days_from(match: re.Match[str]) -> Days:
    if match["week"]:
        mask = int(match["week"], 16)
        return Weekdays(frozenset(day for day in range(7) if mask >> day & 1))
    if match["n"]:
        return EveryNDays(int(match["n"]), date.fromisoformat(match["since"]))
    if match["day"]:
        return Monthly(int(match["day"]))
    return OnDate(date.fromisoformat(match["date"]))
