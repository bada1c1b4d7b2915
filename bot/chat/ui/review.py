"""A proposal as its reviewers see it: who wants what and why, what would change, and the buttons to decide.

What people wrote is inert, and the message that carries it pings nobody.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import discord
from discord import ui

from bot.chat.routing import Action
from bot.chat.ui.cards import LABELS, Page, card_text
from bot.chat.ui.changes import KEY, diff_blocks, pages, source_blocks
from bot.chat.ui.drafts import draft_name
from bot.chat.ui.layout import ACCENT, CHARACTER_BUDGET, Form, Item, Layout, button, fitting, inert, panel, quoted, row
from bot.chat.ui.manuscripts import PROPOSAL
from bot.chat.ui.preferences import labelled
from bot.domain.cards import Card, Source
from bot.domain.changes import short_name
from bot.domain.curation import Proposal, ProposalStatus
from bot.domain.manuscripts import Manuscript, NotACardError, card_of
from bot.domain.trends import count
from bot.services.curation.proposals import Check
from bot.services.curation.shelf import REASON_LENGTH
from bot.services.facts import Answer

WORDING_DIGITS = 8
READ = {"proposal": PROPOSAL, "wording": rf"[0-9a-f]{{{WORDING_DIGITS}}}"}
"""What was read is in every control: nobody approves words that they have not seen."""

APPROVE = Action("review-yes", fields=READ)
ASK = Action("review-ask", fields=READ)
ASKED = Action("review-asked", fields=READ)
REJECT = Action("review-no", fields=READ)
REJECTED = Action("review-rejected", fields=READ)
WHOLE = Action("review-whole", fields={**READ, "page": r"\d{1,3}"})
CARD = Action("review-card", fields={**READ, "page": "|".join(Page), "part": r"\d{1,2}"})
OPEN = Action("review", fields={"proposal": PROPOSAL})
"""Opens a proposal for review, for whoever pressed alone: from the queue, where there is no channel."""

OPEN_CHOSEN = Action("review-chosen")
"""The same for a select whose values are proposals."""

GREEN, RED, AMBER = discord.Colour(0x4F8A5B), discord.Colour(0xA65D57), discord.Colour(0xB58B3B)
COLOURS: Mapping[ProposalStatus, discord.Colour] = {
    ProposalStatus.PUBLISHED: GREEN,
    ProposalStatus.REJECTED: RED,
    ProposalStatus.CHANGES_ASKED: AMBER,
}

TEXT_SHOWN = frozenset({ProposalStatus.OPEN, ProposalStatus.PUBLISHED, ProposalStatus.REJECTED})

SOURCES_ROOM, CONFLICT_ROOM, BLOCK = 900, 500, 800
MOST_NAMED = 6
SPARE = 200
"""Characters left free: the last line of `fitting`, and what is counted in a way of its own."""

NOT_PUBLISHED = "As it was proposed. Nothing of this was published."
NOTES: Mapping[ProposalStatus, str] = {
    ProposalStatus.OPEN: "As it would be. Nothing of this is published yet.",
    ProposalStatus.PUBLISHED: "As it was published.",
}
UNREADABLE = "It cannot be read as a card any more, so there is nothing to compare."


@dataclass(frozen=True)
class Review:
    """A proposal with all that its reviewers see.

    `sources` are the records that it may cite, by id; `unknown` the ids of those nobody had before. `needed` is how
    many must approve it, `decided_by` who sent it back or ended it, where that is known.
    """

    proposal: Proposal
    check: Check
    sources: Mapping[str, Source]
    unknown: frozenset[str] = frozenset()
    needed: int = 1
    decided_by: int | None = None

    @property
    def card(self) -> Card | None:
        """As it would be published; None where the text does not make a card."""
        return _readable(self.proposal.manuscript)

    @property
    def is_open(self) -> bool:
        return self.proposal.status is ProposalStatus.OPEN


def wording_of(proposal: Proposal) -> str:
    """Changes with the text and with what it is compared to."""
    text = f"{proposal.base_number}:{proposal.manuscript.model_dump_json()}"
    return hashlib.sha256(text.encode()).hexdigest()[:WORDING_DIGITS]


def review_view(review: Review, *, text: bool | None = None) -> Layout:
    """The message in the curation channel, and its private twin.

    `text` says whether what would change is on it: not where an author is changing it again, or threw it away.
    """
    shown = review.proposal.status in TEXT_SHOWN if text is None else text
    blocks = [_head(review), *_warnings(review)]
    whole = True
    if shown:
        cited = _sources(review)
        room = CHARACTER_BUDGET - SPARE - _length([*blocks, _status(review), *cited.shown])
        changed = _Fitted(_change_blocks(review, BLOCK), max(0, room))
        blocks += [*changed.shown, *cited.shown]
        whole = changed.whole and cited.whole
    texts: list[Item] = [ui.TextDisplay[Any](block) for block in [*blocks, _status(review)]]
    controls = _controls(review, whole=whole) if shown else []
    colour = COLOURS.get(review.proposal.status, ACCENT)
    return Layout(ui.Container[Any](*texts, *controls, accent_colour=colour))


def whole_view(review: Review, page: int) -> Layout:
    """Everything that would change and every source in full. A page that is not there gives the last one."""
    blocks = [*_change_blocks(review), *_all_sources(review)]
    spread = pages(blocks)
    page = min(page, len(spread) - 1)
    place = f" ({page + 1} of {len(spread)})" if len(spread) > 1 else ""
    values = {"proposal": review.proposal.id, "wording": wording_of(review.proposal)}
    turns = turn_buttons(page, len(spread), lambda to: WHOLE.custom_id(**values, page=to))
    head = f"## {draft_name(review.proposal)}: the whole change{place}"
    return panel([head, "\n\n".join(spread[page])], row(*turns, _to_review(review.proposal)))


def proposed_card_view(review: Review, card: Card, page: Page, part: int) -> Layout:
    """The card as members would see it."""
    values = {"proposal": review.proposal.id, "wording": wording_of(review.proposal)}
    numbers = [(n, review.sources[each]) for each, n in card.citation_numbers().items() if each in review.sources]
    return reading_view(
        Answer(card, numbers),
        page,
        part,
        NOTES.get(review.proposal.status, NOT_PUBLISHED),
        lambda to, of: CARD.custom_id(**values, page=to, part=of),
        _to_review(review.proposal),
    )


def reading_view(
    answer: Answer, page: Page, part: int, note: str, custom_id: Callable[[Page, str], str], back: Item
) -> Layout:
    """A card that is not the one in effect, page by page. `custom_id` is that of a page and its part."""
    parts = card_text(answer, page, note)
    part = min(part, len(parts) - 1)
    tabs = [button(label, custom_id(each, "0"), disabled=each is page) for each, label in LABELS.items()]
    turns = turn_buttons(part, len(parts), lambda to: custom_id(page, to))
    return panel(parts[part], row(*tabs), row(*turns, back))


def turn_buttons(at: int, count: int, custom_id: Callable[[str], str]) -> list[Item]:
    """Earlier and Later, where there is more than one page. A zero before keeps their ids apart from others'."""
    if count == 1:
        return []
    ways = (("Earlier", at - 1), ("Later", at + 1))
    return [button(label, custom_id(f"{to % 100:02}"), disabled=not 0 <= to < count) for label, to in ways]


