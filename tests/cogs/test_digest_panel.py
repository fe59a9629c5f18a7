"""`/digest panel`, the form that sets a digest up, and the word on joining a server."""

import random
from datetime import time, timedelta
from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest
import simcord
from simcord.components import validate_components

from bot.arxiv.taxonomy import CATEGORIES
from bot.cogs.digest_panel import digest_parts, make_step, topic_page, topic_parts
from bot.cogs.digest_send import SendButton
from bot.digest.health import Ailment, Health
from bot.digest.models import (
    Cadence,
    Place,
    Reason,
    ReasonCode,
    Setting,
    Subscription,
    SubscriptionState,
    Tally,
    Topic,
    Unreadable,
)
from bot.digest.outlook import Outlook
from bot.digest.trial import Trial, TrialDay
from bot.models import AnnounceType
from bot.run.client import PaperBot
from bot.ui.components import make_panel
from bot.ui.digest_status import ChannelStatus
from bot.ui.drafts import key_of
from bot.ui.panel import Checked, PanelAct, PanelStep, ailment_of, by_need
from bot.ui.setup import Newest
from bot.ui.views import SendDay, make_view
from tests.builders import DAY, NOW, make_listing, make_paper, make_subscription
from tests.cogs.modals import filled_in, send_form
from tests.cogs.replies import is_private, labels, shown
from tests.conftest import World
from tests.fakes.spec import message_errors, walk_components

PANEL = 1 << 15
"""The flag of a message of components."""

NEW = {"categories": "cs.CV", "query": "", "time": "", "every": ["day"], "style": "auto"}


async def form(world: World, **values: object) -> simcord.InteractionResult:
    """Open the form by the command and send it."""
    opened = await world.admin.slash(world.channel, "digest setup")
    return await world.admin.submit_modal(opened, NEW | values)


async def panel(world: World) -> simcord.InteractionResult:
    return await world.admin.slash(world.channel, "digest panel")


async def step(
    world: World, result: simcord.InteractionResult, custom_id: str
) -> simcord.InteractionResult:
    assert result.response is not None
    return await world.admin.click(result.response, custom_id=custom_id)


async def topics_of(world: World) -> tuple[Topic, ...]:
    subscription = await world.store.subscriptions.get_subscription(world.channel.id)
    assert subscription is not None
    return subscription.topics


async def press(world: World, result: simcord.InteractionResult, label: str) -> str:
    assert result.response is not None
    return shown(await world.admin.click(result.response, label=label))


# -- the form ------------------------------------------------------------------------------------


async def test_without_options_a_form_asks_and_posts_nothing(world: World) -> None:
    await world.announce()
    result = await form(world, categories="computer vision", query="diffusion", time="9am")
    assert is_private(result)
    said = shown(result).replace("*", "")
    assert "Digest set up" in said
    assert "Today: 25 papers; 6 with your topics" in said
    assert "at 09:00 UTC" in said
    assert {"Preview", "Post today's", "Add a topic", "Change"} <= set(labels(result))
    await world.pipeline.plan_due()
    assert world.channel.history() == []


async def test_of_a_daily_and_weekly_digest_the_day_is_offered(world: World) -> None:
    await world.announce()
    assert "Post today's" in labels(await form(world, every=["day", "week"]))
    shows = await panel(world)
    assert "would get for Tue, 5 Mar 2024" in await press(world, shows, "Preview")
    week = await press(world, shows, "Preview the week")
    assert "would get for the week to Fri, 8 Mar 2024" in week


async def test_the_form_is_filled_in_with_what_is_there(world: World) -> None:
    await world.set_up(time="09:00", zone="Asia/Tokyo", style="list")
    opened = await world.admin.slash(world.channel, "digest setup")
    assert opened.modal is not None
    filled = filled_in(opened.modal)
    assert filled == {
        "categories": "cs.CV", "time": "09:00 Asia/Tokyo", "every": ["day"],
        "weekday": ["Friday"], "style": ["list"],
    }  # fmt: skip
    await send_form(world.admin, opened, opened.modal, {"style": "brief", "time": ""})
    subscription = await world.store.subscriptions.get_subscription(world.channel.id)
    assert subscription is not None
    assert (subscription.style, subscription.post_at) == ("brief", None)


