"""The panel of `/curate queue`: what waits, heading by heading, and each thing with what can be done about it."""

import hashlib
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import discord
from discord import ui

from bot.chat.routing import Action
from bot.chat.ui.browse import KIND_NAMES
from bot.chat.ui.cards import OPEN_PAGE, Page
from bot.chat.ui.changes import KEY, diff_blocks, pages, source_blocks
from bot.chat.ui.drafts import BEGIN, BEGIN_NEW
from bot.chat.ui.layout import ACCENT, Item, Layout, Row, button, inert, panel, quoted, row
from bot.chat.ui.review import OPEN as OPEN_REVIEW
from bot.chat.ui.revisions import HISTORY
from bot.domain.alerts import message_of
from bot.domain.cards import Card
from bot.domain.changes import Change
from bot.domain.curation import Proposal, Report, Revision, RevisionKind
from bot.services.curation.queue import Cited, Heading, Missed, Queue

_HEADING = {"heading": "|".join(heading.name.lower() for heading in Heading)}
_KEY = {"key": r"[a-z0-9-]{1,40}"}
_PAGE = {"page": r"\d{1,3}"}

QUEUE = Action("queue")
LIST = Action("queue-list", fields={**_HEADING, **_PAGE})
SHOW = Action("queue-show", fields={**_HEADING, **_KEY, **_PAGE})
SETTLE = Action("queue-settle", fields={**_HEADING, **_KEY, "how": "done|dismiss|confirm|take|keep"})

PER_PAGE = 10
LINE = 110
MOST_CARDS = 4
"""Cards of one alert that get a button to change them; the others are named."""

EMPTY = "## Nothing waits\nEvery card is up to date and nobody is waiting for an answer. Well done."
HEAD = "## What waits here\n-# Only you see this. Nothing happens by itself: whatever you leave alone stays as it is."
GONE = "**That is not in the queue any more.** Somebody may have been quicker."

SETTLED: Mapping[str, str] = {
    "done": "**Done.**",
    "dismiss": "**Dismissed.**",
    "confirm": "**Confirmed.** The cards stay as they are until somebody changes them.",
    "take": "**The bundled card is shown from now on.** Yours is kept in its history.",
    "keep": "**Your card stays.** The bundled one comes up again when it changes next.",
}

ABOUT: Mapping[Heading, str] = {
    Heading.OPEN: "Somebody wrote it, and others decide. Nobody approves their own.",
    Heading.CONFLICTS: "The card has changed since they were begun. Their authors can bring both together.",
    Heading.REPORTS: "Nobody can see who reported it.",
    Heading.ALERTS: "Retractions, corrections, concerns. Confirm what matters here; nothing is removed by itself.",
    Heading.TO_MEND: "Somebody confirmed the retraction. These cards still rest on it.",
    Heading.WITHDRAWN: "Members see the reason in place of the card, until a new text is published.",
    Heading.OVERDUE: "Members are told that the card is overdue, and it comes after the others in a search.",
    Heading.DUE_SOON: "Look whether it still holds, and move the date.",
    Heading.BELOW: "The card that came with me changed after your community wrote its own.",
    Heading.WISHED: "At least three people asked for it. Nobody can see who.",
    Heading.UNANSWERED: "The main words of what at least three people asked. Nobody can see who.",
}


@dataclass(frozen=True)
class Entry:
    """One thing that waits: the key by which a control names it, a line for a list, and a word more."""

    key: str
    line: str
    about: str = ""


def queue_view(queue: Queue, notice: str = "") -> Layout:
    """What waits, counted."""
    lead = [_text(notice)] if notice else []
    if queue.is_empty:
        return _framed(*lead, _text(EMPTY))
    waiting = [(heading, number) for heading, number in queue.counts.items() if number]
    return _framed(
        *lead,
        _text(HEAD),
        *(_section(f"{heading.value}: **{number}**", _list_button("Look", heading)) for heading, number in waiting),
    )


def heading_view(queue: Queue, heading: Heading, page: int = 0, notice: str = "") -> Layout:
    """One page of what waits below a heading; with nothing there any more, the whole queue."""
    entries = entries_of(queue, heading)
    if not entries:
        return queue_view(queue, notice)
    last = (len(entries) - 1) // PER_PAGE
    page = min(page, last)
    place = f", page {page + 1} of {last + 1}" if last else ""
    return _framed(
        *([_text(notice)] if notice else []),
        _text(f"## {heading.value}{place}\n-# {ABOUT[heading]}"),
        *(_entry(heading, each) for each in entries[page * PER_PAGE :][:PER_PAGE]),
        row(*_turns(heading, page, last), _home()),
    )


