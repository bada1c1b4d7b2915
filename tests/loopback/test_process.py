"""`spoonful run` as a process, against a server: start, stop, delivery, and death at the worst moments."""

import shutil
import signal
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from bot.config import ROOT
from bot.domain.checkins import CONSENT_VERSION, Prompt, PromptStatus, new_id
from bot.domain.members import Member
from bot.domain.plans import CheckIn, Plan, Timetable
from bot.domain.schedules import Schedule
from bot.errors import ExitCode
from bot.services.delivery import LEASE
from bot.storage import Storage
from tests.loopback.faults import Instead, Silence, only_first
from tests.loopback.process import RIGGED, TOKEN, Launcher, until
from tests.loopback.server import FakeDiscord, Payload

MEMBER = 4242
SEND = "POST /channels/*/messages"
SYNC = "PUT /applications/*/commands"

AFTER_THE_LEASE = (*RIGGED, "--ahead", str(LEASE.total_seconds() + 5))


async def put_due_prompt(bots: Launcher, member_id: int = MEMBER) -> tuple[Prompt, int]:
    """A prompt that was due a minute ago, in the file the bot will open, and the member's channel."""
    channel = bots.discord.open_dm(member_id)
    now = datetime.now(UTC) - timedelta(minutes=1)
    member = Member(member_id, "UTC", CONSENT_VERSION, now, channel)
    plan = Plan(new_id(), member_id, CheckIn(), Timetable(Schedule.daily(time(now.hour, now.minute))), now)
    storage = await open_storage(bots)
    await storage.plans.save(member, [plan], now - timedelta(minutes=1))
    await storage.close()
    with closing(sqlite3.connect(bots.data_dir / "spoonful.db")) as file:
        [prompt_id] = file.execute("SELECT id FROM prompt WHERE plan_id = ?", [plan.id]).fetchone()
    return Prompt(prompt_id, plan.id, member_id, now.date(), now, PromptStatus.DUE), channel


async def open_storage(bots: Launcher) -> Storage:
    return await Storage.open(None, bots.data_dir, bots.data_dir / "master.key")


async def stored(bots: Launcher, prompt: Prompt) -> Prompt:
    """The prompt's row, once no bot is running."""
    storage = await open_storage(bots)
    found = await storage.prompts.get(prompt.id)
    await storage.close()
    assert found is not None
    return found


def custom_ids(components: list[Payload]) -> list[str]:
    return [
        found
        for part in components
        for found in [*([part["custom_id"]] if "custom_id" in part else []), *custom_ids(part.get("components", []))]
    ]


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
    bot = await bots.online(content_dir=str(content))
    bot.process.send_signal(signal.SIGHUP)
    await until(lambda: any(line["event"] == "content reloaded" for line in bot.log))
    (content / "cards/yoga.yaml").write_text("id: yoga\n", "utf-8")
    await until(lambda: any(line["event"] == "content kept as it was" for line in bot.log))
    assert "yoga.yaml" in bot.said
    assert await bot.stop() == 0


async def test_a_due_prompt_is_delivered_once(bots: Launcher, discord: FakeDiscord) -> None:
    prompt, channel = await put_due_prompt(bots)
    bot = await bots.online()
    await until(lambda: any(line["event"] == "prompt sent" for line in bot.log))
    assert await bot.stop() == 0

    [call] = discord.calls(SEND)
    assert call.body["nonce"] == prompt.id
    assert call.body["enforce_nonce"] is True
    [message] = discord.messages(channel)
    asked = custom_ids(message["components"])
    assert asked
    assert all(prompt.id in custom_id for custom_id in asked)
    row = await stored(bots, prompt)
    assert (row.status, row.message_id) == (PromptStatus.SENT, int(message["id"]))


async def test_a_command_and_a_click_are_answered(bots: Launcher, discord: FakeDiscord) -> None:
    prompt, channel = await put_due_prompt(bots)
    bot = await bots.online()
    await until(lambda: discord.messages(channel))
    asked = discord.messages(channel)[0]

    helped = await discord.slash(channel, "help")
    await until(lambda: helped.original)
    skip = next(custom_id for custom_id in custom_ids(asked["components"]) if custom_id.startswith("skip:"))
    await discord.press(channel, asked, skip)
    await until(lambda: asked["edited_timestamp"])

    assert await bot.stop() == 0
    assert "Skipped" in str(asked["components"])
    assert (await stored(bots, prompt)).status is PromptStatus.SKIPPED


