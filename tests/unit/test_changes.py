"""Changes: what a reviewer is shown of two states of a card, and the few words of a public note."""

import pytest
from hypothesis import given, settings

from bot.catalog.live import LiveContent
from bot.config import ROOT
from bot.domain.cards import Card, Claim, Harms, Source, Statement
from bot.domain.changes import Change, changes, headline, short_name
from tests.unit.made_cards import CARDS

CATALOG = LiveContent(ROOT / "content").load().catalog
KETAMINE = CATALOG.cards["ketamine"]
TOPIC = CATALOG.cards["fibro-fog"]
assert KETAMINE.harms
assert KETAMINE.effect
CITE = KETAMINE.effect.cites[0]


def with_(**fields: object) -> Card:
    return KETAMINE.model_copy(update=fields)


def statement(text: str, *cites: str) -> Statement:
    return Statement(text=text, cites=cites or (CITE,))


def harmed(*common: Statement) -> Card:
    harms = KETAMINE.harms
    assert harms
    return with_(harms=Harms(common=(*harms.common, *common), serious=harms.serious, seek_help=harms.seek_help))


def reworded(claim: Claim, text: str) -> Claim:
    return claim.model_copy(update={"text": text})


def source(authors: str, year: int | None) -> Source:
    return Source.model_validate({"id": "x", "type": "guideline", "authors": authors, "title": "xxx", "year": year})


class TestChanges:
    def test_nothing(self) -> None:
        assert changes(KETAMINE, KETAMINE) == []
        assert changes(None, None) == []

    def test_a_line_added_names_its_sources_as_a_reader_knows_them(self) -> None:
        found = changes(KETAMINE, harmed(statement("Hiccups.", "pastrak-2021", "cohen-2018")), CATALOG.sources)
        assert found == [Change("Harms: common", None, "Hiccups. [Pastrak 2021, Cohen 2018]")]

    def test_without_records_sources_are_named_by_id(self) -> None:
        [found] = changes(KETAMINE, harmed(statement("Hiccups.", "noppers-2011-fm")))
        assert found.new == "Hiccups. [noppers-2011-fm]"

    def test_two_sources_of_one_short_name_are_told_apart(self) -> None:
        twin = CATALOG.sources["noppers-2011-fm"].model_copy(update={"id": "twin"})
        old = with_(effect=statement("It is small.", "noppers-2011-fm"))
        new = with_(effect=statement("It is small.", "twin"))
        found = changes(old, new, {**CATALOG.sources, "twin": twin})
        assert Change("How big is the effect?", "It is small. [noppers-2011-fm]", "It is small. [twin]") in found

    def test_a_small_edit_is_one_change_with_old_and_new(self) -> None:
        first, *rest = KETAMINE.evidence
        text = f"{first.text} This is rare."
        new = statement(text, *first.cites)
        [found] = changes(KETAMINE, with_(evidence=(*rest, new)), {})
        assert found.where == "What trials found"
        assert (found.old or "").startswith(first.text)
        assert (found.new or "").startswith(text)

    def test_another_sentence_is_a_removal_and_an_addition(self) -> None:
        _, *rest = KETAMINE.evidence
        new = with_(evidence=(statement("Snow falls on cedars."), *rest))
        found = [change for change in changes(KETAMINE, new) if change.where == "What trials found"]
        assert sorted((change.old is None, change.new is None) for change in found) == [(False, True), (True, False)]

    def test_each_of_two_edits_finds_its_own_line(self) -> None:
        lines = ("Pain was lower after one hour.", "Sleep was no better at night.")
        old = with_(unknown=tuple(map(statement, lines)))
        new = with_(unknown=tuple(statement(f"{line} So far.") for line in reversed(lines)))
        found = changes(old, new)
        assert {(change.old or "")[:5] for change in found} == {"Pain ", "Sleep"}
        assert all(change.new and change.old and change.new[:5] == change.old[:5] for change in found)

    def test_another_order_is_a_change_too(self) -> None:
        [found] = changes(KETAMINE, with_(questions=tuple(reversed(KETAMINE.questions))))
        assert found.where == "Questions for a clinician (order)"
        assert (found.old or "").splitlines() == list(KETAMINE.questions)

    def test_names_are_told_apart_one_by_one(self) -> None:
        assert changes(KETAMINE, with_(aliases=(*KETAMINE.aliases[1:], "kay"))) == [
            Change("Other names", KETAMINE.aliases[0], "kay")
        ]

    def test_claims_with_verdict_reason_and_other_wordings(self) -> None:
        first, second, *rest = KETAMINE.claims
        other = second.model_copy(update={"phrases": ("in other words",)})
        found = changes(KETAMINE, with_(claims=(reworded(first, "It cures."), other, *rest)))
        assert [change.where for change in found] == ["What people say", "What people say (other wordings)"]
        assert (found[0].new or "").startswith("“It cures.” Mixed: Small trials show")
        assert found[1].new == "in other words"

    def test_sources_that_came_and_went(self) -> None:
        new = with_(effect=statement("It is small.", "bell-2018-cognition"))
        found = changes(KETAMINE, new, CATALOG.sources)
        assert Change("Sources", None, "Bell 2018") in found

    def test_headings_of_a_topic_are_its_own(self) -> None:
        fewer = TOPIC.model_copy(update={"evidence": TOPIC.evidence[1:]})
        assert "What is known" in {change.where for change in changes(TOPIC, fewer)}

    def test_a_new_card_is_all_additions_and_a_removed_one_all_removals(self) -> None:
        assert all(change.old is None for change in changes(None, KETAMINE))
        assert all(change.new is None for change in changes(KETAMINE, None))
        assert len(changes(None, KETAMINE)) == len(changes(KETAMINE, None))

    @given(CARDS, CARDS)
    @settings(max_examples=75, deadline=None)
    def test_none_are_found_only_if_the_cards_are_the_same(self, old: Card, new: Card) -> None:
        new = new.model_copy(update={"id": old.id})
        assert changes(old, old) == []
        assert (changes(old, new) == []) == (old == new)
        for change in changes(old, new):
            assert change.old != change.new


