"""How long a search takes as the catalog grows, beside a plain rapidfuzz scan over all names in the same run.

    .venv/bin/python -m bench.search [SIZE ...]

The cards are made up from word lists, the same ones in every run.
"""

import gc
import random
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from statistics import quantiles

import rapidfuzz
from rapidfuzz import process
from rich.console import Console
from rich.table import Table

from bench.table import machine
from bot.catalog.search.index import SearchIndex
from bot.domain.cards import Card, Certainty, Claim, Finding, Harms, Kind, Statement, Verdict
from bot.domain.catalog import Catalog

SIZES = (50, 1_000, 10_000)
SEED = 20261123
TYPINGS = 1_000
SCANS = 100
QUESTIONS = 500
TODAY = date(2026, 11, 23)


def _list(words: str) -> list[str]:
    return words.split()


SYLLABLES = _list(
    "am ba cet dul eno fen gab hy il ket lor mel nal ox pre qui ril sa tra ume vo xan yt zol mi ra te lo pi"
)
ENDINGS = _list("ine ol am ide one ate pin lin xa tran cin zole mab ium")
FORMS = _list("tablets drip patch spray cream therapy programme training capsules")
FUNCTION = _list("the a of in and with for on that is was may can by or than at from not more less about after")
COMMON = _list(
    """
    pain fibromyalgia people trial review sleep tiredness treatment placebo small certain unsure months weeks group
    studies found helped worse better effect common serious doctor evidence risk mood daily life
    """
)
RARE = _list(
    """
    nausea dizziness headache bladder liver kidney heart breathing alcohol opioid pregnancy driving weight swelling
    rash memory anxiety depression seizure withdrawal bleeding stomach muscle joint nerve spine brain skin eyes
    hearing balance falls fever infection cough thirst appetite cramps itching bruising sweating tremor fainting chest
    stroke diabetes cholesterol thyroid iron vitamin diet exercise walking swimming massage needles current magnet
    oxygen light heat cold water salt mineral programme clinic hospital pharmacy nurse therapist guideline approval
    label warning price supply surgery recovery
    """
)
NAMED = (
    "does {} help with {}",
    "can i take {} with {}",
    "{} makes me feel {}",
    "is {} safe if i have {} problems",
    "my doctor wants me on {} but i worry about {}",
    "is {} any good for {} pain",
)
UNNAMED = (
    "why does my {} hurt after {}",
    "is {} linked to {} and {}",
    "how do i stop {} at night with {}",
    "does turmeric help {}",
    "my dog ate the {}",
    "what is the capital of france",
)


def rng(purpose: str) -> random.Random:
    return random.Random(f"{SEED} {purpose}")  # noqa: S311 - made-up cards need no secrets


def vocabulary() -> tuple[list[str], list[float]]:
    """Words and how often to use them, added up: few are in many cards and most in few (Zipf), as in real text."""
    pick = rng("vocabulary")
    made_up = dict.fromkeys("".join(pick.choices(SYLLABLES, k=pick.randint(2, 4))) + "er" for _ in range(8_000))
    words = [*RARE, *made_up]
    return words, list(accumulate(1 / rank for rank in range(1, len(words) + 1)))


@dataclass(frozen=True)
class Timing:
    """Seconds, at the middle and for the slowest in a hundred."""

    p50: float
    p99: float


def made_up_cards(size: int) -> list[Card]:
    pick = rng("cards")
    names: dict[str, None] = {}
    while len(names) < size:
        names[("".join(pick.choices(SYLLABLES, k=pick.randint(2, 4))) + pick.choice(ENDINGS)).capitalize()] = None
    return [_card(number, name, pick) for number, name in enumerate(names)]


def _card(number: int, name: str, pick: random.Random) -> Card:
    lower = name.lower()
    return Card.model_construct(
        id=f"{lower}-{number}",
        kind=Kind.TOPIC if number % 10 == 0 else Kind.MEDICINE,
        name=name,
        aliases=(
            f"{lower} {pick.choice(FORMS)}",
            lower[:-1],
            f"{lower[:3]}{lower[4:]}",
            f"{lower} {pick.choice(RARE)}",
        ),
        brands=("".join(pick.choices(SYLLABLES, k=3)).capitalize(), "".join(pick.choices(SYLLABLES, k=4)).capitalize()),
        scope=_sentence(name, pick),
        key_messages=_statements(name, pick, 3),
        what_it_is=_statements(name, pick, 3),
        effect=None,
        certainty=(
            Finding.model_construct(
                text=_sentence(name, pick), outcome="Less pain", certainty=Certainty.LOW, cites=("a",)
            ),
        ),
        evidence=_statements(name, pick, 4),
        harms=Harms.model_construct(
            common=_statements(name, pick, 3), serious=_statements(name, pick, 3), seek_help=()
        ),
        careful=_statements(name, pick, 4),
        interactions=_statements(name, pick, 2),
        positions=(),
        waiting=_statements(name, pick, 2),
        unknown=_statements(name, pick, 2),
        questions=("What are we hoping for?",),
        claims=tuple(_claim(name, pick, place) for place in range(4)),
        compiled=TODAY,
        review_due=TODAY,
        reviewed_by=None,
    )


