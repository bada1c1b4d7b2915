"""Loading a content folder: the catalog, and each message about files, schema, ids and citations."""

import time
from datetime import date
from pathlib import Path

import pytest

from bot.catalog.loader import check, load
from bot.catalog.problems import ContentError, Problem, Severity
from bot.domain.cards import Card
from bot.errors import ExitCode, StartupError

from .folder import CARD, SOURCES, TODAY, Folder

# What is written in the good card, what instead, and the line and message that follow.
BROKEN_CARDS: dict[str, tuple[str, str, str]] = {
    "missing": (
        "scope: Warm baths for people with long-term pain.\n",
        "",
        "1: `scope` is missing: add it (What this card covers, in one line)",
    ),
    "missing inside": ("  - id: cures\n    text: W", "  - text: W", "44: `id` is missing: add it"),
    "unknown": ("scope:", "scop:", "7: there is no field `scop`: did you mean `scope`?"),
    "unknown inside": ("  common:", "  rare: []\n  common:", "28: there is no field `rare`: the fields here are c"),
    "empty": ("scope: Warm baths for people with long-term pain.", "scope:", "7: `scope` is empty or too short: "),
    "too long": ("name: Warm water\n", f"name: {'x' * 81}\n", "4: `name` has 81 characters: shorten it to at most 80"),
    "slug": ("id: cures", "id: It Cures", "44: `id` is `It Cures`: use lower-case"),
    "cite": ("cites: [agency-2021]\nwhat", "cites: [The Agency]\nwhat", "12: entry 1 of `cites` is `The Agency`: use"),
    "uncited": ("cites: [agency-2021]\nwhat", "cites: []\nwhat", "12: `cites` has too few entries: write at least 1"),
    "too many": (
        "what_it_is:",
        "".join(f"  - text: Fact {n}.\n    cites: [smith-2020]\n" for n in range(2)) + "what_it_is:",
        "8: `key_messages` has 4 entries: keep at most 3",
    ),
    "enum": ("certainty: low", "certainty: so so", "21: `certainty` is `so so`: write 'high', "),
    "date": ("2027-11-23", "next year", "51: `review_due` is `next year`: write a date like 2026-11-23"),
    "text in place of a list": (
        "questions:\n  - Is a warm bath safe for my heart?",
        "questions: Is it safe?",
        "41: `questions` is not a list: begin each entry on a line of its own with `- `",
    ),
    "text in place of fields": (
        "  - text: Nobody knows how long it lasts.\n    cites: [smith-2020]",
        "  - Nobody knows.",
        "39: entry 1 of `unknown` is a text or a list: write its fields below it (text, cites)",
    ),
    "fields in place of text": (
        "  - Is a warm bath safe for my heart?",
        "  - My heart: is it safe?",
        "42: entry 1 of `questions` is a list or has fields: write one text, in quotes if it holds `: `",
    ),
    "another id": ("id: warm-water", "id: warm", "2: the id is `warm`: rename the file to warm.yaml, or mend the id"),
    "unknown source": (
        "[agency-2021]\nwhat",
        "[agency-2012]\nwhat",
        "12: no source has the id `agency-2012`: did you mean `agency",
    ),
    "nothing like it": ("[agency-2021]\nwhat", "[x]\nwhat", "12: no source has the id `x`: add it"),
    "claim id": (
        "compiled:",
        "  - {id: cures, text: It heals., verdict: mixed, why: It eases., cites: [smith-2020]}\ncompiled:",
        "50: the claim id `cures` is already on this card: choose another",
    ),
    "not yaml": ("scope: ", "scope: a: ", "7: this is not YAML (mapping values are not allowed in this context)"),
}

