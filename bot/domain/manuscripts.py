"""Manuscripts: a card as its authors write it, plain text field by field, and the way back to a card.

In the text of a field each line is one entry, and citations stand at its end in square brackets, by source id:
`A drip eases pain for some people. [noppers-2011-fm, pastrak-2021]`. What is shown to people has numbers instead
(`numbered`), and what they type is turned back (`with_ids`). A manuscript can hold any text, wrong or unfinished:
nothing that somebody typed is ever lost. `card_of` says what keeps it from being a card.

A line of certainty is `what was measured | low | why. [ids]`, a line of positions `who says it | what. [ids]`; other
names stand on one line with commas, or one a line. A `|` or a comma that belongs to the text has a `\\` before it.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from bot.domain.cards import Card, Claim, Finding, Position, Slug, Source, Statement


class Part(StrEnum):
    """A field of a card as it is edited: one box of a form."""

    NAME = "name"
    KIND = "kind"
    ALIASES = "aliases"
    BRANDS = "brands"
    SCOPE = "scope"
    KEY_MESSAGES = "key_messages"
    EFFECT = "effect"
    CERTAINTY = "certainty"
    EVIDENCE = "evidence"
    UNKNOWN = "unknown"
    COMMON = "common"
    SERIOUS = "serious"
    SEEK_HELP = "seek_help"
    CAREFUL = "careful"
    INTERACTIONS = "interactions"
    WHAT_IT_IS = "what_it_is"
    POSITIONS = "positions"
    WAITING = "waiting"
    QUESTIONS = "questions"
    COMPILED = "compiled"
    REVIEW_DUE = "review_due"
    REVIEWED_BY = "reviewed_by"


_HEADINGS: Mapping[Part, str] = {
    Part.NAME: "Name",
    Part.KIND: "Kind",
    Part.ALIASES: "Other names",
    Part.BRANDS: "Brand names",
    Part.SCOPE: "What this card covers",
    Part.KEY_MESSAGES: "In short",
    Part.EFFECT: "How big is the effect?",
    Part.CERTAINTY: "How sure is the evidence?",
    Part.EVIDENCE: "What trials found",
    Part.UNKNOWN: "What is not known",
    Part.COMMON: "Harms: common",
    Part.SERIOUS: "Harms: serious",
    Part.SEEK_HELP: "Harms: when to get help",
    Part.CAREFUL: "Who should be careful",
    Part.INTERACTIONS: "Taken with other things",
    Part.WHAT_IT_IS: "What it is",
    Part.POSITIONS: "What guidelines and regulators say",
    Part.WAITING: "Waiting, or not starting it",
    Part.QUESTIONS: "Questions for a clinician",
    Part.COMPILED: "Compiled",
    Part.REVIEW_DUE: "Review due",
    Part.REVIEWED_BY: "Reviewed by",
}
_OF_TOPICS: Mapping[Part, str] = {Part.EVIDENCE: "What is known", Part.CAREFUL: "Warning signs"}

STATEMENTS: Mapping[Part, tuple[str, ...]] = {
    Part.KEY_MESSAGES: ("key_messages",),
    Part.EVIDENCE: ("evidence",),
    Part.COMMON: ("harms", "common"),
    Part.SERIOUS: ("harms", "serious"),
    Part.SEEK_HELP: ("harms", "seek_help"),
    Part.CAREFUL: ("careful",),
    Part.UNKNOWN: ("unknown",),
    Part.WHAT_IT_IS: ("what_it_is",),
    Part.INTERACTIONS: ("interactions",),
    Part.WAITING: ("waiting",),
}
"""The parts that are plain lists of statements, each with its path on a `Card`."""

CITED = frozenset({*STATEMENTS, Part.EFFECT, Part.CERTAINTY, Part.POSITIONS})
"""The parts whose lines end with citations."""


def heading(part: Part, *, topic: bool = False) -> str:
    """What the part is called on the card; of at most 45 characters, as forms want it."""
    return _OF_TOPICS.get(part, _HEADINGS[part]) if topic else _HEADINGS[part]


class Written(BaseModel):
    """Text as it was typed: frozen, and not even stripped."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class WrittenClaim(Written):
    """A claim as it is edited; `why` carries its citations like a line of a part, `phrases` stand one a line."""

    id: Slug
    text: str
    verdict: str
    why: str
    phrases: str = ""


class Manuscript(Written):
    """A card as its authors write it. `sources` gives the numbers that people type: number n is `sources[n - 1]`."""

    card_id: Slug
    parts: Mapping[Part, str]
    claims: tuple[WrittenClaim, ...] = ()
    sources: tuple[Slug, ...] = ()
    added: tuple[Source, ...] = ()
    """Records of sources that nobody had before."""