def ask_form(proposal_id: str, wording: str) -> Form:
    return _form(
        "Ask for a change",
        ASKED.custom_id(proposal=proposal_id, wording=wording),
        "What should be changed?",
        "Its author reads this, changes the text and sends it again.",
    )


def reject_form(proposal_id: str, wording: str) -> Form:
    return _form(
        "Reject with reason",
        REJECTED.custom_id(proposal=proposal_id, wording=wording),
        "Why not?",
        "Its author reads this. Rejecting ends the proposal; the card stays as it is.",
    )


def reason_field(label: str, about: str) -> Item:
    """A box for a why, a reason or a reply."""
    typed = ui.TextInput[Any](custom_id="words", style=discord.TextStyle.paragraph, max_length=REASON_LENGTH)
    return labelled(label, about, typed)


def _form(title: str, custom_id: str, label: str, about: str) -> Form:
    return Form(title, custom_id, reason_field(label, about))


def person(user_id: int | None) -> str:
    """Somebody by name: Discord shows it, and nobody is pinged."""
    return f"<@{user_id}>" if user_id else "somebody who is no longer on record"


def _readable(text: Manuscript | None) -> Card | None:
    try:
        return card_of(text) if text else None
    except NotACardError:
        return None


@dataclass
class _Fitted:
    """As many blocks as there is room for, and whether these are all."""

    blocks: Sequence[str]
    room: int
    shown: list[str] = field(init=False)
    whole: bool = field(init=False)

    def __post_init__(self) -> None:
        self.shown = fitting(self.blocks, self.room)
        self.whole = self.shown == list(self.blocks)


def _length(blocks: Sequence[str]) -> int:
    return sum(len(block) + 1 for block in blocks)


def _head(review: Review) -> str:
    proposal = review.proposal
    what = "A change to a card" if proposal.base else "A new card"
    why = f"\n{quoted(proposal.why)}" if proposal.why else ""
    return f"## {draft_name(proposal)}\n-# {what}, proposed by {person(proposal.author_id)}{why}"