def _statements(name: str, pick: random.Random, count: int) -> tuple[Statement, ...]:
    return tuple(Statement.model_construct(text=_sentence(name, pick), cites=("a",)) for _ in range(count))


def _claim(name: str, pick: random.Random, place: int) -> Claim:
    phrases = tuple(
        f"{name} {pick.choice(('cures', 'helps', 'causes', 'stops'))} {pick.choice(RARE)}" for _ in range(4)
    )
    return Claim.model_construct(
        id=f"claim-{place}",
        text=phrases[0],
        verdict=Verdict.MIXED,
        why=_sentence(name, pick),
        cites=("a",),
        phrases=phrases,
    )


WORDS, WEIGHTS = vocabulary()


def _sentence(name: str, pick: random.Random) -> str:
    """About 14 words: half of them function words, as in real text."""
    words = [*pick.choices(FUNCTION, k=7), *pick.choices(COMMON, k=4), *pick.choices(WORDS, cum_weights=WEIGHTS, k=3)]
    if pick.random() < 0.2:
        words.append(name)
    pick.shuffle(words)
    return " ".join(words).capitalize() + "."


def typings(cards: Sequence[Card]) -> list[str]:
    """What autocomplete is sent: beginnings, whole names, slips, brands, more than a name, and no name at all."""
    pick = rng("typings")
    made: list[str] = []
    for _ in range(TYPINGS):
        card = pick.choice(cards)
        name = pick.choice((card.name, *card.aliases, *card.brands)).lower()
        shapes = (
            name[: pick.randint(1, len(name))],
            name,
            _slip(name, pick),
            f"{name} {pick.choice(RARE)}",
            f"{pick.choice(RARE)} {pick.choice(FORMS)}",
            "".join(pick.choices("bcdfghjklmnpqrstvwxyz", k=8)),
        )
        made.append(pick.choices(shapes, weights=(8, 3, 4, 2, 1, 1))[0])
    return made


def _slip(name: str, pick: random.Random) -> str:
    at = pick.randrange(1, len(name))
    return name[: at - 1] + name[at] + name[at - 1] + name[at + 1 :]


def questions(cards: Sequence[Card]) -> list[str]:
    pick = rng("questions")
    made: list[str] = []
    for _ in range(QUESTIONS):
        name = pick.choice(cards).name.lower()
        named = pick.choice(NAMED).format(
            pick.choice((name, _slip(name, pick))), *pick.choices(WORDS, cum_weights=WEIGHTS)
        )
        unnamed = pick.choice(UNNAMED).format(*pick.choices(WORDS, cum_weights=WEIGHTS, k=3))
        made.append(pick.choices((named, unnamed), weights=(2, 1))[0])
    return made


def timed(search: Callable[[str], object], texts: Sequence[str]) -> Timing:
    for text in texts[:20]:
        search(text)
    seconds: list[float] = []
    for text in texts:
        start = time.perf_counter()
        search(text)
        seconds.append(time.perf_counter() - start)
    cuts = quantiles(seconds, n=100)
    return Timing(cuts[49], cuts[98])


def measure(size: int) -> list[str]:
    cards = made_up_cards(size)
    catalog = Catalog.of(cards, [])
    start = time.perf_counter()
    index = SearchIndex(catalog)
    built = time.perf_counter() - start
    every_name = [name.lower() for card in cards for name in (card.name, *card.aliases, *card.brands)]
    gc.collect()
    typed = typings(cards)
    results = (
        timed(index.names, typed),
        timed(lambda text: process.extract(text, every_name, limit=25), typed[:SCANS]),
        timed(index.ask, questions(cards)),
        timed(index.claims, questions(cards)),
    )
    figures = [f"{timing.p50 * 1000:.2f} / {timing.p99 * 1000:.2f}" for timing in results]
    return [f"{size:,}", f"{len(every_name):,}", f"{built:.2f} s", *figures]


def main(sizes: Sequence[int] = SIZES) -> None:
    table = Table(
        title="Search: milliseconds, p50 / p99", caption=f"{machine()}, rapidfuzz {rapidfuzz.__version__}; one thread"
    )
    for heading in ("cards", "names", "index built in", "names()", "rapidfuzz scan", "ask()", "claims()"):
        table.add_column(heading, justify="right")
    for size in sizes:
        table.add_row(*measure(size))
    Console(width=110).print(table)


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or SIZES)
