"""`/topic`: saved searches, checked when they are saved."""

from datetime import timedelta

import pytest
import simcord

from bot.cogs.topic_saving import MAX_TOPICS
from bot.config.starters import StarterTopic, read_topics, write_topics
from bot.digest.models import Topic
from tests.builders import DAY, make_listing, make_paper
from tests.cogs.replies import is_private, labels, shown
from tests.conftest import World

EARLIER = DAY - timedelta(days=1)


async def topic(world: World, command: str, **options: object) -> simcord.InteractionResult:
    return await world.admin.slash(world.channel, f"topic {command}", **options)


async def topics_of(world: World) -> tuple[Topic, ...]:
    subscription = await world.store.subscriptions.get_subscription(world.channel.id)
    assert subscription is not None
    return subscription.topics


async def test_add_says_how_many_of_the_newest_papers_match(world: World) -> None:
    await world.set_up()
    await world.announce()
    result = await topic(world, "add", name="diffusion", query="diffusion -part")
    assert is_private(result)
    said = shown(result).replace("*", "")
    assert "Tue, 5 Mar 2024: 25 announced (25 new) · 0 match." in said
    said = shown(await topic(world, "add", name="Diffusion", query="title:diffusion"))
    assert "has changed the topic" in said
    assert "25 announced (25 new) · 6 match" in said
    assert "It would have posted 6 in the 1 listing that is stored of the last 4 weeks" in said
    assert await topics_of(world) == (Topic(name="diffusion", query="title:diffusion"),)


async def test_a_query_can_be_tried_before_it_is_saved(world: World) -> None:
    await world.set_up()
    await world.announce()
    await topic(world, "add", name="late", query='"part 8" OR "part 9"')
    result = await topic(world, "test", query="diffusion")
    assert is_private(result)
    said = shown(result).replace("*", "")
    assert "`diffusion`" in said
    assert "6 of today's 25; 6 in the 1 listing" in said
    assert "5 of them come by no other topic of the channel." in said
    assert "The newest 6" in said
    assert "[Diffusion networks, part 4](https://arxiv.org/abs/2403.00004) · Diffusion" in said
    assert [each.name for each in await topics_of(world)] == ["late"]
    choices = await world.admin.autocomplete(world.channel, "topic test", "query", "")
    assert [choice["value"] for choice in choices] == ["graph", "frog OR axolotl"]


async def test_a_query_with_a_mistake_is_not_tried(world: World) -> None:
    await world.set_up()
    assert "^" in shown(await topic(world, "test", query="graph OR"))


async def test_before_the_first_listing_add_says_that_it_cannot_count(world: World) -> None:
    await world.set_up()
    said = shown(await topic(world, "add", name="nerf", query="nerf"))
    assert "No listing is stored yet" in said
    assert await topics_of(world)


async def test_a_topic_decides_what_is_posted(world: World) -> None:
    await world.set_up()
    await world.announce()
    await topic(world, "add", name="diffusion", query="diffusion")
    await world.admin.slash(world.channel, "digest send")
    titles = [
        embed.title
        for message in world.channel.history()
        for embed in message.embeds
        if embed.title
    ]
    assert titles == [f"Diffusion networks, part {number}" for number in range(4, 26, 4)]


@pytest.mark.parametrize(
    "query", ["graph OR", "NOT", "category:nonsense", "since:2024-13", "nerf -in:library"]
)
async def test_a_query_with_a_mistake_shows_the_place_and_is_not_saved(
    world: World, query: str
) -> None:
    await world.set_up()
    result = await topic(world, "add", name="x", query=query)
    assert is_private(result)
    assert f"```\n{query}\n" in shown(result)
    assert "^\n```" in shown(result)
    assert await topics_of(world) == ()


async def test_a_topic_needs_a_name(world: World) -> None:
    await world.set_up()
    assert "needs a name" in shown(await topic(world, "add", name=" ", query="x"))