@dataclass(frozen=True)
class Remark:
    """Something to mend: where (a part, or the id of a claim), in which line from 1 (0: the whole), and how.

    Empty lines are not counted. In a claim only its other wordings have lines.
    """

    where: Part | str
    line: int
    message: str


class NotACardError(Exception):
    """The manuscript cannot be read as a card; `remarks` holds every reason."""

    def __init__(self, remarks: tuple[Remark, ...]) -> None:
        super().__init__(f"{len(remarks)} things to mend")
        self.remarks = remarks


def manuscript_of(card: Card, added: tuple[Source, ...] = ()) -> Manuscript:
    """The card as text; `card_of` gives the very same card back. Its sources are in the order of their numbers."""
    parts = {
        Part.NAME: _flat(card.name),
        Part.KIND: card.kind.value,
        Part.ALIASES: _names(card.aliases),
        Part.BRANDS: _names(card.brands),
        Part.SCOPE: _flat(card.scope),
        Part.EFFECT: _cited(card.effect) if card.effect else "",
        Part.CERTAINTY: "\n".join(map(_finding, card.certainty)),
        Part.POSITIONS: "\n".join(map(_position, card.positions)),
        Part.QUESTIONS: "\n".join(map(_flat, card.questions)),
        Part.COMPILED: card.compiled.isoformat(),
        Part.REVIEW_DUE: card.review_due.isoformat(),
        Part.REVIEWED_BY: _flat(card.reviewed_by or ""),
    } | {part: "\n".join(map(_cited, statements)) for part, statements in statements_of(card).items()}
    claims = tuple(map(_written_claim, card.claims))
    return Manuscript(
        card_id=card.id,
        parts={part: parts[part] for part in Part},
        claims=claims,
        sources=tuple(card.citation_numbers()),
        added=added,
    )


def statements_of(card: Card) -> dict[Part, tuple[Statement, ...]]:
    """The plain lists of statements on a card, by part."""
    harms = card.harms
    return {
        Part.KEY_MESSAGES: card.key_messages,
        Part.EVIDENCE: card.evidence,
        Part.COMMON: harms.common if harms else (),
        Part.SERIOUS: harms.serious if harms else (),
        Part.SEEK_HELP: harms.seek_help if harms else (),
        Part.CAREFUL: card.careful,
        Part.UNKNOWN: card.unknown,
        Part.WHAT_IT_IS: card.what_it_is,
        Part.INTERACTIONS: card.interactions,
        Part.WAITING: card.waiting,
    }


def blank(card_id: str, name: str) -> Manuscript:
    """A new card with nothing on it but its name."""
    return Manuscript(card_id=card_id, parts={part: name if part is Part.NAME else "" for part in Part})


def card_of(manuscript: Manuscript) -> Card:
    """Read it.

    Raises:
        NotACardError: with everything that keeps it from being one.
    """
    reading = _Reading(manuscript)
    try:
        card = Card.model_validate(reading.value)
    except ValidationError as invalid:
        reading.object_to(invalid)
    else:
        if not reading.remarks:
            return card
    raise NotACardError(tuple(sorted(reading.remarks, key=_in_order)))


def numbered(text: str, sources: tuple[str, ...]) -> str:
    """The text with numbers for ids, as people see and type it. Ids that are not among the sources stay."""
    numbers = {source_id: str(number) for number, source_id in enumerate(sources, start=1)}
    return _cites_replaced(text, lambda cite: numbers.get(cite, cite))


def with_ids(text: str, sources: tuple[str, ...]) -> str:
    """What somebody typed, with ids for numbers. Numbers that no source has stay: `card_of` then says so."""

    def id_of(cite: str) -> str:
        span = _NUMBERS.fullmatch(cite)
        if not span:
            return cite
        first, last = int(span[1]), int(span[2] or span[1])
        return ", ".join(sources[first - 1 : last]) if 1 <= first <= last <= len(sources) else cite

    return _cites_replaced(text, id_of)


