"""The best papers come first: by topics, then by likes, then as arXiv listed them."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.digest.models import Digest, Order
from bot.digest.rank import put_best_first, rank
from bot.models import Likeness, Likes
from tests.builders import make_digest, make_entry, make_id, make_paper


def digest_of(*topics: Sequence[str]) -> Digest:
    """Return a digest whose papers, numbered from 1, match these topics."""
    return make_digest(
        *(make_entry(make_paper(number), topics=each) for number, each in enumerate(topics, 1))
    )


def ids(digest: Digest) -> list[int]:
    return [int(entry.paper.arxiv_id.partition(".")[2]) for entry in digest.entries]


def likes_of(**likes: float) -> Likes:
    return Likes(
        scores={make_id(int(name[1:])): like for name, like in likes.items()},
        explain=lambda paper: Likeness(papers=1, words=(paper.title,)),
    )


def test_papers_of_more_topics_come_first() -> None:
    ranked = rank(digest_of(["a"], ["a", "b"], ["b"], ["a", "b", "c"]), top=2)
    assert ids(ranked) == [4, 2, 1, 3]
    assert (ranked.order, ranked.top) == (Order.TOPICS, 2)


def test_among_as_many_topics_those_that_match_fewer_papers_come_first() -> None:
    ranked = rank(digest_of(["common"], ["common"], ["rare"], ["common"]), top=5)
    assert ids(ranked) == [3, 1, 2, 4]
    assert (ranked.order, ranked.top) == (Order.TOPICS, 4)


def test_all_topics_of_a_paper_count() -> None:
    """a: 3 papers, b: 2, c: 2, d: 1. The pairs match 3 x 2, 2 x 2 and 3 x 1 papers."""
    ranked = rank(digest_of(["a", "b"], ["b", "c"], ["a", "d"], ["a"], ["c"]), top=5)
    assert ids(ranked) == [3, 2, 1, 5, 4]


def test_likes_decide_between_papers_of_the_same_topics_only() -> None:
    digest = digest_of(["a"], ["a"], ["a", "b"], ["a"])
    ranked = rank(digest, top=5, likes=likes_of(p4=2.0, p2=0.5))
    assert ids(ranked) == [3, 4, 2, 1]
    assert ranked.order is Order.TOPICS


def test_without_topics_likes_decide_and_only_the_liked_stand_out() -> None:
    ranked = rank(digest_of([], [], [], []), top=3, likes=likes_of(p3=1.0, p4=-1.0))
    assert ids(ranked) == [3, 1, 2, 4]
    assert (ranked.order, ranked.top) == (Order.LIKES, 1)
    why = [entry.likeness and entry.likeness.words for entry in ranked.entries]
    assert why == [(ranked.entries[0].paper.title,), None, None, None]


@pytest.mark.parametrize(("explained", "expected"), [(None, 2), (1, 1), (4, 3)])
def test_only_those_on_show_say_why_they_are_liked(explained: int | None, expected: int) -> None:
    likes = likes_of(p2=0.5, p3=1.0, p4=0.1)
    ranked = rank(digest_of([], [], [], []), top=2, likes=likes, explained=explained)
    assert ids(ranked) == [3, 2, 4, 1]
    assert ranked.top == 2
    told = [entry.likeness is not None for entry in ranked.entries]
    assert told == [number < expected for number in range(4)]


def test_papers_too_unlike_to_stand_out_are_ordered_by_likes_all_the_same() -> None:
    likes = likes_of(p1=-0.3, p2=-0.1, p3=-0.2)
    ranked = rank(digest_of([], [], []), top=3, likes=likes)
    assert ids(ranked) == [2, 3, 1]
    assert (ranked.order, ranked.top) == (Order.LIKES, 0)
    assert not any(entry.likeness for entry in ranked.entries)


def test_without_topics_and_likes_there_is_nothing_to_rank_by() -> None:
    digest = digest_of([], [], [])
    ranked = rank(digest, top=5)
    assert ranked.entries == digest.entries
    assert (ranked.order, ranked.top) == (Order.LISTING, 0)


def test_papers_of_one_topic_stay_in_the_listings_order() -> None:
    ranked = rank(digest_of(["a"], ["a"], ["a"]), top=2)
    assert ids(ranked) == [1, 2, 3]
    assert (ranked.order, ranked.top) == (Order.LISTING, 2)


@pytest.mark.parametrize(("top", "expected"), [(0, 0), (2, 2), (10, 3)])
def test_at_most_top_papers_stand_out(top: int, expected: int) -> None:
    assert rank(digest_of(["a"], ["a", "b"], ["b"]), top=top).top == expected


def test_nothing_else_of_a_digest_changes() -> None:
    digest = make_digest(make_paper(), announced=9, is_supplement=True)
    ranked = rank(digest, top=5)
    assert (ranked.categories, ranked.announced_on) == (digest.categories, digest.announced_on)
    assert (ranked.tally, ranked.is_supplement) == (digest.tally, True)


@given(st.lists(st.sets(st.sampled_from("abcde")), max_size=20), st.integers(0, 10))
def test_any_ranking_keeps_each_paper_once(topics: list[set[str]], top: int) -> None:
    digest = digest_of(*(sorted(each) for each in topics))
    ranked = rank(digest, top=top)
    assert sorted(ids(ranked)) == ids(digest)
    assert rank(ranked, top=top) == ranked
    counts = [len(entry.topics) for entry in ranked.entries]
    assert counts == sorted(counts, reverse=True)
    assert all(entry.topics for entry in ranked.entries[: ranked.top])


@given(
    st.lists(st.sets(st.sampled_from("abc")), max_size=12),
    st.dictionaries(st.sampled_from([f"p{number}" for number in range(1, 13)]), st.floats(-2, 2)),
)
def test_a_cap_keeps_the_papers_that_a_ranked_digest_puts_first(
    topics: list[set[str]], scores: dict[str, float]
) -> None:
    digest, likes = digest_of(*(sorted(each) for each in topics)), likes_of(**scores)
    best = [entry.paper for entry in put_best_first(digest.entries, likes)]
    assert best == [entry.paper for entry in rank(digest, top=0, likes=likes).entries]
