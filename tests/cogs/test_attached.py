"""A file that is attached to a command arrives whole, or one sentence says why it did not.

Over real HTTP; one bot answers a whole test, as its start is what costs.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.cogs import attached
from bot.cogs.topic_moving import MAX_FILE_BYTES
from tests.fakes import faults
from tests.fakes.discord import DOWNLOAD
from tests.fakes.faults import Fault
from tests.wire import Scene, open_scene

NAME = "topics.toml"
TOPIC = b"[[topic]]\nname = 'nets'\nquery = 'deep'\n"
CUT = f"I could not download the whole of {NAME} from Discord; use the command again."
GONE = f"Discord does not have {NAME} any more; attach it again."


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with open_scene(tmp_path) as scene:
        await scene.slash("digest setup", categories="cs.CV")
        yield scene
        assert scene.server.refusals == []


async def import_(scene: Scene, content: bytes, *, size: int | None = None) -> str:
    file = scene.server.attach(NAME, content, size=size)
    reply = await scene.slash("topic import", file=file)
    assert reply.is_private
    return reply.text


async def topics_of(scene: Scene) -> list[str]:
    (digest,) = await scene.store.subscriptions.list_subscriptions(scene.guild.id)
    return [each.name for each in digest.topics]


STRIKES: list[tuple[Fault, str]] = [
    (faults.page(404), GONE),
    (faults.page(403), CUT),
    (faults.page(500), CUT),
    (faults.cut(), CUT),
]


async def test_a_download_that_fails_is_one_sentence_and_changes_nothing(
    scene: Scene, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither half a file is taken in, nor is anything logged for a bug; then it goes on."""
    for fault, said in STRIKES:
        scene.server.inject(fault, route=DOWNLOAD)
        assert await import_(scene, TOPIC) == said, fault
    # As much as arrived can be read as a list of topics: only its size tells.
    assert await import_(scene, TOPIC, size=2 * len(TOPIC)) == CUT
    with monkeypatch.context() as patch:
        patch.setattr(attached, "PATIENCE_S", 0.05)
        scene.server.inject(faults.hang(), route=DOWNLOAD)
        assert await import_(scene, TOPIC) == CUT
    assert await topics_of(scene) == []
    assert "command failed" not in caplog.text
    assert "1 topic added" in await import_(scene, TOPIC)
    assert await topics_of(scene) == ["nets"]


async def test_a_file_that_cannot_be_one_is_told_for_what_it_is(scene: Scene) -> None:
    """One that is too large is not even asked for."""
    asked = len(scene.server.calls)
    large = await import_(scene, b"#" * (MAX_FILE_BYTES + 1))
    assert large == f"{NAME} is too large (101 kB); a list of 50 topics fits into 100 kB."
    assert not [each for each in scene.server.calls[asked:] if each.template == DOWNLOAD[1]]
    for encoding in ("utf-16", "latin-1"):
        said = await import_(scene, "[[topic]]\nname = 'Größe'\nquery = 'x'".encode(encoding))
        assert said.startswith(f"{NAME} is not text in UTF-8; save it")
    assert await topics_of(scene) == []


async def test_examples_for_a_topic_are_fetched_in_the_same_way(scene: Scene) -> None:
    file = scene.server.attach("papers.bib", b"@article{a, title={Graph networks}}")
    scene.server.inject(faults.cut(), route=DOWNLOAD)
    reply = await scene.slash("topic from", file=file)
    assert reply.text == CUT.replace(NAME, "papers.bib")
