"""Which words and compounds the papers write."""

from datetime import timedelta

from bot.models import AnnounceType
from bot.query.widen import Lexicon
from bot.store.search.vocabulary import read_lexicon
from bot.store.store import Store
from tests.builders import DAY, NOW, make_listing, make_paper


async def lexicon(store: Store, *wanted: str) -> Lexicon:
    return await store.database.search(5, lambda r: read_lexicon(r.rows, wanted))


async def test_words_are_known_as_soon_as_a_paper_is_stored(store: Store) -> None:
    wanted = ("diffusion", "zebra", "segmentation", "pages", "pretraining", "preprint")
    known = await lexicon(store, *wanted)
    assert not any(map(known.holds, wanted))
    paper = make_paper(
        1, title="Diffusion", abstract="Pre-training, segmentation.", comment="9 pages"
    )
    await store.papers.add_listing(make_listing(paper), now=NOW)
    known = await lexicon(store, *wanted)
    assert [word for word in wanted if known.holds(word)] == ["diffusion", "segmentation", "pages"]
    assert known.cuts == {"pretraining": [3]}
    assert known.joins("pre", "training")
    assert not known.joins("pre", "print")
    assert known.joins("gpt", "4")


async def test_words_of_a_replacement_are_known_too(store: Store) -> None:
    await store.papers.add_listing(make_listing(make_paper(1, title="Dark halos")), now=NOW)
    newer = (make_paper(1, version=2, title="Bright quasars"), AnnounceType.REPLACE)
    later = make_listing(newer, announced_on=DAY + timedelta(days=1))
    await store.papers.add_listing(later, now=NOW)
    known = await lexicon(store, "quasars", "halos")
    assert known.holds("quasars")
    assert known.holds("halos"), "a word is never forgotten"


async def test_counting_forgets_no_word(store: Store) -> None:
    await store.papers.add_listing(make_listing(make_paper(1, title="Onceseen gpt9")), now=NOW)
    await store.search.count_again()
    known = await lexicon(store, "onceseen", "gpt9", "never")
    assert known.holds("onceseen")
    assert not known.holds("never")
    assert known.holds("gpt9"), "what is no word of letters is always asked for"
