"""Likes order a brief, say why, never filter, and are shown as words that admins can take back."""

import discord
import simcord

from bot.cogs.digest_taste import TermMenu
from bot.ui.taste import FORGET, REMEMBER, ForgetTerm
from tests.builders import make_id, make_listing, make_paper
from tests.cogs.replies import embed_texts, is_private, labels, shown
from tests.conftest import World

FIELDS = ("Gaussian splatting", *(f"{word} sums" for word in "ABCDEFGHIJKLMNOPQRS"))
DAY_PAPERS = [
    make_paper(
        number,
        title=f"Study {number} of {FIELDS[number % len(FIELDS)]}",
        abstract=f"We improve {FIELDS[number % len(FIELDS)]} with method number {number}.",
        authors=[f"Person {number}"],
    )
    for number in range(1, 41)
]
OLD = make_paper(90, title="On Gaussian splatting", abstract="We do it.", authors=["Eve Other"])


async def prepare(world: World, *, like: bool | None = True) -> None:
    """A day of four fields, and an opinion about an older paper of one of them."""
    await world.set_up(style="brief", top=3)
    rest = [make_paper(number, title=f"Other work {number}") for number in range(41, 81)]
    assert sum("splatting" in paper.title for paper in DAY_PAPERS) == 2
    await world.announce(make_listing(*DAY_PAPERS, *rest, OLD))
    await world.store.opinions.give(
        world.guild.id, world.member.id, OLD.arxiv_id, like, now=world.clock.now()
    )


async def send(world: World) -> list[discord.Message]:
    await world.admin.slash(world.channel, "digest send")
    return list(world.channel.history())


async def ask(world: World) -> simcord.InteractionResult:
    result = await world.admin.slash(world.channel, "digest taste")
    assert is_private(result)
    return result


async def test_papers_like_those_that_are_liked_come_first_and_say_why(world: World) -> None:
    await prepare(world)
    first, *_ = messages = await send(world)
    assert "closest to what people here like first" in first.content
    cards = embed_texts(first.embeds)
    assert cards[0] == "On Gaussian splatting"
    assert sum(text.startswith("Study") and "splatting" in text for text in cards) == 2
    assert any("like a paper that people here liked: Gaussian splatting" in text for text in cards)
    posted = await world.store.outbox.find_messages(
        world.guild.id, [make_id(number) for number in range(1, 81)]
    )
    assert len(posted) == 80
    assert len(messages) > 1


async def test_without_likes_a_brief_is_as_before(world: World) -> None:
    await prepare(world, like=None)
    first, *_ = await send(world)
    assert "in arXiv's order" in first.content
    assert "people here liked" not in "".join(embed_texts(first.embeds))


async def test_what_was_learnt_is_shown_with_its_papers_and_can_be_taken_back(
    world: World,
) -> None:
    await prepare(world)
    result = await ask(world)
    assert "Gaussian splatting: *On Gaussian splatting*" in shown(result).replace("**", "")
    assert result.response is not None
    await world.admin.select(result.response, ["gaussian splat"])
    text = shown(result)
    assert "Forgotten\ngaussian splat" in text
    assert "Gaussian splatting:" not in text.replace("**", "")
    assert labels(result) == {REMEMBER: True}
    await world.admin.click(result.response, label=REMEMBER)
    assert "Forgotten" not in shown(result)


async def test_words_that_are_not_shown_are_counted(world: World) -> None:
    """All of them move papers, so none is left unsaid: some stand there, the others as a number."""
    many = [f"{first}{last} terms" for first in "abcdefgh" for last in ("xone", "xtwo", "xthree")]
    papers = [
        make_paper(number, title=" and ".join(many), abstract="Of it.", authors=["Eve Other"])
        for number in (96, 97, 98)
    ]
    await world.set_up(style="brief", top=3)
    await world.announce(make_listing(*DAY_PAPERS, *papers))
    now = world.clock.now()
    await world.store.opinions.give(world.guild.id, 1, papers[0].arxiv_id, True, now=now)
    taste = await world.store.tastes.get_taste(world.guild.id, world.channel.id, ("cs.CV",))
    assert taste is not None
    up = shown(await ask(world)).partition("Up\n")[2].splitlines()
    (said,) = [line for line in up if line.startswith("… and ")]
    assert int(said.split()[2]) == len(taste.weights) - up.index(said) > 0


async def test_who_takes_a_like_back_takes_its_words_back(world: World) -> None:
    await prepare(world)
    await world.store.people.forget(world.member.id)
    assert "Nobody here has liked or saved" in shown(await ask(world))


async def test_likes_of_other_categories_and_servers_do_not_count(world: World) -> None:
    await prepare(world, like=None)
    other = make_paper(95, title="Gaussian splatting again", categories=["hep-th"])
    await world.announce(make_listing(other, category="hep-th"))
    now = world.clock.now()
    await world.store.opinions.give(world.guild.id, 1, other.arxiv_id, True, now=now)
    await world.store.opinions.give(world.guild.id + 1, 1, OLD.arxiv_id, True, now=now)
    assert "Nobody here has liked or saved" in shown(await ask(world))


async def test_a_member_changes_nothing_with_a_made_up_menu(world: World) -> None:
    await prepare(world)
    channel = world.env.bot.get_channel(world.channel.id)
    assert isinstance(channel, discord.TextChannel)
    options = [discord.SelectOption(label="x", value="gaussian splat")]
    view = discord.ui.View(timeout=None)
    view.add_item(TermMenu(ForgetTerm(channel_id=world.channel.id), options, FORGET))
    message = await channel.send("x", view=view)
    result = await world.member.select(message, ["gaussian splat"])
    assert is_private(result)
    assert "Manage Server" in shown(result)
    assert await world.store.tastes.list_forgotten(world.channel.id) == []