def merged(base: Manuscript | None, mine: Manuscript, theirs: Manuscript) -> tuple[Manuscript, tuple[str, ...]]:
    """What both changed since `base`, together; where both changed the same part or claim differently, `mine` stays.

    Returns it with the names of those parts (their headings) and claims (their text in quotes).
    """
    base = base or Manuscript(card_id=mine.card_id, parts={})
    mine = _with_ids_apart(mine, theirs)
    parts, clashes = dict[Part, str](), list[str]()
    for part in Part:
        before, here, there = (each.parts.get(part, "") for each in (base, mine, theirs))
        parts[part] = there if here == before else here
        if before not in (here, there) and here != there:
            clashes.append(heading(part))
    claims, clashing_claims = _merged_claims(base, mine, theirs)
    together = Manuscript(
        card_id=mine.card_id,
        parts=parts,
        claims=claims,
        sources=tuple(dict.fromkeys([*mine.sources, *theirs.sources])),
        added=tuple({source.id: source for source in (*theirs.added, *mine.added)}.values()),
    )
    return together, (*clashes, *clashing_claims)


def _merged_claims(
    base: Manuscript, mine: Manuscript, theirs: Manuscript
) -> tuple[tuple[WrittenClaim, ...], list[str]]:
    before, here, there = ({claim.id: claim for claim in each.claims} for each in (base, mine, theirs))
    order = [*there, *here] if list(here) == list(before) else [*here, *there]
    together, clashes = list[WrittenClaim](), list[str]()
    for claim_id in dict.fromkeys(order):
        old, own, other = before.get(claim_id), here.get(claim_id), there.get(claim_id)
        if chosen := other if own == old else own:
            together.append(chosen)
        if old not in (own, other) and own != other:
            clashes += [f"“{claim.text}”" for claim in (own or other,) if claim]
    return tuple(together), clashes


def _with_ids_apart(mine: Manuscript, theirs: Manuscript) -> Manuscript:
    """Mine, where a source that both added under one id but that is not the same gets an id of its own."""
    taken = {source.id: source for source in theirs.added}
    used = {*taken, *mine.sources, *theirs.sources}
    renamed: dict[str, str] = {}
    for source in mine.added:
        if taken.get(source.id, source) != source:
            renamed[source.id] = free_id(source.id, used)
            used.add(renamed[source.id])

    def new(source_id: str) -> str:
        return renamed.get(source_id, source_id)

    return mine.model_copy(
        update={
            "parts": {part: _cites_replaced(text, new) for part, text in mine.parts.items()},
            "claims": tuple(claim.model_copy(update={"why": _cites_replaced(claim.why, new)}) for claim in mine.claims),
            "sources": tuple(map(new, mine.sources)),
            "added": tuple(source.model_copy(update={"id": new(source.id)}) for source in mine.added),
        }
    )


def free_id(wanted: str, used: Iterable[str]) -> str:
    """The id itself or, where it is used, the id with the next free number behind it; of at most 40 characters."""
    used, number, found = set(used), 1, wanted
    while found in used:
        number += 1
        found = f"{wanted[: 39 - len(str(number))].rstrip('-')}-{number}"
    return found


# What the lines look like

_TAIL = re.compile(r"((?:\[[^\[\]\n]*\])+)(\.?)[ \t\r]*$", re.MULTILINE)
_CITE = re.compile(r"[^\s,;\[\]]+")
_NUMBERS = re.compile(r"([0-9]{1,4})(?:[-–]([0-9]{1,4}))?")
_SPACE = " \t\r"
Loc: TypeAlias = tuple[str | int, ...]


def _cites_replaced(text: str, new: Callable[[str], str]) -> str:
    return _TAIL.sub(lambda tail: _CITE.sub(lambda cite: new(cite[0]), tail[1]) + tail[0][len(tail[1]) :], text)


def _flat(text: str) -> str:
    return " ".join(text.split("\n"))


def _cited(statement: Statement) -> str:
    return f"{_flat(statement.text)} [{', '.join(statement.cites)}]"


def _finding(finding: Finding) -> str:
    return f"{_escaped(finding.outcome, '|')} | {finding.certainty.value} | {_cited(finding)}"


def _position(position: Position) -> str:
    return f"{_escaped(position.body, '|')} | {_cited(position)}"


def _names(names: Sequence[str]) -> str:
    separator = "\n" if any(set(name) & {",", "\\"} for name in names) else ", "
    return separator.join(_escaped(name, ",") for name in names)


def _written_claim(claim: Claim) -> WrittenClaim:
    return WrittenClaim(
        id=claim.id,
        text=_flat(claim.text),
        verdict=claim.verdict.value,
        why=f"{_flat(claim.why)} [{', '.join(claim.cites)}]",
        phrases="\n".join(map(_flat, claim.phrases)),
    )


def _escaped(text: str, separator: str) -> str:
    return _flat(text).replace(separator, "\\" + separator)


