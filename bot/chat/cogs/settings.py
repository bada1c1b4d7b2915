"""The settings panel: its buttons, selects and forms. `/checkin settings` shows it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, time

from discord.ext import commands

from bot.chat.interactions import acknowledge, chosen, show, submitted
from bot.chat.routing import Action, Handler, Interaction
from bot.chat.ui import flares as flare_ui
from bot.chat.ui import plans as plan_ui
from bot.chat.ui import preferences as ui
from bot.chat.ui.layout import Layout
from bot.chat.ui.prompts import day_text
from bot.chat.ui.settings import overview_view, page_of
from bot.chat.ui.timetables import EDITED, Edited, edit_form
from bot.domain.journal import parse_coming_day
from bot.domain.members import Preferences, QuietHours, SafetyPlan
from bot.domain.plans import CheckIn, Digest
from bot.domain.questionnaires import OwnKind, own_question
from bot.domain.schedules import Schedule, Weekdays
from bot.domain.zones import place_label
from bot.errors import UserError
from bot.services.flares import FlareService
from bot.services.plans import Overview, PlanService, PlanView
from bot.services.ports import Catalogs

DIGEST_DAY = Weekdays(frozenset({6}))
DIGEST_TIMES = (time(18), time(12), time(9), time(21))
"""When the digest comes unless the member says otherwise: the first of these that is not in their quiet hours."""

REST_KEPT = "What else you changed is saved."

Values = Mapping[str, str]


class PlanSettings(commands.Cog):
    """Everything in the panel. Each handler is given a plan's id by its control, and the service checks whose it is."""

    def __init__(self, plans: PlanService, flares: FlareService, catalogs: Catalogs) -> None:
        self._plans = plans
        self._flares = flares
        self._catalogs = catalogs
        self.controls: Mapping[Action, Handler] = {
            ui.OVERVIEW: self._overview,
            plan_ui.BACK: self._back,
            plan_ui.EDIT: self._edit,
            EDITED: self._edited,
            plan_ui.PAUSE: self._pause,
            plan_ui.PAUSE_UNTIL: self._pause_until,
            plan_ui.PAUSE_OWN: self._pause_own,
            plan_ui.PAUSE_DATE: self._pause_date,
            plan_ui.GO_ON: self._go_on,
            plan_ui.STOP: self._stop,
            plan_ui.STOP_SURE: self._stop_sure,
            plan_ui.QUESTIONS: self._questions,
            plan_ui.ADD_QUESTION: self._add_question,
            plan_ui.ADDED_QUESTION: self._added_question,
            plan_ui.REMOVE_QUESTION: self._remove_question,
            flare_ui.FLARE: self._flare,
            flare_ui.FLARE_DAYS: self._flare_days,
            flare_ui.FLARE_ENDED: self._flare_ended,
            ui.MORE: self._more,
            ui.QUIET_FORM: self._quiet_form,
            ui.QUIET: self._quiet,
            ui.DAY_FORM: self._day_form,
            ui.DAY: self._day,
            ui.SAFETY_FORM: self._safety_form,
            ui.SAFETY: self._safety,
        }

    async def _overview(self, interaction: Interaction, values: Values) -> None:
        await acknowledge(interaction)
        await self._show_overview(interaction, page=int(values["page"]))

    async def _back(self, interaction: Interaction, values: Values) -> None:
        await acknowledge(interaction)
        overview = await self._plans.overview(interaction.user.id)
        flare = await self._flares.current(interaction.user.id)
        await show(interaction, overview_view(overview, flare, page_of(overview, values["plan"])))

    async def _show_overview(self, interaction: Interaction, *, page: int = 0, notice: str = "") -> None:
        overview = await self._plans.overview(interaction.user.id)
        flare = await self._flares.current(interaction.user.id)
        await show(interaction, overview_view(overview, flare, page, notice=notice))

    async def _edit(self, interaction: Interaction, values: Values) -> None:
        # A form must be the first answer, so this one cannot be acknowledged beforehand: it is a few reads by key.
        view = await self._plans.plan(interaction.user.id, values["plan"])
        await interaction.response.send_modal(edit_form(view.plan))

    async def _edited(self, interaction: Interaction, values: Values) -> None:
        await acknowledge(interaction)
        member_id, plan_id = interaction.user.id, values["plan"]
        edited = Edited(submitted(interaction), (await self._plans.plan(member_id, plan_id)).plan)
        now, zone = await self._plans.local_now(member_id)
        try:
            timetable = replace(edited.rest, schedule=edited.schedule(now, zone))
            view = await self._plans.change(member_id, plan_id, timetable, edited.text)
        except UserError as refused:
            if edited.rest == edited.plan.timetable and edited.text is None:
                raise
            await self._plans.change(member_id, plan_id, edited.rest, edited.text)
            raise UserError(f"{refused} {REST_KEPT}") from None
        await show(interaction, plan_ui.plan_view(view, "Changed:"))

    async def _pause(self, interaction: Interaction, values: Values) -> None:
        await acknowledge(interaction)
        view = await self._plans.plan(interaction.user.id, values["plan"])
        await show(interaction, plan_ui.pause_view(view, await self._local_date(interaction)))

    async def _pause_until(self, interaction: Interaction, values: Values) -> None:
        await acknowledge(interaction)
        await self._paused(interaction, values["plan"], chosen(interaction))

    async def _pause_own(self, interaction: Interaction, values: Values) -> None:
        await interaction.response.send_modal(plan_ui.pause_form(values["plan"]))

    async def _pause_date(self, interaction: Interaction, values: Values) -> None:
        await acknowledge(interaction)
        await self._paused(interaction, values["plan"], submitted(interaction).get("until", ""))

    async def _paused(self, interaction: Interaction, plan_id: str, typed: str) -> None:
        until = parse_coming_day(typed, await self._local_date(interaction))
        view = await self._plans.pause(interaction.user.id, plan_id, until)
        await show(interaction, plan_ui.plan_view(view, f"Paused. It goes on from {day_text(until)}:"))

    async def _go_on(self, interaction: Interaction, values: Values) -> None:
        await acknowledge(interaction)
        view = await self._plans.resume(interaction.user.id, values["plan"])
        await show(interaction, plan_ui.plan_view(view, "It goes on:"))

    async def _stop(self, interaction: Interaction, values: Values) -> None:
        await acknowledge(interaction)
        await show(interaction, plan_ui.stop_view(await self._plans.plan(interaction.user.id, values["plan"])))

    async def _stop_sure(self, interaction: Interaction, values: Values) -> None:
        await acknowledge(interaction)
        await show(interaction, plan_ui.stopped_view(await self._plans.stop(interaction.user.id, values["plan"])))

    async def _questions(self, interaction: Interaction, values: Values) -> None:
        await acknowledge(interaction)
        await show(interaction, _questions(await self._plans.plan(interaction.user.id, values["plan"])))

    async def _add_question(self, interaction: Interaction, values: Values) -> None:
        await interaction.response.send_modal(plan_ui.question_form(values["plan"]))

    async def _added_question(self, interaction: Interaction, values: Values) -> None:
        await acknowledge(interaction)
        fields = submitted(interaction)
        question = own_question(fields.get("text", ""), _kind(fields), fields.get("unit"))
        view = await self._plans.ask_also(interaction.user.id, values["plan"], question)
        await show(interaction, _questions(view, "**Added.** I ask it from the next check-in on."))

    async def _remove_question(self, interaction: Interaction, values: Values) -> None:
        await acknowledge(interaction)
        view = await self._plans.ask_no_more(interaction.user.id, values["plan"], values["key"])
        await show(interaction, _questions(view, "**Removed.** What you have answered is kept."))

    async def _flare(self, interaction: Interaction, values: Values) -> None:
        await acknowledge(interaction)
        overview = await self._plans.overview(interaction.user.id)
        flare = await self._flares.current(interaction.user.id)
        await show(interaction, flare_ui.flare_view(flare, overview.today))

    async def _flare_days(self, interaction: Interaction, values: Values) -> None:
        await acknowledge(interaction)
        days = next((days for days in flare_ui.DAYS_OF_FLARE if str(days) == chosen(interaction)), 0)
        await show(interaction, flare_ui.in_flare_view(await self._flares.begin(interaction.user.id, days)))

    async def _flare_ended(self, interaction: Interaction, values: Values) -> None:
        await acknowledge(interaction)
        await self._flares.end(interaction.user.id)
        await show(interaction, flare_ui.flare_over_view())

    async def _more(self, interaction: Interaction, values: Values) -> None:
        """What needs no words is done at once; the rest says how it is, with a button to change it.

        A form straight from the select would leave it showing a choice that cannot be made again after a "cancel".
        """
        await acknowledge(interaction)
        overview = await self._plans.overview(interaction.user.id)
        match chosen(interaction):
            case "digest":
                await self._toggle_digest(interaction, overview)
            case "streaks":
                await self._toggle_streaks(interaction, overview)
            case wanted:
                await show(interaction, _setting(wanted, overview))

    async def _toggle_digest(self, interaction: Interaction, overview: Overview) -> None:
        if any(isinstance(view.plan.purpose, Digest) for view in overview.plans):
            await self._plans.digest(interaction.user.id, None)
            await self._show_overview(interaction, notice="**The weekly digest is off.**")
            return
        quiet = overview.preferences.quiet
        times = [at for at in DIGEST_TIMES if quiet is None or not quiet.covers(at)] or DIGEST_TIMES
        view = await self._plans.digest(interaction.user.id, Schedule.daily(times[0], DIGEST_DAY))
        if view is not None:
            await show(interaction, plan_ui.plan_view(view, "On:"))

    async def _toggle_streaks(self, interaction: Interaction, overview: Overview) -> None:
        on = not overview.preferences.streaks
        await self._prefer(interaction, streaks=on)
        await self._show_overview(interaction, notice=f"**Streaks are {'on' if on else 'off'}.**")

    async def _quiet_form(self, interaction: Interaction, values: Values) -> None:
        await interaction.response.send_modal(ui.quiet_form(await self._plans.preferences(interaction.user.id)))

    async def _quiet(self, interaction: Interaction, values: Values) -> None:
        await acknowledge(interaction)
        preferred = await self._prefer(interaction, quiet=ui.quiet_hours(submitted(interaction)))
        await show(interaction, ui.quiet_view(preferred))

    async def _day_form(self, interaction: Interaction, values: Values) -> None:
        await interaction.response.send_modal(ui.day_form(await self._plans.preferences(interaction.user.id)))

    async def _day(self, interaction: Interaction, values: Values) -> None:
        await acknowledge(interaction)
        preferred = await self._prefer(interaction, day_begins=ui.day_begins(submitted(interaction)))
        await show(interaction, ui.day_view(preferred))

    async def _safety_form(self, interaction: Interaction, values: Values) -> None:
        preferences = await self._plans.preferences(interaction.user.id)
        await interaction.response.send_modal(ui.safety_form(preferences, self._catalogs.catalog.support))

    async def _safety(self, interaction: Interaction, values: Values) -> None:
        await acknowledge(interaction)
        safety = ui.safety_plan(submitted(interaction), self._catalogs.catalog.support)
        await show(interaction, ui.safety_view(await self._prefer(interaction, safety=safety)))

    async def _prefer(
        self, interaction: Interaction, **changed: QuietHours | SafetyPlan | time | bool | None
    ) -> Preferences:
        """Store some of the preferences; the others stay."""
        before = await self._plans.preferences(interaction.user.id)
        preferred = before.model_copy(update=changed)
        await self._plans.prefer(interaction.user.id, preferred)
        return preferred

    async def _local_date(self, interaction: Interaction) -> date:
        now, zone = await self._plans.local_now(interaction.user.id)
        return now.astimezone(zone).date()


def _setting(wanted: str, overview: Overview) -> Layout:
    views = {"quiet": ui.quiet_view, "day": ui.day_view, "safety": ui.safety_view}
    view = views.get(wanted)
    return view(overview.preferences) if view else ui.zone_view(place_label(overview.member.zone))


def _questions(view: PlanView, lead: str = "") -> Layout:
    purpose = view.plan.purpose
    return plan_ui.questions_view(view, purpose.own if isinstance(purpose, CheckIn) else (), lead)


def _kind(fields: Values) -> OwnKind:
    return next((kind for kind in OwnKind if kind.value == fields.get("kind")), OwnKind.SCORE)