async def test_there_is_a_most_of_topics(world: World) -> None:
    await world.set_up()
    for number in range(MAX_TOPICS):
        await world.store.subscriptions.set_topic(world.channel.id, f"topic {number}", "x")
    assert "remove one first" in shown(await topic(world, "add", name="one more", query="x"))
    assert "has changed" in shown(await topic(world, "add", name="topic 7", query="y"))


async def test_list_shows_topics_with_their_channels(world: World) -> None:
    await world.set_up()
    await topic(world, "add", name="video & action", query="video OR action")
    result = await topic(world, "list")
    assert is_private(result)
    assert f"/{world.channel.id}) **video & action** `video OR action`" in shown(result)


async def test_list_says_how_each_topic_fares(world: World) -> None:
    await world.set_up()
    listing = [
        make_paper(number, title=f"{'Video' if number % 2 else 'Graph'} nets {number}")
        for number in range(1, 61)
    ]
    for number in range(35):
        day = DAY - timedelta(days=number)
        await world.announce(
            make_listing(*listing if not number else listing[:1], announced_on=day)
        )
    for name, query in (("video", "video"), ("narrow", '"video nets"'), ("dead", "grph")):
        await world.store.subscriptions.set_topic(world.channel.id, name, query)
    result = await topic(world, "list")
    said = shown(result)
    assert set(labels(result)) == {"Look at dead", "Look at video"}
    page = await world.admin.click(message_of(result), label="Look at dead")
    assert "## dead" in shown(page)
    assert is_private(page)
    assert "`video` · 5 a week, 33%; **doubled** by narrow" in said
    assert "`/topic remove` would lose none of its papers" in said
    assert "**dead**: nothing in 60 days" in said
    names = await world.admin.autocomplete(world.channel, "topic add", "name", "gra")
    assert names[0]["name"].startswith("graphs (")


async def test_list_without_topics_says_what_that_means(world: World) -> None:
    assert "every paper is posted" in shown(await topic(world, "list"))


async def test_fifty_long_topics_still_fit_a_list(world: World) -> None:
    await world.set_up()
    for number in range(MAX_TOPICS):
        name = f"{number} {'n' * 45}"
        await world.store.subscriptions.set_topic(world.channel.id, name, "q" * 300)
    said = shown(await topic(world, "list"))
    assert "50 topics" in said
    assert "more" in said


async def test_remove_forgets_a_topic_whatever_its_case(world: World) -> None:
    await world.set_up()
    await topic(world, "add", name="Diffusion", query="diffusion")
    result = await topic(world, "remove", name="diffusion")
    assert is_private(result)
    assert "Removed the topic **Diffusion**" in shown(result)
    assert "every paper is posted" in shown(result)
    assert await topics_of(world) == ()


async def test_removing_what_is_not_there_names_what_is(world: World) -> None:
    await world.set_up()
    await topic(world, "add", name="graphs", query="graph")
    said = shown(await topic(world, "remove", name="graph"))
    assert "has no topic 'graph'; its topics are graphs" in said


async def test_topics_complete_by_name(world: World) -> None:
    await world.set_up()
    await topic(world, "add", name="graphs", query="graph")
    await topic(world, "add", name="video", query="video OR action")
    choices = await world.admin.autocomplete(world.channel, "topic remove", "name", "vid")
    assert choices == [{"name": "video: video OR action", "value": "video"}]


async def test_whom_the_server_lets_in_may_add_topics(world: World) -> None:
    await world.set_up()
    world.show_to_all("topic")
    await world.member.slash(world.channel, "topic add", name="x", query="x")
    assert [each.name for each in await topics_of(world)] == ["x"]


async def test_starter_topics_are_offered_with_their_query(world: World) -> None:
    names = await world.admin.autocomplete(world.channel, "topic add", "name", "amphi")
    assert names == [{"name": "amphibians: Frogs and the like.", "value": "amphibians"}]
    queries = await world.admin.autocomplete(
        world.channel, "topic add", "query", "", name="amphibians"
    )
    assert queries == [{"name": "frog OR axolotl", "value": "frog OR axolotl"}]


