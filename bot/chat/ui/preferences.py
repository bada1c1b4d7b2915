"""How a member wants to be treated: quiet hours, the weekly digest, where a day begins, a safety plan."""

from collections.abc import Mapping, Sequence
from datetime import time
from typing import Any

import discord
from discord import ui

from bot.chat.routing import Action
from bot.chat.ui.layout import Form, Item, Layout, button, panel, quoted, row
from bot.domain.checkins import tidy
from bot.domain.members import HIGH_SCORE, SAFETY_PLAN_LIMIT, Preferences, QuietHours, SafetyPlan
from bot.domain.support import SupportCountry
from bot.domain.when import parse_time
from bot.errors import UserError

OVERVIEW = Action("settings", fields={"page": r"\d"})
MORE = Action("settings-more")
QUIET_FORM = Action("settings-quiet")
QUIET = Action("settings-quiet-set")
DAY_FORM = Action("settings-day")
DAY = Action("settings-day-set")
SAFETY_FORM = Action("settings-safety")
SAFETY = Action("settings-safety-set")

SCORES = tuple(map(str, range(11)))
MOST_OPTIONS = 25

ABOUT_QUIET = "No check-in and no reminder comes in these hours. What is set for a time in them has to move first."
ABOUT_DAY = (
    "What you answer in the small hours counts for the day before, up to this time. "
    "It is the same for streaks and for *today*."
)
ABOUT_SAFETY = (
    "Words of your own for a bad time, and who answers in your country. I show them first after a high answer. "
    "Nobody else sees them, and nobody is told."
)


def labelled(label: str, description: str | None, component: Item) -> ui.Label[Any]:
    """A field of a form."""
    return ui.Label[Any](text=label, description=description, component=component)


def more_select(preferences: Preferences, *, digest: bool) -> ui.Select[Any]:
    """Everything that is not a plan of its own, each with how it is now."""
    quiet, safety = preferences.quiet, preferences.safety
    options = [
        ("quiet", "Quiet hours", quiet.describe() if quiet else "None"),
        ("digest", "Weekly digest", "On; choose to turn it off" if digest else "Off; choose to turn it on"),
        ("day", "Day begins at", f"{preferences.day_begins:%H:%M}"),
        ("streaks", "Streaks", "On; choose to turn them off" if preferences.streaks else "Off; choose to turn them on"),
        ("safety", "Safety plan", f"Shown from {safety.from_score} of 10 on" if safety else "None"),
        ("zone", "Time zone", "When you travel or move"),
    ]
    return ui.Select[Any](
        custom_id=MORE.custom_id(),
        placeholder="More settings",
        options=[discord.SelectOption(label=label, value=value, description=now) for value, label, now in options],
    )


def quiet_view(preferences: Preferences) -> Layout:
    now = f"{preferences.quiet.describe()}" if preferences.quiet else "none"
    return panel([f"**Quiet hours:** {now}\n{ABOUT_QUIET}"], row(button("Change", QUIET_FORM.custom_id()), home()))


def quiet_form(preferences: Preferences) -> Form:
    quiet = preferences.quiet
    start = _optional("from", quiet and quiet.start, "22:00")
    end = _optional("until", quiet and quiet.end, "07:00")
    return Form(
        "Quiet hours",
        QUIET.custom_id(),
        labelled("From", "Leave both empty for no quiet hours.", start),
        labelled("Until", None, end),
    )


def quiet_hours(fields: Mapping[str, str]) -> QuietHours | None:
    """The hours that the form came back with, None for none.

    Raises:
        UserError: only one end is there, or it is no time, or both are the same.
    """
    ends = [fields[name] for name in ("from", "until") if name in fields]
    if not ends:
        return None
    if len(ends) < 2:
        raise UserError("Quiet hours need both ends, such as 22:00 and 07:00; or leave both empty for none.")
    start, end = map(parse_time, ends)
    if start == end:
        raise UserError("Quiet hours end at another time than they begin, please. 22:00 to 07:00 is a night.")
    return QuietHours(start=start, end=end)


