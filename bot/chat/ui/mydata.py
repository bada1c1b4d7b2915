"""What is stored about a person as Discord messages: the list, the files, the question before erasing, the receipt."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import discord
from discord import ui

from bot.chat.routing import Action
from bot.chat.tidying import MOST_DELETED, Tidied
from bot.chat.ui.layout import ACCENT, Layout, bullets, button, panel, row
from bot.domain.lifetimes import (
    BACKUPS,
    CURATION,
    KEY_BACKUPS,
    SHARED,
    TOMBSTONES,
    Holding,
    Holdings,
    Receipt,
    counted,
    span,
)
from bot.services.journal import File
from bot.services.rights import Stored, is_curator

MEMBER = r"\d{1,20}"

DOWNLOAD = Action("my-files", fields={"member": MEMBER})
ERASE = Action("erase", fields={"member": MEMBER})
ERASE_SURE = Action("erase-sure", fields={"member": MEMBER})
KEEP = Action("keep", fields={"member": MEMBER})
DELETE_MESSAGES = Action("delete-messages", fields={"member": MEMBER})

CHECK_INS = (Holding.MEMBER, Holding.PREFERENCES, Holding.PLAN, Holding.PROMPT, Holding.ENTRY, Holding.MARK)
ASKED = (Holding.ASKER, Holding.WISH, Holding.REPORT)

UNTRACED = "What nobody can trace to a person, I cannot show either: how often each card was looked up."
NOTHING = f"**I have nothing about you.**\n{UNTRACED}"
READERS = (
    "**Who can read it:** you, here in private. Your words and answers are encrypted with a key of your own; days and "
    "times are not. Moderators see none of it. Discord carries our messages, and whoever runs this bot holds the "
    "computer with the keys."
)
CURATION_READERS = "Your work on cards is seen by the moderators of that server, with your name."
COPIES = f"**Backups** keep copies for at most {span(BACKUPS)}, and the keys in them for {span(KEY_BACKUPS)}."
REMEMBERED = f"A coded mark that you were erased stays for {span(TOMBSTONES)}, so that no backup brings you back."
HANDED_OVER = (
    "**Everything I have about you.** `check-ins.json` is your whole diary, and `/checkin import` takes it back; "
    "`check-ins.csv` is the same for a spreadsheet; `everything-else.json` is the rest. "
    "I made them just now and keep no copy."
)
ZIPPED = "\nThey are large, so they come as one archive: unpack it first."
MESSAGES_STAY = (
    "My messages in our private chat are kept by Discord, not by me. I can delete those that I wrote; this one stays."
)
DELETING = f"I am deleting my messages here, up to {MOST_DELETED} in one go. That can take a few minutes."


def stored_view(person_id: int, stored: Stored) -> Layout:
    """Every kind of row with how many, what for, and until when; then who can read it."""
    if not stored.holdings:
        return panel([NOTHING])
    own = str(person_id)
    blocks = ["## What I have about you", *_sections(stored)]
    readers = [READERS, *([CURATION_READERS] if is_curator(stored.holdings) else []), COPIES]
    lost = [stored.lifetimes.out_of_reach] if Holding.MEMBER in stored.holdings else []
    foot = "\n".join(f"-# {line}" for line in [*lost, UNTRACED])
    return panel(
        [*blocks, "\n".join(readers), foot],
        row(
            button("Download", DOWNLOAD.custom_id(member=own), discord.ButtonStyle.primary),
            button("Erase everything", ERASE.custom_id(member=own), discord.ButtonStyle.danger),
        ),
    )


def files_view(files: Sequence[File]) -> Layout:
    zipped = ZIPPED if any(file.name.endswith(".zip") for file in files) else ""
    shown = [ui.File[Any](f"attachment://{file.name}") for file in files]
    return Layout(ui.Container[Any](ui.TextDisplay[Any](HANDED_OVER + zipped), *shown, accent_colour=ACCENT))


def erase_view(person_id: int, stored: Stored) -> Layout:
    """The question before erasing: what goes, what stays, and that it is at once."""
    own = str(person_id)
    if not stored.holdings:
        return panel([NOTHING])
    blocks = [
        "**Erase everything?** At once and for good: this cannot be undone. `/mydata` can hand it to you first.",
        *_what_goes(stored.holdings, "Goes", "Stays, without your name, as the history of the cards"),
        f"-# {COPIES} {REMEMBERED}",
    ]
    return panel(
        blocks,
        row(
            button("Yes, erase everything", ERASE_SURE.custom_id(member=own), discord.ButtonStyle.danger),
            button("No, keep it", KEEP.custom_id(member=own)),
        ),
    )


def receipt_view(person_id: int, receipt: Receipt) -> Layout:
    """What was erased, how much of each, and when the last copy is gone."""
    if receipt.erased:
        head = f"## Erased\nOn {_day(receipt.at)} at {receipt.at:%H:%M} UTC, and I have nothing about you any more."
    else:
        head = "**Erased before.** There was nothing left."
    copies = (
        f"**Backups:** your words and answers cannot be read in them after {_day(receipt.keys_gone)}, when the last "
        f"copy of your key goes; days and times are gone from the last of them on {_day(receipt.backups_gone)}. "
        f"{REMEMBERED}"
    )
    return panel(
        [
            head,
            *_what_goes(receipt.erased, "Erased", "Your name was taken off these; the rest of them stays"),
            *([copies] if receipt.erased else []),
            f"{MESSAGES_STAY}\nTake care of yourself.",
        ],
        row(button("Delete my messages too", DELETE_MESSAGES.custom_id(member=str(person_id)))),
    )


def tidied_view(person_id: int, tidied: Tidied) -> Layout:
    """How many of our messages were deleted, and whether some are left."""
    messages = "1 of my messages" if tidied.deleted == 1 else f"{tidied.deleted:,} of my messages"
    if not tidied.left:
        return panel([f"**Deleted {messages}.** None from before are left here."])
    again = button("Delete more", DELETE_MESSAGES.custom_id(member=str(person_id)))
    return panel([f"**Deleted {messages}.** There may be more from before: press again to go on."], row(again))


def _sections(stored: Stored) -> list[str]:
    groups = (
        ("Check-ins and reminders", CHECK_INS),
        ("What you looked for in vain, and reported", ASKED),
        ("Your work on cards", [each for each in Holding if each in CURATION]),
    )
    return [
        f"**{title}**\n{bullets([_line(stored, each) for each in kinds if each in stored.holdings])}"
        for title, kinds in groups
        if not stored.holdings.keys().isdisjoint(kinds)
    ]


def _line(stored: Stored, holding: Holding) -> str:
    keeping = stored.lifetimes.keeping(holding)
    plan = ", and the safety plan you wrote" if holding is Holding.PREFERENCES and stored.safety_plan else ""
    return f"**{counted(holding, stored.holdings[holding])}**: {keeping.why}{plan}. {keeping.until}"


def _what_goes(holdings: Holdings, goes: str, stays: str) -> list[str]:
    """Two lists under these headings, each only if there is something in it."""
    gone = [counted(each, number) for each, number in holdings.items() if each not in SHARED]
    left = [counted(each, number) for each, number in holdings.items() if each in SHARED]
    return [f"**{title}:**\n{bullets(lines)}" for title, lines in ((goes, gone), (stays, left)) if lines]


def _day(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y}"
