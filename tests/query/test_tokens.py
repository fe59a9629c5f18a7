"""Our words are FTS5's words."""

import gzip
import json
import sqlite3
import unicodedata
from collections.abc import Iterable

import pytest

from bot.query.tokens import fold, stem, stems, surface, tokens, words
from tests.shared import shared

TOKENIZER = "porter unicode61 remove_diacritics 2"


def fts5_terms(texts: Iterable[str], tokenizer: str = TOKENIZER) -> list[list[str]]:
    """Return the terms that FTS5 makes of each text, in order."""
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute(f"CREATE VIRTUAL TABLE f USING fts5 (x, tokenize = '{tokenizer}')")
        connection.execute("CREATE VIRTUAL TABLE v USING fts5vocab (f, instance)")
        count = len([connection.execute("INSERT INTO f VALUES (?)", (text,)) for text in texts])
        found: list[dict[int, str]] = [{} for _ in range(count)]
        for term, row, _, offset in connection.execute("SELECT * FROM v"):
            found[row - 1][offset] = term
        return [[each[at] for at in sorted(each)] for each in found]
    finally:
        connection.close()


SAMPLES = (
    "Generalized networks, generalization of RELATIONAL hopping ponies",
    "multi-agent GPT-4.5 C++ x_1 O(n) don't 3D k-means",
    "Čech Łukasz Sørensen Erdős Ångström naïve façade Poincaré",
    "e\u0301 n\u0303o decomposed",
    "ΑΒΓ ελληνικά λόγος Привет Ёж 量子计算 テスト",
    "ℓ₁-norm β-decay x² ½ Ⅷ ①",
    "eed ies sses caresses ponies agreed feed plastered motoring sing hopping falling",
    "happy sky relational conditional rational valency hesitancy digitizer conformably",
    "a be sea y yy s ss ing ed",
)


@pytest.mark.parametrize("text", SAMPLES)
def test_a_text_has_the_stems_that_fts5_gives_it(text: str) -> None:
    assert stems(text) == fts5_terms([text])[0]


def test_every_latin_greek_and_cyrillic_letter_folds_as_in_fts5() -> None:
    letters = [
        char for char in map(chr, range(0x21, 0x530)) if unicodedata.category(char)[0] in "LN"
    ]
    found = fts5_terms((f"q{char}z" for char in letters), "unicode61 remove_diacritics 2")
    differing = {
        char for char, terms in zip(letters, found, strict=True) if [fold(f"q{char}z")] != terms
    }
    # Letters whose pairs or bases Unicode defined after FTS5's tables were made.
    assert differing <= set("ǠǡǢǣǮǯǼǽǾǿͿԨԩԪԫԬԭԮԯ"), differing


def test_tokens_know_where_they_stand() -> None:
    text = "Deep (residual) e\u0301tudes"
    assert [text[token.start : token.end] for token in tokens(text)] == [
        "Deep",
        "residual",
        "e\u0301tudes",
    ]
    assert words(text) == ["deep", "residual", "etudes"]


def test_every_word_of_real_papers_has_fts5s_stem() -> None:
    with gzip.open(shared("corpus/papers.jsonl.gz"), "rt", encoding="utf-8") as lines:
        papers = [json.loads(next(lines)) for _ in range(4000)]
    vocabulary = sorted({word for paper in papers for word in words(paper["abstract"])})
    assert len(vocabulary) > 20_000
    terms = fts5_terms(vocabulary)
    assert [stem(word) for word in vocabulary] == [each[0] for each in terms]


def test_every_stem_of_real_papers_has_a_word_that_leads_back_to_it() -> None:
    with gzip.open(shared("corpus/papers.jsonl.gz"), "rt", encoding="utf-8") as lines:
        papers = [json.loads(next(lines)) for _ in range(2000)]
    known = {stem for paper in papers for stem in stems(paper["abstract"])}
    assert [each for each in known if surface(each) is None] == []
    assert all(stem(surface(each) or "") == each for each in known)


@pytest.mark.parametrize("word", ["Networks", "studies", "agreed", "possibility", "relational"])
def test_a_word_begins_with_its_stem_but_for_its_last_letter(word: str) -> None:
    assert fold(word).startswith(stem(word)[:-1])
