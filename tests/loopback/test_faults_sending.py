"""What can go wrong between a prompt that is due and its mark, in the real bot. The numbers are those of the faults."""

import itertools
from collections.abc import Sequence
from typing import Any

import aiohttp
import pytest

from bot.domain.checkins import Prompt, PromptStatus
from bot.errors import ExitCode
from bot.services.delivery import WORKERS
from tests.loopback import faults
from tests.loopback.calls import Request, most_within
from tests.loopback.due import MEMBER, all_stored, open_storage, put_due_prompt, put_due_prompts, stored
from tests.loopback.faults import Answer, Fate, Script, Silence, Slow
from tests.loopback.limits import Limits
from tests.loopback.process import RIGGED, TOKEN, Launcher, Running, until
from tests.loopback.server import FakeDiscord

SEND = "POST /channels/*/messages"
LOOK = "GET /channels/*/messages"

LEASE = 1.2
IMPATIENT = (*RIGGED, "--lease", str(LEASE), "--time-out", "0.5", "--role", "dispatcher")
"""A dispatcher whose leases and time-outs are over in about a second, and not in a minute."""


def sends(discord: FakeDiscord, channel: int) -> list[Request]:
    return discord.calls(f"POST /channels/{channel}/messages")


def first_in(channel: int, *fates: Fate) -> Script:
    """The first sends to one channel meet these."""
    return faults.in_turn(f"POST /channels/{channel}/messages", fates)


async def post(discord: FakeDiscord, channel: int, body: dict[str, Any]) -> None:
    async with (
        aiohttp.ClientSession(headers={"Authorization": f"Bot {TOKEN}"}) as http,
        http.post(f"{discord.api_url}/channels/{channel}/messages", json=body) as reply,
    ):
        assert reply.status == 200


async def sent(bot: Running, *prompts: Prompt) -> None:
    wanted = {prompt.id for prompt in prompts}
    await until(lambda: wanted <= {line["prompt"] for line in bot.told("prompt sent")})


async def assert_each_sent_once(bots: Launcher, due: Sequence[tuple[Prompt, int]]) -> None:
    rows = await all_stored(bots, [prompt for prompt, _ in due])
    for row, (_, channel) in zip(rows, due, strict=True):
        [message] = bots.discord.messages(channel)
        assert (row.status, row.message_id) == (PromptStatus.SENT, int(message["id"]))


async def lose_the_reply(bots: Launcher, silence: Silence) -> None:
    """Of three sends one is accepted and its reply lost, one lost before, and one is well all the while."""
    due = await put_due_prompts(bots, [1, 2, 3])
    (_, accepted), (_, lost), (_, other) = due
    discord, how = bots.discord, silence.how
    discord.script = faults.together(first_in(accepted, Silence(how)), first_in(lost, Silence(how, accepted=False)))
    bot = await bots.start(IMPATIENT)
    await until(lambda: discord.messages(other))
    assert not {line["prompt"] for line in bot.told("prompt sent")} & {due[0][0].id, due[1][0].id}
    await sent(bot, *(prompt for prompt, _ in due))
    assert await bot.stop() == 0
    await assert_each_sent_once(bots, due)
    assert [len(sends(discord, channel)) for channel in (accepted, lost, other)] == [1, 2, 1]
    assert len({call.body["nonce"] for call in sends(discord, lost)}) == 1


async def test_fault_06_a_reset_connection(bots: Launcher) -> None:
    await lose_the_reply(bots, Silence("reset"))


async def test_fault_07_a_connection_closed_without_a_reply(bots: Launcher) -> None:
    await lose_the_reply(bots, Silence("close"))


async def test_fault_08_no_reply_at_all(bots: Launcher) -> None:
    await lose_the_reply(bots, Silence("hang"))


async def test_fault_09_out_of_order_for_a_moment(bots: Launcher, discord: FakeDiscord) -> None:
    prompt, channel = await put_due_prompt(bots)
    discord.script = first_in(channel, faults.broken(503))
    bot = await bots.start(IMPATIENT)
    await sent(bot, prompt)
    assert await bot.stop() == 0
    first, second = discord.calls(SEND)
    assert first.body["nonce"] == second.body["nonce"] == prompt.id
    assert second.at - first.at >= LEASE - 0.3
    await assert_each_sent_once(bots, [(prompt, channel)])


