"""The loopback Discord, as unmodified discord.py meets it."""

import gc
from collections.abc import AsyncIterator
from datetime import timedelta

import aiohttp
import discord
import pytest
from aiohttp import ClientWebSocketResponse
from discord import app_commands

from tests.fakes import faults, spec
from tests.fakes.discord import DiscordServer, RateLimits
from tests.fakes.world import (
    CREATE_PUBLIC_THREADS,
    EMBED_LINKS,
    READ_MESSAGE_HISTORY,
    REQUIRES_TAG,
    SEND_MESSAGES,
    Channel,
    Guild,
)
from tests.waiting import until


class Bot(discord.AutoShardedClient):
    """A small bot with one command, one button and one autocompleted option."""

    def __init__(self) -> None:
        super().__init__(
            intents=discord.Intents(guilds=True),
            max_messages=None,
            chunk_guilds_at_startup=False,
            guild_ready_timeout=0.05,
        )
        self.tree = app_commands.CommandTree(self)
        group = app_commands.Group(name="paper", description="Papers")

        @group.command(description="Search")
        async def search(interaction: discord.Interaction, query: str, page: int = 1) -> None:
            await interaction.response.defer()
            view = discord.ui.View()
            view.add_item(More())
            await interaction.followup.send(f"{query} {page}", view=view)

        @search.autocomplete("query")
        async def complete(
            interaction: discord.Interaction, current: str
        ) -> list[app_commands.Choice[str]]:
            return [app_commands.Choice(name=current + "!", value=current)]

        @group.command(description="Say something in private")
        async def whisper(interaction: discord.Interaction, where: discord.TextChannel) -> None:
            await interaction.response.send_message(f"in {where.name}", ephemeral=True)

        self.tree.add_command(group)

    async def setup_hook(self) -> None:
        await self.tree.sync()


class More(discord.ui.Button[discord.ui.View]):
    def __init__(self) -> None:
        super().__init__(label="More", custom_id="more:1")

    async def callback(self, interaction: discord.Interaction) -> None:
        await interaction.response.edit_message(content="page 2", view=None)


@pytest.fixture
async def server() -> AsyncIterator[DiscordServer]:
    async with DiscordServer() as server:
        yield server


@pytest.fixture
def guild(server: DiscordServer) -> Guild:
    return server.add_guild()


@pytest.fixture
def channel(server: DiscordServer, guild: Guild) -> Channel:
    return server.add_channel(guild)


@pytest.fixture
async def bot(server: DiscordServer, channel: Channel) -> AsyncIterator[Bot]:
    bot = Bot()
    async with server.connected(bot):
        yield bot


def target(bot: Bot, channel: Channel) -> discord.PartialMessageable:
    return bot.get_partial_messageable(channel.id, guild_id=channel.guild_id)


async def test_a_bot_connects_and_sees_its_guild(bot: Bot, channel: Channel) -> None:
    found = bot.get_channel(channel.id)
    assert isinstance(found, discord.TextChannel)
    held = found.permissions_for(found.guild.me)
    assert held.send_messages
    assert held.read_message_history
    assert not held.administrator


async def test_a_message_is_in_the_ledger_and_the_history(
    server: DiscordServer, bot: Bot, channel: Channel
) -> None:
    embed = discord.Embed(title="A title", url="https://arxiv.org/abs/2403.00001")
    message = await target(bot, channel).send("hello ", embed=embed, nonce="n1")
    (entry,) = server.ledger
    assert (entry.message_id, entry.channel_id, entry.nonce) == (message.id, channel.id, "n1")
    assert entry.embed_urls == ["https://arxiv.org/abs/2403.00001"]
    (old,) = [each async for each in target(bot, channel).history(limit=5)]
    assert (old.id, old.content, old.embeds[0].title) == (message.id, "hello", "A title")


async def test_a_repeated_nonce_creates_nothing(
    server: DiscordServer, bot: Bot, channel: Channel
) -> None:
    """The earlier message is the answer, even from another channel."""
    other = server.add_channel(server.guilds[channel.guild_id], "elsewhere")
    first = await target(bot, channel).send("one", nonce="same")
    assert (await target(bot, channel).send("one", nonce="same")).id == first.id
    assert (await target(bot, other).send("two", nonce="same")).id == first.id
    assert len(server.ledger) == 1
    server.nonce_window_s = 0
    assert (await target(bot, channel).send("one", nonce="same")).id != first.id


async def test_a_repeated_nonce_of_a_deleted_message_is_unknown(
    server: DiscordServer, bot: Bot, channel: Channel
) -> None:
    message = await target(bot, channel).send("one", nonce="same")
    await server.delete_message(channel, message.id)
    with pytest.raises(discord.NotFound) as caught:
        await target(bot, channel).send("one", nonce="same")
    assert caught.value.code == 10008


