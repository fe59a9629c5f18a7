"""Lists of files belong where the live judge puts them, in whatever order the files come."""

import contextlib
import functools
import random
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zlib import crc32

import pytest

from bot.arxiv.calendar import EASTERN
from bot.arxiv.files import Form, parse_listing, parse_oai_file
from bot.errors import ArxivUnavailable, FileFormatError, InputError
from bot.intake import importing
from bot.intake.ask import Intake
from bot.intake.importing import Imported, Importer, detect_form
from bot.intake.schedule import IntakeRules
from bot.models import (
    ArxivId,
    DayRecord,
    IntakeCode,
    IntakeReason,
    IntakeSource,
    IntakeVerdict,
    Listing,
    Paper,
)
from bot.store.damage import count_damaged
from bot.store.store import Store
from tests.builders import DAY, NOW
from tests.fakes.arxiv_forms import Record, catchup_page, list_page, rss_feed
from tests.fakes.clock import VirtualClock
from tests.indexes import connect
from tests.shared import shared
from tests.stores import open_store

Rows = list[tuple[object, ...]]

TABLES = {
    "announcement": "category, announced_on, arxiv_id, position, version, announce_type",
    "listing": "category, announced_on, source, is_record",
    "paper": "arxiv_id, version, announced_on, is_date_estimated, title, abstract, authors, "
    "categories, is_primary_known, comment, doi, journal_ref, license, submitted_at, "
    "source, filters",
    "paper_link": "arxiv_id, kind, url, provenance, position",
}


def read_all(path: Path) -> dict[str, Rows]:
    """Return what is stored, but for the order in which it came."""
    with closing(connect(path)) as connection:
        for name in ("paper_text", "paper_head", "paper_typed"):
            connection.execute(f"INSERT INTO {name} ({name}, rank) VALUES ('integrity-check', 1)")
        connection.rollback()
        return {
            table: connection.execute(
                f"SELECT {columns} FROM {table} ORDER BY {columns}"
            ).fetchall()
            for table, columns in TABLES.items()
        }


async def imported(path: Path, *commands: Sequence[Path]) -> list[Imported]:
    """Import files into one database, by one command or several."""
    async with open_store(path) as store:
        return [await run(store, command) for command in commands]


async def run(store: Store, files: Iterable[Path], said: list[str] | None = None) -> Imported:
    importer = Importer(store, now=NOW, report=(said if said is not None else []).append)
    return await importer.import_files([(file, detect_form(file)) for file in files])


# --- what the live judge makes of the same lists -----------------------------------------------


class Recorded:
    """An arXiv that shows one list at a time, and nothing else."""

    def __init__(self) -> None:
        self.shown: Listing | None = None

    async def fetch_listing(self, category: str) -> Listing:
        assert self.shown is not None
        return self.shown

    async def fetch_catchup(self, category: str, day: date) -> Listing:
        if self.shown is None or self.shown.source in ("rss", "atom"):
            raise ArxivUnavailable("refused", reason=IntakeReason(code=IntakeCode.REFUSED))
        return self.shown

    async def fetch_estimate(self, category: str, day: date) -> Listing:
        raise ArxivUnavailable("refused", reason=IntakeReason(code=IntakeCode.REFUSED))

    async def fetch_metadata(self, arxiv_ids: Sequence[ArxivId], day: date) -> Sequence[Paper]:
        raise ArxivUnavailable("refused", reason=IntakeReason(code=IntakeCode.REFUSED))


async def live(path: Path, listings: Iterable[Listing], metadata: Sequence[Path] = ()) -> None:
    """Let the bot meet lists as arXiv showed them: a feed on its day, a page when that is over."""
    source = Recorded()
    clock = VirtualClock(datetime(2020, 1, 1, tzinfo=UTC))
    async with open_store(path) as store:
        intake = Intake(store, source, now=clock.now, rules=IntakeRules())
        for listing in sorted(listings, key=_shown_at):
            source.shown = listing
            clock.advance_to(_shown_at(listing)[0])
            if listing.source in ("rss", "atom"):
                for _ in range(2):  # what was held is taken after three hours
                    await intake.fetch(listing.category)
                    clock.advance(timedelta(hours=3, minutes=5))
            else:
                await ask_page(intake, store, listing)
        await run(store, metadata)


