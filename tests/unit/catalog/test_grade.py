"""The reading grade: syllables against words counted by hand, and the formula."""

import pytest

from bot.catalog.grade import count, proper_names, syllables, total

# Words of cards and support groups by the syllables one hears (counted by hand).
HEARD = {
    1: "pain sleep used helped mixed side sides causes:2 walked stopped weeks heart live eased tired tried "
    "aged judged bones joints voice guide guided:2 fruit juice true blue queue vague tongue league "
    "breathe clothes don't we're health",
    2: "about little very any every only easy body trial study studies placebo:3 people table able table's "
    "quiet being going doing science create real:1 area:3 wanted started ended measured likely barely "
    "safely careful useless movement statement sometimes someone something somewhere baseline guideline "
    "lifestyle homework widespread changes doses wider centre centres fibre unique technique fatigue "
    "question questions doesn't isn't cautious anxious patient patients social headaches business severe "
    "improve value beyond diet bias around enough payment",
    3: "medicine evidence exercise review:2 tiredness dizziness nausea:3 possible moderate reported average "
    "several reaction calcium sodium genuine period serious previous media audio ratio depression "
    "infusion opioid agency severely sensible reliable:4 entirely:4 recorded alongside anyone everything "
    "arthritis confusion remember united seizure:2",
    4: "usually serotonin available reasonable anxiety society variety magnesium potassium rheumatism "
    "situation antidepressant:5 experience benzodiazepines:6 physiotherapist:6 fibromyalgia:6 acupuncture "
    "hallucinations:5 generally separately insomnia original",
}


def by_hand() -> list[tuple[str, int]]:
    pairs = [(word.partition(":"), number) for number, words in HEARD.items() for word in words.split()]
    return [(word, int(exception or number)) for (word, _, exception), number in pairs]


def test_syllables_agree_with_the_ear() -> None:
    wrong = [word for word, number in by_hand() if syllables(word) != number]
    assert len(wrong) <= 0.05 * len(by_hand()), wrong
    heard, counted = sum(number for _, number in by_hand()), sum(syllables(word) for word, _ in by_hand())
    assert counted == pytest.approx(heard, rel=0.02)


def test_syllables_of_what_is_no_plain_word() -> None:
    assert syllables("12") == 1
    assert syllables("1,000") == 1
    assert syllables("Café") >= 1
    assert syllables("low-dose") == 2
    assert syllables("Hmm") == 1


def test_grade_is_flesch_kincaid() -> None:
    counted = count("The cat sat on the mat. It was a happy cat.", frozenset())
    assert counted == (2, 11, 11, 12)
    assert counted.grade == pytest.approx(0.39 * 11 / 2 + 11.8 * 12 / 11 - 15.59)


def test_decimals_and_abbreviations_inside_do_not_end_a_sentence() -> None:
    assert count("Pain fell by 1.5 points (of 10.0) in U.K. trials, on average!", frozenset()).sentences == 2
    assert count("No end mark", frozenset()).sentences == 1
    assert count("“Really?” She asked.", frozenset()).sentences == 2
    assert count("", frozenset()).grade == 0.0


def test_names_are_words_but_not_hard_words() -> None:
    text = "People took amitriptyline for pain."
    assert count(text, frozenset({"amitriptyline"})).grade < count(text, frozenset()).grade - 5
    assert count(text, frozenset({"amitriptyline"})).words == 5


def test_proper_names_are_found_inside_sentences() -> None:
    text = "NICE in England (with Cochrane) ran it. Later the FREEDOM-2 trial, by Crofford, ended. Exercise helps."
    assert set(proper_names(text)) == {"nice", "england", "cochrane", "freedom-2", "crofford"}


def test_total_adds_up() -> None:
    one = count("One two. Three.", frozenset())
    assert total([one, one]) == (4, 6, 6, 6)
