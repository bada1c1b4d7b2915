"""Writing cards: drafts from the first word to the review, every slip on the way, and nothing typed is ever lost."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import discord
import pytest
import simcord
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.catalog.live import Library
from bot.chat.ui import drafts as ui
from bot.chat.ui import manuscripts as forms
from bot.chat.ui.changes import BLOCK, diff_blocks, pages, source_blocks
from bot.chat.ui.drafts import Draft, draft_view
from bot.chat.ui.layout import CHARACTER_BUDGET, COMPONENT_BUDGET, Layout
from bot.domain.cards import Source, SourceType
from bot.domain.changes import Change
from bot.domain.communities import Community
from bot.domain.curation import Event, Proposal, ProposalStatus
from bot.domain.manuscripts import Manuscript, Part, Remark, WrittenClaim, manuscript_of
from bot.services.curation.proposals import Check
from tests.chat.test_settings import filled
from tests.chat.world import FixedClock, World, custom_ids_of, labels_of, raw_components, text_of, walk

NEW_HARM = "Some people feel sick for a short time after a tablet."
FILE = "what-you-typed.txt"
NOTHING_TYPED: dict[str, Any] = {}


@dataclass
class Desk:
    """A curator at work: what they did last is on `panel`."""

    world: World
    actor: simcord.MemberActor
    channel: simcord.ChannelHandle
    guild_id: int
    panel: Any = None

    async def command(self, which: str, /, **options: str) -> Any:
        result: Any = await self.actor.slash(self.channel, f"curate {which}", **options)
        if result.response is not None:
            self.panel = result.response
        return result

    async def edit(self, card: str = "melatonin") -> Proposal:
        await self.command("edit", card=card)
        return await self.draft()

    async def draft(self) -> Proposal:
        """The newest living proposal of this curator."""
        return (await self.world.storage.proposals.of_author(self.guild_id, self.actor.id))[0]

    async def click(self, label: str) -> Any:
        return await self.actor.click(self.panel, label=label)

    async def pick(self, action: Any, value: str, **fields: str) -> Any:
        return await self.actor.select(self.panel, [value], custom_id=action.custom_id(**fields))

    async def part(self, group: str) -> Any:
        """Choose a part; the form that opens."""
        return await self.pick(ui.EDIT_CHOSEN, group, proposal=(await self.draft()).id)

    async def claim(self, claim: str) -> Any:
        return await self.pick(ui.CLAIM_CHOSEN, claim, proposal=(await self.draft()).id, page="0")

    async def send(self, opened: Any, **changed: Any) -> Any:
        """Send a form off as Discord does: with all that it was filled with, and with what is changed."""
        return await self.actor.submit_modal(opened, {**filled(opened), **changed})

    async def write(self, group: str, **changed: Any) -> Any:
        return await self.send(await self.part(group), **changed)

    async def cite(self, words: str) -> Any:
        await self.send(await self.click("Cite a known source"), words=words)
        return self.panel

    @property
    def text(self) -> str:
        return text_of(self.panel)


@pytest.fixture
async def desk(world: World) -> Desk:
    """`world.member` with the role of a curator, who has typed nothing yet; `world.other` has it too."""
    role = world.guild.create_role("Card keepers")
    curation = world.guild.create_text_channel("curation")
    for actor in (world.member, world.other):
        world.env.backend.add_member_role(world.guild.id, actor.id, role.id)
    await settle(
        world, Community(guild_id=world.guild.id, curator_roles=frozenset({role.id}), curation_channel_id=curation.id)
    )
    return Desk(world, world.member, world.channel, world.guild.id)


async def settle(world: World, community: Community) -> None:
    """Set a community up, as `/setup` does, and start the bot on it."""
    await world.storage.communities.save(community, Event(community.guild_id, world.clock.now(), None, "settings", ""))
    await world.restart()


def role_of(world: World) -> simcord.RoleHandle:
    return world.guild.roles["Card keepers"]


def lose_role(desk: Desk) -> None:
    desk.world.env.backend.remove_member_role(desk.guild_id, desk.actor.id, role_of(desk.world).id)


async def said(result: Any) -> str:
    """Everything that was said in private beside the panel, files too."""
    said = result.followups or [result.response]
    files = [(await each.read()).decode() for message in said for each in message.attachments]
    return "\n".join([*map(text_of, said), *files])


def fits(view: Layout) -> bool:
    return view.content_length() <= CHARACTER_BUDGET and view.total_children_count <= COMPONENT_BUDGET


def options_of(message: Any, custom_id: str) -> list[dict[str, Any]]:
    return next(part["options"] for part in walk(raw_components(message)) if part.get("custom_id") == custom_id)


class TestEditing:
    async def test_from_a_slip_to_the_review(self, desk: Desk) -> None:
        proposal = await desk.edit()
        assert desk.panel.ephemeral
        assert "Nothing differs from the card yet" in desk.text
        opened = await desk.part("harms")
        before = filled(opened)["common"]
        assert re.search(r"\[\d+(, \d+)*\]$", before.splitlines()[0])
        await desk.send(opened, common=f"{before}\n{NEW_HARM}")
        line = len(before.splitlines()) + 1
        assert f"**Harms: common:** Line {line} has no source" in desk.text
        assert (await desk.draft()).status is ProposalStatus.DRAFT
        refused = await desk.click("Send for review")
        assert refused.modal is None
        assert "**Not sent yet.**" in desk.text
        opened = await desk.part("harms")
        assert filled(opened)["common"] == f"{before}\n{NEW_HARM}"
        await desk.send(opened, common=f"{before}\n{NEW_HARM} [1]")
        assert "to mend" not in desk.text
        assert "**Harms\\: common**" in desk.text
        assert "+ **Some people feel sick for a short time after a tablet\\." in desk.text
        await desk.send(await desk.click("Send for review"), why="The label names it.")
        assert "**Sent for review:** Melatonin" in desk.text
        assert "in the curation channel now" in desk.text
        shown = [*desk.world.guild.channels["curation"].history()]
        assert [NEW_HARM[:-1] in text_of(message) for message in shown] == [True]
        sent = await desk.draft()
        assert (sent.id, sent.status, sent.why) == (proposal.id, ProposalStatus.OPEN, "The label names it.")

    async def test_what_was_not_touched_stays_as_it_was(self, desk: Desk) -> None:
        before = (await desk.edit()).manuscript
        for group in forms.GROUPS:
            await desk.write(group)
        after = (await desk.draft()).manuscript
        assert after.model_copy(update={"parts": before.parts}) == before
        changed = [part for part in Part if after.parts[part].strip() != before.parts.get(part, "").strip()]
        assert not changed
        assert "Nothing differs" in desk.text

    async def test_every_part_is_in_exactly_one_form(self) -> None:
        parts = [part for group in forms.GROUPS.values() for part in group.parts]
        assert sorted(parts) == sorted(Part)
        assert all(len(group.parts) <= forms.MOST_BOXES and len(group.title) <= 45 for group in forms.GROUPS.values())
        assert all(len(hint) <= 100 for hint in [*forms.HINTS.values(), forms.STATEMENTS])

    async def test_a_second_visit_finds_the_draft(self, desk: Desk) -> None:
        proposal = await desk.edit()
        await desk.write("names", name="Melatonin, at night")
        await desk.world.restart()
        desk.world.clock.advance(days=3)
        again = await desk.edit()
        assert again.id == proposal.id
        assert "## Melatonin\\, at night" in desk.text
        await desk.command("mine")
        assert "**Melatonin\\, at night**: a draft, seen by you alone" in desk.text
        await desk.pick(ui.OPEN_CHOSEN, proposal.id)
        assert "## Melatonin\\, at night" in desk.text

    async def test_nothing_written_yet(self, desk: Desk) -> None:
        await desk.command("mine")
        assert "You have no drafts here." in desk.text
        assert "/curate edit" in desk.text

    async def test_a_card_that_is_not_there(self, desk: Desk) -> None:
        result = await desk.command("edit", card="melatonn @everyone")
        assert "I have no card called" in await said(result)
        assert "\\@everyone" in await said(result)

    async def test_cards_are_suggested(self, desk: Desk) -> None:
        offered = await desk.actor.autocomplete(desk.channel, "curate edit", "card", "melat")
        assert {"name": "Melatonin", "value": "melatonin"}.items() <= offered[0].items()

    async def test_everything_is_shown_page_by_page(self, desk: Desk) -> None:
        await desk.edit("ketamine")
        await desk.click("All sources")
        assert "Ketamine: sources (1 of " in desk.text
        first = desk.text
        await desk.click("Later")
        assert "(2 of " in desk.text
        assert desk.text != first
        await desk.click("Earlier")
        assert desk.text == first
        await desk.click("Back")
        await desk.click("All changes")
        assert "Nothing here." in desk.text

    async def test_thrown_away_only_when_sure(self, desk: Desk) -> None:
        proposal = await desk.edit()
        await desk.click("Throw away")
        await desk.click("Keep it")
        assert "Which part?" in str(raw_components(desk.panel))
        await desk.click("Throw away")
        await desk.world.restart()
        await desk.click("Throw it away")
        assert "**Thrown away:** your draft of Melatonin." in desk.text
        stored = await desk.world.storage.proposals.get(proposal.id)
        assert stored is not None
        assert stored.status is ProposalStatus.DISCARDED
        assert (await desk.edit()).id != proposal.id

    async def test_taken_back_from_review_the_channel_says_so(self, desk: Desk) -> None:
        await desk.edit()
        await desk.write("names", name="Melatonin (night)")
        await desk.send(await desk.click("Send for review"), why="Clearer.")
        await desk.click("Look at it")
        await desk.click("Throw away")
        await desk.click("Throw it away")
        [message] = desk.world.guild.channels["curation"].history()
        assert "Approve" not in labels_of(message)

    async def test_what_became_of_it_stays_to_be_read(self, desk: Desk) -> None:
        proposal = await desk.edit()
        await desk.write("names", name="Melatonin (night)")
        await desk.send(await desk.click("Send for review"), why="Clearer.")
        proposals, other = desk.world.app.curation.proposals, desk.world.other.id
        await proposals.ask_change(desk.guild_id, proposal.id, other, "Say *when*.")
        await desk.click("Look at it")
        assert "Sent back: a change is asked for." in desk.text
        assert "> Say \\*when\\*\\." in desk.text
        await desk.write("names", name="Melatonin (at night)")
        await desk.send(await desk.click("Send for review"), why="Clearer.")
        await proposals.reject(desk.guild_id, proposal.id, other, "The name is fine.")
        await desk.command("mine")
        assert "### What became of earlier ones\n**Melatonin \\(at night\\)**: rejected" in desk.text
        assert "> The name is fine\\." in desk.text
        await desk.pick(ui.OPEN_CHOSEN, proposal.id)
        assert labels_of(desk.panel) == ["All changes"]

    async def test_a_draft_of_a_withdrawn_card_says_so(self, desk: Desk) -> None:
        curation = desk.world.app.curation
        await curation.shelf.withdraw(desk.guild_id, desk.world.other.id, "melatonin", "A trial was *retracted*.")
        await desk.edit()
        assert (
            "**This card is withdrawn:** A trial was \\*retracted\\*\\. Publishing this draft ends that." in desk.text
        )

    async def test_in_review_it_can_only_be_looked_at(self, desk: Desk) -> None:
        await desk.edit()
        opened = await desk.part("names")
        await desk.write("names", name="Melatonin (night)")
        await desk.send(await desk.click("Send for review"), why="Clearer.")
        refused = await said(await desk.send(opened, name="Something else entirely"))
        assert "in review" in refused
        assert "Something else entirely" in refused
        assert (await desk.draft()).manuscript.parts[Part.NAME] == "Melatonin (night)"
        await desk.click("Look at it")
        assert labels_of(desk.panel) == ["All changes", "Throw away"]


class TestNew:
    async def test_a_new_card_says_what_it_still_needs(self, desk: Desk) -> None:
        await desk.command("new", name="Warm socks", kind="device")
        proposal = await desk.draft()
        assert "## Warm socks\n-# A draft, seen by you alone. A new card." in desk.text
        assert "to mend before it can be sent" in desk.text
        assert (proposal.base, proposal.base_number, proposal.card_id) == (None, 0, "warm-socks")
        assert filled(await desk.part("about"))["kind"] == ["device"]

    async def test_a_name_that_a_card_has(self, desk: Desk) -> None:
        result = await desk.command("new", name="Special K", kind="medicine")
        assert "Ketamine" in await said(result)
        assert not await desk.world.storage.proposals.of_author(desk.guild_id, desk.actor.id)

    async def test_a_whole_new_card_goes_into_review(self, desk: Desk) -> None:
        await desk.command("new", name="Warm socks", kind="topic")
        await desk.cite("noppers 2011")
        found = options_of(desk.panel, ui.CITED.custom_id(proposal=(await desk.draft()).id))
        await desk.pick(ui.CITED, found[0]["value"], proposal=(await desk.draft()).id)
        assert "**That is [1] on this draft.**" in desk.text
        await desk.write("names", scope="Socks that keep feet warm, for people with long-lasting pain.")
        await desk.write(
            "short",
            key_messages="Warm feet feel good to many people. [1]\nNo trial has tested socks against pain. [1]",
        )
        await desk.write(
            "trials", evidence="No trial of socks was found. [1]", unknown="Whether warm feet ease pain. [1]"
        )
        await desk.write("care", careful="Look at your feet each day if you cannot feel heat well. [1]")
        await desk.write("about", what_it_is="They are thick socks, often made of wool. [1]")
        await desk.write("clinician", questions="Could warm feet help me sleep?")
        assert "to mend" not in desk.text, desk.text
        await desk.send(await desk.click("Send for review"), why="Members ask for it.")
        assert "**Sent for review:** Warm socks" in desk.text


class TestClaims:
    async def test_a_claim_by_command_needs_no_draft_before(self, desk: Desk) -> None:
        opened = await desk.command("claim", card="melatonin")
        assert not await desk.world.storage.proposals.of_author(desk.guild_id, desk.actor.id)
        await desk.world.restart()
        claim = {"text": "Ketamine cures fibro", "verdict": ["unsupported"], "why": "No trial shows a cure. [1]"}
        result = await desk.send(opened, **claim, phrases="ket cures fibro\nketamine fixed me")
        desk.panel = result.response
        assert "**Saved.**" in desk.text
        written = (await desk.draft()).manuscript
        assert written.claims[-1].text == "Ketamine cures fibro"
        assert written.claims[-1].why == f"No trial shows a cure. [{written.sources[0]}]"
        assert "Ketamine cures fibro" in desk.text

    async def test_a_claim_is_changed_and_removed(self, desk: Desk) -> None:
        first = (await desk.edit()).manuscript.claims[0]
        opened = await desk.claim(first.id)
        assert filled(opened)["text"] == first.text
        await desk.send(opened, text="They say this instead")
        assert (await desk.draft()).manuscript.claims[0].text == "They say this instead"
        await desk.send(await desk.claim(first.id), keep=["remove"])
        assert first.id not in {claim.id for claim in (await desk.draft()).manuscript.claims}
        assert "The claim is off the draft" in desk.text
        await desk.send(await desk.claim(ui.NEW_CLAIM), text="x", verdict=["mixed"])
        assert "Claim “x”" in desk.text

    async def test_many_claims_are_reached_page_by_page(self, desk: Desk) -> None:
        proposal = await desk.edit()
        claims = tuple(WrittenClaim(id=f"c-{n}", text=f"Claim {n}", verdict="mixed", why="") for n in range(50))
        await rewrite(desk, proposal, claims=claims)
        await desk.edit()
        seen, options = set[str](), list[dict[str, Any]]()
        for page in range(3):
            options = options_of(desk.panel, ui.CLAIM_CHOSEN.custom_id(proposal=proposal.id, page=str(page)))
            seen |= {option["value"] for option in options}
            await desk.pick(ui.CLAIM_CHOSEN, f"{ui.CLAIM_PAGE}{(page + 1) % 3}", proposal=proposal.id, page=str(page))
        assert {claim.id for claim in claims} <= seen
        assert len(options) <= 25

    async def test_a_claim_that_is_gone(self, desk: Desk) -> None:
        first = (await desk.edit()).manuscript.claims[0]
        await desk.send(await desk.claim(first.id), keep=["remove"])
        proposal = await desk.draft()
        result = await desk.world.press(
            forms.CLAIM_WRITTEN.custom_id(proposal=proposal.id, claim="gone"), by=desk.actor
        )
        assert "claim" in await said(result) or not result.followups


class TestSources:
    async def test_a_known_source_is_found_and_numbered(self, desk: Desk) -> None:
        proposal = await desk.edit("weight-loss")
        await desk.cite("zzz-no-such-paper")
        assert "I know no source like" in desk.text
        await desk.cite("noppers 2011")
        options = options_of(desk.panel, ui.CITED.custom_id(proposal=proposal.id))
        assert any("Noppers" in option["label"] and "2011" in option["label"] for option in options)
        await desk.pick(ui.CITED, options[0]["value"], proposal=proposal.id)
        sources = (await desk.draft()).manuscript.sources
        assert sources[-1] == options[0]["value"]
        assert f"**That is [{len(sources)}] on this draft.**" in desk.text

    async def test_a_doi_that_is_known_is_that_source(self, desk: Desk) -> None:
        proposal = await desk.edit()
        records = desk.world.library.catalog.sources
        number, known = next(each for each in numbers_of(proposal, records) if each[1].doi)
        opened = await desk.click("Add a new source")
        await desk.send(opened, **source(doi=f"https://doi.org/{(known.doi or '').upper()}"))
        assert "I knew that one already" in desk.text
        assert f"[{number}] on this draft" in desk.text
        assert (await desk.draft()).manuscript == proposal.manuscript

    async def test_a_new_source_by_pubmed_number(self, desk: Desk) -> None:
        proposal = await desk.edit()
        await desk.send(await desk.click("Add a new source"), **source(doi="PMID: 99999991"))
        written = (await desk.draft()).manuscript
        assert len(written.sources) == len(proposal.manuscript.sources) + 1
        assert (written.added[0].pmid, written.added[0].year) == ("99999991", 2025)
        assert f"[{len(written.sources)}] on this draft" in desk.text

    @pytest.mark.parametrize("wrong", [{"doi": "somewhere on the web"}, {"where": "no year at all"}])
    async def test_a_slip_hands_back_what_was_typed(self, desk: Desk, wrong: dict[str, str]) -> None:
        proposal = await desk.edit()
        result = await desk.send(await desk.click("Add a new source"), **source(**wrong))
        answer = await said(result)
        assert "Warm feet in winter" in answer
        assert next(iter(wrong.values())) in answer
        assert (await desk.draft()).manuscript == proposal.manuscript


def numbers_of(proposal: Proposal, records: Mapping[str, Source]) -> list[tuple[int, Source]]:
    return [(number, records[each]) for number, each in enumerate(proposal.manuscript.sources, start=1)]


def source(doi: str = "10.9999/socks.1", where: str = "Journal of Socks, 2025") -> dict[str, Any]:
    typed = {"doi": doi, "title": "Warm feet in winter", "authors": "Wool W, et al.", "where": where}
    return {**typed, "type": ["randomised trial"]}


async def rewrite(desk: Desk, proposal: Proposal, **changed: Any) -> Proposal:
    """Store a manuscript that no form could have made."""
    text = proposal.manuscript.model_copy(update=changed)
    stored = replace(proposal, manuscript=text)
    assert await desk.world.storage.proposals.save(stored)
    return stored


class TestLongTexts:
    async def test_4001_characters_are_offered_in_pieces_and_never_cut(self, desk: Desk) -> None:
        proposal = await desk.edit()
        lines = [f"{'They found it in trial ' * 13}{number}. [1]" for number in range(13)]
        long = "\n".join(lines)
        long = f"{long}{'x' * (4001 - len(long))}"
        assert len(long) == 4001
        await rewrite(desk, proposal, parts={**proposal.manuscript.parts, Part.EVIDENCE: long})
        await desk.edit()
        shown = await desk.part("trials")
        assert shown.modal is None
        assert "longer than a box takes (4,000 characters)" in desk.text
        opened = await desk.click("What trials found")
        values = filled(opened)
        assert all(len(value) <= 4000 for value in values.values())
        assert "".join("".join(values.values()).split()) == "".join(long.split())
        await desk.world.restart()
        await desk.send(opened)
        assert shown_in(await desk.draft(), Part.EVIDENCE) == long
        await desk.edit()
        await desk.part("trials")
        await desk.send(await desk.click("What is not known"), unknown="Everything. [1]")
        draft = await desk.draft()
        assert (shown_in(draft, Part.EVIDENCE), shown_in(draft, Part.UNKNOWN)) == (long, "Everything. [1]")

    async def test_what_no_form_takes_is_left_alone(self, desk: Desk) -> None:
        proposal = await desk.edit()
        await rewrite(desk, proposal, parts={**proposal.manuscript.parts, Part.EVIDENCE: "word " * 6000})
        await desk.edit()
        await desk.part("trials")
        assert "Nothing of it was cut" in await said(await desk.click("What trials found"))
        assert (await desk.draft()).manuscript.parts[Part.EVIDENCE] == "word " * 6000

    @given(st.text("ab \n", min_size=0, max_size=60).map(lambda text: text * 250))
    @settings(max_examples=60, deadline=None)
    def test_any_text_comes_back_from_its_boxes(self, text: str) -> None:
        manuscript = Manuscript(card_id="socks", parts={Part.EVIDENCE: text})
        if len(text) > 14_000:
            return
        form = forms.part_form("0" * 16, manuscript, Part.EVIDENCE)
        typed = {box["custom_id"]: box.get("value", "") for box in boxes_of(form)}
        assert all(len(value) <= 4000 for value in typed.values())
        stripped = {key: value.strip() for key, value in typed.items() if value.strip()}
        assert forms.written(Part.EVIDENCE, typed)[Part.EVIDENCE] == text
        assert forms.written(Part.EVIDENCE, stripped)[Part.EVIDENCE].split() == text.split()


def shown_in(proposal: Proposal, part: Part) -> str:
    return forms.shown(proposal.manuscript, part)


def boxes_of(form: discord.ui.Modal) -> list[dict[str, Any]]:
    return [part["component"] for part in form.to_components()]


class TestBadInput:
    async def test_a_form_open_across_a_restart(self, desk: Desk) -> None:
        await desk.edit()
        opened = await desk.part("names")
        await desk.world.restart()
        await desk.send(opened, name="Melatonin after the restart")
        assert "Melatonin after the restart" in desk.text
        assert (await desk.draft()).manuscript.parts[Part.NAME] == "Melatonin after the restart"

    async def test_a_role_lost_while_a_form_was_open(self, desk: Desk) -> None:
        proposal = await desk.edit()
        opened = await desk.part("names")
        lose_role(desk)
        result = await desk.send(opened, name="A name that took me an hour")
        answer = await said(result)
        assert "A name that took me an hour" in answer
        assert "none of their roles" in answer
        assert result.followups[-1].ephemeral
        assert await desk.draft() == proposal

    async def test_a_role_lost_before_the_reason_was_sent(self, desk: Desk) -> None:
        await desk.edit()
        await desk.write("names", name="Melatonin (night)")
        opened = await desk.click("Send for review")
        lose_role(desk)
        assert "A long reason" in await said(await desk.send(opened, why="A long reason"))
        assert (await desk.draft()).status is ProposalStatus.DRAFT

    async def test_a_role_lost_before_a_claim_was_sent(self, desk: Desk) -> None:
        opened = await desk.command("claim", card="melatonin")
        lose_role(desk)
        result = await desk.send(opened, text="It cures everything", verdict=["mixed"])
        assert "It cures everything" in text_of(result.response)
        assert result.response.ephemeral
        assert "none of their roles" in await said(result)
        assert not await desk.world.storage.proposals.of_author(desk.guild_id, desk.actor.id)

    async def test_every_control_asks_again_who_presses(self, desk: Desk) -> None:
        proposal = await desk.edit()
        pressed = [custom_id for custom_id in custom_ids_of(desk.panel) if "select" not in custom_id]
        lose_role(desk)
        for custom_id in pressed:
            result = await desk.world.press(custom_id, by=desk.actor)
            assert result.modal is None
            assert "none of their roles" in await said(result), custom_id
        assert await desk.draft() == proposal

    async def test_somebody_without_the_role_begins_nothing(self, desk: Desk) -> None:
        lose_role(desk)
        for name, options in (
            ("edit", {"card": "ketamine"}),
            ("new", {"name": "Warm socks", "kind": "device"}),
            ("claim", {"card": "ketamine"}),
            ("mine", {}),
        ):
            result = await desk.command(name, **options)
            assert result.modal is None
            assert "none of their roles" in await said(result)
        assert not await desk.world.storage.proposals.of_author(desk.guild_id, desk.actor.id)

    async def test_mentions_and_markup_stay_words(self, desk: Desk) -> None:
        await desk.edit()
        evil = "@everyone <@1> <@&2> <#3> [click](https://example.com) **bold** ||hidden||"
        await desk.write("names", name=evil, aliases=evil, scope=evil)
        await desk.write("short", key_messages=f"{evil} [1]\n{evil} [999]")
        for text in (desk.text, text_of((await desk.command("mine")).response)):
            assert "\\@everyone \\<\\@1\\>" in text
            for live in (r"(?<!\\)@everyone", "<@1>", "<@&2>", "<#3>", r"\]\(https", r"\*\*bold", r"\|\|hidden"):
                assert not re.search(live, text), live

    async def test_text_that_turns_around_is_shown_as_what_it_is(self, desk: Desk) -> None:
        await desk.edit()
        await desk.write("names", name="Mela\u202etonin", scope="What \u202eit covers \u2066here.")
        assert "\u202e" not in desk.text
        assert "\u2066" not in desk.text
        assert "to mend before it can be sent" in desk.text
        assert (await desk.draft()).manuscript.parts[Part.NAME] == "Mela\u202etonin"

    async def test_another_curators_draft(self, desk: Desk) -> None:
        proposal = await desk.edit()
        for action in (ui.OPEN, ui.SEND, ui.CITE, ui.THROW_SURE, ui.MERGE):
            result = await desk.world.press(action.custom_id(proposal=proposal.id), by=desk.world.other)
            assert "somebody else's" in await said(result)
        assert await desk.draft() == proposal

    async def test_an_id_of_nothing(self, desk: Desk) -> None:
        result = await desk.world.press(ui.OPEN.custom_id(proposal="0" * 16), by=desk.actor)
        assert "somebody else's, or it is not here any more" in await said(result)

    async def test_two_communities_share_nothing(self, desk: Desk) -> None:
        world = desk.world
        proposal = await desk.edit()
        await desk.write("names", name="Only in the first")
        guild = world.env.create_guild("Other Days")
        elsewhere = guild.create_text_channel("general")
        role = guild.create_role("Keepers")
        actor = guild.add_member(desk.actor.user, roles=[role])
        await settle(world, Community(guild_id=guild.id, curator_roles=frozenset({role.id})))
        there = Desk(world, actor, elsewhere, guild.id)
        await there.command("mine")
        assert "You have no drafts here." in there.text
        other = await there.edit()
        assert other.id != proposal.id
        assert "Only in the first" not in there.text
        message = await world.app.client.get_partial_messageable(elsewhere.id).send(
            view=Layout(
                discord.ui.ActionRow(
                    discord.ui.Button(label="Press", custom_id=ui.OPEN.custom_id(proposal=proposal.id))
                )
            )
        )
        assert "somebody else's, or it is not here any more" in await said(await actor.click(message, label="Press"))

    async def test_in_a_private_chat_there_are_no_cards_to_keep(self, desk: Desk) -> None:
        result = await desk.world.press(ui.OPEN.custom_id(proposal="0" * 16))
        assert "belongs to a server" in await said(result)


class TestTogether:
    async def test_a_card_that_somebody_else_changed_meanwhile(self, desk: Desk) -> None:
        mine = await desk.edit()
        await desk.write("names", name="Melatonin, my name")
        await publish(desk, {Part.NAME: "Melatonin, their name", Part.SCOPE: "A scope of theirs, in one line."})
        await desk.command("edit", card="melatonin")
        assert "Somebody else changed this card meanwhile" in desk.text
        refused = await desk.click("Send for review")
        assert refused.modal is None
        assert "**Not sent:**" in desk.text
        await desk.click("Bring it together")
        assert "**Brought together.** Both of you changed: Name" in desk.text
        text = (await desk.draft()).manuscript
        assert (text.parts[Part.NAME], text.parts[Part.SCOPE]) == (
            "Melatonin, my name",
            "A scope of theirs, in one line.",
        )
        assert (await desk.draft()).id == mine.id
        await desk.send(await desk.click("Send for review"), why="A clearer name.")
        assert "**Sent for review:**" in desk.text

    @pytest.mark.parametrize("trouble", ["none", "deleted", "closed"])
    async def test_without_a_curation_channel_it_waits_in_the_queue(self, desk: Desk, trouble: str) -> None:
        world = desk.world
        channel = world.guild.channels["curation"]
        roles = frozenset({role_of(world).id})
        channel_id = None if trouble == "none" else channel.id
        await settle(world, Community(guild_id=desk.guild_id, curator_roles=roles, curation_channel_id=channel_id))
        if trouble == "deleted":
            world.env.backend.delete_channel(channel.id)
        if trouble == "closed":
            channel_closed = discord.PermissionOverwrite(view_channel=False, send_messages=False)
            closed = world.guild.create_text_channel("closed", overwrites={world.guild.default_role: channel_closed})
            await settle(world, Community(guild_id=desk.guild_id, curator_roles=roles, curation_channel_id=closed.id))
        await desk.edit()
        await desk.write("names", name="Melatonin (night)")
        await desk.send(await desk.click("Send for review"), why="Clearer.")
        assert "**Sent for review:**" in desk.text
        assert "It waits in the queue" in desk.text
        assert (await desk.draft()).status is ProposalStatus.OPEN


async def publish(desk: Desk, parts: dict[Part, str]) -> None:
    """Another curator's change of the same card, written and approved behind the scenes."""
    proposals, other = desk.world.app.curation.proposals, desk.world.other.id
    theirs = await proposals.begin(desk.guild_id, other, "melatonin")
    await proposals.write(desk.guild_id, theirs.id, other, parts)
    assert (await proposals.send(desk.guild_id, theirs.id, other, "Clearer.")).is_clean
    assert (await proposals.approve(desk.guild_id, theirs.id, desk.actor.id)).published


