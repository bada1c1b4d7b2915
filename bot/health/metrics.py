"""Metrics for Prometheus, in a registry of their own. No label ever holds anything about a member or a server."""

import logging
import math
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import cast

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from bot.domain.checkins import Delivery
from bot.domain.condition import CARD_FILES, Condition
from bot.domain.plans import Plan
from bot.services.ports import Clock, Delivered, Held, Messenger, Outcome, TokenRefused, Uncertain, Unreachable

OUTCOMES: Mapping[type[Outcome], str] = {
    Delivered: "delivered",
    Unreachable: "undeliverable",
    Uncertain: "uncertain",
    Held: "held",
    TokenRefused: "token refused",
}
MISSED = "missed"
INTERACTIONS = ("application_command", "autocomplete", "component", "modal_submit")
GATEWAY = ("connected", "resumed", "disconnected")
NOT_OURS = "of a library"

SEND_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15)
LATE_BUCKETS = (1, 5, 15, 60, 120, 300, 900, 3600, 7200)
ANSWER_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 10)


UNKNOWN = math.nan


class Metrics:
    """What happened since the start; `show` adds how things are now. `at_work` tells how many are being answered."""

    def __init__(self) -> None:
        disable_created_metrics()  # another series for each, which nobody looks at
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self.at_work: Callable[[], int] = lambda: 0
        self._prompts = Counter(
            "spoonful_prompts", "Attempts to send a prompt, and prompts given up.", ["outcome"], registry=registry
        )
        self._sending = Histogram(
            "spoonful_prompt_send_seconds", "How long a send took.", buckets=SEND_BUCKETS, registry=registry
        )
        self._lateness = Histogram(
            "spoonful_prompt_lateness_seconds",
            "How long after it was due a prompt was delivered.",
            buckets=LATE_BUCKETS,
            registry=registry,
        )
        self._answering = Histogram(
            "spoonful_interaction_seconds",
            "How long it took to answer an interaction, to the end.",
            ["kind"],
            buckets=ANSWER_BUCKETS,
            registry=registry,
        )
        self._gateway = Counter(
            "spoonful_gateway_events", "Connections to the gateway, made and lost.", ["event"], registry=registry
        )
        self._replies = Counter(
            "spoonful_discord_replies", "Replies to requests, by HTTP status.", ["status"], registry=registry
        )
        self._logged = Counter(
            "spoonful_log_events", "Warnings and errors in the log.", ["level", "event"], registry=registry
        )
        self._now = {name: Gauge(f"spoonful_{name}", said, registry=registry) for name, said in NOW.items()}
        self._signals = Gauge("spoonful_signal", "0 fine, 1 strained, 2 red.", ["signal"], registry=registry)
        self._missed = 0
        self._prepare()

    def _prepare(self) -> None:
        """A series that is there from the start makes the first error a rise, and not a new series."""
        for outcome in (*OUTCOMES.values(), MISSED):
            self._prompts.labels(outcome)
        for kind in INTERACTIONS:
            self._answering.labels(kind)
        for event in GATEWAY:
            self._gateway.labels(event)
        self._replies.labels("429")

    def answered(self, kind: str, seconds: float) -> None:
        """An interaction is done with, whatever came of it."""
        self._answering.labels(kind).observe(seconds)

    def gateway(self, event: str) -> None:
        self._gateway.labels(event).inc()

    def replied(self, status: int) -> None:
        self._replies.labels(str(status)).inc()

    def tried(self, outcome: Outcome | None, seconds: float) -> None:
        """A prompt was sent, or not; None if it was only looked for and not found."""
        if outcome is not None:
            self._prompts.labels(OUTCOMES[type(outcome)]).inc()
        self._sending.observe(seconds)

    def late(self, seconds: float) -> None:
        """A prompt was delivered so long after it was due."""
        self._lateness.observe(max(0.0, seconds))

    def logged(self, level: str, event: str) -> None:
        self._logged.labels(level, event).inc()

    def show(self, condition: Condition) -> None:
        """Take over how things are now."""
        for name, value in _values(condition).items():
            self._now[name].set(value)
        self._now["interactions_in_progress"].set(self.at_work())
        for signal in condition.signals:
            self._signals.labels(signal.name).set(list(type(signal.state)).index(signal.state))
        if condition.stored is not None:
            self._prompts.labels(MISSED).inc(condition.stored.missed - self._missed)
            self._missed = condition.stored.missed

    def text(self) -> bytes:
        """In the format that Prometheus reads."""
        return generate_latest(self._registry)

    @property
    def names(self) -> frozenset[str]:
        """Everything that a query can ask for."""
        suffixes = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}
        return frozenset(
            family.name + suffix for family in self._registry.collect() for suffix in suffixes.get(family.type, ("",))
        )