def _shown_at(listing: Listing) -> tuple[datetime, str, str]:
    is_feed = listing.source in ("rss", "atom")
    day = listing.announced_on if is_feed else listing.announced_on + timedelta(days=1)
    at = datetime.combine(day, time(9) if is_feed else time(0, 10), tzinfo=EASTERN)
    return at, str(listing.built_at or ""), listing.source


async def ask_page(intake: Intake, store: Store, listing: Listing) -> None:
    category, day = listing.category, listing.announced_on
    record = await store.intake.get_record(category, day)
    await intake._ask(record or DayRecord(category=category, day=day), IntakeSource.CATCHUP)


# --- made files --------------------------------------------------------------------------------

THU, FRI, SAT = DAY + timedelta(days=2), DAY + timedelta(days=3), DAY + timedelta(days=4)
MON, TUE, WED, NEXT_FRI, NEXT_SAT = (DAY + timedelta(days=days) for days in (6, 7, 8, 10, 11))
BEFORE, FIRST = date(2024, 3, 20), date(2024, 3, 21)
HOLIDAY = date(2024, 5, 23)
"""A Thursday without a list: arXiv rests on the evening before."""


def records(first: int, count: int = 6, version: int = 2) -> list[Record]:
    """Make a day's list: new papers, cross-lists and replacements."""
    fresh = [Record(f"2403.{first + number:05d}") for number in range(count)]
    cross = [Record(f"2403.{first + 50:05d}", "cross", categories=("cs.LG", "cs.CV"))]
    return [*fresh, *cross, Record("2402.00001", "replace", version)]


OF = {day: records(100 * number, version=number) for number, day in
      enumerate((DAY, THU, FRI, MON, TUE, WED, NEXT_FRI, BEFORE, FIRST), start=2)}  # fmt: skip


def feed(stamp: date, shown: Sequence[Record]) -> bytes:
    return rss_feed("cs.CV", stamp, shown).encode()


FILES: dict[str, bytes] = {
    "tuesday": feed(DAY, OF[DAY]),
    "thursday": feed(THU, OF[THU]),
    "friday, thursday again": feed(FRI, OF[THU]),
    "saturday, with friday's": feed(SAT, OF[FRI]),
    "sunday, empty": feed(SAT + timedelta(days=1), []),
    "monday": feed(MON, OF[MON]),
    "tuesday, monday again": feed(TUE, OF[MON]),
    "tuesday, the page": catchup_page("cs.CV", TUE, OF[TUE], 0, 2000).encode(),
    "wednesday": feed(WED, OF[WED]),
    "wednesday, a page in part": list_page("cs.CV", WED, OF[WED], 0, 4).encode(),
    "wednesday, some of it": feed(WED, OF[WED][3:5]),
    "friday": feed(NEXT_FRI, OF[NEXT_FRI]),
    "saturday, friday again": feed(NEXT_SAT, OF[NEXT_FRI]),
    "a first day, the day before's": feed(FIRST, OF[BEFORE]),
    "a first day, the page": catchup_page("cs.CV", FIRST, OF[FIRST], 0, 2000).encode(),
    "a holiday": feed(HOLIDAY, OF[NEXT_FRI]),
}


def write(folder: Path, files: dict[str, bytes] = FILES) -> list[Path]:
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in files]


def parse(path: Path) -> Listing:
    return parse_listing(path.read_bytes(), detect_form(path))


def stored_ids(rows: dict[str, Rows], category: str = "cs.CV") -> dict[str, set[object]]:
    found: dict[str, set[object]] = {}
    for name, day, arxiv_id, *_ in rows["announcement"]:
        if name == category:
            found.setdefault(str(day), set()).add(arxiv_id)
    return found


async def test_each_list_is_stored_for_the_day_on_which_it_was_announced(tmp_path: Path) -> None:
    files = write(tmp_path)
    await imported(tmp_path / "papers.db", files)
    rows = read_all(tmp_path / "papers.db")
    assert stored_ids(rows) == {
        str(day): {each.arxiv_id for each in listed} for day, listed in OF.items()
    }
    dates = {arxiv_id: day for arxiv_id, _, day, *_ in rows["paper"]}
    for day, listed in OF.items():
        for each in listed:
            if not each.announce_type.startswith("replace"):
                assert dates[each.arxiv_id] == str(day)


_as_live: dict[str, Rows] = {}


async def read_as_live(folder: Path, files: Iterable[Path]) -> dict[str, Rows]:
    """Return what the live judge makes of all `FILES`, found out once."""
    if not _as_live:
        await live(folder / "live.db", map(parse, files))
        _as_live.update(read_all(folder / "live.db"))
    return _as_live


