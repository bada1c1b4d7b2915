"""The lint for one card that is in no file: the rules of `cards check`, said to somebody who sees no file."""

import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

from bot.catalog import wording
from bot.catalog.content import Content, Entry, T, repeated_claims
from bot.catalog.lint import clashing_names, hard_to_read, lint_card, proper_words, repeated_sources
from bot.catalog.loader import Budget
from bot.catalog.problems import Loc, Problem, Severity
from bot.domain.cards import Card, Source
from bot.domain.catalog import Catalog
from bot.domain.changes import short_name
from bot.domain.manuscripts import STATEMENTS, Part, Remark, heading

_NOWHERE = Path()
_CARD, _ADDED = "card", "added"

_FIELDS: dict[Loc, Part] = {(part.value,): part for part in Part}
_PARTS: dict[Loc, Part] = {**_FIELDS, **{path: part for part, path in STATEMENTS.items()}, ("harms",): Part.COMMON}
_NOT_IN_LINES = frozenset({Part.ALIASES, Part.BRANDS, Part.EFFECT})


@dataclass(frozen=True)
class Unfiled(Entry[T]):
    """A value that is in no file: its problems have a path in it, and places are said in words."""

    def place(self, *_: str | int) -> str:
        value = self.value
        if isinstance(value, Card):
            return f"the card “{value.name}”"
        return short_name(value) if isinstance(value, Source) else ""

    def problem(self, message: str, *loc: str | int, severity: Severity = Severity.ERROR) -> Problem:
        return Problem(self.path, 0, message, severity, (*self.at, *loc))


class CardProofreader:
    """The Proofreader of a bot: the rules for a card, among the cards and sources of a community.

    `budget` returns sentences about a card that does not fit where it will be shown. That a review is overdue is not
    said: mending one line of an old card must not wait until somebody has read all its sources again.
    """

    def __init__(self, budget: Budget | None = None) -> None:
        self._budget = budget

    def proofread(self, card: Card, added: Sequence[Source], catalog: Catalog) -> Sequence[Remark]:
        """What must be mended before anybody else sees it, in the order of the card. Takes about 0.1 s.

        Added sources that the card does not cite are left aside: they are not published.
        """
        cited = card.citation_numbers()
        new = [source for source in added if source.id in cited and catalog.sources.get(source.id) != source]
        entry = Unfiled(card, _NOWHERE, (_CARD,))
        found = [_remark(problem, card, new) for problem in _problems(entry, new, catalog)]
        found += [Remark(_citing(card, source.id), 0, _taken(source)) for source in new if source.id in catalog.sources]
        found += [Remark(Part.KEY_MESSAGES, 0, _sentence(message)) for message in self._over_budget(card)]
        return sorted(found, key=lambda remark: _order(remark, card))

    def _over_budget(self, card: Card) -> list[str]:
        return self._budget(card) if self._budget else []


def _problems(entry: Entry[Card], new: Sequence[Source], catalog: Catalog) -> Iterator[Problem]:
    card = entry.value
    yield from lint_card(entry)
    yield from repeated_claims(entry)
    yield from _unknown_cites(entry, {*catalog.sources, *(source.id for source in new)})
    others = [other for other in catalog.cards.values() if other.id != card.id]
    yield from hard_to_read(entry, proper_words([*others, card]))[1]
    sources = [Unfiled(source, _NOWHERE, (_ADDED, position)) for position, source in enumerate(new)]
    for source in sources:
        yield from wording.unsafe_characters(source)
    among = Content(
        _NOWHERE,
        [*(Unfiled(other, _NOWHERE) for other in others), entry],
        [*(Unfiled(known, _NOWHERE) for known in catalog.sources.values()), *sources],
    )
    for rule in (clashing_names, repeated_sources):
        yield from (problem for problem in rule(among) if problem.loc[0] in {_CARD, _ADDED})


def _unknown_cites(entry: Entry[Card], known: Set[str]) -> Iterator[Problem]:
    for loc, cited in entry.strings:
        if "cites" in loc and cited not in known:
            yield entry.problem(f"this cites `{cited}`, which is no source on record any more: cite another", *loc)


def _remark(problem: Problem, card: Card, new: Sequence[Source]) -> Remark:
    root, *loc = problem.loc
    message = _sentence(problem.message)
    if root == _ADDED:
        source = new[int(loc[0])]
        return Remark(_citing(card, source.id), 0, f"The new source “{source.title[:60]}”: {message}")
    where, line = _place(tuple(loc), card)
    return Remark(where, line, message)


def _place(loc: Loc, card: Card) -> tuple[Part | str, int]:
    field, *inside = loc
    if field == "claims":
        return card.claims[int(inside[0])].id, int(inside[2]) + 1 if "phrases" in inside else 0
    nearest = max((path for path in _PARTS if loc[: len(path)] == path), key=len)
    part, position = _PARTS[nearest], [step for step in inside if isinstance(step, int)]
    return part, position[0] + 1 if position and part not in _NOT_IN_LINES else 0


def _citing(card: Card, source_id: str) -> Part | str:
    """Where the card cites a source first."""
    for loc, text in Unfiled(card, _NOWHERE).strings:
        if "cites" in loc and text == source_id:
            return _place(loc, card)[0]
    return Part.EVIDENCE


def _taken(source: Source) -> str:
    return (
        f"Another paper has got the short name of “{source.title[:60]}” by now. "
        "Its author can send this again: then it gets one of its own."
    )


def _sentence(message: str) -> str:
    """A message of the lint as a sentence, with headings for names of fields."""

    def name(field: re.Match[str]) -> str:
        part = _PARTS.get((field[1],))
        return f"“{'Harms' if part is Part.COMMON else heading(part) if part else field[1]}”"

    words = re.sub(r"`([^`]+)`", name, message)
    return f"{words[0].upper()}{words[1:]}."


def _order(remark: Remark, card: Card) -> tuple[int, int]:
    places: list[Part | str] = [*Part, *(claim.id for claim in card.claims)]
    return places.index(remark.where), remark.line
