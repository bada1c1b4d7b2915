"""Reading what people type: times of day, days, and moments. What is in doubt is shown to them before it counts."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from bot.domain.schedules import (
    DAY_NAMES,
    EVERY_DAY,
    MAX_INTERVAL,
    MAX_TIMES,
    MAX_WINDOWS,
    WEEKDAYS,
    WEEKEND,
    Days,
    EveryNDays,
    Moment,
    Monthly,
    Weekdays,
)
from bot.errors import UserError

_LONGEST = 100
_DAY_MINUTES = 24 * 60
_FURTHEST = timedelta(days=366)

_TIME_UNREAD = "I could not read that as a time of day. Try something like 09:00, 9pm or 21:30."
_TIMES_UNREAD = "I could not read that as times of day. Try something like 09:00, 9am and 9pm, or between 9 and 11am."
_TOO_MANY = (
    f"That is more than {MAX_TIMES} times a day. Pick the {MAX_TIMES} that matter most, such as 9, 13, 17 and 21."
)
_TOO_MANY_SPANS = f"At most {MAX_WINDOWS} of the times can be spans like 9-11. Please give the others as plain times."
_OVERLAP = "Some of those times overlap. Try times that are apart, such as 9-11 and 14:00."
_NOT_THE_SAME_DAY = (
    "A span of time must end later on the same day. Try something like 9am to 11am, or 20:00-24:00 in the evening."
)
_DAYS_UNREAD = (
    "I could not read those days. Try: every day, Monday to Friday, weekends, Mon Wed Fri, every 3 days, "
    "every 2 weeks, or the 15th of the month."
)
_NO_SUCH_INTERVAL = f"I can count from 2 to {MAX_INTERVAL} days. Try: every 3 days, or every 2 weeks."
_ONE_WEEKDAY = "With more than a week in between, please pick one day. Try: every 2 weeks on Monday."
_NO_SUCH_DAY = "The days of a month go from 1 to 31. Try: the 15th of the month, or the last day of the month."
_WHEN_EXAMPLES = "Try something like in 20 minutes, tomorrow 9am, Friday at 10, or 2026-12-24 15:30."
_WHEN_UNREAD = f"I could not read when that is. {_WHEN_EXAMPLES}"
_PASSED = f"That is not in the future. {_WHEN_EXAMPLES}"
_TOO_FAR = f"That is more than {_FURTHEST.days} days away, and I cannot promise that far ahead. {_WHEN_EXAMPLES}"

_ALIKE = {"–": "-", "—": "-", "−": "-", "midnight": "12am", "noon": "12pm", "midday": "12pm"}
_TIME = re.compile(r"(?P<hour>\d{1,2})(?:[:.h]?(?P<minute>\d{2}))?\s*(?:(?P<half>[ap])\.?m\.?)?")
_CLOCK = r"(?<!\d)\d{1,2}(?:[:.h]?\d{2})?(?!\d)(?:\s*[ap]\.?m\b\.?)?"
_BETWEEN = re.compile(rf"between\s+({_CLOCK})\s*(?:and|to|-)\s*({_CLOCK})")
_TIME_OR_SPAN = re.compile(rf"({_CLOCK})(?:\s*(?:-|to|until|till)\s*({_CLOCK}))?")
_BESIDE_TIMES = {"", "and", "at", "from", "some", "time", "sometime"}

_DAY_GROUPS: dict[str, Days] = {
    **dict.fromkeys(("every day", "daily", "everyday", "each day", "all days"), EVERY_DAY),
    **dict.fromkeys(("monday to friday", "weekdays", "every weekday", "mon-fri", "working days"), WEEKDAYS),
    **dict.fromkeys(("weekends", "weekend", "at weekends", "every weekend", "saturday and sunday"), WEEKEND),
}
_SAID_SHORTER = {
    "weekly": "every week",
    "once a week": "every week",
    "fortnightly": "every 2 weeks",
    "every fortnight": "every 2 weeks",
    "monthly": "every month",
    "once a month": "every month",
    "once every": "every",
}
_COUNTS = {"other": 2, "second": 2, "two": 2, "third": 3, "three": 3, "four": 4, "five": 5, "six": 6}
_EVERY_N = re.compile(r"every (?:(?P<n>\d+|[a-z]+)(?:st|nd|rd|th)? )??(?P<unit>day|week)s?(?: on (?P<on>.+))?")
_OF_THE_MONTH = re.compile(
    r"(?:every month )?(?:on )?(?:every )?(?:the )?(?:day )?(?P<day>last day|end|\d+(?P<th>st|nd|rd|th)?)"
    r"(?: (?:of|in) (?:the|every|each) month)?"
)

_STAMP = re.compile(r"<t:(\d{1,11})(?::[a-z])?>")
_SPELL = r"\b(\d{1,6} ?|an? )(minute|min|m|hour|hr|h|day|d|week|w)s?\b"
_SPELLS = re.compile(rf"(?:in )?{_SPELL}(?: (?:and )?{_SPELL})*")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_DAY = r"(?P<day>\d{4}-\d{2}-\d{2}|[a-z]+)"
_DAY_AND_TIME = (
    re.compile(rf"(?:{_DAY} )?(?P<clock>{_CLOCK})"),
    re.compile(rf"(?P<clock>{_CLOCK}) {_DAY}"),
)


def parse_time(text: str) -> time:
    """A time of day as people type it: `9`, `09:00`, `9.30`, `9pm`, `21h30`.

    Raises:
        UserError: it is no time of day; the message says how to write one.
    """
    typed = _typed(_plain(text))
    minute = typed.minute_of_day(typed.half) if typed else None
    if minute is None or minute == _DAY_MINUTES:
        raise UserError(_TIME_UNREAD)
    return time(*divmod(minute, 60))


def parse_times(text: str) -> tuple[Moment, ...]:
    """The times of a day, sorted: `9am and 9pm`, `9, 13:30, 21:00`, `between 9 and 11am`, `9-11 and 20:00`.

    Raises:
        UserError: no times, too many, or times that overlap; the message says how to write them.
    """
    plain = _BETWEEN.sub(r"\1-\2", _plain(text))
    found: list[tuple[str, str]] = _TIME_OR_SPAN.findall(plain)
    beside = re.split(r"[\s,;&+]+", _TIME_OR_SPAN.sub(" ", plain))
    if not found or not _BESIDE_TIMES.issuperset(beside):
        raise UserError(_TIMES_UNREAD)
    moments = tuple(sorted({_moment(start, end) for start, end in found}))
    if len(moments) > MAX_TIMES:
        raise UserError(_TOO_MANY)
    if sum(moment.minutes > 0 for moment in moments) > MAX_WINDOWS:
        raise UserError(_TOO_MANY_SPANS)
    if any(earlier.closes > later.opens for earlier, later in pairwise(moments)):
        raise UserError(_OVERLAP)
    return moments


def parse_days(text: str, today: date) -> Days:
    """Days as people type them: `weekdays`, `Mon Wed Fri`, `every 3 days`, `weekly on Monday`, `the 15th`.

    `today` is the member's own date: intervals count from it, and `weekly` and `monthly` mean a day like it.

    Raises:
        UserError: those are no days; the message says how to write them.
    """
    wanted = " ".join(_plain(text).replace(",", " ").split())
    for shorter, longer in _SAID_SHORTER.items():
        wanted = re.sub(rf"^{shorter}\b", longer, wanted)
    days = _DAY_GROUPS.get(wanted) or _every_n(wanted, today) or _monthly(wanted, today) or _weekdays(wanted)
    if days is None:
        raise UserError(_DAYS_UNREAD)
    return days


def parse_when(text: str, now: datetime, zone: ZoneInfo) -> datetime:
    """One moment from `now` (aware) on, in UTC, rounded up to the minute.

    Reads Discord's own `<t:1700000000:F>`, `in 2 hours`, `tomorrow 9am`, `9pm` (the next), `Friday at 10`, and
    `2026-12-24 15:30`; times of day are those of `zone`, later in a gap and the first of two.

    Raises:
        UserError: not readable, not in the future, or more than 366 days away; the message has examples.
    """
    plain = " ".join(word for word in _plain(text).replace(",", " ").split() if word not in {"at", "on"})
    if stamp := _STAMP.fullmatch(plain):
        moment = datetime.fromtimestamp(int(stamp[1]), UTC)
    elif _SPELLS.fullmatch(plain := plain.replace("half an hour", "30 minutes")):
        moment = _later(now, zone, plain)
    else:
        moment = _named_moment(plain, now, zone)
    if moment <= now:
        raise UserError(_PASSED)
    if moment - now > _FURTHEST:
        raise UserError(_TOO_FAR)
    return moment + timedelta(microseconds=-(moment.second * 1_000_000 + moment.microsecond) % 60_000_000)


def _plain(text: str) -> str:
    """Lower case, one kind of dash, and digits for words; nothing of a text that is too long to be meant."""
    plain = text.strip().casefold() if len(text) <= _LONGEST else ""
    for mark, alike in _ALIKE.items():
        plain = plain.replace(mark, alike)
    return plain


@dataclass(frozen=True)
class _Typed:
    """A time of day as typed; `half` is `a`, `p`, or empty."""

    hour: int
    minute: int
    half: str

    def minute_of_day(self, half: str) -> int | None:
        """As if typed with this half; from 0 to 1440, or None for no time of day."""
        if half and not 1 <= self.hour <= 12:
            return None
        hour = self.hour % 12 + (12 if half == "p" else 0) if half else self.hour
        minute = hour * 60 + self.minute
        return minute if self.minute < 60 and minute <= _DAY_MINUTES else None


def _typed(text: str) -> _Typed | None:
    match = _TIME.fullmatch(text)
    return _Typed(int(match["hour"]), int(match["minute"] or 0), match["half"] or "") if match else None


def _moment(start: str, end: str) -> Moment:
    """A time of day, or the span between two; of what the span can mean, the first that ends after it starts."""
    if not end:
        return Moment(parse_time(start))
    opening, closing = _typed(start), _typed(end)
    starts, ends = (_starts(opening, closing), _ends(opening, closing)) if opening and closing else ([], [])
    if not starts or not ends:
        raise UserError(_TIMES_UNREAD)
    for first in starts:
        for last in ends:
            if first < last:
                return Moment(time(*divmod(first, 60)), last - first)
    raise UserError(_NOT_THE_SAME_DAY)


def _starts(opening: _Typed, closing: _Typed) -> list[int]:
    """What the start of a span can mean, likeliest first: in `9 to 11pm` the 9 is in the evening."""
    half = closing.half
    if half and closing.minute_of_day(half) == 0:
        half = "p"  # what ends at 12am began in the evening
    halves = [opening.half] if opening.half else [half, ""]
    return [minute for minute in map(opening.minute_of_day, halves) if minute is not None]


def _ends(opening: _Typed, closing: _Typed) -> list[int]:
    """What the end of a span can mean, likeliest first: in `9pm to 11` the 11 is late, and 0:00 ends the day."""
    minute = closing.minute_of_day(closing.half)
    if minute is None:
        return []
    minute = minute or _DAY_MINUTES
    later = minute + _DAY_MINUTES // 2
    return [minute, later] if opening.half and not closing.half and later <= _DAY_MINUTES else [minute]


def _weekdays(wanted: str) -> Weekdays | None:
    """`mon wed fri`, `every tuesday and thursday`, `mon-thu`; None if a word is no day."""
    joined = re.sub(r" (?:to|until|-) ", "-", wanted)
    words = [word for word in joined.split() if word not in {"and", "&", "on", "every", "each"}]
    found = [_weekday_range(*word.split("-")) if word.count("-") < 2 else None for word in words]
    days = frozenset(day for each in found if each for day in each)
    return Weekdays(days) if days and all(found) else None


def _weekday_range(first: str, last: str = "") -> list[int]:
    """The days from one to another, over the weekend if need be; empty if either is no day."""
    start, end = _weekday(first), _weekday(last or first)
    if start is None or end is None:
        return []
    return [(start + n) % 7 for n in range((end - start) % 7 + 1)]


def _weekday(word: str) -> int | None:
    """0 for `mon`, `monday` and `mondays`."""
    stem = word.removesuffix("s")
    return next((day for day, name in enumerate(DAY_NAMES) if len(stem) > 1 and name.casefold().startswith(stem)), None)


def _every_n(wanted: str, today: date) -> Days | None:
    match = _EVERY_N.fullmatch(wanted)
    count = _count(match["n"] or "1") if match else None
    if match is None or count is None:
        return None
    if match["unit"] == "day":
        return None if match["on"] else _every_n_days(count, today)
    on = _weekdays(match["on"]) if match["on"] else Weekdays(frozenset({today.weekday()}))
    if on is None or count == 1:
        return on
    if len(on.days) > 1:
        raise UserError(_ONE_WEEKDAY)
    return _every_n_days(count * 7, on.first_from(today))


def _count(word: str) -> int | None:
    return int(word) if word.isdecimal() else _COUNTS.get(word)


def _every_n_days(count: int, since: date) -> Days:
    if count == 1:
        return EVERY_DAY
    if not 2 <= count <= MAX_INTERVAL:
        raise UserError(_NO_SUCH_INTERVAL)
    return Weekdays(frozenset({since.weekday()})) if count == 7 else EveryNDays(count, since)


def _monthly(wanted: str, today: date) -> Monthly | None:
    if wanted == "every month":
        return Monthly(today.day)
    match = _OF_THE_MONTH.fullmatch(wanted)
    if match is None:
        return None
    if match["day"] in {"last day", "end"}:
        return Monthly(31)
    if not match["th"] and not re.search(r"\b(?:month|the|day)\b", wanted):
        return None  # "every 15" could be days as well
    day = int(match["day"].removesuffix(match["th"] or ""))
    if not 1 <= day <= 31:
        raise UserError(_NO_SUCH_DAY)
    return Monthly(day)


def _later(now: datetime, zone: ZoneInfo, plain: str) -> datetime:
    """Days and weeks lead to the same time of day; hours and minutes are as long as they are."""
    spells = [(unit[0], (1 if n[0] == "a" else int(n)) * _UNITS[unit[0]]) for n, unit in re.findall(_SPELL, plain)]
    days = sum((spell for unit, spell in spells if unit in "dw"), timedelta())
    rest = sum((spell for unit, spell in spells if unit in "hm"), timedelta())
    if days + rest > 2 * _FURTHEST:
        raise UserError(_TOO_FAR)
    if not days:
        return now + rest
    wall = now.astimezone(zone).replace(fold=0) + days  # arithmetic of one zone is on the wall clock
    return wall.astimezone(UTC) + rest


def _named_moment(plain: str, now: datetime, zone: ZoneInfo) -> datetime:
    """The first moment after `now` that a day and a time of day can mean; the last if all of them have passed."""
    match = next(filter(None, (pattern.fullmatch(plain) for pattern in _DAY_AND_TIME)), None)
    if match is None:
        raise UserError(_WHEN_UNREAD)
    today = now.astimezone(zone).date()
    at = parse_time(match["clock"])
    days = _dates(match["day"], today)
    if days[0] - today > _FURTHEST:
        raise UserError(_TOO_FAR)
    if days[0] < today:
        raise UserError(_PASSED)
    moments = [datetime.combine(day, at, tzinfo=zone).astimezone(UTC) for day in days]
    return next((moment for moment in moments if moment > now), moments[-1])


def _dates(word: str | None, today: date) -> list[date]:
    """The dates that a word can mean, soonest first."""
    if word is None:
        return [today, today + timedelta(days=1)]
    if word in {"today", "tomorrow"}:
        return [today + timedelta(days=int(word == "tomorrow"))]
    if (weekday := _weekday(word)) is not None:
        soonest = today + timedelta(days=(weekday - today.weekday()) % 7)
        return [soonest, soonest + timedelta(days=7)]
    try:
        return [date.fromisoformat(word)]
    except ValueError as error:
        raise UserError(_WHEN_UNREAD) from error
