"""Whole days: the shipped program between a loopback arXiv and a loopback Discord."""

import asyncio
import signal
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bot.arxiv.calendar import announcement_day, is_announcement_day
from bot.store.searches import KEPT_FOR
from tests.fakes import commands
from tests.fakes.arxiv import ArxivServer, Record
from tests.fakes.discord import DiscordServer
from tests.fakes.process import bot_environ, running_bot
from tests.fakes.world import Channel, Guild, User
from tests.stores import open_store
from tests.waiting import skip_before_first_polls, until


def today() -> date:
    """Return arXiv's date of this moment; skips where nothing is announced, or not polled yet."""
    if not is_announcement_day(announcement_day(datetime.now(UTC))):
        pytest.skip("arXiv announces nothing on this date, so a new digest begins on a later one")
    skip_before_first_polls()
    return announcement_day(datetime.now(UTC))


def records(count: int, first: int = 1) -> list[Record]:
    return [
        Record(f"2408.{number:05d}", title=f"Paper {number}", categories=("cs.CV", "cs.LG"))
        for number in range(first, first + count)
    ]


@pytest.fixture
async def arxiv() -> AsyncIterator[ArxivServer]:
    async with ArxivServer() as server:
        yield server


@pytest.fixture
async def discord() -> AsyncIterator[DiscordServer]:
    async with DiscordServer() as server:
        yield server


class Place:
    """A guild with a channel and an admin."""

    def __init__(self, discord: DiscordServer) -> None:
        self.discord = discord
        self.guild: Guild = discord.add_guild()
        self.channel: Channel = discord.add_channel(self.guild, "papers")
        self.admin: User = discord.add_user("ada", is_admin=True)

    async def slash(self, command: str, **options: object) -> str:
        reply = await self.discord.slash(self.guild, self.channel, self.admin, command, **options)
        return str(reply)

    async def set_up(self, **options: object) -> None:
        """Set a digest up and post today's; by itself it begins with the next."""
        await self.slash("digest setup", **{"categories": "cs.CV"} | options)
        await self.slash("digest send")


async def test_a_digest_arrives_once_and_not_again_after_a_restart(
    arxiv: ArxivServer, discord: DiscordServer, tmp_path: Path
) -> None:
    day = today()
    arxiv.publish("cs.CV", day, records(23))
    place = Place(discord)
    environ = bot_environ(tmp_path, arxiv=arxiv, discord=discord)
    async with running_bot(environ) as bot:
        await discord.wait_connected()
        await place.set_up()
        messages = await discord.wait_for_messages(3)
        await bot.ticks()
        assert await bot.stop() == 0, bot.log
    urls = [url for message in messages for url in message.embed_urls]
    assert urls == [f"https://arxiv.org/abs/2408.{number:05d}" for number in range(1, 24)]
    assert "23 announced (" in messages[0].content
    async with running_bot(environ) as bot:
        await discord.wait_connected()
        await bot.ticks()
        assert await bot.stop() == 0, bot.log
    assert len(discord.ledger) == 3
    assert not discord.refusals
    assert discord.command_puts == 1


async def test_a_listing_that_grows_is_followed_by_a_supplement(
    arxiv: ArxivServer, discord: DiscordServer, tmp_path: Path
) -> None:
    """What was posted stays; only the new papers come, and the parts go on counting."""
    day = today()
    arxiv.publish("cs.CV", day, records(3))
    place = Place(discord)
    environ = bot_environ(tmp_path, arxiv=arxiv, discord=discord)
    async with running_bot(environ) as bot:
        await discord.wait_connected()
        await place.set_up()
        await discord.wait_for_messages(1)
        assert await bot.stop() == 0
    arxiv.publish("cs.CV", day, records(5))
    async with running_bot(environ, "fetch", "--category", "cs.CV") as fetch:
        assert await fetch.wait() == 0, fetch.log
    async with running_bot(environ) as bot:
        await discord.wait_connected()
        messages = await discord.wait_for_messages(2)
        await bot.ticks()
    assert [len(message.embed_urls) for message in messages] == [3, 2]
    assert len(discord.ledger) == 2


async def test_a_search_finds_a_posted_paper_and_links_to_its_message(
    arxiv: ArxivServer, discord: DiscordServer, tmp_path: Path
) -> None:
    arxiv.publish("cs.CV", today(), [*records(2), Record("2408.00009", title="Axolotl vision")])
    place = Place(discord)
    environ = bot_environ(tmp_path, arxiv=arxiv, discord=discord)
    async with running_bot(environ):
        await discord.wait_connected()
        await place.set_up()
        [message] = await discord.wait_for_messages(1)

        async def links() -> bool:
            found = await place.slash("paper search", query="axolotls")
            assert "https://arxiv.org/abs/2408.00009" in found
            return f"/{place.channel.id}/{message.message_id}" in found

        await until(links)  # the outcome is noted after the post


async def test_a_paper_in_two_categories_is_posted_once_with_both_named(
    arxiv: ArxivServer, discord: DiscordServer, tmp_path: Path
) -> None:
    day = today()
    arxiv.publish("cs.CV", day, records(3))
    arxiv.publish(
        "cs.LG", day, [Record(f"2408.{number:05d}", "cross") for number in (2, 3)] + records(1, 7)
    )
    place = Place(discord)
    async with running_bot(bot_environ(tmp_path, arxiv=arxiv, discord=discord)) as bot:
        await discord.wait_connected()
        await place.set_up(categories="cs.CV cs.LG")
        await discord.wait_for_messages(1)
        await bot.ticks()
    urls = [url for message in discord.ledger for url in message.embed_urls]
    assert len(urls) == len(set(urls)) == 4


