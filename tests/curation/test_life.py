"""The life of a card: three curators, two servers, two keys."""

import re

import pytest

from bot.domain.cards import Kind, SourceType
from bot.domain.curation import ProposalStatus, RevisionKind
from bot.domain.manuscripts import Part
from bot.errors import UserError
from tests.curation.desk import ANNA, BEN, CARD, CLEO, HERE, OTHER_SCOPE, SCOPE, THERE, WHY, Desk


async def test_a_card_lives_through_it_all(desk: Desk) -> None:
    await desk.two_keys()
    before = await desk.card(HERE)
    proposals = desk.proposals

    draft = await proposals.begin(HERE, ANNA, CARD)
    draft, number, known = await proposals.add_source(
        HERE, draft.id, ANNA, "10.1234/new", "A newer trial", "Smith J, et al.", "Pain 2026", SourceType.TRIAL
    )
    assert known is None
    effect = f"In one small trial, pain eased a little. [1, {number}]"
    await proposals.write(HERE, draft.id, ANNA, {Part.SCOPE: SCOPE, Part.EFFECT: effect})
    check = await proposals.send(HERE, draft.id, ANNA, WHY)
    assert check.is_clean
    assert [change.where for change in check.changes][:2] == ["What this card covers", "How big is the effect?"]

    with pytest.raises(UserError, match="somebody else must approve"):
        await proposals.approve(HERE, draft.id, ANNA)
    first = await proposals.approve(HERE, draft.id, BEN)
    assert (first.published, first.conflict, first.ended) == (False, False, False)
    assert first.proposal.approved_by == (BEN,)
    with pytest.raises(UserError, match="approved this already"):
        await proposals.approve(HERE, draft.id, BEN)
    assert await desk.card(HERE) == before
    last = await proposals.approve(HERE, draft.id, CLEO)
    assert last.published
    assert last.proposal.status is ProposalStatus.PUBLISHED

    now = await desk.card(HERE)
    assert now.scope == SCOPE
    assert now.effect is not None
    assert now.effect.cites[1] == "smith-2026"
    shown = (await desk.editions.of(HERE)).card(CARD).sources
    assert "A newer trial" in [source.title for _, source in shown]
    assert await desk.card(THERE) == before
    assert await desk.card(None) == before

    [revision] = await desk.shelf.history(HERE, CARD)
    assert (revision.number, revision.kind) == (1, RevisionKind.PUBLISHED)
    assert (revision.author_id, revision.approved_by, revision.why) == (ANNA, (BEN, CLEO), WHY)
    assert [source.id for source in revision.sources] == ["smith-2026"]
    assert await desk.shelf.history(THERE, CARD) == []

    await desk.shelf.withdraw(HERE, BEN, CARD, "Two members say a harm is missing.")
    again = await proposals.begin(HERE, CLEO, CARD)
    assert again.manuscript.parts[Part.SCOPE] == SCOPE
    await proposals.write(HERE, again.id, CLEO, {Part.SCOPE: OTHER_SCOPE})
    check = await proposals.send(HERE, again.id, CLEO, "The harm is on it now.")
    assert check.lifts is not None
    assert check.lifts.reason == "Two members say a harm is missing."
    await proposals.approve(HERE, again.id, ANNA)
    assert (await proposals.approve(HERE, again.id, BEN)).published
    answer = (await desk.editions.of(HERE)).card(CARD)
    assert (answer.card.scope, answer.withdrawal) == (OTHER_SCOPE, None)

    await desk.shelf.restore(HERE, ANNA, CARD, 0, "The bundled one is better after all.")
    assert await desk.card(HERE) == before
    assert [each.number for each in await desk.shelf.history(HERE, CARD)] == [4, 3, 2, 1]


async def test_the_audit_log_says_who_did_what(desk: Desk) -> None:
    await desk.published()
    sent = await desk.communities.events(HERE)
    by_action = {event.action: event for event in sent}
    assert set(by_action) == {"proposal sent", "approved", "published"}
    assert by_action["proposal sent"].actor_id == ANNA
    assert by_action["published"].actor_id == BEN
    assert {event.subject for event in sent} == {CARD}
    assert by_action["published"].detail == WHY


async def test_a_draft_leaves_no_trace_in_the_log(desk: Desk) -> None:
    await desk.drafted()
    assert await desk.log() == []


async def test_it_can_be_sent_back_and_mended(desk: Desk) -> None:
    await desk.two_keys()
    proposal = await desk.sent()
    await desk.proposals.approve(HERE, proposal.id, CLEO)
    back = await desk.proposals.ask_change(HERE, proposal.id, BEN, "Shorter,\nplease.\u202e")
    assert (back.status, back.reply) == (ProposalStatus.CHANGES_ASKED, "Shorter, please.")
    assert (await desk.proposals.begin(HERE, ANNA, CARD)).id == proposal.id
    await desk.proposals.write(HERE, proposal.id, ANNA, {Part.SCOPE: OTHER_SCOPE})
    assert (await desk.proposals.send(HERE, proposal.id, ANNA, "Shorter now.")).is_clean
    # Cleo approved other words: they need to look again.
    assert not (await desk.proposals.approve(HERE, proposal.id, CLEO)).published
    assert (await desk.proposals.approve(HERE, proposal.id, BEN)).published
    assert (await desk.card(HERE)).scope == OTHER_SCOPE


