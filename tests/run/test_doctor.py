"""What `doctor` sees of a host, and what it makes of it."""

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.config.schema import Config
from bot.run import doctor
from bot.run.app import open_visit
from bot.run.check import Finding
from bot.run.doctor import Answer, Way
from tests.builders import NOW
from tests.fakes import commands
from tests.fakes.arxiv import ArxivServer
from tests.fakes.discord import DiscordServer
from tests.fakes.process import bot_environ
from tests.fakes.proxy import ProxyServer, serve_proxy

SECRET = "open-sesame"
NOWHERE = "http://127.0.0.1:1"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a certificate for localhost that only who is told of it trusts, for two days."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs openssl")
    file = tmp_path_factory.mktemp("tls") / "localhost.pem"
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
         "subjectAltName=DNS:localhost", "-keyout", file, "-out", file],
        check=True, capture_output=True,
    )  # fmt: skip
    return file


@asynccontextmanager
async def listening(host: str, file: Path | None = None) -> AsyncIterator[int]:
    """Take connections and say nothing; with TLS where there is a certificate."""
    context = None
    if file is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(file)

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(hear, host, 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_a_certificate_that_nobody_vouches_for_is_named(certificate: Path) -> None:
    async with listening("127.0.0.1", certificate) as port:
        way = await doctor.find_way(f"https://localhost:{port}")
    assert way.families["IPv4"] == ""
    assert way.certificate_error.startswith("self-signed certificate")
    assert way.ends_at is None


async def test_the_end_of_a_trusted_certificate_is_read(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    async with listening("127.0.0.1", certificate) as port:
        way = await doctor.find_way(f"wss://localhost:{port}")
    assert way.certificate_error == ""
    assert way.ends_at is not None
    assert timedelta(days=1) < way.ends_at - datetime.now(UTC) < timedelta(days=3)


async def test_each_family_of_addresses_is_tried() -> None:
    async with listening("127.0.0.1") as port:
        assert (await doctor.find_way(f"http://127.0.0.1:{port}")).families == {"IPv4": ""}
        refused = (await doctor.find_way(NOWHERE)).families["IPv4"]
    assert "refused" in refused.lower() or "failed" in refused.lower()


async def test_a_name_without_address_says_why() -> None:
    way = await doctor.find_way("https://nobody.invalid")
    assert way.lookup_error
    assert way.families == {}


GOOD = Way(host="a.org", families={"IPv4": "", "IPv6": ""}, ends_at=NOW + timedelta(days=50))
FOURTH = Way(host="b.org", families={"IPv4": "", "IPv6": "Network is unreachable"})
LOST = Way(host="c.org", families={"IPv4": "timed out"})
UNKNOWN = Way(host="d.org", lookup_error="Name or service not known")


@pytest.mark.parametrize(
    ("ways", "said"),
    [
        ([GOOD], ["ok IPv4: a.org reached", "ok IPv6: a.org reached"]),
        (
            [GOOD, FOURTH],
            [
                "ok IPv4: a.org and b.org reached",
                "ok IPv6: not used, b.org (Network is unreachable) not reached by it",
            ],
        ),
        (
            [GOOD, LOST, UNKNOWN],
            [
                "BAD IPv4: c.org (timed out) not reached; a firewall may be in the way",
                "ok IPv6: a.org reached",
            ],
        ),
        (
            [Way(host="e.org", families={"IPv6": ""})],
            ["ok IPv4: no host has such an address", "ok IPv6: e.org reached"],
        ),
    ],
)
def test_one_family_of_addresses_is_enough(ways: list[Way], said: list[str]) -> None:
    assert list(map(line, doctor.judge_families(ways))) == said


def line(finding: Finding) -> str:
    return f"{'ok' if finding.is_good else 'BAD'} {finding.sentence}"


def test_names_that_are_not_found_are_bad() -> None:
    assert line(doctor.judge_names([GOOD, FOURTH])) == "ok DNS: addresses of a.org and b.org found"
    found = line(doctor.judge_names([GOOD, UNKNOWN]))
    assert found.startswith("BAD DNS: no address for d.org (Name or service not known); ")


@pytest.mark.parametrize(
    ("ways", "begins"),
    [
        ([GOOD, FOURTH], "ok certificates: 1 host trusted, that of a.org ends 2024-"),
        ([FOURTH], "ok certificates: none to look at"),
        (
            [GOOD, Way(host="b.org", ends_at=NOW + timedelta(days=3))],
            "BAD certificates: 2 hosts trusted, that of b.org ends 2024-",
        ),
        (
            [GOOD, Way(host="b.org", certificate_error="certificate has expired")],
            "BAD certificates: not trusted of b.org (certificate has expired); ",
        ),
    ],
)
def test_certificates_are_trusted_and_last(ways: list[Way], begins: str) -> None:
    assert line(doctor.judge_certificates(ways, NOW)).startswith(begins)


@pytest.mark.parametrize(
    ("ahead_s", "said"),
    [
        ({"arXiv": 0.4, "Discord": -0.3}, "ok clock: as arXiv's and as Discord's"),
        (
            {"arXiv": 20, "Discord": -1},
            "ok clock: 20 seconds ahead of arXiv's and 1 second behind Discord's",
        ),
        ({"arXiv": 31, "Discord": 2}, "ok clock: 31 seconds ahead of arXiv's and "),
        ({"arXiv": 31, "Discord": 32}, "BAD clock: 31 seconds ahead of arXiv's and "),
        ({"arXiv": -31, "Discord": -32}, "BAD clock: 31 seconds behind arXiv's and "),
        ({"arXiv": 0, "Discord": None}, "BAD clock: cannot be compared with that of Discord (no"),
    ],
)
def test_a_clock_that_differs_from_all_is_wrong(
    ahead_s: Mapping[str, float | None], said: str
) -> None:
    answers = [
        Answer(service=name, error="no answer")
        if seconds is None
        else Answer(service=name, ahead=timedelta(seconds=seconds))
        for name, seconds in ahead_s.items()
    ]
    assert line(doctor.judge_clock(answers)).startswith(said)


async def test_everything_is_a_line_and_the_exit_code_tells(tmp_path: Path) -> None:
    """Against stand-ins, by the command itself; the proxy's password stays in."""
    async with (
        ArxivServer() as arxiv,
        DiscordServer() as discord,
        serve_proxy(ProxyServer(password=SECRET)) as proxy,
    ):
        environ = bot_environ(tmp_path, arxiv=arxiv, discord=discord)
        ran = await asyncio.to_thread(commands.run, environ, "doctor", cwd=tmp_path)
        environ["PAPER_BOT_NETWORK__PROXY"] = proxy.url
        by_proxy = await asyncio.to_thread(commands.run, environ, "doctor", cwd=tmp_path)
        discord_host = f"127.0.0.1:{proxy.port} for 127.0.0.1"
    lines = [each[5:] for each in ran.out.splitlines()]
    assert [each.partition(":")[0] for each in lines[-7:]] == [
        "disk", "proxy", "DNS", "IPv4", "IPv6", "certificates", "clock",
    ]  # fmt: skip
    assert "settings read" in lines
    assert ran.code == 0, ran.out
    assert "ok   proxy: none" in ran.out
    assert by_proxy.code == 0, by_proxy.out
    assert f"ok   proxy: {discord_host}\n" in by_proxy.out
    assert len(proxy.asked) >= 2
    assert SECRET not in by_proxy.out + by_proxy.err


async def test_a_clock_is_compared_with_the_answers(tmp_path: Path) -> None:
    """Set ahead by a minute and a half; Discord down says so."""
    async with ArxivServer() as arxiv:
        environ = bot_environ(tmp_path, arxiv=arxiv, discord=None)
        config = settings(environ, arxiv.url)

        def now() -> datetime:
            return datetime.now(UTC) + timedelta(seconds=90)

        found = [each async for each in doctor.examine(config, None, program="bot", now=now)]
        assert "cannot be compared with that of Discord (" in found[-1].sentence
        async with open_visit(config) as session:
            answer = await doctor.ask(session, "arXiv", arxiv.url, now)
    assert answer.ahead is not None
    assert abs(answer.ahead - timedelta(seconds=90)) < timedelta(seconds=5)


def settings(environ: Mapping[str, str], arxiv: str) -> Config:
    return Config.model_validate(
        {
            "database": {"path": environ["PAPER_BOT_DATABASE__PATH"]},
            "arxiv": {f"{name}_url": arxiv for name in ("feed", "listing", "api", "oai")}
            | {"request_spacing_s": 0},
            "discord": {"api_url": NOWHERE, "gateway_url": "ws://127.0.0.1:1"},
        }
    )
