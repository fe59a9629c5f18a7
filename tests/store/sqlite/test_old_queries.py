"""Saved queries keep finding what they found."""

from pathlib import Path

import pytest

from bot.query.parser import parse_query
from bot.store.sqlite import migrations
from bot.store.sqlite.old_queries import old_quotes
from tests.store.sqlite.test_migrations import made_by
from tests.stores import open_store


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('"diffusion model" OR "score-based"', "diffusion-model OR score-based"),
        ('-"state of the art"', "-state-of-the-art"),
        ('title:"deep nets" x', "title:deep-nets x"),
        ('("a b" OR c)', "(a-b OR c)"),
        ('"nets"', "nets"),
        ('author:"Kaiming He"', 'author:"Kaiming He"'),
        ('au:"Kaiming He" "deep nets"', 'au:"Kaiming He" deep-nets'),
        ('author:("Kaiming He" OR "K. He")', 'author:("Kaiming He" OR "K. He")'),
        ('"deep neur"*', '"deep neur"*'),
        ('"C++ code"', '"C++ code"'),
        ('id:"2401.00001"', 'id:"2401.00001"'),
        ('an "unfinished quote', 'an "unfinished quote'),
        ("plain words", "plain words"),
    ],
)
def test_a_phrase_becomes_a_word_with_hyphens(before: str, after: str) -> None:
    assert old_quotes(before) == after
    parse_query(after)


async def test_saved_topics_are_rewritten(tmp_path: Path) -> None:
    old = made_by(migrations.STEPS[:9], tmp_path / "papers.db")
    old.execute(
        "INSERT INTO subscription (id, guild_id, channel_id, categories, announce_types, zone, "
        "style, created_at) VALUES (1, 1, 2, 'cs.CV', 'new', 'UTC', 'cards', "
        "'2024-03-06T07:00:00+00:00')"
    )
    old.execute(
        "INSERT INTO topic (subscription_id, name, query) VALUES (1, 'it', ?)",
        ('"language model" author:"K. He"',),
    )
    old.close()
    async with open_store(tmp_path / "papers.db") as store:
        (subscription,) = await store.subscriptions.list_subscriptions()
    (topic,) = subscription.topics
    assert topic.query == 'language-model author:"K. He"'
