"""The files of a content folder, read and validated, each value with the place it came from."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import Enum
from functools import cached_property
from pathlib import Path
from typing import Generic, TypeVar, cast

from pydantic import BaseModel, Field, ValidationError

from bot.catalog.explain import explain
from bot.catalog.problems import Loc, Problem, Severity
from bot.catalog.reader import Value, line_of, read
from bot.domain.cards import Card, Frozen, Source
from bot.domain.questionnaires import OWN_PREFIX, Questionnaire
from bot.domain.support import SupportCountry

_WHERE = "point SPOONFUL_CONTENT_DIR at the content"

_PROSE = frozenset({"scope", "text", "outcome", "why", "questions"})

T = TypeVar("T", bound=BaseModel)


class SourceFile(Frozen):
    """The format of a file in `sources/`."""

    sources: tuple[Source, ...] = Field(min_length=1, description="Sources that cards cite, in any order.")


@dataclass(frozen=True)
class Entry(Generic[T]):
    """A valid value (a card, a source ...), its file, and the path to it in the file."""

    value: T
    path: Path
    at: Loc = ()

    @cached_property
    def strings(self) -> list[tuple[Loc, str]]:
        """Every string in the value, with its path."""
        return list(_strings(self.value, ()))

    @cached_property
    def prose(self) -> list[tuple[Loc, str]]:
        """The sentences of a card that a reader sees, with their paths; not names, labels and search phrases."""
        return [(loc, text) for loc, text in self.strings if field_of(loc) in _PROSE]

    def place(self, *loc: str | int) -> str:
        return f"{self.path}:{line_of(self.path, (*self.at, *loc))}"

    def problem(self, message: str, *loc: str | int, severity: Severity = Severity.ERROR) -> Problem:
        whole = (*self.at, *loc)
        return Problem(self.path, line_of(self.path, whole), message, severity, whole)


@dataclass
class Content:
    """What could be read, and the problems of what could not."""

    folder: Path
    cards: list[Entry[Card]] = field(default_factory=list[Entry[Card]])
    sources: list[Entry[Source]] = field(default_factory=list[Entry[Source]])
    support: list[Entry[SupportCountry]] = field(default_factory=list[Entry[SupportCountry]])
    questionnaires: list[Entry[Questionnaire]] = field(default_factory=list[Entry[Questionnaire]])
    problems: list[Problem] = field(default_factory=list[Problem])
    # Of all sources, those in files with problems included: citing these is not a second problem.
    source_ids: set[str] = field(default_factory=set[str])
    # False when a file that cites, or a source file, could not be used: then what is missing elsewhere proves nothing.
    all_cards: bool = True
    all_sources: bool = True


def read_content(folder: Path) -> Content:
    """Everything in the folder, with the problems of structure: schema, ids, file names, citations."""
    content = Content(folder)
    if not folder.is_dir():
        content.problems.append(Problem(folder, 1, f"there is no such folder: {_WHERE}"))
        return content
    source_files, card_files = _files(content, "sources"), _files(content, "cards")
    content.all_sources, content.all_cards = bool(source_files), bool(card_files)
    for path in source_files:
        _read_sources(content, path)
    content.problems += _repeated_ids(content.sources)
    for path in card_files:
        _read_card(content, path)
    for path in _yaml_in(folder / "support"):  # a folder that may be missing
        _read_support(content, path)
    for path in _yaml_in(folder / "questionnaires"):  # and another
        _read_questionnaire(content, path)
    return content


def _files(content: Content, name: str) -> list[Path]:
    """The YAML files of one folder; hidden ones (locks and backups of editors) do not count."""
    folder = content.folder / name
    if not folder.is_dir():
        message = f"there is no folder `{name}` in it: create it, or {_WHERE}"
        content.problems.append(Problem(content.folder, 1, message))
        return []
    paths = _yaml_in(folder)
    if not paths:
        message = f"there are no .yaml files in this folder: add one, or {_WHERE}"
        content.problems.append(Problem(folder, 1, message))
    return paths


def _yaml_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.yaml") if not path.name.startswith("."))


def _read_support(content: Content, path: Path) -> None:
    written = read(path)
    if isinstance(written, Problem):
        content.problems.append(written)
    elif country := validated(content, SupportCountry, written, path):
        content.support.append(Entry(country, path))


def _read_questionnaire(content: Content, path: Path) -> None:
    written = read(path)
    found = None
    if isinstance(written, Problem):
        content.problems.append(written)
    else:
        found = validated(content, Questionnaire, written, path)
    if found is None:
        content.all_cards = False
        return
    entry = Entry(found, path)
    content.questionnaires.append(entry)
    content.problems += _questionnaire_problems(content, entry)


def _read_sources(content: Content, path: Path) -> None:
    written = read(path)
    if isinstance(written, Problem):
        content.problems.append(written)
        content.all_sources = False
        return
    found = validated(content, SourceFile, written, path)
    if found is None:
        ids = set(_ids(written))
        content.source_ids |= ids
        content.all_sources &= bool(ids)
        return
    content.source_ids.update(source.id for source in found.sources)
    content.sources += [Entry(source, path, ("sources", position)) for position, source in enumerate(found.sources)]


def _read_card(content: Content, path: Path) -> None:
    written = read(path)
    if isinstance(written, Problem):
        content.problems.append(written)
        content.all_cards = False
        return
    card = validated(content, Card, written, path)
    if card is None:
        content.all_cards = False
        return
    entry = Entry(card, path)
    content.cards.append(entry)
    content.problems += _card_problems(content, entry)


def validated(content: Content, model: type[T], written: Value, path: Path) -> T | None:
    try:
        return model.model_validate(written)
    except ValidationError as invalid:
        for error in invalid.errors(include_url=False):
            content.problems.append(Problem(path, line_of(path, error["loc"]), explain(error, model)))
    return None


def _ids(value: Value) -> Iterator[str]:
    """The ids that a broken source file means to define."""
    sources = value.get("sources") if isinstance(value, dict) else None
    for source in sources if isinstance(sources, list) else ():
        name = source.get("id") if isinstance(source, dict) else None
        if isinstance(name, str):
            yield name


def _repeated_ids(sources: list[Entry[Source]]) -> Iterator[Problem]:
    seen: dict[str, Entry[Source]] = {}
    for entry in sources:
        first = seen.setdefault(entry.value.id, entry)
        if first is not entry:
            yield entry.problem(f"the id `{entry.value.id}` is taken by {first.place()}: keep one of the two", "id")


def _card_problems(content: Content, entry: Entry[Card]) -> Iterator[Problem]:
    card = entry.value
    yield from _other_name(entry, card.id)
    yield from repeated_claims(entry)
    if content.all_sources and not card.citation_numbers().keys() <= content.source_ids:
        yield from _unknown_cites(entry, content.source_ids)


def _questionnaire_problems(content: Content, entry: Entry[Questionnaire]) -> Iterator[Problem]:
    """What would make a questionnaire wrong or unsafe to ask: a bot does not start with these."""
    yield from _other_name(entry, entry.value.id)
    yield from _bad_keys(entry)
    yield from _without_support(entry)
    yield from _unreachable_score(entry)
    if content.all_sources:
        yield from _unknown_cites(entry, content.source_ids)


def _other_name(entry: Entry[Card] | Entry[Questionnaire], name: str) -> Iterator[Problem]:
    if name != entry.path.stem:
        yield entry.problem(f"the id is `{name}`: rename the file to {name}.yaml, or mend the id", "id")


def _bad_keys(entry: Entry[Questionnaire]) -> Iterator[Problem]:
    seen: set[str] = set()
    for position, question in enumerate(entry.value.questions):
        if question.key in seen:
            message = f"the question key `{question.key}` is already in this questionnaire: choose another"
            yield entry.problem(message, "questions", position, "key")
        if question.is_own:
            message = f"keys that begin with `{OWN_PREFIX}` are for members' own questions: choose another"
            yield entry.problem(message, "questions", position, "key")
        seen.add(question.key)


def _without_support(entry: Entry[Questionnaire]) -> Iterator[Problem]:
    if entry.value.switched_on and entry.value.needs_support_path:
        message = "this needs a support path and may not be on from the start: write `switched_on: false`"
        yield entry.problem(message, "switched_on")


def _unreachable_score(entry: Entry[Questionnaire]) -> Iterator[Problem]:
    """A total is of points: questions with a number of their own unit have no place in it."""
    scoring = entry.value.scoring
    if scoring is None:
        return
    for position, question in enumerate(entry.value.questions):
        if question.number:
            message = "a number with a unit cannot be added up: remove `scoring`, or ask in another way"
            yield entry.problem(message, "questions", position, "number")
    if not 0 < scoring.high_from <= entry.value.highest_total:
        message = f"`high_from` is {scoring.high_from}: write a total from 1 to {entry.value.highest_total:g}"
        yield entry.problem(message, "scoring", "high_from")


def repeated_claims(entry: Entry[Card]) -> Iterator[Problem]:
    seen: set[str] = set()
    for position, claim in enumerate(entry.value.claims):
        if claim.id in seen:
            message = f"the claim id `{claim.id}` is already on this card: choose another"
            yield entry.problem(message, "claims", position, "id")
        seen.add(claim.id)


def _unknown_cites(entry: Entry[Card] | Entry[Questionnaire], known: set[str]) -> Iterator[Problem]:
    for loc, cited in entry.strings:
        if "cites" in loc and cited not in known:
            similar = get_close_matches(cited, known, n=1)
            hint = f"did you mean `{similar[0]}`?" if similar else "add it to a file in sources/, or cite another"
            yield entry.problem(f"no source has the id `{cited}`: {hint}", *loc)


def field_of(loc: Loc) -> str:
    """The field a string belongs to, itself or as one of a list."""
    return next((step for step in reversed(loc) if isinstance(step, str)), "")


def _strings(value: object, loc: Loc) -> Iterator[tuple[Loc, str]]:
    if isinstance(value, BaseModel):
        for name, inner in value:
            yield from _strings(inner, (*loc, name))
    elif isinstance(value, tuple):
        for position, inner in enumerate(cast("tuple[object, ...]", value)):
            yield from _strings(inner, (*loc, position))
    elif isinstance(value, str) and not isinstance(value, Enum):
        yield loc, value
