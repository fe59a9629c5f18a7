"""The code and the project page that people named on Hugging Face's daily papers.

One date is a JSON list of ``{"paper": {"id", "githubRepo"?, "projectPage"?, ...}, ...}``, where
``id`` is the arXiv identifier (https://huggingface.co/docs/hub/api#get-apidailypapers). Anybody
can fill these fields in, so an entry that is not what it should be is left out, not complained of.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from bot.arxiv.identifier import parse_identifier
from bot.errors import InputError, LinksFormatError
from bot.models import ArxivId, Link, Provenance
from bot.text.links import read_link, same_address

FIELDS = ("githubRepo", "projectPage")
"""Usually code and a project page; what an address really leads to, its host says."""


def parse_daily_papers(content: bytes) -> Mapping[ArxivId, tuple[Link, ...]]:
    """Return the links of each paper that has any, each address once.

    Raises `LinksFormatError` when ``content`` is not a list in JSON.
    """
    try:
        entries = json.loads(content)
    except (ValueError, RecursionError):
        entries = None
    if not isinstance(entries, list):
        raise LinksFormatError("Hugging Face answered with something else than a list of papers.")
    papers: dict[ArxivId, dict[str, Link]] = {}
    for arxiv_id, link in _named(entries):
        papers.setdefault(arxiv_id, {}).setdefault(same_address(link.url), link)
    return {arxiv_id: tuple(links.values()) for arxiv_id, links in papers.items()}


def _named(entries: list[Any]) -> Iterator[tuple[ArxivId, Link]]:
    for entry in entries:
        paper = entry.get("paper") if isinstance(entry, dict) else None
        if isinstance(paper, dict) and (arxiv_id := _identifier(paper)):
            yield from ((arxiv_id, link) for link in _links(paper))


def _identifier(paper: dict[str, Any]) -> ArxivId | None:
    try:
        return parse_identifier(str(paper.get("id")))[0]
    except InputError:
        return None


def _links(paper: dict[str, Any]) -> Iterator[Link]:
    for field in FIELDS:
        text = paper.get(field)
        link = read_link(text, Provenance.HUGGING_FACE) if isinstance(text, str) else None
        if link is not None and link.url.startswith("https://"):
            yield link
