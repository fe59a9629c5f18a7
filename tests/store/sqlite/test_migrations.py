"""Files of earlier versions: each step keeps what they hold."""

import hashlib
import sqlite3
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bot.delivery.notices import resumes_by_itself
from bot.delivery.reconcile import may_repeat
from bot.digest.models import Cadence, Place, Reason, ReasonCode
from bot.models import ArxivId, IntakeCode, IntakeReason, IntakeVerdict, NearListing
from bot.query.parser import parse_query
from bot.store.keys import first_key
from bot.store.readers.discussions import Discussion
from bot.store.sqlite import migrations
from bot.store.sqlite.maintenance import find_stale_indexes
from bot.store.sqlite.statements import select_rows
from bot.store.store import open_store
from bot.ui.intake import say_intake_reason
from bot.ui.pause import describe_reason
from tests.builders import NOW, make_listing, make_paper

TAKEN = (
    "c7a59bc671003071",
    "da4a23619d5a1f9e",
    "59164c41283e1740",
    "6ad821719f3a0aba",
    "7522144b5f66a04c",
    "346ef6c37cdc8bb0",
    "87442ccb13813e21",
    "c42481f26c3a2fae",
    "12c8482acb91c782",
    "a4d775cda388f3ba",
    "0ca267bdae231ab5",
    "49f2ed8f55916550",
    "f2be546201f75d63",
    "8d99b64418b47baa",
    "b2a31437243b9bbf",
    "f6d6851e75d52008",
    "e7634071d4e9e3d0",
    "5b3ee73b05a35771",
    "3f6fb147003fb845",
    "f6321abd918f1c4c",
    "f3b38a693bd4565a",
    "1cf0b68609336664",
    "d59fe2c6a881b6e5",
    "b2eba7df95b8ca48",
    "846065f66d858414",
    "1fb167c06402703e",
    "4e62458538a79ac7",
    "4d9a708a4f194306",
)
"""The beginning of each step's SHA-256."""


