"""What is published: taken down in one press, brought back, and the bundled card below."""

import asyncio

import pytest

from bot.domain.cards import Card
from bot.domain.curation import RevisionKind, fingerprint
from bot.errors import UserError
from tests.curation.desk import ANNA, BEN, CARD, CLEO, HERE, OTHER_SCOPE, SCOPE, THERE, Desk

REASON = "A harm is missing."


async def test_withdrawing_takes_one_curator_and_a_reason(desk: Desk) -> None:
    revision = await desk.shelf.withdraw(HERE, BEN, CARD, f"  {REASON}\n")
    assert (revision.number, revision.kind, revision.author_id) == (1, RevisionKind.WITHDRAWN, BEN)
    answer = (await desk.editions.of(HERE)).card(CARD)
    assert answer.withdrawal is not None
    assert (answer.withdrawal.reason, answer.withdrawal.since) == (REASON, desk.clock.now())
    assert (await desk.editions.of(THERE)).card(CARD).withdrawal is None
    with pytest.raises(UserError, match="withdrawn already"):
        await desk.shelf.withdraw(HERE, CLEO, CARD, "Again.")
    assert await desk.log() == ["withdrawn"]
    assert (await desk.communities.events(HERE))[0].detail == REASON


@pytest.mark.parametrize("reason", ["", "\u200b", "r" * 301])
async def test_without_a_fit_reason_nothing_is_withdrawn(desk: Desk, reason: str) -> None:
    with pytest.raises(UserError, match=r"the reason|300 or fewer"):
        await desk.shelf.withdraw(HERE, BEN, CARD, reason)
    with pytest.raises(UserError, match=r"the reason|300 or fewer"):
        await desk.shelf.restore(HERE, BEN, CARD, 0, reason)
    assert await desk.shelf.history(HERE, CARD) == []


async def test_there_is_nothing_to_take_down_where_there_is_no_card(desk: Desk) -> None:
    for act in (desk.shelf.withdraw(HERE, BEN, "moon", REASON), desk.shelf.restore(HERE, BEN, "moon", 0, REASON)):
        with pytest.raises(UserError, match="no such card"):
            await act


async def test_a_withdrawn_bundled_card_comes_back_as_it_was(desk: Desk) -> None:
    await desk.shelf.withdraw(HERE, BEN, CARD, REASON)
    back = await desk.shelf.restore(HERE, CLEO, CARD, 1, "It was on it.")
    assert (back.number, back.kind, back.card) == (2, RevisionKind.BUNDLED, None)
    answer = (await desk.editions.of(HERE)).card(CARD)
    assert (answer.card, answer.withdrawal) == (desk.library.catalog.cards[CARD], None)
    assert await desk.log() == ["withdrawn", "restored"]


async def test_any_revision_can_come_back(desk: Desk) -> None:
    await desk.published()
    await desk.published(OTHER_SCOPE)
    await desk.shelf.restore(HERE, BEN, CARD, 0, "Back to the start.")
    with pytest.raises(UserError, match="see already"):
        await desk.shelf.restore(HERE, CLEO, CARD, 0, "Again.")
    await desk.shelf.restore(HERE, BEN, CARD, 1, "The first was best.")
    assert (await desk.card(HERE)).scope == SCOPE
    await desk.shelf.restore(HERE, BEN, CARD, 2, "No, the second.")
    assert (await desk.card(HERE)).scope == OTHER_SCOPE
    with pytest.raises(UserError, match="no such revision"):
        await desk.shelf.restore(HERE, BEN, CARD, 9, "What?")
    history = await desk.shelf.history(HERE, CARD)
    assert [(each.number, each.why) for each in history][:3] == [
        (5, "No, the second."),
        (4, "The first was best."),
        (3, "Back to the start."),
    ]


async def test_another_servers_revisions_cannot_be_had(desk: Desk) -> None:
    await desk.published(guild_id=THERE)
    with pytest.raises(UserError, match="no such revision"):
        await desk.shelf.restore(HERE, BEN, CARD, 1, "Theirs.")