class TestDiff:
    def test_old_is_struck_and_what_is_new_is_marked(self) -> None:
        change = Change("Harms: common", "Nausea is common. [A 2011]", "Nausea is very common. [A 2011]")
        assert diff_blocks([change]) == [
            "**Harms\\: common**\n− ~~Nausea is common\\. \\[A 2011\\]~~\n\\+ Nausea is **very** common\\. \\[A 2011\\]"
        ]
        assert diff_blocks([Change("Name", "Old words only", "Nothing alike")]) == [
            "**Name**\n− ~~Old words only~~\n\\+ **Nothing alike**"
        ]
        assert diff_blocks([Change("Name", None, "Come"), Change("Name", "Gone", None)]) == [
            "**Name**\n\\+ **Come**\n− ~~Gone~~"
        ]

    def test_nothing_is_left_out_and_every_page_fits(self) -> None:
        long = " ".join(f"word{number}" for number in range(900))
        changes = [Change("A place " * 40, long, long[::-1]), Change("Name", "a\nb", "b\na")]
        blocks = diff_blocks(changes)
        shown = "".join(blocks)
        assert all(f"word{number}" in shown for number in range(900))
        assert all(len(block) <= 2 * BLOCK for block in blocks)
        for page in pages(blocks):
            assert sum(map(len, page)) + len(page) <= CHARACTER_BUDGET

    def test_what_hides_is_named(self) -> None:
        shown = diff_blocks([Change("Name", None, "Mela\u202etonin\u0007")])[0]
        assert "U\\+202E" in shown
        assert "U\\+0007" in shown

    def test_a_source_cannot_bring_a_link_of_its_own(self) -> None:
        evil = Source.model_validate(
            {
                "id": "evil-2020",
                "type": SourceType.TRIAL,
                "authors": "[click](https://example.com)",
                "title": "@everyone <@1>",
                "doi": "10.1000/x>[click](https://example.com)<",
            }
        )
        shown = source_blocks([(1, evil)])[0]
        assert "\\@everyone \\<\\@1\\>" in shown
        assert re.search(r"<https://[^<>\s]*>$", shown)


def test_the_panel_fits_whatever_is_in_it(library: Library) -> None:
    card = library.catalog.cards["ketamine"]
    text = manuscript_of(card)
    long = "*_~|" * 75
    remarks = [Remark(part, 99, long) for part in Part for _ in range(20)]
    changes = [Change(long, long, long[::-1]) for _ in range(30)]
    sources = [(number, source) for number, source in enumerate(library.catalog.sources.values(), start=1)]
    parts = {**text.parts, Part.NAME: long}
    proposal = Proposal(
        id="0" * 16,
        guild_id=1,
        card_id="ketamine",
        author_id=1,
        status=ProposalStatus.CHANGES_ASKED,
        manuscript=text.model_copy(update={"parts": parts}),
        base=text,
        base_number=0,
        changed_at=FixedClock().now(),
        reply=long,
    )
    for status in ProposalStatus:
        shown = Draft(replace(proposal, status=status), Check(remarks, changes, changes), sources)
        assert fits(draft_view(shown, "N" * 700))
        for what in ("changes", "sources", "remarks"):
            for page in range(4):
                assert fits(ui.look_view(shown, what, page))
    assert fits(ui.mine_view([proposal] * 40, [proposal] * 40))
