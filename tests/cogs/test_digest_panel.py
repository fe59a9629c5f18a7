"""`/digest panel`, the form that sets a digest up, and the word on joining a server."""

from types import SimpleNamespace

import discord
import pytest
import simcord

from bot.cogs.digest_panel import ChoiceMenu, make_step
from bot.cogs.digest_send import SendButton
from bot.digest.models import SubscriptionState
from bot.run.client import PaperBot
from bot.ui.panel import PanelAct, PanelChoice, PanelSetting, PanelStep, list_styles
from bot.ui.views import SendDay, make_view
from tests.builders import DAY
from tests.cogs.replies import is_private, labels, shown
from tests.conftest import World

BLANK = {"categories": "cs.CV", "query": "", "time": "", "zone": "", "style": ["auto"]}


async def form(world: World, **values: object) -> simcord.InteractionResult:
    """Open the form by the command and send it."""
    opened = await world.admin.slash(world.channel, "digest setup")
    return await world.admin.submit_modal(opened, BLANK | values)


async def panel(world: World) -> simcord.InteractionResult:
    return await world.admin.slash(world.channel, "digest panel")


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


async def test_the_form_is_filled_in_with_what_is_there(world: World) -> None:
    await world.set_up(time="09:00", zone="Asia/Tokyo", style="list")
    opened = await world.admin.slash(world.channel, "digest setup")
    assert opened.modal is not None
    assert "Asia/Tokyo" in str(opened.modal)
    await world.admin.submit_modal(opened, BLANK | {"style": ["brief"]})
    subscription = await world.store.subscriptions.get_subscription(world.channel.id)
    assert subscription is not None
    assert (subscription.style, subscription.post_at) == ("brief", None)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"categories": " , "}, "Name at least one arXiv category"),
        ({"categories": "**bold** @everyone"}, "is not an arXiv category"),
        ({"categories": "x" * 400}, "is not an arXiv category"),
        ({"time": "25:00"}, "is not a time of day"),
        ({"time": "9", "zone": "<@&123>"}, "is not a time zone"),
        ({"query": "author:"}, "author:"),
    ],
)
async def test_what_a_form_cannot_mean_changes_nothing(
    world: World, values: dict[str, str], said: str
) -> None:
    result = await form(world, **values)
    assert is_private(result)
    assert said in shown(result)
    assert await world.store.subscriptions.list_subscriptions() == []


async def test_a_form_survives_a_restart_and_a_quarter_of_an_hour(world: World) -> None:
    opened = await world.admin.slash(world.channel, "digest setup")
    await world.restart()
    await world.env.advance_time(14 * 60)
    assert "Digest set up" in shown(await world.admin.submit_modal(opened, BLANK))


async def test_a_form_of_one_whose_right_was_taken_changes_nothing(world: World) -> None:
    opened = await world.admin.slash(world.channel, "digest setup")
    world.guild.roles["manager"]._role.permissions = 0
    said = shown(await world.admin.submit_modal(opened, BLANK))
    assert "Only members with the permission Manage Server" in said
    assert await world.store.subscriptions.list_subscriptions() == []


# -- the panel -----------------------------------------------------------------------------------


async def test_the_panel_shows_and_changes_a_digest(world: World) -> None:
    await world.set_up()
    result = await panel(world)
    assert is_private(result)
    assert "Categories: cs.CV" in shown(result).replace("*", "")
    assert "Active, posted as soon as announced" in shown(result).replace("*", "")
    await press(world, result, "Pause")
    assert "Paused" in shown(result)
    subscription = await world.store.subscriptions.get_subscription(world.channel.id)
    assert subscription is not None
    assert subscription.state is SubscriptionState.PAUSED
    await press(world, result, "Resume")
    assert "Resumed" in shown(result)


async def test_a_menu_of_the_panel_changes_one_thing(world: World) -> None:
    await world.set_up(time="09:00")
    result = await panel(world)
    assert result.response is not None
    for setting, value in (("style", "brief"), ("where", "thread-cards")):
        custom_id = f"panel:1:{setting}:{world.channel.id}"
        await world.admin.select(result.response, [value], custom_id=custom_id)
    subscription = await world.store.subscriptions.get_subscription(world.channel.id)
    assert subscription is not None
    assert (subscription.style, subscription.cards_in_thread) == ("brief", True)
    assert subscription.post_at is not None


async def test_a_paused_digest_stays_so_when_something_else_is_changed(world: World) -> None:
    await world.set_up()
    result = await panel(world)
    await press(world, result, "Pause")
    assert result.response is not None
    custom_id = f"panel:1:style:{world.channel.id}"
    await world.admin.select(result.response, ["list"], custom_id=custom_id)
    subscription = await world.store.subscriptions.get_subscription(world.channel.id)
    assert subscription is not None
    assert (subscription.style, subscription.state) == ("list", SubscriptionState.PAUSED)


async def test_a_topic_without_a_digest_opens_the_form_with_its_query(world: World) -> None:
    result = await world.admin.slash(world.channel, "topic add", name="frogs", query="axolotl")
    assert "this server has none yet" in shown(result)
    assert result.response is not None
    opened = await world.admin.click(result.response, label="Set up a digest with it")
    assert "axolotl" in str(opened.modal)
    said = shown(await world.admin.submit_modal(opened, BLANK | {"query": "axolotl"}))
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
    style = PanelChoice(setting=PanelSetting.STYLE, channel_id=channel_id)
    menu = ChoiceMenu(style, list_styles(before[0]))
    message = await there.send(view=make_view([menu]))
    assert "exist" in shown(await mallory.select(message, ["list"]))
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
    assert "Digest set up" in shown(await world.admin.submit_modal(opened, BLANK))
