"""A person's eyes and hands on a page: headless Chromium over its DevTools protocol.

Not a fake: the real browser of the machine, with just enough of the protocol
(https://chromedevtools.github.io/devtools-protocol/) to look, type and click.
"""

import asyncio
import base64
import itertools
import json
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.waiting import HUNG_S

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",  # containers run the tests as root
    "--disable-gpu",
    "--disable-dev-shm-usage",  # a container's /dev/shm is too small for a page
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-port=0",
)


def chromium() -> str:
    """Return the browser's program, or skip the test where there is none."""
    for name in PROGRAMS:
        if program := shutil.which(name):
            return program
    pytest.skip("needs Chromium (Debian: apt-get install chromium), which is not here")


class Page:
    """One tab. Every wait ends in an AssertionError that says what was waited for."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)

    async def call(self, method: str, **params: object) -> dict[str, Any]:
        """Call a DevTools method and return its result."""
        number = next(self._numbers)
        await self._socket.send_json({"id": number, "method": method, "params": params})
        while True:
            answer = await self._socket.receive_json(timeout=HUNG_S)
            if answer.get("id") == number:
                assert "error" not in answer, answer["error"]
                result: dict[str, Any] = answer["result"]
                return result

    async def run(self, expression: str) -> Any:
        """Evaluate JavaScript in the page and return its value."""
        answer = await self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    async def wait_for(self, expression: str, patience_s: float = HUNG_S) -> Any:
        """Wait until the expression is true in the page; return its value."""
        until = time.monotonic() + patience_s
        while time.monotonic() < until:
            if value := await self.run(expression):
                return value
            await asyncio.sleep(0.1)
        raise AssertionError(f"never true in the page: {expression}\n{await self.text()}")

    async def open(self, url: str) -> None:
        await self.call("Page.navigate", url=url)

    async def text(self) -> str:
        """Return the text that the page shows."""
        return str(await self.run("document.body ? document.body.innerText : ''"))

    async def wait_for_text(self, text: str, patience_s: float = HUNG_S) -> None:
        await self.wait_for(f"document.body?.innerText.includes({json.dumps(text)})", patience_s)

    async def click(self, selector: str, text: str = "") -> None:
        """Click the last element of ``selector`` whose text holds ``text``, when it is there."""
        found = (
            f"Array.from(document.querySelectorAll({json.dumps(selector)}))"
            f".filter(e => e.innerText.includes({json.dumps(text)}) && !e.disabled).pop()"
        )
        await self.wait_for(f"!!({found})")
        await self.run(f"({found}).scrollIntoView({{block: 'center'}})")
        box = await self.run(
            f"(() => {{ const r = ({found}).getBoundingClientRect();"
            " return [r.x + r.width / 2, r.y + r.height / 2]; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            await self.call(
                "Input.dispatchMouseEvent",
                type=kind, x=box[0], y=box[1], button="left", clickCount=1,
            )  # fmt: skip

    async def type(self, text: str) -> None:
        await self.call("Input.insertText", text=text)

    async def press(self, key: str) -> None:
        """Press a named key such as Enter, Tab, Escape or ArrowDown."""
        code = {"Enter": 13, "Tab": 9, "Escape": 27, "ArrowDown": 40, "ArrowUp": 38}[key]
        typed = {"text": "\r"} if key == "Enter" else {}
        for kind in ("keyDown", "keyUp"):
            await self.call(
                "Input.dispatchKeyEvent",
                type=kind, key=key, code=key, windowsVirtualKeyCode=code,
                **(typed if kind == "keyDown" else {}),
            )  # fmt: skip

    async def take_picture(self, path: Path, width: int = 1280, height: int = 900) -> None:
        """Save what the page shows as a PNG of the given size in pixels."""
        await self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=False,
        )  # fmt: skip
        await asyncio.sleep(0.3)  # the page lays itself out again
        answer = await self.call("Page.captureScreenshot", format="png")
        await asyncio.to_thread(path.write_bytes, base64.b64decode(answer["data"]))


@asynccontextmanager
async def open_browser(profile: Path) -> AsyncIterator[Page]:
    """Start Chromium with the fresh ``profile`` folder, yield its one page, end it."""
    process = await asyncio.create_subprocess_exec(
        chromium(), *FLAGS, f"--user-data-dir={profile}", "--window-size=1280,900", "about:blank",
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        port = await _debugging_port(profile)
        async with aiohttp.ClientSession() as session:
            async with session.get(f"http://127.0.0.1:{port}/json/list") as response:
                targets = await response.json(content_type=None)
            address = next(item for item in targets if item["type"] == "page")
            async with session.ws_connect(
                address["webSocketDebuggerUrl"], max_msg_size=0
            ) as socket:
                yield Page(socket)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _debugging_port(profile: Path) -> int:
    """Read the port from the file that Chromium writes once it listens."""
    file = profile / "DevToolsActivePort"
    until = time.monotonic() + HUNG_S
    while time.monotonic() < until:
        if file.exists() and (lines := file.read_text().splitlines()):
            return int(lines[0])
        await asyncio.sleep(0.05)
    raise AssertionError("Chromium did not start")
