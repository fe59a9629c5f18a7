"""From decisions to the digest of one channel and date."""

from collections.abc import Sequence
from datetime import date

from bot.digest.models import Digest, ListingCheck, Subscription
from bot.digest.select import Decision, Verdict
from bot.digest.tally import count_papers


def build_digest(
    subscription: Subscription,
    announced_on: date,
    decisions: Sequence[Decision],
    *,
    checks: Sequence[ListingCheck] = (),
    is_supplement: bool = False,
) -> Digest:
    """Gather the papers to be posted, in the order of ``decisions``, and count the announced."""
    return Digest(
        categories=subscription.categories,
        announced_on=announced_on,
        entries=tuple(each.entry for each in decisions if each.verdict is Verdict.POST),
        tally=count_papers(subscription, decisions),
        channel_id=subscription.channel_id,
        checks=tuple(each for each in checks if each.category in subscription.categories),
        is_supplement=is_supplement,
        cards_up_to=subscription.cards_up_to,
    )
