"""`spoonful doctor --online`: what Discord says about the token, the application, the gateway and the channels."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot.config import Settings
from bot.doctor import examine, online
from bot.doctor.findings import Finding, Level, as_text
from bot.domain.communities import Community
from bot.domain.curation import Event
from bot.storage import Storage
from tests.loopback import faults
from tests.loopback.calls import Payload
from tests.loopback.faults import Instead, Script, Silence
from tests.loopback.process import RIGGED, SPOONFUL, TOKEN, Launcher
from tests.loopback.server import FakeDiscord

NOW = datetime.now(UTC)
OTHER = ".".join(("not-a-real-token-at-all", "withdrawn", "made-up-for-these-tests"))
VIEW, SEND, EMBED = 1 << 10, 1 << 11, 1 << 14
EVERYTHING = VIEW | SEND | EMBED


def settings_for(discord: FakeDiscord, folder: Path, token: str = TOKEN) -> Settings:
    return Settings(
        discord_token=SecretStr(token),
        discord_token_file=None,
        discord_api_url=discord.api_url,
        discord_gateway_url=discord.gateway_url,
        data_dir=folder / "data",
    )


@pytest.fixture
def settings(discord: FakeDiscord, tmp_path: Path) -> Settings:
    return settings_for(discord, tmp_path)


async def look(settings: Settings, ahead: timedelta = timedelta()) -> dict[str, Finding]:
    """With a clock that is that far ahead."""
    found = await examine(lambda: settings, asks_discord=True, now=lambda: datetime.now(UTC) + ahead)
    assert TOKEN not in as_text(found)
    return {finding.name: finding for finding in found}


async def set_up(settings: Settings, *communities: Community) -> None:
    storage = await Storage.open(None, settings.data_dir, settings.key_file)
    for each in communities:
        await storage.communities.save(each, Event(each.guild_id, NOW, 1, "settings changed", "", "a channel"))
    await storage.close()


def community(discord: FakeDiscord, *, guild_id: int | None = None, channel_id: int | None = None) -> Community:
    where = channel_id or discord.text_channel
    return Community(guild_id=guild_id or int(discord.people.guild_id), curation_channel_id=where)


async def test_all_is_well_and_nothing_is_changed(discord: FakeDiscord, settings: Settings) -> None:
    await set_up(settings, community(discord))
    found = await look(settings)
    names = ("token", "clock online", "intents", "gateway", "servers", "channel")
    assert {name: found[name].level for name in names} == dict.fromkeys(names, Level.OK)
    assert "A community" in found["channel"].said
    assert {call.method for call in discord.requests} == {"GET"}
    assert discord.sessions == []  # it greeted, and no start was used up


async def test_a_token_that_was_reset(discord: FakeDiscord, tmp_path: Path) -> None:
    found = await look(settings_for(discord, tmp_path, OTHER))
    assert found["token"].is_problem
    assert OTHER not in as_text(list(found.values()))
    assert len(discord.requests) == 1


@pytest.mark.parametrize(
    ("script", "name"),
    [
        (faults.every_time("GET /users/@me", Silence("close")), "discord"),
        (faults.every_time("GET /users/@me", faults.broken(503)), "discord"),
        (faults.every_time("GET /users/@me", Instead(200, "this is no JSON")), "discord"),
        (faults.every_time("GET /gateway/bot", faults.broken(500)), "gateway"),
    ],
)
async def test_a_bad_day(discord: FakeDiscord, settings: Settings, script: Script, name: str) -> None:
    discord.script = script
    found = await look(settings)
    assert found[name].is_problem
    assert found[name].advice


@pytest.mark.parametrize(
    ("changes", "name", "level"),
    [
        ({"flags": 1 << 18}, "intents", Level.WARNING),
        ({"flags": 1 << 15}, "intents", Level.WARNING),
        ({"flags": 1 << 23}, "intents", Level.OK),
        ({"interactions_endpoint_url": "https://example.org/"}, "application", Level.PROBLEM),
        ({"integration_types_config": {"0": {}}}, "application", Level.WARNING),
    ],
)
async def test_how_the_application_is_set_up(
    discord: FakeDiscord, settings: Settings, changes: Payload, name: str, level: Level
) -> None:
    discord.people.application_changes = changes
    assert (await look(settings))[name].level is level


@pytest.mark.parametrize(("left", "level"), [(100, Level.OK), (99, Level.WARNING), (0, Level.PROBLEM)])
async def test_few_starts_are_left(discord: FakeDiscord, settings: Settings, left: int, level: Level) -> None:
    discord.gateway.starts_left = left
    assert (await look(settings))["gateway"].level is level


async def test_more_than_one_shard_is_recommended(discord: FakeDiscord, settings: Settings) -> None:
    discord.gateway.shards = 2
    assert (await look(settings))["shards"].level is Level.WARNING


async def test_a_gateway_behind_a_wall(discord: FakeDiscord, settings: Settings) -> None:
    nowhere = settings.model_copy(update={"discord_gateway_url": f"ws://{discord.url}/attachments/none"})
    assert (await look(nowhere))["gateway"].is_problem


@pytest.mark.parametrize(
    ("ahead", "level"),
    [(timedelta(), Level.OK), (timedelta(minutes=2), Level.WARNING), (timedelta(hours=-1), Level.PROBLEM)],
)
async def test_the_clocks_differ(settings: Settings, ahead: timedelta, level: Level) -> None:
    assert (await look(settings, ahead))["clock online"].level is level


def overwrite(who: str, *, allow: int = 0, deny: int = 0) -> Payload:
    return {"id": who, "type": 0, "allow": str(allow), "deny": str(deny)}


class TestChannels:
    async def test_what_may_not_be_done_there_is_named(self, discord: FakeDiscord, settings: Settings) -> None:
        discord.people.permissions = str(EVERYTHING)
        discord.people.overwrites.append(overwrite(discord.people.guild_id, deny=SEND))
        await set_up(settings, community(discord))
        found = (await look(settings))["channel"]
        assert found.is_problem
        assert "Send Messages" in found.said
        assert "View Channel" not in found.said

    async def test_one_that_is_gone(self, discord: FakeDiscord, settings: Settings) -> None:
        await set_up(settings, community(discord, channel_id=12345))
        assert (await look(settings))["channel"].is_problem

    async def test_a_server_that_the_bot_has_left(self, discord: FakeDiscord, settings: Settings) -> None:
        await set_up(settings, community(discord, guild_id=77))
        assert (await look(settings))["channel"].level is Level.WARNING

    async def test_a_community_without_one(self, discord: FakeDiscord, settings: Settings) -> None:
        await set_up(settings, Community(guild_id=int(discord.people.guild_id)))
        assert "channel" not in await look(settings)

    @pytest.mark.parametrize(
        ("overwrites", "allowed"),
        [
            ([], VIEW | SEND),
            ([("everyone", 0, VIEW)], SEND),
            ([("everyone", 0, VIEW), ("role", VIEW, 0)], VIEW | SEND),
            ([("role", 0, SEND), ("other role", SEND, 0)], VIEW | SEND),
            ([("role", SEND, 0), ("me", 0, SEND)], VIEW),
            ([("everyone", EMBED, 0), ("role", 0, EMBED), ("me", EMBED, 0)], EVERYTHING),
            ([("a role of others", 0, EVERYTHING)], VIEW | SEND),
        ],
    )
    def test_overwrites_count_as_discord_says(self, overwrites: Sequence[tuple[str, int, int]], allowed: int) -> None:
        channel = {"permission_overwrites": [overwrite(who, allow=yes, deny=no) for who, yes, no in overwrites]}
        guild: Mapping[str, Any] = {"id": "everyone", "permissions": str(VIEW | SEND)}
        assert online.permissions_in(channel, guild, ["role", "other role"], "me") == allowed

    @pytest.mark.parametrize("guild", [{"owner": True, "permissions": "0"}, {"permissions": "8"}])
    def test_owners_and_administrators_may_do_everything(self, guild: Payload) -> None:
        channel = {"permission_overwrites": [overwrite("everyone", deny=EVERYTHING)]}
        assert online.permissions_in(channel, {"id": "everyone", **guild}, [], "me") & EVERYTHING == EVERYTHING


async def test_the_command_beside_a_running_bot(bots: Launcher, discord: FakeDiscord) -> None:
    bot = await bots.online(RIGGED)
    doctor = await bots.start((*SPOONFUL[:-1], "doctor", "--online"))
    assert await doctor.exit_code(60) == 0, doctor.said
    assert "A bot is running on it." in doctor.said
    assert "Discord takes it." in doctor.said
    assert TOKEN not in doctor.said
    assert len(discord.sessions) == 1
    assert await bot.stop() == 0
