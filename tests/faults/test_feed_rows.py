"""Rows 9 to 16: empty, late, halved, repeated, moved and damaged feeds, up to the channel."""

import logging
from collections.abc import Callable
from datetime import date, timedelta

import aiohttp
import pytest
from yarl import URL

from bot.models import AnnounceType, IntakeCode, IntakeVerdict
from bot.query.parser import parse_query
from bot.ui.search import render_search
from tests.builders import DAY, make_listing, make_paper
from tests.fakes import arxiv as fake
from tests.fakes.arxiv import ArxivServer, Record
from tests.fakes.arxiv_forms import rss_feed
from tests.faults.fetching import HOUR, MINUTE, Fetching, changed, ids, records
from tests.replay.faults import at

NEXT = DAY + timedelta(days=1)
FRIDAY, SATURDAY, SUNDAY, MONDAY = (DAY + timedelta(days=days) for days in (3, 4, 5, 6))

LISTED = records(5)


def alarms(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING]


async def verdicts(day: Fetching, on: date) -> list[IntakeVerdict]:
    """Return what a date passed for, one after the other."""
    history = await day.store.intake.history(["cs.CV"], on)
    return [step.verdict for step in history["cs.CV"]]


# --- rows 9 and 10: nothing there ------------------------------------------------------------


async def test_row_9_a_weekend_without_announcement_is_closed_and_alarms_nobody(
    day: Fetching, caplog: pytest.LogCaptureFixture
) -> None:
    day.clock.advance_to(at(FRIDAY, 0))
    for on, number in ((FRIDAY, 1), (MONDAY, 11)):
        day.arxiv.publish("cs.CV", on, records(2, first=number))
    await day.subscribe()
    await day.until(at(SATURDAY, 0))
    on_friday = day.posted()
    assert on_friday == ids(records(2))
    await day.until(at(SUNDAY, 23, 50), every=20 * MINUTE)
    assert day.posted() == on_friday
    await day.until(at(MONDAY, 12), every=20 * MINUTE)
    for closed in (SATURDAY, SUNDAY):
        record = await day.store.intake.get_record("cs.CV", closed)
        assert record is not None
        assert (record.verdict, record.is_closed) == (IntakeVerdict.EMPTY_EXPECTED, True)
    assert day.posted() == [*on_friday, *ids(records(2, first=11))]
    assert (alarms(caplog), day.told(), day.pipeline.intake.missed) == ([], [], 0)


async def test_row_10_a_feed_that_is_filled_late_is_posted_then(day: Fetching) -> None:
    await day.subscribe()
    await day.until(at(DAY, 2, 10))
    assert await verdicts(day, DAY) == [IntakeVerdict.EMPTY_UNEXPECTED]
    assert len(day.asked("/rss/")) > 3
    assert await day.planned() == 0
    day.arxiv.publish("cs.CV", DAY, LISTED)
    await day.until(at(DAY, 2, 40))
    assert day.posted() == ids(LISTED)
    await day.until(at(DAY, 23, 50), every=20 * MINUTE)
    assert day.posted() == ids(LISTED)


async def test_row_10_a_holiday_without_notice_is_closed_silently(
    day: Fetching, caplog: pytest.LogCaptureFixture
) -> None:
    """The second source is asked until the day is over and once more; then nobody is."""
    await day.subscribe()
    day.arxiv.publish("cs.CV", NEXT, LISTED)
    await day.until(at(DAY, 23, 50), every=20 * MINUTE)
    assert not (await day.record()).is_closed
    await day.until(at(NEXT, 1))
    record = await day.record()
    assert (record.verdict, record.is_closed) == (IntakeVerdict.EMPTY_UNEXPECTED, True)
    assert record.reason is not None
    assert record.reason.code is IntakeCode.HOLIDAY
    asked = len(day.asked(f"/catchup/cs.CV/{DAY}"))
    await day.until(at(NEXT, 12), every=20 * MINUTE)
    assert len(day.asked(f"/catchup/cs.CV/{DAY}")) == asked
    assert (alarms(caplog), day.told(), day.pipeline.intake.missed) == ([], [], 0)
    assert day.posted() == ids(LISTED)  # the next day's


# --- rows 11 to 13: late, halved, repeated -----------------------------------------------------


@pytest.mark.parametrize("stamp", [DAY, NEXT], ids=["under its own date", "under today's"])
async def test_row_11_yesterdays_list_is_not_posted_again(day: Fetching, stamp: date) -> None:
    await day.subscribe()
    day.arxiv.publish("cs.CV", DAY, LISTED)
    await day.until(at(NEXT, 0), every=20 * MINUTE)
    assert day.posted() == ids(LISTED)
    news = records(4, first=21)
    day.arxiv.publish("cs.CV", NEXT, news)
    stale = fake.answer_bytes(rss_feed("cs.CV", stamp, LISTED).encode())
    day.meanwhile(at(NEXT, 2), stale)
    asked = len(day.asked("/rss/"))
    await day.until(at(NEXT, 1, 55))
    assert len(day.asked("/rss/")) >= asked + 4  # keeps polling
    assert await verdicts(day, NEXT) == [IntakeVerdict.STALE]
    assert day.posted() == ids(LISTED)
    await day.until(at(NEXT, 12))
    assert day.posted() == ids([*LISTED, *news])


