"""What heads a page of the papers that a digest left out. Pure."""

from bot.digest.models import Cadence
from bot.text.words import count_of, long_date
from bot.ui.views import DayPage, Offered


def render_left_out(state: DayPage, pages: int, *, left_out: int, announced: int) -> str:
    """Say of which day they are, how many, why, and which page this is."""
    if isinstance(state, Offered):
        why = f"are beyond what the digest in <#{state.channel_id}> posts at most"
    else:
        why = f"match no topic of <#{state.channel_id}>"
    is_week = state.cadence is Cadence.WEEK and not isinstance(state, Offered)
    date = f"{'week to ' if is_week else ''}{long_date(state.day)}"
    said = f"**{date}**: {count_of(left_out, 'paper')} of {announced:,} announced {why}."
    return said if pages == 1 else f"{said} Page {state.page + 1} of {pages}."
