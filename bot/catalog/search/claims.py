"""Claims of cards in other people's words."""

import heapq
import re
from collections import Counter
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import LCSseq

from bot.catalog.search.lexicon import NEGATION, STANCES
from bot.catalog.search.names import Names
from bot.catalog.search.shortlist import Shortlist
from bot.catalog.search.terms import Term, Terms, total_weight, weight_of
from bot.catalog.search.texts import text_of
from bot.catalog.search.words import Words, words_of
from bot.domain.cards import Card, Claim
from bot.domain.found import ClaimMatch

_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")

_LONGEST_TEXT = 4000
_CLAIM_CARDS = 12
"""Cards that are read for the claims in one sentence of a text."""
_STANCE = 0.3
_CLAIMED = 0.65
"""How much of a claim a sentence has to say."""


@dataclass(frozen=True, slots=True)
class _Said:
    """A sentence, read for the claims in it; or one way of putting a claim. `rest` is without its stances."""

    text: str
    words: tuple[str, ...]
    rest: tuple[str, ...]
    stems: tuple[str, ...]
    terms: tuple[Term, ...]
    cards: frozenset[int]
    heard: frozenset[str]
    """The stems, and its stances."""
    negations: tuple[int, ...]
    """Where `rest` says "not"."""


@dataclass(frozen=True, slots=True)
class _ReadClaim:
    """A claim of card `number` in all the ways of putting it."""

    claim: Claim
    number: int
    forms: tuple[_Said, ...]
    stems: frozenset[str]
    shared: frozenset[str]
    """Words that it has in common with several of its card's claims: they do not tell it from those."""
    named: bool
    """It names its card, be it only "fibromyalgia"."""
    distinct: bool
    """It names its card, by a name that few others use."""


class Claims:
    """Finds the claims that a text makes, however it puts them."""

    def __init__(self, cards: Sequence[Card], words: Words, names: Names, terms: Terms, shortlist: Shortlist) -> None:
        self._cards = cards
        self._words = words
        self._names = names
        self._terms = terms
        self._shortlist = shortlist
        self._claims_of = lru_cache(maxsize=1024)(self._read_claims)

    def made_in(self, text: str, limit: int = 10) -> list[ClaimMatch]:
        """The claims of cards that a sentence or a whole text makes, best first; none when it makes none."""
        parts = [self._hear(part.strip()) for part in _SENTENCE.split(text[:_LONGEST_TEXT])]
        sentences = [said for said in parts if said.words]
        about = frozenset[int]().union(*(said.cards for said in sentences))
        best: dict[tuple[int, str], ClaimMatch] = {}
        for said in sentences:
            for number in {*about, *self._shortlist.of(said.terms, "name claims")[:_CLAIM_CARDS]}:
                for match in self._made_by(said, number, about):
                    key = (number, match.claim.id)
                    if key not in best or match.score > best[key].score:
                        best[key] = match
        return heapq.nlargest(limit, best.values(), key=lambda match: match.score)

    def _made_by(self, said: _Said, number: int, about: Set[int]) -> Iterator[ClaimMatch]:
        for claim in self._claims_of(number):
            if claim.distinct and number not in about:
                continue
            score = max([_told_by(said, claim, about), *(_says(said, form, claim, about) for form in claim.forms)])
            if score >= _CLAIMED:
                yield ClaimMatch(self._cards[number], claim.claim, said.text, score)

    def _hear(self, sentence: str) -> _Said:
        words = words_of(sentence)
        rest = " ".join(words)
        stances: list[str] = []
        for stance, pattern in STANCES.items():
            rest, times = pattern.subn(" ", rest)
            stances += [stance] if times else []
        said = rest.split()
        mentions = self._names.mentions(said)
        stems = self._words.stems(said)
        return _Said(
            text=sentence,
            words=tuple(words),
            rest=tuple(said),
            stems=tuple(stems[word] for word in said),
            terms=(*self._terms.of(said, mentions), *(Term(frozenset({stance}), _STANCE) for stance in stances)),
            cards=frozenset(number for mention in mentions for number in mention.cards),
            heard=frozenset((*stems.values(), *stances)),
            negations=tuple(at for at, word in enumerate(said) if word in NEGATION),
        )

    def _read_claims(self, number: int) -> tuple[_ReadClaim, ...]:
        claims = self._cards[number].claims
        self._words.stems((word for claim in claims for word in words_of(text_of(claim))), keep=True)
        heard = [[self._hear(form) for form in (claim.text, *claim.phrases)] for claim in claims]
        forms = [tuple(form for form in one if form.words) for one in heard]
        bags = [frozenset(stem for form in one for term in form.terms for stem in term.stems) for one in forms]
        uses = Counter(stem for bag in bags for stem in bag)
        shared = frozenset(stem for stem, count in uses.items() if count > 2)
        names = [[term for term in one[0].terms if number in term.cards] for one in heard]
        return tuple(
            _ReadClaim(claim, number, one, bag, shared, bool(own), any(term.weight > 0.3 for term in own))
            for claim, one, bag, own in zip(claims, forms, bags, names, strict=True)
        )


def _says(said: _Said, form: _Said, claim: _ReadClaim, about: Set[int]) -> float:
    """How much of one way of putting a claim is in a sentence: 1 for all of it, in its order."""
    rest = [term for term in form.terms if claim.number not in term.cards]
    got = [term for term in rest if term.said_in(said.heard) or term.cards & said.cards]
    if not got or any(term.sure and term not in got and term.cards.isdisjoint(about) for term in form.terms):
        return 0
    in_order = LCSseq.similarity(form.words, said.words) / len(form.words)
    verbatim = in_order >= 0.8 and len(form.words) > 3
    # With the subject in the same sentence, one word may be enough: "Lyrica is useless".
    enough = 0.15 if claim.distinct and claim.number in said.cards else 0.7
    if not verbatim and weight_of(got) < enough:
        return 0
    score = in_order if verbatim else 0.7 * weight_of(got) / weight_of(rest) + 0.3 * in_order
    return 0 if _contradicts(said, form, got) else score


def _told_by(said: _Said, claim: _ReadClaim, about: Set[int]) -> float:
    """How much of a sentence a claim accounts for, in all its ways of being put together."""
    rest = [term for term in said.terms if claim.number not in term.cards]
    got = [term for term in rest if term.said_in(claim.stems)]
    if claim.distinct and claim.number not in said.cards:
        return 0
    if not claim.distinct and (len(got) < 2 or (claim.named and claim.number not in about)):
        return 0
    if weight_of(term for term in got if term.stems.isdisjoint(claim.shared)) < 0.25:
        return 0
    if all(_contradicts(said, form, got) for form in claim.forms):
        return 0
    return 0.95 * weight_of(got) / total_weight(rest)


def _contradicts(said: _Said, form: _Said, got: Sequence[Term]) -> bool:
    """Whether one of them says "not" where the other does not."""
    if form.negations:
        return not said.negations
    stems = frozenset[str]().union(*(term.stems for term in got))
    return any(not stems.isdisjoint(said.stems[at + 1 : at + 4]) for at in said.negations)
