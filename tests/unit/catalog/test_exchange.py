"""Exporting a community's cards: a folder that passes the check, and differs from the bundled one where they do."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.catalog.exchange import WITHDRAWALS, Exported, export, read_withdrawals
from bot.catalog.loader import check, load
from bot.catalog.problems import ContentError
from bot.domain.cards import Card, Source, Statement
from bot.domain.curation import Revision, RevisionKind
from bot.errors import StartupError

from .folder import TODAY, Folder

NEW = Source.model_validate(
    {"id": "new-2026", "type": "guideline", "authors": "New N", "title": "A new paper", "doi": "10.1000/new"}
)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    folder = Folder(tmp_path / "content")
    folder.second_card()
    folder.write("LICENSE", "Some words.\r\n")
    return folder


@pytest.fixture
def warm(folder: Folder) -> Card:
    return load(folder.root).cards["warm-water"]


def revision(
    card: Card | None, *sources: Source, kind: RevisionKind = RevisionKind.PUBLISHED, why: str = ""
) -> Revision:
    card_id = card.id if card else "warm-water"
    return Revision(1, card_id, 1, kind, card, sources, 7, (8,), why, datetime(2026, 5, 3, tzinfo=UTC), None)


def with_(card: Card, **fields: object) -> Card:
    return card.model_copy(update=fields)


def cited(text: str, *cites: str) -> Statement:
    return Statement(text=text, cites=cites)


def exported(folder: Folder, *revisions: Revision) -> tuple[Path, Exported]:
    """The folder, which must have no problems."""
    out = folder.root.parent / "out"
    found = export(folder.root, out, revisions)
    assert [str(problem) for problem in check(out, TODAY)] == []
    return out, found


def files(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def differing(left: Path, right: Path) -> set[str]:
    """The files that are not byte for byte the same in both, by their path in the folder."""
    return {name for name, _ in files(left).items() ^ files(right).items()}


def test_a_community_without_revisions_is_the_bundled_folder(folder: Folder) -> None:
    out, found = exported(folder)
    assert differing(folder.root, out) == set()
    assert found == Exported([], [], [])


def test_a_changed_card_is_the_only_file_that_differs_and_in_one_line(folder: Folder, warm: Card) -> None:
    out, found = exported(folder, revision(with_(warm, scope="Warm baths, for a short while.")))
    assert differing(folder.root, out) == {"cards/warm-water.yaml"}
    before, after = (root.joinpath("cards/warm-water.yaml").read_text().splitlines() for root in (folder.root, out))
    assert [line for line in after if line not in before] == ["scope: Warm baths, for a short while."]
    assert len(before) == len(after)
    assert found.cards == ["warm-water"]


def test_a_new_card_and_its_new_source(folder: Folder, warm: Card) -> None:
    heat = with_(warm, id="heat", name="Heat", aliases=(), brands=(), waiting=(cited("Rest helps.", NEW.id),))
    out, found = exported(folder, revision(heat, NEW))
    assert differing(folder.root, out) == {"cards/heat.yaml", "sources/community.yaml"}
    catalog = load(out)
    assert (catalog.cards["heat"], catalog.sources[NEW.id]) == (heat, NEW)
    assert found == Exported(["heat"], [], [NEW.id])


def test_a_bundled_card_again_is_no_difference(folder: Folder, warm: Card) -> None:
    out, _ = exported(
        folder, revision(None, kind=RevisionKind.BUNDLED), revision(with_(warm, id="ice", **names(folder)))
    )
    assert differing(folder.root, out) == set()


def names(folder: Folder) -> dict[str, object]:
    ice = load(folder.root).cards["ice"]
    return {"name": ice.name, "aliases": ice.aliases, "brands": ice.brands}


def test_a_withdrawn_card_keeps_its_text_and_is_listed_with_its_reason(folder: Folder, warm: Card) -> None:
    down = revision(with_(warm, scope="Our text."), kind=RevisionKind.WITHDRAWN, why="A trial was: retracted")
    out, found = exported(folder, down)
    assert differing(folder.root, out) == {"cards/warm-water.yaml", WITHDRAWALS}
    assert read_withdrawals(out, ["warm-water"]) == ({"warm-water": "A trial was: retracted"}, [])
    assert found.withdrawn == ["warm-water"]


def test_a_source_that_nothing_cites_any_more_goes(folder: Folder, warm: Card) -> None:
    folder.change(folder.sources, "  - id: agency-2021", NEWER + "  - id: agency-2021")
    folder.card.write_text(folder.card.read_text().replace(REST, REST.replace("smith-2020", "extra-2022")))
    assert "extra-2022" in load(folder.root).cards["warm-water"].citation_numbers()
    out, _ = exported(folder, revision(warm))
    assert differing(folder.root, out) == {"cards/warm-water.yaml", "sources/all.yaml"}
    assert (out / "sources/all.yaml").read_text() == folder.sources.read_text().replace(NEWER, "")


REST = "Rest alone helps some people too.\n    cites: [smith-2020]"
NEWER = """\
  - id: extra-2022
    type: guideline
    authors: Extra E
    title: Another paper
    doi: 10.1000/extra
