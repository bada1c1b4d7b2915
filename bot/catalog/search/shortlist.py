"""The few cards that are worth a closer look."""

import sqlite3
from collections.abc import Iterable

from bot.catalog.search.tables import TEXT_ROWS, affordable, any_of
from bot.catalog.search.terms import Term
from bot.catalog.search.words import Words

_SHORTLIST = 20
"""Cards that are read to judge a question."""


class Shortlist:
    """Cards by the words that they share with a text."""

    def __init__(self, db: sqlite3.Connection, words: Words) -> None:
        self._db = db
        self._words = words

    def of(self, terms: Iterable[Term], columns: str = "name claims body", rows: int = TEXT_ROWS) -> list[int]:
        """The cards that BM25 ranks highest, by the rarest of the words."""
        counts = {stem: self._words.count(stem) for term in terms for stem in term.stems}
        query = any_of(affordable(counts, rows))
        if not query:
            return []
        found = self._db.execute(
            "SELECT rowid FROM cards WHERE cards MATCH ? ORDER BY bm25(cards, 10, 3, 1) LIMIT ?",
            (f"{{{columns}}} : {query}", _SHORTLIST),
        )
        return [number for (number,) in found]
