"""`/status`: for the moderators of a server, for nobody else, and without a word about any member."""

import math
from dataclasses import replace
from datetime import timedelta
from typing import Any

import discord
import pytest
import simcord

from bot.chat.gate import NOBODY_CHOSEN, NOT_CURATOR
from bot.chat.ui.status import OPERATOR, RED, STRAINED, WELL, WHOLE, status_view
from bot.domain.communities import Community
from bot.domain.condition import CARD_FILES, Backlog, Condition, Hold, Stored
from tests.chat.world import MONDAY_MORNING, World, text_of

STORED = Stored("SQLite", 2_500_000, Backlog(1200, 0, None), 0)
FINE = Condition(
    MONDAY_MORNING, MONDAY_MORNING, "1.0", 0, 0.05, True, STORED, None, 49, "abcdef01", True, MONDAY_MORNING, {}
)


async def curator(world: World) -> simcord.MemberActor:
    role = world.guild.create_role("Moderators")
    ready = Community(guild_id=world.guild.id, curator_roles=frozenset({role.id}))
    await world.app.curation.communities.change(ready, world.you.id, "the test set it up")
    return world.guild.add_member(world.env.create_user("moderator"), roles=[role])


async def test_a_moderator_sees_how_it_is_alone(world: World) -> None:
    await world.enroll()
    moderator = await curator(world)
    shown: Any = await moderator.slash(world.channel, "status")
    assert shown.ephemeral
    text = text_of(shown.response)
    assert "**Prompts:** 1 planned, none late; sends go out" in text
    assert f"**Cards:** {len(world.library.catalog.cards)}, content `" in text
    assert "**Database:** SQLite, " in text
    assert "**Last backup:** none yet" in text
    for somebody in (world.you, world.member, moderator):
        assert str(somebody.id) not in text


async def test_late_prompts_are_counted(world: World) -> None:
    await world.enroll()
    due = await world.storage.prompts.next_due()
    assert due is not None
    world.clock.moment = due + timedelta(minutes=7)
    shown: Any = await (await curator(world)).slash(world.channel, "status")
    text = text_of(shown.response)
    assert "1 planned, 1 due, the oldest for 7 minutes" in text
    assert text.startswith((RED, STRAINED))


async def test_nobody_else_does(world: World) -> None:
    first: Any = await world.member.slash(world.channel, "status")
    assert NOBODY_CHOSEN in text_of(first.followups[0] if first.followups else first.response)
    await curator(world)
    second: Any = await world.member.slash(world.channel, "status")
    said = text_of(second.followups[0] if second.followups else second.response)
    assert NOT_CURATOR in said
    assert "Database" not in said


def said(condition: Condition) -> str:
    shown = status_view(condition).walk_children()
    return "\n".join(part.content for part in shown if isinstance(part, discord.ui.TextDisplay))


def test_all_is_well() -> None:
    text = said(FINE)
    assert text.startswith(WELL)
    assert text.endswith(WHOLE)
    assert "Discord answers in 50 ms" in text
    assert "1,200 planned, none late" in text
    assert "2.5 MB" in text
    assert "⚠️" not in text


@pytest.mark.parametrize(
    ("changes", "head", "words"),
    [
        ({"hold": Hold("429", MONDAY_MORNING + timedelta(minutes=9))}, RED, "until 08:39:00 UTC"),
        ({"offline_for": math.inf}, RED, "**Connection:** not there just now"),
        ({"stored": None}, RED, "**Database:** does not answer"),
        ({"writable": False}, RED, "cannot be written"),
        ({"failing": {CARD_FILES: 1}}, STRAINED, "Files of cards have problems"),
        ({"backup": None}, STRAINED, "none yet"),
        ({"backup": None, "backs_up": False}, WELL, "switched off"),
    ],
)
def test_what_is_not_well_comes_first(changes: dict[str, Any], head: str, words: str) -> None:
    text = said(replace(FINE, **changes))
    assert text.startswith(head)
    assert words in text
    assert text.endswith(WHOLE if head is WELL else OPERATOR)
