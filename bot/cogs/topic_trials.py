"""`/topic test`, and the same numbers where a topic is saved."""

import discord

from bot.arxiv.calendar import announcement_day
from bot.digest.models import Subscription, Topic
from bot.digest.trial import Trial
from bot.pipeline import Pipeline
from bot.query.parser import parse_query
from bot.store.store import Store
from bot.text.words import long_date
from bot.topics.trials import SHOWN, list_matched, read_past, try_topics
from bot.ui.tally import say_announced
from bot.ui.trial import render_trial, say_weeks


async def try_one(store: Store, subscription: Subscription, topic: Topic) -> Trial:
    """Try a topic on the last weeks of a channel, beside its other topics."""
    past = await read_past(store, subscription)
    (trial,) = await try_topics(store, past, subscription, [topic])
    return trial


def say_effect(trial: Trial) -> str:
    """Say what the topic matches of the newest listing, by itself, and over the weeks."""
    newest = trial.newest
    if newest is None:
        return "No listing is stored yet, so I cannot say how many papers it matches."
    return (
        f"{long_date(newest.day)}: {say_announced(newest.tally)}.\n"
        f"It would have posted {say_weeks(trial)}"
    )


async def show_trial(pipeline: Pipeline, subscription: Subscription, topic: Topic) -> discord.Embed:
    """Show what a topic would have posted, and the newest of its papers."""
    trial = await try_one(pipeline.store, subscription, topic)
    papers = await list_matched(pipeline.store, parse_query(topic.query), trial.found[:SHOWN])
    return render_trial(trial, papers, announcement_day(pipeline.now()))
