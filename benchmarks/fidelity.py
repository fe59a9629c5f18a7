"""Readable text: what is lost, left or misread in the real papers, beside pylatexenc and unicodeit.

    python -m benchmarks fidelity [--papers N]

Counts the papers of the reference corpus with at least one fault of each class in their title or
abstract. The detectors are simple and know nothing of the converters; what they call a fault is
one nearly always. unicodeit is optional (``pip install unicodeit``); pylatexenc runs with the
settings that lose least (formulas as text, ``%`` no comment). The rows below the line concern
what only the bot makes: links in Discord's own reading (after ``make node``), BibTeX and names of
authors. Time is CPU time for title and abstract. The last tables are those of ``links``.
"""

import argparse
import importlib
import re
import sys
import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import pytest
from pylatexenc.latex2text import LatexNodes2Text

from benchmarks import links
from benchmarks.corpus import Record, read_records
from benchmarks.tables import table, verdict
from bot.arxiv.paper import build_paper
from bot.digest.bibtex import papers_to_bibtex
from bot.models import ArxivId, Paper
from bot.text.commands import is_known
from bot.text.symbols import NUMBERS
from bot.text.tex import to_unicode
from bot.ui.embeds import MAX_DESCRIPTION
from tests.ui.test_discord_reading import wrong_links

GOAL_MS = 0.3
Convert = Callable[[str], str]

_MACRO = re.compile(r"\\(?:([A-Za-z]+)\*?|.)", re.DOTALL)
_SETTING = re.compile(
    r"\\(?:SI|si|qty|textcolor|color|[hv]space|label|begin|end|unicode|ding|rom|(?:left|up)root)\*?\{[^{}]*\}(?:\{\\[^{}]*\})?"
    r"|\\d?t?frac ?\d{2}|\\sqrt\[\d\]"
)
_MEANING = {
    r"\\p?mod(?![a-z])|\\bmod": "mod",
    r"\\pmod": r"\(mod",
    r"\\(?:overline|bar|hat|tilde|widehat|widetilde|vec|dot)(?![a-z])\s*\{?[A-Za-z\\]": (
        r"[\u0300-\u036f\u20d0-\u20ff]|(?:overline|bar|hat|tilde|vec|dot)\("
    ),
    r"\\sqrt\s*[{\\\w]": "[√∛∜]",
    r"\\d?frac": "/",
    r"\\begin\{[dr]?cases\}": r"\{[^{}]+[,;][^{}]*\}",
    r"\\begin\{[bp]matrix\}": r"[(\[][^()\[\]]*;[^()\[\]]*[)\]]",
    r"\\(?:norm|Vert|\|)(?![A-Za-z])": "‖",
    r"\\binom": "choose",
    r"\\leq?(?![a-z])": "[≤⩽]",
    r"\\infty": "∞",
}
"""What a macro must leave in the readable text so that its meaning is there."""


def faults(source: str, readable: str) -> Iterator[str]:
    """Name the classes of faults of a text, as far as a simple look can tell."""
    names = {name for name in _MACRO.findall(source) if len(name) > 1}
    if _lost_words(source, readable):
        yield "a word is lost"
    if _lost_meanings(source, unicodedata.normalize("NFD", readable)):
        yield "the meaning of a macro is lost"
    if any(f"\\{name}" not in readable and _is_authors(name, source) for name in names):
        yield "an author's macro reads as a word"
    if any(is_known(name) for name in _MACRO.findall(readable) if len(name) > 1):
        yield "a macro of TeX is left"
    if "$" in source and _ONE_SIDED.search(readable):
        yield "a blank on one side of a sign"
    for name, pattern in _LEFT.items():
        if pattern.search(readable):
            yield name


_ONE_SIDED = re.compile(r"[^\W\d_][=<>] \d|\d[×±] \d|\d [×±]\d|\w =\d")
_LEFT = {
    "a formula or its braces are left": re.compile(
        r"\$[^$\n]{0,80}[\\^_][^$\n]{0,80}\$|\d\{,\}\d|\{\S*\$"
    ),
    "quotation marks of TeX are left": re.compile(r"``|(?<!\d)''|\"\w[^\"'\n]{0,80}''"),
    "dashes or apostrophes are left": re.compile(r"[\w)]--[A-Za-z]|[a-z]`s\b"),
    "HTML is left": re.compile(
        r"<(b|i|em|sub|sup|p|div)>.*</\1>|&(?:lt|gt|amp|plusmn|nbsp);", re.DOTALL
    ),
    "an accent is left": re.compile(r"[A-Za-z]{2}[\"'`]\{[a-z]\}"),
}


def _lost_meanings(source: str, readable: str) -> list[str]:
    return [
        macro
        for macro, sign in _MEANING.items()
        if re.search(macro, source) and not re.search(sign, readable)
    ]


