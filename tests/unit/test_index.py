"""The rules of the search, each on a small catalog made for it."""

import gc
from datetime import date
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.catalog.search.index import SearchIndex
from bot.domain.cards import Card, Kind
from bot.domain.catalog import Catalog
from bot.domain.found import NameRank

CITES = ("smith-2020",)


def said(*texts: str) -> tuple[dict[str, Any], ...]:
    return tuple({"text": text, "cites": CITES} for text in texts)


def card(name: str, **fields: Any) -> Card:
    """A card with as little text as a card can have; every one of them is about pain."""
    values: dict[str, Any] = {
        "id": name.lower().replace(" ", "-"),
        "kind": Kind.MEDICINE,
        "name": name,
        "scope": "For adults with pain.",
        "key_messages": said("It is for pain.", "Trials were small."),
        "what_it_is": said("It is for pain."),
        "evidence": said("Trials were small."),
        "unknown": said("Nobody knows more."),
        "questions": ("What are we hoping for?",),
        "compiled": date(2026, 11, 23),
        "review_due": date(2027, 11, 23),
    }
    return Card.model_validate(values | fields)


def claim(name: str, text: str, *phrases: str) -> dict[str, Any]:
    return {
        "id": name,
        "text": text,
        "verdict": "misleading",
        "why": "Trials say otherwise.",
        "cites": CITES,
        "phrases": phrases,
    }


def index(*cards: Card) -> SearchIndex:
    return SearchIndex(Catalog.of(list(cards), []))


KETAMINE = card(
    "Ketamine",
    aliases=("ket", "special k", "ketamine drip"),
    brands=("Ketalar",),
    evidence=said("Relief fades within hours.", "The drip can harm the bladder."),
    claims=(
        claim("immune", "Ketamine boosts the immune system.", "ketamine strengthens immunity"),
        claim("cures", "Ketamine cures pain.", "ketamine made my pain go away"),
        claim("nothing", "Ketamine does nothing.", "ketamine is useless"),
        claim("old", "It was discovered in 1962.", "ketamine dates from the sixties"),
    ),
)
PREGABALIN = card(
    "Pregabalin",
    aliases=("pregabs",),
    brands=("Lyrica", "Lyrica CR"),
    evidence=said("Dizziness and tiredness are common.", "Ankles can swell."),
)
MASSAGE = card("Massage", kind=Kind.PHYSICAL, aliases=("deep tissue massage",))
WALKING = card(
    "Aerobic exercise", kind=Kind.EXERCISE, aliases=("walking",), evidence=said("A programme in the park helped.")
)
FLARES = card("Flares", kind=Kind.TOPIC, aliases=("flare-up", "crash"), evidence=said("Most pass after some days."))
FIBRO = card("Fibromyalgia", kind=Kind.TOPIC, aliases=("fibro",))
SMALL = index(KETAMINE, PREGABALIN, MASSAGE, WALKING, FLARES, FIBRO)


def first(typed: str) -> tuple[str, NameRank]:
    match = SMALL.names(typed)[0]
    return match.card.name, match.rank


@pytest.mark.parametrize(
    ("typed", "name", "rank"),
    [
        ("ketamine", "Ketamine", NameRank.EXACT),
        ("Special K", "Ketamine", NameRank.EXACT),
        ("specialk", "Ketamine", NameRank.EXACT),
        ("K.E.T.", "Ketamine", NameRank.EXACT),
        ("pregabalin 75 mg", "Pregabalin", NameRank.EXACT),
        ("pregabalin 4.5mg", "Pregabalin", NameRank.EXACT),
        ("aerobic-exercise", "Aerobic exercise", NameRank.EXACT),
        ("preg", "Pregabalin", NameRank.PREFIX),
        ("lyrica", "Pregabalin", NameRank.BRAND),
        ("lyr", "Pregabalin", NameRank.BRAND_PREFIX),
        ("tissue", "Massage", NameRank.WORD),
        ("drip ketamine", "Ketamine", NameRank.WORD),
        ("walks", "Aerobic exercise", NameRank.WORD),
        ("massage chairs", "Massage", NameRank.INSIDE),
        ("ketmaine", "Ketamine", NameRank.FUZZY),
        ("pregabl", "Pregabalin", NameRank.FUZZY),
        ("bladder", "Ketamine", NameRank.BODY),
    ],
)
def test_how_a_name_is_met(typed: str, name: str, rank: NameRank) -> None:
    assert first(typed) == (name, rank)


def test_only_a_whole_name_or_brand_opens_a_card_unasked() -> None:
    certain = {typed: SMALL.names(typed)[0].exact for typed in ("ket", "lyrica", "ketam", "lyric", "ketamime")}
    assert certain == {"ket": True, "lyrica": True, "ketam": False, "lyric": False, "ketamime": False}


def test_ranks_come_in_their_order() -> None:
    cards = index(
        card("Melatonin"),
        card("Melatonin lozenges"),
        card("Circadin tea", brands=("Melatonin Plus",)),
        card("Slow melatonin"),
        card("Melatanin"),
        card("Sleep", evidence=said("Some take melatonin.")),
    )
    found = [(match.card.name, match.rank) for match in cards.names("melatonin")]
    assert found == [
        ("Melatonin", NameRank.EXACT),
        ("Melatonin lozenges", NameRank.PREFIX),
        ("Circadin tea", NameRank.BRAND_PREFIX),
        ("Slow melatonin", NameRank.WORD),
        ("Melatanin", NameRank.FUZZY),
        ("Sleep", NameRank.BODY),
    ]


