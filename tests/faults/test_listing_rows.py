"""Rows 58 to 61: whose list it is when feeds, pages and other categories tell different stories."""

import logging
from dataclasses import replace
from datetime import UTC, date, timedelta

import pytest

from bot.arxiv.calendar import previous_announcement_day
from bot.models import AnnounceType, IntakeCode, IntakeVerdict
from bot.ui.intake import say_difference
from tests.builders import DAY, make_listing, make_paper
from tests.fakes import arxiv as fake
from tests.fakes.arxiv import Record
from tests.faults.fetching import HOUR, MINUTE, Fetching, ids, records
from tests.replay.faults import CAPTCHA, at

YESTERDAY = previous_announcement_day(DAY)
NEXT = DAY + timedelta(days=1)
AFTER = DAY + timedelta(days=2)

OLD, LISTED, NEWS = records(5, first=80), records(5), records(4, first=21)


def code_of(reason: object) -> IntakeCode | None:
    return getattr(reason, "code", None)


def submitted(found: list[Record], day: date) -> list[Record]:
    """Return records that were submitted in time for a date's listing."""
    moment = at(previous_announcement_day(day), 10).astimezone(UTC)
    return [replace(each, submitted_at=moment) for each in found]


async def stored(day: Fetching, on: date, category: str = "cs.CV") -> list[str]:
    listing = await day.store.papers.get_listing(category, on)
    return [] if listing is None else [each.paper.arxiv_id for each in listing.announcements]


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING]


# --- row 58: the first day ---------------------------------------------------------------------


async def test_row_58_a_first_day_whose_feed_is_stale_is_told_by_its_page(day: Fetching) -> None:
    day.arxiv.publish("cs.CV", YESTERDAY, OLD)
    day.arxiv.publish("cs.CV", DAY, LISTED)
    day.arxiv.publish_feed("cs.CV", DAY, OLD)
    await day.subscribe()
    await day.until(at(DAY, 0, 30), every=MINUTE)
    assert day.posted() == ids(LISTED)
    await day.until(at(NEXT, 12), every=20 * MINUTE)
    assert day.posted() == ids(LISTED)
    assert await stored(day, DAY) == ids(LISTED)
    assert (await day.record()).is_confirmed


async def test_row_58_a_first_list_is_confirmed_within_seconds(day: Fetching) -> None:
    """The digest waits for one request more; the feed has the versions."""
    day.arxiv.publish("cs.CV", DAY, records(5, version=2))
    await day.subscribe()
    await day.first_poll()
    assert day.posted() == ids(LISTED)
    feed, page, *_ = [each.path for each in day.arxiv.requests]
    assert (feed, page) == ("/rss/cs.CV", f"/catchup/cs.CV/{DAY}?abs=True")
    listing = await day.store.papers.get_listing("cs.CV", DAY)
    assert listing is not None
    assert {each.paper.version for each in listing.announcements} == {2}


async def test_row_58_while_the_page_cannot_be_had_the_list_is_held_and_then_of_uncertain_date(
    day: Fetching, caplog: pytest.LogCaptureFixture
) -> None:
    """It was yesterday's: when the page is back, it is moved there, and today's is posted."""
    day.arxiv.publish("cs.CV", YESTERDAY, OLD)
    day.arxiv.publish("cs.CV", DAY, LISTED)
    day.arxiv.publish_feed("cs.CV", DAY, OLD)
    day.meanwhile(at(DAY, 12), fake.answer(403), "/catchup/")
    await day.subscribe()
    await day.until(at(DAY, 3))
    assert (await day.record()).verdict is IntakeVerdict.HELD
    assert day.posted() == []
    await day.until(at(DAY, 4))
    record = await day.record()
    assert record.verdict is IntakeVerdict.UNDATED
    assert code_of(record.reason) is IntakeCode.UNCONFIRMED
    assert day.posted() == ids(OLD)
    await day.until(at(DAY, 23, 50), every=20 * MINUTE)
    assert day.posted() == ids([*OLD, *LISTED])
    assert await stored(day, DAY) == ids(LISTED)
    assert await stored(day, YESTERDAY) == ids(OLD)
    assert warnings(caplog).count("papers were stored for the wrong date") == 1
    paper = await day.store.papers.get_paper(OLD[0].arxiv_id)  # type: ignore[arg-type]
    assert paper is not None
    assert paper.announced_on == YESTERDAY


