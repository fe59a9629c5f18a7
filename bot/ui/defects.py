"""What is wrong with a digest's settings as they are stored, and what puts it right. Pure.

Another version, another host or a person may have written them. The digest goes on meanwhile as far
as it can: one that looks different, or comes at another hour, is better than none.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache

from bot.digest.models import Setting, Subscription, Topic
from bot.digest.zones import find_zone, inverted_offset
from bot.errors import InputError
from bot.query.parser import parse_query
from bot.text import markdown
from bot.text.words import joined_first
from bot.ui.styles import DEFAULT_STYLE, find_style

MAX_SHOWN = 40
MAX_NAMES = 5
MAX_TOPICS = 3
MAX_MISTAKE = 150


def find_defects(subscription: Subscription) -> tuple[str, ...]:
    """Say in a sentence each what an admin should put right; empty where all is well."""
    return (
        *_style(subscription),
        *_zone(subscription),
        *_time(subscription),
        *_categories(subscription),
        *_types(subscription),
        *_begin(subscription),
        *_topics(subscription),
    )


def _style(subscription: Subscription) -> Iterator[str]:
    if find_style(subscription.style) is None:
        yield (
            f"I don't know the style {_named([subscription.style])}, so the digest is posted as "
            f"{DEFAULT_STYLE.code}. {_choose('style')}"
        )


def _zone(subscription: Subscription) -> Iterator[str]:
    if subscription.post_at is None:  # then the zone does not matter
        return
    if find_zone(subscription.zone) is None:
        zone, at = _named([subscription.zone]), f"{subscription.post_at:%H:%M}"
        yield (
            f"The machine I run on doesn't know the time zone {zone}, so I treat {at} as UTC. "
            f"{_choose('zone')}"
        )
    elif inverted := inverted_offset(subscription.zone):
        real, seeming = inverted
        yield (
            f"The zone {subscription.zone} stands for {real}, as its sign is inverted. `/digest "
            f"setup` with `zone:{seeming}` or `zone:{real}` says which you mean."
        )


def _choose(option: str) -> str:
    return f"Choose another with the option `{option}` of `/digest setup`."


def _time(subscription: Subscription) -> Iterator[str]:
    if texts := _unreadable(subscription, Setting.TIME):
        yield (
            f"I can't read the time {_named(texts)}, so the digest is posted as soon as announced. "
            f"{_choose('time')}"
        )


def _categories(subscription: Subscription) -> Iterator[str]:
    texts = _unreadable(subscription, Setting.CATEGORIES)
    if not texts and subscription.categories:
        return
    noun = "category" if len(texts) == 1 else "categories"
    unknown = f"I don't know the {noun} {_named(texts)}" if texts else "It follows no category"
    so = "so I skip that" if subscription.categories else "so nothing is posted"
    yield f"{unknown}, {so}. {_choose('categories')}"


def _types(subscription: Subscription) -> Iterator[str]:
    if texts := _unreadable(subscription, Setting.TYPES):
        yield (
            f"I don't know the announce type {_named(texts)}, so I ignore it. {_choose('types')}"
        )


def _begin(subscription: Subscription) -> Iterator[str]:
    if _unreadable(subscription, Setting.BEGIN):
        yield (
            "I can't read when this digest began, so I go by which listings were there before. "
            "`/digest setup` sets it again."
        )


def _topics(subscription: Subscription) -> Iterator[str]:
    mistaken = [(each, find_mistake(each)) for each in subscription.topics]
    wrong = [(topic, mistake) for topic, mistake in mistaken if mistake]
    for topic, mistake in wrong[:MAX_TOPICS]:
        yield (
            f"I can't read the query of the topic **{markdown.escape(topic.name)}**, so it matches "
            f"nothing ({markdown.shorten(mistake, MAX_MISTAKE)}). Replace it with `/topic add` and "
            "the same name; then `/digest send` posts what was missed."
        )
    if len(wrong) > MAX_TOPICS:
        yield f"{len(wrong) - MAX_TOPICS} more topics are like this; `/topic list` shows them."


def find_mistake(topic: Topic) -> str:
    """Say why a topic's query cannot be read; empty where it can."""
    return _mistake_in(topic.query)


@lru_cache(maxsize=1000)
def _mistake_in(query: str) -> str:
    try:
        parse_query(query)
    except InputError as error:
        return str(error).rstrip(".")
    return ""


def name_unreadable_topics(subscription: Subscription) -> str:
    """Name the topics whose query cannot be read; empty where all can."""
    names = [each.name for each in subscription.topics if find_mistake(each)]
    return _named(names) if names else ""


def _unreadable(subscription: Subscription, setting: Setting) -> list[str]:
    return [each.text for each in subscription.unreadable if each.setting is setting]


def _named(texts: Sequence[str]) -> str:
    """Quote texts that may be anything, the first of them where they are many."""
    return joined_first([f"'{markdown.shorten(text, MAX_SHOWN)}'" for text in texts], MAX_NAMES)


def render_defects(channel_id: int, defects: tuple[str, ...]) -> str:
    """Tell a guild's admins of a channel's ``defects``, of which there is at least one."""
    lines = [f"Something is wrong with the settings of the digest in <#{channel_id}>:"]
    return "\n".join([*lines, *(f"- {each}" for each in defects)])