def _is_authors(name: str, source: str) -> bool:
    """Tell a macro of the authors that stands for a word of its own, not around a text."""
    if is_known(name) or name in NUMBERS:
        return False
    source = _SETTING.sub(" ", source)
    return bool(re.search(rf"\\{name}(?![A-Za-z])(?!\s*\{{[^}}])", source))


def _folded(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(each for each in decomposed if not unicodedata.combining(each))


def _lost_words(source: str, readable: str) -> bool:
    plain = _folded(readable)
    together = re.sub(r"\s", "", plain)
    text = _SETTING.sub(" ", source.replace("\\-", ""))
    text = re.sub(r"\\[`'^\"~=.]\s*\{?\\?([A-Za-z])\}?", r"\1", text)
    words = set(re.findall(r"[^\W_]{3,}", _folded(_MACRO.sub(" ", text))))
    return any(word not in plain and word not in together for word in words)


CLASSES = (
    "an exception", "a word is lost", "the meaning of a macro is lost",
    "an author's macro reads as a word", "a macro of TeX is left",
    "a formula or its braces are left", "a blank on one side of a sign",
    "quotation marks of TeX are left", "dashes or apostrophes are left", "HTML is left",
    "an accent is left", "converted twice it differs",
)  # fmt: skip


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--papers", type=int, help="only the first of the corpus")
    options = parser.parse_args(argv)
    records = read_records()[: options.papers]
    measured = {name: measure(convert, records) for name, convert in converters().items()}
    rows = [("papers with", *measured)]
    rows += [(name, *(f"{counts[name]:,}" for counts, _ in measured.values())) for name in CLASSES]
    rows += [("CPU ms a paper", *(f"{took:.3f}" for _, took in measured.values()))]
    print(f"{len(records):,} papers\n{table(rows)}\n")
    print(table([("of the bot alone, papers with", ""), *exports(records)]))
    took = measured["bot"][1]
    print(f"\ngoal: less than {GOAL_MS} ms a paper for text: {verdict(took < GOAL_MS)}\n")
    links.print_scores()
    links.print_counts(records)
    return 0


def converters() -> dict[str, Convert]:
    found: dict[str, Convert] = {
        "bot": to_unicode,
        "pylatexenc": LatexNodes2Text(math_mode="text", keep_comments=True).latex_to_text,
    }
    try:
        found["unicodeit"] = importlib.import_module("unicodeit").replace
    except ImportError:
        print("unicodeit is not installed: no column for it", file=sys.stderr)
    return found


def measure(convert: Convert, records: Sequence[Record]) -> tuple[Counter[str], float]:
    """Count the papers with each fault, and the CPU milliseconds that a paper takes."""
    counts: Counter[str] = Counter()
    took = 0.0
    for record in records:
        found: set[str] = set()
        for source in (record["title"], record["abstract"]):
            begun = time.process_time()
            try:
                readable = convert(source)
            except Exception:  # a peer may raise anything
                found.add("an exception")
                continue
            finally:
                took += time.process_time() - begun
            found.update(faults(source, readable))
            if convert is to_unicode and convert(readable) != readable:
                found.add("converted twice it differs")
        counts.update(found)
    return counts, took * 1000 / len(records)


def exports(records: Sequence[Record]) -> Iterator[tuple[str, str]]:
    papers = [_build(record) for record in records]
    bibtex = [papers_to_bibtex([paper]) for paper in papers]
    yield "a link that is not its address in Discord", _wrong_links(papers)
    yield "BibTeX: a quotation that opens with a closing mark", _count(bibtex, r"[ {]\{''\}\w")
    yield "BibTeX: a root without its term", _count(bibtex, r"\\sqrt(?:\[\d\])?\{\}\}\}[\w({]")
    names = ["\n".join(paper.authors) for paper in papers]
    yield "an author with an affiliation", _count(names, r"\(.*\)$|\([^)]*$", re.MULTILINE)
    yield "an author without a letter", _count(names, r"^[\W\d_]+$", re.MULTILINE)


def _build(record: Record) -> Paper:
    return build_paper(
        arxiv_id=ArxivId(record["id"]),
        version=1,
        title=record["title"],
        abstract=record["abstract"],
        authors=record["authors"],
    )


def _count(texts: Sequence[str], pattern: str, flags: re.RegexFlag = re.RegexFlag.NOFLAG) -> str:
    return f"{sum(re.search(pattern, text, flags) is not None for text in texts):,}"


def _wrong_links(papers: Sequence[Paper]) -> str:
    try:
        return f"{len(wrong_links(papers, excerpt_chars=MAX_DESCRIPTION)):,}"
    except pytest.skip.Exception as reason:
        return f"- ({reason})"


if __name__ == "__main__":
    sys.exit(main())