async def test_a_query_that_finds_nothing_is_helped(world: World) -> None:
    await world.set_up()
    await world.announce()
    said = shown(await topic(world, "add", name="x", query="difusion"))
    assert "· 0 match" in said
    assert "Nothing in the whole archive matches it either." in said
    assert "did you mean `diffusion`" in said
    assert "Try `diffusion`." in said
    said = shown(await topic(world, "add", name="x", query="diffusion category:math.AG"))
    assert "Papers that match: `diffusion` 6, `category:math.AG` 0, both 0." in said


async def test_a_query_that_finds_older_papers_only_is_told_so(world: World) -> None:
    await world.set_up()
    await world.announce(make_listing(make_paper(99, title="Axolotl"), announced_on=EARLIER))
    await world.announce()
    said = shown(await topic(world, "add", name="x", query="axolotl"))
    assert "· 0 match" in said
    assert "In the whole archive it finds 1 paper." in said


async def test_long_advice_fits_a_message(world: World) -> None:
    await world.set_up()
    await world.announce()
    query = " ".join(f"zz{letter}{letter}x" for letter in "abcdefghijklmnopqrstuvwxyz" * 2)[:300]
    assert "No paper uses" in shown(await topic(world, "add", name="n" * 50, query=query))


async def test_an_unfinished_field_of_a_topic_is_finished(world: World) -> None:
    choices = await world.admin.autocomplete(
        world.channel, "topic add", "query", "graph category:cs.cv", name="new"
    )
    assert [choice["value"] for choice in choices][:2] == [
        "graph category:cs.cv",
        "graph category:cs.CV",
    ]


async def test_own_searches_are_offered_as_topics(world: World) -> None:
    await world.announce()
    await world.admin.slash(world.channel, "paper search", query="diffusion part")
    choices = await world.admin.autocomplete(world.channel, "topic add", "query", "", name="new")
    assert [choice["value"] for choice in choices] == ["diffusion part", "graph", "frog OR axolotl"]


# -- before it is saved --------------------------------------------------------------------------

MANY = make_listing(
    *(
        make_paper(number, title=f"{'Deep' if number % 3 else 'Shallow'} nets of kind {number}")
        for number in range(1, 61)
    )
)


async def enter(world: World) -> None:
    await world.set_up()
    await world.announce(MANY)


def message_of(result: simcord.InteractionResult) -> simcord.ResponseMessage:
    assert result.response is not None
    return result.response


async def test_a_topic_that_is_nearly_everything_is_asked_about(world: World) -> None:
    await enter(world)
    result = await topic(world, "add", name="deep", query="nets OR shallow")
    assert is_private(result)
    said = shown(result).replace("*", "")
    assert "Not saved yet: deep" in said
    assert "That is nearly everything: 100% of what is announced, matched by `nets`." in said
    assert "33% " not in said
    assert await topics_of(world) == ()
    await world.restart()
    saved = await world.admin.click(message_of(result), label="Save it as it is")
    assert shown(saved).startswith(f"<#{world.channel.id}> now has the topic")
    assert not saved.followups
    assert await topics_of(world) == (Topic(name="deep", query="nets OR shallow"),)


async def test_the_proposal_can_be_saved_instead(world: World) -> None:
    await enter(world)
    result = await topic(world, "add", name="d", query='deep OR "kind 9"')
    assert 'Proposal: `"kind 9"`' in shown(result).replace("*", "")
    await world.admin.click(message_of(result), label='Save "kind 9"')
    assert await topics_of(world) == (Topic(name="d", query='"kind 9"'),)


