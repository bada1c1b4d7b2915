"""The whole life of a card in one server, by three moderators, while another server sees nothing of it."""

from dataclasses import dataclass
from typing import Any

import discord
import simcord

from bot.chat.ui import drafts, setup
from tests.chat.test_settings import filled
from tests.chat.world import World, can_press, labels_of, text_of

CARD = "melatonin"
HARM = "Some people feel dizzy the next morning."
MENDED = "Some people feel dizzy for a few hours the next morning."
REASON = "A reader doubts the numbers."


@dataclass
class Server:
    """A server with its own moderators, a member, and a channel for each."""

    world: World
    guild: simcord.GuildHandle
    talk: simcord.ChannelHandle
    curation: simcord.ChannelHandle
    role: simcord.RoleHandle
    manager: simcord.MemberActor
    member: simcord.MemberActor
    moderators: list[simcord.MemberActor]

    async def set_up(self) -> None:
        """As a manager does it, in one panel."""
        shown: Any = await self.manager.slash(self.talk, "setup")
        await self.manager.select(shown.response, values=[self.role], custom_id=setup.ROLES.custom_id())
        await self.manager.select(shown.response, values=[self.curation], custom_id=setup.CHANNEL.custom_id())
        assert f"<@&{self.role.id}>" in text_of(shown.response)

    async def share(self) -> Any:
        """A member shares the card with everybody; the public message."""
        shown: Any = await self.member.slash(self.talk, "treatment", name=CARD)
        await self.member.click(shown.response, label="Share here")
        return self.public(self.talk)

    def public(self, channel: simcord.ChannelHandle) -> Any:
        """The newest message there that everybody sees."""
        return [message for message in channel.history() if not message.flags.ephemeral][-1]

    async def read(self) -> str:
        """What a member reads who asks for the card now."""
        shown: Any = await self.member.slash(self.talk, "treatment", name=CARD)
        return text_of(shown.response)


def server(world: World, name: str) -> Server:
    guild = world.env.create_guild(name)
    talk, curation = guild.create_text_channel("treatments"), guild.create_text_channel("curation")
    role = guild.create_role("Moderators")
    managers = guild.create_role("Managers", permissions=discord.Permissions(manage_guild=True))

    def join(who: str, *roles: simcord.RoleHandle) -> simcord.MemberActor:
        return guild.add_member(world.env.create_user(f"{who}-{guild.id}"), roles=roles)

    moderators = [join(who, role) for who in ("anna", "ben", "cleo")]
    return Server(world, guild, talk, curation, role, join("manager", managers), join("member"), moderators)


async def write_harm(here: Server, author: simcord.MemberActor, panel: Any, line: str) -> None:
    """Put a line below the common harms, in place of the last one that was added."""
    proposal = (await here.world.storage.proposals.of_author(here.guild.id, author.id))[0]
    opened = await author.select(panel, ["harms"], custom_id=drafts.EDIT_CHOSEN.custom_id(proposal=proposal.id))
    before = [each for each in filled(opened)["common"].splitlines() if "dizzy" not in each]
    await author.submit_modal(opened, {**filled(opened), "common": "\n".join([*before, line])})


async def send(author: simcord.MemberActor, panel: Any, why: str) -> None:
    opened = await author.click(panel, label="Send for review")
    await author.submit_modal(opened, {"why": why})


