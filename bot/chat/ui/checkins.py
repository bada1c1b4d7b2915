"""Opting in and out as Discord messages: consent with its proof of the clock, the confirmation, leaving."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import discord
from discord import ui

from bot.chat.routing import Action
from bot.chat.ui.consent import CONSENT
from bot.chat.ui.layout import Form, Layout, bullets, button, day_text, inert, panel, row
from bot.chat.ui.mydata import ERASE, KEEP, MEMBER
from bot.domain.members import Member
from bot.domain.plans import REMINDER_LIMIT, CheckIn, Reminder
from bot.domain.schedules import CODE, Occurrence, Schedule
from bot.domain.zones import Place, place_label, zone_named
from bot.services.plans import Draft, Overview, PlanView

_GO = discord.ButtonStyle.primary

ZONE = r"[A-Za-z0-9_+/-]{1,40}"
DRAFT = {"zone": ZONE, "schedule": CODE, "asks": r"[a-z0-9-]{1,20}"}

AGREE = Action("agree", version=2, fields=DRAFT)
OTHER_CLOCK = Action("clock", fields=DRAFT)
CLOCK_READS = Action("reads", fields=DRAFT)
CLOCK_PLACE = Action("place", fields={"schedule": CODE, "asks": DRAFT["asks"]})
DECLINE = Action("decline", fields={"member": MEMBER})
AGREE_REMINDER = Action("agree-reminder", fields={"zone": ZONE, "schedule": CODE})
STOP = Action("stop", fields={"member": MEMBER})
RESUME = Action("resume", fields={"member": MEMBER})

PAUSED = """\
**Your check-ins are paused:** my private messages to you were turned away, and I did not want to keep trying. \
Nothing you saved is lost. To go on: allow private messages from members of this server \
(server name, *Privacy settings*), then press the button."""
SWITCHED_OFF = """\
Setting up check-ins and reminders is switched off in this server. You can do it in a private chat with me; what you \
have already goes on as it is."""
NOT_AGREED = """\
**Stopped.** Nothing goes on, and what you saved is kept. `/checkin start` shows again what you would agree to; \
`/mydata` hands you everything, or erases it."""
STOP_OR_ERASE = """\
Stopping keeps what you have saved, in case you come back. \
Erasing deletes everything I have about you, now and for good."""


def draft_view(member_id: int, draft: Draft, name: str, now: datetime) -> Layout:
    """A check-in before it starts: what it will be, a proof that we have the member's clock right, and the consent."""
    asks = draft.purpose.questionnaire if isinstance(draft.purpose, CheckIn) else ""
    fields = {"zone": draft.zone, "schedule": draft.schedule.code, "asks": asks}
    change = f"\nThis changes the one you have now ({draft.replaces.schedule.describe()})." if draft.replaces else ""
    clock = f"{now.astimezone(zone_named(draft.zone)):%H:%M}"
    proof = f"**Your clock should read {clock} now** ({place_label(draft.zone)}). Is that so?"
    return panel(
        [
            f"## {name}: {draft.schedule.describe()}\nOne question, one tap; more only if you like.{change}",
            f"{proof}\n{coming_text(draft.coming, draft.zone)}{_after_change(draft)}",
            *([] if draft.agreed else [CONSENT]),
        ],
        row(
            button(
                "Yes, start" if draft.agreed else "Yes, I agree: start",
                AGREE.custom_id(**fields),
                discord.ButtonStyle.success,
            ),
            button("No, it reads something else", OTHER_CLOCK.custom_id(**fields)),
            button("Not now", DECLINE.custom_id(member=str(member_id))),
        ),
    )


def _after_change(draft: Draft) -> str:
    """What becomes of the time when the clocks change: nothing, on the member's own clock."""
    if draft.after_change is None:
        return ""
    moment = draft.after_change.due_at.astimezone(zone_named(draft.zone))
    return f"\n-# After the clocks change: {_moment_text(moment)}, by your clock as ever."


def clock_form(zone: str, schedule: str, asks: str) -> Form:
    reads = ui.TextInput[Any](custom_id="reads", max_length=10, placeholder="14:30 or 2:30pm")
    where = ui.TextInput[Any](custom_id="where", max_length=60, required=False, placeholder="Canada, or Halifax")
    return Form(
        "Your clock",
        CLOCK_READS.custom_id(zone=zone, schedule=schedule, asks=asks),
        ui.Label[Any](text="What does your clock read now?", component=reads),
        ui.Label[Any](text="Your country or a city in it", description="If you like.", component=where),
    )


