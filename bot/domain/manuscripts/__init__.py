"""Manuscripts: a card as its authors write it, plain text field by field, and the way back to a card.

In the text of a field each line is one entry, and citations stand at its end in square brackets, by source id:
`A drip eases pain for some people. [noppers-2011-fm, pastrak-2021]`. What is shown to people has numbers instead
(`numbered`), and what they type is turned back (`with_ids`). A manuscript can hold any text, wrong or unfinished:
nothing that somebody typed is ever lost. `card_of` says what keeps it from being a card.

A line of certainty is `what was measured | low | why. [ids]`, a line of positions `who says it | what. [ids]`; other
names stand on one line with commas, or one a line. A `|` or a comma that belongs to the text has a `\\` before it.
"""

from bot.domain.manuscripts.lines import numbered, with_ids
from bot.domain.manuscripts.merging import free_id, merged
from bot.domain.manuscripts.reading import card_of
from bot.domain.manuscripts.writing import manuscript_of, statements_of
from bot.domain.manuscripts.written import (
    CITED,
    STATEMENTS,
    Manuscript,
    NotACardError,
    Part,
    Remark,
    WrittenClaim,
    blank,
    heading,
)

__all__ = [
    "CITED",
    "STATEMENTS",
    "Manuscript",
    "NotACardError",
    "Part",
    "Remark",
    "WrittenClaim",
    "blank",
    "card_of",
    "free_id",
    "heading",
    "manuscript_of",
    "merged",
    "numbered",
    "statements_of",
    "with_ids",
]
