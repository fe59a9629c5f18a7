"""What the panel of a digest says of its parts, and what its forms hold."""

from dataclasses import replace

from bot.arxiv.taxonomy import CATEGORIES
from bot.digest.models import Place, QuietDays, Topic
from bot.models import AnnounceType
from bot.ui.drafts import key_of
from bot.ui.panel import list_topics, say_looks, say_more, say_topics, say_what
from bot.ui.setup_form import FormPart, render_change_form
from tests.builders import make_subscription
from tests.cogs.modals import fields_of

CHANNEL = make_subscription()


def test_of_many_categories_some_are_named_and_the_others_counted() -> None:
    said = say_what(make_subscription(categories=sorted(CATEGORIES)[:50]))
    assert " more\n" in said
    assert said.endswith("new submissions and cross-lists")
    assert len(said) < 350


def test_the_parts_say_what_is_unusual_too() -> None:
    channel = replace(CHANNEL, cap=7, place=Place.THREAD, ping_role=5, quiet_days=QuietDays.ALL)
    assert "At most 7 papers a digest" in say_looks(channel)
    assert "in its thread" in say_looks(channel)
    assert "At most" not in say_looks(CHANNEL)
    assert "**Pings** <@&5>" in say_more(channel)
    assert "always say why" in say_more(channel)
    assert "**Pings** nobody" in say_more(CHANNEL)
    assert "every paper is posted" in say_topics(CHANNEL, {})


def test_a_topic_that_cannot_be_read_or_is_paused_is_listed_as_such() -> None:
    topics = [Topic(name="odd", query="author:("), Topic(name="b", query="x", is_paused=True)]
    said = say_topics(make_subscription(topics=topics), {})
    assert "**odd** **cannot be read**" in said
    assert "**b** (paused)" in said
    assert [each.description for each in list_topics(topics, {})] == ["author:(", "paused: x"]


def test_a_topic_is_found_again_by_its_key_whatever_its_case() -> None:
    assert key_of("Nets") == key_of("nets") != key_of("net")


def test_a_choice_that_is_none_of_those_offered_may_stay() -> None:
    """Types can be typed by hand; a form must not change them unasked."""
    channel = replace(CHANNEL, announce_types=(AnnounceType.NEW, AnnounceType.REPLACE))
    types = fields_of(render_change_form(FormPart.WHAT, channel).to_dict())["types"]
    assert types["required"] is False
    assert not any(each["default"] for each in types["options"])
    usual = fields_of(render_change_form(FormPart.WHAT, CHANNEL).to_dict())["types"]
    assert usual["required"] is True
    assert sum(each["default"] for each in usual["options"]) == 1


def test_a_forum_is_not_asked_where_in_it_to_post() -> None:
    forum = replace(CHANNEL, place=Place.FORUM)
    assert "where" not in fields_of(render_change_form(FormPart.LOOK, forum).to_dict())
    assert "where" in fields_of(render_change_form(FormPart.LOOK, CHANNEL).to_dict())
