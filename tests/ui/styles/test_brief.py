"""A brief shows the best papers as cards and lists the others."""

from dataclasses import replace

import pytest

from bot.digest.models import Digest, Order, Place
from bot.models import Likeness, Likes
from bot.ui.layout import lay_out
from bot.ui.styles.brief import BRIEF
from bot.ui.styles.cards import CARDS
from bot.ui.styles.list import LIST
from tests.builders import make_digest, make_entry, make_paper, make_subscription, make_topic
from tests.ui.styles.bodies import (
    body_problems,
    content_of,
    embeds_of,
    options_of,
    papers_of,
    typical_paper,
)


def ranked(count: int, top: int, order: Order = Order.TOPICS) -> Digest:
    papers = [typical_paper(number) for number in range(1, count + 1)]
    return replace(make_digest(*papers), order=order, top=top)


def test_the_top_papers_are_cards_and_the_others_a_list_that_counts_on() -> None:
    digest = ranked(40, 5)
    first, *others = drafts = BRIEF.render(digest)
    assert first.style == "cards"
    assert [embed["url"][-5:] for embed in embeds_of(first)] == [f"0000{n}" for n in range(1, 6)]
    assert {draft.style for draft in others} == {"list"}
    assert embeds_of(others[0])[0]["description"].startswith("**6. [")
    assert papers_of(drafts) == papers_of(LIST.render(digest))


def test_the_cards_have_a_menu_too_and_their_whole_abstracts_are_in_it_only() -> None:
    first = BRIEF.render(ranked(40, 5))[0]
    labels = [option["label"].partition(" ")[0] for option in options_of(first.body)]
    assert labels == ["1.", "2.", "3.", "4.", "5."]
    assert all(len(embed["description"]) < 420 for embed in embeds_of(first))


def test_cards_that_take_two_messages_are_numbered_through() -> None:
    long = [make_entry(make_paper(number), topics=["topic " * 90]) for number in range(10)]
    long = [replace(each, paper=replace(each.paper, abstract="Words. " * 90)) for each in long]
    drafts = BRIEF.render(replace(make_digest(*long), order=Order.TOPICS, top=10))
    assert [draft.style for draft in drafts] == ["cards", "cards"]
    options = [option for draft in drafts for option in options_of(draft.body)]
    assert [option["label"].partition(" ")[0] for option in options] == [
        f"{number}." for number in range(1, 11)
    ]
    assert [option["value"] for option in options] == [
        f"{paper}v1" for paper, _ in papers_of(drafts)
    ]


def test_the_heading_says_the_order_and_the_parts_run_through() -> None:
    drafts = BRIEF.render(ranked(40, 5), first_part=2)
    assert content_of(drafts[0]) == (
        "### cs.CV · Tue, 5 Mar 2024 · part 2\n"
        "40 announced (40 new)\n40 posted · best matches first"
    )
    assert [content_of(draft) for draft in drafts[1:]] == [
        f"-# cs.CV · Tue, 5 Mar 2024 · part {part} of 4" for part in (3, 4)
    ]
    assert [draft.body.get("flags") for draft in drafts] == [None, 1 << 12, 1 << 12]


@pytest.mark.parametrize(
    ("order", "words"),
    [
        (Order.LISTING, "in arXiv's order"),
        (Order.TOPICS, "best matches first"),
        (Order.LIKES, "closest to what people here like first"),
    ],
)
def test_each_order_has_its_words(order: Order, words: str) -> None:
    for top in (0, 1):
        assert content_of(BRIEF.render(ranked(2, top, order))[0]).endswith(f" · {words}")


def test_where_no_paper_stands_out_it_is_a_list() -> None:
    digest = ranked(40, 0, Order.LISTING)
    assert BRIEF.render(digest) == LIST.render(digest)


def test_where_all_stand_out_it_is_cards() -> None:
    drafts = BRIEF.render(ranked(3, 3))
    assert [draft.style for draft in drafts] == ["cards"]


@pytest.mark.parametrize(("count", "top"), [(0, 0), (1, 0), (1, 1), (10, 10), (60, 10)])
def test_a_digest_is_measured_by_its_messages(count: int, top: int) -> None:
    drafts = BRIEF.render(ranked(count, top))
    assert BRIEF.measure(ranked(count, top)) == len(drafts)
    assert [problem for draft in drafts for problem in body_problems(draft.body)] == []


def test_it_reads_and_splits_its_messages_as_their_styles_do() -> None:
    card, listed = BRIEF.render(ranked(12, 5))
    for draft, style in ((card, CARDS), (listed, LIST)):
        assert BRIEF.read(draft.body) == style.read(draft.body)
        assert BRIEF.split(draft.body, draft.papers) == style.split(draft.body, draft.papers)
    stripped = {**listed.body, "embeds": [], "flags": 1 << 2}
    assert BRIEF.read(stripped) == LIST.read(stripped) == LIST.read(listed.body)
    assert BRIEF.read({"content": "hello"}) is None


def test_cards_with_a_menu_are_split_into_cards() -> None:
    card = BRIEF.render(ranked(12, 5))[0]
    pieces = CARDS.split(card.body, card.papers)
    assert [piece.papers for piece in pieces] == [(paper,) for paper in card.papers]
    assert [problem for piece in pieces for problem in body_problems(piece.body)] == []


@pytest.mark.parametrize(
    ("top", "topics", "words"),
    [
        (5, 1, "the 5 best matches as cards and the others as a list"),
        (1, 1, "the best match as a card and the others as a list"),
        (0, 1, "a list, best matches first"),
        (5, 0, "a list; with topics, the 5 best matches first as cards"),
        (0, 0, "a list"),
    ],
)
def test_it_says_how_it_shows_a_channels_papers(top: int, topics: int, words: str) -> None:
    subscription = replace(make_subscription(topics=[make_topic()] * topics), top=top)
    assert BRIEF.describe(subscription) == words


@pytest.mark.parametrize(("cards_in_thread", "told"), [(False, 1), (True, 3)])
def test_every_card_says_why_its_paper_is_liked(cards_in_thread: bool, told: int) -> None:
    """Those of the best papers, and in a thread the others too, where they are cards."""
    papers = [make_paper(number, title=f"Paper {number}") for number in range(1, 4)]
    likes = Likes(
        scores={paper.arxiv_id: 1.0 for paper in papers},
        explain=lambda paper: Likeness(papers=1, words=(f"the word of {paper.title}",)),
    )
    subscription = make_subscription(style="brief", top=1, place=Place.THREAD)
    subscription = replace(subscription, cards_in_thread=cards_in_thread)
    drafts = lay_out(subscription, make_digest(*papers), likes=likes)
    said = "".join(str(draft.body) for draft in drafts)
    assert [f"the word of {paper.title}" in said for paper in papers].count(True) == told
