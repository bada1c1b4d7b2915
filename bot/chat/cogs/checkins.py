"""Check-ins: opting in, answering, leaving."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import time

import discord
from discord import app_commands
from discord.ext import commands

from bot.chat.interactions import acknowledge, chosen, in_bot_dm, say, show, submitted
from bot.chat.routing import Action, Handler, Interaction
from bot.chat.ui import checkins as ui
from bot.chat.ui.journal import history_view
from bot.domain.schedules import Schedule, parse_days, parse_time
from bot.domain.zones import find_places, zone_for
from bot.errors import UserError
from bot.services.checkins import NOT_ENROLLED, NOT_YOURS, CheckInService, Recorded
from bot.services.ports import Clock

DAY_SUGGESTIONS = ("Every day", "Monday to Friday", "Weekends", "Mon Wed Fri", "Tue Thu", "Sunday")

LOG_SUGGESTIONS = ("Yesterday", "Today", "2 days ago", "3 days ago", "4 days ago")

OPENING_DMS_TOO_FAST = 40003

DMS_CLOSED = (
    "I could not send you a private message, so nothing was started. Please allow private messages from members "
    "of this server (server name, Privacy settings), then press the button again."
)
TRY_LATER = "Discord will not let me open new private chats just now. Nothing was started; please try again in an hour."


class CheckIns(commands.GroupCog, group_name="checkin", group_description="Private symptom check-ins"):
    """`/checkin`, the prompts it leads to, and everything that can be pressed on them."""

    def __init__(self, checkins: CheckInService, clock: Clock) -> None:
        self._checkins = checkins
        self._clock = clock
        self._questions = checkins.questionnaire
        self.controls: Mapping[Action, Handler] = {
            ui.AGREE: self._own(self._agree),
            ui.DECLINE: self._own(self._decline),
            ui.OTHER_CLOCK: self._own(self._other_clock),
            ui.PAIN: self._pain,
            ui.SAME: self._same,
            ui.UNWELL: self._unwell,
            ui.SKIP: self._skip,
            ui.ADD_MORE: self._add_more,
            ui.DETAILS: self._details,
            ui.DELETE: self._delete,
            ui.STOP: self._own(self._stop),
            ui.ERASE: self._own(self._erase),
            ui.ERASE_SURE: self._own(self._erase_sure),
            ui.KEEP: self._own(self._keep),
            ui.RESUME: self._own(self._resume),
        }

    @app_commands.command()
    @app_commands.describe(
        place="A city or country whose clock is yours",
        at="Time of day, such as 09:00 or 9pm",
        days="Every day unless you say otherwise",
    )
    async def start(
        self,
        interaction: Interaction,
        place: app_commands.Range[str, 1, 100],
        at: app_commands.Range[str, 1, 20],
        days: app_commands.Range[str, 1, 60] = "Every day",
    ) -> None:
        """Set up a private check-in, or change the one you have"""
        schedule = Schedule(parse_time(at), parse_days(days))
        zone = zone_for(place).key
        await acknowledge(interaction)
        running = await self._checkins.current(interaction.user.id)
        coming = self._checkins.upcoming(schedule, zone)
        replaces = running[1].schedule if running else None
        await show(
            interaction,
            ui.consent_view(interaction.user.id, schedule, zone, self._clock.now(), coming, replaces=replaces),
        )

    @start.autocomplete("days")
    async def _suggest_days(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        fitting = [days for days in DAY_SUGGESTIONS if typed.casefold() in days.casefold()]
        return [app_commands.Choice(name=days, value=days) for days in fitting]

    @app_commands.command()
    @app_commands.describe(place="A city or country whose clock is yours now")
    async def timezone(self, interaction: Interaction, place: app_commands.Range[str, 1, 100]) -> None:
        """Move your check-in to another clock, when you travel or move"""
        zone = zone_for(place).key
        await acknowledge(interaction)
        enrolment = await self._checkins.move(interaction.user.id, zone)
        await show(interaction, ui.enrolled_view(enrolment.plan.schedule, zone, enrolment.upcoming))

    @start.autocomplete("place")
    @timezone.autocomplete("place")
    async def _suggest_place(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=place.label, value=place.zone) for place in find_places(typed)]

    @app_commands.command()
    async def now(self, interaction: Interaction) -> None:
        """Check in right away"""
        await acknowledge(interaction)
        prompt = await self._checkins.start_now(interaction.user.id)
        await show(interaction, ui.prompt_view(prompt.id, self._questions))

    @app_commands.command()
    async def history(self, interaction: Interaction) -> None:
        """What became of your latest check-ins"""
        await acknowledge(interaction)
        await show(interaction, history_view(*await self._checkins.history(interaction.user.id)))

    @app_commands.command()
    async def stop(self, interaction: Interaction) -> None:
        """Stop your check-ins, and erase what is stored if you like"""
        await acknowledge(interaction)
        running = await self._checkins.current(interaction.user.id)
        if running is None:
            raise UserError(NOT_ENROLLED)
        await show(interaction, ui.stop_view(interaction.user.id, running[1].schedule))

    @app_commands.command()
    @app_commands.describe(day="Today, yesterday, 3 days ago, or a date such as 2026-11-20", pain="From 0 to 10")
    async def log(
        self, interaction: Interaction, day: app_commands.Range[str, 1, 30], pain: app_commands.Range[float, 0, 10]
    ) -> None:
        """Add a check-in for a day that has passed"""
        await acknowledge(interaction)
        await self._confirm(interaction, await self._checkins.log(interaction.user.id, day, f"{pain:g}"))

    @log.autocomplete("day")
    async def _suggest_day(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        fitting = [day for day in LOG_SUGGESTIONS if typed.casefold() in day.casefold()]
        return [app_commands.Choice(name=day, value=day) for day in fitting]

    @commands.Cog.listener()
    async def on_app_command_completion(self, interaction: Interaction, command: object) -> None:
        """Tell a member whose prompts are paused, at the next thing they do."""
        if await self._checkins.unreachable(interaction.user.id):
            await interaction.followup.send(
                view=ui.resume_view(interaction.user.id), ephemeral=not in_bot_dm(interaction)
            )

    async def _agree(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        await acknowledge(interaction)
        schedule = Schedule(time(int(values["at"][:2]), int(values["at"][2:])), frozenset(map(int, values["days"])))
        zone = zone_for(values["zone"]).key
        dm = await _open_dm(interaction)
        enrolment = await self._checkins.enroll(interaction.user.id, dm.id, zone, schedule)
        try:
            await dm.send(view=ui.enrolled_view(schedule, zone, enrolment.upcoming), nonce=f"e{interaction.id}")
        except discord.Forbidden:
            await self._checkins.stop(interaction.user.id)
            raise UserError(DMS_CLOSED) from None
        await show(interaction, ui.note_view("**Agreed, and set.** The confirmation is in our private chat."))

    async def _decline(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        await acknowledge(interaction)
        await show(interaction, ui.note_view("Nothing was stored. `/checkin start` is here whenever you like."))

    async def _other_clock(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        await say(
            interaction,
            ui.WRONG_CLOCK,
        )

    async def _pain(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        await acknowledge(interaction)
        recorded = await self._checkins.record(interaction.user.id, values["prompt"], chosen(interaction))
        await self._confirm(interaction, recorded)

    async def _same(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        await acknowledge(interaction)
        recorded = await self._checkins.record_same(interaction.user.id, values["prompt"])
        await self._confirm(interaction, recorded)

    async def _unwell(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        await acknowledge(interaction)
        recorded = await self._checkins.record_unwell(interaction.user.id, values["prompt"])
        await self._confirm(interaction, recorded)

    async def _skip(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        await acknowledge(interaction)
        entry = await self._checkins.skip(interaction.user.id, values["prompt"])
        await show(interaction, ui.recorded_view(entry, self._questions, already=True) if entry else ui.skipped_view())

    async def _add_more(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        # A modal must be the first answer, so this one cannot be acknowledged beforehand: it is two reads by key.
        entry = await self._checkins.entry_of(interaction.user.id, values["prompt"])
        await interaction.response.send_modal(ui.details_form(entry, self._questions))

    async def _details(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        await acknowledge(interaction)
        entry = await self._checkins.add_details(interaction.user.id, values["prompt"], submitted(interaction))
        await show(interaction, ui.recorded_view(entry, self._questions))

    async def _delete(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        await acknowledge(interaction)
        await self._checkins.delete(interaction.user.id, values["prompt"])
        await show(interaction, ui.note_view(ui.DELETED))

    async def _confirm(self, interaction: Interaction, recorded: Recorded) -> None:
        await show(interaction, ui.recorded_view(recorded.entry, self._questions, already=recorded.already))

    async def _stop(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        await acknowledge(interaction)
        await self._checkins.stop(interaction.user.id)
        await show(
            interaction,
            ui.note_view("**Stopped.** No more prompts. Your entries are kept; `/checkin start` goes on from there."),
        )

    async def _erase(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        await acknowledge(interaction)
        await show(interaction, ui.erase_view(interaction.user.id))

    async def _erase_sure(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        await acknowledge(interaction)
        await self._checkins.erase(interaction.user.id)
        await show(interaction, ui.note_view(ui.ERASED))

    async def _keep(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        await acknowledge(interaction)
        await show(interaction, ui.note_view("Nothing was changed. Your check-ins go on."))

    async def _resume(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        await acknowledge(interaction)
        dm = await _open_dm(interaction)
        try:
            await dm.send(view=ui.note_view("Your check-ins start again from here."), nonce=f"r{interaction.id}")
        except discord.Forbidden:
            raise UserError(DMS_CLOSED) from None
        await self._checkins.reachable_again(interaction.user.id, dm.id)
        await show(
            interaction,
            ui.note_view("**Your check-ins start again.** I wrote to you privately to make sure."),
        )

    def _own(self, handler: Callable[[Interaction, Mapping[str, str]], Awaitable[None]]) -> Handler:
        """Let only the member whose id the control carries press it."""

        async def checked(interaction: Interaction, values: Mapping[str, str]) -> None:
            if values["member"] != str(interaction.user.id):
                raise UserError(NOT_YOURS)
            await handler(interaction, values)

        return checked


async def _open_dm(interaction: Interaction) -> discord.DMChannel:
    """The member's DM channel, opened in answer to their own click: the only place where one is ever opened."""
    try:
        return await interaction.user.create_dm()
    except discord.HTTPException as error:
        if error.code == OPENING_DMS_TOO_FAST:
            raise UserError(TRY_LATER) from None
        if isinstance(error, discord.Forbidden):
            raise UserError(DMS_CLOSED) from None
        raise
