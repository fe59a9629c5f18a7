"""What the store remembers of papers and listings."""

import contextlib
import sqlite3
from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot.digest.models import Cadence
from bot.models import AnnounceType, ArxivId, Link, Paper, Provenance
from bot.store.digests import DigestRecord
from bot.store.keys import day_of
from bot.store.papers.papers import LAST_DECISION, growth_time
from bot.store.sqlite.statements import select_rows
from bot.store.store import Store
from tests.builders import DAY, NOW, make_link, make_listing, make_paper, make_papers

LATER = DAY + timedelta(days=30)


async def stored_paper(store: Store, paper: Paper) -> Paper:
    stored = await store.papers.get_paper(paper.arxiv_id)
    assert stored is not None
    return stored.paper


async def test_a_listing_is_read_back_as_it_was_stored(store: Store) -> None:
    listing = make_listing(
        *make_papers(3),
        (make_paper(9, categories=("cs.LG", "cs.CV")), AnnounceType.CROSS),
        (make_paper(4, version=2), AnnounceType.REPLACE),
    )
    added = await store.papers.add_listing(listing, now=NOW)
    assert (added.new_papers, added.new_announcements) == (5, 5)
    assert await store.papers.get_listing("cs.CV", DAY) == listing


async def test_storing_a_listing_twice_changes_nothing(store: Store) -> None:
    listing = make_listing(*make_papers(3))
    await store.papers.add_listing(listing, now=NOW)
    again = await store.papers.add_listing(listing, now=NOW + timedelta(hours=1))
    assert (again.new_papers, again.updated_papers, again.new_announcements) == (0, 0, 0)
    assert (await store.papers.listing_statuses())[0].stored_at == NOW


async def test_a_listing_that_grew_takes_over_the_true_places(store: Store) -> None:
    papers = make_papers(4)
    await store.papers.add_listing(make_listing(papers[1], papers[3]), now=NOW)
    full = make_listing(*papers)
    added = await store.papers.add_listing(full, now=NOW)
    assert added.new_announcements == 2
    assert await store.papers.get_listing("cs.CV", DAY) == full


async def test_a_filtered_copy_of_a_listing_does_not_move_its_papers(store: Store) -> None:
    full = make_listing(*make_papers(4))
    await store.papers.add_listing(full, now=NOW)
    await store.papers.add_listing(make_listing(full.announcements[2].paper), now=NOW)
    assert await store.papers.get_listing("cs.CV", DAY) == full


async def test_a_paper_named_twice_in_a_file_is_stored_once(store: Store) -> None:
    paper = make_paper()
    added = await store.papers.add_listing(make_listing(paper, paper), now=NOW)
    assert added.new_announcements == 1


async def test_a_paper_keeps_its_first_announcement(store: Store) -> None:
    paper = make_paper()
    await store.papers.add_listing(make_listing(paper), now=NOW)
    cross = make_listing((paper, AnnounceType.CROSS), category="cs.LG", announced_on=LATER)
    await store.papers.add_listing(cross, now=NOW)
    stored = await store.papers.get_paper(paper.arxiv_id)
    assert stored is not None
    assert stored.announced_on == DAY
    assert day_of(stored.key) == DAY


async def test_a_better_date_moves_a_paper_with_all_that_points_to_it(store: Store) -> None:
    """Importing March after April puts the paper back where it was announced."""
    paper = make_paper(links=[make_link()])
    cross = make_listing((paper, AnnounceType.CROSS), category="cs.LG", announced_on=LATER)
    await store.papers.add_listing(cross, now=NOW)
    await store.papers.add_listing(make_listing(paper), now=NOW)
    stored = await store.papers.get_paper(paper.arxiv_id)
    assert stored is not None
    assert (stored.announced_on, day_of(stored.key)) == (DAY, DAY)
    assert stored.paper.links == paper.links
    assert await store.papers.get_listing("cs.LG", LATER) is not None


async def test_a_paper_first_seen_as_a_replacement_has_an_estimated_date(store: Store) -> None:
    """Its identifier tells the month; the day is not known, and says so."""
    paper = make_paper(arxiv_id="2311.00042", version=2)
    await store.papers.add_listing(make_listing((paper, AnnounceType.REPLACE)), now=NOW)
    stored = await store.papers.get_paper(paper.arxiv_id)
    assert stored is not None
    assert stored.is_date_estimated
    assert stored.announced_on == date(2023, 11, 1)


async def test_an_announced_date_replaces_an_estimated_one(store: Store) -> None:
    paper = make_paper(version=2)
    replacement = make_listing((paper, AnnounceType.REPLACE), announced_on=LATER)
    await store.papers.add_listing(replacement, now=NOW)
    await store.papers.add_listing(make_listing(replace(paper, version=1)), now=NOW)
    stored = await store.papers.get_paper(paper.arxiv_id)
    assert stored is not None
    assert (stored.announced_on, stored.is_date_estimated) == (DAY, False)
    assert stored.paper.version == 2


