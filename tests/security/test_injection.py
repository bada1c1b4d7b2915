"""Words that would be more than words: wherever they are typed, they are shown as they were typed and do nothing."""

import csv
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from io import StringIO
from time import process_time as clock
from typing import Any, cast

import pytest
from discord import app_commands

from bot.reports.csv_export import DANGEROUS
from bot.reports.json_export import json_import
from tests.chat.world import World, walk
from tests.security.earnest import CONTROLS, filled
from tests.security.odd import FAMILY, LIVE, MARK, NASTY, ZALGO
from tests.security.people import sentences_of, words_of
from tests.security.scene import WOMBAT, Scene

EVIL = f"{MARK} {LIVE} ```\n# big\n- list **b** ||h|| ~~s~~ \u202egnorw\u2066 \x00\u200b"
EVIL_LINE = f"{MARK} @everyone <@1> [free](https://evil.example) **b** \u202e"
EVIL_NAME = f"{MARK} @everyone <@1> **b** [x](y)"

ALIVE = re.compile(
    r"(?<!\\)(@everyone|@here|<@1>|<@&2>|<#3|</setup|<t:0|\]\(|```\n# big|\*\*b\*\*|\|\|h|~~s~~)"
    "|https://evil|^# big|^- list|[\u202a-\u202e\u2066-\u2069\x00]",
    re.MULTILINE,
)
"""What Discord would make something of, or show in another order than it stands in."""

TEXT, LARGEST = 10, 4000


@dataclass(frozen=True)
class Step:
    """Somebody does something. What they pick is typed as nothing; `shows`: whether what was typed must be seen now."""

    who: str
    what: str
    typed: dict[str, Any] = field(default_factory=dict[str, Any])
    shows: bool = True
    fields: Sequence[str] = ()
    """Those of the custom_id, where they are not those of `earnest.py`."""


def form(
    who: str, what: str, /, *, shows: bool = True, fields: Sequence[str] = (), **typed: str | Sequence[str]
) -> Step:
    return Step(who, what, {**CONTROLS[what].typed, **typed}, shows, fields)


OWN = [
    Step("owner", "/remind", {"text": EVIL_LINE, "when": "in 2 hours"}),
    Step("owner", "/treatments start", {"name": EVIL_NAME}),
    Step("owner", "/treatments list"),
    form("owner", "details:1", note=EVIL, shows=False),
    form("owner", "settings-added:1", text=EVIL_LINE),
    Step("owner", "settings-questions:1"),
    form("owner", "settings-safety-set:1", words=EVIL, score=["5"]),
    form("owner", "settings-edited:1", days=EVIL_LINE, shows=False),
    Step("owner", "/checkin settings"),
    Step("owner", "pain:1", {"": ["9"]}),
    Step("owner", "/trends", shows=False),
    Step("owner", "/mydata", shows=False),
    Step("owner", "/treatment", {"name": EVIL_NAME}, shows=False),
    Step("owner", "tell-me:1", fields=[EVIL_NAME]),
]
"""What people write for themselves, and what they look at afterwards."""

CURATION = [
    form("owner", "draft-claim-added:1", text=EVIL_LINE),
    form("owner", "draft-source-added:1", title=EVIL_LINE),
    form("owner", "draft-written:1", scope=EVIL_LINE),
    Step("owner", "draft-look:1", shows=False),
    form("owner", "draft-searched:1", words=EVIL_LINE, shows=False),
    form("moderator", "review-asked:1", words=EVIL),
    Step("owner", "draft-open:1", {"": ["{sent}"]}),
    form("owner", "draft-sent:1", why=EVIL, fields=["{sent}"], shows=False),
    Step("moderator", "review:1"),
    form("moderator", "review-rejected:1", words=EVIL),
    Step("owner", "/curate mine"),
    form("moderator", "withdrawn:1", words=EVIL_LINE),
    Step("member", "/treatment", {"name": "ketamine"}),
    Step("moderator", "history:1", fields=["ketamine", "0"]),
    form("member", "report-card:1", what=EVIL, shows=False),
    Step("moderator", "queue-list:1"),
    Step("moderator", "/curate edit", {"card": EVIL_NAME}),
    Step("administrator", "/setup", shows=False),
]
"""What people write for others, in the order of a card's life, and where others read it."""


