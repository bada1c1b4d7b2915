"""What members ask for in vain: counted without names, shown from three on, told once when it is there."""

from datetime import timedelta

import pytest

from bot.domain.cards import Card
from bot.domain.communities import Community, Feature
from bot.domain.curation import AskedKind
from bot.errors import UserError
from bot.services.curation.asked import (
    KEPT_FOR,
    MOST_WISHES,
    OUTSIDE,
    REVEAL_FROM,
    TRY_AGAIN_AFTER,
    Asked,
    name_of,
    words_of,
)
from tests.curation.board import GONE, LATER, ToldNoticeboard
from tests.curation.desk import ANNA, CARD, HERE, THERE, WHY, Desk

DM = 5000


@pytest.fixture
def board() -> ToldNoticeboard:
    return ToldNoticeboard()


def asked_of(desk: Desk, board: ToldNoticeboard) -> Asked:
    storage = desk.storage
    return Asked(desk.clock, desk.editions, desk.communities, storage.asked, storage.traces, board)


@pytest.fixture
def asked(desk: Desk, board: ToldNoticeboard) -> Asked:
    return asked_of(desk, board)


def new_card(desk: Desk) -> Card:
    names = {"id": "butterbur", "name": "Butterbur", "aliases": ("petasites",), "brands": ("Petadolex",)}
    return desk.library.catalog.cards[CARD].model_copy(update=names)


# Questions that are one question


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Does K help pain?", "K help with pain"),
        ("can i take vitamin-D for pain", "Vitamin D pain???"),
        ("What's the evidence on cupping?", "whats the evidence for cupping"),
        ("Kann ich Grünlippmuschel?", "grunlippmuschel ich kann"),
        ("pain pain PAIN k", "k, pain"),
    ],
)
def test_one_question_in_two_wordings(one: str, other: str) -> None:
    assert words_of(one) == words_of(other) != ""


@pytest.mark.parametrize(("one", "other"), [("ketamine works", "ketamine not working"), ("K2", "K3"), ("K", "D")])
def test_two_questions(one: str, other: str) -> None:
    assert words_of(one) != words_of(other)


@pytest.mark.parametrize(
    "said",
    ["", "   ", "?!", "\u202e\u200b", "is it?", "my story " * 30, "x" * 81, "call 0123456789", "<@123456789012345678>"],
)
def test_what_is_no_question_is_not_kept(said: str) -> None:
    assert words_of(said) == ""


@pytest.mark.parametrize("said", ["", "...", "x" * 61, "me 555123456"])
def test_what_is_no_name_is_not_kept(said: str) -> None:
    assert name_of(said) == ""


# Counting


async def test_a_text_shows_from_three_different_people_on(desk: Desk, asked: Asked) -> None:
    for person in (1, 2, 1, 2, 2):
        await asked.unanswered(HERE, person, "Does cupping help?")
    assert await desk.storage.asked.revealed(HERE) == []
    await asked.unanswered(HERE, REVEAL_FROM, "cupping help")
    assert await desk.storage.asked.revealed(HERE) == [(AskedKind.QUESTION, "cupping help", 3)]


async def test_communities_and_direct_messages_are_counted_apart(desk: Desk, asked: Asked) -> None:
    for person, place in enumerate((HERE, HERE, THERE, THERE, None, None)):
        await asked.wanted(place, person, "Butterbur")
    for place in (HERE, THERE, OUTSIDE):
        assert await desk.storage.asked.revealed(place) == []
    await asked.wanted(None, 99, "BUTTERBUR")
    assert await desk.storage.asked.revealed(OUTSIDE) == [(AskedKind.CARD, "butterbur", 3)]


async def test_nothing_is_counted_where_wishes_are_switched_off(desk: Desk, asked: Asked) -> None:
    await desk.communities.change(Community(guild_id=HERE, off=frozenset({Feature.WISHES})), ANNA, "wishes: off")
    for person in range(5):
        await asked.wanted(HERE, person, "Butterbur")
    assert await desk.storage.asked.revealed(HERE) == []
    with pytest.raises(UserError, match="switched off"):
        await asked.tell_me(HERE, 1, "Butterbur", DM)


async def test_after_half_a_year_it_is_forgotten(desk: Desk, asked: Asked) -> None:
    for person in range(3):
        await asked.wanted(HERE, person, "Butterbur")
    await asked.tell_me(HERE, 1, "Butterbur", DM)
    desk.clock.moment += KEPT_FOR + timedelta(seconds=1)
    assert await asked.purge() == 4
    assert await desk.storage.asked.revealed(HERE) == []
    assert await desk.storage.asked.wishes() == []


async def test_erasing_a_person_takes_their_wishes_and_their_part_in_every_count(desk: Desk, asked: Asked) -> None:
    for person in (11, 12, 13):
        await asked.wanted(HERE, person, "Butterbur")
        await asked.tell_me(HERE, person, "Butterbur", DM + person)
    assert await desk.storage.members.erase(12)
    assert await desk.storage.asked.revealed(HERE) == []
    assert {wish.channel_id for wish in await desk.storage.asked.wishes()} == {DM + 11, DM + 13}


