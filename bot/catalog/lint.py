"""The rules for good cards and questionnaires.

Each is a small function that yields problems; each message says how to mend it.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Set
from datetime import date
from statistics import median

from bot.catalog import wording
from bot.catalog.content import Content, Entry
from bot.catalog.grade import Count, count, proper_names, total, words_in
from bot.catalog.problems import Loc, Problem, Severity
from bot.domain.cards import Card, Source
from bot.domain.questionnaires import Question, Questionnaire, tidied

MAX_GRADE = 10
MAX_MEDIAN_GRADE = 8
# Fewer words than this have no meaningful grade of their own.
_A_SENTENCE = 6
# A modal has room for five fields, and one of them is the note.
MAX_WITH_NOTE = 4
_DIAGNOSIS = re.compile(
    r"\byou(?: (?:probably|likely|may|might|clearly|seem to))? (?:have|are|suffer from)\b[^.;]*"
    r"\b(?:depress\w*|anxi\w*|disorders?|ill|illness|sick)\b"
    r"|\b(?:disorders?|diagnos(?:is|ed|tic)|symptoms? of)\b",
    re.IGNORECASE,
)


def lint(content: Content, today: date) -> Iterator[Problem]:
    """Every problem of good style and safety; those of structure came with the content."""
    for entry in content.cards:
        yield from lint_card(entry)
        yield from review_overdue(entry, today)
    for source in content.sources:
        yield from wording.unsafe_characters(source)
    for questionnaire in content.questionnaires:
        for rule in _QUESTIONNAIRE_RULES:
            yield from rule(questionnaire)
    for rule in _CONTENT_RULES:
        yield from rule(content)


def lint_card(entry: Entry[Card]) -> Iterator[Problem]:
    """What can be said about a card without looking at any other, or at the calendar."""
    for rule in _CARD_RULES:
        yield from rule(entry)


def missing_sections(entry: Entry[Card]) -> Iterator[Problem]:
    if entry.value.is_topic:
        return
    for name, why in (
        ("harms", "unwanted effects are as prominent as benefits"),
        ("certainty", "say how sure the evidence lets us be"),
        ("waiting", "waiting or other first steps are a real option"),
    ):
        if not getattr(entry.value, name):
            yield entry.problem(f"`{name}` is missing: add it ({why}), unless the kind is topic", name)


def review_date(entry: Entry[Card]) -> Iterator[Problem]:
    if entry.value.review_due <= entry.value.compiled:
        yield entry.problem("`review_due` is not after `compiled`: mend one of the two dates", "review_due")


def review_overdue(entry: Entry[Card], today: date) -> Iterator[Problem]:
    due = entry.value.review_due
    if due < today:
        message = f"the review was due on {due}: review the card, then move `compiled` and `review_due` on"
        yield entry.problem(message, "review_due", severity=Severity.WARNING)


def repeated_sources(content: Content) -> Iterator[Problem]:
    """One record for each paper, however it is identified."""
    for name in ("doi", "pmid", "url"):
        seen: dict[str, Entry[Source]] = {}
        for entry in content.sources:
            written = getattr(entry.value, name)
            first = seen.setdefault(written.casefold().rstrip("/"), entry) if written else entry
            if first is not entry:
                known = f"`{first.value.id}` ({first.place()})"
                yield entry.problem(f"this `{name}` is also that of {known}: keep one record and cite that", name)


def unused_sources(content: Content) -> Iterator[Problem]:
    if not content.all_cards:
        return
    cited = {source_id for entry in content.cards for source_id in entry.value.citation_numbers()}
    cited.update(source_id for entry in content.questionnaires for source_id in entry.value.licence.cites)
    for entry in content.sources:
        if entry.value.id not in cited:
            yield entry.problem(f"no card cites `{entry.value.id}`: cite it, or remove it", "id")


def clashing_names(content: Content) -> Iterator[Problem]:
    """What a member types leads to one card."""
    seen: dict[str, tuple[Entry[Card], Loc]] = {}
    for entry in content.cards:
        for loc, name in _names(entry):
            first, place = seen.setdefault(" ".join(name.casefold().split()), (entry, loc))
            if first is not entry:
                yield entry.problem(f"`{name}` also leads to {first.place(*place)}: keep it on one card", *loc)


def reading_grade(content: Content) -> Iterator[Problem]:
    known = proper_words(entry.value for entry in content.cards)
    grades: list[float] = []
    for entry in content.cards:
        grade, problems = hard_to_read(entry, known)
        grades.append(grade)
        yield from problems
    if grades and median(grades) > MAX_MEDIAN_GRADE:
        message = (
            f"half of the cards have a reading grade over {median(grades):.1f}, at most {MAX_MEDIAN_GRADE} is wanted"
        )
        yield Problem(content.folder / "cards", 1, f"{message}: shorten sentences, use everyday words")


def proper_words(cards: Iterable[Card]) -> frozenset[str]:
    """The words of the names and brands of all cards, which do not count as hard anywhere."""
    return frozenset(word for card in cards for name in (card.name, *card.brands) for word in words_in(name))


def hard_to_read(entry: Entry[Card], known: Set[str]) -> tuple[float, list[Problem]]:
    """The card's reading grade, and that it is too high if it is; `known` are words that do not count."""
    counts = _counts(entry, known)
    grade = total(counts.values()).grade
    return grade, [_too_hard(entry, grade, counts)] if grade > MAX_GRADE else []