async def test_a_form_sets_up_a_weekly_digest_whose_week_can_be_seen_and_posted(
    world: World,
) -> None:
    await world.announce()
    result = await form(world, every=["week"], query="diffusion")
    said = shown(result).replace("*", "")
    assert "Posted: every Friday as soon as announced" in said
    assert "The week to Fri, 8 Mar 2024: 25 papers; 6 with your topics" in said
    assert {"Preview", "Post the week to Fri, 8 Mar 2024"} <= set(labels(result))
    assert "for the week to Fri, 8 Mar 2024" in await press(world, result, "Preview")
    assert world.channel.history() == []
    await press(world, result, "Post the week to Fri, 8 Mar 2024")
    assert "Diffusion networks, part 4" in str(world.channel.history()[0].embeds[0].title)


# -- the panel -----------------------------------------------------------------------------------


async def test_the_panel_shows_and_changes_a_digest_in_its_place(world: World) -> None:
    await world.set_up()
    result = await panel(world)
    assert is_private(result)
    said = shown(result).replace("*", "")
    for words in ("Digest in <#", "cs.CV Computer Vision", "as soon as announced", "every paper"):
        assert words in said
    await press(world, result, "Pause")
    assert "Paused" in shown(result)
    subscription = await world.store.subscriptions.get_subscription(world.channel.id)
    assert subscription is not None
    assert subscription.state is SubscriptionState.PAUSED
    await press(world, result, "Resume")
    assert "Resumed" in shown(result)
    await press(world, result, "Remove")
    assert "Keep it" in labels(result)
    await press(world, result, "Keep it")
    assert "Kept the digest" in shown(result)
    await press(world, await panel(world), "Remove")
    (kept,) = await world.store.subscriptions.list_subscriptions()
    assert kept.channel_id == world.channel.id


async def test_a_paused_digest_stays_so_when_something_else_is_changed(world: World) -> None:
    await world.set_up()
    result = await panel(world)
    await press(world, result, "Pause")
    opened = await step(world, result, f"change:1:look:{world.channel.id}")
    assert opened.modal is not None
    await send_form(world.admin, opened, opened.modal, {"style": "list"})
    subscription = await world.store.subscriptions.get_subscription(world.channel.id)
    assert subscription is not None
    assert (subscription.style, subscription.state) == ("list", SubscriptionState.PAUSED)


async def test_resuming_asks_first_where_something_may_be_posted_again(world: World) -> None:
    await world.set_up()
    reason = Reason(code=ReasonCode.PUT_BACK)
    await world.store.subscriptions.pause(world.channel.id, reason)
    result = await panel(world)
    await press(world, result, "Resume")
    assert {"Resume it", "Leave it paused"} <= set(labels(result))
    (digest,) = await world.store.subscriptions.list_subscriptions()
    assert digest.state is SubscriptionState.PAUSED


async def test_a_preview_opens_below_the_panel(world: World) -> None:
    await world.set_up()
    await world.announce()
    result = await panel(world)
    assert "25 would be posted" in await press(world, result, "Preview")
    assert "Digest in" in shown(result)


HARD = ("𝔸" * 50, "**b**" * 10, "`c` <@&1> @everyone", "][](http://e.example)", "x" * 50, "-")


