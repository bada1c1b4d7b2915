"""What a search finds, as values."""

from dataclasses import dataclass
from enum import IntEnum

from bot.domain.cards import Card, Claim, Statement


class NameRank(IntEnum):
    """How what somebody typed met a card's names; the lower, the surer."""

    EXACT = 0
    """A name or alias, letter for letter, but for spaces, punctuation and an amount such as "10 mg"."""
    PREFIX = 1
    BRAND = 2
    """A whole brand name."""
    BRAND_PREFIX = 3
    WORD = 4
    """Every word typed begins a word of the card's names, in any order."""
    INSIDE = 5
    """A whole name stands inside what was typed: "yoga class"."""
    FUZZY = 6
    BODY = 7
    """Only the text of the card speaks of it."""


@dataclass(frozen=True, slots=True)
class NameMatch:
    """A card found by name."""

    card: Card
    rank: NameRank

    @property
    def exact(self) -> bool:
        """Whether the card can be opened without asking "did you mean"."""
        return self.rank in {NameRank.EXACT, NameRank.BRAND}


@dataclass(frozen=True, slots=True)
class Passage:
    """A card that answers a question, with its best sentence. `score` compares passages of one question only."""

    card: Card
    sentence: Statement | Claim
    score: float


@dataclass(frozen=True, slots=True)
class ClaimMatch:
    """A claim that a text makes, and the sentence of the text that makes it. `score` is at most 1."""

    card: Card
    claim: Claim
    said: str
    score: float
