"""Places by city and country; nothing that is not on the list is ever opened."""

import zoneinfo

import pytest

from bot.domain.zones import find_places, place_label, places, zone_for, zone_named
from bot.errors import UserError


def test_only_the_pinned_time_zone_data_counts() -> None:
    assert zoneinfo.TZPATH == ()


def test_every_place_opens() -> None:
    for place in places():
        assert zone_named(place.zone).key == place.zone


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("lond", "Europe/London"),
        ("new yrok", "America/New_York"),
        ("sao paulo", "America/Sao_Paulo"),
        ("São P", "America/Sao_Paulo"),
        ("germany", "Europe/Berlin"),
        ("Scotland", "Europe/London"),
        ("utc", "UTC"),
    ],
)
def test_places_as_people_type_them(typed: str, first: str) -> None:
    assert find_places(typed)[0].zone == first


def test_a_country_with_many_zones_offers_them_all_up_to_the_limit() -> None:
    assert len(find_places("united states")) == 25


def test_nothing_typed_offers_something() -> None:
    assert len(find_places("")) == 25


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "America", "localtime", "Factory", "posixrules", "right/UTC", "", "x" * 5000]
)
def test_what_is_no_zone(name: str) -> None:
    with pytest.raises(UserError):
        zone_named(name)
    with pytest.raises(UserError, match="I do not know that place"):
        zone_for(name)


def test_a_name_typed_in_full_counts_as_picked() -> None:
    assert zone_for("london").key == "Europe/London"
    assert zone_for("Berlin, Germany").key == "Europe/Berlin"


def test_the_refusal_names_the_nearest() -> None:
    with pytest.raises(UserError, match="London, United Kingdom"):
        zone_for("Lodnon")


def test_a_zone_is_shown_as_a_place() -> None:
    assert place_label("Europe/London") == "London, United Kingdom"
    assert place_label("Mars/Olympus") == "Mars/Olympus"
