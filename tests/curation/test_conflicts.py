"""Two at once: the second is shown what the first did, and nothing is overwritten."""

import asyncio

import pytest

from bot.domain.cards import Card, Kind
from bot.domain.curation import ProposalStatus
from bot.domain.manuscripts import Part
from bot.errors import UserError
from tests.curation.desk import ANNA, BEN, CARD, CLEO, HERE, OTHER_SCOPE, SCOPE, THERE, WHY, Desk

CAREFUL = "Heart disease, a past stroke, or danger from higher blood pressure. [1]"


async def test_approvals_at_the_same_moment_publish_once(desk: Desk) -> None:
    proposal = await desk.sent()
    votes = await asyncio.gather(*(desk.proposals.approve(HERE, proposal.id, each) for each in (BEN, CLEO, BEN)))
    assert sorted(vote.published for vote in votes) == [False, False, True]
    assert all(vote.ended for vote in votes if not vote.published)
    assert len(await desk.shelf.history(HERE, CARD)) == 1


async def test_the_same_curator_twice_at_once_is_one_key(desk: Desk) -> None:
    await desk.two_keys()
    proposal = await desk.sent()
    votes = await asyncio.gather(
        *(desk.proposals.approve(HERE, proposal.id, BEN) for _ in range(3)), return_exceptions=True
    )
    assert sum(isinstance(vote, UserError) for vote in votes) == 2
    assert (await desk.proposals.get(HERE, proposal.id)).approved_by == (BEN,)
    assert await desk.shelf.history(HERE, CARD) == []


async def test_two_proposals_approved_at_the_same_moment_publish_one(desk: Desk) -> None:
    first, second = await desk.sent(), await desk.sent(OTHER_SCOPE, CLEO)
    votes = await asyncio.gather(*(desk.proposals.approve(HERE, each.id, BEN) for each in (first, second)))
    assert sorted((vote.published, vote.conflict) for vote in votes) == [(False, True), (True, False)]
    assert len(await desk.shelf.history(HERE, CARD)) == 1
    [loser] = [vote.proposal for vote in votes if vote.conflict]
    assert (loser.status, loser.approved_by) == (ProposalStatus.OPEN, ())


async def test_a_draft_that_was_overtaken_is_not_sent(desk: Desk) -> None:
    late = await desk.drafted(OTHER_SCOPE, CLEO)
    await desk.published()
    check = await desk.proposals.send(HERE, late.id, CLEO, WHY)
    assert [(change.old, change.new) for change in check.conflict] == [(desk.library.catalog.cards[CARD].scope, SCOPE)]
    kept = await desk.proposals.get(HERE, late.id)
    assert (kept.status, kept.manuscript.parts[Part.SCOPE]) == (ProposalStatus.DRAFT, OTHER_SCOPE)


async def test_what_both_changed_is_brought_together(desk: Desk) -> None:
    late = await desk.drafted(OTHER_SCOPE, CLEO)
    await desk.proposals.write(HERE, late.id, CLEO, {Part.CAREFUL: CAREFUL})
    early = await desk.drafted()
    await desk.proposals.write(HERE, early.id, ANNA, {Part.UNKNOWN: "Who it will help. [1]"})
    assert (await desk.proposals.send(HERE, early.id, ANNA, WHY)).is_clean
    assert (await desk.proposals.approve(HERE, early.id, BEN)).published

    together, both = await desk.proposals.bring_together(HERE, late.id, CLEO)
    assert both == ("What this card covers",)
    assert together.base_number == 1
    check = await desk.proposals.send(HERE, late.id, CLEO, WHY)
    assert check.is_clean, check
    assert (await desk.proposals.approve(HERE, late.id, BEN)).published
    card = await desk.card(HERE)
    assert card.scope == OTHER_SCOPE
    assert [each.text for each in card.unknown] == ["Who it will help."]
    assert len(card.careful) == 1


async def test_one_in_review_is_brought_together_and_needs_its_keys_again(desk: Desk) -> None:
    await desk.two_keys()
    late = await desk.sent(OTHER_SCOPE, CLEO)
    await desk.proposals.approve(HERE, late.id, BEN)
    early = await desk.sent()
    await desk.proposals.approve(HERE, early.id, BEN)
    assert (await desk.proposals.approve(HERE, early.id, CLEO)).published

    vote = await desk.proposals.approve(HERE, late.id, ANNA)
    assert vote.conflict
    together, _ = await desk.proposals.bring_together(HERE, late.id, CLEO)
    assert together.status is ProposalStatus.CHANGES_ASKED
    assert (await desk.proposals.send(HERE, late.id, CLEO, WHY)).is_clean
    assert not (await desk.proposals.approve(HERE, late.id, ANNA)).published
    assert (await desk.proposals.approve(HERE, late.id, BEN)).published
    assert (await desk.card(HERE)).scope == OTHER_SCOPE


