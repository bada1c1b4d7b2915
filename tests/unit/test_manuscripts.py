"""Manuscripts: cards as plain text and back, what is said about text that is no card, and two people's changes."""

import contextlib
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.catalog.live import LiveContent
from bot.config import ROOT
from bot.domain.cards import Card, Source
from bot.domain.manuscripts import (
    CITED,
    Manuscript,
    NotACardError,
    Part,
    Remark,
    WrittenClaim,
    blank,
    card_of,
    free_id,
    heading,
    manuscript_of,
    merged,
    numbered,
    with_ids,
)
from tests.unit.made_cards import CARDS

BOX = 4_000
"""Characters that a box of a Discord form takes."""

BUNDLED = list(LiveContent(ROOT / "content").load().catalog.cards.values())
KETAMINE = next(card for card in BUNDLED if card.id == "ketamine")


@pytest.fixture
def ketamine() -> Manuscript:
    return manuscript_of(KETAMINE)


def changed(manuscript: Manuscript, typed: Mapping[Part, str]) -> Manuscript:
    """The manuscript with what somebody typed, numbers and all."""
    parts = {part: with_ids(text, manuscript.sources) for part, text in typed.items()}
    return manuscript.model_copy(update={"parts": {**manuscript.parts, **parts}})


def with_claims(manuscript: Manuscript, *claims: WrittenClaim) -> Manuscript:
    return manuscript.model_copy(update={"claims": claims})


def remarks(manuscript: Manuscript) -> list[Remark]:
    with pytest.raises(NotACardError) as refused:
        card_of(manuscript)
    return list(refused.value.remarks)


def said_of(part: Part, typed: str) -> list[str]:
    """What is said about ketamine with this text in one part, all of it about that part."""
    found = remarks(changed(manuscript_of(KETAMINE), {part: typed}))
    assert {remark.where for remark in found} == {part}
    return [remark.message for remark in found]


class TestThereAndBack:
    @pytest.mark.parametrize("card", BUNDLED, ids=lambda card: card.id)
    def test_every_bundled_card(self, card: Card) -> None:
        manuscript = manuscript_of(card)
        assert card_of(manuscript) == card
        assert Manuscript.model_validate_json(manuscript.model_dump_json()) == manuscript

    @pytest.mark.parametrize("card", BUNDLED, ids=lambda card: card.id)
    def test_with_numbers_too_and_in_the_boxes_of_a_form(self, card: Card) -> None:
        manuscript = manuscript_of(card)
        texts = [*manuscript.parts.values(), *(claim.why for claim in manuscript.claims)]
        for text in texts:
            typed = numbered(text, manuscript.sources)
            assert with_ids(typed, manuscript.sources) == text
            assert len(text) <= BOX
        assert all(len(claim.phrases) <= BOX for claim in manuscript.claims)

    @given(CARDS)
    @settings(max_examples=150, deadline=None)
    def test_any_card(self, card: Card) -> None:
        manuscript = manuscript_of(card)
        assert card_of(manuscript) == card
        typed = {part: numbered(text, manuscript.sources) for part, text in manuscript.parts.items()}
        assert changed(manuscript, typed) == manuscript

    def test_numbers_are_those_on_the_card(self, ketamine: Manuscript) -> None:
        numbers = KETAMINE.citation_numbers()
        first = KETAMINE.key_messages[0]
        line = numbered(ketamine.parts[Part.KEY_MESSAGES], ketamine.sources).splitlines()[0]
        assert line == f"{first.text} [{', '.join(str(numbers[cite]) for cite in first.cites)}]"

    def test_every_part_has_a_heading_that_fits_a_form(self) -> None:
        for part in Part:
            assert 0 < len(heading(part)) <= 45
        assert heading(Part.EVIDENCE, topic=True) != heading(Part.EVIDENCE)
        assert {Part.EFFECT, Part.POSITIONS, Part.EVIDENCE} <= CITED
        assert Part.QUESTIONS not in CITED


