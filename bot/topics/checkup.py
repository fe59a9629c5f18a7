"""Look how all topics of a channel fare, and try what may help one that is dead."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.digest.health import WEEKS, Ailment, Health, assess
from bot.digest.models import Subscription, Topic
from bot.digest.trial import Trial
from bot.errors import InputError
from bot.store.store import Store
from bot.topics.doubts import find_doubts
from bot.topics.trials import Past, read_past, try_topics

MOST_HELPED = 3
"""Dead topics of a channel for which something better is looked for."""


async def check_up(
    store: Store, subscription: Subscription
) -> Mapping[str, tuple[Health, Trial | None]]:
    """Return for each topic by name how it fares, and what would do better if it is dead."""
    past = await read_past(store, subscription, WEEKS)
    trials = await try_topics(store, past, subscription, subscription.topics)
    health = assess(trials)
    dead = [each.recent.topic for each in health if each.ailment is Ailment.DEAD][:MOST_HELPED]
    better = await _help(store, past, subscription, trials, dead)
    return {each.recent.topic.name: (each, better.get(each.recent.topic.name)) for each in health}


async def _help(
    store: Store,
    past: Past,
    subscription: Subscription,
    trials: Sequence[Trial],
    dead: Sequence[Topic],
) -> dict[str, Trial]:
    found: dict[str, Trial] = {}
    for trial in trials:
        if trial.topic not in dead:
            continue
        others = tuple(each for each in subscription.topics if each is not trial.topic)
        try:
            doubts = await find_doubts(store, past, replace(subscription, topics=others), trial)
        except InputError:  # its query cannot be read any more, which the list says anyway
            continue
        for doubt in doubts:
            if doubt.better is not None:
                found[trial.topic.name] = doubt.better
    return found


async def try_starters(
    store: Store, subscription: Subscription, topics: Sequence[Topic]
) -> Mapping[str, Trial]:
    """Try topics that are offered to a channel; returns what each would bring, by name."""
    past = await read_past(store, subscription)
    trials = await try_topics(store, past, subscription, topics)
    return {each.topic.name: each for each in trials}