async def test_row_58_a_first_list_under_a_saturday_is_confirmed_as_fridays(day: Fetching) -> None:
    friday, saturday = DAY + timedelta(days=3), DAY + timedelta(days=4)
    day.clock.advance_to(at(saturday, 0))
    day.arxiv.publish("cs.CV", friday - timedelta(days=1), OLD)
    day.arxiv.publish("cs.CV", friday, LISTED)
    day.arxiv.publish_feed("cs.CV", saturday, OLD)  # of Thursday
    await day.subscribe()
    await day.until(at(saturday, 12), every=5 * MINUTE)
    assert await stored(day, friday) == ids(LISTED)
    assert await stored(day, friday - timedelta(days=1)) == []
    assert day.posted() == ids(LISTED)


@pytest.mark.parametrize("hour", [0, 2, 10, 20])
async def test_row_58_a_digest_that_is_set_up_at_any_hour_begins_with_the_right_list(
    day: Fetching, hour: int
) -> None:
    """Four categories, all of them stale."""
    names = ("cs.CV", "cs.LG", "cs.AI", "cs.CL")
    lists = {
        name: ([f"{name} old"], records(3, first=100 * number))
        for number, name in enumerate(names, start=1)
    }
    for name, (_, true) in lists.items():
        old = records(3, first=int(true[0].arxiv_id[5:]) + 50)
        day.arxiv.publish(name, YESTERDAY, old)
        day.arxiv.publish(name, DAY, true)
        day.arxiv.publish_feed(name, DAY, old)
    day.clock.advance_to(at(DAY, hour))
    await day.subscribe(*names)
    await day.until(at(DAY, hour) + 40 * MINUTE, every=MINUTE)
    for name, (_, true) in lists.items():
        assert await stored(day, DAY, name) == ids(true)
    await day.until(at(NEXT, 2), every=20 * MINUTE)
    assert sorted(day.posted()) == sorted(
        ids([each for _, true in lists.values() for each in true])
    )


async def test_row_58_a_category_that_is_followed_by_day_is_asked_about_at_once(
    day: Fetching,
) -> None:
    day.arxiv.publish("cs.CV", DAY, LISTED)
    day.clock.advance_to(at(DAY, 10))
    await day.subscribe()
    await day.tick()
    assert day.asked("/rss/cs.CV") == [10 * HOUR]


# --- row 59: the page refused for days ---------------------------------------------------------


@pytest.mark.parametrize("fault", [fake.answer(403), CAPTCHA], ids=["403", "captcha"])
async def test_row_59_a_date_whose_feed_lags_is_worked_out_from_submissions(
    day: Fetching, fault: fake.Fault, caplog: pytest.LogCaptureFixture
) -> None:
    """And the following days are not held up."""
    day.arxiv.publish("cs.CV", YESTERDAY, submitted(OLD, YESTERDAY))
    day.arxiv.publish("cs.CV", DAY, submitted(LISTED, DAY))
    day.arxiv.publish("cs.CV", NEXT, submitted(NEWS, NEXT))
    day.arxiv.publish_feed("cs.CV", DAY, [])
    await known_yesterday(day)
    day.meanwhile(at(DAY + timedelta(days=6), 0), fault, "/catchup/")
    await day.subscribe()
    await day.until(at(NEXT, 5), every=20 * MINUTE)
    assert day.posted() == ids(NEWS)  # held for its three hours, and no longer
    await day.until(at(NEXT, 12), every=20 * MINUTE)
    record = await day.record()
    assert record.verdict is IntakeVerdict.UNDATED
    assert code_of(record.reason) is IntakeCode.ESTIMATED
    assert await stored(day, DAY) == ids(LISTED)
    assert day.posted() == ids([*NEWS, *LISTED])
    await day.until(at(DAY + timedelta(days=5), 12), every=HOUR)
    assert (await day.record()).is_closed
    assert day.pipeline.intake.missed == 0
    assert warnings(caplog).count("listing missed") == 0
    refused = [each for each in warnings(caplog) if "listing not fetched" in each]
    assert len(refused) == 1  # once, not at every poll


