"""Papers like a given one, by the words that tell most about it.

A telling word is frequent in the paper (above all in its title) and rare elsewhere. Each is asked
for alone, newest papers first up to a bound; who shares the most weight is most alike. So the
time depends on the number of words, not on the size of the archive.
"""

import heapq
from collections import Counter, defaultdict

from bot.models import Paper
from bot.query.compile import quoted
from bot.query.relevance import TITLE_WEIGHT
from bot.query.tokens import stems, surface
from bot.store.readers import Reading
from bot.store.search_find import LOADING_S, Match, load
from bot.store.search_words import count_archive, count_papers, weight

WORDS = 14
LEAST_LETTERS = 3
MOST_SHARE = 0.05  # of the archive: what more papers say tells nothing
LOOKED_AT = 3000  # papers for each word
REPEATED = 2.0  # how much more a word counts that the paper keeps repeating


def find_similar(reading: Reading, paper: Paper, limit: int) -> tuple[Match, ...]:
    """Find the papers that share the most telling words with ``paper``, without itself."""
    scores: dict[int, float] = defaultdict(float)
    for stem, importance in _telling(reading, paper):
        word = surface(stem)
        if word is None:
            continue
        sql = "SELECT rowid FROM paper_text WHERE paper_text MATCH ? ORDER BY rowid DESC LIMIT ?"
        for key in reading.integers(sql, (f"{{title abstract}} : {quoted(word)}", LOOKED_AT)):
            scores[key] += importance
    reading.allow(LOADING_S)
    best = sorted(scores, key=lambda key: (-scores[key], -key))[: limit + 1]
    found = [Match(stored=stored) for stored in load(reading, [(0, key) for key in best])]
    others = [match for match in found if match.stored.paper.arxiv_id != paper.arxiv_id]
    return tuple(others[:limit])


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
