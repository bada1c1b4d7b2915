"""What is informative in a text, and how much it tells."""

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, replace

from bot.catalog.search.lexicon import STOP
from bot.catalog.search.names import Mention, Names
from bot.catalog.search.words import Words

_NAMED = 1.3
"""A name counts for more than a word of the text that is as rare."""


@dataclass(frozen=True, slots=True)
class Term:
    """Something informative in a text. Any of the stems says it; all of them, for a name."""

    stems: frozenset[str]
    weight: float
    cards: frozenset[int] = frozenset()
    sure: bool = False
    known: bool = True
    slip: bool = False

    def said_in(self, stems: Set[str]) -> bool:
        if self.slip:
            return False
        return self.stems <= stems if self.cards else not self.stems.isdisjoint(stems)


class Terms:
    """Finds the informative words and names of a text."""

    def __init__(self, words: Words, names: Names) -> None:
        self._words = words
        self._names = names

    def of(self, words: Sequence[str], mentions: Sequence[Mention]) -> tuple[Term, ...]:
        """What is informative in these words, in order, each once."""
        stems = self._words.stems(words)
        terms = {
            mention.start: self._name_term([stems[word] for word in words[mention.start : mention.end]], mention)
            for mention in mentions
        }
        named = {at for mention in mentions for at in range(mention.start, mention.end)}
        for at, word in enumerate(words):
            if at not in named and _is_informative(word):
                terms[at] = self._word_term(word, stems[word])
        in_order = [terms[at] for at in sorted(terms) if terms[at].known or terms[at].weight]
        return tuple({term.stems: term for term in in_order}.values())

    def _name_term(self, stems: Sequence[str], mention: Mention) -> Term:
        count = max(1, min(self._words.count(stem) for stem in stems))
        least = 0 if self._words.is_common(count) else 0.4
        weight = _NAMED * max(least, self._words.weight(count))
        return Term(frozenset(stems), weight, cards=mention.cards, sure=mention.sure)

    def _word_term(self, word: str, stem: str) -> Term:
        term = self._known_term(word, stem)
        if self._words.is_chatter(stem):
            return replace(term, weight=0.3 * term.weight) if term else Term(frozenset({stem}), 0, known=False)
        return term or self._misspelt(word) or Term(frozenset({stem}), self._words.weight(0), known=False)

    def _known_term(self, word: str, stem: str) -> Term | None:
        alternatives = self._words.alternatives(word, stem)
        count = max(self._words.count(one) for one in alternatives)
        return Term(alternatives, self._words.weight(count)) if count else None

    def _misspelt(self, word: str) -> Term | None:
        names, sure = self._names.slip_of(word)
        if names:
            stems = frozenset(self._words.stems(names[0].key.split()).values())
            cards = frozenset(name.card for name in names)
            return Term(stems, _NAMED * self._words.weight(1), cards=cards, sure=sure, slip=True)
        lay = self._words.corrected(word)
        return self._known_term(lay, self._words.stems([lay])[lay]) if lay else None


def weight_of(terms: Iterable[Term]) -> float:
    return sum(term.weight for term in terms)


def total_weight(terms: Sequence[Term]) -> float:
    """The weight of a text. One unknown word may be all it is about; more of them are mostly chatter."""
    unknown = sorted((term.weight for term in terms if not term.known), reverse=True)
    return weight_of(term for term in terms if term.known) + sum(unknown[:1]) + 0.25 * sum(unknown[1:]) or 1.0


def _is_informative(word: str) -> bool:
    """Numbers are not, but for years."""
    return word not in STOP and (not word.isdigit() or len(word) == 4)