class TestWhatPeopleType:
    @pytest.mark.parametrize(
        ("typed", "meant"),
        [
            ("Helps. [1]", "Helps. [a-1]"),
            ("Helps. [1,2]", "Helps. [a-1,b-2]"),
            ("Helps. [1 2]", "Helps. [a-1 b-2]"),
            ("Helps. [1][2]", "Helps. [a-1][b-2]"),
            ("Helps. [1-3]", "Helps. [a-1, b-2, c-3]"),
            ("Helps. [1–3]  ", "Helps. [a-1, b-2, c-3]  "),
            ("Helps [2].", "Helps [b-2]."),
            ("One [1] of them. [2]\nTwo. [3]", "One [1] of them. [b-2]\nTwo. [c-3]"),
            ("Helps. [4]", "Helps. [4]"),
            ("Helps. [0]", "Helps. [0]"),
            ("Helps. [3-1]", "Helps. [3-1]"),
            ("Helps. [b-2]", "Helps. [b-2]"),
            ("Helps.", "Helps."),
            ("", ""),
        ],
    )
    def test_numbers_become_ids(self, typed: str, meant: str) -> None:
        assert with_ids(typed, ("a-1", "b-2", "c-3")) == meant

    @pytest.mark.parametrize("end", ["[1]", "[1, 1]", "[1][1]", "[1].", "[1] "])
    def test_sources_may_be_written_in_many_ways(self, ketamine: Manuscript, end: str) -> None:
        card = card_of(changed(ketamine, {Part.EFFECT: f"Nobody knows{end and ' '}{end}"}))
        assert card.effect
        assert card.effect.cites == ketamine.sources[:1]
        assert card.effect.text.rstrip(".") == "Nobody knows"

    def test_empty_lines_spaces_and_case_do_not_matter(self, ketamine: Manuscript) -> None:
        typed = {
            Part.UNKNOWN: "\n  Who it helps. [1]  \n\n\r\nHow long. [2]\n",
            Part.CERTAINTY: "Less pain|LOW|Small trials. [1]",
            Part.KIND: " Medicine ",
            Part.ALIASES: "ket,special k\n k ,, ",
        }
        card = card_of(changed(ketamine, typed))
        assert [each.text for each in card.unknown] == ["Who it helps.", "How long."]
        assert card.certainty[0].certainty == "low"
        assert card.kind == "medicine"
        assert card.aliases == ("ket", "special k", "k")

    def test_a_position_may_be_written_as_the_card_shows_it(self, ketamine: Manuscript) -> None:
        card = card_of(changed(ketamine, {Part.POSITIONS: "NICE, England (2021): Says no. [1]"}))
        assert (card.positions[0].body, card.positions[0].text) == ("NICE, England (2021)", "Says no.")

    def test_parts_that_a_card_may_lack_can_be_emptied(self, ketamine: Manuscript) -> None:
        optional = (Part.EFFECT, Part.CERTAINTY, Part.COMMON, Part.SERIOUS, Part.SEEK_HELP, Part.REVIEWED_BY)
        card = card_of(changed(ketamine, dict.fromkeys(optional, " \n ")))
        assert (card.effect, card.harms, card.certainty) == (None, None, ())


