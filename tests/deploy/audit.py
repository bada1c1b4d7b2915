"""`python -m tests.deploy.audit`: pip-audit over every lock; says so where its database could not be asked.

pip-audit itself reports success when the database knows none of the names, so what it skipped is counted here.
"""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ValidationError

from tests.deploy import ROOT
from tests.deploy.locks import files

TOOL = ROOT / ".venv-tools/bin/pip-audit"
SECONDS = 60


class Weakness(BaseModel):
    id: str
    fix_versions: list[str] = []


class Audited(BaseModel):
    """A dependency with what is known of it, or why nothing is."""

    name: str
    version: str = ""
    vulns: list[Weakness] = []
    skip_reason: str | None = None


class Answer(BaseModel):
    dependencies: list[Audited]


@dataclass(frozen=True)
class Outcome:
    """One sentence, and whether it must fail the build."""

    said: str
    weak: bool = False
    unreachable: bool = False


def judge(name: str, printed: str) -> Outcome:
    """What pip-audit's JSON about a lock amounts to; printing nothing readable, it could not ask."""
    try:
        answer = Answer.model_validate_json(printed)
    except ValidationError:
        return _unasked(name)
    asked = [each for each in answer.dependencies if each.skip_reason is None]
    if not asked:
        return _unasked(name)
    weak = [f"{each.name} {each.version}: {weakness.id}" for each in asked for weakness in each.vulns]
    skipped = len(answer.dependencies) - len(asked)
    known = "; ".join(weak) if weak else "nothing known against them"
    unknown = f"; {skipped} are NOT CHECKED, the database does not know them" if skipped else ""
    return Outcome(f"pip-audit: {name}: {len(asked)} asked about, {known}{unknown}", weak=bool(weak))


def _unasked(name: str) -> Outcome:
    return Outcome(f"pip-audit: NOT CHECKED, its database cannot be reached from here ({name})", unreachable=True)


def _ask(lock: Path) -> str:
    command = [str(TOOL), "--disable-pip", "--require-hashes", "--requirement", str(lock), "--format", "json"]
    command += ["--progress-spinner", "off", "--desc", "off", "--timeout", "10"]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False).stdout
    except subprocess.TimeoutExpired:
        return ""


def main() -> int:
    weak = False
    for lock in files():
        outcome = judge(str(lock.relative_to(ROOT)), _ask(lock))
        sys.stdout.write(f"{outcome.said}\n")
        weak = weak or outcome.weak
        if outcome.unreachable:
            break
    return 1 if weak else 0


if __name__ == "__main__":
    sys.exit(main())
