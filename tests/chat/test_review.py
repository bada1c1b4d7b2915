"""Reviewing: what a proposal looks like to those who decide, each decision, and each way in which one can go wrong."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
import simcord

from bot.app import assemble
from bot.catalog.live import Library
from bot.chat.cogs.review import OTHER_WORDS, OVERTAKEN
from bot.chat.gate import NOT_CURATOR
from bot.chat.reviewing import ReviewBoard
from bot.chat.ui import review as ui
from bot.chat.ui import revisions as history
from bot.chat.ui.drafts import MERGE, SEND
from bot.chat.ui.layout import CHARACTER_BUDGET, COMPONENT_BUDGET, Layout, button, panel, row
from bot.domain.cards import SourceType
from bot.domain.changes import Change
from bot.domain.changes import changes as changes_of
from bot.domain.communities import Community
from bot.domain.curation import Event, Proposal, ProposalStatus, RevisionKind, Vote
from bot.domain.manuscripts import Part, blank, manuscript_of
from bot.services.curation.drafts import UNKNOWN
from bot.services.curation.proposals import OWN, OWN_REJECTED, Check
from bot.services.curation.shelf import NO_REVISION, QUICKER, WITHDRAWN_BEFORE
from bot.services.facts import Withdrawal
from tests.chat.world import MONDAY_MORNING, World, can_press, custom_ids_of, labels_of, text_of

CARD = "ketamine"
SCOPE = "Ketamine for fibromyalgia and other lasting pain. No doses are given, on purpose."
OTHER_SCOPE = "What ketamine does in fibromyalgia. No doses are given, on purpose."
WHY = "The first line was hard to read."
REASON = "Two readers misread the numbers *today*."
INJECTION = "@everyone <@1> ~~gone~~ [here](https://example.org)"


@dataclass
class Board:
    """Three curators of one server, and the channel in which they review."""

    world: World
    channel: simcord.ChannelHandle
    anna: simcord.MemberActor
    ben: simcord.MemberActor
    cleo: simcord.MemberActor
    role: simcord.RoleHandle

    @property
    def guild_id(self) -> int:
        return self.world.guild.id

    @property
    def messages(self) -> list[Any]:
        """Those that everybody in the curation channel sees, oldest first."""
        return [each for each in self.channel.history() if not each.flags.ephemeral]

    @property
    def text(self) -> str:
        """What stands in the newest of them."""
        return text_of(self.messages[-1])

    async def drafted(self, scope: str = SCOPE, by: simcord.MemberActor | None = None) -> Proposal:
        author, proposals = by or self.anna, self.world.app.curation.proposals
        proposal = await proposals.begin(self.guild_id, author.id, CARD)
        return await proposals.write(self.guild_id, proposal.id, author.id, {Part.SCOPE: scope})

    async def send(self, proposal: Proposal, by: simcord.MemberActor | None = None, why: str = WHY) -> Any:
        opened = await self.world.press(SEND.custom_id(proposal=proposal.id), by=by or self.anna)
        await (by or self.anna).submit_modal(opened, {"why": why})
        return self.messages[-1] if self.messages else None

    async def sent(self, scope: str = SCOPE, by: simcord.MemberActor | None = None, why: str = WHY) -> Any:
        """A draft in which one line is new, sent for review: its message."""
        return await self.send(await self.drafted(scope, by), by, why)

    async def stored(self, proposal: Proposal | None = None) -> Proposal:
        """As the database has it; the only one in review if none is named."""
        store = self.world.storage.proposals
        found = await store.get(proposal.id) if proposal else (await store.in_status(self.guild_id, *ProposalStatus))[0]
        assert found
        return found

    async def of(self, author: simcord.MemberActor) -> Proposal:
        """The living proposal of theirs."""
        return (await self.world.storage.proposals.of_author(self.guild_id, author.id))[0]

    async def scope(self, guild_id: int | None = None) -> str:
        """What members read in the first line of the card."""
        return (await self.world.app.editions.of(guild_id or self.guild_id)).card(CARD).card.scope

    async def settle(self, **changed: Any) -> None:
        """As `/setup` would."""
        communities = self.world.app.curation.communities
        community = (await communities.of(self.guild_id)).model_copy(update=changed)
        await communities.change(community, self.anna.id, "for a test")

    def demote(self, actor: simcord.MemberActor) -> None:
        self.world.env.backend.remove_member_role(self.guild_id, actor.id, self.role.id)


@pytest.fixture
async def board(world: World) -> Board:
    role = world.guild.create_role("Moderators")
    names = ("anna", "ben", "cleo")
    anna, ben, cleo = (world.guild.add_member(world.env.create_user(name), roles=[role]) for name in names)
    channel = world.guild.create_text_channel("curation")
    community = Community(guild_id=world.guild.id, curator_roles=frozenset({role.id}), curation_channel_id=channel.id)
    await world.storage.communities.save(community, Event(world.guild.id, world.clock.now(), None, "set up", ""))
    return Board(world, channel, anna, ben, cleo, role)


def read_of(proposal: Proposal) -> dict[str, str]:
    """What a control carries that stands under the present words."""
    return {"proposal": proposal.id, "wording": ui.wording_of(proposal)}


def said(result: Any) -> str:
    """Everything that was said to one person alone."""
    messages = [result.response, *result.followups]
    assert all(message.ephemeral for message in result.followups)
    return "\n".join(text_of(message) for message in messages if message and message.ephemeral)


async def press(actor: simcord.MemberActor, message: Any, label: str, **typed: str) -> Any:
    """Press a button, and fill in the form that it opens."""
    opened = await actor.click(message, label=label)
    return await actor.submit_modal(opened, typed) if typed else opened


class TestTheMessage:
    async def test_who_proposes_what_and_why(self, board: Board) -> None:
        message = await board.sent()
        for shown in (f"proposed by <@{board.anna.id}>", "> The first line was hard to read\\.", "## Ketamine"):
            assert shown in board.text
        old = board.world.library.catalog.cards[CARD].scope
        assert f"− ~~{old.split('.')[0].split(',')[0][:10]}" in board.text
        assert "+ " in board.text
        assert "**In review.** Somebody else must approve it" in board.text
        assert labels_of(message) == [
            "Approve",
            "Ask for a change",
            "Reject with reason",
            "See the card as it would be",
        ]
        stored = await board.stored()
        assert (stored.channel_id, stored.message_id) == (board.channel.id, message.id)

    async def test_it_pings_nobody_and_what_was_typed_is_only_words(self, board: Board) -> None:
        message = await board.sent(why=INJECTION)
        assert "\\@everyone \\<\\@1\\> \\~\\~gone\\~\\~" in text_of(message)
        posts = [
            each.json for each in board.world.env.http_requests if each.path == f"/channels/{board.channel.id}/messages"
        ]
        assert [post["allowed_mentions"] for post in posts if post] == [{"parse": []}]

    async def test_new_sources_are_marked_and_all_have_links(self, board: Board) -> None:
        proposals = board.world.app.curation.proposals
        proposal = await proposals.begin(board.guild_id, board.anna.id, "melatonin")
        args = "10.1234/abc", "A new trial of a drip", "Doe J, et al.", "Pain Journal 2026", SourceType.TRIAL
        _, number, known = await proposals.add_source(board.guild_id, proposal.id, board.anna.id, *args)
        assert known is None
        text = proposal.manuscript.parts[Part.COMMON]
        with_new = f"{text}\nSome people feel dizzy for a short time. [{number}]"
        written = await proposals.write(board.guild_id, proposal.id, board.anna.id, {Part.COMMON: with_new})
        assert not (await proposals.check(written)).remarks
        await board.send(proposal)
        assert "**New to me, please look it up:**" in board.text
        assert "<https://doi.org/10.1234/abc>" in board.text
        assert "1 of them new here" in board.text

    async def test_a_card_that_nobody_had(self) -> None:
        review = a_review([Change("Name", None, "Moon dust")], base=False)
        assert "A new card" in text_in(ui.review_view(review))

    async def test_what_does_not_fit_has_pages_of_its_own(self) -> None:
        changes = [Change(f"Place {n}", "old words " * 20, "new words " * 20) for n in range(60)]
        review = a_review(changes)
        view = ui.review_view(review)
        assert "Whole diff" in buttons_of(view)
        assert fits(view)
        first = ui.whole_view(review, 0)
        count = int(text_in(first).split("(1 of ")[1].split(")")[0])
        spread = [ui.whole_view(review, page) for page in range(count)]
        assert all(fits(page) for page in spread)
        assert all(any(f"**Place {n}**" in text_in(page) for page in spread) for n in range(60))

    @pytest.mark.parametrize("words", ["x" * 300, "*_~`|>-[]()<@1>#" * 18])
    def test_the_longest_of_everything_fits(self, words: str) -> None:
        changes = [Change(words[:90], words, words[::-1]) for _ in range(30)]
        for status in ProposalStatus:
            view = ui.review_view(a_review(changes, conflict=changes, why=words, reply=words, status=status))
            assert fits(view)

    def test_a_new_card_with_sixty_sources_fits(self, library: Library) -> None:
        card, sources = library.catalog.cards[CARD], library.catalog.sources
        proposal = replace(a_review([]).proposal, manuscript=manuscript_of(card), base=None)
        check = Check((), changes_of(None, card, sources), lifts=Withdrawal("*" * 300, MONDAY_MORNING))
        for unknown in (frozenset[str](), frozenset(sources)):
            review = ui.Review(proposal, check, sources, unknown)
            view = ui.review_view(review)
            assert fits(view)
            assert "Whole diff" in buttons_of(view)
            assert "⚠ **This card is withdrawn now.**" in text_in(view)
            shown = [text_in(ui.whole_view(review, page)) for page in range(20)]
            assert all(any(f"**[{n}]**" in text for text in shown) for n in card.citation_numbers().values())

    async def test_looking_is_private_and_changes_nothing(self, board: Board) -> None:
        message = await board.sent()
        before = board.text
        shown: Any = await board.ben.click(message, label="See the card as it would be")
        assert shown.response.ephemeral
        assert SCOPE in text_of(shown.response)
        assert "Nothing of this is published yet" in text_of(shown.response)
        for page in ("Harms", "Sources"):
            await board.ben.click(shown.response, label=page)
            assert f"## Ketamine: {page.lower()}" in text_of(shown.response)
        await board.ben.click(shown.response, label="Back to the review")
        assert "**In review.**" in text_of(shown.response)
        assert board.text == before


class TestDeciding:
    async def test_one_approval_publishes_at_once(self, board: Board) -> None:
        message = await board.sent()
        board.world.clock.advance(minutes=5)
        result = await board.ben.click(message, label="Approve")
        assert await board.scope() == SCOPE
        assert "✔ **Published**" in board.text
        assert f"approved by <@{board.ben.id}>" in board.text
        assert labels_of(board.messages[-1]) == ["See this text"]
        assert said(result) == ""
        assert len(board.messages) == 1

    async def test_the_author_is_not_among_those_who_approve(self, board: Board) -> None:
        message = await board.sent()
        assert OWN in said(await board.anna.click(message, label="Approve"))
        assert (await board.stored()).status is ProposalStatus.OPEN
        assert await board.scope() != SCOPE

    async def test_two_keys_where_two_are_asked_for(self, board: Board) -> None:
        await board.settle(approvals=2)
        message = await board.sent()
        assert "Two others must approve it" in board.text
        await board.ben.click(message, label="Approve")
        assert f"**Approved, 1 of 2**, by <@{board.ben.id}>" in board.text
        assert await board.scope() != SCOPE
        assert "You approved this already" in said(await board.ben.click(message, label="Approve"))
        await board.world.restart()
        await board.cleo.click(board.messages[-1], label="Approve")
        assert f"approved by <@{board.ben.id}> and <@{board.cleo.id}>" in board.text
        assert await board.scope() == SCOPE

    async def test_asking_for_a_change_and_sending_again(self, board: Board) -> None:
        message = await board.sent()
        await press(board.ben, message, "Ask for a change", words="Name the *dose*, please.")
        assert f"↩ **Sent back** by <@{board.ben.id}>" in board.text
        assert "> Name the \\*dose\\*\\, please\\." in board.text
        assert labels_of(board.messages[-1]) == ["See this text"]
        stored = await board.stored()
        assert stored.status is ProposalStatus.CHANGES_ASKED
        again = await board.sent(OTHER_SCOPE)
        assert "**Sent back**" in text_of(board.messages[0])
        assert again.id != message.id
        assert len(board.messages) == 2
        await board.ben.click(again, label="Approve")
        assert await board.scope() == OTHER_SCOPE

    async def test_rejecting_ends_it_with_a_reason(self, board: Board) -> None:
        message = await board.sent()
        await press(board.cleo, message, "Reject with reason", words=REASON)
        assert f"✘ **Rejected** by <@{board.cleo.id}>" in board.text
        assert "> Two readers misread the numbers \\*today\\*\\." in board.text
        assert (await board.stored()).status is ProposalStatus.REJECTED
        assert labels_of(board.messages[-1]) == ["See this text"]
        assert await board.scope() != SCOPE
        shown: Any = await board.ben.click(board.messages[-1], label="See this text")
        assert "Nothing of this was published." in text_of(shown.response)

    async def test_an_author_takes_back_rather_than_rejects(self, board: Board) -> None:
        message = await board.sent()
        refused = await press(board.anna, message, "Reject with reason", words=REASON)
        assert OWN_REJECTED in said(refused)
        assert REASON in said(refused)
        await press(board.anna, message, "Ask for a change", words="I found a slip.")
        assert f"**Sent back** by <@{board.anna.id}>" in board.text


class TestFaults:
    async def test_two_approve_at_the_same_moment(self, board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
        """Cleo's approval, taken by another process, comes between the last look at Ben's and its counting."""
        message, world = await board.sent(), board.world
        elsewhere = assemble(world.storage, world.library, world.printing, world.clock, world.settings)
        proposal, approve = await board.stored(), world.storage.proposals.approve

        async def overtaken(*values: Any) -> Vote:
            monkeypatch.undo()
            assert (await elsewhere.curation.proposals.approve(board.guild_id, proposal.id, board.cleo.id)).published
            return await approve(*values)

        monkeypatch.setattr(world.storage.proposals, "approve", overtaken)
        told = said(await board.ben.click(message, label="Approve"))
        assert "Somebody was quicker: this one is published" in told
        assert len(await world.storage.revisions.of_card(board.guild_id, CARD)) == 1
        assert f"approved by <@{board.cleo.id}>. Members" in board.text
        assert "Approve" not in labels_of(board.messages[-1])

    async def test_a_slow_drawing_does_not_hide_what_happened_since(
        self, board: Board, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await board.sent()
        curation, client = board.world.app.curation, board.world.app.client
        drawer = ReviewBoard(curation.communities, curation.proposals, board.world.app.editions)
        proposal, check = await board.stored(), curation.proposals.check
        begun, go_on = asyncio.Event(), asyncio.Event()

        async def slow(asked: Proposal) -> Check:
            monkeypatch.undo()
            begun.set()
            await go_on.wait()
            return await check(asked)

        monkeypatch.setattr(curation.proposals, "check", slow)
        first = asyncio.create_task(drawer.refresh(client, proposal))
        await begun.wait()
        await curation.proposals.approve(board.guild_id, proposal.id, board.ben.id)
        second = asyncio.create_task(drawer.refresh(client, proposal))
        await asyncio.wait({second}, timeout=1)
        go_on.set()
        await asyncio.gather(first, second)
        assert "✔ **Published**" in board.text

    async def test_approving_and_rejecting_at_the_same_moment(self, board: Board) -> None:
        message = await board.sent()
        opened = await board.cleo.click(message, label="Reject with reason")
        await board.ben.click(message, label="Approve")
        refused = await board.cleo.submit_modal(opened, {"words": REASON})
        assert "Somebody was quicker: this one is published" in said(refused)
        assert REASON in said(refused)
        assert await board.scope() == SCOPE

    async def test_the_second_of_two_proposals_on_a_card_never_overwrites(self, board: Board) -> None:
        first = await board.sent()
        second = await board.sent(OTHER_SCOPE, by=board.cleo)
        stale = ui.APPROVE.custom_id(**read_of(await board.stored(await board.of(board.cleo))))
        await board.ben.click(first, label="Approve")
        assert "**It cannot be published as it is,** and nothing is lost." in board.text
        assert OVERTAKEN in said(await board.world.press(stale, by=board.ben))
        assert await board.scope() == SCOPE
        assert "⚠ **The card has changed since this was sent.**" in board.text
        assert f"<@{board.cleo.id}> can bring it together" in board.text
        assert not can_press(board.messages[-1], "Approve")
        assert board.messages[-1].id == second.id
        stored = await board.of(board.cleo)
        assert stored.status is ProposalStatus.OPEN
        await board.world.press(MERGE.custom_id(proposal=stored.id), by=board.cleo)
        assert "**Back with its author**" in board.text
        assert SCOPE not in board.text
        await board.send(stored, by=board.cleo)
        await board.ben.click(board.messages[-1], label="Approve")
        assert await board.scope() == OTHER_SCOPE
        kept = await board.world.app.curation.shelf.history(board.guild_id, CARD)
        assert [revision.card.scope for revision in kept if revision.card] == [OTHER_SCOPE, SCOPE]

    async def test_nobody_approves_words_that_they_have_not_seen(self, board: Board) -> None:
        message = await board.sent()
        await press(board.ben, message, "Ask for a change", words="Shorter, please.")
        stale = ui.APPROVE.custom_id(**read_of(await board.stored()))
        await board.sent(OTHER_SCOPE)
        assert OTHER_WORDS in said(await board.world.press(stale, by=board.ben))
        assert (await board.stored()).approved_by == ()
        assert await board.scope() != OTHER_SCOPE

    async def test_a_form_that_was_open_across_a_restart(self, board: Board) -> None:
        message = await board.sent()
        asked = await board.ben.click(message, label="Ask for a change")
        await board.world.restart()
        await board.ben.submit_modal(asked, {"words": "Shorter, please."})
        assert (await board.stored()).reply == "Shorter, please."
        assert "**Sent back**" in board.text

    @pytest.mark.parametrize("label", ["Ask for a change", "Reject with reason"])
    async def test_a_role_lost_while_a_form_is_open(self, board: Board, label: str) -> None:
        message = await board.sent()
        opened = await board.ben.click(message, label=label)
        board.demote(board.ben)
        refused = said(await board.ben.submit_modal(opened, {"words": REASON}))
        assert NOT_CURATOR.split(".")[0] in refused
        assert REASON in refused
        assert (await board.stored()).status is ProposalStatus.OPEN

    async def test_every_control_asks_who_presses(self, board: Board) -> None:
        message = await board.sent()
        stored = await board.stored()
        read = read_of(stored)
        member = board.world.member
        ids = [
            *custom_ids_of(message),
            ui.OPEN.custom_id(proposal=stored.id),
            ui.WHOLE.custom_id(**read, page="0"),
            history.HISTORY.custom_id(card=CARD, page="0"),
            history.REVISION.custom_id(card=CARD, number="0"),
            history.TEXT.custom_id(card=CARD, number="0", page="summary", part="0"),
            history.COMPARE.custom_id(card=CARD, number="0", page="0"),
            history.GO_BACK.custom_id(card=CARD, number="0", now="0"),
            history.WITHDRAW.custom_id(card=CARD),
        ]
        for custom_id in ids:
            refused: Any = await board.world.press(custom_id, by=member)
            assert refused.modal is None
            assert NOT_CURATOR in said(refused), custom_id
        for command in ({"name": "history"}, {"name": "withdraw", "reason": REASON}):
            name = command.pop("name")
            shown: Any = await member.slash(board.world.channel, f"curate {name}", card=CARD, **command)
            assert NOT_CURATOR in said(shown)
        assert (await board.stored()).status is ProposalStatus.OPEN

    async def test_another_server_has_no_part_in_it(self, board: Board) -> None:
        await board.sent()
        stored = await board.stored()
        guild = board.world.env.create_guild("Elsewhere")
        role = guild.create_role("Moderators")
        channel = guild.create_text_channel("talk")
        dana = guild.add_member(board.world.env.create_user("dana"), roles=[role])
        community = Community(guild_id=guild.id, curator_roles=frozenset({role.id}))
        await board.world.app.curation.communities.change(community, dana.id, "set up")
        view_id = ui.APPROVE.custom_id(**read_of(stored))
        place = board.world.app.client.get_partial_messageable(channel.id)
        message = await place.send(view=one_button(view_id))
        assert UNKNOWN in said(await dana.click(message, label="Press"))
        assert (await board.stored()).status is ProposalStatus.OPEN

    async def test_a_withdrawal_overtakes_what_is_in_review(self, board: Board) -> None:
        await board.sent()
        await board.cleo.slash(board.world.channel, "curate withdraw", card=CARD, reason=REASON)
        assert "⚠ **The card has changed since this was sent.**" in board.text
        assert "Two readers misread the numbers" in board.text
        assert not can_press(board.messages[-1], "Approve")

    async def test_a_draft_is_for_its_author_alone(self, board: Board) -> None:
        draft = await board.drafted()
        shown = await board.world.press(ui.OPEN.custom_id(proposal=draft.id), by=board.ben)
        assert UNKNOWN in said(shown)


class TestTheChannel:
    async def test_none_was_ever_set(self, board: Board) -> None:
        await board.settle(curation_channel_id=None)
        await self.waits_in_the_queue(board)

    async def test_it_was_deleted(self, board: Board) -> None:
        board.world.env.backend.delete_channel(board.channel.id)
        await self.waits_in_the_queue(board)

    @pytest.mark.parametrize(("status", "code"), [(403, 50001), (403, 50013), (404, 10003), (500, 0)])
    async def test_it_is_closed_to_the_bot(self, board: Board, status: int, code: int) -> None:
        board.world.env.inject_error(
            "POST", f"/channels/{board.channel.id}/messages", status=status, code=code, times=None
        )
        await self.waits_in_the_queue(board)

    async def waits_in_the_queue(self, board: Board) -> None:
        """It is in review all the same, and can be decided without any channel."""
        draft = await board.drafted()
        opened = await board.world.press(SEND.custom_id(proposal=draft.id), by=board.anna)
        await board.anna.submit_modal(opened, {"why": WHY})
        stored = await board.stored(draft)
        assert (stored.status, stored.message_id) == (ProposalStatus.OPEN, None)
        assert [each.id for each in (await board.world.app.curation.queue.of(board.guild_id)).open] == [draft.id]
        shown: Any = await open_privately(board, board.ben, draft)
        assert "**In review.**" in text_of(shown)
        await board.ben.click(shown, label="Approve")
        assert "✔ **Published**" in text_of(shown)
        assert await board.scope() == SCOPE

    async def test_deciding_in_private_updates_the_channel(self, board: Board) -> None:
        await board.sent()
        shown: Any = await open_privately(board, board.ben, await board.stored())
        await press(board.ben, shown, "Ask for a change", words="Shorter, please.")
        assert "**Sent back**" in text_of(shown)
        assert "**Sent back**" in board.text

    async def test_the_message_was_deleted(self, board: Board) -> None:
        message = await board.sent()
        shown: Any = await open_privately(board, board.ben, await board.stored())
        board.world.env.backend.delete_message(board.channel.id, message.id)
        await board.ben.click(shown, label="Approve")
        assert await board.scope() == SCOPE
        assert (await board.stored()).message_id is None


class TestHistory:
    async def history(self, board: Board, actor: simcord.MemberActor, card: str = CARD) -> Any:
        shown: Any = await actor.slash(board.world.channel, "curate history", card=card)
        assert shown.ephemeral
        return shown.response

    async def published(self, board: Board) -> None:
        message = await board.sent()
        await board.ben.click(message, label="Approve")

    async def test_nothing_yet(self, board: Board) -> None:
        shown = await self.history(board, board.anna)
        assert "Nothing has changed here" in text_of(shown)
        await board.anna.select(shown, ["0"])
        assert "### The bundled card" in text_of(shown)
        assert "Members see this text now." in text_of(shown)
        assert labels_of(shown) == ["See that text", "Back"]

    async def test_who_changed_what_when_and_why(self, board: Board) -> None:
        await self.published(board)
        shown = await self.history(board, board.cleo, "Ketamine")
        assert "**1.** **Published** <t:" in text_of(shown)
        assert f"by <@{board.anna.id}>" in text_of(shown)
        assert "> The first line was hard to read\\." in text_of(shown)
        await board.cleo.select(shown, ["1"])
        assert f"Approved by <@{board.ben.id}>." in text_of(shown)

    async def test_seeing_comparing_and_going_back(self, board: Board) -> None:
        bundled = await board.scope()
        await self.published(board)
        shown = await self.history(board, board.cleo)
        await board.cleo.select(shown, ["0"])
        await board.cleo.click(shown, label="See that text")
        assert bundled in text_of(shown)
        assert "for you alone" in text_of(shown)
        await board.cleo.click(shown, label="Harms")
        await board.cleo.click(shown, label="Back")
        await board.cleo.click(shown, label="Compare with now")
        assert "what going back to the bundled card would change" in text_of(shown)
        opened = await board.cleo.click(shown, label="Go back to this one")
        await board.world.restart()
        await board.cleo.submit_modal(opened, {"words": "The old line was better."})
        assert await board.scope() == bundled
        assert "**2.** **Back to the bundled card**" in text_of(shown)
        kept = await board.world.app.curation.shelf.history(board.guild_id, CARD)
        assert [revision.kind for revision in kept] == [RevisionKind.BUNDLED, RevisionKind.PUBLISHED]

    async def test_going_back_needs_to_have_seen_what_is_there(self, board: Board) -> None:
        await self.published(board)
        shown = await self.history(board, board.cleo)
        await board.cleo.select(shown, ["0"])
        opened = await board.cleo.click(shown, label="Go back to this one")
        await board.world.app.curation.shelf.withdraw(board.guild_id, board.ben.id, CARD, REASON)
        refused = said(await board.cleo.submit_modal(opened, {"words": "The old line was better."}))
        assert QUICKER in refused
        assert "The old line was better." in refused
        assert (await board.world.app.editions.state(board.guild_id, CARD)).withdrawal

    async def test_withdrawing_by_command_and_coming_back(self, board: Board) -> None:
        shown: Any = await board.cleo.slash(board.world.channel, "curate withdraw", card=CARD, reason=REASON)
        assert shown.ephemeral
        assert "**Withdrawn just now.**" in text_of(shown.response)
        seen: Any = await board.world.member.slash(board.world.channel, "treatment", name=CARD)
        assert "Withdrawn, being checked" in text_of(seen.response)
        assert "> Two readers misread the numbers \\*today\\*\\." in text_of(seen.response)
        assert "Questions for a clinician" not in text_of(seen.response)
        again: Any = await board.ben.slash(board.world.channel, "curate withdraw", card=CARD, reason=REASON)
        assert WITHDRAWN_BEFORE in said(again)
        panel = await self.history(board, board.ben)
        assert "Withdraw this card" not in labels_of(panel)
        await board.ben.select(panel, ["1"])
        await press(board.ben, panel, "Go back to this one", words="Checked: the numbers are right.")
        seen = await board.world.member.slash(board.world.channel, "treatment", name=CARD)
        assert "Questions for a clinician" in text_of(seen.response)

    async def test_withdrawing_from_the_history(self, board: Board) -> None:
        shown = await self.history(board, board.ben)
        opened = await board.ben.click(shown, label="Withdraw this card")
        await board.ben.submit_modal(opened, {"words": REASON})
        assert "**Withdrawn just now.**" in text_of(shown)
        assert (await board.world.app.editions.state(board.guild_id, CARD)).withdrawal

    async def test_a_role_lost_while_the_reason_is_typed(self, board: Board) -> None:
        shown = await self.history(board, board.ben)
        opened = await board.ben.click(shown, label="Withdraw this card")
        board.demote(board.ben)
        refused = said(await board.ben.submit_modal(opened, {"words": REASON}))
        assert NOT_CURATOR.split(".")[0] in refused
        assert REASON in refused
        assert (await board.world.app.editions.state(board.guild_id, CARD)).withdrawal is None

    async def test_what_is_not_there(self, board: Board) -> None:
        shown: Any = await board.ben.slash(board.world.channel, "curate history", card="moon dust")
        assert "I have no card called moon dust" in said(shown)
        custom_id = history.REVISION.custom_id(card=CARD, number="7")
        assert NO_REVISION in said(await board.world.press(custom_id, by=board.ben))

    async def test_many_revisions_have_pages(self, board: Board) -> None:
        shelf = board.world.app.curation.shelf
        for _ in range(6):
            await shelf.withdraw(board.guild_id, board.ben.id, CARD, "*" * 300)
            await shelf.restore(board.guild_id, board.ben.id, CARD, 0, "_" * 300)
        shown = await self.history(board, board.anna)
        assert "**12.**" in text_of(shown)
        assert len(text_of(shown)) <= CHARACTER_BUDGET
        await board.anna.click(shown, label="Later")
        assert "**1.** " in text_of(shown)


async def test_a_card_withdrawn_while_somebody_reads_it(board: Board) -> None:
    """The card stays on their screen, but no page of it opens any more."""
    shown: Any = await board.world.member.slash(board.world.channel, "treatment", name=CARD)
    await board.world.app.curation.shelf.withdraw(board.guild_id, board.ben.id, CARD, REASON)
    await board.world.member.click(shown.response, label="Harms")
    assert "Withdrawn, being checked" in text_of(shown.response)
    assert "### Common" not in text_of(shown.response)
    for gone in ("Summary", "Share here"):
        assert gone not in labels_of(shown.response)


async def open_privately(board: Board, actor: simcord.MemberActor, proposal: Proposal) -> Any:
    """As the queue does: from a message that one person sees alone."""
    shown: Any = await actor.slash(board.world.channel, "curate history", card=CARD)
    message = board.world.env.backend.get_message(shown.response.channel_id, shown.response.id)
    message.components = one_button(ui.OPEN.custom_id(proposal=proposal.id)).to_components()
    await actor.click(shown.response, label="Press")
    return shown.response


def one_button(custom_id: str) -> Layout:
    return panel(["A message."], row(button("Press", custom_id)))


def a_review(
    changes: Sequence[Change],
    *,
    conflict: Sequence[Change] = (),
    base: bool = True,
    why: str = WHY,
    reply: str = "",
    status: ProposalStatus = ProposalStatus.OPEN,
) -> ui.Review:
    text = blank("moon-dust", "Moon dust")
    proposal = Proposal(
        "0" * 16, 1, "moon-dust", 2, status, text, text if base else None, 0, MONDAY_MORNING, why, reply
    )
    return ui.Review(proposal, Check((), changes, conflict), {}, decided_by=3)


def text_in(view: Layout) -> str:
    return "\n".join(str(getattr(item, "content", "")) for item in view.walk_children())


def buttons_of(view: Layout) -> list[str]:
    return [str(getattr(item, "label", "")) for item in view.walk_children()]


def fits(view: Layout) -> bool:
    return view.content_length() <= CHARACTER_BUDGET and view.total_children_count <= COMPONENT_BUDGET
