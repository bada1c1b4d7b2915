"""A diary for a spreadsheet: one row for each check-in, flare and treatment."""

import csv
from collections.abc import Iterator
from datetime import date
from io import StringIO

from bot.domain.trends import Diary, Flare, Mark, Measure, Observation

DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""A cell that starts so is run as a formula by spreadsheets, or hides one (OWASP, CSV Injection)."""

FIRST_COLUMNS = ("row", "date", "until", "recorded_at", "kind", "late", "name", "card", "note")


def csv_export(diary: Diary) -> bytes:
    """UTF-8 with a byte order mark, which Excel needs. Columns: those above, then one for each measure."""
    text = StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([*FIRST_COLUMNS, *(inert(_heading(measure)) for measure in diary.measures)])
    writer.writerows(_rows(diary))
    return text.getvalue().encode("utf-8-sig")


def inert(text: str | None) -> str:
    """A cell that no spreadsheet takes for a formula; the added apostrophe is how they mark text."""
    text = text or ""
    return f"'{text}" if text.lstrip(" ").startswith(DANGEROUS) else text


def _rows(diary: Diary) -> Iterator[list[str]]:
    for observation in diary.observations:
        yield [*_check_in(observation), *(_value(observation, measure) for measure in diary.measures)]
    blank = [""] * len(diary.measures)
    for flare in diary.flares:
        yield [*_flare(flare), *blank]
    for mark in diary.marks:
        yield [*_treatment(mark), *blank]


def _check_in(each: Observation) -> list[str]:
    late = "yes" if each.late else "no"
    recorded = each.recorded_at.isoformat()
    return ["check-in", each.local_date.isoformat(), "", recorded, each.kind, late, "", "", inert(each.note)]


def _flare(flare: Flare) -> list[str]:
    return ["flare", flare.first.isoformat(), _date(flare.last), "", "", "", "", "", ""]


def _treatment(mark: Mark) -> list[str]:
    return [
        "treatment",
        mark.started.isoformat(),
        _date(mark.stopped),
        "",
        "",
        "",
        inert(mark.name),
        inert(mark.card_id),
        "",
    ]


def _date(day: date | None) -> str:
    return day.isoformat() if day else ""


def _value(observation: Observation, measure: Measure) -> str:
    value = observation.values.get(measure.key)
    return "" if value is None else _number(value)


def _heading(measure: Measure) -> str:
    if measure.words:
        return f"{measure.label} ({', '.join(f'{_number(value)} = {word}' for value, word in measure.words)})"
    unit = f", {measure.unit}" if measure.unit else ""
    return f"{measure.label} ({_number(measure.low)} to {_number(measure.high)}{unit})"


def _number(value: float) -> str:
    return repr(value).removesuffix(".0")
