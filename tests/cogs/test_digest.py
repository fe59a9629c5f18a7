"""`/digest`: set up, look, send and remove, and what is said when it cannot be."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import time, timedelta

import discord
import pytest
import simcord

from bot.digest.models import Place, QuietDays
from bot.models import AnnounceType
from tests.builders import DAY, make_listing, make_papers
from tests.cogs.replies import is_private, labels, shown
from tests.conftest import LISTING, World

NEXT, PREVIOUS = "Next →", "← Previous"


async def digest(world: World, command: str, **options: object) -> simcord.InteractionResult:
    return await world.admin.slash(world.channel, f"digest {command}", **options)


# -- setup ---------------------------------------------------------------------------------------


async def test_setup_answers_privately_what_the_channel_will_get(world: World) -> None:
    result = await world.set_up(categories="cs.cv, cs.lg", time="9:00", zone="europe/berlin")
    assert is_private(result)
    said = shown(result)
    for part in (
        "Digest set up",
        world.channel.mention,
        "cs.CV Computer Vision and Pattern Recognition",
        "cs.LG Machine Learning",
        "new submissions and cross-lists",
        "at 09:00 Europe/Berlin",
        "Next digest: <t:1709712000:F>",  # Wed, 6 Mar 2024, 08:00 UTC: today's 09:00 has passed
    ):
        assert part in said.replace("*", "")


async def test_setup_is_remembered_as_it_was_asked(world: World) -> None:
    await world.set_up(categories="cs.CV stat.ML", time="7pm", zone="New York", types="everything")
    subscription = await world.store.subscriptions.get_subscription(world.channel.id)
    assert subscription is not None
    assert subscription.guild_id == world.guild.id
    assert subscription.categories == ("cs.CV", "stat.ML")
    assert subscription.announce_types == tuple(AnnounceType)
    assert (subscription.post_at, subscription.zone) == (time(19), "America/New_York")


async def test_without_a_time_a_digest_comes_when_announced(world: World) -> None:
    said = shown(await world.set_up())
    assert "as soon as announced" in said
    assert "as soon as arXiv's listing of Wed, 6 Mar 2024 is out" in said


async def test_setup_again_changes_only_what_is_said(world: World) -> None:
    await world.set_up(time="09:00", zone="Asia/Tokyo", types="new submissions only")
    await world.admin.slash(world.channel, "topic add", name="graphs", query="graph")
    said = shown(await world.set_up(categories="cs.LG"))
    assert "Digest changed" in said
    assert "at 09:00 Asia/Tokyo" in said
    assert "graphs" in said
    assert "new submissions\n" in said
    said = shown(await world.set_up(categories="cs.LG", time="when announced"))
    assert "as soon as announced" in said


async def test_a_digest_can_be_in_a_thread(world: World) -> None:
    said = shown(await world.set_up(where="thread"))
    assert "as soon as announced, one message in the channel and the rest in its thread" in said
    said = shown(await world.set_up(categories="cs.LG"))
    assert "the rest in its thread" in said
    assert "thread" not in shown(await world.set_up(where="channel"))
    subscription = await world.store.subscriptions.get_subscription(world.channel.id)
    assert subscription is not None
    assert subscription.place is Place.CHANNEL


async def test_a_thread_needs_permissions_of_its_own(world: World) -> None:
    bot = world.guild.me
    assert bot is not None
    denied = discord.PermissionOverwrite(
        create_public_threads=False, send_messages_in_threads=False
    )
    closed = world.guild.create_text_channel("closed", overwrites={bot: denied})
    said = shown(await world.set_up(channel=closed, where="thread"))
    assert "missing Create Public Threads and Send Messages in Threads there" in said
    assert "Digest set up" in shown(await world.set_up(channel=closed))


async def test_a_new_digest_is_auto_and_another_look_can_be_set(world: World) -> None:
    assert "Style: cards up to 25 papers, above that a list; with topics" in shown(
        await world.set_up()
    )
    await world.admin.slash(world.channel, "topic add", name="graphs", query="graph")
    said = shown(await world.set_up(style="brief", top=3))
    assert "Style: the 3 best matches as cards and the others as a list" in said
    assert "Style: the 3 best matches as cards" in shown(await digest(world, "list"))
    assert ": the 3 best matches as cards" in shown(await digest(world, "status"))
    said = shown(await world.set_up(style="auto", cards_up_to=0))
    assert "Style: the 3 best matches as cards and the others as a list" in said
    subscription = await world.store.subscriptions.get_subscription(world.channel.id)
    assert subscription is not None
    assert (subscription.style, subscription.top, subscription.cards_up_to) == ("auto", 3, 0)


async def test_the_best_matches_are_posted_first(world: World) -> None:
    await world.announce()
    await world.set_up(style="brief", top=2)
    await world.admin.slash(world.channel, "topic add", name="networks", query="networks")
    await world.admin.slash(world.channel, "topic add", name="diffusion", query="diffusion")
    preview = await digest(world, "preview")
    assert "in 2 messages, the 2 best as cards, the others as a list" in shown(preview)
    await digest(world, "send")
    first, second = world.channel.history()
    assert first.content.endswith("best matches first")
    assert [embed.title for embed in first.embeds] == [
        "Diffusion networks, part 4",
        "Diffusion networks, part 8",
    ]
    assert (second.embeds[0].description or "").startswith("**3. [Diffusion networks, part 12]")
    assert second.flags.suppress_notifications
    assert not first.flags.suppress_notifications


async def test_a_digest_can_be_set_up_for_another_channel(world: World) -> None:
    other = world.guild.create_text_channel("vision")
    await world.set_up(channel=other)
    assert await world.store.subscriptions.get_subscription(other.id)
    assert await world.store.subscriptions.get_subscription(world.channel.id) is None


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"categories": "cs.CX"}, "'cs.CX' is not an arXiv category. Did you mean"),
        ({"categories": ","}, "Name at least one arXiv category"),
        ({"time": "25:00"}, "'25:00' is not a time of day; write it like 09:00"),
        ({"time": "noonish"}, "'noonish' is not a time of day"),
        ({"zone": "Europe/Berln"}, "'Europe/Berln' is not a time zone. Did you mean Europe/Berlin"),
        ({"zone": "Mars"}, "'Mars' is not a time zone."),
        ({"time": "9", "zone": "localtime"}, "'localtime' is not a time zone."),
        ({"time": "9", "zone": "UTC+15"}, "'UTC+15' is no offset in use: they go from UTC-12 to"),
        ({"time": "9", "zone": "GMT8"}, "'GMT8' lacks its sign; write UTC+8 (ahead of UTC) or"),
        ({"time": "9", "zone": "Etc/GMT+8"}, "Etc/GMT+8 stands for UTC-08:00, as its sign is"),
        (
            {"time": "9", "zone": "CST"},
            "'CST' is the time of several places: write America/Chicago (North America), "
            "Asia/Shanghai (China) or America/Havana (Cuba).",
        ),
        ({"time": "9", "zone": "ist"}, "write Asia/Kolkata (India), Europe/Dublin (Ireland) or"),
        ({"zone": "Asia/Tokyo"}, "The zone belongs to a time of day: give one with the option"),
    ],
)
async def test_a_wrong_option_is_one_private_sentence(
    world: World, options: Mapping[str, str], said: str
) -> None:
    result = await world.set_up(**options)
    assert said in shown(result)
    assert is_private(result)
    assert await world.store.subscriptions.list_subscriptions() == []


@pytest.mark.parametrize(
    ("zone", "stored", "said"),
    [
        ("GMT+8", "UTC+08:00", "at 09:00 UTC+08:00\n"),
        ("GMT+8", "UTC+08:00", "UTC+08:00 is the same all year. Where the clocks are changed"),
        ("utc+5:30", "UTC+05:30", "at 09:00 UTC+05:30\n"),
        ("EST", "UTC-05:00", "I read EST as UTC-05:00, the same all year: without summer time. "
         "zone:America/New_York has it."),
        ("PST", "UTC-08:00", "If you mean the Philippines: zone:Asia/Manila."),
        ("cet", "Europe/Brussels", "I read CET as Europe/Brussels."),
        ("GMT", "UTC", "I read GMT as UTC, the same all year"),
    ],
)  # fmt: skip
async def test_a_zone_is_read_by_its_meaning_and_said(
    world: World, zone: str, stored: str, said: str
) -> None:
    reply = shown(await world.set_up(time="09:00", zone=zone)).replace("`", "").replace("\\", "")
    assert said in reply
    (subscription,) = await world.store.subscriptions.list_subscriptions()
    assert subscription.zone == stored


@pytest.mark.parametrize("zone", ["utc", "Europe/Berlin", "tokyo"])
async def test_a_zone_that_is_plain_needs_no_word(world: World, zone: str) -> None:
    reply = shown(await world.set_up(time="09:00", zone=zone))
    assert "I read" not in reply
    assert "all year" not in reply


@pytest.mark.parametrize(
    ("denied", "names"),
    [
        ({"embed_links": False}, "I am missing Embed Links there"),
        # Who may not send may not embed either, by Discord's own rule.
        ({"send_messages": False}, "I am missing Send Messages and Embed Links there"),
        ({"read_message_history": False}, "I am missing Read Message History"),
    ],
)
async def test_setup_names_the_permissions_that_the_bot_lacks(
    world: World, denied: Mapping[str, bool], names: str
) -> None:
    bot = world.guild.me
    assert bot is not None
    closed = world.guild.create_text_channel(
        "closed", overwrites={bot: discord.PermissionOverwrite(**denied)}
    )
    result = await world.set_up(channel=closed)
    assert names in shown(result)
    assert "#closed" in shown(result)
    assert await world.store.subscriptions.list_subscriptions() == []


@pytest.mark.parametrize("command", ["list", "preview", "send", "remove"])
async def test_members_without_manage_server_do_not_see_the_commands(
    world: World, command: str
) -> None:
    assert f"digest {command}" in world.admin.available_commands(world.channel)
    assert f"digest {command}" not in world.member.available_commands(world.channel)


async def test_an_administrator_may_always(world: World) -> None:
    role = world.guild.create_role("root", permissions=discord.Permissions(administrator=True))
    carol = world.guild.add_member(world.env.create_user("carol"), roles=[role])
    result = await carol.slash(world.channel, "digest setup", categories="cs.CV")
    assert "Digest set up" in shown(result)


# -- list ----------------------------------------------------------------------------------------


async def test_list_tells_every_digest_of_this_server_only(world: World) -> None:
    other = world.guild.create_text_channel("theory")
    elsewhere = world.env.create_guild("Elsewhere")
    await world.set_up()
    await world.set_up(channel=other, categories="math.AG")
    await world.store.subscriptions.set_subscription(
        guild_id=elsewhere.id, channel_id=1, categories=["cs.SE"], announce_types=[],
        post_at=None, zone="UTC", style="cards", now=world.clock.now(),
    )  # fmt: skip
    result = await digest(world, "list")
    assert is_private(result)
    assert "[#papers](https://discord.com/channels/" in shown(result)
    assert f"{world.guild.id}/{other.id})" in shown(result)
    assert "math.AG" in shown(result)
    assert "cs.SE" not in shown(result)


async def test_list_says_how_to_start(world: World) -> None:
    assert "/digest setup" in shown(await digest(world, "list"))


async def test_the_digest_of_a_deleted_channel_can_be_removed_from_the_list(world: World) -> None:
    await world.store.subscriptions.set_subscription(
        guild_id=world.guild.id, channel_id=42, categories=["cs.SE"], announce_types=[],
        post_at=None, zone="UTC", style="cards", now=world.clock.now(),
    )  # fmt: skip
    result = await digest(world, "list")
    assert "a deleted channel or archived thread (42)" in shown(result)
    assert result.response is not None
    await world.admin.click(result.response, label="Remove 42")
    assert await world.store.subscriptions.list_subscriptions() == []


async def test_a_long_list_still_fits(world: World) -> None:
    archive = "cs.AI cs.CL cs.CV cs.LG cs.RO cs.SE cs.CR cs.DB cs.DC cs.DS cs.GT cs.HC cs.IR cs.IT"
    for number in range(8):
        channel = world.guild.create_text_channel(f"papers-{number}")
        await world.set_up(channel=channel, categories=archive)
    assert "and 2 more digests" in shown(await digest(world, "list"))


async def test_setting_up_says_what_the_newest_list_would_bring_and_posts_nothing(
    world: World,
) -> None:
    await world.announce()
    result = await world.set_up(query="diffusion")
    assert "Today: 25 papers; 6 with your topics" in shown(result).replace("*", "")
    assert {"Preview", "Post today's"} <= set(labels(result))
    await world.pipeline.plan_due()
    assert world.channel.history() == []
    assert result.response is not None
    posted = await world.admin.click(result.response, label="Post today's")
    assert "6 match · 6 posted" in shown(posted)
    assert len(world.channel.history()) == 1


async def test_what_would_be_empty_is_not_offered_to_be_posted(world: World) -> None:
    await world.announce()
    result = await world.set_up(query="axolotl")
    assert "Today: 25 papers; 0 with your topics" in shown(result)
    assert "Preview" in labels(result)
    assert "Post today's" not in labels(result)


async def test_categories_are_offered_before_one_types(world: World) -> None:
    """What the server follows comes first, then what most people read."""
    await world.set_up(categories="math.AG")
    offers = await world.admin.autocomplete(world.channel, "digest setup", "categories", "")
    assert [each["value"] for each in offers[:3]] == ["math.AG", "cs.LG", "cs.AI"]
    offers = await world.admin.autocomplete(world.channel, "digest setup", "categories", "cs.CV, m")
    assert offers[0]["value"].startswith("cs.CV, math")
    offers = await world.admin.autocomplete(world.channel, "digest setup", "categories", "math")
    assert offers[0]["value"] == "math"


async def test_an_archive_says_of_how_many_lists_its_count_is(world: World) -> None:
    await world.announce()
    said = shown(await world.set_up(categories="cs.*")).replace("*", "")
    assert "Today: 25 papers (so far: 1 of 40 lists are here)" in said


async def test_one_option_is_enough_once_there_is_a_digest(world: World) -> None:
    said = shown(await world.set_up_late(categories="cs.LG", query="graph OR diffusion"))
    assert "Topics: graph OR diffusion" in said.replace("*", "")
    before = await world.store.subscriptions.get_subscription(world.channel.id)
    await digest(world, "setup", time="08:00", zone="UTC")
    after = await world.store.subscriptions.get_subscription(world.channel.id)
    assert before is not None
    assert after == replace(before, post_at=time(8))


async def test_without_a_zone_the_time_is_shown_in_the_readers_clock(world: World) -> None:
    said = shown(await world.set_up(time="21:00"))
    assert "21:00 UTC is <t:1709672400:t> for you." in said
    assert "for you" not in shown(await world.set_up(time="21:00", zone="Asia/Tokyo"))
    assert "for you" not in shown(await world.set_up(time="22:00"))


# -- preview -------------------------------------------------------------------------------------


async def test_a_preview_shows_the_day_whatever_was_posted(world: World) -> None:
    """Posted or not, it is the same; what is still to come is a press away."""
    await world.set_up()
    await world.announce(make_listing(*make_papers(3)))
    before = shown(await digest(world, "preview"))
    await digest(world, "send")
    await world.announce(make_listing(*make_papers(5)))
    result = await digest(world, "preview")
    assert "as if nothing had been posted" in shown(result)
    assert "3 would be posted" in before
    assert "5 would be posted" in shown(result)
    assert result.response is not None
    await world.admin.click(result.response, label="Only what is still to come")
    assert "3 posted before · 2 would be posted" in shown(result)
    assert "3 not posted. Posted in this channel before." in shown(result).replace("*", "")
    await world.admin.click(result.response, label="Post 2 more now")
    assert "3 posted before · 2 posted" in shown(result)


async def test_a_menu_leads_to_every_page_of_a_long_preview(world: World) -> None:
    await world.set_up()
    await world.announce()
    result = await digest(world, "preview")
    assert result.response is not None
    await world.admin.select(result.response, ["3"])
    assert "message 3 of 3" in shown(result)
    await world.admin.select(result.response, ["0"])
    assert "25 would be posted" in shown(result)


async def test_a_long_digest_is_asked_about_before_it_is_posted(world: World) -> None:
    await world.set_up(style="cards")
    await world.announce(make_listing(*make_papers(60)))
    result = await digest(world, "send")
    assert "would be 6 messages" in shown(result)
    assert world.channel.history() == []
    assert result.response is not None
    await world.admin.click(result.response, label="Post 6 messages")
    assert "60 posted" in shown(result)
    assert len(world.channel.history()) == 6


async def test_preview_says_what_would_be_posted_and_why_the_rest_not(world: World) -> None:
    await world.set_up()
    await world.announce()
    await world.admin.slash(world.channel, "topic add", name="diffusion", query="diffusion")
    result = await digest(world, "preview")
    said = shown(result).replace("*", "")
    assert is_private(result)
    assert "25 announced (25 new) · 6 match · 6 would be posted" in said
    assert "Diffusion networks, part 4 · diffusion" in said
    assert "19 not posted. It does not match the topic 'diffusion'." in said
    assert world.channel.history() == []


async def test_preview_pages_show_the_very_messages(world: World) -> None:
    await world.set_up()
    await world.announce()
    result = await digest(world, "preview")
    assert labels(result) == {PREVIOUS: False, NEXT: True, "Post now": True}
    assert result.response is not None
    await world.admin.click(result.response, label=NEXT)
    first = result.response.embeds
    assert "message 1 of 3" in result.response.content
    await digest(world, "send")
    assert world.channel.history()[0].embeds == first


async def test_preview_pages_turn_after_a_restart(world: World) -> None:
    await world.set_up()
    await world.announce()
    result = await digest(world, "preview")
    before = shown(result)
    await world.restart()
    assert result.response is not None
    await world.admin.click(result.response, label=NEXT)
    assert "message 1 of 3" in shown(result)
    await world.admin.click(result.response, label=PREVIOUS)
    assert shown(result) == before


async def test_preview_of_a_date_without_listing_says_so(world: World) -> None:
    await world.set_up()
    await world.announce()
    result = await digest(world, "preview", date="2024-03-02")
    assert "no listing of Sat, 2 Mar 2024 is stored for cs.CV" in shown(result)
    assert labels(result) == {}


@pytest.mark.parametrize("date", ["2024-02-30", "yesterday", "5 March"])
async def test_an_impossible_date_says_what_is_right(world: World, date: str) -> None:
    await world.set_up()
    await world.announce()
    result = await digest(world, "preview", date=date)
    assert "like 2020-08-21" in shown(result)


async def test_dates_complete_to_those_with_a_listing(world: World) -> None:
    await world.set_up()
    await world.announce()
    choices = await world.admin.autocomplete(world.channel, "digest preview", "date", "mar")
    assert choices == [{"name": "Tue, 5 Mar 2024", "value": "2024-03-05"}]


async def test_before_the_first_listing_preview_says_when_it_comes(world: World) -> None:
    await world.set_up()
    said = shown(await digest(world, "preview"))
    assert "No listing of cs.CV is stored yet" in said
    assert "I keep trying; /digest status says when." in said


# -- send ----------------------------------------------------------------------------------------


async def test_send_posts_every_paper_and_says_where(world: World) -> None:
    await world.set_up()
    await world.announce()
    result = await digest(world, "send")
    posted = world.channel.history()
    assert is_private(result)
    assert "25 announced (25 new) · 25 posted, in 3 messages, of Tue, 5 Mar 2024" in shown(result)
    assert posted[0].jump_url in shown(result)
    titles = [embed.title for message in posted for embed in message.embeds if embed.title]
    assert titles == [entry.paper.title for entry in LISTING.announcements]


async def test_sending_twice_posts_nothing_again(world: World) -> None:
    await world.set_up()
    await world.announce()
    await digest(world, "send")
    before = [message.id for message in world.channel.history()]
    result = await digest(world, "send")
    assert "Nothing new to post" in shown(result)
    assert world.channel.history()[0].jump_url in shown(result)
    assert [message.id for message in world.channel.history()] == before


async def test_what_was_announced_since_is_sent_as_a_supplement(world: World) -> None:
    await world.set_up()
    await world.announce(make_listing(*make_papers(3)))
    await digest(world, "send")
    world.clock.advance(timedelta(hours=1))
    await world.announce(make_listing(*make_papers(5)))
    assert "3 posted before · 2 posted" in shown(await digest(world, "send"))
    assert "supplement" in world.channel.history()[-1].content


async def test_when_no_topic_matches_nothing_is_sent(world: World) -> None:
    await world.set_up()
    await world.announce()
    await world.admin.slash(world.channel, "topic add", name="theology", query="theology")
    result = await digest(world, "send")
    assert "Nothing to post in <#" in shown(result)
    assert "/digest preview" in shown(result)
    assert world.channel.history() == []


async def test_sending_again_does_not_pass_off_as_posted_what_is_not(world: World) -> None:
    await world.set_up()
    await world.announce()
    world.env.inject_error(
        "POST", "/channels/*/messages", status=400, code=50035, message="Invalid Form Body"
    )
    await digest(world, "send")
    said = shown(await digest(world, "send"))
    assert "not all of the digest of Tue, 5 Mar 2024 arrived" in said
    assert "/digest resolve" in said


async def test_a_channel_that_refuses_is_told(world: World) -> None:
    await world.set_up()
    await world.announce()
    world.env.inject_error(
        "POST", "/channels/*/messages", status=403, code=50013, message="Missing Permissions"
    )
    result = await digest(world, "send")
    assert "Not everything could be posted" in shown(result)
    assert "Send Messages" in shown(result)


async def test_commands_find_the_only_digest_from_any_channel(world: World) -> None:
    await world.set_up()
    await world.announce()
    lobby = world.guild.create_text_channel("lobby")
    result = await world.admin.slash(lobby, "digest send")
    assert f"Posted in {world.channel.mention}" in shown(result)


async def test_of_several_digests_the_channel_must_be_named(world: World) -> None:
    await world.set_up()
    await world.set_up(channel=world.guild.create_text_channel("vision"))
    lobby = world.guild.create_text_channel("lobby")
    assert "pick the one you mean" in shown(await world.admin.slash(lobby, "digest preview"))
    named = await world.admin.slash(lobby, "digest preview", channel=lobby)
    assert "No digest is set up in #lobby" in shown(named)


# -- remove --------------------------------------------------------------------------------------


async def test_remove_asks_first(world: World) -> None:
    await world.set_up()
    result = await digest(world, "remove")
    assert is_private(result)
    assert "Remove the digest of cs.CV" in shown(result)
    assert await world.store.subscriptions.get_subscription(world.channel.id)
    assert result.response is not None
    await world.admin.click(result.response, label="Keep it")
    assert "Kept" in shown(result)
    assert labels(result) == {}
    assert await world.store.subscriptions.get_subscription(world.channel.id)


async def test_remove_removes_when_confirmed_even_after_a_restart(world: World) -> None:
    await world.set_up()
    result = await digest(world, "remove")
    await world.restart()
    assert result.response is not None
    await world.admin.click(result.response, label="Remove the digest")
    assert "Removed the digest of cs.CV" in shown(result)
    assert await world.store.subscriptions.get_subscription(world.channel.id) is None


async def test_a_digest_removed_meanwhile_is_said_to_be_gone(world: World) -> None:
    await world.set_up()
    result = await digest(world, "remove")
    await world.store.subscriptions.delete_subscription(world.channel.id, world.clock.now())
    assert result.response is not None
    clicked = await world.admin.click(result.response, label="Remove the digest")
    assert "no longer exists" in shown(clicked)


# -- autocomplete --------------------------------------------------------------------------------


async def test_the_last_of_several_categories_completes(world: World) -> None:
    choices = await world.admin.autocomplete(
        world.channel, "digest setup", "categories", "cs.CV, cs.l"
    )
    assert "cs.CV, cs.LG" in [choice["value"] for choice in choices]


@pytest.mark.parametrize(("typed", "first"), [("berl", "Europe/Berlin"), ("utc", "UTC")])
async def test_zones_complete_by_city(world: World, typed: str, first: str) -> None:
    choices = await world.admin.autocomplete(
        world.channel, "digest setup", "zone", typed, categories="cs.CV"
    )
    assert first in [choice["value"] for choice in choices]


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("EST", [("America/New_York (with summer time)", "America/New_York"),
                 ("UTC-05:00 (the same all year)", "UTC-05:00")]),
        ("IST", [("Asia/Kolkata (India)", "Asia/Kolkata"), ("Europe/Dublin (Ireland)",
                 "Europe/Dublin"), ("Asia/Jerusalem (Israel)", "Asia/Jerusalem")]),
        ("GMT+8", [("UTC+08:00", "UTC+08:00"), ("UTC+08:45", "UTC+08:45")]),
        ("localtime", []),
        ("posix", []),
        ("Etc/", []),
        ("factory", []),
    ],
)  # fmt: skip
async def test_zones_complete_by_their_meaning(
    world: World, typed: str, first: list[tuple[str, str]]
) -> None:
    choices = await world.admin.autocomplete(
        world.channel, "digest setup", "zone", typed, categories="cs.CV"
    )
    offered = [(choice["name"], choice["value"]) for choice in choices]
    assert offered[: len(first)] == first
    assert bool(offered) == bool(first)


async def test_times_complete(world: World) -> None:
    choices = await world.admin.autocomplete(
        world.channel, "digest setup", "time", "", categories="cs.CV"
    )
    assert [choice["value"] for choice in choices][:2] == ["when announced", "05:00"]


def test_the_day_of_these_tests_has_a_listing() -> None:
    assert LISTING.announced_on == DAY


@pytest.mark.parametrize(("asked", "kept"), [(None, True), ("edit", True), ("leave", False)])
async def test_whether_posts_are_edited_can_be_chosen(
    world: World, asked: str | None, *, kept: bool
) -> None:
    text = shown(await world.set_up(**({"updates": asked} if asked else {})))
    assert ("Posted messages: leave them as they were posted" in text) is not kept
    await world.set_up(categories="cs.LG")  # what is left out stays
    subscription = await world.store.subscriptions.get_subscription(world.channel.id)
    assert subscription is not None
    assert subscription.updates is kept


@pytest.mark.parametrize(
    ("asked", "kept", "said"),
    [
        (None, QuietDays.UNEXPECTED, "On days without one: say why, when one was expected"),
        ("all", QuietDays.ALL, "On days without one: always say why"),
        ("none", QuietDays.NONE, ""),
    ],
)
async def test_what_is_said_on_days_without_a_digest_can_be_chosen(
    world: World, asked: str | None, kept: QuietDays, said: str
) -> None:
    options = {} if asked is None else {"quiet_days": asked}
    text = shown(await world.set_up(**options))
    assert ("On days without one" in text) is bool(said)
    assert said in text
    await world.set_up(categories="cs.LG")  # what is left out stays
    subscription = await world.store.subscriptions.get_subscription(world.channel.id)
    assert subscription is not None
    assert subscription.quiet_days is kept
