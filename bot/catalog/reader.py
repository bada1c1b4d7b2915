"""A strict reader for the small part of YAML that cards need, safe on hostile files.

Every scalar stays the string that was typed (`22:30` is not 1350, `no` is not False): the schema decides.
The checks run on the parser's event stream, so nothing is built from a file that will be refused.
"""

import stat
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Protocol, TypeAlias

import yaml
import yaml.reader

from bot.catalog.problems import Loc, Problem

MAX_BYTES = 64 * 1024
MAX_DEPTH = 12
MAX_VALUES = 5_000
_HOW_TO_MEND = (
    "check the indentation (spaces, no tabs), and put quotes around text that holds `: ` or begins with a special "
    "character"
)

Value: TypeAlias = str | list["Value"] | dict[str, "Value"]


class _Parser(Protocol):
    def get_event(self) -> yaml.Event | None: ...
    def get_single_node(self) -> yaml.Node | None: ...


# libyaml where PyYAML was built with it: ten times as fast.
_parser: Callable[[str], _Parser] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class RefusedError(Exception):
    """A text the reader does not accept: what is wrong, how to mend it, and the line (from 1)."""

    def __init__(self, message: str, line: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


def read(path: Path) -> Value | Problem:
    """The plain value of a file, or why it was refused."""
    try:
        return parse(_text(path))
    except RefusedError as refused:
        return Problem(path, refused.line, refused.message)


def parse(text: str) -> Value:
    """Raises RefusedError."""
    try:
        return _Composer(iter(_parser(text).get_event, None)).document()
    except yaml.YAMLError as error:
        raise _not_yaml(error, text) from None


def line_of(path: Path, loc: Loc) -> int:
    """The line (from 1) of a part of a file, such as ("harms", "common", 0), or of its nearest parent.

    It reads the file again. Lines are wanted for problems only: noting them all would double the cost of each load.
    """
    try:
        return locate(_text(path), loc)
    except RefusedError:  # it changed meanwhile
        return 1


def locate(text: str, loc: Loc) -> int:
    """The line (from 1) of a part of a text, or of its nearest parent. Raises RefusedError."""
    line, node = 1, tree(text)
    for step in loc:
        found = _child(node, step)
        if found is None:
            break
        line, node = found
    return line


@lru_cache(maxsize=8)
def tree(text: str) -> yaml.Node | None:
    """The nodes of a text, which know where they begin. Raises RefusedError."""
    parse(text)  # refuses what would take for ever to compose
    return _parser(text).get_single_node()


def _child(node: yaml.Node | None, step: str | int) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        return next(((_line(key), value) for key, value in node.value if key.value == step), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return _line(node.value[step]), node.value[step]
    return None


def _text(path: Path) -> str:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise RefusedError("this is not a file: rename or remove it")
        if status.st_size > MAX_BYTES:
            raise RefusedError(f"the file has {status.st_size} bytes, at most {MAX_BYTES} are read: split it")
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise RefusedError("this is not UTF-8 text: save the file with the encoding UTF-8", line) from None
    except FileNotFoundError:
        raise RefusedError("the link points nowhere: mend or remove it") from None
    except OSError as error:
        raise RefusedError(f"the file cannot be read ({error.strerror}): check its permissions") from None


def _not_yaml(error: yaml.YAMLError, text: str) -> RefusedError:
    if isinstance(error, yaml.reader.ReaderError):
        line = text.encode()[: error.position].count(b"\n") + 1
        return RefusedError(f"there is an invisible control character ({error.reason}): delete it", line)
    mark = getattr(error, "problem_mark", None)
    what = getattr(error, "problem", None) or "not readable"
    return RefusedError(f"this is not YAML ({what}): {_HOW_TO_MEND}", mark.line + 1 if mark else 1)


class _Composer:
    """Builds one document from the parser's events; gives up at the first thing that is not allowed."""

    def __init__(self, events: Iterator[yaml.Event]) -> None:
        self._events = events
        self._left = MAX_VALUES

    def document(self) -> Value:
        next(self._events)  # the stream starts
        if isinstance(next(self._events), yaml.StreamEndEvent):
            raise RefusedError("the file is empty: write its content or remove it")
        value = self._value(next(self._events), 1)
        next(self._events)  # the document ends
        after = next(self._events)
        if not isinstance(after, yaml.StreamEndEvent):
            raise RefusedError("a second document begins here: keep one `---` at most", _line(after))
        return value

    def _value(self, event: yaml.Event, depth: int) -> Value:
        self._left -= 1
        if self._left < 0:
            raise RefusedError(f"the file holds more than {MAX_VALUES} values: split it", _line(event))
        if isinstance(event, yaml.ScalarEvent):
            return _plain(event)
        _refuse_extras(event)
        if depth > MAX_DEPTH:
            raise RefusedError(f"this is nested more than {MAX_DEPTH} levels deep: write it flatter", _line(event))
        return self._sequence(depth) if isinstance(event, yaml.SequenceStartEvent) else self._mapping(depth)

    def _sequence(self, depth: int) -> Value:
        values: list[Value] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            values.append(self._value(event, depth + 1))
        return values

    def _mapping(self, depth: int) -> Value:
        values: dict[str, Value] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = _key(event)
            if key in values:
                raise RefusedError(f"`{key}` is here for the second time: keep one of the two", _line(event))
            values[key] = self._value(next(self._events), depth + 1)
        return values


def _key(event: yaml.Event) -> str:
    if isinstance(event, yaml.ScalarEvent):
        return _plain(event)
    _refuse_extras(event)
    raise RefusedError("a list or mapping cannot be a key: put quotes around text with brackets", _line(event))


def _plain(event: yaml.ScalarEvent) -> str:
    if event.anchor is not None or event.tag is not None:
        _refuse_extras(event)
    return event.value


def _refuse_extras(event: yaml.Event) -> None:
    if isinstance(event, yaml.AliasEvent):
        raise RefusedError("an alias (`*name`) is not allowed: write the text out, or quote it", _line(event))
    if getattr(event, "anchor", None) is not None:
        raise RefusedError("an anchor (`&name`) is not allowed: remove it, or quote the text", _line(event))
    if getattr(event, "tag", None) is not None:
        raise RefusedError("a tag (`!name`) is not allowed: remove it, or quote the text", _line(event))


def _line(part: yaml.Event | yaml.Node) -> int:
    return part.start_mark.line + 1 if part.start_mark else 1
