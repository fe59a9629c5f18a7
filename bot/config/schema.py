"""Every setting: its name, default and meaning, and what it may be."""

import ipaddress
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, time
from pathlib import Path
from typing import Annotated, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

from bot import __version__
from bot.errors import InputError

ARXIV_SPACING_S: Final = 3.0
"""ArXiv's rule: at most one request in three seconds (https://info.arxiv.org/help/api/tou.html)."""

CanonicalCategory = Callable[[str], str]


# --- what a value may be ---------------------------------------------------------------------


def _refuse_bool(value: object) -> object:
    # Python counts True as 1; a person who writes `port = true` means something else.
    if isinstance(value, bool):
        raise PydanticCustomError("not_a_number", "must be a number")
    return value


def _parse_hour_and_minute(value: object) -> object:
    if isinstance(value, time):
        return value
    try:
        return datetime.strptime(str(value), "%H:%M").time()  # noqa: DTZ007  # Eastern by meaning
    except ValueError:
        raise ValueError('must be a time of day as "HH:MM", from "00:00" to "23:59"') from None


def _split_list(value: object) -> object:
    """Read a list as the environment can carry it: JSON, or separated by commas or blanks."""
    if not isinstance(value, str):
        return value
    if not value.lstrip().startswith("["):
        return value.replace(",", " ").split()
    try:
        return json.loads(value)
    except ValueError:
        raise ValueError("must be a list, as JSON or separated by commas") from None


def is_loopback(url: str) -> bool:
    """Return whether an address leads to this machine only."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_plain_address(url: str) -> bool:
    """Return whether an address is scheme, host, port and path: no name, query or fragment."""
    try:
        parts = urlsplit(url)
        bool(parts.port)  # raises ValueError when it is no port
    except ValueError:
        return False
    extras = ("@" in parts.netloc, parts.query, parts.fragment, re.search(r"[^!-~]", url))
    return bool(parts.hostname) and not any(extras)


def _is_host_of(domain: str, url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return host == domain or host.endswith(f".{domain}")


def _base_address_of(domain: str) -> AfterValidator:
    """Allow https to a domain, or plain http to a stand-in on this machine."""

    def check(url: str) -> str:
        scheme = url.partition(":")[0]
        if _is_plain_address(url) and (
            (scheme == "https" and _is_host_of(domain, url))
            or (scheme == "http" and is_loopback(url))
        ):
            return url.rstrip("/")
        raise ValueError(
            f"must be an https address of {domain}, or an http address of a stand-in on this "
            "machine such as http://127.0.0.1:8000"
        )

    return AfterValidator(check)


def _check_proxy(url: str) -> str:
    try:
        parts = urlsplit(url)
        is_proxy = parts.scheme == "http" and bool(parts.hostname) and parts.path in ("", "/")
        bool(parts.port)  # raises ValueError when it is no port
    except ValueError:
        is_proxy = False
    if url and (not is_proxy or re.search(r"[^!-~]", url)):
        raise ValueError(
            "must be empty (what HTTPS_PROXY and NO_PROXY say), or the address of an HTTP proxy "
            "such as http://proxy.example.org:3128"
        )
    return url


def _stand_in(scheme: str) -> AfterValidator:
    """Allow nothing, or an address on this machine; the token must never go anywhere else."""

    def check(url: str) -> str:
        is_ours = _is_plain_address(url) and url.startswith(f"{scheme}://") and is_loopback(url)
        if url and not is_ours:
            raise ValueError(
                "must be empty (Discord itself), or the address of a stand-in on this machine "
                f"such as {scheme}://127.0.0.1:8000"
            )
        return url.rstrip("/")

    return AfterValidator(check)


def _check_path(path: Path) -> Path:
    if str(path) in ("", ".") or "\0" in str(path):
        raise ValueError("must be the path of a file")
    return _expanded(path)


def _check_folder(path: Path) -> Path:
    if str(path) in ("", ".") or "\0" in str(path):
        raise ValueError("must be the path of a folder")
    return _expanded(path)


def _expanded(path: Path) -> Path:
    """Expand a home folder; a folder must not get the name ``~`` because there is none."""
    expanded = expand_home(path)
    if str(expanded).startswith("~"):
        home = expanded.parts[0]
        raise ValueError(f"{home} stands for a home folder, and there is none; write a whole path")
    return expanded


def expand_home(path: Path | str) -> Path:
    # Unlike Path.expanduser, this leaves an unknown ~name as it is: then there is no such file.
    return Path(os.path.expanduser(path))


def _check_header(text: str) -> str:
    if not re.fullmatch(r"[ -~]*\S", text):
        raise ValueError("must be one line of printable ASCII, and not empty")
    return text


def _check_contact(text: str) -> str:
    if text and not re.fullmatch(r"https?://[!-'*-~]+|[!-'*-?A-~]+@[!-'*-?A-~]+", text):
        raise ValueError("must be empty, an e-mail address or a web address")
    return text


def _check_host(text: str) -> str:
    try:
        return text if text == "localhost" else str(ipaddress.ip_address(text))
    except ValueError:
        raise ValueError('must be an IP address of this machine, or "localhost"') from None


Whole = Annotated[int, BeforeValidator(_refuse_bool)]
Number = Annotated[float, BeforeValidator(_refuse_bool), Field(allow_inf_nan=False)]
TimeOfDay = Annotated[time, BeforeValidator(_parse_hour_and_minute)]
Names = Annotated[tuple[str, ...], BeforeValidator(_split_list)]
ArxivAddress = Annotated[str, _base_address_of("arxiv.org")]
FilePath = Annotated[Path, AfterValidator(_check_path)]
UpperCase = BeforeValidator(lambda value: value.upper() if isinstance(value, str) else value)
LowerCase = BeforeValidator(lambda value: value.lower() if isinstance(value, str) else value)


# --- the settings ----------------------------------------------------------------------------


class Section(BaseModel):
    """A group of settings; each has its default and a one-line meaning."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


