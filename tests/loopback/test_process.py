"""`spoonful run` as a process, against a server: start, stop, delivery, and death at the worst moments."""

import shutil
import signal
from pathlib import Path

import pytest

from bot.config import ROOT
from bot.domain.checkins import Prompt, PromptStatus
from bot.errors import ExitCode
from bot.services.delivery import LEASE
from tests.loopback.due import MEMBER, put_due_prompt, stored
from tests.loopback.faults import Instead, Silence, only_first
from tests.loopback.interactions import controls
from tests.loopback.process import RIGGED, TOKEN, Launcher, until
from tests.loopback.server import FakeDiscord

SEND = "POST /channels/*/messages"
SYNC = "PUT /applications/*/commands"

AFTER_THE_LEASE = (*RIGGED, "--ahead", str(LEASE.total_seconds() + 5))


async def test_starts_syncs_once_and_stops_when_told(bots: Launcher, discord: FakeDiscord) -> None:
    first = await bots.online(log_level="DEBUG")
    assert await first.stop() == 0
    assert len(discord.calls(SYNC)) == 1
    assert {"checkin", "treatment", "help"} <= {command["name"] for command in discord.commands}

    second = await bots.online(log_level="DEBUG")
    assert await second.stop() == 0
    assert len(discord.calls(SYNC)) == 1

    # discord.py asks for 1000, but its reading task closes first, with its own code.
    assert {session.close_code for session in discord.sessions} <= {1000, 4000}
    assert {"commands synced", "stopping"} <= {line["event"] for line in first.log}
    for running in (first, second):
        assert all({"event", "level", "timestamp"} <= line.keys() for line in running.log)
        assert TOKEN not in running.said


async def test_changed_cards_are_taken_over_and_broken_ones_are_not(bots: Launcher, tmp_path: Path) -> None:
    content = tmp_path / "content"
    shutil.copytree(ROOT / "content", content)
    bot = await bots.online(RIGGED, content_dir=str(content))
    bot.process.send_signal(signal.SIGHUP)
    await until(lambda: any(line["event"] == "content reloaded" for line in bot.log))
    (content / "cards/yoga.yaml").write_text("id: yoga\n", "utf-8")
    await until(lambda: any(line["event"] == "content kept as it was" for line in bot.log))
    assert "yoga.yaml" in bot.said
    assert await bot.stop() == 0


async def test_a_due_prompt_is_delivered_once(bots: Launcher, discord: FakeDiscord) -> None:
    prompt, channel = await put_due_prompt(bots)
    bot = await bots.online(RIGGED)
    await until(lambda: bot.told("prompt sent"))
    assert await bot.stop() == 0

    [call] = discord.calls(SEND)
    assert call.body["nonce"] == prompt.id
    assert call.body["enforce_nonce"] is True
    [message] = discord.messages(channel)
    asked = [part["custom_id"] for part in controls(message["components"])]
    assert asked
    assert all(prompt.id in custom_id for custom_id in asked)
    row = await stored(bots, prompt)
    assert (row.status, row.message_id) == (PromptStatus.SENT, int(message["id"]))


async def test_a_command_and_a_click_are_answered(bots: Launcher, discord: FakeDiscord) -> None:
    prompt, channel = await put_due_prompt(bots)
    bot = await bots.online(RIGGED)
    await until(lambda: discord.messages(channel))
    asked = discord.messages(channel)[0]

    helped = await discord.slash(channel, "help")
    await until(lambda: helped.original)
    await discord.press(channel, asked, f"skip:1:{prompt.id}")
    await until(lambda: asked["edited_timestamp"])

    assert await bot.stop() == 0
    assert "Skipped" in str(asked["components"])
    assert (await stored(bots, prompt)).status is PromptStatus.SKIPPED


async def test_fault_01_killed_before_the_send(bots: Launcher, discord: FakeDiscord) -> None:
    """The claim is committed. While its lease runs nobody else touches the prompt."""
    prompt, channel = await put_due_prompt(bots)
    victim = await bots.start((*RIGGED, "--die", "before-send"))
    assert await victim.exit_code() == -signal.SIGKILL
    assert (await stored(bots, prompt)).status is PromptStatus.SENDING

    _, other_channel = await put_due_prompt(bots, MEMBER + 1)
    patient = await bots.online(RIGGED)
    await until(lambda: discord.messages(other_channel))
    assert await patient.stop() == 0
    assert discord.messages(channel) == []

    await delivered_after_the_lease(bots, prompt, channel)


