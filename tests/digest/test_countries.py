"""Which zones belong to a country's name."""

import pytest

from bot.digest.countries import suggest_countries, zones_of_country


@pytest.mark.parametrize(
    ("country", "zone"),
    [
        ("India", "Asia/Kolkata"),
        (" germany ", "Europe/Berlin"),
        ("UK", "Europe/London"),
        ("south korea", "Asia/Seoul"),
        ("United States", "America/New_York"),
    ],
)
def test_a_country_leads_to_its_zones(country: str, zone: str) -> None:
    assert zones_of_country(country)[0] == zone


def test_a_zone_is_listed_once_for_each_time_that_clocks_show() -> None:
    assert len(zones_of_country("Germany")) == 1  # Europe/Busingen is never different
    assert {"America/Chicago", "America/Los_Angeles"} <= set(zones_of_country("USA"))


@pytest.mark.parametrize("text", ["", "Atlantis", "in", "Europe/Berlin"])
def test_other_words_are_no_country(text: str) -> None:
    assert zones_of_country(text) == []


def test_countries_are_offered_by_their_beginning() -> None:
    assert ("Asia/Tokyo", "Japan") in suggest_countries("jap")
    assert suggest_countries("j") == []
