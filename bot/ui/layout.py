"""The messages of one channel's digest: its style, its order, its place, its pings. Pure."""

from dataclasses import replace

from bot.digest.messages import MessageDraft
from bot.digest.models import Cadence, Digest, Place, QuietDays, Subscription
from bot.digest.rank import NO_LIKES, rank
from bot.models import Likes
from bot.ui.pings import roles_to_ping, with_pings
from bot.ui.styles import WEEK_STYLE, render_left, render_quiet_week, render_then_cards, style_of


def lay_out(
    subscription: Subscription, digest: Digest, *, likes: Likes = NO_LIKES, first_part: int = 1
) -> tuple[MessageDraft, ...]:
    """Make the messages of a digest: in the channel's style, the best papers first if it ranks."""
    is_week = digest.cadence is Cadence.WEEK
    is_summed_up = is_week and not digest.is_direct
    style = style_of(WEEK_STYLE if is_summed_up else subscription.style)
    is_all_cards = subscription.place is Place.THREAD and subscription.cards_in_thread
    if style.is_ranked:
        explained = len(digest.entries) if is_all_cards else None
        digest = rank(digest, top=subscription.top, likes=likes, explained=explained)
    if is_all_cards:
        drafts = render_then_cards(style, digest, first_part)
    else:
        drafts = style.render(digest, first_part=first_part)
    if drafts and digest.offered:
        offered = tuple((each.paper.arxiv_id, each.least_version) for each in digest.offered)
        drafts = (*drafts[:-1], replace(drafts[-1], offered=offered))
    return with_pings(drafts, roles_to_ping(subscription, digest))


def say_quiet(subscription: Subscription, digest: Digest) -> tuple[MessageDraft, ...]:
    """Say in one line why there is no digest, as far as the channel is to be told with the plan.

    That is of a week, as the channel wants it, and of papers that other channels have.
    """
    if digest.cadence is Cadence.WEEK:
        return _say_quiet_week(subscription, digest)
    is_told = digest.tally.left and subscription.place is not Place.FORUM
    return (render_left(digest),) if is_told else ()


def _say_quiet_week(subscription: Subscription, digest: Digest) -> tuple[MessageDraft, ...]:
    is_told = subscription.quiet_days is QuietDays.ALL or (
        subscription.quiet_days is QuietDays.UNEXPECTED and not digest.tally.announced
    )
    is_quiet = not digest.tally.matching and subscription.place is not Place.FORUM
    return (render_quiet_week(digest),) if is_told and is_quiet else ()
