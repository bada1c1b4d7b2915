"""The rules for good cards: each has a card that breaks it and the message it brings, and what must not alarm."""

from datetime import date
from pathlib import Path

import pytest

from .folder import Folder

EVIDENCE = "Two small trials found less pain."
HARD = (
    "Participants demonstrated considerable symptomatic improvement following hydrotherapeutic immersion, "
    "notwithstanding methodological heterogeneity and inadequate concealment of allocation."
)
CARD_RULES = {
    "no harms": (
        "harms:\n  common:\n    - text: Some people feel dizzy when they get out.\n      cites: [agency-2021]\n",
        "",
        "1: `harms` is missing: add it (unwanted effects are as prominent as benefits), unless the kind is topic",
    ),
    "no certainty": (
        (
            "certainty:\n  - outcome: Less pain at once\n    certainty: low\n    text: The trials were small.\n"
            "    cites: [smith-2020]\n"
        ),
        "",
        "1: `certainty` is missing: add it (say how sure the evidence lets us be), unless the kind is topic",
    ),
    "no waiting": (
        "waiting:\n  - text: Rest alone helps some people too.\n    cites: [smith-2020]\n",
        "",
        "1: `waiting` is missing: add it (waiting or other first steps are a real option), unless the kind is topic",
    ),
    "review before writing": (
        "review_due: 2027-11-23",
        "review_due: 2026-11-23\n# not later",
        "51: `review_due` is not after `compiled`: mend one of the two dates",
    ),
    "advice": (
        EVIDENCE,
        "You should try it.",
        "25: “You should” tells people what to do: describe, and let them decide",
    ),
    "advice in a question": (
        "Is a warm bath safe for my heart?",
        "Is it true that you mustn't get cold?",
        "42: “you mustn't” tells people what to do: describe, and let them decide",
    ),
    "dosing": (
        EVIDENCE,
        "People took 50 mg.",
        "25: “50 mg” reads as dosing: leave amounts and timing to the prescriber",
    ),
    "dosing in a claim": (
        "Warm water cures pain, you should try it.",
        "Two baths twice daily cure pain.",
        "45: “twice daily” reads as dosing: leave amounts and timing to the prescriber",
    ),
    "relative": (
        EVIDENCE,
        "It doubles the chance of a good day.",
        "25: “doubles” is a relative figure: say how many people out of how many, here or next to it",
    ),
    "relative in a verdict": (
        "The trials found some ease, and no cure.",
        "It cuts risk by about 30%.",
        "47: “cuts risk by about 30%” is a relative figure: say how many people out of how many, here or next to it",
    ),
    "override": (
        "name: Warm water",
        "name: Warm \u202eretaw",
        "4: this text holds right-to-left override (U+202E): delete it",
    ),
    "zero width": ("spa]", "sp\u200ba]", "5: this text holds zero width space (U+200B): delete it"),
    "line break": (
        "scope: Warm baths for people with long-term pain.",
        "scope: |-\n  Warm baths\n  for pain.",
        "7: this text holds a line break (U+000A): delete it",
    ),
    "control character": ("spa]", '"s\\apa"]', "5: this text holds a control character (U+0007): delete it"),
    "mention": (EVIDENCE, "'Ask @everyone.'", "25: “@everyone” pings or links on Discord: write it in words"),
    "member": (EVIDENCE, "Ask <@123>.", "25: “<@” pings or links on Discord: write it in words"),
    "masked link": (
        EVIDENCE,
        "'See [here](https://x.example).'",
        "25: “](” makes a masked link: cite a source instead",
    ),
}


def only(folder: Folder, *messages: str) -> None:
    assert folder.problems() == list(messages)


def test_a_good_folder_has_no_problems(folder: Folder) -> None:
    folder.second_card()
    only(folder)


@pytest.mark.parametrize(("old", "new", "message"), CARD_RULES.values(), ids=CARD_RULES)
def test_a_broken_card(folder: Folder, old: str, new: str, message: str) -> None:
    folder.change(folder.card, old, new)
    assert f"cards/warm-water.yaml:{message}" in folder.problems()


def with_evidence(folder: Folder, *texts: str) -> list[str]:
    """The problems of a card whose evidence is these statements."""
    statements = "\n".join(f"  - text: >-\n      {text}\n    cites: [smith-2020]" for text in texts)
    folder.change(folder.card, f"  - text: {EVIDENCE}\n    cites: [smith-2020]", statements)
    return folder.problems()


@pytest.mark.parametrize(
    "text",
    [
        "You must see a doctor.",
        "You really ought to rest.",
        "You shouldn’t stop at once.",
        "We strongly recommend it.",
        "I would advise rest.",
    ],
)
def test_advice_is_found(folder: Folder, text: str) -> None:
    assert "tells people what to do" in with_evidence(folder, text)[0]