async def test_fault_10_errors_of_a_server_that_did_accept(bots: Launcher, discord: FakeDiscord) -> None:
    """discord.py repeats these by itself, for as long as we let it."""
    prompt, channel = await put_due_prompt(bots)
    discord.script = first_in(channel, *(faults.broken(status, accepted=True) for status in (500, 502, 504, 500, 502)))
    bot = await bots.start((*IMPATIENT, "--time-out", "1.5", "--lease", "2.5"))
    await sent(bot, prompt)
    assert await bot.stop() == 0
    assert len(sends(discord, channel)) == 2
    await assert_each_sent_once(bots, [(prompt, channel)])


async def test_fault_10_after_five_errors_in_a_row_all_pause(bots: Launcher, discord: FakeDiscord) -> None:
    due = await put_due_prompts(bots, range(1, 21))
    discord.script = faults.in_turn(SEND, [faults.broken(503)] * 5)
    bot = await bots.start((*IMPATIENT, "--pause", "1"))
    await sent(bot, *(prompt for prompt, _ in due))
    assert await bot.stop() == 0
    assert bot.told("sends held back")
    at = [call.at for call in discord.calls(SEND)]  # after the fifth come at most those that were on their way
    assert any(later - earlier >= 0.9 for earlier, later in itertools.pairwise(at[4 : 5 + WORKERS + 1]))
    await assert_each_sent_once(bots, due)


async def test_fault_11_limited_for_two_seconds_it_waits(bots: Launcher, discord: FakeDiscord) -> None:
    due = await put_due_prompts(bots, range(1, 11))
    slow = due[0][1]
    discord.script = first_in(slow, faults.route_limited(2))
    bot = await bots.start((*RIGGED, "--role", "dispatcher"))
    await sent(bot, *(prompt for prompt, _ in due))
    assert await bot.stop() == 0
    first, second = sends(discord, slow)
    assert 2 <= second.at - first.at < 15  # and not a lease
    others = [call for call in discord.calls(SEND) if call not in (first, second)]
    assert all(call.at < second.at for call in others)
    await assert_each_sent_once(bots, due)


async def test_fault_11_limited_for_a_quarter_of_an_hour_no_worker_waits(bots: Launcher, discord: FakeDiscord) -> None:
    due = await put_due_prompts(bots, range(1, 3 * WORKERS))
    limited = due[: WORKERS + 2 : 3]
    discord.script = faults.together(*(first_in(channel, faults.route_limited(900)) for _, channel in limited))
    bot = await bots.start((*RIGGED, "--role", "dispatcher"))
    await sent(bot, *(prompt for prompt, _ in due if prompt not in [each for each, _ in limited]))
    assert await bot.stop() == 0
    assert all(len(sends(discord, channel)) == 1 for _, channel in limited)
    assert {row.status for row in await all_stored(bots, [each for each, _ in limited])} == {PromptStatus.SENDING}
    assert discord.statuses[429] == len(limited)


async def test_fault_12_limited_in_all_while_many_are_due(bots: Launcher, discord: FakeDiscord) -> None:
    """The short form: 100 of them, and Discord's own fifty a second on top of what it says twice."""
    due = await put_due_prompts(bots, range(1, 101))
    discord.limits = Limits(per_second=50)
    discord.script = first_in(due[20][1], faults.globally_limited(0.5))
    bot = await bots.start((*RIGGED, "--role", "dispatcher"))
    await sent(bot, *(prompt for prompt, _ in due))
    assert await bot.stop() == 0
    assert most_within(1, discord.calls(SEND)) <= 25 + WORKERS  # those that it held up go at once when it is over
    assert most_within(3, discord.calls(SEND)) <= 3 * 25 + WORKERS
    assert discord.statuses[429] < 5
    await assert_each_sent_once(bots, due)


async def test_fault_12_limited_in_all_for_long_few_are_tried(bots: Launcher, discord: FakeDiscord) -> None:
    await put_due_prompts(bots, range(1, 41))
    discord.script = faults.every_time(SEND, faults.globally_limited(900))
    bot = await bots.start((*RIGGED, "--role", "dispatcher"))
    await until(lambda: bot.told("sends held back"))
    assert await bot.stop() == 0
    assert discord.statuses[429] <= 5 + WORKERS


async def test_fault_13_shut_out_by_the_wall_in_front_of_discord(bots: Launcher, discord: FakeDiscord) -> None:
    due = await put_due_prompts(bots, range(1, 31))
    discord.script = faults.in_turn(SEND, [Answer(), faults.banned()])
    bot = await bots.online(RIGGED)
    await until(lambda: bot.told("sends held back"))
    answer = await discord.slash(due[0][1], "help")
    await until(lambda: answer.original)
    assert await bot.stop() == 0
    assert {line["seconds"] for line in bot.told("sends held back")} == {600}
    assert len(discord.calls(SEND)) <= 2 + WORKERS
    waiting = {row.status for row in await all_stored(bots, [prompt for prompt, _ in due])}
    assert waiting == {PromptStatus.SENT, PromptStatus.SENDING}


