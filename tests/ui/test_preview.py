"""A preview names every outcome and fits a message, however long the day."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import discord
import pytest

from bot.digest.build import build_digest
from bot.digest.select import Decision, decide, merge
from bot.models import AnnounceType
from bot.ui.preview import render_message, render_summary
from bot.ui.styles.brief import BRIEF
from bot.ui.styles.cards import CARDS
from tests.builders import (
    DAY,
    make_id,
    make_listing,
    make_paper,
    make_papers,
    make_subscription,
    make_topic,
)
from tests.fakes.spec import MESSAGES, body_errors

SUBSCRIPTION = make_subscription(topics=[make_topic("odd"), make_topic("third")])


def decisions_of(count: int) -> tuple[Decision, ...]:
    """Decide for ``count`` papers: odd ones match, the last is a replacement, the first is old."""
    papers = make_papers(count)
    last = (papers[-1], AnnounceType.REPLACE)
    return decide(
        subscription=SUBSCRIPTION,
        announced=merge(SUBSCRIPTION.categories, [make_listing(*papers[:-1], last)]),
        matches={
            "odd": {make_id(number) for number in range(1, count + 1, 2)},
            "third": {make_id(number) for number in range(1, count + 1, 3)},
        },
        delivered={make_id(1): 1},
    )


def summary(decisions: Sequence[Decision]) -> discord.Embed:
    drafts = CARDS.render(build_digest(SUBSCRIPTION, DAY, decisions))
    return render_summary(SUBSCRIPTION, DAY, decisions, drafts)


def test_every_outcome_is_named_with_its_reason() -> None:
    text = (summary(decisions_of(8)).description or "").replace("*", "")
    assert text.startswith(
        "7 announced (7 new) · 5 match · 1 posted before · 4 would be posted, in 1 message, "
        "as cards"
    )
    assert "Paper number 7 · odd, third" in text
    assert "1 not posted. Posted in this channel before." in text
    assert "2 not posted. It matches none of the channel's 2 topics." in text
    assert "1 not posted. Of another type: this channel follows" in text


@pytest.mark.parametrize(
    ("top", "said"),
    [
        (0, "in 1 message, as a list"),
        (1, "in 2 messages, the best one as a card, the others as a list"),
        (3, "in 2 messages, the 3 best as cards, the others as a list"),
        (4, "in 1 message, as cards"),
    ],
)
def test_it_says_how_papers_are_shown(top: int, said: str) -> None:
    decisions = decisions_of(8)
    drafts = BRIEF.render(replace(build_digest(SUBSCRIPTION, DAY, decisions), top=top))
    summary = render_summary(SUBSCRIPTION, DAY, decisions, drafts)
    assert f"4 would be posted, {said}" in (summary.description or "").replace("*", "")


@pytest.mark.parametrize("count", [2, 47, 400])
def test_it_fits_a_message(count: int) -> None:
    embed = summary(decisions_of(count))
    assert body_errors("post", MESSAGES, {"embeds": [embed.to_dict()]}) == []
    assert "not posted" in (embed.description or "")


def test_long_titles_fit_too() -> None:
    papers = [make_paper(number, title="*T" * 200) for number in range(1, 60)]
    decisions = decide(
        subscription=make_subscription(),
        announced=merge(SUBSCRIPTION.categories, [make_listing(*papers)]),
        matches={},
        delivered={},
    )
    embed = render_summary(make_subscription(), DAY, decisions, ())
    assert body_errors("post", MESSAGES, {"embeds": [embed.to_dict()]}) == []
    assert "… and " in (embed.description or "")


def test_a_day_without_listing_is_said_so() -> None:
    embed = render_summary(SUBSCRIPTION, DAY, (), ())
    assert "no listing of Tue, 5 Mar 2024 is stored for cs.CV" in (embed.description or "")
    assert "Turn the page" not in (embed.footer.text or "")


def test_a_page_is_the_message_and_a_note() -> None:
    draft = CARDS.render(build_digest(SUBSCRIPTION, DAY, decisions_of(8)))[0]
    content, embeds = render_message(draft, 1, 1)
    assert content == f"{draft.body['content']}\n-# Preview: message 1 of 1, as it would be posted"
    planned: Any = draft.body["embeds"]
    assert embeds == [discord.Embed.from_dict(each) for each in planned]
    assert len(embeds) == 5  # four papers and the receipt
