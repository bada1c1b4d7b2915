"""Questions: which cards answer one, and with which sentence."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from bot.catalog.search.lexicon import PHRASES
from bot.catalog.search.names import Names
from bot.catalog.search.shortlist import Shortlist
from bot.catalog.search.terms import Term, Terms, total_weight, weight_of
from bot.catalog.search.texts import name_text, text_of
from bot.catalog.search.words import Words, words_of
from bot.domain.cards import Card, Claim, Statement
from bot.domain.found import Passage

_LONGEST_QUESTION = 400


@dataclass(frozen=True, slots=True)
class _Reading:
    """A card as sets of stems."""

    names: frozenset[str]
    passages: tuple[tuple[Statement | Claim, frozenset[str]], ...]
    everything: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question. `about_us`: it has a word that nearly every card has, such as "pain"."""

    terms: tuple[Term, ...]
    about_us: bool

    @property
    def understood(self) -> bool:
        return all(term.known for term in self.terms)


@dataclass(frozen=True, slots=True)
class _Judged:
    """How well one card answers a question."""

    number: int
    sentence: Statement | Claim
    score: float
    cover: float
    """The share of the question that the card speaks of, by weight."""
    evidence: float
    """The weight of what the question shares with the card's names and this one sentence."""
    hits: int
    sure: bool
    """The question calls it by a name that can mean nothing else."""
    named: bool
    """The question calls it by a name, spelt right."""
    guessed: bool
    """A word of the question may be a slip of its name."""
    by_name: bool
    """At least a word of its names is in the question."""


class Questions:
    """Judges cards by how much of a question they cover."""

    def __init__(self, cards: Sequence[Card], words: Words, names: Names, terms: Terms, shortlist: Shortlist) -> None:
        self._cards = cards
        self._words = words
        self._names = names
        self._terms = terms
        self._shortlist = shortlist
        self._reading = lru_cache(maxsize=1024)(self._read)

    def ask(self, question: str, limit: int = 5) -> list[Passage]:
        """Cards that answer a question, each with its most telling sentence; none when nothing really covers it."""
        words = _question_words(question)
        terms = self._terms.of(words, self._names.mentions(words))
        asked = _Asked(terms, any(self._words.is_common(max(map(self._words.count, term.stems))) for term in terms))
        numbers = dict.fromkeys([*(n for term in terms for n in sorted(term.cards)), *self._shortlist.of(terms)])
        judged = sorted((self._judge(number, terms) for number in numbers), key=lambda one: -one.score)
        convincing = [one for one in judged if one.sure or _convinces(one, asked, judged)]
        return [Passage(self._cards[one.number], one.sentence, one.score) for one in convincing[:limit]]

    def _judge(self, number: int, terms: Sequence[Term]) -> _Judged:
        reading = self._reading(number)
        own = [term for term in terms if number in term.cards]
        rest = [term for term in terms if number not in term.cards]
        in_names = [term for term in rest if term.said_in(reading.names)]
        sentence, close = self._best_passage(number, rest)
        told = [term for term in rest if term in in_names or term in close]
        anywhere = [term for term in rest if term in in_names or term.said_in(reading.everything)]
        total = total_weight(terms)
        cover = (weight_of(own) + 0.7 * weight_of(told) + 0.3 * weight_of(anywhere)) / total
        sure = cover >= 0.2 and any(term.sure and term.weight > 0.3 for term in own)
        # What a question names first, it is mostly about: "can I take LDN with codeine".
        first = 0.1 if own and own[0] is terms[0] else 0
        by_name = 0.3 * weight_of(term for term in in_names if not term.cards) / total
        return _Judged(
            number=number,
            sentence=sentence,
            score=cover + by_name + first + (0.5 if sure else 0),
            cover=cover,
            evidence=weight_of(own) + weight_of(told),
            hits=sum(term.weight > 0.1 for term in [*own, *told]),
            sure=sure,
            named=any(not term.slip for term in own),
            guessed=any(term.slip for term in own),
            by_name=bool(own or in_names),
        )

    def _best_passage(self, number: int, terms: Sequence[Term]) -> tuple[Statement | Claim, list[Term]]:
        """The sentence that says most of these, the shorter of equals; the first key message if none says any."""
        best = 0.0
        sentence: Statement | Claim = self._cards[number].key_messages[0]
        close: list[Term] = []
        for candidate, stems in self._reading(number).passages:
            said = [term for term in terms if term.said_in(stems)]
            score = weight_of(said) - 0.001 * len(stems)
            if score > best:
                best, sentence, close = score, candidate, said
        return sentence, close

    def _read(self, number: int) -> _Reading:
        card = self._cards[number]
        texts = [(sentence, words_of(text_of(sentence))) for sentence in card.statements()]
        names = words_of(name_text(card))
        stems = self._words.stems([*(word for _, words in texts for word in words), *names], keep=True)
        passages = tuple((sentence, frozenset(stems[word] for word in words)) for sentence, words in texts)
        everything = frozenset[str]().union(*(said for _, said in passages))
        return _Reading(frozenset(stems[word] for word in names), passages, everything)


def _convinces(one: _Judged, asked: _Asked, judged: Sequence[_Judged]) -> bool:
    """Whether a card covers enough of a question that does not plainly name it.

    The less of the question is understood, the more it has to share. Where two cards cover a half-understood question
    alike, neither is meant.
    """
    leads = one.named or all(one.score >= other.score + 0.1 for other in judged if other is not one)
    lone_guess = one.guessed and one.hits < 2
    if asked.about_us and asked.understood and one.cover >= (0.65 if leads else 0.9):
        return not lone_guess
    if asked.about_us and one.named and one.cover >= 0.4:
        return True
    if one.evidence < 0.55 or lone_guess or not (leads or one.cover >= 0.75):
        return False
    if not one.by_name and not asked.about_us and one.hits < 3:
        return one.cover >= 0.9 and one.hits == 2
    if one.hits < 2:
        return one.cover >= 0.75
    return one.cover >= (0.45 if one.hits > 2 else 0.5)


def _question_words(text: str) -> list[str]:
    plain = f" {' '.join(words_of(text[:_LONGEST_QUESTION]))} "
    for phrase, meaning in PHRASES.items():
        plain = plain.replace(f" {phrase} ", f" {meaning} ")
    return plain.split()