@pytest.mark.parametrize("text", ["NICE says doctors should not start it.", "Guidelines recommend it. You may rest."])
def test_advice_to_others_is_no_alarm(folder: Folder, text: str) -> None:
    assert with_evidence(folder, text) == []


@pytest.mark.parametrize(
    "text",
    [
        "They had 0.5mg of it.",
        "They had 1,000 micrograms in all.",
        "It was 50 mcg.",
        "It was 50 µg a kilo.",
        "They had 10 ml of it.",
        "They had 5 g of it.",
        "They had ten grams of it.",
        "They had 400 IU of it.",
        "They took it three times a day.",
        "They took it twice daily.",
        "They took it once-daily.",
        "They took it every 8 hours.",
        "They took two tablets.",
        "The amount was titrated.",
        "People start low and go slow.",
        "People start with 5 and add more.",
        "Starting at about 10 is usual.",
        "A dose of about 60 was best.",
    ],
)
def test_dosing_is_found(folder: Folder, text: str) -> None:
    assert any("reads as dosing" in problem for problem in with_evidence(folder, text))


@pytest.mark.parametrize(
    "text",
    [
        "Pain fell by 7 points on a 0 to 100 scale.",
        "The trial ran for 12 weeks in 40 people.",
        "The trials started with 40 people, and 38 stayed.",
        "Gains start at 2 weeks.",
        "People starting with 1,200 members told of it.",
        "Pain eased a day later. It came back the day after.",
        "The dose used in trials was high. People lost 5 kg.",
        "Some blame 5G masts. Nothing shows that.",
        "It was tried two times in one trial. Daily walks helped more.",
        "Magnesium (Mg) is a mineral.",
    ],
)
def test_other_numbers_are_no_dosing(folder: Folder, text: str) -> None:
    assert with_evidence(folder, text) == []


def test_names_are_not_read_for_dosing(folder: Folder) -> None:
    folder.change(folder.card, "aliases: [hot bath, spa]", "aliases: [hot bath 5 mL, 10 mg bath]")
    only(folder)


@pytest.mark.parametrize(
    "text",
    [
        "It doubled the odds of sleep.",
        "It may double your risk.",
        "It can halve pain.",
        "People were twice as likely to sleep.",
        "The risk was half as high.",
        "There was a threefold rise.",
        "There was a 3-fold rise.",
        "People were 2.5 times more likely to sleep.",
        "It brings three times the risk.",
        "The risk was 30% lower with it.",
        "There was a 20 per cent reduction in risk.",
        "It reduced the risk of falls by 25%.",
        "The odds ratio was large.",
    ],
)
def test_relative_figures_are_found(folder: Folder, text: str) -> None:
    assert [problem for problem in with_evidence(folder, text) if "is a relative figure" in problem]


@pytest.mark.parametrize(
    "absolute",
    [
        "It helps about 1 more in 10.",
        "It helped 8 of 12 people.",
        "It helped two more people in ten.",
        "That is 20 more per 100.",
        "That is 20 for every 1,000 people.",
        "That is 5 percentage points.",
        "It eased for 40% against 20% on a dummy bath.",
    ],
)
def test_an_absolute_figure_in_the_same_text_is_enough(folder: Folder, absolute: str) -> None:
    assert with_evidence(folder, f"Twice as many slept well. {absolute}") == []


def test_an_absolute_figure_next_to_it_is_enough_and_further_off_is_not(folder: Folder) -> None:
    relative, plain, absolute = "Twice as many slept well.", "Nobody was harmed.", "It helped 8 of 12 people."
    assert len(with_evidence(folder, relative, plain, absolute)) == 1
    folder.change(folder.card, plain, "So it seems.\n    cites: [smith-2020]\n  - text: It helped 4 of 8 people.")
    assert len(folder.problems()) == 1
    folder.change(folder.card, relative, "Many slept well.")
    only(folder)


@pytest.mark.parametrize(
    "text",
    [
        "The trial was double-blind and double dummy.",
        "Some people had double vision.",
        "Pain was at least halved for some.",
        "People with at least 30% less pain were counted.",
        "About 30% had less pain.",
    ],
)
def test_other_words_are_no_relative_figures(folder: Folder, text: str) -> None:
    assert with_evidence(folder, text) == []


def test_claims_say_it_as_people_do(folder: Folder) -> None:
    folder.change(folder.card, "Warm water cures pain, you should", "Warm water doubles your sleep, you must")
    only(folder)


def test_a_topic_needs_no_harms_certainty_or_waiting(folder: Folder) -> None:
    for name in ("no harms", "no certainty", "no waiting"):
        folder.change(folder.card, CARD_RULES[name][0], "")
    folder.change(folder.card, "kind: physical", "kind: topic")
    only(folder)


