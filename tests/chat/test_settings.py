"""The settings panel: every control on it, every refusal, and nothing lost by a slip."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.chat.routing import Action
from bot.chat.ui.flares import FLARE, FLARE_DAYS
from bot.chat.ui.layout import CHARACTER_BUDGET, COMPONENT_BUDGET, Layout
from bot.chat.ui.plans import (
    ADD_QUESTION,
    BACK,
    EDIT,
    GO_ON,
    PAUSE,
    PAUSE_OWN,
    PAUSE_UNTIL,
    QUESTIONS,
    REMOVE_QUESTION,
    STOP,
    STOP_SURE,
)
from bot.chat.ui.preferences import DAY_FORM, MORE, OVERVIEW, QUIET_FORM, SAFETY_FORM, quiet_hours, safety_form
from bot.chat.ui.settings import overview_view
from bot.chat.ui.timetables import days_text, times_text, when_text
from bot.domain.members import Preferences
from bot.domain.plans import CheckIn, Digest, FlareQuestion, Plan, Purpose, Reminder
from bot.domain.questionnaires import OwnKind, own_question
from bot.domain.schedules import (
    EVERY_DAY,
    WEEKDAYS,
    WEEKEND,
    Days,
    EveryNDays,
    Moment,
    Monthly,
    Schedule,
    Weekdays,
)
from bot.domain.support import SupportCountry
from bot.domain.trends import Flare
from bot.domain.when import parse_days, parse_times, parse_when
from bot.errors import UserError
from bot.services.membership import Membership
from bot.services.plans import NO_SUCH_PLAN, PlanService
from tests.chat.world import World, custom_ids_of, labels_of, raw_components, text_of, walk

LONDON = "Europe/London"
TODAY = date(2026, 11, 23)
AT_NINE = Schedule.daily(time(9))
TEN_TO_ELEVEN = Schedule((Moment(time(10), 60),), EveryNDays(3, TODAY), salt=7)


def service(world: World) -> PlanService:
    stores = world.storage
    membership = Membership(world.clock, stores.members)
    return PlanService(world.clock, world.app.editions, membership, stores.members, stores.plans, stores.prompts)


async def start(world: World, purpose: Purpose | None = None, schedule: Schedule = AT_NINE) -> Plan:
    """A plan of yours, later than the others; the daily check-in at nine unless another is named."""
    world.clock.advance(seconds=1)
    started = await service(world).start(world.you.id, world.you.dm_channel.id, LONDON, purpose or CheckIn(), schedule)
    return started.plan


async def stored(world: World, plan: Plan) -> Plan:
    found = await world.storage.plans.get(plan.id)
    assert found is not None
    return found


async def panel(world: World, page: int = 0) -> Any:
    await world.press(OVERVIEW.custom_id(page=str(page)))
    return world.inbox[-1]


async def press(world: World, action: Action, **values: str) -> Any:
    """Press this control of the newest message."""
    return await world.you.click(world.inbox[-1], custom_id=action.custom_id(**values))


async def more(world: World, setting: str) -> str:
    """Choose one of "More settings"; returns what then stands there."""
    await world.you.select(await panel(world), [setting], custom_id=MORE.custom_id())
    return text_of(world.inbox[-1])


async def fill(world: World, opened: Any, **changed: Any) -> Any:
    """Send a form off the way Discord does: with all that it was filled with, and with what is changed."""
    return await world.you.submit_modal(opened, {**filled(opened), **changed})


def filled(opened: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for part in opened.modal["components"]:
        field = part["component"]
        chosen = [option["value"] for option in field.get("options", ()) if option.get("default")]
        found[field["custom_id"]] = chosen if "options" in field else field.get("value") or ""
    return found


def said(result: Any) -> str:
    """The private sentence beside the panel."""
    return text_of(result.followups[-1])


def options_of(message: Any, custom_id: str) -> list[dict[str, Any]]:
    return next(part["options"] for part in walk(raw_components(message)) if part.get("custom_id") == custom_id)


async def test_everything_in_one_panel_each_with_its_own_buttons(world: World) -> None:
    daily = await start(world)
    tea = await start(world, Reminder(text="**Tea** <@1>"), Schedule.daily(time(15), WEEKDAYS))
    await start(
        world, Reminder(text="Call"), Schedule.once_at(datetime(2026, 11, 26, 10, tzinfo=UTC), ZoneInfo(LONDON))
    )
    shown = await panel(world)
    text = text_of(shown)
    assert "**Daily check\\-in**\n09:00, every day\n-# Next: Monday 23 November, 09:00" in text
    assert "\\*\\*Tea\\*\\* \\<\\@1\\>" in text
    assert "15:00, Monday to Friday" in text
    assert "Once: Thursday 26 November, 10:00" in text
    assert "London, United Kingdom" in text
    assert labels_of(shown) == [
        *("Edit", "Pause", "Stop", "Questions"),
        *("Edit", "Pause", "Stop"),
        *("Edit", "Stop"),
        "I am in a flare",
    ]
    assert {EDIT.custom_id(plan=daily.id), STOP.custom_id(plan=tea.id)} <= set(custom_ids_of(shown))


async def test_in_a_server_nobody_else_sees_the_panel(world: World) -> None:
    dm = world.member.user.dm_channel.id
    started = await service(world).start(world.member.id, dm, LONDON, CheckIn(), AT_NINE)
    shown: Any = await world.member.slash(world.channel, "checkin settings")
    assert shown.response.ephemeral
    stopping: Any = await world.member.click(shown.response, custom_id=STOP.custom_id(plan=started.plan.id))
    assert "Stop this?" in text_of(shown.response)
    assert not stopping.followups


async def test_with_nothing_running_it_says_how_to_begin(world: World) -> None:
    await service(world).stop(world.you.id, (await start(world)).id)
    assert "`/checkin start`" in text_of(await panel(world))


async def test_somebody_new_is_told_where_to_begin(world: World) -> None:
    assert "/checkin start" in said(await world.press(OVERVIEW.custom_id(page="0")))


async def test_ten_plans_fit_and_every_page_can_be_reached(world: World) -> None:
    plans = [await start(world)]
    longest = Schedule((Moment(time(9), 60), Moment(time(12), 60), Moment(time(15), 60), Moment(time(20))), WEEKDAYS)
    plans += [await start(world, Reminder(text="*" * 200), longest) for _ in range(9)]
    with pytest.raises(UserError, match="room for 10"):
        await start(world, Reminder(text="one more"))
    first = await panel(world)
    assert labels_of(first).count("Edit") == 4
    await press(world, OVERVIEW, page="1")
    await press(world, OVERVIEW, page="2")
    last = world.inbox[-1]
    assert EDIT.custom_id(plan=plans[9].id) in custom_ids_of(last)
    assert labels_of(last).count("Edit") == 2
    await press(world, PAUSE, plan=plans[9].id)
    await press(world, BACK, plan=plans[9].id)
    assert EDIT.custom_id(plan=plans[9].id) in custom_ids_of(world.inbox[-1])
    overview = await service(world).overview(world.you.id)
    for page in range(4):
        assert fits(overview_view(overview, Flare(TODAY, date(2026, 9, 30)), page, notice="**Done.**"))


def fits(view: Layout) -> bool:
    buttons = [part for part in walk(view.to_components()) if part["type"] == 2]
    assert all(len(part["label"]) <= 80 for part in buttons)
    return view.content_length() <= CHARACTER_BUDGET and view.total_children_count <= COMPONENT_BUDGET


async def test_a_plan_is_edited_across_a_restart_and_shows_what_comes(world: World) -> None:
    plan = await start(world)
    await panel(world)
    opened = await press(world, EDIT, plan=plan.id)
    assert filled(opened) == {"times": "09:00", "days": "every day", "within": ["12"], "nudge": ["no"]}
    await world.restart()
    changes = {"times": "9am and 9pm", "days": "Mon Wed", "within": ["4"], "nudge": ["yes"]}
    await fill(world, opened, **changes)
    timetable = (await stored(world, plan)).timetable
    assert timetable.schedule.describe() == "09:00 and 21:00 on Monday and Wednesday"
    assert (timetable.answer_within, timetable.nudge) == (timedelta(hours=4), True)
    text = text_of(world.inbox[-1])
    assert "Monday 23 November, 09:00\n- Monday 23 November, 21:00\n- Wednesday 25 November, 09:00" in text
    assert text.count("\n- ") == 5
    assert "wait for an answer for 4 hours, and nudge you once after 2 hours." in text
    await press(world, BACK, plan=plan.id)
    assert "## Your settings" in text_of(world.inbox[-1])


async def test_what_was_not_touched_stays_as_it_was(world: World) -> None:
    plan = await start(world, schedule=TEN_TO_ELEVEN)
    world.clock.advance(days=1)
    await panel(world)
    await fill(world, await press(world, EDIT, plan=plan.id))
    assert (await stored(world, plan)).timetable == plan.timetable
    await panel(world)
    await fill(world, await press(world, EDIT, plan=plan.id), times="between 10 and 12")
    schedule = (await stored(world, plan)).schedule
    assert (schedule.days, schedule.salt, schedule.moments) == (TEN_TO_ELEVEN.days, 7, (Moment(time(10), 120),))


async def test_a_reminder_is_reworded(world: World) -> None:
    plan = await start(world, Reminder(text="Tea"))
    await panel(world)
    await fill(world, await press(world, EDIT, plan=plan.id), text="Green\ttea\u202e")
    assert (await stored(world, plan)).purpose == Reminder(text="Green tea")
    assert "Green tea" in text_of(world.inbox[-1])


async def test_a_reminder_for_one_day_has_one_field_for_its_time(world: World) -> None:
    once = Schedule.once_at(datetime(2026, 11, 26, 10, tzinfo=UTC), ZoneInfo(LONDON))
    plan = await start(world, Reminder(text="Call"), once)
    await panel(world)
    opened = await press(world, EDIT, plan=plan.id)
    assert filled(opened) == {"text": "Call", "when": "2026-11-26 10:00", "within": ["12"]}
    await fill(world, opened, when="tomorrow 3pm")
    assert "Tuesday 24 November, 15:00" in text_of(world.inbox[-1])
    await panel(world)
    refused = await fill(world, await press(world, EDIT, plan=plan.id), when="yesterday", text="Call back")
    assert "could not read when that is" in said(refused)
    assert (await stored(world, plan)).purpose == Reminder(text="Call back")


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"times": "noonish"}, "could not read that as times"),
        ({"days": "Blursday"}, "could not read those days"),
        ({"times": "22:30"}, "falls into your quiet hours (22:00 to 07:00)"),
    ],
)
async def test_a_slip_in_one_field_keeps_the_others(world: World, changed: dict[str, str], sentence: str) -> None:
    plan = await start(world)
    await service(world).prefer(world.you.id, Preferences.model_validate({"quiet": {"start": "22:00", "end": "07:00"}}))
    refused = said(await fill(world, await world.press(EDIT.custom_id(plan=plan.id)), **changed))
    assert sentence in refused
    assert "saved" not in refused
    refused = said(await fill(world, await world.press(EDIT.custom_id(plan=plan.id)), within=["8"], **changed))
    assert sentence in refused
    assert "What else you changed is saved." in refused
    timetable = (await stored(world, plan)).timetable
    assert (timetable.schedule, timetable.answer_within) == (AT_NINE, timedelta(hours=8))


async def test_a_pause_says_when_it_ends_and_can_end_sooner(world: World) -> None:
    plan = await start(world)
    await panel(world)
    await press(world, PAUSE, plan=plan.id)
    choices = options_of(world.inbox[-1], PAUSE_UNTIL.custom_id(plan=plan.id))
    assert [each["label"] for each in choices] == [
        "1 day: goes on Tuesday 24 November",
        "3 days: goes on Thursday 26 November",
        "A week: goes on Monday 30 November",
        "2 weeks: goes on Monday 7 December",
    ]
    await world.restart()
    await world.you.select(world.inbox[-1], ["2026-11-30"])
    assert "It goes on from Monday 30 November" in text_of(world.inbox[-1])
    world.clock.advance(days=2)
    assert await world.deliver() == 0
    shown = await panel(world)
    assert "**Paused** until Monday 30 November" in text_of(shown)
    assert "Next: Monday 30 November, 09:00" in text_of(shown)
    assert "Pause" not in labels_of(shown)
    await press(world, GO_ON, plan=plan.id)
    assert "It goes on" in text_of(world.inbox[-1])
    assert (await stored(world, plan)).timetable.paused_until is None
    assert "Pause" in labels_of(await panel(world))


async def test_a_day_that_is_over_is_no_day_of_a_pause(world: World) -> None:
    plan = await start(world)
    await world.due_prompt()
    await panel(world)
    await press(world, PAUSE, plan=plan.id)
    choices = options_of(world.inbox[-1], PAUSE_UNTIL.custom_id(plan=plan.id))
    assert choices[0]["label"] == "1 day: goes on Wednesday 25 November"


async def test_a_pause_until_a_date_of_ones_own(world: World) -> None:
    plan = await start(world)
    await panel(world)
    await press(world, PAUSE, plan=plan.id)
    opened = await press(world, PAUSE_OWN, plan=plan.id)
    await world.restart()
    assert "could not read that day" in said(await fill(world, opened, until="when it is over"))
    opened = await world.press(PAUSE_OWN.custom_id(plan=plan.id))
    assert "from tomorrow on" in said(await fill(world, opened, until="2026-11-01"))
    assert (await stored(world, plan)).timetable.paused_until is None
    await fill(world, await world.press(PAUSE_OWN.custom_id(plan=plan.id)), until="2026-12-24")
    assert "It goes on from Thursday 24 December" in text_of(world.inbox[-1])


async def test_an_old_choice_of_a_pause_is_refused(world: World) -> None:
    plan = await start(world)
    await panel(world)
    await press(world, PAUSE, plan=plan.id)
    world.clock.advance(days=40)
    assert "from tomorrow on" in said(await world.you.select(world.inbox[-1], ["2026-11-30"]))


@pytest.mark.parametrize(
    ("purpose", "again"),
    [
        (CheckIn(), "Your entries are kept. `/checkin start`"),
        (Reminder(text="Tea"), "`/remind`"),
        (Digest(), "*More settings*"),
    ],
)
async def test_stopping_asks_once_and_says_how_to_come_back(world: World, purpose: Purpose, again: str) -> None:
    plan = await start(world, purpose)
    await panel(world)
    await press(world, STOP, plan=plan.id)
    await world.you.click(world.inbox[-1], label="Keep it")
    assert (await stored(world, plan)).stopped_at is None
    await press(world, STOP, plan=plan.id)
    assert ("What you have saved is kept." in text_of(world.inbox[-1])) is not isinstance(purpose, Digest)
    await world.restart()
    await press(world, STOP_SURE, plan=plan.id)
    assert again in text_of(world.inbox[-1])
    assert (await stored(world, plan)).stopped_at == world.clock.now()
    await press(world, BACK, plan=plan.id)
    assert EDIT.custom_id(plan=plan.id) not in custom_ids_of(world.inbox[-1])


async def test_questions_of_ones_own(world: World) -> None:
    plan = await start(world)
    await panel(world)
    await press(world, QUESTIONS, plan=plan.id)
    opened = await press(world, ADD_QUESTION, plan=plan.id)
    assert filled(opened) == {"text": "", "kind": ["score"], "unit": ""}
    await world.restart()
    await fill(world, opened, text="How *stiff* were you?")
    assert "How \\*stiff\\* were you\\?\n-# 0 to 10" in text_of(world.inbox[-1])
    await fill(world, await press(world, ADD_QUESTION, plan=plan.id), text="Did you go out?", kind=["yes-no"])
    opened = await press(world, ADD_QUESTION, plan=plan.id)
    assert "what the number counts" in said(await fill(world, opened, text="How far?", kind=["number"]))
    opened = await world.press(ADD_QUESTION.custom_id(plan=plan.id))
    await fill(world, opened, text="How far?", kind=["number"], unit="steps")
    shown = text_of(world.inbox[-1])
    assert "Did you go out\\?\n-# yes or no" in shown
    assert "How far\\?\n-# a number: steps" in shown
    refused = await world.press(ADD_QUESTION.custom_id(plan=plan.id))
    assert "room for 3 questions" in said(await fill(world, refused, text="And one more?"))
    await panel(world)
    await press(world, QUESTIONS, plan=plan.id)
    assert await removed_first(world, plan) == ["Did you go out?", "How far?"]
    assert "What you have answered is kept." in text_of(world.inbox[-1])


async def removed_first(world: World, plan: Plan) -> list[str]:
    """Remove the first question; returns those that are left."""
    purpose = (await stored(world, plan)).purpose
    assert isinstance(purpose, CheckIn)
    await press(world, REMOVE_QUESTION, plan=plan.id, key=purpose.own[0].key)
    purpose = (await stored(world, plan)).purpose
    assert isinstance(purpose, CheckIn)
    return [question.text for question in purpose.own]


async def test_a_reminder_asks_no_questions(world: World) -> None:
    plan = await start(world, Reminder(text="Tea"))
    opened = await world.press(ADD_QUESTION.custom_id(plan=plan.id))
    assert "Only check-ins" in said(await fill(world, opened, text="How are you?"))


async def test_a_flare_begins_changes_and_ends(world: World) -> None:
    plan = await start(world, schedule=Schedule((Moment(time(9)), Moment(time(21))), EVERY_DAY))
    await panel(world)
    await press(world, FLARE)
    choices = options_of(world.inbox[-1], FLARE_DAYS.custom_id())
    assert choices[0]["label"] == "2 days, until Tuesday 24 November"
    assert "It is over" not in labels_of(world.inbox[-1])
    await world.restart()
    await world.you.select(world.inbox[-1], ["5"])
    text = text_of(world.inbox[-1])
    for promise in ("until Friday 27 November", "every other day", "do not nudge", "Reminders go on", "shaded"):
        assert promise in text
    assert "On Saturday 28 November I ask once how it is going." in text
    shown = await panel(world)
    assert "Quieter: every other day, as usual again from Sunday 29 November" in text_of(shown)
    assert "Flare until Friday 27 November: change" in labels_of(shown)
    assert labels_of(shown).count("Edit") == 1  # the question about the flare is no item of its own
    await press(world, FLARE)
    await world.you.select(world.inbox[-1], ["7"])
    assert "On Monday 30 November I ask" in text_of(world.inbox[-1])
    await panel(world)
    await press(world, FLARE)
    await world.you.click(world.inbox[-1], label="It is over")
    assert "come as before" in text_of(world.inbox[-1])
    assert (await stored(world, plan)).timetable.eased_until is None
    assert "I am in a flare" in labels_of(await panel(world))


async def test_a_flare_asks_its_question_outside_of_quiet_hours(world: World) -> None:
    await start(world, Reminder(text="Tea"))
    await service(world).prefer(world.you.id, Preferences.model_validate({"quiet": {"start": "11:00", "end": "14:00"}}))
    await panel(world)
    await press(world, FLARE)
    await world.you.select(world.inbox[-1], ["2"])
    plans = await world.storage.plans.of_member(world.you.id)
    question = next(plan for plan in plans if isinstance(plan.purpose, FlareQuestion))
    assert question.schedule.describe() == "14:00 on Wednesday 25 November 2026"
    assert "streaks are on" in (await more(world, "streaks")).casefold()


async def test_the_weekly_digest_goes_on_and_off(world: World) -> None:
    await start(world)
    world.clock.advance(seconds=1)
    assert "18:00 on Sunday" in await more(world, "digest")
    assert "Sunday 29 November, 18:00" in text_of(world.inbox[-1])
    plan = (await world.storage.plans.of_member(world.you.id))[-1]
    shown = await panel(world)
    assert "**Weekly digest**" in text_of(shown)
    assert options_of(shown, MORE.custom_id())[1]["description"].startswith("On")
    opened = await press(world, EDIT, plan=plan.id)
    assert filled(opened) == {"times": "18:00", "days": "Sunday"}
    await fill(world, opened, times="10:00")
    assert "10:00 on Sunday" in text_of(world.inbox[-1])
    assert "The weekly digest is off." in await more(world, "digest")
    assert "**Weekly digest**" not in text_of(world.inbox[-1])


async def test_the_weekly_digest_keeps_out_of_quiet_hours(world: World) -> None:
    await start(world, schedule=Schedule.daily(time(15)))
    await service(world).prefer(world.you.id, Preferences.model_validate({"quiet": {"start": "17:00", "end": "12:30"}}))
    assert "falls into your quiet hours" in said(await world.you.select(await panel(world), ["digest"]))
    await service(world).prefer(world.you.id, Preferences.model_validate({"quiet": {"start": "17:00", "end": "12:00"}}))
    assert "12:00 on Sunday" in await more(world, "digest")


async def test_streaks_are_off_until_somebody_wants_them(world: World) -> None:
    await start(world)
    assert "Streaks are on." in await more(world, "streaks")
    assert (await world.storage.members.preferences(world.you.id)).streaks
    assert "Streaks are off." in await more(world, "streaks")
    assert not (await world.storage.members.preferences(world.you.id)).streaks


async def test_quiet_hours(world: World) -> None:
    await start(world)
    await start(world, Reminder(text="**Pills** @everyone"), Schedule.daily(time(21)))
    assert "**Quiet hours:** none" in await more(world, "quiet")
    opened = await world.you.click(world.inbox[-1], label="Change")
    await world.restart()
    refused = said(await fill(world, opened, **{"from": "20:00", "until": "08:00"}))
    assert "clash with this one: a reminder (21:00, every day)" in refused
    assert (await world.storage.members.preferences(world.you.id)).quiet is None
    opened = await world.press(QUIET_FORM.custom_id())
    await fill(world, opened, **{"from": "10pm", "until": "7"})
    assert "**Quiet hours:** 22:00 to 07:00" in text_of(world.inbox[-1])
    opened = await world.you.click(world.inbox[-1], label="Change")
    assert filled(opened) == {"from": "22:00", "until": "07:00"}
    await fill(world, opened, **{"from": "", "until": ""})
    assert (await world.storage.members.preferences(world.you.id)).quiet is None
    await world.you.click(world.inbox[-1], label="Back")
    assert "## Your settings" in text_of(world.inbox[-1])


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"from": "22:00"}, "both ends"),
        ({"until": "7"}, "both ends"),
        ({"from": "10pm", "until": "22:00"}, "another time"),
        ({"from": "ten", "until": "7"}, "could not read that as a time"),
    ],
)
def test_quiet_hours_that_are_none(fields: dict[str, str], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        quiet_hours(fields)


async def test_where_a_day_begins(world: World) -> None:
    await start(world)
    assert "begins at 03:00" in await more(world, "day")
    opened = await world.you.click(world.inbox[-1], label="Change")
    await world.restart()
    assert "could not read that as a time" in said(await fill(world, opened, begins="late"))
    await fill(world, await world.press(DAY_FORM.custom_id()), begins="5am")
    assert "begins at 05:00" in text_of(world.inbox[-1])
    await fill(world, await world.you.click(world.inbox[-1], label="Change"), begins="")
    assert "begins at 03:00" in text_of(world.inbox[-1])


async def test_a_safety_plan_of_ones_own(world: World) -> None:
    await start(world)
    assert "Nobody else sees them, and nobody is told." in await more(world, "safety")
    opened = await world.you.click(world.inbox[-1], label="Write one")
    assert filled(opened) == {"words": "", "country": [], "score": ["9"]}
    await world.restart()
    await fill(world, opened, words="Call *Sam*.\nGo out.", country=["Ireland"], score=["7"])
    text = text_of(world.inbox[-1])
    assert "> Call \\*Sam\\*\\.\n> Go out\\." in text
    assert "services of: Ireland" in text
    assert "when you answer 7 or more of 10. Nobody else is told." in text
    opened = await world.you.click(world.inbox[-1], label="Change")
    assert filled(opened) == {"words": "Call *Sam*.\nGo out.", "country": ["Ireland"], "score": ["7"]}
    await fill(world, opened, words="", country=[])
    assert (await world.storage.members.preferences(world.you.id)).safety is None


def test_more_countries_than_a_select_has_room_for() -> None:
    countries = [SupportCountry(country=f"Country {number}") for number in range(30)]
    fields = safety_form(Preferences(), countries).to_dict()["components"]
    assert [len(part["component"].get("options", ())) for part in fields] == [0, 25, 11]
    assert len(safety_form(Preferences(), []).children) == 2


async def test_the_time_zone_has_a_command_of_its_own(world: World) -> None:
    await start(world)
    assert "London, United Kingdom" in await more(world, "zone")
    assert "`/checkin timezone`" in text_of(world.inbox[-1])


async def test_another_members_plan_is_nobody_elses(world: World) -> None:
    plan = await start(world)
    question = own_question("How are you?", OwnKind.SCORE)
    await service(world).ask_also(world.you.id, plan.id, question)
    theirs = world.other.user.dm_channel.id
    await service(world).start(world.other.id, theirs, LONDON, CheckIn(), AT_NINE)
    before = await stored(world, plan)
    for action in (EDIT, PAUSE, GO_ON, STOP, STOP_SURE, QUESTIONS):
        refused = await world.press(action.custom_id(plan=plan.id), by=world.other)
        spoken = refused.followups[-1] if refused.followups else refused.response
        assert (text_of(spoken), spoken.ephemeral) == (NO_SUCH_PLAN, True)
    remove = REMOVE_QUESTION.custom_id(plan=plan.id, key=question.key)
    assert said(await world.press(remove, by=world.other)) == NO_SUCH_PLAN
    for action, values in {PAUSE_OWN: {"until": "tomorrow"}, ADD_QUESTION: {"text": "Why?", "kind": ["score"]}}.items():
        opened = await world.press(action.custom_id(plan=plan.id), by=world.other)
        assert said(await world.other.submit_modal(opened, values)) == NO_SUCH_PLAN
    assert await stored(world, plan) == before


async def test_a_plan_that_was_stopped_meanwhile(world: World) -> None:
    plan = await start(world)
    await panel(world)
    opened = await press(world, EDIT, plan=plan.id)
    await service(world).stop(world.you.id, plan.id)
    assert said(await fill(world, opened, times="10:00")) == NO_SUCH_PLAN


async def test_the_forms_too_are_for_members_only(world: World) -> None:
    refused = await world.press(SAFETY_FORM.custom_id())
    assert "/checkin start" in text_of(refused.response or refused.followups[-1])


@pytest.mark.parametrize(
    "moments",
    [
        (Moment(time(9)),),
        (Moment(time(0)), Moment(time(12)), Moment(time(23, 59))),
        (Moment(time(9), 120),),
        (Moment(time(9), 120), Moment(time(20))),
        (Moment(time(8)), Moment(time(9, 30), 45), Moment(time(12), 60), Moment(time(22), 120)),
        (Moment(time(0), 24 * 60),),
    ],
)
def test_times_are_filled_in_as_they_are_read(moments: tuple[Moment, ...]) -> None:
    assert parse_times(times_text(Schedule(moments, EVERY_DAY))) == moments


@pytest.mark.parametrize(
    "days",
    [
        EVERY_DAY,
        WEEKDAYS,
        WEEKEND,
        Weekdays(frozenset({2})),
        Weekdays(frozenset({0, 1, 2, 3, 4, 6})),
        EveryNDays(2, TODAY),
        EveryNDays(10, TODAY),
        EveryNDays(14, TODAY),
        Monthly(1),
        Monthly(22),
        Monthly(31),
    ],
)
def test_days_are_filled_in_as_they_are_read(days: Days) -> None:
    assert parse_days(days_text(Schedule.daily(time(9), days)), TODAY) == days


def test_a_moment_is_filled_in_as_it_is_read() -> None:
    now, zone = datetime(2026, 11, 23, 8, 30, tzinfo=UTC), ZoneInfo(LONDON)
    once = Schedule.once_at(datetime(2027, 3, 1, 15, 30, tzinfo=UTC), zone)
    assert Schedule.once_at(parse_when(when_text(once), now, zone), zone) == once
