"""*Report a problem*: the form, and the notice that moderators get of it. Who reported it is in neither."""

from collections.abc import Sequence
from typing import Any

import discord
from discord import ui

from bot.chat.routing import Action
from bot.chat.ui.cards import CARD_ID, OPEN_PAGE, Page
from bot.chat.ui.layout import Form, Item, Layout, button, inert, panel, quoted, row
from bot.chat.ui.preferences import labelled
from bot.domain.cards import Card
from bot.domain.curation import Report

REPORTED = Action("report-card", fields={"card": CARD_ID})
SETTLE = Action("report-settle", fields={"report": r"[0-9a-f]{16}", "how": "done|dismiss"})

WHAT, CARD = "what", "card"
"""The fields of the form; the card is asked for where there are several."""

LENGTH = 1000
MOST_CARDS = 25

ASK = "What is wrong, or missing?"
LEAVE_OUT = "Please leave out anything about yourself: moderators will read it."
THANKS = (
    "**Thank you.** The moderators will look at it. They do not see who you are, so nobody can write back to you. "
    "`/mydata` shows what you reported, and erases it."
)


def report_form(cards: Sequence[Card]) -> Form:
    """Asks what is wrong with a card; and with which, where the message shows several."""
    what = ui.TextInput[Any](custom_id=WHAT, style=discord.TextStyle.paragraph, max_length=LENGTH)
    return Form(
        "Report a problem",
        REPORTED.custom_id(card=cards[0].id),
        _about(cards[0]) if len(cards) == 1 else labelled("Which card", None, _card_select(cards)),
        labelled(ASK, LEAVE_OUT, what),
    )


def notice_view(report: Report, name: str) -> Layout:
    """For the curation channel, to settle the report there."""
    done, dismiss = (SETTLE.custom_id(report=report.id, how=how) for how in ("done", "dismiss"))
    open_card = OPEN_PAGE.custom_id(card=report.card_id, page=Page.SUMMARY, part="0")
    return panel(
        [_said(report, name), "-# *Done* once the card is right again. It also waits in `/curate queue`."],
        row(button("Open the card", open_card), button("Done", done), button("Dismiss", dismiss)),
    )


def settled_view(report: Report, name: str, *, done: bool, curator_id: int) -> Layout:
    """What stands in the curation channel afterwards."""
    what = "Done" if done else "Dismissed"
    return panel([_said(report, name), f"**{what}**, says <@{curator_id}>."])


def _said(report: Report, name: str) -> str:
    return f"**Somebody reports a problem with {inert(name)}:**\n{quoted(report.text)}"


def _about(card: Card) -> Item:
    return ui.TextDisplay[Any](f"About the card **{inert(card.name)}**.")


def _card_select(cards: Sequence[Card]) -> Item:
    options = [discord.SelectOption(label=card.name[:100], value=card.id) for card in cards[:MOST_CARDS]]
    return ui.Select[Any](custom_id=CARD, options=options)