async def test_history_pages_and_needs_its_permission(
    server: DiscordServer, bot: Bot, channel: Channel
) -> None:
    """Without the permission the list is empty, not refused."""
    for number in range(130):
        server.post_as(server.bot, channel, {"content": str(number)})
    history = target(bot, channel).history(limit=None, oldest_first=True)
    assert [each.content async for each in history] == [str(n) for n in range(130)]
    after = server.now() - timedelta(hours=1)
    history = target(bot, channel).history(limit=200, after=after)
    assert len([each async for each in history]) == 130
    await server.deny(channel, READ_MESSAGE_HISTORY)
    assert [each async for each in target(bot, channel).history()] == []


@pytest.mark.parametrize(
    ("permission", "code"), [(SEND_MESSAGES, 50013), (EMBED_LINKS, 50013), (1 << 10, 50001)]
)
async def test_a_missing_permission_is_refused(
    server: DiscordServer, bot: Bot, channel: Channel, permission: int, code: int
) -> None:
    await server.deny(channel, permission)
    with pytest.raises(discord.Forbidden) as caught:
        await target(bot, channel).send("x", embed=discord.Embed(title="x"))
    assert caught.value.code == code


async def test_a_deleted_channel_is_unknown(
    server: DiscordServer, bot: Bot, channel: Channel
) -> None:
    await server.delete_channel(channel)
    with pytest.raises(discord.NotFound) as caught:
        await target(bot, channel).send("x")
    assert caught.value.code == 10003


FAULTS = {
    "answer": (faults.answer(503), discord.DiscordServerError),
    "refuse": (faults.refuse(403, 50013), discord.Forbidden),
    "page": (faults.page(200), TypeError),
    "ban": (faults.banned(), discord.HTTPException),
    "close": (faults.close(), aiohttp.ServerDisconnectedError),
    "reset": (faults.reset(), aiohttp.ClientOSError),
    "cut": (faults.cut(), aiohttp.ClientPayloadError),
}


