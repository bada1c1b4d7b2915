"""A member's own data as Discord messages: trends, history, treatments, files to take along."""

from collections.abc import Sequence
from typing import Any

import discord
from discord import ui

from bot.chat.routing import Action
from bot.chat.ui.checkins import day_text
from bot.chat.ui.layout import ACCENT, Layout, button, fitting, inert, panel, row
from bot.domain.checkins import EntryKind, PromptStatus
from bot.domain.journal import PastPrompt, TreatmentMark
from bot.domain.zones import zone_named
from bot.services.journal import TrendView

PERIODS = (7, 30, 90, 365)
PICTURE = "trend.png"

TRENDS = Action("trends", fields={"days": r"\d{1,3}", "measure": r"[a-z0-9-]{1,40}", "look": "dark|light"})

NO_TREATMENTS = "No treatments are marked yet. `/treatments start` marks one from today."
REPORT = (
    "**For your appointment.** The PDF is one or two pages to hand over or read from; the others are the same days for "
    "programs. I made them just now and keep no copy.\n-# They are your words and scores, and nobody checked them."
)

ENDINGS = {
    PromptStatus.SENDING: "on its way",
    PromptStatus.SENT: "sent, not answered",
    PromptStatus.ANSWERED: "answered",
    PromptStatus.SKIPPED: "skipped",
    PromptStatus.EXPIRED: "not answered in time",
    PromptStatus.MISSED: "missed: I was not running at that time, sorry",
    PromptStatus.UNDELIVERABLE: "could not be delivered: your private messages were closed to me",
}
ANSWERS = {
    EntryKind.ANSWERED: "answered",
    EntryKind.SAME: "same as last time",
    EntryKind.UNWELL: "too unwell to answer",
}


def trends_view(shown: TrendView, published: Sequence[str], *, days: int, look: str) -> Layout:
    """One sentence, the picture with its description, the numbers, and what was seen around each treatment."""
    measure = shown.trend.measure
    sentences = [f"- {inert(comparison.sentence)}" for _, comparison in shown.comparisons]
    around = (
        "\n".join(["### Around your treatments", *fitting([*sentences, *published], room=1400)]) if sentences else ""
    )
    texts = [f"## {measure.label}, the last {days} days\n{shown.trend.sentence}", f"```\n{shown.table}\n```", around]
    head, table, around = (ui.TextDisplay[Any](text) if text else None for text in texts)
    picture = ui.MediaGallery[Any](discord.MediaGalleryItem(f"attachment://{PICTURE}", description=shown.alt_text))
    parts = [part for part in (head, picture, table, around) if part]
    return Layout(ui.Container[Any](*parts, _periods(measure.key, days, look), accent_colour=ACCENT))


def history_view(zone: str, prompts: Sequence[PastPrompt]) -> Layout:
    """What became of the latest prompts, each under the time it was meant for."""
    if not prompts:
        return panel(["**No prompts yet.** The first one comes at the time you chose; `/checkin now` asks right away."])
    here = zone_named(zone)
    lines = [
        f"- {day_text(each.local_date)}, {each.due_at.astimezone(here):%H:%M}: {_ending(each)}" for each in prompts
    ]
    return panel(["## Your latest check-ins", "\n".join(lines)])


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


def report_view(names: Sequence[str]) -> Layout:
    files = [ui.File[Any](f"attachment://{name}") for name in names]
    return Layout(ui.Container[Any](ui.TextDisplay[Any](REPORT), *files, accent_colour=ACCENT))


def _ending(prompt: PastPrompt) -> str:
    own = "" if prompt.scheduled else "your own, "
    return own + (ANSWERS[prompt.answered] if prompt.answered else ENDINGS[prompt.status])


def _periods(measure: str, current: int, look: str) -> ui.ActionRow[Any]:
    return row(
        *(
            button(
                f"{days} days", TRENDS.custom_id(days=str(days), measure=measure, look=look), disabled=days == current
            )
            for days in PERIODS
        )
    )