class DatabaseConfig(Section):
    path: FilePath = Field(
        default=Path("data/papers.db"), description="The SQLite file; created when missing."
    )


class BackupConfig(Section):
    every_h: Number = Field(
        default=24,
        ge=0,
        le=8760,
        description="Hours between two copies that the running bot makes; 0 makes none.",
    )
    keep: Whole = Field(
        default=3, ge=1, le=100, description="How many of these copies are kept, the newest ones."
    )
    folder: Annotated[Path, AfterValidator(_check_folder)] = Field(
        default=Path("backups"),
        description="Where they are: beside the database, or a folder's whole path.",
    )


class ArxivConfig(Section):
    feed_url: ArxivAddress = Field(
        default="https://rss.arxiv.org", description="Where the daily feeds are."
    )
    listing_url: ArxivAddress = Field(
        default="https://arxiv.org", description="Where the listing pages are."
    )
    api_url: ArxivAddress = Field(
        default="https://export.arxiv.org", description="Where the query API is."
    )
    oai_url: ArxivAddress = Field(
        default="https://oaipmh.arxiv.org", description="Where OAI-PMH is."
    )
    request_spacing_s: Number = Field(
        default=ARXIV_SPACING_S,
        ge=0,
        le=300,
        description="Seconds between two requests; arXiv asks for at least 3.",
    )
    user_agent: Annotated[str, AfterValidator(_check_header)] = Field(
        default="paper-digest-bot", description="The name that arXiv sees; the version is added."
    )
    contact: Annotated[str, AfterValidator(_check_contact)] = Field(
        default="", description="Your e-mail or web address, told to arXiv with each request."
    )
    timeout_s: Number = Field(
        default=60, ge=1, le=600, description="Seconds after which a request is given up."
    )
    max_bytes: Whole = Field(
        default=20_000_000,
        ge=100_000,
        le=1_000_000_000,
        description="Most bytes of an answer, after decompression.",
    )

    @field_validator("request_spacing_s")
    @classmethod
    def _is_polite(cls, value: float, info: ValidationInfo) -> float:
        addresses = [info.data[key] for key in info.data if key.endswith("_url")]
        if value < ARXIV_SPACING_S and not any(map(is_loopback, addresses)):
            raise ValueError("must be at least 3, which is arXiv's rule")
        return value

    def spacing_for(self, url: str) -> float:
        """Return the seconds to keep before a request: never under 3 for arXiv itself."""
        least = 0.0 if is_loopback(url) else ARXIV_SPACING_S
        return max(least, self.request_spacing_s)

    @property
    def user_agent_header(self) -> str:
        """Return the User-Agent: name, version and, when given, whom to contact."""
        contact = f" ({self.contact})" if self.contact else ""
        return f"{self.user_agent}/{__version__}{contact}"


