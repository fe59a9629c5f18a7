"""From examples to a topic: ask the archive what their words find, choose, and try the choice."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bot.arxiv.mentions import find_mentions
from bot.digest.models import Subscription, Topic
from bot.errors import InputError
from bot.models import ArxivId, StoredPaper
from bot.query.ast import Query
from bot.query.examples import (
    Measured,
    Proposal,
    Proposed,
    list_candidates,
    list_words,
    masks,
    propose,
)
from bot.query.parser import parse_query
from bot.query.printer import print_node
from bot.store.store import Store
from bot.topics.doubts import MAX_QUERY
from bot.topics.trials import Past, try_topics
from bot.ui.from_papers import FromPapers, Offered

LEAST_PAPERS: Final = 3
MOST_PAPERS: Final = 50
BACKGROUND: Final = 10_000
"""Papers among which a query is to find little else: the newest of the channel's categories."""
LEAST_BACKGROUND: Final = 1_000
ASKED_AT_ONCE: Final = 20


@dataclass(frozen=True, slots=True)
class _Background:
    """The papers by which candidates are measured, numbered as the bits of masks."""

    keys: Mapping[ArxivId, int]
    numbers: Mapping[ArxivId, int]


def read_examples(text: str) -> list[ArxivId]:
    """Read the identifiers of a list or a .bib file; raises `InputError` for too few or many."""
    # Entry by entry: a file with abstracts is longer than what is read at once.
    mentions = [each for entry in text.split("\n@") for each in find_mentions(entry)]
    found = list(dict.fromkeys(each.arxiv_id for each in mentions if each.arxiv_id is not None))
    if not LEAST_PAPERS <= len(found) <= MOST_PAPERS:
        raise InputError(
            f"A topic is made from {LEAST_PAPERS} to {MOST_PAPERS} papers, and here "
            f"{'is' if len(found) == 1 else 'are'} {len(found)}; write identifiers like "
            "2401.01234, 2402.04321, or attach a .bib file that has them."
        )
    return found


async def from_papers(
    store: Store, past: Past, channel: Subscription, arxiv_ids: Sequence[ArxivId]
) -> FromPapers:
    """Make a topic of examples, with alternatives; raises `InputError` for too few known ones."""
    stored = await store.papers.get_papers(arxiv_ids)
    known = [stored[each] for each in arxiv_ids if each in stored]
    unknown = tuple(each for each in arxiv_ids if each not in stored)
    if len(known) < LEAST_PAPERS:
        raise InputError(
            f"Only {len(known)} of these {len(arxiv_ids)} papers are in my archive, and it takes "
            f"{LEAST_PAPERS}; name others, or have the host import older papers."
        )
    background = await _read_background(store, channel.categories, known)
    measured = await _measure(store, known, background)
    proposal, groups = await asyncio.to_thread(_choose, measured, len(known), background)
    offered = [
        await _offer(store, past, channel, each, known)
        for each in (proposal.best, proposal.narrower, proposal.wider)
    ]
    by_group = []
    for group, each in groups:
        papers = [one for number, one in enumerate(known) if group >> number & 1]
        topic = await _offer(store, past, channel, each, papers)
        if topic is not None:
            by_group.append((tuple(one.paper.arxiv_id for one in papers), topic))
    best, narrower, wider = offered
    return FromPapers(
        best=best, narrower=narrower, wider=wider, groups=tuple(by_group), unknown=unknown
    )


async def _read_background(
    store: Store, categories: Sequence[str], known: Iterable[StoredPaper]
) -> _Background:
    keys = await store.search.newest_of(categories, BACKGROUND)
    if len(keys) < LEAST_BACKGROUND:
        keys = await store.search.newest_of((), BACKGROUND)
    keys |= {each.paper.arxiv_id: each.key for each in known}
    return _Background(keys, {arxiv_id: number for number, arxiv_id in enumerate(keys)})


async def _measure(
    store: Store, known: Sequence[StoredPaper], background: _Background
) -> list[Measured]:
    """Ask which papers each candidate finds, a few candidates at a time: others search too."""
    papers = [each.paper for each in known]
    shares = await store.search.share_of(list_words(papers))
    candidates = list_candidates(papers, shares)
    places = {each.arxiv_id: number for number, each in enumerate(papers)}
    measured: list[Measured] = []
    for start in range(0, len(candidates), ASKED_AT_ONCE):
        some = candidates[start : start + ASKED_AT_ONCE]
        queries = [Query(text=print_node(each.node), root=each.node) for each in some]
        for each, found in zip(
            some, await store.search.match_span(queries, background.keys), strict=True
        ):
            archive = masks((background.numbers[one] for one in found), len(background.numbers))
            examples = masks((places[one] for one in found & places.keys()), len(places))
            measured.append(Measured(each, examples, archive))
    return measured


def _choose(
    measured: Sequence[Measured], examples: int, background: _Background
) -> tuple[Proposal, list[tuple[int, Proposed]]]:
    """Choose for all examples, and for each group of them where they have little in common."""
    archive = len(background.numbers)
    proposal = propose(measured, examples=examples, archive=archive)
    groups: list[tuple[int, Proposed]] = []
    for group in proposal.groups:
        own = [Measured(each.candidate, each.examples & group, each.archive) for each in measured]
        best = propose(own, examples=group.bit_count(), archive=archive).best
        if best is not None:
            groups.append((group, best))
    return proposal, groups


async def _offer(
    store: Store,
    past: Past,
    channel: Subscription,
    proposed: Proposed | None,
    known: Sequence[StoredPaper],
) -> Offered | None:
    """Try a query as it is written; None for one that is too long to be a topic."""
    text = print_node(proposed.root) if proposed is not None else ""
    if not text or len(text) > MAX_QUERY:
        return None
    keys = {each.paper.arxiv_id: each.key for each in known}
    (found,) = await store.search.match_span([parse_query(text)], keys)
    (trial,) = await try_topics(store, past, channel, [Topic(name="", query=text)])
    return Offered(query=text, found=len(found), of=len(known), trial=trial)
