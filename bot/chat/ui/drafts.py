"""A draft as its author sees it: what differs, what must be mended, its sources, and the controls to go on writing."""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import discord
from discord import ui

from bot.chat.routing import Action
from bot.chat.ui.cards import VERDICTS
from bot.chat.ui.changes import KEY, diff_blocks, pages, short_source, source_blocks
from bot.chat.ui.layout import ACCENT, CHARACTER_BUDGET, Item, Layout, Row, button, fitting, inert, panel, quoted, row
from bot.chat.ui.manuscripts import GROUPS, PROPOSAL, label, parts_of
from bot.domain.cards import Source, Verdict
from bot.domain.curation import ALIVE, EDITABLE, Proposal, ProposalStatus
from bot.domain.manuscripts import Part, Remark, WrittenClaim
from bot.domain.questionnaires import tidied
from bot.domain.trends import count
from bot.services.curation.proposals import Check

DRAFT_ID = {"proposal": PROPOSAL}
NUMBER = r"\d{1,3}"

BEGIN = Action("draft-begin", fields={"card": r"[a-z0-9-]{1,40}"})
BEGIN_NEW = Action("draft-begin-new", fields={"name": r"[^:]{1,80}"})
"""For a select of kinds of cards."""

OPEN = Action("draft", fields=DRAFT_ID)
OPEN_CHOSEN = Action("draft-open")
LOOK = Action("draft-look", fields={**DRAFT_ID, "what": "changes|sources|remarks", "page": NUMBER})
EDIT_CHOSEN = Action("draft-edit", fields=DRAFT_ID)
EDIT_PART = Action("draft-part", fields={**DRAFT_ID, "form": "|".join([*GROUPS, *Part])})
CLAIM_CHOSEN = Action("draft-claim", fields={**DRAFT_ID, "page": NUMBER})
CITE = Action("draft-cite", fields=DRAFT_ID)
CITED = Action("draft-cited", fields=DRAFT_ID)
ADD_SOURCE = Action("draft-source", fields=DRAFT_ID)
SEND = Action("draft-send", fields=DRAFT_ID)
MERGE = Action("draft-merge", fields=DRAFT_ID)
THROW_AWAY = Action("draft-throw", fields=DRAFT_ID)
THROW_SURE = Action("draft-throw-sure", fields=DRAFT_ID)

NEW_CLAIM, CLAIM_PAGE = "+new", "+page-"
CLAIMS_PER_PAGE = 23
"""With a new one and a further page that is all a select takes."""

OPTION = 100
"""Characters that Discord takes as the label of an option."""

MOST_LISTED = 25

LISTED = 1600
"""Characters of each of the two lists of proposals."""

# Characters of the panel for each of its parts; together with name, reply and notice they stay below the 4,000.
REMARKS, CONFLICT, CHANGES, SOURCES = 700, 500, 700, 600

SOURCE = 80
"""Characters of a source in the panel: enough to tell them apart."""

STATUS: Mapping[ProposalStatus, str] = {
    ProposalStatus.DRAFT: "a draft, seen by you alone",
    ProposalStatus.OPEN: "in review",
    ProposalStatus.CHANGES_ASKED: "sent back: a change is asked for",
    ProposalStatus.PUBLISHED: "published",
    ProposalStatus.REJECTED: "rejected",
    ProposalStatus.DISCARDED: "thrown away",
}
NUMBERS = "-# Write these numbers at the end of a sentence: [1, 3]."
UNREADABLE = "What differs is listed here once everything above is mended. All you wrote is kept."
NOTHING_YET = "Nothing differs from the card yet. Choose a part below."
NO_SOURCES = "No sources yet. Cite one I know, or add a new one."
NO_DRAFTS = (
    "You have no drafts here. `/curate edit` starts one on a card, `/curate new` writes a new card, "
    "`/curate claim` adds something people say."
)
CONFLICT_HEAD = "### Somebody else changed this card meanwhile\nYour draft is safe. It cannot go on as it is."


@dataclass(frozen=True)
class Draft:
    """A proposal with all that its panel shows. `sources` are its numbered records."""

    proposal: Proposal
    check: Check
    sources: Sequence[tuple[int, Source]] = field(default_factory=tuple)

    @property
    def name(self) -> str:
        return draft_name(self.proposal)

    @property
    def editable(self) -> bool:
        return self.proposal.status in EDITABLE

    @property
    def alive(self) -> bool:
        return self.proposal.status in ALIVE


