"""Whether two titles name the same paper, and what a title itself says about a paper's standing."""

import html
import re

from rapidfuzz import fuzz

from bot.catalog.verify.report import Standing
from bot.domain.zones import fold

ENOUGH = 90
"""The least similarity, of 100, of two titles of one paper: spelling, word order and a stray word may differ."""

LEAST_WORDS = 3
"""A main title shorter than this says too little to leave out a subtitle: `Fibromyalgia: a clinical review`."""

LEAST_WORDS_OF_BOTH = 6
"""The same where both titles have a subtitle, and the subtitles only resemble each other."""

RESEMBLING = 70
"""How similar, of 100, the words are that `a randomised trial` has in common with a longer subtitle."""

SHORT = 4
"""Words up to so many letters may be missing on one side: `and`, `with`, `the`."""

SPELLING = 80
"""How similar, of 100, two spellings of one word are: `fibre` and `fiber`, `programme` and `program`."""

_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_SUBTITLE = re.compile(r"[:?] |\. | [-\u2013\u2014] ")
_END = r"(?:\s*[\])])?\s*(?:[:.\u2013\u2014]|(?<=[\])])|\s-\s)\s*"
_MARK = re.compile(
    rf"^[\s\[(]*(?:(?:retracted|withdrawn|removed)(?: (?:article|paper|chapter))?|(?:temporary )?removal){_END}",
    re.IGNORECASE,
)
_NOTICE = re.compile(
    r"^[\s\[(]*(?:retraction|correction|corrigendum|erratum|addendum|expression of concern|withdrawal)"
    rf"(?: (?:note|notice))?(?: (?:to|for|of))?{_END}"
    r"|^[\s\[(]*(?:erratum|corrigendum|addendum) (?:to|for)\b",
    re.IGNORECASE,
)


def readable(title: str) -> str:
    """The title as people see it: without tags and character references, which both registries leave in."""
    return " ".join(_TAG.sub("", html.unescape(html.unescape(title))).split())


def mark_of(title: str) -> Standing | None:
    """What a publisher wrote in front of the title of a paper that no longer stands: `RETRACTED: ...`."""
    return Standing.RETRACTED if _MARK.match(readable(title)) else None


def is_of_a_notice(title: str) -> bool:
    """Whether this is the title of a notice about a paper (`Correction to: ...`) and not of the paper."""
    return bool(_NOTICE.match(readable(title)))


def agree(ours: str, theirs: str) -> bool:
    """Whether both name one paper. A subtitle may be missing on one side; numbers must be the same."""
    mine, other = _bare(ours), _bare(theirs)
    if _alike(mine, other):
        return True
    my_main, my_rest = _parts(mine)
    other_main, other_rest = _parts(other)
    least = LEAST_WORDS
    if my_rest and other_rest:
        if fuzz.token_set_ratio(fold(my_rest), fold(other_rest)) < RESEMBLING:
            return False
        least = LEAST_WORDS_OF_BOTH
    return min(len(fold(my_main).split()), len(fold(other_main).split())) >= least and _alike(my_main, other_main)


def _bare(title: str) -> str:
    """Without a publisher's mark, and without PubMed's square brackets around a translated title."""
    text = _MARK.sub("", readable(title)).rstrip(". ")
    return text[1:-1] if text.startswith("[") and text.endswith("]") else text


def _parts(title: str) -> tuple[str, str]:
    """The main title, and the subtitle or an empty text."""
    main, *rest = _SUBTITLE.split(title, maxsplit=1)
    return main, "".join(rest)


def _alike(one: str, other: str) -> bool:
    one, other = _american(fold(one)), _american(fold(other))
    if one.replace(" ", "") == other.replace(" ", ""):
        return bool(one)
    if sorted(re.findall(r"\d+", one)) != sorted(re.findall(r"\d+", other)):
        return False  # `part 1` and `part 2` are two papers, however alike
    if _has_a_word_of_its_own(one, other) or _has_a_word_of_its_own(other, one):
        return False
    return fuzz.token_sort_ratio(one, other) >= ENOUGH


def _has_a_word_of_its_own(one: str, other: str) -> bool:
    """A long word that the other lacks in any spelling: `esketamine` is not `ketamine`, however alike the titles."""
    theirs = set(other.split())
    words = (word for word in one.split() if len(word) > SHORT and word not in theirs)
    return any(not any(_is_respelt(word, their) for their in theirs) for word in words)


def _is_respelt(word: str, other: str) -> bool:
    return word[0] == other[0] and fuzz.ratio(word, other) >= SPELLING


def _american(text: str) -> str:
    """`oestrogen` as `estrogen`, so that it begins, and sorts, as that does."""
    return text.replace("ae", "e").replace("oe", "e")
