"""How long a large content folder takes to load and to lint, beside plain PyYAML reading the same files.

    .venv/bin/python -m bench.content [CARDS]

The cards are copies of the bundled ones under other names, so they are as long as real ones.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import yaml
from rich.console import Console
from rich.table import Table

from bench.table import machine
from bot.catalog.loader import check, load
from bot.config import ROOT

CARDS = 1_000
TODAY = date(2026, 11, 23)


def main(wanted: int = CARDS) -> None:
    with tempfile.TemporaryDirectory() as folder:
        content = Path(folder)
        copy_content(content, wanted)
        size = sum(path.stat().st_size for path in content.glob("cards/*.yaml"))
        table = Table(title=f"{wanted:,} cards, {size / 1e6:.1f} MB", caption=f"{machine()}; best of three")
        table.add_column("what")
        table.add_column("seconds", justify="right")
        for name, work in {
            "load()": lambda: load(content),
            "check(), with every rule of the lint": lambda: check(content, TODAY),
            "PyYAML's C loader alone": lambda: read_plainly(content),
        }.items():
            table.add_row(name, f"{best_of_three(work):.2f}")
    Console().print(table)


def copy_content(content: Path, wanted: int) -> None:
    """Sources as they are, and cards whose id, name and aliases are made unique by a number."""
    (content / "cards").mkdir()
    (content / "sources").mkdir()
    for source in (ROOT / "content/sources").glob("*.yaml"):
        (content / "sources" / source.name).write_bytes(source.read_bytes())
    bundled = [
        yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)
        for path in sorted((ROOT / "content/cards").glob("*.yaml"))
    ]
    for number in range(wanted):
        card = dict(bundled[number % len(bundled)])
        card["id"] = f"{card['id'][:32]}-{number}"
        card["name"] = f"{card['name'][:70]} {number}"
        for names in ("aliases", "brands"):
            card[names] = [f"{name[:70]} {number}" for name in card.get(names, ())]
        for day in ("compiled", "review_due"):
            card[day] = str(card[day])
        text = yaml.dump(card, Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False, width=110)
        (content / "cards" / f"{card['id']}.yaml").write_text(text, "utf-8")


def read_plainly(content: Path) -> None:
    for path in content.glob("*/*.yaml"):
        yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)


def best_of_three(work: Callable[[], object]) -> float:
    """Seconds. The best run is the one the machine disturbed least."""
    times: list[float] = []
    for _ in range(3):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return min(times)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