@pytest.mark.parametrize("is_feed_first", [True, False], ids=["feed first", "feed later"])
async def test_row_59_what_arxiv_held_back_is_of_the_date_whose_list_has_it(
    day: Fetching, *, is_feed_first: bool
) -> None:
    """Submitted for a date that is only worked out, and announced with the next one's list."""
    day.arxiv.publish("cs.CV", YESTERDAY, submitted(OLD, YESTERDAY))
    day.arxiv.publish("cs.CV", DAY, submitted(LISTED, DAY))
    revised = Record("2312.00007", "replace", version=2)
    held = submitted([*records(1, first=60), revised], DAY)
    day.arxiv.publish("cs.CV", NEXT, [*submitted(NEWS, NEXT), *held])
    day.arxiv.publish_feed("cs.CV", DAY, [])
    await known_yesterday(day)
    day.meanwhile(at(DAY + timedelta(days=6), 0), fake.answer(403), "/catchup/")
    await day.subscribe(types=AnnounceType)
    await day.until(at(NEXT, 0), every=20 * MINUTE)
    if not is_feed_first:
        day.meanwhile(at(NEXT, 8), fake.answer(503), "/rss/")
    await day.until(at(NEXT, 7, 30), every=20 * MINUTE)
    assert bool(await stored(day, NEXT)) is is_feed_first
    assert set(await stored(day, DAY)) >= set(ids(LISTED))
    await day.until(at(NEXT, 18), every=20 * MINUTE)
    assert await stored(day, DAY) == ids(LISTED)
    assert await stored(day, NEXT) == ids([*NEWS, *held])
    assert sorted(day.posted()) == sorted(ids([*NEWS, *LISTED, *held]))
    paper = await day.store.papers.get_paper(held[0].arxiv_id)  # type: ignore[arg-type]
    assert paper is not None
    assert (paper.announced_on, paper.is_date_estimated) == (NEXT, False)


async def known_yesterday(day: Fetching) -> None:
    """Let the bot have read the list of the day before."""
    papers = [make_paper(arxiv_id=each.arxiv_id) for each in OLD]
    listing = make_listing(*papers, announced_on=YESTERDAY)
    await day.store.papers.add_listing(listing, now=day.clock.now())


