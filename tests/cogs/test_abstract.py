"""The menu below a list: anybody reads an abstract privately, now and later."""

import discord
import pytest
import simcord

from bot.cogs.paper import AbstractMenu
from bot.models import LinkKind, Provenance
from bot.ui.views import ReadAbstract, make_view
from tests.builders import DAY, make_id, make_link, make_listing, make_paper
from tests.cogs.replies import is_private, labels, shown
from tests.conftest import World

PAPER = make_paper(
    1,
    title="Axolotl limbs grow again",
    abstract="We watch limbs grow.\n\nThey do.",
    links=[make_link("https://github.com/example/axolotl", LinkKind.CODE)],
)
NEXT = "Next →"


async def post_list(world: World) -> discord.Message:
    await world.set_up(style="list")
    await world.announce(make_listing(PAPER, make_paper(2, title="Why frogs sing")))
    await world.admin.slash(world.channel, "digest send")
    return world.channel.history()[-1]


async def forge(world: World, *values: str) -> discord.Message:
    """Have the bot post a menu with made-up values."""
    channel = world.env.bot.get_channel(world.channel.id)
    assert isinstance(channel, discord.TextChannel)
    options = [discord.SelectOption(label=value[:20], value=value) for value in values]
    return await channel.send("x", view=make_view([AbstractMenu(ReadAbstract(), options)]))


async def read(
    world: World, message: discord.Message, value: str, person: simcord.MemberActor | None = None
) -> simcord.InteractionResult:
    return await (person or world.member).select(message, [value])


async def test_a_member_reads_an_abstract_that_nobody_else_sees(world: World) -> None:
    message = await post_list(world)
    result = await read(world, message, "2403.00001v1")
    assert is_private(result)
    said = shown(result)
    assert "Axolotl limbs grow again" in said
    assert "We watch limbs grow.\n\nThey do." in said
    assert "[PDF](https://arxiv.org/pdf/2403.00001)" in said
    assert "[Code](https://github.com/example/axolotl)" in said
    assert "Similar" in labels(result)


async def test_an_abstract_says_what_became_known_since(world: World) -> None:
    message = await post_list(world)
    page = make_link("https://frogs.example", LinkKind.PROJECT, Provenance.HUGGING_FACE)
    await world.store.papers.add_links(make_id(2), [page])
    await world.store.edits.take_pending(DAY, 10)
    line = "↳ 5 Mar 2024: [Project](https://frogs.example), says Hugging Face"
    assert line in shown(await read(world, message, "2403.00002v1"))
    assert "↳" not in shown(await read(world, message, "2403.00001v1"))
    assert line in shown(await world.member.slash(world.channel, "paper show", paper="2403.00002"))


async def test_everybody_can_read_any_paper_of_an_old_message_after_a_restart(world: World) -> None:
    message = await post_list(world)
    await world.restart()
    for person in (world.member, world.admin):
        assert "Why frogs sing" in shown(await read(world, message, "2403.00002v1", person))
        assert "Axolotl limbs" in shown(await read(world, message, "2403.00001v1", person))


async def test_the_buttons_below_an_abstract_work(world: World) -> None:
    result = await read(world, await post_list(world), "2403.00001v1")
    assert result.response is not None
    similar = await world.member.click(result.response, label="Similar")
    assert "Similar to: Axolotl limbs grow again" in shown(similar)
    assert is_private(similar)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (
            "2403.09999v1",
            "I no longer have 2403.09999; its abstract is at https://arxiv.org/abs/2403.09999.",
        ),
        ("hello", "'hello' is not an arXiv identifier"),
        ("x" * 100, "is not an arXiv identifier"),
        ("2403.00001v1'; DROP TABLE paper", "is not an arXiv identifier"),
    ],
)
async def test_a_forgotten_or_made_up_paper_is_one_private_sentence(
    world: World, value: str, said: str
) -> None:
    await post_list(world)
    result = await read(world, await forge(world, value), value)
    assert is_private(result)
    assert said in shown(result)
    assert "\n" not in shown(result)


async def test_a_preview_has_the_menus_too(world: World) -> None:
    await world.set_up(style="list")
    await world.announce(make_listing(PAPER))
    preview = await world.admin.slash(world.channel, "digest preview")
    assert preview.response is not None
    await world.admin.click(preview.response, label=NEXT)
    result = await world.admin.select(preview.response, ["2403.00001v1"])
    assert is_private(result)
    assert "We watch limbs grow." in shown(result)
