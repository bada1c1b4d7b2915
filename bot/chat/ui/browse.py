"""Every card, a page at a time."""

from collections.abc import Sequence
from typing import Any

import discord
from discord import ui

from bot.chat.routing import Action
from bot.chat.ui.cards import CERTAINTY
from bot.chat.ui.layout import Layout, button, panel, row
from bot.domain.cards import Card, Certainty, Kind

ANY = "any"
PER_PAGE = 10

KIND_NAMES = {
    Kind.MEDICINE: "Medicines",
    Kind.SUPPLEMENT: "Supplements",
    Kind.EXERCISE: "Exercise and movement",
    Kind.PSYCHOLOGICAL: "Psychological",
    Kind.PHYSICAL: "Physical",
    Kind.DEVICE: "Devices",
    Kind.DIET: "Diet",
    Kind.TOPIC: "Topics",
}
CERTAINTIES = {certainty.value.replace(" ", "-"): certainty for certainty in Certainty}

BROWSE = Action(
    "browse",
    fields={"kind": "|".join([ANY, *Kind]), "certainty": "|".join([ANY, *CERTAINTIES]), "part": r"\d{1,3}"},
)
OPEN_CHOSEN = Action("open-chosen")


def browse_view(cards: Sequence[Card], kind: Kind | None, certainty: Certainty | None, part: int) -> Layout:
    """One page of the list, a select that opens a card of it, and buttons to turn pages."""
    what = KIND_NAMES[kind] if kind else "All cards"
    how = f", {CERTAINTY[certainty]}" if certainty else ""
    if not cards:
        return panel([f"## {what}{how}\nNo card is like that. Leave one of the two choices out to see more."])
    pages = -(-len(cards) // PER_PAGE)
    part = min(part, pages - 1)
    shown = cards[part * PER_PAGE : (part + 1) * PER_PAGE]
    count = "1 card" if len(cards) == 1 else f"{len(cards)} cards"
    lines = "\n".join(_line(card) for card in shown)
    place = f", page {part + 1} of {pages}" if pages > 1 else ""
    rows = [row(_choice(shown))]
    if pages > 1:
        rows.append(
            row(_turn("Back", kind, certainty, part - 1, pages), _turn("Next", kind, certainty, part + 1, pages))
        )
    return panel([f"## {what}{how}\n-# {count}{place}", lines], *rows)


def _line(card: Card) -> str:
    sure = f" {CERTAINTY[card.certainty[0].certainty]}." if card.certainty else ""
    return f"- **{card.name}**:{sure} {card.key_messages[0].text}"


def _choice(cards: Sequence[Card]) -> ui.Select[Any]:
    options = [discord.SelectOption(label=card.name, value=card.id) for card in cards]
    return ui.Select[Any](custom_id=OPEN_CHOSEN.custom_id(), placeholder="Open a card", options=options)


def _turn(label: str, kind: Kind | None, certainty: Certainty | None, to: int, pages: int) -> ui.Button[Any]:
    there = BROWSE.custom_id(
        kind=kind or ANY,
        certainty=certainty.value.replace(" ", "-") if certainty else ANY,
        part=f"{to % 1000}",
    )
    return button(label, there, disabled=not 0 <= to < pages)
