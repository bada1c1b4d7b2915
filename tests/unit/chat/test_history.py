"""The history of prompts: every ending has its words, and the times are those of the member's clock."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from bot.chat.ui.history import history_view
from bot.domain.checkins import EntryKind, PromptKind, PromptStatus
from bot.domain.journal import PastPrompt

NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)
DAY = "- Monday 23 November, 09:00"


def past(status: PromptStatus = PromptStatus.ANSWERED, **changes: Any) -> PastPrompt:
    fields: dict[str, Any] = {"kind": PromptKind.SCHEDULED, "sent_at": NINE, "local_date": NINE.date(), "due_at": NINE}
    return PastPrompt(plan_id=changes.pop("plan_id", "p"), status=status, **{**fields, **changes})


def text_of(prompts: list[tuple[PastPrompt, str]], zone: str = "Europe/London") -> str:
    parts = [part["content"] for part in history_view(zone, prompts).to_components()[0]["components"]]
    return "\n".join(parts)


def line(prompt: PastPrompt, zone: str = "Europe/London") -> str:
    return text_of([(prompt, "Daily check-in")], zone).splitlines()[1]


@pytest.mark.parametrize(
    ("prompt", "ending"),
    [
        (past(answered=EntryKind.ANSWERED), "answered"),
        (past(answered=EntryKind.ANSWERED, late=True), "answered late"),
        (past(answered=EntryKind.SAME), "same as last time"),
        (past(answered=EntryKind.UNWELL), "too unwell to answer"),
        (past(), "done"),
        (past(PromptStatus.SKIPPED), "skipped"),
        (past(PromptStatus.SNOOZED), "put off"),
        (past(PromptStatus.SENT), "sent, not answered"),
        (past(PromptStatus.EXPIRED), "not answered in time"),
        (past(PromptStatus.MISSED, sent_at=None), "missed: I was not running at that time, sorry"),
        (
            past(PromptStatus.UNDELIVERABLE, sent_at=None),
            "could not be delivered: your private messages were closed to me",
        ),
    ],
)
def test_every_ending_has_its_words(prompt: PastPrompt, ending: str) -> None:
    assert line(prompt) == f"{DAY}: {ending}"


def test_every_status_can_be_shown() -> None:
    for status in PromptStatus:
        assert line(past(status)).startswith(f"{DAY}: ")


def test_times_are_the_members() -> None:
    assert line(past(), "America/New_York") == "- Monday 23 November, 04:00: done"
    late = past(due_at=datetime(2026, 11, 23, 3, tzinfo=UTC), sent_at=None)
    assert line(late, "America/New_York").startswith("- Sunday 22 November, 22:00")


@pytest.mark.parametrize(
    ("delay", "words"),
    [
        (timedelta(minutes=2), ""),
        (timedelta(minutes=2, seconds=1), " (came 2 minutes late: I was not running, or Discord was slow)"),
        (timedelta(minutes=40), " (came 40 minutes late: I was not running, or Discord was slow)"),
        (timedelta(hours=5, minutes=59), " (came 5 hours late: I was not running, or Discord was slow)"),
    ],
)
def test_a_prompt_that_came_late_says_so(delay: timedelta, words: str) -> None:
    assert line(past(sent_at=NINE + delay)) == f"{DAY}: done{words}"


def test_ones_own_are_never_late_and_belong_to_their_day() -> None:
    own = past(kind=PromptKind.OWN, sent_at=NINE + timedelta(days=1), answered=EntryKind.ANSWERED)
    assert line(own) == f"{DAY}, your own: answered"
    backdated = past(kind=PromptKind.OWN, local_date=date(2026, 11, 20), answered=EntryKind.ANSWERED, late=True)
    assert line(backdated) == "- Friday 20 November, your own: answered late"


def test_one_that_was_put_off_shows_where_it_comes_from() -> None:
    snoozed = past(PromptStatus.SENT, kind=PromptKind.SNOOZE, put_off_from=NINE - timedelta(hours=2))
    assert line(snoozed) == f"{DAY}, put off from 07:00: sent, not answered"
    day_before = past(PromptStatus.SENT, kind=PromptKind.SNOOZE, put_off_from=NINE - timedelta(hours=20))
    assert line(day_before) == f"{DAY}, put off from Sunday 22 November, 13:00: sent, not answered"


def test_plans_are_named_only_where_there_are_several_and_never_as_markup() -> None:
    one = [(past(), "**Pills**"), (past(), "**Pills**")]
    assert "Pills" not in text_of(one)
    several = [*one, (past(plan_id="q"), "Daily check-in")]
    assert rf"{DAY}, \*\*Pills\*\*: done" in text_of(several)
    assert rf"{DAY}, Daily check\-in: done" in text_of(several)


def test_it_fits_one_message() -> None:
    longest = [
        (
            past(
                PromptStatus.UNDELIVERABLE,
                plan_id=str(number % 2),
                kind=PromptKind.SNOOZE,
                put_off_from=NINE - timedelta(days=1),
                sent_at=NINE + timedelta(hours=9),
            ),
            "*" * 200,
        )
        for number in range(14)
    ]
    assert len(text_of(longest)) <= 4000
    assert "more that do not fit" in text_of(longest)
    ordinary = [(past(plan_id=str(number % 2)), "Daily check-in") for number in range(14)]
    assert text_of(ordinary).count("done") == 14


def test_nothing_yet() -> None:
    assert "No prompts yet" in text_of([])
