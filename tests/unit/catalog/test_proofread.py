"""Proofreading: the rules of `cards check` on a card that is in no file, said to somebody who sees no file."""

import re
import time
from collections.abc import Sequence

import pytest

from bot.catalog.live import LiveContent
from bot.catalog.proofread import CardProofreader
from bot.chat.ui.cards import over_budget
from bot.config import ROOT
from bot.domain.cards import Card, Source, Statement
from bot.domain.catalog import Catalog
from bot.domain.manuscripts import Part, Remark

CATALOG = LiveContent(ROOT / "content").load().catalog
KETAMINE = CATALOG.cards["ketamine"]
CITE = "nice-ng193"
WAITING_IS_MISSING = (
    "“Waiting, or not starting it” is missing: add it (waiting or other first steps are a real option), "
    "unless the kind is topic."
)
HARD = (
    "Participants demonstrated considerable symptomatic improvement following hydrotherapeutic immersion, "
    "notwithstanding methodological heterogeneity and inadequate concealment of allocation."
)
OVERRIDE, ZERO_WIDTH = "\u202e", "\u200b"


def with_(**fields: object) -> Card:
    return KETAMINE.model_copy(update=fields)


def lines(*texts: str, cite: str = CITE) -> tuple[Statement, ...]:
    return tuple(Statement(text=text, cites=(cite,)) for text in texts)


def source(source_id: str = "new-2026", **fields: str) -> Source:
    made = {"id": source_id, "type": "guideline", "authors": "New N, et al.", "title": "A new paper", **fields}
    return Source.model_validate(made)


def proofread(card: Card, *added: Source, catalog: Catalog = CATALOG) -> Sequence[Remark]:
    found = CardProofreader(over_budget).proofread(card, added, catalog)
    for remark in found:
        assert not re.search(r"`|\.yaml|:\d+:|sources/", remark.message), "somebody who sees no file reads this"
        assert remark.message.endswith(".")
        assert remark.message[0] == remark.message[0].upper()
    return found


def places(found: Sequence[Remark]) -> list[tuple[Part | str, int]]:
    return [(remark.where, remark.line) for remark in found]


@pytest.mark.parametrize("card", CATALOG.cards.values(), ids=lambda card: card.id)
def test_bundled_cards_need_no_mending(card: Card) -> None:
    assert proofread(card) == []


