"""A small content folder that has no problems, and ways to break it."""

from datetime import date
from pathlib import Path

from bot.catalog.loader import Budget, check

TODAY = date(2026, 12, 1)

SOURCES = """\
sources:
  - id: smith-2020
    type: systematic review
    authors: Smith A, et al.
    title: Warm water for pain
    published_in: Journal of Tests
    year: 2020
    doi: 10.1000/warm.2020
    pmid: "123456"
  - id: agency-2021
    type: regulator or label
    authors: The Agency
    title: Advice on warm water
    url: https://agency.example/water
"""

CARD = """\
# yaml-language-server: $schema=../schema/card.json
id: warm-water
kind: physical
name: Warm water
aliases: [hot bath, spa]
brands: [Aquawarm]
scope: Warm baths for people with long-term pain.
key_messages:
  - text: Warm water eases pain for some people, for a short time.
    cites: [smith-2020]
  - text: It is safe for most people.
    cites: [agency-2021]
what_it_is:
  - text: People sit or move in warm water.
    cites: [smith-2020]
effect:
  text: Pain eased in 8 of 12 people in the water, and in 5 of 12 on dry land.
  cites: [smith-2020]
certainty:
  - outcome: Less pain at once
    certainty: low
    text: The trials were small.
    cites: [smith-2020]
evidence:
  - text: Two small trials found less pain.
    cites: [smith-2020]
harms:
  common:
    - text: Some people feel dizzy when they get out.
      cites: [agency-2021]
waiting:
  - text: Rest alone helps some people too.
    cites: [smith-2020]
positions:
  - body: The Agency (2021)
    text: It has no view on warm water.
    cites: [agency-2021]
unknown:
  - text: Nobody knows how long it lasts.
    cites: [smith-2020]
questions:
  - Is a warm bath safe for my heart?
claims:
  - id: cures
    text: Warm water cures pain, you should try it.
    verdict: unsupported
    why: The trials found some ease, and no cure.
    cites: [smith-2020]
    phrases: [baths fixed me]
compiled: 2026-11-23
review_due: 2027-11-23
"""


class Folder:
    """A content folder on disk; `problems` are texts, with paths below the folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "cards").mkdir(parents=True)
        (root / "sources").mkdir()
        self.card = self.write("cards/warm-water.yaml", CARD)
        self.sources = self.write("sources/all.yaml", SOURCES)

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.write_text(text, encoding="utf-8")
        return path

    def change(self, path: Path, old: str, new: str) -> None:
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} is {text.count(old)} times in {path}"
        path.write_text(text.replace(old, new), encoding="utf-8")

    def second_card(self) -> Path:
        """Another card without problems."""
        text = CARD.replace("id: warm-water", "id: ice").replace("name: Warm water", "name: Ice")
        text = text.replace("aliases: [hot bath, spa]", "aliases: [cold]").replace("[Aquawarm]", "[Frosty]")
        return self.write("cards/ice.yaml", text)

    def problems(self, today: date = TODAY, budget: Budget | None = None) -> list[str]:
        return [str(problem).removeprefix(f"{self.root}/") for problem in check(self.root, today, budget)]
