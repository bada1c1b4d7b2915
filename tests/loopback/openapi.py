"""Discord's own description of its API, against which every body that the bot sends is held."""

import functools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast
from urllib.parse import quote

from jsonschema import Draft202012Validator, ValidationError
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from bot.config import ROOT
from tests.loopback.calls import Payload, Request

DOCUMENT = ROOT.parent / "shared/discord/openapi.json"
HOME = "urn:discord"

# Where the document is stricter than Discord is, and why we know. In all else it is taken at its word.
EXCEPTIONS: Mapping[str, Payload] = {
    # Every id is a string there. Discord's reference says that ids are integers inside, and its example of an upload
    # has `"id": 0`; discord.py has always sent the ids of recipients, uploads and replies as integers.
    "SnowflakeType": {"type": ["string", "integer"], "pattern": "^(0|[1-9][0-9]*)$", "minimum": 0},
}


class Contract:
    """What the document says about requests. What it says about answers is no business of the bot's."""

    def __init__(self, document: Payload) -> None:
        self._operations = {
            (method.upper(), path): operation
            for path, operations in document["paths"].items()
            for method, operation in operations.items()
            if method != "parameters"
        }
        # Files come in a form, and the body beside them is the same as the one without.
        bodies = {
            " ".join(key): operation["requestBody"]["content"]["application/json"]["schema"]
            for key, operation in self._operations.items()
            if "application/json" in operation.get("requestBody", {}).get("content", {})
        }
        schemas: Payload = document["components"]["schemas"] | EXCEPTIONS
        kept = _any_of({"components": {"schemas": schemas}, "bodies": bodies})
        self._registry: Registry[Any] = Registry[Any]().with_resource(HOME, Resource[Any](kept, DRAFT202012))
        self._validators: dict[tuple[str, str], Draft202012Validator] = {}

    def breaches(self, call: Request) -> list[str]:
        """What the document does not allow in a request: the place and the rule, but no value and no address.

        Values are what people said, and addresses hold the tokens of interactions.
        """
        operation = self.operation(call)
        if operation is None:
            return [f"{call.method} /{call.path.split('/')[1]}/...: not in the document"]
        where, told = " ".join(operation), self._operations[operation].get("requestBody")
        if call.body is None:
            return [f"{where}: has no body"] if told and told.get("required") else []
        if told is None:
            return [f"{where}: has a body, and should have none"]
        validator: Any = self._validator(operation)
        errors: Iterable[ValidationError] = validator.iter_errors(call.body)
        return [f"{where}: {_said(culprit)}" for error in errors for culprit in _culprits(error)]

    def operation(self, call: Request) -> tuple[str, str] | None:
        """The method, and the path as the document writes it: the one with the fewest variables, if several fit."""
        parts = call.path.split("/")
        fitting = [key for key in self._operations if key[0] == call.method and _fits(key[1].split("/"), parts)]
        return min(fitting, key=lambda each: each[1].count("{"), default=None)

    def _validator(self, operation: tuple[str, str]) -> Draft202012Validator:
        if operation not in self._validators:
            place = " ".join(operation).replace("/", "~1")
            self._validators[operation] = Draft202012Validator(
                {"$ref": f"{HOME}#/bodies/{quote(place, safe='~')}"}, registry=self._registry
            )
        return self._validators[operation]


@functools.cache
def contract() -> Contract | None:
    """Read once for all tests; None where the document is not at hand."""
    return Contract(json.loads(DOCUMENT.read_text("utf-8"))) if DOCUMENT.exists() else None


def _any_of(part: Any) -> Any:
    """The same schema with every `oneOf` loosened to `anyOf`.

    The document's alternatives overlap: what may be an integer or a number is both, and a body without the fields that
    tell two kinds apart is of either kind. Discord takes these; `oneOf` in the sense of JSON Schema would refuse them.
    """
    if isinstance(part, list):
        return [_any_of(one) for one in cast("list[Any]", part)]
    if isinstance(part, dict):
        named = cast("Payload", part)
        return {"anyOf" if name == "oneOf" else name: _any_of(value) for name, value in named.items()}
    return part


def _fits(template: Sequence[str], parts: Sequence[str]) -> bool:
    return len(template) == len(parts) and all(
        name.startswith("{") or name == part for name, part in zip(template, parts, strict=True)
    )


def _culprits(error: ValidationError) -> Iterator[ValidationError]:
    """The errors that matter of one that says "fits none of these": those of the kind that was plainly meant."""
    branches: dict[Any, list[ValidationError]] = {}
    for inner in error.context or ():
        branches.setdefault(inner.relative_schema_path[0], []).append(inner)
    meant = [inner for inner in branches.values() if not any(_of_another_kind(each) for each in inner)]
    if len(meant) != 1:
        yield error
        return
    for inner in meant[0]:
        yield from _culprits(inner)


def _of_another_kind(error: ValidationError) -> bool:
    place = list(error.relative_path)
    return place == ["type"] or (not place and error.validator == "type")


def _said(error: ValidationError) -> str:
    match error.validator:
        case "required":
            return f"{error.json_path}: {error.message}"
        case "anyOf":
            return f"{error.json_path}: fits none of its kinds"
        case rule:
            return f"{error.json_path}: breaks {rule} {error.validator_value}"
