"""Every link of a card leads to exactly its address, as an independent parser reads it.

The parser is ``discord-markdown-parser``: ``make node`` brings it.
"""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from urllib.parse import unquote

import pytest

from bot.arxiv.identifier import pdf_url
from bot.arxiv.paper import build_paper
from bot.models import ArxivId, LinkKind, Paper
from bot.text.markdown import plain
from bot.ui.embeds import MAX_DESCRIPTION, render_paper
from bot.ui.styles.cards import MAX_EXCERPT
from tests.builders import make_entry, make_paper
from tests.text import corpus

NODE = Path(__file__).resolve().parent.parent / "node"
STOP = re.compile(r"[\s<>\"“”‘’«»`\\…]|[,;]https?://")
PAIRS = {")": "(", "]": "[", "}": "{"}
ADDRESS = re.compile(r"https?://(?:(?![,;]https?://|[)\]}][ ({\[]*https?://)[^\s<>])+")
SAMPLE = 1_000


def read_by_discord(texts: Sequence[str]) -> list[list[str]]:
    """Return the addresses that each text links, or skip the test."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs Node, which is not here")
    if not (NODE / "node_modules" / "discord-markdown-parser").exists():
        pytest.skip("needs discord-markdown-parser: make node")
    lines = "\n".join(map(json.dumps, texts))
    ran = subprocess.run(
        [node, str(NODE / "links.cjs")], input=lines, capture_output=True, text=True, check=True
    )
    return [json.loads(line) for line in ran.stdout.splitlines()]


def addresses(text: str) -> Iterator[str]:
    """Yield the addresses in ``text`` that a careful person would copy."""
    at = 0
    while (start := text.find("http", at)) >= 0:
        at = start + 4
        scheme = re.match(r"https?://", text[start:])
        if scheme is None:
            continue
        end = start + len(scheme[0])
        opened: list[str] = []
        while end < len(text) and not STOP.match(text, end):
            if text[end] in PAIRS and (not opened or opened.pop() != PAIRS[text[end]]):
                break
            if text[end] in PAIRS.values():
                opened.append(text[end])
            end += 1
        address = text[start:end].rstrip(".,:;!?'*|~")
        while opened and not address.endswith(tuple(PAIRS)):
            address = address[: address.rindex(opened.pop())].rstrip(".,:;!?'*|~")
        at = start + len(address)
        if address.rstrip("/") != scheme[0].rstrip("/"):
            yield address


def wrong_links(
    papers: Sequence[Paper], *, excerpt_chars: int = MAX_EXCERPT
) -> list[tuple[str, list[str]]]:
    """Return the papers whose cards hold a link that is not an address, with all their links."""
    cards = [render_paper(make_entry(paper), excerpt_chars=excerpt_chars) for paper in papers]
    wrong: list[tuple[str, list[str]]] = []
    read = read_by_discord([card.description or "" for card in cards])
    assert len(read) == len(papers)
    for paper, card, links in zip(papers, cards, read, strict=True):
        others = (LinkKind.ABS, LinkKind.PDF)
        below = [pdf_url(paper.arxiv_id)]
        below += [link.url for link in paper.links if link.kind not in others]
        shown = links[: len(links) - len(below)]
        within = list(addresses(plain(" ".join(paper.abstract.split()))))
        named = len(ADDRESS.findall(card.description or "")) - len(below)
        expected = [*within[: len(shown)], *below]
        if list(map(unquote, links)) != list(map(unquote, expected)) or len(shown) != named:
            wrong.append((paper.arxiv_id, links))
    return wrong


def papers(number: int | None) -> list[Paper]:
    records = corpus.papers()
    if number is not None:
        records = Random(2008).sample(records, number)
    return [
        build_paper(
            arxiv_id=ArxivId(record["id"]),
            version=1,
            title=record["title"],
            abstract=record["abstract"],
            authors=record["authors"],
        )
        for record in records
    ]


@pytest.mark.parametrize(
    "abstract",
    [
        "Code is at [https://example.org/a].",
        "[https://example.org/a](https://example.org/a) and [text](https://example.org/b).",
        "(https://example.org/a), \"https://example.org/b\" and 'https://example.org/c'!",
        "See https://example.org/a_(b), https://example.org/a_b_c? Or https://example.org/!",
        "A **https://example.org/a** and `https://example.org/b` and https://example.org/c*",
        "Cut behind an address: " + "x " * 280 + "https://example.org/abcd " + "y " * 80,
        "<https://example.org/a> <b https://example.org/c>; https://example.org/d…and more",
        "glued:https://example.org/a,https://example.org/b;https://example.org/c",
    ],
)
def test_a_link_ends_where_its_author_ended_it(abstract: str) -> None:
    assert wrong_links([make_paper(abstract=abstract)]) == []


@pytest.mark.parametrize("excerpt_chars", [MAX_EXCERPT, MAX_DESCRIPTION])
def test_links_of_real_cards_lead_to_exactly_their_addresses(excerpt_chars: int) -> None:
    assert wrong_links(papers(SAMPLE), excerpt_chars=excerpt_chars) == []


@pytest.mark.slow(19)
@pytest.mark.parametrize("excerpt_chars", [MAX_EXCERPT, MAX_DESCRIPTION])
def test_links_of_all_real_cards_lead_to_exactly_their_addresses(excerpt_chars: int) -> None:
    assert wrong_links(papers(None), excerpt_chars=excerpt_chars) == []
