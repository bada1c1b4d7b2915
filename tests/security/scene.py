"""Two communities with everything in them that somebody could reach for, and a ledger of what is stored.

What one person alone may read has a word in it that stands nowhere else: `WOMBAT` in a member's own data, `QUOKKA` in
a draft. `NUMBAT` is for the moderators of the first community.
"""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import time
from pathlib import Path
from typing import Any

import discord
import simcord

from bot.chat.ui.review import wording_of
from bot.domain.communities import Community
from bot.domain.curation import Event, Revision, RevisionKind
from bot.domain.manuscripts import Part
from bot.domain.plans import CheckIn, Reminder
from bot.domain.questionnaires import OwnKind, own_question
from bot.domain.schedules import EVERY_DAY, Schedule
from tests.chat.test_settings import service, start
from tests.chat.world import World
from tests.security.people import Person, Seen, somebody

WOMBAT, QUOKKA, NUMBAT = "wombat", "quokka", "numbat"

PEOPLE = ("owner", "member", "moderator", "elsewhere", "administrator", "outsider")
DRAFTED, SENT, CHANGED = "melatonin", "ketamine", "pregabalin"
DRAFT_SCOPE = f"Melatonin for sleep in fibromyalgia, and what a {QUOKKA} makes of it. No doses are given, on purpose."
SENT_SCOPE = f"Ketamine for lasting pain, and what a {NUMBAT} makes of it. No doses are given, on purpose."

REMEMBERED = ("0.community", "0.revision")
"""The tables of which the bot keeps something in memory."""

Rows = Mapping[str, list[tuple[Any, ...]]]


class Ledger:
    """Everything stored, read beside the bot: the database and the vault."""

    def __init__(self, folder: Path) -> None:
        files = (folder / "spoonful.db", folder / "vault.db")
        self._connections = [sqlite3.connect(file, isolation_level=None) for file in files]

    def close(self) -> None:
        for connection in self._connections:
            connection.close()

    def version(self) -> tuple[int, ...]:
        """Changes with every transaction of the bot's that wrote anything."""
        return tuple(each.execute("PRAGMA data_version").fetchone()[0] for each in self._connections)

    def rows(self) -> Rows:
        return {
            f"{number}.{table}": connection.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 - a table of ours
            for number, connection in enumerate(self._connections)
            for table in _tables(connection)
        }

    def put_back(self, rows: Rows) -> None:
        """Make it as it was."""
        for number, connection in enumerate(self._connections):
            with closing(connection.cursor()) as cursor:
                cursor.execute("PRAGMA foreign_keys = OFF")
                cursor.execute("BEGIN IMMEDIATE")
                for table in _tables(connection):
                    kept = rows[f"{number}.{table}"]
                    cursor.execute(f"DELETE FROM {table}")  # noqa: S608 - a table of ours
                    if kept:
                        places = ",".join("?" * len(kept[0]))
                        cursor.executemany(f"INSERT INTO {table} VALUES ({places})", kept)  # noqa: S608 - as above
                cursor.execute("COMMIT")


def _tables(connection: sqlite3.Connection) -> list[str]:
    return [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]


@dataclass(repr=False)
class Scene:
    """The people, and the ids of what is there: the words in braces of `earnest.py`."""

    world: World
    ledger: Ledger
    there: simcord.GuildHandle
    """The server of whom the table calls `elsewhere`."""
    people: dict[str, Person] = field(default_factory=dict[str, Person])
    in_dm: Person | None = None
    """The owner in their own chat with the bot."""
    ids: dict[str, str] = field(default_factory=dict[str, str])
    shared: Any = None
    """A card in the channel, for everybody to see."""

    def person(self, name: str, *, private: bool) -> Person:
        if name == "owner" and private:
            assert self.in_dm
            return self.in_dm
        return self.people[name]

    async def put_back(self, before: Rows, after: Rows) -> None:
        """As if nothing had happened; the bot has forgotten what it held in memory, too."""
        self.ledger.put_back(before)
        if any(before[table] != after[table] for table in REMEMBERED):
            await self.world.restart()

    def forget_messages(self, seen: Seen) -> None:
        """Those that came since."""
        for place in self.world.env.backend.messages.values():
            for message_id in set(place) - set(seen):
                del place[message_id]


async def set_the_scene(world: World, folder: Path) -> Scene:
    scene = Scene(world, Ledger(folder), world.env.create_guild("Elsewhere"))
    await _gather(scene)
    await _live(scene)
    await _curate(scene)
    return scene


