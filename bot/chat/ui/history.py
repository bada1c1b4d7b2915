"""What became of the latest prompts, as a message."""

from collections.abc import Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from bot.chat.ui.layout import Layout, fitting, inert, panel
from bot.domain.checkins import EntryKind, PromptKind, PromptStatus
from bot.domain.journal import PastPrompt
from bot.domain.trends import count
from bot.domain.zones import zone_named

NAME_LIMIT = 40

ON_TIME = timedelta(minutes=2)
"""A prompt that came within this time is not called late."""

NOTHING_YET = "**No prompts yet.** The first one comes at the time you chose; `/checkin now` asks right away."

ENDINGS = {
    PromptStatus.DUE: "still to come",
    PromptStatus.SENDING: "on its way",
    PromptStatus.SENT: "sent, not answered",
    PromptStatus.ANSWERED: "done",
    PromptStatus.SKIPPED: "skipped",
    PromptStatus.SNOOZED: "put off",
    PromptStatus.EXPIRED: "not answered in time",
    PromptStatus.MISSED: "missed: I was not running at that time, sorry",
    PromptStatus.UNDELIVERABLE: "could not be delivered: your private messages were closed to me",
}
ANSWERS = {
    EntryKind.ANSWERED: "answered",
    EntryKind.SAME: "same as last time",
    EntryKind.UNWELL: "too unwell to answer",
}
LATE_ANSWERS = {
    EntryKind.ANSWERED: "answered late",
    EntryKind.SAME: "same as last time, answered late",
    EntryKind.UNWELL: "too unwell to answer, said late",
}


def history_view(zone: str, prompts: Sequence[tuple[PastPrompt, str]]) -> Layout:
    """The latest prompts, newest first, each with the name of its plan, which is shown where there are several."""
    if not prompts:
        return panel([NOTHING_YET])
    here = zone_named(zone)
    several = len({prompt.plan_id for prompt, _ in prompts}) > 1
    lines = [_line(prompt, name if several else "", here) for prompt, name in prompts]
    return panel(["## Your latest check-ins", "\n".join(fitting(lines))])


def day_text(day: date) -> str:
    return f"{day:%A} {day.day} {day:%B}"


def _line(prompt: PastPrompt, name: str, here: ZoneInfo) -> str:
    about = [_moment(prompt, here)]
    if name:
        about.append(inert(name if len(name) <= NAME_LIMIT else f"{name[: NAME_LIMIT - 1].rstrip()}…"))
    if prompt.kind is PromptKind.OWN:
        about.append("your own")
    if prompt.put_off_from:
        about.append(f"put off from {_put_off_from(prompt, here)}")
    return f"- {', '.join(about)}: {_ending(prompt)}{_delay(prompt)}"


def _moment(prompt: PastPrompt, here: ZoneInfo) -> str:
    """When it was meant for. One that the member added for an earlier day belongs to no time of that day."""
    local = prompt.due_at.astimezone(here)
    if prompt.kind is PromptKind.OWN and local.date() != prompt.local_date:
        return day_text(prompt.local_date)
    return f"{day_text(local.date())}, {local:%H:%M}"


def _put_off_from(prompt: PastPrompt, here: ZoneInfo) -> str:
    if prompt.put_off_from is None:
        return ""
    before, local = prompt.put_off_from.astimezone(here), prompt.due_at.astimezone(here)
    return f"{before:%H:%M}" if before.date() == local.date() else f"{day_text(before.date())}, {before:%H:%M}"


def _ending(prompt: PastPrompt) -> str:
    """An answer without an entry is a reminder that is done."""
    if prompt.answered is None:
        return ENDINGS[prompt.status]
    return (LATE_ANSWERS if prompt.late else ANSWERS)[prompt.answered]


def _delay(prompt: PastPrompt) -> str:
    if prompt.kind is PromptKind.OWN or prompt.sent_at is None or prompt.sent_at - prompt.due_at <= ON_TIME:
        return ""
    minutes = (prompt.sent_at - prompt.due_at) // timedelta(minutes=1)
    length = count(minutes, "minute") if minutes < 120 else count(minutes // 60, "hour")
    return f" (came {length} late: I was not running, or Discord was slow)"
