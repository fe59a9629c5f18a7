"""`/bot`: what anybody can ask about the bot."""

from tests.builders import make_listing
from tests.cogs.replies import is_private, shown
from tests.conftest import World


async def test_status_tells_how_fresh_each_followed_category_is(world: World) -> None:
    await world.set_up(categories="cs.CV, cs.LG")
    await world.announce()
    result = await world.member.slash(world.channel, "bot status")
    said = shown(result).replace("*", "")
    assert is_private(result)
    assert "25 papers stored" in said
    assert "cs.CV Computer Vision and Pattern Recognition: Tue, 5 Mar 2024, 25 new" in said
    assert "from the daily feed (RSS)" in said
    assert "cs.LG Machine Learning: no listing yet" in said
    assert f"/{world.channel.id}) (cs.CV, cs.LG): as soon as" in said


async def test_status_speaks_only_of_this_server(world: World) -> None:
    await world.set_up()
    await world.announce(make_listing(category="math.AG"))
    assert "math.AG" not in shown(await world.member.slash(world.channel, "bot status"))


async def test_status_of_a_new_server_says_how_to_start(world: World) -> None:
    assert "/digest setup" in shown(await world.member.slash(world.channel, "bot status"))


async def test_status_answers_in_direct_messages(world: World) -> None:
    await world.announce()
    assert "25" in shown(await world.env.create_user("dora").slash("bot status"))


async def test_help_shows_members_what_they_can_use(world: World) -> None:
    result = await world.member.slash(world.channel, "bot help")
    assert is_private(result)
    assert "/paper search" in shown(result)
    assert "/digest" not in shown(result)
    assert "nerf OR splatting" in shown(result)


async def test_help_and_status_thank_arxiv_in_its_words(world: World) -> None:
    for command in ("bot help", "bot status"):
        said = shown(await world.member.slash(world.channel, command))
        assert "Thank you to arXiv for use of its open access interoperability. This " in said
        assert "or opinions of, arXiv." in said


async def test_help_shows_admins_everything(world: World) -> None:
    said = shown(await world.admin.slash(world.channel, "bot help"))
    for command in world.admin.available_commands(world.channel):
        assert f"</{command}:" in said
