"""Time zones as people know them: by city and country. Only zones on our list are ever opened.

The names come from the pinned tzdata package and from Babel (CLDR). Importing this module turns the operating system's
time zone files off: they may be years older than the pinned ones, and every machine must compute the same due time.
"""

import re
import unicodedata
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import cache
from importlib import resources
from typing import cast
from zoneinfo import ZoneInfo

from babel import Locale
from babel.core import get_global
from rapidfuzz import fuzz, process

from bot.errors import UserError

zoneinfo.reset_tzpath(())

_LOCALE = Locale("en")
_PUNCTUATION = re.compile(r"[\W_]+")


CLOCK_TOLERANCE = 12
"""Minutes: people read the clock roughly, and zones lie at least 15 minutes apart."""

_PICK = "Type a city or country, such as Berlin or Canada, and pick from the list."

_ALSO_CALLED = {
    "AE": "UAE",
    "CZ": "Czech Republic",
    "GB": "UK Great Britain England Scotland Wales Northern Ireland",
    "KR": "Korea",
    "NL": "Holland",
    "TR": "Turkey",
    "US": "USA America",
}
"""What people call a country where CLDR has another name."""

_WHERE_MOST_LIVE = frozenset(
    {
        "America/Mexico_City",
        "America/New_York",
        "America/Sao_Paulo",
        "Asia/Shanghai",
        "Asia/Jakarta",
        "Europe/Kyiv",
        "Europe/Lisbon",
        "Europe/Madrid",
        "Europe/Moscow",
    }
)
"""For countries with several zones whose language Discord speaks: the one to guess first."""


@dataclass(frozen=True)
class Place:
    """A zone under a name people know: `Berlin, Germany`; `search_key` is all it can be found by, folded.

    `country` is its ISO 3166 code.
    """

    zone: str
    label: str
    search_key: str
    country: str = ""


def fold(text: str) -> str:
    """Lower case without accents or punctuation, for comparing what people type: `São Paulo` -> `sao paulo`."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(mark for mark in decomposed if not unicodedata.combining(mark))
    return " ".join(_PUNCTUATION.sub(" ", kept).split())


@cache
def places() -> tuple[Place, ...]:
    """Every place of the tz database's own table, by name, and UTC."""
    table = resources.files("tzdata").joinpath("zoneinfo", "zone.tab").read_text("utf-8")
    rows = [line.split("\t") for line in table.splitlines() if line and not line.startswith("#")]
    named = sorted((_place(code, zone) for code, _, zone, *_ in rows), key=lambda place: place.search_key)
    return (*named, Place("UTC", "UTC (no daylight saving)", "utc gmt"))


def _place(code: str, zone: str) -> Place:
    country = cast("Mapping[str, str]", _LOCALE.territories).get(code, code)
    label = f"{_city(zone)}, {country}"
    return Place(zone, label, fold(f"{label} {_ALSO_CALLED.get(code, '')} {zone}"), code)


def _city(zone: str) -> str:
    """`America/Argentina/Buenos_Aires` -> `Buenos Aires`."""
    return zone.rsplit("/", 1)[-1].replace("_", " ")


@cache
def _by_zone() -> dict[str, Place]:
    return {place.zone: place for place in places()}


@cache
def _cities() -> tuple[str, ...]:
    return tuple(fold(_city(place.zone)) for place in places())


def find_places(query: str, limit: int = 25) -> list[Place]:
    """The places that match what was typed so far: beginnings of words first, then cities with a letter astray."""
    wanted = fold(query)[:60]
    starting = [place for place in places() if place.search_key.startswith(wanted)]
    inside = [place for place in places() if f" {wanted}" in place.search_key]
    close = process.extract(wanted, _cities(), scorer=fuzz.ratio, score_cutoff=75, limit=limit)
    near = [places()[index] for _, _, index in close]
    return list(dict.fromkeys([*starting, *inside, *near]))[:limit]


def zone_named(name: str) -> ZoneInfo:
    """The zone of that exact IANA name.

    Raises:
        UserError: it is not on our list. The list is checked before the name goes near the file system.
    """
    if name not in _by_zone():
        raise UserError(f"I do not know that place. {_PICK}")
    return ZoneInfo(name)


def zone_for(text: str) -> ZoneInfo:
    """The zone for a picked or typed place: an exact IANA name, or text that can only mean one zone.

    Raises:
        UserError: nothing matches, or several zones do; the message names the nearest.
    """
    if text in _by_zone():
        return ZoneInfo(text)
    wanted = fold(text[:60])
    exact = {place.zone for place in places() if wanted in {fold(place.label), fold(_city(place.zone))}}
    if len(exact) == 1:
        return ZoneInfo(exact.pop())
    near = " or ".join(place.label for place in find_places(text, limit=3)) if len(text) <= 60 else ""
    hint = f"Did you mean {near}?" if near else _PICK
    raise UserError(f"I do not know that place. {hint}")


def place_label(zone: str) -> str:
    """How to show a zone to a person: `Berlin, Germany`; the bare name for one that left the table."""
    place = _by_zone().get(zone)
    return place.label if place else zone


def guessed_zone(locale: str) -> ZoneInfo:
    """A zone of the country that a locale such as `en-GB` or `de` suggests; UTC if none. A guess, to be confirmed."""
    likely = cast("Mapping[str, str]", get_global("likely_subtags")).get(locale.replace("-", "_"), locale)
    country = likely.replace("_", "-").rpartition("-")[2]
    there = [place.zone for place in places() if place.country == country] or ["UTC"]
    return ZoneInfo(min(there, key=lambda zone: zone not in _WHERE_MOST_LIVE))


def places_reading(reads: time, now: datetime, *, like: str = "", near: str = "UTC", limit: int = 25) -> list[Place]:
    """Places whose clock reads that now, give or take a few minutes.

    First those that match the words `like`, then those in the same part of the world as the zone `near` (`America/`),
    one for each country and time.
    """
    wanted, words = reads.hour * 60 + reads.minute, fold(like)
    fitting = [place for place in places() if _minutes_apart(wanted, place.zone, now) <= CLOCK_TOLERANCE]
    region = near.partition("/")[0]

    def distance(place: Place) -> tuple[bool, bool, bool, str]:
        matches = bool(words) and f" {words}" in f" {place.search_key}"
        return not matches, not place.zone.startswith(region), place.zone not in _WHERE_MOST_LIVE, place.label

    one_each = {
        (not distance(place)[0] and place.zone, place.country, now.astimezone(ZoneInfo(place.zone)).utcoffset()): place
        for place in sorted(fitting, key=distance, reverse=True)
    }
    return sorted(one_each.values(), key=distance)[:limit]


def _minutes_apart(wanted: int, zone: str, now: datetime) -> int:
    local = now.astimezone(ZoneInfo(zone))
    apart = abs(local.hour * 60 + local.minute - wanted)
    return min(apart, 24 * 60 - apart)


def clock_change(now: datetime, zone: ZoneInfo) -> datetime | None:
    """The next minute (UTC) at which the clock of this zone is put forward or back; None if not within a year."""
    offset = now.astimezone(zone).utcoffset()
    days = (now + timedelta(days=ahead) for ahead in range(1, 367))
    after = next((day for day in days if day.astimezone(zone).utcoffset() != offset), None)
    if after is None:
        return None
    before = after - timedelta(days=1)
    while after - before > timedelta(minutes=1):
        middle = before + (after - before) / 2
        same = middle.astimezone(zone).utcoffset() == offset
        before, after = (middle, after) if same else (before, middle)
    return after.replace(second=0, microsecond=0)