def made_by(steps: Sequence[migrations.Step], path: Path) -> sqlite3.Connection:
    """Make a file as a version with these steps made it."""
    connection = sqlite3.connect(path, isolation_level=None)
    for name, function in migrations.FUNCTIONS.items():
        connection.create_function(name, 1, function, deterministic=True)
    for statement in (statement for step in steps for statement in step):
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {migrations.APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {len(steps)}")
    return connection


OLD_INDEXES = {
    "paper_text": "title, abstract, authors, comment, filters, names",
    "paper_head": "title, filters",
    "paper_typed": "title, authors",
}


def index_as_before(old: sqlite3.Connection) -> None:
    """Fill the indexes as versions up to the ninth step did: with the papers' texts as they are."""
    for name, columns in OLD_INDEXES.items():
        old.execute(f"INSERT INTO {name} (rowid, {columns}) SELECT key, {columns} FROM paper")


@pytest.mark.parametrize(("step", "digest"), list(zip(migrations.STEPS, TAKEN, strict=True)))
def test_a_step_that_hosts_have_taken_stays_as_it_is(step: migrations.Step, digest: str) -> None:
    """Their files have it; what is to change is a further step."""
    assert hashlib.sha256("\n".join(step).encode()).hexdigest().startswith(digest)


async def test_authors_of_an_old_file_are_found(tmp_path: Path) -> None:
    """Their names were tagged in another way."""
    old = made_by(migrations.STEPS[:1], tmp_path / "papers.db")
    values = {
        "key": first_key(date(2024, 3, 5)),
        "arxiv_id": "2403.00001",
        "version": 1,
        "announced_on": "2024-03-05",
        "is_date_estimated": 0,
        "title": "Masked autoencoders",
        "abstract": "Patches.",
        "authors": "Kaiming He\nRoss Girshick",
        "categories": "cs.CV",
        "names": "old tags",
    }
    marks = ", ".join("?" * len(values))
    old.execute(f"INSERT INTO paper ({', '.join(values)}) VALUES ({marks})", list(values.values()))
    index_as_before(old)
    old.close()
    async with open_store(tmp_path / "papers.db") as store:
        for query, count in (('author:"K. He"', 1), ("author:girshick", 1), ("author:old", 0)):
            assert (await store.search.find(parse_query(query))).total == count
        assert await find_stale_indexes(store.database) == []


async def test_listings_are_numbered_as_they_came(tmp_path: Path) -> None:
    """And a subscription knows which were there before it."""
    old = made_by(migrations.STEPS[:1], tmp_path / "papers.db")
    came = [("2024-03-05", "05:30"), ("2024-03-04", "06:00"), ("2024-03-06", "09:00")]
    old.executemany(
        "INSERT INTO listing VALUES ('cs.CV', ?, 'rss', ?, ?)",
        [(day, f"2024-03-06T{at}:00+00:00", f"2024-03-06T{at}:00+00:00") for day, at in came],
    )
    old.execute(
        "INSERT INTO subscription (guild_id, channel_id, categories, announce_types, zone, style, "
        "created_at) VALUES (1, 2, 'cs.CV', 'new', 'UTC', 'cards', '2024-03-06T07:00:00+00:00')"
    )
    old.close()
    async with open_store(tmp_path / "papers.db") as store:
        (subscription,) = await store.subscriptions.list_subscriptions()
        listings = await store.digests.listings_since(date(2024, 3, 1))
        numbers = {str(day): times.number for (_, day), times in listings.items()}
        assert numbers == {"2024-03-05": 1, "2024-03-04": 2, "2024-03-06": 3}
        assert subscription.starts_after == 2
        assert subscription.begins == (("cs.CV", date(2024, 3, 5)),)
        listing = make_listing(make_paper(1), announced_on=date(2024, 3, 7))
        await store.papers.add_listing(listing, now=datetime(2024, 3, 7, tzinfo=UTC))
        listings = await store.digests.listings_since(date(2024, 3, 7))
        assert [times.number for times in listings.values()] == [4]


async def test_an_older_digest_keeps_its_look(tmp_path: Path) -> None:
    old = made_by(migrations.STEPS[:8], tmp_path / "papers.db")
    pause(old, 2, None)
    old.close()
    async with open_store(tmp_path / "papers.db") as store:
        (subscription,) = await store.subscriptions.list_subscriptions()
    assert (subscription.style, subscription.top, subscription.cards_up_to) == ("cards", 5, 25)


SHUT = "the bot may not post there: it needs Send Messages and Embed Links"
LOST = (
    "a backup was put back, and what was posted cannot be known: "
    "the bot may not read the channel's history"
)


def pause(old: sqlite3.Connection, channel_id: int, because: str | None) -> None:
    """Write a paused subscription as version 0.2.0 did."""
    old.execute(
        "INSERT INTO subscription (guild_id, channel_id, categories, announce_types, zone, style, "
        "created_at, state, paused_because) "
        "VALUES (1, ?, 'cs.CV', 'new', 'UTC', 'cards', '2024-03-06T07:00:00+00:00', 'paused', ?)",
        (channel_id, because),
    )


async def test_a_digest_that_an_earlier_version_paused_ends_its_pause_as_before(
    tmp_path: Path,
) -> None:
    """It knew the cause by the words of a sentence, which may be others now."""
    old = made_by(migrations.STEPS[:2], tmp_path / "papers.db")
    for channel_id, because in enumerate((SHUT, LOST, "an admin paused it", "a holiday", None)):
        pause(old, channel_id, because)
    old.close()
    async with open_store(tmp_path / "papers.db") as store:
        shut, lost, by_admin, other, bare = await store.subscriptions.list_subscriptions()
    assert [resumes_by_itself(each) for each in (shut, lost, by_admin, other, bare)] == [
        True,
        False,
        False,
        False,
        False,
    ]
    assert [may_repeat(each) for each in (shut, lost, by_admin, other, bare)] == [
        False,
        True,
        False,
        False,
        False,
    ]
    assert lost.paused_because == Reason(
        code=ReasonCode.PUT_BACK, because=Reason(code=ReasonCode.HISTORY_HIDDEN)
    )
    assert describe_reason(other) == "a holiday"


async def test_reasons_of_an_old_outbox_become_codes(tmp_path: Path) -> None:
    """Those of the messages and of each step that they took; all of them are still shown."""
    old = made_by(migrations.STEPS[:2], tmp_path / "papers.db")
    reasons = ["429, rate limited", SHUT, "something else entirely"]
    for part, reason in enumerate(reasons, start=1):
        old.execute(
            "INSERT INTO delivery (subscription_id, guild_id, channel_id, announced_on, part, key, "
            "nonce, payload, payload_sha256, state, not_before, planned_at, changed_at, told_at) "
            "VALUES (1, 1, 2, '2024-03-05', ?, ?, ?, '{}', 'x', 'planned', ?, ?, ?, ?)",
            (part, f"key {part}", f"nonce {part}", *[NOW.isoformat()] * 4),
        )
        old.execute(
            "UPDATE delivery SET state = 'failed', reason = ? WHERE part = ?", (reason, part)
        )
    old.close()
    async with open_store(tmp_path / "papers.db") as store:
        records = await store.outbox.list_deliveries(2)
        assert [each.reason for each in records] == [
            Reason(code=ReasonCode.RATE_LIMITED, status=429),
            Reason(code=ReasonCode.MAY_NOT_POST),
            Reason(code=ReasonCode.OTHER, text="something else entirely"),
        ]
        for record in records:
            first, second = await store.outbox.list_history(record.id)
            assert (first.reason, second.reason) == (None, record.reason)
        assert [each.style for each in records] == ["cards"] * 3
        assert await store.troubles.list_unnotified() == []
        # And the triggers go on writing the history.
        assert await store.troubles.post_again(records[0].id, NOW)
        last = (await store.outbox.list_history(records[0].id))[-1]
        assert last.reason == Reason(code=ReasonCode.POSTED_AGAIN)


FEED_AT, PAGE_AT = "2024-03-05T05:10:00+00:00", "2024-03-05T07:30:00+00:00"

SENTENCES = {
    "no announcement on this day": "no announcement on this day",
    "no announcement on this day; the feed carried the listing of 2024-03-08": (
        "the feed carries the listing of Fri, 8 Mar 2024"
    ),
    "no announcement on this day; the feed repeats an earlier one": (
        "the feed repeats an earlier day under this date"
    ),
    "the catchup is empty on a day that should have a listing": (
        "the listing page is empty on a day that should have a listing"
    ),
    "feed and catch-up page are empty: taken for a holiday": (
        "feed and listing page are empty: assumed to be a holiday"
    ),
    "the feed repeats an earlier day under this date; the catch-up page has none: taken for a "
    "holiday": "feed and listing page are empty: assumed to be a holiday",
    "may repeat 2024-03-04, which is not known yet": (
        "it may be the listing of Mon, 4 Mar 2024; the listing page will settle that"
    ),
    "surfaced under the date 2024-03-09": "it surfaced under the date Sat, 9 Mar 2024",
    "the answer was not the whole listing": "the answer was not the whole listing",
    "5 papers where about 300 are usual: read again": (
        "5 papers, where about 300 are usual: it is read again"
    ),
    "complete after: complete after: arXiv answered with HTTP 503.": (
        "arXiv answered with HTTP 503"
    ),
    "arXiv answered with HTTP 403; set arxiv.contact, so that arXiv knows whom to ask.": (
        "arXiv refuses the request (HTTP 403)"
    ),
    "arXiv did not answer within 60 seconds.": "arXiv did not answer within 60 seconds",
    "arXiv could not be reached (Connection refused).": (
        "arXiv could not be reached (Connection refused)"
    ),
    "arXiv asked us to stay away for 60 more seconds.": ("arXiv asked us to wait 60 more seconds"),
    "never asked": "the bot was not running",
    "a sentence of a version {nobody} knows.": "a sentence of a version {nobody} knows",
    "": "",
}


async def test_what_an_earlier_version_planned_goes_into_its_channel(tmp_path: Path) -> None:
    """In its order, with no thread; and its digest has none."""
    old = made_by(migrations.STEPS[:5], tmp_path / "papers.db")
    pause(old, 2, None)
    old.execute("UPDATE subscription SET state = 'active'")
    for part in (1, 2):
        old.execute(
            "INSERT INTO delivery (subscription_id, guild_id, channel_id, announced_on, part, key, "
            "nonce, payload, payload_sha256, state, not_before, planned_at, changed_at) "
            "VALUES (1, 1, 2, '2024-03-05', ?, ?, ?, '{}', 'x', 'planned', ?, ?, ?)",
            (part, f"key {part}", f"nonce {part}", *[NOW.isoformat()] * 3),
        )
    old.close()
    async with open_store(tmp_path / "papers.db") as store:
        (subscription,) = await store.subscriptions.list_subscriptions()
        assert (subscription.place, subscription.ping_role) == (Place.CHANNEL, None)
        record = await store.outbox.claim(2, NOW)
        assert record is not None
        assert (record.part, record.place, record.starter_id) == (1, Place.CHANNEL, None)
        assert record.has_next
        await store.outbox.mark_sent(record.id, 77, NOW)
        posted = (await store.outbox.list_deliveries(2))[0].posted
        assert posted is not None
        assert posted.url == "https://discord.com/channels/1/2/77"


async def test_what_an_earlier_version_posted_is_of_a_day(tmp_path: Path) -> None:
    """Its papers stay posted there; in a digest of each week they may come once more."""
    old = made_by(migrations.STEPS[:18], tmp_path / "papers.db")
    pause(old, 2, None)
    old.execute(
        "INSERT INTO delivery (id, subscription_id, guild_id, channel_id, announced_on, part, key, "
        "nonce, payload, payload_sha256, state, not_before, planned_at, changed_at) "
        "VALUES (7, 1, 1, 2, '2024-03-05', 1, 'k', 'n', '{}', 'x', 'planned', ?, ?, ?)",
        [NOW.isoformat()] * 3,
    )
    old.execute("INSERT INTO delivered_paper VALUES (2, '2403.00001', 2, 7)")
    old.execute("INSERT INTO digest VALUES (2, '2024-03-05', ?, 9, 1, 3, NULL)", [NOW.isoformat()])
    old.close()
    async with open_store(tmp_path / "papers.db") as store:
        (subscription,) = await store.subscriptions.list_subscriptions()
        assert (subscription.cadences, subscription.cap) == ((Cadence.DAY,), 0)
        ids = [ArxivId("2403.00001")]
        assert await store.outbox.delivered_versions(2, ids) == {ids[0]: 2}
        assert await store.outbox.delivered_versions(2, ids, Cadence.WEEK) == {}
        assert await store.outbox.find_offered(ids) == {}
        (record,) = (await store.digests.list_of([2], date(2024, 3, 1))).values()
        assert (record.announced, record.matching, record.planned) == (9, 3, 1)


async def test_what_was_stored_in_words_about_listings_is_said_as_before(tmp_path: Path) -> None:
    """Sentences become codes; one that is not known is kept and still shown."""
    old = made_by(migrations.STEPS[:2], tmp_path / "papers.db")
    first = date(2024, 3, 5)
    for number, sentence in enumerate(SENTENCES):
        named = str(first + timedelta(days=number))
        old.execute(
            "INSERT INTO intake_day (category, day, verdict, reason, error, papers, failures, "
            "is_confirmed, is_closed) VALUES ('cs.CV', ?, 'stale', ?, '', 3, 0, 0, 0)",
            (named, sentence),
        )
        old.execute(
            "INSERT INTO intake_verdict VALUES ('cs.CV', ?, ?, 'stale', ?)",
            (named, FEED_AT, sentence),
        )
    old.close()
    async with open_store(tmp_path / "papers.db") as store:
        for number, sentence in enumerate(SENTENCES.values()):
            day = first + timedelta(days=number)
            record = await store.intake.get_record("cs.CV", day)
            assert record is not None
            assert say_intake_reason(record.reason) == sentence
            assert (record.verdict, record.papers) == (IntakeVerdict.STALE, 3)
            (step,) = (await store.intake.history(["cs.CV"], day))["cs.CV"]
            assert step.reason == record.reason
            # The same verdict again is no news.
            await store.intake.set_records([record], now=datetime(2024, 3, 6, tzinfo=UTC))
            assert len((await store.intake.history(["cs.CV"], day))["cs.CV"]) == 1


@pytest.mark.parametrize("last", ["feed", "catchup"])
async def test_the_source_that_was_asked_last_is_the_one_that_failed(
    tmp_path: Path, last: str
) -> None:
    old = made_by(migrations.STEPS[:2], tmp_path / "papers.db")
    moments = (FEED_AT, PAGE_AT) if last == "catchup" else (PAGE_AT, FEED_AT)
    old.execute(
        "INSERT INTO intake_day (category, day, verdict, source, reason, error, papers, "
        "feed_asked_at, catchup_asked_at, not_before, held_since, failures, failing_since, "
        "is_confirmed, is_closed, told_at) VALUES ('cs.CV', '2024-03-05', 'failed', NULL, "
        "'arXiv answered with HTTP 503.', 'arXiv answered with HTTP 503.', 0, ?, ?, ?, NULL, 2, "
        "?, 0, 0, NULL)",
        (*moments, "2024-03-05T08:00:00+00:00", FEED_AT),
    )
    old.close()
    async with open_store(tmp_path / "papers.db") as store:
        record = await store.intake.get_record("cs.CV", date(2024, 3, 5))
        assert record is not None
        asked = {source.value: inquiry for source, inquiry in record.inquiries.items()}
        assert {name: each.failures for name, each in asked.items()} == {
            "feed": 2 if last == "feed" else 0,
            "catchup": 2 if last == "catchup" else 0,
        }
        failed = asked[last]
        assert failed.error == IntakeReason(code=IntakeCode.HTTP_STATUS, status=503)
        assert failed.not_before == datetime(2024, 3, 5, 8, tzinfo=UTC)
        assert failed.failing_since == datetime.fromisoformat(FEED_AT)
        (outage,) = await store.intake.list_outages(asked_since=datetime(2024, 3, 1, tzinfo=UTC))
        assert (outage.category, outage.error) == ("cs.CV", failed.error)


@pytest.mark.parametrize("told_at", [FEED_AT, None])
async def test_an_outage_that_the_host_knows_of_is_not_news(
    tmp_path: Path, told_at: str | None
) -> None:
    """The column has another name now."""
    old = made_by(migrations.STEPS[:4], tmp_path / "papers.db")
    old.execute(
        "INSERT INTO intake_day VALUES ('cs.CV', '2024-03-05', 'missed', NULL, NULL, '{}', 0, "
        "NULL, 0, 0, ?1, ?1)",
        (told_at,),
    )
    old.execute(
        "INSERT INTO intake_inquiry VALUES ('cs.CV', '2024-03-05', 'feed', ?1, NULL, 2, ?1, NULL, "
        "'empty', '{}')",
        (FEED_AT,),
    )
    old.close()
    async with open_store(tmp_path / "papers.db") as store:
        (outage,) = await store.intake.list_outages(asked_since=datetime(2024, 3, 1, tzinfo=UTC))
        assert outage.is_notified is (told_at is not None)
        assert len(await store.intake.list_missed_unnotified()) == (told_at is None)


async def test_what_was_missed_before_is_not_told_again(tmp_path: Path) -> None:
    old = made_by(migrations.STEPS[:2], tmp_path / "papers.db")
    old.execute(
        "INSERT INTO intake_day (category, day, verdict, reason, error, papers, failures, "
        "is_confirmed, is_closed) VALUES ('cs.CV', '2024-03-05', 'missed', 'never asked', '', 0, "
        "0, 0, 1)"
    )
    old.close()
    async with open_store(tmp_path / "papers.db") as store:
        assert await store.intake.list_missed_unnotified() == []
        assert len(await store.intake.list_missed(date(2024, 3, 1))) == 1


@pytest.mark.parametrize(("source", "is_record"), [("rss", False), ("catchup", True)])
async def test_a_listing_of_an_old_file_is_arxivs_record_if_its_page_told_of_it(
    tmp_path: Path, source: str, is_record: bool
) -> None:
    old = made_by(migrations.STEPS[:2], tmp_path / "papers.db")
    old.execute(
        "INSERT INTO listing (category, announced_on, source, stored_at, updated_at) "
        "VALUES ('cs.CV', '2024-03-05', ?, ?, ?)",
        (source, FEED_AT, FEED_AT),
    )
    old.close()
    async with open_store(tmp_path / "papers.db") as store:
        day = date(2024, 3, 5)
        around = await store.intake.read_around("cs.CV", day, [], timedelta())
        assert around.listings == {day: NearListing(day=day, papers=0, is_record=is_record)}


async def test_what_an_earlier_version_imported_is_judged_with_the_next_import(
    tmp_path: Path,
) -> None:
    """What the bot had read itself, which has a record, is none of it."""
    old = made_by(migrations.STEPS[:7], tmp_path / "papers.db")
    for day, arxiv_id in (("2024-03-09", "2403.00001"), ("2024-03-07", "2403.00002")):
        old.execute(
            "INSERT INTO paper (key, arxiv_id, version, announced_on, is_date_estimated, title, "
            "abstract, authors, categories, names) VALUES (?, ?, 1, ?, 0, 'A', 'B', '', '', '')",
            (first_key(date.fromisoformat(day)), arxiv_id, day),
        )
        old.execute(
            "INSERT INTO listing (category, announced_on, source, stored_at, updated_at) "
            "VALUES ('cs.CV', ?, 'rss', ?, ?)",
            (day, FEED_AT, FEED_AT),
        )
        old.execute("INSERT INTO announcement VALUES ('cs.CV', ?, 1, ?, 1, 'new')", (day, arxiv_id))
    old.execute(
        "INSERT INTO intake_day (category, day, verdict, details, papers, is_confirmed, is_closed) "
        "VALUES ('cs.CV', '2024-03-07', 'complete', '{}', 1, 1, 1)"
    )
    index_as_before(old)
    old.close()
    async with open_store(tmp_path / "papers.db") as store:
        assert await store.shelf.list_unplaced() == ["cs.CV"]
        (shelved,) = await store.shelf.list_lists("cs.CV")
        assert shelved.listing.announced_on == date(2024, 3, 9)
        assert [each.paper.arxiv_id for each in shelved.listing.announcements] == ["2403.00001"]
        assert shelved.listing.is_complete
        assert list(await store.shelf.list_read("cs.CV")) == [date(2024, 3, 7)]


async def test_where_an_earlier_version_opened_a_discussion_it_is(tmp_path: Path) -> None:
    old = made_by(migrations.STEPS[:19], tmp_path / "papers.db")
    old.execute("INSERT INTO discussion VALUES (1, '2403.00001', 2, 3)")
    old.close()
    async with open_store(tmp_path / "papers.db") as store:
        assert await store.discussions.get(1, ArxivId("2403.00001")) == Discussion(2, 3)


def make_with_digest(steps: Sequence[migrations.Step], path: Path) -> None:
    """Make a file of an earlier version that holds the digest of channel 2."""
    old = made_by(steps, path)
    old.execute(
        "INSERT INTO subscription (id, guild_id, channel_id, categories, announce_types, zone, "
        "style, created_at) VALUES (1, 7, 2, 'cs.CV', 'new', 'UTC', 'list', ?)",
        (NOW.isoformat(),),
    )
    old.close()


async def test_digests_of_an_earlier_version_are_all_of_channels(tmp_path: Path) -> None:
    make_with_digest(migrations.STEPS[:21], tmp_path / "papers.db")
    async with open_store(tmp_path / "papers.db") as store:
        (digest,) = await store.subscriptions.list_subscriptions()
        assert (digest.user_id, digest.place) == (None, Place.CHANNEL)
        assert await store.follows.list_all() == []


async def test_what_is_written_into_a_file_of_an_earlier_version_is_read_again(
    tmp_path: Path,
) -> None:
    make_with_digest(migrations.STEPS[:26], tmp_path / "papers.db")
    async with open_store(tmp_path / "papers.db") as store:
        (before,) = await store.subscriptions.list_subscriptions()
        await store.subscriptions.set_topic(2, "vision", "segmentation")
        (after,) = await store.subscriptions.list_subscriptions()
        assert (before.topics, [each.name for each in after.topics]) == ((), ["vision"])


async def test_people_of_an_earlier_version_were_seen_where_they_kept_something(
    tmp_path: Path,
) -> None:
    old = made_by(migrations.STEPS[:24], tmp_path / "papers.db")
    old.execute("INSERT INTO opinion VALUES (7, 1, '2403.00001', 1, ?)", (NOW.isoformat(),))
    old.close()
    async with open_store(tmp_path / "papers.db") as store:
        assert (await store.people.get_data(1)).seen == []
        await store.presence.gather(NOW.date())
        (seen,) = (await store.people.get_data(1)).seen
        assert (seen.guild_id, seen.seen_on, seen.is_own) == (7, NOW.date(), False)


async def test_papers_that_people_of_an_earlier_version_follow_are_followed(
    tmp_path: Path,
) -> None:
    old = made_by(migrations.STEPS[:25], tmp_path / "papers.db")
    old.execute("INSERT INTO followed_paper VALUES (1, '2403.00001', ?, 0)", (NOW.isoformat(),))
    old.close()
    async with open_store(tmp_path / "papers.db") as store:
        listings = [make_listing(make_paper(1, version=each)) for each in (1, 2)]
        for each in listings:
            await store.papers.add_listing(each, now=NOW)
        (news,) = (await store.follows.list_news([1], 9, NOW.date()))[1]
        assert (news.arxiv_id, news.told) == (ArxivId("2403.00001"), frozenset())


async def test_bodies_of_an_old_file_are_read_and_dropped(tmp_path: Path) -> None:
    """Those that are posted; what waits stays as it is."""
    old = made_by(migrations.STEPS[:27], tmp_path / "papers.db")
    payload = '{"content":"' + "word " * 200 + '"}'
    sha256 = hashlib.sha256(payload.encode()).hexdigest()
    for number, state in enumerate(("sent", "planned"), start=1):
        old.execute(
            "INSERT INTO delivery (id, subscription_id, guild_id, channel_id, announced_on, part, "
            "key, nonce, payload, payload_sha256, state, not_before, planned_at, changed_at, "
            "message_id) VALUES (?1, 1, 1, 2, '2024-03-05', ?1, ?1, ?1, ?2, ?3, ?4, ?5, ?5, ?5, 9)",
            (number, payload, sha256, state, NOW.isoformat(timespec="milliseconds")),
        )
    old.execute(
        "INSERT INTO edit (delivery_id, revision, payload, tried, done, state, not_before, "
        "changed_at) VALUES (1, 3, ?1, ?1, ?1, 'done', ?2, ?2)",
        (payload, NOW.isoformat(timespec="milliseconds")),
    )
    old.close()
    later = NOW + timedelta(days=1)
    async with open_store(tmp_path / "papers.db") as store:
        before = await store.outbox.list_deliveries(2)
        assert [(each.payload, each.is_intact) for each in before] == [(payload, True)] * 2
        await store.old_bodies.drop(later, later)
        after = await store.outbox.list_deliveries(2)
        assert [each.payload for each in after] == ["", payload]
        assert await store.database.read(select_rows, "SELECT * FROM edit") == []