NOW = {
    "ready": "1 while gateway, database and delivery work.",
    "gateway_connected": "1 while connected; 1 as well where no gateway is needed.",
    "gateway_latency_seconds": "From a heartbeat to its answer; NaN while that is not known.",
    "database_up": "1 while the database reads and writes.",
    "database_bytes": "Its size, with the keys and the write-ahead log.",
    "delivery_held": "1 while sends are held back.",
    "prompts_waiting": "Prompts that are not sent yet.",
    "prompts_overdue": "Those of them that are due.",
    "oldest_overdue_seconds": "How late the oldest of these is.",
    "interactions_in_progress": "Interactions that are being answered.",
    "backup_timestamp_seconds": "When the newest backup was made; 0 if there is none, NaN if nobody makes any.",
    "content_cards": "Bundled cards.",
    "content_problems": "1 while files of cards have problems and the cards from before are kept.",
    "beats_failing": "Things done by the clock that failed the last time.",
    "start_timestamp_seconds": "When this process started.",
}


def _values(condition: Condition) -> Mapping[str, float]:
    stored, backlog = condition.stored, condition.stored.backlog if condition.stored else None
    return {
        "ready": condition.ready,
        "gateway_connected": not condition.offline_for,
        "gateway_latency_seconds": UNKNOWN if condition.latency is None else condition.latency,
        "database_up": condition.writable and stored is not None,
        "database_bytes": stored.size if stored else UNKNOWN,
        "delivery_held": condition.hold is not None,
        "prompts_waiting": backlog.waiting if backlog else UNKNOWN,
        "prompts_overdue": backlog.overdue if backlog else UNKNOWN,
        "oldest_overdue_seconds": condition.late.total_seconds(),
        "backup_timestamp_seconds": _when(condition.backup) if condition.backs_up else UNKNOWN,
        "content_cards": condition.cards,
        "content_problems": CARD_FILES in condition.failing,
        "beats_failing": len(condition.failing.keys() - {CARD_FILES}),
        "start_timestamp_seconds": condition.started.timestamp(),
    }


def _when(moment: datetime | None) -> float:
    return moment.timestamp() if moment else 0


class ObservedMessenger:
    """The messenger it is given, and a note of how long each send took and what came of it."""

    def __init__(self, messenger: Messenger, clock: Clock, metrics: Metrics) -> None:
        self._messenger = messenger
        self._clock = clock
        self._metrics = metrics

    async def send_prompt(self, delivery: Delivery, plan: Plan) -> Outcome:
        began = time.monotonic()
        outcome = await self._messenger.send_prompt(delivery, plan)
        self._note(delivery, outcome, began)
        return outcome

    async def look_for(self, delivery: Delivery) -> Outcome | None:
        began = time.monotonic()
        outcome = await self._messenger.look_for(delivery)
        self._note(delivery, outcome, began)
        return outcome

    def _note(self, delivery: Delivery, outcome: Outcome | None, began: float) -> None:
        self._metrics.tried(outcome, time.monotonic() - began)
        if isinstance(outcome, Delivered):
            self._metrics.late((self._clock.now() - delivery.prompt.due_at).total_seconds())


class LogCounter(logging.Handler):
    """Counts what is logged as a warning or worse: ours by its fixed words, that of libraries without any."""

    def __init__(self, metrics: Metrics) -> None:
        super().__init__(logging.WARNING)
        self._metrics = metrics

    def emit(self, record: logging.LogRecord) -> None:
        told = cast("object", record.msg)
        event = str(cast("dict[str, object]", told)["event"]) if isinstance(told, dict) else NOT_OURS
        self._metrics.logged(record.levelname.lower(), event)
