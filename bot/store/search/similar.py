"""Papers like a given one, by the words that tell most about it.

A telling word is frequent in the paper (above all in its title) and rare elsewhere. Each is asked
for alone, newest papers first up to a bound; who shares the most weight is most alike. So the
time depends on the number of words, not on the size of the archive.
"""

import heapq
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from bot.models import Paper
from bot.query.compile import quoted
from bot.query.relevance import TITLE_WEIGHT
from bot.query.results import Match
from bot.query.tokens import stems, surface, tokens
from bot.store.search.find import LOADING_S, load
from bot.store.search.words import count_archive, count_papers, weight
from bot.store.sqlite.executor import Reading

WORDS = 14
LEAST_LETTERS = 3
MOST_SHARE = 0.05  # of the archive: what more papers say tells nothing
LOOKED_AT = 3000  # papers for each word
SHARED = 4  # words named for each paper
REPEATED = 2.0  # how much more a word counts that the paper keeps repeating


def find_similar(reading: Reading, paper: Paper, limit: int) -> tuple[Match, ...]:
    """Find the papers that share the most telling words with ``paper``, without itself."""
    scores: dict[int, float] = defaultdict(float)
    telling = _telling(reading, paper)
    for stem, importance in telling:
        word = surface(stem)
        if word is None:
            continue
        sql = "SELECT rowid FROM paper_text WHERE paper_text MATCH ? ORDER BY rowid DESC LIMIT ?"
        for key in reading.integers(sql, (f"{{title abstract}} : {quoted(word)}", LOOKED_AT)):
            scores[key] += importance
    reading.allow(LOADING_S)
    best = sorted(scores, key=lambda key: (-scores[key], -key))[: limit + 1]
    found = load(reading, [(0, key) for key in best])
    others = [stored for stored in found if stored.paper.arxiv_id != paper.arxiv_id]
    words = _as_written(paper, [stem for stem, _ in telling])
    return tuple(
        Match(stored=stored, shared=_shared(stored.paper, words)) for stored in others[:limit]
    )


def _as_written(paper: Paper, telling: Sequence[str]) -> dict[str, str]:
    """Return the telling stems, in their order, with the word that ``paper`` first writes.

    In its abstract, if there: titles have many capitals.
    """
    text = f"{paper.abstract}\n{paper.title}"
    written: dict[str, str] = {}
    for token in tokens(text):
        written.setdefault(token.stem, text[token.start : token.end])
    return {stem: written[stem] for stem in telling}


def _shared(other: Paper, words: Mapping[str, str]) -> tuple[str, ...]:
    """Return those of ``words`` that ``other`` says too, in any form."""
    said = {*stems(other.title), *stems(other.abstract)}
    return tuple(word for stem, word in words.items() if stem in said)[:SHARED]


def _telling(reading: Reading, paper: Paper) -> list[tuple[str, float]]:
    """Choose the words that tell most, with how much each tells."""
    counts = Counter(stems(paper.abstract))
    for stem in stems(paper.title):
        counts[stem] += int(TITLE_WEIGHT)
    words = [stem for stem in counts if len(stem) >= LEAST_LETTERS and not stem.isdigit()]
    papers = count_papers(reading, words)
    archive = count_archive(reading)
    importance = {
        stem: weight(papers[stem], archive) * counts[stem] / (counts[stem] + REPEATED)
        for stem in words
        if 1 < papers[stem] <= max(10, archive * MOST_SHARE)
    }
    return heapq.nlargest(WORDS, importance.items(), key=lambda item: item[1])