async def test_a_rejected_one_is_over_and_its_text_is_kept(desk: Desk) -> None:
    proposal = await desk.sent()
    rejected = await desk.proposals.reject(HERE, proposal.id, BEN, "The trial says otherwise.")
    assert (rejected.status, rejected.reply) == (ProposalStatus.REJECTED, "The trial says otherwise.")
    assert rejected.manuscript.parts[Part.SCOPE] == SCOPE
    assert (await desk.proposals.approve(HERE, proposal.id, CLEO)).ended
    with pytest.raises(UserError, match="come to its end"):
        await desk.proposals.write(HERE, proposal.id, ANNA, {Part.SCOPE: OTHER_SCOPE})
    with pytest.raises(UserError, match="not in review"):
        await desk.proposals.reject(HERE, proposal.id, CLEO, "Late.")
    assert (await desk.proposals.begin(HERE, ANNA, CARD)).id != proposal.id


@pytest.mark.parametrize("in_review", [True, False])
async def test_an_author_can_take_it_back(desk: Desk, *, in_review: bool) -> None:
    proposal = await (desk.sent() if in_review else desk.drafted())
    given_up = await desk.proposals.discard(HERE, proposal.id, ANNA)
    assert given_up.status is ProposalStatus.DISCARDED
    assert (await desk.proposals.approve(HERE, proposal.id, BEN)).ended
    assert await desk.proposals.mine(HERE, ANNA) == []
    assert (await desk.log())[-1] == "discarded"


async def test_authors_send_their_own_back_but_do_not_reject_it(desk: Desk) -> None:
    proposal = await desk.sent()
    with pytest.raises(UserError, match="take it back"):
        await desk.proposals.reject(HERE, proposal.id, ANNA, "A typo.")
    back = await desk.proposals.ask_change(HERE, proposal.id, ANNA, "A typo of mine.")
    assert back.status is ProposalStatus.CHANGES_ASKED


async def test_once_its_author_is_erased_anybody_may_turn_the_key(desk: Desk) -> None:
    proposal = await desk.sent()
    await desk.storage.members.erase(ANNA)
    kept = await desk.proposals.get(HERE, proposal.id)
    assert kept.author_id is None
    with pytest.raises(UserError, match="approve or reject"):
        await desk.proposals.ask_change(HERE, proposal.id, BEN, "Shorter.")
    vote = await desk.proposals.approve(HERE, proposal.id, ANNA)
    assert vote.published
    [revision] = await desk.shelf.history(HERE, CARD)
    assert revision.author_id is None
    assert await desk.card(HERE) != await desk.card(THERE)


async def test_fewer_keys_count_for_what_is_in_review_already(desk: Desk) -> None:
    await desk.two_keys()
    proposal = await desk.sent()
    assert not (await desk.proposals.approve(HERE, proposal.id, BEN)).published
    one = (await desk.communities.of(HERE)).model_copy(update={"approvals": 1})
    await desk.communities.change(one, ANNA, "approvals: 1")
    assert (await desk.proposals.approve(HERE, proposal.id, BEN)).published


async def test_whoever_follows_the_editions_is_told(desk: Desk) -> None:
    told: list[int | None] = []
    desk.editions.listeners.append(told.append)
    await desk.published()
    await desk.shelf.withdraw(HERE, CLEO, CARD, "Checking.")
    assert told == [HERE, HERE]


async def test_a_new_card_is_published(desk: Desk) -> None:
    ketamine = await desk.proposals.begin(HERE, BEN, CARD)
    draft = await desk.proposals.begin_new(HERE, ANNA, "Cupping", Kind.PHYSICAL)
    assert draft.manuscript.parts[Part.COMPILED] == "2026-11-23"
    assert draft.manuscript.parts[Part.REVIEW_DUE] == "2027-11-23"
    _, number = await desk.proposals.cite(HERE, draft.id, ANNA, "noppers-2011-fm")
    texts = {
        part: text.replace("etamine", "upping")
        for part, text in ketamine.manuscript.parts.items()
        if part not in {Part.NAME, Part.KIND, Part.ALIASES, Part.BRANDS, Part.COMPILED, Part.REVIEW_DUE}
    }
    cited = {part: _cited(text, number) for part, text in texts.items()}
    await desk.proposals.write(HERE, draft.id, ANNA, cited)
    check = await desk.proposals.send(HERE, draft.id, ANNA, "Members ask for it.")
    assert check.is_clean, check.remarks
    assert (await desk.proposals.approve(HERE, draft.id, BEN)).published
    assert (await desk.card(HERE, "cupping")).name == "Cupping"
    assert (await desk.editions.state(THERE, "cupping")).card is None
    await desk.shelf.withdraw(HERE, CLEO, "cupping", "Checking.")
    with pytest.raises(UserError, match="goes by that name"):
        await desk.proposals.begin_new(HERE, CLEO, "cupping", Kind.PHYSICAL)
    with pytest.raises(UserError, match="your community's own"):
        await desk.shelf.restore(HERE, CLEO, "cupping", 0, "Back.")
    await desk.shelf.restore(HERE, CLEO, "cupping", 1, "It was fine.")
    assert (await desk.card(HERE, "cupping")).name == "Cupping"
    await desk.proposals.begin_new(THERE, CLEO, "Cupping", Kind.PHYSICAL)


def _cited(text: str, number: int) -> str:
    """The lines with this one citation in place of theirs."""
    return "\n".join(re.sub(r"\[[^\]]+\]$", f"[{number}]", line) for line in text.split("\n"))