async def test_fault_14_a_token_refused_in_the_middle(bots: Launcher, discord: FakeDiscord) -> None:
    await put_due_prompts(bots, range(1, 31))
    refusing = faults.every_time(SEND, Slow(0.05, faults.unauthorized()))

    async def after_two(request: Request) -> Fate:
        return await refusing(request) if len(discord.calls(SEND)) > 2 else Answer()

    discord.script = after_two
    bot = await bots.start(RIGGED, send_rate="5")  # at 25 a second more are on their way before the first reply
    assert await bot.exit_code() == ExitCode.TOKEN_REFUSED
    assert 1 <= discord.statuses[401] <= 3
    assert len(discord.calls(SEND)) <= 5
    assert bot.said.splitlines()[-1].startswith("spoonful: Discord does not take the token any more.")
    assert TOKEN not in bot.said


async def turned_away(bots: Launcher, code: int) -> None:
    """Two prompts for a member whom Discord does not let us write to, and one for another."""
    due = await put_due_prompts(bots, [MEMBER], plans=2)
    [(other, _)] = await put_due_prompts(bots, [MEMBER + 1])
    channel, discord = due[0][1], bots.discord
    discord.script = faults.every_time(f"POST /channels/{channel}/messages", faults.refused(code))
    bot = await bots.start((*RIGGED, "--role", "dispatcher"))
    await until(lambda: bot.told("member unreachable, paused"))
    await sent(bot, other)
    assert await bot.stop() == 0
    assert len(sends(discord, channel)) == 1
    rows = await all_stored(bots, [prompt for prompt, _ in due])
    assert {row.status for row in rows} == {PromptStatus.UNDELIVERABLE}
    await assert_paused_and_kept(bots)


async def assert_paused_and_kept(bots: Launcher) -> None:
    storage = await open_storage(bots)
    member = await storage.members.get(MEMBER)
    plans = await storage.plans.of_member(MEMBER)
    await storage.close()
    assert member
    assert member.unreachable_since
    assert [plan.stopped_at for plan in plans] == [None, None]


async def test_fault_15_a_member_who_takes_no_messages(bots: Launcher) -> None:
    await turned_away(bots, 50007)


async def test_fault_16_a_member_who_left_all_servers(bots: Launcher) -> None:
    await turned_away(bots, 50278)


@pytest.mark.parametrize("code", [10003, 10013])
async def test_fault_18_a_channel_or_member_that_is_gone(bots: Launcher, code: int) -> None:
    await turned_away(bots, code)


async def test_fault_19_a_resend_of_what_was_deleted_since(bots: Launcher, discord: FakeDiscord) -> None:
    prompt, channel = await put_due_prompt(bots)
    discord.script = first_in(channel, Silence("close", accepted=False), faults.refused(10008))
    bot = await bots.start(IMPATIENT)
    await sent(bot, prompt)
    assert await bot.stop() == 0
    row = await stored(bots, prompt)
    assert (row.status, row.message_id) == (PromptStatus.SENT, None)
    assert (len(discord.calls(LOOK)), len(discord.calls(SEND))) == (1, 2)


async def test_fault_20_a_nonce_that_is_somebody_elses(bots: Launcher, discord: FakeDiscord) -> None:
    prompt, channel = await put_due_prompt(bots)
    body = {"content": "of another channel", "nonce": prompt.id, "enforce_nonce": True}
    await post(discord, discord.open_dm(MEMBER + 1), body)
    bot = await bots.start(IMPATIENT)
    await until(lambda: bot.told("nonce collision: another message came back"))
    assert bot.told("prompt sent") == []
    discord.nonce_window = 0
    await sent(bot, prompt)
    assert await bot.stop() == 0
    await assert_each_sent_once(bots, [(prompt, channel)])


async def test_fault_21_cancelled_while_it_waits_for_its_limit_after_the_send(
    bots: Launcher, discord: FakeDiscord
) -> None:
    prompt, channel = await put_due_prompt(bots)
    discord.limits = Limits(per_route={SEND: (1, 20)})
    bot = await bots.start(IMPATIENT)
    await sent(bot, prompt)
    assert await bot.stop() == 0
    assert [line["reason"] for line in bot.told("prompt uncertain")] == ["TimeoutError"]
    assert len(sends(discord, channel)) == 1
    await assert_each_sent_once(bots, [(prompt, channel)])
