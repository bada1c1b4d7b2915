"""JSON Schemas of the content files, for completion and squiggles in an author's editor."""

import json
from pathlib import Path

from pydantic import BaseModel

from bot.catalog.content import SourceFile
from bot.domain.cards import Card
from bot.domain.questionnaires import Questionnaire
from bot.domain.support import SupportCountry

_MODELS: dict[str, type[BaseModel]] = {
    "card": Card,
    "sources": SourceFile,
    "support": SupportCountry,
    "questionnaire": Questionnaire,
}


def schemas() -> dict[str, str]:
    """File name -> its text."""
    return {f"{name}.json": _schema(model) for name, model in _MODELS.items()}


def write_schemas(content_dir: Path) -> None:
    folder = content_dir / "schema"
    folder.mkdir(exist_ok=True)
    for name, text in schemas().items():
        (folder / name).write_text(text, encoding="utf-8")


def _schema(model: type[BaseModel]) -> str:
    # Draft 7 is what editors assume; a plain YAML date or version is a string to them, as it is to our reader.
    schema = {"$schema": "http://json-schema.org/draft-07/schema#", **model.model_json_schema()}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
