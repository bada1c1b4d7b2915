"""Living answers over a real database: which messages are edited, with which note, and what a fault leaves behind."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.cards import Card
from bot.domain.curation import Posted, fingerprint
from bot.services.curation.living import REMEMBERED_FOR, TRY_AGAIN_AFTER, WITHDRAWN, LivingAnswers
from tests.curation.board import GONE, LATER, ToldNoticeboard
from tests.curation.desk import ANNA, CARD, HERE, OTHER_SCOPE, THERE, WHY, Desk


@pytest.fixture
def board() -> ToldNoticeboard:
    return ToldNoticeboard()


def answers(desk: Desk, board: ToldNoticeboard) -> LivingAnswers:
    """A new one is a restart: only the rows are left of what was before."""
    return LivingAnswers(desk.clock, desk.editions, desk.storage.posted, board, desk.storage.revisions)


@pytest.fixture
def living(desk: Desk, board: ToldNoticeboard) -> LivingAnswers:
    return answers(desk, board)


def posted(
    desk: Desk, card: Card | None, message_id: int = 1, guild_id: int = HERE, card_id: str = CARD, shape: str = "card"
) -> Posted:
    """A message that shows this card now; None: that it is withdrawn."""
    shown = fingerprint(card) if card else WITHDRAWN
    return Posted(guild_id, guild_id + 1, message_id, card_id, shape, shown, desk.clock.now())


async def rows(desk: Desk) -> list[Posted]:
    return list(await desk.storage.posted.all())


async def test_what_shows_the_card_as_it_is_stays_as_it_is(
    desk: Desk, living: LivingAnswers, board: ToldNoticeboard
) -> None:
    await living.remember([posted(desk, await desk.card(HERE))])
    assert await living.sweep() == 0
    assert board.edits == []


async def test_what_is_published_is_edited_in_place_and_once(
    desk: Desk, living: LivingAnswers, board: ToldNoticeboard
) -> None:
    before = posted(desk, await desk.card(HERE))
    await living.remember([before])
    await living.sweep()
    await desk.published()
    assert await living.sweep() == 1
    assert await living.sweep() == 0
    assert board.edits == [(before, "Updated 23 November: scope reworded")]
    assert [row.shown for row in await rows(desk)] == [fingerprint(await desk.card(HERE))]


async def test_the_note_says_what_is_new_since_the_message_was_drawn_and_not_since_yesterday(
    desk: Desk, living: LivingAnswers, board: ToldNoticeboard
) -> None:
    first = await desk.card(HERE)
    await living.remember([posted(desk, first)])
    await desk.published()
    await desk.published(OTHER_SCOPE)
    desk.clock.advance(days=8)
    await living.sweep()
    assert board.notes == ["Updated 23 November: scope reworded"]  # the day of the change, not of the edit
    await desk.shelf.restore(HERE, ANNA, CARD, 0, WHY)
    await living.sweep()
    assert board.notes[1:] == ["Updated 1 December: scope reworded"]


async def test_a_change_that_comes_and_goes_between_two_sweeps_edits_nothing(
    desk: Desk, living: LivingAnswers, board: ToldNoticeboard
) -> None:
    await living.remember([posted(desk, await desk.card(HERE))])
    await desk.published()
    await desk.shelf.restore(HERE, ANNA, CARD, 0, WHY)
    assert await living.sweep() == 0
    assert board.edits == []


async def test_a_withdrawn_card_is_taken_down_everywhere_and_comes_back(
    desk: Desk, living: LivingAnswers, board: ToldNoticeboard
) -> None:
    card = await desk.card(HERE)
    await living.remember([posted(desk, card, message_id=number) for number in (1, 2)])
    await desk.shelf.withdraw(HERE, ANNA, CARD, "A source was retracted.")
    desk.clock.advance(days=1)
    assert await living.sweep() == 2
    assert board.notes == ["Withdrawn 23 November"] * 2
    assert [row.shown for row in await rows(desk)] == [WITHDRAWN] * 2
    await desk.shelf.restore(HERE, ANNA, CARD, 0, WHY)
    assert await living.sweep() == 2
    assert board.notes[2:] == ["Updated 24 November: checked, and back again"] * 2


async def test_other_communities_see_nothing_of_it(desk: Desk, living: LivingAnswers, board: ToldNoticeboard) -> None:
    card = await desk.card(HERE)
    await living.remember([posted(desk, card, 1, HERE), posted(desk, card, 2, THERE)])
    await desk.published(guild_id=THERE)
    await desk.shelf.withdraw(THERE, ANNA, CARD, WHY)
    assert await living.sweep() == 1
    assert board.edited == [2]


async def test_bundled_content_that_changes_reaches_every_community_without_its_own_text(
    desk: Desk, living: LivingAnswers, board: ToldNoticeboard
) -> None:
    card = await desk.card(HERE)
    await desk.published(guild_id=THERE)
    await living.remember([posted(desk, card), posted(desk, await desk.card(THERE), 2, THERE)])
    await living.sweep()
    desk.ship(card.model_copy(update={"scope": OTHER_SCOPE}))
    desk.clock.advance(days=1)
    assert await living.sweep() == 1
    assert board.notes == ["Updated 24 November: scope reworded"]
    assert board.edited == [1]


async def test_each_of_several_changes_of_bundled_content_is_told_after_a_restart_too(
    desk: Desk, board: ToldNoticeboard
) -> None:
    card = await desk.card(HERE)
    assert card.harms
    await answers(desk, board).remember([posted(desk, card)])
    reworded = card.model_copy(update={"scope": OTHER_SCOPE})
    fewer = card.harms.model_copy(update={"common": card.harms.common[:-1]})
    for text in (reworded, reworded.model_copy(update={"harms": fewer}), reworded):
        await desk.storage.posted.purge(desk.clock.now() - REMEMBERED_FOR)
        desk.ship(text)
        await answers(desk, board).sweep()
    told = ["scope reworded", "harm removed", "new harm added"]
    assert board.notes == [f"Updated 23 November: {each}" for each in told]


async def test_the_same_text_as_another_version_wrote_it_gets_no_note(
    desk: Desk, living: LivingAnswers, board: ToldNoticeboard
) -> None:
    card = await desk.card(HERE)
    await living.remember([replace(posted(desk, card), shown="as it was")])
    await desk.storage.posted.keep({"as it was": card})
    await living.sweep()
    assert board.notes == [""]
    assert [row.shown for row in await rows(desk)] == [fingerprint(card)]


async def test_of_a_text_that_nobody_has_the_note_says_less(
    desk: Desk, living: LivingAnswers, board: ToldNoticeboard
) -> None:
    card = await desk.card(HERE)
    await living.remember([posted(desk, card.model_copy(update={"scope": OTHER_SCOPE}))])
    await living.sweep()
    assert board.notes == ["Updated 23 November: the card was updated"]


async def test_a_new_harm_is_said_in_the_note(desk: Desk, living: LivingAnswers, board: ToldNoticeboard) -> None:
    card = await desk.card(HERE)
    assert card.harms
    fewer = card.harms.model_copy(update={"common": card.harms.common[:-1]})
    desk.ship(card.model_copy(update={"harms": fewer}))
    await desk.published()
    await living.remember([posted(desk, await desk.card(HERE))])
    desk.ship(card)
    await desk.shelf.accept_bundled(HERE, ANNA, CARD)
    await living.sweep()
    assert board.notes == ["Updated 23 November: new harm added, scope reworded"]


async def test_a_card_that_is_no_more_counts_as_withdrawn(
    desk: Desk, living: LivingAnswers, board: ToldNoticeboard
) -> None:
    await living.remember([posted(desk, await desk.card(HERE), card_id="never-was")])
    assert await living.sweep() == 1
    assert board.notes == ["Withdrawn 23 November"]
    assert await answers(desk, board).sweep() == 0


async def test_a_comparison_is_edited_once_for_both_of_its_cards(
    desk: Desk, living: LivingAnswers, board: ToldNoticeboard
) -> None:
    first, second = await desk.card(HERE), await desk.card(HERE, "tens")
    await living.remember(
        [
            posted(desk, first, shape="compare:tens"),
            posted(desk, second, card_id="tens", shape=f"compared:{CARD}"),
        ]
    )
    await desk.published()
    await desk.shelf.withdraw(HERE, ANNA, "tens", WHY)
    assert await living.sweep() == 1
    assert board.notes == ["Updated 23 November: scope reworded · Withdrawn 23 November"]
    assert await answers(desk, board).sweep() == 0


# Faults


async def test_fault_a_restart_before_the_edit_loses_nothing(desk: Desk, board: ToldNoticeboard) -> None:
    await answers(desk, board).remember([posted(desk, await desk.card(HERE))])
    await desk.published()
    assert await answers(desk, board).sweep() == 1


async def test_fault_what_discord_does_not_take_is_tried_again_a_while_later(
    desk: Desk, living: LivingAnswers, board: ToldNoticeboard
) -> None:
    await living.remember([posted(desk, await desk.card(HERE))])
    await desk.published()
    board.outcomes.append(LATER)
    assert await living.sweep() == 0
    assert await living.sweep() == 0
    assert len(board.edits) == 1
    desk.clock.moment += TRY_AGAIN_AFTER
    assert await living.sweep() == 1
    assert board.notes == ["Updated 23 November: scope reworded"] * 2


async def test_fault_while_discord_takes_nothing_a_sweep_gives_up_early(
    desk: Desk, living: LivingAnswers, board: ToldNoticeboard
) -> None:
    card = await desk.card(HERE)
    await living.remember([posted(desk, card, message_id=number) for number in range(1, 11)])
    await desk.published()
    board.outcomes.extend([LATER] * 3)
    await living.sweep()
    assert board.edited == [1, 2, 3]
    desk.clock.moment += TRY_AGAIN_AFTER
    assert await living.sweep() == 10


async def test_fault_a_message_that_is_gone_is_forgotten(
    desk: Desk, living: LivingAnswers, board: ToldNoticeboard
) -> None:
    card = await desk.card(HERE)
    await living.remember([posted(desk, card), posted(desk, card, 2)])
    await desk.published()
    board.outcomes.append(GONE)
    assert await living.sweep() == 1
    assert [row.message_id for row in await rows(desk)] == [2]


async def test_fault_a_change_during_the_edit_is_not_missed(
    desk: Desk, living: LivingAnswers, board: ToldNoticeboard
) -> None:
    card = await desk.card(HERE)
    await living.remember([posted(desk, card)])
    await desk.published()
    board.meanwhile = lambda: desk.editions.changed(HERE)
    await living.sweep()
    board.meanwhile = lambda: None
    await desk.shelf.withdraw(HERE, ANNA, CARD, WHY)
    assert await living.sweep() == 1
    assert [row.shown for row in await rows(desk)] == [WITHDRAWN]


async def test_fault_a_sweep_that_breaks_off_leaves_its_work_for_the_next(
    desk: Desk, living: LivingAnswers, board: ToldNoticeboard
) -> None:
    def break_off() -> None:
        raise OSError

    await living.remember([posted(desk, await desk.card(HERE))])
    await living.sweep()
    await desk.published()
    board.meanwhile = break_off
    with pytest.raises(OSError):  # noqa: PT011 - the very one from above
        await living.sweep()
    board.meanwhile = lambda: None
    assert await living.sweep() == 1


async def test_fault_a_card_that_changed_while_its_message_was_sent_is_noticed(
    desk: Desk, living: LivingAnswers
) -> None:
    before = posted(desk, await desk.card(HERE))
    await desk.published()
    await living.sweep()
    await living.remember([before])
    assert await living.sweep() == 1


async def test_messages_of_another_process_are_left_to_it(
    desk: Desk, living: LivingAnswers, board: ToldNoticeboard
) -> None:
    board.elsewhere.add(HERE)
    await living.remember([posted(desk, await desk.card(HERE))])
    await desk.published()
    assert await living.sweep() == 0
    assert len(await rows(desk)) == 1


async def test_after_thirty_days_a_message_stays_as_it_is(desk: Desk, living: LivingAnswers) -> None:
    await living.remember([posted(desk, await desk.card(HERE))])
    desk.clock.moment += REMEMBERED_FOR
    assert await living.purge() == 0
    desk.clock.moment += timedelta(seconds=1)
    assert await living.purge() == 1
    await desk.published()
    assert await living.sweep() == 0