@pytest.mark.parametrize(
    ("card", "where", "line", "sentence"),
    [
        (
            with_(evidence=lines("Fine it is.", "People took 50 mg.")),
            Part.EVIDENCE,
            2,
            "“50 mg” reads as dosing: leave amounts and timing to the prescriber.",
        ),
        (
            with_(careful=lines("You should rest.")),
            Part.CAREFUL,
            1,
            "“You should” tells people what to do: describe, and let them decide.",
        ),
        (
            with_(unknown=lines("It doubles the chance.")),
            Part.UNKNOWN,
            1,
            "“doubles” is a relative figure: say how many people out of how many, here or next to it.",
        ),
        (
            with_(effect=lines(f"It is {OVERRIDE}small.")[0]),
            Part.EFFECT,
            0,
            "This text holds right-to-left override (U+202E): delete it.",
        ),
        (
            with_(aliases=("fine", f"k{ZERO_WIDTH}et")),
            Part.ALIASES,
            0,
            "This text holds zero width space (U+200B): delete it.",
        ),
        (
            with_(questions=("Fine?", "Ask @everyone about it?")),
            Part.QUESTIONS,
            2,
            "“@everyone” pings or links on Discord: write it in words.",
        ),
        (with_(scope="See [this](https://x.y)."), Part.SCOPE, 0, "“](” makes a masked link: cite a source instead."),
        (
            with_(harms=None),
            Part.COMMON,
            0,
            "“Harms” is missing: add it (unwanted effects are as prominent as benefits), unless the kind is topic.",
        ),
        (
            with_(waiting=()),
            Part.WAITING,
            0,
            WAITING_IS_MISSING,
        ),
        (
            with_(review_due=KETAMINE.compiled),
            Part.REVIEW_DUE,
            0,
            "“Review due” is not after “Compiled”: mend one of the two dates.",
        ),
        (
            with_(aliases=(*KETAMINE.aliases, "Fibro  Fog")),
            Part.ALIASES,
            0,
            "“Fibro  Fog” also leads to the card “Fibro fog”: keep it on one card.",
        ),
        (with_(name="Yoga"), Part.NAME, 0, "“Yoga” also leads to the card “Yoga”: keep it on one card."),
        (
            with_(waiting=lines("Rest helps.", cite="gone-2020")),
            Part.WAITING,
            1,
            "This cites “gone-2020”, which is no source on record any more: cite another.",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_rule_says_where(card: Card, where: Part, line: int, sentence: str) -> None:
    assert proofread(card) == [Remark(where, line, sentence)]


def test_a_hard_text_is_found_by_its_reading_grade() -> None:
    card = CATALOG.cards["tens"].model_copy(update={"evidence": lines(*[HARD] * 8)})
    [remark] = proofread(card)
    assert (remark.where, remark.line) == (Part.EVIDENCE, 1)
    assert remark.message.startswith("The card's reading grade is 1")


def test_harms_name_their_list_and_line() -> None:
    harms = KETAMINE.harms
    assert harms
    serious = lines("It stops.", "It stops after 50 mg.")
    found = proofread(with_(harms=harms.model_copy(update={"serious": serious})))
    assert places(found) == [(Part.SERIOUS, 2)]


def test_claims_are_named_by_id_and_their_other_wordings_by_line() -> None:
    first, second, *rest = KETAMINE.claims
    first = first.model_copy(update={"why": "Because of 50 mg."})
    second = second.model_copy(update={"phrases": ("fine", f"hid{ZERO_WIDTH}den")})
    found = proofread(with_(claims=(first, second, *rest)))
    assert places(found) == [(first.id, 0), (second.id, 2)]


def test_two_claims_of_one_id() -> None:
    found = proofread(with_(claims=(KETAMINE.claims[0], KETAMINE.claims[0])))
    assert places(found) == [(KETAMINE.claims[0].id, 0)]


def test_what_does_not_fit_discord_is_said() -> None:
    evidence = lines(*(f"In trial number {n} people felt as well as before. {'It was fine. ' * 20}" for n in range(14)))
    found = [remark for remark in proofread(with_(evidence=evidence)) if "Discord takes" in remark.message]
    assert [remark.where for remark in found] == [Part.KEY_MESSAGES]


def test_without_a_budget_length_is_no_matter() -> None:
    evidence = lines(*(f"In trial number {n} people felt as well as before. {'It was fine. ' * 20}" for n in range(14)))
    assert not CardProofreader().proofread(with_(evidence=evidence), (), CATALOG)


def test_all_of_a_card_comes_at_once_in_its_order() -> None:
    card = with_(review_due=KETAMINE.compiled, evidence=lines("People took 50 mg."), scope=f"Hid{ZERO_WIDTH}den text.")
    assert [where for where, _ in places(proofread(card))] == [Part.SCOPE, Part.EVIDENCE, Part.REVIEW_DUE]


class TestAddedSources:
    CITING = with_(waiting=lines("Rest helps.", cite="new-2026"))

    def test_a_new_one_may_be_cited(self) -> None:
        assert proofread(self.CITING, source(doi="10.1000/new")) == []

    @pytest.mark.parametrize(
        ("field", "record"),
        [("doi", "bennett-2003"), ("pmid", "bennett-2003"), ("url", "fda-2023-compounded")],
    )
    def test_another_record_has_its_identifier(self, field: str, record: str) -> None:
        theirs = getattr(CATALOG.sources[record], field)
        assert theirs, "the test needs another record"
        written = {"doi": theirs.swapcase(), "pmid": theirs, "url": f"{theirs}/"}[field]
        [remark] = proofread(self.CITING, source(**{field: written}))
        assert remark.where is Part.WAITING
        assert f"is also that of “{record}”" in remark.message
        assert remark.message.startswith("The new source “A new paper”: This “")

    def test_two_added_ones_with_one_doi(self) -> None:
        card = with_(waiting=lines("Rest helps.", cite="new-2026"), effect=lines("It is small.", cite="twin-2026")[0])
        found = proofread(card, source(doi="10.1000/new"), source("twin-2026", doi="10.1000/NEW"))
        assert [where for where, _ in places(found)] == [Part.EFFECT]

    def test_what_hides_in_its_title(self) -> None:
        [remark] = proofread(self.CITING, source(title=f"A {OVERRIDE}paper", doi="10.1000/new"))
        assert remark.where is Part.WAITING
        assert "right-to-left override" in remark.message

    def test_another_paper_has_its_id_by_now(self) -> None:
        [remark] = proofread(KETAMINE, source("noppers-2011-fm", doi="10.1000/new"))
        assert remark.message.startswith("Another paper has got the short name of “A new paper” by now.")

    def test_one_that_the_community_has_already_is_no_matter(self) -> None:
        known = source(doi="10.1000/new")
        catalog = Catalog.of(list(CATALOG.cards.values()), [*CATALOG.sources.values(), known])
        assert proofread(self.CITING, known, catalog=catalog) == []

    def test_one_that_the_card_does_not_cite_is_left_aside(self) -> None:
        assert proofread(KETAMINE, source(doi=CATALOG.sources["bennett-2003"].doi or "")) == []


def test_it_is_quick_enough_for_every_look_at_a_draft() -> None:
    proofread(KETAMINE)
    began = time.process_time()
    proofread(KETAMINE)
    assert time.process_time() - began < 1
