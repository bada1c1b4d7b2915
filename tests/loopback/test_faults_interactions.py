"""What can go wrong while a member and the real bot speak to each other. The numbers are those of the faults."""

from collections.abc import Callable

import pytest

from bot.chat.routing import OUTDATED
from bot.domain.checkins import Entry, EntryKind, Prompt, PromptStatus
from tests.loopback import faults
from tests.loopback.calls import Payload, Request
from tests.loopback.due import MEMBER, open_storage, put_due_prompt, put_due_prompts, stored
from tests.loopback.faults import Answer, Fate, Instead, Silence, Slow
from tests.loopback.interactions import EPHEMERAL, Interaction
from tests.loopback.process import RIGGED, TOKEN, Launcher, Running, until
from tests.loopback.rigged import SECRET
from tests.loopback.server import COMMAND, COMPONENT, FakeDiscord
from tests.loopback.test_journey import control, shown

ANSWER = "POST /interactions/*/*/callback"
EDIT = "PATCH /webhooks/*/*/messages/*"
OPEN_DM = "POST /users/@me/channels"

NOTE = "a note that nobody else may read"


async def asked(bots: Launcher, *options: str, **settings: str) -> tuple[Running, Prompt, int, Payload]:
    """The bot, and a prompt that it has sent: its channel and its message."""
    prompt, channel = await put_due_prompt(bots)
    bot = await bots.online((*RIGGED, *options), **settings)
    await until(lambda: bot.told("prompt sent"))
    return bot, prompt, channel, bots.discord.messages(channel)[0]


async def entry(bots: Launcher, prompt: Prompt) -> Entry | None:
    storage = await open_storage(bots)
    found = await storage.entries.of_prompt(prompt.id)
    await storage.close()
    return found


async def saved(bots: Launcher, prompt: Prompt) -> Entry:
    found = await entry(bots, prompt)
    assert found
    return found


def says(message: Payload, text: str) -> Callable[[], bool]:
    return lambda: text in str(message["components"])


def private_answer(interaction: Interaction) -> str:
    """The one thing that was said beside what was there."""
    [message] = interaction.followups
    return message["content"]


@pytest.mark.parametrize("status", [400, 403])
async def test_fault_17_discord_opens_no_more_private_chats_now(
    bots: Launcher, discord: FakeDiscord, status: int
) -> None:
    place = discord.text_channel
    discord.script = faults.every_time(OPEN_DM, faults.refused(40003, status))
    bot = await bots.online(RIGGED)
    offer = await shown(await discord.slash(place, "checkin start", by=MEMBER, place="Europe/London", at="9pm"))
    pressed = await discord.press(place, offer, control(offer["components"], "agree"), by=MEMBER)
    await until(lambda: pressed.followups)
    assert await bot.stop() == 0
    assert "Nothing was started; please try again in an hour" in private_answer(pressed)
    assert pressed.followups[0]["flags"] & EPHEMERAL
    assert len(discord.calls(OPEN_DM)) == 1
    storage = await open_storage(bots)
    assert await storage.plans.of_member(MEMBER) == []
    await storage.close()


async def test_fault_23_the_same_click_comes_twice(bots: Launcher, discord: FakeDiscord) -> None:
    """As it does to a bot that is connected twice to one shard."""
    bot, prompt, channel, message = await asked(bots)
    discord.gateway.copies = 2
    pressed = await discord.press(channel, message, f"unwell:1:{prompt.id}")
    await until(says(message, "that is enough for today"))
    await until(lambda: bot.told("interaction could not be answered"))
    assert await bot.stop() == 0
    assert len(discord.calls(EDIT)) == 1
    assert pressed.followups == []
    assert (await saved(bots, prompt)).kind is EntryKind.UNWELL