async def test_of_two_at_the_same_moment_one_is_told_to_look_again(desk: Desk) -> None:
    await desk.published()
    done = await asyncio.gather(
        desk.shelf.withdraw(HERE, BEN, CARD, REASON),
        desk.shelf.restore(HERE, CLEO, CARD, 0, "Back."),
        return_exceptions=True,
    )
    refused = [str(each) for each in done if isinstance(each, UserError)]
    assert len(refused) == 1
    assert "Look again" in refused[0]
    assert len(await desk.shelf.history(HERE, CARD)) == 2


def newer(desk: Desk) -> Card:
    return desk.library.catalog.cards[CARD].model_copy(update={"scope": "Ketamine, and what was learnt since."})


async def test_a_bundled_card_that_changed_below_is_accepted(desk: Desk) -> None:
    await desk.published()
    assert await desk.shelf.changed_below(HERE) == []
    desk.ship(newer(desk))
    [(ours, theirs)] = await desk.shelf.changed_below(HERE)
    assert (ours.card and ours.card.scope, theirs) == (SCOPE, newer(desk))
    assert (await desk.card(HERE)).scope == SCOPE
    await desk.shelf.accept_bundled(HERE, BEN, CARD)
    assert await desk.card(HERE) == newer(desk)
    assert await desk.shelf.changed_below(HERE) == []
    with pytest.raises(UserError, match="nothing new to decide"):
        await desk.shelf.accept_bundled(HERE, CLEO, CARD)
    # Neither side is lost: ours can come back.
    await desk.shelf.restore(HERE, BEN, CARD, 1, "Ours again.")
    assert (await desk.card(HERE)).scope == SCOPE
    assert await desk.shelf.changed_below(HERE) == []


async def test_or_ours_is_kept_until_it_changes_again(desk: Desk) -> None:
    await desk.published()
    desk.ship(newer(desk))
    desk.clock.advance(minutes=1)
    kept = await desk.shelf.keep_ours(HERE, BEN, CARD)
    assert (kept.number, kept.bundled, kept.card and kept.card.scope) == (2, fingerprint(newer(desk)), SCOPE)
    assert await desk.shelf.changed_below(HERE) == []
    assert (await desk.log())[-1] == "kept"
    desk.ship(newer(desk).model_copy(update={"scope": "And since then."}))
    assert len(await desk.shelf.changed_below(HERE)) == 1


async def test_kept_withdrawn_it_keeps_its_reason(desk: Desk) -> None:
    await desk.shelf.withdraw(HERE, BEN, CARD, REASON)
    desk.ship(newer(desk))
    await desk.shelf.keep_ours(HERE, CLEO, CARD)
    answer = (await desk.editions.of(HERE)).card(CARD)
    assert answer.withdrawal is not None
    assert answer.withdrawal.reason == REASON


async def test_a_mended_bundled_card_ends_a_withdrawal_when_it_is_accepted(desk: Desk) -> None:
    await desk.shelf.withdraw(HERE, BEN, CARD, REASON)
    desk.ship(newer(desk))
    await desk.shelf.accept_bundled(HERE, CLEO, CARD)
    answer = (await desk.editions.of(HERE)).card(CARD)
    assert (answer.card, answer.withdrawal) == (newer(desk), None)


async def test_a_change_that_nobody_decided_on_outlives_a_withdrawal_and_its_end(desk: Desk) -> None:
    await desk.published()
    desk.ship(newer(desk))
    await desk.shelf.withdraw(HERE, ANNA, CARD, REASON)
    assert len(await desk.shelf.changed_below(HERE)) == 1
    await desk.shelf.restore(HERE, ANNA, CARD, 1, "It was fine.")
    assert len(await desk.shelf.changed_below(HERE)) == 1


async def test_only_servers_with_their_own_text_have_anything_below(desk: Desk) -> None:
    await desk.published()
    desk.ship(newer(desk))
    assert await desk.shelf.changed_below(THERE) == []
    assert await desk.card(THERE) == newer(desk)