async def test_a_topic_chooses_and_the_digest_names_it(
    arxiv: ArxivServer, discord: DiscordServer, tmp_path: Path
) -> None:
    arxiv.publish("cs.CV", today(), [*records(5), Record("2408.00009", title="Axolotl vision")])
    place = Place(discord)
    environ = bot_environ(tmp_path, arxiv=arxiv, discord=discord)
    async with running_bot(environ):
        await discord.wait_connected()
        await place.slash("digest setup", categories="cs.CV")
        await place.slash("topic add", name="amphibians", query="axolotl OR frog")
        await place.slash("digest send")
        [message] = await discord.wait_for_messages(1)
    assert message.embed_urls == ["https://arxiv.org/abs/2408.00009"]
    assert "6 announced (" in message.content
    assert "amphibians" in str(message.body)


async def test_an_arxiv_that_is_down_delays_the_digest_and_loses_nothing(
    arxiv: ArxivServer, discord: DiscordServer, tmp_path: Path
) -> None:
    environ = bot_environ(tmp_path, arxiv=arxiv, discord=discord)
    day = today()
    arxiv.publish("cs.CV", day, records(2))
    for name in ("FEED_URL", "LISTING_URL"):
        environ[f"PAPER_BOT_ARXIV__{name}"] = "http://127.0.0.1:1"
    place = Place(discord)
    async with running_bot(environ) as bot:
        await discord.wait_connected()
        await place.slash("digest setup", categories="cs.CV")
        await bot.ticks()
        assert await bot.stop() == 0
        assert bot.log.count("listing not fetched") in (1, 2)  # the page is not asked before 02:30
    assert not discord.ledger
    async with open_store(tmp_path / "papers.db") as store:  # as if it had been set up yesterday
        await store.subscriptions.begin_with(place.channel.id, day)
    async with running_bot(
        bot_environ(tmp_path, arxiv=arxiv, discord=discord), "fetch", "--category", "cs.CV"
    ) as fetch:
        assert await fetch.wait() == 0
    async with running_bot(bot_environ(tmp_path, arxiv=arxiv, discord=discord)):
        await discord.wait_for_messages(1)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_the_bot_cleanly(
    arxiv: ArxivServer, discord: DiscordServer, tmp_path: Path, number: signal.Signals
) -> None:
    async with running_bot(bot_environ(tmp_path, arxiv=arxiv, discord=discord)) as bot:
        await discord.wait_connected()
        bot.send_signal(number)
        assert await bot.wait() == 0
        assert "Traceback" not in bot.log


async def test_a_wrong_token_ends_the_bot_with_a_sentence_and_no_secret(
    discord: DiscordServer, tmp_path: Path
) -> None:
    environ = bot_environ(tmp_path, arxiv=None, discord=discord)
    environ["DISCORD_TOKEN"] = wrong = "A" * 24 + "." + "B" * 6 + "." + "C" * 30
    async with running_bot(environ) as bot:
        assert await bot.wait() == 78
    assert "token" in bot.log
    assert wrong not in bot.log
    assert "Traceback" not in bot.log


async def test_a_revoked_token_ends_the_bot(
    arxiv: ArxivServer, discord: DiscordServer, tmp_path: Path
) -> None:
    async with running_bot(bot_environ(tmp_path, arxiv=arxiv, discord=discord)) as bot:
        await discord.wait_connected()
        await discord.revoke_token()
        assert await bot.wait() == 78
    assert discord.token not in bot.log
    assert "Traceback" not in bot.log


async def test_a_discord_that_is_down_at_start_is_waited_for(
    arxiv: ArxivServer, discord: DiscordServer, tmp_path: Path
) -> None:
    environ = bot_environ(tmp_path, arxiv=arxiv, discord=discord)
    await discord.stop_listening()
    async with running_bot(environ) as bot:
        await bot.says("Discord not reached")
        await discord.listen_again()
        await discord.wait_connected()
        assert await bot.stop() == 0


async def test_check_looks_at_everything_and_prints_the_invite_link(
    arxiv: ArxivServer, discord: DiscordServer, tmp_path: Path
) -> None:
    place = Place(discord)
    environ = bot_environ(tmp_path, arxiv=arxiv, discord=discord)
    async with running_bot(environ) as bot:
        await discord.wait_connected()
        await place.slash("digest setup", categories="cs.CV")
        await bot.stop()
    done = await asyncio.to_thread(commands.run, environ, "check", cwd=tmp_path)
    assert done.code == 0, done
    assert "scope=bot" in done.out
    assert f"channel {place.channel.id}" in done.out
    assert discord.token not in done.out + done.err


async def test_a_running_bot_tidies_up_beside_its_work(
    arxiv: ArxivServer, discord: DiscordServer, tmp_path: Path
) -> None:
    environ = bot_environ(tmp_path, arxiv=arxiv, discord=discord)
    long_ago = datetime.now(UTC) - KEPT_FOR - timedelta(days=1)
    async with open_store(tmp_path / "papers.db") as store:
        await store.recent.add(1, "long ago", now=long_ago)
        async with running_bot(environ) as bot:
            await discord.wait_connected()
            await bot.ticks()
            assert await bot.stop() == 0
        assert await store.recent.list_newest(1) == []
    assert "ERROR" not in bot.log
