"""One paper as a card: everything it says, and what gives way when room is short."""

from dataclasses import replace

import discord
import pytest

from bot.models import AnnounceType, Likeness, LinkKind, Provenance
from bot.text import markdown
from bot.ui.embeds import embed_width, make_card, render_authors, render_links, render_paper
from tests.builders import make_entry, make_link, make_paper


def test_a_card_says_who_what_where_and_why() -> None:
    paper = make_paper(
        title="A Title",
        abstract="What was found.",
        categories=["cs.CV", "cs.LG"],
        links=[make_link("https://github.com/example/project")],
    )
    entry = make_entry(paper, announce_type=AnnounceType.CROSS, topics=["nerf", "diffusion"])
    embed = render_paper(entry, excerpt_chars=300)
    assert embed.title == "A Title"
    assert embed.url == "https://arxiv.org/abs/2403.00001"
    assert (embed.description or "").split("\n") == [
        "*Ada Example, Ben Sample*",
        "What was found.",
        "[PDF](https://arxiv.org/pdf/2403.00001) · [Code](https://github.com/example/project)",
    ]
    assert embed.footer.text == "cs.CV, cs.LG · cross-list · matches nerf, diffusion"


@pytest.mark.parametrize(
    ("announce_type", "label"),
    [
        (AnnounceType.NEW, "new"),
        (AnnounceType.CROSS, "cross-list"),
        (AnnounceType.REPLACE, "replacement v3"),
        (AnnounceType.REPLACE_CROSS, "replacement v3"),
    ],
)
def test_the_footer_says_how_the_paper_was_announced(
    announce_type: AnnounceType, label: str
) -> None:
    entry = make_entry(make_paper(version=3), announce_type=announce_type)
    assert render_paper(entry, excerpt_chars=300).footer.text == f"cs.CV · {label}"


@pytest.mark.parametrize(
    ("likeness", "told"),
    [
        (
            Likeness(papers=2, words=("pose", "SLAM")),
            " · like 2 papers that people here liked: pose, SLAM",
        ),
        (Likeness(), ""),
    ],
)
def test_the_footer_names_what_is_alike_if_there_is_a_word_for_it(
    likeness: Likeness, told: str
) -> None:
    entry = replace(make_entry(make_paper()), likeness=likeness)
    assert render_paper(entry, excerpt_chars=300).footer.text == f"cs.CV · new{told}"


def test_a_withdrawn_paper_is_called_so() -> None:
    paper = make_paper(version=2, abstract="This paper has been withdrawn by the authors.")
    entry = make_entry(paper, announce_type=AnnounceType.REPLACE)
    footer = render_paper(entry, excerpt_chars=300).footer.text
    assert footer == "cs.CV · replacement v2 · withdrawn"


def test_a_paper_without_categories_is_filed_where_it_was_announced() -> None:
    """The seed's form names no categories."""
    entry = make_entry(make_paper(categories=[]), category="math.AG")
    assert render_paper(entry, excerpt_chars=300).footer.text == "math.AG · new"


def test_without_authors_and_abstract_the_links_remain() -> None:
    embed = render_paper(make_entry(make_paper(authors=[], abstract="")), excerpt_chars=300)
    assert embed.description == "[PDF](https://arxiv.org/pdf/2403.00001)"


@pytest.mark.parametrize("title", ["", " \n ", "\u200b\u2066"])
def test_a_title_without_a_visible_letter_is_untitled(title: str) -> None:
    assert render_paper(make_entry(make_paper(title=title)), excerpt_chars=300).title == (
        "(untitled)"
    )


def test_the_excerpt_is_as_long_as_asked_at_most() -> None:
    paper = make_paper(abstract="word " * 400, authors=[])
    for excerpt_chars in (120, 300, 600):
        embed = render_paper(make_entry(paper), excerpt_chars=excerpt_chars)
        excerpt = (embed.description or "").split("\n")[0]
        assert excerpt_chars - 10 < markdown.width(excerpt) <= excerpt_chars