"""


def test_a_file_whose_sources_all_go_goes_too(folder: Folder, warm: Card) -> None:
    folder.write("sources/extra.yaml", "sources:\n" + NEWER)
    folder.card.write_text(folder.card.read_text().replace(REST, REST.replace("smith-2020", "extra-2022")))
    out, _ = exported(folder, revision(warm))
    assert not (out / "sources/extra.yaml").exists()


def test_two_cards_with_two_papers_of_one_id_get_two_ids(folder: Folder, warm: Card) -> None:
    other = NEW.model_copy(update={"title": "Another paper", "doi": "10.1000/other"})
    ice = load(folder.root).cards["ice"]
    mine, theirs = (with_(card, waiting=(cited("Rest helps.", NEW.id),)) for card in (ice, warm))
    out, found = exported(folder, revision(mine, NEW), revision(theirs, other))
    catalog = load(out)
    titles = [catalog.sources[catalog.cards[card].waiting[0].cites[0]].title for card in ("ice", "warm-water")]
    assert titles == ["A new paper", "Another paper"]
    assert len(found.sources) == 2


def test_a_paper_that_is_bundled_by_now_is_the_bundled_one(folder: Folder, warm: Card) -> None:
    own = NEW.model_copy(update={"doi": "10.1000/WARM.2020"})
    out, found = exported(folder, revision(with_(warm, waiting=(cited("Rest helps.", own.id),)), own))
    assert load(out).cards["warm-water"].waiting[0].cites == ("smith-2020",)
    assert found.sources == []


def test_a_record_that_the_card_does_not_cite_stays_out(folder: Folder, warm: Card) -> None:
    out, _ = exported(folder, revision(with_(warm, scope="Our text."), NEW))
    assert NEW.id not in load(out).sources


def test_many_new_sources_are_spread_over_files_that_can_be_read(folder: Folder, warm: Card) -> None:
    folder.write("sources/community.yaml", "sources:\n" + NEWER)
    folder.card.write_text(folder.card.read_text().replace(REST, REST.replace("smith-2020", "extra-2022")))
    papers = [NEW.model_copy(update={"id": f"new-{n}", "doi": f"10.1000/{n}", "title": "x" * 400}) for n in range(120)]
    waiting = (*load(folder.root).cards["warm-water"].waiting, cited("Rest.", *(paper.id for paper in papers)))
    out, _ = exported(folder, revision(with_(warm, waiting=waiting), *papers))
    assert sorted(path.name for path in (out / "sources").iterdir()) == [
        "all.yaml",
        "community-2.yaml",
        "community-3.yaml",
        "community-4.yaml",
        "community.yaml",
    ]
    assert len(load(out).sources) == 123


class TestRefusals:
    def test_a_folder_with_something_in_it(self, folder: Folder) -> None:
        out = folder.root.parent / "out"
        out.mkdir()
        (out / "mine.txt").write_text("precious")
        with pytest.raises(StartupError, match="not empty: choose another"):
            export(folder.root, out, [])
        assert [path.name for path in out.iterdir()] == ["mine.txt"]

    def test_an_empty_folder_will_do(self, folder: Folder) -> None:
        (folder.root.parent / "out").mkdir()
        exported(folder)

    def test_a_file(self, folder: Folder) -> None:
        out = folder.root.parent / "out"
        out.write_text("precious")
        with pytest.raises(StartupError, match="not empty"):
            export(folder.root, out, [])

    def test_a_folder_inside_of_the_content(self, folder: Folder) -> None:
        with pytest.raises(StartupError, match="choose another"):
            export(folder.root, folder.root / "out", [])

    def test_a_folder_that_cannot_be_made(self, folder: Folder) -> None:
        with pytest.raises(StartupError, match="cannot be written"):
            export(folder.root, folder.root.parent / ("x" * 300), [])

    def test_bundled_content_with_problems(self, folder: Folder) -> None:
        folder.change(folder.card, "kind: physical", "kind: miracle")
        with pytest.raises(ContentError):
            export(folder.root, folder.root.parent / "out", [])


class TestWithdrawals:
    @pytest.mark.parametrize(
        ("text", "problem"),
        [
            ("withdrawn:\n  - card: ice\n    reason: ''\n", ":3: `reason` is empty or too short"),
            ("withdrawn:\n  - card: snow\n    reason: Cold\n", ":2: there is no card `snow`: mend the id"),
            ("withdrawn:\n  - &x ice\n", ":2: an anchor"),
            (
                "withdrawn:\n  - card: ice\n    reason: A\n  - card: ice\n    reason: B\n",
                ":4: `ice` is here for the second time: keep one of the two",
            ),
        ],
    )
    def test_a_bad_file_is_a_problem_with_its_line(self, folder: Folder, text: str, problem: str) -> None:
        path = folder.write(WITHDRAWALS, text)
        _, [found] = read_withdrawals(folder.root, ["ice", "warm-water"])
        assert str(found).startswith(f"{path}{problem}")

    def test_there_need_not_be_one(self, folder: Folder) -> None:
        assert read_withdrawals(folder.root, ["ice"]) == ({}, [])

    def test_the_check_does_not_read_it(self, folder: Folder) -> None:
        folder.write(WITHDRAWALS, "nonsense: [")
        assert folder.problems() == []


def test_the_order_of_the_revisions_does_not_matter(folder: Folder, warm: Card) -> None:
    ice = load(folder.root).cards["ice"]
    both = [revision(with_(card, scope="Our text."), why=card.id) for card in (warm, ice)]
    down = [replace(each, kind=RevisionKind.WITHDRAWN) for each in both]
    first, second = folder.root.parent / "first", folder.root.parent / "second"
    export(folder.root, first, down)
    export(folder.root, second, down[::-1])
    assert differing(first, second) == set()
