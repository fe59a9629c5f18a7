"""Hugging Face's daily papers as links: what is taken, what is left out, what is refused."""

import json
from typing import Any

import pytest

from bot.errors import LinksFormatError
from bot.links.huggingface import parse_daily_papers
from bot.models import LinkKind, Provenance
from tests.arxiv.recordings import cuts, recordings

REPOSITORY = "https://github.com/example/project"


def links(**fields: object) -> list[str]:
    """Return what one paper's fields come to."""
    found = parse_daily_papers(json.dumps([{"paper": {"id": "2403.00001", **fields}}]).encode())
    return [f"{link.kind} {link.url}" for papers in found.values() for link in papers]


@pytest.mark.parametrize(
    ("name", "code", "project"), [("2025-09-30", 25, 16), ("2026-08-19", 16, 13)]
)
def test_recorded_days_give_every_link_they_name(name: str, code: int, project: int) -> None:
    [path] = recordings(f"hf/*{name}.json")
    papers = parse_daily_papers(path.read_bytes()).values()
    found = [link for links in papers for link in links]
    kinds = [link.kind for link in found]
    assert (kinds.count(LinkKind.CODE), kinds.count(LinkKind.PROJECT)) == (code, project)
    for link in found:
        assert link.url.startswith("https://")
        assert link.provenance is Provenance.HUGGING_FACE


def test_a_cut_recording_is_refused() -> None:
    for path in recordings("hf/*.json"):
        for content in cuts(path.read_bytes()):
            with pytest.raises(LinksFormatError):
                parse_daily_papers(content)


@pytest.mark.parametrize(
    ("field", "address", "expected"),
    [
        ("githubRepo", REPOSITORY, [f"code {REPOSITORY}"]),
        ("githubRepo", f"{REPOSITORY}.git", [f"code {REPOSITORY}"]),
        ("githubRepo", " http://www.GitHub.com/example/project/blob/main", [f"code {REPOSITORY}"]),
        ("githubRepo", "github.com/example/project", [f"code {REPOSITORY}"]),
        ("projectPage", "https://example.github.io/a/", ["project https://example.github.io/a"]),
        ("projectPage", "http://example.github.io", ["project https://example.github.io"]),
        ("projectPage", REPOSITORY, [f"code {REPOSITORY}"]),
        ("projectPage", "https://hf.co/datasets/a/b", ["data https://huggingface.co/datasets/a/b"]),
    ],
)  # fmt: skip
def test_addresses_are_written_as_those_of_abstracts(
    field: str, address: str, expected: list[str]
) -> None:
    """The host says what an address leads to, whatever the field is called."""
    assert links(**{field: address}) == expected


@pytest.mark.parametrize(
    "address",
    [
        "",
        " ",
        None,
        7,
        ["https://github.com/a/b"],
        "no address",
        "http://example.org/project",
        "javascript:alert(1)",
        "data:text/html,hello",
        "ftp://example.org/project",
        "file:///etc/passwd",
        "https://user:secret@example.org/",
        "https://localhost/project",
        "https://127.0.0.1/project",
        "https://[::1]/project",
        "https://example.org/a b",
        "https://example.org/<b>",
        "https://example.org/\u202egpj.exe",
        "https://example.org/\ud800",
        "https://exаmple.org/",  # a Cyrillic letter
        "https://example.org/" + "x" * 5000,
        "https://arxiv.org/abs/2403.00001",
        "https://github.com/",
    ],
)
def test_what_is_no_safe_address_of_a_project_is_left_out(address: object) -> None:
    assert links(githubRepo=address, projectPage=address) == []


def test_an_address_given_twice_is_one_link() -> None:
    assert links(githubRepo=REPOSITORY, projectPage=f"{REPOSITORY.upper()}/") == [
        f"code {REPOSITORY}"
    ]


def test_entries_that_are_none_are_skipped_and_the_rest_is_read() -> None:
    good: dict[str, Any] = {"githubRepo": REPOSITORY}
    entries: list[object] = [
        None,
        "text",
        {},
        {"paper": None},
        {"paper": []},
        {"paper": good},
        {"paper": {"id": 2403.1, **good}},
        {"paper": {"id": None, **good}},
        {"paper": {"id": "a blog post", **good}},
        {"paper": {"id": "2403.00002"}},
        {"paper": {"id": "2403.00003v2", **good}},
    ]
    assert list(parse_daily_papers(json.dumps(entries).encode())) == ["2403.00003"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"null",
        b'{"error": "Invalid date"}',
        b"<!DOCTYPE html><html></html>",
        b"[" * 100_000,
        b"[" + b"1" * 10_000 + b"]",
        b'["\xff"]',
    ],
    ids=["empty", "object", "null", "error", "html", "deep", "number", "bytes"],
)
def test_what_is_no_list_is_refused_in_one_sentence(content: bytes) -> None:
    with pytest.raises(LinksFormatError, match="something else than a list"):
        parse_daily_papers(content)


def test_a_date_without_papers_has_no_links() -> None:
    assert parse_daily_papers(b"[]") == {}
