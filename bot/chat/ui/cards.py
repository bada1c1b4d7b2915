"""A card as Discord messages: one page at a time, each within Discord's budget."""

from collections.abc import Mapping, Sequence
from datetime import date
from enum import Flag, StrEnum, auto

import discord

from bot.chat.routing import Action
from bot.chat.ui.layout import (
    CHARACTER_BUDGET,
    COMPONENT_BUDGET,
    Item,
    Layout,
    Row,
    bullets,
    button,
    inert,
    panel,
    quoted,
    row,
)
from bot.domain.cards import Card, Certainty, Claim, Finding, Source, Statement, Verdict
from bot.services.facts import Answer


class Page(StrEnum):
    """The pages of a card; the value is what a custom_id carries."""

    SUMMARY = "summary"
    HARMS = "harms"
    GUIDANCE = "guidance"
    CLAIMS = "claims"
    SOURCES = "sources"


CARD_ID = r"[a-z0-9-]{1,40}"
OPEN_PAGE = Action("card", fields={"card": CARD_ID, "page": "|".join(Page), "part": r"\d{1,2}"})
SHARE = Action("share", fields={"card": CARD_ID})
REPORT = Action("card-report", fields={"card": CARD_ID})


class Offer(Flag):
    """What a reader can do with a card that they alone see."""

    NOTHING = 0
    SHARE = auto()
    REPORT = auto()


LABELS: Mapping[Page, str] = {
    Page.SUMMARY: "Summary",
    Page.HARMS: "Harms",
    Page.GUIDANCE: "Guidelines",
    Page.CLAIMS: "What people say",
    Page.SOURCES: "Sources",
}
CERTAINTY: Mapping[Certainty, str] = {
    Certainty.HIGH: "⊕⊕⊕⊕ High certainty",
    Certainty.MODERATE: "⊕⊕⊕◯ Moderate certainty",
    Certainty.LOW: "⊕⊕◯◯ Low certainty",
    Certainty.VERY_LOW: "⊕◯◯◯ Very low certainty",
}
VERDICTS: Mapping[Verdict, str] = {
    Verdict.SUPPORTED: "✔ Supported",
    Verdict.MIXED: "◐ Mixed",
    Verdict.MISLEADING: "⚠ Misleading",
    Verdict.OUTDATED: "⌛ Out of date",
    Verdict.UNSUPPORTED: "✘ Not supported",
}
TEXT_BUDGET = CHARACTER_BUDGET - 100
LATER_BUDGET = CHARACTER_BUDGET - 20
"""What a card has room for that needs a few words more than when it was written: that it is overdue, what changed."""


def open_button(card: Card) -> Item:
    """Opens the card's first page; on a card's own message this is the Summary button."""
    return button(card.name[:80], OPEN_PAGE.custom_id(card=card.id, page=Page.SUMMARY, part="0"))


def card_view(
    answer: Answer, page: Page = Page.SUMMARY, part: int = 0, *, offers: Offer = Offer.NOTHING, note: str = ""
) -> Layout:
    """One page of a card with its buttons. A part that no longer exists shows the last one.

    `note` says at the head what changed since. Of a withdrawn card there is only the word that it is.
    """
    if answer.withdrawal:
        return panel([*noted(note), withdrawn_text(answer)], row(_look_again(answer.card)))
    parts = card_text(answer, page, note)
    part = min(part, len(parts) - 1)
    rows = [_page_buttons(answer.card, page)]
    extra = _part_buttons(answer.card, page, part, len(parts))
    if Offer.SHARE in offers:
        extra.append(button("Share here", SHARE.custom_id(card=answer.card.id), discord.ButtonStyle.primary))
    if Offer.REPORT in offers:
        extra.append(button("Report a problem", REPORT.custom_id(card=answer.card.id)))
    if extra:
        rows.append(row(*extra))
    return panel(parts[part], *rows)


