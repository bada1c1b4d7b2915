"""Proposals: nothing typed is lost, nothing in review changes, and nothing is published twice or by accident."""

import asyncio
from collections import Counter
from dataclasses import replace

import pytest

from bot.domain.curation import Proposal, ProposalStatus, Vote
from bot.storage import Storage
from tests.storage.curation_examples import (
    AUTHOR,
    FIRST,
    GUILD,
    OTHER_GUILD,
    SECOND,
    approve,
    event,
    manuscript,
    opened,
    proposal,
    revision,
    stored,
)
from tests.storage.examples import HOUR, NOW
from tests.storage.places import Place

TIMES = 20
DRAFT, OPEN, CHANGES_ASKED, PUBLISHED, REJECTED, DISCARDED = ProposalStatus
STEPS = {
    (DRAFT, OPEN),
    (DRAFT, DISCARDED),
    (CHANGES_ASKED, OPEN),
    (CHANGES_ASKED, DISCARDED),
    (OPEN, CHANGES_ASKED),
    (OPEN, REJECTED),
    (OPEN, DISCARDED),
}


async def in_status(storage: Storage, status: ProposalStatus) -> Proposal:
    """A proposal that got there in the way that people take."""
    made = proposal()
    if status in {DRAFT, DISCARDED}:
        await storage.proposals.save(made)
    else:
        await opened(storage, made)
    if status is PUBLISHED:
        await approve(storage, made)
    elif status not in {DRAFT, OPEN}:
        assert await storage.proposals.move(made.id, status, event())
    found = await stored(storage, made)
    assert found.status is status
    return found


async def nothing_published(storage: Storage) -> bool:
    return not await storage.revisions.latest(GUILD)


class TestSaving:
    async def test_every_word_comes_back(self, storage: Storage) -> None:
        new = replace(proposal(), base=None, author_id=2**62, base_number=7, why=" a\n\n\u202eb ", reply="no")
        assert await storage.proposals.save(new)
        assert await stored(storage, new) == new
        assert await storage.proposals.get("another") is None

    @pytest.mark.parametrize("status", [DRAFT, CHANGES_ASKED])
    async def test_what_is_editable_is_written_over(self, storage: Storage, status: ProposalStatus) -> None:
        before = await in_status(storage, status)
        await storage.proposals.shown_at(before.id, 5, 6)
        later = replace(before, manuscript=manuscript("Wrong [9]"), base=manuscript(), base_number=3, why="Because.")
        assert await storage.proposals.save(replace(later, changed_at=NOW + HOUR))
        shown = replace(later, changed_at=NOW + HOUR, channel_id=5, message_id=6)
        assert await stored(storage, before) == shown

    @pytest.mark.parametrize("status", [OPEN, PUBLISHED, REJECTED, DISCARDED])
    async def test_in_review_and_at_its_end_it_stays_as_it_is(self, storage: Storage, status: ProposalStatus) -> None:
        before = await in_status(storage, status)
        assert not await storage.proposals.save(replace(before, manuscript=manuscript("Sneaked in."), status=DRAFT))
        assert await stored(storage, before) == before

    async def test_approvals_of_an_earlier_wording_are_forgotten(self, storage: Storage) -> None:
        made = await opened(storage)
        await approve(storage, made, FIRST, needed=2)
        await storage.proposals.move(made.id, CHANGES_ASKED, event(SECOND))
        assert (await stored(storage, made)).approved_by == (FIRST,)
        await storage.proposals.save(replace(made, status=CHANGES_ASKED, manuscript=manuscript("Other words.")))
        await storage.proposals.move(made.id, OPEN, event(AUTHOR))
        vote = await approve(storage, made, SECOND, needed=2)
        assert (vote.published, vote.proposal.approved_by) == (False, (SECOND,))

    async def test_saving_and_sending_at_the_same_moment(self, storage: Storage) -> None:
        """Either the last words are in what is reviewed, or they are refused."""
        for _ in range(TIMES):
            made = await in_status(storage, DRAFT)
            later = replace(made, manuscript=manuscript("Later words."))
            saved, sent = await asyncio.gather(
                storage.proposals.save(later), storage.proposals.move(made.id, OPEN, event())
            )
            assert sent
            kept = await stored(storage, made)
            assert (kept.status, kept.manuscript) == (OPEN, later.manuscript if saved else made.manuscript)