def test_nothing_typed_gives_the_most_looked_up_then_the_alphabet() -> None:
    found = [match.card.name for match in SMALL.names("", popular={"pregabalin": 3, "massage": 5})]
    assert found == ["Massage", "Pregabalin", "Aerobic exercise", "Fibromyalgia", "Flares", "Ketamine"]


def test_popularity_settles_ties_and_nothing_else() -> None:
    cards = index(card("Yoga class"), card("Yoga video"), card("Yoga"))
    found = [match.card.name for match in cards.names("yoga", popular={"yoga-video": 9})]
    assert found == ["Yoga", "Yoga video", "Yoga class"]


@pytest.mark.parametrize(("topics", "names"), [(True, ["Fibromyalgia", "Flares"]), (False, [])])
def test_only_topics_or_only_treatments(*, topics: bool, names: list[str]) -> None:
    assert sorted(match.card.name for match in SMALL.names("f", topics=topics)) == names


def test_no_more_than_asked_for() -> None:
    assert len(SMALL.names("", limit=2)) == 2


@pytest.mark.parametrize("typed", ["???", '"*', "zzzzqqqq"])
def test_names_of_nothing(typed: str) -> None:
    assert SMALL.names(typed) == []


def test_a_half_typed_name_with_a_slip() -> None:
    assert first("pregb")[0] == "Pregabalin"


def answers(question: str) -> list[str]:
    return [passage.card.name for passage in SMALL.ask(question)]


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("does ketamine help pain", "Ketamine"),
        ("is Lyrica any good", "Pregabalin"),
        ("is pregabalinn any good", "Pregabalin"),
        ("my boyfriend keeps on about deep tissue massage", "Massage"),
        ("is walking good for pain", "Aerobic exercise"),
        ("did the program in the park help", "Aerobic exercise"),
        ("what is fibromyalgia", "Fibromyalgia"),
    ],
)
def test_questions(question: str, name: str) -> None:
    assert answers(question)[0] == name


def test_the_sentence_is_the_one_that_says_it() -> None:
    assert SMALL.ask("why am i so tired on lyrica")[0].sentence.text == "Dizziness and tiredness are common."


def test_the_sentence_is_the_first_message_where_none_says_it() -> None:
    assert SMALL.ask("lyrica reviews")[0].sentence.text == "It is for pain."


def test_what_a_question_names_first_it_is_about() -> None:
    assert answers("can i take lyrica with ketamine") == ["Pregabalin", "Ketamine"]
    assert answers("can i take ketamine with lyrica") == ["Ketamine", "Pregabalin"]


@pytest.mark.parametrize(
    "question",
    [
        "",
        "???",
        "what is the capital of france",
        "does turmeric help pain",
        "special k cereal calories",
        "crash bandicoot",
        "message from my landlord",
        "dizziness in the park",
        "thanks so much everyone",
    ],
)
def test_questions_that_no_card_covers(question: str) -> None:
    assert answers(question) == []


def test_everyday_names_count_where_the_talk_is_of_pain() -> None:
    assert answers("crash bandicoot") == []
    assert answers("the pain after a crash") == ["Flares"]


def claims(text: str) -> list[str]:
    return [match.claim.id for match in SMALL.claims(text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Ketamine boosts the immune system.", ["immune"]),
        ("they say ketamine strengthens your immune system a lot", ["immune"]),
        ("ket is a miracle", ["cures"]),
        ("Special K doesn't work at all", ["nothing"]),
        ("ketamine was a waste of money", ["nothing"]),
        ("Ketamine does not boost the immune system", []),
        ("Vitamin C boosts the immune system", []),
        ("my first ketamine drip is on Tuesday", []),
        ("", []),
        ("...", []),
    ],
)
def test_claims(text: str, found: list[str]) -> None:
    assert claims(text) == found


def test_the_subject_may_stand_in_another_sentence() -> None:
    assert claims("I read about ketamine. It strengthens immunity and the whole immune system.") == ["immune"]


def test_a_claim_comes_with_the_sentence_that_makes_it() -> None:
    match = SMALL.claims("Hi all!\nMy aunt says ketamine boosts the immune system. Is that so?")[0]
    assert match.said == "My aunt says ketamine boosts the immune system."


def test_a_claim_comes_once_and_the_best_first() -> None:
    text = "Ketamine boosts the immune system. Ketamine is useless, they say, or so. Ketamine boosts the immune system."
    assert claims(text) == ["immune", "nothing"]


def strings_held_by(thing: object) -> set[str]:
    """Every string that can be reached from it, but for those in code."""
    seen: dict[int, object] = {}
    waiting = [thing]
    while waiting:
        one = waiting.pop()
        if id(one) not in seen and not isinstance(one, (ModuleType, FunctionType, BuiltinFunctionType, type)):
            seen[id(one)] = one
            waiting += gc.get_referents(one)
    return {one for one in seen.values() if isinstance(one, str)}


def test_nothing_that_members_type_stays_in_memory() -> None:
    searches = index(KETAMINE, FIBRO)
    for search in (searches.names, searches.ask, searches.claims):
        search("Does ketamine help my xylophobia? ketaminne and fibro cured my triskaidekaphobia.")
    held = strings_held_by(searches)
    assert "bladder" in held
    assert not [text for text in held if "xyloph" in text or "triskaid" in text or "ketaminn" in text]


@given(st.text(max_size=200))
def test_any_text_can_be_searched(text: str) -> None:
    SMALL.names(text)
    SMALL.ask(text)
    SMALL.claims(text)


def test_an_empty_catalog_finds_nothing() -> None:
    empty = index()
    assert (empty.names("a"), empty.names(""), empty.ask("ketamine"), empty.claims("ketamine cures")) == (
        [],
        [],
        [],
        [],
    )