def withdrawn_text(answer: Answer) -> str:
    """That a card was withdrawn, since when and why: its name, and nothing of what it said."""
    assert answer.withdrawal  # noqa: S101 - for withdrawn cards alone
    since = _day(answer.withdrawal.since.date())
    return (
        f"## {inert(answer.card.name)}\n**Withdrawn, being checked.** Moderators of this server took this card down on "
        f"{since}. Until it is back, please do not rely on what it said. Their reason:\n"
        + quoted(answer.withdrawal.reason)
    )


def noted(note: str) -> list[str]:
    """A block for what changed since a message was posted; none if nothing did."""
    return [f"-# {note}"] if note else []


def overdue_text(answer: Answer) -> str:
    """A line for a card whose review is overdue, to stand under a part of it; empty for others."""
    card = answer.card
    return f"-# {card.name}: {_overdue_since(card)}" if answer.overdue else ""


def _overdue_since(card: Card) -> str:
    return f"its review was due {_day(card.review_due)} and is overdue, so newer findings may be missing."


def _look_again(card: Card) -> Item:
    return button("Look again", OPEN_PAGE.custom_id(card=card.id, page=Page.SUMMARY, part="0"))


def over_budget(card: Card) -> list[str]:
    """What of a card does not fit Discord: for the card lint. Pages may run on, but a summary must be one message."""
    sources = [(number, _PLACEHOLDER) for number in card.citation_numbers().values()]
    answer = Answer(card, sources)
    blocks = card_text(answer, Page.SUMMARY)
    if len(blocks) > 1:
        length = sum(len(block) for part in blocks for block in part)
        return [f"the first page has {length} characters and Discord takes {TEXT_BUDGET}: shorten or move statements"]
    return []


_PLACEHOLDER = Source.model_validate({"id": "x", "type": "guideline", "authors": "x", "title": "xxx"})


def card_text(answer: Answer, page: Page, note: str = "") -> list[list[str]]:
    """The text blocks of a page, split into as many messages as the budget asks for; each has the note at its head."""
    card = answer.card
    title = card.name if page is Page.SUMMARY else f"{card.name}: {LABELS[page].lower()}"
    head = f"## {title}\n-# {card.scope}" if page is Page.SUMMARY else f"## {title}"
    budget = LATER_BUDGET if note or answer.overdue else TEXT_BUDGET
    return _fold("\n".join([*noted(note), head]), _blocks(answer, page), _footer(answer), budget)


def _blocks(answer: Answer, page: Page) -> list[str]:
    if page is Page.SOURCES:
        return source_lines(answer.sources)
    writers = {Page.SUMMARY: _summary, Page.HARMS: _harms, Page.GUIDANCE: _guidance, Page.CLAIMS: _claims}
    return writers[page](answer.card, Citer(answer.card))


class Citer:
    """Writes statements with the numbers that their sources have on this card."""

    def __init__(self, card: Card) -> None:
        self._numbers = card.citation_numbers()

    def __call__(self, text: str, cites: Sequence[str]) -> str:
        return f"{text} {self.numbers(cites)}"

    def numbers(self, cites: Sequence[str]) -> str:
        return f"[{', '.join(map(str, sorted(self._numbers[source_id] for source_id in cites)))}]"

    def list(self, statements: Sequence[Statement]) -> str:
        return bullets([self(statement.text, statement.cites) for statement in statements])


def _summary(card: Card, cite: Citer) -> list[str]:
    harms = card.harms
    sections = {
        "In short": cite.list(card.key_messages),
        "How big is the effect?": cite.list([card.effect]) if card.effect else "",
        "How sure is the evidence?": bullets([_finding(finding, cite) for finding in card.certainty]),
        "What is known" if card.is_topic else "What trials found": cite.list(card.evidence),
        "Harms: common": cite.list(harms.common) if harms else "",
        "Harms: serious": cite.list(harms.serious) if harms else "",
        "Warning signs" if card.is_topic else "Who should be careful": cite.list(card.careful),
        "What is not known": cite.list(card.unknown),
        "Questions for a clinician": bullets(card.questions),
    }
    return _titled(sections)


