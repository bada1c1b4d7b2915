"""The content folder as one `Catalog`, or every problem in it."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

from bot.catalog.content import Content, read_content
from bot.catalog.lint import lint
from bot.catalog.problems import ContentError, Problem
from bot.domain.cards import Card
from bot.domain.catalog import Catalog

Budget = Callable[[Card], list[str]]


def load(content_dir: Path) -> Catalog:
    """What a running bot depends on: schema, ids and citations hold, or ContentError with all that do not."""
    content = read_content(content_dir)
    if content.problems:
        raise ContentError(_in_order(content.problems))
    return Catalog.of(
        [entry.value for entry in content.cards],
        [entry.value for entry in content.sources],
        [entry.value for entry in content.support],
        [entry.value for entry in content.questionnaires],
    )


def check(content_dir: Path, today: date, budget: Budget | None = None) -> list[Problem]:
    """Every problem of every file, by file and line.

    `budget` returns sentences about a card that does not fit where it will be shown.
    """
    content = read_content(content_dir)
    problems = [*content.problems, *lint(content, today)]
    if budget:
        problems += _over_budget(content, budget)
    return _in_order(problems)


def _over_budget(content: Content, budget: Budget) -> list[Problem]:
    return [Problem(entry.path, 1, message) for entry in content.cards for message in budget(entry.value)]


def _in_order(problems: list[Problem]) -> list[Problem]:
    return sorted(problems, key=lambda problem: (problem.path, problem.line))
