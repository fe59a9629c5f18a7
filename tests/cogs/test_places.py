"""Digests in threads and forums, as an admin sets them up and looks after them."""

import discord
import simcord

from bot.digest.models import Place
from tests.builders import make_id, make_listing, make_papers
from tests.cogs.replies import is_private, shown
from tests.conftest import LISTING, World


async def send(world: World, channel: simcord.ChannelHandle, **options: object) -> str:
    """Set up a digest, announce the day and send it; returns what the admin is told."""
    await world.set_up(channel=channel, **options)
    await world.announce()
    return shown(await world.admin.slash(world.channel, "digest send", channel=channel))


def papers_in(channel: simcord.ChannelHandle) -> list[str]:
    embeds = [embed for message in channel.history() for embed in message.embeds]
    return [embed.title for embed in embeds if embed.title]


async def test_a_digest_in_a_thread(world: World) -> None:
    said = await send(world, world.channel, where="thread")
    assert "25 posted, in 3 messages" in said
    (thread,) = world.channel.threads
    (first,) = [message for message in world.channel.history() if message.embeds]
    assert first.jump_url in said
    titles = [entry.paper.title for entry in LISTING.announcements]
    assert [*papers_in(world.channel), *papers_in(thread)] == titles
    assert thread.name == "cs.CV · Tue, 5 Mar 2024"
    status = shown(await world.admin.slash(world.channel, "digest status"))
    assert "one message in the channel and the rest in its thread" in status
    assert "3 of 3 messages delivered" in status
    assert first.jump_url in status


async def test_the_rest_in_a_thread_can_be_cards(world: World) -> None:
    """The channel gets the digest's style: here half of the papers as a list."""
    listing = make_listing(*make_papers(40))
    await world.set_up(where="thread-cards", style="list")
    said = shown(await world.set_up(categories="cs.CV"))
    assert "one message in the channel and the rest as cards in its thread" in said
    await world.announce(listing)
    await world.admin.slash(world.channel, "digest send")
    (thread,) = world.channel.threads
    titles = [entry.paper.title for entry in listing.announcements]
    (first,) = [message for message in world.channel.history() if message.embeds]
    assert titles[19] in str(first.embeds[0].description)
    assert papers_in(thread) == titles[20:]
    assert "as cards" not in shown(await world.set_up(where="thread"))
    assert "as cards" not in shown(await world.set_up())


async def test_a_command_in_a_thread_is_about_its_channel(world: World) -> None:
    await world.set_up(channel=world.guild.create_text_channel("other"))
    await send(world, world.channel, where="thread")
    (thread,) = world.channel.threads
    said = shown(await world.admin.slash(thread, "digest preview"))
    assert world.channel.mention in said


async def test_a_paper_in_a_thread_is_linked_there(world: World) -> None:
    await send(world, world.channel, where="thread")
    (thread,) = world.channel.threads
    last = thread.history()[-1]
    result = await world.admin.slash(world.channel, "paper show", paper=make_id(25))
    assert last.jump_url in shown(result)
    why = await world.admin.slash(world.channel, "digest why", paper=make_id(25))
    assert last.jump_url in shown(why)


async def test_no_threads_in_a_thread(world: World) -> None:
    await send(world, world.channel, where="thread")
    (thread,) = world.channel.threads
    result = await world.set_up(channel=thread, where="thread")
    assert "is a thread, and Discord makes no threads in threads" in shown(result)
    assert is_private(result)
    assert "Digest set up" in shown(await world.set_up(channel=thread))


async def test_a_digest_in_a_forum_is_one_post_a_day(world: World) -> None:
    forum = world.guild.create_forum_channel("digests")
    said = await send(world, forum)
    (post,) = forum.threads
    assert post.name == "cs.CV · Tue, 5 Mar 2024"
    assert papers_in(post) == [entry.paper.title for entry in LISTING.announcements]
    link = f"https://discord.com/channels/{world.guild.id}/{post.id}/{post.id}"
    assert link in said
    status = shown(await world.admin.slash(post, "digest status", channel=forum))
    assert "one post a day" in status
    assert link in status
    assert "#digests" in status
    assert "posted" in shown(await world.admin.slash(post, "digest list")).lower()
    paused = await world.admin.slash(post, "digest pause")
    assert "Paused" in shown(paused)
    assert "Resumed" in shown(await world.admin.slash(post, "digest resume"))


async def test_a_forum_takes_posts_only_and_a_channel_none(world: World) -> None:
    forum = world.guild.create_forum_channel("digests")
    for where in ("channel", "thread"):
        assert "is a forum, which takes posts only" in shown(
            await world.set_up(channel=forum, where=where)
        )
    assert "is no forum" in shown(await world.set_up(where="forum"))
    assert await world.store.subscriptions.list_subscriptions() == []
    assert "one post a day" in shown(await world.set_up(channel=forum, where="forum"))
    (subscription,) = await world.store.subscriptions.list_subscriptions()
    assert subscription.place is Place.FORUM


async def test_a_forum_that_wants_a_tag_needs_one(world: World) -> None:
    forum = world.guild.create_forum_channel("digests")
    channel = world.env.bot.get_channel(forum.id)
    assert isinstance(channel, discord.ForumChannel)
    channel._flags |= discord.ChannelFlags(require_tag=True).value
    said = shown(await world.set_up(channel=forum, categories="cs.CV, cs.LG"))
    assert (
        "#digests wants a tag on every post, and has none that is named like cs.CV or cs.LG" in said
    )
    assert await world.store.subscriptions.list_subscriptions() == []