def _harms(card: Card, cite: Citer) -> list[str]:
    harms = card.harms
    sections = {
        "Common": cite.list(harms.common) if harms else "",
        "Serious": cite.list(harms.serious) if harms else "",
        "When to get help": cite.list(harms.seek_help) if harms else "",
        "Warning signs" if card.is_topic else "Who should be careful": cite.list(card.careful),
        "Taken with other things": cite.list(card.interactions),
    }
    return _titled(sections) or ["Nothing is listed here: this card is about a topic, not a treatment."]


def _guidance(card: Card, cite: Citer) -> list[str]:
    positions = bullets([cite(f"**{position.body}:** {position.text}", position.cites) for position in card.positions])
    sections = {
        "What it is": cite.list(card.what_it_is),
        "What guidelines and regulators say": positions,
        "Waiting, or not starting it": cite.list(card.waiting),
    }
    return _titled(sections)


def _claims(card: Card, cite: Citer) -> list[str]:
    return [claim_text(claim, cite) for claim in card.claims] or ["No claims are listed on this card yet."]


def claim_text(claim: Claim, cite: Citer) -> str:
    return f"*“{claim.text}”*\n**{VERDICTS[claim.verdict]}.** {cite(claim.why, claim.cites)}"


def source_lines(sources: Sequence[tuple[int, Source]], *, only: Sequence[str] | None = None) -> list[str]:
    """Numbered sources, each with where to look it up; all of them, or those with these ids."""
    chosen = [(number, source) for number, source in sources if only is None or source.id in only]
    return [f"**[{number}]** {source_text(source)}" for number, source in chosen]


def source_text(source: Source) -> str:
    """`Noppers I, et al. Title. European Journal of Pain, 2011. Randomised trial. doi.org/...`"""
    where = ", ".join(str(part) for part in (source.published_in, source.year) if part)
    kind = source.type.value.capitalize()
    link = f"<{source.link}>" if source.link else "No link on record."
    return " ".join(f"{part.rstrip('.')}." for part in (source.authors, source.title, where, kind) if part) + f" {link}"


def _finding(finding: Finding, cite: Citer) -> str:
    return f"**{CERTAINTY[finding.certainty]}:** {finding.outcome.rstrip('.')}. {cite(finding.text, finding.cites)}"


def _footer(answer: Answer) -> str:
    card = answer.card
    due = f"; **{_overdue_since(card)}**" if answer.overdue else f", review due {_day(card.review_due)}."
    reviewed = f"Reviewed by {card.reviewed_by}." if card.reviewed_by else "Not yet reviewed by a clinician."
    return (
        f"-# Compiled {_day(card.compiled)}{due} {reviewed} "
        "Information to talk over with a clinician, not medical advice."
    )


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _titled(sections: Mapping[str, str]) -> list[str]:
    return [f"### {title}\n{text}" for title, text in sections.items() if text]


def _fold(head: str, blocks: Sequence[str], foot: str, budget: int) -> list[list[str]]:
    """Blocks spread over messages so that each, with head and foot, stays within the budget of characters."""
    room = budget - len(head) - len(foot)
    messages: list[list[str]] = [[]]
    used = 0
    for block in blocks:
        if messages[-1] and (used + len(block) > room or len(messages[-1]) >= COMPONENT_BUDGET // 2):
            messages.append([])
            used = 0
        messages[-1].append(block)
        used += len(block)
    return [[head, *message, foot] for message in messages]


def _page_buttons(card: Card, current: Page) -> Row:
    return row(
        *(
            button(label, OPEN_PAGE.custom_id(card=card.id, page=page, part="0"), disabled=page is current)
            for page, label in LABELS.items()
        )
    )


def _part_buttons(card: Card, page: Page, part: int, count: int) -> list[Item]:
    """Back and Next. Two digits keep their custom_ids apart from the page buttons': Discord refuses twins."""
    if count == 1:
        return []

    def turn(label: str, to: int) -> Item:
        custom_id = OPEN_PAGE.custom_id(card=card.id, page=page, part=f"{to % 100:02}")
        return button(label, custom_id, disabled=not 0 <= to < count)

    return [turn(f"Back (part {part + 1} of {count})", part - 1), turn("Next", part + 1)]
