"""What is different between two states of a card, line by line, for a reviewer's diff and a short public note."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from bot.domain.cards import Card, Claim, Source, Statement
from bot.domain.manuscripts import Part, heading, statements_of

_ALIKE = 0.5
"""Two lines that share at least so much of their words (by difflib's ratio) are one line reworded."""

_MOST_NOTED = 3
"""A note names so many kinds of changes, and then says that there is more."""

CLAIMS, SOURCES = "What people say", "Sources"
PHRASES, ORDER = " (other wordings)", " (order)"


@dataclass(frozen=True)
class Change:
    """One line added (`old` is None), removed (`new` is None) or reworded; `where` is its heading on the card.

    Lines end with their sources as a reader knows them, not with numbers, which change with the card:
    `A drip eases pain for some people. [Noppers 2011, Pastrak 2021]`.
    """

    where: str
    old: str | None
    new: str | None


def changes(old: Card | None, new: Card | None, sources: Mapping[str, Source] | None = None) -> list[Change]:
    """Everything that differs between the two but their ids, in reading order; a card that is None has no lines.

    Sources that are not among `sources`, or whose short name is not the only one of its kind, are named by their id.
    """
    if old == new:
        return []
    name = _names(old, new, sources or {})
    topic = any(card.is_topic for card in (old, new) if card)
    before, after = _lines(old, name), _lines(new, name)
    found: list[Change] = []
    for part in Part:
        found += _changed_lines(part, heading(part, topic=topic), before.get(part, []), after.get(part, []))
    found += _changed_claims(old, new, name)
    found += _changed_sources(old, new, name)
    return found


def short_name(source: Source) -> str:
    """`Noppers 2011`; without a year, the author or body alone."""
    author = _INITIALS.sub("", _FIRST.split(source.authors)[0])
    return f"{author} {source.year}" if source.year else author


def headline(found: Sequence[Change]) -> str:
    """A few words on what changed, for behind `Updated 3 May: `, the gravest first.

    Such as `new harm added`, `effect reworded`, `2 claims added, 1 source removed`.
    """
    for change in found:
        if change.where == heading(Part.NAME) and None in (change.old, change.new):
            return "new card" if change.old is None else "card removed"
    counts = Counter(filter(None, map(_kind, found)))
    told = [_told(noun, what, counts[noun, what]) for noun, what in sorted(counts, key=_gravity)]
    if not told and any(change.where == CLAIMS + PHRASES for change in found):
        return "claims found by other wordings"
    if not told:
        return "checked again" if found else "nothing changed"
    return ", ".join(told[:_MOST_NOTED]) + (" and more" if len(told) > _MOST_NOTED else "")


# Lines

_FIRST = re.compile(r",(?![^(]*\))")
_INITIALS = re.compile(r"(?<=[^\W\dA-Z])(?: [A-Z]{1,3})+$")  # "Noppers I", but not "US FDA"
_NAMES = (Part.ALIASES, Part.BRANDS)
_SINGLE = frozenset({Part.NAME, Part.KIND, Part.SCOPE, Part.EFFECT, Part.COMPILED, Part.REVIEW_DUE, Part.REVIEWED_BY})
_Name = Callable[[str], str]


def _names(old: Card | None, new: Card | None, sources: Mapping[str, Source]) -> _Name:
    ids = {source_id for card in (old, new) if card for source_id in card.citation_numbers()}
    short = {source_id: short_name(sources[source_id]) for source_id in ids if source_id in sources}
    often = Counter(short.values())
    return lambda source_id: name if often[name := short.get(source_id, source_id)] <= 1 else source_id


def _lines(card: Card | None, name: _Name) -> dict[Part, list[str]]:
    if card is None:
        return {}
    single = {
        Part.NAME: card.name,
        Part.KIND: card.kind.value,
        Part.SCOPE: card.scope,
        Part.COMPILED: card.compiled.isoformat(),
        Part.REVIEW_DUE: card.review_due.isoformat(),
        Part.REVIEWED_BY: card.reviewed_by,
    }
    return {
        **{part: [text] for part, text in single.items() if text},
        **{part: [_line(each, name) for each in statements] for part, statements in statements_of(card).items()},
        Part.EFFECT: [_line(card.effect, name)] if card.effect else [],
        Part.CERTAINTY: [
            f"{finding.outcome.rstrip('.')}: {finding.certainty.value} certainty. {_line(finding, name)}"
            for finding in card.certainty
        ],
        Part.POSITIONS: [f"{position.body}: {_line(position, name)}" for position in card.positions],
        Part.QUESTIONS: list(card.questions),
        Part.ALIASES: list(card.aliases),
        Part.BRANDS: list(card.brands),
    }


def _line(statement: Statement | Claim, name: _Name) -> str:
    text = statement.text if isinstance(statement, Statement) else statement.why
    return f"{text} [{', '.join(map(name, statement.cites))}]"


def _changed_lines(part: Part, where: str, old: list[str], new: list[str]) -> Iterator[Change]:
    gone, come = list((Counter(old) - Counter(new)).elements()), list((Counter(new) - Counter(old)).elements())
    if part in _NAMES and (gone or come):
        yield Change(where, ", ".join(gone) or None, ", ".join(come) or None)
    elif part in _SINGLE and gone and come:
        yield Change(where, gone[0], come[0])
    else:
        yield from _paired(where, gone, come)
    kept = [[line for line in lines if line in old and line in new] for lines in (old, new)]
    if kept[0] != kept[1]:
        yield Change(where + ORDER, *("\n".join(lines) for lines in kept))


def _paired(where: str, gone: list[str], come: list[str]) -> Iterator[Change]:
    """Reworded lines as one change each, the most alike first; then each change at the place of its line."""
    alike = sorted(
        ((_likeness(left, right), i, j) for i, left in enumerate(gone) for j, right in enumerate(come)),
        key=lambda found: (-found[0], found[1:]),
    )
    to: dict[int, int] = {}
    for likeness, i, j in alike:
        if likeness >= _ALIKE and i not in to and j not in to.values():
            to[i] = j
    places = [(to.get(i, i), Change(where, line, come[to[i]] if i in to else None)) for i, line in enumerate(gone)]
    places += [(j, Change(where, None, line)) for j, line in enumerate(come) if j not in to.values()]
    yield from (change for _, change in sorted(places, key=lambda place: place[0]))


def _likeness(left: str, right: str) -> float:
    return SequenceMatcher(None, left.casefold().split(), right.casefold().split(), autojunk=False).ratio()


def _changed_claims(old: Card | None, new: Card | None, name: _Name) -> Iterator[Change]:
    before, after = ({claim.id: claim for claim in card.claims} if card else {} for card in (old, new))
    for claim_id in dict.fromkeys([*after, *before]):
        left, right = before.get(claim_id), after.get(claim_id)
        lines = [_claim(claim, name) if claim else None for claim in (left, right)]
        if lines[0] != lines[1]:
            yield Change(CLAIMS, *lines)
        phrases = [" / ".join(claim.phrases) or None if claim else None for claim in (left, right)]
        if phrases[0] != phrases[1]:
            yield Change(CLAIMS + PHRASES, *phrases)
    kept = [[claim_id for claim_id in claims if claim_id in before and claim_id in after] for claims in (before, after)]
    if kept[0] != kept[1]:
        yield Change(CLAIMS + ORDER, *("\n".join(after[claim_id].text for claim_id in ids) for ids in kept))


def _claim(claim: Claim, name: _Name) -> str:
    return f"“{claim.text}” {claim.verdict.value.capitalize()}: {_line(claim, name)}"


def _changed_sources(old: Card | None, new: Card | None, name: _Name) -> Iterator[Change]:
    before, after = (card.citation_numbers() if card else {} for card in (old, new))
    yield from (Change(SOURCES, name(source_id), None) for source_id in before if source_id not in after)
    yield from (Change(SOURCES, None, name(source_id)) for source_id in after if source_id not in before)


# Notes: nouns by heading, the gravest first. What has no noun is not worth a note.

_NOUNS: Mapping[Part, tuple[str, str]] = {
    Part.COMMON: ("harm", "harms"),
    Part.SERIOUS: ("harm", "harms"),
    Part.SEEK_HELP: ("sign to get help", "signs to get help"),
    Part.CAREFUL: ("caution", "cautions"),
    Part.INTERACTIONS: ("interaction", "interactions"),
    Part.EFFECT: ("effect", "effects"),
    Part.CERTAINTY: ("certainty", "certainties"),
    Part.KEY_MESSAGES: ("key message", "key messages"),
    Part.EVIDENCE: ("finding", "findings"),
    Part.UNKNOWN: ("unknown", "unknowns"),
    Part.POSITIONS: ("guideline position", "guideline positions"),
    Part.WAITING: ("other first step", "other first steps"),
    Part.WHAT_IT_IS: ("description", "descriptions"),
    Part.QUESTIONS: ("question", "questions"),
    Part.SCOPE: ("scope", "scopes"),
    Part.NAME: ("name", "names"),
    Part.KIND: ("kind", "kinds"),
    Part.ALIASES: ("other name", "other names"),
    Part.BRANDS: ("brand name", "brand names"),
}
_BY_HEADING: Mapping[str, tuple[str, str]] = {
    heading(part, topic=topic): nouns for part, nouns in _NOUNS.items() for topic in (False, True)
} | {CLAIMS: ("claim", "claims"), SOURCES: ("source", "sources")}
_ORDER_OF_NOUNS = [noun for noun, _ in [*_NOUNS.values(), ("claim", "claims"), ("source", "sources")]]
_PLURALS = dict(_BY_HEADING.values())
_ACTIONS = ["added", "reworded", "removed", "given other sources", "in another order"]


def _kind(change: Change) -> tuple[str, str] | None:
    """The noun and what was done to it; None for dates and other wordings, which nobody sees on the card."""
    where = change.where.removesuffix(ORDER)
    if where not in _BY_HEADING:
        return None
    return _BY_HEADING[where][0], _action(change)


def _action(change: Change) -> str:
    if change.where.endswith(ORDER):
        return "in another order"
    if change.old is None:
        return "added"
    if change.new is None:
        return "removed"
    same_text = change.old.rpartition(" [")[0] == change.new.rpartition(" [")[0] != ""
    return "given other sources" if same_text else "reworded"


def _gravity(kind: tuple[str, str]) -> tuple[int, int]:
    return _ORDER_OF_NOUNS.index(kind[0]), _ACTIONS.index(kind[1])


def _told(noun: str, action: str, count: int) -> str:
    if action == "in another order":
        return f"{_PLURALS[noun]} in another order"
    if count > 1:
        return f"{count} {_PLURALS[noun]} {action}"
    return f"new {noun} added" if action == "added" else f"{noun} {action}"
