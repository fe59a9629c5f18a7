"""`/follow`: what one person follows is sent to that person alone."""

from datetime import timedelta

import discord
import pytest
import simcord

from bot.digest.models import Reason, ReasonCode, SubscriptionState, Topic
from bot.digest.reading import MOST_FOLLOWED
from bot.models import AnnounceType
from bot.ui.follow import FULL, NOTHING, TRY_AGAIN
from tests.builders import DAY, make_id, make_listing, make_paper
from tests.cogs.replies import embed_texts, is_private, labels, shown
from tests.conftest import World

CLOSED = Reason(code=ReasonCode.NO_PRIVATE_MESSAGES, status=403, discord_code=50007)
PAPERS = [
    *(
        make_paper(number, title=f"{'Graph' if number % 4 else 'Diffusion'} {number}")
        for number in range(1, 60)
    ),
    make_paper(60, title="Limbs", authors=["Eve Other"]),
]
LATER = make_listing(
    make_paper(101, title="New diffusion"),
    make_paper(102, title="Eyes", authors=["Eve Other"]),
    (make_paper(4, version=2, title="Diffusion 4"), AnnounceType.REPLACE),
    announced_on=DAY + timedelta(days=1),
)


async def call(
    world: World, name: str, person: simcord.MemberActor | None = None, /, **options: object
) -> simcord.InteractionResult:
    result = await (person or world.member).slash(world.channel, f"follow {name}", **options)
    assert is_private(result)
    return result


async def said(world: World, name: str, /, **options: object) -> str:
    return shown(await call(world, name, None, **options))


@pytest.fixture
async def read(world: World) -> World:
    """A server with a digest of cs.CV, whose list of the day is there."""
    await world.subscribe()
    await world.announce(make_listing(*PAPERS))
    return world


async def deliver(world: World) -> list[discord.Message]:
    """Let the next day come; returns what the member got directly."""
    world.clock.advance(timedelta(days=1))
    await world.announce(LATER)
    await world.pipeline.plan_due()
    world.delivery.wake()
    await world.delivery.run_once()
    return world.member.user.dm_channel.history()


def texts(messages: list[discord.Message]) -> str:
    return "\n".join("\n".join([each.content, *embed_texts(each.embeds)]) for each in messages)


async def test_an_author_and_a_query_are_followed_by_direct_message(read: World) -> None:
    text = await said(read, "add", author="Eve Other")
    assert 'You now follow Eve Other** `author:"Eve Other"`' in text
    assert "1 in the 1 listing that is stored" in text
    assert "directly every day, as soon as announced, from cs.CV" in text
    assert "You now follow diffusion" in await said(read, "add", query="diffusion")
    (message,) = await deliver(read)
    assert message.content.startswith("### Papers that you follow · Wed, 6 Mar 2024")
    text = texts([message])
    assert "New diffusion" in text
    assert "*Eve Other*" in text
    assert make_id(4) not in text  # replacements are news of followed papers alone


async def test_a_followed_paper_tells_of_its_new_version(read: World) -> None:
    assert "new versions, code" in await said(read, "add", paper=make_id(4))
    assert "You follow already" in await said(read, "add", paper=make_id(4))
    (message,) = await deliver(read)
    assert message.content.startswith("**News of papers that you follow**")
    assert "Diffusion 4" in texts([message])
    assert "v2" in texts([message])


async def test_what_a_channel_has_is_left_out_where_the_person_says_so(read: World) -> None:
    text = await said(read, "add", query="diffusion", except_channel=read.channel)
    assert f"What <#{read.channel.id}> gets is left out." in text
    assert await deliver(read) == []
    text = await said(read, "settings", except_channel=read.channel)
    assert "is sent to you as well again" in text


async def test_a_channel_that_is_named_again_stays_left_out(read: World) -> None:
    for query in ("diffusion", "diffusion 8"):
        await call(read, "add", query=query, except_channel=read.channel)
    digest = await read.store.follows.get(read.member.id)
    assert digest is not None
    assert digest.reads == (read.channel.id,)