def _split(line: str, separator: str, most: int = -1) -> list[str]:
    """The fields of a line, at separators without a backslash before them. All but what is left over is unescaped."""
    fields = re.split(rf"(?<!\\)\{separator}", line, maxsplit=max(most, 0))
    whole = fields if most < 0 else fields[:most]
    return [field.replace("\\" + separator, separator) for field in whole] + fields[len(whole) :]


@dataclass(frozen=True)
class _Line:
    """One line, with its number from 1 among those that are not empty."""

    number: int
    text: str


def _lines(text: str) -> list[_Line]:
    lines = (line.strip(_SPACE) for line in text.split("\n"))
    return [_Line(number, line) for number, line in enumerate(filter(None, lines), start=1)]


@dataclass(frozen=True)
class _Place:
    """Where a value came from, and what a sentence calls it."""

    where: Part | str
    line: int
    name: str


class _Reading:
    """A manuscript read as far as it goes: the value of a card, where each piece of it came from, and remarks."""

    def __init__(self, manuscript: Manuscript) -> None:
        self.value: dict[str, object] = {"id": manuscript.card_id}
        self.remarks: list[Remark] = []
        self._parts = manuscript.parts
        self._sources = frozenset(manuscript.sources)
        self._places: dict[Loc, _Place] = {}
        for part in (Part.NAME, Part.KIND, Part.SCOPE, Part.COMPILED, Part.REVIEW_DUE):
            self._one(part, lower=part is Part.KIND)
        if self._text(Part.REVIEWED_BY):
            self._one(Part.REVIEWED_BY)
        for part in (Part.ALIASES, Part.BRANDS):
            names = ((line, name.strip(_SPACE)) for line in self._all(part) for name in _split(line.text, ","))
            self._list(part, names)
        self._list(Part.QUESTIONS, [(line, line.text) for line in self._all(Part.QUESTIONS)])
        self._effect()
        self._cited_lists()
        self.value["claims"] = [self._claim(claim, at) for at, claim in enumerate(manuscript.claims)]

    def object_to(self, invalid: ValidationError) -> None:
        """Put the objections of the model into remarks; citations have had theirs."""
        for error in invalid.errors(include_url=False):
            if "cites" not in error["loc"] and not _is_aftermath(error):
                place = self._place(error["loc"])
                self._say(place, _sentence(error, place.name))

    def _text(self, part: Part) -> str:
        return self._parts.get(part, "").strip()

    def _all(self, part: Part) -> list[_Line]:
        return _lines(self._parts.get(part, ""))

    def _place(self, loc: Loc) -> _Place:
        """The nearest place known: of the value itself, or of what it is in."""
        while loc and loc not in self._places:
            loc = loc[:-1]
        return self._places.get(loc, _Place(Part.NAME, 0, "This card"))

    def _say(self, place: _Place, message: str) -> None:
        self.remarks.append(Remark(place.where, place.line, message))

    def _single(self, text: str, place: _Place) -> str:
        """The one line of a box that has room for one."""
        lines = _lines(text)
        if len(lines) > 1:
            self._say(place, f"{place.name} has {len(lines)} lines: write it in one.")
        return lines[0].text if lines else ""

    def _one(self, part: Part, *, lower: bool = False) -> None:
        place = self._places[part.value,] = _Place(part, 0, "This")
        text = self._single(self._parts.get(part, ""), place)
        self.value[part.value] = text.lower() if lower else text

    def _list(self, part: Part, entries: Iterable[tuple[_Line, str]]) -> None:
        written = [(line, text) for line, text in entries if text]
        self._places[part.value,] = _Place(part, 0, "This")
        for at, (line, text) in enumerate(written):
            name = f"“{text[:40]}”" if part in {Part.ALIASES, Part.BRANDS} else f"Line {line.number}"
            self._places[part.value, at] = _Place(part, line.number, name)
        self.value[part.value] = [text for _, text in written]

    def _effect(self) -> None:
        place = self._places["effect",] = _Place(Part.EFFECT, 0, "This")
        if text := self._single(self._parts.get(Part.EFFECT, ""), place):
            self.value["effect"] = self._statement(text, place)

    def _cited_lists(self) -> None:
        harms: dict[str, object] = {}
        for part, path in STATEMENTS.items():
            into = harms if path[0] == "harms" else self.value
            into[path[-1]] = list(self._entries(part, path, self._statement))
        if any(harms.values()):
            self.value["harms"] = harms
        self.value["certainty"] = list(self._entries(Part.CERTAINTY, ("certainty",), self._finding))
        self.value["positions"] = list(self._entries(Part.POSITIONS, ("positions",), self._position))

    def _entries(
        self, part: Part, path: Loc, read: Callable[[str, _Place], dict[str, object] | None]
    ) -> Iterator[dict[str, object]]:
        self._places[path] = _Place(part, 0, "This")
        at = 0
        for line in self._all(part):
            place = _Place(part, line.number, f"Line {line.number}")
            if (entry := read(line.text, place)) is not None:
                self._places[*path, at] = place
                at += 1
                yield entry

    def _statement(self, line: str, place: _Place) -> dict[str, object]:
        text, cites = self._without_cites(line, place)
        return {"text": text, "cites": cites}

    def _finding(self, line: str, place: _Place) -> dict[str, object] | None:
        fields = _split(line, "|", 2)
        if len(fields) < 3:
            self._say(place, f"{place.name} needs three pieces: what was measured | low | why. [3]")
            return None
        outcome, certainty, why = (field.strip(_SPACE) for field in fields)
        return {"outcome": outcome, "certainty": certainty.lower(), **self._statement(why, place)}

    def _position(self, line: str, place: _Place) -> dict[str, object] | None:
        fields = _split(line, "|", 1)
        if len(fields) == 1:
            fields = line.split(": ", 1)  # as the card shows it
        if len(fields) == 1:
            self._say(place, f"{place.name} needs two pieces: who says it | what they say. [3]")
            return None
        return {"body": fields[0].strip(_SPACE), **self._statement(fields[1].strip(_SPACE), place)}

    def _claim(self, claim: WrittenClaim, at: int) -> dict[str, object]:
        places = {
            name: _Place(claim.id, 0, words)
            for name, words in (("text", "The claim"), ("verdict", "The verdict"), ("why", "What the evidence says"))
        }
        self._places["claims", at] = places["text"]
        self._places |= {("claims", at, name): place for name, place in places.items()}
        phrases = _lines(claim.phrases)
        for position, line in enumerate(phrases):
            place = _Place(claim.id, line.number, f"Line {line.number} of other ways people put it")
            self._places["claims", at, "phrases", position] = place
        why, cites = self._without_cites(self._single(claim.why, places["why"]), places["why"])
        return {
            "id": claim.id,
            "text": self._single(claim.text, places["text"]),
            "verdict": self._single(claim.verdict, places["verdict"]).lower(),
            "why": why,
            "cites": cites,
            "phrases": [line.text for line in phrases],
        }

    def _without_cites(self, line: str, place: _Place) -> tuple[str, list[str]]:
        """The sentence and the ids at its end."""
        tail = _TAIL.search(line)
        cites: list[str] = list(dict.fromkeys(_CITE.findall(tail[1]))) if tail else []
        if not cites:
            self._say(place, f"{place.name} has no source: end it with its number in brackets, such as [3].")
        for cite in cites:
            if cite not in self._sources:
                self._say(place, f"{place.name} cites [{cite}], and no source here has that number: choose one first.")
        if not tail:
            return line, cites
        text = line[: tail.start()].rstrip(_SPACE)
        return text + tail[2] if text and text[-1] not in ".!?" else text, cites


