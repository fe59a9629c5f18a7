"""One day with a few channels, which the shipped program delivers while it is being killed."""

import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import NamedTuple

from bot.arxiv.calendar import (
    announcement_day,
    is_announcement_day,
    previous_announcement_day,
)
from bot.digest.models import Cadence, DigestOptions, Place, Topic
from bot.models import AnnounceType, ArxivId, Link, LinkKind, Provenance
from bot.store.follows import When
from bot.store.store import Store
from tests.fakes.arxiv import ArxivServer, Record
from tests.fakes.discord import DiscordServer
from tests.fakes.process import BotProcess, bot_environ, running_bot
from tests.fakes.world import Channel
from tests.faults.invariants import Findings, Pair, find_broken
from tests.stores import open_store
from tests.waiting import skip_before_first_polls, until

CATEGORY = "cs.CV"


class Kind(NamedTuple):
    """What a digest is like: its place, the code of its style, how often it comes, and its cap."""

    place: Place
    style: str
    cadences: tuple[Cadence, ...] = (Cadence.DAY,)
    cap: int = 0


CARDS_IN_CHANNEL = Kind(Place.CHANNEL, "cards")


def last_announcement_day(now: datetime) -> date:
    """Return today's date at arXiv; on a weekend or after a holiday the last one with a list."""
    today = announcement_day(now)
    return today if is_announcement_day(today) else previous_announcement_day(today)