BROKEN_SOURCES: dict[str, tuple[str, str, str]] = {
    "doi": (
        "doi: 10.1000/warm.2020",
        "doi: https://doi.org/10.1000/warm.2020",
        "8: `doi` is `https://doi.org/10.1000/warm.2020`: write the bare DOI, like 10.1002/ejp.522, without https://",
    ),
    "pmid": ('"123456"', "PMC123", "9: `pmid` is `PMC123`: write the bare PubMed number, of at most 8 digits"),
    "url": ("https://agency", "agency", "14: `url` is `agency.example/water`: write the whole address, beg"),
    "year": ("2020\n    doi", "1820\n    doi", "7: `year` is `1820`: write 1900 or more"),
    "later": ("2020\n    doi", "20200\n    doi", "7: `year` is `20200`: write 2100 or less"),
    "not a year": ("2020\n    doi", "in print\n    doi", "7: `year` is `in print`: write a whole number"),
    "repeated": ("agency-2021", "smith-2020", "10: the id `smith-2020` is taken by {root}/sources/all.yaml:2: keep"),
    "no list": (SOURCES, "other: []\n", "1: `sources` is missing: add it (Sources that cards cite, in any order)"),
}


def errors(folder: Folder) -> tuple[Problem, ...]:
    with pytest.raises(ContentError) as raised:
        load(folder.root)
    return raised.value.problems


@pytest.mark.parametrize(("old", "new", "message"), BROKEN_CARDS.values(), ids=BROKEN_CARDS)
def test_says_what_is_wrong_with_a_card(folder: Folder, old: str, new: str, message: str) -> None:
    folder.change(folder.card, old, new)
    assert any(str(problem).startswith(f"{folder.card}:{message}") for problem in errors(folder)), errors(folder)


@pytest.mark.parametrize(("old", "new", "message"), BROKEN_SOURCES.values(), ids=BROKEN_SOURCES)
def test_says_what_is_wrong_with_a_source(folder: Folder, old: str, new: str, message: str) -> None:
    folder.change(folder.sources, old, new)
    expected = f"{folder.sources}:{message.format(root=folder.root)}"
    assert any(str(problem).startswith(expected) for problem in errors(folder)), errors(folder)


def test_loads_a_good_folder(folder: Folder) -> None:
    folder.second_card()
    catalog = load(folder.root)
    assert list(catalog.cards) == ["ice", "warm-water"]
    card = catalog.cards["warm-water"]
    assert card.review_due == date(2027, 11, 23)
    assert [(number, source.id) for number, source in catalog.sources_of(card)] == [
        (1, "smith-2020"),
        (2, "agency-2021"),
    ]
    assert catalog.sources["smith-2020"].year == 2020


def test_loads_a_thousand_cards_in_three_seconds(folder: Folder) -> None:
    for number in range(999):
        text = CARD.replace("id: warm-water", f"id: water-{number}")
        folder.write(f"cards/water-{number}.yaml", text)
    started = time.process_time()
    assert len(load(folder.root).cards) == 1000
    assert time.process_time() - started < 3


def test_reports_all_problems_of_all_files_in_order(folder: Folder) -> None:
    folder.change(folder.card, "id: cures", "id: It Cures")
    folder.change(folder.card, "verdict: unsupported", "verdict: nonsense")
    folder.write("cards/alone.yaml", "a: b: c\n")
    folder.change(folder.sources, "year: 2020", "year: soon")
    places = [(problem.path.name, problem.line) for problem in errors(folder)]
    assert places == [("alone.yaml", 1), ("warm-water.yaml", 44), ("warm-water.yaml", 46), ("all.yaml", 7)]


def test_the_error_is_one_sentence_for_the_operator(folder: Folder) -> None:
    folder.change(folder.card, "id: cures", "id: It Cures")
    with pytest.raises(
        StartupError, match=r"^The content cannot be used: .*warm-water.yaml:44: `id` is `It Cures`"
    ) as one:
        load(folder.root)
    assert one.value.code is ExitCode.CONTENT
    assert "more" not in str(one.value).removesuffix("with single hyphens between them")
    folder.change(folder.card, "verdict: unsupported", "verdict: nonsense")
    with pytest.raises(ContentError, match=r" \(1 more: run `spoonful cards check`\)$"):
        load(folder.root)


