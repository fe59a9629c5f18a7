"""The demo as a newcomer meets it: one command, one page, the whole bot in it."""

import asyncio
import json
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import date, timedelta
from pathlib import Path

import pytest

from bot.errors import InputError
from bot.models import AnnounceType, LinkKind
from bot.run.demo import clock_from, default_listing, first_listing, run_demo
from tests.builders import NOW
from tests.cli.conftest import environ as environ
from tests.cli.terminal import run
from tests.conftest import World
from tests.fakes.browser import Page, chromium, open_browser

ROOT = Path(__file__).parent.parent.parent
START_S = 60
TYPED = ":is(dialog, [role=dialog]) :is(input[type=text], input:not([type]), textarea)"
"""The fields of a form into which one types."""

FEED = """<?xml version='1.0' encoding='UTF-8'?>
<rss xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/"
     version="2.0">
  <channel>
    <title>math.AG updates on arXiv.org</title>
    <link>http://rss.arxiv.org/rss/math.AG</link>
    <pubDate>Tue, 05 Mar 2024 00:00:00 -0500</pubDate>
    <item>
      <title>Curves on surfaces</title>
      <link>https://arxiv.org/abs/2403.00001</link>
      <description>arXiv:2403.00001v1 Announce Type: new
Abstract: We count curves.</description>
      <guid isPermaLink="false">oai:arXiv.org:2403.00001v1</guid>
      <category>math.AG</category>
      <pubDate>Tue, 05 Mar 2024 00:00:00 -0500</pubDate>
      <arxiv:announce_type>new</arxiv:announce_type>
      <dc:creator>Ada Example</dc:creator>
    </item>
  </channel>
</rss>
"""


