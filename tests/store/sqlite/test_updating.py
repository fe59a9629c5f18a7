"""Files of earlier versions are brought up to date, and those who wait hear how far that got."""

import sqlite3
from datetime import date
from pathlib import Path

import pytest

from bot.errors import DatabaseUnusable
from bot.models import ArxivId
from bot.query.parser import parse_query
from bot.store.keys import first_key
from bot.store.search.renewal import renew_if_small
from bot.store.sqlite import migrations
from bot.store.sqlite.database import open_database
from bot.store.sqlite.maintenance import find_stale_indexes
from bot.store.sqlite.updating import Meter, Updating
from bot.store.store import open_store
from tests.store.sqlite.test_migrations import index_as_before, made_by

RELEASED = {"first": 1, "0.2.0": 12}
"""How many steps the files of released versions had taken, and those of the first hosts."""

PAPERS = 120
ENDLESS = "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT sum(x) FROM n"
TITLE = "Masked autoencoders"


def file_of(path: Path, steps: int, papers: int = PAPERS) -> None:
    """Make a file as a version made it, with papers and a digest that has posted one of them."""
    old = made_by(migrations.STEPS[:steps], path)
    old.execute("PRAGMA journal_mode = WAL")
    old.execute("PRAGMA synchronous = OFF")
    key = first_key(date(2024, 3, 5))
    old.executemany(
        "INSERT INTO paper (key, arxiv_id, version, announced_on, is_date_estimated, title, "
        "abstract, authors, categories, names) "
        f"VALUES (?, ?, 1, '2024-03-05', 0, '{TITLE}', 'Patches.', 'Kaiming He', 'cs.CV', '')",
        [(key + number, f"2403.{number:05d}") for number in range(papers)],
    )
    index_as_before(old)
    old.execute(
        "INSERT INTO subscription (guild_id, channel_id, categories, announce_types, zone, style, "
        "created_at) VALUES (1, 2, 'cs.CV', 'new', 'UTC', 'cards', '2024-03-01T00:00:00+00:00')"
    )
    at = "2024-03-05T01:00:00.000+00:00"
    old.execute(
        "INSERT INTO delivery (subscription_id, guild_id, channel_id, announced_on, part, key, "
        "nonce, payload, payload_sha256, state, not_before, planned_at, changed_at, message_id) "
        "VALUES (1, 1, 2, '2024-03-05', 1, 'k', 'n', '{}', '', 'sent', ?, ?, ?, 7)",
        (at, at, at),
    )
    old.execute(
        "INSERT INTO delivered_paper (channel_id, arxiv_id, version, delivery_id) "
        "VALUES (2, '2403.00000', 1, 1)"
    )
    old.close()


@pytest.mark.parametrize("steps", RELEASED.values(), ids=RELEASED)
async def test_a_file_of_a_released_version_opens_with_all_it_holds(
    tmp_path: Path, steps: int
) -> None:
    path = tmp_path / "papers.db"
    file_of(path, steps)
    async with open_store(path) as store:
        assert await store.papers.count_papers() == PAPERS
        assert (await store.search.find(parse_query('autoencoders author:"K. He"'))).total == PAPERS
        (digest,) = await store.subscriptions.list_subscriptions()
        assert (digest.channel_id, digest.categories) == (2, ("cs.CV",))
        posted = await store.outbox.delivered_versions(2, [ArxivId("2403.00000")])
        assert posted == {"2403.00000": 1}
        assert await find_stale_indexes(store.database) == []


def test_an_old_file_becomes_what_a_new_one_is() -> None:
    assert schema_of(RELEASED["first"]) == schema_of(RELEASED["0.2.0"]) == schema_of(0) != []


def schema_of(steps: int) -> list[tuple[str, ...]]:
    """Return the tables, indexes and columns of a file of so many steps, brought up to date."""
    connection = made_by(migrations.STEPS[:steps], Path(":memory:"))
    migrations.migrate(connection)
    renew_if_small(connection)
    names = "SELECT type, name, tbl_name FROM sqlite_schema ORDER BY 1, 2"
    columns = (
        "SELECT t.name, c.name, c.type FROM sqlite_schema AS t, pragma_table_info(t.name) AS c "
        "WHERE t.type = 'table' ORDER BY 1, 2"
    )
    found = [*connection.execute(names), *connection.execute(columns)]
    connection.close()
    return found


@pytest.mark.parametrize(
    ("statements", "papers", "percents"),
    [
        # A statement for each of three papers counts 4 of 5.
        (["UPDATE paper SET x = f(x)", "SELECT f(1)"], 3, [0, 20, 40, 60, 80, 100]),
        (["SELECT f(1)", "INSERT INTO t (t) VALUES ('rebuild')"], 3, [0, 20, 40, 60, 80, 100]),
        (["SELECT f(1)", "SELECT f(1)"], 3, [0, 50, 100]),
        (["SELECT f(1)"], 0, [0, 100]),
    ],
)
def test_what_goes_through_every_paper_counts_for_each(
    statements: list[str], papers: int, percents: list[int]
) -> None:
    heard: list[int] = []
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE paper (x TEXT)")
    connection.executemany("INSERT INTO paper VALUES (?)", [("x",)] * papers)
    meter = Meter(connection, [statements], heard.append)
    function = meter.counting(str.upper)
    for statement in statements:
        meter.begin(statement)
        for _ in range(3):
            assert function("x") == "X"
        meter.finish()
    connection.close()
    assert heard == percents


async def test_who_waits_hears_of_the_copy_first_and_then_how_far_it_is(tmp_path: Path) -> None:
    heard: list[int | str] = []

    def before(connection: sqlite3.Connection) -> None:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        heard.append(f"version {version}")

    file_of(tmp_path / "papers.db", 1)
    updating = Updating(before=before, report=heard.append)
    async with open_database(tmp_path / "papers.db", updating):
        pass
    first, *percents = heard
    assert first == "version 1"
    numbers = [each for each in percents if isinstance(each, int)]
    assert numbers == sorted(set(numbers))
    assert (numbers[0], numbers[-1]) == (0, 100)


async def test_nobody_waits_for_a_new_file_or_one_that_is_up_to_date(tmp_path: Path) -> None:
    def fail(_: object) -> None:
        raise AssertionError

    for _ in range(2):
        updating = Updating(before=fail, report=fail)
        async with open_database(tmp_path / "papers.db", updating):
            pass


async def test_a_newer_file_is_refused_before_anything_is_copied(tmp_path: Path) -> None:
    newer = (*migrations.STEPS, ("CREATE TABLE more (x TEXT) STRICT",))
    made_by(newer, tmp_path / "papers.db").close()
    heard: list[object] = []
    updating = Updating(before=heard.append, report=heard.append)
    with pytest.raises(DatabaseUnusable, match="a newer version of the bot"):
        async with open_database(tmp_path / "papers.db", updating):
            pass
    assert heard == []
