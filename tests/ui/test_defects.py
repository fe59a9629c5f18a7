"""What is wrong with a digest's stored settings: a sentence each, with what puts it right."""

from datetime import time

import pytest

from bot.ui.defects import find_defects
from tests.builders import make_subscription


def test_a_sound_digest_has_none() -> None:
    assert find_defects(make_subscription(post_at=time(9), zone="Europe/Berlin")) == ()
    assert find_defects(make_subscription(post_at=time(9), zone="UTC+05:30")) == ()


def test_an_inverted_zone_asks_which_is_meant() -> None:
    """It was stored for `GMT+8` by an earlier version."""
    (said,) = find_defects(make_subscription(post_at=time(9), zone="Etc/GMT+8"))
    assert "Etc/GMT+8 stands for UTC-08:00, as its sign is inverted" in said
    assert "`zone:UTC+08:00` or `zone:UTC-08:00`" in said


@pytest.mark.parametrize("zone", ["Etc/GMT+8", "Etc/GMT"])
def test_without_a_time_the_zone_does_not_matter(zone: str) -> None:
    assert find_defects(make_subscription(zone=zone)) == ()
