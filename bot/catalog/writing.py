"""YAML as the files of `content/` are written, and changes to a file that leave every other line as it was."""

from collections.abc import Mapping, Sequence
from datetime import date
from enum import Enum
from itertools import pairwise
from typing import Any, TypeAlias, cast

import yaml
from pydantic import BaseModel

from bot.catalog.reader import RefusedError, Value, parse, tree

WIDTH = 110
_CITES = "cites"
# A finding and a position are statements, whose own fields come before what every statement has.
_OWN, _INHERITED = {"outcome", "body"}, {"text", _CITES}

Written: TypeAlias = str | int | date | Sequence["Written"] | Mapping[str, "Written"]
"""What a file can hold, before it is text."""


def plain(model: BaseModel) -> dict[str, Written]:
    """The fields of a model as a file has them: in its order, without those that are left at their default."""
    return cast("dict[str, Written]", _plain(model.model_dump(exclude_defaults=True)))


def written(value: Mapping[str, Written], schema: str | None = None) -> str:
    """A whole file; `schema` is the name of its JSON Schema, for editors."""
    head = f"# yaml-language-server: $schema=../schema/{schema}.json\n" if schema else ""
    return head + _dumped(value)


def rewritten(text: str, value: Mapping[str, Written]) -> str:
    """A file with this value in place of its own. Lines of what is the same in both stay as they are."""
    lines, root = text.splitlines(keepends=True), tree(text)
    if isinstance(root, yaml.MappingNode) and not root.flow_style and root.value:
        head = lines[: _line(root.value[0][0])]
        spliced = "".join([*head, *_Splice(lines).mapping(root, value, len(lines))])
        if _reads_as(spliced, value):
            return spliced
        return "".join(line for line in head if line.startswith("#")) + written(value)
    return written(value)


