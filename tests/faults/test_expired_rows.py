"""Row 65: what comes too late, and what somebody made up, is answered or given up quietly."""

import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.cogs.answers import EXPIRED
from tests.fakes import faults
from tests.fakes.faults import Fault
from tests.wire import Scene, open_scene

EDIT = ("PATCH", "/webhooks/{webhook_id}/{webhook_token}/messages/@original")


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with open_scene(tmp_path) as scene:
        yield scene


LATE = {
    "the token is over": faults.refuse(401, 50027, "Invalid Webhook Token"),
    "its webhook is gone": faults.refuse(404, 10015, "Unknown Webhook"),
}


@pytest.mark.parametrize("late", LATE.values(), ids=LATE)
@pytest.mark.parametrize("category", ["cs.CV", "cs.XX"], ids=["an answer", "a mistake"])
async def test_row_65_an_answer_after_the_token_is_over_is_one_quiet_line(
    scene: Scene, caplog: pytest.LogCaptureFixture, late: Fault, category: str
) -> None:
    """The interaction was acknowledged in time, and the answer took more than fifteen minutes."""
    scene.server.interactions.timeout_s = 0.5
    scene.server.inject(late, route=EDIT, standing=True)
    caplog.set_level(logging.INFO)
    with pytest.raises(TimeoutError):
        await scene.slash("digest setup", categories=category)
    (line,) = [each for each in caplog.records if each.name.startswith("bot.")]
    assert line.levelno == logging.WARNING
    assert line.getMessage().endswith("interaction answered too late")
    assert line.exc_info is None


MEANINGLESS = (
    "preview:2:{channel}:2024-02-31:0:all",
    "preview:2:{channel}:0000-01-01:0:all",
    "preview:1:{channel}:2024-03-05:0",
    "again:1:{channel}:2024-13-01:1:00000000:yes",
    "search:1:{admin}:nothing:start",
    "offer:1:{admin}:nothing:networks",
    "of:another:version",
    "similar:1:../../..",
    "similar:1:9999.99999",
)
"""Dates and papers that never were, orders that there are not, buttons of another bot: expired."""

FORGED = (
    *MEANINGLESS,
    "preview:2:99999999999999999999:2024-03-05:0:all",
    "again:1:99999999999999999999:2024-03-05:1:00000000:yes",
    "answer:1:remove:99999999999999999999:yes",
    "search:1:{admin}:relevance:....",
    "search:1:99999999999999999999:newest:+-+-",
    "offer:1:{admin}:newest:author:(",
    "similar:1:2403.99999",
)


async def test_row_65_a_button_that_somebody_made_up_is_answered(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    """In a sentence, to that person alone, and the log has no traceback."""
    caplog.set_level(logging.WARNING)
    for forged in FORGED:
        custom_id = forged.format(channel=scene.channel.id, admin=scene.admin.id)
        reply = await scene.press(custom_id)
        assert reply.text, custom_id
        assert "on my side" not in reply.text, custom_id
        assert (reply.content == EXPIRED) is (forged in MEANINGLESS), custom_id
    assert [each.getMessage() for each in caplog.records] == []