async def _gather(scene: Scene) -> None:
    world, here, there = scene.world, scene.world.guild, scene.there
    keepers = here.create_role("Card keepers")
    admins = here.create_role("Admins", permissions=discord.Permissions(manage_guild=True))
    curation, far = here.create_text_channel("curation"), there.create_text_channel("far away")
    far_keepers = there.create_role("Far keepers")
    world.env.backend.add_member_role(here.id, world.you.id, keepers.id)
    new = world.env.create_user
    actors: Mapping[str, tuple[Any, simcord.ChannelHandle]] = {
        "owner": (simcord.MemberActor(world.env, here, world.you), world.channel),
        "member": (world.member, world.channel),
        "moderator": (here.add_member(new("moderator"), roles=[keepers]), world.channel),
        "elsewhere": (there.add_member(new("elsewhere"), roles=[far_keepers]), far),
        "administrator": (here.add_member(new("administrator"), roles=[admins]), world.channel),
    }
    for name, (actor, channel) in actors.items():
        scene.people[name] = await somebody(world, name, actor, channel)
    outsider = new("outsider")
    scene.people["outsider"] = await somebody(world, "outsider", outsider, outsider.dm_channel)
    scene.in_dm = await somebody(world, "owner", world.you, world.you.dm_channel)
    communities = world.app.curation.communities
    for guild, role, channel_id in ((here, keepers, curation.id), (there, far_keepers, None)):
        decided = Community(guild_id=guild.id, curator_roles=frozenset({role.id}), curation_channel_id=channel_id)
        await communities.change(decided, 77, "set up")
    scene.ids |= {"member": str(world.you.id), "role": str(keepers.id), "channel": str(world.channel.id)}


async def _live(scene: Scene) -> None:
    """The owner's own life with the bot; another member has a little of one, too."""
    world, ids = scene.world, scene.ids
    own = [own_question(f"{WOMBAT} question {number}", OwnKind.SCORE, None) for number in range(2)]
    plan = await start(world, CheckIn(own=tuple(own)))
    await start(world, Reminder(text=f"feed the {WOMBAT}"), Schedule.daily(time(21), EVERY_DAY))
    theirs = world.env.backend.get_dm_channel(world.member.id)
    await service(world).start(world.member.id, theirs.id, "Europe/London", CheckIn(), Schedule.daily(time(7)))
    answered = await world.checkins.start_now(world.you.id, None)
    await world.checkins.record(world.you.id, answered.prompt.id, "6")
    await world.checkins.add_details(world.you.id, answered.prompt.id, {"note": f"a {WOMBAT} of a day"}, ["note"])
    world.clock.advance(hours=2)
    opened = await world.checkins.start_now(world.you.id, None)
    await world.you.slash("treatments start", name=f"{WOMBAT} oil")
    ids |= {"plan": plan.id, "own": own[1].key, "answered": answered.prompt.id, "open": opened.prompt.id}


async def _curate(scene: Scene) -> None:
    world, ids, here, now = scene.world, scene.ids, scene.world.guild.id, scene.world.clock.now()
    author, proposals = world.you.id, world.app.curation.proposals
    draft = await proposals.begin(here, author, DRAFTED)
    await proposals.write(here, draft.id, author, {Part.SCOPE: DRAFT_SCOPE})
    sent = await proposals.begin(here, author, SENT)
    await proposals.write(here, sent.id, author, {Part.SCOPE: SENT_SCOPE})
    assert (await proposals.send(here, sent.id, author, f"A {NUMBAT} asked for it.")).is_clean
    report = await world.app.curation.queue.report(here, 1, SENT, f"It says {NUMBAT}.")
    card = world.library.catalog.cards[CHANGED].model_copy(update={"scope": "Pregabalin, in other words."})
    revision = Revision(here, CHANGED, 1, RevisionKind.PUBLISHED, card, (), 5, (6,), f"A {NUMBAT}.", now, "0" * 16)
    assert await world.storage.revisions.add(revision, Event(here, now, 5, "published", CHANGED))
    world.app.editions.changed(here)
    source = next(iter(world.library.catalog.cards[DRAFTED].citation_numbers()))
    claim = world.library.catalog.cards[DRAFTED].claims[0].id
    ids |= {"draft": draft.id, "sent": sent.id, "report": report.id, "source": source, "claim": claim}
    ids["wording"] = wording_of(await proposals.get(here, sent.id))
    shown: Any = await world.member.slash(world.channel, "treatment", name=SENT)
    await world.member.click(shown.response, label="Share here")
    scene.shared = world.channel.last_message
    ids["message"] = str(scene.shared.id)