async def test_row_59_what_is_missed_is_told_and_counted_and_a_backfill_settles_it(
    day: Fetching, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither page nor OAI-PMH can be had, and the feed was empty."""
    day.arxiv.publish("cs.CV", DAY, LISTED)
    day.arxiv.publish_feed("cs.CV", DAY, [])
    end = at(DAY + timedelta(days=6), 0)
    for path in ("/catchup/", "/oai"):
        day.meanwhile(end, fake.answer(403), path)
    for number in range(1, 4):  # the feeds of the days after are fine
        day.arxiv.publish("cs.CV", DAY + timedelta(days=number), records(2, first=40 + number * 2))
    await day.subscribe()
    await day.until(at(DAY + timedelta(days=4), 23), every=HOUR)
    assert len(day.posted()) == 6
    await day.until(at(DAY + timedelta(days=5), 2), every=HOUR)
    record = await day.record()
    assert (record.verdict, record.is_closed) == (IntakeVerdict.MISSED, True)
    assert day.pipeline.intake.missed == 1
    assert warnings(caplog).count("listing missed") == 1
    told = [each for each in day.told() if "could not get in time" in each]
    assert len(told) == 1
    assert f"--from {DAY} --until {DAY}" in told[0]
    (missed,) = await day.store.intake.list_missed(DAY)
    assert missed.day == DAY
    day.clock.advance_to(end)
    await day.backfill("cs.CV", DAY, DAY)
    assert await day.store.intake.list_missed(DAY) == []
    await day.until(end + 2 * HOUR, every=HOUR)
    assert len([each for each in day.told() if "could not get in time" in each]) == 1


async def test_row_59_days_on_which_the_bot_did_not_run_are_missed_too(day: Fetching) -> None:
    day.arxiv.publish("cs.CV", DAY, LISTED)
    await day.subscribe()
    await day.until(at(DAY, 1))
    day.clock.advance_to(at(DAY + timedelta(days=13), 1))  # Monday of the week after next
    await day.until(day.clock.now() + HOUR)
    missed = [each.day for each in await day.store.intake.list_missed(DAY)]
    assert missed == [DAY + timedelta(days=number) for number in (1, 2, 3, 6, 7, 8)]
    assert day.pipeline.intake.missed == 6
    told = [each for each in day.told() if "could not get in time" in each]
    assert len(told) == 1


async def test_row_59_a_feed_a_weekday_late_is_stored_right(day: Fetching) -> None:
    """The page is back a day later: what was taken for another date's is moved."""
    day.arxiv.publish("cs.CV", YESTERDAY, OLD)
    day.arxiv.publish("cs.CV", DAY, LISTED)
    day.arxiv.publish("cs.CV", NEXT, NEWS)
    await known_yesterday(day)
    day.arxiv.publish_feed("cs.CV", DAY, OLD)
    day.arxiv.publish_feed("cs.CV", NEXT, LISTED)
    for path in ("/catchup/", "/oai"):
        day.meanwhile(at(AFTER, 3), fake.answer(503), path)
    await day.subscribe()
    await day.until(at(AFTER, 2), every=20 * MINUTE)
    assert await stored(day, NEXT) == ids(LISTED)  # of uncertain date
    await day.until(at(AFTER, 23), every=20 * MINUTE)
    assert await stored(day, DAY) == ids(LISTED)
    assert await stored(day, NEXT) == ids(NEWS)
    assert sorted(day.posted()) == sorted(ids([*LISTED, *NEWS]))


# --- row 60: empty here, but not there ---------------------------------------------------------


async def test_row_60_a_day_on_which_another_category_has_a_list_is_no_holiday(
    day: Fetching,
) -> None:
    """The page lags: it has the list a day later."""
    day.arxiv.publish("cs.LG", DAY, records(3, first=50))
    await day.subscribe("cs.CV", "cs.LG")
    await day.until(at(NEXT, 2), every=20 * MINUTE)
    record = await day.record()
    assert not record.is_closed
    assert code_of(record.reason) is IntakeCode.OTHERS_HAVE_ONE
    day.arxiv.publish("cs.CV", DAY, LISTED)
    await day.until(at(NEXT, 12), every=20 * MINUTE)
    assert await stored(day, DAY) == ids(LISTED)
    assert set(ids(LISTED)) <= set(day.posted())


async def test_row_60_a_holiday_that_was_none_is_opened_when_another_category_has_its_list(
    day: Fetching,
) -> None:
    await day.subscribe("cs.CV", "cs.LG")
    day.arxiv.fail(*[fake.answer(500)] * 60, path="cs.LG")
    await day.until(at(NEXT, 0, 20), every=20 * MINUTE)
    assert code_of((await day.record()).reason) is IntakeCode.HOLIDAY
    day.arxiv.publish("cs.LG", DAY, records(3, first=50))
    day.arxiv.publish("cs.CV", DAY, LISTED)
    await day.until(at(NEXT, 23), every=20 * MINUTE)
    assert await stored(day, DAY, "cs.LG") == ids(records(3, first=50))
    assert await stored(day, DAY) == ids(LISTED)


async def test_row_60_a_category_without_papers_that_day_is_settled_by_what_was_submitted(
    day: Fetching,
) -> None:
    other = [replace(each, categories=("cs.LG",)) for each in records(3, first=50)]
    day.arxiv.publish("cs.LG", DAY, submitted(other, DAY))
    await day.subscribe("cs.CV", "cs.LG")
    await day.until(at(NEXT, 12), every=20 * MINUTE)
    record = await day.record()
    assert record.is_closed
    assert code_of(record.reason) is IntakeCode.NONE_SUBMITTED
    history = await day.store.intake.history(["cs.CV"], DAY)
    assert len(history["cs.CV"]) == 3  # empty, empty here alone, nothing submitted


# --- row 61: feed and page differ --------------------------------------------------------------

WHOLE = records(20)
THIN = [each for number, each in enumerate(WHOLE) if number % 4]


async def thin_feed(day: Fetching) -> None:
    day.arxiv.publish("cs.CV", YESTERDAY, OLD)
    day.arxiv.publish("cs.CV", DAY, WHOLE)
    await known_yesterday(day)
    day.arxiv.publish_feed("cs.CV", DAY, THIN)
    await day.subscribe()


async def test_row_61_papers_that_the_feed_lacks_are_taken_from_the_page(
    day: Fetching, caplog: pytest.LogCaptureFixture
) -> None:
    await thin_feed(day)
    await day.until(at(DAY, 1))
    assert day.posted() == ids(THIN)
    await day.until(at(DAY, 23), every=20 * MINUTE)
    assert await stored(day, DAY) == ids(WHOLE)
    assert sorted(day.posted()) == ids(WHOLE)
    record = await day.record()
    assert record.difference == (15, 20)
    assert "20 papers, the feed had 15" in say_difference(record)
    assert warnings(caplog) == ["feed and listing page differ"]
    assert day.pipeline.intake.differing == 1
    metadata = [each.path for each in day.arxiv.requests if "/api/" in each.path]
    assert len(metadata) == 1  # for the versions of the five
    assert metadata[0].count("2403.") == 5


async def test_row_61_what_the_page_adds_has_the_version_that_was_announced(
    day: Fetching,
) -> None:
    """The query API tells the latest: taken for the announced one, it would never be posted."""
    await thin_feed(day)
    await day.subscribe(types=AnnounceType)
    day.meanwhile(at(DAY, 21), fake.answer(403), "/catchup/")
    revised = replace(WHOLE[0], announce_type="replace", version=2)
    day.arxiv.publish("cs.CV", NEXT, [*NEWS, revised])
    await day.until(at(DAY, 21))
    assert revised.arxiv_id not in day.posted()
    await day.until(at(NEXT, 6), every=20 * MINUTE)
    assert day.posted().count(revised.arxiv_id) == 2
    listing = await day.store.papers.get_listing("cs.CV", DAY)
    assert listing is not None
    assert listing.announcements[0].paper.version == 1


async def test_row_61_the_comparison_is_one_request_a_day_and_category(day: Fetching) -> None:
    day.arxiv.publish("cs.CV", YESTERDAY, OLD)
    day.arxiv.publish("cs.CV", DAY, WHOLE)
    await known_yesterday(day)
    await day.subscribe()
    begun = len(day.arxiv.requests)
    await day.until(at(DAY, 23), every=20 * MINUTE)
    asked = [each.path.partition("?")[0] for each in day.arxiv.requests[begun:]]
    assert asked == ["/rss/cs.CV", f"/catchup/cs.CV/{DAY}", "/rss/cs.CV"]
    assert (await day.record()).difference is None


async def test_row_61_the_comparison_can_be_switched_off(day: Fetching) -> None:
    await thin_feed(day)
    day.set_rules(cross_check=False)
    begun = len(day.arxiv.requests)
    await day.until(at(DAY, 23), every=20 * MINUTE)
    assert [each.path for each in day.arxiv.requests[begun:]] == ["/rss/cs.CV"] * 2
    assert day.posted() == ids(THIN)


async def test_row_61_a_page_that_is_refused_is_compared_the_day_after(day: Fetching) -> None:
    await thin_feed(day)
    day.meanwhile(at(DAY, 23), fake.answer(403), "/catchup/")
    begun = len(day.arxiv.requests)
    await day.until(at(DAY, 22), every=20 * MINUTE)
    pages = [each for each in day.arxiv.requests[begun:] if "/catchup/" in each.path]
    assert len(pages) == 1
    assert (await day.record()).error is None
    assert day.posted() == ids(THIN)
    await day.until(at(NEXT, 1), every=20 * MINUTE)
    assert sorted(day.posted()) == ids(WHOLE)
