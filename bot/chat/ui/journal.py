"""A member's own data as Discord messages: trends, the week, treatments, files to take along and to bring back."""

from collections.abc import Sequence
from typing import Any

import discord
from discord import ui

from bot.chat.routing import Action
from bot.chat.ui.history import day_text
from bot.chat.ui.layout import ACCENT, Form, Layout, button, fitting, inert, panel, row
from bot.domain.journal import TreatmentMark
from bot.domain.trends import Measure, Trend, count
from bot.services.journal import MOST_QUESTIONS, QUESTION_LIMIT, FileKind, Report, Restored, TrendView, Week

PERIODS = (7, 30, 90, 365)
REPORT_PERIODS = (30, 90)
PICTURE = "trend.png"
OPTIONS = 25
"""Choices of one select, or of an autocomplete."""

ROOM_AROUND = 1400
"""Characters for what is around treatments, below a table and its head."""

TRENDS = Action("trends", fields={"days": r"\d{1,3}", "measure": r"[a-z0-9-]{1,40}", "look": "dark|light"})
WEEK = Action("week", fields={"prompt": r"[0-9a-f]{16}"})
REPORT = Action("report", fields={"days": "|".join(map(str, REPORT_PERIODS))})

# The fields of the report's form. "+" is in no key of a question.
WHAT, QUESTIONS, FILES = "what", "questions", "files"
TREATMENTS, NOTES = "+treatments", "+notes"

NO_TREATMENTS = "No treatments are marked yet. `/treatments start` marks one from today."
HANDED_OVER = (
    "**For your appointment.** The PDF is one or two pages to hand over or read from; the others are the same days for "
    "programs. I made them just now and keep no copy.\n-# They are your words and scores, and nobody checked them."
)
CUT = (
    f"The page has room for {MOST_QUESTIONS} questions of {QUESTION_LIMIT} characters. "
    "Yours were more than that, so some of it is not on it."
)
FILE_CHOICES = {
    FileKind.PDF: ("PDF page", "One or two pages to print or show"),
    FileKind.CSV: ("CSV", "For a spreadsheet"),
    FileKind.JSON: ("JSON", "Complete, with notes and treatments: to bring back with /checkin import"),
    FileKind.FHIR: ("FHIR", "For a clinic's software"),
}


def trends_view(shown: TrendView, published: Sequence[str], *, days: int, look: str) -> Layout:
    """One sentence, the picture with its description, the numbers, and what was seen around each treatment."""
    measure = shown.trend.measure
    sentences = [f"- {inert(comparison.sentence)}" for _, comparison in shown.comparisons]
    around = (
        "\n".join(["### Around your treatments", *fitting([*sentences, *published], room=ROOM_AROUND)])
        if sentences
        else ""
    )
    heading = f"## {_label(measure)}, the last {days} days\n{_sentence(shown.trend)}"
    head, table, around = (
        ui.TextDisplay[Any](text) if text else None for text in (heading, f"```\n{shown.table}\n```", around)
    )
    parts = [part for part in (head, _picture(shown.alt_text), table, around) if part]
    return Layout(ui.Container[Any](*parts, _periods(measure.key, days, look), accent_colour=ACCENT))


def week_view(week: Week) -> Layout:
    """Every measure in a sentence, and the picture of the first."""
    lines = fitting([f"- {_sentence(trend)}" for trend in week.trends])
    head = ui.TextDisplay[Any]("\n".join(["## Your week", *lines]))
    foot = ui.TextDisplay[Any]("-# `/trends` shows more, for any question and period.")
    return Layout(ui.Container[Any](head, _picture(week.alt_text), foot, accent_colour=ACCENT))


def treatments_view(marks: Sequence[TreatmentMark]) -> Layout:
    if not marks:
        return panel([NO_TREATMENTS])
    lines = [
        f"- **{inert(each.mark.name)}**: from {day_text(each.mark.started)}"
        + (f" to {day_text(each.mark.stopped)}" if each.mark.stopped else ", going on")
        for each in marks
    ]
    return panel(
        ["## Treatments you marked", "\n".join(fitting(lines)), "-# `/trends` shows the days before and after each."]
    )


def report_form(days: int, measures: Sequence[Measure]) -> Form:
    """What goes into a report: everything but the notes, unless the member says otherwise."""
    what = [discord.SelectOption(label=each.label, value=each.key, default=True) for each in measures[: OPTIONS - 2]]
    what.append(discord.SelectOption(label="Treatments, before and after", value=TREATMENTS, default=True))
    what.append(discord.SelectOption(label="My notes", value=NOTES))
    files = [
        discord.SelectOption(label=label, value=kind, description=about, default=True)
        for kind, (label, about) in FILE_CHOICES.items()
    ]
    questions = ui.TextInput[Any](
        custom_id=QUESTIONS, style=discord.TextStyle.paragraph, required=False, placeholder="What else could we try?"
    )
    return Form(
        f"For your appointment: {days} days",
        REPORT.custom_id(days=str(days)),
        _field("What goes in", None, _several(WHAT, what)),
        _field("Questions for the appointment", f"One on each line, up to {MOST_QUESTIONS}.", questions),
        _field("Files", None, _several(FILES, files)),
    )


def report_view(report: Report) -> Layout:
    texts = [ui.TextDisplay[Any](text) for text in (HANDED_OVER, CUT if report.questions_cut else "") if text]
    files = [ui.File[Any](f"attachment://{file.name}") for file in report.files]
    return Layout(ui.Container[Any](*texts, *files, accent_colour=ACCENT))


def restored_view(restored: Restored) -> Layout:
    """What came back from a file, and what had been there before."""
    there = f" {count(restored.already, 'check-in')} had been here before." if restored.already else ""
    if not (restored.entries or restored.treatments or restored.flares):
        return panel([f"**Nothing new in that file.**{there} Nothing was changed."])
    back = [
        f"- {count(number, noun)}"
        for number, noun in (
            (restored.entries, "check-in"),
            (restored.treatments, "treatment"),
            (restored.flares, "flare"),
        )
        if number
    ]
    return panel(["\n".join(["**Brought back:**", *back]), f"-# `/trends` shows them.{there}"])


def _label(measure: Measure) -> str:
    return inert(measure.label) if measure.is_own else measure.label


def _sentence(trend: Trend) -> str:
    """An own question's label and unit are the member's words."""
    return inert(trend.sentence) if trend.measure.is_own else trend.sentence


def _picture(alt_text: str) -> ui.MediaGallery[Any]:
    return ui.MediaGallery[Any](discord.MediaGalleryItem(f"attachment://{PICTURE}", description=alt_text))


def _field(label: str, about: str | None, component: ui.Item[Any]) -> ui.Label[Any]:
    return ui.Label[Any](text=label, description=about, component=component)


def _several(custom_id: str, options: list[discord.SelectOption]) -> ui.Select[Any]:
    return ui.Select[Any](custom_id=custom_id, options=options, min_values=1, max_values=len(options), required=True)


def _periods(measure: str, current: int, look: str) -> ui.ActionRow[Any]:
    return row(
        *(
            button(
                f"{days} days", TRENDS.custom_id(days=str(days), measure=measure, look=look), disabled=days == current
            )
            for days in PERIODS
        )
    )
