"""The forms in which a card is written: its parts in boxes, and what was typed into them read back.

A box takes `BOX` characters. A part that is longer gets several, cut between lines or words; what stands between two
of them is said by the custom_id of the second, so that together they give the very text that was there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import discord
from discord import ui

from bot.chat.routing import Action
from bot.chat.ui.cards import VERDICTS
from bot.chat.ui.layout import Form
from bot.chat.ui.preferences import labelled
from bot.domain.cards import Kind, SourceType, Verdict
from bot.domain.manuscripts import Manuscript, Part, WrittenClaim, heading, numbered
from bot.errors import UserError
from bot.services.curation.shelf import REASON_LENGTH

BOX = 4000
"""Characters that Discord takes in one box of a form."""

MOST_BOXES = 5
"""Boxes that Discord takes in one form."""

CUT = 3000
"""Characters of a box with a piece of a longer text: the rest is room to write."""

PROPOSAL = r"[0-9a-f]{16}"
KEPT, REMOVED = "keep", "remove"
STATEMENTS = "One sentence a line, then its sources: [1, 3]"


HINTS: Mapping[Part, str] = {
    Part.NAME: "As members look for it.",
    Part.KIND: "Members browse by it.",
    Part.ALIASES: "What people type, slang included. With commas between them, or one a line.",
    Part.BRANDS: "With commas between them, or one a line.",
    Part.SCOPE: "One line, shown below the name.",
    Part.KEY_MESSAGES: f"Two or three. {STATEMENTS}",
    Part.EFFECT: "One sentence, with numbers where possible, then its sources: [1, 3]",
    Part.CERTAINTY: "One line each: what was measured | low | why. [1, 3]",
    Part.POSITIONS: "One line each: who says it, with the year | what they say. [1, 3]",
    Part.QUESTIONS: "One a line, without sources.",
    Part.COMPILED: "The day on which this text was held against its sources: 2026-11-23",
    Part.REVIEW_DUE: "The day by which it shall be looked at again: 2027-11-23",
    Part.REVIEWED_BY: "The clinician who reviewed it, once one has.",
}
"""What a box asks for, in 100 characters at most; a part that is not here takes `STATEMENTS`."""

ONE_LINE = frozenset({Part.NAME, Part.SCOPE, Part.COMPILED, Part.REVIEW_DUE, Part.REVIEWED_BY})


@dataclass(frozen=True)
class Group:
    """Parts that are edited together, in one form."""

    title: str
    parts: tuple[Part, ...]


GROUPS: Mapping[str, Group] = {
    "names": Group("Names and what it covers", (Part.NAME, Part.ALIASES, Part.BRANDS, Part.SCOPE)),
    "short": Group("In short, and the effect", (Part.KEY_MESSAGES, Part.EFFECT)),
    "sure": Group("How sure the evidence is", (Part.CERTAINTY,)),
    "trials": Group("What trials found, what is not known", (Part.EVIDENCE, Part.UNKNOWN)),
    "harms": Group("Harms", (Part.COMMON, Part.SERIOUS, Part.SEEK_HELP)),
    "care": Group("Who should be careful, other medicines", (Part.CAREFUL, Part.INTERACTIONS)),
    "about": Group("What it is, and waiting", (Part.KIND, Part.WHAT_IT_IS, Part.WAITING)),
    "guidelines": Group("Guidelines and regulators", (Part.POSITIONS,)),
    "clinician": Group("Questions for a clinician", (Part.QUESTIONS,)),
    "dates": Group("Dates and reviewer", (Part.COMPILED, Part.REVIEW_DUE, Part.REVIEWED_BY)),
}

WRITTEN = Action("draft-written", fields={"proposal": PROPOSAL, "form": "|".join([*GROUPS, *Part])})
CLAIM_ID = r"[a-z0-9-]{1,40}"
CLAIM_WRITTEN = Action("draft-claim-written", fields={"proposal": PROPOSAL, "claim": CLAIM_ID})
CLAIM_ADDED = Action("draft-claim-added", fields={"proposal": PROPOSAL})
CLAIM_BEGUN = Action("draft-claim-begun", fields={"card": CLAIM_ID})
SEARCHED = Action("draft-searched", fields={"proposal": PROPOSAL})
SOURCE_ADDED = Action("draft-source-added", fields={"proposal": PROPOSAL})
SENT = Action("draft-sent", fields={"proposal": PROPOSAL})

# The ends of the custom_ids of a part's further boxes, with what stands between a box and the one before it.
_BETWEEN = {"n": "\n", "s": " ", "j": ""}


def parts_of(form: str) -> tuple[Part, ...]:
    """The parts in a form: those of a group, or a single one."""
    return GROUPS[form].parts if form in GROUPS else (Part(form),)


def needs_splitting(manuscript: Manuscript, form: str) -> bool:
    """Whether these parts must be offered one by one, because the text of one needs several boxes."""
    parts = parts_of(form)
    return len(parts) > 1 and any(len(shown(manuscript, part)) > BOX for part in parts)


def label(manuscript: Manuscript, part: Part) -> str:
    """What the part is called on this card."""
    return heading(part, topic=manuscript.parts.get(Part.KIND, "").strip().casefold() == Kind.TOPIC)


def shown(manuscript: Manuscript, part: Part) -> str:
    """The text of a part with numbers for its sources, as people type it."""
    return numbered(manuscript.parts.get(part, ""), manuscript.sources)


def part_form(proposal_id: str, manuscript: Manuscript, form: str) -> Form:
    """The form for a group or a single part.

    Raises:
        UserError: the text is longer than a whole form takes.
    """
    boxes = [box for part in parts_of(form) for box in _boxes(manuscript, part)]
    if len(boxes) > MOST_BOXES:
        raise UserError(_too_long(f"*{label(manuscript, parts_of(form)[0])}*"))
    title = GROUPS[form].title if form in GROUPS else label(manuscript, Part(form))
    return Form(title, WRITTEN.custom_id(proposal=proposal_id, form=form), *boxes)


def written(form: str, typed: Mapping[str, str]) -> dict[Part, str]:
    """The text of every part of a form that came back; empty where nothing stands in its boxes."""
    return {part: _joined(part, typed) for part in parts_of(form)}


def claim_form(custom_id: str, claim: WrittenClaim | None, sources: Sequence[str] = ()) -> Form:
    """A claim to edit or remove, or a new one.

    Raises:
        UserError: a text of it is longer than a box takes.
    """
    text, why, phrases = (claim.text, numbered(claim.why, tuple(sources)), claim.phrases) if claim else ("", "", "")
    if max(map(len, (text, why, phrases))) > BOX:
        raise UserError(_too_long("That claim"))
    return Form(
        "A claim" if claim else "A new claim",
        custom_id,
        labelled("What people say", "As they say it.", _box("text", text, one_line=False, required=True)),
        labelled("Verdict", None, _choice("verdict", {each: VERDICTS[each] for each in Verdict}, _verdict(claim))),
        labelled("Why", "One or two sentences, then their sources: [1, 3]", _box("why", why)),
        labelled("Other ways people put it", "One a line; they help to find it.", _box("phrases", phrases)),
        *([labelled("Keep it?", None, _keep())] if claim else []),
    )


def search_form(proposal_id: str) -> Form:
    words = ui.TextInput[Any](custom_id="words", max_length=200, placeholder="noppers 2011")
    asked = labelled("Author, title, year, DOI or PMID", "Any words of it will do.", words)
    return Form("Find a source I know", SEARCHED.custom_id(proposal=proposal_id), asked)


def source_form(proposal_id: str) -> Form:
    doi = ui.TextInput[Any](custom_id="doi", max_length=200, placeholder="10.1002/ejp.2011 or 21212345")
    title = ui.TextInput[Any](custom_id="title", max_length=BOX, style=discord.TextStyle.paragraph)
    authors = ui.TextInput[Any](custom_id="authors", max_length=400, placeholder="Noppers I, et al.")
    where = ui.TextInput[Any](custom_id="where", max_length=400, placeholder="European Journal of Pain, 2011")
    types = {each: each.value.capitalize() for each in SourceType}
    return Form(
        "Add a new source",
        SOURCE_ADDED.custom_id(proposal=proposal_id),
        labelled("DOI or PMID", "One I know already is used as it is.", doi),
        labelled("Title", None, title),
        labelled("Authors", "As readers would cite them, or who published it.", authors),
        labelled("Journal and year", None, where),
        labelled("What it is", None, _choice("type", types)),
    )


def send_form(proposal_id: str, why: str) -> Form:
    reason = ui.TextInput[Any](
        custom_id="why", max_length=REASON_LENGTH, default=why or None, placeholder="The 2026 label names a new harm."
    )
    asked = labelled("Why this change?", "One sentence, for those who review it and for the history.", reason)
    return Form("Send for review", SENT.custom_id(proposal=proposal_id), asked)


def source_type(typed: str) -> SourceType:
    """What was chosen in the form of a source.

    Raises:
        UserError: nothing that there is.
    """
    found = next((each for each in SourceType if each == typed), None)
    if found is None:
        raise UserError("Please choose what kind of source it is.")
    return found


def _boxes(manuscript: Manuscript, part: Part) -> list[ui.Label[Any]]:
    name, hint, text = label(manuscript, part), HINTS.get(part, STATEMENTS), shown(manuscript, part)
    if part is Part.KIND:
        kinds = {each: each.value.capitalize() for each in Kind}
        return [labelled(name, hint, _choice(part, kinds, text))]
    cut = _cut(text)
    if len(cut) == 1:
        return [labelled(name, hint, _box(part, text, one_line=part in ONE_LINE))]
    return [
        labelled(f"{name} ({number} of {len(cut)})", hint, _box(f"{part}{end}", piece))
        for number, (end, piece) in enumerate(cut, start=1)
    ]


def _box(custom_id: str, text: str, *, one_line: bool = False, required: bool = False) -> ui.TextInput[Any]:
    """One line only where there is one: a line break in what it shows would be lost."""
    short = one_line and "\n" not in text
    style = discord.TextStyle.short if short else discord.TextStyle.paragraph
    return ui.TextInput[Any](custom_id=custom_id, style=style, default=text or None, max_length=BOX, required=required)


def _cut(text: str) -> list[tuple[str, str]]:
    """The text in pieces that each fit a box, with the end of that box's custom_id."""
    pieces, end, rest = list[tuple[str, str]](), "", text
    while len(rest) > BOX:
        piece, between, rest = _first(rest)
        pieces.append((end, piece))
        end = f".{len(pieces)}{between}"
    return [*pieces, (end, rest)]


