"""Every kind of row has words, and each lifetime that is said is the one that is kept."""

from datetime import timedelta

import pytest

from bot.config import Settings
from bot.domain.lifetimes import ASKINGS, BACKUPS, NOTICE, POSTED, TOMBSTONES, Holding, Lifetimes, counted, span
from bot.services.curation import asked, living


@pytest.mark.parametrize("holding", Holding)
def test_every_kind_has_a_name_a_reason_and_an_end(holding: Holding) -> None:
    keeping = Lifetimes().keeping(holding)
    assert keeping.until.endswith(".")
    assert not keeping.why.endswith(".")
    assert counted(holding, 1).startswith("1 ")
    assert counted(holding, 2000).startswith("2,000 ")


def test_what_is_said_of_curation_is_what_its_services_do() -> None:
    assert (asked.KEPT_FOR, living.REMEMBERED_FOR) == (ASKINGS, POSTED)


def test_the_settings_stand_for_the_lifetimes_that_are_said_without_them() -> None:
    fields = Settings.model_fields
    said = Lifetimes()
    assert (fields["keep_entries_days"].default, fields["keep_unreachable_days"].default) == (
        said.entries.days,
        said.unreachable.days,
    )


def test_a_tombstone_outlives_every_backup() -> None:
    assert TOMBSTONES > BACKUPS


@pytest.mark.parametrize(
    ("days", "said"), [(1, "1 day"), (180, "180 days"), (365, "a year"), (730, "2 years"), (400, "400 days")]
)
def test_spans_are_said_as_people_say_them(days: int, said: str) -> None:
    assert span(timedelta(days=days)) == said


def test_an_operators_own_lifetimes_are_said() -> None:
    ours = Lifetimes(timedelta(days=90), timedelta(days=60))
    assert "90 days" in ours.keeping(Holding.ENTRY).until
    assert "for 60 days" in ours.out_of_reach
    assert span(NOTICE) in ours.out_of_reach
