"""What the bot says by itself about the cards: the weekly digest, and that a wish has come true."""

import textwrap
from collections.abc import Mapping, Sequence

from bot.chat.ui.cards import open_button
from bot.chat.ui.layout import Layout, bullets, fitting, inert, panel, row
from bot.domain.cards import Card

LINE = 150
"""Characters of a line at most."""


def digest_view(digest: Mapping[str, Sequence[str]]) -> Layout:
    """The headings with their lines. Lines hold what people typed, and are shown as nothing but words."""
    blocks = [f"**{inert(heading)}**\n{bullets([_line(line) for line in lines])}" for heading, lines in digest.items()]
    head = "## What waits for a curator this week"
    foot = "Type **/curate queue** to see all of it and to decide.\n-# Once a week; /setup switches this off."
    return panel([head, *fitting(blocks), foot])


def granted_view(card: Card, server: str | None) -> Layout:
    """That a card somebody wished for exists; `server` is the name of the one that has it, None for everywhere."""
    promise = "-# You asked me to tell you. I have forgotten now that you did, and there is nothing more to come."
    if server is None:
        return panel([f"There is a card on **{inert(card.name)}** now.", promise], row(open_button(card)))
    command = "topic" if card.is_topic else "treatment"
    where = f"There is a card on **{inert(card.name)}** in {inert(server)} now. To read it, type there: `/{command}`"
    return panel([where, promise])


def _line(text: str) -> str:
    return inert(textwrap.shorten(text, LINE, placeholder=" …"))