def _warnings(review: Review) -> list[str]:
    """What a reviewer must know before deciding."""
    if not review.is_open:
        return []
    check = review.check
    warnings: list[str] = []
    if check.lifts:
        warnings.append(
            f"⚠ **This card is withdrawn now.** Publishing brings it back. It was withdrawn because:\n"
            f"{quoted(check.lifts.reason)}"
        )
    if check.conflict:
        happened = fitting(diff_blocks(check.conflict, CONFLICT_ROOM // 2), CONFLICT_ROOM)
        warnings.append("\n".join(["⚠ **The card has changed since this was sent.** Meanwhile:", *happened]))
    elif check.remarks:
        warnings.append(f"⚠ **To be mended first:** {inert(check.remarks[0].message)}")
    return warnings


def _change_blocks(review: Review, most: int | None = None) -> list[str]:
    changes = review.check.changes
    blocks = diff_blocks(changes, most) if most else diff_blocks(changes)
    return [KEY, *blocks] if blocks else [UNREADABLE]


def _sources(review: Review) -> _Fitted:
    """Those that are new here in full; of the others, those that the changed lines rest on, each with its link."""
    card, base = review.card, _readable(review.proposal.base)
    if card is None:
        return _Fitted([], 0)
    numbers, before = card.citation_numbers(), base.citation_numbers() if base else {}
    cited = [review.sources[each] for each in numbers if each in review.sources]
    new = [source for source in cited if source.id not in before]
    kept = list(base.statements()) if base else []
    touched = {each for statement in card.statements() if statement not in kept for each in statement.cites}
    old = [_short_link(source) for source in cited if source.id in touched and source not in new]
    lines = [_new_source(review, numbers[source.id], source) for source in new]
    more = f" and {len(old) - MOST_NAMED} more" if len(old) > MOST_NAMED else ""
    rest = [f"-# The changed lines rest on {', '.join(old[:MOST_NAMED])}{more}, cited here before."] if old else []
    fitted = _Fitted([*lines, *rest], SOURCES_ROOM)
    head = f"**Sources:** {count(len(cited), 'source')} on the card, {len(new) or 'none'} of them new here"
    fitted.shown = ["\n".join([head, *fitted.shown])]
    return fitted


def _new_source(review: Review, number: int, source: Source) -> str:
    """In full, for somebody should look it up."""
    mark = "New to me, please look it up" if source.id in review.unknown else "New on this card"
    return f"- **{mark}:** {source_blocks([(number, source)])[0]}"


def _short_link(source: Source) -> str:
    name = inert(short_name(source))
    return f"[{name}](<{source.link}>)" if source.link and not set("<>") & set(source.link) else name


def _all_sources(review: Review) -> list[str]:
    card = review.card
    if card is None:
        return []
    numbers = [(n, review.sources[each]) for each, n in card.citation_numbers().items() if each in review.sources]
    return ["**Sources** as the card would have them", *source_blocks(numbers)] if numbers else []


def _status(review: Review) -> str:
    proposal, by = review.proposal, person(review.decided_by) if review.decided_by else ""
    match proposal.status:
        case ProposalStatus.OPEN:
            return _in_review(review)
        case ProposalStatus.PUBLISHED:
            keys = " and ".join(map(person, proposal.approved_by))
            approved = f", approved by {keys}" if keys else ""
            return f"✔ **Published** {_when(proposal)}{approved}. Members see it now."
        case ProposalStatus.REJECTED:
            return f"✘ **Rejected**{f' by {by}' if by else ''}, {_when(proposal)}:\n{quoted(proposal.reply)}"
        case ProposalStatus.CHANGES_ASKED if proposal.reply:
            asked = f"↩ **Sent back**{f' by {by}' if by else ''}, {_when(proposal)}. A change is asked for:"
            return f"{asked}\n{quoted(proposal.reply)}"
        case ProposalStatus.DISCARDED:
            return f"**Given up** by its author, {_when(proposal)}."
        case _:
            return "↩ **Back with its author**, who is changing it and can send it again."


def _in_review(review: Review) -> str:
    proposal, given = review.proposal, len(review.proposal.approved_by)
    if review.check.conflict:
        return (
            f"**It cannot be published as it is,** and nothing is lost. {person(proposal.author_id)} can bring it "
            "together with the card as it is now (`/curate mine`, *Bring it together*) and send it again."
        )
    if given:
        keys = " and ".join(map(person, proposal.approved_by))
        return f"**Approved, {given} of {review.needed}**, by {keys}. One more, by somebody else, publishes it."
    keys = "Two others" if review.needed > 1 else "Somebody else"
    return f"**In review.** {keys} must approve it; then it is published at once."


def _when(proposal: Proposal) -> str:
    return discord.utils.format_dt(proposal.changed_at, "f")


def _controls(review: Review, *, whole: bool) -> list[Item]:
    values = {"proposal": review.proposal.id, "wording": wording_of(review.proposal)}
    looks: list[Item] = []
    if not whole:
        looks.append(button("Whole diff", WHOLE.custom_id(**values, page="0")))
    if review.card:
        label = "See the card as it would be" if review.is_open else "See this text"
        looks.append(button(label, CARD.custom_id(**values, page=Page.SUMMARY, part="0")))
    decide = [
        button(
            "Approve",
            APPROVE.custom_id(**values),
            discord.ButtonStyle.success,
            disabled=bool(review.check.conflict),
        ),
        button("Ask for a change", ASK.custom_id(**values)),
        button("Reject with reason", REJECT.custom_id(**values), discord.ButtonStyle.danger),
    ]
    return [*([row(*decide)] if review.is_open else []), *([row(*looks)] if looks else [])]


def _to_review(proposal: Proposal) -> Item:
    return button("Back to the review", OPEN.custom_id(proposal=proposal.id))