class TestFinding:
    async def test_an_author_finds_their_living_ones_newest_first(self, storage: Storage) -> None:
        made = {status: await in_status(storage, status) for status in ProposalStatus}
        newer = proposal(at=NOW + HOUR)
        for each in (newer, proposal(author_id=SECOND), replace(proposal(), guild_id=OTHER_GUILD)):
            await storage.proposals.save(each)
        found = await storage.proposals.of_author(GUILD, AUTHOR)
        assert found[0] == newer
        assert {each.id for each in found[1:]} == {made[status].id for status in (DRAFT, OPEN, CHANGES_ASKED)}

    async def test_a_queue_has_the_oldest_first_and_only_its_own(self, storage: Storage) -> None:
        sooner, later = proposal(), proposal(at=NOW + HOUR)
        for each in (later, sooner, replace(proposal(), guild_id=OTHER_GUILD)):
            await storage.proposals.save(each)
        sent_back = await in_status(storage, CHANGES_ASKED)
        assert await storage.proposals.in_status(GUILD, DRAFT) == [sooner, later]
        assert {each.id for each in await storage.proposals.in_status(GUILD, DRAFT, CHANGES_ASKED)} == {
            sooner.id,
            later.id,
            sent_back.id,
        }
        assert await storage.proposals.in_status(GUILD, REJECTED) == []


class TestMoving:
    @pytest.mark.parametrize("new", ProposalStatus)
    @pytest.mark.parametrize("old", ProposalStatus)
    async def test_only_some_steps_are_possible(
        self, storage: Storage, old: ProposalStatus, new: ProposalStatus
    ) -> None:
        before = await in_status(storage, old)
        noted = await storage.communities.events(GUILD, 10)
        said = event(SECOND, "moved", NOW + 2 * HOUR)
        allowed = (old, new) in STEPS
        assert await storage.proposals.move(before.id, new, said, reply="Mend the dose.") == allowed
        after = replace(before, status=new, reply="Mend the dose.", changed_at=said.at) if allowed else before
        assert await stored(storage, before) == after
        assert await storage.communities.events(GUILD, 10) == [*([said] if allowed else []), *noted]

    async def test_of_two_decisions_at_the_same_moment_one_counts(self, storage: Storage) -> None:
        for _ in range(TIMES):
            made = await opened(storage)
            ends = (REJECTED, DISCARDED, CHANGES_ASKED)
            moved = await asyncio.gather(*(storage.proposals.move(made.id, end, event()) for end in ends))
            if moved[-1]:  # sent back, it can still be given up
                assert not moved[0]
            else:
                assert sum(moved) == 1


class TestApproving:
    async def test_the_last_key_publishes(self, storage: Storage) -> None:
        made = await opened(storage)
        first = await approve(storage, made, FIRST, needed=2)
        assert first == Vote(replace(made, approved_by=(FIRST,)))
        assert await nothing_published(storage)
        second = await approve(storage, made, SECOND, needed=2)
        ended = replace(made, approved_by=(FIRST, SECOND), status=PUBLISHED, changed_at=NOW + HOUR)
        assert second == Vote(ended, published=True)
        assert await stored(storage, made) == ended
        assert await storage.revisions.latest(GUILD) == [replace(revision(), approved_by=(FIRST, SECOND))]
        actors = [each.actor_id for each in await storage.communities.events(GUILD, 10) if each.action == "approved"]
        assert sorted(filter(None, actors)) == [FIRST, SECOND]

    async def test_one_curator_has_one_key(self, storage: Storage) -> None:
        made = await opened(storage)
        for _ in range(2):
            vote = await approve(storage, made, FIRST, needed=2)
            assert vote == Vote(replace(made, approved_by=(FIRST,)))
        assert await nothing_published(storage)
        assert len([each for each in await storage.communities.events(GUILD, 10) if each.action == "approved"]) == 1

    async def test_when_fewer_keys_are_asked_for_meanwhile_the_same_curator_can_publish(self, storage: Storage) -> None:
        made = await opened(storage)
        await approve(storage, made, FIRST, needed=2)
        vote = await approve(storage, made, FIRST, needed=1)
        assert (vote.published, vote.proposal.approved_by) == (True, (FIRST,))

    @pytest.mark.parametrize("status", [DRAFT, CHANGES_ASKED, PUBLISHED, REJECTED, DISCARDED])
    async def test_what_is_not_in_review_is_not_approved(self, storage: Storage, status: ProposalStatus) -> None:
        made = await in_status(storage, status)
        before = await storage.revisions.latest(GUILD)
        assert await approve(storage, made, SECOND, number=2) == Vote(made, ended=True)
        assert await storage.revisions.latest(GUILD) == before
        assert await stored(storage, made) == made

    @pytest.mark.parametrize("needed", [1, 2])
    async def test_a_card_that_changed_meanwhile_is_a_conflict_and_nothing_is_counted(
        self, storage: Storage, needed: int
    ) -> None:
        made = await opened(storage)
        for newest in (1, 2):
            await storage.revisions.add(revision(newest), event(action="withdrawn"))
            before = await storage.communities.events(GUILD, 10)
            assert await approve(storage, made, needed=needed, number=1) == Vote(made, conflict=True)
            assert await stored(storage, made) == made
            assert await storage.revisions.latest(GUILD) == [revision(newest)]
            assert await storage.communities.events(GUILD, 10) == before

    async def test_another_card_and_another_community_are_no_conflict(self, storage: Storage) -> None:
        await storage.revisions.add(revision(card_id="coffee"), event())
        await storage.revisions.add(revision(guild_id=OTHER_GUILD), event())
        assert (await approve(storage, await opened(storage))).published

    async def test_what_does_not_exist_is_not_approved(self, storage: Storage) -> None:
        with pytest.raises(LookupError):
            await approve(storage, proposal())


