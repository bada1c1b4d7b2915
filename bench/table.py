"""The one table that `make bench` prints: what was measured, the peer's figure from the same run, and the target."""

import json
import os
import platform
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles

from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).with_name("results.json")
"""Never committed: a figure means little without the machine and the moment."""


@dataclass(frozen=True)
class Row:
    """One line. `met` is None where nothing was promised; `ratio` is what a reader may quote."""

    what: str
    ours: str
    peer: str = ""
    ratio: str = ""
    target: str = ""
    met: bool | None = None


def at_least(ratio: float, target: float) -> tuple[str, str, bool]:
    """A ratio, its target and whether it was met, as a row ends with them."""
    return f"{ratio:.3g}", f"≥ {target:g}", ratio >= target


def at_most(ratio: float, target: float) -> tuple[str, str, bool]:
    return f"{ratio:.3g}", f"≤ {target:g}", ratio <= target


def p99(values: Sequence[float]) -> float:
    return quantiles(values, n=100)[98]


def ms(seconds: float) -> str:
    return f"{seconds * 1000:.3g} ms" if seconds < 1 else f"{seconds:,.2f} s"


def machine() -> str:
    """The processor, its cores as we may use them, and what runs on it."""
    cpus = Path("/proc/cpuinfo")
    lines = cpus.read_text("utf-8").splitlines() if cpus.exists() else []
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), None)
    return (
        f"{model or platform.machine()}, {os.cpu_count()} CPUs, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    )


def show(rows: Sequence[Row]) -> None:
    table = Table(
        "what", "ours", "peer", "ratio", "target", "met", title="Spoonful beside its peers", caption=machine()
    )
    for row in rows:
        met = {True: "yes", False: "MISSED", None: ""}[row.met]
        table.add_row(row.what, row.ours, row.peer, row.ratio, row.target, met)
    Console(width=150).print(table)


def keep(rows: Sequence[Row]) -> None:
    """Write what was printed to a file that git ignores."""
    found = {"machine": machine(), "at": datetime.now(UTC).isoformat(), "rows": [asdict(row) for row in rows]}
    RESULTS.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", "utf-8")
