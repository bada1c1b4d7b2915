"""What everybody can do with what is stored about them: see it, take it along, erase it. And being asked again."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.app import assemble
from bot.chat.ui.consent import NEW
from bot.chat.ui.mydata import DELETE_MESSAGES, DOWNLOAD, ERASE, ERASE_SURE, KEEP, erase_view, receipt_view, stored_view
from bot.domain.checkins import CONSENT_VERSION
from bot.domain.lifetimes import SHARED, Holding, Lifetimes, Receipt
from bot.domain.members import Preferences, SafetyPlan
from bot.domain.rights import Account
from bot.domain.trends import Diary
from bot.reports.json_export import json_import
from bot.reports.press import Press
from bot.services.journal import File
from bot.services.rights import FITS, Stored, fitting
from bot.storage import Storage
from tests.chat.test_bad_input import answer_to
from tests.chat.test_checkins import prompt_id
from tests.chat.test_journal import days_of_pain, files_of, report, said
from tests.chat.workshop import LastingWorkshop
from tests.chat.world import MONDAY_MORNING, World, can_press, labels_of, text_of
from tests.storage.curation_examples import curate

WEEKS = timedelta(weeks=1)


class ErasingPress(Press):
    """A press during whose work somebody erases everything."""

    def __init__(self, storage: Storage, person_id: int) -> None:
        super().__init__(LastingWorkshop())
        self._storage = storage
        self._person_id = person_id

    async def json(self, diary: Diary) -> bytes:
        await self._storage.members.erase(self._person_id)
        return await super().json(diary)

    async def read_json(self, content: bytes) -> Diary:
        await self._storage.members.erase(self._person_id)
        return await super().read_json(content)


async def everything(world: World) -> None:
    """One of each kind of row about you."""
    await days_of_pain(world, 6, None, 5)
    await world.you.slash("treatments start", name="Pregabalin")
    await world.storage.members.set_preferences(world.you.id, Preferences(safety=SafetyPlan(text="Call Kim")))
    await curate(world.storage, world.you.id)


async def see(world: World) -> Any:
    return (await world.you.slash("mydata")).response


async def download(world: World) -> Any:
    return await world.you.click(await see(world), label="Download")


async def erase(world: World) -> Any:
    """By `/mydata`, to its end; the message with the receipt."""
    asked = await see(world)
    await world.you.click(asked, label="Erase everything")
    await world.you.click(world.inbox[-1], label="Yes, erase everything")
    return world.inbox[-1]


async def use(world: World, press: Press) -> None:
    world.app = assemble(world.storage, world.library, press, world.clock, world.settings)
    await world.env.restart_bot(world.app.client)


async def agreed_to(world: World, version: int) -> None:
    member = await world.storage.members.get(world.you.id)
    assert member is not None
    await world.storage.members.agree(world.you.id, version, member.consented_at - WEEKS)


async def consent_of(world: World) -> int | None:
    member = await world.storage.members.get(world.you.id)
    return member and member.consent_version


async def test_somebody_who_never_opted_in_reads_that_there_is_nothing(world: World) -> None:
    shown: Any = await world.member.slash(world.channel, "mydata")
    assert shown.ephemeral
    assert "I have nothing about you" in text_of(shown.response)
    assert labels_of(shown.response) == []


async def test_everything_is_listed_with_its_reason_and_its_end(world: World) -> None:
    await everything(world)
    text = text_of(await see(world))
    for expected in (
        "**1 membership**: your Discord id",
        "how you want to be treated, and the safety plan you wrote. Kept until you erase it.",
        "**1 plan**",
        "**4 prompts**: when each was due and what became of it, so that no day is asked twice. Kept 400 days",
        "**2 check-ins**: your answers and notes, for your trends and reports. Kept 5 years.",
        "**1 mark**",
        "**1 question**",
        "**1 wish**",
        "**2 reviews**",
        "Who can read it",
        "for 180 days and you do not check in either, I try to tell you once, and erase everything 14 days later.",
        "**Backups** keep copies for at most 30 days, and the keys in them for 7 days.",
    ):
        assert expected in text
    assert "Call Kim" not in text


def test_the_longest_of_these_messages_fit() -> None:
    counts = dict.fromkeys(Holding, 1_234_567)
    held = Stored(counts, Lifetimes(timedelta(days=1799), timedelta(days=1799)), safety_plan=True)
    receipt = Receipt(MONDAY_MORNING, counts)
    for view in (stored_view(1, held), erase_view(1, held), receipt_view(1, receipt)):
        assert view.content_length() <= 4000


async def test_the_download_is_all_of_it_and_comes_back(world: World) -> None:
    await everything(world)
    for days in (0, 120):  # further back than any report
        world.clock.advance(days=days)
        await world.deliver()  # what was due meanwhile is missed
        for _ in range(2):
            await world.you.select(await world.due_prompt(), ["4"])
    whole = await world.storage.entries.of_member(world.you.id)
    files = await files_of(await download(world))
    assert list(files) == ["check-ins.json", "check-ins.csv", "everything-else.json"]
    assert len(json_import(files["check-ins.json"]).observations) == len(whole) == 6
    assert files["check-ins.csv"].count(b"\r\n") == 1 + 6 + 1

    await erase(world)
    await world.enroll()
    back = await world.you.slash("checkin import", file=("check-ins.json", files["check-ins.json"]))
    assert "6 check-ins\n- 1 treatment" in said(back)
    again = await files_of(await download(world))
    assert again["check-ins.json"] == files["check-ins.json"]


async def test_the_rest_of_the_download_holds_every_other_row_and_what_was_sealed(world: World) -> None:
    await everything(world)
    held = await world.storage.holdings.of(world.you.id)
    rest = json.loads((await files_of(await download(world)))["everything-else.json"])
    assert rest["preferences"]["safety"]["text"] == "Call Kim"
    assert [plan["when"] for plan in rest["plans"]] == ["09:00, every day"]
    counted = {kind: len(rows) for kind, rows in rest["stored_rows"].items()}
    apart = (Holding.ENTRY, Holding.MARK, Holding.PREFERENCES)
    assert counted == {kind: number for kind, number in held.items() if kind not in apart}
    assert set(held) == set(Holding)
    assert rest["stored_rows"]["member"][0]["zone"] == "Europe/London"
    assert "It is warm" in rest["stored_rows"]["proposal"][0]["manuscript"]


async def test_the_download_is_private_in_a_server(world: World) -> None:
    await curate(world.storage, world.member.id)
    shown: Any = await world.member.slash(world.channel, "mydata")
    made: Any = await world.member.click(shown.response, label="Download")
    assert (shown.ephemeral, made.ephemeral) == (True, True)
    assert set(await files_of(made)) == {"check-ins.json", "check-ins.csv", "everything-else.json"}


async def test_the_receipt_counts_what_was_erased_and_a_second_look_finds_nothing(world: World) -> None:
    await everything(world)
    held = await world.storage.holdings.of(world.you.id)
    receipt = text_of(await erase(world))
    for expected in ("## Erased", "2 check-ins", "4 prompts", "after 2 December 2026", "on 25 December 2026"):
        assert expected in receipt
    assert receipt.index("Your name was taken off") < receipt.index("1 draft or proposal")
    assert set(held) > SHARED
    assert await world.storage.holdings.of(world.you.id) == {}
    assert "I have nothing about you" in text_of(await see(world))
    assert await world.storage.prompts.next_due() is None


async def test_what_is_asked_before_erasing_says_what_goes_and_what_stays(world: World) -> None:
    await everything(world)
    await world.you.click(await see(world), label="Erase everything")
    text = text_of(world.inbox[-1])
    goes, stays = text.index("**Goes:**"), text.index("**Stays, without your name")
    assert goes < text.index("2 check-ins") < stays < text.index("1 draft or proposal")
    assert "At once and for good" in text
    await world.you.click(world.inbox[-1], label="No, keep it")
    assert "Nothing was changed" in text_of(world.inbox[-1])
    assert await world.storage.holdings.of(world.you.id)


async def test_leaving_by_checkin_stop_gives_the_same_receipt(world: World) -> None:
    await days_of_pain(world, 6)
    shown = await world.you.slash("checkin stop")
    await world.you.click(shown.response, label="Stop and erase everything")
    assert "**Goes:**" in text_of(world.inbox[-1])
    await world.restart()
    await world.you.click(world.inbox[-1], label="Yes, erase everything")
    assert "1 check-in" in text_of(world.inbox[-1])
    assert can_press(world.inbox[-1], "Delete my messages too")


async def test_erasing_twice_says_that_nothing_was_left(world: World) -> None:
    await days_of_pain(world, 6)
    await erase(world)
    await world.press(ERASE_SURE.custom_id(member=str(world.you.id)))
    assert "Erased before" in text_of(world.inbox[-1])


async def test_fault_58_the_buttons_are_for_their_owner_alone(world: World) -> None:
    await days_of_pain(world, 6)
    for action in (DOWNLOAD, ERASE, ERASE_SURE, KEEP, DELETE_MESSAGES):
        result = await world.press(action.custom_id(member=str(world.you.id)), by=world.other)
        assert "not one of yours" in answer_to(result)
    assert await world.storage.members.get(world.you.id) is not None


@pytest.mark.parametrize("enrolled", [True, False])
async def test_fault_50_a_download_under_way_when_erased_gives_nothing_out(world: World, *, enrolled: bool) -> None:
    if enrolled:
        await days_of_pain(world, 6)
    else:
        await curate(world.storage, world.you.id)
    press = ErasingPress(world.storage, world.you.id)
    await use(world, press)
    result = await download(world)
    await press.close()
    assert await files_of(result) == {}
    assert "erased meanwhile" in said(result)


async def test_fault_50_a_report_under_way_when_erased_gives_nothing_out(world: World) -> None:
    await days_of_pain(world, 6)
    press = ErasingPress(world.storage, world.you.id)
    await use(world, press)
    result = await report(world, files=["json", "csv"])
    await press.close()
    assert await files_of(result) == {}
    assert "erased meanwhile" in said(result)


async def test_fault_50_an_import_under_way_when_erased_leaves_nothing(world: World) -> None:
    await days_of_pain(world, 6)
    file = (await files_of(await download(world)))["check-ins.json"]
    [entry] = await world.storage.entries.of_member(world.you.id)
    await world.storage.entries.delete(entry)
    press = ErasingPress(world.storage, world.you.id)
    await use(world, press)
    result = await world.you.slash("checkin import", file=("check-ins.json", file))
    await press.close()
    assert "erased meanwhile" in said(result)
    assert await world.storage.holdings.of(world.you.id) == {}


async def test_fault_50_who_came_back_meanwhile_gets_nothing_of_the_life_before(world: World) -> None:
    await days_of_pain(world, 6)
    rights = world.storage
    member = await rights.members.get(world.you.id)
    assert member is not None

    class ComingBack(ErasingPress):
        async def account(self, account: Account) -> bytes:
            await rights.plans.save(replace(member, consented_at=world.clock.now()), [], world.clock.now())
            return await super().account(account)

    press = ComingBack(rights, world.you.id)
    await use(world, press)
    result = await download(world)
    await press.close()
    assert await files_of(result) == {}
    assert await rights.members.get(world.you.id) is not None


async def test_fault_49_a_prompt_claimed_before_the_erasure_is_not_sent_after_it(world: World) -> None:
    await world.enroll()
    due = await world.storage.prompts.next_due()
    assert due is not None
    world.clock.moment = due
    lease = due + timedelta(seconds=60)
    assert len(await world.storage.prompts.claim_due(due, lease, due - timedelta(hours=2), 10)) == 1
    await erase(world)
    messages = len(world.inbox)
    world.clock.advance(minutes=2)
    assert await world.deliver() == 0
    assert len(world.inbox) == messages


async def test_an_answer_after_the_erasure_is_not_kept(world: World) -> None:
    await world.enroll()
    prompt = await world.due_prompt()
    await erase(world)
    assert "no longer here" in answer_to(await world.you.select(prompt, ["6"]))
    assert await world.storage.holdings.of(world.you.id) == {}


async def test_the_bots_own_messages_go_and_the_receipt_stays(world: World) -> None:
    await days_of_pain(world, 6, 5)
    receipt = await erase(world)
    before = [each.id for each in world.inbox if each.author.id == receipt.author.id and each.id != receipt.id]
    assert len(before) >= 3
    result = await world.you.click(receipt, label="Delete my messages too")
    assert f"Deleted {len(before)} of my messages" in said(result)
    assert "None from before are left" in said(result)
    left = {each.id for each in world.inbox}
    assert receipt.id in left
    assert left.isdisjoint(before)
    assert "## Erased" in text_of(world.inbox[0])


async def test_deleting_messages_from_a_server_needs_no_chat_of_before(world: World) -> None:
    shown: Any = await world.press(DELETE_MESSAGES.custom_id(member=str(world.member.id)), by=world.member)
    assert "Deleted 0 of my messages" in said(shown)


async def test_deleting_that_breaks_off_says_that_more_is_left(world: World) -> None:
    await days_of_pain(world, 6)
    receipt = await erase(world)
    first = next(each for each in reversed(world.inbox) if each.id < receipt.id)
    path = f"/channels/{world.you.dm_channel.id}/messages/{first.id}"
    world.env.inject_error("DELETE", path, status=403, code=50021)
    result = await world.you.click(receipt, label="Delete my messages too")
    assert "There may be more" in said(result)
    await world.you.click(world.inbox[-1], label="Delete more")
    assert "None from before are left" in text_of(world.inbox[-1])


@pytest.mark.parametrize("version", range(1, CONSENT_VERSION))
async def test_who_agreed_to_an_earlier_text_is_asked_with_what_is_new(world: World, version: int) -> None:
    await world.enroll()
    await agreed_to(world, version)
    shown = said(await world.you.slash("checkin settings"))
    for each, line in NEW.items():
        assert (line in shown) == (each > version)
    assert "What you agree to" in shown


def test_every_version_says_what_it_brought() -> None:
    assert set(NEW) == set(range(2, CONSENT_VERSION + 1))


async def test_a_tap_waits_for_the_consent_and_counts_after_it(world: World) -> None:
    await world.enroll()
    prompt = await world.due_prompt()
    await agreed_to(world, 1)
    asked = await world.you.select(prompt, ["6"])
    assert await world.storage.entries.of_prompt(prompt_id(prompt)) is None
    await world.restart()
    await world.you.click(asked.followups[0], label="Yes, I agree: go on")
    member = await world.storage.members.get(world.you.id)
    assert member is not None
    assert (member.consent_version, member.consented_at) == (CONSENT_VERSION, world.clock.now())
    await world.you.select(prompt, ["6"])
    entry = await world.storage.entries.of_prompt(prompt_id(prompt))
    assert entry is not None
    assert entry.answers.pain == 6


@pytest.mark.parametrize(
    "command", ["checkin now", "checkin history", "checkin settings", "trends", "report", "checkin log"]
)
async def test_every_checkin_command_asks_first(world: World, command: str) -> None:
    await days_of_pain(world, 6)
    await agreed_to(world, 1)
    options = {"day": "yesterday", "answer": "4"} if command == "checkin log" else {}
    assert "What you agree to has changed" in said(await world.you.slash(command, **options))
    assert len(await world.storage.entries.of_member(world.you.id)) == 1


async def test_not_now_stops_everything_and_keeps_what_is_there(world: World) -> None:
    await days_of_pain(world, 6)
    await agreed_to(world, 1)
    asked = await world.you.slash("checkin now")
    message = asked.followups[-1] if asked.followups else asked.response
    await world.you.click(message, label="Not now")
    assert "Stopped" in text_of(world.inbox[-1])
    assert (await world.plans(), await consent_of(world)) == ([], 1)
    assert len(await world.storage.entries.of_member(world.you.id)) == 1
    assert "1 check-in" in text_of(await see(world))  # sees and takes along without agreeing
    assert "check-ins.json" in await files_of(await download(world))


async def test_who_does_not_agree_can_erase_from_there(world: World) -> None:
    await days_of_pain(world, 6)
    await agreed_to(world, 1)
    asked = await world.you.slash("checkin now")
    await world.you.click(asked.followups[-1] if asked.followups else asked.response, label="Erase everything")
    await world.you.click(world.inbox[-1], label="Yes, erase everything")
    assert await world.storage.holdings.of(world.you.id) == {}


async def test_leaving_asks_for_no_consent(world: World) -> None:
    await world.enroll()
    await agreed_to(world, 1)
    shown = await world.you.slash("checkin stop")
    await world.you.click(shown.response, label="Stop, keep my entries")
    assert await world.plans() == []


async def test_a_yes_to_a_text_that_has_changed_again_does_not_count(world: World) -> None:
    await world.enroll()
    await agreed_to(world, 1)
    result = await world.press(f"agree-again:1:{world.you.id}:2")
    assert "What you agree to has changed" in said(result)
    assert await consent_of(world) == 1


async def test_nobody_agrees_for_somebody_who_is_gone(world: World) -> None:
    result = await world.press(f"agree-again:1:{world.you.id}:{CONSENT_VERSION}")
    assert "/checkin start" in answer_to(result)
    assert await world.storage.members.get(world.you.id) is None


async def test_too_many_downloads_wait_a_while(world: World) -> None:
    await days_of_pain(world, 6)
    shown = await see(world)
    for _ in range(6):
        assert await files_of(await world.you.click(shown, label="Download"))
    refused = await world.you.click(shown, label="Download")
    assert "That takes me a while to make: please wait 10 minutes." in said(refused)
    world.clock.advance(minutes=10)
    assert await files_of(await world.you.click(shown, label="Download"))


@pytest.mark.parametrize(("command", "most"), [("report", 6), ("trends", 20), ("checkin import", 6)])
async def test_what_takes_long_is_limited(world: World, command: str, most: int) -> None:
    await days_of_pain(world, 6)
    options = {"file": ("check-ins.json", b"{}")} if command == "checkin import" else {}
    for _ in range(most):
        result = await world.you.slash(command, **options)
        assert result.modal or "please wait" not in said(result)
    assert "please wait 10 minutes" in said(await world.you.slash(command, **options))


async def unreachable(world: World) -> None:
    """Your next prompt is turned away, and half a year goes by."""
    world.env.inject_error("POST", f"/channels/{world.you.dm_channel.id}/messages", status=403, code=50007)
    due = await world.storage.prompts.next_due()
    assert due is not None
    world.clock.moment = due
    assert await world.deliver() == 1
    world.clock.advance(days=180)


async def test_who_cannot_be_reached_is_told_once_and_erased_two_weeks_later(world: World) -> None:
    await days_of_pain(world, 6)
    await unreachable(world)
    messages = len(world.inbox)
    await world.app.retention.run_if_due()
    world.clock.advance(days=1)
    await world.app.retention.run_if_due()
    told = world.inbox[messages:]
    assert len(told) == 1
    assert "I will forget you on Sunday 6 June" in text_of(told[0])
    world.clock.advance(days=13)
    await world.app.retention.run_if_due()
    assert await world.storage.holdings.of(world.you.id) == {}
    assert "no check-ins yet" in answer_to(await world.you.click(told[0], label="Keep it, start again"))


async def test_who_comes_back_within_the_two_weeks_is_spared(world: World) -> None:
    await days_of_pain(world, 6)
    await unreachable(world)
    await world.app.retention.run()
    await world.restart()
    await world.you.click(world.inbox[-1], label="Keep it, start again")
    world.clock.advance(days=30)
    await world.app.retention.run()
    member = await world.storage.members.get(world.you.id)
    assert member is not None
    assert member.unreachable_since is None
    assert len(await world.storage.entries.of_member(world.you.id)) == 1


async def test_fault_18_nothing_reaches_a_deleted_account_and_it_is_erased_all_the_same(world: World) -> None:
    await days_of_pain(world, 6)
    await unreachable(world)
    world.env.inject_error("POST", f"/channels/{world.you.dm_channel.id}/messages", status=404, code=10013)
    messages = len(world.inbox)
    await world.app.retention.run()
    world.clock.advance(days=14)
    await world.app.retention.run()
    assert len(world.inbox) == messages
    assert await world.storage.members.get(world.you.id) is None


async def test_a_prompt_that_waits_is_none_of_those_that_grow_old(world: World) -> None:
    await world.enroll()
    unanswered = await world.due_prompt()
    world.clock.advance(days=401)
    await world.app.retention.run()
    assert await world.storage.prompts.get(prompt_id(unanswered)) is None
    [plan] = await world.plans()
    assert await world.storage.prompts.last_key(plan.id) is None
    due = await world.storage.prompts.next_due()
    assert due is not None  # the one that is to come is still there


def test_large_files_come_as_an_archive() -> None:
    small, large = File("a.json", b"{}"), File("b.csv", bytes(FITS))
    assert fitting([small]) == [small]
    [packed] = fitting([small, large])
    assert packed.name.endswith(".zip")
    assert len(packed.content) < FITS
