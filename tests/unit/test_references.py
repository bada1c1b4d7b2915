"""Papers as people name them, and the ids that cards cite them by."""

import pytest

from bot.domain.cards import Source, SourceType
from bot.domain.catalog import Catalog
from bot.domain.manuscripts import Manuscript, Part, blank
from bot.domain.references import Identifier, identified, new_slug, sharing_records, source_of
from bot.errors import UserError

DOI = Identifier(doi="10.1002/ejp.522")
PMID = Identifier(pmid="23748251")


@pytest.mark.parametrize(
    "typed",
    [
        "10.1002/ejp.522",
        "https://doi.org/10.1002/EJP.522",
        "http://dx.doi.org/10.1002/ejp.522",
        "doi.org/10.1002/ejp.522",
        "DOI: 10.1002/ejp.522.",
        "  10.1002/ ejp.522 \n",
        "https://doi.org/10.1002%2Fejp.522",
        "10.1002/ejp\u200b\u202e.522",
    ],
)
def test_a_doi_is_one_however_it_was_copied(typed: str) -> None:
    assert Identifier.read(typed) == DOI


@pytest.mark.parametrize(
    "typed",
    [
        "23748251",
        "PMID: 23748251",
        "pmid 023748251",
        "https://pubmed.ncbi.nlm.nih.gov/23748251/",
        "www.ncbi.nlm.nih.gov/pubmed/23748251",
    ],
)
def test_so_is_a_pubmed_number(typed: str) -> None:
    assert Identifier.read(typed) == PMID


@pytest.mark.parametrize(
    "typed", ["", "0", "PMC1234567", "10.1002", "123456789", "https://example.org/10.1002/x", "١٢٣"]
)
def test_anything_else_is_refused_with_an_example(typed: str) -> None:
    assert identified(typed) is None
    with pytest.raises(UserError, match="A DOI looks like"):
        Identifier.read(typed)


def test_a_doi_is_the_same_in_capitals() -> None:
    source = made(authors="Cohen SP, et al.").model_copy(update={"doi": "10.1002/EJP.522"})
    assert DOI.names(source)
    assert not PMID.names(source)


def made(
    authors: str = "Noppers I, et al.", where: str = "Eur J Pain 2011", taken: frozenset[str] = frozenset()
) -> Source:
    return source_of(DOI, "A trial of a drip", authors, where, SourceType.TRIAL, taken)


@pytest.mark.parametrize(
    ("authors", "source_id"),
    [
        ("Noppers I, et al.", "noppers-2011"),
        ("Noppers IM", "noppers-2011"),
        ("de Carvalho JF and others", "de-carvalho-2011"),
        ("Häuser W", "hauser-2011"),
        ("NICE", "nice-2011"),
        ("Health Canada", "health-canada-2011"),
        ("田中", "source-2011"),
    ],
)
def test_ids_come_from_the_first_author_and_the_year(authors: str, source_id: str) -> None:
    assert made(authors).id == source_id


def test_a_letter_tells_two_papers_of_one_year_apart() -> None:
    assert made(taken=frozenset({"noppers-2011"})).id == "noppers-2011b"
    assert made(taken=frozenset({"noppers-2011", "noppers-2011b"})).id == "noppers-2011c"


@pytest.mark.parametrize(
    ("typed", "published_in", "year"),
    [
        ("Pain Medicine, 2021", "Pain Medicine", 2021),
        ("Pain Medicine (2021)", "Pain Medicine", 2021),
        ("2021", None, 2021),
        ("2021: Pain Medicine", "Pain Medicine", 2021),
        ("Annals of 1900, 2004;3:15", "Annals of 1900", 2004),
    ],
)
def test_journal_and_year_are_read_apart(typed: str, published_in: str | None, year: int) -> None:
    source = made(where=typed)
    assert (source.published_in, source.year) == (published_in, year)


@pytest.mark.parametrize(
    ("title", "authors", "where", "wanted"),
    [
        ("A trial", "Noppers I", "Pain Medicine", "year"),
        ("", "Noppers I", "2021", "title"),
        ("x" * 401, "Noppers I", "2021", "400"),
        ("A trial", "\u200b ", "2021", "authors"),
        ("A trial", "x" * 81, "2021", "80"),
        ("A trial", "Noppers I", "x" * 161 + " 2021", "160"),
    ],
)
def test_what_is_missing_or_too_long_is_said(title: str, authors: str, where: str, wanted: str) -> None:
    with pytest.raises(UserError, match=wanted):
        source_of(DOI, title, authors, where, SourceType.TRIAL, ())


def test_hidden_characters_do_not_get_into_a_record() -> None:
    source = source_of(DOI, "A \u202etrial\nof it", "Noppers\u200b I", "2021", SourceType.TRIAL, ())
    assert (source.title, source.authors) == ("A trial of it", "Noppers I")


def test_slugs_keep_different_names_apart() -> None:
    names = ["Cupping", "Иглоукалывание", "Гипноз", "МРТ scan", "КТ scan", "y" * 60 + "a", "y" * 60 + "b"]
    slugs = [new_slug(name, ()) for name in names]
    assert len(set(slugs)) == len(names)
    assert slugs[0] == "cupping"
    assert slugs == [new_slug(name, ()) for name in names]
    assert all(blank(slug, "a card") for slug in slugs)  # which the model would refuse if they were no slugs


def manuscript(*added: Source) -> Manuscript:
    ids = tuple(source.id for source in added)
    text = blank("a-card", "A card")
    return text.model_copy(
        update={"parts": {**text.parts, Part.EFFECT: f"It helps. [{', '.join(ids)}]"}, "sources": ids, "added": added}
    )


def test_a_record_that_somebody_else_added_meanwhile_takes_the_place_of_ours() -> None:
    mine, theirs = made(), made().model_copy(update={"id": "noppers-2011-fm", "doi": "10.1002/EJP.522"})
    shared = sharing_records(manuscript(mine), Catalog.of([], [theirs]))
    assert shared.sources == ("noppers-2011-fm",)
    assert shared.parts[Part.EFFECT] == "It helps. [noppers-2011-fm]"


def test_another_paper_under_the_id_of_ours_gives_ours_a_new_id() -> None:
    mine, theirs = made(), made().model_copy(update={"doi": "10.1002/another"})
    shared = sharing_records(manuscript(mine), Catalog.of([], [theirs]))
    assert shared.sources == ("noppers-2011-2",)
    assert shared.added[0].doi == "10.1002/ejp.522"
    assert shared.parts[Part.EFFECT] == "It helps. [noppers-2011-2]"


def test_nothing_changes_where_the_record_is_the_same() -> None:
    text = manuscript(made())
    assert sharing_records(text, Catalog.of([], [made()])) == text
