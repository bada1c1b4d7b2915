"""The `spoonful` command: its sentences and its exit codes, which a supervisor and a script rely on."""

import asyncio
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import pytest

from bot import cli
from bot.config import PREFIX
from bot.domain.curation import AskedKind, Revision
from bot.errors import ExitCode
from bot.storage import Storage
from tests.unit.catalog.folder import Folder

# Put together from parts so that no scanner, and no person, takes it for a real one.
TOKEN = ".".join(("not-a-real-token-at-all", "unit", "made-up-for-these-tests"))

T = TypeVar("T")


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str


class Command:
    """`spoonful` in an empty folder, with nothing set but a token."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capfd = capfd

    def __call__(self, *arguments: str, **settings: str) -> Outcome:
        for name, value in settings.items():
            self._monkeypatch.setenv(PREFIX + name.upper(), value)
        self._monkeypatch.setattr(sys, "argv", ["spoonful", *arguments])
        try:
            cli.main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        else:
            code = 0
        said = self._capfd.readouterr()
        assert TOKEN not in said.out + said.err
        return Outcome(code, said.out, said.err)

    def refusal(self, code: ExitCode, **settings: str) -> str:
        """The one sentence with which `spoonful run` ends."""
        outcome = self("run", **settings)
        assert outcome.code == code, outcome
        assert outcome.out == ""
        [sentence] = outcome.err.splitlines()
        assert sentence.startswith("spoonful: ")
        return sentence.removeprefix("spoonful: ")


@pytest.fixture
def spoonful(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Command:
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.upper().startswith(PREFIX):
            monkeypatch.delenv(name)
    monkeypatch.setenv("SPOONFUL_DISCORD_TOKEN", TOKEN)
    monkeypatch.setattr(cli, "configure", leave_the_log_alone)
    return Command(monkeypatch, capfd)


@pytest.fixture
def content(tmp_path: Path) -> Path:
    """Two cards without problems, to be broken."""
    folder = Folder(tmp_path / "content")
    folder.second_card()
    return folder.root


def leave_the_log_alone(_level: str, _style: str) -> None:
    """The log of this process is pytest's."""


def a_card(content: Path) -> Path:
    return min((content / "cards").glob("*.yaml"))


def rewrite(path: Path, pattern: str, replacement: str) -> int:
    """Replace the first match; the line it is on."""
    text = path.read_text("utf-8")
    match = re.search(pattern, text, re.MULTILINE)
    assert match is not None
    path.write_text(text[: match.start()] + replacement + text[match.end() :], "utf-8")
    return text.count("\n", 0, match.start()) + 1


def test_the_exit_codes_are_stable() -> None:
    """Unit files, compose files and scripts of operators name these numbers."""
    assert {code.name: code.value for code in ExitCode} == {
        "OK": 0,
        "PROBLEMS_FOUND": 1,
        "CONTENT": 65,
        "UNAVAILABLE": 69,
        "CRASH_LOOP": 70,
        "BUSY": 75,
        "DATABASE": 76,
        "TOKEN_REFUSED": 77,
        "CONFIG": 78,
    }