def make_hard(rng: random.Random) -> tuple[Subscription, ChannelStatus, Checked]:
    """Make a digest of which everything is as long and as strange as it may be."""
    topics = tuple(
        Topic(
            name=f"{rng.choice(HARD)[:46]} {at}",
            query=" OR ".join([rng.choice(HARD)] * 6)[:300],
            is_paused=rng.random() < 0.3,
        )
        for at in range(rng.choice([0, 1, 25, 26, 50]))
    )
    subscription = Subscription(
        id=1,
        guild_id=10**18,
        channel_id=10**18,
        categories=tuple(rng.sample(sorted(CATEGORIES), rng.choice([0, 1, 50]))),
        topics=topics,
        style=rng.choice(["auto", "brief", "list", "cards", "x" * 40]),
        post_at=rng.choice([None, time(9)]),
        zone=rng.choice(["America/Argentina/ComodRivadavia", "UTC", "Mars/Olympus"]),
        cap=rng.choice([0, 1000]),
        place=rng.choice([*Place]),
        ping_role=10**18,
        cadences=rng.choice([(Cadence.DAY,), (Cadence.DAY, Cadence.WEEK)]),
        created_at=NOW,
        unreadable=(Unreadable(setting=Setting.CATEGORIES, text="y" * 300),) * rng.choice([0, 30]),
    )
    tally = Tally(types={AnnounceType.NEW: 900}, matching=900, before=0, no_topics=False)
    days = tuple(
        TrialDay(day=DAY - timedelta(days=at), tally=tally, posted=()) for at in range(27, -1, -1)
    )
    trial = Trial(topic=Topic(name="a", query="𝔸" * 300), days=days, weeks=4)
    checked = {
        each.name: (
            Health(
                recent=trial, ailment=rng.choice([None, *Ailment]), other="𝔸" * 50, own=9, before=7
            ),
            rng.choice([None, trial]),
        )
        for each in topics
    }
    status = ChannelStatus(
        subscription=subscription,
        channel="#papers",
        outlook=Outlook(day=DAY),
        lacks=["Send Messages in Threads"] * 5,
        hints=["h" * 300] * 5,
    )
    return subscription, status, checked


@pytest.mark.parametrize("seed", range(5))
def test_panels_and_topics_pages_keep_to_what_discord_takes(seed: int) -> None:
    rng = random.Random(seed)
    others = {10**18 + at: "#" + "𝔸" * 100 for at in range(12)}
    tally = Tally(types={}, matching=0, before=0, no_topics=True)
    newest = [Newest(day=DAY, tally=tally, today=DAY, cadence=each) for each in Cadence]
    for _ in range(10):
        subscription, status, checked = make_hard(rng)
        parts = [*digest_parts(status, newest, NOW), *topic_parts(subscription, checked)]
        panels = [make_panel(parts, above="said\n" * 900)]
        for topic in subscription.topics[:2]:
            parts = topic_page(subscription, topic, checked, others)
            panels.append(make_panel(parts, above="said\n" * 900))
        for each in panels:
            components = components_of(each)
            validate_components(components, flags=PANEL)
            assert message_errors({"flags": PANEL, "components": components}) == []


def components_of(view: discord.ui.LayoutView) -> list[dict[str, Any]]:
    return cast(list[dict[str, Any]], view.to_components())  # type: ignore[no-untyped-call]


def test_every_topic_can_be_opened_however_many_there_are() -> None:
    topics = [Topic(name=f"topic {number}", query="x") for number in range(50)]
    view = make_panel(topic_parts(make_subscription(topics=topics), {}))
    menus = [each for each in walk_components(components_of(view)) if "options" in each]
    opened = {option["value"] for menu in menus for option in menu["options"]}
    assert opened == {key_of(each.name) for each in topics}


def test_what_needs_a_look_comes_first_and_has_a_button() -> None:
    rng = random.Random(1)
    subscription, _, checked = make_hard(rng)
    while not {"dead", None} <= {ailment_of(each, checked) for each in subscription.topics}:
        subscription, _, checked = make_hard(rng)
    ordered = by_need(subscription.topics, checked)
    ails = [ailment_of(each, checked) is not None for each in ordered]
    assert ails == sorted(ails, reverse=True)
    view = make_panel(topic_parts(subscription, checked))
    found = [each for each in walk_components(components_of(view)) if "label" in each]
    opened = [each["custom_id"] for each in found if each["label"].startswith("Look at")]
    keys = [key_of(each.name) for each in ordered[: min(4, sum(ails))]]
    assert [each.rpartition(":")[2] for each in opened] == keys


# -- a topic -------------------------------------------------------------------------------------


async def open_topic(world: World, name: str) -> simcord.InteractionResult:
    result = await panel(world)
    assert result.response is not None
    menu = f"topic-menu:1:{world.channel.id}:0"
    await world.admin.select(result.response, [key_of(name)], custom_id=menu)
    return result


