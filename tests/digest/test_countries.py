"""Which zones belong to a country's name."""

import pytest

from bot.digest import countries
from bot.digest.countries import MAIN, _zones, suggest_countries, zones_of_country


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


# Of each country with several zones: that of its capital, or of its largest city.
MANY_ZONES = {
    "AQ": ("Antarctica", "McMurdo"), "AR": ("Argentina", "Buenos_Aires"),
    "AU": ("Australia", "Sydney"), "BR": ("Brazil", "Sao_Paulo"), "CA": ("Canada", "Toronto"),
    "CD": ("Congo (Dem. Rep.)", "Kinshasa"), "CL": ("Chile", "Santiago"),
    "CN": ("China", "Shanghai"), "CY": ("Cyprus", "Nicosia"), "DE": ("Germany", "Berlin"),
    "EC": ("Ecuador", "Guayaquil"), "ES": ("Spain", "Madrid"), "FM": ("Micronesia", "Chuuk"),
    "GL": ("Greenland", "Nuuk"), "ID": ("Indonesia", "Jakarta"), "KI": ("Kiribati", "Tarawa"),
    "KZ": ("Kazakhstan", "Almaty"), "MH": ("Marshall Islands", "Majuro"),
    "MN": ("Mongolia", "Ulaanbaatar"), "MX": ("Mexico", "Mexico_City"),
    "MY": ("Malaysia", "Kuala_Lumpur"), "NZ": ("New Zealand", "Auckland"),
    "PF": ("French Polynesia", "Tahiti"), "PG": ("Papua New Guinea", "Port_Moresby"),
    "PS": ("Palestine", "Hebron"), "PT": ("Portugal", "Lisbon"), "RU": ("Russia", "Moscow"),
    "UA": ("Ukraine", "Kyiv"), "UM": ("US minor outlying islands", "Midway"),
    "US": ("United States of America", "New_York"), "UZ": ("Uzbekistan", "Tashkent"),
}  # fmt: skip


def test_a_country_with_several_zones_is_named_by_where_most_people_live() -> None:
    several = {code for code, zones in _zones().items() if len(zones) > 1}
    assert several <= MANY_ZONES.keys()
    first = {code: zones_of_country(name)[0] for code, (name, _) in MANY_ZONES.items()}
    wanted = {code: city for code, (_, city) in MANY_ZONES.items()}
    assert {code: zone.rpartition("/")[2] for code, zone in first.items()} == wanted


def test_a_zone_is_listed_once_for_each_time_that_clocks_show() -> None:
    assert len(zones_of_country("Germany")) == 1  # Europe/Busingen is never different
    assert {"America/Chicago", "America/Los_Angeles"} <= set(zones_of_country("USA"))


def test_a_zone_that_this_hosts_data_do_not_know_is_not_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert all(zone in _zones()[code] for code, zones in MAIN.items() for zone in zones)
    monkeypatch.setattr(countries, "MAIN", {"UA": ("Europe/Atlantis", "Europe/Kyiv")})
    assert zones_of_country("Ukraine")[0] == "Europe/Kyiv"


@pytest.mark.parametrize("text", ["", "Atlantis", "in", "Europe/Berlin"])
def test_other_words_are_no_country(text: str) -> None:
    assert zones_of_country(text) == []


def test_countries_are_offered_by_their_beginning() -> None:
    assert suggest_countries(" JAp ") == [("Asia/Tokyo", "Japan")]
    assert suggest_countries("uk")[:2] == [("Europe/London", "UK"), ("Europe/Kyiv", "Ukraine")]
    assert suggest_countries("holl") == [("Europe/Amsterdam", "Holland")]
    assert suggest_countries("j") == []


@pytest.mark.parametrize("name", ["Cuba", "Iran", "Isle of Man", "USA", "U.S."])
def test_a_country_is_offered_as_it_is_spelled(name: str) -> None:
    assert name in {offered for _, offered in suggest_countries(name.lower())}


def test_no_more_than_five_countries_are_offered() -> None:
    offered = dict.fromkeys(name for _, name in suggest_countries("ma"))
    assert list(offered) == ["Macau", "Madagascar", "Malawi", "Malaysia", "Maldives"]
