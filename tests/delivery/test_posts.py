"""Which tags a post gets, and by what one of the bot's own posts is known."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import cast

import discord
import pytest
from discord.utils import time_snowflake

from bot.delivery.fingerprint import CLOCK_TOLERANCE, Seen, Sighting, cannot_tell
from bot.delivery.posts import MAX_TAGS, PostSearch, lacks_tag, pick_tags, post_body
from bot.digest.messages import DeliveryRecord, ShownMessage
from bot.digest.models import ReasonCode
from tests.builders import NOW, make_id, make_record

NAME = "cs.CV · Tue, 5 Mar 2024"
PAPERS = ((make_id(1), 1), (make_id(2), 1))
WANTED = ShownMessage(line="### a digest", papers=PAPERS)
DOUBTFUL = ShownMessage(line="### a digest", papers=PAPERS[:1])
OTHER = ShownMessage(line="### another digest", papers=PAPERS)


def make_forum(
    *tags: str, moderated: str = "", may_moderate: bool = False, wants_tag: bool = False
) -> discord.ForumChannel:
    """A forum as far as its tags go; the one named ``moderated`` is for moderators."""
    offered = [
        SimpleNamespace(id=number, name=name, moderated=name == moderated)
        for number, name in enumerate(tags, start=1)
    ]
    forum = SimpleNamespace(
        available_tags=offered,
        flags=SimpleNamespace(require_tag=wants_tag),
        guild=SimpleNamespace(me=None),
        permissions_for=lambda me: SimpleNamespace(manage_threads=may_moderate),
    )
    return cast(discord.ForumChannel, forum)


def picked(forum: discord.ForumChannel, *categories: str) -> list[int]:
    return [tag.id for tag in pick_tags(forum, categories)]


def test_a_post_gets_the_tags_of_its_categories_in_their_order() -> None:
    forum = make_forum("cs.AI", " CS.cv ", "vision")
    assert picked(forum, "cs.CV", "cs.LG", "cs.AI") == [2, 1]
    assert picked(forum, "vis") == []


def test_a_post_gets_no_more_tags_than_discord_allows() -> None:
    names = [f"cs.{letter}" for letter in "ABCDEF"]
    assert picked(make_forum(*names), *names) == list(range(1, MAX_TAGS + 1))


@pytest.mark.parametrize("may_moderate", [False, True])
def test_a_tag_of_moderators_is_set_by_a_moderator_alone(may_moderate: bool) -> None:
    forum = make_forum("cs.CV", "cs.AI", moderated="cs.CV", may_moderate=may_moderate)
    assert picked(forum, "cs.CV", "cs.AI") == ([1, 2] if may_moderate else [2])


@pytest.mark.parametrize(
    ("wants_tag", "category", "lacks"),
    [(True, "cs.CV", False), (True, "cs.AI", True), (False, "cs.AI", False)],
)
def test_a_forum_that_wants_a_tag_needs_one_of_the_categories(
    wants_tag: bool, category: str, lacks: bool
) -> None:
    assert lacks_tag(make_forum("cs.CV", wants_tag=wants_tag), [category]) is lacks


def test_a_post_is_asked_for_with_all_that_it_has() -> None:
    tags = pick_tags(make_forum("cs.CV"), ["cs.CV"])
    message = {"content": "x"}
    assert post_body(make_post(), message, tags, 60) == {
        "name": NAME,
        "auto_archive_duration": 60,
        "applied_tags": ["1"],
        "message": message,
    }


def make_post() -> DeliveryRecord:
    return replace(make_record(), thread_name=NAME)


def make_thread(name: str = NAME, age: timedelta = timedelta()) -> discord.Thread:
    """A thread of that name, made so long before the post was taken for sending."""
    return cast(discord.Thread, SimpleNamespace(name=name, id=time_snowflake(NOW - age)))


@pytest.fixture
def search() -> PostSearch:
    return PostSearch(make_post(), WANTED, NOW)


@pytest.mark.parametrize(
    ("name", "age", "is_candidate"),
    [
        ("other", timedelta(), True),
        ("other", CLOCK_TOLERANCE, True),
        ("other", CLOCK_TOLERANCE + timedelta(seconds=1), False),
        (NAME, timedelta(days=9), True),
    ],
)
def test_a_post_is_read_that_is_of_its_time_or_name(
    search: PostSearch, name: str, age: timedelta, is_candidate: bool
) -> None:
    """The clock may have been wrong when it was taken for sending."""
    assert search.is_candidate(make_thread(name, age)) is is_candidate


def test_a_post_is_known_by_its_first_message(search: PostSearch) -> None:
    assert search.look_at(make_thread("renamed"), WANTED, is_gone=False)
    assert not search.look_at(make_thread(), OTHER, is_gone=False)
    assert not search.look_at(make_thread(), None, is_gone=False)
    assert search.conclude(is_clock_wrong=False) == Sighting(seen=Seen.ABSENT)


def test_a_post_whose_first_message_was_deleted_is_known_by_its_name(search: PostSearch) -> None:
    assert search.look_at(make_thread(), None, is_gone=True)
    assert not search.look_at(make_thread("other"), None, is_gone=True)


def test_a_post_that_may_be_it_is_no_absence_whatever_comes_after(search: PostSearch) -> None:
    assert not search.look_at(make_thread(), DOUBTFUL, is_gone=False)
    assert not search.look_at(make_thread(), OTHER, is_gone=False)
    assert search.conclude(is_clock_wrong=True) == cannot_tell(ReasonCode.BARE_MESSAGE)


def test_a_wrong_clock_proves_nothing_of_posts(search: PostSearch) -> None:
    assert search.conclude(is_clock_wrong=True) == cannot_tell(ReasonCode.CLOCK_WRONG)
