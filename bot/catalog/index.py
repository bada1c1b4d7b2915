"""Search over a catalog: names as they are typed, questions, and claims in other people's words.

SQLite's FTS5, in memory, narrows ten thousand cards to a handful; Python then judges those by rules that can be read
here. A wrong card said with confidence is worse than none: `ask` and `claims` return nothing when in doubt.
"""

import heapq
import math
import re
import sqlite3
import sys
import weakref
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType

from rapidfuzz import process
from rapidfuzz.distance import OSA, LCSseq

from bot.domain.cards import Card, Claim, Finding, Position, Statement
from bot.domain.catalog import Catalog
from bot.domain.found import ClaimMatch, NameMatch, NameRank, Passage
from bot.domain.zones import fold

# --- what people's words mean ---------------------------------------------------------------------------------------


def _set_of(words: str) -> frozenset[str]:
    return frozenset(words.split())


_STOP = _set_of(
    """
    a about above actually again all almost already also although always am an and another any anybody anymore anyone
    anything apparently are arent around as ask asked asking at away b back basically be because been before being
    between both bunch but by call called came can cannot cant come coming could couldnt d did didnt do does doesnt
    doing done dont dr each either else enough even ever every everybody everyone everything few find for found from
    gave get gets getting give given gives giving go goes going gone gonna good got gotten had has hasnt have havent
    having he hello help helped helpful helping helps her here hers hi him his how however hows i id if ill im in into
    is isnt it its itself ive just keep keeps kind know let lets like ll loads lol look lot lots m made make makes
    making many may maybe me mean means might mine more most much must my myself near need needed needing needs never
    next no nor normal not nothing now of off ok okay on once one ones only or other others our out over own people
    per perhaps person please put quite rather re really reply s said same saw say saying says see seem seems seen
    sent set sets shall she should shouldnt since so some somebody someone something sometimes somewhere soon sorry
    sort sounds started starting still stuff such supposed sure t take taken takes taking tell telling than thank
    thanks that thats the their them then there theres these they theyre thing things think thinking thinks this those
    though through thru till to told too took totally tried tries try trying two until up upon us use used uses using
    usually ve very wanna want wanted wants was wasnt way we well went were weve what whatever whats when where
    whether which while who whole whos whose why will with without wont work worked working works worth would wouldnt
    yeah yes yet you your youre yourself
    """
)
"""Words that say nothing about what a text is about."""

_CHATTER = _set_of(
    """
    aunt aunty boyfriend brother cousin dad daughter family father friend girlfriend gran grandma husband mate mother
    mum mom nan neighbour neighbor partner sister son uncle wife
    consultant doctor doctors gp nurse rheumatologist rheumy
    facebook group instagram internet online reddit tiktok youtube
    day days month months week weeks weekend year years morning night today tomorrow tonight yesterday
    """
)
"""Who said it, where and when: it counts a little where a card speaks of it, and not at all where none does."""

_LAY = (
    "tired tiredness fatigue fatigued exhausted exhaustion drained shattered wiped",
    "painkiller opioid opiate narcotic",
    "painkiller nsaid",
    "drip infusion iv intravenous",
    "tablet pill medicine medication meds drug",
    "dizzy dizziness lightheaded woozy",
    "sick nausea nauseous vomit vomiting puke queasy",
    "bladder pee peeing urine urinate wee wetting",
    "tummy stomach belly gut",
    "breath breathe breathing",
    "drowsy drowsiness sleepy sleepiness sedated sedation groggy zombie",
    "sleep asleep slept insomnia awake wake waking",
    "addicted addiction addictive dependence hooked misuse",
    "fit seizure epilepsy convulsion",
    "heart heartbeat palpitation pulse",
    "swollen swelling puffy",
    "fat obese obesity overweight slim slimming",
    "forget forgetful memory",
    "shaking shaky tremor",
    "alcohol beer booze drink drinking drunk wine",
    "pregnant pregnancy baby",
    "doctor gp physician clinician",
    "physio physiotherapist physiotherapy",
    "counselling counselor counsellor therapist talking",
    "class course lesson education",
    "depressed depression sad down mood",
    "anxious anxiety worried worry",
    "libido sex sexual",
    "diarrhoea runs",
    "fake faking imaginary",
    "evidence proof proven prove",
    "danger dangerous harm risk risky unsafe",
    "magnet magnetic",
    "electric electrical electricity zap",
    "itch itchy rash",
    "operation surgery surgical",
    "anaesthetic numb numbing",
    "cannabis ganja marijuana weed",
    "barbell dumbbell gym strength",
    "pool swim swimming",
    "bike biking cycle cycling",
    "ache hurt pain painful sore",
    "diet eat eating food keto vegetarian",
    "walk walking jog jogging run running",
    "ibuprofen motrin",
    "paracetamol acetaminophen",
    "quit stop stopping",
    "suddenly overnight abruptly",
    "legal controlled illegal",
    "old older elderly",
    "flare flair",
    "dementia alzheimer alzheimers",
    "scan mri xray",
    "sun sunlight sunshine",
    "dream nightmare",
    "injection jab shot",
    "cancer chemo oncologist tumour",
    "cost expensive price",
)
"""Words that stand for one another when people who are not clinicians write. A word may be in several groups."""