def draft_name(proposal: Proposal) -> str:
    """The name as it is typed now, as nothing but words; the id of the card if it has none."""
    return inert(_plain_name(proposal)[:80])


def draft_view(draft: Draft, notice: str = "", *, claims_page: int = 0) -> Layout:
    """The panel. `notice` says what was just done; it is Markdown, so whatever is in it must be inert."""
    first = [*_head(draft, notice), *_remarks(draft), *_conflict(draft)]
    room = CHARACTER_BUDGET - 600 - sum(map(len, first))
    changes = _changes(draft, max(0, min(CHANGES, room)))
    sources = _sources(draft, max(0, min(SOURCES, room - sum(map(len, changes)))))
    blocks = [*first, *changes, *sources]
    texts: list[Item] = [ui.TextDisplay[Any](block) for block in blocks]
    controls = _controls(draft, claims_page) if draft.editable else _closed(draft)
    return Layout(ui.Container[Any](*texts, *controls, accent_colour=ACCENT))


def look_view(draft: Draft, what: str, page: int) -> Layout:
    """Everything of one kind, where the panel shows what fits. A page that is not there gives the last one."""
    titles = {"changes": "What differs", "sources": "Sources", "remarks": "To be mended"}
    written = {"changes": _all_changes, "sources": _all_sources, "remarks": _remark_lines}
    spread = pages(written[what](draft) or ["Nothing here."])
    page = min(page, len(spread) - 1)
    place = f" ({page + 1} of {len(spread)})" if len(spread) > 1 else ""
    turns = [_turn(draft, what, "Earlier", page - 1, len(spread)), _turn(draft, what, "Later", page + 1, len(spread))]
    buttons = [*(turns if len(spread) > 1 else []), _back(draft.proposal.id)]
    return panel([f"## {draft.name}: {titles[what].casefold()}{place}", "\n".join(spread[page])], row(*buttons))


def parts_view(draft: Draft, form: str) -> Layout:
    """The parts of a group one by one, where the text of one is too long to share a form."""
    long = (
        "One of these is longer than a box takes (4,000 characters), so each has a form of its own, "
        "with as many boxes as it needs. Nothing is cut."
    )
    proposal_id = draft.proposal.id
    buttons = [
        button(label(draft.proposal.manuscript, part), EDIT_PART.custom_id(proposal=proposal_id, form=part))
        for part in parts_of(form)
    ]
    return panel([f"## {draft.name}: {GROUPS[form].title}\n{long}"], row(*buttons), row(_back(proposal_id)))


def matches_view(draft: Draft, words: str, found: Sequence[Source]) -> Layout:
    """Known sources that fit what was searched for, to choose one."""
    if not found:
        return draft_view(draft, f"**I know no source like “{inert(words[:100])}”.** *Add a new source* takes its DOI.")
    options = [
        discord.SelectOption(
            label=_cut(short_source(source), OPTION), value=source.id, description=_cut(_where(source), OPTION)
        )
        for source in found[:MOST_LISTED]
    ]
    custom_id = CITED.custom_id(proposal=draft.proposal.id)
    select = ui.Select[Any](custom_id=custom_id, placeholder="Which one?", options=options)
    again = button("Search again", CITE.custom_id(proposal=draft.proposal.id))
    head = f"## {draft.name}: cite a known source\nFor “{inert(words[:100])}” I found {count(len(found), 'source')}."
    return panel([head], row(select), row(again, _back(draft.proposal.id)))


def throw_view(proposal: Proposal) -> Layout:
    sure = button("Throw it away", THROW_SURE.custom_id(proposal=proposal.id), discord.ButtonStyle.danger)
    what = "Your text is gone then. The card members see stays as it is."
    return panel([f"**Throw this away?** {draft_name(proposal)}\n{what}"], row(sure, _back(proposal.id, "Keep it")))


def thrown_view(proposal: Proposal) -> Layout:
    return panel([f"**Thrown away:** your draft of {draft_name(proposal)}. The card members see is as it was."])


