"""Who may do what: every cell of `matrix.md`, tried on the running bot."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import discord
import pytest
from discord import app_commands
from simcord.results import InteractionResult

from bot.chat import gate
from bot.chat.cogs import curate, reports, revisions
from bot.chat.cogs.questions import REPLIED
from bot.chat.ui.questions import COUNTED, told_text
from bot.chat.ui.review import wording_of
from bot.services.checkins import NOT_YOURS
from bot.services.curation import drafts, proposals, queue, shelf
from bot.services.membership import NOT_ENROLLED
from bot.services.plans import NO_PLACE, NO_SUCH_PLAN
from tests.chat.world import World
from tests.security.earnest import COMMANDS, CONTROLS, MENUS, Use, filled
from tests.security.people import Person, Seen, everything_seen, sentences_of, words_of
from tests.security.scene import NUMBAT, PEOPLE, QUOKKA, WOMBAT, Rows, Scene

TABLE = Path(__file__).with_name("matrix.md")

UNKNOWN_ID = "f" * 16
UNKNOWN = {"member": "1", **dict.fromkeys(("open", "answered", "plan", "draft", "sent", "report"), UNKNOWN_ID)}
"""In place of the ids of somebody's own, which nothing may tell from these."""

WELCOME = (COUNTED, REPLIED, told_text("moon dust", new=True))
"""What is said in plain text though nothing was refused."""

REFUSALS = {
    NOT_YOURS,
    NO_PLACE,
    NO_SUCH_PLAN,
    NOT_ENROLLED,
    gate.NOT_CURATOR,
    gate.NOT_ADMINISTRATOR,
    gate.IN_A_SERVER,
    drafts.UNKNOWN,
    proposals.OWN,
    proposals.OWN_REJECTED,
    queue.NO_REPORT,
    reports.NO_SERVER,
    curate.NOT_YOURS,
}
NOTHING_OF_THEIRS = {
    NOT_ENROLLED,
    "There are no check-ins in the last 30 days, so there is nothing to report yet.",
    "No treatment of that name is going on. /treatments list shows them all.",
    revisions.NO_TEXT,
    shelf.NO_REVISION,
    shelf.QUICKER,
}
"""Refusals to somebody who may, and has nothing there yet."""


@dataclass(frozen=True)
class Row:
    """A line of the table: what somebody uses, as what kind, and what comes of it for each person."""

    what: str
    kind: str
    cells: Mapping[str, str]


def table() -> dict[str, list[Row]]:
    """The rows by the heading that they stand below."""
    sections: dict[str, list[Row]] = {}
    heading = ""
    for line in TABLE.read_text("utf-8").splitlines():
        if line.startswith("## "):
            heading = line.removeprefix("## ")
        elif line.startswith("| `"):
            what, kind, *cells = (cell.strip(" `") for cell in line.strip("|").split("|"))
            assert len(cells) == len(PEOPLE), line
            sections.setdefault(heading, []).append(Row(what, kind, dict(zip(PEOPLE, cells, strict=True))))
    return sections


@dataclass
class Trial:
    """One person tries one thing."""

    scene: Scene
    row: Row
    use: Use
    person: Person
    problems: list[str] = field(default_factory=list[str])
    ids: Mapping[str, str] | None = None
    """In place of those of the scene."""

    @property
    def _cell(self) -> str:
        return self.row.cells[self.person.name]

    async def run(self, before: Rows) -> None:
        """Try it; afterwards all is as it was before."""
        self.person.begin_anew()
        seen, version = everything_seen(self.scene.world), self.scene.ledger.version()
        result = await self._try(self.ids or self.scene.ids)
        changed = self.scene.ledger.version() != version
        after = self.scene.ledger.rows() if changed else before
        words = await words_of(result)
        now = everything_seen(self.scene.world)
        self._check_words(words + "".join(str(text) for each, text in now.items() if seen.get(each) != text))
        match self._cell:
            case "no":
                self._expect(after == before, "something was stored")
                self._check_refused(result, seen, now)
                await self._check_no_oracle(result)
            case "own" | "yes":
                self._check_done(result, seen, now)
                self._expect(self._cell == "yes" or self._keeps_others(before, after), "somebody else's was changed")
            case other:
                self.problems.append(f"what does {other!r} mean?")
        if after != before:
            await self.scene.put_back(before, after)
        self.scene.forget_messages(seen)

    async def _try(self, ids: Mapping[str, str]) -> InteractionResult:
        use, person = filled(self.use, ids), self.person
        match self.row.kind:
            case "command":
                return await person.command(self.row.what.removeprefix("/"), use.options)
            case "menu":
                return await person.menu(self.row.what, self.scene.shared)
            case "button":
                return await person.press(self._custom_id(use))
            case "select":
                return await person.pick(self._custom_id(use), use.picked)
            case _:
                return await person.submit(self._custom_id(use), use.typed)

    def _custom_id(self, use: Use) -> str:
        return ":".join([self.row.what, *use.fields])

    def _check_refused(self, result: InteractionResult, seen: Seen, now: Seen) -> None:
        said = sentences_of(result)
        self._expect(result.acknowledged, "no answer")
        self._expect(result.modal is None, "a form opened")
        self._expect(all(now[each] == seen[each] for each in seen), "a message was changed")
        self._expect([_plain(each.content) in REFUSALS for each in said] == [True], f"said {_contents(result)}")
        if self.person.name != "outsider" and self.person is not self.scene.in_dm:
            self._expect(all(each.ephemeral for each in said), "others can read the refusal")
        ours = {each.id for each in (result.response, *result.followups) if each is not None}
        self._expect(not (set(now) - set(seen) - ours), "a message was sent elsewhere")

    async def _check_no_oracle(self, refused: InteractionResult) -> None:
        """Somebody else's is refused in the same words as what is not there."""
        if self.person.name != "owner" and filled(self.use, UNKNOWN) != filled(self.use, {}):
            unknown = await self._try({**self.scene.ids, **UNKNOWN})
            same = _contents(unknown) == _contents(refused)
            self._expect(same, f"unknown: {_contents(unknown)}, theirs: {_contents(refused)}")

    def _check_done(self, result: InteractionResult, seen: Seen, now: Seen) -> None:
        said = _contents(result)
        fine = WELCOME if self._cell == "yes" else (*WELCOME, *NOTHING_OF_THEIRS)
        self._expect(all(each.startswith(tuple(fine)) for each in said), f"said {said}")
        self._expect(bool(result.modal or now != seen), "nothing happened")

    def _keeps_others(self, before: Rows, after: Rows) -> bool:
        """Whether every row that is gone or another now was this person's, or their own server's."""
        own = {str(self.person.id)}
        if self.person.name == "elsewhere":
            own.add(str(self.scene.there.id))
        gone = [row for name in before for row in set(before[name]) - set(after[name])]
        return all(own & {str(value) for value in row} for row in gone)

    def _check_words(self, words: str) -> None:
        hidden = [] if self.person.name == "owner" else [WOMBAT, QUOKKA]
        if self.person.name in {"member", "elsewhere", "outsider"}:
            hidden.append(NUMBAT)
        typed = str(self.use)
        self._expect(not [word for word in hidden if word in words.replace(typed, "")], "it shows what is not theirs")

    def _expect(self, holds: object, otherwise: str) -> None:
        if not holds:
            self.problems.append(f"{self.row.what} by {self.person.name} ({self._cell}): {otherwise}")


