"""`/library`: what a person saves is found, noted, tagged, exported, and shared only by name."""

import pytest
import simcord

from bot.models import ArxivId
from bot.ui.library import EMPTY, PAGE_SIZE
from tests.builders import make_id, make_listing, make_paper
from tests.cogs.replies import is_private, labels, shown
from tests.conftest import World

AXOLOTL, FROGS, NERF = make_id(1), make_id(2), make_id(3)
PAPERS = (
    make_paper(1, title="Axolotl limbs grow again"),
    make_paper(2, title="Why frogs sing", abstract="About limbs, too."),
    make_paper(3, title="Neural radiance fields", authors=["Eve Other"]),
)
TITLES = {paper.arxiv_id: paper.title for paper in PAPERS}


async def call(
    world: World, name: str, person: simcord.MemberActor | None = None, /, **options: object
) -> simcord.InteractionResult:
    result = await (person or world.member).slash(world.channel, f"library {name}", **options)
    assert is_private(result)
    return result


async def said(world: World, name: str, /, **options: object) -> str:
    return shown(await call(world, name, None, **options))


@pytest.fixture
async def saved(world: World) -> World:
    """A library of three papers: one is tagged and noted, another read."""
    await world.announce(make_listing(*PAPERS))
    await call(world, "add", paper=AXOLOTL, tags="Biology, to-read")
    await call(world, "add", paper=FROGS)
    await call(world, "add", paper=NERF, tags="to-read")
    await call(world, "note", paper=AXOLOTL, note="compare figure 2")
    await call(world, "read", paper=FROGS)
    return world


def listed(text: str) -> set[ArxivId]:
    return {arxiv_id for arxiv_id, title in TITLES.items() if title in text}


async def test_the_library_shows_what_was_written_beside_papers(saved: World) -> None:
    text = await said(saved, "list")
    assert listed(text) == {AXOLOTL, FROGS, NERF}
    assert "**3 papers**" in text
    assert "`biology` `to-read`" in text
    assert "> compare figure 2" in text
    assert f"✓ [{TITLES[FROGS]}]" in text
    assert f"○ [{TITLES[NERF]}]" in text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("limbs", {AXOLOTL, FROGS}),
        ("limbs is:unread", {AXOLOTL}),
        ("tag:to-read", {AXOLOTL, NERF}),
        ("tag:to-read -tag:biology", {NERF}),
        ("in:library author:other", {NERF}),
        ("limbs -frogs", {AXOLOTL}),
        ("(tag:biology OR is:read) limbs", {AXOLOTL, FROGS}),
        ("liked:1", set()),
    ],
)
async def test_it_is_searched_in_the_language_of_every_search(
    saved: World, query: str, found: set[ArxivId]
) -> None:
    assert listed(await said(saved, "list", query=query)) == found


async def test_others_see_nothing_of_it(saved: World) -> None:
    assert shown(await call(saved, "list", saved.admin)) == EMPTY.replace("\\", "")
    result = await call(saved, "note", saved.admin, paper=AXOLOTL, note="mine now")
    assert "is not in your library" in shown(result)


async def test_notes_and_tags_are_taken_away_and_papers_removed(saved: World) -> None:
    assert "The note is gone" in await said(saved, "note", paper=AXOLOTL)
    assert "No tags any more" in await said(saved, "tag", paper=AXOLOTL)
    assert "Unread" in await said(saved, "read", paper=FROGS, read=False)
    (kept,) = [
        each
        for each in await saved.store.library.list_saved(saved.member.id)
        if each.arxiv_id == AXOLOTL
    ]
    assert (kept.note, kept.tags, kept.is_read) == ("", (), False)
    assert "No longer in your library" in await said(saved, "remove", paper=AXOLOTL)
    assert "is not in your library" in await said(saved, "remove", paper=AXOLOTL)