def day_view(preferences: Preferences) -> Layout:
    head = f"**Your day begins at {preferences.day_begins:%H:%M}.**\n{ABOUT_DAY}"
    return panel([head], row(button("Change", DAY_FORM.custom_id()), home()))


def day_form(preferences: Preferences) -> Form:
    usual = f"{Preferences().day_begins:%H:%M}"
    begins = _optional("begins", preferences.day_begins, usual)
    return Form(
        "Where a day begins", DAY.custom_id(), labelled("Day begins at", f"Empty for the usual {usual}.", begins)
    )


def day_begins(fields: Mapping[str, str]) -> time:
    """The time that the form came back with, the usual one if it was left empty.

    Raises:
        UserError: it is no time of day.
    """
    return parse_time(fields["begins"]) if "begins" in fields else Preferences().day_begins


def safety_view(preferences: Preferences, lead: str = "Your safety plan") -> Layout:
    safety = preferences.safety
    if safety is None:
        change = button("Write one", SAFETY_FORM.custom_id())
        return panel([f"**{lead}:** none\n{ABOUT_SAFETY}"], row(change, home()))
    words = [quoted(safety.text)] if safety.text else []
    services = [f"With the services of: {safety.country}."] if safety.country else []
    when = f"I show it first when you answer {safety.from_score} or more of 10. Nobody else is told."
    parts = [f"**{lead}**", *words, *services, when]
    return panel(["\n".join(parts)], row(button("Change", SAFETY_FORM.custom_id()), home()))


def safety_form(preferences: Preferences, countries: Sequence[SupportCountry]) -> Form:
    safety = preferences.safety or SafetyPlan()
    words = ui.TextInput[Any](
        custom_id="words",
        style=discord.TextStyle.paragraph,
        default=safety.text or None,
        max_length=SAFETY_PLAN_LIMIT,
        required=False,
    )
    return Form(
        "Your safety plan",
        SAFETY.custom_id(),
        labelled("In my own words", "What helps, whom to call. Leave it and the country empty for no plan.", words),
        *([labelled("Services of", None, _countries(safety, countries))] if countries else []),
        labelled("Show it from this score on", "Where 10 is the worst.", _from_score(safety)),
    )


def safety_plan(fields: Mapping[str, str], countries: Sequence[SupportCountry]) -> SafetyPlan | None:
    """The plan that the form came back with, None if it says nothing."""
    words = tidy(fields.get("words")) or ""
    country = next((each.country for each in countries if each.country == fields.get("country")), None)
    score = fields.get("score", "")
    from_score = int(score) if score in SCORES else HIGH_SCORE
    return SafetyPlan(text=words, country=country, from_score=from_score) if words or country else None


def zone_view(place: str) -> Layout:
    return panel(
        [f"**Your clock is that of {place}.**\n`/checkin timezone` moves all you have set up to another one."],
        row(home()),
    )


def _countries(safety: SafetyPlan, countries: Sequence[SupportCountry]) -> ui.Select[Any]:
    options = [
        discord.SelectOption(label=each.country, value=each.country, default=each.country == safety.country)
        for each in countries[:MOST_OPTIONS]
    ]
    return ui.Select[Any](custom_id="country", placeholder="No country", options=options, min_values=0, required=False)


def _from_score(safety: SafetyPlan) -> ui.Select[Any]:
    options = [
        discord.SelectOption(label=score, value=score, default=score == str(safety.from_score)) for score in SCORES
    ]
    return ui.Select[Any](custom_id="score", options=options)


def _optional(name: str, value: time | None, example: str) -> ui.TextInput[Any]:
    default = f"{value:%H:%M}" if value is not None else None
    return ui.TextInput[Any](custom_id=name, default=default, placeholder=example, max_length=20, required=False)


def home() -> ui.Button[Any]:
    """Back to the first page of the panel."""
    return button("Back", OVERVIEW.custom_id(page="0"))