async def test_fault_03_killed_before_the_mark(bots: Launcher, discord: FakeDiscord) -> None:
    """Discord has replied, and nobody has written it down."""
    prompt, channel = await put_due_prompt(bots)
    victim = await bots.start((*RIGGED, "--die", "before-mark"))
    assert await victim.exit_code() == -signal.SIGKILL
    assert len(discord.messages(channel)) == 1
    assert (await stored(bots, prompt)).status is PromptStatus.SENDING

    await delivered_after_the_lease(bots, prompt, channel)


@pytest.mark.parametrize("nonce_window", [180, 0])
async def test_fault_02_killed_in_flight(bots: Launcher, discord: FakeDiscord, nonce_window: float) -> None:
    """The server has accepted the message, and the reply never comes; then Discord knows the nonce or does not."""
    discord.nonce_window = nonce_window
    prompt, channel = await put_due_prompt(bots)
    discord.script = only_first(SEND, Silence("hang"))
    victim = await bots.start(RIGGED)
    await until(lambda: discord.messages(channel))
    await victim.kill()
    assert (await stored(bots, prompt)).status is PromptStatus.SENDING

    await delivered_after_the_lease(bots, prompt, channel)
    assert len(discord.calls(SEND)) == 1  # it was found in the channel


async def delivered_after_the_lease(bots: Launcher, prompt: Prompt, channel: int) -> None:
    bot = await bots.online(AFTER_THE_LEASE)
    await until(lambda: bot.told("prompt sent"))
    assert await bot.stop() == 0
    [message] = bots.discord.messages(channel)
    row = await stored(bots, prompt)
    assert (row.status, row.message_id) == (PromptStatus.SENT, int(message["id"]))


async def test_a_refused_token_is_one_sentence(bots: Launcher, discord: FakeDiscord) -> None:
    bot = await bots.start(RIGGED, discord_token=TOKEN.replace("loopback", "withdrawn"), log_level="ERROR")
    assert await bot.exit_code() == ExitCode.TOKEN_REFUSED
    assert len(discord.requests) == 1
    [sentence] = bot.said.splitlines()
    assert sentence.startswith("spoonful: Discord refused the token.")


@pytest.mark.parametrize("code", [4004, 4013, 4014])
async def test_fault_33_a_gateway_closed_for_good_is_one_sentence(
    bots: Launcher, discord: FakeDiscord, code: int
) -> None:
    discord.refuse_identify_with = code
    bot = await bots.start(RIGGED, log_level="ERROR")
    assert await bot.exit_code() == ExitCode.TOKEN_REFUSED
    assert len(discord.sessions) == 1
    [sentence] = bot.said.splitlines()
    assert str(code) in sentence


async def test_fault_22_a_second_process_of_any_role_is_refused(bots: Launcher, discord: FakeDiscord) -> None:
    first = await bots.online(RIGGED)
    for role in ("all", "gateway", "dispatcher"):
        second = await bots.start((*RIGGED, "--role", role))
        assert await second.exit_code() == ExitCode.BUSY
        [sentence] = second.said.splitlines()
        assert "Another Spoonful process" in sentence
    assert len(discord.sessions) == 1
    assert first.process.returncode is None


async def test_told_to_stop_while_discord_does_not_answer(bots: Launcher, discord: FakeDiscord) -> None:
    discord.script = only_first("GET /users/@me", Silence("hang"))
    bot = await bots.start(RIGGED)
    await until(lambda: discord.requests)
    assert await bot.stop() == 0


async def test_discord_out_of_reach_is_one_sentence(bots: Launcher, discord: FakeDiscord) -> None:
    discord.script = only_first("GET /users/@me", Instead(501, {"message": "not today", "code": 0}))
    bot = await bots.start(RIGGED)
    assert await bot.exit_code() == ExitCode.UNAVAILABLE
    assert "cannot be reached" in bot.said
    assert "Traceback" not in bot.said


async def test_a_crash_shows_no_token(bots: Launcher, discord: FakeDiscord) -> None:
    discord.script = only_first("GET /users/@me", Instead(400, {"message": "odd", "code": 1}))
    bot = await bots.start(RIGGED, log_level="DEBUG")
    assert await bot.exit_code() == 1
    assert "HTTPException" in bot.said
    assert TOKEN not in bot.said
