"""The bricks that all our messages are made of."""

from collections.abc import Iterable, Sequence
from typing import Any

import discord
from discord import ui

Item = ui.Item[Any]
Row = ui.ActionRow[Any]

ACCENT = discord.Colour(0x5B7F95)
CHARACTER_BUDGET = 4000
COMPONENT_BUDGET = 40


class Layout(ui.LayoutView):
    """A message as a value. Stopped from birth: discord.py keeps no trace of it, the router answers its controls."""

    def __init__(self, *items: Item) -> None:
        super().__init__(timeout=None)
        for item in items:
            self.add_item(item)
        self.stop()


class Form(ui.Modal):
    """A modal as a value; the router receives what is submitted, before and after a restart alike."""

    def __init__(self, title: str, custom_id: str, *fields: Item) -> None:
        super().__init__(title=title, custom_id=custom_id, timeout=None)
        for field in fields:
            self.add_item(field)
        self.stop()


def panel(blocks: Iterable[str], *rows: Item) -> Layout:
    """Text blocks in a frame, and rows of controls below the text."""
    texts = [ui.TextDisplay[Any](block) for block in blocks]
    return Layout(ui.Container[Any](*texts, *rows, accent_colour=ACCENT))


def row(*items: Item) -> Row:
    """Up to five buttons, or one select."""
    return Row(*items)


def button(
    label: str,
    custom_id: str,
    style: discord.ButtonStyle = discord.ButtonStyle.secondary,
    *,
    disabled: bool = False,
) -> ui.Button[Any]:
    return ui.Button[Any](label=label, custom_id=custom_id, style=style, disabled=disabled)


def scale(
    custom_id: str,
    placeholder: str,
    lowest: str,
    highest: str,
    *,
    chosen: int | None = None,
    required: bool = True,
) -> ui.Select[Any]:
    """A select from 0 to 10 whose two ends say what they mean."""
    ends = {0: f"0: {lowest}", 10: f"10: {highest}"}
    options = [
        discord.SelectOption(label=ends.get(value, str(value)), value=str(value), default=value == chosen)
        for value in range(11)
    ]
    return ui.Select[Any](
        custom_id=custom_id, placeholder=placeholder, options=options, required=required, min_values=int(required)
    )


def bullets(lines: Sequence[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)