@pytest.mark.parametrize("seed", range(10))
async def test_any_order_makes_the_store_that_the_live_judge_makes(
    tmp_path: Path, seed: int
) -> None:
    """In one command and in one for each file."""
    files = write(tmp_path)
    expected = await read_as_live(tmp_path, files)
    random.Random(seed).shuffle(files)
    await imported(tmp_path / "one.db", files)
    await imported(tmp_path / "many.db", *([file] for file in files), files[:3])
    assert read_all(tmp_path / "one.db") == expected
    assert read_all(tmp_path / "many.db") == expected


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("read", [2, 5, 9])
async def test_what_the_bot_has_read_itself_is_joined_by_files(
    tmp_path: Path, read: int, seed: int
) -> None:
    """Some lists came while it ran; the files have all."""
    files = write(tmp_path)
    listings = sorted(map(parse, files), key=_shown_at)
    expected = await read_as_live(tmp_path, files)
    await live(tmp_path / "joined.db", listings[:read])
    random.Random(seed).shuffle(files)
    await imported(tmp_path / "joined.db", *([file] for file in files))
    joined = read_all(tmp_path / "joined.db")
    assert stored_ids(joined) == stored_ids(expected)
    assert joined["paper"] == expected["paper"]


# --- what cannot be dated ----------------------------------------------------------------------

UNKNOWN = records(900)
"""A list that is neither of the day whose date it carries nor of the day before."""
PAGES = {
    "thursday": catchup_page("cs.CV", THU, OF[THU], 0, 2000).encode(),
    "friday": catchup_page("cs.CV", FRI, OF[FRI], 0, 2000).encode(),
}


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
async def test_papers_of_unknown_date_are_kept_counted_and_named(
    tmp_path: Path, order: Sequence[int]
) -> None:
    files = write(tmp_path, {**PAGES, "feed of friday": feed(FRI, UNKNOWN)})
    said: list[str] = []
    async with open_store(tmp_path / "papers.db") as store:
        for number in order:
            await run(store, [files[number]])
        outcome = await run(store, [files[2]], said)
        paper = await store.papers.get_paper(ArxivId(UNKNOWN[0].arxiv_id))
    assert (outcome.errors, outcome.uncertain, outcome.undated) == ([], 0, 7)
    _, remark, summary = said
    assert remark == f"{files[2]}: 7 papers of unknown date, which no other list has"
    assert summary.startswith("7 papers of unknown date, stored with an estimate. Import ")
    assert paper is not None
    assert (paper.announced_on, paper.is_date_estimated) == (FRI, True)
    ids = stored_ids(read_all(tmp_path / "papers.db"))
    assert {day: len(found) for day, found in ids.items()} == {str(THU): 8, str(FRI): 8}


async def test_a_list_that_comes_later_dates_them(tmp_path: Path) -> None:
    files = write(
        tmp_path,
        {**PAGES, "late": feed(FRI, UNKNOWN), "wednesday": feed(THU - timedelta(days=1), UNKNOWN)},
    )
    outcomes = await imported(tmp_path / "papers.db", *([file] for file in files), files[2:3])
    assert [outcome.undated for outcome in outcomes] == [0, 0, 7, 0, 0]
    dates = {row[0]: row[2:4] for row in read_all(tmp_path / "papers.db")["paper"]}
    assert dates[UNKNOWN[0].arxiv_id] == (str(THU - timedelta(days=1)), 0)


async def test_a_list_of_a_date_that_nothing_confirms_is_counted_until_something_does(
    tmp_path: Path,
) -> None:
    thursday, friday = write(tmp_path, {"a": feed(THU, OF[THU]), "b": feed(FRI, OF[FRI])})
    page = tmp_path / "page"
    page.write_bytes(PAGES["thursday"])
    outcomes = await imported(tmp_path / "papers.db", [thursday], [friday], [page], [thursday])
    assert [outcome.uncertain for outcome in outcomes] == [1, 0, 0, 0]


WEEK = ("tuesday", "thursday", "friday, thursday again", "saturday, with friday's", "monday")
DAMAGE = {
    "its date": "UPDATE shelf SET stamp = 'some day'",
    "when it was made": "UPDATE shelf SET built_at = 'soon'",
    "its papers": "UPDATE shelf SET entries = 'no JSON'",
    "its papers, other JSON": "UPDATE shelf SET entries = '{}'",
    "a paper": "UPDATE shelf SET entries = replace(entries, '[\"2403.00200\",', '[')",
    "a type of another version": "UPDATE shelf SET entries = replace(entries, '\"new\"', '\"x\"')",
}


