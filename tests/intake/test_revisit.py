"""Later news of posted papers: asked of arXiv in few requests, and told below the paper."""

import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from bot.arxiv.client import ArxivClient
from bot.config.schema import ArxivConfig
from bot.delivery.amend import LIVES
from bot.errors import ArxivUnavailable, ListingFormatError
from bot.intake import revisit
from bot.intake.revisit import AT_ONCE, MOST_REQUESTS, ROUND, Revisit, day_of_round
from bot.models import ArxivId, Paper
from bot.store.sqlite.statements import change
from tests.builders import DAY, make_id, make_paper
from tests.fakes.arxiv import ArxivServer, Record
from tests.faults.living import PAPERS, edit, post, shown
from tests.faults.world import World, open_world

POSTED = [make_id(number) for number in range(1, 10)]
"""Those of the papers that `post` posts of which the listing is stored."""


@dataclass
class Records:
    """What arXiv says of papers, or the error with which it answers."""

    papers: dict[ArxivId, Paper] = field(default_factory=dict)
    error: Exception | None = None
    asked: list[Sequence[ArxivId]] = field(default_factory=list)

    async def fetch_metadata(self, arxiv_ids: Sequence[ArxivId], day: date) -> Sequence[Paper]:
        self.asked.append(arxiv_ids)
        if self.error is not None:
            raise self.error
        return [self.papers[each] for each in arxiv_ids if each in self.papers]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path) as world:
        await post(world, world.channel)
        yield world


@pytest.fixture
def records() -> Records:
    return Records({paper.arxiv_id: paper for paper in PAPERS})


def looking(world: World, records: Records) -> Revisit:
    return Revisit(world.store, records, now=world.clock.now, lives=LIVES)


async def test_what_became_of_a_paper_reaches_the_posted_message(
    world: World, records: Records
) -> None:
    records.papers[make_id(1)] = make_paper(1, journal_ref="Ex. Lett. 1, 2", doi="10.1000/182")
    assert await looking(world, records).look() == 1
    await edit(world)
    ((line,), _) = shown(world, world.channel)
    assert line.endswith("published in Ex. Lett. 1, 2 · [DOI]")


async def test_a_comment_counts_that_the_stored_version_has_now(
    world: World, records: Records
) -> None:
    """The feed told of version 2 without it, so that of version 1 was kept."""
    store = world.store.papers
    await store.bring_up_to_date([make_paper(1, comment="9 pages")])
    await store.bring_up_to_date([make_paper(1, version=2)])
    records.papers[make_id(1)] = make_paper(1, version=2, comment="Accepted at ICML 2026")
    records.papers[make_id(2)] = make_paper(2, version=1, comment="Withdrawn by the authors")
    assert await looking(world, records).look() == 2
    stored = await store.get_papers(POSTED)
    assert stored[make_id(1)].paper.comment == "Accepted at ICML 2026"
    await edit(world)
    assert any("accepted at ICML 2026" in line for line in shown(world, world.channel)[0])


async def test_an_older_version_changes_nothing(world: World, records: Records) -> None:
    await world.store.papers.bring_up_to_date([make_paper(1, version=2, comment="10 pages")])
    records.papers[make_id(1)] = make_paper(1, version=1, comment="9 pages")
    assert await looking(world, records).look() == 0


async def test_a_round_asks_about_each_paper_once_a_day(
    world: World, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also over restarts, and where a batch is not full."""
    monkeypatch.setattr(revisit, "AT_ONCE", 4)
    for _ in range(9):
        await looking(world, records).look()
    assert records.asked == [POSTED[:4], POSTED[4:8], POSTED[8:]]
    world.advance(timedelta(days=1))
    await looking(world, records).look()
    assert records.asked[3:] == [POSTED[:4]]


async def test_a_round_is_no_longer_than_its_requests_and_goes_on_the_next_day(
    world: World, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(revisit, "AT_ONCE", 2)
    monkeypatch.setattr(revisit, "MOST_REQUESTS", 3)
    asking = looking(world, records)
    for _ in range(5):
        await asking.look()
    assert records.asked == [POSTED[:2], POSTED[2:4], POSTED[4:6]]
    world.advance(timedelta(days=1))
    for _ in range(5):
        await asking.look()
    assert records.asked[3:] == [POSTED[6:8], POSTED[8:]]
    assert asking.asked == 9


async def test_an_arxiv_that_is_down_is_asked_no_more_often(
    world: World, records: Records, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "bot.intake.revisit")
    asking = looking(world, records)
    records.error = ArxivUnavailable("arXiv is down")
    for _ in range(MOST_REQUESTS + 5):
        await asking.look()
    assert records.asked == [POSTED] * MOST_REQUESTS
    world.advance(timedelta(days=1))
    records.error = None
    await asking.look()
    assert records.asked[MOST_REQUESTS:] == [POSTED]
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


async def test_an_answer_of_no_use_keeps_no_other_papers_waiting(
    world: World, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(revisit, "AT_ONCE", 5)
    asking = looking(world, records)
    records.error = ListingFormatError("no XML")
    await asking.look()
    await asking.look()
    assert records.asked == [POSTED[:5], POSTED[5:]]


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE subscription SET updates = 0",
        "UPDATE delivered_paper SET is_offered = 1",
        "UPDATE delivery SET planned_at = '2024-01-01T00:00:00.000+00:00'",
        "UPDATE announcement SET announced_on = '2024-01-01'",
    ],
)
async def test_nobody_asks_about_what_is_not_edited(
    world: World, records: Records, sql: str
) -> None:
    """Nor about what is offered alone, or was posted or announced long ago."""
    await world.database.write(change, sql)
    await looking(world, records).look()
    assert records.asked == []


async def test_a_paper_that_somebody_follows_is_asked_about_however_old(
    world: World, records: Records
) -> None:
    await world.database.write(change, "UPDATE announcement SET announced_on = '2024-01-01'")
    await world.store.follows.follow_paper(7, make_id(3), now=world.clock.now())
    await looking(world, records).look()
    assert records.asked == [[make_id(3)]]


async def test_a_damaged_note_begins_a_new_round(world: World, records: Records) -> None:
    for text in ("{", "[]", '{"day": 1, "other": 2}', "null"):
        await world.store.facts.set(ROUND, text)
        await looking(world, records).look()
    assert records.asked == [POSTED] * 4


@pytest.mark.parametrize(
    ("now", "day"),
    [
        (datetime(2026, 11, 27, 16, 59, tzinfo=UTC), date(2026, 11, 26)),
        (datetime(2026, 11, 27, 17, 0, tzinfo=UTC), date(2026, 11, 27)),
        (datetime(2026, 7, 1, 16, 0, tzinfo=UTC), date(2026, 7, 1)),
    ],
)
def test_a_round_begins_at_noon_in_new_york(now: datetime, day: date) -> None:
    assert day_of_round(now) == day


async def test_arxivs_own_answer_is_read(world: World) -> None:
    async with ArxivServer() as arxiv, aiohttp.ClientSession() as session:
        told = [Record(each, journal_ref="Ex. Lett. 3") for each in POSTED]
        arxiv.publish("cs.CV", DAY, told)
        settings = ArxivConfig(api_url=arxiv.url, request_spacing_s=0)
        client = ArxivClient(session, settings, now=world.clock.now)
        asking = Revisit(world.store, client, now=world.clock.now, lives=LIVES)
        assert await asking.look() == len(POSTED) <= AT_ONCE
        assert len(arxiv.requests) == 1
    stored = await world.store.papers.get_papers(POSTED)
    assert {each.paper.journal_ref for each in stored.values()} == {"Ex. Lett. 3"}