class TestRemarks:
    @pytest.mark.parametrize(
        ("part", "typed", "sentence"),
        [
            (
                Part.EVIDENCE,
                "Fine. [1]\nIt helps.",
                "Line 2 has no source: end it with its number in brackets, such as [3].",
            ),
            (Part.EVIDENCE, "It helps. []", "Line 1 has no source: end it with its number in brackets, such as [3]."),
            (Part.EFFECT, "It helps.", "This has no source: end it with its number in brackets, such as [3]."),
            (
                Part.EVIDENCE,
                "It helps. [99]",
                "Line 1 cites [99], and no source here has that number: choose one first.",
            ),
            (Part.EFFECT, "One. [1]\nTwo. [2]", "This has 2 lines: write it in one."),
            (Part.EVIDENCE, "x" * 401 + " [1]", "Line 1 has 401 characters: shorten it to 400 at most."),
            (Part.EVIDENCE, "Fine. [1]\n[2]", "Line 2 is empty or too short: write a little more."),
            (Part.EVIDENCE, "", "This has too few lines: write at least 1."),
            (Part.KEY_MESSAGES, "One. [1]", "This has too few lines: write at least 2."),
            (Part.KEY_MESSAGES, "One. [1]\n" * 4, "This has 4 lines: keep 3 at most."),
            (Part.QUESTIONS, "Why now?\n" * 9, "This has 9 lines: keep 8 at most."),
            (Part.COMMON, "", "This has too few lines: write at least 1."),
            (Part.CERTAINTY, "Less pain [1]", "Line 1 needs three pieces: what was measured | low | why. [3]"),
            (
                Part.CERTAINTY,
                "Less pain | poor | Small. [1]",
                "Line 1 says “poor”: write high, moderate, low or very low.",
            ),
            (Part.POSITIONS, "NICE says no. [1]", "Line 1 needs two pieces: who says it | what they say. [3]"),
            (Part.NAME, "", "This is empty or too short: write a little more."),
            (Part.ALIASES, "ket, " + "x" * 81, f"“{'x' * 40}” has 81 characters: shorten it to 80 at most."),
            (Part.REVIEW_DUE, "next May", "This is not a date yet: write year-month-day, such as 2026-11-23."),
        ],
    )
    def test_each_says_what_to_do(self, part: Part, typed: str, sentence: str) -> None:
        assert said_of(part, typed) == [sentence]

    def test_a_kind_that_is_none_is_told_which_there_are(self) -> None:
        [message] = said_of(Part.KIND, "Tablet")
        assert message.startswith("This says “tablet”: write medicine, supplement,")
        assert "'" not in message

    def test_they_name_the_line_and_empty_ones_do_not_count(self, ketamine: Manuscript) -> None:
        found = remarks(changed(ketamine, {Part.EVIDENCE: "\n\nFine. [1]\n\nNo source.\n"}))
        assert [(remark.where, remark.line) for remark in found] == [(Part.EVIDENCE, 2)]

    def test_all_come_at_once_in_the_order_of_the_parts(self, ketamine: Manuscript) -> None:
        typed = {Part.REVIEW_DUE: "soon", Part.EVIDENCE: "No source.", Part.KIND: "pill"}
        found = remarks(changed(ketamine, typed))
        assert [remark.where for remark in found] == [Part.KIND, Part.EVIDENCE, Part.REVIEW_DUE]

    def test_a_claim_is_named_by_its_id(self, ketamine: Manuscript) -> None:
        claim = WrittenClaim(id="cures", text="", verdict="maybe", why="No source.", phrases="fine\n" + "x" * 81)
        found = remarks(with_claims(ketamine, claim))
        assert {remark.where for remark in found} == {"cures"}
        assert sorted(remark.message for remark in found) == [
            "Line 2 of other ways people put it has 81 characters: shorten it to 80 at most.",
            "The claim is empty or too short: write a little more.",
            "The verdict says “maybe”: write supported, mixed, misleading, outdated or unsupported.",
            "What the evidence says has no source: end it with its number in brackets, such as [3].",
        ]

    def test_a_new_card_says_all_that_it_lacks(self) -> None:
        where = {remark.where for remark in remarks(blank("heat", "Heat"))}
        assert {Part.SCOPE, Part.KIND, Part.KEY_MESSAGES, Part.EVIDENCE, Part.COMPILED} <= where
        assert Part.NAME not in where

    @given(st.dictionaries(st.sampled_from(list(Part)), st.text(max_size=200)))
    @settings(deadline=None)
    def test_no_text_at_all_breaks_it(self, typed: dict[Part, str]) -> None:
        manuscript = changed(manuscript_of(KETAMINE), typed)
        with contextlib.suppress(NotACardError):
            card_of(manuscript)

    def test_a_long_line_of_brackets_is_read_in_time(self) -> None:
        assert said_of(Part.EFFECT, "[]" * 2_000 + "x")