@pytest.mark.parametrize("name", DAMAGE)
async def test_row_71_a_damaged_list_stays_where_it_is_and_its_file_mends_it(
    tmp_path: Path, name: str
) -> None:
    """The others are dated as if nothing were wrong, and it is counted."""
    files = write(tmp_path, {each: FILES[each] for each in WEEK})
    await imported(tmp_path / "whole.db", files)
    whole = read_all(tmp_path / "whole.db")
    path = tmp_path / "papers.db"
    await imported(path, files[:-1])
    before = stored_ids(read_all(path))
    with closing(connect(path)) as connection, connection:
        connection.execute(f"{DAMAGE[name]} WHERE stamp = '{DAY}'")
    async with open_store(path) as store:
        assert sum((await count_damaged(store.database, DAY)).values()) == 1
        await run(store, files[-1:])
    assert stored_ids(read_all(path)) == before | {str(MON): stored_ids(whole)[str(MON)]}
    await imported(path, files[:1])
    assert read_all(path) == whole


@pytest.mark.parametrize("table", ["listing", "announcement"])
async def test_row_71_a_damaged_date_of_a_category_does_not_stop_its_files(
    tmp_path: Path, table: str
) -> None:
    files = write(tmp_path, {each: FILES[each] for each in WEEK})
    path = tmp_path / "papers.db"
    await imported(path, files[:-1])
    with closing(connect(path)) as connection, connection:
        connection.execute(
            f"UPDATE {table} SET announced_on = 'some day' WHERE announced_on = '{THU}'"
        )
    await imported(path, files[-1:])
    whole = {str(day): {each.arxiv_id for each in OF[day]} for day in (DAY, THU, FRI, MON)}
    assert stored_ids(read_all(path)).items() >= whole.items()


async def test_row_71_a_paper_that_was_deleted_by_hand_does_not_stop_its_files(
    tmp_path: Path,
) -> None:
    files = write(tmp_path, {each: FILES[each] for each in WEEK})
    path = tmp_path / "papers.db"
    await imported(path, files[:2])
    lost = OF[THU][0].arxiv_id
    with closing(connect(path)) as connection, connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("DELETE FROM announcement WHERE arxiv_id = ?", [lost])
        connection.execute("DELETE FROM paper WHERE arxiv_id = ?", [lost])
    await imported(path, files[3:])
    async with open_store(path) as store:
        for day in (THU, MON):
            listing = await store.papers.get_listing("cs.CV", day)
            assert listing is not None
            ids = {entry.paper.arxiv_id for entry in listing.announcements}
            assert ids == {each.arxiv_id for each in OF[day]} - {lost}


async def test_what_a_killed_command_left_is_dated_by_the_next(tmp_path: Path) -> None:
    other = write(tmp_path, {"other": rss_feed("cs.LG", THU, OF[FRI]).encode()})
    async with open_store(tmp_path / "papers.db") as store:
        await store.shelf.add(parse_listing(feed(SAT, OF[THU]), Form.FEED))
        assert stored_ids(read_all(tmp_path / "papers.db")) == {}
        await run(store, other)
        assert await store.shelf.list_unplaced() == []
    rows = read_all(tmp_path / "papers.db")
    assert stored_ids(rows).keys() == {str(FRI)}
    dates = {row[0]: row[2:4] for row in rows["paper"]}
    assert dates[OF[THU][0].arxiv_id] == (str(FRI), 0)


async def test_a_date_that_was_missed_is_settled_by_a_file(tmp_path: Path) -> None:
    async with open_store(tmp_path / "papers.db") as store:
        missed = DayRecord(category="cs.CV", day=THU, verdict=IntakeVerdict.MISSED, is_closed=True)
        await store.intake.set_records([missed], now=NOW)
        await run(store, write(tmp_path, {"a": feed(THU, OF[THU])}))
        assert await store.intake.list_missed(THU) == []


async def test_the_live_judge_does_not_trust_a_date_that_nothing_confirms(tmp_path: Path) -> None:
    """It may be the list of the day before: then today's stale feed would pass for news."""
    async with open_store(tmp_path / "papers.db") as store:
        await run(store, write(tmp_path, {"a": feed(THU, OF[THU])}))
    await live(tmp_path / "papers.db", [parse_listing(feed(FRI, OF[FRI]), Form.FEED)])
    async with open_store(tmp_path / "papers.db") as store:
        record = await store.intake.get_record("cs.CV", FRI)
        assert record is not None
        assert record.verdict is IntakeVerdict.UNDATED


