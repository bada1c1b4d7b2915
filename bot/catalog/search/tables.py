"""SQLite's FTS5 in memory, and queries that touch a bounded number of its rows."""

import sqlite3
from collections.abc import Mapping, Sequence

from bot.catalog.search.texts import indexed_texts
from bot.domain.cards import Card

TEXT_ROWS = 2500
NAME_ROWS = 1000
"""Rows that one query may touch, in texts and in names: the rarest words come first, and the time stays bounded."""

_SCHEMA = """
CREATE VIRTUAL TABLE cards
    USING fts5(name, claims, body, tokenize="porter unicode61 remove_diacritics 2", content='');
CREATE VIRTUAL TABLE card_words USING fts5vocab(cards, 'row');
CREATE VIRTUAL TABLE names
    USING fts5(name, tokenize="porter unicode61 remove_diacritics 2", prefix='2 3', content='');
CREATE VIRTUAL TABLE grams USING fts5(name, tokenize='trigram', detail=none, content='');
CREATE VIRTUAL TABLE gram_counts USING fts5vocab(grams, 'row');
CREATE VIRTUAL TABLE scratch
    USING fts5(word, tokenize="porter unicode61 remove_diacritics 2", content='');
CREATE VIRTUAL TABLE scratch_words USING fts5vocab(scratch, 'instance');
"""


def fill(db: sqlite3.Connection, cards: Sequence[Card]) -> None:
    """Make the tables, with the texts of all cards in them. A row's number is the card's place in `cards`."""
    db.executescript(_SCHEMA)
    rows = [(number, *indexed_texts(card)) for number, card in enumerate(cards)]
    db.executemany("INSERT INTO cards (rowid, name, claims, body) VALUES (?, ?, ?, ?)", rows)
    db.executemany("INSERT INTO names (rowid, name) VALUES (?, ?)", (row[:2] for row in rows))


def affordable(counts: Mapping[str, int], most: int) -> list[str]:
    """The rarest terms, quoted, as many as fit the number of rows we may touch."""
    chosen: list[str] = []
    rows = 0
    for term in sorted((term for term, count in counts.items() if count), key=lambda term: (counts[term], term)):
        rows += counts[term]
        if rows > most:
            break
        chosen.append(f'"{term}"')
    return chosen


def any_of(queries: Sequence[str]) -> str:
    return f"({' OR '.join(queries)})" if queries else ""
