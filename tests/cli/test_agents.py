"""Agents read the archive by the Model Context Protocol."""

import importlib
import json
import sys
from collections.abc import AsyncIterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from bot.cli.agents import Archive
from bot.errors import BotError
from tests.builders import NOW, make_listing, make_paper
from tests.cli.terminal import assert_one_sentence, run
from tests.samples import SEED
from tests.stores import open_store


@pytest.fixture
async def archive(tmp_path: Path) -> AsyncIterator[Archive]:
    papers = (
        make_paper(1, title="Dark matter halos", abstract="x"),
        make_paper(2, title="Dark matter haloes", abstract="x"),
        make_paper(3, title="Of segmentation", abstract="x"),
    )
    async with open_store(tmp_path / "papers.db") as store:
        await store.papers.add_listing(make_listing(*papers), now=NOW)
        yield Archive(store, lambda: NOW)


def numbers(answer: dict[str, Any]) -> str:
    return "".join(paper["arxiv_id"][-1] for paper in answer["papers"])


async def test_each_tool_answers_in_json(archive: Archive) -> None:
    found = await archive.search("halo matter")
    assert numbers(found) in ("12", "21")
    assert found["understood"] == "halo matter"
    assert json.dumps(found)
    mended = await archive.search("papers about segmentaton")
    assert (numbers(mended), mended["understood"]) == ("3", "segmentation")
    assert mended["closest"]["left_out"] == ["papers", "about"]
    assert numbers((await archive.search("segmentation zebra"))["closest"]) == "3"
    assert numbers(await archive.similar("2403.00001")) == "2"
    assert (await archive.show("of segm"))["arxiv_id"] == "2403.00003"
    assert numbers(await archive.listing("cs.CV")) == "123"


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("search", {"query": "since:soon"}, "a date that exists"),
        ("search", {"query": "x", "limit": 0}, "from 1 to 50"),
        ("show", {"paper": "dark"}, "Several papers"),
        ("show", {"paper": "2403.09999"}, "No paper is called"),
        ("similar", {"paper": ""}, "No paper is called"),
        ("listing", {"category": "cs.XY"}, "cs.XY"),
        ("listing", {"category": "cs.LG"}, "No listing of cs.LG is stored"),
        ("listing", {"category": "cs.CV", "day": "soon"}, "YYYY-MM-DD"),
        ("listing", {"category": "cs.CV", "day": "1999-01-01"}, "Stored: "),
    ],
)
async def test_what_cannot_be_answered_is_said_in_a_sentence(
    archive: Archive, tool: str, arguments: dict[str, object], said: str
) -> None:
    with pytest.raises(BotError) as raised:
        await getattr(archive, tool)(**arguments)
    assert said in str(raised.value)


def has_package() -> bool:
    return find_spec("mcp") is not None


@pytest.mark.skipif(has_package(), reason="the package mcp is installed")
def test_without_the_package_it_is_said_what_brings_it(environ: dict[str, str]) -> None:
    assert_one_sentence(run(environ, "mcp"), 2, "pip install 'paper-digest-bot[mcp]'")


@pytest.mark.slow
@pytest.mark.skipif(not has_package(), reason="the package mcp is not installed")
async def test_the_packages_own_client_is_answered(environ: dict[str, str]) -> None:
    run(environ, "import", SEED)
    client = importlib.import_module("mcp.client.session")
    stdio = importlib.import_module("mcp.client.stdio")
    server = stdio.StdioServerParameters(
        command=sys.executable,
        args=["-m", "bot", "mcp"],
        env=environ | {"PYTHONWARNINGS": "", "PYTHONPATH": ":".join(sys.path)},
        cwd=Path(environ["PAPER_BOT_DATABASE__PATH"]).parent.parent,
    )
    async with stdio.stdio_client(server) as streams, client.ClientSession(*streams) as session:
        await session.initialize()
        tools = (await session.list_tools()).tools
        assert {tool.name for tool in tools} == {"search", "show", "similar", "listing"}
        assert all(tool.annotations.read_only_hint for tool in tools)
        answer = await session.call_tool("search", {"query": "segmentation", "limit": 3})
        assert not answer.is_error
        assert len(json.loads(answer.content[0].text)["papers"]) == 3
        refused = await session.call_tool("search", {"query": "since:soon"})
        assert refused.is_error
        assert "a date that exists" in refused.content[0].text
