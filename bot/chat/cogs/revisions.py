"""History: every state that a card was in here, the way back to any of them, and taking a card down."""

from collections.abc import Mapping
from typing import Any

from discord import app_commands
from discord.ext import commands

from bot.chat.gate import Gate, handing_back
from bot.chat.interactions import acknowledge, chosen, is_private, show, submitted
from bot.chat.reviewing import ReviewBoard
from bot.chat.routing import OUTDATED, Action, Handler, Interaction
from bot.chat.ui import revisions as ui
from bot.chat.ui.cards import Page
from bot.chat.ui.layout import inert
from bot.domain.cards import Card, Source
from bot.domain.changes import changes
from bot.domain.curation import RevisionKind
from bot.errors import UserError
from bot.services.curation.editions import Editions
from bot.services.curation.shelf import NO_CARD, NO_REVISION, QUICKER, REASON_LENGTH, Shelf
from bot.services.facts import Answer, NotFound

WITHDRAWN = (
    "**Withdrawn just now.** Members see that it is being checked, with your reason. "
    "To bring it back, choose a text below."
)
BACK = "**Done.** Members see that text now."
NO_TEXT = "That revision has no text of its own any more: the bundled card is gone."

Values = Mapping[str, str]
Command = app_commands.Command[Any, ..., Any]
Name = app_commands.Range[str, 1, 80]


