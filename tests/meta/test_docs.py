"""What the documents say is what the code does: commands, options, settings, links, lifetimes, exit codes."""

import asyncio
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import simcord
from typer.main import get_command

from bot.app import assemble, open_press, open_storage
from bot.catalog.live import LiveContent
from bot.cli import cli
from bot.config import PREFIX, ROOT, Settings
from bot.domain.communities import Feature
from bot.domain.lifetimes import (
    ASKINGS,
    BACKUPS,
    EVENTS,
    KEY_BACKUPS,
    NOTICE,
    POSTED,
    TOMBSTONES,
    Holding,
    Lifetimes,
    counted,
    span,
)
from bot.errors import ExitCode
from bot.health.ask import ALIVE, METRICS, READY
from bot.sandbox import MovableClock, TimeTravel
from bot.services.curation.asked import KEPT_FOR as ASKED_KEPT_FOR
from bot.services.curation.living import REMEMBERED_FOR
from bot.storage.tables import metadata
from bot.storage.vault import metadata as vault_metadata

DOCS = sorted(
    ROOT / name
    for name in subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    if (ROOT / name).exists()
)
PRIVACY, PROTECTION = ROOT / "PRIVACY.md", ROOT / "docs/data-protection.md"
ABOUT_PEOPLE, ABOUT_NOBODY = "| table | what | kind of data | kept |", "| table or file | what | kept |"
OPERATORS, README = ROOT / "deploy/operators.md", ROOT / "README.md"
TEMPLATES = {PRIVACY, ROOT / "TERMS.md"}

PATHS = {ALIVE, READY, METRICS, "/data", "/tmp"}  # noqa: S108 - named in documents, not used
"""What begins with a slash and is no command."""

HOSTS = re.compile(
    r"pypi\.|pythonhosted\.|npmjs\.|ghcr\.|docker\.io|quay\.|crates\.io|proxy\.golang|artifactory", re.IGNORECASE
)
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|TBD|WIP|lorem ipsum)\b", re.IGNORECASE)

_FENCE = re.compile(r"^ *```.*?\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)
_SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_LINK = re.compile(r"\]\(([^)\s]+)\)")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "doc" in metafunc.fixturenames:
        metafunc.parametrize("doc", DOCS, ids=lambda path: str(path.relative_to(ROOT)))


def prose(text: str) -> str:
    return _FENCE.sub("", text)


def code(doc: Path) -> list[str]:
    """Every piece of code: what stands between backticks, and each line of a block without its comment."""
    text = doc.read_text("utf-8")
    lines = [line for block in _FENCE.findall(text) for line in block.replace("\\\n", " ").splitlines()]
    return [*_SPAN.findall(prose(text)), *(re.sub(r"\s#.*", "", line).strip() for line in lines)]


def table(doc: Path, heading: str) -> list[Sequence[str]]:
    """The rows of the first table below a row of these headings."""
    _, found, rest = doc.read_text("utf-8").partition(f"{heading}\n")
    assert found, f"{doc.name} has no table headed {heading}"
    rows = re.match(r"(?:\|.*\n)+", rest)
    assert rows
    return [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in rows[0].splitlines()[1:]]


def slugs(doc: Path) -> set[str]:
    """The anchors of a document's headings, as they are made on the web."""
    headings = re.findall(r"^#+ (.+)$", prose(doc.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings}


async def _slash_commands() -> frozenset[str]:
    """Those of the running bot, with the sandbox's own."""
    clock = MovableClock()
    with TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder), discord_token=None)
        async with open_storage(settings) as storage, open_press() as press:
            app = assemble(storage, LiveContent(settings.content_dir).load(), press, clock, settings)
            app.client.install([TimeTravel(storage, clock)])
            async with simcord.run(app.client, check_errors=False):
                return frozenset(command.qualified_name for command in app.client.tree.walk_commands())


@pytest.fixture(scope="module")
def slash_commands() -> frozenset[str]:
    return asyncio.run(_slash_commands())


@cache
def program() -> Any:
    return get_command(cli)


def commands_in(command: Any) -> Mapping[str, Any]:
    """Typer brings a Click of its own, so it is told by what it has."""
    return getattr(command, "commands", {})


