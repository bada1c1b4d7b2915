"""Restoring: only what is new, nothing that cannot be, and the same file as often as one likes."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from bot.domain.checkins import EntryKind
from bot.domain.questionnaires import Question, Score
from bot.domain.restoring import (
    MOST_ENTRIES,
    MOST_FLARES,
    answers_of,
    check,
    new_flares,
    new_marks,
    new_observations,
)
from bot.domain.trends import Diary, Flare, Mark, Observation
from bot.errors import UserError
from bot.services.journal import questions_of

TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
PAIN = Question(key="pain", label="Pain", text="How is it?", score=Score(lowest="a", highest="b", higher_is_worse=True))
ENTRY = Observation(TODAY, NOW, EntryKind.ANSWERED, {"pain": 4}, "a note")
DIARY = Diary((), (ENTRY,), (Flare(TODAY, TODAY + timedelta(days=7)),), (Mark("Yoga", TODAY),))


def with_entry(**changes: Any) -> Diary:
    return replace(DIARY, observations=(replace(ENTRY, **changes),))


def test_a_diary_that_can_be() -> None:
    check(Diary(), [], TODAY, NOW)
    check(DIARY, [PAIN], TODAY, NOW)
    check(with_entry(values={"own-unknown": -40}), [PAIN], TODAY, NOW)


@pytest.mark.parametrize(
    ("diary", "words"),
    [
        (with_entry(local_date=TODAY + timedelta(days=1)), "2026-11-24, which cannot be so"),
        (with_entry(local_date=date(1, 1, 1)), "0001-01-01, which cannot be so"),
        (with_entry(recorded_at=NOW + timedelta(days=2)), "written in the future"),
        (with_entry(values={"pain": 11}), "does not fit"),
        (with_entry(values={"own-unknown": 1e300}), "does not fit"),
        (replace(DIARY, flares=(Flare(TODAY + timedelta(days=1)),)), "cannot be so"),
        (replace(DIARY, flares=(Flare(TODAY, date(9999, 1, 1)),)), "9999-01-01, which cannot be so"),
        (replace(DIARY, marks=(Mark("Yoga", TODAY, TODAY + timedelta(days=1)),)), "cannot be so"),
        (replace(DIARY, marks=(Mark("Yoga", date(1, 1, 1)),)), "cannot be so"),
        (replace(DIARY, marks=(Mark("\u2060", TODAY),)), "has no name"),
        (replace(DIARY, observations=(ENTRY,) * (MOST_ENTRIES + 1)), "more in it than I can take"),
        (replace(DIARY, flares=DIARY.flares * (MOST_FLARES + 1)), "more in it than I can take"),
    ],
)
def test_what_cannot_be_is_refused(diary: Diary, words: str) -> None:
    with pytest.raises(UserError, match=words) as caught:
        check(diary, [PAIN], TODAY, NOW)
    assert str(caught.value).endswith("Nothing was changed.")


def test_a_question_that_cannot_be_one_of_ours() -> None:
    assert answers_of(ENTRY).pain == 4
    with pytest.raises(UserError, match="2026-11-23 answers a question that I cannot keep"):
        answers_of(replace(ENTRY, values={"Not A Key:": 1}))


def test_only_what_is_new_and_none_twice() -> None:
    later = replace(ENTRY, recorded_at=NOW + timedelta(seconds=1))
    twice = replace(DIARY, observations=(ENTRY, later, later), flares=DIARY.flares * 2, marks=DIARY.marks * 2)
    assert new_observations(twice, [(TODAY, NOW)]) == [later]
    assert new_observations(DIARY, [(TODAY, NOW.astimezone(UTC))]) == []
    assert new_marks(twice, []) == [Mark("Yoga", TODAY)]
    assert new_marks(DIARY, [Mark("YOGA", TODAY, TODAY)]) == []
    assert new_flares(twice, []) == list(DIARY.flares)
    assert new_flares(DIARY, [Flare(TODAY)]) == []


def test_names_are_tidied_as_when_they_are_typed() -> None:
    assert new_marks(replace(DIARY, marks=(Mark(" a\n\u202eb " + "x" * 99, TODAY),)), [])[0].name == f"a b {'x' * 56}"


@pytest.mark.parametrize(
    ("typed", "kept", "cut"),
    [
        ("", [], False),
        ("\n one \n\n two\n", ["one", "two"], False),
        ("1\n2\n3\n4\n5", list("12345"), False),
        ("1\n2\n3\n4\n5\n6", list("12345"), True),
        ("x" * 301, ["x" * 300], True),
    ],
)
def test_questions_one_a_line(typed: str, kept: list[str], cut: bool) -> None:  # noqa: FBT001
    assert questions_of(typed) == (kept, cut)
