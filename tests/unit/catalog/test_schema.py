"""The JSON Schemas that editors use."""

import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft7Validator, FormatChecker, ValidationError, validate

from bot.catalog.schema import schemas, write_schemas

from .folder import CARD, SOURCES

CONTENT = Path(__file__).parents[3] / "content"
HOW_TO_RENEW = """renew them:
python -c 'from pathlib import Path; from bot.catalog import schema; schema.write_schemas(Path("content"))'"""


def as_an_editor(text: str, name: str) -> None:
    """Editors read YAML 1.2, where a plain date is a string."""
    schema = json.loads(schemas()[name])
    Draft7Validator.check_schema(schema)
    written = yaml.load(text, yaml.BaseLoader)  # noqa: S506
    if name == "sources.json":
        written["sources"][0]["year"] = 2020
    validate(written, schema, cls=Draft7Validator, format_checker=FormatChecker())


def test_the_committed_schemas_are_what_the_code_generates() -> None:
    committed = {path.name: path.read_text(encoding="utf-8") for path in (CONTENT / "schema").glob("*.json")}
    assert committed == schemas(), HOW_TO_RENEW


def test_writes_them_where_cards_look_for_them(tmp_path: Path) -> None:
    write_schemas(tmp_path)
    write_schemas(tmp_path)
    assert {path.name for path in (tmp_path / "schema").iterdir()} == set(schemas())
    assert {"card.json", "sources.json"} <= set(schemas())


@pytest.mark.parametrize(("name", "text"), [("card.json", CARD), ("sources.json", SOURCES)])
def test_an_editor_accepts_a_good_file(name: str, text: str) -> None:
    as_an_editor(text, name)


@pytest.mark.parametrize(
    ("old", "new"), [("scope:", "scop:"), ("2026-11-23", "23 November"), ("kind: physical", "kind: x")]
)
def test_an_editor_marks_a_mistake(old: str, new: str) -> None:
    with pytest.raises(ValidationError):
        as_an_editor(CARD.replace(old, new), "card.json")