@pytest.mark.parametrize("is_other_s", [True, False], ids=["another server's", "none"])
async def test_a_channel_without_digest_cannot_be_left_out(read: World, is_other_s: bool) -> None:
    other = read.guild.create_text_channel("random")
    if is_other_s:
        await read.store.subscriptions.set_subscription(
            guild_id=1, channel_id=other.id, categories=["cs.CV"],
            announce_types=[AnnounceType.NEW], post_at=None, zone="UTC", style="list",
            now=read.clock.now(),
        )  # fmt: skip
    text = await said(read, "add", query="diffusion", except_channel=other)
    assert "No digest is posted in #random" in text
    assert await said(read, "list") == NOTHING


async def test_it_works_without_any_server(read: World) -> None:
    dora = read.env.create_user("dora")
    result = await dora.slash("follow add", query="diffusion", time="7:30", zone="Tokyo")
    assert "every day, at 07:30 Asia/Tokyo" in shown(result)
    assert "diffusion" in shown(await dora.slash("follow list"))


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({}, "Name one thing to follow"),
        ({"query": "a", "author": "b"}, "Name one thing to follow"),
        ({"query": "since:nope"}, "since"),
        ({"author": "!!"}, "is not a name"),
        ({"paper": "9912.99999"}, "9912.99999"),
        ({"paper": "nonsense"}, "nonsense"),
        ({"query": "diffusion", "time": "25:00"}, "is not a time of day"),
        ({"query": "diffusion", "zone": "Tokyo"}, "The zone belongs to a time"),
        ({"query": "diffusion", "weekday": "Monday"}, "add every:week"),
        ({"query": "diffusion", "categories": "cs.XX"}, "cs.XX"),
        ({"query": "diffusion", "categories": "math"}, "too many for one person"),
    ],
    ids=lambda value: str(value)[:30],
)
async def test_a_mistake_is_said_and_nothing_is_followed(
    read: World, options: dict[str, object], reason: str
) -> None:
    assert reason in await said(read, "add", **options)
    assert await read.store.follows.get(read.member.id) is None


async def test_nearly_everything_is_followed_only_after_a_question(read: World) -> None:
    result = await call(read, "add", query="graph", every="week", weekday="Monday")
    assert "Not saved yet: graph" in shown(result)
    assert "That is nearly everything" in shown(result)
    assert "Follow it as it is" in labels(result)
    assert (await read.store.people.get_data(read.member.id)).follows is not None
    assert result.response is not None
    result = await read.member.click(result.response, label="Follow it as it is")
    assert "You now follow graph" in shown(result)
    assert "every Monday as soon as announced" in shown(result)


async def test_what_is_followed_already_is_said(read: World) -> None:
    await call(read, "add", query="diffusion")
    result = await call(read, "add", query="title:diffusion")
    assert "It finds the same papers as what you follow as diffusion" in shown(result).replace(
        "*", ""
    )
    assert result.response is not None
    await read.member.click(result.response, label="Put it in place of diffusion")
    digest = await read.store.follows.get(read.member.id)
    assert digest is not None
    assert [each.query for each in digest.topics] == ["title:diffusion"]


async def test_who_asks_for_something_broad_and_leaves_is_forgotten(read: World) -> None:
    await call(read, "add", query="graph")
    await call(read, "add", read.admin, query="diffusion")
    assert await read.store.follows.forget_unused(read.clock.now() + timedelta(seconds=1)) == 1
    assert await read.store.follows.get(read.member.id) is None
    assert await read.store.follows.get(read.admin.id) is not None


async def test_the_list_says_what_comes_and_a_thing_is_removed(read: World) -> None:
    assert await said(read, "list") == NOTHING
    await call(read, "add", query="diffusion", every="week")
    await call(read, "add", paper=make_id(60))
    text = await said(read, "list")
    assert "You follow 2 things** of at most 20" in text
    assert "diffusion** `diffusion` · 70 a week" in text
    assert "[Limbs]" in text
    assert "every Friday as soon as announced" in text
    assert "do not follow 'frogs'" in await said(read, "remove", what="frogs")
    assert "no longer follow **diffusion**." in await said(read, "remove", what="Diffusion")
    assert "That was the last" in await said(read, "remove", what=make_id(60))
    assert await said(read, "list") == NOTHING


async def test_a_query_is_changed(read: World) -> None:
    await call(read, "add", query="diffusion")
    text = await said(read, "edit", what="diffusion", query="diffusion 8")
    assert "Changed: diffusion 8" in text
    digest = await read.store.follows.get(read.member.id)
    assert digest is not None
    assert [each.query for each in digest.topics] == ["diffusion 8"]