_PHRASES = {
    "throw up": "vomit",
    "throwing up": "vomiting",
    "cold turkey": "stop suddenly",
    "come off": "stop",
    "coming off": "stopping",
    "put on": "gain",
    "the point of": "",
    "good morning": "",
    "good night": "",
}

_SPELLINGS = (
    ("isation", "ization"),
    ("ise", "ize"),
    ("ising", "izing"),
    ("yse", "yze"),
    ("our", "or"),
    ("ae", "e"),
    ("oe", "e"),
    ("sulph", "sulf"),
    ("tre", "ter"),
    ("bre", "ber"),
    ("ogramme", "ogram"),
    ("lling", "ling"),
    ("lled", "led"),
)
"""British and American."""

_EVERYDAY = _set_of(
    """
    act ami badday concentration crash cycling diagnose diagnosed diagnosing diagnosis diet edibles energysaving fit
    flare flares flexi fm foggy gaba k mag mood needles needling oxy pacing pot prevalence ra setback specialk spoons
    tram trams vegan walking weed weights
    """
)
"""Names, run together, that have another life in English: alone they do not show what a question is about."""

_NEGATION = _set_of(
    """
    arent cannot cant didnt doesnt dont few hardly isnt neither never no nobody none nor not nothing wasnt werent
    without wont
    """
)

_STANCES = {
    "no cure": re.compile(r"\b(?:no|not a|isnt a|doesnt|does not|cannot|cant|wont|not) (?:cure|cured|fix|heal)\b"),
    "useless": re.compile(
        r"\b(?:(?:do|does|did|will|would|can) not|dont|doesnt|didnt|wont|wouldnt|never|cant|cannot) (?:\w+ )?"
        r"(?:works?|helps?|do anything|touch)\b|\b(?:do|does|did) nothing\b|\bno (?:better than|use|good)\b"
        r"|\b(?:useless|pointless|nonsense|scam|rubbish|snake oil)\b|\bwaste of \w+\b"
    ),
    "cure": re.compile(
        r"\b(?:cure[ds]?|miracle|heal(?:s|ed)?|rid of|fix(?:es|ed)?|pain free|pain goes)\b"
        r"|\b(?:goes|go|went|gone|take[ns]?|took)(?: \w+){0,4} away\b"
    ),
    "works": re.compile(
        r"\b(?:work(?:s|ed)?|help(?:s|ed|ful)?|ease[ds]?|relie(?:f|ves?|ved)|treat(?:s|ed)?|reduce[sd]?|proven?"
        r"|effective|breakthrough|game changer|swears? by)\b"
    ),
    "safe": re.compile(
        r"\b(?:safe|harmless|fine|cannot hurt|cant hurt)\b"
        r"|\b(?:no|zero|without|any) (?:side effects?|risks?|harms?|interactions?)\b"
    ),
    "fake": re.compile(
        r"\b(?:placebo|sugar pill|fake|faking|sham|imagin(?:e|ed|ary)|made up)\b"
        r"|\bin (?:your|my|our|the|their) (?:head|mind)\b"
    ),
    "all": re.compile(r"\b(?:everyone|everybody|anyone|always|most people|all (?:people|of us)|for all)\b"),
}
"""What people say of any treatment, however they put it. "Does not work" is one thing, and not a kind of "works"."""

