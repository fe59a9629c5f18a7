"""Whom a server's settings let use the admin commands, who lacks Manage Server."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import discord
import pytest
from discord import app_commands

from bot.cogs import digest, digest_taste, topic_saving
from bot.cogs.access import Asker, Kind, Rule, is_let_in, require_admin
from bot.cogs.answers import EXPIRED
from bot.digest.models import Subscription, SubscriptionState, Topic
from bot.run.client import BUTTONS, PaperBot
from bot.ui.drafts import key_of
from bot.ui.panel import PanelAct, TopicAct
from bot.ui.setup_form import FormPart
from tests.conftest import World
from tests.fakes.faults import refuse
from tests.fakes.interactions import BUTTON, ROLE_MENU, TEXT_MENU, Reply
from tests.fakes.world import Channel, Guild, Role, User
from tests.wire import Scene, open_scene

GUILD, USER, ROLE, OTHER, CHANNEL = 100, 1, 2, 3, 4
ASKER = Asker(guild_id=GUILD, user_id=USER, role_ids=[ROLE, OTHER], channel_id=CHANNEL)


def rule(kind: Kind, id_: int, *, allows: bool) -> Rule:
    return Rule(id=id_, kind=kind, allows=allows)


ME = rule(Kind.USER, USER, allows=True)
NOT_ME = rule(Kind.USER, USER, allows=False)
MINE = rule(Kind.ROLE, ROLE, allows=True)
NOT_MINE = rule(Kind.ROLE, OTHER, allows=False)
EVERYONE = rule(Kind.ROLE, GUILD, allows=True)
NOT_HERE = rule(Kind.CHANNEL, CHANNEL, allows=False)
HERE = rule(Kind.CHANNEL, CHANNEL, allows=True)
NOWHERE = rule(Kind.CHANNEL, GUILD - 1, allows=False)


@pytest.mark.parametrize(
    ("command", "everything", "lets_in"),
    [
        ([], [], False),
        ([ME], [], True),
        ([MINE], [], True),
        ([EVERYONE], [], True),
        ([NOT_ME, MINE, EVERYONE], [], False),
        ([NOT_MINE, EVERYONE], [], False),
        ([NOT_MINE, MINE], [], True),
        ([ME, NOT_HERE], [], False),
        ([ME, NOWHERE], [], False),
        ([ME, NOWHERE, HERE], [], True),
        ([ME], [NOT_HERE], False),
        ([ME, HERE], [NOT_HERE], True),
        ([], [ME, EVERYONE], False),  # the settings of all commands only take away
        ([rule(Kind.USER, ROLE, allows=True)], [], False),  # another kind, the same number
    ],
)
def test_the_commands_own_rules_let_people_in(
    command: list[Rule], everything: list[Rule], lets_in: bool
) -> None:
    assert is_let_in(ASKER, command, everything) is lets_in


# -- over the wire -------------------------------------------------------------------------------

RULES = "/applications/{application_id}/guilds/{guild_id}/commands/{command_id}/permissions"
REFUSED = "Only members with the permission Manage Server"


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    """A server with two digests and a topic."""
    async with open_scene(tmp_path) as scene:
        other = scene.server.add_channel(scene.guild, "others")
        await scene.server.tell(
            scene.guild.id, "CHANNEL_CREATE", other.json(scene.guild.bot_role_id)
        )
        for channel in (scene.channel, other):
            slash = scene.server.slash(
                scene.guild, channel, scene.admin, "digest setup", categories="cs.CV"
            )
            assert "Digest set up" in (await slash).text
        topic = Topic(name="graphs", query="graph")
        await scene.store.subscriptions.put_topic(scene.channel.id, topic, instead_of="")
        yield scene


async def press(scene: Scene, user: User, custom_id: str, channel: Channel | None = None) -> Reply:
    pressing = scene.server.interactions.press
    return await pressing(scene.guild, channel or scene.channel, user, custom_id)


async def test_whom_an_override_lets_in_may_use_the_buttons_and_nobody_else(scene: Scene) -> None:
    """By the person, a role, everyone; taken away for a channel, by all commands, by the person."""
    server, guild = scene.server, scene.guild
    eve, readers = server.add_user("eve"), await server.add_role(guild, "readers")
    everyone = guild.everyone
    pause = f"digest:1:panel:{scene.channel.id}"
    assert REFUSED in (await press(scene, eve, pause)).text
    eve.role_ids = (readers.id,)
    rules: list[tuple[str, User | Role | Channel, bool, bool]] = [
        ("digest", readers, True, True),
        ("", scene.channel, False, False),
        ("digest", scene.channel, True, True),
        ("digest", scene.channel, False, False),
        ("digest", scene.channel, True, True),
        ("digest", eve, False, False),
        ("digest", eve, True, True),
        ("digest", readers, False, True),
        ("topic", eve, False, True),
        ("", eve, False, True),  # what holds for all commands is about the command's own rules
        ("digest", eve, False, False),
        ("digest", everyone, True, False),
    ]
    for command, who, allows, gets in rules:
        server.let(guild, command, who, allows=allows)
        said = (await press(scene, eve, pause)).text
        assert (REFUSED not in said) is gets, (command, who, allows, said)
        assert ("Digest in" in said) is gets
    mallory = server.add_user("mallory")
    assert "Digest in" in (await press(scene, mallory, pause)).text  # as everyone
    assert server.refusals == []


async def test_while_the_settings_cannot_be_read_only_those_who_manage_the_server_may(
    scene: Scene,
) -> None:
    eve = scene.server.add_user("eve")
    scene.server.let(scene.guild, "digest", eve, allows=True)
    pause = f"digest:1:pause:{scene.channel.id}"
    scene.server.inject(refuse(403, 50001, "Missing Access"), route=("GET", RULES), standing=True)
    said = (await press(scene, eve, pause)).text
    assert said.startswith("Discord did not let me do that here")  # nobody knows if she may
    (first, _) = await scene.store.subscriptions.list_subscriptions()
    assert first.state is SubscriptionState.ACTIVE
    assert "Paused" in (await scene.press(pause)).text


async def test_in_a_thread_the_rule_for_its_channel_counts(scene: Scene) -> None:
    eve, thread = scene.server.add_user("eve"), scene.server.add_thread(scene.channel)
    panel = f"digest:1:panel:{scene.channel.id}"
    scene.server.let(scene.guild, "digest", eve, allows=True)
    assert "Digest in" in (await press(scene, eve, panel, thread)).text
    scene.server.let(scene.guild, "digest", scene.channel, allows=False)
    assert REFUSED in (await press(scene, eve, panel, thread)).text


async def test_while_the_commands_are_not_known_only_those_who_manage_the_server_may(
    scene: Scene,
) -> None:
    """Discord may have refused them at the start; then nobody knows their settings."""
    panel = f"digest:1:panel:{scene.channel.id}"
    scene.bot.command_ids = {}
    assert REFUSED in (await press(scene, scene.server.add_user("eve"), panel)).text
    assert "Digest in" in (await scene.press(panel)).text


async def test_an_administrator_manages_the_server_too(scene: Scene) -> None:
    root = scene.server.add_user("root")
    root.permissions = 1 << 3
    panel = f"digest:1:panel:{scene.channel.id}"
    assert "Digest in" in (await press(scene, root, panel)).text


async def test_a_command_of_another_group_lets_nobody_in(world: World) -> None:
    """Discord has decided about that command, and about no other."""
    heard: list[discord.Interaction] = []

    async def on_interaction(interaction: discord.Interaction) -> None:
        heard.append(interaction)

    bot = world.env.bot
    assert isinstance(bot, PaperBot)
    bot.add_listener(on_interaction)
    await world.member.slash(world.channel, "paper random")
    (interaction,) = heard
    with pytest.raises(app_commands.MissingPermissions):
        await require_admin(interaction, "digest")
    await require_admin(interaction, "paper")


ADMIN_BUTTONS = (*digest.BUTTONS, *topic_saving.BUTTONS, *digest_taste.BUTTONS)
KEY = key_of("graphs")


def samples() -> Iterator[tuple[str, int]]:
    """Write an id for every way to press an admin's button; ``@`` is the channel."""
    yield from ((f"digest:1:{act}:@", BUTTON) for act in PanelAct)
    yield from ((f"change:1:{part}:@", BUTTON) for part in FormPart)
    yield from ((f"topic-step:1:{act}:@:{KEY}", BUTTON) for act in TopicAct)
    yield "topic-menu:1:@:0", TEXT_MENU
    yield f"topic-carry:1:@:{KEY}", TEXT_MENU
    yield f"topic-role:1:@:{KEY}", ROLE_MENU
    yield from (
        (f"answer:1:{what}:@:{answer}", BUTTON)
        for what in ("remove", "resume")
        for answer in ("yes", "no")
    )
    yield from ((f"preview:2:@:2024-03-05:0:{kind}", BUTTON) for kind in ("all", "rest"))
    yield "preview-menu:1:@:2024-03-05:0:all", TEXT_MENU
    yield from ((f"send:1:@:2024-03-05:{sure}", BUTTON) for sure in ("ask", "sure"))
    yield "again:1:@:2024-03-05:0:00000000:yes", BUTTON
    yield from ((f"topic:1:{what}:@:0", BUTTON) for what in ("save:@", "edit", "see", "turn"))
    yield "taste:1:@", TEXT_MENU
    yield "taste-all:1:@", BUTTON