async def test_without_a_conflict_what_is_in_review_stays_there(desk: Desk) -> None:
    proposal = await desk.sent()
    with pytest.raises(UserError, match="in review"):
        await desk.proposals.bring_together(HERE, proposal.id, ANNA)
    assert (await desk.proposals.get(HERE, proposal.id)).status is ProposalStatus.OPEN


async def test_a_bundled_card_that_changed_beneath_is_a_conflict_too(desk: Desk) -> None:
    proposal = await desk.sent()
    desk.ship(newer(desk))
    vote = await desk.proposals.approve(HERE, proposal.id, BEN)
    assert vote.conflict
    check = await desk.proposals.check(proposal)
    assert [change.new for change in check.conflict] == ["Nobody knows what it costs."]
    together, both = await desk.proposals.bring_together(HERE, proposal.id, ANNA)
    assert (both, together.base_number) == ((), 0)
    assert (await desk.proposals.send(HERE, proposal.id, ANNA, WHY)).is_clean
    assert (await desk.proposals.approve(HERE, proposal.id, BEN)).published
    card = await desk.card(HERE)
    assert (card.scope, card.questions[-1]) == (SCOPE, "Nobody knows what it costs.")
    assert await desk.shelf.changed_below(HERE) == []


async def test_below_a_communitys_own_text_it_is_none(desk: Desk) -> None:
    await desk.published()
    proposal = await desk.sent(OTHER_SCOPE, CLEO)
    desk.ship(newer(desk))
    assert (await desk.proposals.approve(HERE, proposal.id, BEN)).published
    # Nobody has decided about the newer bundled card: it stays in the queue.
    [(revision, bundled)] = await desk.shelf.changed_below(HERE)
    assert (revision.number, bundled) == (2, newer(desk))


async def test_a_card_withdrawn_meanwhile_is_said(desk: Desk) -> None:
    proposal = await desk.sent()
    await desk.shelf.withdraw(HERE, CLEO, CARD, "A harm is missing.")
    assert (await desk.proposals.approve(HERE, proposal.id, BEN)).conflict
    check = await desk.proposals.check(proposal)
    assert [(change.where, change.new) for change in check.conflict] == [("Withdrawn", "A harm is missing.")]
    assert (await desk.editions.of(HERE)).card(CARD).withdrawal is not None


async def test_so_is_one_that_went_and_came_back(desk: Desk) -> None:
    draft = await desk.drafted()
    await desk.shelf.withdraw(HERE, CLEO, CARD, "A harm is missing.")
    await desk.shelf.restore(HERE, CLEO, CARD, 0, "It is not.")
    check = await desk.proposals.send(HERE, draft.id, ANNA, WHY)
    assert [(change.where, change.old, change.new) for change in check.conflict] == [("Revision", "0", "2")]
    await desk.proposals.bring_together(HERE, draft.id, ANNA)
    assert (await desk.proposals.send(HERE, draft.id, ANNA, WHY)).is_clean


async def test_what_happens_in_another_server_is_no_conflict(desk: Desk) -> None:
    proposal = await desk.sent()
    await desk.published(OTHER_SCOPE, guild_id=THERE)
    assert (await desk.proposals.approve(HERE, proposal.id, BEN)).published
    assert (await desk.card(HERE)).scope == SCOPE
    assert (await desk.card(THERE)).scope == OTHER_SCOPE


async def test_a_name_that_was_taken_meanwhile_stops_at_the_key(desk: Desk) -> None:
    draft = await desk.proposals.begin(HERE, ANNA, CARD)
    aliases = draft.manuscript.parts[Part.ALIASES]
    await desk.proposals.write(HERE, draft.id, ANNA, {Part.ALIASES: f"{aliases}, moonwater"})
    assert (await desk.proposals.send(HERE, draft.id, ANNA, WHY)).is_clean
    tramadol = desk.library.catalog.cards["tramadol"]
    desk.ship(tramadol.model_copy(update={"aliases": (*tramadol.aliases, "moonwater")}))
    with pytest.raises(UserError, match="mending first"):
        await desk.proposals.approve(HERE, draft.id, BEN)
    assert await desk.shelf.history(HERE, CARD) == []


async def test_two_new_cards_of_one_name_meet(desk: Desk) -> None:
    drafts = [await desk.proposals.begin_new(HERE, who, "Cupping", Kind.PHYSICAL) for who in (ANNA, CLEO)]
    assert drafts[0].card_id == drafts[1].card_id
    shipped = desk.library.catalog.cards[CARD].model_copy(
        update={"id": drafts[0].card_id, "name": "Cupping", "aliases": (), "brands": ()}
    )
    desk.ship(shipped)
    check = await desk.proposals.check(drafts[1])
    assert ("Name", None, "Cupping") in [(change.where, change.old, change.new) for change in check.conflict]


def newer(desk: Desk) -> Card:
    card = desk.library.catalog.cards[CARD]
    return card.model_copy(update={"questions": (*card.questions, "Nobody knows what it costs.")})
