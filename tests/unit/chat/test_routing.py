"""custom_ids carry all state and are read in one place."""

from collections.abc import Mapping
from unittest.mock import create_autospec

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.routing import Action, Interaction, Router
from bot.errors import UserError

SAME = Action("same", fields={"prompt": r"[0-9a-f]{4}"})
PAGE = Action("page", version=2, fields={"card": r"[a-z-]+", "part": r"\d{1,2}"})


def test_a_custom_id_reads_back() -> None:
    made = PAGE.custom_id(card="low-dose", part="3")
    assert made == "page:2:low-dose:3"
    assert PAGE.parse(made) == {"card": "low-dose", "part": "3"}
    assert SAME.parse(made) is None


@pytest.mark.parametrize("card", ["", "UPPER", "a:b", "x" * 200])
def test_values_that_do_not_fit_make_no_custom_id(card: str) -> None:
    with pytest.raises(ValueError, match="page"):
        PAGE.custom_id(card=card, part="1")


@given(st.text(max_size=120))
async def test_any_forged_text_is_refused_in_words(custom_id: str) -> None:
    async def handler(_interaction: Interaction, _values: Mapping[str, str]) -> None:
        raise AssertionError("a forged custom_id reached a handler")

    router = Router({SAME: handler, PAGE: handler})
    if SAME.parse(custom_id) is None and PAGE.parse(custom_id) is None:
        with pytest.raises(UserError, match="do not recognise"):
            await router.dispatch(create_autospec(Interaction, instance=True), custom_id)


def test_two_handlers_for_one_control_are_a_mistake() -> None:
    async def handler(_interaction: Interaction, _values: Mapping[str, str]) -> None: ...

    router = Router({SAME: handler})
    with pytest.raises(ValueError, match="same:1"):
        router.add(SAME, handler)
