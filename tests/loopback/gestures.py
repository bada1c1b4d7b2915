"""What Discord's app sends when a person does something: the `data` of an interaction."""

from collections.abc import Mapping, Sequence
from enum import IntEnum

from tests.loopback.calls import Payload
from tests.loopback.interactions import controls

Value = str | int | float | bool
Filled = Value | Sequence[str]

CHAT_INPUT, MESSAGE_MENU = 1, 3


class Part(IntEnum):
    """Kinds of components."""

    ROW = 1
    BUTTON = 2
    SELECT = 3
    TEXT = 10
    LABEL = 18
    UPLOAD = 19
    CHECKBOXES = 22
    CHECKBOX = 23


MANY = {Part.SELECT, 5, 6, 7, 8, Part.UPLOAD, Part.CHECKBOXES}
"""Kinds that are filled with a list, even of one."""


def command(
    registered: Sequence[Payload], name: str, options: Mapping[str, Value], *, typing: str | None = None
) -> Payload:
    """A slash command such as "help" or "checkin start"; `typing` is the option that autocomplete is asked about.

    Raises:
        LookupError: the bot has registered no such command, or one without such an option.
    """
    first, *rest = name.split()
    known = _named(registered, first)
    level, kinds = known, list[int]()
    for word in rest:
        level = _named(level.get("options", []), word)
        kinds.append(level["type"])
    given: list[Payload] = []
    for option, value in options.items():
        kind = _named(level.get("options", []), option)["type"]
        given.append({"name": option, "type": kind, "value": value} | ({"focused": True} if option == typing else {}))
    if typing is None:
        missing = {each["name"] for each in level.get("options", []) if each.get("required")} - options.keys()
        if missing:
            raise LookupError(f"Discord does not send /{name} without {sorted(missing)}")
    for word, kind in zip(reversed(rest), reversed(kinds), strict=True):
        given = [{"name": word, "type": kind, "options": given}]
    return {"id": known["id"], "name": first, "type": CHAT_INPUT, "options": given}


def menu(registered: Sequence[Payload], name: str, message: Payload) -> Payload:
    """A command on a message."""
    resolved = {"messages": {message["id"]: message}}
    known = _named(registered, name)
    return {
        "id": known["id"],
        "name": name,
        "type": MESSAGE_MENU,
        "target_id": message["id"],
        "resolved": resolved,
    }


def press(custom_id: str) -> Payload:
    return {"custom_id": custom_id, "component_type": Part.BUTTON}


def choose(message: Payload, custom_id: str, values: Sequence[str]) -> Payload:
    """Values picked in a select of a message; one that is not there is taken for a select of strings."""
    kind = next((part["type"] for part in controls(message["components"]) if part["custom_id"] == custom_id), None)
    return {"custom_id": custom_id, "component_type": kind or Part.SELECT, "values": list(values)}


def submit(modal: Payload, filled: Mapping[str, Filled]) -> Payload:
    """A form, filled by custom_ids; what is not filled goes as it was opened.

    Raises:
        LookupError: there is no such field, or one that must be filled is empty.
    """
    unknown = filled.keys() - {part["custom_id"] for part in controls(modal["components"])}
    if unknown:
        raise LookupError(f"the form has no {sorted(unknown)}")
    parts = [_part(number, part, filled) for number, part in enumerate(modal["components"], 1)]
    return {"custom_id": modal["custom_id"], "components": parts}


def _part(number: int, part: Payload, filled: Mapping[str, Filled]) -> Payload:
    said: Payload = {"type": part["type"], "id": number}
    match part["type"]:
        case Part.LABEL:
            return said | {"component": _field(number + 100, part["component"], filled)}
        case Part.ROW:
            return said | {"components": [_field(number + 100, part["components"][0], filled)]}
        case _:
            return said  # text, which nobody fills


def _field(number: int, part: Payload, filled: Mapping[str, Filled]) -> Payload:
    value = filled.get(part["custom_id"], _preset(part))
    if part.get("required", True) and value in ("", [], None):
        raise LookupError(f"Discord does not send the form without {part['custom_id']}")
    named = {"type": part["type"], "id": number, "custom_id": part["custom_id"]}
    if part["type"] in MANY:
        return named | {"values": list(value) if isinstance(value, list | tuple) else [value]}
    return named | {"value": value}


def _preset(part: Payload) -> Filled | None:
    preset = [option["value"] for option in part.get("options", []) if option.get("default")]
    if part["type"] in MANY:
        return preset
    if part["type"] == Part.CHECKBOX:
        return bool(part.get("default"))
    if "options" in part:
        return next(iter(preset), None)
    return part.get("value") or ""


def _named(among: Sequence[Payload], name: str) -> Payload:
    found = next((each for each in among if each["name"] == name), None)
    if found is None:
        raise LookupError(f"the bot has no {name} among {sorted(each['name'] for each in among)}")
    return found