_AMOUNT = re.compile(r"\b\d+\s*(?:mg|mcg|g|ml|iu)?(?=\s|$)")
_POSSESSIVE = re.compile(r"['’]s\b")
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
_NAME_PARTS = re.compile(r"[():,]")
_PLAIN_WORD = re.compile(r"[a-z0-9]+")

# --- how much is enough ---------------------------------------------------------------------------------------------

_LONGEST_NAME = 80
_LONGEST_QUESTION = 400
_LONGEST_TEXT = 4000
_NAME_WORDS = 6
_ROWS = 2500
_NAME_ROWS = 1000
"""Rows that one query may touch, in texts and in names: the rarest words come first, and the time stays bounded."""
_SHORTLIST = 20
_CLAIM_CARDS = 12
"""Cards that are read to judge a question, and for the claims in one sentence of a text."""
_NEAR = 0.6
"""Share of letters in place that makes a near miss."""
_NAMED = 1.3
"""A name counts for more than a word of the text that is as rare."""
_STANCE = 0.3
_CLAIMED = 0.65
"""How much of a claim a sentence has to say."""

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

_Ranked = Iterable[tuple[int, float]]
"""Card numbers, with what orders them within a rank: more is better."""


@dataclass(frozen=True, slots=True)
class _Name:
    card: int
    key: str
    brand: bool
    main: bool


@dataclass(frozen=True, slots=True)
class _Mention:
    """A name inside a text: the words from start to end, and the cards that go by it."""

    start: int
    end: int
    cards: frozenset[int]
    sure: bool


@dataclass(frozen=True, slots=True)
class _Term:
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


