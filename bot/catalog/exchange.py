"""A community's cards as a content folder, and such a folder read back.

The folder is the bundled content with the community's newest texts in it: it passes `cards check`, and compared with
the bundled folder it shows what the community changed. What was withdrawn is in it as text; which cards, and why, says
`withdrawals.yaml`, which nothing but an import reads.
"""

import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

from pydantic import Field

from bot.catalog.content import Content, SourceFile, validated
from bot.catalog.loader import load
from bot.catalog.problems import Problem
from bot.catalog.reader import line_of, parse, read
from bot.catalog.writing import plain, rewritten, written
from bot.domain.cards import Card, Frozen, Slug, Source
from bot.domain.catalog import Catalog
from bot.domain.curation import Revision, RevisionKind
from bot.domain.manuscripts import card_of, manuscript_of
from bot.domain.references import sharing_records
from bot.errors import ExitCode, StartupError

WITHDRAWALS = "withdrawals.yaml"
_WITHDRAWALS_HEAD = "# Cards that the community has withdrawn, and why. Only `spoonful cards import` reads this file.\n"
_SOURCES_PER_FILE = 50
"""So that no file grows over what the reader takes."""


class Withdrawn(Frozen):
    """A card that members see as withdrawn."""

    card: Slug
    reason: Annotated[str, Field(min_length=1, max_length=300)]


class WithdrawalFile(Frozen):
    """The format of `withdrawals.yaml`."""

    withdrawn: tuple[Withdrawn, ...]


@dataclass(frozen=True)
class Exported:
    """What of the community is in the folder; by the ids of cards, and the new sources by theirs."""

    cards: Sequence[str]
    withdrawn: Sequence[str]
    sources: Sequence[str]


def export(content: Path, folder: Path, latest: Sequence[Revision]) -> Exported:
    """Write the folder: the bundled `content` under the newest revision of each card of one community.

    Raises:
        ContentError: the bundled content has problems.
        StartupError: the folder is not empty, or cannot be written.
    """
    bundled = load(content)
    revisions = sorted((each for each in latest if each.card), key=lambda each: each.card_id)
    cards, added = _with_records_shared(bundled, revisions)
    down = {each.card_id: each.why for each in revisions if each.kind is RevisionKind.WITHDRAWN}
    try:
        _copy(content, folder)
        changed = [card for card in cards if card != bundled.cards.get(card.id)]
        for card in changed:
            _write_card(folder / "cards" / f"{card.id}.yaml", card)
        _drop_sources(folder, _uncited(bundled, cards))
        _write_sources(folder / "sources", added)
        if down:
            listed = [{"card": card_id, "reason": reason} for card_id, reason in down.items()]
            _write(folder / WITHDRAWALS, _WITHDRAWALS_HEAD + written({"withdrawn": listed}))
    except OSError as error:
        raise StartupError(f"{error.filename} cannot be written ({error.strerror}).", ExitCode.CONFIG) from None
    return Exported([card.id for card in changed], list(down), [source.id for source in added])


def read_withdrawals(folder: Path, cards: Iterable[str]) -> tuple[Mapping[str, str], list[Problem]]:
    """The reason of each withdrawn card by its id, and what is wrong with the file; there need not be one."""
    path, content = folder / WITHDRAWALS, Content(folder)
    if not path.exists():
        return {}, []
    value = read(path)
    if isinstance(value, Problem):
        return {}, [value]
    found = validated(content, WithdrawalFile, value, path)
    listed = found.withdrawn if found else ()
    problems = [*content.problems, *_withdrawal_problems(path, listed, set(cards))]
    return MappingProxyType({each.card: each.reason for each in listed}), problems


def _withdrawal_problems(path: Path, listed: Sequence[Withdrawn], cards: set[str]) -> Iterator[Problem]:
    seen: set[str] = set()
    for position, each in enumerate(listed):
        loc = ("withdrawn", position, "card")
        if each.card in seen:
            yield Problem(path, line_of(path, loc), f"`{each.card}` is here for the second time: keep one of the two")
        elif each.card not in cards:
            message = f"there is no card `{each.card}`: mend the id, or remove the entry"
            yield Problem(path, line_of(path, loc), message)
        seen.add(each.card)


def _with_records_shared(bundled: Catalog, revisions: Sequence[Revision]) -> tuple[list[Card], list[Source]]:
    """The community's cards and new sources, with one record for each paper and one paper for each id.

    In one community each card may bring records of its own. In a folder all cards share them.
    """
    sources, cards = dict(bundled.sources), list[Card]()
    for revision in revisions:
        if revision.card is None:
            continue
        text = manuscript_of(revision.card, revision.sources)
        shared = sharing_records(text, Catalog({}, sources))
        card = revision.card if shared == text else card_of(shared)
        cited = card.citation_numbers()
        sources |= {each.id: each for each in shared.added if each.id in cited and each.id not in sources}
        cards.append(card)
    return cards, sorted((each for each in sources.values() if each.id not in bundled.sources), key=lambda it: it.id)


def _uncited(bundled: Catalog, changed: Sequence[Card]) -> set[str]:
    """The bundled sources that no card cites any more: the check wants them gone."""
    now = {**bundled.cards, **{card.id: card for card in changed}}
    kept = {cite for card in now.values() for cite in card.citation_numbers()}
    kept.update(cite for each in bundled.questionnaires.values() for cite in each.licence.cites)
    return {cite for card in bundled.cards.values() for cite in card.citation_numbers()} - kept


# Files


def _copy(content: Path, folder: Path) -> None:
    """Byte for byte. Permissions are not copied: the bundled files may be read-only."""
    if folder.resolve().is_relative_to(content.resolve()):
        raise StartupError("The bundled content is in that folder: choose another one.", ExitCode.CONFIG)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise StartupError(f"{folder} is there already, and not empty: choose another folder.", ExitCode.CONFIG)
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(content.rglob("*")):
        copy = folder / path.relative_to(content)
        if path.is_dir():
            copy.mkdir()
        else:
            shutil.copyfile(path, copy)


def _write_card(path: Path, card: Card) -> None:
    value = plain(card)
    _write(path, rewritten(path.read_text("utf-8"), value) if path.exists() else written(value, "card"))


def _drop_sources(folder: Path, dropped: set[str]) -> None:
    for path in sorted((folder / "sources").glob("*.yaml")) if dropped else ():
        text = path.read_text("utf-8")
        sources = SourceFile.model_validate(parse(text)).sources
        kept = [plain(source) for source in sources if source.id not in dropped]
        if not kept:
            path.unlink()
        elif len(kept) < len(sources):
            _write(path, rewritten(text, {"sources": kept}))


def _write_sources(folder: Path, added: Sequence[Source]) -> None:
    """In files of their own, with names that are free."""
    free = (path for path in map(folder.joinpath, _names()) if not path.exists())
    for start in range(0, len(added), _SOURCES_PER_FILE):
        sources = [plain(source) for source in added[start : start + _SOURCES_PER_FILE]]
        _write(next(free), written({"sources": sources}, "sources"))


def _names() -> Iterator[str]:
    yield "community.yaml"
    yield from (f"community-{number}.yaml" for number in count(2))


def _write(path: Path, text: str) -> None:
    path.write_text(text, "utf-8", newline="\n")
