"""What a channel's topics leave out although people liked or saved it, and what would catch it."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from hashlib import sha256
from typing import Final, Protocol

from bot.digest.models import Cadence, Subscription, SubscriptionState, Topic
from bot.digest.reading import MISSED_REPORTED
from bot.digest.select import Verdict, decide
from bot.digest.trial import compare
from bot.errors import InputError
from bot.models import ArxivId, Paper
from bot.query.ast import Node, Query
from bot.query.examples import list_candidates, list_words
from bot.query.parser import parse_query
from bot.query.printer import print_node
from bot.query.widening import Option, Widening, add_term, choose, list_title_terms, relax
from bot.store.store import Store
from bot.topics.doubts import MAX_QUERY
from bot.topics.trials import Past, find_matches, list_matched, read_past, try_topics
from bot.ui.missed import Missed, MissedPaper, Widened, render_report

log = logging.getLogger(__name__)

MOST_PAPERS: Final = 25
BACKGROUND: Final = 10_000
"""Papers that tell whether words are a term: the newest."""
MOST_TRIED: Final = 400
"""Queries; each is a search of the weeks."""
ASKED_AT_ONCE: Final = 20
SHOWN: Final = 3
WEEK: Final = timedelta(days=7)
TRIED_AGAIN: Final = timedelta(hours=1)
"""After so long admins who could not be reached are told."""


class Admins(Protocol):
    """The way to a guild's admins."""

    async def tell_admins(self, guild_id: int, text: str, nonce: str) -> bool | None:
        """Write to them; False when nobody can be reached, None when it may work later."""


async def find_missed(store: Store, subscription: Subscription) -> Missed:
    """Find the papers of the last weeks that the topics left out and people liked or saved."""
    topics = _readable(subscription.topics)
    past = await read_past(store, subscription)
    if not topics or not past.dates:
        return Missed(weeks=past.weeks, has_topics=bool(topics))
    matches = await find_matches(store, past, [topic.query for topic in subscription.topics])
    papers = await _list_missed(store, past, subscription, matches)
    widened: list[Widened] = []
    if papers:
        chosen = await _widen(store, past, topics, matches, [each.paper for each in papers])
        widened = [await _try_out(store, past, subscription, topics, each) for each in chosen]
    return Missed(weeks=past.weeks, has_topics=True, papers=tuple(papers), widened=tuple(widened))


def _readable(topics: Sequence[Topic]) -> list[tuple[Topic, Node]]:
    """Return the topics that match anything, with what they ask."""
    found = []
    for topic in topics:
        try:
            root = parse_query(topic.query).root
        except InputError:  # saved by another version of the language
            continue
        if not topic.is_paused:
            found.append((topic, root))
    return found


async def _list_missed(
    store: Store,
    past: Past,
    subscription: Subscription,
    matches: Mapping[str, frozenset[ArxivId]],
) -> list[MissedPaper]:
    """List them, the most liked first."""
    since = datetime.combine(past.dates[0].day, time(), UTC)
    liked = await store.opinions.list_popular(subscription.guild_id, since, limit=1000)
    posted: dict[ArxivId, int] = {}
    for cadence in Cadence:
        ids = [each.arxiv_id for each in liked]
        posted |= await store.outbox.delivered_versions(subscription.channel_id, ids, cadence)
    # What another channel posted was missed by nobody: that may be where people liked it.
    elsewhere = await store.outbox.find_messages(
        subscription.guild_id, [each.arxiv_id for each in liked]
    )
    left_out = _list_left_out(past, subscription, matches) - posted.keys() - elsewhere.keys()
    missed = [each for each in liked if each.arxiv_id in left_out][:MOST_PAPERS]
    stored = await store.papers.get_papers([each.arxiv_id for each in missed])
    return [
        MissedPaper(paper=stored[each.arxiv_id].paper, likes=each.likes, saves=each.saves)
        for each in missed
        if each.arxiv_id in stored
    ]


def _list_left_out(
    past: Past, subscription: Subscription, matches: Mapping[str, frozenset[ArxivId]]
) -> set[ArxivId]:
    """Return the papers that no topic matched on a date, as posting decides it."""
    found = {topic.name: matches.get(topic.query, frozenset()) for topic in subscription.topics}
    left_out: set[ArxivId] = set()
    for date in past.dates:
        for each in decide(
            subscription=subscription, announced=date.papers, matches=found, delivered={}
        ):
            if each.verdict is Verdict.NO_TOPIC_MATCHED:
                left_out.add(each.entry.paper.arxiv_id)
    return left_out


