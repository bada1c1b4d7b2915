"""The metrics, and the dashboard and alert rules that are made of them."""

import json
import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest
import structlog
import yaml

from bot.config import ROOT
from bot.domain.condition import Backlog, Condition, Stored
from bot.health.metrics import GATEWAY, INTERACTIONS, MISSED, NOT_OURS, OUTCOMES, LogCounter, Metrics
from bot.logs import configure
from bot.services.ports import Delivered, Outcome
from tests.chat.world import MONDAY_MORNING

DASHBOARD: dict[str, Any] = json.loads((ROOT / "deploy/grafana-dashboard.json").read_text("utf-8"))
ALERTS: dict[str, Any] = yaml.safe_load((ROOT / "deploy/alerts.yaml").read_text("utf-8"))
RULES: list[dict[str, Any]] = ALERTS["groups"][0]["rules"]
STORED = Stored("SQLite", 1, Backlog(5, 2, MONDAY_MORNING - timedelta(minutes=7)), 0)
WELL = Condition(MONDAY_MORNING, MONDAY_MORNING, "1", 0, 0.05, True, STORED, None, 1, "a", True, MONDAY_MORNING, {})

KNOWN: dict[str, set[str]] = {
    "outcome": {*OUTCOMES.values(), MISSED},
    "kind": set(INTERACTIONS),
    "event": set(GATEWAY),
    "level": {"warning", "error", "critical"},
    "job": {"spoonful"},
    "status": {"429"},
    "instance": {"$instance"},
}
"""What a query may ask a label for."""


def queries(part: object) -> Iterator[str]:
    """Every `expr` and query in a nested value."""
    if isinstance(part, dict):
        for name, value in cast("dict[str, object]", part).items():
            if name in {"expr", "query"} and isinstance(value, str):
                yield value
            else:
                yield from queries(value)
    elif isinstance(part, list):
        for each in cast("list[object]", part):
            yield from queries(each)


EVERYTHING = [*queries(DASHBOARD), *queries(ALERTS)]


def lines(metrics: Metrics) -> dict[str, float]:
    told = [line.rpartition(" ") for line in metrics.text().decode().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in told}


class TestNames:
    def test_every_metric_that_is_asked_for_exists(self) -> None:
        asked = {name for query in EVERYTHING for name in re.findall(r"\b(?:spoonful|process)_\w+", query)}
        assert asked <= Metrics().names

    def test_everything_that_happens_is_shown(self) -> None:
        """Each of our metrics is in the dashboard or in an alert, under one of its names."""
        asked = {name for query in EVERYTHING for name in re.findall(r"\bspoonful_\w+", query)}
        ours = {re.sub(r"_(bucket|sum|count)$", "", name) for name in Metrics().names if name.startswith("spoonful_")}
        shown = {re.sub(r"_(bucket|sum|count)$", "", name) for name in asked}
        assert ours - shown == {"spoonful_content_cards"}

    @pytest.mark.parametrize("query", EVERYTHING)
    def test_labels_have_the_values_that_are_asked_for(self, query: str) -> None:
        for label, wanted in re.findall(r'(\w+)=~?"([^"]+)"', query):
            assert set(wanted.split("|")) <= KNOWN[label]

    @pytest.mark.parametrize("query", EVERYTHING)
    def test_brackets_are_closed(self, query: str) -> None:
        for opening, closing in ("()", "[]", "{}"):
            assert query.count(opening) == query.count(closing)


class TestDeploy:
    def test_the_dashboard_has_panels_in_their_places(self) -> None:
        places = [panel["gridPos"] for panel in DASHBOARD["panels"]]
        cells = [
            (x, y)
            for at in places
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        ]
        assert len(cells) == len(set(cells))
        assert max(x for x, _ in cells) < 24
        assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(places)

    def test_every_alert_says_what_to_do(self) -> None:
        names = {rule["alert"] for rule in RULES}
        assert len(names) == len(RULES)
        for rule in RULES:
            assert rule["labels"]["severity"] in {"critical", "warning", "info"}
            assert rule["annotations"].keys() == {"summary", "description"}
        assert names >= {
            "SpoonfulPromptsLate",
            "SpoonfulDeliveryHeld",
            "SpoonfulNoBackup",
            "SpoonfulDown",
            "SpoonfulDatabaseDown",
            "SpoonfulRestartLoop",
        }


class TestMetrics:
    def test_every_outcome_has_a_name(self) -> None:
        assert set(OUTCOMES) == set(Outcome.__args__)

    def test_things_as_they_are(self) -> None:
        metrics = Metrics()
        metrics.at_work = lambda: 3
        metrics.show(WELL)
        found = lines(metrics)
        assert found["spoonful_ready"] == 1
        assert found["spoonful_oldest_overdue_seconds"] == 420
        assert found["spoonful_prompts_overdue"] == 2
        assert found["spoonful_interactions_in_progress"] == 3
        assert found['spoonful_signal{signal="lateness"}'] == 1
        metrics.show(replace(WELL, stored=None, backup=None))
        found = lines(metrics)
        assert (found["spoonful_ready"], found["spoonful_backup_timestamp_seconds"]) == (0, 0)
        assert found["spoonful_database_bytes"] != found["spoonful_database_bytes"]

    def test_prompts_that_were_given_up_are_counted_once(self) -> None:
        metrics = Metrics()
        for missed in (2, 2, 5):
            metrics.show(replace(WELL, stored=replace(STORED, missed=missed)))
        assert lines(metrics)['spoonful_prompts_total{outcome="missed"}'] == 5

    def test_a_prompt_that_is_early_by_a_clock_counts_as_on_time(self) -> None:
        metrics = Metrics()
        metrics.late(-3)
        metrics.tried(Delivered(1), 0.1)
        assert lines(metrics)["spoonful_prompt_lateness_seconds_sum"] == 0

    def test_nothing_but_what_was_prepared_is_there_at_first(self) -> None:
        found = lines(Metrics())
        assert found['spoonful_discord_replies_total{status="429"}'] == 0
        assert found['spoonful_prompts_total{outcome="uncertain"}'] == 0
        assert not [name for name in found if name.endswith("_created")]


def test_the_log_is_counted_by_its_fixed_words_alone(capfd: pytest.CaptureFixture[str]) -> None:
    root, metrics = logging.getLogger(), Metrics()
    before = root.handlers[:], root.level
    configure("INFO", "json")
    counter = LogCounter(metrics)
    root.addHandler(counter)
    try:
        structlog.get_logger("bot").error("beat failed", trace=["their pain was seven"])
        structlog.get_logger("bot").info("all is well")
        logging.getLogger("discord.http").warning("We are being rate limited by %s", "their pain was seven")
    finally:
        root.handlers[:], root.level = before
        structlog.reset_defaults()
    assert "beat failed" in capfd.readouterr().err
    counted = {name: value for name, value in lines(metrics).items() if name.startswith("spoonful_log")}
    assert counted == {
        'spoonful_log_events_total{event="beat failed",level="error"}': 1,
        f'spoonful_log_events_total{{event="{NOT_OURS}",level="warning"}}': 1,
    }