class _Dumper(yaml.SafeDumper):
    """Lists are indented below their key, and citations stand in one line."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 - PyYAML's
        super().increase_indent(flow, indentless=False)


class _Cites(list[Written]):
    """A list that is written in brackets."""


_Dumper.add_representer(
    _Cites, lambda dumper, cites: dumper.represent_sequence("tag:yaml.org,2002:seq", cites, flow_style=True)
)


def _dumped(value: Written, width: int = WIDTH) -> str:
    return yaml.dump(
        _with_flow(value), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=width, default_flow_style=False
    )


def _with_flow(value: object) -> object:
    if isinstance(value, Mapping):
        pairs = cast("Mapping[str, Written]", value).items()
        return {
            key: _Cites(cast("Sequence[Written]", each)) if key == _CITES else _with_flow(each) for key, each in pairs
        }
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_with_flow(each) for each in cast("Sequence[Written]", value)]
    return value


def _plain(value: object) -> Written:
    if isinstance(value, Mapping):
        fields = cast("Mapping[str, object]", value)
        order = sorted(fields, key=_INHERITED.__contains__) if _OWN & fields.keys() else fields
        return {key: _plain(fields[key]) for key in order}
    if isinstance(value, tuple | list):
        return [_plain(each) for each in cast("Sequence[object]", value)]
    return value.value if isinstance(value, Enum) else cast("Written", value)


def _reads_as(text: str, value: Mapping[str, Written]) -> bool:
    try:
        return _stripped(parse(text)) == _stripped(parse(written(value)))
    except RefusedError:
        return False


def _stripped(value: Value) -> Value:
    if isinstance(value, dict):
        return {key: _stripped(each) for key, each in value.items()}
    return [_stripped(each) for each in value] if isinstance(value, list) else value.strip()


# PyYAML's nodes hold pairs and lists of nodes, but its stubs say `Any`.
_Pairs: TypeAlias = list[tuple[yaml.ScalarNode, yaml.Node]]


class _Splice:
    """Puts old lines and new ones together, along the tree of the old text.

    It trusts the tree on where things begin. What comes out is read again by who calls, in case that was too trusting.
    """

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines

    def mapping(self, node: yaml.MappingNode, value: Mapping[str, Written], end: int) -> list[str]:
        pairs, column = cast("_Pairs", node.value), _column(node)
        starts = [*(_line(key) for key, _ in pairs), end]
        blocks = {
            key.value: (start, stop, inside)
            for (key, inside), (start, stop) in zip(pairs, pairwise(starts), strict=True)
        }
        result: list[str] = []
        for key in _in_order(list(blocks), list(value)):
            if key not in blocks:
                result += _fresh({key: value[key]}, column)
                continue
            start, stop, inside = blocks[key]
            body = self._body_end(start, stop, column)
            if key in value:
                kept = self._block(start, body, inside, value[key])
                result += _fresh({key: value[key]}, column) if kept is None else kept
            result += self._lines[body:stop]
        return result

    def _block(self, start: int, stop: int, node: yaml.Node, value: Written) -> list[str] | None:
        """A key and its value with as much of the old lines as can be; None if that is nothing."""
        if _same(node, value):
            return list(self._lines[start:stop])
        if not isinstance(node, yaml.CollectionNode) or node.flow_style or not node.value:
            return None
        opened = list(self._lines[start : _line(node)])
        if isinstance(node, yaml.MappingNode) and isinstance(value, Mapping):
            return opened + self.mapping(node, value, stop)
        if isinstance(node, yaml.SequenceNode) and isinstance(value, Sequence) and not isinstance(value, str):
            return opened + self._sequence(node, value, stop)
        return None

    def _sequence(self, node: yaml.SequenceNode, value: Sequence[Written], end: int) -> list[str]:
        items = cast("list[yaml.Node]", node.value)
        starts = [*map(_line, items), end]
        old = list(zip(items, pairwise(starts), strict=True))
        result: list[str] = []
        for entry in value:
            known = next((each for each in old if _same(each[0], entry)), None)
            renewed = None if known else next((each for each in old if _is_of(each[0], entry)), None)
            if known:
                old.remove(known)
                result += self._lines[slice(*known[1])]
            elif renewed:
                old.remove(renewed)
                inside = cast("tuple[yaml.MappingNode, Mapping[str, Written]]", (renewed[0], entry))
                result += self.mapping(*inside, renewed[1][1])
            else:
                result += _fresh([entry], _column(node))
        return result

    def _body_end(self, start: int, stop: int, column: int) -> int:
        """Where a block ends and the comments before the next one begin."""
        while stop > start + 1 and self._is_between(self._lines[stop - 1], column):
            stop -= 1
        return stop

    def _is_between(self, line: str, column: int) -> bool:
        bare = line.lstrip(" ")
        return not bare.strip() or (bare.startswith("#") and len(line) - len(bare) <= column)


def _fresh(value: Written, column: int) -> list[str]:
    """New lines, so far to the right."""
    return [" " * column + line for line in _dumped(value, WIDTH - column).splitlines(keepends=True)]


def _is_of(node: yaml.Node, value: Written) -> bool:
    """Whether both are states of one thing: they have the same id, and it comes first."""
    if not (isinstance(node, yaml.MappingNode) and isinstance(value, Mapping) and node.value):
        return False
    key, inside = cast("_Pairs", node.value)[0]
    return key.value == "id" and inside.value == value.get("id")


def _in_order(old: list[str], new: list[str]) -> list[str]:
    """The old keys, and each new one after that which it follows among the new."""
    order = list(old)
    for before, key in pairwise(["", *new]):
        if key not in order:
            order.insert(order.index(before) + 1 if before else 0, key)
    return order


def _same(node: yaml.Node, value: Written) -> bool:
    if isinstance(node, yaml.MappingNode):
        pairs: dict[str, Any] = {key.value: inside for key, inside in cast("_Pairs", node.value)}
        return (
            isinstance(value, Mapping)
            and pairs.keys() == value.keys()
            and all(_same(pairs[key], each) for key, each in value.items())
        )
    if isinstance(node, yaml.SequenceNode):
        items = cast("list[yaml.Node]", node.value)
        if not isinstance(value, Sequence) or isinstance(value, str) or len(items) != len(value):
            return False
        return all(map(_same, items, value))
    return not isinstance(value, Mapping | list) and str(node.value).strip() == str(value)


def _line(node: yaml.Node) -> int:
    """From 0."""
    return node.start_mark.line if node.start_mark else 0


def _column(node: yaml.Node) -> int:
    return node.start_mark.column if node.start_mark else 0
