"""What is left of a member's words once they have everything erased: they are looked for in every byte of every file.

Two markers. `OURS` goes through every path of what is theirs alone, and is readable in no file at any time. `SHOWN` is
what moderators may read: what they reported, and what they looked up or wished for while enough people ask for it.
"""

import logging
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import simcord
import structlog

from bot.chat.ui.flares import FLARE
from bot.chat.ui.journal import FILES, QUESTIONS
from bot.chat.ui.plans import ADD_QUESTION, EDIT, PAUSE_OWN
from bot.chat.ui.reports import WHAT
from bot.domain.communities import Community
from bot.domain.trends import Mark
from bot.logs import NEVER_BELOW_INFO, NEVER_BELOW_WARNING, configure
from bot.reports.json_export import json_export, json_import
from bot.services.journal import FileKind
from bot.storage import Storage
from bot.storage.backups.folder import Home
from bot.storage.backups.making import create
from bot.storage.backups.sealed import Kind, content_of
from tests.chat.test_journal import files_of, report, said
from tests.chat.test_settings import fill, more, panel, press
from tests.chat.world import World, can_press

OURS = "zqmarkerwords"
SHOWN = "zqshownwords"


@dataclass(frozen=True)
class Machine:
    """Everything that the bot can write to."""

    folder: Path

    @property
    def home(self) -> Home:
        return Home(None, self.folder / "data", self.folder / "keys" / "master.key", self.folder / "backups")

    @property
    def temporary(self) -> Path:
        return self.folder / "tmp"

    def files_with(self, words: str) -> list[str]:
        """The files that hold these words anywhere, in any case of letters."""
        found = [path for path in self.folder.rglob("*") if path.is_file()]
        return [path.name for path in found if words.encode() in path.read_bytes().lower()]


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine(tmp_path)
    made.temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(made.temporary))
    monkeypatch.setattr(tempfile, "tempdir", None)
    assert tempfile.gettempdir() == str(made.temporary)
    return made


@pytest.fixture
async def storage(machine: Machine) -> AsyncIterator[Storage]:
    home = machine.home
    storage = await Storage.open(home.url, home.data_dir, home.key_file, home.backups)
    yield storage
    await storage.close()


