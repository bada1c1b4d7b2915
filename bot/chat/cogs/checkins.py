"""Check-ins: opting in, looking back, leaving."""

import secrets
from collections.abc import Mapping

import discord
from discord import app_commands
from discord.ext import commands

from bot.chat.interactions import acknowledge, chosen, in_bot_dm, of_owner, open_dm, send_to, show, submitted
from bot.chat.routing import Action, Handler, Interaction
from bot.chat.ui import checkins as ui
from bot.chat.ui.consent import AGREE_AGAIN, NOT_NOW
from bot.chat.ui.history import history_view
from bot.chat.ui.journal import restored_view
from bot.chat.ui.layout import panel
from bot.chat.ui.prompts import prompt_view, recorded_view
from bot.chat.ui.settings import overview_view
from bot.domain.communities import Feature
from bot.domain.plans import CheckIn
from bot.domain.schedules import Schedule
from bot.domain.when import parse_days, parse_time, parse_times
from bot.domain.zones import find_places, guessed_zone, places_reading, zone_for
from bot.errors import UserError
from bot.services.checkins import CheckInService
from bot.services.curation.communities import CommunityService
from bot.services.flares import FlareService
from bot.services.journal import JournalService
from bot.services.patience import Patience, Work
from bot.services.plans import PlanService, schedule_of
from bot.services.ports import Clock

DAY_SUGGESTIONS = (
    "Every day",
    "Monday to Friday",
    "Weekends",
    "Mon Wed Fri",
    "Every other day",
    "Every 3 days",
    "Weekly",
    "Every 2 weeks",
    "Monthly",
    "Monthly on the 1st",
)

LOG_SUGGESTIONS = ("Yesterday", "Today", "2 days ago", "3 days ago", "4 days ago")

BIGGEST_UPLOAD = 16 * 1024 * 1024

Name = app_commands.Range[str, 1, 60]