async def test_a_topic_is_paused_pinged_and_removed_on_its_page(world: World) -> None:
    role = world.guild.create_role("readers", mentionable=True)
    await world.set_up()
    await world.announce()
    await world.admin.slash(world.channel, "topic add", name="nets", query="diffusion")
    page = await open_topic(world, "nets")
    assert "6 of 25 of Tue, 5 Mar 2024; 6 in the 1 listing" in shown(page)
    assert "matches nothing until" in await press(world, page, "Pause")
    assert page.response is not None
    menu = f"topic-role:1:{world.channel.id}:{key_of('nets')}"
    await world.admin.select(page.response, [role], custom_id=menu)
    assert f"It pings <@&{role.id}> now." in shown(page)
    closed = world.guild.create_role("closed")
    refused = await world.admin.select(page.response, [closed], custom_id=menu)
    assert "You may not mention @closed" in shown(refused)
    (topic,) = await topics_of(world)
    assert topic == Topic(name="nets", query="diffusion", ping_role=role.id, is_paused=True)
    assert "matches papers again" in await press(world, page, "Resume")
    assert "Diffusion networks, part 4" in await press(world, page, "Test")
    await press(world, page, "Back")
    assert "Digest in" in shown(page)
    page = await open_topic(world, "nets")
    assert "Removed the topic **nets**" in await press(world, page, "Remove")
    assert "Digest in" in shown(page)
    assert await topics_of(world) == ()


async def test_a_topic_is_moved_and_copied_by_a_menu(world: World) -> None:
    await world.set_up()
    other = world.guild.create_text_channel("others")
    await world.set_up(channel=other)
    for name in ("one", "two"):
        await world.admin.slash(world.channel, "topic add", name=name, query=f"kind {name}")
    for verb, name in (("copy", "one"), ("move", "two")):
        page = await open_topic(world, name)
        assert page.response is not None
        menu = f"topic-carry:1:{world.channel.id}:{key_of(name)}"
        (ways,) = [
            {option["value"] for option in each["options"]}
            for each in walk_components(page.response.components)
            if each.get("custom_id") == menu
        ]
        assert ways == {f"move:{other.id}", f"copy:{other.id}"}
        await world.admin.select(page.response, [f"{verb}:{other.id}"], custom_id=menu)
        assert f"<#{other.id}>" in shown(page)
    there = await world.store.subscriptions.get_subscription(other.id)
    assert there is not None
    assert [each.name for each in there.topics] == ["one", "two"]
    assert [each.name for each in await topics_of(world)] == ["one"]


async def test_a_topic_of_the_panel_is_changed_in_its_form(world: World) -> None:
    await world.set_up()
    await world.announce()
    await world.admin.slash(world.channel, "topic add", name="nets", query='"part 4"')
    page = await open_topic(world, "nets")
    opened = await step(world, page, f"topic-step:1:change:{world.channel.id}:{key_of('nets')}")
    result = await world.admin.submit_modal(opened, {"name": "nets", "query": '"part 5"'})
    assert "It adds 1, drops 1" in shown(result).replace("*", "")
    await press(world, result, "Save it")
    assert [each.query for each in await topics_of(world)] == ['"part 5"']


async def test_a_dead_topic_is_mended_by_a_press(world: World) -> None:
    """What would do better is tried first, and saved only when that is wanted."""
    await world.set_up()
    for back in range(45):
        day = DAY - timedelta(days=back)
        papers = [make_paper(back * 10 + n, title=f"Diffusion nets {n}") for n in range(3)]
        await world.announce(make_listing(*papers, announced_on=day))
    topic = Topic(name="nets", query="diffusion -nets")
    await world.store.subscriptions.put_topic(world.channel.id, topic, instead_of="")
    result = await panel(world)
    assert "dead" in shown(result)
    await press(world, result, "Look at nets")
    (label,) = [each for each in labels(result) if each.startswith("Try diffusion")]
    better = await press(world, result, label)
    assert "Not saved yet" in better
    assert [each.query for each in await topics_of(world)] == ["diffusion -nets"]