@pytest.fixture
def debug_log(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The bot's own set-up of its logs at DEBUG, into a file; undone at the end."""
    root, path = logging.getLogger(), machine.folder / "bot.log"
    handlers, level = root.handlers[:], root.level
    floors = {name: logging.getLogger(name).level for name in (*NEVER_BELOW_INFO, *NEVER_BELOW_WARNING)}
    with path.open("w", encoding="utf-8", buffering=1) as file:
        with monkeypatch.context() as patch:
            patch.setattr("sys.stderr", file)
            configure("DEBUG", "json")
        yield path
        root.handlers[:] = handlers
    root.setLevel(level)
    for name, floor in floors.items():
        logging.getLogger(name).setLevel(floor)
    structlog.reset_defaults()


async def tell(world: World) -> None:
    """Put the marker through every path by which words of a member come in."""
    await tell_plans(world)
    await tell_answers(world)
    await tell_journal(world)
    await look_up(world)


async def tell_plans(world: World) -> None:
    await world.enroll()
    await world.you.slash("remind", text=OURS, when="in 3 days")
    check_in, reminder = sorted(await world.plans(), key=lambda plan: plan.purpose.kind)
    form = await world.press(ADD_QUESTION.custom_id(plan=check_in.id))
    await fill(world, form, text=f"{OURS} hours?", kind=["number"], unit=f"{OURS}s")
    await fill(world, await world.press(EDIT.custom_id(plan=reminder.id)), text=f"{OURS} again")
    await more(world, "safety")
    await fill(world, await world.you.click(world.inbox[-1], label="Write one"), words=f"Call {OURS}.")
    await panel(world)
    await press(world, FLARE)
    await world.you.select(world.inbox[-1], ["5"])


async def tell_answers(world: World) -> None:
    while not can_press(prompt := await world.due_prompt(), "Too unwell to answer"):
        pass  # a reminder
    await world.you.click(prompt, label="Too unwell to answer")
    await world.you.slash("checkin now")
    await world.you.select(world.inbox[-1], ["6"])
    form = await world.you.click(world.inbox[-1], label="Add more")
    await world.you.submit_modal(form, {"note": f"Slept badly, {OURS}"})
    form = await world.you.click(world.inbox[-1], label="Add or change")
    await world.you.submit_modal(form, {"note": f"Slept very badly, {OURS}"})


async def tell_journal(world: World) -> None:
    await world.you.slash("treatments start", name=f"{OURS} tea")
    await world.you.slash("treatments start", name=f"{OURS} baths")
    await world.you.slash("treatments stop", name=f"{OURS} tea")
    form: dict[str, Any] = {FILES: [kind.value for kind in FileKind], QUESTIONS: f"Is {OURS} bad?"}
    made = await files_of(await report(world, 30, **form))
    assert len(made) == len(FileKind)
    diary = json_import(made["check-ins.json"])
    assert OURS in str(diary)
    earlier = replace(
        diary.observations[0],
        local_date=diary.observations[0].local_date - timedelta(days=30),
        recorded_at=diary.observations[0].recorded_at - timedelta(days=30),
        note=f"{OURS} before",
    )
    more_of_it = replace(
        diary, observations=(*diary.observations, earlier), marks=(Mark(f"{OURS} oil", earlier.local_date),)
    )
    brought = await world.you.slash("checkin import", file=(f"{OURS}.json", json_export(more_of_it)))
    assert "Brought back" in said(brought)
    await world.you.slash("trends", measure=OURS)
    await world.you.slash("checkin history")
    taken = await world.you.click((await world.you.slash("mydata")).response, label="Download")
    assert OURS in (await files_of(taken))["everything-else.json"].decode()


async def look_up(world: World) -> None:
    """In a server, and two others with the same words, so that these are shown to moderators."""
    third = world.guild.add_member(world.env.create_user("third"))
    for actor in (you_in_server(world), world.other, third):
        shown: Any = await actor.slash(world.channel, "treatment", name=SHOWN)
        await actor.click(shown.response, label="Ask for this card")
        await actor.slash(world.channel, "ask", question=f"does {SHOWN} help")
    actor = you_in_server(world)
    shown = await actor.slash(world.channel, "treatment", name=f"{SHOWN} powder")
    await actor.click(shown.response, label="Tell me when there is one")
    await actor.slash(world.channel, "claim", said=f"{SHOWN} cures everything")
    await actor.slash(world.channel, "support", country=SHOWN)
    message = await world.other.send(world.channel, f"{SHOWN} is wonderful, and so is ketamine")
    await actor.context_menu(world.channel, "Fact-check this", message)
    await world.you.autocomplete("treatment", "name", SHOWN)


def you_in_server(world: World) -> simcord.MemberActor:
    return simcord.MemberActor(world.env, world.guild, world.you)


async def be_refused(world: World) -> None:
    """Words where none are understood: in every option and field that is read as something else."""
    await world.you.slash("checkin start", place=OURS, at="09:00")
    await world.you.slash("checkin start", place="Europe/London", at=OURS)
    await world.you.slash("checkin start", place="Europe/London", at="09:00", days=OURS)
    await world.you.slash("checkin timezone", place=OURS)
    await world.you.slash("checkin log", day=OURS, answer="3")
    await world.you.slash("checkin log", day="yesterday", answer=OURS)
    await world.you.slash("remind", text="Tea", when=OURS)
    await world.you.slash("treatments stop", name=f"{OURS} of nobody")
    await world.you.slash("checkin import", file=(f"{OURS}.json", OURS.encode()))
    check_in, *_ = sorted(await world.plans(), key=lambda plan: plan.purpose.kind)
    await fill(world, await world.press(EDIT.custom_id(plan=check_in.id)), times=OURS, days=OURS)
    await fill(world, await world.press(PAUSE_OWN.custom_id(plan=check_in.id)), until=OURS)


async def report_a_card(world: World) -> None:
    actor = you_in_server(world)
    communities = world.app.curation.communities
    channel = world.guild.create_text_channel("curation")
    settings = {"guild_id": world.guild.id, "curation_channel_id": channel.id}
    await communities.change(Community.model_validate(settings), 1, "settings")
    shown: Any = await actor.slash(world.channel, "treatment", name="ketamine")
    opened: Any = await actor.click(shown.response, label="Report a problem")
    await actor.submit_modal(opened, {WHAT: f"It did {SHOWN} to me."})


async def erase_everything(world: World) -> None:
    await world.you.slash("mydata")
    await world.you.click(world.inbox[-1], label="Erase everything")
    await world.you.click(world.inbox[-1], label="Yes, erase everything")
    assert await world.storage.members.get(world.you.id) is None


async def test_fault_52_whatever_they_said_wherever_after_erasing_it_is_in_no_file(
    world: World, machine: Machine, debug_log: Path
) -> None:
    await tell(world)
    await be_refused(world)
    await report_a_card(world)
    assert len(await world.storage.asked.revealed(world.guild.id)) == 2
    assert [wish.name for wish in await world.storage.asked.wishes()] == [f"{SHOWN} powder"]
    assert OURS in str(await world.storage.entries.of_member(world.you.id))
    assert OURS in str(await world.storage.marks.treatments(world.you.id))
    assert OURS in str(await world.storage.members.preferences(world.you.id))
    assert str([plan.purpose for plan in await world.plans()]).count(OURS) >= 3
    assert machine.files_with(OURS) == []
    assert [report.text for report in await world.storage.reports.open(world.guild.id)] == [f"It did {SHOWN} to me."]
    # So that the search is known to find something.
    assert {name.removesuffix("-wal") for name in machine.files_with(SHOWN)} == {"spoonful.db"}
    inside = await backed_up(world, machine)
    assert SHOWN in inside
    assert OURS not in inside

    await erase_everything(world)
    for words in (OURS, SHOWN):
        assert machine.files_with(words) == []
    for name in ("spoonful.db", "spoonful.db-wal", "spoonful.db-shm", "vault.db", "bot.log"):
        assert list(machine.folder.rglob(name)), f"{name} was not searched"
    assert lines_of(debug_log) > 3


def lines_of(log: Path) -> int:
    return log.read_text("utf-8").count('"event"')


async def backed_up(world: World, machine: Machine) -> str:
    """Make a backup of both kinds; returns the database of it, as it is when somebody has the master key too."""
    made = {each.about.kind: each.path for each in await create(machine.home, world.clock.now())}
    assert set(made) == set(Kind)
    master = machine.home.key_file.read_bytes()
    return b"".join(content_of(made[Kind.DATABASE], master)).decode("latin-1").lower()
