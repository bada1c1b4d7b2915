"""Editions: a community's revisions over the bundled cards, and what can be found in them."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from bot.catalog.search.index import SearchIndex
from bot.domain.cards import Card, Source, SourceType
from bot.domain.catalog import Catalog
from bot.domain.curation import Revision, RevisionKind
from bot.domain.editions import Edition, overlay
from bot.services.facts import Answer, FactService, Lookups
from tests.chat.world import FixedClock

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SMITH = Source(id="smith-2020", type=SourceType.TRIAL, authors="Smith J", title="Of pain and other things")
OTHER_SMITH = SMITH.model_copy(update={"authors": "Smith Q", "title": "Another paper of that year"})
JONES = Source(id="jones-2021", type=SourceType.TRIAL, authors="Jones P", title="Warm tea, a trial")


def said(*texts: str, cites: str = "smith-2020") -> tuple[dict[str, Any], ...]:
    return tuple({"text": text, "cites": (cites,)} for text in texts)


def card(name: str, **fields: Any) -> Card:
    values: dict[str, Any] = {
        "id": name.lower().replace(" ", "-"),
        "kind": "medicine",
        "name": name,
        "scope": "For adults with pain.",
        "key_messages": said("It is for pain.", "Trials were small."),
        "what_it_is": said("It is for pain."),
        "evidence": said("Trials were small."),
        "unknown": said("Nobody knows more."),
        "questions": ("What are we hoping for?",),
        "compiled": date(2026, 1, 1),
        "review_due": date(2027, 1, 1),
    }
    return Card.model_validate(values | fields)


KETAMINE = card(
    "Ketamine",
    aliases=("special k",),
    evidence=said("The drip can harm the bladder."),
    claims=(
        {
            "id": "immune",
            "text": "Ketamine boosts the immune system.",
            "verdict": "misleading",
            "why": "Trials say otherwise.",
            "cites": ("smith-2020",),
        },
    ),
)
MASSAGE = card("Massage", kind="physical")
BUNDLED = Catalog.of([KETAMINE, MASSAGE], [SMITH])


def revised(kind: RevisionKind, of: Card, number: int = 1, *sources: Source) -> Revision:
    kept = None if kind is RevisionKind.BUNDLED else of
    return Revision(100, of.id, number, kind, kept, sources, 1, (2,), "The dose is wrong.", NOON, None)


class NoTallies:
    """Nobody ever looked anything up."""

    async def looked_up(self, counted: Mapping[str, int]) -> None:
        del counted

    async def lookups(self) -> Mapping[str, int]:
        return {}


def service(edition: Edition, clock: FixedClock | None = None) -> FactService:
    down = SearchIndex(edition.taken_down) if edition.withdrawn else None
    return FactService(edition, SearchIndex(edition.catalog), Lookups(NoTallies()), clock or FixedClock(NOON), down)


def names(cards: list[Card]) -> list[str]:
    return [each.name for each in cards]


def withdrawn() -> FactService:
    return service(overlay(BUNDLED, [revised(RevisionKind.WITHDRAWN, KETAMINE)]))


def test_a_published_card_stands_over_the_bundled_one_and_a_new_one_beside() -> None:
    mine, tea = KETAMINE.model_copy(update={"scope": "For us."}), card("Tea")
    edition = overlay(BUNDLED, [revised(RevisionKind.PUBLISHED, mine, 4), revised(RevisionKind.PUBLISHED, tea)])
    assert edition.catalog.cards == {"ketamine": mine, "massage": MASSAGE, "tea": tea}
    assert list(edition.catalog.cards) == ["ketamine", "massage", "tea"]
    assert edition.numbers == {"ketamine": 4, "tea": 1}
    assert BUNDLED.cards["ketamine"] is KETAMINE


def test_the_bundled_card_counts_again_or_there_is_none() -> None:
    gone = revised(RevisionKind.BUNDLED, card("Tea"), 2)
    edition = overlay(BUNDLED, [revised(RevisionKind.BUNDLED, KETAMINE, 3), gone])
    assert edition.catalog.cards == BUNDLED.cards
    assert edition.numbers == {"ketamine": 3, "tea": 2}


def test_a_withdrawn_card_is_not_in_the_catalog_and_its_text_is_kept() -> None:
    mine = KETAMINE.model_copy(update={"scope": "For us."})
    edition = overlay(BUNDLED, [revised(RevisionKind.WITHDRAWN, mine)])
    assert list(edition.catalog.cards) == ["massage"]
    assert edition.text("ketamine") == mine
    assert edition.text("massage") == MASSAGE
    assert edition.text("tea") is None


def test_a_record_that_came_with_a_card_counts_on_that_card_alone() -> None:
    tea = card("Tea", what_it_is=said("It is warm.", cites="jones-2021"))
    edition = overlay(BUNDLED, [revised(RevisionKind.PUBLISHED, tea, 1, OTHER_SMITH, JONES)])
    assert edition.sources_of(tea) == [(1, OTHER_SMITH), (2, JONES)]
    assert edition.sources_of(KETAMINE) == [(1, SMITH)]
    assert edition.catalog.sources == {"smith-2020": SMITH, "jones-2021": JONES}


def test_a_record_that_is_gone_leaves_the_other_numbers_as_they_were() -> None:
    tea = card("Tea", what_it_is=said("It is warm.", cites="jones-2021"))
    edition = overlay(Catalog.of([], []), [revised(RevisionKind.PUBLISHED, tea, 1, JONES)])
    assert edition.sources_of(tea) == [(2, JONES)]


def test_a_withdrawn_card_is_found_by_its_names_and_says_why() -> None:
    facts = withdrawn()
    for typed in ("ketamine", "Special K", "special-k"):
        found = facts.answer(typed)
        assert isinstance(found, Answer)
        assert found.withdrawal
        assert (found.withdrawal.reason, found.withdrawal.since) == ("The dose is wrong.", NOON)
    assert names(facts.suggest("ket")) == ["Ketamine"]
    assert names(facts.suggest("")) == ["Massage", "Ketamine"]
    assert facts.card("ketamine").withdrawal
    assert facts.claim("ketamine", "immune").answer.withdrawal
    assert facts.compare("massage", "ketamine")[1].withdrawal


def test_what_a_withdrawn_card_said_turns_up_nowhere() -> None:
    before, facts = service(Edition(BUNDLED)), withdrawn()
    for text in ("does ketamine harm the bladder", "special k for pain"):
        assert "Ketamine" in [answer.card.name for _, answer in before.ask(text)]
        assert "Ketamine" not in [answer.card.name for _, answer in facts.ask(text)]
    said = "Ketamine boosts the immune system."
    assert (len(before.claims(said)), len(facts.claims(said))) == (1, 0)
    assert "Ketamine" not in names(list(facts.fact_check(said).cards))
    assert names(facts.browse(None, None)) == ["Massage"]
    assert (names(before.suggest("bladder")), names(facts.suggest("bladder"))) == (["Ketamine"], [])


def test_of_one_rank_overdue_cards_come_last_and_a_better_rank_stays_better() -> None:
    late = {"review_due": date(2026, 11, 22)}
    facts = service(
        Edition(Catalog.of([card("Yoga", **late), card("Yoga class", **late), card("Yoga video"), card("Tea")], []))
    )
    assert names(facts.suggest("yoga")) == ["Yoga", "Yoga video", "Yoga class"]
    assert names(facts.suggest("")) == ["Tea", "Yoga video", "Yoga", "Yoga class"]
    assert names(facts.suggest("", limit=2)) == ["Tea", "Yoga video"]


def test_overdue_cards_come_last_in_answers_too() -> None:
    body = {"evidence": said("Swimming in warm water eases stiff joints.")}
    early, late = card("Aqua one", review_due=date(2026, 12, 1), **body), card("Aqua two", **body)
    clock = FixedClock(NOON)
    facts = service(Edition(Catalog.of([early, late, MASSAGE], [SMITH])), clock)
    question = "does aqua help stiff joints in warm water"
    assert [answer.card.name for _, answer in facts.ask(question)] == ["Aqua one", "Aqua two"]
    clock.advance(days=9)
    assert [answer.card.name for _, answer in facts.ask(question)] == ["Aqua two", "Aqua one"]


def test_a_card_is_overdue_from_the_day_after() -> None:
    clock = FixedClock(datetime(2027, 1, 1, 23, 59, tzinfo=UTC))
    facts = service(Edition(BUNDLED), clock)
    on_the_day = facts.card("ketamine")
    assert facts.card("ketamine") is on_the_day
    assert not on_the_day.overdue
    clock.advance(minutes=1)
    assert facts.card("ketamine").overdue
