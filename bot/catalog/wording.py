"""Words that no card may use: each rule sees the whole card and yields what to mend, with the line."""

import re
import unicodedata
from collections.abc import Iterator

from bot.catalog.content import Entry
from bot.catalog.problems import Loc, Problem
from bot.domain.cards import Card, Source

_NUMBER = (
    r"(?:\d[\d.,]*|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty"
    r"|(?:a )?hundred|(?:a )?thousand)"
)
_PERCENT = r"\d[\d.,]*\s?(?:%|per ?cent)"

_ADVICE = re.compile(
    r"\byou (?:\w+ly |also |never )?(?:should|must|ought)(?:n['’]t)?\b"
    r"|\b(?:we|I)(?:['’]d| would)? (?:strongly )?(?:recommend|advise)\b",
    re.IGNORECASE,
)

_DOSING = re.compile(
    rf"\b{_NUMBER}\s?(?:[mµμ]g|mcg|ml|iu|(?-i:g)|grams?)\b|\b(?:milli|micro)grams?\b|\bmillilit(?:re|er)s?\b"
    rf"|\b{_NUMBER}\s(?:tablets|capsules|pills|lozenges|puffs)\b"
    r"|\b(?:once|twice|times)[ -](?:a|per|each|every) day\b|\b(?:once|twice|times)[ -]daily\b"
    rf"|\bevery {_NUMBER} hours\b|\btitrat\w*|\bdos(?:e|es|age) of (?:about |up to |around )?\d"
    r"|\bstart(?:ing|s)? (?:low\b|(?:with|at|on) (?:a low dose|(?:about )?\d[\d.,]*+"
    r"(?! ?%| (?:people|adults|women|men|patients|participants|members|trials|studies|years|months|weeks))))",
    re.IGNORECASE,
)

_RELATIVE = re.compile(
    r"\b(?:doubl|tripl|quadrupl)(?:es|ed|ing)\b|\b(?:double|triple|quadruple)\b(?![ -](?:blind|dummy|vision))"
    rf"|(?<!at least )\bhalv(?:e|es|ed|ing)\b|\b(?:half|twice) as \w+|\b(?:{_NUMBER}|many)[- ]?fold\b"
    rf"|\b(?:{_NUMBER}|several|many) times (?:as|more|less|higher|lower|greater|the (?:risk|rate|odds|chance))\b"
    rf"|(?<!at least )\b{_PERCENT} (?:lower|higher|more|less|fewer|greater|better|reduc|increas|drop|fall|cut|rise)"
    rf"|\b(?:reduc|lower|cut|rais|increas|drop|fell|rose|improv)\w*[^.;]{{0,40}} by (?:\w+ ){{0,2}}{_PERCENT}"
    r"|\b(?:relative risk|risk ratio|odds ratio|hazard ratio)\b",
    re.IGNORECASE,
)
_ABSOLUTE = re.compile(
    rf"\b{_NUMBER}(?: \w+){{0,3}} (?:in|of|out of|per|among) (?:every |each |about )?{_NUMBER}\b"
    rf"|\b(?:per|every) {_NUMBER}\b|\bper ?cent(?:age)? points?\b"
    rf"|{_PERCENT}[^.;]{{0,60}}\b(?:against|versus|vs|compared with|compared to|and)\b[^.;]{{0,40}}{_PERCENT}",
    re.IGNORECASE,
)

# A substring costs a fiftieth of these patterns: each finding holds at least one of them.
_ADVICE_HINTS = ("you ", "recommend", "advise")
_DOSING_HINTS = (
    *("0", "1", "2", "3", "4", "5", "6", "7", "8", "9", " g", "mg", "μg", "mcg", "ml", "iu", "gram", "litr", "liter"),
    *("tablet", "capsule", "pill", "lozenge", "puff", "day", "daily", "hours", "titrat", "dos", "start"),
)
_RELATIVE_HINTS = ("doubl", "tripl", "hal", "quadrupl", "twice", "fold", "times", "%", "cent", "risk", "ratio")

_MENTION = re.compile(r"@(?:everyone|here)\b|<(?:@|#|/|a?:\w|id:|t:)")
_MASKED_LINK = re.compile(r"\]\(")
_UNSEEN = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})


def telling_people_what_to_do(entry: Entry[Card]) -> Iterator[Problem]:
    """Claims are exempt: they say it as people do."""
    for loc, text in entry.prose:
        if _may_hold(text, _ADVICE_HINTS) and (found := _ADVICE.search(text)) and not _is_said_by_people(loc):
            yield entry.problem(f"“{found[0]}” tells people what to do: describe, and let them decide", *loc)


def dosing(entry: Entry[Card]) -> Iterator[Problem]:
    for loc, text in entry.prose:
        if _may_hold(text, _DOSING_HINTS) and (found := _DOSING.search(text)):
            yield entry.problem(f"“{found[0]}” reads as dosing: leave amounts and timing to the prescriber", *loc)


def relative_without_absolute(entry: Entry[Card]) -> Iterator[Problem]:
    """The absolute figure may be in the same entry or in the one before or after it."""
    everything = entry.prose
    for loc, text in everything:
        found = _RELATIVE.search(text) if _may_hold(text, _RELATIVE_HINTS) else None
        if not found or _is_said_by_people(loc):
            continue
        if not any(_ABSOLUTE.search(other) for near, other in everything if _are_neighbours(loc, near)):
            message = f"“{found[0]}” is a relative figure: say how many people out of how many, here or next to it"
            yield entry.problem(message, *loc)


def unsafe_characters(entry: Entry[Card] | Entry[Source]) -> Iterator[Problem]:
    """Nothing that hides or reorders text, pings people or disguises a link."""
    for loc, text in entry.strings:
        if not text.isascii() or not text.isprintable():
            yield from _unseen(entry, loc, text)
        if found := _MENTION.search(text):
            yield entry.problem(f"“{found[0]}” pings or links on Discord: write it in words", *loc)
        if _MASKED_LINK.search(text):
            yield entry.problem("“](” makes a masked link: cite a source instead", *loc)


def _may_hold(text: str, hints: tuple[str, ...]) -> bool:
    folded = text.casefold()
    return any(hint in folded for hint in hints)


def _unseen(entry: Entry[Card] | Entry[Source], loc: Loc, text: str) -> Iterator[Problem]:
    for character in dict.fromkeys(text):
        if unicodedata.category(character) in _UNSEEN:
            name = "a line break" if character == "\n" else unicodedata.name(character, "a control character").lower()
            yield entry.problem(f"this text holds {name} (U+{ord(character):04X}): delete it", *loc)


def _is_said_by_people(loc: Loc) -> bool:
    return loc[0] == "claims" and loc[-1] == "text"


def _are_neighbours(loc: Loc, other: Loc) -> bool:
    """The same list entry, or the one before or after; the same field where there is no list."""
    (parent, position), (other_parent, other_position) = _entry_of(loc), _entry_of(other)
    return parent == other_parent and abs(position - other_position) <= 1


def _entry_of(loc: Loc) -> tuple[Loc, int]:
    place = max((index for index, step in enumerate(loc) if isinstance(step, int)), default=None)
    if place is None:
        return loc[:1], 0
    position = loc[place]
    return loc[:place], position if isinstance(position, int) else 0
