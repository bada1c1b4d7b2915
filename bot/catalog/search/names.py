"""Every name of every card: as it is typed, misspelt, or inside a text."""

import re
import sqlite3
import sys
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz import process
from rapidfuzz.distance import OSA

from bot.catalog.search.lexicon import EVERYDAY, STOP
from bot.catalog.search.tables import NAME_ROWS, affordable, any_of
from bot.catalog.search.words import Words
from bot.domain.cards import Card
from bot.domain.found import NameRank
from bot.domain.zones import fold

_AMOUNT = re.compile(r"\b\d+\s*(?:mg|mcg|g|ml|iu)?(?=\s|$)")
_NAME_PARTS = re.compile(r"[():,]")

_NAME_WORDS = 6
_NEAR = 0.6
"""Share of letters in place that makes a near miss."""

Ranked = Iterable[tuple[int, float]]
"""Card numbers, with what orders them within a rank: more is better."""


@dataclass(frozen=True, slots=True)
class Name:
    card: int
    key: str
    brand: bool
    main: bool


@dataclass(frozen=True, slots=True)
class Mention:
    """A name inside a text: the words from start to end, and the cards that go by it."""

    start: int
    end: int
    cards: frozenset[int]
    sure: bool


class Names:
    """Every name of every card."""

    def __init__(self, db: sqlite3.Connection, cards: Sequence[Card], words: Words) -> None:
        self._db = db
        self._words = words
        self._names = [name for number, card in enumerate(cards) for name in _names_of(number, card)]
        self._by_key: dict[str, list[Name]] = defaultdict(list)
        self._of_card: dict[int, list[str]] = defaultdict(list)
        for name in self._names:
            self._by_key[_compact(name.key)].append(name)
            self._of_card[name.card].append(_compact(name.key))
        self._keys = sorted(self._by_key)
        db.executemany(
            "INSERT INTO grams (rowid, name) VALUES (?, ?)",
            ((row, f" {name.key} ") for row, name in enumerate(self._names)),
        )
        self._gram_counts: dict[str, int] = dict(db.execute("SELECT term, doc FROM gram_counts").fetchall())

    def tiers(self, wanted: str) -> Iterator[tuple[NameRank, Ranked]]:
        """Rank by rank, each worked out only when asked for."""
        plain = fold(_AMOUNT.sub(" ", wanted)) or wanted
        exact = [name for key in dict.fromkeys((wanted, plain)) for name in self._by_key.get(_compact(key), ())]
        beginning = self._beginning(_compact(wanted))
        yield NameRank.EXACT, ((name.card, 0) for name in exact if not name.brand)
        yield NameRank.PREFIX, ((name.card, name.main) for name in beginning if not name.brand)
        yield NameRank.BRAND, ((name.card, 0) for name in exact if name.brand)
        yield NameRank.BRAND_PREFIX, ((name.card, 0) for name in beginning if name.brand)
        yield NameRank.WORD, self._by_words(plain)
        yield NameRank.INSIDE, self._inside(plain)
        yield NameRank.FUZZY, self._near(plain)

    def _beginning(self, key: str) -> list[Name]:
        last = key + chr(sys.maxunicode)
        keys = self._keys[bisect_left(self._keys, key) : bisect_left(self._keys, last)]
        return [name for found in keys for name in self._by_key[found]]

    def _by_words(self, wanted: str) -> Ranked:
        if len(wanted) < 2:
            return
        words = [word for word in wanted.split() if word not in STOP] or wanted.split()
        stems = self._words.stems(words)
        query = " AND ".join(
            any_of([f'"{stems[word]}"*', *(f'"{other}"' for other in self._words.alternatives(word, stems[word]))])
            for word in words
        )
        key = _compact(wanted)
        for (number,) in self._db.execute("SELECT rowid FROM names WHERE names MATCH ? LIMIT 500", (query,)):
            yield number, max(OSA.normalized_similarity(key, name) for name in self._of_card[number])

    def _inside(self, wanted: str) -> Ranked:
        for mention in self.mentions(wanted.split()):
            yield from ((number, mention.end - mention.start) for number in mention.cards)

    def _near(self, wanted: str) -> Ranked:
        key = _compact(wanted)
        names = self._sharing_trigrams(wanted)
        whole = [_compact(name.key) for name in names]
        # Somebody may still be typing: the beginning of a longer name counts almost as much.
        for keys, worth in ((whole, 1.0), ([name[: len(key)] for name in whole], 0.95)):
            found = process.extract(key, keys, scorer=OSA.normalized_similarity, score_cutoff=_NEAR, limit=60)
            yield from ((names[at].card, score * worth) for _, score, at in found)

    def _sharing_trigrams(self, wanted: str) -> list[Name]:
        """A bounded number of names that share the rarest trigrams of what was typed."""
        padded = f" {wanted} "
        grams = {padded[at : at + 3] for at in range(len(padded) - 2)}
        query = any_of(affordable({gram: self._gram_counts.get(gram, 0) for gram in grams}, NAME_ROWS))
        found = self._db.execute("SELECT rowid FROM grams WHERE grams MATCH ?", (query,)) if query else ()
        return [self._names[row] for (row,) in found]

    def slip_of(self, word: str) -> tuple[list[Name], bool]:
        """The names that this word misspells, and whether that is beyond doubt: one slip in a long word."""
        if len(word) < 5:
            return [], False
        names = self._sharing_trigrams(word)
        keys = [_compact(name.key) for name in names]
        found = process.extract(word, keys, scorer=OSA.distance, score_cutoff=1 if len(word) < 9 else 2, limit=5)
        nearest = [names[at] for _, distance, at in found if distance == found[0][1]]
        return nearest, bool(nearest) and found[0][1] == 1 and len(word) >= 8

    def mentions(self, words: Sequence[str]) -> list[Mention]:
        """Names in a text: the longest at each place, none overlapping, in order."""
        found: list[Mention] = []
        at = 0
        while at < len(words):
            mention = self._mention_at(words, at)
            if mention:
                found.append(mention)
            at = mention.end if mention else at + 1
        return found

    def _mention_at(self, words: Sequence[str], start: int) -> Mention | None:
        for end in range(min(len(words), start + _NAME_WORDS), start, -1):
            names = self._called(words[start:end])
            if names:
                key = "".join(words[start:end])
                sure = key not in EVERYDAY and len(key) > 2
                return Mention(start, end, frozenset(name.card for name in names), sure)
        return None

    def _called(self, words: Sequence[str]) -> list[Name]:
        names = self._by_key.get("".join(words), [])
        spaced = " ".join(words)
        if not names or len(words) == 1 or any(name.key == spaced for name in names):
            return names
        # Written apart, as in "hydro therapy" or "L.D.N."; but "am I" is not amitriptyline's "ami".
        spelt_out = len(words) > 2 and all(len(word) == 1 for word in words)
        return names if spelt_out or (len(spaced) > 6 and STOP.isdisjoint(words)) else []


def _compact(key: str) -> str:
    return key.replace(" ", "")


def _names_of(number: int, card: Card) -> Iterator[Name]:
    """The card's names, folded, each once; "Sleep habits and CBT for insomnia (CBT-I)" goes by both its parts too."""
    seen: set[str] = set()
    for texts, brand, main in (
        ([card.name, *_NAME_PARTS.split(card.name)], False, True),
        ([*card.aliases, card.id], False, False),
        (card.brands, True, False),
    ):
        for key in map(fold, texts):
            if key and key not in seen:
                seen.add(key)
                yield Name(number, key, brand, main)
