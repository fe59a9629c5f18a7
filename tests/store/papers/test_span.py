"""What categories announced over weeks, without texts."""

from datetime import timedelta

from bot.digest.select import merge
from bot.models import AnnounceType
from bot.store.store import Store
from tests.builders import DAY, NOW, make_id, make_listing, make_paper

WEDNESDAY = DAY + timedelta(days=1)


async def test_a_span_announces_what_its_listings_announce(store: Store) -> None:
    """The same papers in the same order, with the same versions and types; other dates are out."""
    listings = [
        make_listing(make_paper(2), (make_paper(1, version=3), AnnounceType.CROSS)),
        make_listing(make_paper(1), category="cs.LG"),
        make_listing(make_paper(3), announced_on=WEDNESDAY),
        make_listing(make_paper(4), announced_on=DAY - timedelta(days=1)),
        make_listing(make_paper(5), announced_on=WEDNESDAY + timedelta(days=1)),
        make_listing(make_paper(6), category="cs.AI"),
    ]
    for listing in listings:
        await store.papers.add_listing(listing, now=NOW)
    categories = ["cs.LG", "cs.CV"]
    span = await store.papers.read_span(categories, DAY, WEDNESDAY)
    assert span.keys.keys() == {make_id(1), make_id(2), make_id(3)}
    assert list(span.listings) == [DAY, WEDNESDAY]
    for day, bare in span.listings.items():
        stored = [await store.papers.get_listing(category, day) for category in categories]
        whole = merge(categories, [each for each in stored if each])
        assert [
            (each.paper.arxiv_id, each.paper.version, each.listed_in)
            for each in merge(categories, bare)
        ] == [(each.paper.arxiv_id, each.paper.version, each.listed_in) for each in whole]


async def test_nothing_stored_is_an_empty_span(store: Store) -> None:
    span = await store.papers.read_span(["cs.CV"], DAY, DAY)
    assert not span.listings
    assert not span.keys
