"""Two cards side by side. Discord has no tables that a phone or a screen reader can bear: aspect by aspect instead."""

from collections.abc import Callable, Sequence
from itertools import chain, zip_longest

import discord

from bot.chat.routing import Action
from bot.chat.ui.cards import CARD_ID, CERTAINTY, Citer, noted, open_button, overdue_text, withdrawn_text
from bot.chat.ui.layout import Item, Layout, button, panel, row
from bot.domain.cards import Card
from bot.services.facts import Answer

SHARE_COMPARISON = Action("share-compare", fields={"first": CARD_ID, "second": CARD_ID})

MOST = 3
"""Statements of one card under one heading: the cards themselves have the rest."""


NOTHING_BESIDE = "So there is nothing to put side by side just now."


def compare_view(first: Answer, second: Answer, *, shareable: bool, note: str = "") -> Layout:
    """Certainty, effect, harms and guideline positions of two cards. Numbers in brackets belong to the card above.

    If one is withdrawn, that is all there is to see.
    """
    pair = (first.card, second.card)
    withdrawn = [withdrawn_text(answer) for answer in (first, second) if answer.withdrawal]
    if withdrawn:
        return panel([*noted(note), *withdrawn, NOTHING_BESIDE], row(*(open_button(card) for card in pair)))
    blocks = [*noted(note), f"## {pair[0].name} and {pair[1].name}"]
    blocks += [_aspect(title, pair, lines) for title, lines in ASPECTS.items()]
    blocks += [line for line in map(overdue_text, (first, second)) if line]
    blocks.append("-# Numbers in brackets are sources of that card: open it and press Sources. Not medical advice.")
    buttons: list[Item] = [open_button(card) for card in pair]
    if shareable:
        share = SHARE_COMPARISON.custom_id(first=pair[0].id, second=pair[1].id)
        buttons.append(button("Share here", share, discord.ButtonStyle.primary))
    return panel(blocks, row(*buttons))


def _certainty(card: Card, cite: Citer) -> list[str]:
    return [f"{CERTAINTY[found.certainty]}: {found.outcome} {cite.numbers(found.cites)}" for found in card.certainty]


def _effect(card: Card, cite: Citer) -> list[str]:
    return [cite(card.effect.text, card.effect.cites)] if card.effect else []


def _harms(card: Card, cite: Citer) -> list[str]:
    """Common and serious in turn, so that neither crowds out the other."""
    if card.harms is None:
        return []
    common = [f"Common: {cite(each.text, each.cites)}" for each in card.harms.common]
    serious = [f"Serious: {cite(each.text, each.cites)}" for each in card.harms.serious]
    in_turn = chain.from_iterable(zip_longest(common, serious))
    return [line for line in in_turn if line]


def _positions(card: Card, cite: Citer) -> list[str]:
    return [cite(f"{each.body}: {each.text}", each.cites) for each in card.positions]


ASPECTS: dict[str, Callable[[Card, Citer], list[str]]] = {
    "How sure is the evidence?": _certainty,
    "How big is the effect?": _effect,
    "Harms": _harms,
    "What guidelines and regulators say": _positions,
}


def _aspect(title: str, cards: Sequence[Card], lines: Callable[[Card, Citer], list[str]]) -> str:
    columns = "\n\n".join(_column(card, lines(card, Citer(card))) for card in cards)
    return f"### {title}\n{columns}"


def _column(card: Card, lines: Sequence[str]) -> str:
    limit = MOST if len(lines) <= MOST else MOST - 1
    shown = [f"- {line}" for line in lines[:limit]] or ["- Nothing on the card."]
    more = [f"- {len(lines) - limit} more on the card."] if len(lines) > limit else []
    return "\n".join([f"**{card.name}**", *shown, *more])
