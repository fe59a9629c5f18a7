"""Questions about a digest that are asked before something is done: removing and resuming."""

import discord

from bot.cogs.admin import AdminCog, digest_cog
from bot.cogs.answers import StateButton, say
from bot.cogs.digest_pause import count_waiting, resume
from bot.digest.models import Subscription
from bot.ui.pause import say_still_paused, say_sure_to_resume
from bot.ui.questions import Answer, Question
from bot.ui.replies import say_kept, say_removed, say_sure_to_remove


async def ask_removal(
    cog: AdminCog, interaction: discord.Interaction, subscription: Subscription
) -> None:
    troubles = await cog.store.troubles.list_open_in(subscription.channel_id)
    waiting = await count_waiting(cog, subscription.channel_id)
    said = say_sure_to_remove(subscription, given_up=len(troubles) + waiting)
    await _ask(interaction, subscription, Question.REMOVE, said, "Remove the digest", "Keep it")


async def ask_resumption(interaction: discord.Interaction, subscription: Subscription) -> None:
    said = say_sure_to_resume(subscription)
    await _ask(interaction, subscription, Question.RESUME, said, "Resume it", "Leave it paused")


async def _ask(
    interaction: discord.Interaction,
    subscription: Subscription,
    question: Question,
    said: str,
    yes: str,
    no: str,
) -> None:
    channel_id = subscription.channel_id
    buttons = [
        AnswerButton(
            Answer(question=question, channel_id=channel_id, is_yes=is_yes), label, is_grave=is_yes
        )
        for is_yes, label in ((True, yes), (False, no))
    ]
    await say(interaction, said, buttons)


async def take_answer(cog: AdminCog, interaction: discord.Interaction, answer: Answer) -> None:
    """Do what the person answered."""
    subscription = await cog.owned_subscription(interaction, answer.channel_id)
    match answer.question, answer.is_yes:
        case Question.REMOVE, True:
            now = cog.pipeline.now()
            await cog.store.subscriptions.delete_subscription(subscription.channel_id, now)
            said = say_removed(subscription)
        case Question.REMOVE, _:
            said = say_kept(answer.channel_id)
        case Question.RESUME, True:
            said = await resume(cog, interaction, subscription)
        case _:
            said = say_still_paused(subscription)
    await say(interaction, said)


class AnswerButton(StateButton[Answer], state=Answer):
    """One of the answers."""

    async def press(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer()
        await take_answer(digest_cog(interaction), interaction, self.state)
