"""Prompts: everything that can be pressed on one."""

from collections.abc import Mapping

from discord.ext import commands

from bot.chat.interactions import acknowledge, chosen, show, submitted
from bot.chat.routing import Action, Handler, Interaction
from bot.chat.ui import prompts as ui
from bot.chat.ui.layout import panel
from bot.domain.snoozes import Snooze
from bot.errors import UserError
from bot.services.checkins import CheckInService
from bot.services.flares import FlareService


class Prompts(commands.Cog):
    """The controls of check-ins, reminders and the question at the end of a flare. Services check whose they are."""

    def __init__(self, checkins: CheckInService, flares: FlareService) -> None:
        self._checkins = checkins
        self._flares = flares
        self.controls: Mapping[Action, Handler] = {
            ui.PAIN: self._answer,
            ui.SAME: self._same,
            ui.UNWELL: self._unwell,
            ui.SKIP: self._skip,
            ui.DONE: self._done,
            ui.LATER: self._later,
            ui.SNOOZE: self._snooze,
            ui.SNOOZE_OWN: self._snooze_own,
            ui.BACK: self._back,
            ui.ADD_MORE: self._add_more,
            ui.DETAILS: self._details,
            ui.MORE_QUESTIONS: self._more_questions,
            ui.REST: self._rest,
            ui.DELETE: self._delete,
            ui.FLARE_OVER: self._flare_over,
            ui.FLARE_MORE: self._flare_more,
        }

    async def _answer(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        await acknowledge(interaction)
        recorded = await self._checkins.record(interaction.user.id, values["prompt"], chosen(interaction))
        await show(interaction, ui.recorded_view(recorded))

    async def _same(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        await acknowledge(interaction)
        recorded = await self._checkins.record_same(interaction.user.id, values["prompt"])
        await show(interaction, ui.recorded_view(recorded))

    async def _unwell(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        await acknowledge(interaction)
        recorded = await self._checkins.record_unwell(interaction.user.id, values["prompt"])
        await show(interaction, ui.recorded_view(recorded))

    async def _skip(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        await acknowledge(interaction)
        stands = await self._checkins.skip(interaction.user.id, values["prompt"])
        await show(interaction, ui.recorded_view(stands) if stands else panel([ui.SKIPPED]))

    async def _done(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        await acknowledge(interaction)
        await self._checkins.done(interaction.user.id, values["prompt"])
        await show(interaction, panel([ui.DONE_TEXT]))

    async def _later(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        await acknowledge(interaction)
        zone, moments = await self._checkins.snoozes(interaction.user.id, values["prompt"])
        local = {snooze: until.astimezone(zone) for snooze, until in moments.items()}
        await show(interaction, ui.later_view(values["prompt"], local))

    async def _snooze(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        picked = chosen(interaction)
        if picked == ui.OWN_TIME:  # a modal must be the first answer
            await interaction.response.send_modal(ui.own_time_form(values["prompt"]))
            return
        await acknowledge(interaction)
        if picked not in set(Snooze):
            raise UserError("Please pick one of the times in the list.")
        until = await self._checkins.snooze_by(interaction.user.id, values["prompt"], Snooze(picked))
        await show(interaction, ui.snoozed_view(until))

    async def _snooze_own(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        await acknowledge(interaction)
        typed = submitted(interaction).get("when", "")
        until = await self._checkins.snooze_until(interaction.user.id, values["prompt"], typed)
        await show(interaction, ui.snoozed_view(until))

    async def _back(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        await acknowledge(interaction)
        prompt, plan, asked = await self._checkins.prompt(interaction.user.id, values["prompt"])
        await show(interaction, ui.message_for(prompt, plan, asked))

    async def _add_more(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        # A modal must be the first answer, so this one cannot be acknowledged beforehand: it is a few reads by key.
        stands = await self._checkins.entry_of(interaction.user.id, values["prompt"])
        await interaction.response.send_modal(ui.details_form(stands.entry, stands.questionnaire))

    async def _more_questions(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        stands = await self._checkins.entry_of(interaction.user.id, values["prompt"])
        if not ui.rest_keys(stands.questionnaire):
            raise UserError("There are no more questions in this check-in now.")
        await interaction.response.send_modal(ui.rest_form(stands.entry, stands.questionnaire))

    async def _details(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        await acknowledge(interaction)
        stands = await self._checkins.entry_of(interaction.user.id, values["prompt"])
        shown = ui.first_keys(stands.questionnaire)
        await self._write(interaction, values["prompt"], shown)

    async def _rest(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        await acknowledge(interaction)
        stands = await self._checkins.entry_of(interaction.user.id, values["prompt"])
        await self._write(interaction, values["prompt"], ui.rest_keys(stands.questionnaire))

    async def _write(self, interaction: Interaction, prompt_id: str, shown: list[str]) -> None:
        filled_in = submitted(interaction)
        recorded = await self._checkins.add_details(interaction.user.id, prompt_id, filled_in, shown)
        await show(interaction, ui.recorded_view(recorded))

    async def _delete(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        await acknowledge(interaction)
        await self._checkins.delete(interaction.user.id, values["prompt"])
        await show(interaction, panel([ui.DELETED]))

    async def _flare_over(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        await acknowledge(interaction)
        await self._flares.answer(interaction.user.id, values["prompt"], None)
        await show(interaction, panel([ui.FLARE_IS_OVER]))

    async def _flare_more(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        await acknowledge(interaction)
        flare = await self._flares.answer(interaction.user.id, values["prompt"], int(values["days"]))
        if flare is not None:
            await show(interaction, ui.flare_goes_on_view(flare))
