"""Setting up: what the administrators of a server decide about me there."""

import asyncio
from collections.abc import Mapping

import discord
from discord import app_commands
from discord.ext import commands

from bot.chat.gate import Gate
from bot.chat.interactions import acknowledge, all_chosen, chosen, show
from bot.chat.routing import Action, Handler, Interaction
from bot.chat.ui import setup as ui
from bot.domain.communities import Community, Feature
from bot.services.curation.communities import CommunityService
from bot.services.ports import Catalogs

NEEDED = {"view_channel": "View Channel", "send_messages": "Send Messages"}
"""What it takes to post in the curation channel, as Discord names it to people."""

NOT_EVERYONE = "**@everyone was not chosen:** with it, every member could change the cards."
NOT_THERE = "**That channel is not there any more.** Please choose another. Nothing was changed."

Values = Mapping[str, str]


class Setup(commands.Cog):
    """`/setup`, and the controls of its panel."""

    def __init__(self, gate: Gate, communities: CommunityService, catalogs: Catalogs) -> None:
        self._gate = gate
        self._communities = communities
        self._catalogs = catalogs
        self._turns = asyncio.Lock()
        self.controls: Mapping[Action, Handler] = {
            ui.ROLES: self._roles,
            ui.CHANNEL: self._channel,
            ui.COUNTRY: self._country,
            ui.ANSWERS: self._answers,
            ui.APPROVALS: self._approvals,
            ui.FEATURES: self._features,
        }

    @app_commands.command()
    @app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
    @app_commands.allowed_installs(guilds=True, users=False)
    @app_commands.default_permissions(manage_guild=True)
    async def setup(self, interaction: Interaction) -> None:
        """For administrators: moderators, channel, country, and what is on here"""
        await acknowledge(interaction)
        await self._show(interaction, await self._gate.administrator(interaction))

    async def _roles(self, interaction: Interaction, values: Values) -> None:
        guild = await self._begin(interaction)
        wanted = [guild.get_role(_id(each)) for each in all_chosen(interaction)]
        roles = [role for role in wanted if role and not role.is_default()]
        named = ui.names_text([role.name for role in roles]) or "nobody"
        notice = NOT_EVERYONE if guild.default_role in wanted else ""
        chosen_roles = frozenset(role.id for role in roles)
        await self._change(interaction, f"moderators: {named}", notice, curator_roles=chosen_roles)

    async def _channel(self, interaction: Interaction, values: Values) -> None:
        guild = await self._begin(interaction)
        wanted = chosen(interaction)
        if not wanted:
            await self._change(interaction, "curation channel: none", curation_channel_id=None)
            return
        channel = guild.get_channel(_id(wanted))
        if channel is None:
            await self._show(interaction, await self._gate.administrator(interaction), NOT_THERE)
        elif missing := _missing(channel):
            refused = ui.cannot_post(channel.id, missing)
            await self._show(interaction, await self._gate.administrator(interaction), refused)
        else:
            await self._change(interaction, f"curation channel: {channel.name}", curation_channel_id=channel.id)

    async def _country(self, interaction: Interaction, values: Values) -> None:
        await self._begin(interaction)
        country = next((name for name in self._countries() if name == chosen(interaction)), None)
        await self._change(interaction, f"country: {country or 'none'}", country=country)

    async def _answers(self, interaction: Interaction, values: Values) -> None:
        await self._begin(interaction)
        public = values["who"] == "all"
        await self._change(interaction, f"answers: {'public' if public else 'private'}", public_answers=public)

    async def _approvals(self, interaction: Interaction, values: Values) -> None:
        await self._begin(interaction)
        await self._change(interaction, f"approvals: {values['count']}", approvals=int(values["count"]))

    async def _features(self, interaction: Interaction, values: Values) -> None:
        await self._begin(interaction)
        off = frozenset(Feature) - frozenset(all_chosen(interaction))
        named = ", ".join(feature for feature in Feature if feature in off)
        await self._change(interaction, f"switched off: {named or 'nothing'}", off=off)

    async def _begin(self, interaction: Interaction) -> discord.Guild:
        """The server whose settings this person may change."""
        await acknowledge(interaction)
        await self._gate.administrator(interaction)
        assert interaction.guild is not None  # noqa: S101 - the gate lets nobody through elsewhere
        return interaction.guild

    async def _change(
        self,
        interaction: Interaction,
        what: str,
        notice: str = "",
        **changed: frozenset[int] | frozenset[Feature] | str | int | bool | None,
    ) -> None:
        """Store one setting and draw the panel anew; `what` goes to the audit log, unless it was so before."""
        async with self._turns:  # two at once: the second must not write over the first with what it read before
            before = await self._gate.administrator(interaction)
            after = before.model_copy(update=changed)
            if after != before:
                await self._communities.change(after, interaction.user.id, what)
        await self._show(interaction, after, notice or "**Saved.**")

    async def _show(self, interaction: Interaction, community: Community, notice: str = "") -> None:
        standing = _standing(interaction.guild, community) if interaction.guild else ui.Standing()
        events = await self._communities.events(community.guild_id, ui.EVENTS)
        await show(interaction, ui.setup_view(community, standing, self._countries(), events, notice))

    def _countries(self) -> list[str]:
        return [each.country for each in self._catalogs.catalog.support if not each.everywhere]


def _id(value: str) -> int:
    """What was picked; 0, which is nothing's, if it is no id."""
    return int(value) if value.isdecimal() else 0


def _standing(guild: discord.Guild, community: Community) -> ui.Standing:
    roles = [role for role in sorted(community.curator_roles) if guild.get_role(role)]
    channel = guild.get_channel(community.curation_channel_id or 0)
    if channel is None:
        return ui.Standing(roles)
    open_to_all = channel.permissions_for(guild.default_role).view_channel
    return ui.Standing(roles, channel.id, _missing(channel), open_to_all)


def _missing(channel: discord.abc.GuildChannel) -> list[str]:
    """What keeps me from posting there."""
    mine = channel.permissions_for(channel.guild.me)
    return [name for permission, name in NEEDED.items() if not getattr(mine, permission)]
