"""The journal: trends, treatments and reports, for the member alone."""

import io
from collections.abc import Mapping

import discord
from discord import app_commands
from discord.ext import commands

from bot.chat.interactions import acknowledge, show
from bot.chat.routing import Action, Handler, Interaction
from bot.chat.ui.journal import (
    PERIODS,
    PICTURE,
    TRENDS,
    report_view,
    treatments_view,
    trends_view,
)
from bot.chat.ui.layout import inert, panel
from bot.services.facts import Answer, FactService
from bot.services.journal import JournalService, TrendView

Name = app_commands.Range[str, 1, 60]


class Journal(commands.Cog):
    """`/trends`, `/treatments`, `/report`."""

    treatments = app_commands.Group(name="treatments", description="Mark what you start and stop")

    def __init__(self, journal: JournalService, facts: FactService) -> None:
        self._journal = journal
        self._facts = facts
        self.controls: Mapping[Action, Handler] = {TRENDS: self._other_period}

    @app_commands.command()
    @app_commands.describe(days="How far back", measure="What to show", look="For Discord's dark or light theme")
    @app_commands.choices(days=[app_commands.Choice(name=f"{days} days", value=days) for days in PERIODS])
    @app_commands.choices(
        measure=[app_commands.Choice(name=name.capitalize(), value=name) for name in ("pain", "fatigue", "sleep")],
        look=[app_commands.Choice(name=name.capitalize(), value=name) for name in ("dark", "light")],
    )
    async def trends(self, interaction: Interaction, days: int = 30, measure: str = "pain", look: str = "dark") -> None:
        """How you have been: a picture, the numbers, and one plain sentence"""
        await acknowledge(interaction)
        await self._show_trends(interaction, days, measure, look)

    @app_commands.command()
    @app_commands.describe(
        days="How far back",
        question="Something you want to ask at the appointment",
        notes="Whether your notes are printed as well",
    )
    @app_commands.choices(days=[app_commands.Choice(name=f"{days} days", value=days) for days in (30, 90)])
    async def report(
        self,
        interaction: Interaction,
        days: int = 30,
        question: app_commands.Range[str, 1, 300] | None = None,
        notes: bool = False,  # noqa: FBT001, FBT002 - an option of the command
    ) -> None:
        """A page for your appointment, and your data as files"""
        await acknowledge(interaction)
        questions = [question] if question else []
        files = await self._journal.report(interaction.user.id, days, questions, with_notes=notes)
        attachments = [discord.File(io.BytesIO(file.content), file.name) for file in files]
        await show(interaction, report_view([file.name for file in files]), files=attachments)

    @treatments.command(name="start")
    @app_commands.describe(name="One from the list, or a name of your own")
    async def treatment_start(self, interaction: Interaction, name: Name) -> None:
        """Mark that you start something today"""
        await acknowledge(interaction)
        found = self._facts.answer(name)
        card = found.card if isinstance(found, Answer) else None
        mark = await self._journal.start_mark(
            interaction.user.id, card.name if card else name, card.id if card else None
        )
        await show(interaction, panel([f"**Marked:** {inert(mark.name)}, from today."]))

    @treatments.command(name="stop")
    @app_commands.describe(name="Which one")
    async def treatment_stop(self, interaction: Interaction, name: Name) -> None:
        """Mark that you stopped something today"""
        await acknowledge(interaction)
        mark = await self._journal.stop_mark(interaction.user.id, name)
        await show(interaction, panel([f"**Marked:** {inert(mark.name)}, stopped today."]))

    @treatments.command(name="list")
    async def treatment_list(self, interaction: Interaction) -> None:
        """What you have marked"""
        await acknowledge(interaction)
        await show(interaction, treatments_view(await self._journal.marks(interaction.user.id)))

    @treatment_start.autocomplete("name")
    async def _suggest_card(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        cards = self._facts.suggest(typed, topics=False, limit=24)
        own = [app_commands.Choice(name=f"{typed} (your own)"[:100], value=typed)] if typed.strip() else []
        return [app_commands.Choice(name=card.name, value=card.name) for card in cards] + own

    @treatment_stop.autocomplete("name")
    async def _suggest_running(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        marks = await self._journal.marks(interaction.user.id)
        names = [each.mark.name for each in marks if each.mark.stopped is None]
        return [app_commands.Choice(name=name, value=name) for name in names if typed.casefold() in name.casefold()][
            :25
        ]

    async def _other_period(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        await acknowledge(interaction)
        await self._show_trends(interaction, int(values["days"]), values["measure"], values["look"])

    async def _show_trends(self, interaction: Interaction, days: int, measure: str, look: str) -> None:
        shown = await self._journal.trends(interaction.user.id, days, measure, dark=look == "dark")
        view = trends_view(shown, self._published(shown), days=days, look=look)
        await show(interaction, view, files=[discord.File(io.BytesIO(shown.picture), PICTURE)])

    def _published(self, shown: TrendView) -> list[str]:
        """What trials found for the treatments that have a card, to put one's own days beside."""
        cards = [self._facts.catalog.cards.get(mark.card_id or "") for mark, _ in shown.comparisons]
        return [
            f"- In trials, {card.name}: {card.effect.text} (`/treatment`)" for card in cards if card and card.effect
        ]