def no_room_for_a_note(entry: Entry[Questionnaire]) -> Iterator[Problem]:
    if len(entry.value.questions) > MAX_WITH_NOTE:
        message = f"with more than {MAX_WITH_NOTE} questions the form has no room for a note: ask fewer"
        yield entry.problem(message, "questions", MAX_WITH_NOTE, severity=Severity.WARNING)


def hidden_text(entry: Entry[Questionnaire]) -> Iterator[Problem]:
    for loc, text in entry.strings:
        if tidied(text) != text:
            yield entry.problem(
                "this text holds line breaks, double spaces or characters that hide: write it anew", *loc
            )


def naming_a_condition(entry: Entry[Questionnaire]) -> Iterator[Problem]:
    """A high total is a reason to offer support. What it comes from is for a clinician to say."""
    scoring = entry.value.scoring
    if scoring and (found := _DIAGNOSIS.search(scoring.high_means)):
        message = f"“{found[0]}” reads as a diagnosis: say what the answers were like, and what may help"
        yield entry.problem(message, "scoring", "high_means")


def one_question_a_key(content: Content) -> Iterator[Problem]:
    """Answers are stored and drawn by key, whichever questionnaire they came from."""
    seen: dict[str, tuple[Question, Entry[Questionnaire], int]] = {}
    for entry in content.questionnaires:
        for position, question in enumerate(entry.value.questions):
            known, first, at = seen.setdefault(question.key, (question, entry, position))
            if known != question and first is not entry:
                place = first.place("questions", at)
                message = f"`{question.key}` is another question at {place}: make them the same, or choose another key"
                yield entry.problem(message, "questions", position, "key")


def _too_hard(entry: Entry[Card], grade: float, counts: dict[Loc, Count]) -> Problem:
    hardest = max(counts, key=lambda loc: (counts[loc].words >= _A_SENTENCE, counts[loc].grade))
    return entry.problem(
        f"the card's reading grade is {grade:.1f}, at most {MAX_GRADE} is allowed: shorten sentences and use everyday "
        "words, here first",
        *hardest,
    )


def _counts(entry: Entry[Card], known: Set[str]) -> dict[Loc, Count]:
    prose = dict(entry.prose)
    own = (word for _, name in _names(entry) for word in words_in(name))
    names = frozenset(known).union(own, *map(proper_names, prose.values()))
    return {loc: count(text, names) for loc, text in prose.items()}


def _names(entry: Entry[Card]) -> Iterator[tuple[Loc, str]]:
    card = entry.value
    yield ("name",), card.name
    for field, names in (("aliases", card.aliases), ("brands", card.brands)):
        yield from (((field, position), name) for position, name in enumerate(names))


_CARD_RULES: tuple[Callable[[Entry[Card]], Iterator[Problem]], ...] = (
    missing_sections,
    review_date,
    wording.telling_people_what_to_do,
    wording.dosing,
    wording.relative_without_absolute,
    wording.unsafe_characters,
)
_QUESTIONNAIRE_RULES: tuple[Callable[[Entry[Questionnaire]], Iterator[Problem]], ...] = (
    no_room_for_a_note,
    hidden_text,
    naming_a_condition,
)
_CONTENT_RULES: tuple[Callable[[Content], Iterator[Problem]], ...] = (
    repeated_sources,
    unused_sources,
    clashing_names,
    reading_grade,
    one_question_a_key,
)