@pytest.mark.parametrize("lost", [faults.broken(502, accepted=True), Silence("reset"), Silence("close")])
async def test_fault_25_the_reply_to_an_acknowledgement_is_lost(
    bots: Launcher, discord: FakeDiscord, lost: Fate
) -> None:
    """Where discord.py repeats it, Discord says that it has been acknowledged."""
    bot, prompt, channel, message = await asked(bots)
    discord.script = faults.only_first(ANSWER, lost)
    pressed = await discord.press(channel, message, f"unwell:1:{prompt.id}")
    await until(says(message, "that is enough for today"))
    assert await bot.stop() == 0
    assert pressed.followups == []
    assert bot.told("interaction failed") == []
    assert (await saved(bots, prompt)).kind is EntryKind.UNWELL


@pytest.mark.parametrize(("blocked", "in_time"), [(2.5, True), (5, False)])
async def test_fault_26_the_process_stands_still_at_a_click(
    bots: Launcher, discord: FakeDiscord, blocked: float, *, in_time: bool
) -> None:
    """Too late for the three seconds that Discord waits, the answer is saved, and the message itself says so."""
    bot, prompt, channel, message = await asked(bots, "--block", str(blocked))
    discord.interactions.acknowledge_within = 3
    pressed = await discord.press(channel, message, f"unwell:1:{prompt.id}")
    await until(says(message, "that is enough for today"))
    assert await bot.stop() == 0
    assert (pressed.callback is not None) is in_time
    assert len(bot.told("acknowledged too late")) == (0 if in_time else 1)
    assert bot.told("interaction failed") == []
    assert len(discord.messages(channel)) == 1
    assert (await saved(bots, prompt)).kind is EntryKind.UNWELL


async def test_fault_27_the_token_of_an_interaction_is_over_before_the_answer(
    bots: Launcher, discord: FakeDiscord
) -> None:
    bot, prompt, channel, message = await asked(bots)
    pressed: list[Interaction] = []

    async def expire(request: Request) -> Fate:
        pressed[0].expired = pressed[0].expired or request.matches(EDIT)
        return Answer()

    pressed.append(await discord.press(channel, message, f"unwell:1:{prompt.id}"))
    discord.script = expire
    await until(lambda: bot.told("interaction could not be answered"))
    assert await bot.stop() == 0
    assert [line["level"] for line in bot.log if "interaction" in line["event"] and "could" in line["event"]] == [
        "warning"
    ]
    assert pressed[0].followups == []
    assert discord.statuses[401] == 1
    assert (await saved(bots, prompt)).kind is EntryKind.UNWELL


async def test_fault_28_a_form_that_was_open_over_a_restart(bots: Launcher, discord: FakeDiscord) -> None:
    bot, prompt, channel, message = await asked(bots)
    await discord.choose(channel, message, f"pain:1:{prompt.id}", "4")
    await until(says(message, "pain 4 of 10"))
    opened = await discord.press(channel, message, f"more:1:{prompt.id}")
    await until(lambda: opened.modal)
    await bot.kill()
    await until(lambda: not discord.session)
    again = await bots.online(RIGGED)
    await discord.submit(opened, {"note": NOTE})
    await until(says(message, "a note"))
    assert await again.stop() == 0
    answers = (await saved(bots, prompt)).answers
    assert (answers.pain, answers.note) == (4, NOTE)


async def test_fault_29_buttons_of_a_month_ago_and_of_other_releases(bots: Launcher, discord: FakeDiscord) -> None:
    bot, prompt, channel, message = await asked(bots)
    assert await bot.stop() == 0
    later = await bots.online((*RIGGED, "--ahead", str(30 * 86_400)))
    gone = await discord.do(channel, COMMAND, {"type": 1, "id": "1", "name": "gone"})
    for custom_id in (f"pain:0:{prompt.id}", f"pain:99:{prompt.id}:more", "mood:1:3"):
        unknown = await discord.press(channel, message, custom_id)
        await until(lambda unknown=unknown: unknown.original)
        assert unknown.original
        assert unknown.original["content"] == OUTDATED
    assert gone.original
    assert gone.original["content"] == OUTDATED
    await discord.choose(channel, message, f"pain:1:{prompt.id}", "4")
    await until(says(message, "pain 4 of 10"))
    assert await later.stop() == 0
    found = await saved(bots, prompt)
    assert (found.answers.pain, found.late) == (4, True)