def ours(piece: str) -> Iterator[list[str]]:
    """The words after each `spoonful` in a piece of code, however it is called: by name, by path, in a container."""
    for part in re.split(r"[|;&]|\$\(", piece):
        found = re.match(
            r"\$? *(?:sudo )?(?:SPOONFUL_\w+=\S+ )*(?:\S*/bin/)?spoonful(?: |$)(.*)"
            r"|.*(?:run --rm|run --rm .*|exec) (?:bot|migrate) (?:spoonful )?(.*)",
            part.strip(),
        )
        if found:
            yield (found[1] or found[2] or "").split()


def problem_of(words: Sequence[str]) -> str | None:
    """What of a command line of ours does not exist; None if all of it does."""
    command, rest = program(), list(words)
    while rest and (inner := commands_in(command)):
        word = rest.pop(0)
        if word == "...":
            return None
        if word not in inner:
            return f"no such command: {' '.join(words)}"
        command = inner[word]
    known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
    unknown = [word for word in rest if word.startswith("--") and word.partition("=")[0] not in known]
    return f"no such option: {' '.join(words)}" if unknown else None


def test_every_slash_command_exists(doc: Path, slash_commands: frozenset[str]) -> None:
    groups = {name.partition(" ")[0] for name in slash_commands}
    for piece in code(doc):
        found = re.match(r"(/[a-z]+)(?: ([a-z]+))?(?![\w/.-])", piece)
        if found and found[1] not in PATHS:
            name = found[1][1:]
            assert name in groups, f"{piece} in {doc.name}"
            has_children = any(each.startswith(f"{name} ") for each in slash_commands)
            assert not has_children or not found[2] or f"{name} {found[2]}" in slash_commands, f"{piece} in {doc.name}"


def test_every_command_of_the_program_exists(doc: Path) -> None:
    problems = [problem_of(words) for piece in code(doc) for words in ours(piece)]
    assert [problem for problem in problems if problem] == []


def test_every_command_of_the_program_is_in_the_guide_for_operators() -> None:
    named = {" ".join(words[:2]) for piece in code(OPERATORS) for words in ours(piece)}
    for name, command in commands_in(program()).items():
        for each in [f"{name} {inner}" for inner in commands_in(command)] or [name]:
            assert any(said == each or said.startswith(f"{each} ") for said in named) or each in {"run", "try"}, each


@pytest.mark.parametrize(
    ("piece", "words"),
    [
        ("spoonful backup create", ["backup", "create"]),
        ("$ sudo spoonful doctor --online", ["doctor", "--online"]),
        ("SPOONFUL_X=a .venv/bin/spoonful run", ["run"]),
        ("docker compose --file f run --rm bot db status", ["db", "status"]),
        ("docker compose --file f exec bot spoonful health", ["health"]),
        ("sudo systemctl restart spoonful", None),
        ("/opt/spoonful/deploy", None),
    ],
)
def test_commands_are_found_however_they_are_called(piece: str, words: list[str] | None) -> None:
    assert list(ours(piece)) == ([] if words is None else [words])


@pytest.mark.parametrize("line", ["backup creat", "doctor --onlin", "nothing", "backup restore --without-key x"])
def test_what_does_not_exist_is_noticed(line: str) -> None:
    assert problem_of(line.split())


