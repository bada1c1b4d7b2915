"""Charts: real pictures of the right size, whatever is in them, and words for those who cannot see them."""

from collections import Counter
from datetime import timedelta
from io import BytesIO

import pytest
from PIL import Image

from bot.domain.trends import Mark, Measure, Trend, trend
from bot.reports.axis import date_ticks, drawable, labels
from bot.reports.charts import (
    DARK,
    LIGHT,
    _Scale,  # pyright: ignore[reportPrivateUsage] - the labels of the axis: nothing here reads them out of a picture
    chart_png,
    chart_svg,
)
from bot.reports.words import alt_text
from tests.unit.reports.examples import AWKWARD, EMPTY, LAST, MONTH, MOOD, PAIN, WALK, day, entry, over


def colours(picture: bytes) -> Counter[str]:
    image = Image.open(BytesIO(picture)).convert("RGB")
    assert image.size == (800, 450)
    found = image.getcolors(800 * 450)
    assert found is not None
    return Counter({"#" + bytes(colour).hex(): number for number, colour in found if isinstance(colour, tuple)})


@pytest.mark.parametrize("dark", [True, False])
def test_a_month_shows_its_days_median_gaps_and_flares(dark: bool) -> None:  # noqa: FBT001
    found, palette = colours(chart_png(over(30), dark=dark)), DARK if dark else LIGHT
    assert found.most_common(1)[0][0] == palette.ground
    for colour in (palette.text, palette.median, palette.day, palette.missing, palette.unwell):
        assert found[colour] > 50
    assert found[palette.ground] < found.total() * 0.9


def test_the_same_trend_gives_the_same_picture_and_the_themes_differ() -> None:
    assert chart_png(over(30), dark=True) == chart_png(over(30), dark=True)
    assert chart_png(over(30), dark=True) != chart_png(over(30), dark=False)
    assert chart_svg(over(30)) == chart_svg(over(30))


def test_missing_days_are_drawn_and_not_just_left_out() -> None:
    none_missing = trend([entry(back, 5) for back in range(30)], PAIN, day(29), LAST)
    assert colours(chart_png(none_missing, dark=True))[DARK.missing] == 0
    assert colours(chart_png(over(30, EMPTY), dark=True))[DARK.missing] > 3000


@pytest.mark.parametrize(
    "found",
    [
        over(1, EMPTY),
        over(1),
        over(7),
        over(365),
        over(4000),
        over(30, EMPTY),
        over(30, MONTH, WALK),
        over(30, MONTH, MOOD),
        trend([entry(0, 900_000)], Measure("pain", "Steps", 0, 1_000_000, None, "steps"), day(6), LAST),
        trend([entry(back, None) for back in range(7)], PAIN, day(6), LAST),
        trend([entry(0, 5000)], PAIN, day(6), LAST),
        trend([], Measure("m", AWKWARD * 9, 0, 1, higher_is_worse=False, unit=AWKWARD), LAST, LAST),
        trend([], PAIN, day(9), LAST, (), [Mark(AWKWARD, day(back), day(back)) for back in range(9)] * 3),
    ],
)
def test_every_chart_can_be_drawn(found: Trend) -> None:
    assert len(colours(chart_png(found, dark=True))) > 10


def test_alt_text_says_it_all() -> None:
    words = alt_text(over(30))
    assert words.startswith("Chart of pain, 24 October 2026 to 22 November 2026. Median pain 5; ")
    assert "2 days missing; 1 day too unwell to answer. Scores run from 3 to 7." in words
    assert "Flare from 10 November 2026 to 13 November 2026. Flare from 20 November 2026, still going on." in words
    assert "Low-dose naltrexone: started 2 November 2026, stopped 19 November 2026." in words
    assert alt_text(over(7, EMPTY)).endswith("No check-ins in these 7 days yet.")


def test_answers_in_words_stand_beside_the_axis_and_in_the_description() -> None:
    walked = Measure("pain", "Did I walk?", 0, 1, None, words=((0, "no"), (1, "yes")))
    found = trend([entry(back, back % 2) for back in range(6)], walked, day(6), LAST)
    assert _Scale(found).ticks() == [(0, "no"), (1, "yes")]
    assert "Answers run from no to yes." in alt_text(found)
    assert [label for _, label in _Scale(over(7, MONTH, MOOD)).ticks()][1] == "more than half\nthe days"


def test_alt_text_of_a_hundred_marks_is_cut_where_discord_cuts() -> None:
    marks = [Mark(f"medicine {number}", day(3)) for number in range(100)]
    words = alt_text(trend([], PAIN, day(9), LAST, (), marks))
    assert len(words) <= 1024
    assert words.endswith("…")


def test_labels_stand_in_rows_and_stay_inside() -> None:
    placed = labels(over(30))
    assert (placed[0].words, placed[0].row) == ("Low-dose naltrexone", 0)
    assert len({label.row for label in placed}) == len(placed) == 3
    assert [label.leftwards for label in placed] == [False, False, True]


def test_a_name_that_cannot_be_drawn_still_marks_its_day() -> None:
    assert drawable("中文 🥄", 20) == ""
    assert drawable("a\n b\t$c$ 中", 20) == "a b $c$"
    assert labels(trend([], PAIN, day(9), LAST, (), [Mark("中文", day(2))]))[0].words == "treatment"


@pytest.mark.parametrize("length", [1, 2, 7, 8, 30, 90, 131, 365, 800, 801, 3650, 9000])
def test_dates_along_the_axis_are_few_and_inside(length: int) -> None:
    ticks = date_ticks(LAST - timedelta(days=length - 1), LAST)
    assert 1 <= len(ticks) <= 8
    assert all(LAST - timedelta(days=length) < when <= LAST for when, _ in ticks)
    assert len({label for _, label in ticks}) == len(ticks)