class Scenario:
    """A loopback arXiv and Discord, ``channels`` subscriptions and today's listing.

    ``kinds`` are those of the subscriptions, in turn.
    """

    def __init__(
        self,
        folder: Path,
        arxiv: ArxivServer,
        discord: DiscordServer,
        *,
        channels: int,
        papers: int,
        kinds: Sequence[Kind] = (CARDS_IN_CHANNEL,),
        **settings: object,
    ) -> None:
        self.arxiv, self.discord = arxiv, discord
        self.path = folder / "papers.db"
        self.environ = bot_environ(folder, arxiv=arxiv, discord=discord, **settings)
        self.guild = discord.add_guild()
        self.kinds = [kinds[number % len(kinds)] for number in range(channels)]
        self.channels: list[Channel] = [
            self._make(kind.place, f"papers-{number}") for number, kind in enumerate(self.kinds)
        ]
        self.records = [
            Record(f"2408.{number:05d}", title=f"Paper {number}", abstract="We say much. " * 40)
            for number in range(1, papers + 1)
        ]
        self.day = last_announcement_day(datetime.now(UTC))
        arxiv.publish(CATEGORY, self.day, self.records)
        self.log = ""
        self.links: list[str] = []
        """The papers of which a link became known, one for each link."""

    def _make(self, place: Place, name: str) -> Channel:
        if place is Place.DM:
            return self.discord.private_channel(self.discord.add_user(name))
        if place is Place.FORUM:
            return self.discord.add_forum(self.guild, name, tags=[CATEGORY])
        return self.discord.add_channel(self.guild, name)

    @property
    def digests(self) -> int:
        """How many digests there are to be: channels may have one of a day and one of a week."""
        return sum(len(kind.cadences) for kind in self.kinds)

    @property
    def expected(self) -> set[Pair]:
        return {
            Pair(channel.id, record.arxiv_id, cadence)
            for channel, kind in zip(self.channels, self.kinds, strict=True)
            for cadence in kind.cadences
            for record in self.records
        }

    async def subscribe(self) -> None:
        async with open_store(self.path) as store:
            for channel, kind in zip(self.channels, self.kinds, strict=True):
                if channel.recipient is not None:
                    await self._follow(store, channel.recipient.id, channel.id, *kind.cadences)
                    continue
                await store.subscriptions.set_subscription(
                    guild_id=channel.guild_id,
                    channel_id=channel.id,
                    categories=[CATEGORY],
                    announce_types=list(AnnounceType),
                    post_at=None,
                    zone="UTC",
                    style=kind.style,
                    options=DigestOptions(
                        place=kind.place,
                        cap=kind.cap,
                        cadences=kind.cadences,
                        weekday=self.day.weekday(),
                    ),
                    now=datetime.now(UTC),
                )

    async def _follow(self, store: Store, user_id: int, channel_id: int, cadence: Cadence) -> None:
        """Let a person follow what every paper of the day has."""
        when = When(cadence=cadence, weekday=self.day.weekday(), categories=(CATEGORY,))
        before = datetime.combine(self.day, time(), UTC)
        await store.follows.set_up(user_id, channel_id, when, before)
        await store.follows.follow(user_id, Topic(name="everything", query="title:paper"))

    @asynccontextmanager
    async def running(self, **environ: str) -> AsyncIterator[BotProcess]:
        async with running_bot({**self.environ, **environ}) as bot:
            try:
                yield bot
            finally:
                self.log += bot.log

    def states(self) -> list[str]:
        """Return the state of every message; empty before there is a database."""
        if not self.path.exists():
            return []
        connection = sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=5)
        try:
            return [row[0] for row in connection.execute("SELECT state FROM delivery ORDER BY id")]
        except sqlite3.OperationalError:
            return []
        finally:
            connection.close()

    def open_messages(self) -> list[tuple[str, int, str, str | None]]:
        """Return state, attempts, earliest next try and reason of every message not settled."""
        connection = sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=5)
        try:
            return connection.execute(
                "SELECT state, attempts, not_before, reason FROM delivery "
                "WHERE state IN ('planned', 'sending') ORDER BY not_before"
            ).fetchall()
        finally:
            connection.close()

    def is_done(self) -> bool:
        """Whether every message is in a final state, and there are some for each digest."""
        states = self.states()
        return len(states) >= self.digests and not {"planned", "sending"} & set(states)

    def hold(self, channels: Sequence[Channel]) -> None:
        """Pause the digests of these channels."""
        self._set_state(channels, "paused", "paused-by-admin")

    def let_go(self, channels: Sequence[Channel]) -> None:
        """Resume the digests of these channels."""
        self._set_state(channels, "active", None)

    def _set_state(self, channels: Sequence[Channel], state: str, reason: str | None) -> None:
        self.change(
            "UPDATE subscription SET state = ?, paused_because = ? WHERE channel_id = ?",
            [(state, reason, each.id) for each in channels],
        )

    def change(self, sql: str, rows: Sequence[tuple[object, ...]] = ((),)) -> None:
        """Change the database, also while the bot uses it."""
        connection = sqlite3.connect(self.path, timeout=30)
        with connection:
            connection.executemany(sql, rows)
        connection.close()

    async def find_links(self, links: Mapping[str, str]) -> None:
        """Let a link become known of each of these papers, as Hugging Face would tell it."""
        async with open_store(self.path) as store:
            for arxiv_id, url in links.items():
                link = Link(kind=LinkKind.CODE, url=url, provenance=Provenance.HUGGING_FACE)
                await store.papers.add_links(ArxivId(arxiv_id), [link])

    async def finished(self, bot: BotProcess) -> bool:
        """Wait until all is delivered (True) or the process has ended by itself (False)."""
        await until(lambda: bot.has_ended or self.is_done(), lambda: bot.log)
        return self.is_done()

    async def run_to_the_end(self) -> None:
        """Start the bot once more, without crashes, until everything is delivered."""
        async with self.running() as bot:
            await self.discord.wait_connected()
            assert await self.finished(bot), bot.log
            await bot.ticks()  # in which nothing may be posted again
            assert await bot.stop() == 0, bot.log

    def age_claims(self, minutes: int) -> None:
        """Let the bot have been down for a while: Discord has forgotten the nonces."""
        self.change(
            "UPDATE delivery SET claimed_at = strftime('%Y-%m-%dT%H:%M:%f+00:00', "
            "claimed_at, ?) WHERE state = 'sending'",
            [(f"-{minutes} minutes",)],
        )

    def check(self, expected: Sequence[Pair] | set[Pair] | None = None) -> Findings:
        return find_broken(
            self.discord, self.path, self.expected if expected is None else expected, self.log
        )


@asynccontextmanager
async def scenario(
    folder: Path,
    *,
    channels: int = 2,
    papers: int = 12,
    kinds: Sequence[Kind] = (CARDS_IN_CHANNEL,),
    **settings: object,
) -> AsyncIterator[Scenario]:
    skip_before_first_polls()
    async with ArxivServer() as arxiv, DiscordServer() as discord:
        made = Scenario(
            folder, arxiv, discord, channels=channels, papers=papers, kinds=kinds, **settings
        )
        await made.subscribe()
        yield made
