"""A digest as a file: what is written is what was read."""

import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.arxiv.feeds import parse_feed
from bot.arxiv.identifier import parse_identifier
from bot.arxiv.markdown import parse_markdown
from bot.arxiv.paper import build_paper
from bot.digest.build import build_digest
from bot.digest.export import stored_to_json, to_bibtex, to_json, to_markdown
from bot.digest.models import Digest
from bot.digest.select import decide, merge
from bot.models import AnnounceType, Listing, Paper
from tests.builders import (
    make_digest,
    make_entry,
    make_id,
    make_link,
    make_listing,
    make_paper,
    make_stored,
    make_subscription,
)
from tests.examples import examples
from tests.samples import SEED
from tests.shared import shared

NEW, CROSS = AnnounceType.NEW, AnnounceType.CROSS
REPLACE, REPLACE_CROSS = AnnounceType.REPLACE, AnnounceType.REPLACE_CROSS


def digest_of(listing: Listing) -> Digest:
    """Build the digest of a channel that gets the whole listing."""
    subscription = make_subscription(
        categories=[listing.category], announce_types=list(AnnounceType)
    )
    announced = merge(subscription.categories, [listing])
    decisions = decide(subscription=subscription, announced=announced, matches={}, delivered={})
    return build_digest(subscription, listing.announced_on, decisions)


def read_back(digest: Digest) -> Listing:
    return parse_markdown(to_markdown(digest).encode())


def submitted(number: int, title: str, abstract: str, version: int = 1) -> Paper:
    """Build a paper of source text, as every parser does."""
    return build_paper(arxiv_id=make_id(number), version=version, title=title, abstract=abstract)


def test_the_first_digest_is_written_as_it_was_read_to_the_byte() -> None:
    content = SEED.read_bytes()
    assert to_markdown(digest_of(parse_markdown(content))).encode() == content


def test_addresses_and_html_are_written_as_on_the_listing_page() -> None:
    abstract = (
        'H&E <b> (see https://example.org/a?b=1&c="x", and http://example.org:80/Ada_(model).)'
    )
    digest = make_digest(submitted(1, "P < 0.05 & more", abstract))
    https, http = "link-external link-https", "link-external link-http"
    assert to_markdown(digest) == (
        "# ArXiv cs.CV --Tue, 5 Mar 2024\n"
        "### 1.P &lt; 0.05 &amp; more  [ :arrow_down: ](https://arxiv.org/pdf/2403.00001.pdf)\n"
        f'>  H&amp;E &lt;b&gt; (see <a class="{https}" href="https://example.org/a?b=1&amp;c=" '
        'rel="external noopener nofollow">this https URL</a>"x", and '
        f'<a class="{http}" href="http://example.org:80/Ada_(model)" '
        'rel="external noopener nofollow">this http URL</a>.)      \n'
    )


@pytest.mark.parametrize(
    "typed",
    [
        [(1, NEW), (2, NEW), (1001, NEW)],
        [(1001, NEW), (1002, NEW), (3, CROSS)],
        [(9, NEW), (8, NEW), (10, CROSS), (3, CROSS)],
        [(9, NEW), (1, CROSS)],
        [(1, NEW), (9, CROSS)],
        [(1, CROSS)],
        [(1, REPLACE), (2, REPLACE_CROSS)],
        [(5, NEW), (6, CROSS), (1, REPLACE), (7, REPLACE), (2, REPLACE_CROSS)],
        [(1, CROSS), (2, NEW), (3, CROSS)],
        [],
    ],
)
def test_announce_types_survive_whatever_the_order(typed: list[tuple[int, AnnounceType]]) -> None:
    entries = [make_entry(make_paper(number), announce_type=each) for number, each in typed]
    listing = read_back(make_digest(*entries))
    read = [(each.paper.arxiv_id, each.announce_type) for each in listing.announcements]
    assert read == [(make_id(number), announce_type) for number, announce_type in typed]


def test_types_that_the_order_tells_are_not_stated() -> None:
    listing = make_listing((make_paper(7), NEW), (make_paper(8), NEW), (make_paper(5), CROSS))
    assert "<!-- new" not in to_markdown(digest_of(listing))
    assert "<!-- cross" not in to_markdown(digest_of(listing))


def test_what_the_two_lines_have_no_place_for_survives() -> None:
    told = replace(
        make_paper(1),
        authors=("Ada <b> Example", "Ben | Sample --> X & Y", "C. Díaz, Jr."),
        categories=("cs.CV", "math.IT", "hep-th"),
        comment="12 pages; <!-- no --> code at https://github.com/example/code",
        doi="10.1000/182(98)<1>",
        journal_ref="Example & Letters | 1 (2020) 2",
    )
    (read, bare) = read_back(make_digest(told, submitted(2, "T", "A."))).announcements
    fields = ("authors", "categories", "comment", "doi", "journal_ref")
    for name in fields:
        assert getattr(read.paper, name) == getattr(told, name)
        assert not getattr(bare.paper, name)
    assert "https://github.com/example/code" in [link.url for link in read.paper.links]
    assert read.paper.is_primary_known


def test_a_primary_category_that_is_not_known_is_not_made_up() -> None:
    paper = replace(make_paper(1), categories=("cs.LG",), is_primary_known=False)
    assert "categories" not in to_markdown(make_digest(paper))


def test_a_later_version_stands_in_the_link() -> None:
    digest = make_digest(make_paper(version=3))
    assert "https://arxiv.org/pdf/2403.00001v3.pdf" in to_markdown(digest)
    assert read_back(digest).announcements[0].paper.version == 3


