"""The queue: what waits for the moderators, and what they decide about it."""

from collections.abc import Mapping, Sequence
from typing import Any

from discord import app_commands
from discord.ext import commands

from bot.chat.gate import Gate
from bot.chat.interactions import acknowledge, show
from bot.chat.reviewing import ReviewBoard
from bot.chat.routing import OUTDATED, Action, Handler, Interaction
from bot.chat.ui import queue as ui
from bot.domain.changes import Change, changes
from bot.domain.curation import AskedKind
from bot.errors import UserError
from bot.services.curation.editions import Editions
from bot.services.curation.queue import CurationQueue, Heading, Queue
from bot.services.curation.shelf import Shelf

NO_ASKED = "That is not in the queue any more. Somebody may have been quicker."

Values = Mapping[str, str]


class QueuePanel(commands.Cog):
    """`/curate queue`, and the controls of its panel."""

    def __init__(self, gate: Gate, queue: CurationQueue, shelf: Shelf, editions: Editions, board: ReviewBoard) -> None:
        self._gate = gate
        self._queue = queue
        self._shelf = shelf
        self._editions = editions
        self._board = board
        self.controls: Mapping[Action, Handler] = {
            ui.QUEUE: self._all,
            ui.LIST: self._list,
            ui.SHOW: self._show,
            ui.SETTLE: self._settle,
        }
        queue_command: app_commands.Command[Any, ..., Any] = app_commands.Command(
            name="queue", description="What waits for you and the other moderators", callback=self._queue_command
        )
        self.subcommands = {"curate": [queue_command]}

    async def _queue_command(self, interaction: Interaction) -> None:
        await show(interaction, ui.queue_view(await self._here(interaction)))

    async def _all(self, interaction: Interaction, values: Values) -> None:
        await show(interaction, ui.queue_view(await self._here(interaction)))

    async def _list(self, interaction: Interaction, values: Values) -> None:
        queue = await self._here(interaction)
        await show(interaction, ui.heading_view(queue, _heading(values["heading"]), int(values["page"])))

    async def _show(self, interaction: Interaction, values: Values) -> None:
        await self._show_entry(interaction, _heading(values["heading"]), values["key"], int(values["page"]))

    async def _settle(self, interaction: Interaction, values: Values) -> None:
        queue = await self._here(interaction)
        heading, how = _heading(values["heading"]), values["how"]
        await self._decide(interaction, queue, heading, values["key"], how)
        if heading is Heading.BELOW:
            guild_id = (await self._gate.curator(interaction)).guild_id
            await self._board.card_changed(interaction.client, guild_id, values["key"])
        await show(interaction, ui.heading_view(await self._here(interaction), heading, notice=ui.SETTLED[how]))

    async def _decide(self, interaction: Interaction, queue: Queue, heading: Heading, key: str, how: str) -> None:
        guild_id, curator_id = (await self._gate.curator(interaction)).guild_id, interaction.user.id
        match heading, how:
            case Heading.REPORTS, "done" | "dismiss":
                await self._queue.settle_report(guild_id, curator_id, key, done=how == "done")
            case Heading.ALERTS, "confirm" | "dismiss":
                await self._queue.decide_alert(guild_id, curator_id, key, confirmed=how == "confirm")
            case Heading.WISHED | Heading.UNANSWERED, "dismiss":
                kind = AskedKind.CARD if heading is Heading.WISHED else AskedKind.QUESTION
                await self._queue.dismiss_asked(guild_id, curator_id, kind, _asked(queue, heading, key))
            case Heading.BELOW, "take":
                await self._shelf.accept_bundled(guild_id, curator_id, key)
            case Heading.BELOW, "keep":
                await self._shelf.keep_ours(guild_id, curator_id, key)
            case _:
                raise UserError(OUTDATED)

    async def _show_entry(self, interaction: Interaction, heading: Heading, key: str, page: int = 0) -> None:
        queue = await self._here(interaction)
        changed = await self._changed(interaction, queue, key) if heading is Heading.BELOW else ()
        await show(interaction, ui.entry_view(queue, heading, key, changed, page))

    async def _changed(self, interaction: Interaction, queue: Queue, card_id: str) -> Sequence[Change]:
        """From the community's card to the bundled one."""
        theirs = await self._editions.catalog_of(interaction.guild_id)
        for revision, card in queue.below:
            if revision.card_id == card_id:
                added = {source.id: source for source in revision.sources}
                return changes(revision.card, card, {**theirs.sources, **self._editions.catalog.sources, **added})
        return ()

    async def _here(self, interaction: Interaction) -> Queue:
        """What waits where this person is a curator."""
        if not interaction.response.is_done():
            await acknowledge(interaction)
        return await self._queue.of((await self._gate.curator(interaction)).guild_id)


def _heading(name: str) -> Heading:
    heading = ui.heading_named(name)
    if heading is None:
        raise UserError(OUTDATED)
    return heading


def _asked(queue: Queue, heading: Heading, key: str) -> str:
    text = ui.asked_for(queue, heading, key)
    if text is None:
        raise UserError(NO_ASKED)
    return text