def entry_view(queue: Queue, heading: Heading, key: str, changed: Sequence[Change] = (), page: int = 0) -> Layout:
    """One thing with what can be done about it. `changed` is the difference to the bundled card, where one changed."""
    found = _waiting(queue, heading).get(key)
    if found is None:
        return heading_view(queue, heading, notice=GONE)
    match found:
        case Proposal():
            blocks, rows = _proposal(queue, found)
        case Report():
            blocks, rows = _report(queue, found)
        case Cited():
            blocks, rows = _cited(found, decided=heading is Heading.TO_MEND)
        case Missed():
            blocks, rows = _missed(heading, key, found)
        case Card():
            blocks, rows = _card(found)
        case Revision():
            blocks, rows = _withdrawn(queue, found)
        case (revision, card):
            blocks, rows = _below(revision, card, changed, page)
    back = _list_button("Back to the list", heading)
    return panel([f"-# {heading.value}", *blocks], *rows, row(back, _home()))


def entries_of(queue: Queue, heading: Heading) -> list[Entry]:
    """Everything below a heading, in the order of the queue."""
    waiting = _waiting(queue, heading)
    return [
        Entry(key, textwrap.shorten(line, LINE, placeholder=" ..."), _about(found))
        for (key, found), line in zip(waiting.items(), queue.lines()[heading], strict=True)
    ]


def asked_for(queue: Queue, heading: Heading, key: str) -> str | None:
    """The text that the key of something asked for stands for; None if it does not wait any more."""
    found = _waiting(queue, heading).get(key)
    return found.text if isinstance(found, Missed) else None


def heading_named(name: str) -> Heading | None:
    """The heading that a control carries."""
    return next((heading for heading in Heading if heading.name.lower() == name), None)


Found = Proposal | Report | Cited | Missed | Card | Revision | tuple[Revision, Card]


def _waiting(queue: Queue, heading: Heading) -> Mapping[str, Found]:
    """What waits below a heading, by key, in the order of the queue."""
    below: Mapping[Heading, Sequence[Found]] = {
        Heading.OPEN: queue.open,
        Heading.CONFLICTS: queue.conflicts,
        Heading.REPORTS: queue.reports,
        Heading.ALERTS: queue.alerts,
        Heading.TO_MEND: queue.to_mend,
        Heading.WITHDRAWN: queue.withdrawn,
        Heading.OVERDUE: queue.overdue,
        Heading.DUE_SOON: queue.due_soon,
        Heading.BELOW: queue.below,
        Heading.WISHED: queue.wished,
        Heading.UNANSWERED: queue.unanswered,
    }
    return {_key_of(found): found for found in below[heading]}


def _key_of(found: Found) -> str:
    match found:
        case Cited():
            return found.key
        case Revision():
            return found.card_id
        case Missed():
            return hashlib.blake2b(found.text.encode(), digest_size=8).hexdigest()
        case (revision, _):
            return revision.card_id
        case _:
            return found.id


def _about(found: Found) -> str:
    match found:
        case Card():
            return f"review due {date_text(found.review_due)}"
        case Report():
            return textwrap.shorten(found.text, 60, placeholder=" ...")
        case Proposal():
            return f"since {date_text(found.changed_at.date())}"
        case Revision():
            return f"since {date_text(found.at.date())}"
        case _:
            return ""


