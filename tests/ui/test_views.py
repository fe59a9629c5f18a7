"""What buttons carry survives the way through Discord, and what was made up is refused."""

from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest

from bot.errors import InputError
from bot.models import ArxivId
from bot.ui.questions import Answer, Lot, Question, Repost
from bot.ui.views import (
    PreviewPage,
    SearchOffer,
    SearchTurn,
    SimilarTo,
    page_note,
    query_of_note,
)
from tests.builders import DAY

BIGGEST_ID = 2**64 - 1

STATES: list[Any] = [
    PreviewPage(channel_id=1, day=DAY, page=0),
    PreviewPage(channel_id=BIGGEST_ID, day=DAY, page=-1),
    Answer(question=Question.REMOVE, channel_id=BIGGEST_ID, is_yes=True),
    Answer(question=Question.RESUME, channel_id=2, is_yes=False),
    Repost(lot=Lot(channel_id=BIGGEST_ID, day=DAY, part=99999), mark="0123abcd", is_yes=True),
    Repost(lot=Lot(channel_id=2, day=DAY, part=0), mark="ffffffff", is_yes=False),
    SearchTurn(asker=BIGGEST_ID, sort="relevance", cursor="-9.2a490002e.99990.1000+.2a490002e"),
    SearchTurn(asker=1, sort="newest", cursor="start"),
    SearchOffer(asker=BIGGEST_ID, sort="relevance", query="a" * 61),
    SearchOffer(asker=1, sort="newest", query='title:"x: y"\n-(é OR 量子) category:cs.*'),
    SimilarTo(arxiv_id=ArxivId("2403.00001")),
    SimilarTo(arxiv_id=ArxivId("cond-mat/9901001")),
]


@pytest.mark.parametrize("state", STATES, ids=lambda state: type(state).__name__)
def test_a_state_comes_back_as_it_was(state: Any) -> None:
    assert type(state).read(state.custom_id) == state
    assert len(state.custom_id) <= 100


@pytest.mark.parametrize(
    ("query", "fits"), [("a" * 61, True), ("a" * 62, False), ("🚀" * 30, True), ("🚀" * 31, False)]
)
def test_an_offer_knows_whether_its_query_fits(query: str, fits: bool) -> None:
    assert SearchOffer(asker=BIGGEST_ID, sort="relevance", query=query).fits is fits


def message(*footers: str | None) -> discord.Message:
    embeds = [discord.Embed().set_footer(text=footer) for footer in footers]
    return cast(discord.Message, SimpleNamespace(embeds=embeds))


@pytest.mark.parametrize(
    "query", ["nerf", "a · b", "Page 3 · x", "", 'title:"C++" -(x OR y)', "ünï 🚀 · `*_"]
)
def test_the_query_is_read_back_from_the_footer(query: str) -> None:
    note = page_note(12, query)
    assert note.startswith("Page 12 · ")
    assert query_of_note(message(None, note.strip())) == query


@pytest.mark.parametrize("footers", [(), (None,), ("something else",)])
def test_a_message_that_does_not_say_its_query_is_refused(footers: tuple[Any, ...]) -> None:
    with pytest.raises(InputError, match="search again"):
        query_of_note(message(*footers))
    with pytest.raises(InputError, match="search again"):
        query_of_note(None)


def test_a_lot_is_read_back_from_the_choice() -> None:
    lot = Lot(channel_id=BIGGEST_ID, day=DAY, part=3)
    assert Lot.parse(f" {lot} ") == lot


@pytest.mark.parametrize("text", ["", "part 2", "1:2024-02-30:1", "1:2024-03-05", "x:2024-03-05:1"])
def test_a_lot_typed_by_hand_says_what_is_right(text: str) -> None:
    with pytest.raises(InputError, match="Pick one of the messages"):
        Lot.parse(text)