def test_several_repositories_are_all_kept_and_told_apart() -> None:
    paper = make_paper(
        links=[
            make_link("https://github.com/example/one"),
            make_link("https://gitlab.com/example/group/two/"),
            make_link("https://example.org", LinkKind.PROJECT),
        ]
    )
    assert render_links(paper, max_chars=3000).split(" · ") == [
        markdown.masked_link("PDF", "https://arxiv.org/pdf/2403.00001"),
        markdown.masked_link("Code: example/one", "https://github.com/example/one"),
        markdown.masked_link("Code: example/group", "https://gitlab.com/example/group/two/"),
        markdown.masked_link("Project", "https://example.org"),
    ]


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://github.com.example.org/a/b", "github.com.example.org/a/b"),
        ("https://github.community/a/b", "github.community/a/b"),
        ("https://xn--gthub-n4a.com/a/b", "xn--gthub-n4a.com/a/b"),
        (f"https://{'x' * 60}.github.example.org/a", f"{'x' * 60}.github.example.org"),
    ],
)
def test_a_host_that_looks_like_a_known_one_is_shown_whole(url: str, place: str) -> None:
    paper = make_paper(links=[make_link(url, LinkKind.PROJECT)])
    assert f"[Project: {place}]" in render_links(paper, max_chars=3000)


def test_pages_are_told_apart_by_their_hosts() -> None:
    urls = ["https://example.org/a/b/c", "https://x.github.io/y?z=1", "https://example.com"]
    paper = make_paper(links=[make_link(url, LinkKind.PROJECT) for url in urls])
    line = render_links(paper, max_chars=3000)
    for place in ("example.org/a/b", "x.github.io/y", "example.com"):
        assert f"[Project: {place}]" in line


def test_links_go_before_the_abstract_when_room_is_short() -> None:
    addresses = [f"https://github.com/example/project-{number}" for number in range(30)]
    paper = make_paper(abstract="word " * 400, links=[make_link(url) for url in addresses])
    embed = render_paper(make_entry(paper), excerpt_chars=3000)
    assert all(f"({url})" in (embed.description or "") for url in addresses)
    assert markdown.width(embed.description or "") <= 4096


def test_links_beyond_all_room_are_counted_and_led_to() -> None:
    paper = make_paper(
        links=[make_link(f"https://github.com/example/project-{number}") for number in range(90)]
    )
    line = render_links(paper, max_chars=500)
    assert markdown.width(line) <= 500
    assert line.endswith("more links](https://arxiv.org/abs/2403.00001)")
    shown = line.count("github.com")
    assert f"[{90 - shown} more links]" in line


def test_of_many_authors_the_first_are_named_and_the_rest_counted() -> None:
    authors = [f"Author Number{number}" for number in range(1351)]
    line = render_authors(authors, max_chars=60)
    assert line == "Author Number0, Author Number1 and 1,349 more"


def test_names_are_plain_text() -> None:
    line = render_authors(["*A* [x](https://example.org)", "@everyone"], max_chars=160)
    assert line.startswith("\\*A\\*")
    assert "[x](" not in line


def test_a_project_page_is_not_called_code() -> None:
    paper = make_paper(
        links=[make_link("https://example.org", LinkKind.PROJECT, Provenance.COMMENT)]
    )
    assert "[Project](https://example.org)" in render_links(paper, max_chars=3000)
    assert "Code" not in render_links(paper, max_chars=3000)


def test_the_width_counts_every_text_but_no_address() -> None:
    embed = render_paper(make_entry(make_paper(title="🚀")), excerpt_chars=300)
    embed.set_author(name="1234567890").add_field(name="12345", value="12345")
    texts = (embed.title, embed.description, embed.footer.text)
    assert embed_width(embed) == sum(markdown.width(text or "") for text in texts) + 20


@pytest.mark.parametrize("chars", [0, 120, 600])
def test_a_card_is_as_wide_as_it_was_measured(chars: int) -> None:
    for paper in (make_paper(abstract="🚀 " * 90), make_paper(authors=[], abstract="")):
        card = make_card(make_entry(paper))
        embed = discord.Embed.from_dict(card.render(chars))
        assert embed_width(embed) <= card.width + 1 + min(card.abstract_width, chars)
        assert embed_width(discord.Embed.from_dict(card.render(0))) == card.width
