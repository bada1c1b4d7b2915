"""The history of a card in one community: who changed it when and why, and the way back to any of it."""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import discord
from discord import ui

from bot.chat.routing import Action
from bot.chat.ui.cards import CARD_ID, Page
from bot.chat.ui.changes import KEY, diff_blocks, pages
from bot.chat.ui.layout import Form, Item, Layout, button, inert, panel, quoted, row
from bot.chat.ui.review import person, reading_view, reason_field, turn_buttons
from bot.domain.cards import Card
from bot.domain.changes import Change
from bot.domain.curation import Revision, RevisionKind
from bot.services.curation.editions import CardState
from bot.services.facts import Answer

NUMBER = r"\d{1,9}"

HISTORY = Action("history", fields={"card": CARD_ID, "page": r"\d{1,4}"})
CHOSEN = Action("history-chosen", fields={"card": CARD_ID})
REVISION = Action("revision", fields={"card": CARD_ID, "number": NUMBER})
TEXT = Action("revision-text", fields={"card": CARD_ID, "number": NUMBER, "page": "|".join(Page), "part": r"\d{1,2}"})
COMPARE = Action("revision-diff", fields={"card": CARD_ID, "number": NUMBER, "page": r"\d{1,3}"})
GO_BACK = Action("revision-back", fields={"card": CARD_ID, "number": NUMBER, "now": NUMBER})
WENT_BACK = Action("revision-went-back", fields={"card": CARD_ID, "number": NUMBER, "now": NUMBER})
"""`now` is the newest revision that the moderator saw: nobody goes back from something that they have not seen."""

WITHDRAW = Action("withdraw", fields={"card": CARD_ID})
WITHDRAWN = Action("withdrawn", fields={"card": CARD_ID})

PER_PAGE = 8
REASON_SHOWN = 150
"""Characters of a reason in the list, where there are several."""

DONE: Mapping[RevisionKind, str] = {
    RevisionKind.PUBLISHED: "Published",
    RevisionKind.WITHDRAWN: "Withdrawn",
    RevisionKind.BUNDLED: "Back to the bundled card",
}
NOTHING_YET = "Nothing has changed here: members see the bundled card."
BUNDLED = "The bundled card"
SAME = "Both are the same, word for word."


@dataclass(frozen=True)
class Past:
    """A card with its revisions, newest first, and how it stands now. `card_id` is that of the card."""

    card_id: str
    name: str
    state: CardState
    revisions: Sequence[Revision]

    def text(self, number: int) -> Card | None:
        """The card as that revision has it (0: bundled); None if there is no such revision or no text."""
        if number == 0:
            return self.state.bundled
        revision = self.revision(number)
        if revision is None:
            return None
        return revision.card or self.state.bundled

    def revision(self, number: int) -> Revision | None:
        return next((revision for revision in self.revisions if revision.number == number), None)

    def is_shown(self, number: int) -> bool:
        """Whether members see that very text now."""
        return self.state.withdrawal is None and self.text(number) == self.state.card


def history_view(past: Past, page: int = 0, notice: str = "") -> Layout:
    """The list. `notice` says what was just done."""
    spread = [past.revisions[at : at + PER_PAGE] for at in range(0, len(past.revisions), PER_PAGE)] or [[]]
    page = min(page, len(spread) - 1)
    lines = [_line(revision) for revision in spread[page]] or [NOTHING_YET]
    turns = turn_buttons(page, len(spread), lambda to: HISTORY.custom_id(card=past.card_id, page=to))
    controls = [*turns, *_withdraw(past)]
    rows: list[Item] = [row(_select(past, spread[page])), *([row(*controls)] if controls else [])]
    return panel([_head(past, notice), *lines], *rows)


def revision_view(past: Past, number: int) -> Layout:
    """One revision in full (0: the bundled card), and what can be done with it."""
    revision = past.revision(number)
    what = f"### Revision {number}\n{_told(revision)}" if revision else f"### {BUNDLED}"
    approved = ""
    if revision and revision.approved_by:
        approved = f"Approved by {' and '.join(map(person, revision.approved_by))}."
    why = quoted(revision.why) if revision else ""
    shown = "-# Members see this text now." if past.is_shown(number) else ""
    block = "\n".join(line for line in (what, approved, shown, why) if line)
    return panel([_head(past), block], row(*_ways(past, number)))