def _in_order(remark: Remark) -> tuple[int, int]:
    place = list(Part).index(remark.where) if isinstance(remark.where, Part) else len(Part)
    return place, remark.line


# By the beginning of pydantic's error type. `{name}` is what the value is called, the rest comes from pydantic.
_SENTENCES = {
    "string_too_short": "{name} is empty or too short: write a little more.",
    "string_too_long": "{name} has {length} characters: shorten it to {max_length} at most.",
    "too_short": "{name} has too few lines: write at least {min_length}.",
    "too_long": "{name} has {actual_length} lines: keep {max_length} at most.",
    "enum": "{name} says “{input}”: write {expected}.",
    "date": "{name} is not a date yet: write year-month-day, such as 2026-11-23.",
}


def _is_aftermath(error: ErrorDetails) -> bool:
    """pydantic counts the valid entries only: enough lines of which one is wrong are not too few."""
    return error["type"] == "too_short" and len(error["input"]) >= error.get("ctx", {}).get("min_length", 0)


def _sentence(error: ErrorDetails, name: str) -> str:
    written = str(error["input"])
    context: dict[str, object] = error.get("ctx", {})
    words = {"name": name, "length": len(written), "input": written[:40], **context}
    words["expected"] = str(context.get("expected")).replace("'", "")
    if not written and error["type"] == "enum":
        return "{name} is empty: write {expected}.".format(**words)
    for beginning, sentence in _SENTENCES.items():
        if error["type"].startswith(beginning):
            return sentence.format(**words)
    return f"{name}: {error['msg']}."