async def test_the_whole_life_of_a_card(world: World) -> None:
    here, there = server(world, "Gentle Days"), server(world, "Elsewhere")
    anna, ben, cleo = here.moderators
    for each in (here, there):
        await each.set_up()
    await here.share()
    elsewhere = text_of(await there.share())
    bundled = await here.read()

    # Anna proposes a new harm, forgets its source, is told before anybody sees it, and mends it.
    shown: Any = await anna.slash(here.talk, "curate edit", card=CARD)
    panel = shown.response
    await write_harm(here, anna, panel, HARM)
    assert "has no source" in text_of(panel)
    assert (await anna.click(panel, label="Send for review")).modal is None
    assert not list(here.curation.history())
    await write_harm(here, anna, panel, f"{HARM} [1]")
    await send(anna, panel, "Members ask about it.")
    assert "**Sent for review:** Melatonin" in text_of(panel)

    # Ben reads the difference and asks for a change; Anna sends it again; she cannot approve it, Cleo can.
    review = here.public(here.curation)
    assert f"proposed by <@{anna.id}>" in text_of(review)
    assert "+ **Some people feel dizzy the next morning\\." in text_of(review)
    opened = await ben.click(review, label="Ask for a change")
    await ben.submit_modal(opened, {"words": "For how long?"})
    assert "> For how long\\?" in text_of(here.public(here.curation))
    shown = await anna.slash(here.talk, "curate edit", card=CARD)
    panel = shown.response
    assert "> For how long\\?" in text_of(panel)
    await write_harm(here, anna, panel, f"{MENDED} [1]")
    await send(anna, panel, "Members ask about it.")
    review = here.public(here.curation)
    assert "for a few hours" in text_of(review)
    refused: Any = await anna.click(review, label="Approve")
    assert "somebody else must approve it" in text_of(refused.followups[0])
    assert await here.read() == bundled
    world.clock.advance(hours=1)
    await cleo.click(review, label="Approve")

    # It is published at once, and what was posted before follows. The other server has nothing of it.
    assert f"✔ **Published** <t:{int(world.clock.now().timestamp())}:f>, approved by <@{cleo.id}>" in text_of(
        here.public(here.curation)
    )
    assert MENDED in await here.read()
    assert await world.app.curation.living.sweep() == 1
    assert "-# Updated 23 November: new harm added" in text_of(here.public(here.talk))
    assert MENDED in text_of(here.public(here.talk))

    # A day later Cleo takes it down in one step: members see that, and why, in place of what it said.
    world.clock.advance(days=1)
    await world.restart()
    await world.app.editions.load()
    await cleo.slash(here.talk, "curate withdraw", card=CARD, reason=REASON)
    assert "Withdrawn, being checked" in await here.read()
    assert await world.app.curation.living.sweep() == 1
    posted = text_of(here.public(here.talk))
    assert "Withdrawn 24 November" in posted
    assert "> A reader doubts the numbers\\." in posted
    assert MENDED not in posted
    asked: Any = await here.member.slash(here.talk, "ask", question="does melatonin make me dizzy the next morning?")
    assert "Melatonin" not in labels_of(asked.response)

    # Ben has checked it and goes back to the published text; the history tells all of it.
    shown = await ben.slash(here.talk, "curate history", card=CARD)
    await ben.select(shown.response, ["1"])
    opened = await ben.click(shown.response, label="Go back to this one")
    await ben.submit_modal(opened, {"words": "The numbers are right."})
    assert MENDED in await here.read()
    assert await world.app.curation.living.sweep() == 1
    assert MENDED in text_of(here.public(here.talk))
    told = text_of(shown.response)
    for number, what, who in ((1, "Published", anna), (2, "Withdrawn", cleo), (3, "Published", ben)):
        line = next(line for line in told.splitlines() if line.startswith(f"**{number}.**"))
        assert f"**{what}**" in line
        assert f"<@{who.id}>" in line
    for why in ("Members ask about it\\.", "A reader doubts the numbers\\.", "The numbers are right\\."):
        assert f"> {why}" in told

    # The other server: its card, its public post, its history and its queue are as they were.
    assert await there.read() == bundled
    assert text_of(there.public(there.talk)) == elsewhere
    assert not list(there.curation.history())
    shown = await there.moderators[0].slash(there.talk, "curate history", card=CARD)
    assert "Nothing has changed here" in text_of(shown.response)
    shown = await there.moderators[0].slash(there.talk, "curate queue")
    assert "Melatonin" not in text_of(shown.response)
    assert can_press(here.public(here.talk), "Harms")