async def test_fault_30_no_control_takes_another_one_with_it(bots: Launcher, discord: FakeDiscord) -> None:
    """One message after the other is settled; the controls of the rest, and of menus within them, still work."""
    due = await put_due_prompts(bots, [MEMBER], plans=3)
    channel = due[0][1]
    bot = await bots.online(RIGGED)
    await until(lambda: len(discord.messages(channel)) == 3)
    for message, settle in zip(discord.messages(channel), ("skip", "unwell", "later"), strict=True):
        before = message["edited_timestamp"]
        await discord.press(channel, message, control(message["components"], settle))
        await until(lambda message=message, before=before: message["edited_timestamp"] != before)
    menu = discord.messages(channel)[2]
    await discord.press(channel, menu, control(menu["components"], "back"))
    await until(says(menu, "Time for your check-in"))
    assert await bot.stop() == 0


async def test_fault_31_an_exception_in_a_button_a_form_and_a_command(bots: Launcher, discord: FakeDiscord) -> None:
    bot, prompt, channel, message = await asked(bots, "--broken", log_level="DEBUG")
    button = await discord.press(channel, message, f"unwell:1:{prompt.id}")
    await discord.choose(channel, message, f"pain:1:{prompt.id}", "4")
    await until(says(message, "pain 4 of 10"))
    opened = await discord.press(channel, message, f"more:1:{prompt.id}")
    await until(lambda: opened.modal)
    form = await discord.submit(opened, {"note": NOTE})
    command = await discord.slash(channel, "checkin history")
    in_server = await discord.slash(discord.text_channel, "checkin history", by=MEMBER)
    failed = [button, form, command, in_server]
    await until(lambda: all(each.followups for each in failed))
    assert await bot.stop() == 0
    references = [private_answer(each).rsplit(maxsplit=1)[-1] for each in failed]
    assert sorted(references) == sorted(line["reference"] for line in bot.told("interaction failed"))
    assert in_server.followups[0]["flags"] & EPHEMERAL
    assert all("sorry" in private_answer(each) and "Error" not in private_answer(each) for each in failed)
    assert SECRET not in bot.said
    assert NOTE not in bot.said


async def test_fault_35_told_to_stop_while_a_form_is_being_saved(bots: Launcher, discord: FakeDiscord) -> None:
    bot, prompt, channel, message = await asked(bots)
    await discord.choose(channel, message, f"pain:1:{prompt.id}", "4")
    await until(says(message, "pain 4 of 10"))
    opened = await discord.press(channel, message, f"more:1:{prompt.id}")
    await until(lambda: opened.modal)
    discord.script = faults.every_time(ANSWER, Slow(0.5))
    submitted = await discord.submit(opened, {"note": NOTE})
    await until(lambda: any(submitted.token in call.path for call in discord.calls(ANSWER)))
    assert await bot.stop() == 0
    assert (await saved(bots, prompt)).answers.note == NOTE
    assert says(message, "a note")()


async def test_fault_35_told_to_stop_in_the_middle_of_a_transaction(bots: Launcher, discord: FakeDiscord) -> None:
    bot, prompt, channel, message = await asked(bots, "--dawdle", "0.5")
    await discord.press(channel, message, f"unwell:1:{prompt.id}")
    await until(lambda: bot.told("in a transaction"))
    assert await bot.stop() == 0
    assert (await saved(bots, prompt)).kind is EntryKind.UNWELL
    assert says(message, "that is enough for today")()