def test_the_real_command(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.upper().startswith(PREFIX)}
    command = [Path(sys.executable).with_name("spoonful"), "run"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (ExitCode.CONFIG, "")
    assert done.stderr.startswith("spoonful: There is no token.")
    assert list(tmp_path.iterdir()) == []


def test_help_names_the_commands(spoonful: Command) -> None:
    outcome = spoonful("--help")
    assert outcome.code == 0
    assert {"run", "try", "cards"} <= set(re.findall(r"\w+", outcome.out))


def test_run_with_a_bad_setting(spoonful: Command) -> None:
    assert "SPOONFUL_LOG_LEVEL does not fit" in spoonful.refusal(ExitCode.CONFIG, log_level="LOUD")


def test_run_with_an_unknown_setting(spoonful: Command) -> None:
    assert "Did you mean SPOONFUL_DATA_DIR?" in spoonful.refusal(ExitCode.CONFIG, data_dri="x")


def test_run_with_two_tokens(spoonful: Command) -> None:
    assert "not both" in spoonful.refusal(ExitCode.CONFIG, discord_token_file="token.txt")


def test_run_with_a_malformed_token(spoonful: Command) -> None:
    said = spoonful.refusal(ExitCode.CONFIG, discord_token=TOKEN + "\n")
    assert said.startswith("The token is not shaped like")


def test_run_without_content(spoonful: Command, tmp_path: Path) -> None:
    missing = tmp_path / "nowhere"
    said = spoonful.refusal(ExitCode.CONTENT, content_dir=str(missing))
    assert str(missing) in said
    assert "no such folder" in said


def test_run_with_a_broken_card(spoonful: Command, content: Path) -> None:
    line = rewrite(a_card(content), r"^kind: \w+$", "kind: miracle")
    said = spoonful.refusal(ExitCode.CONTENT, content_dir=str(content))
    assert f"{a_card(content)}:{line}: " in said


def test_run_with_a_bad_database_address(spoonful: Command) -> None:
    said = spoonful.refusal(ExitCode.CONFIG, database_url="mysql://me:secret@host/name")
    assert "postgresql://" in said
    assert "secret" not in said


def test_run_with_a_file_in_the_place_of_the_data_folder(spoonful: Command, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("not a folder")
    assert str(tmp_path / "data") in spoonful.refusal(ExitCode.DATABASE, data_dir=str(tmp_path / "data"))


def test_run_with_something_else_in_the_place_of_the_database(spoonful: Command, tmp_path: Path) -> None:
    database = tmp_path / "spoonful.db"
    database.write_bytes(b"this is no database, " * 500)
    assert str(database) in spoonful.refusal(ExitCode.DATABASE, data_dir=str(tmp_path))


def test_run_with_the_database_of_a_newer_version(spoonful: Command, tmp_path: Path) -> None:
    asyncio.run(make_database(tmp_path))
    database = tmp_path / "spoonful.db"
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    before = database.read_bytes()
    said = spoonful.refusal(ExitCode.DATABASE, data_dir=str(tmp_path))
    assert "newer Spoonful (revision 9999)" in said
    assert database.read_bytes() == before


async def make_database(folder: Path) -> None:
    storage = await Storage.open(None, folder, folder / "master.key")
    await storage.close()


def test_the_bundled_cards_have_no_errors(spoonful: Command) -> None:
    outcome = spoonful("cards", "check")
    assert (outcome.code, outcome.err) == (ExitCode.OK, "")
    assert re.search(r"^\d+ cards, no errors\.$", outcome.out, re.MULTILINE)


@pytest.mark.parametrize(
    ("pattern", "replacement", "message"),
    [
        (r"^kind: \w+$", "kind: miracle", "kind"),
        (r"cites: \[", "cites: [nobody-2099, ", "nobody-2099"),
        (r"^name: ", "name: [", "not YAML"),
    ],
)
def test_a_broken_card_is_named_with_its_line(
    spoonful: Command, content: Path, pattern: str, replacement: str, message: str
) -> None:
    line = rewrite(a_card(content), pattern, replacement)
    outcome = spoonful("cards", "check", str(content))
    assert outcome.code == ExitCode.PROBLEMS_FOUND
    assert "no errors" not in outcome.out
    found = [problem for problem in outcome.out.splitlines() if problem.startswith(f"{a_card(content)}:")]
    assert any(message in problem for problem in found), outcome.out
    if "YAML" not in message:  # there the parser says where it gave up
        assert any(problem.startswith(f"{a_card(content)}:{line}: ") for problem in found), outcome.out


def test_every_broken_card_is_named(spoonful: Command, content: Path) -> None:
    cards = sorted((content / "cards").glob("*.yaml"))
    for path in cards:
        rewrite(path, r"^kind: \w+$", "kind: miracle")
    outcome = spoonful("cards", "check", str(content))
    assert outcome.code == ExitCode.PROBLEMS_FOUND
    assert all(f"{path}:" in outcome.out for path in cards)


def test_a_warning_is_shown_and_is_no_error(spoonful: Command, content: Path) -> None:
    rewrite(a_card(content), r"^compiled: \S+$", "compiled: 2020-01-01")
    line = rewrite(a_card(content), r"^review_due: \S+$", "review_due: 2021-01-01")
    outcome = spoonful("cards", "check", str(content))
    assert outcome.code == ExitCode.OK
    assert f"{a_card(content)}:{line}: warning: " in outcome.out


def test_a_content_folder_that_is_not_there(spoonful: Command, tmp_path: Path) -> None:
    outcome = spoonful("cards", "check", str(tmp_path / "nowhere"))
    assert outcome.code == ExitCode.PROBLEMS_FOUND
    assert "no such folder" in outcome.out


def test_db_status_and_upgrade_say_what_is_there(spoonful: Command, tmp_path: Path) -> None:
    looked = spoonful("db", "status", data_dir=str(tmp_path / "data"))
    assert (looked.code, looked.err) == (ExitCode.PROBLEMS_FOUND, "")
    assert f"{tmp_path}/data/spoonful.db\nempty; the newest revision is 00" in looked.out
    assert not (tmp_path / "data").exists()
    upgraded = spoonful("db", "upgrade")
    assert upgraded.code == ExitCode.OK
    assert re.search(r"^Before: empty\. Now: at revision (\d{4})\.$", upgraded.out, re.MULTILINE)
    looked = spoonful("db", "status")
    assert looked.code == ExitCode.OK
    assert re.search(r"^at revision (\d{4}); the newest revision is \1\.$", looked.out, re.MULTILINE)


@pytest.mark.parametrize("command", ["status", "upgrade", "move"])
def test_db_leaves_the_database_of_a_newer_version_alone(spoonful: Command, tmp_path: Path, command: str) -> None:
    asyncio.run(make_database(tmp_path))
    with closing(sqlite3.connect(tmp_path / "spoonful.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    before = (tmp_path / "spoonful.db").read_bytes()
    to = ("--to", "postgresql://me:secret@127.0.0.1:1/name") if command == "move" else ()
    outcome = spoonful("db", command, *to, data_dir=str(tmp_path))
    assert (outcome.code, outcome.out) == (ExitCode.DATABASE, "")
    assert "secret" not in outcome.err
    assert "127.0.0.1:1/name cannot be used" in outcome.err if to else "revision 9999" in outcome.err
    assert (tmp_path / "spoonful.db").read_bytes() == before


@pytest.mark.parametrize("arguments", [(), ("--to", "mysql://me:secret@host/name"), ("--to", "sqlite:///other.db")])
def test_db_move_needs_to_know_where_to(spoonful: Command, arguments: tuple[str, ...]) -> None:
    outcome = spoonful("db", "move", *arguments)
    assert (outcome.code, outcome.out) == (ExitCode.CONFIG, "")
    assert "postgresql://" in outcome.err
    assert "secret" not in outcome.err


def test_db_move_without_anything_to_move(spoonful: Command, tmp_path: Path) -> None:
    outcome = spoonful("db", "move", database_url="postgresql://127.0.0.1:1/name", data_dir=str(tmp_path / "data"))
    assert outcome.code == ExitCode.DATABASE
    assert "nothing to move" in outcome.err
    assert not (tmp_path / "data").exists()


class TestExportAndImport:
    """One community's cards out of the bot and into it, over a small content folder."""

    @pytest.fixture
    def bot(self, spoonful: Command, content: Path, tmp_path: Path) -> Command:
        """The command, with that content and an empty database."""
        spoonful("db", "upgrade", data_dir=str(tmp_path / "data"), content_dir=str(content))
        return spoonful

    @pytest.fixture
    def edited(self, content: Path, tmp_path: Path) -> Path:
        """A folder that says something else in one line."""
        folder = tmp_path / "edited"
        shutil.copytree(content, folder)
        rewrite(folder / "cards/ice.yaml", r"^scope: .*$", "scope: Ice and cold packs.")
        return folder

    def test_an_export_of_nothing_is_the_bundled_folder(self, bot: Command, content: Path, tmp_path: Path) -> None:
        outcome = bot("cards", "export", "--community", "7", str(tmp_path / "out"))
        assert (outcome.code, outcome.err) == (ExitCode.OK, "")
        assert outcome.out.splitlines() == ["Changed or new cards: none", "Withdrawn: none", "New sources: none"]
        assert files(tmp_path / "out") == files(content)

    def test_an_import_shows_and_changes_nothing(self, bot: Command, edited: Path, tmp_path: Path) -> None:
        outcome = bot("cards", "import", "--community", "7", str(edited))
        assert (outcome.code, outcome.err) == (ExitCode.OK, "")
        assert outcome.out.splitlines() == [
            "Ice: scope reworded",
            "  What this card covers",
            "  - Warm baths for people with long-term pain.",
            "  + Ice and cold packs.",
            "",
            "Nothing was changed. To publish this, add --yes.",
        ]
        assert revisions_in(tmp_path / "data") == []

    def test_with_yes_it_is_published_and_comes_out_again(self, bot: Command, edited: Path, tmp_path: Path) -> None:
        published = bot("cards", "import", "--yes", "--community", "7", str(edited))
        assert published.code == ExitCode.OK
        assert "Published in community 7." in published.out
        [revision] = revisions_in(tmp_path / "data")
        assert (revision.card_id, revision.author_id, revision.why) == ("ice", None, "Imported by the operator")
        exported = bot("cards", "export", "--community", "7", str(tmp_path / "out"))
        assert "Changed or new cards: ice\n" in exported.out
        assert files(tmp_path / "out") == files(edited)
        again = bot("cards", "import", "--yes", "--community", "7", str(tmp_path / "out"))
        assert again.out == "Community 7 has all of this already.\n"
        assert len(revisions_in(tmp_path / "data")) == 1
        other = bot("cards", "export", "--community", "8", str(tmp_path / "other"))
        assert "Changed or new cards: none\n" in other.out

    def test_a_withdrawal_goes_in_and_out(self, bot: Command, content: Path, tmp_path: Path) -> None:
        folder = tmp_path / "edited"
        shutil.copytree(content, folder)
        (folder / "withdrawals.yaml").write_text("withdrawn:\n  - card: ice\n    reason: Too cold\n", "utf-8")
        outcome = bot("cards", "import", "--yes", "--community", "7", str(folder))
        assert "Ice: withdrawn\n  Withdrawn\n  + Too cold\n" in outcome.out
        outcome = bot("cards", "export", "--community", "7", str(tmp_path / "out"))
        assert "Withdrawn: ice\n" in outcome.out
        assert (tmp_path / "out/withdrawals.yaml").read_text().splitlines()[1:] == [
            "withdrawn:",
            "  - card: ice",
            "    reason: Too cold",
        ]

    @pytest.mark.parametrize(
        ("name", "pattern", "replacement"),
        [
            ("cards/ice.yaml", r"^kind: \w+$", "kind: miracle"),
            ("cards/ice.yaml", r"Two small trials.*$", "People took 50 mg."),
            ("withdrawals.yaml", r"^", "withdrawn:\n  - card: snow\n    reason: Cold\n"),
        ],
    )
    def test_a_folder_with_problems_is_refused(
        self, bot: Command, edited: Path, tmp_path: Path, name: str, pattern: str, replacement: str
    ) -> None:
        (edited / "withdrawals.yaml").touch()
        rewrite(edited / name, pattern, replacement)
        outcome = bot("cards", "import", "--yes", "--community", "7", str(edited))
        assert outcome.code == ExitCode.PROBLEMS_FOUND
        assert f"{edited / name}:" in outcome.out
        assert "Published" not in outcome.out
        assert revisions_in(tmp_path / "data") == []

    def test_a_folder_that_is_not_there(self, bot: Command, tmp_path: Path) -> None:
        outcome = bot("cards", "import", "--community", "7", str(tmp_path / "nowhere"))
        assert outcome.code == ExitCode.PROBLEMS_FOUND
        assert "no such folder" in outcome.out

    def test_an_export_keeps_what_is_in_the_way(self, bot: Command, content: Path) -> None:
        before = files(content)
        outcome = bot("cards", "export", "--community", "7", str(content))
        assert outcome.code == ExitCode.CONFIG
        assert outcome.err.startswith("spoonful: ")
        assert files(content) == before

    def test_while_the_bot_is_running_it_says_so(self, bot: Command, edited: Path, tmp_path: Path) -> None:
        async def meanwhile(_: Storage) -> Outcome:
            return await asyncio.to_thread(bot, "cards", "import", "--yes", "--community", "7", str(edited))

        outcome = with_storage(tmp_path / "data", meanwhile)
        assert outcome.code == ExitCode.BUSY
        assert outcome.err.startswith("spoonful: ")
        assert "Stop it first" in outcome.err


def test_what_members_looked_for_in_vain_is_listed_from_three_askers_up(spoonful: Command, tmp_path: Path) -> None:
    async def ask(storage: Storage) -> None:
        now = datetime.now(UTC)
        for guild_id, kind, text, people in (
            (7, AskedKind.CARD, "cold laser", 3),
            (0, AskedKind.QUESTION, "does rain hurt", 4),
            (7, AskedKind.QUESTION, "a rare secret", 2),
        ):
            for person in range(people):
                await storage.asked.asked(guild_id, kind, text, f"trace {person}", text, now, 3)

    with_storage(tmp_path / "data", ask)
    outcome = spoonful("cards", "asked", data_dir=str(tmp_path / "data"))
    assert (outcome.code, outcome.err) == (ExitCode.OK, "")
    assert outcome.out.splitlines() == [
        "    4  question  does rain hurt  (direct messages)",
        "    3  card      cold laser  (community 7)",
    ]


def with_storage(folder: Path, work: Callable[[Storage], Awaitable[T]]) -> T:
    async def run() -> T:
        storage = await Storage.open(None, folder, folder / "master.key")
        try:
            return await work(storage)
        finally:
            await storage.close()

    return asyncio.run(run())


def revisions_in(folder: Path) -> list[Revision]:
    """Those of community 7."""

    async def latest(storage: Storage) -> list[Revision]:
        return list(await storage.revisions.latest(7))

    return with_storage(folder, latest)


def files(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}
