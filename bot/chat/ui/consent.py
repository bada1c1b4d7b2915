"""The consent: what it says, what is new in it, and asking for it again."""

from collections.abc import Mapping

import discord

from bot.chat.routing import Action
from bot.chat.ui.layout import Layout, bullets, button, panel, row
from bot.chat.ui.mydata import ERASE, MEMBER
from bot.domain.checkins import CONSENT_VERSION
from bot.domain.members import Member

AGREE_AGAIN = Action("agree-again", fields={"member": MEMBER, "consent": r"\d{1,4}"})
NOT_NOW = Action("not-now", fields={"member": MEMBER})

CONSENT = """\
**What you agree to**
- **What I store:** your Discord id, time zone, schedules, what you answer (scores, notes, and when), and the \
reminders, treatments, flares and plans you write down. Your words and answers are encrypted with a key of your own.
- **Who can see it:** you, here in private messages with me. Moderators cannot. Discord carries the messages, \
and whoever runs this bot holds the computer with the keys.
- **For how long:** until you erase it, or it grows old, or I cannot reach you for months. `/mydata` says what is \
there and until when, and hands you all of it.
- **How to leave:** `/checkin stop`, any time, without a reason. It also offers to erase everything at once.
- I cannot see how you are or call anyone. In an emergency, use your local emergency number."""

NEW: Mapping[int, str] = {
    2: "Besides check-ins I keep reminders, treatments, flares and a safety plan, if you write them down.",
    3: (
        "I forget by myself what has grown old, and everything if my messages cannot reach you for months. "
        "`/mydata` says when, and hands you all of it."
    ),
}
"""What each version brought."""


def consent_view(member: Member) -> Layout:
    """Asking again: what is new, the whole text, and three ways on."""
    own = str(member.id)
    new = bullets([line for version, line in sorted(NEW.items()) if version > member.consent_version])
    return panel(
        [
            f"## Before we go on\nWhat you agree to has changed. Nothing was done just now.\n**New:**\n{new}",
            CONSENT,
            "-# *Not now* stops check-ins and reminders and keeps what you saved; I ask again when you come back.",
        ],
        row(
            button(
                "Yes, I agree: go on",
                AGREE_AGAIN.custom_id(member=own, consent=str(CONSENT_VERSION)),
                discord.ButtonStyle.success,
            ),
            button("Not now", NOT_NOW.custom_id(member=own)),
            button("Erase everything", ERASE.custom_id(member=own), discord.ButtonStyle.danger),
        ),
    )
