"""Check-ins as Discord messages: consent, the prompt, its confirmation, and the modal for more."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import discord
from discord import ui

from bot.chat.routing import Action
from bot.chat.ui.layout import Form, Layout, bullets, button, panel, question_select, row
from bot.domain.checkins import NOTE_LIMIT, Entry, EntryKind
from bot.domain.questionnaires import Number, Question, Questionnaire
from bot.domain.schedules import Occurrence, Schedule
from bot.domain.zones import place_label, zone_named

_GO = discord.ButtonStyle.primary

MEMBER = r"\d{1,20}"
PROMPT = {"prompt": r"[0-9a-f]{16}"}

AGREE = Action(
    "agree",
    fields={
        "member": MEMBER,
        "zone": r"[A-Za-z0-9_+/-]{1,40}",
        "at": r"(?:[01]\d|2[0-3])[0-5]\d",
        "days": r"[0-6]{1,7}",
    },
)
DECLINE = Action("decline", fields={"member": MEMBER})
OTHER_CLOCK = Action("other-clock", fields={"member": MEMBER})
PAIN = Action("pain", fields=PROMPT)
SAME = Action("same", fields=PROMPT)
UNWELL = Action("unwell", fields=PROMPT)
SKIP = Action("skip", fields=PROMPT)
ADD_MORE = Action("more", fields=PROMPT)
DETAILS = Action("details", fields=PROMPT)
DELETE = Action("delete", fields=PROMPT)
STOP = Action("stop", fields={"member": MEMBER})
ERASE = Action("erase", fields={"member": MEMBER})
ERASE_SURE = Action("erase-sure", fields={"member": MEMBER})
KEEP = Action("keep", fields={"member": MEMBER})
RESUME = Action("resume", fields={"member": MEMBER})

WRONG_CLOCK = (
    "Then the place is not right. Type /checkin start again and pick a city whose clock is yours. Nothing was stored."
)
PAUSED = """\
**Your check-ins are paused:** my private messages to you were turned away, and I did not want to keep trying. \
Nothing you saved is lost. To go on: allow private messages from members of this server \
(server name, *Privacy settings*), then press the button."""
STOP_OR_ERASE = """\
Stopping keeps what you have saved, in case you come back. \
Erasing deletes everything I have about you, now and for good."""
DELETED = "**Deleted.** That check-in is gone."
ERASED = "**Erased.** I have nothing about you any more. Take care of yourself."

CONSENT = """\
**What you agree to**
- **What I store:** your Discord id, time zone, schedule, what you answer (scores, notes, and when), \
and treatments you mark. Answers, notes and treatments are encrypted with a key of your own.
- **Who can see it:** you, here in private messages with me. Moderators cannot. Discord carries the messages, \
and whoever runs this bot holds the computer with the keys.
- **How to leave:** `/checkin stop`, any time, without a reason. It also offers to erase everything at once.
- I cannot see how you are or call anyone. In an emergency, use your local emergency number."""


def consent_view(
    member_id: int,
    schedule: Schedule,
    zone: str,
    now: datetime,
    coming: Sequence[Occurrence],
    *,
    replaces: Schedule | None,
) -> Layout:
    """What a member agrees to, with a proof that we have their clock right."""
    member = str(member_id)
    days = "".join(str(day) for day in sorted(schedule.days))
    agree = AGREE.custom_id(member=member, zone=zone, at=f"{schedule.at:%H%M}", days=days)
    change = f"\nThis changes the check-in you have now ({replaces.describe()})." if replaces else ""
    clock = f"{now.astimezone(zone_named(zone)):%H:%M}"
    return panel(
        [
            f"## A private check-in: {schedule.describe()}\nOne question, one tap.{change}",
            f"**Your clock should read {clock} now** ({place_label(zone)}).\n{coming_text(coming, zone)}",
            CONSENT,
        ],
        row(
            button("I agree, start", agree, discord.ButtonStyle.success),
            button("My clock says something else", OTHER_CLOCK.custom_id(member=member)),
            button("Not now", DECLINE.custom_id(member=member)),
        ),
    )


def enrolled_view(schedule: Schedule, zone: str, coming: Sequence[Occurrence]) -> Layout:
    """The confirmation that goes to the DM."""
    return panel(
        [
            f"## Your check-in is set: {schedule.describe()}\n{coming_text(coming, zone)}",
            f"-# By the clock of {place_label(zone)}.",
            "-# `/checkin now` for one right away · `/checkin start` to change time or days · `/checkin stop` to leave",
        ]
    )


def coming_text(coming: Sequence[Occurrence], zone: str) -> str:
    """The next prompts, on the member's clock."""
    here = zone_named(zone)
    moments = [each.due_at.astimezone(here) for each in coming]
    return "The next prompts:\n" + bullets([f"{moment:%A} {moment.day} {moment:%B, %H:%M}" for moment in moments])