@pytest.mark.parametrize(
    ("query", "said", "proposed"),
    [
        ("shalow", "Never: nothing in a year", "shallow"),
        ("shallow kind -nets", "`-nets` removes everything", "shallow kind"),
    ],
)
async def test_a_topic_that_finds_nothing_is_asked_about(
    world: World, query: str, said: str, proposed: str
) -> None:
    await world.set_up()
    titles = [f"{'Shallow' if n < 7 else 'Deep'} nets of kind {n}" for n in range(1, 61)]
    papers = [make_paper(number, title=title) for number, title in enumerate(titles, 1)]
    await world.announce(make_listing(*papers))
    result = await topic(world, "add", name="x", query=query)
    assert said in shown(result)
    await world.admin.click(message_of(result), label=f"Save {proposed}")
    assert await topics_of(world) == (Topic(name="x", query=proposed),)


async def test_the_same_as_another_topic_can_take_its_place(world: World) -> None:
    await enter(world)
    await topic(world, "add", name="old", query='"kind 9"')
    result = await topic(world, "add", name="new", query='"kind 9"')
    assert "It finds the same papers as the topic **old**" in shown(result)
    await world.admin.click(message_of(result), label="Put it in place of old")
    assert [each.name for each in await topics_of(world)] == ["new"]


async def test_a_topic_is_changed_in_a_form_and_saved_after_a_look(world: World) -> None:
    await enter(world)
    await topic(world, "add", name="kinds", query='"kind 9" OR "kind 10"')
    form = await topic(world, "edit", name="KINDS")
    query = " OR ".join(f'"kind {number}"' for number in range(10, 26))
    result = await world.admin.submit_modal(form, {"name": "more kinds", "query": query})
    assert is_private(result)
    said = shown(result).replace("*", "")
    assert "Not saved yet: kinds → more kinds" in said
    assert "It adds 15, drops 1 in the last 4 weeks." in said
    pages = await world.admin.click(message_of(result), label="See which")
    assert "Added" in shown(pages)
    assert "Page 1 of 2" in shown(pages)
    second = await world.admin.click(message_of(pages), label="Next →")
    assert "Dropped" in shown(second)
    assert "Shallow nets of kind 9" in shown(second)
    assert [each.name for each in await topics_of(world)] == ["kinds"]
    await world.admin.click(message_of(result), label="Save it")
    assert await topics_of(world) == (Topic(name="more kinds", query=query),)


async def test_a_form_with_a_mistake_changes_nothing(world: World) -> None:
    await enter(world)
    await topic(world, "add", name="kinds", query='"kind 9"')
    await topic(world, "add", name="other", query='"kind 8"')
    for values, said in (
        ({"name": "kinds", "query": "deep OR"}, "^"),
        ({"name": " ", "query": "deep"}, "needs a name"),
        ({"name": "other", "query": "shallow"}, "already has a topic 'other'"),
    ):
        form = await topic(world, "edit", name="kinds")
        assert said in shown(await world.admin.submit_modal(form, values))
    assert "has no topic 'x'" in shown(await topic(world, "edit", name="x"))
    assert [each.query for each in await topics_of(world)] == ['"kind 9"', '"kind 8"']


async def test_a_form_is_refused_when_the_digest_or_the_topic_is_gone(world: World) -> None:
    await enter(world)
    await topic(world, "add", name="kinds", query='"kind 9"')
    first, second = [await topic(world, "edit", name="kinds") for _ in range(2)]
    await world.store.subscriptions.delete_topic(world.channel.id, "kinds")
    said = shown(await world.admin.submit_modal(first, {"name": "kinds", "query": "deep"}))
    assert "This topic is not there any more" in said
    await world.store.subscriptions.delete_subscription(world.channel.id, world.clock.now())
    said = shown(await world.admin.submit_modal(second, {"name": "kinds", "query": "deep"}))
    assert "no longer exists" in said


async def test_the_role_to_ping_is_kept_while_the_topic_is_asked_about(world: World) -> None:
    await enter(world)
    role = world.guild.create_role("readers", mentionable=True)
    result = await topic(world, "add", name="deep", query="nets", ping="readers")
    said = shown(await world.admin.click(message_of(result), label="Save it as it is"))
    assert f"<@&{role.id}> is pinged" in said
    (saved,) = await topics_of(world)
    assert saved.ping_role == role.id


