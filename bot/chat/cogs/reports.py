"""Reports: members say that a card is wrong, without their name; moderators settle it."""

from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import aiohttp
import discord
import structlog
from discord import app_commands
from discord.ext import commands

from bot.chat.gate import Gate, handing_back
from bot.chat.interactions import acknowledge, show, submitted
from bot.chat.routing import Action, Handler, Interaction
from bot.chat.ui import reports as ui
from bot.chat.ui.cards import OPEN_PAGE, REPORT
from bot.chat.ui.layout import panel
from bot.domain.cards import Card
from bot.domain.communities import Community, Feature
from bot.domain.curation import Report
from bot.errors import UserError
from bot.services.curation.communities import CommunityService
from bot.services.curation.editions import Editions
from bot.services.curation.queue import REPORTS_OFF, CurationQueue
from bot.services.ports import Clock

MOST, PERIOD = 5, timedelta(hours=1)
"""Reports that one person can make in that time: enough for anybody who reads cards, too few to flood anybody."""

NO_SERVER = (
    "Reports go to the moderators of a server. Please open the card in your server, share it there, and report it "
    "from that message; or simply tell a moderator."
)
NOT_OURS = "That message shows none of my cards. *Report a problem* is for the cards that I post."
TOO_MANY = (
    "You have reported several things in the last hour, thank you. Please give the moderators a little time, "
    "or tell one of them directly."
)

log = structlog.get_logger()

Values = Mapping[str, str]


class Allowance:
    """How much one person may report. In memory alone: nobody can look up later who reported something."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._made: defaultdict[int, deque[datetime]] = defaultdict(deque)

    def check(self, person: int) -> None:
        """Raises UserError if they have none left."""
        self._forget_older(self._clock.now() - PERIOD)
        if len(self._made.get(person, ())) >= MOST:
            raise UserError(TOO_MANY)

    def spend(self, person: int) -> None:
        self._made[person].append(self._clock.now())

    def _forget_older(self, than: datetime) -> None:
        for person, made in list(self._made.items()):
            while made and made[0] <= than:
                made.popleft()
            if not made:
                del self._made[person]


class Reports(commands.Cog):
    """*Report a problem* on a card in a channel, and the notice of it to the moderators."""

    def __init__(
        self, gate: Gate, communities: CommunityService, editions: Editions, queue: CurationQueue, clock: Clock
    ) -> None:
        self._gate = gate
        self._communities = communities
        self._editions = editions
        self._queue = queue
        self._allowance = Allowance(clock)
        self.controls: Mapping[Action, Handler] = {
            REPORT: self._report_card,
            ui.REPORTED: self._reported,
            ui.SETTLE: self._settle,
        }
        self.menus = [
            app_commands.ContextMenu(
                name="Report a problem",
                callback=self._report,
                allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=False),
                allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
            )
        ]

    async def _report(self, interaction: Interaction, message: discord.Message) -> None:
        ours = interaction.client.user is not None and message.author.id == interaction.client.user.id
        await self._ask_about(interaction, card_ids(message.components) if ours else ())

    async def _report_card(self, interaction: Interaction, values: Values) -> None:
        await self._ask_about(interaction, [values["card"]])

    async def _ask_about(self, interaction: Interaction, ids: Sequence[str]) -> None:
        # A form must be the first answer, so this cannot be acknowledged beforehand: it only reads.
        community = await self._here(interaction)
        self._allowance.check(interaction.user.id)
        cards = await self._cards(community, ids)
        if not cards:
            raise UserError(NOT_OURS)
        await interaction.response.send_modal(ui.report_form(cards))

    async def _reported(self, interaction: Interaction, values: Values) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        typed = submitted(interaction)
        async with handing_back(interaction):
            community = await self._here(interaction)
            self._allowance.check(interaction.user.id)
            report = await self._queue.report(
                community.guild_id, interaction.user.id, typed.get(ui.CARD, values["card"]), typed.get(ui.WHAT, "")
            )
        self._allowance.spend(interaction.user.id)
        await show(interaction, panel([ui.THANKS]))
        await self._notify(interaction.client, community, report)

    async def _settle(self, interaction: Interaction, values: Values) -> None:
        await acknowledge(interaction)
        community = await self._gate.curator(interaction)
        done = values["how"] == "done"
        report = await self._queue.settle_report(community.guild_id, interaction.user.id, values["report"], done=done)
        name = await self._name(report)
        await show(interaction, ui.settled_view(report, name, done=done, curator_id=interaction.user.id))

    async def _here(self, interaction: Interaction) -> Community:
        if interaction.guild_id is None:
            raise UserError(NO_SERVER)
        return await self._communities.demand(interaction.guild_id, Feature.REPORTS, REPORTS_OFF)

    async def _cards(self, community: Community, ids: Sequence[str]) -> list[Card]:
        """Those that there are, withdrawn ones too."""
        states = [await self._editions.state(community.guild_id, each) for each in ids]
        return [state.card for state in states if state.card]

    async def _notify(self, client: discord.Client, community: Community, report: Report) -> None:
        """Tell the moderators, where they can be told. The report waits in the queue anyway."""
        if community.curation_channel_id is None:
            return
        channel = client.get_partial_messageable(community.curation_channel_id)
        view = ui.notice_view(report, await self._name(report))
        try:
            await channel.send(view=view, nonce=f"p{report.id}")
        except (discord.HTTPException, OSError, aiohttp.ClientError) as error:
            log.warning("report not announced", error=type(error).__name__)

    async def _name(self, report: Report) -> str:
        card = (await self._editions.state(report.guild_id, report.card_id)).card
        return card.name if card else report.card_id


def card_ids(components: Sequence[object]) -> list[str]:
    """The ids of the cards whose buttons are among these components, in order, each once."""
    opened = [OPEN_PAGE.parse(custom_id) for custom_id in _custom_ids(components)]
    return list(dict.fromkeys(values["card"] for values in opened if values))


def _custom_ids(components: Sequence[object]) -> Iterator[str]:
    for component in components:
        if isinstance(component, discord.Container | discord.ActionRow):
            yield from _custom_ids(component.children)
        elif isinstance(component, discord.Button) and component.custom_id:
            yield component.custom_id
