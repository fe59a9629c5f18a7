"""What setting a digest up answers, and the forms that set one up or change a part of it."""

import re
from typing import Any, Final

import discord

from bot.cogs.access import require_admin
from bot.cogs.admin import AdminCog, DigestChannel, channel_here, digest_cog, guild_of
from bot.cogs.answers import Fields, StateForm, defer_on_panel, defer_privately
from bot.cogs.digest_panel import GONE, LABELS, make_step, show_panel
from bot.cogs.digest_preview import PreviewPageButton
from bot.cogs.digest_send import SendButton
from bot.cogs.digest_setup import apply_options, find_newest
from bot.cogs.options import WHEN_ANNOUNCED, SetupOptions, read_number, split_time
from bot.cogs.pings import NOBODY
from bot.digest.models import Cadence, Subscription
from bot.errors import InputError
from bot.ui.components import draw_line, make_panel, make_row, write
from bot.ui.panel import PanelAct
from bot.ui.setup import Newest, say_newest, say_setup
from bot.ui.setup_form import ChangeFormId, SetupFormId
from bot.ui.views import PreviewPage, SendDay

NUMBERS: Final = {"top": 10, "cards_up_to": 100, "cap": 1000}
"""The fields that are numbers, and the most that each may be."""


async def set_up(
    cog: AdminCog,
    interaction: discord.Interaction,
    channel: DigestChannel | None,
    options: SetupOptions,
) -> None:
    """Do what the options say; say what the channel gets, and what the newest list would bring."""
    here = channel_here(interaction, channel)
    done = await apply_options(cog, interaction, here, options)
    subscription = done.subscription
    outlooks = await cog.pipeline.outlooks([subscription])
    newest = await find_newest(cog, subscription)
    said = say_setup(
        subscription,
        outlooks[subscription.channel_id],
        before=done.before,
        meant=done.wishes.meant,
        lacks_zone=done.wishes.lacks_zone,
        now=cog.pipeline.now(),
    )
    heading, _, settings = said.partition("\n")
    parts = [
        write(f"{heading}\n{say_newest(newest)}", 500),
        make_row(*_next_steps(subscription, newest)),
        draw_line(),
        write(settings, 3000),
    ]
    await interaction.edit_original_response(view=make_panel(parts))


def _next_steps(subscription: Subscription, newest: Newest | None) -> list[discord.ui.Item[Any]]:
    """Make the buttons that lead on from a set-up."""
    channel_id = subscription.channel_id
    steps: list[discord.ui.Item[Any]] = []
    if newest:
        day, cadence = newest.day, newest.cadence
        page = PreviewPage(channel_id=channel_id, day=day, page=0, cadence=cadence)
        steps.append(PreviewPageButton(page, "Preview"))
        if newest.tally.chosen:
            send = SendDay(channel_id=channel_id, day=day, cadence=cadence)
            steps.append(SendButton(send, f"Post {newest.name}", is_grave=True))
    acts = (PanelAct.TOPIC, PanelAct.FORM, PanelAct.PANEL)
    return [*steps, *(make_step(each, channel_id, LABELS[each]) for each in acts)]


class SetupForm(StateForm[SetupFormId], state=SetupFormId):
    """Sets up the digest of a channel, or changes it."""

    async def take(self, interaction: discord.Interaction, sent: Fields) -> None:
        await defer_privately(interaction)
        await require_admin(interaction, "digest")
        cog = digest_cog(interaction)
        here = find_channel(interaction, self.state.channel_id or _chosen(sent))
        before = await cog.store.subscriptions.get_subscription(here.id)
        await set_up(cog, interaction, here, read_form(before, sent))


def _chosen(sent: Fields) -> int:
    """Read which channel was chosen in a form; Discord's id of none is 0."""
    text = "".join(sent.get("channel", ()))
    return int(text) if re.fullmatch(r"\d{1,20}", text, re.ASCII) else 0


class ChangeForm(StateForm[ChangeFormId], state=ChangeFormId):
    """Changes a part of a digest, and shows its panel as it is then."""

    async def take(self, interaction: discord.Interaction, sent: Fields) -> None:
        cog, channel_id = digest_cog(interaction), self.state.channel_id
        await defer_on_panel(interaction)
        before = await cog.owned_subscription(interaction, channel_id)
        here = find_channel(interaction, channel_id)
        done = await apply_options(cog, interaction, here, read_form(before, sent))
        await show_panel(cog, interaction, done.subscription, "Changed.")


def find_channel(interaction: discord.Interaction, channel_id: int) -> DigestChannel:
    """Find a channel of this server; ids can be made up, and channels go."""
    found = guild_of(interaction).get_channel_or_thread(channel_id)
    if not isinstance(found, DigestChannel):
        raise InputError(GONE)
    return found


def read_form(before: Subscription | None, sent: Fields) -> SetupOptions:
    """Read a form of a digest; a field that it does not have stays as it was ``before``.

    A time that was taken out is 'when announced', and a role nobody.
    """
    said = {name: " and ".join(sorted(values)).strip() for name, values in sent.items()}
    time, zone = split_time(said.get("time", ""))
    had_time = before is not None and before.post_at is not None
    cleared = "time" in said and had_time and not time
    numbers = {
        name: read_number(name, said[name], most)
        for name, most in NUMBERS.items()
        if said.get(name)
    }
    weekly = Cadence.WEEK in sent.get("every", ())
    return SetupOptions(
        categories=said.get("categories", "") if "categories" in said else None,
        time=time or (WHEN_ANNOUNCED if cleared else None),
        zone=zone or None,
        types=said.get("types") or None,
        style=said.get("style") or None,
        where=said.get("where") or None,
        ping=(said["ping"] or NOBODY) if "ping" in said else None,
        every=said.get("every") or None,
        weekday=(said.get("weekday") or None) if weekly else None,
        quiet_days=said.get("quiet_days") or None,
        updates=said.get("updates") or None,
        query=said.get("query") or None,
        **numbers,
    )


FORMS = (SetupForm, ChangeForm)