class TestHeadline:
    @pytest.mark.parametrize(
        ("new", "note"),
        [
            (harmed(statement("Hiccups.")), "new harm added"),
            (harmed(statement("Hiccups."), statement("A loud ringing in both ears.")), "2 harms added"),
            (with_(harms=None), "10 harms removed, 2 signs to get help removed"),
            (with_(effect=None), "effect removed"),
            (with_(effect=statement(KETAMINE.effect.text + " Or so.", *KETAMINE.effect.cites)), "effect reworded"),
            (with_(effect=statement(KETAMINE.effect.text, *KETAMINE.effect.cites, "nice-ng193")), ""),
            (with_(questions=tuple(reversed(KETAMINE.questions))), "questions in another order"),
            (with_(review_due=KETAMINE.review_due.replace(year=2030)), "checked again"),
            (
                with_(claims=[KETAMINE.claims[0].model_copy(update={"phrases": ()}), *KETAMINE.claims[1:]]),
                "claims found by",
            ),
            (KETAMINE, "nothing changed"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_a_few_words(self, new: Card, note: str) -> None:
        found = headline(changes(KETAMINE, new))
        assert found.startswith(note or "effect given other sources")

    def test_harms_come_before_claims_and_claims_before_sources(self) -> None:
        new = harmed(statement("Hiccups.", "bell-2018-cognition"))
        new = new.model_copy(update={"claims": KETAMINE.claims[:-2]})
        assert headline(changes(KETAMINE, new)) == "new harm added, 2 claims removed, new source added"

    def test_many_kinds_of_changes_are_cut_short(self) -> None:
        new = harmed(statement("Hiccups.", "bell-2018-cognition"))
        new = new.model_copy(update={"claims": KETAMINE.claims[:-2], "effect": None, "positions": ()})
        assert (
            headline(changes(KETAMINE, new)) == "new harm added, effect removed, 9 guideline positions removed and more"
        )

    def test_a_whole_card(self) -> None:
        assert headline(changes(None, KETAMINE)) == "new card"
        assert headline(changes(KETAMINE, None)) == "card removed"


@pytest.mark.parametrize(
    ("authors", "year", "name"),
    [
        ("Noppers I, et al.", 2011, "Noppers 2011"),
        ("De Clifford-Faugère G, et al.", 2023, "De Clifford-Faugère 2023"),
        ("Declé JM", None, "Declé"),
        ("US FDA", 2022, "US FDA 2022"),
        ("Duodecim (Käypä hoito, Finland)", None, "Duodecim (Käypä hoito, Finland)"),
        ("NICE", 2021, "NICE 2021"),
    ],
)
def test_short_names_of_sources(authors: str, year: int | None, name: str) -> None:
    assert short_name(source(authors, year)) == name
