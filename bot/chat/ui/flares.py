"""Flares as Discord messages: beginning one, being in one, and its end."""

from datetime import date, timedelta
from typing import Any

import discord
from discord import ui

from bot.chat.routing import Action
from bot.chat.ui.layout import Layout, button, panel, row
from bot.chat.ui.preferences import home
from bot.chat.ui.prompts import day_text
from bot.domain.trends import Flare, count

FLARE = Action("settings-flare")
FLARE_DAYS = Action("settings-flare-days")
FLARE_ENDED = Action("settings-flare-over")

DAYS_OF_FLARE = (2, 3, 5, 7, 10, 14)

FEWER_AND_SHORTER = """\
- Check-ins come every other day, once, with one tap, and I do not nudge.
- Reminders go on as usual.
- Charts show these days shaded."""


def flare_view(flare: Flare | None, today: date) -> Layout:
    """For how long, with the last day of each choice on the member's calendar."""
    options = [
        discord.SelectOption(
            label=f"{count(days, 'day')}, until {day_text(today + timedelta(days=days - 1))}", value=str(days)
        )
        for days in DAYS_OF_FLARE
    ]
    select = ui.Select[Any](custom_id=FLARE_DAYS.custom_id(), placeholder="For how long, from today?", options=options)
    over = [button("It is over", FLARE_ENDED.custom_id(), discord.ButtonStyle.primary)] if flare else []
    head = f"## {'In a flare' if flare else 'A flare'}\nFor days on which less is better:\n{FEWER_AND_SHORTER}"
    return panel([head], row(select), row(*over, home()))


def in_flare_view(flare: Flare) -> Layout:
    until, asks = "", "I will ask how it is going."
    if flare.last:
        until = f" until {day_text(flare.last)}"
        asks = f"On {day_text(flare.last + timedelta(days=1))} I ask once how it is going."
    return panel([f"**Quiet days{until}.** Be kind to yourself.\n{FEWER_AND_SHORTER}\n- {asks}"], row(home()))


def flare_over_view() -> Layout:
    return panel(["**Good to hear.** Your check-ins come as before."], row(home()))
