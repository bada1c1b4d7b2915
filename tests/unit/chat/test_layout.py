"""Messages stay within Discord's budget, and say so when something was left out."""

from bot.chat.ui.layout import fitting


def test_everything_that_fits_is_shown() -> None:
    assert fitting(["a" * 10, "b" * 10], room=22) == ["a" * 10, "b" * 10]


def test_what_does_not_fit_is_counted() -> None:
    assert fitting(["a" * 10, "b" * 10, "c"], room=15) == ["a" * 10, "-# And 2 more that do not fit here."]


def test_nothing_is_nothing() -> None:
    assert fitting([]) == []
