"""A digest becomes as few messages as Discord allows, and every one of them is allowed."""

from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.digest.messages import ShownMessage
from bot.digest.models import Digest
from bot.models import AnnounceType, Paper
from bot.text import markdown
from bot.ui.styles.cards import CARDS
from tests.builders import make_digest, make_entry, make_id, make_paper
from tests.examples import examples
from tests.ui.styles.bodies import (
    HOSTILE,
    body_problems,
    content_of,
    digests,
    embeds_of,
    papers_of,
    texts_of,
    typical_paper,
)


def test_without_papers_there_are_no_messages() -> None:
    assert CARDS.render(make_digest()) == ()


def test_the_first_message_is_headed_by_category_date_and_counts() -> None:
    entries = [make_entry(make_paper(number)) for number in range(9)] + [
        make_entry(make_paper(number), announce_type=AnnounceType.CROSS) for number in range(9, 12)
    ]
    digest = make_digest(*entries, announced_on=date(2020, 8, 21), announced=47)
    assert content_of(CARDS.render(digest)[0]) == (
        "### cs.CV · Fri, 21 Aug 2020\n47 announced (47 new)\n12 match · 12 posted"
    )


def test_following_messages_say_which_part_they_are() -> None:
    digest = make_digest(*(typical_paper(number) for number in range(47)))
    drafts = CARDS.render(digest)
    assert [content_of(draft).split("\n")[0] for draft in drafts[1:]] == [
        f"-# cs.CV · Tue, 5 Mar 2024 · part {part} of 5" for part in range(2, 6)
    ]


def test_only_the_first_message_makes_a_sound() -> None:
    digest = make_digest(*(typical_paper(number) for number in range(47)))
    for first_part in (1, 6):
        flags = [draft.body.get("flags") for draft in CARDS.render(digest, first_part=first_part)]
        assert flags == [None] + [1 << 12] * 4


def test_47_typical_papers_are_five_messages() -> None:
    digest = make_digest(*(typical_paper(number) for number in range(47)))
    assert len(CARDS.render(digest)) == 5


def test_a_digest_that_fits_one_message_is_one_message() -> None:
    assert len(CARDS.render(make_digest(*(typical_paper(number) for number in range(10))))) == 1


def test_messages_are_filled_evenly() -> None:
    """12 papers are 6 and 6, not 10 and 2: the excerpts get longer by it."""
    drafts = CARDS.render(make_digest(*(typical_paper(number) for number in range(12))))
    assert [len(draft.papers) for draft in drafts] == [6, 6]


def test_excerpts_use_the_room_there_is() -> None:
    """Ten papers share one message to the last word; three have more than they may use."""
    ten = CARDS.render(make_digest(*(typical_paper(number) for number in range(10))))[0]
    assert sum(markdown.width(text) for embed in embeds_of(ten) for text in texts_of(embed)) > 5400
    three = CARDS.render(make_digest(*(typical_paper(number) for number in range(3))))[0]
    assert all(len(embed["description"]) > 600 for embed in embeds_of(three))


def test_a_supplement_says_so_and_continues_the_parts() -> None:
    digest = make_digest(make_paper(), announced=48, is_supplement=True)
    (draft,) = CARDS.render(digest, first_part=6)
    assert content_of(draft) == (
        "### cs.CV · Tue, 5 Mar 2024 · supplement · part 6\n"
        "48 announced (48 new)\n1 match · 1 posted now"
    )


def test_every_message_of_a_channel_and_date_differs_in_its_content() -> None:
    digest = make_digest(*(typical_paper(number) for number in range(25)))
    first = CARDS.render(digest)
    second = CARDS.render(digest, first_part=len(first) + 1)
    contents = [content_of(draft) for draft in (*first, *second)]
    assert len(set(contents)) == len(contents)


def test_a_digest_of_many_categories_is_headed_by_some_of_them() -> None:
    digest = make_digest(make_paper(), categories=[f"xx.{number:03}" for number in range(300)])
    (draft,) = CARDS.render(digest)
    assert body_problems(draft.body) == []
    assert "xx.007 and 292 more · " in content_of(draft)


def test_rendering_is_deterministic() -> None:
    digest = make_digest(*(typical_paper(number) for number in range(23)))
    assert CARDS.render(digest) == CARDS.render(digest)


@pytest.mark.parametrize("paper", HOSTILE.values(), ids=HOSTILE.keys())
def test_no_paper_breaks_a_limit(paper: Paper) -> None:
    entries = [
        make_entry(paper, topics=[f"topic {number} " + "x" * 90 for number in range(25)]),
        *(make_entry(typical_paper(number)) for number in range(2, 12)),
    ]
    drafts = CARDS.render(make_digest(*entries))
    assert [problem for draft in drafts for problem in body_problems(draft.body)] == []
    assert len(papers_of(drafts)) == 11