async def test_fault_53_at_debug_nothing_that_was_said_and_no_token(bots: Launcher, discord: FakeDiscord) -> None:
    bot, prompt, channel, message = await asked(bots, log_level="DEBUG")
    await discord.choose(channel, message, f"pain:1:{prompt.id}", "4")
    await until(says(message, "pain 4 of 10"))
    opened = await discord.press(channel, message, f"more:1:{prompt.id}")
    await until(lambda: opened.modal)
    await discord.submit(opened, {"note": NOTE})
    await until(says(message, "a note"))
    reminder = await discord.slash(channel, "remind", text=NOTE, when="in 2 hours")
    await shown(reminder)
    assert await bot.stop() == 0
    assert (await saved(bots, prompt)).answers.note == NOTE
    assert bot.log
    for secret in (NOTE, "pain 4", TOKEN, TOKEN.split(".")[1], reminder.token, opened.token):
        assert secret not in bot.said


async def answered(discord: FakeDiscord, channel: int) -> None:
    """The bot hears and speaks."""
    helped = await discord.slash(channel, "help")
    await until(lambda: helped.original)


async def test_fault_64_fields_that_are_new_or_null_or_of_an_unknown_value(
    bots: Launcher, discord: FakeDiscord
) -> None:
    bot, prompt, channel, message = await asked(bots)
    new: Payload = {
        "brand_new": {"a": [1, None]},
        "locale": "tlh",
        "context": 77,
        "guild_locale": None,
        "channel": {"id": str(channel), "type": 1, "application_id": None, "flags": None, "recipients": [], "new": 1},
        "user": {"id": str(MEMBER), "username": "x", "discriminator": "0", "avatar": None, "primary_guild": None},
        "message": message | {"type": 250, "components": [*message["components"], {"type": 99, "id": 1}]},
    }
    data = {"custom_id": f"unwell:1:{prompt.id}", "component_type": 2, "id": 7, "brand_new": None}
    assert discord.session
    await discord.session.dispatch("BRAND_NEW_EVENT", {"what": None})
    await discord.do(channel, COMPONENT, data, new)
    await until(lambda: discord.calls(EDIT))
    for unreadable in ({"entitlements": None}, {"message": message | {"poll": None}}):
        await discord.do(channel, COMPONENT, data, unreadable)
    await until(lambda: len(bot.told("event not understood")) == 2)
    await answered(discord, channel)
    assert await bot.stop() == 0
    assert len(discord.sessions) == 1
    assert (await saved(bots, prompt)).kind is EntryKind.UNWELL


async def test_fault_64_the_reply_to_an_answer_repeats_a_message_that_cannot_be_read(
    bots: Launcher, discord: FakeDiscord
) -> None:
    repeated = {"type": 4, "message": {"brand_new": None}}
    reply = Instead(200, {"interaction": {"id": "1", "type": 2}, "resource": repeated}, accepted=True)
    discord.script = faults.every_time(ANSWER, reply)
    bot = await bots.online(RIGGED)
    typed = await discord.slash(discord.text_channel, "treatment", by=MEMBER, name="ketamine")
    assert "Ketamine" in str((await shown(typed))["components"])
    assert await bot.stop() == 0
    assert typed.followups == []
    assert not bot.told("interaction failed")


async def test_fault_65_interactions_and_components_of_an_unknown_kind(bots: Launcher, discord: FakeDiscord) -> None:
    bot, prompt, channel, _ = await asked(bots)

    def noted() -> int:
        """The daily rounds have their own lines, at a moment of their own."""
        return sum(line["event"] not in {"backup made", "retention"} for line in bot.log)

    told = noted()
    for kind, data in ((99, {}), (COMPONENT, {"component_type": 99}), (COMMAND, {"type": 99, "id": "1", "name": "x"})):
        unknown = await discord.do(channel, kind, data)
        told += 1
        await until(lambda told=told: noted() >= told)
        await answered(discord, channel)
        assert unknown.callback is None
    assert noted() == told
    assert await bot.stop() == 0
    assert (await stored(bots, prompt)).status is PromptStatus.SENT
