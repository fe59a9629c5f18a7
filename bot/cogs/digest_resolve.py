"""`/digest resolve`: an admin's word on messages that failed or may not have arrived.

Nothing is posted again without a question that names what may appear twice. A button carries
which messages were asked about and in which state, so that an old one posts nothing.
"""

import hashlib
from collections.abc import Iterator, Sequence
from itertools import groupby

import discord

from bot.cogs.admin import AdminCog, DigestChannel, digest_cog, guild_of, require_permissions
from bot.cogs.answers import StateButton
from bot.cogs.digest_pause import require_active
from bot.cogs.suggestions import Choice, make_choices
from bot.digest.messages import DeliveryRecord
from bot.digest.models import Place, Subscription
from bot.errors import InputError
from bot.ui.questions import Lot, Repost
from bot.ui.resolve import (
    AGAIN,
    OpenMessage,
    name_all,
    name_message,
    render_repost,
    say_left,
    say_reposted,
    say_settled,
    say_sure_to_repost,
)
from bot.ui.views import make_view

GONE = "These messages are not in trouble (any more); /digest status shows the current state."


async def suggest_lots(
    cog: AdminCog, interaction: discord.Interaction, current: str
) -> list[Choice]:
    """Offer the server's messages in trouble, the newest date first; all of a date before each."""
    guild = guild_of(interaction)
    subscriptions = await cog.store.subscriptions.list_subscriptions(guild.id)
    troubles = await cog.store.troubles.list_open(guild.id)
    words = current.lower().split()
    choices = []
    for subscription in subscriptions:
        mine = [each for each in troubles if each.channel_id == subscription.channel_id]
        for day, group in groupby(mine, key=lambda each: each.announced_on):
            records = list(group)
            deliveries = await cog.store.outbox.list_deliveries(subscription.channel_id, day)
            last_part = max(each.part for each in deliveries)
            for name, lot in _name(guild, subscription, records, last_part):
                choices.append((name, lot))
    choices.sort(key=lambda choice: choice[1].day, reverse=True)
    return make_choices(
        (name, str(lot)) for name, lot in choices if all(word in name.lower() for word in words)
    )


def _name(
    guild: discord.Guild,
    subscription: Subscription,
    records: Sequence[DeliveryRecord],
    last_part: int,
) -> Iterator[tuple[str, Lot]]:
    """Name the messages of one date, and all together when they are several."""
    found = guild.get_channel_or_thread(subscription.channel_id)
    channel = f"#{found.name}" if found else "a deleted channel"
    categories, channel_id = subscription.categories, subscription.channel_id
    day = records[0].announced_on
    if len(records) > 1:
        name = name_all(records, channel=channel, categories=categories, day=day)
        yield name, Lot(channel_id=channel_id, day=day, part=0)
    for record in records:
        name = name_message(record, channel=channel, categories=categories, of=last_part)
        yield name, Lot(channel_id=channel_id, day=day, part=record.part)


async def resolve(cog: AdminCog, interaction: discord.Interaction, lot: Lot, what: str) -> None:
    """Settle messages, or ask whether to post them again."""
    subscription = await cog.owned_subscription(interaction, lot.channel_id)
    records = await _find(cog, interaction, lot)
    if what == AGAIN:
        require_active(subscription)
        await _ask(cog, interaction, lot, records)
        return
    troubles = [await _open_message(cog, record) for record in records]
    now = cog.pipeline.now()
    settled = [await cog.store.troubles.settle(record.id, now) for record in records]
    if not any(settled):
        raise InputError(GONE)
    said = say_settled(lot.channel_id, lot.day, troubles)
    await interaction.edit_original_response(content=said)


async def _find(cog: AdminCog, interaction: discord.Interaction, lot: Lot) -> list[DeliveryRecord]:
    """Find the messages that are meant, in this server only; raises when there is none."""
    troubles = await cog.store.troubles.list_open(guild_of(interaction).id)
    records = [
        each
        for each in troubles
        if (each.channel_id, each.announced_on) == (lot.channel_id, lot.day)
        and lot.part in (0, each.part)
    ]
    if not records:
        raise InputError(GONE)
    return records


async def _open_message(cog: AdminCog, record: DeliveryRecord) -> OpenMessage:
    papers = []
    for arxiv_id, _ in sorted(await cog.store.outbox.list_papers(record.id)):
        stored = await cog.store.papers.get_paper(arxiv_id)
        papers.append((arxiv_id, stored.paper.title if stored else ""))
    return OpenMessage(message=record, papers=papers)


async def _ask(
    cog: AdminCog, interaction: discord.Interaction, lot: Lot, records: Sequence[DeliveryRecord]
) -> None:
    intact = _intact(records)
    troubles = [await _open_message(cog, record) for record in intact]
    mark = _mark(intact)
    buttons = [
        RepostButton(Repost(lot=lot, mark=mark, is_yes=is_yes), label, is_grave=is_yes)
        for is_yes, label in ((True, "Post again"), (False, "Leave it"))
    ]
    await interaction.edit_original_response(
        content=say_sure_to_repost(lot.channel_id, lot.day, troubles),
        embed=render_repost(troubles),
        view=make_view(buttons),
    )


def _intact(records: Sequence[DeliveryRecord]) -> list[DeliveryRecord]:
    intact = [record for record in records if record.is_intact]
    if not intact:
        raise InputError(
            "This message was damaged in the database and cannot be posted again; /paper search "
            "finds its papers. Choose 'leave it'."
        )
    return intact


def _mark(records: Sequence[DeliveryRecord]) -> str:
    """Name messages as they are: once one was posted again or settled, the name is another."""
    names = " ".join(f"{record.id}:{record.nonce}:{record.state}" for record in records)
    return hashlib.sha256(names.encode()).hexdigest()[:8]


async def take_repost(cog: AdminCog, interaction: discord.Interaction, answer: Repost) -> None:
    """Do what the person answered to 'post these messages again?'."""
    lot = answer.lot
    subscription = await cog.owned_subscription(interaction, lot.channel_id)
    said = say_left(lot.channel_id)
    if answer.is_yes:
        require_active(subscription)
        records = _intact(await _find(cog, interaction, lot))
        if _mark(records) != answer.mark:
            raise InputError(GONE)
        said = await _post_again(cog, interaction, lot, records, subscription.place)
    await interaction.edit_original_response(content=said, embeds=[], view=None)


async def _post_again(
    cog: AdminCog,
    interaction: discord.Interaction,
    lot: Lot,
    records: Sequence[DeliveryRecord],
    place: Place,
) -> str:
    channel = guild_of(interaction).get_channel_or_thread(lot.channel_id)
    if isinstance(channel, DigestChannel):
        require_permissions(channel, place)
    now = cog.pipeline.now()
    planned = [each.id for each in records if await cog.store.troubles.post_again(each.id, now)]
    if not planned:
        raise InputError(GONE)
    cog.delivery.wake()
    deliveries = await cog.wait_for_messages(lot.channel_id, lot.day)
    return say_reposted(lot.channel_id, [each for each in deliveries if each.id in planned])


class RepostButton(StateButton[Repost], state=Repost):
    """Posts messages again, or leaves them as they are."""

    async def press(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer()
        await take_repost(digest_cog(interaction), interaction, self.state)
