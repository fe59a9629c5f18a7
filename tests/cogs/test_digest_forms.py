"""All forms of the bot: whatever they carry, whoever sends them and whenever."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import time
from typing import Any

import discord
import pytest
import simcord

from bot.cogs.answers import StateForm
from bot.cogs.digest_panel import HERE, make_step
from bot.cogs.options import split_time
from bot.digest.models import Cadence, Place, QuietDays, Subscription
from bot.models import AnnounceType
from bot.run.client import FORMS
from bot.ui.drafts import Draft, render_topic_form
from bot.ui.panel import PanelAct
from bot.ui.setup_form import FormPart, render_change_form, render_first_form, render_setup_form
from bot.ui.views import make_view
from tests.cogs.modals import TEXT, fields_of, filled_in, send_form
from tests.cogs.replies import is_private, shown
from tests.conftest import World

Opener = Callable[[World, simcord.ResponseMessage], Awaitable[simcord.InteractionResult]]
Opened = tuple[simcord.InteractionResult, Mapping[str, Any]]


def by_button(custom_id: str) -> Opener:
    """Open a form by a button of the panel; ``@`` stands for the channel."""

    async def press(world: World, panel: simcord.ResponseMessage) -> simcord.InteractionResult:
        id_ = custom_id.replace("@", str(world.channel.id))
        return await world.admin.click(panel, custom_id=id_)

    return press


async def set_up_anew(world: World, _: object) -> simcord.InteractionResult:
    return await world.admin.slash(world.guild.create_text_channel("new"), "digest setup")


async def choose_where(world: World, _: object) -> simcord.InteractionResult:
    there = world.env.bot.get_channel(world.guild.create_text_channel("hall").id)
    assert isinstance(there, discord.TextChannel)
    message = await there.send(view=make_view([make_step(PanelAct.FORM, HERE, "Set up")]))
    return await world.admin.click(message, label="Set up")


async def set_up_again(world: World, _: object) -> simcord.InteractionResult:
    return await world.admin.slash(world.channel, "digest setup")


async def edit_topic(world: World, _: object) -> simcord.InteractionResult:
    return await world.admin.slash(world.channel, "topic edit", name="graphs")


OPENERS: Mapping[str, Opener] = {
    "setup, new": set_up_anew,
    "setup, again": set_up_again,
    "setup, where": choose_where,
    **{f"change {part}": by_button(f"change:1:{part}:@") for part in FormPart},
    "topic, again": edit_topic,
    "topic, new": by_button("digest:1:topic:@"),
}
"""A way to open each form."""

HOSTILE = (
    *("", " \u200b ", "x" * 4000, "**b** @everyone <@&1> `c` [d](http://e.example)", "-1"),
    *("9" * 40, "12:99 Berlin, 25 pm", "\u202e\x00\u2028"),
)
FREE = {"name", "query"}
"""What may be any text; a query only as far as it can be read."""
BLANK_MEANS = {"time", "ping"}
"""Fields in which nothing means something: when announced, nobody."""


async def enter(world: World) -> dict[str, Opened]:
    """Set up a digest with a topic and everything, and open all forms."""
    world.guild.create_role("readers", mentionable=True)
    await world.set_up(time="09:00", zone="Asia/Tokyo", every="day and week", ping="readers")
    await world.admin.slash(world.channel, "topic add", name="graphs", query="graph")
    panel = (await world.admin.slash(world.channel, "digest panel")).response
    assert panel is not None
    forms: dict[str, Opened] = {}
    for name, opener in OPENERS.items():
        opened = await opener(world, panel)
        assert opened.modal is not None, shown(opened)
        forms[name] = (opened, opened.modal)
    return forms


async def set_up_and_open(world: World, custom_id: str) -> simcord.InteractionResult:
    await world.set_up()
    panel = (await world.admin.slash(world.channel, "digest panel")).response
    assert panel is not None
    return await by_button(custom_id)(world, panel)


async def state(world: World) -> list[Subscription]:
    return await world.store.subscriptions.list_subscriptions()


def all_forms(base: type[StateForm[Any]] = StateForm) -> set[type[StateForm[Any]]]:
    found = set(base.__subclasses__())
    return found.union(*(all_forms(each) for each in found))


def test_every_form_is_answered_and_tried_here() -> None:
    """A form that is written later fails here until it is in both."""
    assert all_forms() == set(FORMS)
    digest = Subscription(
        id=1, guild_id=1, channel_id=1, categories=("cs.CV",), created_at=None, topics=()
    )
    draft = Draft(name="a", query="b")
    rendered = {
        "setup, new": render_setup_form(1, None),
        "setup, again": render_setup_form(1, digest),
        "setup, where": render_first_form(1),
        **{f"change {part}": render_change_form(part, digest) for part in FormPart},
        "topic, new": render_topic_form(1, draft),
        "topic, again": render_topic_form(1, Draft(name="a", query="b", instead_of="a")),
    }
    assert rendered.keys() == OPENERS.keys()
    taken = {form for form in FORMS for each in rendered.values() if form.takes(each.custom_id)}
    assert taken == set(FORMS)


async def test_whatever_a_form_carries_is_answered_and_what_is_bad_changes_nothing(
    world: World,
) -> None:
    forms = await enter(world)
    for opened, modal in forms.values():
        for field, about in fields_of(modal).items():
            for text in HOSTILE if about["type"] == TEXT else ("nonsense", "x" * 4000):
                before, case = await state(world), (modal["custom_id"], field, text)
                result = await send_form(world.admin, opened, modal, {field: text})
                said = shown(result)
                assert is_private(result), case
                assert 0 < len(said) < 2500, (case, said)
                assert "went wrong" not in said, (case, said)
                is_blank = not text.strip(" \u200b")
                if field not in FREE and not (field in BLANK_MEANS and is_blank):
                    assert await state(world) == before, (case, said)
    assert world.channel.history() == []


async def test_a_form_of_one_whose_right_was_taken_changes_nothing(world: World) -> None:
    forms = await enter(world)
    before = await state(world)
    world.guild.roles["manager"]._role.permissions = 0
    for opened, modal in forms.values():
        result = await send_form(world.admin, opened, modal, changed(modal))
        assert is_private(result)
        assert "Only members with the permission Manage Server" in shown(result)
    assert await state(world) == before


async def test_a_form_may_come_late_after_a_restart_and_twice(world: World) -> None:
    forms = await enter(world)
    await world.restart()
    await world.env.advance_time(14 * 60)
    before = await state(world)
    for opened, modal in forms.values():
        result = await send_form(world.admin, opened, modal, changed(modal))
        assert "another version" not in shown(result)
        once = await state(world)
        await send_form(world.admin, opened, modal, changed(modal))
        assert await state(world) == once
    assert len(once) == len(before) + 1


async def test_a_form_of_a_digest_that_is_gone_sets_none_up(world: World) -> None:
    forms = await enter(world)
    await world.store.subscriptions.delete_subscription(world.channel.id, world.clock.now())
    for name, (opened, modal) in forms.items():
        if not name.startswith("setup"):
            result = await send_form(world.admin, opened, modal, changed(modal))
            assert "This digest no longer exists" in shown(result)
    assert await state(world) == []


async def test_a_form_made_up_in_another_server_changes_nothing_here(world: World) -> None:
    forms = await enter(world)
    before = await state(world)
    other = world.env.create_guild("Elsewhere")
    manager = other.create_role("manager", permissions=discord.Permissions(manage_guild=True))
    mallory = other.add_member(world.env.create_user("mallory"), roles=[manager])
    room = other.create_text_channel("room")
    for _, modal in forms.values():
        said = shown(await send_form(mallory, room, modal, changed(modal)))
        assert "no longer exists" in said or "not there any more" in said
    assert await state(world) == before


async def test_a_form_of_another_version_is_told_so(world: World) -> None:
    _, modal = (await enter(world))["setup, again"]
    before = await state(world)
    for custom_id in ("setup-form:2:1", "form:1:0:0", "change-form:1:all:1", "topic-form:1:1:x"):
        result = await send_form(
            world.admin, world.channel, {**modal, "custom_id": custom_id}, changed(modal)
        )
        assert is_private(result)
        assert "another version of me, so nothing is changed" in shown(result)
    assert await state(world) == before


def changed(modal: Mapping[str, Any]) -> Mapping[str, str | list[str]]:
    """Fill a form in with something else in each field that it has."""
    wanted: Mapping[str, str | list[str]] = {
        "categories": "math.AG", "time": "18:00 Berlin", "name": "nets", "query": '"deep nets"',
        "every": ["week"], "weekday": ["Monday"], "style": "list", "types": "new", "top": "3",
        "cards_up_to": "4", "cap": "20", "where": "thread", "ping": [], "quiet_days": "all",
        "updates": "leave", "channel": ["0"],
    }  # fmt: skip
    assert fields_of(modal).keys() <= wanted.keys()
    return {name: wanted[name] for name in fields_of(modal)}


# -- what forms do -------------------------------------------------------------------------------


async def test_forms_change_everything_of_a_digest_and_the_panel_shows_it(world: World) -> None:
    forms = await enter(world)
    for part in FormPart:
        opened, modal = forms[f"change {part}"]
        result = await send_form(world.admin, opened, modal, changed(modal))
        assert "Changed." in shown(result)
    (digest,) = await state(world)
    assert (digest.categories, digest.announce_types) == (("math.AG",), (AnnounceType.NEW,))
    assert (digest.post_at, digest.zone) == (time(18), "Europe/Berlin")
    assert (digest.cadences, digest.weekday) == ((Cadence.WEEK,), 0)
    assert (digest.style, digest.top, digest.cards_up_to, digest.cap) == ("list", 3, 4, 20)
    assert (digest.place, digest.ping_role) == (Place.THREAD, None)
    assert (digest.quiet_days, digest.updates) == (QuietDays.ALL, False)
    said = shown(result).replace("*", "")
    for words in ("math.AG", "every Monday at 18:00 Europe/Berlin", "At most 20 papers"):
        assert words in said


async def test_the_form_of_the_welcome_asks_where_to_post(world: World) -> None:
    opened = await choose_where(world, None)
    assert opened.modal is not None
    papers = world.guild.create_text_channel("papers")
    sent = {"categories": "cs.CV", "channel": [str(papers.id)]}
    assert "Digest set up" in shown(await send_form(world.admin, opened, opened.modal, sent))
    (digest,) = await state(world)
    assert digest.channel_id == papers.id
    for channel in ("", "0", "x", "9" * 30, str(world.guild.id)):
        result = await send_form(world.admin, opened, opened.modal, {**sent, "channel": channel})
        assert "That channel is not there any more" in shown(result)
    assert await state(world) == [digest]


async def test_a_form_that_is_sent_as_it_was_opened_changes_nothing(world: World) -> None:
    forms = await enter(world)
    before = await state(world)
    for name, (opened, modal) in forms.items():
        if name not in ("setup, new", "setup, where", "topic, new"):
            await send_form(world.admin, opened, modal, filled_in(modal))
            assert await state(world) == before, name


async def test_a_mistake_in_a_form_is_named_in_one_sentence(world: World) -> None:
    opened = await world.admin.slash(world.channel, "digest setup")
    assert opened.modal is not None
    for values, said in (
        ({"categories": " , "}, "Name at least one arXiv category"),
        ({"categories": "**bold** @everyone"}, "is not an arXiv category"),
        ({"time": "25:00"}, "is not a time of day"),
        ({"time": "9 <@&123>"}, "is not a time zone"),
        ({"query": "author:"}, "author:"),
        ({"style": "loud"}, "is not a style"),
        ({"every": ["month"]}, "every: 'month' is none of its choices"),
    ):
        result = await send_form(
            world.admin, opened, opened.modal, {"categories": "cs.CV", **values}
        )
        assert said in shown(result)
    opened = await set_up_and_open(world, "change:1:look:@")
    assert opened.modal is not None
    for text in ("-1", "1001", "ten", "1.5", "٣"):
        result = await send_form(world.admin, opened, opened.modal, {"cap": text})
        assert f"cap: {text!r} is no number from 0 to 1000" in shown(result)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", ("", "")),
        ("09:00", ("09:00", "")),
        ("09:00 Berlin", ("09:00", "Berlin")),
        ("9am, India", ("9am", "India")),
        ("9 PST", ("9", "PST")),
        ("9 p.m. Sao Paulo", ("9 p.m.", "Sao Paulo")),
        ("21h UTC+2", ("21h", "UTC+2")),
        ("Noon Asia/Tokyo", ("Noon", "Asia/Tokyo")),
        ("17.30", ("17.30", "")),
        ("when announced", ("when announced", "")),
        ("Berlin 9am", ("Berlin 9am", "")),
    ],
)
def test_a_time_is_parted_from_its_place(text: str, parts: tuple[str, str]) -> None:
    assert split_time(text) == parts