async def usual(day: Fetching, papers: int) -> None:
    """Let the category have announced so many papers on each of the last days."""
    for number in range(1, 5):
        before = [make_paper(arxiv_id=f"2402.{number}{each:04d}") for each in range(papers)]
        listing = make_listing(*before, announced_on=DAY - timedelta(days=number))
        await day.store.papers.add_listing(listing, now=day.clock.now() - number * 24 * HOUR)


WHOLE = records(24)
HALF = WHOLE[:3]


async def test_row_12_half_a_feed_waits_for_a_second_reading(day: Fetching) -> None:
    """The whole list of a quarter of an hour later is one digest."""
    await usual(day, papers=24)
    await day.subscribe()
    day.arxiv.publish("cs.CV", DAY, WHOLE)
    day.arxiv.publish_feed("cs.CV", DAY, HALF)
    record = await day.first_poll()
    assert (record.verdict, record.papers) == (IntakeVerdict.GROWING, 3)
    await day.until(day.clock.now() + 14 * MINUTE, every=MINUTE)
    assert await day.planned() == 0
    day.arxiv.publish("cs.CV", DAY, WHOLE)
    await day.until(at(DAY, 12))
    assert day.posted() == ids(WHOLE)
    assert "24 announced (24 new)\n24 posted" in day.server.ledger[0].content


async def test_row_12_papers_that_follow_are_a_supplement(day: Fetching) -> None:
    """Half a feed for hours is posted after all; the rest follows, and nothing is repeated."""
    await usual(day, papers=24)
    await day.subscribe()
    day.arxiv.publish("cs.CV", DAY, WHOLE)
    day.arxiv.publish_feed("cs.CV", DAY, HALF)
    day.meanwhile(at(DAY, 4), fake.answer(500), "/catchup/")  # which has the rest
    await day.until(at(DAY, 4))
    assert len(day.asked("/rss/")) >= 2
    assert day.posted() == ids(HALF)
    day.arxiv.publish("cs.CV", DAY, WHOLE)
    await day.until(at(NEXT, 0), every=20 * MINUTE)
    assert day.posted() == ids(WHOLE)
    first, second, *_ = day.server.messages_in(day.channel)
    assert (len(first.embed_urls), "supplement" in second.content) == (3, True)


async def test_row_13_a_paper_is_posted_once_however_often_it_is_announced(day: Fetching) -> None:
    """Twice in one feed and its second reading, in two categories, and as a cross-list later."""
    twice, both, later = records(3)
    await day.subscribe("cs.CV", "cs.LG")
    crossed = [Record(each.arxiv_id, "cross", title=each.title) for each in (both, later)]
    day.arxiv.publish("cs.CV", DAY, [twice, both, later])
    day.arxiv.publish_feed("cs.CV", DAY, [twice, twice, both, later])
    day.arxiv.publish("cs.LG", DAY, crossed[:1])
    day.arxiv.publish("cs.LG", NEXT, [*crossed[1:], *records(1, first=9)])
    day.arxiv.publish("cs.CV", NEXT, records(1, first=8))
    await day.until(at(NEXT, 12), every=20 * MINUTE)
    assert sorted(day.posted()) == ids([twice, both, later, *records(2, first=8)])


# --- row 14: replaced and withdrawn --------------------------------------------------------------


async def test_row_14_a_replacement_is_posted_only_where_it_is_wanted(day: Fetching) -> None:
    other = day.server.add_channel(day.guild, "replacements too")
    await day.subscribe()
    await day.subscribe(channel=other, types=tuple(AnnounceType))
    day.arxiv.publish("cs.CV", DAY, LISTED)
    day.arxiv.publish("cs.CV", NEXT, records(2, announce_type="replace", version=2))
    await day.until(at(NEXT, 12), every=20 * MINUTE)
    assert day.posted() == ids(LISTED)
    assert [len(each.embed_urls) for each in day.server.messages_in(other)] == [5, 2]
    replaced = day.server.messages_in(other)[-1]
    cards = [each for each in replaced.body["embeds"] if "url" in each]
    assert {each["footer"]["text"] for each in cards} == {"cs.CV · replacement v2"}


GONE = "This paper has been withdrawn by the authors due to an error in Lemma 2"
WITHDRAWN = {
    "abstract": Record("2403.00001", "replace", 2, "Paper 1", abstract=f"{GONE}."),
    "comment": Record("2403.00001", "replace", 2, "Paper 1", comment=GONE),
}


