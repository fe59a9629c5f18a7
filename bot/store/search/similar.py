"""Papers like a given one, by its most distinctive words.

A telling word is frequent in the paper (above all in its title) and rare elsewhere. Each is asked
for alone, newest papers first up to a bound, so the time depends on the number of words, not on the
size of the archive. Of the papers that share the most weight, the texts are read: how often they
say all words of the paper, and how long they are, tells which are most alike.
"""

import heapq
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from bot.models import Paper
from bot.query.compile import quoted
from bot.query.inflect import inflections, lemma_of
from bot.query.results import Match
from bot.query.tokens import is_separate, tokens, words
from bot.store.search.find import LOADING_S, load
from bot.store.search.vocabulary import read_lexicon
from bot.store.search.words import count_archive, count_forms, count_papers, weight
from bot.store.sqlite.executor import Reading
from bot.store.sqlite.statements import json_array

WORDS = 20  # that are asked for
LEAST_LETTERS = 3
MOST_SHARE = 0.05  # of the archive: a word that more papers use distinguishes nothing
LOOKED_AT = 700  # papers for each word
READ = 120  # papers of which the texts are compared
SHARED = 4  # words named for each paper
TITLE_COUNTS = 3  # times as much as the abstract
EVENED = 4.0  # on top of each word's weight: else one rare word outweighs all that make a field


@dataclass(frozen=True, slots=True, eq=False)  # each is itself: hashing its fields takes long
class _Word:
    """A word of the paper in all its forms, and how much it tells of the paper."""

    word: str
    forms: tuple[str, ...]
    papers: int
    weight: float
    importance: float


def find_similar(reading: Reading, paper: Paper, limit: int) -> tuple[Match, ...]:
    """Find the papers that share the most telling words with ``paper``, without itself."""
    archive = count_archive(reading)
    said = list(_weigh(reading, paper, archive))
    rare = [each for each in said if each.papers <= max(10, archive * MOST_SHARE)]
    telling = heapq.nlargest(WORDS, rare, key=lambda each: each.importance)
    scores = _compare(reading, said, _candidates(reading, telling))
    reading.allow(LOADING_S)
    best = sorted(scores, key=lambda key: (-scores[key], -key))[: limit + 1]
    found = load(reading, [(0, key) for key in best])
    others = [stored for stored in found if stored.paper.arxiv_id != paper.arxiv_id]
    written = _as_written(paper, telling)
    return tuple(
        Match(stored=stored, shared=_shared(stored.paper, written)) for stored in others[:limit]
    )


def _weigh(reading: Reading, paper: Paper, archive: int) -> Iterator[_Word]:
    """Weigh the words of a paper that others say, too."""
    counts = Counter(map(lemma_of, words(paper.abstract)))
    for word in map(lemma_of, words(paper.title)):
        counts[word] += TITLE_COUNTS
    said = [word for word in counts if _may_tell(word)]
    holds = read_lexicon(reading.rows, _forms(said)).holds
    forms = {word: tuple(form for form in inflections(word) if holds(form)) for word in said}
    each = count_papers(reading, {form for some in forms.values() for form in some})
    for word, count in ((word, counts[word]) for word in said):
        papers = count_forms(forms[word], each)
        if papers > 1:
            telling = weight(papers, archive) + EVENED
            yield _Word(word, forms[word], papers, telling, telling * _evened(count))


def _may_tell(word: str) -> bool:
    return len(word) >= LEAST_LETTERS and not word.isdigit() and not is_separate(word)


def _forms(words: Iterable[str]) -> set[str]:
    return {form for word in words for form in inflections(word)}


def _candidates(reading: Reading, telling: Sequence[_Word]) -> list[int]:
    """List the papers that share most of the weight of some words."""
    scores: dict[int, float] = defaultdict(float)
    for each in telling:
        match = f"{{title abstract}} : ({' OR '.join(map(quoted, each.forms))})"
        sql = "SELECT rowid FROM paper_text WHERE paper_text MATCH ? ORDER BY rowid DESC LIMIT ?"
        importance = each.importance
        for key in reading.integers(sql, (match, LOOKED_AT)):
            scores[key] += importance
    most = sorted(scores.values(), reverse=True)[: READ + 1]  # faster than to order the papers
    best = [key for key, score in scores.items() if score >= most[-1]] if most else []
    return sorted(best, key=lambda key: (-scores[key], -key))[: READ + 1]


def _compare(reading: Reading, said: Sequence[_Word], keys: Collection[int]) -> Mapping[int, float]:
    """Score papers by the cosine of what they and the paper say, each word by tf-idf.

    For the length of a paper's vector stands the number of its words, whose weights are not known.
    """
    by_form = {form: each for each in said for form in each.forms}
    sql = "SELECT key, title, abstract FROM paper WHERE key IN (SELECT value FROM json_each(?))"
    rows = reading.rows(sql, (json_array(keys),))
    return {key: _likeness(by_form.get, title, abstract) for key, title, abstract in rows}


def _likeness(word_of: Callable[[str], _Word | None], title: str, abstract: str) -> float:
    # What is no word of the paper is dropped before anything is counted: most of a text.
    text = words(abstract) + TITLE_COUNTS * words(title)
    shared = 0.0
    for each, count in Counter(filter(None, map(word_of, text))).items():
        shared += each.importance * each.weight * _evened(count)
    return shared / math.sqrt(max(1, len(set(text))))


@cache
def _evened(count: int) -> float:
    return 1 + math.log(count)


def _as_written(paper: Paper, telling: Sequence[_Word]) -> dict[_Word, str]:
    """Return the telling words, in their order, each as ``paper`` first writes it.

    In its abstract, if there: titles have many capitals.
    """
    text = f"{paper.abstract}\n{paper.title}"
    written: dict[str, str] = {}
    for token in tokens(text):
        written.setdefault(lemma_of(token.word), text[token.start : token.end])
    return {each: written[each.word] for each in telling}


def _shared(other: Paper, written: Mapping[_Word, str]) -> tuple[str, ...]:
    """Return those of the words that ``other`` says too, in any form."""
    said = {*words(other.title), *words(other.abstract)}
    return tuple(shown for each, shown in written.items() if said.intersection(each.forms))[:SHARED]