@pytest.mark.parametrize("steps", [OWN, CURATION], ids=["own", "curation"])
async def test_fault_55_nothing_that_is_typed_comes_alive(scene: Scene, steps: list[Step]) -> None:
    await name_things(scene)
    for step in steps:
        before = len(scene.world.env.http_requests)
        await take(scene, step)
        sent = list(shown_since(scene.world, before))
        assert sent, step.what
        assert not step.shows or any(MARK in text for text in sent), f"{step.what}: {sent}"
    await by_themselves(scene)
    everything = list(shown_since(scene.world, 0))
    assert not [(found[0], text) for text in everything if (found := ALIVE.search(text))]
    assert max(map(len, everything)) <= LARGEST
    assert pinging(scene.world) == []


async def name_things(scene: Scene) -> None:
    """Roles and channels can be called anything, too."""
    here = scene.world.guild
    role, channel = here.create_role(EVIL_NAME), here.create_text_channel("evil")
    scene.ids |= {"evil role": str(role.id)}
    manager = scene.people["administrator"]
    await manager.pick("setup-roles:1", [scene.ids["role"], str(role.id)])
    await manager.pick("setup-channel:1", [str(channel.id)])
    for name in ("member", "moderator", "administrator"):
        await scene.people[name].press(f"ask-for:1:{EVIL_NAME}")
        await scene.people[name].command("ask", {"question": f"does {MARK} <@1> **b** help"})


async def take(scene: Scene, step: Step) -> Any:
    private = step.what in CONTROLS and CONTROLS[step.what].private
    person = scene.person(step.who, private=private or step.what in {"/remind", "/trends", "/mydata"})
    if step.what.startswith("/"):
        return await person.command(step.what.removeprefix("/"), step.typed)
    use = CONTROLS[step.what]
    use = filled(replace(use, fields=step.fields or use.fields), scene.ids)
    custom_id = ":".join([step.what, *use.fields])
    if "" in step.typed:
        return await person.pick(custom_id, [each.format(**scene.ids) for each in step.typed[""]])
    return await (person.submit(custom_id, step.typed) if use.typed else person.press(custom_id))


async def by_themselves(scene: Scene) -> None:
    """What the bot sends without being asked: prompts, the digest, cards that it keeps up to date."""
    world = scene.world
    for days in range(1, 9):
        world.clock.advance(days=days)
        await world.deliver()
    await world.app.curation.digests.send_due()
    await world.app.curation.living.sweep()


def shown_since(world: World, start: int) -> Iterator[str]:
    """Every text that was sent since that many requests, but for forms, which hold what was typed, and its return."""
    for _, data in bodies(world, start):
        if "title" in data or "This is what you typed" in str(data):
            continue
        if data.get("content"):
            yield data["content"]
        yield from (part["content"] for part in walk(data.get("components") or []) if part["type"] == TEXT)


