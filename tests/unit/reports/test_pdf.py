"""The appointment page: tagged, at most two pages, and unimpressed by anything a member writes."""

import json
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.trends import Appointment, Diary, Flare, Mark, Measure, before_and_after, trend
from bot.reports.pdf import (
    _contents,  # pyright: ignore[reportPrivateUsage] - the words on the page: nothing here reads them out of a PDF
    _lists,  # pyright: ignore[reportPrivateUsage]
    appointment_pdf,
    pages,
)
from tests.unit.reports.examples import AWKWARD, EMPTY, LAST, MONTH, PAIN, TEXTS, day, entry, over

QUESTIONS = ("Could my sleep be part of it?", AWKWARD, "הכאב חזק יותר בלילה", "a" * 5000)


def page(length: int, diary: Diary = MONTH) -> Appointment:
    trends = tuple(over(length, diary, measure) for measure in diary.measures)
    comparisons = tuple(before_and_after(diary.observations, PAIN, mark) for mark in diary.marks)
    return Appointment(LAST, trends, comparisons, QUESTIONS, ((LAST, AWKWARD), (day(3), "Slept well.")))


def words(appointment: Appointment) -> str:
    return json.dumps(_contents(appointment) | _lists(appointment, 10), ensure_ascii=False)


@pytest.mark.parametrize("length", [1, 7, 30, 90, 365])
def test_it_is_accessible_and_short(length: int) -> None:
    made = appointment_pdf(page(length))
    assert made.startswith(b"%PDF-1.7")
    assert b"<pdfuaid:part>1</pdfuaid:part>" in made
    for tagging in (b"/StructTreeRoot", b"/MarkInfo", b"/Lang", b"/Alt", b"/S/TH", b"/S/H1", b"/S/Figure"):
        assert tagging in made.replace(b" ", b""), tagging
    assert 1 <= pages(made) <= 2


def test_the_same_page_gives_the_same_file() -> None:
    assert appointment_pdf(page(30)) == appointment_pdf(page(30))


def test_it_says_what_a_clinician_needs() -> None:
    said = words(page(30))
    for expected in (
        "24 October 2026 to 22 November 2026",
        "Self-reported",
        "Could my sleep be part of it?",
        "Pain (0 is best, 10 is worst): Median pain 5;",
        "Walking (0 is worst, 240 is best): No walking scores in these 30 days; 1 day too unwell to answer.",
        "Low-dose naltrexone: started 2 November 2026, stopped 19 November 2026.",
        "Flare from 20 November 2026, still going on.",
        "2 days missing, with no pain score: 14 Nov to 15 Nov.",
        "too unwell to answer",
        "Slept well.",
    ):
        assert expected in said, expected


def test_questions_go_last_and_whole() -> None:
    questions = tuple(f"{number} {'question ' * 40}"[:300].strip() for number in range(5))
    notes = tuple((day(number), "word " * 400) for number in range(30))
    full = Appointment(LAST, (over(30),), (), questions, notes)
    assert pages(appointment_pdf(full)) <= 2
    for question in questions:
        assert question in words(full)


def test_answers_in_words_and_own_numbers() -> None:
    walked = Measure("own-1", "Did I walk?", 0, 1, None, words=((0, "no"), (1, "yes")))
    observations = [replace(entry(0, 1), values={"own-1": 1})]
    said = words(Appointment(LAST, (trend(observations, walked, day(6), LAST),)))
    assert "“Did I walk?”: yes on 1 day; answered on 1 day." in said
    assert '{"text": "yes", "rtl": false}' in said
    steps = Measure("own-1", "Steps", 0, 10000, None, "steps")
    said = words(Appointment(LAST, (trend([], steps, day(90), LAST),)))
    assert "Steps (0 to 10000 steps): No check-ins in these 91 days yet." in said


def test_nothing_yet_is_a_page_too() -> None:
    appointment = Appointment(LAST, (over(30, EMPTY),))
    assert pages(appointment_pdf(appointment)) <= 2
    assert "No check-ins in these 30 days yet." in words(appointment)


def test_a_full_diary_still_fits_two_pages_and_says_what_is_left_out() -> None:
    measures = [Measure(f"m{number}", f"Measure {AWKWARD}", 0, 10, higher_is_worse=True) for number in range(6)]
    marks = [Mark("x " * 80, day(number)) for number in range(20)]
    flares = [Flare(day(2 * number + 1), day(2 * number)) for number in range(15)]
    trends = tuple(trend(MONTH.observations, measure, day(30), LAST, flares, marks) for measure in measures)
    comparisons = tuple(before_and_after(MONTH.observations, PAIN, mark) for mark in marks)
    notes = tuple((day(number), "word " * 400) for number in range(30))
    appointment = Appointment(LAST, trends, comparisons, ("word " * 400,) * 20, notes)
    assert pages(appointment_pdf(appointment)) <= 2
    assert "… and 20 more" in words(appointment)


def test_text_written_from_right_to_left_is_set_so() -> None:
    questions = re.findall(r'\{"text": "([^"]*)", "rtl": true\}', words(page(30)))
    assert questions == ["הכאב חזק יותר בלילה"]


@settings(deadline=None, max_examples=25)
@given(st.text(max_size=300) | TEXTS)
def test_it_survives_any_text(text: str) -> None:
    measure = Measure("pain", text, 0, 10, higher_is_worse=True, unit=text)
    found = trend(MONTH.observations, measure, day(6), LAST, (), [Mark(text, day(2))])
    made = appointment_pdf(Appointment(LAST, (found,), (), (text,), ((LAST, text),)))
    assert 1 <= pages(made) <= 2
