"""What a line looks like: citations at its end, fields with separators between them."""

import re
from collections.abc import Callable
from dataclasses import dataclass

TAIL = re.compile(r"((?:\[[^\[\]\n]*\])+)(\.?)[ \t\r]*$", re.MULTILINE)
"""The citations at the end of a line, and the full stop that some put behind them."""

CITE = re.compile(r"[^\s,;\[\]]+")
SPACE = " \t\r"

_NUMBERS = re.compile(r"([0-9]{1,4})(?:[-–]([0-9]{1,4}))?")


def numbered(text: str, sources: tuple[str, ...]) -> str:
    """The text with numbers for ids, as people see and type it. Ids that are not among the sources stay."""
    numbers = {source_id: str(number) for number, source_id in enumerate(sources, start=1)}
    return cites_replaced(text, lambda cite: numbers.get(cite, cite))


def with_ids(text: str, sources: tuple[str, ...]) -> str:
    """What somebody typed, with ids for numbers. Numbers that no source has stay: `card_of` then says so."""

    def id_of(cite: str) -> str:
        span = _NUMBERS.fullmatch(cite)
        if not span:
            return cite
        first, last = int(span[1]), int(span[2] or span[1])
        return ", ".join(sources[first - 1 : last]) if 1 <= first <= last <= len(sources) else cite

    return cites_replaced(text, id_of)


def cites_replaced(text: str, new: Callable[[str], str]) -> str:
    """The text with another name for each thing that is cited at the end of its lines."""
    return TAIL.sub(lambda tail: CITE.sub(lambda cite: new(cite[0]), tail[1]) + tail[0][len(tail[1]) :], text)


def flat(text: str) -> str:
    """In one line, as each entry of a field is."""
    return " ".join(text.split("\n"))


def escaped(text: str, separator: str) -> str:
    """In one line in which `split` finds no separator."""
    return flat(text).replace(separator, "\\" + separator)


def split(line: str, separator: str, most: int = -1) -> list[str]:
    """The fields of a line, at separators without a backslash before them. All but what is left over is unescaped."""
    fields = re.split(rf"(?<!\\)\{separator}", line, maxsplit=max(most, 0))
    whole = fields if most < 0 else fields[:most]
    return [field.replace("\\" + separator, separator) for field in whole] + fields[len(whole) :]


@dataclass(frozen=True)
class Line:
    """One line, with its number from 1 among those that are not empty."""

    number: int
    text: str


def lines_of(text: str) -> list[Line]:
    """Those that say something, stripped."""
    lines = (line.strip(SPACE) for line in text.split("\n"))
    return [Line(number, line) for number, line in enumerate(filter(None, lines), start=1)]
