"""From a manuscript to its card, or to every reason why it is none."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from bot.domain.cards import Card
from bot.domain.manuscripts.lines import CITE, SPACE, TAIL, Line, lines_of, split
from bot.domain.manuscripts.written import STATEMENTS, Manuscript, NotACardError, Part, Remark, WrittenClaim

Loc: TypeAlias = tuple[str | int, ...]


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
            names = ((line, name.strip(SPACE)) for line in self._all(part) for name in split(line.text, ","))
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

    def _all(self, part: Part) -> list[Line]:
        return lines_of(self._parts.get(part, ""))

    def _place(self, loc: Loc) -> _Place:
        """The nearest place known: of the value itself, or of what it is in."""
        while loc and loc not in self._places:
            loc = loc[:-1]
        return self._places.get(loc, _Place(Part.NAME, 0, "This card"))

    def _say(self, place: _Place, message: str) -> None:
        self.remarks.append(Remark(place.where, place.line, message))

    def _single(self, text: str, place: _Place) -> str:
        """The one line of a box that has room for one."""
        lines = lines_of(text)
        if len(lines) > 1:
            self._say(place, f"{place.name} has {len(lines)} lines: write it in one.")
        return lines[0].text if lines else ""

    def _one(self, part: Part, *, lower: bool = False) -> None:
        place = self._places[part.value,] = _Place(part, 0, "This")
        text = self._single(self._parts.get(part, ""), place)
        self.value[part.value] = text.lower() if lower else text

    def _list(self, part: Part, entries: Iterable[tuple[Line, str]]) -> None:
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
        fields = split(line, "|", 2)
        if len(fields) < 3:
            self._say(place, f"{place.name} needs three pieces: what was measured | low | why. [3]")
            return None
        outcome, certainty, why = (field.strip(SPACE) for field in fields)
        return {"outcome": outcome, "certainty": certainty.lower(), **self._statement(why, place)}

    def _position(self, line: str, place: _Place) -> dict[str, object] | None:
        fields = split(line, "|", 1)
        if len(fields) == 1:
            fields = line.split(": ", 1)  # as the card shows it
        if len(fields) == 1:
            self._say(place, f"{place.name} needs two pieces: who says it | what they say. [3]")
            return None
        return {"body": fields[0].strip(SPACE), **self._statement(fields[1].strip(SPACE), place)}

    def _claim(self, claim: WrittenClaim, at: int) -> dict[str, object]:
        places = {
            name: _Place(claim.id, 0, words)
            for name, words in (("text", "The claim"), ("verdict", "The verdict"), ("why", "What the evidence says"))
        }
        self._places["claims", at] = places["text"]
        self._places |= {("claims", at, name): place for name, place in places.items()}
        phrases = lines_of(claim.phrases)
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
        tail = TAIL.search(line)
        cites: list[str] = list(dict.fromkeys(CITE.findall(tail[1]))) if tail else []
        if not cites:
            self._say(place, f"{place.name} has no source: end it with its number in brackets, such as [3].")
        for cite in cites:
            if cite not in self._sources:
                self._say(place, f"{place.name} cites [{cite}], and no source here has that number: choose one first.")
        if not tail:
            return line, cites
        text = line[: tail.start()].rstrip(SPACE)
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