# --- recordings --------------------------------------------------------------------------------


def recordings() -> list[tuple[Path, Form]]:
    """Return all that can be imported."""
    found = []
    for path in sorted(shared("recordings").rglob("*")):
        if path.is_file():
            try:
                form = detect_form(path)
                if form.is_listing:
                    parse(path)
            except InputError:
                continue
            found.append((path, form))
    return found


async def test_a_late_friday_is_no_saturday(tmp_path: Path) -> None:
    """The feeds of 14, 15 and 16 August 2026: Thursday's, Thursday's again, and Friday's."""
    names = [f"recordings/feeds/rss_fetched_2026-08-{day}-cs-ai.xml" for day in (16, 14, 15)]
    files = list(map(shared, names))
    await imported(tmp_path / "papers.db", *([file] for file in files))
    rows = read_all(tmp_path / "papers.db")
    sizes = {day: len(ids) for day, ids in stored_ids(rows, "cs.AI").items()}
    assert sizes == {"2026-08-13": 306, "2026-08-14": 299}
    dates = [day for _, _, day, is_estimated, *_ in rows["paper"] if not is_estimated]
    assert (dates.count("2026-08-13"), dates.count("2026-08-14")) == (211, 204)
    assert len(dates) == 415


def thinned(listing: Listing, share: int) -> Listing:
    """Keep one paper in ``share``, the same in every list: so they still have papers in common."""
    kept = [
        each for each in listing.announcements if crc32(each.paper.arxiv_id.encode()) % share == 0
    ]
    return replace(listing, announcements=tuple(kept))


def papers_told(metadata: Iterable[Path]) -> Iterator[Paper]:
    for path in metadata:
        with contextlib.suppress(FileFormatError):  # an error's answer, or records in another form
            yield from parse_oai_file(path.read_bytes()).papers


def check_all_came(
    rows: dict[str, Rows], listings: Iterable[Listing], told: Iterable[Paper]
) -> None:
    """Every list is announced in its category, every paper that OAI tells of has its dates."""
    announced = {(category, arxiv_id) for category, _, arxiv_id, *_ in rows["announcement"]}
    papers = {
        row[0]: dict(zip(TABLES["paper"].split(", "), row, strict=True)) for row in rows["paper"]
    }
    listed = {
        (each.category, entry.paper.arxiv_id) for each in listings for entry in each.announcements
    }
    submitted = {paper.arxiv_id: paper.submitted_at for paper in told}
    assert announced == listed
    assert papers.keys() == {arxiv_id for _, arxiv_id in listed} | submitted.keys()
    assert {arxiv_id for arxiv_id, row in papers.items() if row["submitted_at"]} == submitted.keys()


@pytest.mark.slow(14)
@pytest.mark.cpu_limit(600)
@pytest.mark.parametrize(("share", "seeds"), [(1, range(2)), (8, range(2, 20))])
async def test_all_recordings_in_any_order_make_the_store_of_the_live_judge(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, share: int, seeds: Iterable[int]
) -> None:
    """Two orders of all their papers, and many of a part, which computes less.

    Each file is parsed once, however often it is imported: what comes of that is always the same.
    """

    @functools.cache
    def parse_part(content: bytes, form: Form) -> Listing:
        return thinned(parse_listing(content, form), share)

    monkeypatch.setattr(importing, "parse_listing", parse_part)
    monkeypatch.setattr(importing, "parse_oai_file", functools.cache(parse_oai_file))
    found = recordings()
    listings = [parse_part(path.read_bytes(), form) for path, form in found if form.is_listing]
    metadata = [path for path, form in found if not form.is_listing]
    await live(tmp_path / "live.db", listings, metadata)
    expected = read_all(tmp_path / "live.db")
    assert len(expected["announcement"]) > 3000 // share
    told = list(papers_told(metadata))
    assert len(told) > 200
    check_all_came(expected, listings, told)
    files = [path for path, _ in found]
    for seed in seeds:
        dice = random.Random(seed)
        dice.shuffle(files)
        at = dice.randrange(1, len(files))
        await imported(tmp_path / f"{seed}.db", files[:at], files[at:])
        assert read_all(tmp_path / f"{seed}.db") == expected, seed
