"""The settings with which a digest was decided."""

from dataclasses import replace

import pytest

from bot.digest.decided import as_decided, settings_text
from bot.digest.models import Topic
from bot.models import AnnounceType
from tests.builders import make_subscription, make_topic

THEN = make_subscription(
    categories=["cs.CV", "cs.LG"],
    topics=[
        make_topic(),
        Topic(name="nerf", query="nerf OR splatting", ping_role=9, is_paused=True),
    ],
    announce_types=[AnnounceType.NEW],
)


def test_a_digest_keeps_what_it_was_decided_with() -> None:
    now = replace(
        THEN,
        style="list",
        topics=(),
        announce_types=tuple(AnnounceType),
        categories=("cs.CV", "cs.AI"),
    )
    kept = as_decided(now, settings_text(THEN))
    assert (kept.topics, kept.announce_types) == (THEN.topics, THEN.announce_types)
    assert kept.categories == ("cs.CV",)
    assert kept.style == "list"


@pytest.mark.parametrize("text", [None, "", "{", "[]", '{"categories": []}', '{"types": 3}'])
def test_settings_that_cannot_be_read_are_those_of_now(text: str | None) -> None:
    assert as_decided(THEN, text) == THEN