class TestMerged:
    def test_parts_that_one_of_them_changed_come_together(self, ketamine: Manuscript) -> None:
        mine = changed(ketamine, {Part.SCOPE: "Mine."})
        theirs = changed(ketamine, {Part.UNKNOWN: "Theirs. [1]"})
        together, clashes = merged(ketamine, mine, theirs)
        assert clashes == ()
        assert together == changed(mine, {Part.UNKNOWN: "Theirs. [1]"})

    def test_where_both_changed_mine_stays_and_the_part_is_named(self, ketamine: Manuscript) -> None:
        mine, theirs = (changed(ketamine, {Part.COMMON: f"{who}. [1]"}) for who in ("Mine", "Theirs"))
        together, clashes = merged(ketamine, mine, theirs)
        assert clashes == ("Harms: common",)
        assert together == mine

    def test_the_same_change_twice_is_none(self, ketamine: Manuscript) -> None:
        both = changed(ketamine, {Part.SCOPE: "Both."})
        assert merged(ketamine, both, both) == (both, ())

    def test_without_a_base_only_equal_parts_are_quiet(self) -> None:
        mine, theirs = blank("heat", "Heat"), changed(blank("heat", "Hot packs"), {Part.SCOPE: "Warmth."})
        together, clashes = merged(None, mine, theirs)
        assert clashes == ("Name",)
        assert (together.parts[Part.NAME], together.parts[Part.SCOPE]) == ("Heat", "Warmth.")

    def test_claims_are_taken_one_by_one(self, ketamine: Manuscript) -> None:
        first, second, third, *_ = ketamine.claims
        base = with_claims(ketamine, first, second, third)
        mine = with_claims(ketamine, first.model_copy(update={"text": "Mine."}), third)
        new = third.model_copy(update={"id": "new"})
        theirs = with_claims(ketamine, first, second, third.model_copy(update={"verdict": "mixed"}), new)
        together, clashes = merged(base, mine, theirs)
        assert clashes == ()
        assert together.claims == (mine.claims[0], theirs.claims[2], new)

    def test_a_claim_that_one_removed_and_the_other_changed_is_named(self, ketamine: Manuscript) -> None:
        first, second, *_ = ketamine.claims
        base = with_claims(ketamine, first, second)
        mine = with_claims(ketamine, first)
        theirs = with_claims(ketamine, first, second.model_copy(update={"verdict": "mixed"}))
        together, clashes = merged(base, mine, theirs)
        assert together.claims == (first,)
        assert clashes == (f"“{second.text}”",)

    def test_sources_of_both_are_there(self, ketamine: Manuscript) -> None:
        mine, theirs = with_source(ketamine, paper("a-2020")), with_source(ketamine, paper("b-2021"))
        together, clashes = merged(ketamine, mine, theirs)
        assert not clashes
        assert together.sources == (*ketamine.sources, "a-2020", "b-2021")
        assert {source.id for source in together.added} == {"a-2020", "b-2021"}

    def test_two_papers_under_one_id_are_kept_apart(self, ketamine: Manuscript) -> None:
        number = len(ketamine.sources) + 1
        mine = changed(with_source(ketamine, paper("a-2020", "Mine")), {Part.EFFECT: f"Mine. [1, {number}]"})
        theirs = changed(with_source(ketamine, paper("a-2020", "Theirs")), {Part.UNKNOWN: f"Theirs. [{number}]"})
        together, clashes = merged(ketamine, mine, theirs)
        assert not clashes
        titles = {source.id: source.title for source in together.added}
        card = card_of(together)
        assert card.effect
        assert [titles.get(cite) for cite in card.effect.cites] == [None, "Mine"]
        assert [titles[cite] for cite in card.unknown[0].cites] == ["Theirs"]

    @given(CARDS, CARDS, CARDS)
    @settings(max_examples=25, deadline=None)
    def test_with_one_side_unchanged_it_is_the_other(self, base: Card, mine: Card, theirs: Card) -> None:
        old, new, other = (manuscript_of(card) for card in (base, mine, theirs))
        assert card_of(merged(old, new, old)[0]) == mine.model_copy(update={"id": mine.id})
        assert card_of(merged(old, old, other)[0]) == theirs.model_copy(update={"id": base.id})


def test_a_free_id_is_short_enough() -> None:
    long = "a" * 40
    assert free_id("smith-2020", {"jones-2020"}) == "smith-2020"
    assert free_id("smith-2020", {"smith-2020", "smith-2020-2"}) == "smith-2020-3"
    assert free_id(long, {long}) == "a" * 38 + "-2"


def paper(source_id: str, title: str = "A paper") -> Source:
    return Source.model_validate({"id": source_id, "type": "guideline", "authors": "A", "title": title})


def with_source(manuscript: Manuscript, source: Source) -> Manuscript:
    sources = (*manuscript.sources, source.id)
    return manuscript.model_copy(update={"sources": sources, "added": (*manuscript.added, source)})