async def test_a_topic_without_a_digest_opens_the_form_with_its_query(world: World) -> None:
    result = await world.admin.slash(world.channel, "topic add", name="frogs", query="axolotl")
    assert "this server has none yet" in shown(result)
    assert result.response is not None
    opened = await world.admin.click(result.response, label="Set up a digest with it")
    assert "axolotl" in str(opened.modal)
    sent = {"categories": "cs.CV", "query": "axolotl", "style": "auto", "channel": [world.channel]}
    said = shown(await world.admin.submit_modal(opened, sent))
    assert "Topics: axolotl" in said.replace("*", "")


# -- who may -------------------------------------------------------------------------------------


async def test_whom_the_server_lets_run_a_command_may_press_its_buttons(world: World) -> None:
    """And nobody else, as soon as that is taken back."""
    world.show_to_all("digest")
    result = await world.member.slash(world.channel, "digest setup", categories="cs.CV")
    assert "Digest set up" in shown(result)
    result = await world.member.slash(world.channel, "digest panel")
    assert result.response is not None
    assert "Paused" in shown(await world.member.click(result.response, label="Pause"))
    bot = world.env.bot
    assert isinstance(bot, PaperBot)
    command = SimpleNamespace(id=bot.command_ids["digest"])
    world.guild.set_command_permissions(command, {world.guild.default_role: False})
    said = shown(await world.member.click(result.response, label="Resume"))
    assert "Only members with the permission Manage Server" in said
    (subscription,) = await world.store.subscriptions.list_subscriptions()
    assert subscription.state is SubscriptionState.PAUSED


async def test_made_up_buttons_do_nothing_to_another_servers_digest(world: World) -> None:
    await world.set_up()
    before = await world.store.subscriptions.list_subscriptions()
    other = world.env.create_guild("Elsewhere")
    manager = other.create_role("manager", permissions=discord.Permissions(manage_guild=True))
    mallory = other.add_member(world.env.create_user("mallory"), roles=[manager])
    room = other.create_text_channel("room")
    channel_id, bot = world.channel.id, world.env.bot
    assert isinstance(bot, PaperBot)
    there = bot.get_channel(room.id)
    assert isinstance(there, discord.TextChannel)
    steps = [PanelStep(act=act, channel_id=channel_id) for act in PanelAct]
    send = SendDay(channel_id=channel_id, day=DAY, is_sure=True)
    buttons = [make_step(each.act, channel_id) for each in steps]
    message = await there.send(view=make_view([*buttons, SendButton(send, "Send")]))
    for custom_id in [*(each.custom_id for each in steps), send.custom_id]:
        clicked = await mallory.click(message, custom_id=custom_id)
        assert "exist" in shown(clicked) or "not there any more" in shown(clicked)
    assert await world.store.subscriptions.list_subscriptions() == before
    assert world.channel.history() == []


@pytest.mark.parametrize(
    "id_", ["digest:1:explode:1", "panel:1:colour:1", "send:1:1:2024-13-01:ask"]
)
async def test_an_altered_id_is_no_button_of_this_bot(world: World, id_: str) -> None:
    bot = world.env.bot
    assert isinstance(bot, PaperBot)
    there = bot.get_channel(world.channel.id)
    assert isinstance(there, discord.TextChannel)
    view = make_view([discord.ui.Button(label="Press", custom_id=id_)])
    message = await there.send(view=view)
    assert "belongs to another version" in shown(await world.admin.click(message, label="Press"))


# -- hello ---------------------------------------------------------------------------------------


async def test_on_joining_one_thing_is_said_once_where_the_bot_may_write(world: World) -> None:
    bot = world.env.bot
    assert isinstance(bot, PaperBot)
    guild = bot.get_guild(world.guild.id)
    assert guild is not None
    await bot.on_guild_join(guild)  # there is no system channel: nothing
    assert world.channel.history() == []
    guild._system_channel_id = world.channel.id
    await bot.on_guild_join(guild)
    await bot.on_guild_join(guild)
    (message,) = world.channel.history()
    assert "Nothing is posted before" in message.content
    said = shown(await world.member.click(message, label="Set up"))
    assert "Only members with the permission Manage Server" in said
    opened = await world.admin.click(message, label="Set up")
    sent = {"categories": "cs.CV", "style": "auto", "channel": [world.channel]}
    assert "Digest set up" in shown(await world.admin.submit_modal(opened, sent))
