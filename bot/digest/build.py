"""From decisions to the digest of one channel and date."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from types import MappingProxyType

from bot.digest.models import Cadence, Digest, ListingCheck, Subscription
from bot.digest.select import IS_OFFERED, Decision, Verdict, entries_of
from bot.digest.tally import count_papers
from bot.models import ArxivId


def build_digest(
    subscription: Subscription,
    announced_on: date,
    decisions: Sequence[Decision],
    *,
    checks: Sequence[ListingCheck] = (),
    is_supplement: bool = False,
    cadence: Cadence = Cadence.DAY,
    days: Mapping[ArxivId, date] = MappingProxyType({}),
) -> Digest:
    """Gather the papers to be posted, in the order of ``decisions``, and count the announced.

    ``days`` are those on which the papers of a week were announced first.
    """
    offers = [each for each in decisions if each.verdict in IS_OFFERED] if days else []
    ids = [each.entry.paper.arxiv_id for each in offers]
    by_day = Counter(days[each] for each in ids if each in days)
    return Digest(
        categories=subscription.categories,
        announced_on=announced_on,
        entries=tuple(entries_of(decisions, Verdict.POST)),
        offered=tuple(entries_of(decisions, Verdict.OFFER)),
        tally=count_papers(subscription, decisions),
        channel_id=subscription.channel_id,
        checks=tuple(each for each in checks if each.category in subscription.categories),
        is_supplement=is_supplement,
        is_direct=subscription.user_id is not None,
        cadence=cadence,
        offered_by_day=tuple(sorted(by_day.items())),
        cards_up_to=subscription.cards_up_to,
    )