async def _widen(
    store: Store,
    past: Past,
    topics: Sequence[tuple[Topic, Node]],
    matches: Mapping[str, frozenset[ArxivId]],
    papers: Sequence[Paper],
) -> list[Widening]:
    """Try widenings of the topics on the weeks, and choose."""
    roots = [root for _, root in topics]
    found = [matches[topic.query] for topic, _ in topics]
    relaxed = [(at, node) for at, root in enumerate(roots) for node in relax(root)]
    terms: list[Node] = await _shared_terms(store, papers)
    terms += [each for each in list_title_terms(papers) if each not in terms]
    tried = [*(node for _, node in relaxed), *terms][:MOST_TRIED]
    archive = {**await store.search.newest_of((), BACKGROUND), **past.keys}
    known = dict(zip(tried, await _find(store, tried, archive), strict=True))
    finds = {node: each & past.keys.keys() for node, each in known.items()}
    options = [
        *(Option(at, node, finds[node], is_new=False) for at, node in relaxed if node in finds),
        *(
            add_term(roots, found, term, finds[term], len(known[term]))
            for term in terms
            if term in finds
        ),
    ]
    return choose(
        [each for each in options if len(print_node(each.root)) <= MAX_QUERY],
        frozenset(each.arxiv_id for each in papers),
        frozenset[ArxivId]().union(*found),
        len(past.keys),
    )


async def _shared_terms(store: Store, papers: Sequence[Paper]) -> list[Node]:
    if len(papers) < 2:
        return []
    shares = await store.search.share_of(list_words(papers))
    return [each.node for each in list_candidates(papers, shares)]


async def _find(
    store: Store, nodes: Sequence[Node], keys: Mapping[ArxivId, int]
) -> list[frozenset[ArxivId]]:
    """Ask a few queries at a time: others search too."""
    found: list[frozenset[ArxivId]] = []
    for start in range(0, len(nodes), ASKED_AT_ONCE):
        some = nodes[start : start + ASKED_AT_ONCE]
        queries = [Query(text=print_node(node), root=node) for node in some]
        found += await store.search.match_span(queries, keys)
    return found


async def _try_out(
    store: Store,
    past: Past,
    subscription: Subscription,
    topics: Sequence[tuple[Topic, Node]],
    widening: Widening,
) -> Widened:
    """Count what a widening brings as posting counts it."""
    topic, _ = topics[widening.option.topic]
    text = print_node(widening.option.root)
    rest = tuple(each for each in subscription.topics if each is not topic)
    after, before = await try_topics(
        store, past, replace(subscription, topics=rest), [replace(topic, query=text), topic]
    )
    others = after.others or frozenset()
    brought = [
        each
        for each in compare(before, after).added
        if each[0] not in widening.caught and each[0] not in others
    ]
    shown = await list_matched(store, parse_query(text), brought[:SHOWN])
    return Widened(
        topic=topic.name,
        query=text,
        caught=len(widening.caught),
        others=len(brought),
        shown=tuple(each.paper for each in shown),
    )


# -- every week ----------------------------------------------------------------------------------


async def report_missed(store: Store, admins: Admins, *, now: datetime) -> int:
    """Tell the admins who want that what was missed in the last week; returns how many were told.

    Nothing is said of a week in which nothing was missed.
    """
    reported = await store.facts.moments(MISSED_REPORTED)
    due = {each for each, before in reported.items() if not before <= now < before + WEEK}
    if not due:
        return 0
    subscriptions = await store.subscriptions.list_subscriptions()
    wanting = [each for each in subscriptions if str(each.channel_id) in due]
    return sum([await _report(store, admins, each, now) for each in wanting])


async def _report(store: Store, admins: Admins, subscription: Subscription, now: datetime) -> bool:
    fact = f"{MISSED_REPORTED}{subscription.channel_id}"
    await store.facts.set(fact, now.isoformat())  # first: one that fails is not tried at each tick
    if subscription.state is not SubscriptionState.ACTIVE:
        return False
    missed = await find_missed(store, subscription)
    if not missed.papers:
        return False
    text = render_report(subscription.channel_id, missed)
    nonce = sha256(f"{fact} {now.date()}".encode()).hexdigest()[:24]
    told = await admins.tell_admins(subscription.guild_id, text, nonce)
    if told is None:
        await store.facts.set(fact, (now - WEEK + TRIED_AGAIN).isoformat())
        return False
    log.info("admins told of missed papers", extra={"guild": subscription.guild_id})
    return True
