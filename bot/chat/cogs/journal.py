"""The journal: trends, the week, treatments and reports, for the member alone."""

import io
from collections.abc import Mapping

import discord
from discord import app_commands
from discord.ext import commands

from bot.chat.interactions import acknowledge, acknowledge_beside, picked, show, submitted
from bot.chat.routing import Action, Handler, Interaction
from bot.chat.ui.journal import (
    FILES,
    NOTES,
    OPTIONS,
    PERIODS,
    PICTURE,
    QUESTIONS,
    REPORT,
    REPORT_PERIODS,
    TREATMENTS,
    TRENDS,
    WEEK,
    WHAT,
    report_form,
    report_view,
    treatments_view,
    trends_view,
    week_view,
)
from bot.chat.ui.layout import inert, panel
from bot.services.checkins import CheckInService
from bot.services.curation.editions import Editions
from bot.services.facts import Answer, FactService
from bot.services.journal import JournalService, TrendView, Wanted
from bot.services.patience import Patience, Work

Name = app_commands.Range[str, 1, 60]


class Journal(commands.Cog):
    """`/trends`, `/treatments`, `/report`, and the button of the weekly digest."""

    treatments = app_commands.Group(name="treatments", description="Mark what you start and stop")

    def __init__(
        self, journal: JournalService, editions: Editions, checkins: CheckInService, patience: Patience
    ) -> None:
        self._journal = journal
        self._editions = editions
        self._checkins = checkins
        self._patience = patience
        self.controls: Mapping[Action, Handler] = {
            TRENDS: self._other_period,
            WEEK: self._week,
            REPORT: self._make_report,
        }

    @app_commands.command()
    @app_commands.describe(
        days="How far back", measure="Which of your questions", look="For Discord's dark or light theme"
    )
    @app_commands.choices(days=[app_commands.Choice(name=f"{days} days", value=days) for days in PERIODS])
    @app_commands.choices(look=[app_commands.Choice(name=name.capitalize(), value=name) for name in ("dark", "light")])
    async def trends(
        self,
        interaction: Interaction,
        days: int = 30,
        measure: app_commands.Range[str, 1, 100] | None = None,
        look: str = "dark",
    ) -> None:
        """How you have been: a picture, the numbers, and one plain sentence"""
        await acknowledge(interaction)
        await self._show_trends(interaction, days, measure, look)

    @trends.autocomplete("measure")
    async def _suggest_measure(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        found = await self._journal.measures(interaction.user.id)
        fitting = [each for each in found if typed.casefold() in each.label.casefold()]
        return [app_commands.Choice(name=each.label, value=each.key) for each in fitting[:OPTIONS]]

    @app_commands.command()
    @app_commands.describe(days="How far back")
    @app_commands.choices(days=[app_commands.Choice(name=f"{days} days", value=days) for days in REPORT_PERIODS])
    async def report(self, interaction: Interaction, days: int = 30) -> None:
        """A page for your appointment, and your data as files"""
        self._patience.take(interaction.user.id, Work.REPORT)
        # A modal must be the first answer, so this cannot be acknowledged beforehand: it only reads.
        measures = await self._journal.reportable(interaction.user.id, days)
        await interaction.response.send_modal(report_form(days, measures))

    @treatments.command(name="start")
    @app_commands.describe(name="One from the list, or a name of your own")
    async def treatment_start(self, interaction: Interaction, name: Name) -> None:
        """Mark that you start something today"""
        await acknowledge(interaction)
        found = (await self._editions.of(interaction.guild_id)).answer(name)
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
        cards = (await self._editions.of(interaction.guild_id)).suggest(typed, topics=False, limit=24)
        own = [app_commands.Choice(name=f"{typed} (your own)"[:100], value=typed)] if typed.strip() else []
        return [app_commands.Choice(name=card.name, value=card.name) for card in cards] + own

    @treatment_stop.autocomplete("name")
    async def _suggest_running(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        marks = await self._journal.marks(interaction.user.id)
        names = [each.mark.name for each in marks if each.mark.stopped is None]
        fitting = [name for name in names if typed.casefold() in name.casefold()]
        return [app_commands.Choice(name=name, value=name) for name in fitting[:OPTIONS]]

    async def _other_period(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        await acknowledge(interaction)
        await self._show_trends(interaction, int(values["days"]), values["measure"], values["look"])

    async def _week(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        await acknowledge_beside(interaction)
        await self._checkins.done(interaction.user.id, values["prompt"])
        self._patience.take(interaction.user.id, Work.TRENDS)
        week = await self._journal.week(interaction.user.id)
        await show(interaction, week_view(week), files=[discord.File(io.BytesIO(week.picture), PICTURE)])

    async def _make_report(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        await acknowledge_beside(interaction)
        choices, typed = picked(interaction), submitted(interaction)
        what = choices.get(WHAT, [])
        wanted = Wanted(
            days=int(values["days"]),
            measures=what,
            files=choices.get(FILES, []),
            questions=typed.get(QUESTIONS, ""),
            treatments=TREATMENTS in what,
            notes=NOTES in what,
        )
        report = await self._journal.report(interaction.user.id, wanted)
        attachments = [discord.File(io.BytesIO(file.content), file.name) for file in report.files]
        await show(interaction, report_view(report), files=attachments)

    async def _show_trends(self, interaction: Interaction, days: int, measure: str | None, look: str) -> None:
        self._patience.take(interaction.user.id, Work.TRENDS)
        shown = await self._journal.trends(interaction.user.id, days, measure, dark=look == "dark")
        published = _published(shown, await self._editions.of(interaction.guild_id))
        view = trends_view(shown, published, days=days, look=look)
        await show(interaction, view, files=[discord.File(io.BytesIO(shown.picture), PICTURE)])


def _published(shown: TrendView, facts: FactService) -> list[str]:
    """What trials found for the treatments that have a card, to put one's own days beside."""
    cards = [facts.catalog.cards.get(mark.card_id or "") for mark, _ in shown.comparisons]
    return [f"- In trials, {card.name}: {card.effect.text} (`/treatment`)" for card in cards if card and card.effect]
