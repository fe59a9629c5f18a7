"""The option `ping`: which roles an admin may choose, and what is said of the others."""

from collections.abc import Mapping

import discord
import pytest

from tests.builders import make_listing, make_paper
from tests.cogs.replies import is_private, shown
from tests.conftest import World


async def ping_of(world: World) -> int | None:
    subscription = await world.store.subscriptions.get_subscription(world.channel.id)
    assert subscription is not None
    return subscription.ping_role


async def test_a_role_is_pinged_by_the_first_message(world: World) -> None:
    role = world.guild.create_role("readers", mentionable=True)
    said = shown(await world.set_up(ping=str(role.id)))
    assert f"Pings: <@&{role.id}>" in said
    await world.announce()
    await world.admin.slash(world.channel, "digest send")
    contents = [message.content for message in world.channel.history()]
    assert [f"<@&{role.id}>" in content for content in contents] == [True, False, False]
    assert f"Pings: <@&{role.id}>" in shown(await world.admin.slash(world.channel, "digest list"))


@pytest.mark.parametrize("text", ["readers", "@Readers", "<@&{id}>", "{id}", " READERS "])
async def test_a_role_is_read_as_people_name_it(world: World, text: str) -> None:
    role = world.guild.create_role("Readers", mentionable=True)
    await world.set_up(ping=text.format(id=role.id))
    assert await ping_of(world) == role.id


async def test_a_role_stays_until_another_is_named(world: World) -> None:
    role = world.guild.create_role("readers", mentionable=True)
    await world.set_up(ping="readers")
    await world.set_up(categories="cs.LG")
    assert await ping_of(world) == role.id
    said = shown(await world.set_up(ping="nobody"))
    assert "Pings" not in said
    assert await ping_of(world) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("everyone", "Everyone is never pinged; choose a role, or nobody."),
        ("@here", "Everyone is never pinged; choose a role, or nobody."),
        ("@everyone", "Everyone is never pinged; choose a role, or nobody."),
        ("writers", "ping: no role is called so in this server"),
        ("<@&123456789012345678>", "ping: no role is called so in this server"),
        ("twins", "ping: 2 roles are called so in this server"),
        ("closed", "You may not mention @closed, so I don't either."),
    ],
)
async def test_a_role_that_cannot_be_pinged(world: World, text: str, said: str) -> None:
    for name in ("twins", "twins"):
        world.guild.create_role(name, mentionable=True)
    world.guild.create_role("closed")
    result = await world.set_up(ping=text)
    assert said in shown(result)
    assert is_private(result)
    assert await world.store.subscriptions.list_subscriptions() == []


async def test_who_may_mention_all_roles_may_choose_any_that_the_bot_may(world: World) -> None:
    mighty = world.guild.create_role(
        "mighty", permissions=discord.Permissions(manage_guild=True, mention_everyone=True)
    )
    chief = world.guild.add_member(world.env.create_user("carol"), roles=[mighty])
    role = world.guild.create_role("closed")
    bot = world.guild.me
    assert bot is not None
    denied = discord.PermissionOverwrite(mention_everyone=False)
    shy = world.guild.create_text_channel("shy", overwrites={bot: denied})
    options = {"categories": "cs.CV", "ping": "closed"}
    said = shown(await chief.slash(shy, "digest setup", **options))
    assert "I may not mention @closed." in said
    assert "in #shy" in said
    result = await chief.slash(world.channel, "digest setup", **options)
    assert "Digest set up" in shown(result)
    assert await ping_of(world) == role.id


async def test_a_topic_has_a_role_of_its_own(world: World) -> None:
    role = world.guild.create_role("graph people", mentionable=True)
    await world.set_up()
    topic: Mapping[str, str] = {"name": "graphs", "query": "graph"}
    said = shown(await world.admin.slash(world.channel, "topic add", **topic, ping="graph people"))
    assert f"When it matches a paper, <@&{role.id}> is pinged." in said
    await world.admin.slash(world.channel, "topic add", **{**topic, "query": "graphs"})
    subscription = await world.store.subscriptions.get_subscription(world.channel.id)
    assert subscription is not None
    assert [(each.query, each.ping_role) for each in subscription.topics] == [("graphs", role.id)]
    assert f"<@&{role.id}> for graphs" in shown(
        await world.admin.slash(world.channel, "digest list")
    )
    await world.announce(make_listing(make_paper(1, title="Of graphs")))
    await world.admin.slash(world.channel, "digest send")
    assert f"<@&{role.id}>" in world.channel.history()[0].content
    said = shown(await world.admin.slash(world.channel, "topic add", **topic, ping="nobody"))
    assert "is pinged" not in said


@pytest.mark.parametrize("command", ["copy", "move"])
async def test_a_topic_takes_its_role_along_only_where_the_person_may_have_it_pinged(
    world: World, command: str
) -> None:
    """The role could be mentioned by anyone when it was chosen; now only by who may mention all."""
    role = world.guild.create_role("graph people", mentionable=True)
    other = world.guild.create_text_channel("others")
    for channel in (world.channel, other):
        await world.admin.slash(channel, "digest setup", categories="cs.CV")
    for name in ("open", "closed"):
        topic = {"name": name, "query": f"graph {name}", "ping": "graph people"}
        await world.admin.slash(world.channel, "topic add", **topic)
    said = shown(await world.admin.slash(world.channel, f"topic {command}", name="open", to=other))
    assert "pings nobody" not in said
    guild = world.env.bot.get_guild(world.guild.id)
    assert guild is not None
    found = guild.get_role(role.id)
    assert found is not None
    found.mentionable = False
    closed = {"name": "closed", "to": other}
    said = shown(await world.admin.slash(world.channel, f"topic {command}", **closed))
    assert "It pings nobody there. You may not mention @graph people" in said
    subscription = await world.store.subscriptions.get_subscription(other.id)
    assert subscription is not None
    assert [(each.name, each.ping_role) for each in subscription.topics] == [
        ("closed", None),
        ("open", role.id),
    ]


async def test_roles_are_offered_while_typing(world: World) -> None:
    role = world.guild.create_role("Readers", mentionable=True)
    world.guild.create_role("closed")
    offered = await world.admin.autocomplete(
        world.channel, "digest setup", "ping", "read", categories="cs.CV"
    )
    assert [(each["name"], each["value"]) for each in offered] == [("@Readers", str(role.id))]
    offered = await world.admin.autocomplete(
        world.channel, "topic add", "ping", "", name="graphs", query="graph"
    )
    names = [each["name"] for each in offered]
    assert names[0] == "nobody"
    assert "@closed" not in names
    assert "@everyone" not in names


async def test_status_says_that_a_role_may_not_be_mentioned_any_more(world: World) -> None:
    role = world.guild.create_role("readers", mentionable=True)
    bot = world.guild.me
    assert bot is not None
    denied = discord.PermissionOverwrite(mention_everyone=False)
    shy = world.guild.create_text_channel("shy", overwrites={bot: denied})
    await world.set_up(channel=shy, ping=str(role.id))
    guild = world.env.bot.get_guild(world.guild.id)
    assert guild is not None
    found = guild.get_role(role.id)
    assert found is not None
    status = shown(await world.admin.slash(shy, "digest status"))
    assert "may not mention" not in status
    found.mentionable = False
    status = shown(await world.admin.slash(shy, "digest status"))
    assert "I may not mention @readers any more, so it is named but not pinged." in status
