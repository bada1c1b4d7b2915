"""Every card is a test case. Sources that no card cites yet are left to `spoonful cards check`."""

from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from bot.catalog.loader import check, load
from bot.catalog.problems import Severity

CONTENT = Path(__file__).parents[2] / "content"
CARDS = sorted((CONTENT / "cards").glob("*.yaml"))


@cache
def errors() -> dict[Path, list[str]]:
    """By file. An overdue review is a warning: no reason to fail a build on a later day."""
    found: dict[Path, list[str]] = {}
    for problem in check(CONTENT, datetime.now(UTC).date()):
        if problem.severity is Severity.ERROR:
            found.setdefault(problem.path, []).append(str(problem))
    return found


@pytest.mark.parametrize("path", CARDS, ids=lambda path: path.stem)
def test_a_card_has_no_problems(path: Path) -> None:
    assert errors().get(path, []) == []


@pytest.mark.skipif(not CARDS, reason="there are no cards yet")
def test_the_cards_together_have_no_problems() -> None:
    assert errors().get(CONTENT / "cards", []) == []
    assert len(load(CONTENT).cards) >= len(CARDS)


def test_people_say_a_lot_and_every_claim_has_its_verdict() -> None:
    """The twenty claims of the article that people bring to us, and forty or more on the other cards."""
    cards = load(CONTENT).cards
    assert len(cards["ketamine"].claims) == 20
    assert sum(len(card.claims) for card in cards.values()) >= 20 + 40
