"""Reports against their figures: `python bench/reports.py` from the root of the repository prints a table."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from random import Random
from statistics import median

from rich.console import Console
from rich.table import Table

from bench.table import machine
from bot.domain.checkins import EntryKind
from bot.domain.trends import Appointment, Diary, Flare, Mark, Measure, Observation, Trend, before_and_after, trend
from bot.reports.charts import chart_png
from bot.reports.csv_export import csv_export
from bot.reports.fhir import fhir_bundle
from bot.reports.json_export import json_export, json_import
from bot.reports.pdf import appointment_pdf
from bot.reports.worker import Workshop

LAST = date(2026, 11, 22)
TEN_YEARS = 3653
ROUNDS = 7
PDFS = 20
MEASURES = (
    Measure("pain", "Pain", 0, 10, higher_is_worse=True),
    Measure("fatigue", "Fatigue", 0, 10, higher_is_worse=True),
    Measure("sleep", "Sleep quality", 0, 10, higher_is_worse=False),
)
FLARES = (Flare(LAST - timedelta(days=20), LAST - timedelta(days=15)),)
MARKS = (Mark("Low-dose naltrexone", LAST - timedelta(days=45)), Mark("Warm-water exercise", LAST - timedelta(days=12)))

Row = tuple[str, float, float | None]


def observations(days: int) -> Iterator[Observation]:
    rng = Random(1)  # noqa: S311 - made-up check-ins
    for back in reversed(range(days)):
        day = LAST - timedelta(days=back)
        values = {measure.key: float(rng.randint(2, 9)) for measure in MEASURES}
        yield Observation(day, datetime(day.year, day.month, day.day, 9, tzinfo=UTC), EntryKind.ANSWERED, values, "ok")


DIARY = Diary(MEASURES, tuple(observations(TEN_YEARS)), FLARES, MARKS)


def over(days: int, measure: Measure = MEASURES[0]) -> Trend:
    return trend(DIARY.observations, measure, LAST - timedelta(days=days - 1), LAST, FLARES, MARKS)


def page(days: int) -> Appointment:
    comparisons = tuple(before_and_after(DIARY.observations, measure, MARKS[0]) for measure in MEASURES)
    notes = ((LAST, "Better after the walk."),)
    return Appointment(LAST, tuple(over(days, each) for each in MEASURES), comparisons, ("What about sleep?",), notes)


def took(make: Callable[[], object]) -> float:
    """Milliseconds, once warm: the median of several rounds."""
    make()
    times: list[float] = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        make()
        times.append(time.perf_counter() - start)
    return median(times) * 1000


def in_process() -> Iterator[Row]:
    year, month, quarter = over(365), page(30), page(90)
    recent = Diary(MEASURES, DIARY.observations[-90:], FLARES, MARKS)
    written = json_export(DIARY)
    yield "chart, 365 days", took(partial(chart_png, year, dark=True)), 200
    yield "PDF, 30 days", took(partial(appointment_pdf, month)), 400
    yield "PDF, 90 days", took(partial(appointment_pdf, quarter)), 400
    yield "trend, 365 days out of ten years", took(partial(over, 365)), 1000
    yield "trend, ten years", took(partial(over, TEN_YEARS)), 1000
    yield "CSV, ten years", took(partial(csv_export, DIARY)), 1000
    yield "JSON, ten years", took(partial(json_export, DIARY)), 1000
    yield "JSON read back, ten years", took(partial(json_import, written)), None
    yield "FHIR, 90 days", took(partial(fhir_bundle, recent)), None
    yield "before and after", took(partial(before_and_after, DIARY.observations, MEASURES[0], MARKS[0])), None


async def stall_during(work: Awaitable[object]) -> tuple[float, float]:
    """Milliseconds: how long the work took, and the longest time the loop was late for a tick of one millisecond."""
    task = asyncio.ensure_future(work)
    start = last = time.perf_counter()
    worst = 0.0
    while not task.done():
        await asyncio.sleep(0.001)
        now = time.perf_counter()
        worst, last = max(worst, now - last - 0.001), now
    await task
    return (time.perf_counter() - start) * 1000, worst * 1000


async def beside_the_loop(month: Appointment, quarter: Appointment) -> list[Row]:
    workshop = Workshop()
    _, noise = await stall_during(asyncio.sleep(1))
    cold, stall_at_start = await stall_during(workshop.make(appointment_pdf, month))
    pdfs, stall = await stall_during(asyncio.gather(*[workshop.make(appointment_pdf, quarter) for _ in range(PDFS)]))
    await workshop.close()
    return [
        ("first PDF, worker started for it", cold, None),
        (f"{PDFS} PDFs at once, all of them", pdfs, None),
        ("longest stall of an idle loop (the machine's own noise)", noise, None),
        ("longest stall while the worker starts", stall_at_start, 20),
        (f"longest stall while {PDFS} PDFs are made", stall, 20),
    ]


def main() -> None:
    table = Table("what", "took, ms", "at most, ms", title=f"Reports on {machine()}")
    for what, milliseconds, most in [*in_process(), *asyncio.run(beside_the_loop(page(30), page(90)))]:
        table.add_row(what, f"{milliseconds:.1f}", f"{most:.0f}" if most else "")
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
