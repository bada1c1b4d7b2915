"""Public messages as values: what of the cards is on them, and the same drawn anew when a card has changed."""

from collections.abc import Sequence

from bot.chat.ui.cards import card_view, noted, open_button
from bot.chat.ui.compare import compare_view
from bot.chat.ui.layout import Layout, panel, row
from bot.chat.ui.questions import claims_view, posted_passages_view
from bot.domain.curation import Posted
from bot.errors import UserError
from bot.services.facts import Answer, ClaimAnswer, FactService

CARD, CLAIM, COMPARE, COMPARED, PASSAGES = "card", "claim", "compare", "compared", "ask"
"""The shapes of `Posted`."""

GONE = "The card that stood here is no longer among mine. `/treatment` and `/topic` find another."
NO_CLAIM = "The claim that stood here is no longer on the card."

Shapes = Sequence[tuple[Answer, str]]
"""The cards on a message, each with its shape."""


def card_shape(answer: Answer) -> Shapes:
    return [(answer, CARD)]


def claim_shape(found: ClaimAnswer) -> Shapes:
    return [(found.answer, f"{CLAIM}:{found.claim.id}")]


def compare_shapes(first: Answer, second: Answer) -> Shapes:
    return [(first, f"{COMPARE}:{second.card.id}"), (second, f"{COMPARED}:{first.card.id}")]


def passages_shapes(answers: Sequence[Answer]) -> Shapes:
    shape = f"{PASSAGES}:{','.join(answer.card.id for answer in answers)}"
    return [(answer, shape) for answer in answers]


def posted_view(facts: FactService, posted: Posted, note: str) -> Layout:
    """The message as the cards are now, with the note at its head. It never raises for what is no longer there."""
    shape, _, rest = posted.shape.partition(":")
    answer = _answer(facts, posted.card_id)
    if shape == PASSAGES:
        answers = [found for found in (_answer(facts, card_id) for card_id in rest.split(",")) if found]
        return posted_passages_view(answers, note) if answers else panel([*noted(note), GONE])
    if answer is None:
        return panel([*noted(note), GONE])
    other = _answer(facts, rest) if shape in {COMPARE, COMPARED} else None
    if other:
        first, second = (answer, other) if shape == COMPARE else (other, answer)
        return compare_view(first, second, shareable=False, note=note)
    if shape == CLAIM:
        return _claim_view(answer, rest, note)
    return card_view(answer, note=note)


def _claim_view(answer: Answer, claim_id: str, note: str) -> Layout:
    claim = next((claim for claim in answer.card.claims if claim.id == claim_id), None)
    if answer.withdrawal:
        return card_view(answer, note=note)
    if claim is None:
        return panel([*noted(note), NO_CLAIM], row(open_button(answer.card)))
    return claims_view([ClaimAnswer(claim, answer)], shareable=False, note=note)


def _answer(facts: FactService, card_id: str) -> Answer | None:
    try:
        return facts.card(card_id)
    except UserError:
        return None
