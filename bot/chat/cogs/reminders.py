"""Reminders: the member's own words at a time they choose."""

from collections.abc import Mapping

from discord import app_commands
from discord.ext import commands

from bot.chat.interactions import acknowledge, open_dm, send_to, show, submitted
from bot.chat.routing import Action, Handler, Interaction
from bot.chat.ui import checkins as ui
from bot.chat.ui.layout import panel
from bot.domain.communities import Feature
from bot.domain.plans import REMINDER_LIMIT, Reminder
from bot.domain.questionnaires import tidied
from bot.domain.schedules import Schedule
from bot.domain.when import parse_days, parse_when
from bot.domain.zones import find_places, zone_for
from bot.errors import UserError
from bot.services.curation.communities import CommunityService
from bot.services.plans import PlanService, schedule_of

REPEAT_SUGGESTIONS = ("Every day", "Monday to Friday", "Every other day", "Weekly", "Every 2 weeks", "Monthly")
WHEN_SUGGESTIONS = ("in 20 minutes", "in 2 hours", "tomorrow 9am", "in 3 days")


class Reminders(commands.Cog):
    """`/remind`."""

    def __init__(self, plans: PlanService, communities: CommunityService) -> None:
        self._plans = plans
        self._communities = communities
        self.controls: Mapping[Action, Handler] = {ui.AGREE_REMINDER: self._agree}

    @app_commands.command()
    @app_commands.describe(
        text="What to remind you of; it shows in the notification",
        when="Type @time to pick one, or: in 2 hours, 18:30, tomorrow 9am",
        repeat="Only if it should come again: every day, Mon Wed Fri, every 3 days ...",
        place="A city or country whose clock is yours; needed once",
    )
    async def remind(
        self,
        interaction: Interaction,
        text: app_commands.Range[str, 1, REMINDER_LIMIT],
        when: app_commands.Range[str, 1, 60],
        repeat: app_commands.Range[str, 1, 60] | None = None,
        place: app_commands.Range[str, 1, 100] | None = None,
    ) -> None:
        """A private reminder, once or again and again"""
        await self._communities.demand(interaction.guild_id, Feature.CHECKINS, ui.SWITCHED_OFF)
        # The consent of somebody new is a modal, which must be the first answer: until then, a few reads by key.
        member_id, reminder = interaction.user.id, _reminder(text)
        now, zone = await self._plans.local_now(member_id, zone_for(place).key if place else None)
        moment = parse_when(when, now, zone)
        local = moment.astimezone(zone)
        if repeat:
            schedule = Schedule.daily(local.time().replace(second=0), parse_days(repeat, local.date()))
        else:
            schedule = Schedule.once_at(moment, zone)
        draft = await self._plans.draft(member_id, zone.key, reminder, schedule)
        if not draft.agreed:
            await interaction.response.send_modal(ui.reminder_form(reminder.text, zone.key, schedule, draft.coming))
            return
        await acknowledge(interaction)
        await show(interaction, ui.reminder_set_view(await self._plans.remind(member_id, zone.key, reminder, schedule)))

    @remind.autocomplete("when")
    async def _suggest_when(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return _choices(WHEN_SUGGESTIONS, typed)

    @remind.autocomplete("repeat")
    async def _suggest_repeat(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return _choices(REPEAT_SUGGESTIONS, typed)

    @remind.autocomplete("place")
    async def _suggest_place(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=place.label, value=place.zone) for place in find_places(typed)]

    async def _agree(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        await acknowledge(interaction)
        await self._communities.demand(interaction.guild_id, Feature.CHECKINS, ui.SWITCHED_OFF)
        reminder = _reminder(submitted(interaction).get("text", ""))
        schedule, zone = schedule_of(values["schedule"]), zone_for(values["zone"]).key
        dm = await open_dm(interaction)
        view = await self._plans.start(interaction.user.id, dm.id, zone, reminder, schedule)
        try:
            await send_to(dm, ui.reminder_set_view(view), f"e{interaction.id}")
        except UserError:
            await self._plans.stop(interaction.user.id, view.plan.id)
            raise
        await show(interaction, panel(["**Agreed, and set.** The confirmation is in our private chat."]))


def _reminder(text: str) -> Reminder:
    kept = tidied(text)
    if not kept:
        raise UserError("What shall I remind you of? A few words are enough.")
    return Reminder(text=kept[:REMINDER_LIMIT])


def _choices(suggestions: tuple[str, ...], typed: str) -> list[app_commands.Choice[str]]:
    fitting = [each for each in suggestions if typed.casefold() in each.casefold()]
    own = [typed] if typed.strip() and typed not in fitting else []
    return [app_commands.Choice(name=each, value=each) for each in own + fitting]
