"""One plan of a member's: how it is, pausing and stopping it, the questions it asks on top.

A control carries the id of its plan, never a place in the list: what a panel of last month changes is what it showed.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import discord
from discord import ui

from bot.chat.routing import Action
from bot.chat.ui.checkins import coming_text
from bot.chat.ui.layout import ACCENT, Form, Layout, button, inert, panel, row
from bot.chat.ui.preferences import labelled
from bot.chat.ui.prompts import day_text
from bot.domain.plans import NUDGE_AFTER, CheckIn, Digest, Purpose, Reminder
from bot.domain.questionnaires import MAX_OWN_QUESTIONS, TEXT_LIMIT, UNIT_LIMIT, Number, OwnKind, Question, Score
from bot.domain.trends import count
from bot.services.plans import PlanView

PLAN = {"plan": r"[0-9a-f]{16}"}

BACK = Action("settings-back", fields=PLAN)
EDIT = Action("settings-edit", fields=PLAN)
PAUSE = Action("settings-pause", fields=PLAN)
PAUSE_UNTIL = Action("settings-until", fields=PLAN)
PAUSE_OWN = Action("settings-own-date", fields=PLAN)
PAUSE_DATE = Action("settings-date", fields=PLAN)
GO_ON = Action("settings-go-on", fields=PLAN)
STOP = Action("settings-stop", fields=PLAN)
STOP_SURE = Action("settings-stop-sure", fields=PLAN)
QUESTIONS = Action("settings-questions", fields=PLAN)
ADD_QUESTION = Action("settings-add", fields=PLAN)
ADDED_QUESTION = Action("settings-added", fields=PLAN)
REMOVE_QUESTION = Action("settings-remove", fields={**PLAN, "key": r"own-[0-9a-f]{1,24}"})

PAUSES = {1: "1 day", 3: "3 days", 7: "A week", 14: "2 weeks"}
KINDS = {
    OwnKind.SCORE: "A score from 0 to 10",
    OwnKind.YES_NO: "Yes or no",
    OwnKind.NUMBER: "A number with a unit",
}


def plan_view(view: PlanView, lead: str) -> Layout:
    """One plan after a change, with what comes next."""
    lines = [f"**{lead}** {name_text(view)}", schedule_text(view), *_waits(view)]
    return panel(
        ["\n".join(lines), coming_text(view.coming, view.zone)],
        row(_back(view.plan.id), button("Edit", EDIT.custom_id(plan=view.plan.id))),
    )


def _waits(view: PlanView) -> list[str]:
    if isinstance(view.plan.purpose, Digest):
        return []
    within = view.plan.timetable.answer_within
    waits = f"I wait for an answer for {count(within // timedelta(hours=1), 'hour')}"
    nudges = view.plan.timetable.nudge and within > NUDGE_AFTER
    after = count(NUDGE_AFTER // timedelta(hours=1), "hour")
    return [f"-# {waits}, and nudge you once after {after}." if nudges else f"-# {waits}."]


def pause_view(view: PlanView, today: date) -> Layout:
    """How long to pause; each choice carries its date, so that what was read is what is done. `today` is local."""
    first = min([today + timedelta(days=1), *(each.local_date for each in view.coming[:1])])
    options = [
        discord.SelectOption(label=f"{label}: goes on {day_text(first + timedelta(days=days))}", value=str(day))
        for days, label in PAUSES.items()
        for day in [first + timedelta(days=days)]
    ]
    custom_id = PAUSE_UNTIL.custom_id(plan=view.plan.id)
    select = ui.Select[Any](custom_id=custom_id, placeholder="For how long?", options=options)
    own = button("A date of my own", PAUSE_OWN.custom_id(plan=view.plan.id))
    return panel([f"**Pause** {name_text(view)}\n{schedule_text(view)}"], row(select), row(own, _back(view.plan.id)))


def pause_form(plan_id: str) -> Form:
    until = ui.TextInput[Any](custom_id="until", max_length=30, placeholder="in 5 days, Friday, 2026-12-01")
    return Form("Pause", PAUSE_DATE.custom_id(plan=plan_id), labelled("On which day shall it go on?", None, until))


def stop_view(view: PlanView) -> Layout:
    kept = "" if isinstance(view.plan.purpose, Digest) else "\nWhat you have saved is kept."
    return panel(
        [f"**Stop this?** {name_text(view)}\n{schedule_text(view)}{kept}"],
        row(
            button("Stop it", STOP_SURE.custom_id(plan=view.plan.id), discord.ButtonStyle.danger),
            button("Keep it", BACK.custom_id(plan=view.plan.id)),
        ),
    )


def stopped_view(view: PlanView) -> Layout:
    again = _again(view.plan.purpose)
    return panel([f"**Stopped.** {name_text(view)}\n{again}"], row(_back(view.plan.id)))


def _again(purpose: Purpose) -> str:
    match purpose:
        case CheckIn():
            return "Your entries are kept. `/checkin start` sets it up again whenever you like."
        case Reminder():
            return "`/remind` sets up a new one."
        case _:
            return "*More settings* has it again whenever you like."


def questions_view(view: PlanView, own: Sequence[Question], lead: str = "") -> Layout:
    """The member's own questions, each with its button, and one for another while there is room."""
    plan_id = view.plan.id
    about = f"They come under *Add more*, after mine; {MAX_OWN_QUESTIONS} at most."
    head = f"**Your own questions** in {name_text(view)}\n{about}"
    parts: list[ui.Item[Any]] = [ui.TextDisplay[Any](f"{lead}\n{head}" if lead else head)]
    for question in own:
        remove = button("Remove", REMOVE_QUESTION.custom_id(plan=plan_id, key=question.key))
        parts += [ui.TextDisplay[Any](f"{inert(question.text)}\n-# {_answered_by(question)}"), row(remove)]
    room = len(own) < MAX_OWN_QUESTIONS
    add = button("Add a question", ADD_QUESTION.custom_id(plan=plan_id), discord.ButtonStyle.primary, disabled=not room)
    return Layout(ui.Container[Any](*parts, row(add, _back(plan_id)), accent_colour=ACCENT))


def question_form(plan_id: str) -> Form:
    text = ui.TextInput[Any](custom_id="text", min_length=3, max_length=TEXT_LIMIT)
    options = [
        discord.SelectOption(label=label, value=kind.value, default=kind is OwnKind.SCORE)
        for kind, label in KINDS.items()
    ]
    kind = ui.Select[Any](custom_id="kind", options=options)
    unit = ui.TextInput[Any](custom_id="unit", max_length=UNIT_LIMIT, required=False, placeholder="hours, steps, cups")
    return Form(
        "A question of your own",
        ADDED_QUESTION.custom_id(plan=plan_id),
        labelled("Question", "As you want to be asked.", text),
        labelled("Answer", None, kind),
        labelled("Unit", "Only for a number: what it counts.", unit),
    )


def _answered_by(question: Question) -> str:
    match question.scale:
        case Score():
            return "0 to 10"
        case Number(unit=unit):
            return f"a number: {inert(unit)}"
        case _:
            return "yes or no"


def _back(plan_id: str) -> ui.Button[Any]:
    return button("Back", BACK.custom_id(plan=plan_id))


def name_text(view: PlanView) -> str:
    return inert(" ".join(view.name.split()))


def schedule_text(view: PlanView) -> str:
    described = view.plan.schedule.describe()
    return described[:1].upper() + described[1:]