@pytest.mark.parametrize(
    ("format", "name", "starts"),
    [
        ("bibtex", "library.bib", "@misc{"),
        ("ris", "library.ris", "TY  - UNPB\n"),
        ("csl-json", "library.json", "[\n {"),
        ("markdown", "library.md", "- [ ] ["),
    ],
)
async def test_it_is_exported_for_reference_managers(
    saved: World, format: str, name: str, starts: str
) -> None:
    result = await call(saved, "export", format=format, query="tag:biology")
    assert result.response is not None
    (file,) = result.response.attachments
    text = (await file.read()).decode()
    assert file.filename == name
    assert text.startswith(starts)
    assert "Axolotl" in text
    assert "frogs" not in text
    assert "compare figure 2" in text


async def test_pages_turn_and_lead_to_each_paper(world: World) -> None:
    papers = [make_paper(n, title=f"Paper of the number {n:02}") for n in range(1, PAGE_SIZE + 3)]
    await world.announce(make_listing(*papers))
    for paper in papers:
        await call(world, "add", paper=paper.arxiv_id)
    result = await call(world, "list", query="paper is:unread")
    assert labels(result) == {"← Previous": False, "Next →": True}
    assert result.response is not None
    await world.member.click(result.response, label="Next →")
    assert f"**{PAGE_SIZE + 2}.**" in shown(result)
    assert "**1.**" not in shown(result)
    assert labels(result) == {"← Previous": True, "Next →": False}
    read = await world.member.select(result.response, [make_id(2)])
    assert "We study problem 2" in shown(read)


async def test_a_shared_tag_is_read_by_name_without_what_is_private(saved: World) -> None:
    assert "Everyone here can read" in await said(saved, "share", name="Limb club", tag="biology")
    result = shown(await call(saved, "list", saved.admin, shared="limb CLUB"))
    assert listed(result) == {AXOLOTL}
    assert f"shared by <@{saved.member.id}> on 5 Mar 2024" in result
    assert "compare" not in result
    assert "to-read" not in result
    for query in ("tag:to-read", "-is:read", "in:library"):
        asked = shown(await call(saved, "list", saved.admin, shared="limb club", query=query))
        assert "does not tell how its owner tagged and read its papers" in asked
    taken = await call(saved, "share", saved.admin, name="limb club")
    assert "Somebody else shares a list named" in shown(taken)
    other = await call(saved, "unshare", saved.admin, name="limb club")
    assert "You share no list named" in shown(other)
    await call(saved, "unshare", name="limb club")
    gone = await call(saved, "list", saved.admin, shared="limb club")
    assert "No list named 'limb club' is shared here" in shown(gone)


async def test_nothing_is_shared_outside_of_servers(saved: World) -> None:
    dora = saved.env.create_user("dora")
    result = await dora.slash("library share", name="x")
    assert "there is none here" in shown(result)


@pytest.mark.parametrize(
    ("name", "options", "text"),
    [
        ("list", {"query": "graph OR"}, "expected"),
        ("list", {"query": "is:new"}, "unread or read"),
        ("add", {"paper": "hello"}, "is not an arXiv identifier"),
        ("add", {"paper": "2403.00009"}, "I have not seen 2403.00009 announced"),
        ("tag", {"paper": AXOLOTL, "tags": "(("}, "is not a tag"),
        ("share", {"name": "x", "tag": "a:b"}, "is not a tag"),
        ("export", {"format": "ris"}, "Your library is empty"),
    ],
)
async def test_what_makes_no_sense_is_one_sentence(
    world: World, name: str, options: dict[str, str], text: str
) -> None:
    assert text in await said(world, name, **options)


async def test_its_titles_and_tags_are_offered(saved: World) -> None:
    offered = await saved.member.autocomplete(saved.channel, "library note", "paper", "LIMBS")
    assert [choice["value"] for choice in offered] == [AXOLOTL]
    tags = await saved.member.autocomplete(saved.channel, "library share", "tag", "bio", name="x")
    assert [choice["value"] for choice in tags] == ["biology"]