def test_identifiers_of_the_old_scheme_survive() -> None:
    arxiv_id, _ = parse_identifier("math.GT/0309136")
    listing = read_back(make_digest(make_paper(arxiv_id=arxiv_id), categories=["math.GT"]))
    assert listing.announcements[0].paper.arxiv_id == "math/0309136"


@pytest.mark.parametrize(
    ("title", "abstract"),
    [
        ("", ""),
        ("1.5 Bits [x](https://example.org) [ :arrow_down: ](y)", "> quoted\n\n# heading"),
        ("<!-- cross -->", "<!-- cross -->\n\n<br> &lt;br&gt; &amp;amp; &#13;"),
        ("### 2.Another  [ :arrow_down: ](https://arxiv.org/pdf/2403.00002.pdf)", "this https URL"),
        ("A\rB\u2028C\x85D\x0bE", "A\rB\u2028C\x85D\x0bE\n\nF\x1cG"),
        (
            r"$\beta$-VAE, \emph{x} 5\% H&E {\'e}",
            r"\href{https://example.org}{code} <a href='x'>y</a>",
        ),
        ("https://example.org/title", "https://example.org/a?b=1&c=2;(d). <https://example.org/e>"),
        ("a" * 500, "One.\n\n  Two.\n\n\n\nThree\nfour."),
        ("# heading", "HTTPS://EXAMPLE.ORG http:// https://, https://?"),
    ],
)
def test_hostile_text_survives(title: str, abstract: str) -> None:
    papers = [submitted(1, title, abstract), submitted(2, "Another", "Of no interest.")]
    assert_survives(make_digest(*papers))


def assert_survives(digest: Digest) -> None:
    listing = read_back(digest)
    assert listing.skipped == ()
    assert listing.is_complete
    assert (listing.category, listing.announced_on) == (digest.categories[0], digest.announced_on)
    assert [described(each.paper, each.announce_type) for each in listing.announcements] == [
        described(entry.paper, entry.announce_type) for entry in digest.entries
    ]


def described(paper: Paper, announce_type: AnnounceType) -> tuple[object, ...]:
    return (
        paper.arxiv_id,
        paper.version,
        announce_type,
        paper.title,
        paper.source_title,
        paper.abstract,
        paper.source_abstract,
    )


def test_a_real_day_survives() -> None:
    """137 papers as arXiv announced them: new, cross-lists and replacements, all in TeX."""
    feed = shared("recordings/feeds/rss_fetched_2026-08-22-cs-cv.xml").read_bytes()
    assert_survives(digest_of(parse_feed(feed)))


# No source can carry a NUL: XML forbids it, and build_paper takes it for a mark of its own.
hostile_text = st.text(
    alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0")
    | st.sampled_from("<>&#;[](){}$\\%~\"'\n\r >"),
    max_size=60,
) | st.sampled_from(["https://example.org/x_(y).", "<br>", "&lt;", "<!-- new -->", "\n\n", "$x<y$"])
fragments = st.lists(hostile_text, max_size=4).map("".join)
titles = fragments.map(lambda text: text.replace("\n", " "))


@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    papers=st.lists(
        st.tuples(st.integers(1, 9), titles, fragments, st.sampled_from(list(AnnounceType))),
        max_size=4,
        unique_by=lambda each: each[0],
    )
)
def test_any_digest_survives_being_written_and_read(
    papers: list[tuple[int, str, str, AnnounceType]],
) -> None:
    entries = [
        make_entry(submitted(number, title, abstract), announce_type=announce_type)
        for number, title, abstract, announce_type in papers
    ]
    assert_survives(make_digest(*entries))


def test_json_has_exactly_the_documented_keys() -> None:
    code = make_link("https://github.com/example/project")
    paper = make_paper(version=2, categories=["cs.LG", "cs.CV"], links=[code])
    digest = make_digest(make_entry(paper, announce_type=CROSS, position=7))
    assert json.loads(json.dumps(to_json(digest))) == {
        "category": "cs.CV",
        "date": "2024-03-05",
        "papers": [
            {
                "arxiv_id": "2403.00001",
                "version": 2,
                "announce_type": "cross",
                "position": 7,
                "title": "Paper number 1",
                "authors": ["Ada Example", "Ben Sample"],
                "abstract": "We study problem 1 and solve it.",
                "primary_category": "cs.LG",
                "categories": ["cs.LG", "cs.CV"],
                "links": [
                    _link_json("abs", "https://arxiv.org/abs/2403.00001", "arxiv"),
                    _link_json("pdf", "https://arxiv.org/pdf/2403.00001", "arxiv"),
                    _link_json("code", "https://github.com/example/project", "abstract"),
                ],
            }
        ],
    }


def _link_json(kind: str, url: str, provenance: str) -> dict[str, str]:
    return {"kind": kind, "url": url, "provenance": provenance}


def test_a_found_paper_has_the_same_keys_and_its_date() -> None:
    found = stored_to_json(make_stored(make_paper()))
    assert found.pop("announced_on") == "2024-03-05"
    (announced,) = to_json(make_digest(make_paper()))["papers"]
    assert found == {**announced, "announce_type": None, "position": None}


def test_bibtex_has_an_entry_per_paper_in_order() -> None:
    exported = to_bibtex(make_digest(make_paper(2), make_paper(1)))
    assert exported.index("2403.00002") < exported.index("2403.00001")
    assert exported.count("@misc{") == 2
