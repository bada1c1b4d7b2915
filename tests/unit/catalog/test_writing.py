"""Writing YAML: what is written reads back, and a changed file keeps every line that is still true."""

from difflib import ndiff
from pathlib import Path

import pytest
from hypothesis import given, settings

from bot.catalog.live import LiveContent
from bot.catalog.reader import parse
from bot.catalog.writing import plain, rewritten, written
from bot.config import ROOT
from bot.domain.cards import Card, Claim, Statement
from tests.unit.catalog.folder import CARD
from tests.unit.made_cards import CARDS

CONTENT = ROOT / "content"
BUNDLED = list(LiveContent(CONTENT).load().catalog.cards.values())
WARM = Card.model_validate(parse(CARD))


def text_of(card: Card) -> str:
    return Path(CONTENT, "cards", f"{card.id}.yaml").read_text("utf-8")


def diff(old: str, new: str) -> list[str]:
    """The lines that differ, each after its sign."""
    return [line.rstrip("\n") for line in ndiff(old.splitlines(True), new.splitlines(True)) if line[0] in "+-"]


def changed(text: str, card: Card) -> list[str]:
    """The diff that writing the card into the file makes; it must read back as the card."""
    new = rewritten(text, plain(card))
    assert Card.model_validate(parse(new)) == card
    return diff(text, new)


def statement(text: str) -> Statement:
    return Statement(text=text, cites=("smith-2020",))


class TestWritten:
    @given(CARDS)
    @settings(max_examples=50, deadline=None)
    def test_reads_back(self, card: Card) -> None:
        assert Card.model_validate(parse(written(plain(card), "card"))) == card

    def test_in_the_style_of_the_house(self) -> None:
        lines = written(plain(WARM), "card").splitlines()
        assert lines[:4] == CARD.splitlines()[:4]
        at = lines.index("certainty:")
        assert lines[at + 1 : at + 5] == [
            "  - outcome: Less pain at once",
            "    certainty: low",
            "    text: The trials were small.",
            "    cites: [smith-2020]",
        ]
        assert lines[-2:] == ["compiled: 2026-11-23", "review_due: 2027-11-23"]

    def test_what_is_at_its_default_is_not_written(self) -> None:
        text = written(plain(WARM.model_copy(update={"effect": None, "brands": ()})))
        assert "effect" not in text
        assert "brands" not in text


class TestRewritten:
    @pytest.mark.parametrize("card", BUNDLED, ids=lambda card: card.id)
    def test_the_same_card_is_the_same_file(self, card: Card) -> None:
        assert rewritten(text_of(card), plain(card)) == text_of(card)

    @given(CARDS, CARDS)
    @settings(max_examples=25, deadline=None)
    def test_any_card_in_place_of_any_other(self, old: Card, new: Card) -> None:
        changed(written(plain(old), "card"), new)

    @pytest.mark.parametrize("card", BUNDLED[::5], ids=lambda card: card.id)
    def test_one_statement_changes_its_own_lines(self, card: Card) -> None:
        first, *rest = card.evidence
        new = statement("A line of our own.")
        assert len(changed(text_of(card), card.model_copy(update={"evidence": (first, new, *rest)}))) == 2

    def test_lines_in_a_list_come_and_go(self) -> None:
        known = (*WARM.key_messages[1:], statement("It: is new."))
        assert changed(CARD, WARM.model_copy(update={"key_messages": known})) == [
            "-   - text: Warm water eases pain for some people, for a short time.",
            "-     cites: [smith-2020]",
            "+   - text: 'It: is new.'",
            "+     cites: [smith-2020]",
        ]

    def test_a_claim_keeps_what_is_still_true_of_it(self) -> None:
        [claim] = WARM.claims
        new = claim.model_copy(update={"why": "No trial found one."})
        assert changed(CARD, WARM.model_copy(update={"claims": (new,)})) == [
            "-     why: The trials found some ease, and no cure.",
            "+     why: No trial found one.",
        ]

    def test_a_claim_gets_new_fields_and_loses_old_ones(self) -> None:
        bare = Claim.model_validate({**WARM.claims[0].model_dump(), "phrases": ()})
        assert changed(CARD, WARM.model_copy(update={"claims": (bare,)})) == ["-     phrases: [baths fixed me]"]
        text = written(plain(WARM.model_copy(update={"claims": (bare,)})))
        assert changed(text, WARM) == ["+     phrases:", "+       - baths fixed me"]

    def test_new_parts_come_where_they_belong(self) -> None:
        new = WARM.model_copy(update={"careful": (statement("Weak hearts."),), "reviewed_by": "Dr Blue"})
        text = rewritten(CARD, plain(new)).splitlines()
        assert text[text.index("careful:") - 1] == "      cites: [agency-2021]"
        assert text[-1] == "reviewed_by: Dr Blue"
        assert len(changed(CARD, new)) == 4

    def test_a_list_inside_a_part(self) -> None:
        harms = WARM.harms
        assert harms
        new = harms.model_copy(update={"serious": (statement("Burns."),)})
        assert changed(CARD, WARM.model_copy(update={"harms": new})) == [
            "+   serious:",
            "+     - text: Burns.",
            "+       cites: [smith-2020]",
        ]

    def test_comments_stay(self) -> None:
        text = CARD.replace("unknown:\n", "# What we would like to know\nunknown:\n  # of all\n")
        text = text.replace("review_due", "# by then\nreview_due")
        new = WARM.model_copy(update={"waiting": (statement("Rest."),), "unknown": (statement("All."),)})
        found = changed(text, new)
        assert all("#" not in line for line in found), found

    def test_lists_that_are_not_indented_stay_so(self) -> None:
        text = CARD.replace("unknown:\n  - text", "unknown:\n- text").replace("lasts.\n    cites", "lasts.\n  cites")
        new = WARM.model_copy(update={"unknown": (*WARM.unknown, statement("All."))})
        assert changed(text, new) == ["+ - text: All.", "+   cites: [smith-2020]"]

    @pytest.mark.parametrize("old", ["# ours\n{id: x}\n", "# ours\nid: x\nunknown:\n  -\n    text: All.\n", "- x\n"])
    def test_a_file_that_cannot_be_kept_is_written_anew(self, old: str) -> None:
        assert Card.model_validate(parse(rewritten(old, plain(WARM)))) == WARM