class Revisions(commands.Cog):
    """`/curate history`, `/curate withdraw`, and the controls of the history."""

    def __init__(self, gate: Gate, shelf: Shelf, editions: Editions, board: ReviewBoard) -> None:
        self._gate = gate
        self._shelf = shelf
        self._editions = editions
        self._board = board
        self.controls: Mapping[Action, Handler] = {
            ui.HISTORY: self._turn_page,
            ui.CHOSEN: self._chosen,
            ui.REVISION: self._revision,
            ui.TEXT: self._text,
            ui.COMPARE: self._compare,
            ui.GO_BACK: self._go_back,
            ui.WENT_BACK: self._went_back,
            ui.WITHDRAW: self._withdraw_form,
            ui.WITHDRAWN: self._withdrawn,
        }
        history: Command = app_commands.Command(
            name="history", description="Who changed a card, when and why, and the way back", callback=self._history
        )
        withdraw: Command = app_commands.Command(
            name="withdraw", description="Take a card down at once, while it is being checked", callback=self._withdraw
        )
        for command in (history, withdraw):
            command.autocomplete("card")(self._suggest_card)
        self.subcommands = {"curate": [history, withdraw]}

    @app_commands.describe(card="Which card")
    async def _history(self, interaction: Interaction, card: Name) -> None:
        await acknowledge(interaction)
        guild_id = await self._here(interaction)
        found = await self._named(guild_id, card)
        await show(interaction, ui.history_view(await self._past(guild_id, found.id)))

    @app_commands.describe(card="Which card", reason="Members see it in place of the card")
    async def _withdraw(
        self, interaction: Interaction, card: Name, reason: app_commands.Range[str, 1, REASON_LENGTH]
    ) -> None:
        await acknowledge(interaction)
        guild_id = await self._here(interaction)
        found = await self._named(guild_id, card)
        await self._take_down(interaction, guild_id, found.id, reason)

    async def _suggest_card(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        facts = await self._editions.of(interaction.guild_id)
        return [app_commands.Choice(name=card.name, value=card.id) for card in facts.suggest(typed)]

    async def _turn_page(self, interaction: Interaction, values: Values) -> None:
        await self._begin(interaction)
        past = await self._past(await self._here(interaction), values["card"])
        await show(interaction, ui.history_view(past, int(values["page"])))

    async def _chosen(self, interaction: Interaction, values: Values) -> None:
        if not chosen(interaction).isdecimal():
            raise UserError(OUTDATED)
        await self._show_revision(interaction, values["card"], int(chosen(interaction)))

    async def _revision(self, interaction: Interaction, values: Values) -> None:
        await self._show_revision(interaction, values["card"], int(values["number"]))

    async def _show_revision(self, interaction: Interaction, card_id: str, number: int) -> None:
        await acknowledge(interaction)
        past = await self._past(await self._here(interaction), card_id)
        if number and past.revision(number) is None:
            raise UserError(NO_REVISION)
        await show(interaction, ui.revision_view(past, number))

    async def _text(self, interaction: Interaction, values: Values) -> None:
        await acknowledge(interaction)
        guild_id, number = await self._here(interaction), int(values["number"])
        past = await self._past(guild_id, values["card"])
        card, known = _text(past, number), await self._known(guild_id, past, number)
        numbers = [(n, known[each]) for each, n in card.citation_numbers().items() if each in known]
        page, part = Page(values["page"]), int(values["part"])
        await show(interaction, ui.text_view(past, Answer(card, numbers), number, page, part))

    async def _compare(self, interaction: Interaction, values: Values) -> None:
        await acknowledge(interaction)
        guild_id, number = await self._here(interaction), int(values["number"])
        past = await self._past(guild_id, values["card"])
        changed = changes(past.state.card, _text(past, number), await self._known(guild_id, past, number))
        await show(interaction, ui.compare_view(past, number, changed, int(values["page"])))

    async def _go_back(self, interaction: Interaction, values: Values) -> None:
        # A form must be the first answer, so this cannot be acknowledged beforehand: it reads nothing but roles.
        await self._here(interaction)
        form = ui.go_back_form(values["card"], int(values["number"]), int(values["now"]))
        await interaction.response.send_modal(form)

    async def _went_back(self, interaction: Interaction, values: Values) -> None:
        await acknowledge(interaction)
        card_id, number = values["card"], int(values["number"])
        async with handing_back(interaction):
            guild_id = await self._here(interaction)
            if (await self._editions.state(guild_id, card_id)).number != int(values["now"]):
                raise UserError(QUICKER)
            await self._shelf.restore(guild_id, interaction.user.id, card_id, number, _words(interaction))
        await self._show_changed(interaction, guild_id, card_id, BACK)

    async def _withdraw_form(self, interaction: Interaction, values: Values) -> None:
        await self._here(interaction)
        await interaction.response.send_modal(ui.withdraw_form(values["card"]))

    async def _withdrawn(self, interaction: Interaction, values: Values) -> None:
        await self._begin(interaction)
        async with handing_back(interaction):
            guild_id = await self._here(interaction)
            await self._take_down(interaction, guild_id, values["card"], _words(interaction))

    async def _take_down(self, interaction: Interaction, guild_id: int, card_id: str, reason: str) -> None:
        await self._shelf.withdraw(guild_id, interaction.user.id, card_id, reason)
        await self._show_changed(interaction, guild_id, card_id, WITHDRAWN)

    async def _show_changed(self, interaction: Interaction, guild_id: int, card_id: str, notice: str) -> None:
        await show(interaction, ui.history_view(await self._past(guild_id, card_id), notice=notice))
        await self._board.card_changed(interaction.client, guild_id, card_id)

    async def _begin(self, interaction: Interaction) -> None:
        """The history takes the place of one's own message, and stands beside what everybody sees."""
        if is_private(interaction):
            await acknowledge(interaction)
        else:
            await interaction.response.defer(ephemeral=True, thinking=True)

    async def _here(self, interaction: Interaction) -> int:
        """The id of the server in which this person is a curator."""
        return (await self._gate.curator(interaction)).guild_id

    async def _named(self, guild_id: int, name: str) -> Card:
        """The card of that id or name, withdrawn or not."""
        found = (await self._editions.of(guild_id)).answer(name)
        if isinstance(found, NotFound):
            near = f" Nearest: {', '.join(inert(card.name) for card in found.nearest)}." if found.nearest else ""
            raise UserError(f"I have no card called {inert(name)}.{near}")
        return found.card

    async def _past(self, guild_id: int, card_id: str) -> ui.Past:
        state = await self._editions.state(guild_id, card_id)
        revisions = await self._shelf.history(guild_id, card_id)
        named = state.card or next((revision.card for revision in revisions if revision.card), None)
        if named is None:
            raise UserError(NO_CARD)
        return ui.Past(card_id, named.name, state, revisions)

    async def _known(self, guild_id: int, past: ui.Past, number: int) -> Mapping[str, Source]:
        """The sources that a revision's text and the present one cite, by id."""
        revision = past.revision(number)
        own = revision.sources if revision and revision.kind is not RevisionKind.BUNDLED else ()
        known = dict((await self._editions.catalog_of(guild_id)).sources)
        known.update({source.id: source for source in (*past.state.added, *own)})
        return known


def _text(past: ui.Past, number: int) -> Card:
    card = past.text(number)
    if card is None:
        raise UserError(NO_TEXT)
    return card


def _words(interaction: Interaction) -> str:
    return submitted(interaction).get("words", "")
