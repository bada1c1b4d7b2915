"""Prompts as Discord messages: the question, its confirmation, the forms for more, reminders and putting off."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import discord
from discord import ui

from bot.chat.routing import Action
from bot.chat.ui.journal import WEEK
from bot.chat.ui.layout import Form, Layout, button, day_text, inert, panel, question_select, row
from bot.chat.ui.support import safety_blocks
from bot.domain.checkins import NOTE_LIMIT, Entry, EntryKind, Prompt, PromptKind
from bot.domain.plans import Digest, FlareQuestion, Plan, Reminder
from bot.domain.questionnaires import Number, Question, Questionnaire
from bot.domain.snoozes import Snooze
from bot.domain.trends import Flare, count
from bot.services.checkins import Recorded

_GO = discord.ButtonStyle.primary

PROMPT = {"prompt": r"[0-9a-f]{16}"}

PAIN = Action("pain", fields=PROMPT)
SAME = Action("same", fields=PROMPT)
UNWELL = Action("unwell", fields=PROMPT)
SKIP = Action("skip", fields=PROMPT)
LATER = Action("later", fields=PROMPT)
SNOOZE = Action("snooze", fields=PROMPT)
SNOOZE_OWN = Action("snooze-own", fields=PROMPT)
BACK = Action("back", fields=PROMPT)
DONE = Action("done", fields=PROMPT)
ADD_MORE = Action("more", fields=PROMPT)
DETAILS = Action("details", fields=PROMPT)
MORE_QUESTIONS = Action("more-questions", fields=PROMPT)
REST = Action("rest", fields=PROMPT)
DELETE = Action("delete", fields=PROMPT)
FLARE_OVER = Action("flare-over", fields=PROMPT)
FLARE_MORE = Action("flare-more", fields={**PROMPT, "days": r"\d{1,2}"})

OWN_TIME = "own"
A_FORM = 4
"""Questions on one form: a modal has room for five parts, and the note is one of them."""

MORE_DAYS = 3

DELETED = "**Deleted.** That check-in is gone."
DONE_TEXT = "**Done.** Well done."
SKIPPED = "**Skipped.** That is fine; see you next time."
FLARE_IS_OVER = "**Good to hear.** Your check-ins come as before."


def message_for(prompt: Prompt, plan: Plan, asked: Questionnaire) -> Layout:
    """What is sent when a prompt is due. A nudge has the controls of the prompt that it is about."""
    prompt_id = prompt.about or prompt.id if prompt.kind is PromptKind.NUDGE else prompt.id
    lead = "Still there if you want it" if prompt.kind is PromptKind.NUDGE else None
    match plan.purpose:
        case Reminder(text=text):
            return reminder_view(prompt_id, text, lead=lead)
        case Digest():
            return digest_view(prompt_id)
        case FlareQuestion():
            return flare_view(prompt_id)
        case _:
            brief = plan.timetable.eases(prompt.local_date)
            return prompt_view(prompt_id, asked, lead=lead or "Time for your check-in", brief=brief)


def prompt_view(
    prompt_id: str, asked: Questionnaire, *, lead: str = "Time for your check-in", brief: bool = False
) -> Layout:
    """The question. It names no value and no condition: notifications show it on lock screens.

    In a flare it is brief: nothing to decide but an answer or none.
    """
    hint = "Only if you feel like it." if brief else "One tap is enough."
    buttons = [("Too unwell to answer", UNWELL), ("Skip", SKIP)]
    if not brief:
        buttons = [("Same as last time", SAME), *buttons, ("Later", LATER)]
    return panel(
        [f"**{lead}.** {asked.first.text}\n-# {hint}"],
        row(question_select(asked.first, PAIN.custom_id(prompt=prompt_id), "Pick an answer")),
        row(*(button(label, action.custom_id(prompt=prompt_id)) for label, action in buttons)),
    )


def reminder_view(prompt_id: str, text: str, *, lead: str | None = None) -> Layout:
    lead = f"-# {lead}.\n" if lead else ""
    return panel(
        [f"{lead}**Your reminder:** {inert(text)}"],
        row(
            button("Done", DONE.custom_id(prompt=prompt_id), _GO),
            button("Later", LATER.custom_id(prompt=prompt_id)),
            button("Skip", SKIP.custom_id(prompt=prompt_id)),
        ),
    )


def digest_view(prompt_id: str) -> Layout:
    """No numbers here: a notification would show them."""
    show_it = button("Show my week", WEEK.custom_id(prompt=prompt_id), _GO)
    return panel(["**Your week is ready** to look at, if you like."], row(show_it))


def flare_view(prompt_id: str) -> Layout:
    return panel(
        ["**How is it going?** The quieter days you set are over. There is no wrong answer."],
        row(
            button("Back to usual", FLARE_OVER.custom_id(prompt=prompt_id), _GO),
            button(f"{MORE_DAYS} more quiet days", FLARE_MORE.custom_id(prompt=prompt_id, days=str(MORE_DAYS))),
        ),
    )


def flare_goes_on_view(flare: Flare) -> Layout:
    until = f" until {day_text(flare.last)}" if flare.last else ""
    return panel([f"**Then it stays quiet{until}.** Be kind to yourself. `/checkin settings` can change it any time."])


def recorded_view(recorded: Recorded) -> Layout:
    """The confirmation that a prompt turns into. The score is shown so that a slip of the thumb is noticed.

    After a high answer the member's own plan and the services come first, before any score.
    """
    entry, asked = recorded.entry, recorded.questionnaire
    safety = safety_blocks(recorded.safety) if recorded.safety else []
    more = "Add or change" if _extras(entry, asked) else "Add more"
    controls = [button(more, ADD_MORE.custom_id(prompt=entry.prompt_id))]
    if len(asked.questions) > A_FORM:
        controls.append(button("More questions", MORE_QUESTIONS.custom_id(prompt=entry.prompt_id)))
    controls.append(button("Delete", DELETE.custom_id(prompt=entry.prompt_id)))
    return panel([*safety, _saved(recorded)], row(*controls))


def _saved(recorded: Recorded) -> str:
    entry, asked = recorded.entry, recorded.questionnaire
    lead = "This one was saved before, and stands" if recorded.already else "Saved, thank you"
    first = _said(entry, asked.questions[:1])
    headline = {
        EntryKind.ANSWERED: "".join(first) or "without the first answer",
        EntryKind.SAME: ", ".join(["same as last time", *first]),
        EntryKind.UNWELL: "too unwell to answer. Rest; that is enough for today",
    }[entry.kind]
    extras = _extras(entry, asked)
    also = f"\nWith {', '.join(extras)}." if extras else ""
    late = "Late, and it counts. " if entry.late else ""
    row_of_days = f" {count(recorded.streak, 'day')} in a row." if recorded.streak else ""
    return f"**{lead}:** {headline}.{also}\n-# {late}{asked.name} for {day_text(entry.local_date)}.{row_of_days}"


def _said(entry: Entry, questions: Sequence[Question]) -> list[str]:
    values = entry.answers.values
    return [
        f"{inert(_inside_a_sentence(question.label))} {inert(question.say(values[question.key]))}"
        for question in questions
        if question.key in values
    ]


def _extras(entry: Entry, asked: Questionnaire) -> list[str]:
    return _said(entry, asked.questions[1:]) + (["a note"] if entry.answers.note else [])


def _inside_a_sentence(label: str) -> str:
    """ "Pain" gives "pain"; "PHQ-2" stays."""
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]


def first_keys(asked: Questionnaire) -> list[str]:
    """What is on the first form, by key."""
    return [*(question.key for question in asked.questions[:A_FORM]), "note"]


def rest_keys(asked: Questionnaire) -> list[str]:
    """What is on the second form."""
    return [question.key for question in asked.questions[A_FORM:]]


def details_form(entry: Entry, asked: Questionnaire) -> Form:
    """What can be added to a check-in or put right, filled with what is there: the first questions and the note."""
    note = ui.TextInput[Any](
        custom_id="note",
        style=discord.TextStyle.paragraph,
        required=False,
        max_length=NOTE_LIMIT,
        default=entry.answers.note,
    )
    return Form(
        "Your check-in",
        DETAILS.custom_id(prompt=entry.prompt_id),
        *_question_fields(entry, asked.questions[:A_FORM]),
        _field("Note", "For you alone, encrypted. Anything you may want to remember.", note),
    )


def rest_form(entry: Entry, asked: Questionnaire) -> Form:
    """The questions that the first form has no room for."""
    return Form(
        "More questions", REST.custom_id(prompt=entry.prompt_id), *_question_fields(entry, asked.questions[A_FORM:])
    )


def _question_fields(entry: Entry, questions: Sequence[Question]) -> list[ui.Label[Any]]:
    values = entry.answers.values
    return [_question_field(question, values.get(question.key)) for question in questions]


def _question_field(question: Question, value: float | None) -> ui.Label[Any]:
    if isinstance(question.scale, Number):
        given = None if value is None else f"{value:g}"
        number = ui.TextInput[Any](
            custom_id=question.key, required=False, max_length=20, default=given, placeholder=question.scale.unit
        )
        return _field(question.label, question.text, number)
    select = question_select(question, question.key, "Leave out", chosen=value, required=False)
    return _field(question.label, question.text, select)


def _field(label: str, description: str | None, component: ui.Item[Any]) -> ui.Label[Any]:
    return ui.Label[Any](text=label, description=description, component=component)


def later_view(prompt_id: str, choices: Mapping[Snooze, datetime]) -> Layout:
    """When to ask again, each choice with the time it leads to on the member's clock."""
    options = [
        discord.SelectOption(label=f"{snooze.label}: {_moment(snooze, until)}", value=snooze.value)
        for snooze, until in choices.items()
    ]
    options.append(discord.SelectOption(label="A time of your own", value=OWN_TIME))
    select = ui.Select[Any](custom_id=SNOOZE.custom_id(prompt=prompt_id), placeholder="Ask again ...", options=options)
    return panel(["**When shall I ask again?**"], row(select), row(button("Back", BACK.custom_id(prompt=prompt_id))))


def own_time_form(prompt_id: str) -> Form:
    when = ui.TextInput[Any](custom_id="when", max_length=40, placeholder="in 2 hours, 18:30, tomorrow 9am")
    return Form("Ask again later", SNOOZE_OWN.custom_id(prompt=prompt_id), _field("When?", None, when))


def snoozed_view(until: datetime) -> Layout:
    """`until` is on the member's clock."""
    return panel([f"**Put off** until {until:%H:%M} on {day_text(until.date())}. I will ask again then."])


def _moment(snooze: Snooze, until: datetime) -> str:
    return f"{until:%A %H:%M}" if snooze is Snooze.TOMORROW else f"{until:%H:%M}"