def text_view(past: Past, answer: Answer, number: int, page: Page, part: int) -> Layout:
    """The card as that revision has it."""
    return reading_view(
        answer,
        page,
        part,
        f"{_called(number)}, for you alone.",
        lambda to, of: TEXT.custom_id(card=past.card_id, number=str(number), page=to, part=of),
        _to_revision(past, number),
    )


def compare_view(past: Past, number: int, changed: Sequence[Change], page: int) -> Layout:
    """What going back to that revision would change."""
    spread = pages([KEY, *diff_blocks(changed)] if changed else [SAME])
    page = min(page, len(spread) - 1)
    place = f" ({page + 1} of {len(spread)})" if len(spread) > 1 else ""
    head = f"## {inert(past.name)}: what going back to {_called(number, lower=True)} would change{place}"
    values = {"card": past.card_id, "number": str(number)}
    turns = turn_buttons(page, len(spread), lambda to: COMPARE.custom_id(**values, page=to))
    return panel([head, "\n\n".join(spread[page])], row(*turns, *_go_back(past, number), _to_revision(past, number)))


def go_back_form(card_id: str, number: int, now: int) -> Form:
    custom_id = WENT_BACK.custom_id(card=card_id, number=str(number), now=str(now))
    about = "For the history. Members see the earlier text at once; what is there now stays in the history."
    return Form("Go back to this text", custom_id, reason_field("Why?", about))


def withdraw_form(card_id: str) -> Form:
    about = "Members see that the card is being checked, and this reason in place of it. At once."
    return Form("Withdraw this card", WITHDRAWN.custom_id(card=card_id), reason_field("Why?", about))


def _head(past: Past, notice: str = "") -> str:
    down = past.state.withdrawal
    now = "**Withdrawn, being checked.** Going back to a text ends that." if down else ""
    return "\n".join(line for line in (f"## {inert(past.name)}: history", notice or now) if line)


def _line(revision: Revision) -> str:
    why = textwrap.shorten(revision.why, REASON_SHOWN, placeholder=" ...")
    return f"**{revision.number}.** {_told(revision)}\n{quoted(why)}"


def _told(revision: Revision) -> str:
    who = person(revision.author_id)
    return f"**{DONE[revision.kind]}** {discord.utils.format_dt(revision.at, 'f')} by {who}"


def _called(number: int, *, lower: bool = False) -> str:
    name = f"Revision {number}" if number else BUNDLED
    return name[0].lower() + name[1:] if lower else name


def _select(past: Past, revisions: Sequence[Revision]) -> ui.Select[Any]:
    options = [
        discord.SelectOption(
            label=f"{each.number}. {DONE[each.kind]}, {each.at.day} {each.at:%B %Y}",
            value=str(each.number),
            description=textwrap.shorten(each.why, 100, placeholder=" ...") or None,
        )
        for each in revisions
    ]
    if past.state.bundled:
        options.append(discord.SelectOption(label=BUNDLED, value="0"))
    custom_id = CHOSEN.custom_id(card=past.card_id)
    return ui.Select[Any](custom_id=custom_id, placeholder="Look at one, or go back to it", options=options)


def _withdraw(past: Past) -> list[Item]:
    if past.state.withdrawal or past.state.card is None:
        return []
    return [button("Withdraw this card", WITHDRAW.custom_id(card=past.card_id), discord.ButtonStyle.danger)]


def _ways(past: Past, number: int) -> list[Item]:
    values = {"card": past.card_id, "number": str(number)}
    looks: list[Item] = []
    if past.text(number):
        looks.append(button("See that text", TEXT.custom_id(**values, page=Page.SUMMARY, part="0")))
    if past.text(number) and not past.is_shown(number):
        looks.append(button("Compare with now", COMPARE.custom_id(**values, page="0")))
    back = button("Back", HISTORY.custom_id(card=past.card_id, page="0"))
    return [*looks, *_go_back(past, number), back]


def _go_back(past: Past, number: int) -> list[Item]:
    if past.text(number) is None or past.is_shown(number):
        return []
    custom_id = GO_BACK.custom_id(card=past.card_id, number=str(number), now=str(past.state.number))
    return [button("Go back to this one", custom_id, discord.ButtonStyle.primary)]


def _to_revision(past: Past, number: int) -> Item:
    return button("Back", REVISION.custom_id(card=past.card_id, number=str(number)))