@settings(max_examples=examples(25), deadline=None, suppress_health_check=list(HealthCheck))
@given(digest=digests(), first_part=st.integers(1, 40))
def test_any_digest_keeps_its_papers_order_and_limits(digest: Digest, first_part: int) -> None:
    drafts = CARDS.render(digest, first_part=first_part)
    assert [problem for draft in drafts for problem in body_problems(draft.body)] == []
    assert papers_of(drafts) == [
        (entry.paper.arxiv_id, entry.paper.version) for entry in digest.entries
    ]
    for draft in drafts:
        addresses = [embed["url"] for embed in embeds_of(draft)]
        assert addresses == [f"https://arxiv.org/abs/{arxiv_id}" for arxiv_id, _ in draft.papers]


def test_the_papers_of_a_draft_are_those_of_its_embeds() -> None:
    paper = make_paper(7, version=2)
    (draft,) = CARDS.render(make_digest(paper))
    assert draft.papers == ((make_id(7), 2),)


def test_a_message_is_split_by_paper() -> None:
    """Each piece begins with a line that no other message of its channel has."""
    (draft,) = CARDS.render(make_digest(make_paper(1), make_paper(2)))
    pieces = CARDS.split(draft.body, draft.papers[::-1])
    assert [piece.papers for piece in pieces] == [((make_id(1), 1),), ((make_id(2), 1),)]
    assert [embeds_of(piece) for piece in pieces] == [[embed] for embed in embeds_of(draft)]
    assert [content_of(piece) for piece in pieces] == [
        "### cs.CV · Tue, 5 Mar 2024 · paper 1 of 2\n2 announced (2 new)\n2 posted",
        "-# cs.CV · Tue, 5 Mar 2024 · paper 2 of 2",
    ]
    assert [piece.style for piece in pieces] == ["cards", "cards"]
    assert [piece.body.get("flags") for piece in pieces] == [None, 1 << 12]
    again = CARDS.split({**draft.body, "flags": 1 << 12}, draft.papers)
    assert [piece.body["flags"] for piece in again] == [1 << 12, 1 << 12]


@pytest.mark.parametrize(
    ("urls", "numbers"),
    [
        ([1], [1]),
        ([1, 2], [1, 3]),
        ([1, 2], [1]),
        ([1, None], [1, 2]),
        ([1, 1], [1, 2]),
        ([1, 2, 1], [1, 2]),
    ],
)
def test_a_message_that_cannot_be_split_is_not(urls: list[int | None], numbers: list[int]) -> None:
    """One paper, embeds and papers of unequal number, one that is no paper's, or there twice."""
    embeds = [{"url": f"https://arxiv.org/abs/{make_id(n)}" if n else "https://x/"} for n in urls]
    assert CARDS.split({"embeds": embeds}, [(make_id(number), 1) for number in numbers]) == ()


def test_a_message_shows_what_it_was_made_of() -> None:
    """A version is shown for a replacement only; every other paper counts as its first."""
    entries = [
        make_entry(make_paper(1, version=3), announce_type=AnnounceType.REPLACE),
        make_entry(make_paper(2, version=2)),
    ]
    (draft,) = CARDS.render(make_digest(*entries))
    shown = CARDS.read(draft.body)
    assert shown == ShownMessage(
        line="### cs.CV · Tue, 5 Mar 2024", papers=((make_id(1), 3), (make_id(2), 1))
    )
    assert CARDS.read({**draft.body, "content": f" {draft.body['content']}\n"}) == shown
    assert CARDS.read({**draft.body, "flags": 1 << 1, "components": []}) == shown


def test_a_message_whose_embeds_were_removed_is_a_digest_all_the_same() -> None:
    """An admin can remove them; the content stays, if there was any."""
    digest = make_digest(*(typical_paper(number) for number in range(12)))
    for draft in CARDS.render(digest):
        line = content_of(draft).partition("\n")[0]
        stripped = {**draft.body, "embeds": [], "flags": 1 << 2}
        assert CARDS.read(stripped) == ShownMessage(line=line, is_stripped=True)
    assert CARDS.read({"content": "", "embeds": [], "flags": 1 << 2}) == ShownMessage(
        line="", is_stripped=True
    )


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"content": "I could not post in <#1>:\n- Tue, 5 Mar 2024, part 1: it is shut"},
        {"content": "### Welcome"},
        {"content": "-# small"},
        {"content": "", "embeds": [], "flags": 0},
        {"content": "### cs.CV · Tue, 5 Mar 2024", "embeds": [{"title": "no paper"}]},
    ],
)
def test_other_messages_are_no_digests(body: dict[str, object]) -> None:
    """Notices to admins stand in channels too."""
    assert CARDS.read(body) is None


def test_a_digest_is_measured_by_its_messages() -> None:
    for count in (0, 1, 12, 47):
        digest = make_digest(*(typical_paper(number) for number in range(count)))
        assert CARDS.measure(digest) == len(CARDS.render(digest))