def _first(text: str) -> tuple[str, str, str]:
    """A piece from the front, what it is joined to the rest with, and the rest."""
    for between in ("n", "s"):
        at = text.rfind(_BETWEEN[between], 1, CUT)
        if at > 0:
            return text[:at], between, text[at + 1 :]
    return text[:CUT], "j", text[CUT:]


def _joined(part: Part, typed: Mapping[str, str]) -> str:
    text = typed.get(part, "")
    for number in range(1, MOST_BOXES):
        for end, between in _BETWEEN.items():
            more = typed.get(f"{part}.{number}{end}")
            if more:
                text = f"{text}{between}{more}" if text else more
    return text


def _choice(custom_id: str, options: Mapping[Any, str], chosen: str = "") -> ui.Select[Any]:
    """What stands there and is none of the options, as an unfinished text can, chooses none."""
    made = [
        discord.SelectOption(label=label, value=str(value), default=str(value) == chosen.strip().casefold())
        for value, label in options.items()
    ]
    return ui.Select[Any](custom_id=custom_id, options=made)


def _verdict(claim: WrittenClaim | None) -> str:
    return claim.verdict if claim else ""


def _keep() -> ui.Select[Any]:
    return _choice("keep", {KEPT: "Keep it", REMOVED: "Remove it from the card"}, KEPT)


def _too_long(what: str) -> str:
    return (
        f"{what} is longer than a form of Discord takes, so it cannot be edited here. Nothing of it was cut. "
        "Whoever runs this bot can shorten it in a file and import that."
    )
