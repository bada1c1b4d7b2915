"""Diaries to report on: a made-up month, and whatever Hypothesis can think of."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import strategies as st

from bot.domain.checkins import EntryKind
from bot.domain.trends import Diary, Flare, Mark, Measure, Observation, Trend, trend

LAST = date(2026, 11, 22)
PAIN = Measure("pain", "Pain", 0, 10, higher_is_worse=True)
WALK = Measure("walk", "Walking", 0, 240, higher_is_worse=False, unit="min")
MOOD = Measure(
    "pain",
    "How low was my mood?",
    0,
    10,
    None,
    words=tuple((float(value), word) for value, word in enumerate(["not at all", *["more than half the days"] * 10])),
)
AWKWARD = '=1+1 *b* $x$ #panic("x") <a> @ref \\ `c` "q",\n\ttab 😀 🥄 中文 שלום مرحبا \u202e x'


def day(back: int) -> date:
    return LAST - timedelta(days=back)


def entry(back: int, value: float | None, note: str | None = None) -> Observation:
    kind = EntryKind.UNWELL if value is None else EntryKind.ANSWERED
    at = datetime(2026, 11, 22, 9, tzinfo=UTC) - timedelta(days=back)
    return Observation(day(back), at, kind, {} if value is None else {"pain": value}, note)


MONTH = Diary(
    (PAIN, WALK),
    tuple(entry(back, None if back == 4 else 3 + back % 5) for back in range(30) if back not in {7, 8}),
    (Flare(day(12), day(9)), Flare(day(2))),
    (Mark("Low-dose naltrexone", day(20), day(3), "low-dose-naltrexone"), Mark("$x$ long " * 20, day(15))),
)
EMPTY = Diary((PAIN,))


def over(length: int, diary: Diary = MONTH, measure: Measure = PAIN) -> Trend:
    return trend(diary.observations, measure, day(length - 1), LAST, diary.flares, diary.marks)


TEXTS = st.text(max_size=40) | st.just(AWKWARD)
NAMES = TEXTS.filter(bool)
DATES = st.dates(date(2020, 1, 1), LAST)
SPANS = st.tuples(DATES, st.none() | st.integers(0, 99)).map(
    lambda span: (span[0], None if span[1] is None else span[0] + timedelta(days=span[1]))
)
OBSERVATIONS = st.builds(
    Observation,
    DATES,
    st.datetimes(datetime(2020, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.sampled_from(EntryKind),
    st.dictionaries(st.sampled_from(["pain", "walk"]), st.floats(0, 10)),
    st.none() | TEXTS,
    st.booleans(),
)


def marked(name: str, span: tuple[date, date | None]) -> Mark:
    return Mark(name, *span)


DIARIES = st.builds(
    Diary,
    st.tuples(
        st.just(PAIN), st.builds(Measure, st.just("walk"), NAMES, st.just(0), st.just(240), st.booleans(), NAMES)
    ),
    st.lists(OBSERVATIONS, max_size=6).map(tuple),
    st.lists(SPANS.map(lambda span: Flare(*span)), max_size=3).map(tuple),
    st.lists(st.builds(marked, NAMES, SPANS), max_size=3).map(tuple),
)