def sent_view(proposal: Proposal, *, posted: bool) -> Layout:
    """What the author is told once it is in review."""
    where = (
        "It is in the curation channel now. You cannot approve it yourself; somebody else has to."
        if posted
        else "It waits in the queue (`/curate queue`). I could not show it in the curation channel: "
        "the channel is not set, is gone, or is closed to me. An administrator can mend that with `/setup`."
    )
    return panel([f"**Sent for review:** {draft_name(proposal)}\n{where}"], row(_back(proposal.id, "Look at it")))


def mine_view(living: Sequence[Proposal], ended: Sequence[Proposal]) -> Layout:
    """The author's proposals and what became of the latest, newest first, and a select that opens one."""
    if not living and not ended:
        return panel([NO_DRAFTS])
    shown = [*living, *ended][:MOST_LISTED]
    options = [
        discord.SelectOption(label=_plain_name(each), value=each.id, description=_sentence(STATUS[each.status]))
        for each in shown
    ]
    select = ui.Select[Any](custom_id=OPEN_CHOSEN.custom_id(), placeholder="Open one", options=options)
    now = ["## Your drafts", *fitting([_listed(each) for each in living], LISTED)] if living else [NO_DRAFTS]
    over = ["### What became of earlier ones", *fitting([_listed(each) for each in ended], LISTED)] if ended else []
    return panel(["\n".join(lines) for lines in (now, over) if lines], row(select))


def place_text(draft: Draft, where: Part | str) -> str:
    """The name of a part as its form has it, or the words of a claim."""
    if isinstance(where, Part):
        return label(draft.proposal.manuscript, where)
    words = next((claim.text for claim in draft.proposal.manuscript.claims if claim.id == where), where)
    return f"Claim “{inert(tidied(words)[:80])}”"


def _head(draft: Draft, notice: str) -> list[str]:
    proposal = draft.proposal
    new = "" if proposal.base else " A new card."
    state = f"-# {_sentence(STATUS[proposal.status])}{new}"
    reply = [f"**A reviewer says:**\n{quoted(proposal.reply)}"] if proposal.reply else []
    lifts = draft.check.lifts
    down = [f"**This card is withdrawn:** {inert(lifts.reason)} Publishing this draft ends that."] if lifts else []
    return ["\n".join([f"## {draft.name}", state]), *([notice] if notice else []), *reply, *down]


def _remarks(draft: Draft) -> list[str]:
    lines = _remark_lines(draft)
    head = f"### {count(len(lines), 'thing')} to mend before it can be sent"
    return ["\n".join([head, *fitting(lines, REMARKS)])] if lines and draft.editable else []


def _remark_lines(draft: Draft) -> list[str]:
    return [f"- {_remark(draft, remark)}" for remark in draft.check.remarks]


def _remark(draft: Draft, remark: Remark) -> str:
    told = not remark.line or remark.message.startswith(f"Line {remark.line} ")
    line = "" if told else f", line {remark.line}"
    return f"**{place_text(draft, remark.where)}{line}:** {inert(remark.message)}"


