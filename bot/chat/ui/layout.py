"""The bricks that all our messages are made of."""

import re
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import discord
from discord import ui

from bot.domain.questionnaires import Choice, Number, Question, Score, YesNo

Item = ui.Item[Any]
Row = ui.ActionRow[Any]

ACCENT = discord.Colour(0x5B7F95)
CHARACTER_BUDGET = 4000
COMPONENT_BUDGET = 40

_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")
_REORDERING = re.compile("[\u202a-\u202e\u2066-\u2069]")


class Layout(ui.LayoutView):
    """A message as a value. Stopped from birth: discord.py keeps no trace of it, the router answers its controls.

    Nothing is added to it after it was made, so it is written out once, however often it is sent.
    """

    def __init__(self, *items: Item) -> None:
        super().__init__(timeout=None)
        for item in items:
            self.add_item(item)
        self.stop()
        self._written: list[dict[str, Any]] | None = None

    def to_components(self) -> list[dict[str, Any]]:
        if self._written is None:
            self._written = super().to_components()
        return self._written


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


def question_select(
    question: Question, custom_id: str, placeholder: str, *, chosen: float | None = None, required: bool = True
) -> ui.Select[Any]:
    """A select of everything one can answer to a question whose answers can be listed.

    Raises:
        TypeError: its answers cannot be listed (a number with a unit).
    """
    options = [
        discord.SelectOption(label=label, value=value, default=chosen is not None and float(value) == chosen)
        for value, label in _answers(question)
    ]
    return ui.Select[Any](
        custom_id=custom_id, placeholder=placeholder, options=options, required=required, min_values=int(required)
    )


def _answers(question: Question) -> list[tuple[str, str]]:
    scale = question.scale
    match scale:
        case Score():
            ends = {0: f"0: {scale.lowest}", 10: f"10: {scale.highest}"}
            return [(str(value), ends.get(value, str(value))) for value in range(11)]
        case Choice():
            return [(str(option.value), option.label) for option in scale.options]
        case YesNo():
            return [("1", "Yes"), ("0", "No")]
        case Number():
            raise TypeError("a number has too many answers for a list")


def fitting(blocks: Sequence[str], room: int = CHARACTER_BUDGET - 400) -> list[str]:
    """As many blocks from the front as fit, and a word about the rest. The default leaves room for head and foot."""
    shown: list[str] = []
    for block in blocks:
        room -= len(block) + 1
        if room < 0:
            shown.append(f"-# And {len(blocks) - len(shown)} more that do not fit here.")
            break
        shown.append(block)
    return shown


def inert(text: str) -> str:
    """A member's own words as nothing but words: no markup, mention, command, list or link comes of them.

    Discord shows any punctuation after a backslash as it is; its library's own escaping leaves several of these out.
    What would show them, and what stands after them, in another order is left out.
    """
    return _PUNCTUATION.sub(r"\\\g<0>", _REORDERING.sub("", text))


def quoted(text: str) -> str:
    """A member's own words as a quotation, each line of it inert."""
    return "\n".join(f"> {inert(line)}" for line in text.splitlines())


def day_text(day: date) -> str:
    return f"{day:%A} {day.day} {day:%B}"


def bullets(lines: Sequence[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)