async def test_no_more_than_twenty_things_are_followed(read: World) -> None:
    for number in range(MOST_FOLLOWED):
        await call(read, "add", paper=make_id(number + 1))
    assert await said(read, "add", query="diffusion") == FULL
    assert await said(read, "add", paper=make_id(50)) == FULL


async def test_closed_direct_messages_are_told_once_and_tried_again(read: World) -> None:
    await call(read, "add", query="diffusion")
    digest = await read.store.follows.get(read.member.id)
    assert digest is not None
    await read.store.subscriptions.pause(digest.channel_id, CLOSED)
    result = await read.member.slash(read.channel, "me data")
    assert "does not accept messages from the bot" in shown(result)
    assert is_private(result)
    result = await read.member.slash(read.channel, "me data")
    assert "does not accept messages" not in shown(result)
    # The list says so as long as it is so.
    result = await call(read, "list")
    assert "does not accept messages" in shown(result)
    assert result.response is not None
    result = await read.member.click(result.response, label=TRY_AGAIN)
    assert "I write to you again" in shown(result)
    digest = await read.store.follows.get(read.member.id)
    assert digest is not None
    assert digest.state is SubscriptionState.ACTIVE


async def test_everything_followed_is_handed_over_and_forgotten(read: World) -> None:
    await call(read, "add", query="diffusion", except_channel=read.channel)
    await call(read, "add", paper=make_id(4))
    result = await read.member.slash(read.channel, "me forget")
    assert "2 things you follow" in shown(result)
    assert result.response is not None
    await read.member.click(result.response, label="Delete all of it")
    assert await said(read, "list") == NOTHING
    assert await deliver(read) == []


async def test_what_may_be_typed_is_offered(read: World) -> None:
    await call(read, "add", query="diffusion")
    await call(read, "add", paper=make_id(60))

    async def offered(command: str, option: str, typed: str) -> list[str]:
        choices = await read.member.autocomplete(read.channel, f"follow {command}", option, typed)
        return [str(each["value"]) for each in choices]

    assert await offered("remove", "what", "") == ["diffusion", make_id(60)]
    assert await offered("edit", "what", "") == ["diffusion"]
    assert "Eve Other" in await offered("add", "author", "eve")
    assert (await offered("add", "categories", ""))[:2] == ["all", "cs.CV"]


async def test_an_abstract_opens_on_a_press_in_a_direct_message(read: World) -> None:
    await call(read, "add", query="diffusion")
    (message,) = await deliver(read)
    result = await read.member.user.select(message, [make_id(101) + "v1"])
    assert "We study problem 101" in shown(result)


async def test_a_query_of_another_version_is_said_to_be_unreadable(read: World) -> None:
    await call(read, "add", query="diffusion")
    await read.store.follows.follow(read.member.id, Topic(name="old", query="since:nope"))
    text = await said(read, "list")
    assert "old** `since:nope` · **I can't read it any more**" in text
    assert len(await deliver(read)) == 1


async def test_queries_that_begin_alike_have_names_of_their_own(read: World) -> None:
    begin = "diffusion -" + " -".join(f"word{number}" for number in range(9))
    for end in ("8", "12", "8"):
        await call(read, "add", query=f"{begin} {end}")
    digest = await read.store.follows.get(read.member.id)
    assert digest is not None
    assert {each.query.rpartition(" ")[2] for each in digest.topics} == {"8", "12"}
    assert len({each.name for each in digest.topics}) == 2


async def test_when_and_from_where_is_changed_for_all_of_it(read: World) -> None:
    text = await said(read, "add", query="diffusion", categories="cs.LG", time="9:00")
    assert "at 09:00 UTC, from cs.LG." in text
    assert "name your zone: `/follow settings zone:`" in text
    text = await said(
        read, "settings", every="week", weekday="Monday", time="18:30", zone="Tokyo",
        categories="all",
    )  # fmt: skip
    assert "every Monday at 18:30 Asia/Tokyo, from cs.CV." in text
    digest = await read.store.follows.get(read.member.id)
    assert digest is not None
    assert (digest.categories, digest.weekday, digest.zone) == ((), 0, "Asia/Tokyo")
    # What is left out stays as it is.
    assert "every Monday at 18:30 Asia/Tokyo" in await said(read, "settings", categories="cs.CV")
