"""What the doctor found, as values, as text and as JSON."""

import json
import textwrap
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

WIDTH = 110
_INDENT = " " * 27


class Level(StrEnum):
    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: what it is, and what to do about it unless it is well. No secret is in either."""

    name: str
    level: Level
    said: str
    advice: str = ""

    @property
    def is_problem(self) -> bool:
        return self.level is Level.PROBLEM


def ok(name: str, said: str) -> Finding:
    return Finding(name, Level.OK, said)


def warning(name: str, said: str, advice: str) -> Finding:
    return Finding(name, Level.WARNING, said, advice)


def problem(name: str, said: str, advice: str) -> Finding:
    return Finding(name, Level.PROBLEM, said, advice)


def not_checked(name: str, said: str, advice: str = "") -> Finding:
    return Finding(name, Level.NOT_CHECKED, said, advice)


def as_text(findings: Sequence[Finding]) -> str:
    """A paragraph for each, and a last line that counts."""
    parts = [_paragraph(finding) for finding in findings]
    counted = {level: sum(each.level is level for each in findings) for level in Level}
    return "\n".join([*parts, "", ", ".join(f"{counted[level]} {level}" for level in Level)])


def as_data(findings: Sequence[Finding]) -> str:
    """JSON: `{"problems": 0, "findings": [{"name", "level", "said", "advice"}]}`."""
    problems = sum(finding.is_problem for finding in findings)
    return json.dumps({"problems": problems, "findings": [asdict(each) for each in findings]}, indent=2)


def _paragraph(finding: Finding) -> str:
    text = _wrapped(finding.said)
    advice = "\n" + _INDENT + _wrapped(f"> {finding.advice}") if finding.advice else ""
    return f"{finding.level:<12} {finding.name:<14}{text}{advice}"


def _wrapped(text: str) -> str:
    """Lines that fit, under each other; whatever could steer a terminal is left out."""
    plain = "".join(each if each.isprintable() else " " for each in text)
    lines = textwrap.wrap(plain, WIDTH - len(_INDENT), break_long_words=False, break_on_hyphens=False)
    return f"\n{_INDENT}".join(lines)
