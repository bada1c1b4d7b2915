"""Check-ins as a member lives them: opting in, one tap, adding more, leaving."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.chat.ui.checkins import SWITCHED_OFF
from bot.chat.ui.prompts import SKIP, UNWELL
from bot.domain.checkins import CONSENT_VERSION, EntryKind, PromptStatus
from bot.domain.communities import Feature
from tests.chat.world import AGREE, World, custom_ids_of, labels_of, text_of


def prompt_id(message: object) -> str:
    return custom_ids_of(message)[0].split(":")[2]


async def test_consent_names_what_is_stored_and_proves_the_clock(world: World) -> None:
    shown = await world.you.slash("checkin start", place="Europe/Berlin", at="9pm", days="Mon Wed")
    text = text_of(shown.response)
    for expected in ("What I store", "Who can see it", "How to leave", "Your clock should read 09:30 now"):
        assert expected in text
    assert "Monday 23 November, 21:00" in text
    assert "Wednesday 25 November, 21:00" in text
    assert "Monday 30 November, 21:00" in text
    assert await world.storage.members.get(world.you.id) is None


async def test_places_are_found_by_city_and_country(world: World) -> None:
    for typed in ("lond", "united king", "england"):
        choices = await world.you.autocomplete("checkin start", "place", typed)
        assert choices[0] == {"name": "London, United Kingdom", "value": "Europe/London"}


async def test_agreeing_confirms_by_dm_with_the_next_three(world: World) -> None:
    shown: Any = await world.member.slash(world.channel, "checkin start", place="Europe/London", at="09:00")
    assert shown.ephemeral
    await world.member.click(shown.response, label=AGREE)
    confirmation = world.member.user.dm_channel.last_message
    assert confirmation is not None
    for day in ("Monday 23 November, 09:00", "Tuesday 24 November, 09:00", "Wednesday 25 November, 09:00"):
        assert day in text_of(confirmation)
    member = await world.storage.members.get(world.member.id)
    assert member is not None
    assert (member.zone, member.consent_version, member.consented_at) == (
        "Europe/London",
        CONSENT_VERSION,
        world.clock.now(),
    )


async def test_agreeing_twice_makes_one_plan(world: World) -> None:
    shown = await world.you.slash("checkin start", place="Europe/London", at="09:00")
    agree = custom_ids_of(shown.response)[0]
    await world.you.click(shown.response, custom_id=agree)
    await world.restart()
    again = await world.you.slash("checkin start", place="Europe/London", at="09:00")
    await world.you.click(again.response, label="Yes, start")
    await world.due_prompt()
    assert await world.deliver() == 0


async def test_one_tap_is_a_complete_checkin(world: World) -> None:
    await world.enroll()
    prompt = await world.due_prompt()
    assert labels_of(prompt) == ["Same as last time", "Too unwell to answer", "Skip", "Later"]
    await world.you.select(prompt, ["6"])
    assert "Saved, thank you" in text_of(world.inbox[-1])
    assert "pain 6 of 10" in text_of(world.inbox[-1])
    assert labels_of(world.inbox[-1]) == ["Add more", "Delete"]
    entry = await world.storage.entries.of_prompt(prompt_id(prompt))
    assert entry is not None
    assert (entry.kind, entry.answers.pain) == (EntryKind.ANSWERED, 6)


async def test_fault_28_add_more_takes_fatigue_sleep_and_a_note_even_across_a_restart(world: World) -> None:
    await world.enroll()
    prompt = await world.due_prompt()
    await world.you.select(prompt, ["6"])
    modal = await world.you.click(world.inbox[-1], label="Add more")
    await world.restart()
    await world.you.submit_modal(modal, {"fatigue": ["7"], "sleep": ["3"], "note": "Slept badly ☕ <@1>"})
    entry = await world.storage.entries.of_prompt(prompt_id(prompt))
    assert entry is not None
    answers = entry.answers
    assert (dict(answers.values), answers.note) == ({"pain": 6, "fatigue": 7, "sleep": 3}, "Slept badly ☕ <@1>")
    text = text_of(world.inbox[-1])
    assert "fatigue 7 of 10, sleep 3 of 10, a note" in text
    assert "Slept badly" not in text


async def test_same_as_last_time_is_its_own_kind(world: World) -> None:
    await world.enroll()
    await world.you.select(await world.due_prompt(), ["4"])
    second = await world.due_prompt()
    await world.you.click(second, label="Same as last time")
    entry = await world.storage.entries.of_prompt(prompt_id(second))
    assert entry is not None
    assert (entry.kind, entry.answers.pain) == (EntryKind.SAME, 4)


async def test_same_as_last_time_without_a_last_time(world: World) -> None:
    await world.enroll()
    prompt = await world.due_prompt()
    answer = await world.you.click(prompt, label="Same as last time")
    assert "no earlier check-in" in text_of(answer.followups[0])
    assert await world.storage.entries.of_prompt(prompt_id(prompt)) is None


async def test_too_unwell_is_an_answer(world: World) -> None:
    await world.enroll()
    prompt = await world.due_prompt()
    await world.you.click(prompt, label="Too unwell to answer")
    entry = await world.storage.entries.of_prompt(prompt_id(prompt))
    assert entry is not None
    assert (entry.kind, entry.answers.pain) == (EntryKind.UNWELL, None)
    assert "that is enough for today" in text_of(world.inbox[-1])


async def test_skip_leaves_no_entry(world: World) -> None:
    await world.enroll()
    prompt = await world.due_prompt()
    await world.you.click(prompt, label="Skip")
    stored = await world.storage.prompts.get(prompt_id(prompt))
    assert stored is not None
    assert stored.status is PromptStatus.SKIPPED
    assert await world.storage.entries.of_prompt(prompt_id(prompt)) is None


async def test_fault_24_a_second_tap_changes_nothing_and_says_so(world: World) -> None:
    await world.enroll()
    prompt = await world.due_prompt()
    await world.you.select(prompt, ["6"])
    for action in (UNWELL, SKIP):  # the same prompt once more, as a second device would still show it
        await world.press(action.custom_id(prompt=prompt_id(prompt)))
        assert "saved before, and stands:** pain 6" in text_of(world.inbox[-1])
    entry = await world.storage.entries.of_prompt(prompt_id(prompt))
    assert entry is not None
    assert (entry.kind, entry.answers.pain) == (EntryKind.ANSWERED, 6)


@pytest.mark.parametrize("label", ["Same as last time", "Too unwell to answer", "Skip"])
async def test_fault_30_every_prompt_button_works_after_a_restart(world: World, label: str) -> None:
    await world.enroll()
    await world.you.select(await world.due_prompt(), ["4"])
    prompt = await world.due_prompt()
    await world.restart()
    await world.you.click(prompt, label=label)
    assert labels_of(world.inbox[-1]) in (["Add more", "Delete"], [])
    assert "Time for your check-in" not in text_of(world.inbox[-1])


async def test_the_select_and_add_more_work_after_a_restart(world: World) -> None:
    await world.enroll()
    prompt = await world.due_prompt()
    await world.restart()
    await world.you.select(prompt, ["0"])
    await world.restart()
    modal = await world.you.click(world.inbox[-1], label="Add more")
    await world.you.submit_modal(modal, {"note": "after two restarts"})
    entry = await world.storage.entries.of_prompt(prompt_id(prompt))
    assert entry is not None
    assert (entry.answers.pain, entry.answers.note) == (0, "after two restarts")


async def test_checkin_now_asks_at_once(world: World) -> None:
    await world.enroll()
    shown: Any = await world.member.slash(world.channel, "checkin now")
    assert "/checkin start" in text_of(shown.followups[0] if shown.followups else shown.response)
    mine = await world.you.slash("checkin now")
    await world.you.select(mine.response, ["3"])
    assert "pain 3 of 10" in text_of(world.inbox[-1])
    await world.due_prompt()


async def test_stop_keeps_entries_and_ends_prompts(world: World) -> None:
    await world.enroll()
    prompt = await world.due_prompt()
    await world.you.select(prompt, ["6"])
    shown = await world.you.slash("checkin stop")
    await world.restart()
    await world.you.click(shown.response, label="Stop, keep my entries")
    world.clock.advance(days=3)
    assert await world.deliver() == 0
    assert await world.storage.entries.of_prompt(prompt_id(prompt)) is not None


async def test_stop_and_erase_leaves_nothing(world: World) -> None:
    await world.enroll()
    prompt = await world.due_prompt()
    await world.you.select(prompt, ["6"])
    shown = await world.you.slash("checkin stop")
    await world.you.click(shown.response, label="Stop and erase everything")
    await world.you.click(world.inbox[-1], label="Yes, erase everything")
    assert "Erased" in text_of(world.inbox[-1])
    assert await world.storage.members.get(world.you.id) is None
    assert await world.storage.prompts.get(prompt_id(prompt)) is None


async def test_declining_stores_nothing(world: World) -> None:
    shown = await world.you.slash("checkin start", place="Europe/London", at="09:00")
    await world.you.click(shown.response, label="No, it reads something else")  # and closes the form
    await world.you.click(shown.response, label="Not now")
    assert await world.storage.members.get(world.you.id) is None
    assert "Nothing was stored" in text_of(world.inbox[-1])


async def test_changing_the_time_never_gives_one_day_two_prompts(world: World) -> None:
    await world.enroll(at="09:00")
    await world.due_prompt()
    shown = await world.you.slash("checkin start", place="Europe/London", at="20:00")
    assert "This changes the one you have now (09:00, every day)" in text_of(shown.response)
    await world.you.click(shown.response, label="Yes, start")
    world.clock.moment = datetime(2026, 11, 23, 23, 0, tzinfo=UTC)
    assert await world.deliver() == 0
    assert await world.storage.prompts.next_due() == datetime(2026, 11, 24, 20, 0, tzinfo=UTC)


async def test_travelling_moves_the_clock_and_never_doubles_a_day(world: World) -> None:
    await world.enroll(at="09:00")
    await world.due_prompt()  # Monday in London
    before = await world.storage.members.get(world.you.id)
    moved = await world.you.slash("checkin timezone", place="America/New_York")
    after = await world.storage.members.get(world.you.id)
    assert before is not None
    assert after == replace(before, zone="America/New_York")  # moving is not agreeing anew
    text = text_of(moved.response)
    assert "New York, United States" in text
    assert "Tuesday 24 November, 09:00" in text
    world.clock.moment = datetime(2026, 11, 23, 23, 0, tzinfo=UTC)  # Monday 09:00 in New York has passed
    assert await world.deliver() == 0
    assert await world.storage.prompts.next_due() == datetime(2026, 11, 24, 14, 0, tzinfo=UTC)


async def test_a_clock_without_a_plan(world: World) -> None:
    result = await world.you.slash("checkin timezone", place="Europe/Berlin")
    assert "/checkin start" in text_of(result.followups[-1] if result.followups else result.response)


async def test_closed_dms_stop_the_opt_in_with_a_way_out(world: World) -> None:
    world.env.inject_error("POST", f"/channels/{world.member.user.dm_channel.id}/messages", status=403, code=50007)
    shown: Any = await world.member.slash(world.channel, "checkin start", place="Europe/London", at="09:00")
    answer = await world.member.click(shown.response, label=AGREE)
    assert "allow private messages" in text_of(answer.followups[0])
    assert [plan.stopped_at for plan in await world.storage.plans.of_member(world.member.id)] == [world.clock.now()]


async def test_fault_15_an_unreachable_member_is_paused_and_told_at_their_next_command(world: World) -> None:
    await world.enroll()
    world.env.inject_error("POST", f"/channels/{world.you.dm_channel.id}/messages", status=403, code=50007)
    due = await world.storage.prompts.next_due()
    assert due is not None
    world.clock.moment = due
    assert await world.deliver() == 1
    world.clock.moment = due + timedelta(days=1)
    assert await world.deliver() == 0
    told = await world.you.slash("help")
    assert "check-ins are paused" in text_of(told.followups[0])
    await world.restart()
    await world.you.click(told.followups[0], label="Start them again")
    assert await world.storage.prompts.next_due() is not None
    quiet = await world.you.slash("help")
    assert not quiet.followups


async def test_a_server_can_switch_setting_up_off_and_private_chats_go_on(world: World) -> None:
    offered: Any = await world.member.slash(world.channel, "checkin start", at="09:00", place="Europe/London")
    communities = world.app.curation.communities
    here = await communities.of(world.guild.id)
    await communities.change(here.model_copy(update={"off": frozenset({Feature.CHECKINS})}), 1, "check-ins off")
    agreed: Any = await world.member.click(offered.response, label=AGREE)
    assert agreed.followups[-1].content == SWITCHED_OFF
    for command, options in (("checkin start", {"at": "09:00"}), ("remind", {"text": "tea", "when": "in 2 hours"})):
        refused: Any = await world.member.slash(world.channel, command, **options)
        assert refused.response.content == SWITCHED_OFF
    assert await world.storage.members.get(world.member.id) is None
    await world.enroll()
    assert len(await world.plans()) == 1
