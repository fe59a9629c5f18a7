"""Rows 115 and 116: forms that come late, twice, after a restart, or from whoever may not any more.

What a form may carry is tried in `tests/cogs/test_digest_forms.py`; here it goes over the wire.
"""

import logging
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from bot.digest.models import Subscription
from tests.cogs.modals import Values
from tests.fakes import faults
from tests.fakes.interactions import Reply
from tests.fakes.world import MANAGE_GUILD
from tests.waiting import until
from tests.wire import Scene, make_bot, open_scene

EDIT = ("PATCH", "/webhooks/{webhook_id}/{webhook_token}/messages/@original")
CHANGES: Mapping[str, Values] = {
    "setup": {"categories": "cs.LG, math", "time": "9am India", "style": "list"},
    "change:1:what": {"categories": "math.AG"},
    "change:1:when": {"time": "noon UTC-5", "every": ["day", "week"], "weekday": ["Monday"]},
    "change:1:look": {"cap": "7", "where": "thread"},
    "change:1:more": {"quiet_days": "all", "updates": "leave"},
    "digest:1:topic": {"name": "nets", "query": '"part 4" OR "part 5"'},
}


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with open_scene(tmp_path) as scene:
        await scene.slash("digest setup", categories="cs.CV")
        yield scene


async def open_forms(scene: Scene) -> dict[str, Reply]:
    """Open each form as an admin does."""
    return {
        name: await scene.slash("digest setup")
        if name == "setup"
        else await scene.press(f"{name}:{scene.channel.id}")
        for name in CHANGES
    }


async def digests(scene: Scene) -> list[Subscription]:
    return await scene.store.subscriptions.list_subscriptions()


async def test_row_115_a_form_is_done_after_a_restart_and_once_if_it_comes_twice(
    scene: Scene,
) -> None:
    forms = await open_forms(scene)
    await scene.bot.close()
    scene.clock.advance(timedelta(minutes=14))
    again = make_bot(scene.bot.pipeline, scene.delivery)
    async with scene.server.connected(again):
        await again.wait_until_ready()
        before = await digests(scene)
        for name, opened in forms.items():
            reply = await scene.submit(opened, CHANGES[name])
            assert reply.is_private
            once = await digests(scene)
            assert once != before, name
            await scene.submit(opened, CHANGES[name])
            before = await digests(scene)
            assert before == once, name
    (digest,) = once
    assert (digest.categories, digest.zone, digest.cap) == (("math.AG",), "UTC-05:00", 7)
    assert [topic.name for topic in digest.topics] == ["nets"]
    assert scene.server.refusals == []
    assert scene.server.ledger == []


async def test_row_115_a_form_of_one_who_may_not_any_more_changes_nothing(scene: Scene) -> None:
    forms, before = await open_forms(scene), await digests(scene)
    scene.admin.permissions &= ~MANAGE_GUILD
    for name, opened in forms.items():
        reply = await scene.submit(opened, CHANGES[name])
        assert "Only members with the permission Manage Server" in reply.text, name
        assert reply.is_private
    assert await digests(scene) == before


async def test_row_116_a_form_whose_answer_comes_too_late_is_done_and_one_quiet_line(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    forms = await open_forms(scene)
    scene.server.interactions.timeout_s = 0.3
    late = faults.refuse(404, 10015, "Unknown Webhook")
    scene.server.inject(late, route=EDIT, standing=True)
    caplog.set_level(logging.INFO)
    with pytest.raises(TimeoutError):
        await scene.submit(forms["change:1:look"], CHANGES["change:1:look"])
    await until(lambda: [each for each in caplog.records if each.name.startswith("bot.")])
    (digest,) = await digests(scene)
    assert digest.cap == 7
    (line,) = [each for each in caplog.records if each.name.startswith("bot.")]
    assert (line.levelno, line.getMessage()) == (logging.WARNING, "interaction answered too late")
    assert line.exc_info is None