def test_every_make_target_exists(doc: Path) -> None:
    targets = set(re.findall(r"^([\w.$()/-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    targets |= {".venv/.ready"} if "$(READY)" in targets else set[str]()
    for piece in code(doc):
        for target in re.findall(r"(?:^|[;&'] ?)make ([a-z.][\w./-]*)", piece):
            assert target in targets, f"{piece} in {doc.name}"


def test_every_setting_exists(doc: Path) -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    assert set(re.findall(rf"\b{PREFIX}[A-Z_]+\b", doc.read_text("utf-8"))) <= known


def test_every_link_leads_somewhere(doc: Path) -> None:
    for target in _LINK.findall(prose(doc.read_text("utf-8"))):
        if not re.match(r"[a-z]+:", target):
            path, _, anchor = target.partition("#")
            there = (doc.parent / path).resolve() if path else doc
            assert there.exists(), f"{target} in {doc.name}"
            assert not anchor or anchor in slugs(there), f"{target} in {doc.name}"


def test_nothing_is_left_unfinished_and_no_registry_is_named(doc: Path) -> None:
    text = doc.read_text("utf-8")
    assert not UNFINISHED.search(text)
    assert not HOSTS.search(text)


def test_only_templates_have_something_to_fill_in() -> None:
    """And they say so in their first lines."""
    for doc in TEMPLATES:
        text = doc.read_text("utf-8")
        assert "template" in text[:200]
        assert re.search(r"\[[^\]]+\](?!\()", text)
    assert not re.search(r"\[[^\]]+\](?![(\]])", prose(_SPAN.sub("", OPERATORS.read_text("utf-8"))))


def test_members_are_told_the_lifetimes_that_the_code_keeps() -> None:
    lifetimes = Lifetimes()
    expected = [
        (counted(each, 2).removeprefix("2 "), lifetimes.keeping(each).why, _bare(lifetimes.keeping(each).until))
        for each in Holding
    ]
    assert table(PRIVACY, "| what | why | until |") == expected


def test_operators_are_told_the_lifetimes_that_the_code_keeps() -> None:
    lifetimes = Lifetimes()
    told = {row[0].strip("`"): row[-1] for row in table(PROTECTION, ABOUT_PEOPLE)}
    said = {"until you erase it": "until erased by the member", "takes your name off": "takes the name off"}
    expected = {each.value: _replaced(_bare(lifetimes.keeping(each).until), said) for each in Holding}
    assert told == expected


def _bare(sentence: str) -> str:
    """As it stands in a table: "Kept until you erase it." is "until you erase it"."""
    said = sentence.removeprefix("Kept ").removeprefix("for ").removesuffix(".")
    return said[:1].lower() + said[1:]


def _replaced(text: str, words: Mapping[str, str]) -> str:
    for old, new in words.items():
        text = text.replace(old, new)
    return text


def test_every_table_of_the_database_is_in_the_record_of_processing() -> None:
    rows = [*table(PROTECTION, ABOUT_PEOPLE), *table(PROTECTION, ABOUT_NOBODY)]
    named = {name for row in rows for name in _SPAN.findall(row[0])}
    tables = {each.name for each in (*metadata.sorted_tables, *vault_metadata.sorted_tables)}
    assert tables <= named
    assert {name for name in named if name.isidentifier()} <= tables | set(Holding)


@pytest.mark.parametrize(
    ("name", "length"),
    [
        ("posted", POSTED),
        ("tombstone", TOMBSTONES),
        ("spoonful-….backup", BACKUPS),
        ("vault-….backup", KEY_BACKUPS),
        ("….before-…", BACKUPS),
    ],
)
def test_so_are_the_other_lifetimes(name: str, length: timedelta) -> None:
    [kept] = [row[-1] for row in table(PROTECTION, ABOUT_NOBODY) if f"`{name}`" in row[0]]
    assert kept.startswith(span(length))


def test_both_pages_name_the_times_around_erasure() -> None:
    unreachable = Lifetimes().unreachable
    for doc in (PRIVACY, PROTECTION):
        text = " ".join(doc.read_text("utf-8").split())
        for length in (unreachable, NOTICE, BACKUPS, KEY_BACKUPS, TOMBSTONES):
            assert span(length) in text, f"{span(length)} in {doc.name}"


def test_what_is_said_is_what_is_done() -> None:
    """The lifetimes are said from one module; these services keep constants of their own."""
    assert ASKED_KEPT_FOR == ASKINGS
    assert REMEMBERED_FOR == POSTED


def test_lines_of_the_log_of_servers_are_purged() -> None:
    """That they live for two years is said; somebody has to ask for it."""
    assert EVENTS
    calls = [path for path in (ROOT / "bot").rglob("*.py") if re.search(r"\.purge_events\(", path.read_text("utf-8"))]
    assert calls


@pytest.mark.parametrize("feature", list(Feature))
def test_what_a_server_can_switch_off_is_looked_at(feature: Feature) -> None:
    """The guide for moderators says that all of them can be."""
    asks = re.compile(rf"(has|demand)\([^\n]*Feature\.{feature.name}\b")
    assert [path for path in (ROOT / "bot").rglob("*.py") if asks.search(path.read_text("utf-8"))]


def test_the_exit_codes_are_those_of_the_program() -> None:
    told = {int(row[0]): row[2] for row in table(OPERATORS, "| code | means | started again by itself | what to do |")}
    assert told.keys() == set(ExitCode)
    again = {ExitCode.PROBLEMS_FOUND, ExitCode.UNAVAILABLE, ExitCode.BUSY}
    assert {code for code, restarted in told.items() if restarted == "yes"} == again


def test_the_readme_names_every_code_that_says_something() -> None:
    [said] = re.findall(r"stops with a code.*?themselves", README.read_text("utf-8"), re.DOTALL)
    assert {int(number) for number in re.findall(r"\b\d\d\b", said)} == {code for code in ExitCode if code > 1}