def _conflict(draft: Draft) -> list[str]:
    blocks = diff_blocks(draft.check.conflict, CONFLICT // 2)
    return ["\n".join([CONFLICT_HEAD, *fitting(blocks, CONFLICT)])] if blocks and draft.alive else []


def _all_sources(draft: Draft) -> list[str]:
    return source_blocks(draft.sources)


def _all_changes(draft: Draft) -> list[str]:
    blocks = diff_blocks(draft.check.changes)
    return [KEY, *blocks] if blocks else []


def _changes(draft: Draft, room: int) -> list[str]:
    blocks = diff_blocks(draft.check.changes, CHANGES // 2)
    if blocks:
        return ["\n".join(["### What differs so far", KEY, *fitting(blocks, room)])]
    if not draft.editable or (draft.check.remarks and not draft.proposal.base):
        return []
    return [UNREADABLE if draft.check.remarks else NOTHING_YET]


def _sources(draft: Draft, room: int) -> list[str]:
    lines = [f"\\[{number}\\] {inert(_cut(short_source(source), SOURCE))}" for number, source in draft.sources]
    if not draft.editable:
        return []
    return ["\n".join(["### Sources", *fitting(lines, room), NUMBERS]) if lines else NO_SOURCES]


def _controls(draft: Draft, claims_page: int) -> list[Row]:
    proposal_id = draft.proposal.id
    write = [
        button("Cite a known source", CITE.custom_id(proposal=proposal_id)),
        button("Add a new source", ADD_SOURCE.custom_id(proposal=proposal_id)),
        button("Send for review", SEND.custom_id(proposal=proposal_id), discord.ButtonStyle.primary),
    ]
    throw = button("Throw away", THROW_AWAY.custom_id(proposal=proposal_id), discord.ButtonStyle.danger)
    looks = [
        button(label, LOOK.custom_id(proposal=proposal_id, what=what, page="0"))
        for label, what in (("All changes", "changes"), ("All to mend", "remarks"), ("All sources", "sources"))
    ]
    return [
        *_merge(draft),
        row(_part_select(proposal_id)),
        row(_claim_select(draft, claims_page)),
        row(*write),
        row(*looks, throw),
    ]


def _closed(draft: Draft) -> list[Row]:
    """What can be done with one that is in review or over."""
    proposal_id = draft.proposal.id
    look = button("All changes", LOOK.custom_id(proposal=proposal_id, what="changes", page="0"))
    throw = button("Throw away", THROW_AWAY.custom_id(proposal=proposal_id), discord.ButtonStyle.danger)
    return [*_merge(draft), row(look, throw) if draft.alive else row(look)]


def _merge(draft: Draft) -> list[Row]:
    custom_id = MERGE.custom_id(proposal=draft.proposal.id)
    merge = button("Bring it together", custom_id, discord.ButtonStyle.primary)
    return [row(merge)] if draft.check.conflict and draft.alive else []


def _part_select(proposal_id: str) -> ui.Select[Any]:
    options = [discord.SelectOption(label=group.title, value=key) for key, group in GROUPS.items()]
    custom_id = EDIT_CHOSEN.custom_id(proposal=proposal_id)
    return ui.Select[Any](custom_id=custom_id, placeholder="Which part?", options=options)


def _claim_select(draft: Draft, page: int) -> ui.Select[Any]:
    claims = draft.proposal.manuscript.claims
    last = max(0, (len(claims) - 1) // CLAIMS_PER_PAGE)
    page = min(page, last)
    options = [discord.SelectOption(label="A new claim", value=NEW_CLAIM)]
    options += [
        discord.SelectOption(
            label=_cut(tidied(claim.text), OPTION) or claim.id, value=claim.id, description=_verdict(claim)
        )
        for claim in claims[page * CLAIMS_PER_PAGE :][:CLAIMS_PER_PAGE]
    ]
    if last:
        after = (page + 1) % (last + 1)
        options.append(discord.SelectOption(label="More claims", value=f"{CLAIM_PAGE}{after}"))
    custom_id = CLAIM_CHOSEN.custom_id(proposal=draft.proposal.id, page=str(page))
    return ui.Select[Any](custom_id=custom_id, placeholder="Things people say", options=options)


def _verdict(claim: WrittenClaim) -> str:
    return next((VERDICTS[each] for each in Verdict if each == claim.verdict), "No verdict yet")


def _where(source: Source) -> str:
    return ", ".join(part for part in (source.type.value.capitalize(), source.published_in, source.doi) if part)


def _turn(draft: Draft, what: str, label: str, to: int, of: int) -> ui.Button[Any]:
    """Two digits for the page before keep the two custom_ids apart on a first page."""
    custom_id = LOOK.custom_id(proposal=draft.proposal.id, what=what, page=f"{to % of:02}" if to < 0 else str(to))
    return button(label, custom_id, disabled=not 0 <= to < of)


def _back(proposal_id: str, label: str = "Back") -> ui.Button[Any]:
    return button(label, OPEN.custom_id(proposal=proposal_id))


def _plain_name(proposal: Proposal) -> str:
    """An option of a select shows its label as it is, without Markdown."""
    return (tidied(proposal.manuscript.parts.get(Part.NAME, "")) or proposal.card_id)[:OPTION]


def _listed(proposal: Proposal) -> str:
    changed = discord.utils.format_dt(proposal.changed_at, "D")
    reply = [quoted(proposal.reply)] if proposal.reply else []
    return "\n".join([f"**{draft_name(proposal)}**: {STATUS[proposal.status]}, {changed}", *reply])


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."


def _cut(text: str, most: int) -> str:
    return textwrap.shorten(text, most, placeholder=" ...")
