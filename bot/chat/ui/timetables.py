"""The form that changes a plan, and what it says when it comes back. What was not touched stays exactly as it was."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import discord
from discord import ui

from bot.chat.routing import Action
from bot.chat.ui.layout import Form
from bot.chat.ui.preferences import labelled
from bot.domain.plans import REMINDER_LIMIT, CheckIn, Digest, Plan, Reminder, Timetable
from bot.domain.questionnaires import tidied
from bot.domain.schedules import Moment, Schedule, listed
from bot.domain.trends import count
from bot.domain.when import parse_days, parse_times, parse_when

EDITED = Action("settings-edited", fields={"plan": r"[0-9a-f]{16}"})

HOURS = (2, 4, 8, 12, 24)
NUDGES = {"yes": True, "no": False}


@dataclass(frozen=True)
class Edited:
    """A form that came back. `rest` is the timetable with all but the times and days, which may be unreadable."""

    fields: Mapping[str, str]
    plan: Plan

    @property
    def rest(self) -> Timetable:
        timetable, within = self.plan.timetable, self.fields.get("within", "")
        return replace(
            timetable,
            answer_within=timedelta(hours=int(within)) if within in map(str, HOURS) else timetable.answer_within,
            nudge=NUDGES.get(self.fields.get("nudge", ""), timetable.nudge),
        )

    @property
    def text(self) -> str | None:
        """The reminder's new words; None if they are the old ones, or nothing that can be read."""
        text = tidied(self.fields.get("text", ""))
        purpose = self.plan.purpose
        return text if isinstance(purpose, Reminder) and text not in {"", purpose.text} else None

    def schedule(self, now: datetime, zone: ZoneInfo) -> Schedule:
        """The times and days as they were typed; `now` is aware, `zone` the member's.

        Raises:
            UserError: the times or days are none.
        """
        schedule = self.plan.schedule
        if schedule.once:
            when = self.fields.get("when", "")
            return schedule if when == when_text(schedule) else Schedule.once_at(parse_when(when, now, zone), zone)
        times, days = self.fields.get("times", ""), self.fields.get("days", "")
        same_times, same_days = times == times_text(schedule), days == days_text(schedule)
        return Schedule(
            schedule.moments if same_times else parse_times(times),
            schedule.days if same_days else parse_days(days, now.astimezone(zone).date()),
            schedule.salt if _has_windows(schedule) else int(self.plan.id[:2], 16),
        )


def edit_form(plan: Plan) -> Form:
    """Everything about a plan that can be changed, filled with how it is."""
    schedule = plan.schedule
    fields: list[ui.Item[Any]] = []
    if isinstance(plan.purpose, Reminder):
        fields.append(labelled("Remind me", None, _line("text", plan.purpose.text, REMINDER_LIMIT)))
    if schedule.once:
        hint = "Such as: in 2 hours, tomorrow 9am, 2026-12-24 15:30."
        fields.append(labelled("When", hint, _line("when", when_text(schedule), 60)))
    else:
        hint = "Such as: 9am and 9pm, or between 9 and 11."
        fields.append(labelled("Times of day", hint, _line("times", times_text(schedule))))
        hint = "Such as: every day, Mon Wed Fri, every 3 days, the 15th."
        fields.append(labelled("Days", hint, _line("days", days_text(schedule))))
    if not isinstance(plan.purpose, Digest):
        fields.append(labelled("How long to wait for an answer", None, _within(plan.timetable)))
    if isinstance(plan.purpose, CheckIn):
        hint = "After 2 hours without an answer, if I wait longer than that; never a second time."
        fields.append(labelled("One nudge", hint, _nudge(plan.timetable)))
    return Form("Change it", EDITED.custom_id(plan=plan.id), *fields)


def times_text(schedule: Schedule) -> str:
    """The times as `parse_times` reads them: `09:00 and 21:00`, `between 09:00 and 11:00, and 20:00`."""
    return listed(map(_moment_text, schedule.moments), last=", and " if _has_windows(schedule) else " and ")


def _has_windows(schedule: Schedule) -> bool:
    return any(moment.minutes for moment in schedule.moments)


def _moment_text(moment: Moment) -> str:
    return moment.describe().removeprefix("some time ")


def days_text(schedule: Schedule) -> str:
    """The days as `parse_days` reads them: `every day`, `Monday and Friday`, `the 15th of every month`."""
    return schedule.days.describe().lstrip(", ").removeprefix("on ")


def when_text(schedule: Schedule) -> str:
    """The moment of what happens once as `parse_when` reads it: `2026-12-24 15:30`."""
    return f"{schedule.days.first_from(date.min)} {schedule.moments[0].start:%H:%M}"


def _line(name: str, default: str, limit: int = 100) -> ui.TextInput[Any]:
    return ui.TextInput[Any](custom_id=name, default=default, max_length=limit)


def _within(timetable: Timetable) -> ui.Select[Any]:
    options = [
        discord.SelectOption(
            label=count(hours, "hour"), value=str(hours), default=timetable.answer_within == timedelta(hours=hours)
        )
        for hours in HOURS
    ]
    return ui.Select[Any](custom_id="within", options=options, min_values=0, required=False)


def _nudge(timetable: Timetable) -> ui.Select[Any]:
    options = [
        discord.SelectOption(label=name.capitalize(), value=name, default=timetable.nudge is nudges)
        for name, nudges in NUDGES.items()
    ]
    return ui.Select[Any](custom_id="nudge", options=options, min_values=0, required=False)