async def test_killed_before_the_send(bots: Launcher, discord: FakeDiscord) -> None:
    """Fault 1: the claim is committed. While its lease runs nobody else touches the prompt."""
    prompt, channel = await put_due_prompt(bots)
    victim = await bots.start((*RIGGED, "--die", "before-send"))
    assert await victim.exit_code() == -signal.SIGKILL
    assert (await stored(bots, prompt)).status is PromptStatus.SENDING

    _, other_channel = await put_due_prompt(bots, MEMBER + 1)
    patient = await bots.online()
    await until(lambda: discord.messages(other_channel))
    assert await patient.stop() == 0
    assert discord.messages(channel) == []

    await delivered_after_the_lease(bots, prompt, channel)


async def test_killed_before_the_mark(bots: Launcher, discord: FakeDiscord) -> None:
    """Fault 3: Discord has replied, and nobody has written it down."""
    prompt, channel = await put_due_prompt(bots)
    victim = await bots.start((*RIGGED, "--die", "before-mark"))
    assert await victim.exit_code() == -signal.SIGKILL
    assert len(discord.messages(channel)) == 1
    assert (await stored(bots, prompt)).status is PromptStatus.SENDING

    await delivered_after_the_lease(bots, prompt, channel)


async def test_killed_in_flight(bots: Launcher, discord: FakeDiscord) -> None:
    """Fault 2: the server has accepted the message, and the reply never comes."""
    prompt, channel = await put_due_prompt(bots)
    discord.script = only_first(SEND, Silence("hang"))
    victim = await bots.start()
    await until(lambda: discord.messages(channel))
    await victim.kill()
    assert (await stored(bots, prompt)).status is PromptStatus.SENDING

    await delivered_after_the_lease(bots, prompt, channel)
    assert len(discord.calls(SEND)) == 2


async def delivered_after_the_lease(bots: Launcher, prompt: Prompt, channel: int) -> None:
    bot = await bots.online(AFTER_THE_LEASE)
    await until(lambda: any(line["event"] == "prompt sent" for line in bot.log))
    assert await bot.stop() == 0
    [message] = bots.discord.messages(channel)
    row = await stored(bots, prompt)
    assert (row.status, row.message_id) == (PromptStatus.SENT, int(message["id"]))


async def test_a_refused_token_is_one_sentence(bots: Launcher, discord: FakeDiscord) -> None:
    bot = await bots.start(discord_token=TOKEN.replace("loopback", "withdrawn"), log_level="ERROR")
    assert await bot.exit_code() == ExitCode.TOKEN_REFUSED
    assert len(discord.requests) == 1
    [sentence] = bot.said.splitlines()
    assert sentence.startswith("spoonful: Discord refused the token.")


@pytest.mark.parametrize("code", [4004, 4014])
async def test_a_gateway_closed_for_good_is_one_sentence(bots: Launcher, discord: FakeDiscord, code: int) -> None:
    discord.refuse_identify_with = code
    bot = await bots.start(log_level="ERROR")
    assert await bot.exit_code() == ExitCode.TOKEN_REFUSED
    assert len(discord.sessions) == 1
    [sentence] = bot.said.splitlines()
    assert str(code) in sentence


async def test_a_second_process_is_refused(bots: Launcher, discord: FakeDiscord) -> None:
    first = await bots.online()
    second = await bots.start()
    assert await second.exit_code() == ExitCode.BUSY
    [sentence] = second.said.splitlines()
    assert "Another Spoonful process" in sentence
    assert len(discord.sessions) == 1
    assert first.process.returncode is None


async def test_told_to_stop_while_discord_does_not_answer(bots: Launcher, discord: FakeDiscord) -> None:
    discord.script = only_first("GET /users/@me", Silence("hang"))
    bot = await bots.start()
    await until(lambda: discord.requests)
    assert await bot.stop() == 0


async def test_discord_out_of_reach_is_one_sentence(bots: Launcher, discord: FakeDiscord) -> None:
    discord.script = only_first("GET /users/@me", Instead(501, {"message": "not today", "code": 0}))
    bot = await bots.start()
    assert await bot.exit_code() == ExitCode.UNAVAILABLE
    assert "cannot be reached" in bot.said
    assert "Traceback" not in bot.said


async def test_a_crash_shows_no_token(bots: Launcher, discord: FakeDiscord) -> None:
    discord.script = only_first("GET /users/@me", Instead(400, {"message": "odd", "code": 1}))
    bot = await bots.start(log_level="DEBUG")
    assert await bot.exit_code() == 1
    assert "HTTPException" in bot.said
    assert TOKEN not in bot.said
