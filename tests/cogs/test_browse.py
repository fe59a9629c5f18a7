"""The newest, a random one, what a channel got, what a server likes: found without a query."""

from datetime import timedelta

import pytest
import simcord

from tests.builders import make_id, make_listing, make_paper
from tests.cogs.replies import is_private, labels, shown
from tests.conftest import World


async def call(world: World, name: str, /, **options: object) -> simcord.InteractionResult:
    return await world.member.slash(world.channel, f"paper {name}", **options)


async def test_the_newest_are_those_of_a_category_or_a_topic(world: World) -> None:
    await world.announce()
    await world.set_up()
    await world.admin.slash(world.channel, "topic add", name="Spread", query="diffusion")
    assert "25 papers** · newest first" in shown(await call(world, "latest"))
    assert "25 papers" in shown(await call(world, "latest", category="cs.*"))
    assert "6 papers" in shown(await call(world, "latest", topic="spread"))
    missing = await call(world, "latest", topic="x")
    assert "There is no topic 'x' in this server" in shown(missing)
    assert is_private(missing)


async def test_any_paper_is_shown_at_random(world: World) -> None:
    assert "I have seen no paper" in shown(await call(world, "random"))
    await world.announce(make_listing(make_paper(1, title="The only one")))
    result = await call(world, "random")
    assert "The only one" in shown(result)
    assert "Save" in labels(result)


async def test_catching_up_shows_what_came_since_and_then_nothing(world: World) -> None:
    await world.set_up()
    await world.admin.slash(world.channel, "topic add", name="Spread", query="diffusion OR graph")
    await world.announce()
    await world.admin.slash(world.channel, "digest send")
    liked = make_id(9)
    await world.store.opinions.give(
        world.guild.id, world.admin.id, liked, True, now=world.clock.now()
    )
    await world.store.library.save(world.member.id, liked, guild_id=None, now=world.clock.now())
    await world.store.library.set_read(world.member.id, liked, is_read=True)
    world.clock.advance(timedelta(minutes=1))
    result = await call(world, "catchup")
    assert is_private(result)
    text = shown(result)
    assert "**25 papers** in" in text
    assert "__Spread__\n**1.** [Graph networks, part 9]" in text
    assert "1 like · read" in text
    assert "Page 1 of 3" in text
    assert result.response is not None
    await world.member.click(result.response, label="Next →")
    assert "**11.**" in shown(result)
    world.clock.advance(timedelta(hours=1))
    assert "Nothing was posted" in shown(await call(world, "catchup"))
    assert "**25 papers**" in shown(await call(world, "catchup", since="2024-03-01"))


@pytest.mark.parametrize("name", ["catchup", "popular"])
async def test_outside_of_servers_there_is_no_channel(world: World, name: str) -> None:
    result = await world.env.create_user("dora").slash(f"paper {name}")
    assert "use it in one" in shown(result)


async def test_popular_is_what_was_liked_and_saved_with_counts_and_no_names(world: World) -> None:
    await world.announce()
    assert "Nobody here has liked" in shown(await call(world, "popular"))
    now = world.clock.now()
    for person in (1, 2):
        await world.store.opinions.give(world.guild.id, person, make_id(3), True, now=now)
    await world.store.library.save(3, make_id(4), guild_id=world.guild.id, now=now)
    old = now - timedelta(days=20)
    await world.store.opinions.give(world.guild.id, 1, make_id(5), True, now=old)
    text = shown(await call(world, "popular"))
    assert text.index("part 3]") < text.index("part 4]")
    assert "2 likes" in text
    assert "1 save" in text
    assert "part 5]" not in text
    assert "part 5]" in shown(await call(world, "popular", period="month"))
