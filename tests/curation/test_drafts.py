"""Writing: nothing that was typed is lost, and nobody else touches it."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from bot.domain.cards import Kind, SourceType
from bot.domain.curation import ProposalStatus
from bot.domain.manuscripts import Part
from bot.errors import UserError
from bot.services.curation.drafts import UNKNOWN
from bot.services.curation.proposals import ProposalService
from tests.curation.desk import ANNA, BEN, CARD, HERE, SCOPE, THERE, WHY, Desk

WRONG = "\n".join(
    [
        "@everyone take 500 mg every day, it cures. [77]",
        "x" * 4001,
        "A line that runs \u202ebackwards. [1]",
        "",
    ]
)


async def test_wrong_lines_are_kept_as_they_were_typed_and_not_sent(desk: Desk) -> None:
    draft = await desk.drafted()
    await desk.proposals.write(HERE, draft.id, ANNA, {Part.EVIDENCE: WRONG})
    check = await desk.proposals.send(HERE, draft.id, ANNA, WHY)
    assert not check.is_clean
    assert {Part.EVIDENCE} == {remark.where for remark in check.remarks}
    kept = await desk.proposals.get(HERE, draft.id)
    assert kept.status is ProposalStatus.DRAFT
    assert kept.why == WHY
    # The first source has its id where its number was typed; all else is as it came.
    assert kept.manuscript.parts[Part.EVIDENCE] == WRONG.replace("[1]", f"[{kept.manuscript.sources[0]}]")
    assert kept.manuscript.parts[Part.SCOPE] == SCOPE


@pytest.mark.parametrize(
    "scope",
    ["Ketamine, @everyone, for fibromyalgia.", "Ketamine \u202efor fibromyalgia.", "Ketamine for <@123456789> here."],
)
async def test_mentions_and_hidden_text_stop_before_anybody_else_sees_them(desk: Desk, scope: str) -> None:
    draft = await desk.drafted(scope)
    check = await desk.proposals.send(HERE, draft.id, ANNA, WHY)
    assert [remark.where for remark in check.remarks] == [Part.SCOPE]


async def test_what_others_read_beside_it_is_one_clean_line(desk: Desk) -> None:
    draft = await desk.drafted()
    await desk.proposals.send(HERE, draft.id, ANNA, "Because\n\u202eit \u200bis so.")
    assert (await desk.proposals.get(HERE, draft.id)).why == "Because it is so."


@pytest.mark.parametrize(
    ("why", "wanted"), [("", "why you propose"), (" \u200b\n", "why you propose"), ("y" * 301, "300 or fewer")]
)
async def test_a_why_is_needed_and_short(desk: Desk, why: str, wanted: str) -> None:
    draft = await desk.drafted()
    with pytest.raises(UserError, match=wanted):
        await desk.proposals.send(HERE, draft.id, ANNA, why)
    assert (await desk.proposals.get(HERE, draft.id)).status is ProposalStatus.DRAFT


async def test_a_draft_that_changes_nothing_is_told_so(desk: Desk) -> None:
    draft = await desk.proposals.begin(HERE, ANNA, CARD)
    with pytest.raises(UserError, match="nothing to review"):
        await desk.proposals.send(HERE, draft.id, ANNA, WHY)
    assert (await desk.proposals.get(HERE, draft.id)).status is ProposalStatus.DRAFT


async def test_a_review_that_found_nothing_to_change_can_still_be_sent(desk: Desk) -> None:
    draft = await desk.proposals.begin(HERE, ANNA, CARD)
    dates = {Part.COMPILED: "2026-11-24", Part.REVIEW_DUE: "2027-11-24"}
    await desk.proposals.write(HERE, draft.id, ANNA, dates)
    assert (await desk.proposals.send(HERE, draft.id, ANNA, "Looked through; still true.")).is_clean


async def test_a_second_visit_finds_the_first_draft(desk: Desk) -> None:
    draft = await desk.drafted()
    assert await desk.proposals.begin(HERE, ANNA, CARD) == await desk.proposals.get(HERE, draft.id)
    both = await asyncio.gather(*(desk.proposals.begin(HERE, BEN, CARD) for _ in range(2)))
    assert len({each.id for each in both}) == 1
    assert both[0].id != draft.id
    assert (await desk.proposals.begin(THERE, ANNA, CARD)).id != draft.id


async def test_there_is_no_draft_of_what_does_not_exist(desk: Desk) -> None:
    with pytest.raises(UserError, match="no such card"):
        await desk.proposals.begin(HERE, ANNA, "moon-dust")


Step = Callable[[ProposalService, str, int], Awaitable[object]]
WRITING: dict[str, Step] = {
    "write": lambda service, draft, who: service.write(HERE, draft, who, {Part.NAME: "Mine"}),
    "claim": lambda service, draft, who: service.write_claim(HERE, draft, who, None, "It cures.", "mixed", "No.", ""),
    "remove": lambda service, draft, who: service.remove_claim(HERE, draft, who, "discovered-in-1962"),
    "cite": lambda service, draft, who: service.cite(HERE, draft, who, "recla-2010"),
    "add": lambda service, draft, who: service.add_source(
        HERE, draft, who, "10.1234/x", "A title", "Smith J", "2026", SourceType.TRIAL
    ),
    "send": lambda service, draft, who: service.send(HERE, draft, who, WHY),
    "bring together": lambda service, draft, who: service.bring_together(HERE, draft, who),
    "discard": lambda service, draft, who: service.discard(HERE, draft, who),
}


@pytest.mark.parametrize("step", WRITING.values(), ids=WRITING)
async def test_nobody_writes_in_somebody_elses_draft(desk: Desk, step: Step) -> None:
    draft = await desk.drafted()
    with pytest.raises(UserError, match="Somebody else"):
        await step(desk.proposals, draft.id, BEN)
    assert await desk.proposals.get(HERE, draft.id) == draft


@pytest.mark.parametrize("step", [each for name, each in WRITING.items() if name != "discard"])
async def test_what_is_in_review_is_not_changed(desk: Desk, step: Step) -> None:
    sent = await desk.sent()
    with pytest.raises(UserError, match="in review"):
        await step(desk.proposals, sent.id, ANNA)
    assert await desk.proposals.get(HERE, sent.id) == sent


ANYTHING: dict[str, Step] = {
    **WRITING,
    "get": lambda service, draft, _: service.get(HERE, draft),
    "approve": lambda service, draft, who: service.approve(HERE, draft, who),
    "ask change": lambda service, draft, who: service.ask_change(HERE, draft, who, "Shorter."),
    "reject": lambda service, draft, who: service.reject(HERE, draft, who, "No."),
    "shown at": lambda service, draft, _: service.shown_at(HERE, draft, 1, 2),
}


@pytest.mark.parametrize("step", ANYTHING.values(), ids=ANYTHING)
async def test_another_servers_proposals_are_as_unknown_as_those_that_never_were(desk: Desk, step: Step) -> None:
    theirs = await desk.sent(guild_id=THERE)
    for proposal_id in (theirs.id, "0123456789abcdef"):
        with pytest.raises(UserError) as refused:
            await step(desk.proposals, proposal_id, ANNA)
        assert str(refused.value) == UNKNOWN
    assert await desk.proposals.get(THERE, theirs.id) == theirs


async def test_a_draft_is_not_approved_before_it_is_sent(desk: Desk) -> None:
    draft = await desk.drafted()
    assert (await desk.proposals.approve(HERE, draft.id, BEN)).ended
    assert await desk.shelf.history(HERE, CARD) == []


async def test_forms_sent_at_once_do_not_undo_each_other(desk: Desk) -> None:
    draft = await desk.drafted()
    texts = {Part.SCOPE: "One.", Part.CAREFUL: "Two.", Part.UNKNOWN: "Three.", Part.WAITING: "Four."}
    await asyncio.gather(
        *(desk.proposals.write(HERE, draft.id, ANNA, {part: text}) for part, text in texts.items()),
        desk.proposals.cite(HERE, draft.id, ANNA, "recla-2010"),
    )
    kept = (await desk.proposals.get(HERE, draft.id)).manuscript
    assert {part: kept.parts[part] for part in texts} == texts
    assert "recla-2010" in kept.sources


async def test_claims_are_written_changed_and_removed(desk: Desk) -> None:
    draft = await desk.proposals.begin(HERE, ANNA, CARD)
    before = len(draft.manuscript.claims)
    added = await desk.proposals.write_claim(
        HERE, draft.id, ANNA, None, "It cures everything.", "unsupported", "No trial shows it. [1]", "a cure\nmagic"
    )
    claim = added.manuscript.claims[-1]
    assert (claim.id, claim.why) == ("it-cures-everything", f"No trial shows it. [{added.manuscript.sources[0]}]")
    twin = await desk.proposals.write_claim(
        HERE, draft.id, ANNA, None, "It cures everything!", "mixed", "As above. [1]", ""
    )
    assert len({each.id for each in twin.manuscript.claims}) == before + 2
    await desk.proposals.remove_claim(HERE, draft.id, ANNA, twin.manuscript.claims[-1].id)
    changed = await desk.proposals.write_claim(
        HERE, draft.id, ANNA, claim.id, "It cures all.", "unsupported", "No trial shows it. [1]", ""
    )
    assert len(changed.manuscript.claims) == before + 1
    assert (await desk.proposals.send(HERE, draft.id, ANNA, WHY)).is_clean


async def test_a_claim_that_was_removed_while_its_form_was_open_comes_back(desk: Desk) -> None:
    draft = await desk.proposals.begin(HERE, ANNA, CARD)
    claim = draft.manuscript.claims[0]
    await desk.proposals.remove_claim(HERE, draft.id, ANNA, claim.id)
    written = await desk.proposals.write_claim(
        HERE, draft.id, ANNA, claim.id, "Typed with care.", claim.verdict, claim.why, ""
    )
    assert written.manuscript.claims[-1].text == "Typed with care."


@pytest.mark.parametrize("name", ["ketamine", "Special-K", "Ketalar", " KETAMIN "])
async def test_a_name_that_leads_to_a_card_makes_no_new_one(desk: Desk, name: str) -> None:
    with pytest.raises(UserError, match="“Ketamine” goes by that name"):
        await desk.proposals.begin_new(HERE, ANNA, name, Kind.MEDICINE)


async def test_nor_does_that_of_a_withdrawn_one(desk: Desk) -> None:
    await desk.shelf.withdraw(HERE, BEN, CARD, "Checking.")
    with pytest.raises(UserError, match="goes by that name"):
        await desk.proposals.begin_new(HERE, ANNA, "Ketamine", Kind.MEDICINE)


@pytest.mark.parametrize("name", ["", " \u200b", "…", "n" * 81])
async def test_a_new_card_needs_a_name(desk: Desk, name: str) -> None:
    with pytest.raises(UserError, match="the name of the card"):
        await desk.proposals.begin_new(HERE, ANNA, name, Kind.MEDICINE)


async def test_a_second_try_at_a_new_card_finds_the_first(desk: Desk) -> None:
    first = await desk.proposals.begin_new(HERE, ANNA, "Cupping", Kind.PHYSICAL)
    assert (await desk.proposals.begin_new(HERE, ANNA, "cupping ", Kind.DEVICE)).id == first.id
    assert (await desk.proposals.begin_new(HERE, BEN, "Cupping", Kind.PHYSICAL)).id != first.id


async def test_a_new_cards_review_is_due_on_a_day_that_exists(desk: Desk) -> None:
    desk.clock.moment = desk.clock.moment.replace(year=2028, month=2, day=29)
    draft = await desk.proposals.begin_new(HERE, ANNA, "Cupping", Kind.PHYSICAL)
    assert draft.manuscript.parts[Part.REVIEW_DUE] == "2029-02-28"


async def test_an_unfinished_new_card_says_what_is_missing(desk: Desk) -> None:
    draft = await desk.proposals.begin_new(HERE, ANNA, "Cupping", Kind.PHYSICAL)
    check = await desk.proposals.check(draft)
    assert {Part.SCOPE, Part.KEY_MESSAGES, Part.EVIDENCE} <= {remark.where for remark in check.remarks}
    assert check.changes == ()