def _contents(result: InteractionResult) -> list[str]:
    return [_plain(each.content) for each in sentences_of(result)]


def _plain(sentence: str) -> str:
    return sentence.removesuffix(f" {gate.GIVEN_BACK}")


def running(client: Any) -> tuple[set[str], set[str], set[str]]:
    """Every slash command, context menu and control of the bot, by the names that the table has for them."""
    leaves = [each for each in client.tree.walk_commands() if not isinstance(each, app_commands.Group)]
    kinds = (discord.AppCommandType.message, discord.AppCommandType.user)
    menus = {each.name for kind in kinds for each in client.tree.get_commands(type=kind)}
    controls = {f"{each.name}:{each.version}" for cog in client.cogs.values() for each in getattr(cog, "controls", ())}
    return {f"/{each.qualified_name}" for each in leaves}, menus, controls


async def test_every_command_and_control_has_a_row_and_every_row_has_one(world: World) -> None:
    rows = [row for section in table().values() for row in section]
    listed = [row.what for row in rows]
    slash, menus, controls = running(world.app.client)
    assert sorted(listed) == sorted(slash | menus | controls)
    assert {row.what for row in rows if row.kind == "command"} == slash == set(COMMANDS)
    assert {row.what for row in rows if row.kind == "menu"} == menus == set(MENUS)
    assert {row.what for row in rows if row.kind in {"button", "select", "form"}} == controls == set(CONTROLS)


def parts(size: int = 24) -> dict[str, list[Row]]:
    """The rows in parts of about this size, by the headings in each."""
    found: dict[str, list[Row]] = {}
    names, rows = list[str](), list[Row]()
    for heading, below in table().items():
        names.append(heading)
        rows += below
        if len(rows) >= size:
            found[", ".join(names)] = rows
            names, rows = [], []
    return {**found, ", ".join(names): rows} if rows else found


@pytest.mark.parametrize("rows", [pytest.param(rows, id=names) for names, rows in parts().items()])
async def test_fault_58_each_does_what_the_table_says(scene: Scene, rows: list[Row]) -> None:
    before, problems = scene.ledger.rows(), list[str]()
    for row in rows:
        use = {**COMMANDS, **MENUS, **CONTROLS}[row.what]
        for name in PEOPLE:
            person = scene.person(name, private=use.private)
            await Trial(scene, row, use, person, problems).run(before)
    assert scene.ledger.rows() == before
    assert not problems, "\n" + "\n".join(problems)


async def test_fault_58_a_draft_is_for_its_author_even_with_its_id_and_its_very_words(scene: Scene) -> None:
    draft = await scene.world.storage.proposals.get(scene.ids["draft"])
    assert draft
    ids = {**scene.ids, "sent": draft.id, "wording": wording_of(draft)}
    before, problems = scene.ledger.rows(), list[str]()
    for row in table()["Reviewing"]:
        for name in ("moderator", "administrator"):
            trial = Trial(
                scene, replace(row, cells={name: "no"}), CONTROLS[row.what], scene.people[name], problems, ids
            )
            await trial.run(before)
    assert not problems, "\n" + "\n".join(problems)
