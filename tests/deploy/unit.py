"""deploy/spoonful.service as values."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.deploy import ROOT

UNIT = ROOT / "deploy/spoonful.service"


@dataclass(frozen=True)
class Unit:
    """Settings by name, each with all its values in their order."""

    settings: Mapping[str, Sequence[str]]

    @classmethod
    def read(cls, path: Path = UNIT) -> "Unit":
        found: dict[str, list[str]] = defaultdict(list)
        for line in path.read_text("utf-8").splitlines():
            name, equals, value = line.partition("=")
            if equals and not line.startswith("#"):
                found[name].append(value)
        return cls(dict(found))

    def one(self, name: str) -> str:
        [value] = self.settings[name]
        return value

    def words(self, name: str) -> list[str]:
        return [word for value in self.settings[name] for word in value.split()]

    @property
    def environment(self) -> dict[str, str]:
        """What the unit itself sets, with `%d` for the folder of credentials."""
        return {word.partition("=")[0]: word.partition("=")[2] for word in self.words("Environment")}
