"""What heads a page of the papers that a digest left out. Pure."""

from bot.text.words import count_of, long_date
from bot.ui.views import LeftOut


def render_left_out(state: LeftOut, pages: int, *, left_out: int, announced: int) -> str:
    """Say of which day they are, how many, and which page this is."""
    said = (
        f"**{long_date(state.day)}**: {count_of(left_out, 'paper')} of {announced:,} announced "
        f"match no topic of <#{state.channel_id}>."
    )
    return said if pages == 1 else f"{said} Page {state.page + 1} of {pages}."
