"""The compose files against the program: no container engine is needed to see that they belong together."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from bot.app import Shards
from bot.cli import cli
from bot.config import PREFIX, ROOT, Settings
from bot.errors import ExitCode
from tests.deploy.recipe import DOCKERFILE, stages

DEPLOY = ROOT / "deploy"
SCALE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.scale.yaml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = SCALE["services"]
ONE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
BOT: dict[str, Any] = ONE["services"]["bot"]
BOTS = {name: service for name, service in SERVICES.items() if service["image"] == "spoonful:latest"}
FILES = [DEPLOY / "compose.scale.yaml", DEPLOY / "scale.md", DEPLOY / "compose.yaml"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_setting_that_is_named_exists(path: Path) -> None:
    named = set(re.findall(rf"{PREFIX}([A-Z_]+)", path.read_text("utf-8")))
    assert named
    assert named <= {name.upper() for name in Settings.model_fields}


@pytest.mark.parametrize("name", BOTS)
def test_every_command_is_understood(name: str) -> None:
    assert BOTS[name]["entrypoint"] == ["spoonful"]
    group, arguments = get_command(cli), [str(word) for word in BOTS[name]["command"]]
    while arguments and (commands := getattr(group, "commands", None)):
        group = commands[arguments.pop(0)]
    group.make_context(name, arguments)  # parses every option, and runs nothing


def test_the_gateways_hold_every_shard_once() -> None:
    held = [Shards.parse(bot["command"][-1]) for bot in BOTS.values() if "--shards" in bot["command"]]
    [count] = {each.count for each in held}
    assert sorted(shard for each in held for shard in each.here) == list(range(count))


def test_all_processes_have_the_same_settings_and_few_rights() -> None:
    assert len(BOTS) == 5
    assert len({str(bot["environment"]) for bot in BOTS.values()}) == 1
    for service in SERVICES.values():
        assert service["read_only"]
        assert not service["user"].startswith("0")
        assert service["cap_drop"] == ["ALL"]
        assert set(service.get("secrets", [])) <= SCALE["secrets"].keys()
        assert set(service.get("depends_on", {})) <= SERVICES.keys()


def test_the_single_bot_has_few_rights_too_and_bounds() -> None:
    assert list(ONE["services"]) == ["bot"]
    same = ("read_only", "user", "cap_drop", "security_opt", "init", "restart", "stop_grace_period", "image")
    assert {name: BOT[name] for name in same} == {name: BOTS["gateway-a"][name] for name in same}
    assert BOT["mem_limit"]
    assert BOT["pids_limit"]
    assert [each.partition(":")[0] for each in BOT["tmpfs"]] == ["/tmp"]  # noqa: S108
    assert "ports" not in BOT


def test_the_single_bot_keeps_everything_in_its_volume() -> None:
    [volume] = BOT["volumes"]
    name, _, place = volume.partition(":")
    assert name in ONE["volumes"]
    _, final = stages(DOCKERFILE.read_text("utf-8"))
    assert final.environment["SPOONFUL_DATA_DIR"] == place
    assert BOT["secrets"] == list(ONE["secrets"])


def test_the_images_are_built_from_what_is_here() -> None:
    build = BOT["build"]
    assert (DEPLOY / build["context"]).resolve() == ROOT
    assert ROOT / build["dockerfile"] == DOCKERFILE


def test_no_secret_is_written_into_them() -> None:
    """Whatever is secret comes from a file."""
    for service in (*SERVICES.values(), BOT):
        for name, value in service["environment"].items():
            if re.search("TOKEN|KEY|PASSWORD", name):
                assert value.startswith("/run/secrets/")
    assert not re.search(r"postgresql://[^@\s]*:", FILES[0].read_text("utf-8"))


def test_the_codes_that_need_somebody_are_named() -> None:
    passing = {ExitCode.OK, ExitCode.PROBLEMS_FOUND, ExitCode.UNAVAILABLE, ExitCode.BUSY}
    for path in FILES:
        assert {code for code in ExitCode if str(code.value) in path.read_text("utf-8")} >= set(ExitCode) - passing
