"""Cards for property tests: anything that the model allows, the odd characters of our own notation included."""

from datetime import date

from hypothesis import strategies as st

from bot.domain.cards import Card, Certainty, Kind, Verdict

# Every line has its end at "\n" alone; control characters are on no card (the lint sees to it).
_CHARACTERS = st.one_of(
    st.sampled_from("abc XYZ.,;:|\\[]0123-–'\"#@"),
    st.characters(exclude_categories=("Cc", "Cs", "Cf", "Zl", "Zp", "Cn")),
)


def _texts(least: int, most: int) -> st.SearchStrategy[str]:
    return st.text(_CHARACTERS, min_size=least, max_size=most).filter(lambda text: least <= len(text.strip()))


_IDS = st.lists(st.text("ab012", min_size=1, max_size=4), min_size=1, max_size=3).map("-".join)
_SENTENCES = _texts(3, 60)
_LABELS = _texts(1, 30)
_CITES = st.lists(_IDS, min_size=1, max_size=3, unique=True)
_STATEMENTS = st.fixed_dictionaries({"text": _SENTENCES, "cites": _CITES})
_FINDINGS = st.fixed_dictionaries(
    {"text": _SENTENCES, "cites": _CITES, "outcome": _SENTENCES, "certainty": st.sampled_from(list(Certainty))}
)
_POSITIONS = st.fixed_dictionaries({"text": _SENTENCES, "cites": _CITES, "body": _LABELS})
_CLAIMS = st.fixed_dictionaries(
    {
        "id": _IDS,
        "text": _SENTENCES,
        "verdict": st.sampled_from(list(Verdict)),
        "why": _SENTENCES,
        "cites": _CITES,
        "phrases": st.lists(_LABELS, max_size=3),
    }
)


def _some(entries: st.SearchStrategy[object], least: int = 0, most: int = 3) -> st.SearchStrategy[list[object]]:
    return st.lists(entries, min_size=least, max_size=most)


_HARMS = st.fixed_dictionaries(
    {"common": _some(_STATEMENTS, 1), "serious": _some(_STATEMENTS), "seek_help": _some(_STATEMENTS)}
)

CARDS: st.SearchStrategy[Card] = st.fixed_dictionaries(
    {
        "id": _IDS,
        "kind": st.sampled_from(list(Kind)),
        "name": _LABELS,
        "aliases": st.lists(_LABELS, max_size=4),
        "brands": st.lists(_LABELS, max_size=2),
        "scope": _SENTENCES,
        "key_messages": _some(_STATEMENTS, 2),
        "what_it_is": _some(_STATEMENTS, 1),
        "effect": st.none() | _STATEMENTS,
        "certainty": _some(_FINDINGS),
        "evidence": _some(_STATEMENTS, 1),
        "harms": st.none() | _HARMS,
        "careful": _some(_STATEMENTS),
        "interactions": _some(_STATEMENTS),
        "positions": _some(_POSITIONS),
        "waiting": _some(_STATEMENTS),
        "unknown": _some(_STATEMENTS, 1),
        "questions": _some(_SENTENCES, 1),
        "claims": st.lists(_CLAIMS, max_size=3, unique_by=lambda claim: str(claim["id"])),
        "compiled": st.dates(date(2000, 1, 1), date(2100, 1, 1)),
        "review_due": st.dates(date(2000, 1, 1), date(2100, 1, 1)),
        "reviewed_by": st.none() | _LABELS,
    }
).map(Card.model_validate)
