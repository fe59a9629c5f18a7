import html
import re
from collections.abc import Callable
from datetime import date

import pytest

from bot.arxiv.markdown import infer_announce_types, parse_markdown
from bot.errors import FileFormatError, UnknownCategory
from bot.models import AnnounceType, ArxivId, LinkKind, Listing
from tests.arxiv.recordings import cuts
from tests.samples import SEED

HEADING = "# ArXiv cs.CV --Fri, 21 Aug 2020\n"


def entry(number: int, arxiv_id: str, title: str = "A title", abstract: str = "Text.") -> str:
    link = f"https://arxiv.org/pdf/{arxiv_id}.pdf"
    return f"### {number}.{title}  [ :arrow_down: ]({link})\n>  {abstract}      \n"


SAMPLE = HEADING + "".join(
    entry(number, arxiv_id)
    for number, arxiv_id in enumerate(
        ["2008.09110", "2008.09106", "2008.08622", "2008.09041", "2008.08676"], start=1
    )
)


def parse(text: str) -> Listing:
    return parse_markdown(text.encode())


def ids(listing: Listing) -> list[str]:
    return [announcement.paper.arxiv_id for announcement in listing.announcements]


def types(listing: Listing) -> list[str]:
    return [announcement.announce_type.value for announcement in listing.announcements]


def test_a_listing_with_its_papers_in_order() -> None:
    listing = parse(SAMPLE)
    assert (listing.category, listing.announced_on) == ("cs.CV", date(2020, 8, 21))
    assert listing.source == "markdown"
    assert ids(listing) == ["2008.09110", "2008.09106", "2008.08622", "2008.09041", "2008.08676"]
    assert [a.position for a in listing.announcements] == [1, 2, 3, 4, 5]
    assert types(listing) == ["new", "new", "new", "cross", "cross"]
    assert listing.is_complete
    assert listing.skipped == ()


def test_titles_and_abstracts_are_html_then_tex() -> None:
    text = HEADING + entry(
        1,
        "2008.09110v2",
        "H&amp;E in [CLS] $β$-space",
        'IoU &gt; 5% at <a class="link-external link-https" href="https://github.com/a/b" '
        'rel="external noopener nofollow">this https URL</a>.<br>More.',
    )
    [announcement] = parse(text).announcements
    paper = announcement.paper
    assert paper.version == 2
    assert paper.source_title == "H&E in [CLS] $β$-space"
    assert paper.title == "H&E in [CLS] β-space"
    assert paper.abstract == "IoU > 5% at https://github.com/a/b.\n\nMore."
    assert [link.url for link in paper.links_of(LinkKind.CODE)] == ["https://github.com/a/b"]


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\n", "\r"),
        lambda text: "\ufeff" + text,
        lambda text: "\n\n" + text,
        lambda text: text.replace("      \n", "\n"),
        lambda text: text.replace("\n###", "\n\n\n###"),
        lambda text: text.replace(">  Text.      ", "> Text."),
        lambda text: text.replace(">  Text.      ", ">Text."),
        lambda text: text.replace("  [ :arrow_down: ]", " [:arrow_down:]"),
        lambda text: text.replace(
            "# ArXiv cs.CV --Fri, 21 Aug 2020", "# arXiv cs.cv -- 21 August 2020"
        ),
        lambda text: text.rstrip("\n"),
        lambda text: text + "\n\n",
        lambda text: re.sub(r"### \d", "### 7", text),
    ],
)
def test_small_changes_of_the_form_change_nothing(change: Callable[[str], str]) -> None:
    assert parse(change(SAMPLE)) == parse(SAMPLE)


def test_an_abstract_may_go_on_over_lines() -> None:
    text = SAMPLE.replace(">  Text.      ", ">  Some\n> more\nText.", 1)
    assert parse(text).announcements[0].paper.abstract == "Some more Text."


# --- announce types --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arxiv_ids", "expected"),
    [
        ([], ""),
        (["2008.00005"], "n"),
        (["2008.00005", "2008.00004"], "nn"),
        (["2008.00004", "2008.00005"], "nn"),
        (["2008.00005", "2008.00004", "2008.00003", "2008.00009", "2008.00008"], "nnncc"),
        (["2008.00003", "2008.00004", "2008.00005", "2008.00001", "2008.00002"], "nnncc"),
        (["2008.00003", "2008.00009", "2008.00008", "2008.00007"], "nccc"),
        (["2008.00009", "2008.00003", "2008.00004", "2008.00007"], "nccc"),
        (["1412.9999", "1501.00001", "1912.00001", "hep-th/9901001", "2001.00001"], "nnncc"),
        (["2008.00001", "2008.00003", "2008.00002", "2008.00005", "2008.00004"], "nnnnn"),
    ],
)
def test_two_sorted_runs_are_new_and_cross(arxiv_ids: list[str], expected: str) -> None:
    """The direction is the one that most neighbours have; other shapes say nothing."""
    inferred = infer_announce_types([ArxivId(arxiv_id) for arxiv_id in arxiv_ids])
    assert "".join(announce_type.value[0] for announce_type in inferred) == expected


def test_a_comment_states_the_type_from_there_on_and_wins() -> None:
    lines = SAMPLE.splitlines(keepends=True)
    lines.insert(3, "<!-- replace -->\n")
    lines.insert(8, "  <!--replace-cross-->\n")
    listing = parse("".join(lines))
    assert types(listing) == ["new", "replace", "replace", "replace-cross", "replace-cross"]