def test_citing_a_source_that_is_broken_is_not_a_second_problem(folder: Folder) -> None:
    folder.change(folder.sources, "year: 2020", "year: soon")
    assert len(errors(folder)) == 1
    folder.write("sources/all.yaml", "[")
    assert len(errors(folder)) == 1


def test_a_file_of_another_shape(folder: Folder) -> None:
    folder.write("cards/warm-water.yaml", "- a list\n")
    (problem,) = errors(folder)
    assert problem.message.startswith("the file is a text or a list: write its fields below it (id, kind, name, ")


def test_what_only_style_asks_for_does_not_stop_a_bot(folder: Folder) -> None:
    folder.change(folder.card, "Two small trials", "You should know two small trials")
    folder.change(folder.card, "review_due: 2027-11-23", "review_due: 2020-11-23")
    assert "warm-water" in load(folder.root).cards
    assert len(folder.problems()) == 3


def test_a_missing_folder_is_one_clear_sentence(tmp_path: Path) -> None:
    assert [str(problem) for problem in check(tmp_path / "nowhere", TODAY)] == [
        f"{tmp_path}/nowhere:1: there is no such folder: point SPOONFUL_CONTENT_DIR at the content"
    ]


def test_an_empty_folder_says_what_belongs_there(tmp_path: Path) -> None:
    (tmp_path / "cards").mkdir()
    where = "point SPOONFUL_CONTENT_DIR at the content"
    assert [str(problem) for problem in check(tmp_path, TODAY)] == [
        f"{tmp_path}:1: there is no folder `sources` in it: create it, or {where}",
        f"{tmp_path}/cards:1: there are no .yaml files in this folder: add one, or {where}",
    ]


def test_a_missing_part_is_one_problem_and_not_one_for_each_citation(folder: Folder) -> None:
    folder.sources.unlink()
    assert len(errors(folder)) == 1
    folder.write("sources/all.yaml", SOURCES)
    folder.card.unlink()
    assert len(folder.problems()) == 1


def test_only_yaml_files_count(folder: Folder) -> None:
    for name in ("warm-water.yaml~", ".warm-water.yaml.swp", "#warm-water.yaml#", "notes.txt", ".hidden.yaml"):
        folder.write(f"cards/{name}", "[not read")
    (folder.root / "cards" / ".#warm-water.yaml").symlink_to("me@host.1234")
    assert folder.problems() == []


def test_what_cannot_be_read_is_a_problem_among_others(folder: Folder) -> None:
    (folder.root / "cards" / "gone.yaml").symlink_to(folder.root / "nothing")
    (folder.root / "cards" / "box.yaml").mkdir()
    folder.card.write_bytes(CARD.replace("Warm water\n", "Café\n").encode("latin-1"))
    assert folder.problems() == [
        "cards/box.yaml:1: this is not a file: rename or remove it",
        "cards/gone.yaml:1: the link points nowhere: mend or remove it",
        "cards/warm-water.yaml:4: this is not UTF-8 text: save the file with the encoding UTF-8",
    ]


def test_a_budget_adds_its_sentences_to_the_card(folder: Folder) -> None:
    def budget(card: Card) -> list[str]:
        return [f"{card.name} is too long for one message: shorten it"]

    assert folder.problems(budget=budget) == [
        "cards/warm-water.yaml:1: Warm water is too long for one message: shorten it"
    ]


def test_a_problem_prints_like_a_compiler_message() -> None:
    assert str(Problem(Path("a.yaml"), 3, "mend it")) == "a.yaml:3: mend it"
    assert str(Problem(Path("a.yaml"), 3, "mend it", Severity.WARNING)) == "a.yaml:3: warning: mend it"