class TestTheSameMoment:
    """Two moderators press *Approve*: on a server each press is a transaction beside the others."""

    async def test_one_key_of_two_publishes_and_the_other_hears_that_it_is_over(self, storage: Storage) -> None:
        for number in range(1, TIMES + 1):
            made = await opened(storage)
            votes = await asyncio.gather(*(approve(storage, made, each, 1, number) for each in (FIRST, SECOND)))
            [won] = [vote for vote in votes if vote.published]
            assert Counter(vote.ended for vote in votes) == {False: 1, True: 1}
            [newest] = await storage.revisions.latest(GUILD)
            assert (newest.number, newest.approved_by) == (number, won.proposal.approved_by)
            assert len(newest.approved_by) == 1

    async def test_both_keys_of_two_publish_once_with_both_names(self, storage: Storage) -> None:
        for number in range(1, TIMES + 1):
            made = await opened(storage)
            votes = await asyncio.gather(*(approve(storage, made, each, 2, number) for each in (FIRST, SECOND)))
            assert sorted(vote.published for vote in votes) == [False, True]
            assert not any(vote.ended or vote.conflict for vote in votes)
            [newest] = await storage.revisions.latest(GUILD)
            assert (newest.number, set(newest.approved_by)) == (number, {FIRST, SECOND})

    async def test_a_double_click_is_one_key(self, storage: Storage) -> None:
        for _ in range(TIMES):
            made = await opened(storage)
            votes = await asyncio.gather(*(approve(storage, made, FIRST, needed=2) for _ in range(3)))
            assert {vote.proposal.approved_by for vote in votes} == {(FIRST,)}
        assert await nothing_published(storage)

    async def test_of_two_proposals_on_one_card_one_is_published_and_the_other_untouched(
        self, storage: Storage, place: Place
    ) -> None:
        for number in range(1, TIMES + 1):
            both = [await opened(storage), await opened(storage, proposal(author_id=SECOND))]
            votes = await asyncio.gather(*(approve(storage, each, FIRST, 1, number) for each in both))
            assert Counter((vote.published, vote.conflict) for vote in votes) == {(True, False): 1, (False, True): 1}
            [lost] = [vote.proposal for vote in votes if vote.conflict]
            assert (await stored(storage, lost)).approved_by == ()
            assert (await stored(storage, lost)).status is OPEN
        assert await place.sql("SELECT count(*) FROM revision") == [(TIMES,)]
        approved = "SELECT count(*) FROM event WHERE action = 'approved'"
        assert await place.sql(approved) == await place.sql("SELECT count(*) FROM approval") == [(TIMES,)]

    async def test_an_approval_and_a_rejection_do_not_both_count(self, storage: Storage) -> None:
        for number in range(1, TIMES + 1):
            made = await opened(storage)
            before = await storage.revisions.of_card(GUILD, "tea")
            vote, rejected = await asyncio.gather(
                approve(storage, made, number=len(before) + 1),
                storage.proposals.move(made.id, REJECTED, event(SECOND, f"rejected {number}")),
            )
            assert vote.published != rejected
            assert vote.ended == rejected
            assert (await stored(storage, made)).status is (REJECTED if rejected else PUBLISHED)
            assert len(await storage.revisions.of_card(GUILD, "tea")) - len(before) == (not rejected)

    async def test_a_withdrawal_and_an_approval_get_two_numbers_or_one_gets_none(self, storage: Storage) -> None:
        for number in range(1, TIMES + 1):
            made = await opened(storage)
            vote, withdrawn = await asyncio.gather(
                approve(storage, made, number=number),
                storage.revisions.add(revision(number, author_id=SECOND), event(SECOND, "withdrawn")),
            )
            assert vote.published != withdrawn
            assert vote.conflict == withdrawn
