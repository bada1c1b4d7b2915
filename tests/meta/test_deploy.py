"""The Dockerfile, the unit and the locks against the program: no engine is needed to see that they belong together."""

import ast
import json
import re
import tomllib
from datetime import timedelta
from importlib.util import find_spec
from typing import Any

import pytest
import yaml
from typer.main import get_command

from bot.app import DRAIN_SECONDS
from bot.cli import cli
from bot.config import PREFIX, ROOT, Settings
from bot.errors import ExitCode
from tests.deploy import audit, locks
from tests.deploy.recipe import DOCKERFILE, Ignored, stages
from tests.deploy.unit import Unit

BUILD, FINAL = stages(DOCKERFILE.read_text("utf-8"))
UNIT = Unit.read()
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "deploy/compose.yaml").read_text("utf-8"))
KNOWN = {PREFIX + name.upper() for name in Settings.model_fields}
PASSING = {ExitCode.OK, ExitCode.PROBLEMS_FOUND, ExitCode.UNAVAILABLE, ExitCode.BUSY}
"""Codes after which somebody need not look first."""


def parses(arguments: list[str]) -> None:
    group = get_command(cli)
    while arguments and (commands := getattr(group, "commands", None)):
        group = commands[arguments.pop(0)]
    group.make_context("spoonful", arguments)


def seconds(text: str) -> float:
    amount, unit = re.fullmatch(r"(\d+)(s|min)", text).groups()  # pyright: ignore[reportOptionalMemberAccess] - or fail
    return timedelta(**{{"s": "seconds", "min": "minutes"}[unit]: int(amount)}).total_seconds()


class TestImage:
    def test_both_stages_start_from_one_slim_python_by_its_plain_name(self) -> None:
        assert BUILD.base == FINAL.base
        assert re.fullmatch(r"python:3\.\d+-slim", FINAL.base)

    def test_its_python_is_the_one_that_its_lock_is_made_for(self) -> None:
        made_for = re.search(r"--python-version (3\.\d+)", (ROOT / "Makefile").read_text("utf-8"))
        assert made_for
        assert f"python:{made_for[1]}-slim" == FINAL.base

    def test_it_is_never_root_and_the_same_user_everywhere(self) -> None:
        [user] = FINAL.texts("USER")
        assert user == COMPOSE["services"]["bot"]["user"]
        assert all(int(number) >= 10000 for number in user.split(":"))
        uid, gid = user.split(":")
        assert f"--owner={uid} --group={gid}" in "".join(FINAL.texts("RUN"))

    def test_no_shell_stands_between_the_engine_and_the_bot(self) -> None:
        assert json.loads(FINAL.texts("ENTRYPOINT")[0]) == ["spoonful"]
        parses(json.loads(FINAL.texts("CMD")[0]))
        _, _, probe = FINAL.texts("HEALTHCHECK")[0].partition("CMD ")
        program, option, module = json.loads(probe)
        assert (program, option) == ("python", "-m")
        assert find_spec(f"{module}.__main__")

    def test_only_what_cannot_be_avoided_happens_after_the_build(self) -> None:
        """The image that is shipped installs nothing: it takes two folders from the build."""
        assert [step.flags.get("from") for step in FINAL.steps if step.word == "COPY"] == ["build", "build"]
        assert len(FINAL.texts("RUN")) == 1

    def test_every_installation_is_checked_by_hash_or_local(self) -> None:
        commands = re.split(r"&&|;", " ".join(BUILD.texts("RUN")))
        installing = [command for command in commands if " install " in command]
        assert len(installing) == 3
        for command in installing:
            assert "--require-hashes" in command or "--no-index" in command
            assert "--no-cache-dir" in command

    def test_every_setting_that_is_named_exists(self) -> None:
        assert {name for name in FINAL.environment if name.startswith(PREFIX)} <= KNOWN

    def test_what_is_copied_is_sent_and_nothing_secret_is(self) -> None:
        ignored = Ignored.read()
        copied = [step.words[:-1] for step in BUILD.steps if step.word == "COPY"]
        for source in (word for words in copied for word in words):
            assert (ROOT / source).exists()
            assert ignored.sent(source + "x" if source.endswith("/") else source), source
        for path in (
            ".env", "token.txt", "data/master.key", "deploy/secrets/discord-token", ".git/config", "tests/__init__.py",
            ".venv/bin/python", "bot/__pycache__/app.pyc", "bot/chat/.env", "deploy/compose.yaml", "requirements.lock",
        ):  # fmt: skip
            assert not ignored.sent(path), path


