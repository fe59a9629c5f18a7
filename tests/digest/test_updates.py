"""What a paper gains is told once, and only where a message does not show it yet."""

from datetime import date

import pytest

from bot.digest.updates import NotedUpdate, Update, UpdateKind, find_updates, still_true
from bot.models import UNKNOWN_VERSION, LinkKind, Paper, Provenance
from tests.builders import make_id, make_link, make_paper

CODE = make_link(provenance=Provenance.HUGGING_FACE)
PAGE = make_link("https://example.org/page", LinkKind.PROJECT)
GONE = "This paper has been withdrawn"

FOUND = {
    "code": (make_paper(), make_paper(links=[CODE]), [("code", CODE.url, "huggingface")]),
    "code spelled otherwise": (
        make_paper(links=[make_link("https://github.com/Example/Project/")]),
        make_paper(links=[CODE]),
        [],
    ),
    "a page": (make_paper(), make_paper(links=[PAGE]), [("project", PAGE.url, "abstract")]),
    "more code than a message should name": (
        make_paper(),
        make_paper(links=[make_link(f"https://github.com/example/{each}") for each in "abc"]),
        [("code", f"https://github.com/example/{each}", "abstract") for each in "ab"],
    ),
    "data": (make_paper(), make_paper(links=[make_link(kind=LinkKind.DATA)]), []),
    "a version": (make_paper(), make_paper(version=3), [("version", "3", "")]),
    "an older version": (make_paper(version=2), make_paper(version=1), []),
    "a version told late": (make_paper(version=UNKNOWN_VERSION), make_paper(version=2), []),
    "a venue": (
        make_paper(comment="5 pages"),
        make_paper(comment="5 pages, accepted at ICML 2026"),
        [("venue", "ICML 2026", "accepted")],
    ),
    "a comment that a fuller source has": (
        make_paper(),
        make_paper(comment="accepted at ICML 2026"),
        [],
    ),
    "a venue with a version": (
        make_paper(),
        make_paper(version=2, comment="accepted at ICML 2026"),
        [("version", "2", ""), ("venue", "ICML 2026", "accepted")],
    ),
    "a venue as before": (
        make_paper(comment="accepted at ICML 2026"),
        make_paper(comment="9 pages. Accepted at ICML 2026"),
        [],
    ),
    "a journal": (make_paper(), make_paper(journal_ref="J 1, 2"), [("journal", "J 1, 2", "")]),
    "a DOI": (make_paper(), make_paper(doi="10.1/a"), [("doi", "10.1/a", "")]),
    "arXiv's own DOI": (make_paper(), make_paper(doi="10.48550/arXiv.2403.00001"), []),
    "withdrawn": (
        make_paper(),
        make_paper(version=2, comment=GONE),
        [("withdrawn", "", ""), ("version", "2", "")],
    ),
    "withdrawn before": (make_paper(comment=GONE), make_paper(comment=f"{GONE}."), []),
    "nothing": (make_paper(), make_paper(abstract="Other words"), []),
}


@pytest.mark.parametrize(("before", "after", "found"), FOUND.values(), ids=FOUND)
def test_updates_are_found(before: Paper, after: Paper, found: list[tuple[str, str, str]]) -> None:
    updates = find_updates(before, after)
    assert [(each.kind.value, each.text, each.source) for each in updates] == found


def noted(number: int, kind: UpdateKind, text: str = "") -> NotedUpdate:
    return NotedUpdate(
        number=number,
        arxiv_id=make_id(),
        update=Update(kind=kind, text=text),
        noted_on=date(2026, 11, 27),
    )


def test_a_message_says_what_came_after_it_and_what_holds_now() -> None:
    updates = [
        noted(1, UpdateKind.CODE, "https://github.com/example/project"),
        noted(2, UpdateKind.VERSION, "2"),
        noted(3, UpdateKind.VENUE, "ICML 2026"),
        noted(4, UpdateKind.VERSION, "3"),
        noted(5, UpdateKind.VENUE, "PMLR"),
    ]
    assert [each.number for each in still_true(updates, known=1, version=1)] == [4, 5]
    assert [each.number for each in still_true(updates, known=0, version=3)] == [1, 5]
    assert still_true(updates, known=5, version=1) == []
