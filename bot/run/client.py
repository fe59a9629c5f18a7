"""The Discord client: what it may see, which commands it has, what it says when one fails.

Built by `process.py` (real Discord), by the demo and by tests (simcord) alike, so it takes
everything it uses as arguments and keeps no state that a restart would miss.
"""

import hashlib
import json
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Protocol, cast

import aiohttp
import discord
import yarl
from discord import app_commands
from discord.ext import commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.arxiv.client import say_failure
from bot.cogs import (
    acts,
    digest,
    digest_forms,
    digest_taste,
    discuss,
    follow,
    left_out,
    library,
    me,
    mentions,
    paper,
    topic_saving,
)
from bot.cogs.answers import EXPIRED, EXPIRED_FORM, LateOffers, StateForm, report
from bot.cogs.pause_notice import tell_of_pause
from bot.cogs.services import Deliverer
from bot.cogs.status import BotCog
from bot.cogs.topic import TopicCog
from bot.cogs.turns import Turns
from bot.cogs.welcome import is_new, welcome
from bot.config.starters import StarterTopic
from bot.errors import InputError
from bot.pipeline import Pipeline
from bot.run.gateway import FIRST_PAUSE_S, IDENTIFY_EVERY_S, ShardedBot

log = logging.getLogger(__name__)

BUTTONS = (
    *paper.BUTTONS,
    *acts.BUTTONS,
    *discuss.BUTTONS,
    *library.BUTTONS,
    *follow.BUTTONS,
    *me.BUTTONS,
    *digest.BUTTONS,
    *topic_saving.BUTTONS,
    *digest_taste.BUTTONS,
    *left_out.BUTTONS,
)
FORMS: Sequence[type[StateForm[Any]]] = (*digest_forms.FORMS, *topic_saving.FORMS)

ARRIVED_S: Final = "arrived_s"
"""Under which an interaction keeps when its command came, in seconds of the monotonic clock."""

logging.getLogger("discord.app_commands.tree").addFilter(LateOffers())
# The bot has no voice; discord.py would warn at each start that packages for it are missing.
discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False


class Meter(Protocol):
    """Hears which commands there are, and of each how it ended and how long it took, in seconds."""

    def expect_commands(self, names: Iterable[str]) -> None: ...
    def note_command(self, name: str, *, is_good: bool, took_s: float) -> None: ...


class OnUsed(Protocol):
    """Hears of each person who uses the bot: in which server, if the bot is in it."""

    def __call__(self, user_id: int, guild_id: int | None, *, is_own: bool) -> None: ...


class Tree(app_commands.CommandTree[commands.AutoShardedBot]):
    """The slash commands; whatever one raises ends as one private sentence."""

    async def interaction_check(self, interaction: discord.Interaction, /) -> bool:
        interaction.extras[ARRIVED_S] = time.monotonic()  # discord.py asks here before all else
        return True

    async def on_error(
        self, interaction: discord.Interaction, error: app_commands.AppCommandError, /
    ) -> None:
        await report(interaction, error)
        if isinstance(interaction.client, PaperBot):
            interaction.client.note_command(interaction, is_good=False)