def places_view(places: Sequence[Place], schedule: str, asks: str) -> Layout:
    """Places whose clock reads what the member's does, those nearest to the first guess first."""
    options = [discord.SelectOption(label=place.label[:100], value=place.zone) for place in places]
    custom_id = CLOCK_PLACE.custom_id(schedule=schedule, asks=asks)
    select = ui.Select[Any](custom_id=custom_id, placeholder="Pick a place", options=options)
    return panel(["**Which of these has the same clock as you?** Any of your country will do."], row(select))


def enrolled_view(view: PlanView) -> Layout:
    """The confirmation that goes to the DM."""
    return panel(
        [
            f"## Set: {inert(view.name)}, {view.plan.schedule.describe()}\n{coming_text(view.coming, view.zone)}",
            f"-# By the clock of {place_label(view.zone)}.",
            "-# `/checkin now` for one right away · `/checkin settings` to change anything · `/checkin stop` to leave",
        ]
    )


def reminder_set_view(view: PlanView) -> Layout:
    text = inert(view.plan.purpose.text) if isinstance(view.plan.purpose, Reminder) else inert(view.name)
    return panel(
        [
            f"**I will remind you:** {text}\n{coming_text(view.coming, view.zone)}",
            "-# The words show in the notification. `/checkin settings` can change or stop it.",
        ]
    )


def reminder_form(text: str, zone: str, schedule: Schedule, coming: Sequence[Occurrence]) -> Form:
    """Consent for somebody whose first wish is a reminder: sending the form off is agreeing."""
    words = ui.TextInput[Any](
        custom_id="text", style=discord.TextStyle.paragraph, max_length=REMINDER_LIMIT, default=text
    )
    return Form(
        "Agree and set the reminder",
        AGREE_REMINDER.custom_id(zone=zone, schedule=schedule.code),
        ui.TextDisplay[Any](f"{coming_text(coming, zone)}\n-# By the clock of {place_label(zone)}."),
        ui.TextDisplay[Any](f"{CONSENT}\n\nSending this form means that you agree."),
        ui.Label[Any](text="Remind me", component=words),
    )


def moved_view(overview: Overview) -> Layout:
    """All plans on another clock."""
    lines = [
        f"**{inert(view.name)}** ({view.plan.schedule.describe()}). {coming_text(view.coming[:3], view.zone)}"
        for view in overview.plans
    ]
    return panel([f"## Your clock is now that of {place_label(overview.member.zone)}", *lines])


def coming_text(coming: Sequence[Occurrence], zone: str) -> str:
    """The next prompts, on the member's clock."""
    here = zone_named(zone)
    moments = [each.due_at.astimezone(here) for each in coming]
    lead = "The next prompts:" if len(moments) > 1 else "The next prompt:"
    return f"{lead}\n" + bullets([_moment_text(moment) for moment in moments])


def _moment_text(moment: datetime) -> str:
    return f"{day_text(moment.date())}, {moment:%H:%M}"


def stop_view(member_id: int, plans: Sequence[PlanView]) -> Layout:
    member = str(member_id)
    listed = bullets([f"{inert(view.name)} ({view.plan.schedule.describe()})" for view in plans])
    return panel(
        [
            f"**Stop everything?**\n{listed}",
            f"{STOP_OR_ERASE}\n-# To stop or pause just one: `/checkin settings`.",
        ],
        row(
            button("Stop, keep my entries", STOP.custom_id(member=member), _GO),
            button("Stop and erase everything", ERASE.custom_id(member=member), discord.ButtonStyle.danger),
            button("Go on as before", KEEP.custom_id(member=member)),
        ),
    )


def resume_view(member_id: int) -> Layout:
    return panel([PAUSED], row(button("Start them again", RESUME.custom_id(member=str(member_id)), _GO)))


def leaving_view(member: Member, on: datetime) -> Layout:
    """To somebody whom nothing has reached for long, before what is theirs is erased."""
    since, day = (each.astimezone(zone_named(member.zone)) for each in (member.unreachable_since or on, on))
    own = str(member.id)
    told = (
        f"**I will forget you on {day_text(day.date())}.** Since {day_text(since.date())} my messages to you were "
        "turned away, so your check-ins are paused. On that day I erase everything you saved with me."
    )
    return panel(
        [
            told,
            "To keep it, press the first button. `/mydata` hands it to you as files.",
        ],
        row(
            button("Keep it, start again", RESUME.custom_id(member=own), _GO),
            button("Erase it now", ERASE.custom_id(member=own)),
        ),
    )
