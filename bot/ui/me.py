"""What a person is told of what is kept of them. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.digest.reading import PersonData
from bot.text.words import joined
from bot.ui.ids import CustomId, Snowflake

FORGET = "Delete all of it"
NOTHING = "I keep nothing about you."
DATA = "This is everything that I keep about you; `/me forget` deletes it."


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetMe(CustomId):
    """A wish to have everything of one's own deleted."""

    PREFIX = "forget:1"

    user_id: Snowflake


def ask_forget(data: PersonData) -> str:
    """Say what would be deleted; `NOTHING` where nothing would."""
    kept = list(_kept(data))
    if not kept:
        return NOTHING
    return (
        f"I keep {joined(kept)} of yours. Deleted, they are gone at once and for good, and your "
        "likes no longer count in any server. `/library export` and `/me data` keep a copy."
    )


def _kept(data: PersonData) -> Iterator[str]:
    for values, one, many in (
        (data.saved, "saved paper", "saved papers"),
        (data.opinions, "like (or the opposite)", "likes (and their opposites)"),
        (data.shared, "shared list", "shared lists"),
        (data.looks, "time you caught up", "times you caught up"),
        (data.searches, "search", "searches"),
        (_followed(data), "thing you follow", "things you follow"),
    ):
        if values:
            yield f"{len(values):,} {one if len(values) == 1 else many}"


def _followed(data: PersonData) -> Sequence[object]:
    follows = data.follows
    return (*follows.queries, *follows.papers) if follows else ()


def say_forgotten(deleted: int) -> str:
    return f"Deleted. {NOTHING}" if deleted else NOTHING