def date_text(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _text(text: str) -> Item:
    return ui.TextDisplay[Any](text)


def _section(text: str, control: Item) -> Item:
    return ui.Section[Any](text, accessory=control)


def _framed(*parts: Item) -> Layout:
    return Layout(ui.Container[Any](*parts, accent_colour=ACCENT))


def _entry(heading: Heading, entry: Entry) -> Item:
    """A button for each, and no select: that would go on showing what was looked at last, and not take it again."""
    about = f"\n-# {inert(entry.about)}" if entry.about else ""
    custom_id = SHOW.custom_id(heading=heading.name.lower(), key=entry.key, page="0")
    return _section(f"{inert(entry.line)}{about}", button("Look", custom_id))


def _list_button(label: str, heading: Heading, page: int = 0, *, disabled: bool = False) -> Item:
    return button(label, LIST.custom_id(heading=heading.name.lower(), page=str(max(page, 0))), disabled=disabled)


def _turns(heading: Heading, page: int, last: int) -> list[Item]:
    if not last:
        return []
    return [
        _list_button("Earlier", heading, page - 1, disabled=page == 0),
        _list_button("Later", heading, page + 1, disabled=page == last),
    ]


def _home() -> Item:
    return button("The whole queue", QUEUE.custom_id())


def _settle(heading: Heading, key: str, how: str, label: str) -> Item:
    return button(label, SETTLE.custom_id(heading=heading.name.lower(), key=key, how=how))


def _open_card(card_id: str) -> Item:
    return button("Open the card", OPEN_PAGE.custom_id(card=card_id, page=Page.SUMMARY, part="0"))


def _edit(card_id: str, label: str = "Change it") -> Item:
    return button(label[:80], BEGIN.custom_id(card=card_id), discord.ButtonStyle.primary)


def _proposal(queue: Queue, proposal: Proposal) -> tuple[list[str], list[Row]]:
    who = f"<@{proposal.author_id}>" if proposal.author_id else "somebody"
    why = [quoted(proposal.why)] if proposal.why else []
    head = f"## {inert(queue.name_of(proposal.card_id))}\nBy {who}, {_about(proposal)}."
    open_it = button("Open it", OPEN_REVIEW.custom_id(proposal=proposal.id), discord.ButtonStyle.primary)
    return [head, *why], [row(open_it)]


def _report(queue: Queue, report: Report) -> tuple[list[str], list[Row]]:
    head = f"## {inert(queue.name_of(report.card_id))}\nReported on {date_text(report.at.date())}:"
    controls = [_open_card(report.card_id), _edit(report.card_id)]
    controls.append(_settle(Heading.REPORTS, report.id, "done", "Done"))
    controls.append(_settle(Heading.REPORTS, report.id, "dismiss", "Dismiss"))
    return [head, quoted(report.text)], [row(*controls)]


def _cited(cited: Cited, *, decided: bool) -> tuple[list[str], list[Row]]:
    names = ", ".join(inert(card.name) for card in cited.cards)
    found = f"-# Found on {date_text(cited.alert.found_at.date())}."
    head = f"## {inert(cited.alert.kind.capitalize())}\n{found}\n{quoted(message_of(cited.alert))}"
    blocks = [head, source_blocks([(1, cited.source)])[0].removeprefix("**[1]** ")]
    blocks.append(f"Cited by: {textwrap.shorten(names, 1000, placeholder=' ...')}")
    rows = [row(*(_edit(card.id, f"Change {card.name}") for card in cited.cards[:MOST_CARDS]))]
    if not decided:
        confirm = _settle(Heading.ALERTS, cited.key, "confirm", "Confirm: it matters")
        rows.append(row(confirm, _settle(Heading.ALERTS, cited.key, "dismiss", "Dismiss")))
    return blocks, rows


def _missed(heading: Heading, key: str, missed: Missed) -> tuple[list[str], list[Row]]:
    what = "A card asked for" if heading is Heading.WISHED else "A question without an answer"
    blocks = [f"## {inert(missed.text)}\n{what} by {missed.askers} people."]
    dismiss = row(_settle(heading, key, "dismiss", "Dismiss"))
    return blocks, [row(_write_select(missed.text)), dismiss] if heading is Heading.WISHED else [dismiss]


def _write_select(name: str) -> Item:
    """Begins the card once its kind is chosen."""
    options = [discord.SelectOption(label=label, value=kind.value) for kind, label in KIND_NAMES.items()]
    return ui.Select[Any](custom_id=BEGIN_NEW.custom_id(name=name), placeholder="Write it, under", options=options)


def _card(card: Card) -> tuple[list[str], list[Row]]:
    return [f"## {inert(card.name)}\nReview due {date_text(card.review_due)}."], [
        row(_open_card(card.id), _edit(card.id))
    ]


def _withdrawn(queue: Queue, revision: Revision) -> tuple[list[str], list[Row]]:
    head = f"## {inert(queue.name_of(revision.card_id))}\nWithdrawn {_about(revision)}. The reason that members see:"
    history = button("History", HISTORY.custom_id(card=revision.card_id, page="0"))
    return [head, quoted(revision.why)], [row(_open_card(revision.card_id), _edit(revision.card_id), history)]


def _below(revision: Revision, card: Card, changed: Sequence[Change], page: int) -> tuple[list[str], list[Row]]:
    """How the bundled card differs from the community's: what would go, and what would come, with taking it."""
    spread = pages(diff_blocks(changed))
    page = min(page, len(spread) - 1)
    place = f", page {page + 1} of {len(spread)}" if len(spread) > 1 else ""
    yours = (
        "yours is withdrawn; taking it ends that" if revision.kind is RevisionKind.WITHDRAWN else "yours is shown now"
    )
    head = f"## {inert(card.name)}: from yours to the bundled card{place}\n-# {yours.capitalize()}. {KEY}"
    rows = [
        row(
            _settle(Heading.BELOW, card.id, "take", "Take the bundled card"),
            _settle(Heading.BELOW, card.id, "keep", "Keep ours"),
        )
    ]
    if len(spread) > 1:
        rows.append(row(*_diff_turns(card, page, len(spread))))
    return [head, *(spread[page] or ["Nothing that people see differs."])], rows


def _diff_turns(card: Card, page: int, count: int) -> list[Item]:
    def turn(label: str, to: int) -> Item:
        custom_id = SHOW.custom_id(heading=Heading.BELOW.name.lower(), key=card.id, page=str(max(to, 0)))
        return button(label, custom_id, disabled=not 0 <= to < count)

    return [turn("Earlier", page - 1), turn("Later", page + 1)]