def prompt_view(prompt_id: str, questionnaire: Questionnaire) -> Layout:
    """The question. It names no value and no condition: notifications show it on lock screens."""
    first = questionnaire.first
    return panel(
        [f"**Time for your check-in.** {first.text}\n-# One tap is enough."],
        row(question_select(first, PAIN.custom_id(prompt=prompt_id), "Pick an answer")),
        row(
            button("Same as last time", SAME.custom_id(prompt=prompt_id)),
            button("Too unwell to answer", UNWELL.custom_id(prompt=prompt_id)),
            button("Skip", SKIP.custom_id(prompt=prompt_id)),
        ),
    )


def recorded_view(entry: Entry, questionnaire: Questionnaire, *, already: bool = False) -> Layout:
    """The confirmation that a prompt turns into. The score is shown so that a slip of the thumb is noticed."""
    lead = "This one was saved before, and stands" if already else "Saved, thank you"
    said = [
        f"{question.label.lower()} {question.say(entry.answers.values[question.key])}"
        for question in questionnaire.questions
        if question.key in entry.answers.values
    ]
    first = said[0] if said else ""
    headline = {
        EntryKind.ANSWERED: first,
        EntryKind.SAME: f"same as last time, {first}",
        EntryKind.UNWELL: "too unwell to answer. Rest; that is enough for today",
    }[entry.kind]
    extras = said[1:] + (["a note"] if entry.answers.note else [])
    also = f"\nWith {', '.join(extras)}." if extras else ""
    more = button("Add or change" if extras else "Add more", ADD_MORE.custom_id(prompt=entry.prompt_id))
    forget = button("Delete", DELETE.custom_id(prompt=entry.prompt_id))
    return panel([f"**{lead}:** {headline}.{also}\n-# Check-in for {day_text(entry.local_date)}."], row(more, forget))


def day_text(day: date) -> str:
    return f"{day:%A} {day.day} {day:%B}"


def details_form(entry: Entry, questionnaire: Questionnaire) -> Form:
    """Everything about one check-in that can be added or put right, filled with what is there.

    A modal has room for five parts: four questions and the note.
    """
    values = entry.answers.values
    note = ui.TextInput[Any](
        custom_id="note",
        style=discord.TextStyle.paragraph,
        required=False,
        max_length=NOTE_LIMIT,
        default=entry.answers.note,
    )
    fields = [_question_field(question, values.get(question.key)) for question in questionnaire.questions[:4]]
    return Form(
        "Your check-in",
        DETAILS.custom_id(prompt=entry.prompt_id),
        *fields,
        _field("Note", "For you alone, encrypted. Anything you may want to remember.", note),
    )


def _question_field(question: Question, value: float | None) -> ui.Label[Any]:
    if isinstance(question.scale, Number):
        given = None if value is None else f"{value:g}"
        number = ui.TextInput[Any](custom_id=question.key, required=False, max_length=20, default=given)
        return _field(question.label, question.text, number)
    select = question_select(question, question.key, "Leave out", chosen=value, required=False)
    return _field(question.label, question.text, select)


def _field(label: str, description: str | None, component: ui.Item[Any]) -> ui.Label[Any]:
    return ui.Label[Any](text=label, description=description, component=component)


def skipped_view() -> Layout:
    return panel(["**Skipped.** That is fine; see you next time."])


def stop_view(member_id: int, schedule: Schedule) -> Layout:
    member = str(member_id)
    return panel(
        [
            f"**Stop your check-in ({schedule.describe()})?**",
            STOP_OR_ERASE,
        ],
        row(
            button("Stop, keep my entries", STOP.custom_id(member=member), _GO),
            button("Stop and erase everything", ERASE.custom_id(member=member), discord.ButtonStyle.danger),
            button("Go on as before", KEEP.custom_id(member=member)),
        ),
    )


def erase_view(member_id: int) -> Layout:
    member = str(member_id)
    return panel(
        ["**Erase everything?** Your schedule, all answers and notes, and their key. This cannot be undone."],
        row(
            button("Yes, erase everything", ERASE_SURE.custom_id(member=member), discord.ButtonStyle.danger),
            button("No, keep it", KEEP.custom_id(member=member)),
        ),
    )


def resume_view(member_id: int) -> Layout:
    return panel([PAUSED], row(button("Start them again", RESUME.custom_id(member=str(member_id)), _GO)))


def note_view(text: str) -> Layout:
    """A plain sentence in the place of a panel whose buttons are done with."""
    return panel([text])
