"""pydantic's errors, said so that an author knows what to do."""

from difflib import get_close_matches
from typing import TypeGuard, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

# By pydantic's error type, up to the first match of its beginning. `{name}` is the field, `{input}` what was written,
# and the rest comes from pydantic's own context.
_SENTENCES = {
    "missing": "{name} is missing: add it{hint}",
    "string_too_short": "{name} is empty or too short: write at least {min_length} characters, or remove the line",
    "string_too_long": "{name} has {length} characters: shorten it to at most {max_length}",
    "string_pattern": "{name} is `{input}`: {pattern_hint}",
    "string_type": "{name} is a list or has fields: write one text, in quotes if it holds `: `",
    "too_short": "{name} has too few entries: write at least {min_length}",
    "too_long": "{name} has {actual_length} entries: keep at most {max_length}",
    "enum": "{name} is `{input}`: write {expected}",
    "int": "{name} is `{input}`: write a whole number",
    "greater_than_equal": "{name} is `{input}`: write {ge} or more",
    "less_than_equal": "{name} is `{input}`: write {le} or less",
    "date": "{name} is `{input}`: write a date like 2026-11-23",
    "tuple_type": "{name} is not a list: begin each entry on a line of its own with `- `",
    "model_type": "{name} is a text or a list: write its fields below it ({fields})",
}
_PATTERNS = {
    "id": "use lower-case letters and digits, with single hyphens between them",
    "cites": "use the id of a source: lower-case letters and digits, with single hyphens between them",
    "doi": "write the bare DOI, like 10.1002/ejp.522, without https://doi.org/",
    "pmid": "write the bare PubMed number, of at most 8 digits",
    "url": "write the whole address, beginning with https://",
}
_SHOWN = 60


def explain(error: ErrorDetails, model: type[BaseModel]) -> str:
    """One sentence on what is wrong and how to mend it; `model` is what was validated."""
    loc = error["loc"]
    if error["type"] == "extra_forbidden":
        return _unknown_field(str(loc[-1]), list(_holder(model, loc).model_fields))
    for beginning, sentence in _SENTENCES.items():
        if error["type"].startswith(beginning):
            return sentence.format(**_words(error, model))
    return f"{_name(loc)}: {error['msg']}"


def _words(error: ErrorDetails, model: type[BaseModel]) -> dict[str, object]:
    loc, written = error["loc"], error["input"]
    field = next((step for step in reversed(loc) if isinstance(step, str)), "")
    return {
        "name": _name(loc),
        "input": _shown(written),
        "length": len(written) if isinstance(written, str) else 0,
        "hint": _description(model, loc),
        "pattern_hint": _PATTERNS.get(field, "mend its form"),
        "fields": ", ".join(_inside(model, loc).model_fields),
        **error.get("ctx", {}),
    }


def _name(loc: tuple[int | str, ...]) -> str:
    if not loc:
        return "the file"
    if isinstance(loc[-1], int):
        return f"entry {loc[-1] + 1} of {_name(loc[:-1])}"
    return f"`{loc[-1]}`"


def _shown(written: object) -> str:
    text = str(written)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _unknown_field(name: str, fields: list[str]) -> str:
    similar = get_close_matches(name, fields, n=1)
    hint = f"did you mean `{similar[0]}`?" if similar else f"the fields here are {', '.join(fields)}"
    return f"there is no field `{_shown(name)}`: {hint}"


def _description(model: type[BaseModel], loc: tuple[int | str, ...]) -> str:
    field = _holder(model, loc).model_fields.get(str(loc[-1])) if loc else None
    return f" ({field.description.rstrip('.')})" if field and field.description else ""


def _holder(model: type[BaseModel], loc: tuple[int | str, ...]) -> type[BaseModel]:
    """The model that the last step of the path is a field of."""
    return _inside(model, loc[:-1])


def _inside(model: type[BaseModel], loc: tuple[int | str, ...]) -> type[BaseModel]:
    """The model at the path, or its nearest parent."""
    for step in loc:
        field = model.model_fields.get(step) if isinstance(step, str) else None
        model = (field and _model_in(field.annotation)) or model
    return model


def _model_in(annotation: object) -> type[BaseModel] | None:
    """The model in an annotation such as `tuple[Statement, ...]` or `Harms | None`."""
    if _is_model(annotation):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part))), None)


def _is_model(annotation: object) -> TypeGuard[type[BaseModel]]:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