# Wishes


@pytest.mark.parametrize("name", ["Butterbur", "PETASITES", "petadolex "])
async def test_a_wish_comes_true_once(desk: Desk, asked: Asked, board: ToldNoticeboard, name: str) -> None:
    assert await asked.tell_me(HERE, 1, name, DM)
    assert not await asked.tell_me(HERE, 1, name, DM)
    assert await asked.fulfil() == 0
    desk.ship(new_card(desk))
    assert await asked.fulfil() == 1
    assert await asked.fulfil() == 0
    assert [(wish.channel_id, card.id) for wish, card in board.told] == [(DM, "butterbur")]
    assert await desk.storage.asked.wishes() == []


async def test_who_wished_by_two_names_is_told_once(desk: Desk, asked: Asked, board: ToldNoticeboard) -> None:
    for name in ("butterbur", "petasites"):
        await asked.tell_me(HERE, 1, name, DM)
    desk.ship(new_card(desk))
    assert await asked.fulfil() == 1
    assert len(board.told) == 1
    assert await desk.storage.asked.wishes() == []


async def test_a_wish_outside_of_any_server_needs_a_bundled_card(
    desk: Desk, asked: Asked, board: ToldNoticeboard
) -> None:
    await asked.tell_me(None, 1, "butterbur", DM)
    desk.editions.changed(HERE)
    assert await asked.fulfil() == 0
    desk.ship(new_card(desk))
    assert await asked.fulfil() == 1
    assert board.told[0][0].guild_id == OUTSIDE


async def test_a_withdrawn_card_makes_no_wish_come_true_before_it_is_back(
    desk: Desk, asked: Asked, board: ToldNoticeboard
) -> None:
    await desk.shelf.withdraw(HERE, ANNA, CARD, WHY)
    assert await asked.tell_me(HERE, 1, "ketamine", DM)
    assert await asked.fulfil() == 0
    await desk.shelf.restore(HERE, ANNA, CARD, 0, WHY)
    assert await asked.fulfil() == 1
    assert board.told[0][1].id == CARD


async def test_nobody_is_promised_a_card_that_is_there(asked: Asked) -> None:
    with pytest.raises(UserError, match="already: Ketamine"):
        await asked.tell_me(HERE, 1, "ketamine", DM)


@pytest.mark.parametrize("name", ["", "   ", "x" * 61])
async def test_what_is_no_name_cannot_be_wished_for(asked: Asked, name: str) -> None:
    with pytest.raises(UserError, match="by a name"):
        await asked.tell_me(HERE, 1, name, DM)


async def test_one_person_has_so_many_wishes_and_no_more(desk: Desk, asked: Asked) -> None:
    for number in range(MOST_WISHES):
        assert await asked.tell_me(HERE, 1, f"herb {number}", DM)
    with pytest.raises(UserError, match="as many as I can"):
        await asked.tell_me(HERE, 1, "one more", DM)
    assert not await asked.tell_me(HERE, 1, "herb 3", DM)
    assert await asked.tell_me(HERE, 2, "one more", DM + 1)
    assert len(await desk.storage.asked.wishes()) == MOST_WISHES + 1


# Faults


async def test_fault_closed_dms_end_a_wish(desk: Desk, asked: Asked, board: ToldNoticeboard) -> None:
    await asked.tell_me(HERE, 1, "butterbur", DM)
    desk.ship(new_card(desk))
    board.outcomes.append(GONE)
    assert await asked.fulfil() == 0
    assert await desk.storage.asked.wishes() == []


async def test_fault_what_discord_does_not_take_is_told_later(desk: Desk, asked: Asked, board: ToldNoticeboard) -> None:
    await asked.tell_me(HERE, 1, "butterbur", DM)
    desk.ship(new_card(desk))
    board.outcomes.append(LATER)
    assert await asked.fulfil() == 0
    assert await asked.fulfil() == 0
    assert len(board.told) == 1
    desk.clock.moment += TRY_AGAIN_AFTER
    assert await asked.fulfil() == 1


async def test_fault_a_restart_forgets_no_promise(desk: Desk, board: ToldNoticeboard) -> None:
    await asked_of(desk, board).tell_me(HERE, 1, "butterbur", DM)
    desk.ship(new_card(desk))
    assert await asked_of(desk, board).fulfil() == 1


async def test_promises_of_another_process_are_left_to_it(desk: Desk, asked: Asked, board: ToldNoticeboard) -> None:
    board.elsewhere.add(HERE)
    await asked.tell_me(HERE, 1, "butterbur", DM)
    desk.ship(new_card(desk))
    assert await asked.fulfil() == 0
    assert len(await desk.storage.asked.wishes()) == 1