class CheckIns(commands.GroupCog, group_name="checkin", group_description="Private symptom check-ins and reminders"):
    """`/checkin`, and the panels of opting in and out."""

    def __init__(
        self,
        plans: PlanService,
        checkins: CheckInService,
        flares: FlareService,
        journal: JournalService,
        patience: Patience,
        communities: CommunityService,
        clock: Clock,
    ) -> None:
        self._plans = plans
        self._checkins = checkins
        self._flares = flares
        self._journal = journal
        self._patience = patience
        self._communities = communities
        self._clock = clock
        self.controls: Mapping[Action, Handler] = {
            ui.AGREE: self._agree,
            ui.OTHER_CLOCK: self._other_clock,
            ui.CLOCK_READS: self._clock_reads,
            ui.CLOCK_PLACE: self._clock_place,
            ui.DECLINE: of_owner(self._decline),
            ui.STOP: of_owner(self._stop),
            ui.RESUME: of_owner(self._resume),
            AGREE_AGAIN: of_owner(self._agree_again),
            NOT_NOW: of_owner(self._not_now),
        }

    @app_commands.command()
    @app_commands.describe(
        at="Time of day: 09:00, 9am and 9pm, or between 9 and 11",
        place="A city or country whose clock is yours",
        days="Every day unless you say otherwise",
        ask="What to ask; pain, fatigue and sleep unless you say otherwise",
    )
    async def start(
        self,
        interaction: Interaction,
        at: app_commands.Range[str, 1, 60],
        place: app_commands.Range[str, 1, 100] | None = None,
        days: app_commands.Range[str, 1, 60] = "Every day",
        ask: Name | None = None,
    ) -> None:
        """Set up a private check-in, or change the one you have"""
        await self._communities.demand(interaction.guild_id, Feature.CHECKINS, ui.SWITCHED_OFF)
        moments = parse_times(at)
        wanted = self._plans.questionnaire(ask)
        zone_name = zone_for(place).key if place else None
        await acknowledge(interaction)
        guess = guessed_zone(interaction.locale.value).key
        now, zone = await self._plans.local_now(interaction.user.id, zone_name, or_else=guess)
        schedule = Schedule(moments, parse_days(days, now.astimezone(zone).date()), secrets.randbelow(256))
        await self._show_draft(interaction, zone.key, schedule, wanted.id)

    @start.autocomplete("days")
    async def _suggest_days(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        fitting = [days for days in DAY_SUGGESTIONS if typed.casefold() in days.casefold()]
        return [app_commands.Choice(name=days, value=days) for days in fitting]

    @start.autocomplete("ask")
    async def _suggest_questionnaire(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        offered = [each for each in self._plans.questionnaires() if typed.casefold() in each.name.casefold()]
        return [app_commands.Choice(name=f"{each.name}: {each.about}"[:100], value=each.id) for each in offered][:25]

    @app_commands.command()
    async def settings(self, interaction: Interaction) -> None:
        """Everything you have set up: change, pause or stop it here"""
        await acknowledge(interaction)
        overview = await self._plans.overview(interaction.user.id)
        await show(interaction, overview_view(overview, await self._flares.current(interaction.user.id)))

    @app_commands.command()
    @app_commands.describe(place="A city or country whose clock is yours now")
    async def timezone(self, interaction: Interaction, place: app_commands.Range[str, 1, 100]) -> None:
        """Move your check-ins and reminders to another clock, when you travel or move"""
        zone = zone_for(place).key
        await acknowledge(interaction)
        await show(interaction, ui.moved_view(await self._plans.move(interaction.user.id, zone)))

    @start.autocomplete("place")
    @timezone.autocomplete("place")
    async def _suggest_place(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=place.label, value=place.zone) for place in find_places(typed)]

    @app_commands.command()
    @app_commands.describe(ask="Which of your check-ins, if you have several")
    async def now(self, interaction: Interaction, ask: Name | None = None) -> None:
        """Check in right away"""
        await acknowledge(interaction)
        asked = await self._checkins.start_now(interaction.user.id, ask)
        await show(interaction, prompt_view(asked.prompt.id, asked.questionnaire))

    @app_commands.command()
    async def history(self, interaction: Interaction) -> None:
        """What became of your latest check-ins and reminders"""
        await acknowledge(interaction)
        zone, past = await self._checkins.history(interaction.user.id)
        await show(interaction, history_view(zone, [(each, self._plans.name_of(plan)) for each, plan in past]))

    @app_commands.command()
    async def stop(self, interaction: Interaction) -> None:
        """Stop everything, and erase what is stored if you like"""
        await acknowledge(interaction)
        await show(interaction, ui.stop_view(interaction.user.id, await self._plans.running(interaction.user.id)))

    @app_commands.command()
    @app_commands.describe(
        day="Today, yesterday, 3 days ago, or a date such as 2026-11-20",
        answer="Your answer to the first question, such as 6",
        ask="Which of your check-ins, if you have several",
    )
    async def log(
        self,
        interaction: Interaction,
        day: app_commands.Range[str, 1, 30],
        answer: app_commands.Range[str, 1, 60],
        ask: Name | None = None,
    ) -> None:
        """Add a check-in for a day that has passed"""
        await acknowledge(interaction)
        await show(interaction, recorded_view(await self._checkins.log(interaction.user.id, day, answer, ask)))

    @log.autocomplete("day")
    async def _suggest_day(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        fitting = [day for day in LOG_SUGGESTIONS if typed.casefold() in day.casefold()]
        return [app_commands.Choice(name=day, value=day) for day in fitting]

    @now.autocomplete("ask")
    @log.autocomplete("ask")
    async def _suggest_own(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        names = [asked.name for _, asked in await self._checkins.check_ins(interaction.user.id)]
        return [app_commands.Choice(name=name, value=name) for name in names if typed.casefold() in name.casefold()]

    @app_commands.command(name="import")
    @app_commands.describe(file="check-ins.json, as /report or /mydata made it")
    async def bring_back(self, interaction: Interaction, file: discord.Attachment) -> None:
        """Bring back what /report or /mydata saved as JSON"""
        await acknowledge(interaction)
        if file.size > BIGGEST_UPLOAD:
            raise UserError("That file is too large to be one of mine. Please choose the JSON file from /report.")
        self._patience.take(interaction.user.id, Work.IMPORT)
        restored = await self._journal.restore(interaction.user.id, await file.read())
        await show(interaction, restored_view(restored))

    @commands.Cog.listener()
    async def on_app_command_completion(self, interaction: Interaction, command: object) -> None:
        """Tell a member whose prompts are paused, at the next thing they do."""
        if await self._plans.unreachable(interaction.user.id):
            await interaction.followup.send(
                view=ui.resume_view(interaction.user.id), ephemeral=not in_bot_dm(interaction)
            )

    async def _show_draft(self, interaction: Interaction, zone: str, schedule: Schedule, asks: str) -> None:
        check_in = CheckIn(questionnaire=asks)
        draft = await self._plans.draft(interaction.user.id, zone, check_in, schedule)
        name = self._plans.questionnaire(asks).name
        await show(interaction, ui.draft_view(interaction.user.id, draft, name, self._clock.now()))

    async def _agree(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        await acknowledge(interaction)
        await self._communities.demand(interaction.guild_id, Feature.CHECKINS, ui.SWITCHED_OFF)
        schedule, zone = schedule_of(values["schedule"]), zone_for(values["zone"]).key
        check_in = CheckIn(questionnaire=self._plans.questionnaire(values["asks"]).id)
        dm = await open_dm(interaction)
        view = await self._plans.start(interaction.user.id, dm.id, zone, check_in, schedule)
        try:
            await send_to(dm, ui.enrolled_view(view), f"e{interaction.id}")
        except UserError:
            await self._plans.stop(interaction.user.id, view.plan.id)
            raise
        await show(interaction, panel(["**Agreed, and set.** The confirmation is in our private chat."]))

    async def _other_clock(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        await interaction.response.send_modal(ui.clock_form(values["zone"], values["schedule"], values["asks"]))

    async def _clock_reads(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        await acknowledge(interaction)
        filled_in = submitted(interaction)
        reads, like = parse_time(filled_in.get("reads", "")), filled_in.get("where", "")
        places = places_reading(reads, self._clock.now(), like=like, near=values["zone"])
        if not places:
            raise UserError("No place has that time just now. Please look at your clock again, or pick another place.")
        await show(interaction, ui.places_view(places, values["schedule"], values["asks"]))

    async def _clock_place(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        await acknowledge(interaction)
        await self._show_draft(
            interaction, zone_for(chosen(interaction)).key, schedule_of(values["schedule"]), values["asks"]
        )

    async def _decline(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        await acknowledge(interaction)
        await show(interaction, panel(["Nothing was stored. `/checkin start` is here whenever you like."]))

    async def _stop(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        await acknowledge(interaction)
        await self._plans.stop_all(interaction.user.id)
        await show(
            interaction,
            panel(["**Stopped.** No more prompts. Your entries are kept; `/checkin start` goes on from there."]),
        )

    async def _agree_again(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        await acknowledge(interaction)
        await self._plans.agree(interaction.user.id, int(values["consent"]))
        await show(interaction, panel(["**Agreed, thank you.** Now do again what you were about to do, please."]))

    async def _not_now(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        await acknowledge(interaction)
        await self._plans.disagree(interaction.user.id)
        await show(interaction, panel([ui.NOT_AGREED]))

    async def _resume(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        await acknowledge(interaction)
        await self._plans.preferences(interaction.user.id)  # refuses whoever was erased since
        dm = await open_dm(interaction)
        await send_to(dm, panel(["Your check-ins start again from here."]), f"r{interaction.id}")
        await self._plans.reachable_again(interaction.user.id, dm.id)
        await show(interaction, panel(["**Your check-ins start again.** I wrote to you privately to make sure."]))