@dataclass(frozen=True, slots=True)
class _Reading:
    """A card as sets of stems."""

    names: frozenset[str]
    passages: tuple[tuple[Statement | Claim, frozenset[str]], ...]
    everything: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question. `about_us`: it has a word that nearly every card has, such as "pain"."""

    terms: tuple[_Term, ...]
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


@dataclass(frozen=True, slots=True)
class _Said:
    """A sentence, read for the claims in it; or one way of putting a claim. `rest` is without its stances."""

    text: str
    words: tuple[str, ...]
    rest: tuple[str, ...]
    stems: tuple[str, ...]
    terms: tuple[_Term, ...]
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


class _Words:
    """Stems, how common they are, and what else would say the same."""

    def __init__(self, db: sqlite3.Connection, cards: int) -> None:
        self._db = db
        self._cards = cards
        self._counts: dict[str, int] = dict(db.execute("SELECT term, doc FROM card_words").fetchall())
        self._stems: dict[str, str] = {}
        self._alternatives: dict[str, frozenset[str]] = {}
        self._lay = self._lay_words()
        self._chatter = frozenset(self.stems(_CHATTER, keep=True).values())
        self._lay_spelt = sorted({word for group in _LAY for word in group.split() if len(word) > 5})

    def _lay_words(self) -> dict[str, frozenset[str]]:
        groups = [group.split() for group in _LAY]
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


class _Names:
    """Every name of every card."""

    def __init__(self, db: sqlite3.Connection, cards: Sequence[Card], words: _Words) -> None:
        self._db = db
        self._words = words
        self._names = [name for number, card in enumerate(cards) for name in _names_of(number, card)]
        self._by_key: dict[str, list[_Name]] = defaultdict(list)
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

    def tiers(self, wanted: str) -> Iterator[tuple[NameRank, _Ranked]]:
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

    def _beginning(self, key: str) -> list[_Name]:
        last = key + chr(sys.maxunicode)
        keys = self._keys[bisect_left(self._keys, key) : bisect_left(self._keys, last)]
        return [name for found in keys for name in self._by_key[found]]

    def _by_words(self, wanted: str) -> _Ranked:
        if len(wanted) < 2:
            return
        words = [word for word in wanted.split() if word not in _STOP] or wanted.split()
        stems = self._words.stems(words)
        query = " AND ".join(
            _any_of([f'"{stems[word]}"*', *(f'"{other}"' for other in self._words.alternatives(word, stems[word]))])
            for word in words
        )
        key = _compact(wanted)
        for (number,) in self._db.execute("SELECT rowid FROM names WHERE names MATCH ? LIMIT 500", (query,)):
            yield number, max(OSA.normalized_similarity(key, name) for name in self._of_card[number])

    def _inside(self, wanted: str) -> _Ranked:
        for mention in self.mentions(wanted.split()):
            yield from ((number, mention.end - mention.start) for number in mention.cards)

    def _near(self, wanted: str) -> _Ranked:
        key = _compact(wanted)
        names = self._sharing_trigrams(wanted)
        whole = [_compact(name.key) for name in names]
        # Somebody may still be typing: the beginning of a longer name counts almost as much.
        for keys, worth in ((whole, 1.0), ([name[: len(key)] for name in whole], 0.95)):
            found = process.extract(key, keys, scorer=OSA.normalized_similarity, score_cutoff=_NEAR, limit=60)
            yield from ((names[at].card, score * worth) for _, score, at in found)

    def _sharing_trigrams(self, wanted: str) -> list[_Name]:
        """A bounded number of names that share the rarest trigrams of what was typed."""
        padded = f" {wanted} "
        grams = {padded[at : at + 3] for at in range(len(padded) - 2)}
        query = _any_of(_affordable({gram: self._gram_counts.get(gram, 0) for gram in grams}, _NAME_ROWS))
        found = self._db.execute("SELECT rowid FROM grams WHERE grams MATCH ?", (query,)) if query else ()
        return [self._names[row] for (row,) in found]

    def slip_of(self, word: str) -> tuple[list[_Name], bool]:
        """The names that this word misspells, and whether that is beyond doubt: one slip in a long word."""
        if len(word) < 5:
            return [], False
        names = self._sharing_trigrams(word)
        keys = [_compact(name.key) for name in names]
        found = process.extract(word, keys, scorer=OSA.distance, score_cutoff=1 if len(word) < 9 else 2, limit=5)
        nearest = [names[at] for _, distance, at in found if distance == found[0][1]]
        return nearest, bool(nearest) and found[0][1] == 1 and len(word) >= 8

    def mentions(self, words: Sequence[str]) -> list[_Mention]:
        """Names in a text: the longest at each place, none overlapping, in order."""
        found: list[_Mention] = []
        at = 0
        while at < len(words):
            mention = self._mention_at(words, at)
            if mention:
                found.append(mention)
            at = mention.end if mention else at + 1
        return found

    def _mention_at(self, words: Sequence[str], start: int) -> _Mention | None:
        for end in range(min(len(words), start + _NAME_WORDS), start, -1):
            names = self._called(words[start:end])
            if names:
                key = "".join(words[start:end])
                sure = key not in _EVERYDAY and len(key) > 2
                return _Mention(start, end, frozenset(name.card for name in names), sure)
        return None

    def _called(self, words: Sequence[str]) -> list[_Name]:
        names = self._by_key.get("".join(words), [])
        spaced = " ".join(words)
        if not names or len(words) == 1 or any(name.key == spaced for name in names):
            return names
        # Written apart, as in "hydro therapy" or "L.D.N."; but "am I" is not amitriptyline's "ami".
        spelt_out = len(words) > 2 and all(len(word) == 1 for word in words)
        return names if spelt_out or (len(spaced) > 6 and _STOP.isdisjoint(words)) else []


class SearchIndex:
    """All searches over one catalog. Built once; for use from one thread at a time."""

    def __init__(self, catalog: Catalog) -> None:
        self._cards = tuple(catalog.cards.values())
        self._topics = tuple(card.is_topic for card in self._cards)
        self._db = sqlite3.connect(":memory:", check_same_thread=False)
        weakref.finalize(self, self._db.close)
        self._db.executescript(_SCHEMA)
        rows = [(number, *_texts(card)) for number, card in enumerate(self._cards)]
        self._db.executemany("INSERT INTO cards (rowid, name, claims, body) VALUES (?, ?, ?, ?)", rows)
        self._db.executemany("INSERT INTO names (rowid, name) VALUES (?, ?)", (row[:2] for row in rows))
        self._words = _Words(self._db, len(self._cards))
        self._names = _Names(self._db, self._cards, self._words)
        self._reading = lru_cache(maxsize=1024)(self._read)
        self._claims_of = lru_cache(maxsize=1024)(self._read_claims)

    # --- names ---

    def names(
        self,
        typed: str,
        *,
        topics: bool | None = None,
        limit: int = 25,
        popular: Mapping[str, int] = MappingProxyType({}),
    ) -> list[NameMatch]:
        """Cards for what somebody typed, or has typed so far, best first.

        `topics` asks for topics alone (True) or for treatments alone (False). `popular` counts look-ups by card id: it
        settles ties, and for an empty query it is the order, before the alphabet.
        """
        found: dict[int, NameRank] = {}
        for rank, tier in self._tiers(typed):
            best: dict[int, float] = {}
            for number, score in tier:
                if number not in found and (topics is None or self._topics[number] == topics):
                    best[number] = max(score, best.get(number, score))
            room = limit - len(found)
            ordered = heapq.nsmallest(room, best, key=lambda n: (-best[n], -popular.get(self._cards[n].id, 0), n))
            found |= dict.fromkeys(ordered, rank)
            if len(found) >= limit:
                break
        return [NameMatch(self._cards[number], rank) for number, rank in found.items()]

    def _tiers(self, typed: str) -> Iterator[tuple[NameRank, _Ranked]]:
        wanted = fold(typed)[:_LONGEST_NAME].strip()
        if not wanted:
            yield NameRank.PREFIX, ((number, 0) for number in range(0 if typed.strip() else len(self._cards)))
            return
        yield from self._names.tiers(wanted)
        shortlist = self._shortlist(self._terms(wanted.split(), ()), rows=_NAME_ROWS)
        yield NameRank.BODY, ((number, -place) for place, number in enumerate(shortlist))

    # --- questions ---

    def ask(self, question: str, limit: int = 5) -> list[Passage]:
        """Cards that answer a question, each with its most telling sentence; none when nothing really covers it."""
        words = _question_words(question)
        terms = self._terms(words, self._names.mentions(words))
        asked = _Asked(terms, any(self._words.is_common(max(map(self._words.count, term.stems))) for term in terms))
        numbers = dict.fromkeys([*(n for term in terms for n in sorted(term.cards)), *self._shortlist(terms)])
        judged = sorted((self._judge(number, terms) for number in numbers), key=lambda one: -one.score)
        convincing = [one for one in judged if one.sure or _convinces(one, asked, judged)]
        return [Passage(self._cards[one.number], one.sentence, one.score) for one in convincing[:limit]]

    def _terms(self, words: Sequence[str], mentions: Sequence[_Mention]) -> tuple[_Term, ...]:
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

    def _name_term(self, stems: Sequence[str], mention: _Mention) -> _Term:
        count = max(1, min(self._words.count(stem) for stem in stems))
        least = 0 if self._words.is_common(count) else 0.4
        weight = _NAMED * max(least, self._words.weight(count))
        return _Term(frozenset(stems), weight, cards=mention.cards, sure=mention.sure)

    def _word_term(self, word: str, stem: str) -> _Term:
        term = self._known_term(word, stem)
        if self._words.is_chatter(stem):
            return replace(term, weight=0.3 * term.weight) if term else _Term(frozenset({stem}), 0, known=False)
        return term or self._misspelt(word) or _Term(frozenset({stem}), self._words.weight(0), known=False)

    def _known_term(self, word: str, stem: str) -> _Term | None:
        alternatives = self._words.alternatives(word, stem)
        count = max(self._words.count(one) for one in alternatives)
        return _Term(alternatives, self._words.weight(count)) if count else None

    def _misspelt(self, word: str) -> _Term | None:
        names, sure = self._names.slip_of(word)
        if names:
            stems = frozenset(self._words.stems(names[0].key.split()).values())
            cards = frozenset(name.card for name in names)
            return _Term(stems, _NAMED * self._words.weight(1), cards=cards, sure=sure, slip=True)
        lay = self._words.corrected(word)
        return self._known_term(lay, self._words.stems([lay])[lay]) if lay else None

    def _shortlist(self, terms: Iterable[_Term], columns: str = "name claims body", rows: int = _ROWS) -> list[int]:
        """The cards that BM25 ranks highest, by the rarest of the words."""
        counts = {stem: self._words.count(stem) for term in terms for stem in term.stems}
        query = _any_of(_affordable(counts, rows))
        if not query:
            return []
        found = self._db.execute(
            "SELECT rowid FROM cards WHERE cards MATCH ? ORDER BY bm25(cards, 10, 3, 1) LIMIT ?",
            (f"{{{columns}}} : {query}", _SHORTLIST),
        )
        return [number for (number,) in found]

    def _judge(self, number: int, terms: Sequence[_Term]) -> _Judged:
        reading = self._reading(number)
        own = [term for term in terms if number in term.cards]
        rest = [term for term in terms if number not in term.cards]
        in_names = [term for term in rest if term.said_in(reading.names)]
        sentence, close = self._best_passage(number, rest)
        told = [term for term in rest if term in in_names or term in close]
        anywhere = [term for term in rest if term in in_names or term.said_in(reading.everything)]
        total = _total(terms)
        cover = (_sum(own) + 0.7 * _sum(told) + 0.3 * _sum(anywhere)) / total
        sure = cover >= 0.2 and any(term.sure and term.weight > 0.3 for term in own)
        # What a question names first, it is mostly about: "can I take LDN with codeine".
        first = 0.1 if own and own[0] is terms[0] else 0
        by_name = 0.3 * _sum(term for term in in_names if not term.cards) / total
        return _Judged(
            number=number,
            sentence=sentence,
            score=cover + by_name + first + (0.5 if sure else 0),
            cover=cover,
            evidence=_sum(own) + _sum(told),
            hits=sum(term.weight > 0.1 for term in [*own, *told]),
            sure=sure,
            named=any(not term.slip for term in own),
            guessed=any(term.slip for term in own),
            by_name=bool(own or in_names),
        )

    def _best_passage(self, number: int, terms: Sequence[_Term]) -> tuple[Statement | Claim, list[_Term]]:
        """The sentence that says most of these, the shorter of equals; the first key message if none says any."""
        best = 0.0
        sentence: Statement | Claim = self._cards[number].key_messages[0]
        close: list[_Term] = []
        for candidate, stems in self._reading(number).passages:
            said = [term for term in terms if term.said_in(stems)]
            score = _sum(said) - 0.001 * len(stems)
            if score > best:
                best, sentence, close = score, candidate, said
        return sentence, close

    def _read(self, number: int) -> _Reading:
        card = self._cards[number]
        texts = [(sentence, _words_of(_text_of(sentence))) for sentence in card.statements()]
        names = _words_of(_name_text(card))
        stems = self._words.stems([*(word for _, words in texts for word in words), *names], keep=True)
        passages = tuple((sentence, frozenset(stems[word] for word in words)) for sentence, words in texts)
        everything = frozenset[str]().union(*(said for _, said in passages))
        return _Reading(frozenset(stems[word] for word in names), passages, everything)

    # --- claims ---

    def claims(self, text: str, limit: int = 10) -> list[ClaimMatch]:
        """The claims of cards that a sentence or a whole text makes, best first; none when it makes none."""
        parts = [self._hear(part.strip()) for part in _SENTENCE.split(text[:_LONGEST_TEXT])]
        sentences = [said for said in parts if said.words]
        about = frozenset[int]().union(*(said.cards for said in sentences))
        best: dict[tuple[int, str], ClaimMatch] = {}
        for said in sentences:
            for number in {*about, *self._shortlist(said.terms, "name claims")[:_CLAIM_CARDS]}:
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
        words = _words_of(sentence)
        rest = " ".join(words)
        stances: list[str] = []
        for stance, pattern in _STANCES.items():
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
            terms=(*self._terms(said, mentions), *(_Term(frozenset({stance}), _STANCE) for stance in stances)),
            cards=frozenset(number for mention in mentions for number in mention.cards),
            heard=frozenset((*stems.values(), *stances)),
            negations=tuple(at for at, word in enumerate(said) if word in _NEGATION),
        )

    def _read_claims(self, number: int) -> tuple[_ReadClaim, ...]:
        claims = self._cards[number].claims
        self._words.stems((word for claim in claims for word in _words_of(_text_of(claim))), keep=True)
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
    if not verbatim and _sum(got) < enough:
        return 0
    score = in_order if verbatim else 0.7 * _sum(got) / _sum(rest) + 0.3 * in_order
    return 0 if _contradicts(said, form, got) else score


def _told_by(said: _Said, claim: _ReadClaim, about: Set[int]) -> float:
    """How much of a sentence a claim accounts for, in all its ways of being put together."""
    rest = [term for term in said.terms if claim.number not in term.cards]
    got = [term for term in rest if term.said_in(claim.stems)]
    if claim.distinct and claim.number not in said.cards:
        return 0
    if not claim.distinct and (len(got) < 2 or (claim.named and claim.number not in about)):
        return 0
    if _sum(term for term in got if term.stems.isdisjoint(claim.shared)) < 0.25:
        return 0
    if all(_contradicts(said, form, got) for form in claim.forms):
        return 0
    return 0.95 * _sum(got) / _total(rest)


def _contradicts(said: _Said, form: _Said, got: Sequence[_Term]) -> bool:
    """Whether one of them says "not" where the other does not."""
    if form.negations:
        return not said.negations
    stems = frozenset[str]().union(*(term.stems for term in got))
    return any(not stems.isdisjoint(said.stems[at + 1 : at + 4]) for at in said.negations)


def _sum(terms: Iterable[_Term]) -> float:
    return sum(term.weight for term in terms)


def _total(terms: Sequence[_Term]) -> float:
    """The weight of a text. One unknown word may be all it is about; more of them are mostly chatter."""
    unknown = sorted((term.weight for term in terms if not term.known), reverse=True)
    return _sum(term for term in terms if term.known) + sum(unknown[:1]) + 0.25 * sum(unknown[1:]) or 1.0


def _affordable(counts: Mapping[str, int], most: int) -> list[str]:
    """The rarest terms, quoted, as many as fit the number of rows we may touch."""
    chosen: list[str] = []
    rows = 0
    for term in sorted((term for term, count in counts.items() if count), key=lambda term: (counts[term], term)):
        rows += counts[term]
        if rows > most:
            break
        chosen.append(f'"{term}"')
    return chosen


def _any_of(queries: Sequence[str]) -> str:
    return f"({' OR '.join(queries)})" if queries else ""


def _is_informative(word: str) -> bool:
    """Numbers are not, but for years."""
    return word not in _STOP and (not word.isdigit() or len(word) == 4)


def _question_words(text: str) -> list[str]:
    plain = f" {' '.join(_words_of(text[:_LONGEST_QUESTION]))} "
    for phrase, meaning in _PHRASES.items():
        plain = plain.replace(f" {phrase} ", f" {meaning} ")
    return plain.split()


def _words_of(text: str) -> list[str]:
    """Words as `fold` splits them, and faster for plain text; an apostrophe splits nothing: `isnt`."""
    joined = _POSSESSIVE.sub("", text).replace("'", "").replace("’", "")
    return _PLAIN_WORD.findall(joined.lower()) if joined.isascii() else fold(joined).split()


def _other_spellings(word: str) -> list[str]:
    if len(word) < 5:
        return []
    american = [word.replace(ours, theirs, 1) for ours, theirs in _SPELLINGS if ours in word]
    return american + [word.replace(theirs, ours, 1) for ours, theirs in _SPELLINGS if theirs in word]


def _compact(key: str) -> str:
    return key.replace(" ", "")


def _names_of(number: int, card: Card) -> Iterator[_Name]:
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
                yield _Name(number, key, brand, main)


def _name_text(card: Card) -> str:
    return " ; ".join((card.name, *card.aliases, *card.brands))


def _text_of(sentence: Statement | Claim) -> str:
    match sentence:
        case Claim():
            return " ".join((sentence.text, *sentence.phrases, sentence.why))
        case Finding():
            return f"{sentence.outcome} {sentence.text}"
        case Position():
            return f"{sentence.body} {sentence.text}"
        case _:
            return sentence.text


def _texts(card: Card) -> tuple[str, str, str]:
    """Names, claims and body, as they are indexed."""
    claims = " ; ".join(map(_text_of, card.claims))
    body = " ; ".join(_text_of(sentence) for sentence in card.statements() if not isinstance(sentence, Claim))
    return _name_text(card), claims, f"{card.scope} ; {body}"
