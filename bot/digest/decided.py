"""The settings with which a digest was decided: what is added to its lists later keeps to them.

Else a topic that was removed at noon would bring, with the first paper that arXiv adds in the
afternoon, all the papers which the morning's digest left out.
"""

import json
from dataclasses import replace

from bot.digest.models import Subscription, Topic
from bot.models import AnnounceType


def settings_text(subscription: Subscription) -> str:
    """Write down which papers a subscription chooses."""
    return json.dumps(
        {
            "categories": subscription.categories,
            "types": subscription.announce_types,
            "topics": [
                [each.name, each.query, each.ping_role, each.is_paused]
                for each in subscription.topics
            ],
        }
    )


def as_decided(subscription: Subscription, text: str | None) -> Subscription:
    """Return the subscription with the settings of then; a category that it left since is left.

    Without settings that can be read, those of now hold.
    """
    try:
        then = json.loads(text or "")
        return replace(
            subscription,
            categories=tuple(
                each for each in subscription.categories if each in then["categories"]
            ),
            announce_types=tuple(AnnounceType(each) for each in then["types"]),
            topics=tuple(
                Topic(name=str(name), query=str(query), ping_role=role, is_paused=bool(is_paused))
                for name, query, role, is_paused in then["topics"]
            ),
        )
    except (ValueError, TypeError, KeyError):
        return subscription