def bodies(world: World, start: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """The messages and forms sent since that many requests, each with the request's method."""
    for request in world.env.http_requests[start:]:
        if isinstance(request.json, dict):
            body = cast("dict[str, Any]", request.json)
            yield request.method, body.get("data") or body


def pinging(world: World) -> list[Any]:
    """The new messages with which somebody may be pinged, and all messages with which somebody was."""
    allowed = [
        data
        for method, data in bodies(world, 0)
        if method == "POST" and ("content" in data or "components" in data) and "title" not in data
        if data.get("allowed_mentions") != {"parse": []}
    ]
    pinged = [
        message.id
        for place in world.env.backend.messages.values()
        for message in place.values()
        if message.ping_user_ids or message.ping_role_ids or message.mention_everyone
    ]
    return [*allowed, *pinged]


FORMULAS = ('=HYPERLINK("http://evil")', "+1+1", "-2+3", "@SUM(1)", "\t=1", "  =1", "\r\n=1", 'a";=1', "x,=1")


async def test_fault_56_no_cell_of_a_download_is_a_formula_and_all_of_it_reads_back(scene: Scene) -> None:
    owner, world = scene.person("owner", private=True), scene.world
    for number, formula in enumerate(FORMULAS):
        await owner.command("treatments start", {"name": f"{formula}{number}"})
    note = "=1+1\n+2\n\"=3\", '@x'"
    await owner.submit(f"details:1:{scene.ids['answered']}", {"note": note})
    await owner.press(f"settings-remove:1:{scene.ids['plan']}:{scene.ids['own']}")
    await owner.submit(f"settings-added:1:{scene.ids['plan']}", {"text": "=cmd()|A1", "kind": ["number"], "unit": "=h"})
    result = await owner.press(f"my-files:1:{world.you.id}")
    messages = [message for message in (result.response, *result.followups) if message is not None]
    files = {each.filename: await each.read() for message in messages for each in message.attachments}
    rows = list(csv.reader(StringIO(files["check-ins.csv"].decode("utf-8-sig"), newline="")))
    assert len({len(row) for row in rows}) == 1
    cells = [cell for row in rows for cell in row]
    assert not [cell for cell in cells if cell.lstrip(" ").startswith(DANGEROUS)]
    assert f"'{note}" in cells
    back = json_import(files["check-ins.json"])
    assert note in [each.note for each in back.observations]
    assert len(back.marks) == len(FORMULAS) + 1
    assert json.loads(files["everything-else.json"])


ODD = {
    "all there is room for": ("x" * 4000, "x" * 4000),
    "a family": (FAMILY, FAMILY),
    "right to left": ("pain \u202egnorw", "pain gnorw"),
    "NUL": ("pain \x00 today", "pain  today"),
    "zalgo": (ZALGO, ZALGO),
}


@pytest.mark.parametrize("typed", [each[0] for each in ODD.values()], ids=ODD)
async def test_fault_54_odd_notes_are_kept_and_the_message_stays_within_its_limits(scene: Scene, typed: str) -> None:
    owner, entry = scene.person("owner", private=True), scene.ids["answered"]
    result = await owner.submit(f"details:1:{entry}", {"note": typed})
    assert sentences_of(result) == []
    stored = await scene.world.storage.entries.of_prompt(entry)
    assert stored
    assert stored.answers.note
    assert len(stored.answers.note) <= LARGEST
    assert max(map(len, shown_since(scene.world, 0))) <= LARGEST


@pytest.mark.parametrize("typed", ["   ", "\n\t\n", "\u200b\u202e\u2066"], ids=["spaces", "lines", "invisible"])
async def test_fault_54_words_that_show_nothing_are_none(scene: Scene, typed: str) -> None:
    owner = scene.person("owner", private=True)
    refused = await owner.command("remind", {"text": typed, "when": "in 2 hours"})
    assert "What shall I remind you of?" in await words_of(refused)
    member = scene.people["member"]
    assert "in a few words" in await words_of(await member.submit("report-card:1:ketamine", {"what": typed}))


async def test_fault_59_hard_autocompletion_is_quick_short_and_changes_nothing(scene: Scene) -> None:
    version = scene.ledger.version()
    hard = ["", "a", "e" * 100, *(typed[:100] for typed in NASTY)]
    people = [scene.person("owner", private=True), scene.people["member"], scene.people["outsider"]]
    for command, option in suggested(scene.world):
        for typed in hard:
            for person in people[: 1 + (typed in {"", "a"}) * 2]:
                for attempt in range(3):  # once more, where something else took the time
                    began = clock()
                    offered = await person.suggestions(command, option, typed)
                    took = clock() - began
                    assert len(offered) <= 25
                    assert all(1 <= len(each["name"]) <= 100 and len(str(each["value"])) <= 100 for each in offered)
                    assert person is people[0] or WOMBAT not in str(offered)
                    if took < 0.3:
                        break
                    assert attempt < 2, (command, option, typed)
    assert scene.ledger.version() == version


def suggested(world: World) -> list[tuple[str, str]]:
    """Every option that offers something while one types: its command and its name."""
    commands = [each for each in world.app.client.tree.walk_commands() if isinstance(each, app_commands.Command)]
    found = [
        (each.qualified_name, option.name) for each in commands for option in each.parameters if option.autocomplete
    ]
    assert len(found) > 15
    return found
