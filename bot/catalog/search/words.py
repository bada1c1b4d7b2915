"""Words of a text, their stems, and what else would say the same."""

import math
import re
import sqlite3
from collections import defaultdict
from collections.abc import Iterable

from rapidfuzz import process
from rapidfuzz.distance import OSA

from bot.catalog.search.lexicon import CHATTER, LAY, SPELLINGS
from bot.domain.zones import fold

_POSSESSIVE = re.compile(r"['’]s\b")
_PLAIN_WORD = re.compile(r"[a-z0-9]+")


class Words:
    """Stems, how common they are, and what else would say the same."""

    def __init__(self, db: sqlite3.Connection, cards: int) -> None:
        self._db = db
        self._cards = cards
        self._counts: dict[str, int] = dict(db.execute("SELECT term, doc FROM card_words").fetchall())
        self._stems: dict[str, str] = {}
        self._alternatives: dict[str, frozenset[str]] = {}
        self._lay = self._lay_words()
        self._chatter = frozenset(self.stems(CHATTER, keep=True).values())
        self._lay_spelt = sorted({word for group in LAY for word in group.split() if len(word) > 5})

    def _lay_words(self) -> dict[str, frozenset[str]]:
        groups = [group.split() for group in LAY]
        stems = self.stems([word for group in groups for word in group], keep=True)
        found: dict[str, set[str]] = defaultdict(set)
        for group in groups:
            for word in group:
                found[stems[word]] |= {stems[other] for other in group}
        return {stem: frozenset(others) for stem, others in found.items()}

    def stems(self, words: Iterable[str], *, keep: bool = False) -> dict[str, str]:
        """Word -> stem, by SQLite's own porter tokenizer.

        `keep` is for the words of cards: nothing that a member types stays in memory.
        """
        wanted = set(words)
        missing = [word for word in wanted if word not in self._stems]
        found = {word: self._stems[word] for word in wanted if word in self._stems}
        if missing:
            self._db.executemany("INSERT INTO scratch (rowid, word) VALUES (?, ?)", enumerate(missing))
            stemmed: list[tuple[str, int]] = self._db.execute("SELECT term, doc FROM scratch_words").fetchall()
            fresh = {missing[row]: stem for stem, row in stemmed}
            self._db.execute("INSERT INTO scratch (scratch) VALUES ('delete-all')")
            found |= {word: fresh.get(word, word) for word in missing}
            if keep:
                self._stems |= fresh
        return found

    def count(self, stem: str) -> int:
        """Cards that use the word."""
        return self._counts.get(stem, 0)

    def weight(self, count: int) -> float:
        """What a word tells that this many cards use: 0 if all do, 1 if none does."""
        cards = self._cards + 1
        return max(0.0, math.log(cards / (count + 0.5)) / math.log(cards / 0.5))

    def is_chatter(self, stem: str) -> bool:
        return stem in self._chatter

    def is_common(self, count: int) -> bool:
        """Whether nearly every card uses the word: it is what the catalog as a whole is about."""
        return count >= 0.8 * self._cards

    def alternatives(self, word: str, stem: str) -> frozenset[str]:
        """The stem, its other spelling, and the lay words for it."""
        found = self._alternatives.get(word) or self._find_alternatives(word, stem)
        if word in self._stems:
            self._alternatives[word] = found
        return found

    def _find_alternatives(self, word: str, stem: str) -> frozenset[str]:
        others = self.stems(_other_spellings(word)).values()
        spelt = [stem, *(other for other in others if other in self._lay or self.count(other))]
        return frozenset(spelt).union(*(self._lay.get(one, ()) for one in spelt))

    def corrected(self, word: str) -> str | None:
        """The lay word that this is a slip of."""
        found = process.extractOne(word, self._lay_spelt, scorer=OSA.distance, score_cutoff=1)
        return found[0] if found else None


def words_of(text: str) -> list[str]:
    """Words as `fold` splits them, and faster for plain text; an apostrophe splits nothing: `isnt`."""
    joined = _POSSESSIVE.sub("", text).replace("'", "").replace("’", "")
    return _PLAIN_WORD.findall(joined.lower()) if joined.isascii() else fold(joined).split()


def _other_spellings(word: str) -> list[str]:
    if len(word) < 5:
        return []
    american = [word.replace(ours, theirs, 1) for ours, theirs in SPELLINGS if ours in word]
    return american + [word.replace(theirs, ours, 1) for ours, theirs in SPELLINGS if theirs in word]
