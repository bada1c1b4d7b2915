"""How the bot is doing, in words for the moderators of a server: counts over everybody, and nothing about anybody."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import discord

from bot.chat.ui.layout import Layout, bullets, panel
from bot.domain.condition import Backlog, Condition, Hold, Signal, State
from bot.domain.trends import count

WELL = "## All is well"
STRAINED = "## It works, and somebody should look"
RED = "## Something does not work"
OPERATOR = "-# Please tell whoever runs me. What is meant here is the whole bot, in all its servers together."
WHOLE = "-# What is counted here is the whole bot, in all its servers together."

MARKS: Mapping[State, str] = {State.FINE: "", State.STRAINED: "⚠️ ", State.RED: "🔴 "}


def status_view(condition: Condition) -> Layout:
    worst = {signal.state for signal in condition.signals}
    head = RED if State.RED in worst else STRAINED if State.STRAINED in worst else WELL
    wrong = [MARKS[signal.state] + _words(signal) for signal in condition.signals if signal.state is not State.FINE]
    blocks = [head, bullets(wrong), bullets(_facts(condition)), WHOLE if head is WELL else OPERATOR]
    return panel([block for block in blocks if block])


def _words(signal: Signal) -> str:
    return f"**{signal.name.capitalize()}:** {signal.said}"


def _facts(condition: Condition) -> list[str]:
    stored = condition.stored
    return [
        f"**Version:** {condition.version}, up since {_moment(condition.started)}",
        f"**Connection:** {_connection(condition)}",
        f"**Prompts:** {_prompts(stored.backlog, condition.late) if stored else 'not known'}; {_sends(condition.hold)}",
        f"**Cards:** {condition.cards}, content `{condition.content}`",
        f"**Last backup:** {_backup(condition)}",
        f"**Database:** {f'{stored.kind}, {_size(stored.size)}' if stored else 'does not answer'}",
    ]


def _connection(condition: Condition) -> str:
    if condition.offline_for:
        return "not there just now"
    latency = "" if condition.latency is None else f", Discord answers in {condition.latency * 1000:.0f} ms"
    return f"there{latency}"


def _prompts(backlog: Backlog, late: timedelta) -> str:
    waiting = f"{backlog.waiting:,} planned"
    if not backlog.overdue:
        return f"{waiting}, none late"
    return f"{waiting}, {backlog.overdue:,} due, the oldest for {count(int(late.total_seconds() // 60), 'minute')}"


def _sends(hold: Hold | None) -> str:
    return "sends are held back" if hold else "sends go out"


def _backup(condition: Condition) -> str:
    if not condition.backs_up:
        return "switched off"
    return _moment(condition.backup) if condition.backup else "none yet"


def _moment(moment: datetime) -> str:
    return discord.utils.format_dt(moment, "f")


def _size(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB"