def test_ordinary_punctuation_and_accents_are_fine(folder: Folder) -> None:
    assert with_evidence(folder, "Crêpe’s “p < 0.05” [sic] – it’s 5 € (half)…") == []


def test_an_overdue_review_is_a_warning(folder: Folder) -> None:
    assert folder.problems(today=date(2027, 11, 23)) == []
    (warning,) = folder.problems(today=date(2027, 11, 24))
    assert warning == (
        "cards/warm-water.yaml:51: warning: the review was due on 2027-11-23: review the card, then move `compiled` "
        "and `review_due` on"
    )


def test_names_lead_to_one_card(folder: Folder) -> None:
    ice = folder.second_card()
    folder.change(ice, "aliases: [cold]", "aliases:\n  - Hot  Bath")
    folder.change(ice, "[Frosty]", "[AQUAWARM]")
    only(
        folder,
        f"cards/warm-water.yaml:5: `hot bath` also leads to {ice}:6: keep it on one card",
        f"cards/warm-water.yaml:6: `Aquawarm` also leads to {ice}:7: keep it on one card",
    )


def another_source(folder: Folder, record: str) -> None:
    """A third source, cited by the card."""
    folder.write(
        "sources/more.yaml",
        f"sources:\n  - id: again-2022\n    type: guideline\n    authors: A\n    title: Again\n    {record}\n",
    )
    folder.change(folder.card, "cites: [smith-2020]\nevidence", "cites: [smith-2020, again-2022]\nevidence")


@pytest.mark.parametrize(
    ("record", "field", "first", "line"),
    [
        ("doi: 10.1000/WARM.2020", "doi", "smith-2020", 2),
        ("pmid: '123456'", "pmid", "smith-2020", 2),
        ("url: https://agency.example/water/", "url", "agency-2021", 10),
    ],
)
def test_a_paper_has_one_record(folder: Folder, record: str, field: str, first: str, line: int) -> None:
    another_source(folder, record)
    only(
        folder,
        f"sources/more.yaml:6: this `{field}` is also that of `{first}` ({folder.sources}:{line}): "
        "keep one record and cite that",
    )


def test_a_source_that_nothing_cites(folder: Folder) -> None:
    another_source(folder, "url: https://other.example")
    folder.change(folder.card, ", again-2022]", "]")
    only(folder, "sources/more.yaml:2: no card cites `again-2022`: cite it, or remove it")


def test_no_source_is_called_unused_while_a_card_cannot_be_read(folder: Folder) -> None:
    folder.change(folder.card, "kind: physical", "kind: odd")
    assert len(folder.problems()) == 1
    folder.card.write_text("[")
    assert len(folder.problems()) == 1


def test_sources_are_read_for_unsafe_characters(folder: Folder) -> None:
    folder.change(folder.sources, "Journal of Tests", "Journal\u202d of <@&123>")
    only(
        folder,
        "sources/all.yaml:6: this text holds left-to-right override (U+202D): delete it",
        "sources/all.yaml:6: “<@” pings or links on Discord: write it in words",
    )


def harden(path: Path, folder: Folder, times: int) -> None:
    statement = f"  - text: {HARD}\n    cites: [smith-2020]\n"
    folder.change(path, "harms:", f"{statement * times}harms:")


def test_a_card_reads_at_grade_10(folder: Folder) -> None:
    folder.second_card()
    harden(folder.card, folder, 4)
    only(
        folder,
        "cards/warm-water.yaml:27: the card's reading grade is 13.8, at most 10 is allowed: shorten sentences and use "
        "everyday words, here first",
    )


def test_half_of_the_cards_read_at_grade_8(folder: Folder) -> None:
    ice = folder.second_card()
    harden(ice, folder, 2)
    only(folder)
    harden(folder.card, folder, 2)
    (problem,) = folder.problems()
    assert problem.startswith("cards:1: half of the cards have a reading grade over 8.")
    assert problem.endswith("at most 8 is wanted: shorten sentences, use everyday words")


def test_names_do_not_make_a_card_hard_to_read(folder: Folder) -> None:
    drugs = "hydroxychloroquine, amitriptyline, carbamazepine"
    text = f"Two small trials of {drugs}, then of {drugs}, then of {drugs}, ended."
    statements = f"{text}\n    cites: [smith-2020]\n  - text: {text}\n    cites: [smith-2020]\n  - text: {text}"
    folder.change(folder.card, EVIDENCE, statements)
    assert any("the card's reading grade" in problem for problem in folder.problems())
    folder.change(folder.card, "[Aquawarm]", f"[{drugs}]")
    only(folder)
