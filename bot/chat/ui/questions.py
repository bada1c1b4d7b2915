"""Answers that are not a single card: not found, claims, questions, fact checks."""

from collections.abc import Sequence

import discord

from bot.chat.routing import Action
from bot.chat.ui.cards import (
    CARD_ID,
    CERTAINTY,
    SHARE,
    Citer,
    card_view,
    claim_text,
    noted,
    open_button,
    overdue_text,
    source_lines,
    withdrawn_text,
)
from bot.chat.ui.layout import Item, Layout, button, fitting, inert, panel, row
from bot.domain.cards import Card, Claim, Finding
from bot.domain.found import Passage
from bot.services.facts import Answer, ClaimAnswer, FactCheck, NotFound

NAME = r"[^:]{1,60}"
REQUEST = Action("ask-for", fields={"name": NAME})
TELL_ME = Action("tell-me", fields={"name": NAME})
SHARE_CLAIM = Action("share-claim", fields={"card": CARD_ID, "claim": CARD_ID})
REPLY_WITH_CARD = Action("reply", fields={"card": CARD_ID, "message": r"\d{1,20}"})

NO_CARD = "No card does not mean safe, and it does not mean unsafe: it means nobody has written one yet."
NO_PASSAGE = (
    "**I have nothing that answers this.**\nI would rather say so than guess. "
    "`/browse` lists every card; a clinician or pharmacist can answer what I cannot."
)
NO_CLAIM = (
    "**I know no claim like that.**\nThat says nothing about whether it is true. "
    "`/ask` looks through all cards; `/browse` lists them."
)
QUESTION_COUNTED = (
    "-# This question was counted, without your name. "
    "Its words are kept and seen only once three people have asked the same."
)
COUNTED = "Counted, without your name. The name of the card is seen only once three people have asked for it."
NO_WISHES = "Asking for new cards is switched off in this server."


def told_text(name: str, *, new: bool) -> str:
    """What was promised to somebody who wants to be told."""
    if not new:
        return f"That is noted already: one private message when there is a card called {inert(name)}."
    return (
        f"Noted. When there is a card called {inert(name)}, I send you one private message, and forget that you asked. "
        "If there is none in 180 days, I forget it then."
    )


def no_passage_view(*, counted: bool) -> Layout:
    return panel([NO_PASSAGE, *([QUESTION_COUNTED] if counted else [])])


def not_found_view(found: NotFound, *, wishes: bool) -> Layout:
    """The nearest cards, an honest word, and two ways to wish for the missing one."""
    near = "Nearest cards:" if found.nearest else "Nothing comes near."
    rows = [row(*(open_button(card) for card in found.nearest))] if found.nearest else []
    if found.asked_for and wishes:
        ask = button("Ask for this card", REQUEST.custom_id(name=found.asked_for))
        rows.append(row(ask, button("Tell me when there is one", TELL_ME.custom_id(name=found.asked_for))))
    return panel([f"**I have no card under that name.** {near}\n{NO_CARD}"], *rows)


def passages_view(found: Sequence[tuple[Passage, Answer]], *, shareable: bool) -> Layout:
    """Ranked cards for a question, each with its best sentence, certainty and sources."""
    blocks = ["## What the cards say", *fitting([_passage(passage, answer) for passage, answer in found])]
    buttons = [open_button(answer.card) for _, answer in found]
    blocks.append("-# The cards hold the whole picture, harms included. Not medical advice.")
    extra: list[Item] = [share_button(found[0][1].card)] if shareable else []
    return panel(blocks, row(*buttons), *([row(*extra)] if extra else []))


def posted_passages_view(answers: Sequence[Answer], note: str) -> Layout:
    """A public answer to a question, drawn anew: the question is not kept, so each card says what it says first."""
    blocks = [*noted(note), "## What the cards say", *fitting([_first_message(answer) for answer in answers])]
    return panel(blocks, row(*(open_button(answer.card) for answer in answers)))


def _first_message(answer: Answer) -> str:
    if answer.withdrawal:
        return withdrawn_text(answer)
    message = answer.card.key_messages[0]
    cited = source_lines(answer.sources, only=message.cites[:2])
    return "\n".join([f"### {answer.card.name}", Citer(answer.card)(message.text, message.cites), *cited])


def claims_view(found: Sequence[ClaimAnswer], *, shareable: bool, note: str = "") -> Layout:
    """One claim in full with its sources, and the next nearest by name."""
    best, *others = found
    answer = best.answer
    if answer.withdrawal:
        return card_view(answer, note=note)
    cite = Citer(answer.card)
    blocks = [
        *noted(note),
        f"## What people say about {answer.card.name}\n{claim_text(best.claim, cite)}",
        "\n".join(fitting(source_lines(answer.sources, only=best.claim.cites), room=2000)),
    ]
    if others:
        near = "\n".join(
            f"- {other.claim.text} (`/claim` it, or open {other.answer.card.name})" for other in others[:3]
        )
        blocks.append(f"**Near it**\n{near}")
    blocks += [line for line in [overdue_text(answer)] if line]
    buttons: list[Item] = [open_button(answer.card)]
    if shareable:
        buttons.append(_share_claim(answer.card, best.claim))
    return panel(blocks, row(*buttons))


def fact_check_view(found: FactCheck, message_id: int, *, can_reply: bool) -> Layout:
    """Private: what a message claims, with verdicts, and cards to answer it with."""
    if not found.claims and not found.cards:
        return panel(
            ["**I found no claim and no card for that message.**\nThat says nothing about whether it is right."]
        )
    blocks = ["## What I found in that message"]
    blocks += fitting([_checked(each) for each in found.claims])
    if not found.claims:
        blocks.append("No claim that I know. These cards are about the same thing.")
    blocks.append("-# Only you see this. I read that one message, just now, and kept nothing of it.")
    rows = [row(*(open_button(card) for card in found.cards))]
    if can_reply:
        rows.append(row(*(_reply_button(card, message_id) for card in found.cards)))
    return panel(blocks, *rows)


def share_button(card: Card) -> Item:
    return button(f"Share {card.name} here"[:80], SHARE.custom_id(card=card.id), discord.ButtonStyle.primary)


def _passage(passage: Passage, answer: Answer) -> str:
    cite = Citer(answer.card)
    statement = passage.sentence
    said = claim_text(statement, cite) if isinstance(statement, Claim) else cite(statement.text, statement.cites)
    if isinstance(statement, Finding):
        said = f"{CERTAINTY[statement.certainty]}: {statement.outcome.rstrip('.')}. {said}"
    main = answer.card.certainty
    sure = f"\n-# {CERTAINTY[main[0].certainty]}: {main[0].outcome}" if main else ""
    cited = source_lines(answer.sources, only=statement.cites[:2])
    late = [line for line in [overdue_text(answer)] if line]
    return "\n".join([f"### {answer.card.name}\n{said}{sure}", *cited, *late])


def _checked(found: ClaimAnswer) -> str:
    return f"{claim_text(found.claim, Citer(found.answer.card))}\n-# From the card {found.answer.card.name}."


def _share_claim(card: Card, claim: Claim) -> Item:
    return button("Share here", SHARE_CLAIM.custom_id(card=card.id, claim=claim.id), discord.ButtonStyle.primary)


def _reply_button(card: Card, message_id: int) -> Item:
    label = f"Reply kindly with {card.name}"[:80]
    custom_id = REPLY_WITH_CARD.custom_id(card=card.id, message=str(message_id))
    return button(label, custom_id, discord.ButtonStyle.primary)