async def push(scene: Scene, user: User, custom_id: str, kind: int, guild: object = None) -> Reply:
    """Press a button or choose from a menu, in the server or in another."""
    where = guild if isinstance(guild, Guild) else scene.guild
    channel = next(iter(where.channels.values()))
    name = custom_id.partition(":")[0]
    values = {"preview-menu": "0", "topic-menu": KEY, "topic-carry": f"copy:{scene.channel.id}"}
    custom_id = custom_id.replace("@", str(scene.channel.id))
    return await scene.server.interactions.press(
        where,
        channel,
        user,
        custom_id,
        kind=kind,
        values=[values.get(name, "x")] * (kind == TEXT_MENU),
    )


async def everything(scene: Scene) -> tuple[list[Subscription], int]:
    sent = len(scene.server.ledger)
    return await scene.store.subscriptions.list_subscriptions(), sent


def test_there_is_a_sample_of_every_admins_button() -> None:
    assert set(ADMIN_BUTTONS) <= set(BUTTONS)
    ids = [id_.replace("@", "1") for id_, _ in samples()]
    assert {each for each in ADMIN_BUTTONS for id_ in ids if each.takes(id_)} == set(ADMIN_BUTTONS)
    for id_ in ids:
        assert sum(each.takes(id_) for each in BUTTONS) == 1, id_


