"""What differs between two states of a card, for people to read: the old struck through, the new marked.

Every line begins with a sign for what it is, so that it reads the same where strokes and weights are not seen.
"""

import textwrap
import unicodedata
from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import groupby

from bot.chat.ui.cards import source_text
from bot.chat.ui.layout import CHARACTER_BUDGET, inert
from bot.domain.cards import Source
from bot.domain.changes import Change

KEY = "-# − ~~struck~~ goes, + comes; what is new in a sentence is **bold**."

BLOCK = 1600
"""Characters of a block at most; a place with more has several."""

PIECE = 900
"""Characters of a line at most, before marking: a line of a card that passes the lint has fewer, sources included."""

HEADING = 100
"""Characters of the name of a place at most: a claim is its own name, and may be long."""

ALIKE = 0.5
"""From this share of common words on, only the new words of a sentence are marked."""


def diff_blocks(changes: Sequence[Change], most: int = BLOCK) -> list[str]:
    """A block for each place on the card, in order. Nothing is left out.

    Each has `most` characters or, where a single line has more than that, that line.
    """
    places = groupby(changes, lambda change: change.where)
    return [block for where, each in places for block in _place(where, [*each], most)]


def pages(blocks: Sequence[str], room: int = CHARACTER_BUDGET - 600) -> list[list[str]]:
    """The blocks spread over as many messages as it takes; `room` is what each has for them, in characters."""
    spread: list[list[str]] = [[]]
    used = 0
    for block in blocks:
        if spread[-1] and used + len(block) > room:
            spread.append([])
            used = 0
        spread[-1].append(block)
        used += len(block) + 1
    return spread


def source_blocks(sources: Sequence[tuple[int, Source]]) -> list[str]:
    """Numbered sources in full, one a block, with what people typed into them as nothing but words."""
    return [f"**[{number}]** {source_text(_inert(source))}" for number, source in sources]


def short_source(source: Source) -> str:
    """`Noppers I, et al., 2011: Absence of long-term analgesic effect ...`: plain text, not yet inert."""
    year = f", {source.year}" if source.year else ""
    return f"{source.authors}{year}: {source.title}"


def _inert(source: Source) -> Source:
    """The same with nothing in it that Discord would take for markup; the link stays one."""
    typed = {"authors": inert(source.authors), "title": inert(source.title)}
    where = {"published_in": inert(source.published_in)} if source.published_in else {}
    doi = {"doi": source.doi.replace("<", "%3C").replace(">", "%3E")} if source.doi else {}
    return source.model_copy(update={**typed, **where, **doi})


def _place(where: str, changes: Sequence[Change], most: int) -> list[str]:
    heading = f"**{inert(textwrap.shorten(where, HEADING, placeholder=' ...'))}**"
    blocks = [heading]
    for line in (line for change in changes for line in _lines(change)):
        if blocks[-1] != heading and len(blocks[-1]) + len(line) + 1 > most:
            blocks.append(f"{heading} (continued)")
        blocks[-1] += f"\n{line}"
    return blocks


def _lines(change: Change) -> list[str]:
    old, new = _seen(change.old), _seen(change.new)
    gone = [f"− ~~{inert(piece)}~~" for piece in _pieces(old)]
    if old and new and len(new) <= PIECE and "\n" not in new:
        return [*gone, f"\\+ {_marked(old, new)}"]
    return [*gone, *(f"\\+ **{inert(piece)}**" for piece in _pieces(new))]


def _seen(text: str | None) -> str | None:
    """With a name in place of each character that hides, or turns around what follows it. Emoji keep their joiners."""
    if text is None:
        return None
    return "".join(f"⟨U+{ord(each):04X}⟩" if _hides(each) else each for each in text)


def _hides(character: str) -> bool:
    return unicodedata.category(character) in {"Cf", "Cc"} and character not in "\n\t\u200c\u200d"


def _pieces(text: str | None) -> list[str]:
    """Line by line, long lines cut between words."""
    wrapped = [textwrap.wrap(line, PIECE) for line in (text or "").splitlines()]
    return [piece for line in wrapped for piece in line]


def _marked(old: str, new: str) -> str:
    """The new sentence with the words in bold that the old one did not have; all of it, if they are not alike."""
    before, after = old.split(), new.split()
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    if matcher.ratio() < ALIKE:
        return f"**{inert(' '.join(after))}**"
    parts = [(tag, inert(" ".join(after[start:end]))) for tag, _, _, start, end in matcher.get_opcodes()]
    return " ".join(text if tag == "equal" else f"**{text}**" for tag, text in parts if text)
