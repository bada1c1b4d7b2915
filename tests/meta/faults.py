"""Which automated test shows which row of the fault table. `python -m tests.meta.faults` writes `tests/FAULTS.md`."""

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

TESTS = Path(__file__).parents[1]
TABLE = TESTS / "FAULTS.md"

ROWS = {
    1: "`kill -9` after the claim, before the send",
    2: "`kill -9` while the send is under way",
    3: "`kill -9` after the reply, before it is noted",
    4: "a thousand `kill -9` at random moments over full queues",
    5: "a power cut after a member was told that it is saved",
    6: "the connection is reset after Discord accepted",
    7: "the connection is closed without a reply",
    8: "no reply at all",
    9: "503, then all is well",
    10: "one server error after another",
    11: "429 for one route",
    12: "429 for everything while thousands are due",
    13: "429 from the wall in front of Discord",
    14: "401 in the middle of the work",
    15: "the member takes no messages",
    16: "the member shares no server any more",
    17: "DMs are opened too fast",
    18: "the channel or the person is gone",
    19: "what a repeat refers to was deleted",
    20: "a repeat is answered with somebody else's message",
    21: "the library waits after Discord accepted, and is cancelled",
    22: "several dispatchers on one database",
    23: "every interaction arrives twice",
    24: "two taps on one check-in",
    25: "the acknowledgement's reply is lost",
    26: "the process is blocked for seconds when somebody clicks",
    27: "the interaction's token has expired",
    28: "a restart while a form is open",
    29: "a button of long ago",
    30: "one message's controls stop",
    31: "an error of ours in a handler",
    32: "gateway: told to resume, to start anew, closed, reset, silent",
    33: "gateway: closed for good",
    34: "one crash after another",
    35: "told to stop in the middle of everything",
    36: "a task is cancelled while it commits",
    37: "fifty writers at once",
    38: "the disk is full, fails, or is read-only",
    39: "a damaged page, a damaged or missing log",
    40: "an old SQLite; no write-ahead log",
    41: "yesterday's backup is put back",
    42: "a migration is killed half-way; 100,000 rows with children",
    43: "an older bot meets a newer database",
    44: "gaps and folds of the clock in every zone",
    45: "time zones change their mind",
    46: "the clock jumps",
    47: "back after three days with 10,000 overdue",
    48: "a new time or zone while a prompt is claimed",
    49: "stopped or erased between claim and send",
    50: "erased while exporting or saving",
    51: "a wrong, missing or half exchanged master key; sealed bytes swapped, cut, changed",
    52: "a search for what was said in every file",
    53: "logging turned up to DEBUG",
    54: "odd text",
    55: "mentions and links in notes",
    56: "formulas in CSV",
    57: "odd time zones",
    58: "forged controls",
    59: "hard autocompletion",
    60: "hostile YAML",
    61: "a token that is missing, broken or readable by others",
    62: "a slow database, a slow Discord",
    63: "long work",
    64: "unknown values from Discord",
    65: "unknown kinds of interactions",
}

NOT_SHOWN = {
    40: "A real network disk.",
    63: "Seven days and 100,000 visible members: an hour at 50 prompts a second, 1,000 members, and no member cache.",
}
"""What of a row cannot be shown here, or not yet, and why."""

_NUMBER = re.compile(r"test_fault_(\d\d)_")


def _functions(path: Path) -> Iterator[tuple[str, str]]:
    """Test functions of a file by name, with their class if they have one."""
    for node in ast.parse(path.read_text("utf-8")).body:
        inside = node.body if isinstance(node, ast.ClassDef) else [node]
        prefix = f"{node.name}::" if isinstance(node, ast.ClassDef) else ""
        yield from (
            (each.name, prefix + each.name)
            for each in inside
            if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
        )


@cache
def found() -> dict[int, list[str]]:
    """The tests of each row, by the numbers in their names."""
    by_row: dict[int, list[str]] = defaultdict(list)
    for path in sorted(TESTS.rglob("test_*.py")):
        for name, full in _functions(path):
            if match := _NUMBER.match(name):
                by_row[int(match[1])].append(f"{path.relative_to(TESTS)}::{full}")
    return dict(by_row)


def _cell(row: int, tests: list[str]) -> str:
    parts = [f"`{each}`" for each in tests]
    if row in NOT_SHOWN:
        parts.append(f"*Not shown:* {NOT_SHOWN[row]}")
    return "<br>".join(parts) or "**none**"


def table() -> str:
    """The whole file."""
    tests = found()
    lines = [
        "# Faults, and the tests that show them",
        "",
        "Generated: `python -m tests.meta.faults`. A test carries the number of its row in its name; those below",
        "`drill/` are long and run by `make drill`, all others by `make test`.",
        "",
        "| # | what is injected | shown by (below `tests/`) |",
        "|---|---|---|",
        *(f"| {row} | {what} | {_cell(row, tests.get(row, []))} |" for row, what in ROWS.items()),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    TABLE.write_text(table(), "utf-8")
    sys.stdout.write(f"{TABLE}\n")
