"""What the further commands of `/paper` find: the newest, what a channel got, what is liked."""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Final

import discord

from bot.cogs.acts import server_of
from bot.cogs.options import read_search
from bot.digest.models import Topic
from bot.errors import InputError
from bot.models import ArxivId
from bot.query.ast import Query
from bot.query.parser import parse_query
from bot.query.values import BadValue, parse_since
from bot.store.store import Store
from bot.ui.browse import IN_SERVERS, NOTHING_POPULAR, PAGE_SIZE, CatchUpPage, Heard

FIRST_LOOK: Final = timedelta(days=7)
PERIODS: Final[Mapping[str, timedelta]] = {
    "week": timedelta(days=7),
    "month": timedelta(days=30),
    "year": timedelta(days=365),
}
EVER: Final = datetime(2000, 1, 1, tzinfo=UTC)


async def read_latest(
    store: Store, guild_id: int | None, category: str | None, topic: str | None
) -> Query:
    """Make the query of the newest papers: of a category, of a topic of this server, or of all."""
    query = (await _find_topic(store, guild_id, topic)).query if topic else ""
    return read_search(query, category, None, None, None, None)


async def _find_topic(store: Store, guild_id: int | None, name: str) -> Topic:
    topics = await list_topics(store, guild_id)
    for topic in topics:
        if topic.name.lower() == name.strip().lower():
            return topic
    raise InputError(f"There is no topic {name[:40]!r} in this server; /topic list shows them.")


async def list_topics(store: Store, guild_id: int | None) -> list[Topic]:
    """List the topics of a server's digests."""
    if guild_id is None:
        return []
    subscriptions = await store.subscriptions.list_subscriptions(guild_id)
    return [topic for each in subscriptions for topic in each.topics]


# -- catching up -----------------------------------------------------------------------------------


async def begin_catch_up(
    store: Store, interaction: discord.Interaction, since: str | None, now: datetime
) -> CatchUpPage:
    """Find the channel and the time from which a person catches up, and note that they do."""
    guild_id, channel_id = server_of(interaction), interaction.channel_id
    if guild_id is None or channel_id is None:
        raise InputError(IN_SERVERS)
    here = interaction.channel
    if isinstance(here, discord.Thread) and here.parent_id:
        subscribed = await store.subscriptions.get_subscription(channel_id)
        channel_id = channel_id if subscribed else here.parent_id
    given = _read_since(since)
    before = await store.people.look(interaction.user.id, channel_id, now=now)
    start = given or before or now - FIRST_LOOK
    return CatchUpPage(channel_id=channel_id, since=start, page=0)


def _read_since(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.combine(parse_since(text), time(), UTC)
    except BadValue as error:
        raise InputError(f"since: {text[:40]!r} is not a date; write {error}.") from error


async def find_received(
    store: Store, interaction: discord.Interaction, page: CatchUpPage
) -> tuple[CatchUpPage, list[Heard], int]:
    """Find a page of what a channel got, by topic and most liked first; and how many in all."""
    guild_id = server_of(interaction)
    if guild_id is None:
        raise InputError(IN_SERVERS)
    ids = await store.received.list_since(guild_id, page.channel_id, page.since)
    popular = await store.opinions.list_popular(guild_id, EVER, limit=1000)
    counts = {each.arxiv_id: each for each in popular}
    topics = await _topics_of(store, guild_id, page.channel_id, ids)

    def order(arxiv_id: ArxivId) -> tuple[int, int]:
        liked = counts[arxiv_id].likes if arxiv_id in counts else 0
        return topics[arxiv_id][0], -liked

    ordered = sorted(ids, key=order)  # stable: the newest first among equals
    last = max(0, (len(ids) - 1) // PAGE_SIZE)
    page = replace(page, page=min(max(page.page, 0), last))
    shown = ordered[page.page * PAGE_SIZE : (page.page + 1) * PAGE_SIZE]
    papers = await store.papers.get_papers(shown)
    saved = {each.arxiv_id: each for each in await store.library.list_saved(interaction.user.id)}
    heard = [
        Heard(
            paper=papers[arxiv_id].paper,
            likes=counts[arxiv_id].likes if arxiv_id in counts else 0,
            saves=counts[arxiv_id].saves if arxiv_id in counts else 0,
            topic=topics[arxiv_id][1],
            is_saved=arxiv_id in saved,
            is_read=arxiv_id in saved and saved[arxiv_id].is_read,
        )
        for arxiv_id in shown
        if arxiv_id in papers
    ]
    return page, heard, len(ids)


async def _topics_of(
    store: Store, guild_id: int, channel_id: int, ids: Sequence[ArxivId]
) -> Mapping[ArxivId, tuple[int, str]]:
    """Name for each paper the first of the channel's topics that it matches, with its place."""
    subscription = await store.subscriptions.get_subscription(channel_id)
    named: list[tuple[str, Query]] = []
    if subscription is not None and subscription.guild_id == guild_id:
        for topic in subscription.topics:
            with contextlib.suppress(InputError):  # saved by another version of the language
                named.append((topic.name, parse_query(topic.query)))
    found = await store.search.match_many([query for _, query in named], ids) if named else []
    places = dict.fromkeys(ids, (len(named), ""))
    for number, (name, _) in reversed(list(enumerate(named))):
        places |= dict.fromkeys(found[number], (number, name))
    return places


# -- what people like ------------------------------------------------------------------------------


async def find_popular(
    store: Store, interaction: discord.Interaction, period: str, now: datetime
) -> list[Heard]:
    """Find what people of the server liked and saved most in a period."""
    guild_id = server_of(interaction)
    if guild_id is None:
        raise InputError(IN_SERVERS)
    popular = await store.opinions.list_popular(guild_id, now - PERIODS[period], limit=PAGE_SIZE)
    papers = await store.papers.get_papers([each.arxiv_id for each in popular])
    heard = [
        Heard(paper=papers[each.arxiv_id].paper, likes=each.likes, saves=each.saves)
        for each in popular
        if each.arxiv_id in papers
    ]
    if not heard:
        raise InputError(NOTHING_POPULAR)
    return heard