@pytest.mark.parametrize("told_in", WITHDRAWN)
async def test_row_14_a_withdrawn_paper_is_flagged_in_search(day: Fetching, told_in: str) -> None:
    """The feed tells of it in the abstract only, the page of the day in the comment too."""
    await day.subscribe()
    day.arxiv.publish("cs.CV", DAY, LISTED)
    day.arxiv.publish("cs.CV", NEXT, [WITHDRAWN[told_in]])
    await day.until(at(NEXT, 0), every=20 * MINUTE)
    if told_in == "comment":
        day.meanwhile(at(NEXT, 23), fake.answer(500))
    await day.until(at(NEXT, 12), every=20 * MINUTE)
    query = parse_query('title:"paper"')
    page = await day.store.search.find(query)
    shown = str(render_search(page, query, posted={}).description).split("\n\n")
    assert len(shown) == 1 + len(LISTED)
    flagged = [each for each in shown if "**withdrawn**" in each]
    assert [("2403.00001" in each) for each in flagged] == [True]
    assert day.posted() == ids(LISTED)


# --- row 15: sent elsewhere ----------------------------------------------------------------------


@pytest.mark.parametrize("target", ["loopback", "http://export.arxiv.org/rss/cs.CV"])
async def test_row_15_a_redirect_to_another_place_is_refused(day: Fetching, target: str) -> None:
    await day.subscribe()
    day.arxiv.publish("cs.CV", DAY, LISTED)
    async with ArxivServer() as elsewhere:
        elsewhere.publish("cs.CV", DAY, records(1, first=99))
        location = f"{elsewhere.url}/rss/cs.CV" if target == "loopback" else target
        day.arxiv.fail(fake.redirect(location, 302))
        record = await day.first_poll()
        assert record.verdict is IntakeVerdict.FAILED
        assert record.error is not None
        assert record.error.code is IntakeCode.REDIRECTED
        await day.until(at(DAY, 1))
        assert elsewhere.requests == []
    assert day.posted() == ids(LISTED)


@pytest.mark.parametrize(
    ("location", "is_followed"),
    [
        ("https://export.arxiv.org/rss/cs.CV", True),
        ("http://rss.arxiv.org/rss/cs.CV", False),
        ("http://127.0.0.1/rss/cs.CV", False),
        ("https://127.0.0.1/rss/cs.CV", False),
    ],
)
async def test_row_15_from_arxiv_itself_only_https_is_followed(
    day: Fetching, location: str, is_followed: bool
) -> None:
    """The client believes that it talks to arXiv; what it asks for arrives at the stand-in."""
    stand_in = URL(day.arxiv.url)

    async def lead(
        request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        wanted.append(str(request.url))
        request.url = stand_in.with_path(request.url.path)
        return await handler(request)

    wanted: list[str] = []
    day.settings.url = "https://rss.arxiv.org"
    day.arxiv.publish("cs.CV", DAY, LISTED)
    day.arxiv.fail(fake.redirect(location, 302))
    await usual(day, papers=2)
    await day.subscribe()
    async with aiohttp.ClientSession(middlewares=[lead]) as session:
        day.use(session)
        record = await day.first_poll()
    first = "https://rss.arxiv.org/rss/cs.CV"
    assert wanted == ([first, location] if is_followed else [first])
    assert record.verdict is (IntakeVerdict.COMPLETE if is_followed else IntakeVerdict.FAILED)


# --- row 16: damaged records ---------------------------------------------------------------------


def replaced(old: str, new: str, count: int = -1) -> Callable[[str], str]:
    return lambda text: text.replace(old, new, count)


async def test_row_16_a_malformed_identifier_is_left_out_and_logged(
    day: Fetching, caplog: pytest.LogCaptureFixture
) -> None:
    """The rest is posted; mended in the next reading, it follows."""
    await usual(day, papers=2)
    await day.subscribe()
    day.arxiv.publish("cs.CV", DAY, LISTED)
    day.arxiv.fail(changed(replaced("2403.00003", "24O3.ooo3")), path="/rss/")
    await day.first_poll()
    rest = [each for each in ids(LISTED) if each != "2403.00003"]
    assert day.posted() == rest
    (logged,) = alarms(caplog)
    assert "24O3.ooo3" in logged
    assert "no arXiv identifier" in logged
    await day.until(at(DAY, 12), every=20 * MINUTE)
    assert day.posted() == [*rest, "2403.00003"]


STAMP = "<pubDate>Tue, 05 Mar 2024 00:00:00 -0500</pubDate>"
STAMPS = {
    "in the future": "<pubDate>Tue, 07 Mar 2034 00:00:00 -0500</pubDate>",
    "unparsable": "<pubDate>the day before yesterday</pubDate>",
    "empty": "<pubDate></pubDate>",
    "absent": "",
}


@pytest.mark.parametrize("count", [1, -1], ids=["of the feed", "of every paper too"])
@pytest.mark.parametrize("name", STAMPS)
async def test_row_16_a_bad_date_loses_no_paper(day: Fetching, name: str, count: int) -> None:
    """A listing belongs to the day on which it was read, at the latest; papers need no date."""
    await day.subscribe()
    day.arxiv.publish("cs.CV", DAY, LISTED)
    day.arxiv.fail(changed(replaced(STAMP, STAMPS[name], count)), path="/rss/")
    record = await day.first_poll()
    assert (record.verdict, record.papers) == (IntakeVerdict.COMPLETE, len(LISTED))
    assert day.posted() == ids(LISTED)