async def test_nobody_without_the_right_presses_an_admins_button(scene: Scene) -> None:
    before, eve = await everything(scene), scene.server.add_user("eve")
    for custom_id, kind in samples():
        reply = await push(scene, eve, custom_id, kind)
        assert REFUSED in reply.text, custom_id
        assert reply.is_private, custom_id
    assert await everything(scene) == before


async def test_an_admin_of_another_server_presses_no_button_of_this_one(scene: Scene) -> None:
    before, elsewhere = await everything(scene), scene.server.add_guild("Elsewhere")
    scene.server.add_channel(elsewhere, "room")
    await scene.server.welcome(elsewhere)
    for custom_id, kind in samples():
        reply = await push(scene, scene.admin, custom_id, kind, elsewhere)
        assert any(words in reply.text for words in ("no longer exists", "not there any more")), (
            custom_id,
            reply.text,
        )
    assert await everything(scene) == before


async def test_what_a_made_up_wish_cannot_mean_is_said_and_not_done(scene: Scene) -> None:
    before, here = await everything(scene), scene.channel.id
    pressing = scene.server.interactions.press
    for custom_id, kind, chosen, words in [
        (f"topic-step:1:mend:{here}:{KEY}", BUTTON, [], "does well now"),
        (f"topic-carry:1:{here}:{KEY}", TEXT_MENU, ["steal:1"], "Pick one of the digests"),
        (f"topic-carry:1:{here}:{KEY}", TEXT_MENU, ["copy:x"], "Pick one of the digests"),
        (f"topic-carry:1:{here}:{KEY}", TEXT_MENU, [f"copy:{here}"], "in that channel already"),
        (f"topic-menu:1:{here}:0", TEXT_MENU, ["x"], "not there any more"),
    ]:
        reply = await pressing(
            scene.guild, scene.channel, scene.admin, custom_id, kind=kind, values=chosen
        )
        assert words in reply.text, custom_id
        assert reply.is_private
    assert await everything(scene) == before


def altered(custom_id: str) -> tuple[str, ...]:
    """Alter an id: another version, a letter among the digits, more behind it."""
    head, _, rest = custom_id.partition(":")
    return (
        f"{head}:9:{rest.partition(':')[2]}".replace("@", "1"),
        custom_id.replace("@", "1x"),
        f"{custom_id}:x:y".replace("@", "1"),
    )


async def test_an_altered_id_is_no_button(scene: Scene) -> None:
    """No button takes it, so it is told so, and nothing is done."""
    before = await everything(scene)
    kinds = {custom_id.partition(":")[0]: (custom_id, kind) for custom_id, kind in samples()}
    for custom_id, _ in samples():
        assert not [each for id_ in altered(custom_id) for each in BUTTONS if each.takes(id_)]
    for custom_id, kind in kinds.values():
        for id_ in altered(custom_id)[:2]:
            reply = await push(scene, scene.admin, id_, kind)
            assert (reply.text, reply.is_private) == (EXPIRED, True), id_
    assert await everything(scene) == before
