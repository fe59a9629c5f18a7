"""How many papers were announced for a channel, and what becomes of them: one count for all. Pure.

The header of a digest, the preview, `/digest send`, the status and the topic commands all say these
numbers, so that nobody reads two totals of the same day.
"""

from collections import Counter
from collections.abc import Iterable

from bot.digest.models import Subscription, Tally
from bot.digest.select import IS_OFFERED, TYPE_NOT_FOLLOWED, Decision, Verdict


def count_papers(subscription: Subscription, decisions: Iterable[Decision]) -> Tally:
    """Count the papers of the followed types; one of another type was not announced for it."""
    followed = [each for each in decisions if each.verdict is not TYPE_NOT_FOLLOWED]
    no_topics = subscription.takes_all
    matching = Counter([each.verdict for each in followed if no_topics or each.entry.topics])
    return Tally(
        types=Counter([each.entry.announce_type for each in followed]),
        matching=matching.total(),
        before=matching[Verdict.POSTED_BEFORE],
        no_topics=no_topics,
        offered=sum(matching[each] for each in IS_OFFERED),
        elsewhere=matching[Verdict.READ_ELSEWHERE],
        left=matching[Verdict.ELSEWHERE],
    )