@pytest.mark.parametrize("is_after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("name", FAULTS)
async def test_a_fault_strikes_once_before_or_after_the_effect(
    server: DiscordServer, bot: Bot, channel: Channel, name: str, is_after: bool
) -> None:
    fault, error = FAULTS[name]
    server.inject(fault.once_done() if is_after else fault, channel=channel)
    with pytest.raises(error):
        await target(bot, channel).send("one", nonce="n")
    assert len(server.ledger) == int(is_after)
    await target(bot, channel).send("one", nonce="n")
    assert len(server.ledger) == 1


async def test_a_rate_limit_is_waited_for(
    server: DiscordServer, bot: Bot, channel: Channel
) -> None:
    server.inject(faults.rate_limited(0.2))
    await target(bot, channel).send("one")
    first, second = [call for call in server.calls if call.template == spec.MESSAGES]
    assert second.at_s - first.at_s >= 0.2


async def test_budgets_are_discords_own(bot: Bot, server: DiscordServer, channel: Channel) -> None:
    """discord.py spaces messages by the headers, so that none is refused."""
    server.limits = RateLimits(per_channel=2, window_s=0.3)
    for number in range(5):
        await target(bot, channel).send(str(number))
    assert len([call for call in server.calls if call.template == spec.MESSAGES]) == 5


async def test_a_body_that_discord_refuses_is_refused(
    server: DiscordServer, bot: Bot, channel: Channel
) -> None:
    embeds = [discord.Embed(title="t", description="x" * 3500) for _ in range(2)]
    with pytest.raises(discord.HTTPException) as caught:
        await target(bot, channel).send(embeds=embeds)
    assert (caught.value.status, caught.value.code) == (400, 50035)
    assert "at most 6000" in server.refusals[0]


async def test_the_gateway_resumes_after_a_drop(server: DiscordServer, bot: Bot) -> None:
    server.gateway.connected.clear()
    await server.gateway.drop()
    await server.wait_connected()
    assert (server.gateway.identifies, server.gateway.resumes) == (1, 1)


async def test_a_void_session_is_identified_anew(server: DiscordServer, bot: Bot) -> None:
    bot.before_identify_hook = _no_pause  # type: ignore[method-assign]
    server.gateway.connected.clear()
    await server.gateway.forget_sessions()
    await server.wait_connected()
    assert server.gateway.identifies == 2


async def test_a_client_that_is_closed_while_it_reconnects_leaves_nothing_open(
    server: DiscordServer, guild: Guild
) -> None:
    """Not to be found, unclosed, in the middle of another test."""
    async with server.connected(Bot()):
        server.gateway.is_greeting = False
        await server.gateway.drop()
        await until(lambda: server.gateway.connections == 2)
    sockets = [each for each in gc.get_objects() if isinstance(each, ClientWebSocketResponse)]
    assert [socket for socket in sockets if not socket.closed] == []


async def _no_pause(shard_id: int | None, *, initial: bool = False) -> None:
    """discord.py waits five seconds here."""


async def test_guild_events_reach_the_bot(server: DiscordServer, bot: Bot, guild: Guild) -> None:
    found = bot.get_guild(guild.id)
    assert found is not None
    await server.take_down(guild)
    assert found.unavailable
    await server.welcome(guild)
    assert bot.get_guild(guild.id) is not None
    await server.remove_guild(guild)
    assert bot.get_guild(guild.id) is None


async def test_people_use_commands_and_buttons(
    server: DiscordServer, bot: Bot, guild: Guild, channel: Channel
) -> None:
    ada = server.add_user("ada")
    assert await server.complete(guild, channel, ada, "paper search", query="dif") == ["dif!"]
    reply = await server.slash(guild, channel, ada, "paper search", query="diffusion", page=3)
    assert (reply.content, reply.is_private) == ("diffusion 3", False)
    assert (await server.click(guild, channel, ada, reply, "more")).content == "page 2"
    reply = await server.slash(guild, channel, ada, "paper whisper", where=channel)
    assert (reply.content, reply.is_private) == ("in papers", True)
    assert server.command_puts == 1
    assert server.refusals == []


async def test_a_revoked_token_is_refused_everywhere(
    server: DiscordServer, channel: Channel
) -> None:
    bot = Bot()
    with pytest.raises(discord.ConnectionClosed) as closed:  # noqa: PT012
        async with server.connected(bot):
            await server.revoke_token()
            with pytest.raises(discord.HTTPException) as caught:
                await target(bot, channel).send("x")
            assert caught.value.status == 401
            await until(bot.is_closed)
    assert closed.value.code == 4004


async def test_a_thread_is_made_from_a_message_once(
    server: DiscordServer, bot: Bot, channel: Channel
) -> None:
    """It has the message's identifier, and begins with a message that stands for it."""
    message = await target(bot, channel).send("hello")
    thread = await message.create_thread(name="Today")
    assert (thread.id, thread.parent_id, thread.owner_id) == (message.id, channel.id, server.bot.id)
    with pytest.raises(discord.HTTPException) as refused:
        await message.create_thread(name="Today")
    assert refused.value.code == 160004
    inside = await thread.send("more", nonce="n2")
    shown = [(each.type, each.content) async for each in thread.history()]
    assert shown == [
        (discord.MessageType.default, "more"),
        (discord.MessageType.thread_starter_message, ""),
    ]
    assert [entry.channel_id for entry in server.ledger] == [channel.id, thread.id]
    assert (await thread.send("more", nonce="n2")).id == inside.id
    await server.threads.delete(server.threads.of(channel)[0])
    with pytest.raises(discord.NotFound) as gone:
        await thread.send("more")
    assert gone.value.code == 10003


async def test_a_thread_needs_its_message_and_permissions(
    server: DiscordServer, bot: Bot, channel: Channel
) -> None:
    message = await target(bot, channel).send("hello")
    await server.deny(channel, CREATE_PUBLIC_THREADS)
    with pytest.raises(discord.Forbidden) as refused:
        await message.create_thread(name="Today")
    assert refused.value.code == 50013
    await server.allow(channel, CREATE_PUBLIC_THREADS)
    server.threads.max_active = 0
    with pytest.raises(discord.HTTPException) as too_many:
        await message.create_thread(name="Today")
    assert too_many.value.code == 160006
    await server.delete_message(channel, message.id)
    with pytest.raises(discord.NotFound) as gone:
        await message.create_thread(name="Today")
    assert gone.value.code == 10008


async def test_a_message_opens_an_archived_thread_but_no_locked_one(
    server: DiscordServer, bot: Bot, channel: Channel
) -> None:
    message = await target(bot, channel).send("hello")
    thread = await message.create_thread(name="Today")
    (made,) = server.threads.of(channel)
    await server.threads.archive(made)
    assert [each.id async for each in thread.parent.archived_threads()] == [thread.id]  # type: ignore[union-attr]
    await thread.send("more")
    assert made.archived_at is None
    await server.threads.archive(made, locked=True)
    with pytest.raises(discord.Forbidden) as refused:
        await thread.send("more")
    assert refused.value.code == 160005


async def test_a_post_in_a_forum(server: DiscordServer, guild: Guild) -> None:
    """The thread and its first message have one identifier; a nonce recognises nothing."""
    forum = server.add_forum(guild, tags=["cs.CV"])
    bot = Bot()
    async with server.connected(bot):
        found = bot.get_channel(forum.id)
        assert isinstance(found, discord.ForumChannel)
        (tag,) = found.available_tags
        made = await found.create_thread(name="Today", content="hello", applied_tags=[tag])
        assert made.thread.id == made.message.id
        assert made.thread.applied_tags == [tag]
        assert [entry.channel_id for entry in server.ledger] == [made.thread.id]
        again = await found.create_thread(name="Today", content="hello")
        assert again.thread.id != made.thread.id
        assert [each.id for each in await found.guild.active_threads()] == [
            again.thread.id,
            made.thread.id,
        ]
        forum.flags |= REQUIRES_TAG
        with pytest.raises(discord.HTTPException) as refused:
            await found.create_thread(name="Today", content="hello")
        assert refused.value.code == 40067
        with pytest.raises(discord.HTTPException) as no_text:
            await bot.get_partial_messageable(forum.id).send("hello")
        assert no_text.value.code == 50008
        for thread in server.threads.of(forum):
            await server.threads.archive(thread)
        assert len([each async for each in found.archived_threads(limit=2)]) == 2
        await server.deny(forum, READ_MESSAGE_HISTORY)
        with pytest.raises(discord.Forbidden):
            [each async for each in found.archived_threads()]