async def test_a_button_of_a_digest_that_is_gone_saves_nothing(world: World) -> None:
    await enter(world)
    result = await topic(world, "add", name="deep", query="nets")
    (button,) = [
        each["custom_id"]
        for row in message_of(result).components
        for each in row["components"]
        if each["label"] == "Save it as it is"
    ]
    assert button == f"topic:1:save:{world.channel.id}:0:0"
    await world.store.subscriptions.delete_subscription(world.channel.id, world.clock.now())
    said = shown(await world.admin.click(message_of(result), label="Save it as it is"))
    assert "no longer exists" in said


# -- from papers ---------------------------------------------------------------------------------


async def test_a_topic_is_made_from_papers_and_edited_before_it_is_saved(world: World) -> None:
    await enter(world)
    ids = [f"2403.{number:05d}" for number in range(3, 31, 3)]
    bib = b"@misc{a, eprint={2403.00033}}"
    result = await world.admin.slash(
        world.channel, "topic from", papers=", ".join(ids), file=("library.bib", bib)
    )
    assert is_private(result)
    said = shown(result).replace("*", "")
    assert "Proposal `" in said
    assert "shallow" in said
    assert "finds 11 of your 11; 100 a week; 33% of cs.CV" in said
    form = await world.admin.click(message_of(result), label="Take: Proposal")
    saved = await world.admin.submit_modal(form, {"name": "shallow", "query": '"kind 9"'})
    assert "now has the topic" in shown(saved)
    assert await topics_of(world) == (Topic(name="shallow", query='"kind 9"'),)


async def test_examples_that_are_no_papers_are_refused(world: World) -> None:
    await enter(world)
    assert "3 to 50 papers" in shown(await topic(world, "from", papers="frogs"))
    assert "3 to 50 papers" in shown(await topic(world, "from"))
    said = shown(await topic(world, "from", papers="2301.00001 2301.00002 2301.00003"))
    assert "Only 0 of these 3 papers are in my archive" in said


# -- pausing, moving, files ----------------------------------------------------------------------


async def posted_titles(world: World) -> list[str]:
    await world.admin.slash(world.channel, "digest send")
    return [
        embed.title or ""
        for message in world.channel.history()
        for embed in message.embeds
        if embed.title
    ]


async def test_a_paused_topic_matches_nothing_and_the_others_go_on(world: World) -> None:
    await world.set_up()
    await world.announce()
    await topic(world, "add", name="diffusion", query="diffusion")
    await topic(world, "add", name="five", query='"part 5"')
    said = shown(await topic(world, "pause", name="Diffusion"))
    assert "matches nothing until `/topic resume`. The other topics go on." in said
    assert "(paused)" in shown(await topic(world, "list"))
    assert await posted_titles(world) == ["Graph networks, part 5"]
    assert "matches papers again" in shown(await topic(world, "resume", name="diffusion"))
    assert [each.is_paused for each in await topics_of(world)] == [False, False]


async def test_while_all_topics_are_paused_nothing_is_posted(world: World) -> None:
    """Not everything, as without topics."""
    await world.set_up()
    await world.announce()
    await topic(world, "add", name="diffusion", query="diffusion")
    said = shown(await topic(world, "pause", name="diffusion"))
    assert "Nothing is posted while all are paused." in said
    assert await posted_titles(world) == []


async def test_a_change_leaves_a_paused_topic_paused(world: World) -> None:
    await world.set_up()
    await topic(world, "add", name="diffusion", query="diffusion")
    await topic(world, "pause", name="diffusion")
    await topic(world, "add", name="diffusion", query="diffusion -part")
    (changed,) = await topics_of(world)
    assert (changed.query, changed.is_paused) == ("diffusion -part", True)


