"""The store as one object: what the rest of the program asks for things remembered."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.store.backup.restored import Restored
from bot.store.departures import Departures
from bot.store.digests import Digests
from bot.store.facts import Facts
from bot.store.follows import Follows
from bot.store.intake_log import IntakeLog
from bot.store.outbox.arrivals import Arrivals
from bot.store.outbox.bodies import Bodies
from bot.store.outbox.edits import Edits
from bot.store.outbox.old_bodies import OldBodies
from bot.store.outbox.once import Once
from bot.store.outbox.outbox import Outbox
from bot.store.outbox.posted import Posted
from bot.store.outbox.troubles import Troubles
from bot.store.papers.papers import Papers
from bot.store.papers.shelf import Shelf
from bot.store.readers.asked import Asked
from bot.store.readers.discussions import Discussions
from bot.store.readers.library import Library
from bot.store.readers.opinions import Opinions
from bot.store.readers.people import People
from bot.store.readers.presence import Presence
from bot.store.readers.received import Received
from bot.store.readers.tastes import Tastes
from bot.store.search.renewal import is_renewing, renew_if_small
from bot.store.search.search import Search
from bot.store.searches import RecentSearches
from bot.store.sqlite.database import open_database
from bot.store.sqlite.executor import Database
from bot.store.sqlite.updating import ALONE, Updating
from bot.store.subscriptions import Subscriptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """One attribute per domain."""

    database: Database
    papers: Papers
    shelf: Shelf
    search: Search
    recent: RecentSearches
    asked: Asked
    library: Library
    opinions: Opinions
    people: People
    presence: Presence
    tastes: Tastes
    received: Received
    discussions: Discussions
    follows: Follows
    subscriptions: Subscriptions
    outbox: Outbox
    once: Once
    edits: Edits
    old_bodies: OldBodies
    posted: Posted
    troubles: Troubles
    arrivals: Arrivals
    restored: Restored
    departures: Departures
    digests: Digests
    intake: IntakeLog
    facts: Facts


@asynccontextmanager
async def open_store(path: Path, updating: Updating = ALONE) -> AsyncIterator[Store]:
    """Open the database at ``path`` and everything in it.

    ``updating`` hears of the update of a file of an earlier version.
    Raises `DatabaseUnusable` or `DatabaseBusy`, each with one sentence.
    """
    async with open_database(path, updating) as database:
        if await database.read(is_renewing):
            await database.write(renew_if_small)
        bodies = Bodies()
        yield Store(
            database=database,
            papers=Papers(database),
            shelf=Shelf(database),
            search=Search(database),
            recent=RecentSearches(database),
            asked=Asked(database),
            library=Library(database),
            opinions=Opinions(database),
            people=People(database),
            presence=Presence(database),
            tastes=Tastes(database),
            received=Received(database),
            discussions=Discussions(database),
            follows=Follows(database),
            subscriptions=Subscriptions(database),
            outbox=Outbox(database, bodies),
            once=Once(database),
            edits=Edits(database),
            old_bodies=OldBodies(database),
            posted=Posted(database),
            troubles=Troubles(database),
            arrivals=Arrivals(database),
            restored=Restored(database),
            departures=Departures(database),
            digests=Digests(database, bodies),
            intake=IntakeLog(database),
            facts=Facts(database),
        )
