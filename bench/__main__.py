"""All measurements, or those named: `python -m bench [due] [stall] [answers] [sending] [start] ...`."""

import sys
from collections.abc import Callable, Iterable, Mapping

from rich.console import Console

from bench import answers, content, due, reports, search, sending, stall, start
from bench.table import Row, keep, show

MEASURED: Mapping[str, Callable[[], Iterable[Row]]] = {
    "due": due.rows,
    "stall": stall.rows,
    "answers": answers.rows,
    "sending": sending.rows,
    "start": start.rows,
}
OTHERS: Mapping[str, Callable[[], None]] = {
    "content": content.main,
    "search": search.main,
    "reports": reports.main,
}


def main(named: list[str]) -> None:
    unknown = [name for name in named if name not in MEASURED and name not in OTHERS]
    if unknown:
        sys.exit(f"no such benchmark: {', '.join(unknown)}; there are: {', '.join([*MEASURED, *OTHERS])}")
    told = Console(stderr=True)
    rows: list[Row] = []
    for name, measure in MEASURED.items():
        if name in named or not named:
            told.print(f"measuring {name} ...")
            rows += measure()
    if rows:
        show(rows)
        keep(rows)
    for name, run in OTHERS.items():
        if name in named or not named:
            run()


if __name__ == "__main__":
    main(sys.argv[1:])
