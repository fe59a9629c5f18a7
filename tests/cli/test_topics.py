"""`topic test` on the terminal."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.terminal import assert_one_sentence, run
from tests.samples import SEED

TEST = ("topic", "test", "--category", "cs.CV")


def test_a_topic_is_tried_on_what_is_stored(environ: dict[str, str]) -> None:
    """The counts are those of the digest with that topic; each paper says what matched."""
    run(environ, "import", SEED)
    ran = run(environ, *TEST, "--query", "video OR segmentation", "--json")
    found = json.loads(ran.out)
    assert list(found) == ["announced", "matched", "days", "papers"]
    digest = run(
        environ, "digest", "--category", "cs.CV", "--format", "json",
        "--topic", "video OR segmentation",
    )  # fmt: skip
    papers = json.loads(digest.out)["papers"]
    assert [each["arxiv_id"] for each in found["papers"]] == [each["arxiv_id"] for each in papers]
    assert found["days"] == [{"date": "2020-08-21", "announced": 47, "matched": len(papers)}]
    assert (found["announced"], found["matched"]) == (47, len(papers))
    for each in found["papers"]:
        assert set(each) == {"arxiv_id", "title", "announced_on", "matched"}
        assert each["matched"]
        assert all("video" in word.lower() or "segment" in word.lower() for word in each["matched"])
    only_new = run(environ, *TEST, "--query", "", "--type", "new", "--json")
    assert json.loads(only_new.out)["announced"] == 36
    text = run(environ, *TEST, "--query", "video").out
    assert text.startswith(f"{len(run_json(environ, 'video')['papers'])} of 47 of Fri, 21 Aug 2020")
    assert "No paper of these dates matches." in run(environ, *TEST, "--query", "zzz").out


def run_json(environ: dict[str, str], query: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(environ, *TEST, "--query", query, "--json").out)
    return found


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--query", "video"), "No listing of cs.CV is stored"),
        (("--query", "video", "--category", "cs.XX"), "cs.XX"),
    ],
)
def test_what_cannot_be_tried_is_said(
    environ: dict[str, str], options: tuple[str, ...], said: str
) -> None:
    assert_one_sentence(run(environ, *TEST, *options), 2, said)


def test_a_topic_is_made_from_a_file_of_references(environ: dict[str, str], tmp_path: Path) -> None:
    run(environ, "import", SEED)
    found = run_json(environ, '"point cloud"')["papers"]
    bib = tmp_path / "library.bib"
    bib.write_text("".join(f"@misc{{x,\n eprint={{{each['arxiv_id']}}}\n}}\n" for each in found))
    make = ("topic", "from", "--category", "cs.CV", "--bib", bib)
    made = json.loads(run(environ, *make, "--json").out)
    assert list(made) == ["proposal", "narrower", "wider", "groups", "unknown"]
    assert made["proposal"]["of"] == len(found)
    assert made["proposal"]["found"] == len(found)
    assert made["proposal"]["announced"] == 47
    assert run(environ, *make).out.startswith(f"Proposal: {made['proposal']['query']}\n  finds")
    bib.unlink()
    assert_one_sentence(run(environ, *make), 2, "library.bib")
    assert_one_sentence(run(environ, *make[:4], "--papers", "2008.09110"), 2, "here is 1")
