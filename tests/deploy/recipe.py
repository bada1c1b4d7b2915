"""deploy/Dockerfile and .dockerignore as values: as much of their languages as these two files use."""

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.deploy import ROOT

DOCKERFILE = ROOT / "deploy/Dockerfile"
IGNORED = ROOT / ".dockerignore"


@dataclass(frozen=True)
class Step:
    """One instruction: its word in capitals, its `--flags`, and the rest."""

    word: str
    text: str
    flags: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def words(self) -> list[str]:
        return shlex.split(self.text)


@dataclass(frozen=True)
class Stage:
    """From one FROM to the next."""

    name: str
    base: str
    steps: tuple[Step, ...]

    def texts(self, word: str) -> list[str]:
        return [step.text for step in self.steps if step.word == word]

    @property
    def environment(self) -> dict[str, str]:
        pairs = (word.partition("=") for step in self.steps if step.word == "ENV" for word in step.words)
        return {name: value for name, _, value in pairs}


def stages(dockerfile: str) -> list[Stage]:
    """The stages in their order; arguments before the first FROM are filled into the FROMs."""
    found: list[Stage] = []
    defaults: dict[str, str] = {}
    for step in _steps(dockerfile):
        if step.word == "ARG" and not found:
            name, _, default = step.text.partition("=")
            defaults[name] = default
        elif step.word == "FROM":
            base, _, name = re.sub(r"\$\{(\w+)\}", lambda match: defaults[match[1]], step.text).partition(" AS ")
            found.append(Stage(name, base, ()))
        else:
            last = found[-1]
            found[-1] = Stage(last.name, last.base, (*last.steps, step))
    return found


def _steps(dockerfile: str) -> list[Step]:
    bare = "\n".join(line for line in dockerfile.splitlines() if not line.lstrip().startswith("#"))
    return [_step(line) for line in re.sub(r"\\\n", " ", bare).splitlines() if line.strip()]


def _step(line: str) -> Step:
    word, _, rest = " ".join(line.split()).partition(" ")
    flags: dict[str, str] = {}
    while match := re.match(r"--([a-z-]+)=(\S+) ", rest):
        flags[match[1]] = match[2]
        rest = rest[match.end() :]
    return Step(word.upper(), rest, flags)


@dataclass(frozen=True)
class Ignored:
    """What is kept from the engine: the last pattern that fits a path, or a folder above it, decides."""

    patterns: Sequence[str]

    @classmethod
    def read(cls, path: Path = IGNORED) -> "Ignored":
        lines = (line.strip() for line in path.read_text("utf-8").splitlines())
        return cls([line for line in lines if line and not line.startswith("#")])

    def sent(self, path: str) -> bool:
        """Whether a file, by its path below the root, goes to the engine."""
        folders = Path(path).parts
        places = ["/".join(folders[:end]) for end in range(1, len(folders) + 1)]
        sent = True
        for pattern in self.patterns:
            if any(_expression(pattern.removeprefix("!")).fullmatch(place) for place in places):
                sent = pattern.startswith("!")
        return sent


def _expression(pattern: str) -> re.Pattern[str]:
    parts = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(parts.get(part) or re.escape(part) for part in re.split(r"(\*\*/|\*\*|\*|\?)", pattern)))