@pytest.mark.parametrize(
    ("patterns", "path", "sent"),
    [
        (["*"], "a/b", False),
        (["*", "!a"], "a/b", True),
        (["*", "!a/b"], "a/c", False),
        (["**/x"], "a/b/x", False),
        (["**/x"], "x", False),
        (["*.py"], "a/b.py", True),
        (["!a", "a"], "a/b", False),
        (["a?"], "ab/c", False),
    ],
)
def test_the_last_pattern_that_fits_decides(patterns: list[str], path: str, sent: bool) -> None:  # noqa: FBT001
    assert Ignored(patterns).sent(path) is sent


def test_a_dockerfile_is_read_as_the_engine_reads_it() -> None:
    text = "ARG V=1\n# FROM no\nFROM a:${V} AS b\nRUN x \\\n && y\nFROM c\nCOPY --from=b /d /e\nENV A=1 B=2\n"
    first, second = stages(text)
    assert (first.name, first.base, first.texts("RUN")) == ("b", "a:1", ["x && y"])
    assert (second.steps[0].flags, second.steps[0].words) == ({"from": "b"}, ["/d", "/e"])
    assert second.environment == {"A": "1", "B": "2"}


class TestUnit:
    def test_it_is_not_started_again_when_somebody_has_to_look(self) -> None:
        assert {int(code) for code in UNIT.words("RestartPreventExitStatus")} == set(ExitCode) - PASSING

    def test_the_start_limit_stops_no_bot_that_waits_for_discord(self) -> None:
        burst, interval = int(UNIT.one("StartLimitBurst")), seconds(UNIT.one("StartLimitIntervalSec"))
        assert burst <= 5
        assert seconds(UNIT.one("RestartSec")) * burst > interval

    def test_it_is_given_time_to_finish(self) -> None:
        assert seconds(UNIT.one("TimeoutStopSec")) > DRAIN_SECONDS
        assert seconds(COMPOSE["services"]["bot"]["stop_grace_period"]) > DRAIN_SECONDS

    def test_its_settings_and_its_command_exist(self) -> None:
        assert {name for name in UNIT.environment if name.startswith(PREFIX)} <= KNOWN
        program, *arguments = UNIT.one("ExecStart").split()
        assert program == f"{UNIT.one('WorkingDirectory')}/.venv/bin/spoonful"
        parses(arguments)

    def test_the_state_folder_is_where_the_bot_is_told_to_write(self) -> None:
        assert UNIT.environment["SPOONFUL_DATA_DIR"] == f"/var/lib/{UNIT.one('StateDirectory')}"

    def test_the_worker_may_step_back(self) -> None:
        """`os.nice` in bot/reports/worker.py fails without that call, and with it every chart."""
        assert "os.nice" in (ROOT / "bot/reports/worker.py").read_text("utf-8")
        assert UNIT.settings["SystemCallFilter"][-1] == "setpriority"

    def test_the_command_beside_it_runs_as_the_same(self) -> None:
        script = (ROOT / "deploy/spoonful-command").read_text("utf-8")
        for name, value in re.findall(r"--property=(\w+)=(\S+)", script):
            assert UNIT.one(name) == value
        environment = dict(re.findall(r"--setenv=(\w+)=(\S+)", script))
        assert environment.keys() == UNIT.environment.keys()
        assert environment["SPOONFUL_DATA_DIR"] == UNIT.environment["SPOONFUL_DATA_DIR"]