@pytest.mark.parametrize("order", ["older first", "newer first"])
async def test_the_highest_version_gives_the_text_whatever_the_order(
    store: Store, order: str
) -> None:
    first = make_paper(title="First title", comment="10 pages")
    second = make_paper(title="Second title", version=2)
    listings = [
        make_listing(first),
        make_listing((second, AnnounceType.REPLACE), announced_on=LATER),
    ]
    for listing in listings if order == "older first" else reversed(listings):
        await store.papers.add_listing(listing, now=NOW)
    paper = await stored_paper(store, first)
    assert (paper.title, paper.version, paper.comment) == ("Second title", 2, "10 pages")


async def test_a_source_with_more_fields_fills_the_gaps(store: Store) -> None:
    bare = make_paper(authors=(), categories=("cs.CV",))
    await store.papers.add_listing(make_listing(bare), now=NOW)
    full = make_paper(categories=("cs.CV", "cs.LG"), doi="10.1000/1")
    added = await store.papers.add_listing(make_listing(full), now=NOW)
    assert (added.new_papers, added.updated_papers, added.new_announcements) == (0, 1, 0)
    assert await stored_paper(store, bare) == full


async def test_a_cross_list_of_unknown_primary_category_is_still_found_in_its_listing(
    store: Store,
) -> None:
    bare = make_paper(categories=())
    await store.papers.add_listing(make_listing((bare, AnnounceType.CROSS)), now=NOW)
    paper = await stored_paper(store, bare)
    assert (paper.categories, paper.primary_category) == (("cs.CV",), None)
    known = make_paper(categories=("eess.IV", "cs.CV"))
    await store.papers.add_listing(
        make_listing(known, category="eess.IV", announced_on=DAY), now=NOW
    )
    paper = await stored_paper(store, bare)
    assert (paper.categories, paper.primary_category) == (("eess.IV", "cs.CV"), "eess.IV")


async def test_late_links_are_added_once(store: Store) -> None:
    paper = make_paper(links=[make_link()])
    await store.papers.add_listing(make_listing(paper), now=NOW)
    late = make_link("https://github.com/other/code", provenance=Provenance.HUGGING_FACE)
    assert await store.papers.add_links(paper.arxiv_id, [late, make_link()]) == 1
    assert await store.papers.add_links(paper.arxiv_id, [late]) == 0
    assert (await stored_paper(store, paper)).links == (*paper.links, late)
    assert await store.papers.add_links(ArxivId("1201.00001"), [late]) == 0


async def test_links_of_third_parties_survive_a_new_version(store: Store) -> None:
    paper = make_paper()
    await store.papers.add_listing(make_listing(paper), now=NOW)
    late = make_link("https://github.com/other/code", provenance=Provenance.HUGGING_FACE)
    await store.papers.add_links(paper.arxiv_id, [late])
    newer = make_paper(version=2, links=[make_link()])
    listing = make_listing((newer, AnnounceType.REPLACE), announced_on=LATER)
    await store.papers.add_listing(listing, now=NOW)
    links: tuple[Link, ...] = (await stored_paper(store, paper)).links
    assert links == (*newer.links, late)


async def test_statuses_describe_the_newest_listing_of_each_category(store: Store) -> None:
    await store.papers.add_listing(make_listing(*make_papers(3)), now=NOW)
    newest = make_listing(
        make_paper(7),
        (make_paper(8), AnnounceType.CROSS),
        announced_on=LATER,
        source="atom",
    )
    await store.papers.add_listing(newest, now=NOW)
    [status] = await store.papers.listing_statuses()
    assert (status.category, status.announced_on, status.source) == ("cs.CV", LATER, "atom")
    assert status.counts == newest.counts()
    assert await store.papers.list_listing_dates("cs.CV") == [LATER, DAY]
    assert await store.papers.latest_listing_date("cs.LG") is None
    assert await store.papers.count_papers() == 5


async def test_a_list_moves_without_a_paper_that_another_program_deleted(store: Store) -> None:
    papers = make_papers(3)
    await store.papers.add_listing(make_listing(*papers), now=NOW)
    lost, *left = [paper.arxiv_id for paper in papers]
    with contextlib.closing(sqlite3.connect(store.database.path)) as connection, connection:
        connection.execute("DELETE FROM paper WHERE arxiv_id = ?", [lost])
    await store.papers.move_announcements("cs.CV", DAY, [lost, *left], to=LATER, now=NOW)
    listing = await store.papers.get_listing("cs.CV", LATER)
    assert listing is not None
    assert [entry.paper.arxiv_id for entry in listing.announcements] == left


@pytest.mark.parametrize("cadence", Cadence)
async def test_a_list_grows_after_the_last_decision_about_its_date(
    store: Store, cadence: Cadence
) -> None:
    """Whatever the clock says; one about another date says nothing."""
    decided_at = NOW + timedelta(hours=1)
    record = DigestRecord(
        channel_id=1,
        announced_on=DAY,
        decided_at=decided_at,
        announced=1,
        planned=0,
        cadence=cadence,
    )
    await store.digests.note_quiet([record])
    assert await store.database.read(growth_time, DAY, NOW) > decided_at
    assert await store.database.read(growth_time, LATER, NOW) == NOW


async def test_the_last_decision_is_found_without_a_look_at_all(store: Store) -> None:
    """With a hundred thousand channels a day, there are millions."""
    plan = await store.database.read(
        select_rows, f"EXPLAIN QUERY PLAN {LAST_DECISION}", (str(DAY),)
    )
    assert "SEARCH digest USING INDEX digest_by_day" in str(plan)
