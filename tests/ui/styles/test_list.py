"""A list shows each paper in two lines, and opens its abstract by a menu."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.digest.messages import MessageDraft, ShownMessage
from bot.digest.models import Digest
from bot.models import UNKNOWN_VERSION, AnnounceType, LinkKind, Paper, Provenance
from bot.text import markdown
from bot.ui.styles.list import LIST, _list
from tests.builders import make_digest, make_entry, make_id, make_link, make_paper
from tests.examples import examples
from tests.ui.styles.bodies import (
    HOSTILE,
    body_problems,
    content_of,
    digests,
    embeds_of,
    options_of,
    papers_of,
    typical_paper,
)

SILENT = 1 << 12


def lines_of(drafts: tuple[MessageDraft, ...]) -> list[str]:
    texts = [embed["description"] for draft in drafts for embed in embeds_of(draft)]
    return "\n".join(texts).split("\n")


def typical(count: int) -> Digest:
    return make_digest(*(typical_paper(number) for number in range(1, count + 1)))


def test_without_papers_there_are_no_messages() -> None:
    assert LIST.render(make_digest()) == ()


def test_a_paper_is_its_title_then_first_author_links_and_topics() -> None:
    paper = make_paper(
        title="On *stars*",
        authors=["Ada Example", "Ben Sample", "Cy Third"],
        links=[
            make_link("https://github.com/example/project"),
            make_link("https://example.org", LinkKind.PROJECT),
        ],
    )
    entry = make_entry(paper, topics=["stars", "sky"])
    assert lines_of(LIST.render(make_digest(entry))) == [
        r"**1. [On \*stars\*](https://arxiv.org/abs/2403.00001)**",
        "Ada Example +2 · [PDF](https://arxiv.org/pdf/2403.00001) · "
        "[Code](https://github.com/example/project) · *stars, sky*",
    ]


@pytest.mark.parametrize(
    ("paper", "announce_type", "about"),
    [
        (
            make_paper(authors=[], links=[make_link(provenance=Provenance.HUGGING_FACE)]),
            AnnounceType.NEW,
            "[PDF](url) · [Code](https://github.com/example/project), says Hugging Face",
        ),
        (make_paper(authors=["Ada Example"]), AnnounceType.NEW, "Ada Example · [PDF](url)"),
        (make_paper(authors=[]), AnnounceType.NEW, "[PDF](url)"),
        (make_paper(authors=["", "Ben"]), AnnounceType.NEW, "Ben +1 · [PDF](url)"),
        (make_paper(authors=["\u200b"]), AnnounceType.CROSS, "[PDF](url) · cross-list"),
        (
            make_paper(version=3, authors=[]),
            AnnounceType.REPLACE,
            "[PDF](url) · replacement v3",
        ),
        (
            make_paper(authors=[], comment="This paper has been withdrawn"),
            AnnounceType.NEW,
            "**withdrawn** · [PDF](url)",
        ),
        (
            make_paper(authors=[], links=[make_link("https://github.com/" + "x" * 300)]),
            AnnounceType.NEW,
            "[PDF](url)",
        ),
    ],
)
def test_the_second_line_says_what_there_is(
    paper: Paper, announce_type: AnnounceType, about: str
) -> None:
    entry = make_entry(paper, announce_type=announce_type)
    line = lines_of(LIST.render(make_digest(entry)))[1]
    assert line == about.replace("url", "https://arxiv.org/pdf/2403.00001")


def test_numbers_run_through_the_whole_digest() -> None:
    lines = lines_of(LIST.render(typical(60)))
    assert [line.split(" [")[0] for line in lines[::2]] == [f"**{n}." for n in range(1, 61)]


def test_25_papers_are_one_message_and_60_are_three_even_ones() -> None:
    short = make_digest(*(make_paper(number) for number in range(25)))
    assert [len(draft.papers) for draft in LIST.render(short)] == [25]
    assert [len(draft.papers) for draft in LIST.render(typical(60))] == [20, 20, 20]


def test_below_each_message_a_menu_offers_its_papers() -> None:
    long = make_paper(2, version=2, title="A *title* of very many words " * 9)
    (draft,) = LIST.render(make_digest(make_paper(1, title="On [stars]"), long))
    components: Any = draft.body["components"]
    (row,) = components
    (menu,) = row["components"]
    assert (row["type"], menu["type"], menu["custom_id"]) == (1, 3, "abstract:1")
    assert menu["placeholder"] == "Read an abstract (only for you)"
    first, second = menu["options"]
    assert first == {"label": "1. On [stars]", "value": "2403.00001v1"}
    assert second["value"] == "2403.00002v2"
    assert second["label"].startswith("2. A *title* of very many words")
    assert len(second["label"]) <= 100


def test_only_the_first_message_makes_a_sound() -> None:
    drafts = LIST.render(typical(60), first_part=4)
    assert [draft.body.get("flags") for draft in drafts] == [None, SILENT, SILENT]
    assert [content_of(draft).split("\n")[0] for draft in drafts] == [
        "### cs.CV · Tue, 5 Mar 2024 · part 4",
        "-# cs.CV · Tue, 5 Mar 2024 · part 5 of 6",
        "-# cs.CV · Tue, 5 Mar 2024 · part 6 of 6",
    ]


def test_a_digest_is_measured_by_its_messages() -> None:
    for count in (0, 1, 25, 26, 60):
        assert LIST.measure(typical(count)) == len(LIST.render(typical(count)))


def as_posted(draft: MessageDraft) -> dict[str, Any]:
    """What Discord answers has more fields, and may have lost blanks."""
    rows: Any = draft.body["components"]
    components = [
        {"id": 1, **row, "components": [{"id": 2, **menu} for menu in row["components"]]}
        for row in rows
    ]
    content = f" {draft.body['content']}\n"
    return {**draft.body, "content": content, "components": components, "flags": 1 << 12}


def test_a_message_shows_what_it_was_made_of_with_embeds_or_without() -> None:
    unknown = make_paper(3, version=UNKNOWN_VERSION)
    entries = [
        make_entry(make_paper(1, version=3), announce_type=AnnounceType.REPLACE),
        make_entry(make_paper(arxiv_id="hep-th/9901001")),
        make_entry(unknown, announce_type=AnnounceType.REPLACE),
    ]
    (draft,) = LIST.render(make_digest(*entries))
    expected = ShownMessage(
        line="### cs.CV · Tue, 5 Mar 2024",
        papers=((make_id(1), 3), (entries[1].paper.arxiv_id, 1), (make_id(3), 2)),
    )
    assert draft.papers == expected.papers
    posted = as_posted(draft)
    for body in (draft.body, posted, {**posted, "embeds": [], "flags": 1 << 2}):
        assert LIST.read(body) == expected


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"content": "### cs.CV · Tue, 5 Mar 2024"},
        {"components": [{"type": 1, "components": [{"type": 2, "custom_id": "similar:1:x"}]}]},
        {"components": [{"type": 1, "components": [{"type": 3, "custom_id": "abstract:1"}]}]},
        {
            "components": [
                {"components": [{"custom_id": "abstract:1", "options": [{"value": "no paper"}]}]}
            ]
        },
    ],
)
def test_other_messages_are_no_lists(body: dict[str, object]) -> None:
    assert LIST.read(body) is None


def test_a_message_is_split_until_a_paper_is_alone() -> None:
    """Each piece begins with a line that no other message of its channel has, and is a list."""
    (draft,) = LIST.render(typical(5))
    done: list[MessageDraft] = []
    waiting, lines = [draft], {content_of(draft).partition("\n")[0]}
    while waiting:
        whole = waiting.pop(0)
        pieces = LIST.split(whole.body, whole.papers[::-1])
        waiting += pieces
        done += [] if pieces else [whole]
        lines |= {content_of(piece).partition("\n")[0] for piece in pieces}
        for piece in pieces:
            shown = LIST.read(piece.body)
            assert shown is not None
            assert shown.papers == piece.papers
            assert body_problems(piece.body) == []
    assert sorted(papers_of(done)) == sorted(draft.papers)
    assert [len(each.papers) for each in done] == [1] * 5
    assert len(lines) == 9
    texts = [embed["description"] for each in done for embed in embeds_of(each)]
    assert sorted("\n".join(texts).split("\n")) == sorted(lines_of((draft,)))


def test_pieces_after_the_first_make_no_sound() -> None:
    (draft,) = LIST.render(typical(4))
    first, second = LIST.split(draft.body, draft.papers)
    assert (first.body.get("flags"), second.body.get("flags")) == (None, SILENT)
    silent = LIST.split({**draft.body, "flags": SILENT}, draft.papers)
    assert [piece.body["flags"] for piece in silent] == [SILENT, SILENT]


def test_a_message_of_other_papers_is_not_split() -> None:
    (draft,) = LIST.render(typical(4))
    assert LIST.split(draft.body, draft.papers[:3]) == ()
    assert LIST.split({**draft.body, "embeds": []}, draft.papers) == ()
    assert LIST.split({"content": "hello"}, draft.papers) == ()


@pytest.mark.parametrize("paper", HOSTILE.values(), ids=HOSTILE.keys())
def test_no_paper_breaks_a_limit(paper: Paper) -> None:
    entries = [
        make_entry(paper, topics=[f"topic {number} " + "x" * 90 for number in range(25)]),
        *(make_entry(typical_paper(number)) for number in range(2, 30)),
    ]
    drafts = LIST.render(make_digest(*entries))
    assert [problem for draft in drafts for problem in body_problems(draft.body)] == []
    assert len(papers_of(drafts)) == 29


@settings(max_examples=examples(25), deadline=None, suppress_health_check=list(HealthCheck))
@given(digest=digests(), first_part=st.integers(1, 40))
def test_any_digest_keeps_its_papers_order_and_limits(digest: Digest, first_part: int) -> None:
    drafts = LIST.render(digest, first_part=first_part)
    assert [problem for draft in drafts for problem in body_problems(draft.body)] == []
    papers = [(entry.paper.arxiv_id, entry.paper.version) for entry in digest.entries]
    assert papers_of(drafts) == papers
    assert [option["value"] for draft in drafts for option in options_of(draft.body)] == [
        f"{arxiv_id}v{version}" for arxiv_id, version in papers
    ]
    texts = [line.text for line in _list(digest.entries, first_part)]
    assert [text.width for text in texts] == [markdown.width(text.text) + 1 for text in texts]
    lines = lines_of(drafts)
    assert len(lines) == 2 * len(papers)
    for line, (arxiv_id, _) in zip(lines[::2], papers, strict=True):
        assert line.endswith(f"](https://arxiv.org/abs/{arxiv_id})**")
    for draft in drafts:
        shown = LIST.read(as_posted(draft))
        assert shown is not None
        assert shown.papers == draft.papers
        pieces = LIST.split(draft.body, draft.papers)
        assert [paper for piece in pieces for paper in piece.papers] == (
            list(draft.papers) if pieces else []
        )
        assert bool(pieces) is (len(draft.papers) > 1)


def test_a_message_is_filled_within_the_limits() -> None:
    first = LIST.render(typical(200))[0]
    total = sum(markdown.width(embed["description"]) for embed in embeds_of(first))
    assert total > 5000
    assert len(embeds_of(first)) == 2