async def test_a_topic_is_copied_and_moved_to_another_channel(world: World) -> None:
    await world.set_up()
    other = world.guild.create_text_channel("others")
    await world.admin.slash(other, "digest setup", categories="cs.LG")
    await topic(world, "add", name="video", query="video OR action")
    said = shown(await topic(world, "copy", name="video", to=other))
    assert f"<#{other.id}> now has the topic **video** too" in said
    assert "already has a topic 'video'" in shown(
        await topic(world, "move", name="video", to=other)
    )
    assert "in that channel already" in shown(
        await topic(world, "copy", name="video", to=world.channel)
    )
    await world.store.subscriptions.delete_topic(other.id, "video")
    said = shown(await topic(world, "move", name="video", to=other))
    assert "every paper is posted" in said
    assert await topics_of(world) == ()
    moved = await world.store.subscriptions.get_subscription(other.id)
    assert moved is not None
    assert moved.topics == (Topic(name="video", query="video OR action"),)


async def test_what_is_exported_can_be_imported(world: World) -> None:
    await world.set_up()
    await world.announce()
    kept = {'a "quoted" name': '"part 5" OR title:\'x', "diffusion": "diffusion -Größe"}
    for name, query in kept.items():
        await topic(world, "add", name=name, query=query)
    result = await topic(world, "export")
    assert is_private(result)
    (file,) = message_of(result).attachments
    text = write_topics([StarterTopic(name=name, query=query) for name, query in kept.items()])
    assert {each.name: each.query for each in read_topics(text)} == kept
    assert file.filename == "topics.toml"
    await topic(world, "remove", name="diffusion")
    said = shown(await topic(world, "import", file=("topics.toml", text.encode())))
    assert "1 topic added, 1 changed." in said
    assert "**diffusion**: 30 a week, 24%" in said
    assert {each.name: each.query for each in await topics_of(world)} == kept


async def test_an_import_changes_queries_and_leaves_the_rest_of_a_topic(world: World) -> None:
    """Also from a file that Windows has put its mark before."""
    await world.set_up()
    topic_ = Topic(name="Nets", query="nets", ping_role=5, is_paused=True)
    await world.store.subscriptions.put_topic(world.channel.id, topic_, instead_of="")
    text = b"\xef\xbb\xbf[[topic]]\nname = 'nets'\nquery = 'deep'\n"
    said = shown(await topic(world, "import", file=("topics.toml", text)))
    assert "0 topics added, 1 changed." in said
    (after,) = await topics_of(world)
    assert (after.query, after.ping_role, after.is_paused) == ("deep", 5, True)


async def test_no_copy_makes_more_topics_than_a_server_may_have(world: World) -> None:
    await world.set_up()
    other = world.guild.create_text_channel("others")
    await world.set_up(channel=other)
    many = [Topic(name=f"topic {number}", query="x") for number in range(MAX_TOPICS)]
    await world.store.subscriptions.put_topics(world.channel.id, many)
    said = shown(await topic(world, "copy", name="topic 7", to=other))
    assert "This server has 50 topics and may have 50" in said
    await topic(world, "move", name="topic 7", to=other)
    moved = await world.store.subscriptions.get_subscription(other.id)
    assert moved is not None
    assert [each.name for each in moved.topics] == ["topic 7"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"#" * 100_001, "is too large"),
        (b"", "is no list of topics"),
        (b"\xff", "is not text in UTF-8"),
        (b"topic = []", "has no topic"),
        (b"[[topic]]\nname = 3\nquery = 'x'", "is no list of topics"),
        (b"[[topic]]\nname = 'x'\nquery = 'a OR'", "'x' cannot be a topic"),
        (b"[[topic]]\nname = ' '\nquery = 'a'", "needs a name"),
        (b"[[topic]]\nname = 'x'\nquery = 'a'\n[[topic]]\nname = 'X'\nquery = 'b'", "two topics"),
        (b"".join(b"[[topic]]\nname = '%d'\nquery = 'a'\n" % n for n in range(51)), "may have 50"),
    ],
)
async def test_a_file_with_a_mistake_changes_nothing(world: World, text: bytes, said: str) -> None:
    await world.set_up()
    assert said in shown(await topic(world, "import", file=("topics.toml", text)))
    assert await topics_of(world) == ()