@asynccontextmanager
async def demo(*options: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Start the demo as a process; whatever a test leaves running is ended."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "demo", *options, cwd=ROOT,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def said(process: asyncio.subprocess.Process) -> str:
    """Return what the demo prints until it serves."""
    assert process.stdout is not None
    lines = []
    async with asyncio.timeout(START_S):
        while line := await process.stdout.readline():
            lines.append(line.decode())
            if "Ctrl-C" in lines[-1]:
                break
    return "".join(lines)


def address(text: str) -> str:
    match = re.search(r"http://127\.0\.0\.1:\d+/#\S+", text)
    assert match, text
    return match[0]


async def use(page: Page, command: str, value: str) -> None:
    """Type a command and its first option, one with suggestions, as a person who looks first."""
    await page.click("#channel-composer-input")
    await page.type(f"/{command}")
    await page.wait_for("!!document.querySelector('[role=option]')")
    await page.press("Enter")
    for _ in range(5):  # the page may redraw the field during typing
        await page.wait_for("!!document.activeElement.closest('.command-option-input')")
        await page.type(value)
        try:
            await page.wait_for(f"document.activeElement.value === {json.dumps(value)}", 5)
            break
        except AssertionError:
            await page.run("document.activeElement.select?.()")
    await page.wait_for("!!document.querySelector('.command-suggestion')")
    for _ in range(5):  # a redrawn field shows its suggestions again, and Enter takes one
        await page.run("document.querySelector('.command-option-input')?.focus()")
        await page.press("Escape")
        await page.press("Enter")
        with suppress(AssertionError):
            await page.wait_for("!document.querySelector('.command-option-input')", 5)
            break


def address_of(title: str, text: str) -> str:
    """Return the address below the line that begins with ``title``."""
    match = re.search(rf"^{re.escape(title)}: .+\n +(http://127\.0\.0\.1:\d+/#\S+)$", text, re.M)
    assert match, text
    return match[1]


async def papers_linked(page: Page) -> int:
    """Count the papers whose titles the page links, each once."""
    count = await page.run(
        "new Set(Array.from(document.querySelectorAll('a')).map(a => a.href)"
        ".filter(href => href.startsWith('https://arxiv.org/abs/'))).size"
    )
    return int(count)


@pytest.mark.slow(15)  # nine pages in a real browser
async def test_the_whole_bot_is_in_its_page(tmp_path: Path) -> None:
    """What a newcomer does with one demo, from the first look to Ctrl-C."""
    chromium()
    async with demo() as process, open_browser(tmp_path / "profile") as page:
        text = await said(process)
        await each_channel_has_a_page_that_the_others_link(page, text)
        await the_first_page_shows_what_matters_and_answers_a_search(page, text)
        await a_paper_of_the_menu_is_read_in_private(page, text)
        await the_next_digest_is_tomorrows(page, text)
        await what_one_follows_came_directly(page, text)
        await what_waits_can_be_previewed_and_sent(page, text)
        await a_digest_is_set_up_previewed_and_posted(page, text)
        await ends_cleanly(process)


async def the_first_page_shows_what_matters_and_answers_a_search(page: Page, text: str) -> None:
    await show(page, address(text))
    await page.wait_for_text("42 match · 42 posted")
    await page.wait_for_text("Viewport updated")  # else the page would redraw itself
    assert await papers_linked(page) == 42
    await page.wait_for_text("↳ 18 Aug 2026: Code")  # it became known after the post
    top = "document.querySelector('[data-message-id]').getBoundingClientRect()"
    assert await page.run(f"{top}.top >= 0 && {top}.top < innerHeight / 3"), "opens at the top"

    await use(page, "paper search", "video-generation")
    await page.wait_for_text("Search: video-generation")
    await page.wait_for_text("11 papers")
    assert "posted here" in await page.text()


async def each_channel_has_a_page_that_the_others_link(page: Page, text: str) -> None:
    """One in each style, a thread, a forum's post; one that waits for its digest."""
    shown = {
        "#list": ("269 posted · in arXiv's order", 269),
        "#brief": ("posted · best matches first", 55),
        "#thread": ("started a thread: cs.CV · Tue, 18 Aug 2026", 5),
        "thread in #thread": ("part 2 of 3", 37),
        "#week": ("5 posted · 37 more behind a button · best matches first", 5),
        "post in #forum": ("42 posted", 42),
        "#first-day": ("47 announced (", 47),
        "#evening": ("Nothing is posted here yet", 0),
        "#new": ("No digest is set up here", 0),
    }
    for title, (words, papers) in shown.items():
        await show(page, address_of(title, text))
        await page.wait_for_text(words)
        assert await papers_linked(page) == papers, title
        links = await page.run("Array.from(document.querySelectorAll('a')).map(a => a.href)")
        others = {address_of(each, text) for each in ("#papers", *shown)}
        assert others - {address_of(title, text)} <= set(links)


async def send(page: Page, command: str) -> None:
    """Pick a command from the list that opens while it is typed, and send it."""
    await page.click("#channel-composer-input")
    await page.type(command)
    await page.wait_for("!!document.querySelector('[role=option]')")
    await page.press("Enter")
    await page.wait_for("!!document.querySelector('.command-chip')")
    await page.click("#send-message")


async def the_next_digest_is_tomorrows(page: Page, text: str) -> None:
    await show(page, address_of("#brief", text))
    await page.wait_for_text("Viewport updated")
    await send(page, "/digest panel")
    await page.wait_for_text("August 19, 2026")


async def test_its_clock_goes_on_in_commands(world: World) -> None:
    """There the clocks of Python show the pretended Discord's time, which stands still."""
    world.pipeline.now = clock_from(NOW)
    await world.set_up()
    (digest,) = await world.store.subscriptions.list_subscriptions()
    assert digest.created_at is not None
    assert timedelta() <= digest.created_at - NOW < timedelta(hours=1)


async def what_one_follows_came_directly(page: Page, text: str) -> None:
    """An author and a query, on the page of one's own direct messages; the list says so."""
    await show(page, address_of("direct messages", text))
    await page.wait_for_text("Papers that you follow · Tue, 18 Aug 2026")
    await page.wait_for_text("Viewport updated")
    await send(page, "/follow list")
    await page.wait_for_text("You follow 2 things of at most 20")


async def what_waits_can_be_previewed_and_sent(page: Page, text: str) -> None:
    await show(page, address_of("#evening", text))
    await page.wait_for_text("Viewport updated")
    for command, answer in (("digest preview", "42 match"), ("digest send", "part 3 of 3")):
        await send(page, f"/{command}")
        await page.wait_for_text(answer)


async def a_digest_is_set_up_previewed_and_posted(page: Page, text: str) -> None:
    """From a channel without a digest to its first post: a form, two buttons."""
    await show(page, address_of("#new", text))
    await page.wait_for_text("Viewport updated")
    await send(page, "/digest setup")
    await page.wait_for(f"document.querySelectorAll('{TYPED}').length >= 3")
    for number, value in enumerate(("computer vision", "diffusion")):
        await page.run(f"document.querySelectorAll('{TYPED}')[{number}].focus()")
        await page.type(value)
    await page.click("button", "Submit")
    await page.wait_for_text("269 papers; 35 with your topics")
    await page.click("button", "Preview")
    await page.wait_for_text("35 would be posted")
    await page.click("button", "Post now")
    await page.wait_for_text("35 posted here")


async def a_paper_of_the_menu_is_read_in_private(page: Page, text: str) -> None:
    await show(page, address_of("#list", text))  # here nothing else has a menu
    await page.wait_for_text("Viewport updated")
    await page.click("[role=combobox], button", "Read an abstract")
    await page.click("[role=option]")  # by key it would have to be in focus first
    await page.wait_for_text("Only you can see this")


async def show(page: Page, url: str) -> None:
    await page.open("about:blank")  # pages that differ in their fragment are not loaded anew
    await page.open(url)


async def ends_cleanly(process: asyncio.subprocess.Process) -> None:
    process.send_signal(signal.SIGINT)
    out, err = await process.communicate()
    assert (process.returncode, out, err) == (0, b"", b"")


async def test_another_listing_can_be_shown(tmp_path: Path) -> None:
    feed = tmp_path / "feed.xml"
    feed.write_text(FEED, encoding="utf-8")
    async with demo("--listing", str(feed)) as process:
        text = await said(process)
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
    assert "math.AG of Tue, 5 Mar 2024: 1 paper." in text
    assert re.findall(r"^#.+", text, re.M) == ["#papers: cards, without topics"]


def test_a_taken_port_is_one_sentence(environ: dict[str, str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ran = run(environ, "demo", "--port", str(port))
    assert ran.code == 2
    assert ran.err == (
        f"Port {port} of this machine is taken; choose another with --port, or leave it out.\n"
    )


@pytest.mark.parametrize("port", ["-1", "70000"])
def test_an_impossible_port_is_one_sentence(port: str, environ: dict[str, str]) -> None:
    ran = run(environ, "demo", "--port", port)
    assert ran.code == 2
    assert ran.err == f"There is no port {port}; choose one from 1 to 65535.\n"


@pytest.mark.parametrize("module", ["simcord", "markdown_it"])
async def test_without_simcord_it_says_how_to_get_it(
    module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(InputError, match=r"install it with .*pip install 'simcord\[preview\]==3"):
        await run_demo(lambda _: None)


def test_the_listing_that_comes_with_the_bot_is_a_whole_day_of_2026() -> None:
    listing = default_listing()
    assert (listing.category, listing.announced_on) == ("cs.CV", date(2026, 8, 18))
    counts = listing.counts()
    assert (counts[AnnounceType.NEW], counts[AnnounceType.CROSS]) == (219, 50)
    assert listing.is_complete
    assert not listing.skipped
    papers = [each.paper for each in listing.announcements]
    assert all(paper.authors and paper.primary_category for paper in papers)
    assert sum(len(paper.categories) > 1 for paper in papers) > 100
    assert sum(bool(paper.links_of(LinkKind.CODE)) for paper in papers) == 50


def test_the_first_day_is_the_seed() -> None:
    listing = first_listing()
    assert (listing.category, listing.announced_on) == ("cs.CV", date(2020, 8, 21))
    assert len(listing.announcements) == 47