class PaperBot(ShardedBot):
    """The bot as Discord sees it."""

    tree: Tree  # type: ignore[assignment]  # made by tree_cls

    def __init__(
        self,
        pipeline: Pipeline,
        delivery: Deliverer,
        *,
        starters: Sequence[StarterTopic] = (),
        http_trace: aiohttp.TraceConfig | None = None,
        proxy: str | None = None,
        meter: Meter | None = None,
        on_lost: Callable[[], None] = lambda: None,
        on_used: OnUsed = lambda user_id, guild_id, *, is_own: None,
        shards: int = 0,
        first_pause_s: float = FIRST_PAUSE_S,
        identify_every_s: float = IDENTIFY_EVERY_S,
    ) -> None:
        """``meter`` hears of each command, ``on_lost`` is called when no shard is connected.

        ``shards`` is how many there are; 0: as many as Discord recommends.
        """
        super().__init__(
            commands.when_mentioned,  # no text commands: they need the Message Content intent
            help_command=None,
            tree_cls=Tree,
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),  # else a title could ping everyone
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            http_trace=http_trace or aiohttp.TraceConfig(),
            proxy=proxy,
            shard_count=shards or None,
            first_pause_s=first_pause_s,
            identify_every_s=identify_every_s,
        )
        self.pipeline = pipeline
        self.delivery = delivery
        self.starters = starters
        self._meter = meter
        self._on_lost = on_lost
        self._on_used = on_used
        self.command_ids: dict[str, int] = {}
        self.discussing = Turns()

    async def login(self, token: str) -> None:
        """Log in; a try that fails leaves nothing open.

        discord.py opens a session for each try and closes only the last. Raises as it does.
        """
        try:
            await super().login(token)
        except BaseException:
            await self.http.close()
            self.http.connector = discord.utils.MISSING  # closed with its session
            raise

    async def setup_hook(self) -> None:
        await self.add_cog(paper.PaperCog(self.pipeline))
        await self.add_cog(digest.DigestCog(self.pipeline, self.delivery))
        await self.add_cog(TopicCog(self.pipeline, self.delivery, self.starters))
        await self.add_cog(library.LibraryCog(self.pipeline))
        await self.add_cog(follow.FollowCog(self.pipeline, self.delivery))
        await self.add_cog(me.MeCog(self.pipeline))
        await self.add_cog(BotCog(self.pipeline, lambda: self.command_ids))
        self.tree.add_command(mentions.papers_in_message)
        self.add_dynamic_items(*BUTTONS)
        if self._meter is not None:
            self._meter.expect_commands(self._command_names())
        await self.sync_commands()

    def _command_names(self) -> Iterator[str]:
        for kind in discord.AppCommandType:
            for command in self.tree.walk_commands(type=kind):
                if not isinstance(command, app_commands.Group):
                    yield command.qualified_name

    async def on_app_command_completion(
        self, interaction: discord.Interaction, command: object
    ) -> None:
        self.note_command(interaction, is_good=True)
        await tell_of_pause(interaction)

    def note_command(self, interaction: discord.Interaction, *, is_good: bool) -> None:
        """Tell the meter of a command that has ended.

        Discord's time of it (``created_at``) does not serve: the host's clock may differ.
        """
        if self._meter is not None and interaction.command is not None:
            took_s = time.monotonic() - interaction.extras[ARRIVED_S]
            name = interaction.command.qualified_name
            self._meter.note_command(name, is_good=is_good, took_s=took_s)

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """Answer a form, and a button or form that nothing here knows any more."""
        is_own = interaction.is_user_integration()
        self._on_used(interaction.user.id, acts.server_of(interaction), is_own=is_own)
        data = cast(Mapping[str, object], interaction.data or {})
        custom_id = str(data.get("custom_id"))
        if interaction.type is discord.InteractionType.component:
            if not any(button.takes(custom_id) for button in BUTTONS):
                await report(interaction, InputError(EXPIRED))
        elif interaction.type is discord.InteractionType.modal_submit:
            form = next((each for each in FORMS if each.takes(custom_id)), None)
            if form is None:
                await report(interaction, InputError(EXPIRED_FORM))
            else:
                await form.answer(interaction)

    async def on_shard_disconnect(self, shard_id: int) -> None:
        await super().on_shard_disconnect(shard_id)
        if not self.connected:
            self._on_lost()

    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Say hello in a server that the bot has not been in before."""
        await welcome(self.pipeline.store.facts, guild)

    async def on_guild_available(self, guild: discord.Guild) -> None:
        """Say it too where the bot was added while it was not running."""
        if is_new(guild, self.pipeline.now()):
            await welcome(self.pipeline.store.facts, guild)

    async def sync_commands(self) -> None:
        """Send the commands to Discord when they are not those it has (200 creates a day)."""
        facts = self.pipeline.store.facts
        name = f"commands.{self.application_id}"  # another token is another application
        wanted = hash_of_commands(self.tree)
        known = _read_commands(await facts.get(name))
        if known["hash"] != wanted:
            try:
                synced = await self.tree.sync()
            except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
                log.warning(
                    "commands not synced, trying again at the next start: %s", why_unreached(error)
                )
                return
            known = {"hash": wanted, "ids": {command.name: command.id for command in synced}}
            await facts.set(name, json.dumps(known))
            log.info("commands synced", extra={"commands": len(synced)})
        self.command_ids = known["ids"]


def use_stand_ins(api_url: str, gateway_url: str) -> None:
    """Point discord.py at stand-ins on this machine; empty addresses leave Discord itself.

    discord.py keeps both addresses in class attributes, so this holds for the whole process.
    """
    if api_url:
        Route.BASE = api_url
    if gateway_url:
        DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway_url)


def why_unreached(error: discord.HTTPException | aiohttp.ClientError | OSError) -> str:
    """Say why Discord did not answer, or what it answered."""
    return str(error) if isinstance(error, discord.HTTPException) else say_failure(error)


def hash_of_commands(tree: app_commands.CommandTree[commands.AutoShardedBot]) -> str:
    """Hash what Discord would be sent for the tree's commands."""
    payload = {command.name: command.to_dict(tree) for command in tree.get_commands()}
    return hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()


def _read_commands(text: str | None) -> dict[str, Any]:
    """Read what was noted of the commands that Discord has; what is damaged counts for nothing."""
    try:
        known = json.loads(text or "{}")
        return {"hash": known["hash"], "ids": dict(known["ids"])}
    except (ValueError, TypeError, KeyError):
        return {"hash": "", "ids": {}}