class TestLocks:
    @pytest.mark.parametrize("path", locks.files(), ids=lambda path: str(path.relative_to(ROOT)))
    def test_every_dependency_has_a_version_and_hashes(self, path: Any) -> None:
        text = path.read_text("utf-8")
        assert locks.pins(text)
        assert locks.problems(text) == []

    @pytest.mark.parametrize(
        "entry",
        [
            "a==1",
            "a==1 --hash=md5:00",
            "a==1 \\\n    --hash=sha256:12",
            "a>=1 \\\n    --hash=sha256:" + "0" * 64,
            "a @ https://example.org/a.whl --hash=sha256:" + "0" * 64,
            "--index-url https://example.org",
        ],
    )
    def test_one_without_is_found(self, entry: str) -> None:
        good = "b==2 ; python_version < '3' \\\n    --hash=sha256:" + "0" * 64 + "\n    # via a\n"
        assert locks.problems(good) == []
        assert locks.problems(good + entry + "\n") == [entry.splitlines()[0]]

    def test_the_image_has_what_the_bot_needs_in_the_tested_versions_and_nothing_of_the_tests(self) -> None:
        tested = locks.pins((ROOT / "requirements.lock").read_text("utf-8"))
        shipped = locks.pins(locks.RUN_TIME.read_text("utf-8"))
        assert {name for name, versions in shipped.items() if not versions <= tested.get(name, set())} == set()
        wanted = {name_of(each) for each in PROJECT["dependencies"]}
        assert wanted <= shipped.keys()
        only_tests = {name_of(each) for each in PROJECT["optional-dependencies"]["dev"]} - wanted
        # What others need at run time is shipped, whether a test uses it as well or not.
        assert only_tests & shipped.keys() <= {"pillow"}

    def test_the_tools_of_the_build_are_those_that_pyproject_names(self) -> None:
        named = (ROOT / "deploy/build.in").read_text("utf-8").split()
        assert {"hatchling", *named} == set(named)
        assert set(named) <= locks.pins((ROOT / "deploy/build.lock").read_text("utf-8")).keys()


def name_of(requirement: str) -> str:
    [name] = re.findall(r"^[A-Za-z0-9._-]+", requirement)
    return re.sub(r"[._-]+", "-", name).lower()


class TestAudit:
    def test_nothing_asked_is_not_nothing_found(self) -> None:
        skipped = {"dependencies": [{"name": "a", "skip_reason": "not found"}], "fixes": []}
        for printed in ("", "{}", json.dumps(skipped)):
            outcome = audit.judge("x.lock", printed)
            assert "NOT CHECKED" in outcome.said
            assert outcome.unreachable
            assert not outcome.weak

    def test_a_finding_fails_and_says_which(self) -> None:
        weak = {"name": "a", "version": "1", "vulns": [{"id": "CVE-0000-1", "fix_versions": ["2"]}]}
        outcome = audit.judge("x.lock", json.dumps({"dependencies": [weak, {"name": "b", "skip_reason": "?"}]}))
        assert outcome.weak
        assert "a 1: CVE-0000-1" in outcome.said
        assert "1 are NOT CHECKED" in outcome.said

    def test_a_clean_answer_passes(self) -> None:
        outcome = audit.judge("x.lock", json.dumps({"dependencies": [{"name": "a", "version": "1", "vulns": []}]}))
        assert not outcome.weak
        assert not outcome.unreachable


def test_the_scripts_of_ci_stop_at_the_first_failure() -> None:
    for path in (ROOT / ".ci").iterdir():
        if path.suffix == "":
            assert "set -euo pipefail" in path.read_text("utf-8"), path
            assert path.stat().st_mode & 0o111, path


def test_the_inner_script_of_the_box_is_python() -> None:
    from tests.deploy import box, image, service, trials

    for source in (box.ENTER, image.REFUSED, service.REFUSED, trials.PICTURES.format(made=""), trials.NAMES):
        ast.parse(source)