class DiscordConfig(Section):
    api_url: Annotated[str, _stand_in("http")] = Field(
        default="", description="A stand-in for Discord's API on this machine, for tests."
    )
    gateway_url: Annotated[str, _stand_in("ws")] = Field(
        default="", description="A stand-in for Discord's gateway on this machine, for tests."
    )
    shards: Whole = Field(
        default=0,
        ge=0,
        le=1000,  # for two million servers; more is a mistyped number
        description="How many connections to the gateway; 0: as many as Discord recommends.",
    )


class NetworkConfig(Section):
    proxy: Annotated[str, AfterValidator(_check_proxy)] = Field(
        default="",
        description="The HTTP proxy to use for everything; empty asks HTTPS_PROXY and NO_PROXY.",
    )


class HuggingFaceConfig(Section):
    enabled: bool = Field(
        default=False,
        description="Whether Hugging Face is asked for code links, 5 times per announcement day.",
    )
    url: Annotated[str, _base_address_of("huggingface.co")] = Field(
        default="https://huggingface.co", description="Where Hugging Face is."
    )


class IntakeConfig(Section):
    categories: Names = Field(
        default=(), description="Categories to collect besides those that channels follow."
    )
    poll_start: TimeOfDay = Field(
        default=time(0, 10),
        description="US Eastern time of a day's first poll; feeds change at midnight.",
    )
    poll_every_min: Whole = Field(
        default=20,
        ge=1,
        le=720,
        description="Minutes between two polls while a listing is missing.",
    )
    cross_check: bool = Field(
        default=True,
        description="Compare each listing once with its page; one request more a day and category.",
    )
    revisit: bool = Field(
        default=True,
        description="Ask once a day what became of posted papers; 30 requests a day at most.",
    )

    @field_validator("categories")
    @classmethod
    def _are_categories(cls, names: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        # The taxonomy lies in a layer above this one, so the caller passes it in.
        canonical: CanonicalCategory = (info.context or {}).get("canonical_category", str)
        try:
            return tuple(dict.fromkeys(canonical(name) for name in names))
        except InputError as error:
            raise ValueError(f"must be arXiv categories. {error}") from None


class ScheduleConfig(Section):
    tick_s: Number = Field(
        default=30, ge=0.1, le=60, description="Seconds between two looks at what is due."
    )
    catchup_window_h: Number = Field(
        default=96,
        ge=1,
        le=720,
        description="Hours for which a missed digest is still posted late.",
    )


class DeliveryConfig(Section):
    pace_per_s: Number = Field(
        default=46, ge=0.1, le=48, description="Most messages a second; Discord takes 50 requests."
    )
    lanes: Whole = Field(
        default=100, ge=1, le=1000, description="Channels that are served at the same time."
    )
    send_timeout_s: Number = Field(
        default=60, ge=1, le=600, description="Seconds after which a send counts as unanswered."
    )
    nonce_window_s: Number = Field(
        default=60,
        ge=0,
        le=60,
        description="Seconds for which Discord is trusted to recognise a repeated message.",
    )


class TopicsConfig(Section):
    starters: FilePath = Field(
        default=Path("config/topics.toml"),
        description="Topics that /topic add offers; without this file, those of the bot itself.",
    )


class HealthConfig(Section):
    host: Annotated[str, AfterValidator(_check_host)] = Field(
        default="127.0.0.1", description="Address on which /healthz, /readyz and /metrics answer."
    )
    port: Whole = Field(default=0, ge=0, le=65535, description="Their port; 0 switches them off.")


LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR")
AREAS: Final = (
    "cli", "cogs", "config", "delivery", "discord", "intake", "pipeline", "planning", "run",
    "store", "topics",
)  # fmt: skip
"""The parts that log, as a person names them: rooms of the bot, and discord.py."""
DEFAULT_AREA: Final = "default"


def _read_levels(value: object) -> str:
    """Return levels as one text, ``INFO,delivery=DEBUG``, from such a text or a table."""
    parts: list[tuple[str, str, str]] = []
    if isinstance(value, str):
        parts = [part.strip().rpartition("=") for part in value.split(",")]
        given: Mapping[str, object] = {area or DEFAULT_AREA: level for area, _, level in parts}
    else:
        given = value if isinstance(value, Mapping) else {DEFAULT_AREA: value}
    levels = {
        str(area).strip().lower(): str(level).strip().upper() for area, level in given.items()
    }
    if not set(levels.values()) <= set(LEVELS) or len(levels) < len(parts):
        raise ValueError(
            f"must be one of {', '.join(LEVELS)}, or that and others for some areas, as in "
            "INFO,delivery=DEBUG or a table [log.level]"
        )
    if unknown := levels.keys() - {*AREAS, DEFAULT_AREA}:
        raise ValueError(f"{min(unknown)!r} is no area; there are {', '.join(AREAS)}")
    first = levels.pop(DEFAULT_AREA, "INFO")
    return ",".join([first, *(f"{area}={level}" for area, level in sorted(levels.items()))])


class LogConfig(Section):
    level: Annotated[str, BeforeValidator(_read_levels)] = Field(
        default="INFO",
        description="The least weighty events that are written; some areas: INFO,delivery=DEBUG.",
    )
    format: Annotated[Literal["text", "json"], LowerCase] = Field(
        default="text", description="One event a line, for people (text) or for programs (json)."
    )

    @property
    def levels(self) -> Mapping[str, str]:
        """The levels by area; that of all others is under an empty name."""
        parts = (part.rpartition("=") for part in self.level.split(","))
        return {area: level for area, _, level in parts}


class Config(Section):
    """All settings, frozen; `load_config` makes it."""

    database: DatabaseConfig = DatabaseConfig()
    backup: BackupConfig = BackupConfig()
    arxiv: ArxivConfig = ArxivConfig()
    discord: DiscordConfig = DiscordConfig()
    network: NetworkConfig = NetworkConfig()
    huggingface: HuggingFaceConfig = HuggingFaceConfig()
    intake: IntakeConfig = IntakeConfig()
    schedule: ScheduleConfig = ScheduleConfig()
    delivery: DeliveryConfig = DeliveryConfig()
    topics: TopicsConfig = TopicsConfig()
    health: HealthConfig = HealthConfig()
    log: LogConfig = LogConfig()

    @property
    def backup_folder(self) -> Path:
        """Where the copies of the database are; a name alone means a folder beside it."""
        return self.database.path.parent / self.backup.folder

    @classmethod
    def list_keys(cls) -> list[str]:
        """Return the dotted name of every setting, in order."""
        return [f"{section}.{key}" for section, model in sections() for key in model.model_fields]

    @classmethod
    def describe(cls, key: str) -> str:
        """Return the one-line meaning of a setting."""
        section, name = key.split(".")
        return str(dict(sections())[section].model_fields[name].description)

    @classmethod
    def from_keys(
        cls, values: Mapping[str, object], canonical_category: CanonicalCategory | None
    ) -> Self:
        """Build from dotted keys; raises pydantic's ValidationError with every problem."""
        nested: dict[str, dict[str, object]] = {}
        for key, value in values.items():
            section, name = key.split(".")
            nested.setdefault(section, {})[name] = value
        context = {"canonical_category": canonical_category} if canonical_category else {}
        return cls.model_validate(nested, context=context)


def sections() -> Iterator[tuple[str, type[Section]]]:
    for name, field in Config.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section):
            yield name, field.annotation
