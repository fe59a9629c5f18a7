"""What readers do, over real HTTP and a real gateway: every command, every button, and its faults.

One bot answers a whole test, as its start is what costs.
"""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.cogs.answers import EXPIRED
from bot.models import ArxivId
from bot.store.readers import library as saved_papers
from bot.store.readers import opinions
from bot.ui.acts import NO_SERVER, Act, PaperAct
from bot.ui.browse import CatchUpPage
from bot.ui.discuss import DiscussPaper
from bot.ui.errors import MESSAGE_GONE
from tests.builders import make_id
from tests.fakes import faults
from tests.fakes.world import CREATE_PUBLIC_THREADS
from tests.wire import Scene, open_scene

EDIT = ("PATCH", "/webhooks/{webhook_id}/{webhook_token}/messages/@original")
PAPER, TITLE = make_id(3), "Graph networks, part 3"


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with open_scene(tmp_path) as scene:
        scene.admin.permissions |= CREATE_PUBLIC_THREADS
        yield scene
        assert scene.server.refusals == []


def act(what: Act, paper: ArxivId = PAPER) -> str:
    return PaperAct(act=what, arxiv_id=paper).custom_id


async def test_every_command_of_readers_is_answered(scene: Scene) -> None:
    """In this order, as each finds what those before it have left."""
    person = scene.admin.id
    for command, options, said in (
        ("library add", {"paper": PAPER, "tags": "slam"}, "Saved"),
        ("library list", {}, TITLE),
        ("library list", {"query": "tag:slam is:unread"}, TITLE),
        ("library note", {"paper": PAPER, "note": "see section 3"}, "see section 3"),
        ("library tag", {"paper": PAPER, "tags": "slam, pose"}, "pose"),
        ("library read", {"paper": PAPER}, "ead"),
        ("library export", {"format": "bibtex"}, "1 of your papers"),
        ("library share", {"name": "reading", "tag": "slam"}, "reading"),
        ("library list", {"shared": "reading"}, TITLE),
        ("library unshare", {"name": "reading"}, "No longer shared"),
        ("library remove", {"paper": PAPER}, "No longer in your library"),
        ("paper show", {"paper": PAPER}, TITLE),
        ("paper latest", {"category": "cs.CV"}, "networks"),
        ("paper random", {}, "networks"),
        ("paper catchup", {}, "Nothing was posted"),
        ("paper popular", {}, "Nobody here"),
        ("me data", {}, ""),
        ("me forget", {}, "I keep 1 time you caught up"),
    ):
        reply = await scene.slash(command, **options)
        assert said.lower() in reply.text.lower(), (command, reply.text)
        assert reply.is_private or command.startswith("paper"), command
    assert await scene.store.library.list_saved(person) == []


async def test_every_button_below_a_paper_is_answered(scene: Scene) -> None:
    shown = await scene.slash("paper show", paper=PAPER)
    labels = [each.get("label") for each in shown.buttons]
    assert labels == ["Save", "Like", "Not for us", "Similar", "BibTeX", "Discuss"]
    for button, said in zip(
        shown.buttons,
        ("Saved", "You like it", "Not for this server", "", "```bibtex", "Opened"),
        strict=True,
    ):
        reply = await scene.press(button["custom_id"])
        assert said in reply.text
        assert reply.is_private
    for undo, said in ((Act.UNDO, "Taken back"), (Act.DROP, "No longer in your library")):
        assert said in (await scene.press(act(undo))).text


async def test_presses_that_come_twice_or_at_once_count_once(scene: Scene) -> None:
    both = [act(Act.SAVE), act(Act.LIKE)] * 4
    replies = await asyncio.gather(*map(scene.press, both))
    assert sum(reply.text.startswith("Saved") for reply in replies) == 1
    assert sum("as before" in reply.text for reply in replies) == 3
    assert len(await scene.store.library.list_saved(scene.admin.id)) == 1
    assert await scene.store.opinions.weigh(scene.guild.id) == {PAPER: 1.5}
    assert "Taken back" in (await scene.press(act(Act.UNDO))).text
    assert "nothing to take back" in (await scene.press(act(Act.UNDO))).text
    discuss = DiscussPaper(arxiv_id=PAPER).custom_id
    opened = await asyncio.gather(*(scene.press(discuss) for _ in range(3)))
    assert len(scene.server.ledger) == 1
    assert sum("Opened" in reply.text for reply in opened) == 1


async def test_what_was_deleted_or_left_behind_is_one_sentence(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    """A message that is gone, a paper that is gone, a server that threw the bot out."""
    caplog.set_level(logging.WARNING)
    assert (
        "I no longer have 2403.09999"
        in (await scene.press(act(Act.LIKE, ArxivId("2403.09999")))).text
    )
    await scene.press(act(Act.SAVE))
    scene.server.inject(faults.refuse(404, 10008, "Unknown Message"), route=EDIT)
    page = CatchUpPage(channel_id=scene.channel.id, since=scene.clock.now(), page=0)
    turned = await scene.press(page.custom_id)
    assert (turned.text, turned.is_private) == (MESSAGE_GONE, True)
    await scene.server.remove_guild(scene.guild)
    assert (await scene.press(act(Act.LIKE))).text == NO_SERVER
    assert "In your library" in (await scene.press(act(Act.SAVE))).text
    assert caplog.records == []


async def test_a_busy_database_is_one_sentence(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (saved_papers, opinions):
        monkeypatch.setattr(module, "PERSONS_PATIENCE_S", 0.05)
    other = sqlite3.connect(tmp_path / "bot.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    for what in (Act.SAVE, Act.LIKE, Act.DROP, Act.UNDO):
        reply = await scene.press(act(what))
        assert "busy" in reply.text, reply.text
        assert reply.text.count("\n") == 0
    other.execute("ROLLBACK")
    other.close()
    assert (await scene.press(act(Act.SAVE))).text.startswith("Saved")


FORGED = (
    *("act:1:save:", "act:1:vote:2403.00001", "act:2:save:2403.00001", "act:1:like:../../etc"),
    *("act:1:like:2403.1", "discuss:1:nothing", "discuss:2:2403.00001", "similar:2:2403.00001"),
    *("library:9:0:", "forget:1:7", "catchup:1:1:99999999999:0:", "catchup:2:1:1:0"),
    *("elsewhere:1:7:2024-02-31:0", "offered:1:7:2024-13-01:0", "left:1:x:2024-03-05:0"),
)


async def test_every_made_up_button_gets_the_sentence_of_an_expired_one(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    said = {custom_id: (await scene.press(custom_id)).text for custom_id in FORGED}
    assert said == dict.fromkeys(FORGED, EXPIRED)
    assert caplog.records == []
