"""Papers like a given one, by its most distinctive words.

A telling word is frequent in the paper (above all in its title) and rare elsewhere. Each is asked
for alone, newest papers first up to a bound; who shares the most weight is most alike. So the
time depends on the number of words, not on the size of the archive.
"""

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from bot.models import Paper
from bot.query.compile import quoted
from bot.query.inflect import inflections, lemma_of
from bot.query.relevance import TITLE_WEIGHT
from bot.query.results import Match
from bot.query.tokens import tokens, words
from bot.store.search.find import LOADING_S, load
from bot.store.search.vocabulary import read_lexicon
from bot.store.search.words import count_archive, count_forms, count_papers, weight
from bot.store.sqlite.executor import Reading

WORDS = 14
LEAST_LETTERS = 3
MOST_SHARE = 0.05  # of the archive: a word that more papers use distinguishes nothing
LOOKED_AT = 3000  # papers for each word
SHARED = 4  # words named for each paper
REPEATED = 2.0  # how much more a word counts that the paper keeps repeating


def find_similar(reading: Reading, paper: Paper, limit: int) -> tuple[Match, ...]:
    """Find the papers that share the most telling words with ``paper``, without itself."""
    scores: dict[int, float] = defaultdict(float)
    telling = _telling(reading, paper)
    lexicon = read_lexicon(reading.rows, _forms([word for word, _ in telling]))
    for word, importance in telling:
        forms = [form for form in inflections(word) if lexicon.holds(form)]
        match = f"{{title abstract}} : ({' OR '.join(map(quoted, forms))})"
        sql = "SELECT rowid FROM paper_text WHERE paper_text MATCH ? ORDER BY rowid DESC LIMIT ?"
        for key in reading.integers(sql, (match, LOOKED_AT)) if forms else ():
            scores[key] += importance
    reading.allow(LOADING_S)
    best = sorted(scores, key=lambda key: (-scores[key], -key))[: limit + 1]
    found = load(reading, [(0, key) for key in best])
    others = [stored for stored in found if stored.paper.arxiv_id != paper.arxiv_id]
    written = _as_written(paper, [word for word, _ in telling])
    return tuple(
        Match(stored=stored, shared=_shared(stored.paper, written)) for stored in others[:limit]
    )


def _forms(words: Iterable[str]) -> set[str]:
    return {form for word in words for form in inflections(word)}


def _as_written(paper: Paper, telling: Sequence[str]) -> dict[str, str]:
    """Return the telling words, in their order, each as ``paper`` first writes it.

    In its abstract, if there: titles have many capitals.
    """
    text = f"{paper.abstract}\n{paper.title}"
    written: dict[str, str] = {}
    for token in tokens(text):
        written.setdefault(lemma_of(token.word), text[token.start : token.end])
    return {word: written[word] for word in telling}


def _shared(other: Paper, written: Mapping[str, str]) -> tuple[str, ...]:
    """Return those of the words that ``other`` says too, in any form."""
    said = _lemmas(other.title) + _lemmas(other.abstract)
    return tuple(shown for word, shown in written.items() if word in said)[:SHARED]


def _lemmas(text: str) -> list[str]:
    return list(map(lemma_of, words(text)))


def _telling(reading: Reading, paper: Paper) -> list[tuple[str, float]]:
    """Choose the most distinctive words, with their weights."""
    counts = Counter(_lemmas(paper.abstract))
    for word in _lemmas(paper.title):
        counts[word] += int(TITLE_WEIGHT)
    said = [word for word in counts if len(word) >= LEAST_LETTERS and not word.isdigit()]
    known = read_lexicon(reading.rows, _forms(said)).holds
    forms = {word: [form for form in inflections(word) if known(form)] for word in said}
    each = count_papers(reading, {form for some in forms.values() for form in some})
    papers = {word: count_forms(some, each) for word, some in forms.items()}
    archive = count_archive(reading)
    importance = {
        word: weight(papers[word], archive) * counts[word] / (counts[word] + REPEATED)
        for word in said
        if 1 < papers[word] <= max(10, archive * MOST_SHARE)
    }
    return heapq.nlargest(WORDS, importance.items(), key=lambda item: item[1])
