"""Who may do what in a server, looked at anew at every command, button, select and form.

The roles and permissions that count come with each interaction, so somebody who lost a role has lost it at the next
press. What Discord hides from people is a courtesy to them and protects nothing.
"""

import contextlib
import io
from collections.abc import AsyncGenerator, Sequence

import discord

from bot.chat.interactions import ACKNOWLEDGED, submitted
from bot.chat.routing import Interaction
from bot.chat.ui.layout import CHARACTER_BUDGET, panel
from bot.domain.communities import Community
from bot.errors import UserError
from bot.services.curation.communities import CommunityService

IN_A_SERVER = "That belongs to a server. Please use it there, not in a private chat."
NOT_READY = "I cannot see this server's roles just now. Please try again in a minute. Nothing was changed."
NOT_ADMINISTRATOR = (
    "Setting me up is for people who may manage this server. Please ask one of them. Nothing was changed."
)
NOBODY_CHOSEN = (
    "Nobody has been chosen yet to look after the cards here. Someone who manages this server can do that with "
    "`/setup`. Nothing was changed."
)
NOT_CURATOR = (
    "That is for the moderators who look after the cards here, and you have none of their roles now. Nothing was "
    "changed or published. If that comes as a surprise, please ask someone who manages this server."
)
GIVEN_BACK = "What you typed is above, for you alone, so that none of it is lost."

TYPED = "**This is what you typed:**"
FILE_NAME = "what-you-typed.txt"


class Gate:
    """Lets through who may, and tells the others why not."""

    def __init__(self, communities: CommunityService) -> None:
        self._communities = communities

    async def curator(self, interaction: Interaction) -> Community:
        """The community in which this person may propose, review and withdraw, right now.

        Raises:
            UserError: they may not, nobody was chosen yet, or this is no server.
        """
        member = _member(interaction)
        community = await self._communities.of(member.guild.id)
        if community.may_curate([role.id for role in member.roles], administrator=_manages(interaction)):
            return community
        if member.guild.unavailable:  # a server that I am not in, or that Discord has not told me of since the start
            raise UserError(NOT_READY)
        raise UserError(NOT_CURATOR if community.curator_roles else NOBODY_CHOSEN)

    async def administrator(self, interaction: Interaction) -> Community:
        """The community that this person may set up, right now.

        Raises:
            UserError: they may not, or this is no server, or none that Discord has told me of.
        """
        guild = _member(interaction).guild
        if not _manages(interaction):
            raise UserError(NOT_ADMINISTRATOR)
        if guild.unavailable:
            raise UserError(NOT_READY)
        return await self._communities.of(guild.id)


@contextlib.asynccontextmanager
async def handing_back(interaction: Interaction) -> AsyncGenerator[None]:
    """Around whatever takes what was typed into a form: if it is refused, its author gets the text back, privately.

    Raises:
        UserError: what refused it, with a word about the text.
    """
    try:
        yield
    except UserError as refused:
        if not await _given_back(interaction, list(submitted(interaction).values())):
            raise
        raise UserError(f"{refused} {GIVEN_BACK}") from None


async def _given_back(interaction: Interaction, typed: Sequence[str]) -> bool:
    """Send somebody their own words, for them to copy, with nothing in it coming alive; False if there are none."""
    if not typed:
        return False
    if not interaction.response.is_done() and ACKNOWLEDGED not in interaction.extras:
        await interaction.response.defer(ephemeral=True, thinking=True)
    text = "\n\n".join(typed)
    block = f"{TYPED}\n```\n{text}\n```"
    if "```" in text or len(block) > CHARACTER_BUDGET:  # it would end the block, or not fit
        await interaction.followup.send(TYPED, file=discord.File(_bytes(text), FILE_NAME), ephemeral=True)
    else:
        await interaction.followup.send(view=panel([block]), ephemeral=True)
    return True


def _bytes(text: str) -> io.BytesIO:
    return io.BytesIO(text.encode("utf-8", "replace"))


def _member(interaction: Interaction) -> discord.Member:
    if not isinstance(interaction.user, discord.Member):
        raise UserError(IN_A_SERVER)
    return interaction.user


def _manages(interaction: Interaction) -> bool:
    return interaction.permissions.administrator or interaction.permissions.manage_guild
