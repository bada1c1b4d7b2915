"""Messages stay within Discord's budget, and say so when something was left out."""

import pytest

from bot.chat.ui.layout import Layout, button, fitting, inert, panel, row


def test_everything_that_fits_is_shown() -> None:
    assert fitting(["a" * 10, "b" * 10], room=22) == ["a" * 10, "b" * 10]


def test_what_does_not_fit_is_counted() -> None:
    assert fitting(["a" * 10, "b" * 10, "c"], room=15) == ["a" * 10, "-# And 2 more that do not fit here."]


def test_nothing_is_nothing() -> None:
    assert fitting([]) == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("hot baths", "hot baths"),
        ("**loud**", r"\*\*loud\*\*"),
        ("<@1> </x:1>", r"\<\@1\> \<\/x\:1\>"),
        ("- a list", r"\- a list"),
        ("[label](https://example.org)", r"\[label\]\(https\:\/\/example\.org\)"),
        ("```", r"\`\`\`"),
        ("Süßholz ☕", "Süßholz ☕"),
    ],
)
def test_a_members_words_are_nothing_but_words(text: str, shown: str) -> None:
    assert inert(text) == shown


def test_a_message_that_is_sent_again_is_written_out_once_and_in_full() -> None:
    def made() -> Layout:
        return panel(["What it says"], row(button("Press", "press:1"), button("Spent", "spent:1", disabled=True)))

    kept = made()
    assert kept.to_components() is kept.to_components()
    assert kept.to_components() == made().to_components()
