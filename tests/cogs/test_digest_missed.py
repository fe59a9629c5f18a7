"""`/digest missed`: admins see what the topics left out, and widen one with two presses."""

import simcord

from bot.digest.reading import MISSED_REPORTED
from tests.builders import make_id, make_listing, make_paper
from tests.cogs.replies import is_private, labels, shown
from tests.conftest import World

LISTING = make_listing(
    *(
        make_paper(
            number, title=f"On {'frogs' if number % 5 else 'frogs and toads'}, part {number}"
        )
        for number in range(1, 31)
    ),
    *(make_paper(number, title=f"Other work {number}") for number in range(31, 101)),
)


async def prepare(world: World) -> None:
    subscription = await world.subscribe()
    await world.announce(LISTING)
    await world.store.subscriptions.set_topic(world.channel.id, "frogs", "frog -toad")
    assert subscription.channel_id == world.channel.id


async def ask(world: World, **options: object) -> simcord.InteractionResult:
    result = await world.admin.slash(world.channel, "digest missed", **options)
    assert is_private(result)
    return result


async def test_a_missed_paper_leads_to_a_wider_topic(world: World) -> None:
    await prepare(world)
    now = world.clock.now()
    await world.store.opinions.give(world.guild.id, world.member.id, make_id(5), True, now=now)
    result = await ask(world)
    said = shown(result)
    assert "1 paper that no topic" in said
    assert "On frogs and toads, part 5" in said
    assert "(1 like)" in said
    assert "Catches 1 of these 1; brings 5 other papers in 4 weeks." in said
    assert list(labels(result)) == ["Change frogs"]
    assert result.response is not None
    form = await world.admin.click(result.response, label="Change frogs")
    assert form.modal is not None
    change = await world.admin.submit_modal(form, {"name": "frogs", "query": "frog"})
    assert change.response is not None
    await world.admin.click(change.response, label="Save it")
    (subscription,) = await world.store.subscriptions.list_subscriptions(world.guild.id)
    assert [(each.name, each.query) for each in subscription.topics] == [("frogs", "frog")]
    assert "left out no paper" in shown(await ask(world))


async def test_it_comes_every_week_to_those_who_want_it(world: World) -> None:
    await prepare(world)
    fact = f"{MISSED_REPORTED}{world.channel.id}"
    assert "once a week from now on" in shown(await ask(world, weekly=True))
    assert await world.store.facts.moment(fact) == world.clock.now()
    assert "by myself (any more)" in shown(await ask(world, weekly=False))
    assert await world.store.facts.moment(fact) is None


async def test_without_topics_nothing_is_left_out(world: World) -> None:
    await world.subscribe()
    await world.announce(LISTING)
    assert "has no topics" in shown(await ask(world))