def test_a_first_comment_can_say_that_all_are_new() -> None:
    listing = parse(SAMPLE.replace("### 1", "<!-- new -->\n### 1"))
    assert set(types(listing)) == {"new"}


# --- what cannot be read ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("broken", "name"),
    [
        ("### 2.No link", "### 2.No link"),
        (entry(2, "nothing"), "### 2.A title"),
        (
            "## 2.Wrong level  [ :arrow_down: ](https://arxiv.org/pdf/2008.09106.pdf)\n> T.\n",
            "## 2",
        ),
        (entry(2, "2008.09106").splitlines()[0] + "\n", "### 2.A title"),
        (entry(2, "2008.09110"), "### 2.A title"),
    ],
)
def test_a_broken_paper_is_skipped_and_named(broken: str, name: str) -> None:
    text = HEADING + entry(1, "2008.09110") + broken + "\n" + entry(3, "2008.09100")
    listing = parse(text)
    assert [(a.paper.arxiv_id, a.position) for a in listing.announcements] == [
        ("2008.09110", 1),
        ("2008.09100", 3),
    ]
    [skipped] = listing.skipped
    assert skipped.name.startswith(name)
    assert skipped.reason


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"\n \n", "empty"),
        (b"# Shopping\n- milk\n", "'# Shopping'"),
        (b"<rss/>", "'<rss/>'"),
        (b"# ArXiv cs.CV --Fri, 31 Feb 2020\n", "does not exist"),
        (b"# ArXiv cs.CV --Fri, 21 Foo 2020\n", "does not exist"),
        (b"# ArXiv cs.CV --Fri, 21 Aug 0000\n", "does not exist"),
        (b"# ArXiv cs.CV\n", "expected"),
        (b"\xff\xfe#", "not UTF-8"),
        (b"PK\x03\x04", "begins with"),
        (SAMPLE.encode() * 2, "more than one listing"),
    ],
)
def test_another_file_is_one_sentence(content: bytes, said: str) -> None:
    with pytest.raises(FileFormatError) as caught:
        parse_markdown(content)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_unknown_category_is_told_with_the_nearest() -> None:
    with pytest.raises(UnknownCategory, match=r"cs\.CV"):
        parse(SAMPLE.replace("cs.CV", "cs.CVX"))


def test_a_file_that_ends_within_a_line_may_have_been_cut() -> None:
    text = SAMPLE.rstrip()
    assert not parse(text[:-2]).is_complete


def test_endless_lines_end_quickly() -> None:
    assert len(parse(HEADING + "### 1." + "[" * 2_000_000).skipped) == 1


# --- the seed --------------------------------------------------------------------------------


def test_the_seed_has_its_36_new_papers_and_11_cross_lists() -> None:
    listing = parse_markdown(SEED.read_bytes())
    assert (listing.category, listing.announced_on) == ("cs.CV", date(2020, 8, 21))
    assert listing.counts()[AnnounceType.NEW] == 36
    assert listing.counts()[AnnounceType.CROSS] == 11
    assert ids(listing)[0] == "2008.09110"
    assert ids(listing)[36] == "2008.09041"
    assert listing.skipped == ()
    assert listing.is_complete


def as_html(text: str) -> str:
    """Write text as arXiv's listing page does: escaped, with each address as a link."""

    def anchor(address: re.Match[str]) -> str:
        url, scheme = html.escape(address[0], quote=False), address[1]
        return (
            f'<a class="link-external link-{scheme}" href="{url}" '
            f'rel="external noopener nofollow">this {scheme} URL</a>'
        )

    parts = re.split(r"(https?://[^\s<>]*[^\s<>.,;:!?)])", text)
    return "".join(
        re.sub(r"(https?)://.*", anchor, part) if number % 2 else html.escape(part, quote=False)
        for number, part in enumerate(parts)
    )


def test_the_source_text_is_enough_to_write_the_seed_again() -> None:
    """Byte for byte: nothing of the file is lost on the way into a listing."""
    content = SEED.read_bytes()
    written = HEADING + "".join(
        entry(
            announcement.position,
            announcement.paper.arxiv_id,
            as_html(announcement.paper.source_title),
            as_html(announcement.paper.source_abstract),
        )
        for announcement in parse_markdown(content).announcements
    )
    assert written.encode() == content


def test_a_truncated_seed_is_a_prefix_that_is_known_to_be_one_or_ends_with_a_line() -> None:
    content = SEED.read_bytes()
    whole = parse_markdown(content)
    for cut in cuts(content, most=120):
        try:
            listing = parse_markdown(cut)
        except FileFormatError:
            continue
        found = [announcement.paper for announcement in listing.announcements]
        papers = [announcement.paper for announcement in whole.announcements]
        assert [p.arxiv_id for p in found] == [p.arxiv_id for p in papers[: len(found)]]
        assert found[:-1] == papers[: len(found)][:-1]
        last_line = cut.rpartition(b"\n")[2]
        ends_a_paper = last_line.endswith(b"      ") or cut.endswith(b"      \n")
        assert listing.is_complete is (ends_a_paper or len(found) == 0 == len(listing.skipped))
