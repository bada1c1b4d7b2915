"""The settings panel: everything a member has set up, each item with its own controls."""

from datetime import date
from typing import Any

from discord import ui

from bot.chat.ui.flares import FLARE
from bot.chat.ui.layout import ACCENT, Item, Layout, Row, button, row
from bot.chat.ui.plans import EDIT, GO_ON, PAUSE, QUESTIONS, STOP, name_text, schedule_text
from bot.chat.ui.preferences import OVERVIEW, more_select
from bot.chat.ui.prompts import day_text
from bot.domain.plans import CheckIn, Digest, FlareQuestion
from bot.domain.trends import Flare
from bot.domain.zones import place_label, zone_named
from bot.services.plans import Overview, PlanView

PER_PAGE = 4
"""Plans on a page: each takes up to six of the forty components of a message."""

NOTHING = "Nothing is running. `/checkin start` sets up a check-in, `/remind` a reminder."


def overview_view(overview: Overview, flare: Flare | None, page: int = 0, *, notice: str = "") -> Layout:
    """One page of the panel; a page that is not there any more gives the last one. `notice` says what was just done."""
    plans = listed(overview)
    last = max(0, (len(plans) - 1) // PER_PAGE)
    page = min(page, last)
    head = ["## Your settings", notice, f"-# By the clock of {place_label(overview.member.zone)}."]
    parts: list[Item] = [ui.TextDisplay[Any]("\n".join(part for part in head if part))]
    for view in plans[page * PER_PAGE :][:PER_PAGE]:
        parts += [ui.TextDisplay[Any](_summary(view, overview.today)), _controls(view, overview.today)]
    if not plans:
        parts.append(ui.TextDisplay[Any](NOTHING))
    if last:
        parts.append(_pages(page, last))
    digest = any(isinstance(view.plan.purpose, Digest) for view in plans)
    parts += [
        row(button(_flare_label(flare), FLARE.custom_id())),
        row(more_select(overview.preferences, digest=digest)),
    ]
    return Layout(ui.Container[Any](*parts, accent_colour=ACCENT))


def listed(overview: Overview) -> list[PlanView]:
    """What has a place of its own in the panel; the question about a flare belongs to the flare."""
    return [view for view in overview.plans if not isinstance(view.plan.purpose, FlareQuestion)]


def page_of(overview: Overview, plan_id: str) -> int:
    """The page that shows a plan, the first if none does."""
    ids = [view.plan.id for view in listed(overview)]
    return ids.index(plan_id) // PER_PAGE if plan_id in ids else 0


def _pages(page: int, last: int) -> Row:
    return row(
        button("Earlier", OVERVIEW.custom_id(page=str(max(0, page - 1))), disabled=page == 0),
        button("Later", OVERVIEW.custom_id(page=str(min(last, page + 1))), disabled=page == last),
    )


def _flare_label(flare: Flare | None) -> str:
    if flare is None:
        return "I am in a flare"
    return f"Flare until {day_text(flare.last)}: change" if flare.last else "In a flare: change"


def _summary(view: PlanView, today: date) -> str:
    if view.plan.schedule.once:
        return f"**{name_text(view)}**\nOnce: {_next(view)}"
    return "\n".join([f"**{name_text(view)}**", schedule_text(view), *_state(view, today), f"-# Next: {_next(view)}"])


def _state(view: PlanView, today: date) -> list[str]:
    timetable = view.plan.timetable
    if _paused(view, today):
        return [f"**Paused** until {day_text(timetable.paused_until or today)}"]
    if timetable.eased_until and today < timetable.eased_until:
        return [f"Quieter: every other day, as usual again from {day_text(timetable.eased_until)}"]
    return []


def _paused(view: PlanView, today: date) -> bool:
    until = view.plan.timetable.paused_until
    return until is not None and today < until


def _controls(view: PlanView, today: date) -> Row:
    """A reminder for one day cannot wait: it has no pause."""
    plan_id = view.plan.id
    pause = ("Go on now", GO_ON) if _paused(view, today) else ("Pause", PAUSE)
    buttons = [("Edit", EDIT), *([] if view.plan.schedule.once else [pause]), ("Stop", STOP)]
    if isinstance(view.plan.purpose, CheckIn):
        buttons.append(("Questions", QUESTIONS))
    return row(*(button(label, action.custom_id(plan=plan_id)) for label, action in buttons))


def _next(view: PlanView) -> str:
    if not view.coming:
        return "nothing"
    moment = view.coming[0].due_at.astimezone(zone_named(view.zone))
    return f"{day_text(moment.date())}, {moment:%H:%M}"
