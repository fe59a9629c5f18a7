"""What should make an admin think again before a topic is saved, and what would be better."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from bot.digest.models import Subscription, Topic
from bot.digest.trial import Trial
from bot.query.ast import (
    And,
    Category,
    Node,
    Not,
    Or,
    Query,
    Since,
    Text,
    TextField,
    all_of,
    any_of,
)
from bot.query.parser import parse_query
from bot.query.printer import print_node
from bot.query.results import Advice
from bot.store.store import Store
from bot.topics.trials import Past, find_matches, try_topics
from bot.ui.doubts import Doubt, DoubtKind

MOST_SHARE: Final = 0.3
"""Of what the categories announce; a topic that matches more hardly narrows anything."""
LEAST_ANNOUNCED: Final = 50
"""Papers; of fewer a share says nothing."""
LEAST_SHARED: Final = 5
"""Papers that two topics must both find to be called the same."""
YEAR: Final = timedelta(days=365)
MAX_QUERY: Final = 300


async def find_doubts(
    store: Store, past: Past, subscription: Subscription, trial: Trial
) -> list[Doubt]:
    """Say what speaks against saving the topic of ``trial``; nothing where too little is stored."""
    query = parse_query(trial.topic.query)
    doubts = await _same(store, past, subscription, trial.topic)
    if trial.announced < LEAST_ANNOUNCED:
        return doubts
    if trial.share > MOST_SHARE:
        doubts.append(await _too_much(store, past, subscription, trial))
    elif not trial.matched and not await _finds(store, past, subscription, query.root):
        doubts.append(await _nothing(store, past, subscription, query))
    return doubts


async def _same(store: Store, past: Past, subscription: Subscription, topic: Topic) -> list[Doubt]:
    """Find another topic of the channel that asks or finds the same."""
    others = [each for each in subscription.topics if each.name.lower() != topic.name.lower()]
    matches = await find_matches(store, past, [topic.query, *(each.query for each in others)])
    ours, asked = matches[topic.query], _in_small_letters(topic.query)
    for each in others:
        theirs = matches.get(each.query)
        if theirs is None:
            continue
        is_alike = len(ours) >= LEAST_SHARED and theirs == ours
        if is_alike or _in_small_letters(each.query) == asked:
            return [Doubt(kind=DoubtKind.SAME, part=each.name)]
    return []


def _in_small_letters(query: str) -> str:
    """Write a query so that two are equal that differ in blanks and capitals alone."""
    return print_node(parse_query(query).root).casefold()


# More than a topic


async def _too_much(store: Store, past: Past, subscription: Subscription, trial: Trial) -> Doubt:
    root = parse_query(trial.topic.query).root
    parts = list(root.parts) if isinstance(root, Or) else [root]
    trials = await _try_nodes(store, past, subscription, trial.topic, parts)
    ranked = sorted(zip(parts, trials, strict=True), key=lambda each: -each[1].matched)
    narrower = list(_narrower(root, [part for part, _ in ranked]))
    tried = await _try_nodes(store, past, subscription, trial.topic, narrower)
    return Doubt(
        kind=DoubtKind.EVERYTHING,
        part=print_node(ranked[0][0]),
        better=next((each for each in tried if 0 < each.share <= MOST_SHARE), None),
    )


def _narrower(root: Node, broadest: Sequence[Node]) -> Iterator[Node]:
    """Leave out the broadest alternatives one after the other, then ask titles alone."""
    if isinstance(root, Or):
        for number in range(1, len(broadest)):
            dropped = broadest[:number]
            yield any_of(*(part for part in root.parts if part not in dropped))
    titled = _in_titles(root)
    if titled != root:
        yield titled


def _in_titles(node: Node) -> Node:
    match node:
        case And(parts) | Or(parts):
            return type(node)(tuple(map(_in_titles, parts)))
        case Text(field=None):
            return replace(node, field=TextField.TITLE)
        case _:
            return node


# Nothing


async def _finds(store: Store, past: Past, subscription: Subscription, root: Node) -> bool:
    """Whether a year of the channel's categories has anything for ``root``, or may have."""
    categories = any_of(*(Category(code=each) for each in subscription.categories))
    since = Since(day=past.dates[-1].day - YEAR)
    asked = Query(text="", root=all_of(root, categories, since))
    page = await store.search.find(asked, limit=1)
    return bool(page.matches) or page.overran


async def _nothing(store: Store, past: Past, subscription: Subscription, query: Query) -> Doubt:
    parts = query.root.parts if isinstance(query.root, And) else ()
    topic = Topic(name="", query=query.text)
    for part in parts:
        if isinstance(part, Not):
            without = all_of(*(each for each in parts if each is not part))
            if await _finds(store, past, subscription, without):
                (better,) = await _try_nodes(store, past, subscription, topic, [without])
                return Doubt(kind=DoubtKind.NEGATED, part=print_node(part), better=better)
    advice = await store.search.advise(query)
    return Doubt(
        kind=DoubtKind.NEVER,
        part=query.text,
        better=await _try_advice(store, past, subscription, query, advice),
        advice=advice,
    )


async def _try_advice(
    store: Store, past: Past, subscription: Subscription, query: Query, advice: Advice
) -> Trial | None:
    """Try what the advice would search instead; None unless that finds something here."""
    parts = query.root.parts if isinstance(query.root, And) else ()
    offered = [
        all_of(*(each for each in parts if print_node(each) != blame.part))
        for blame in advice.blame
    ]
    if advice.corrected:
        offered = [advice.corrected.root]
    topic = Topic(name="", query=query.text)
    tried = await _try_nodes(store, past, subscription, topic, offered)
    return next((each for each in tried if 0 < each.share <= MOST_SHARE), None)


async def _try_nodes(
    store: Store, past: Past, subscription: Subscription, topic: Topic, nodes: Sequence[Node]
) -> list[Trial]:
    topics = [replace(topic, query=print_node(node)) for node in nodes]
    return await try_topics(
        store, past, subscription, [each for each in topics if len(each.query) <= MAX_QUERY]
    )
