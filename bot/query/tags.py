"""Tags: what can be asked of a paper beyond its words, as tokens in the search index.

Categories, announce types, kinds of links and author names become single tokens in columns of
their own, so that a filter costs no more than a word (a join with a category table was 4 to
200 times slower). Every tag begins and ends with a private-use character: the tokenizer keeps
those (category Co), the parser drops them from queries, so no typed word is ever a tag; and a
token that ends in one is never stemmed.

A person's name is a run of tags that never mixes two people: for every two of its parts
``both(part, other)``, and in both orders ``name(part) initial(other)``. So ``K. He`` is the phrase
``name(he) initial(k)``, whether the paper says Kaiming or K., and ``Kaiming He`` is the tag
``both(he, kaiming)``, or ``both(he, k)`` where the paper has no more than that. A phrase of its
parts would say the same and take 50 times as long where they are common (Wei Li); tags for the
initials too would make a day's papers slower to store.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import combinations, permutations

from bot.arxiv.taxonomy import ALIASES, SUBSUMED, archive_of
from bot.models import AnnounceType, LinkKind
from bot.query.names import MAX_PARTS, name_parts
from bot.query.tokens import apart, words

MARK = "\ue000"
BETWEEN = "\ue003"
_PUNCTUATION = str.maketrans({".": "\ue001", "-": "\ue002"})


@lru_cache(maxsize=1024)  # categories, types and kinds are few
def _tag(kind: str, value: str = "") -> str:
    return f"{MARK}{kind}{value.translate(_PUNCTUATION).lower()}{MARK}"


EVERY_PAPER = _tag("p")
"""Carried by every paper: what a query that only excludes starts from."""


NO_PAPER = _tag("z")
"""Carried by none."""


def category_tag(code: str) -> str:
    return _tag("c", code)


def archive_tag(archive: str) -> str:
    return _tag("a", archive)


def type_tag(announce_type: AnnounceType) -> str:
    return _tag("t", announce_type.value)


def has_tag(kind: LinkKind) -> str:
    return _tag("h", kind.value)


WITHDRAWN = _tag("w")


def license_tag(code: str) -> str:
    return _tag("l", code)


def venue_tags(name: str) -> str:
    """Tag each word of a venue; the known ones by the same word, whatever they are called."""
    return " ".join(_venue_tag(word) for word in _known_as(venue_words(name)))


def _venue_tag(word: str) -> str:
    return f"{MARK}v{word}{MARK}"


def name_tag(part: str) -> str:
    return f"{MARK}n{part}{MARK}"


def initial_tag(part: str) -> str:
    """Tag the first letter of a part that belongs to the name in front of it."""
    return f"{MARK}i{part[0]}{MARK}"


def both_tag(part: str, other: str) -> str:
    """Tag a name that has both parts, in whatever order."""
    first, second = (part, other) if part < other else (other, part)
    return f"{MARK}b{first}{BETWEEN}{second}{MARK}"


_KINDS = {
    "p": "every paper",
    "c": "category",
    "a": "archive",
    "t": "type",
    "h": "has",
    "n": "name",
    "i": "initial",
    "b": "both",
    "v": "venue",
    "l": "license",
    "w": "withdrawn",
    "z": "no paper",
}
_TAG = re.compile(f"{MARK}([a-z])([^{MARK}]*){MARK}")
_WRITTEN = str.maketrans({"\ue001": ".", "\ue002": "-", BETWEEN: " "})


def readable(expression: str) -> str:
    """Write the tags of an index expression for people."""

    def written(found: re.Match[str]) -> str:
        value = found[2].translate(_WRITTEN)
        return f"‹{_KINDS.get(found[1], found[1])}{f' {value}' if value else ''}›"

    return _TAG.sub(written, expression)


def filter_tags(
    *,
    categories: Iterable[str],
    announce_types: Iterable[AnnounceType],
    link_kinds: Iterable[LinkKind],
    license_url: str | None = None,
    is_withdrawn: bool = False,
    venues: Iterable[str] = (),
) -> str:
    """Render the filters that a paper meets, blank-separated; of each venue the words in a row."""
    tags = [EVERY_PAPER]
    for code in categories:
        tags.extend(_category_tags(code))
    tags.extend(type_tag(announce_type) for announce_type in announce_types)
    tags.extend(has_tag(kind) for kind in link_kinds)
    if license_url:
        tags.append(license_tag(license_code(license_url)))
    if is_withdrawn:
        tags.append(WITHDRAWN)
    return " ".join([*dict.fromkeys(tags), *_runs_of(venues)])


# Licenses and venues

_COMMONS = re.compile(r"creativecommons\.org/(?:licenses/(by[a-z-]*)|(publicdomain))")
OTHER_LICENSE = "other"
LICENSES = (
    "cc-by", "cc-by-sa", "cc-by-nd", "cc-by-nc", "cc-by-nc-sa", "cc-by-nc-nd", "cc0", "arxiv",
    OTHER_LICENSE,
)  # fmt: skip
"""What ``license:`` knows; ``arxiv`` is the usual one, which lets only arXiv distribute a paper."""


def license_code(url: str) -> str:
    """Name the license that an address stands for."""
    found = _COMMONS.search(url.lower())
    if found:
        code = "cc0" if found[2] else f"cc-{found[1]}"
    else:
        code = "arxiv" if "nonexclusive-distrib" in url else OTHER_LICENSE
    return code if code in LICENSES else OTHER_LICENSE


def venue_words(name: str) -> list[str]:
    """Return the words of a venue's name, years apart: ``ICASSP2026`` is *icassp 2026*."""
    said = [part for word in words(name) for part in apart(word)]
    return [_full_year(word) if at else word for at, word in enumerate(said)][:MOST_OF_A_VENUE]


MOST_OF_A_VENUE = 50  # words: some journal references are whole citations
_SHORT_YEAR = re.compile(r"[0-4]\d|9\d")


def _full_year(word: str) -> str:
    """Write the year behind a name in full: ECCV'26, NIPS 99."""
    if not _SHORT_YEAR.fullmatch(word):
        return word
    return f"19{word}" if word[0] == "9" else f"20{word}"


_CALLED = {
    "neurips": ("nips", "advances in neural information processing systems",
                "conference on neural information processing systems"),
    "icml": ("international conference on machine learning",),
    "iclr": ("international conference on learning representations",),
    "cvpr": ("conference on computer vision and pattern recognition",),
    "iccv": ("international conference on computer vision",),
    "eccv": ("european conference on computer vision",),
    "wacv": ("winter conference on applications of computer vision",),
    "emnlp": ("conference on empirical methods in natural language processing",),
    "acl": ("annual meeting of the association for computational linguistics",),
    "aaai": ("aaai conference on artificial intelligence",),
    "ijcai": ("international joint conference on artificial intelligence",),
    "icra": ("international conference on robotics and automation",),
    "iros": ("international conference on intelligent robots and systems",),
    "jmlr": ("journal of machine learning research",),
    "tmlr": ("transactions on machine learning research",),
    "tpami": ("transactions on pattern analysis and machine intelligence",),
    "prl": ("phys rev lett", "physical review letters"),
    "pra": ("phys rev a", "physical review a"), "prb": ("phys rev b", "physical review b"),
    "prc": ("phys rev c", "physical review c"), "prd": ("phys rev d", "physical review d"),
    "pre": ("phys rev e", "physical review e"), "prx": ("phys rev x", "physical review x"),
    "jhep": ("journal of high energy physics", "j high energy phys"),
    "apj": ("astrophys j", "astrophysical journal"), "apjl": ("astrophysical journal letters",),
    "aa": ("a a", "astronomy and astrophysics", "astronomy astrophysics"),
    "mnras": ("monthly notices of the royal astronomical society", "mon not roy astron soc"),
}  # fmt: skip
"""Venues that have names beside the one that people type."""

_CALLS = sorted(
    ((name.split(" "), known) for known, names in _CALLED.items() for name in names),
    key=lambda call: -len(call[0]),
)


def _known_as(said: list[str]) -> list[str]:
    """Put for each name of a known venue the one word for it."""
    text = f" {' '.join(said)} "
    for name, known in _CALLS:
        text = text.replace(f" {' '.join(name)} ", f" {known} ")
    return text.split()


def _runs_of(venues: Iterable[str]) -> list[str]:
    """Tag the words of each venue, as written and with the known names, with a gap between two."""
    runs: list[str] = []
    for venue in venues:
        said = venue_words(venue)
        for run in dict.fromkeys((tuple(said), tuple(_known_as(said)))):
            runs += [EVERY_PAPER, *map(_venue_tag, run)] if run else []
    return runs


def author_tags(authors: Iterable[str]) -> str:
    """Render the names of a paper's authors, blank-separated."""
    return " ".join(_name_tags(name_parts(author)) for author in authors)


def tags_of_authors(authors: str) -> str:
    """As `author_tags`, for names with a line each, as they are stored."""
    return author_tags(authors.split("\n") if authors else ())


def category_names(code: str) -> tuple[str, ...]:
    """Return all that ``category:`` calls a category: its code, newer names, their archives."""
    codes = [name for name in (code, ALIASES.get(code), SUBSUMED.get(code)) if name]
    return tuple(dict.fromkeys([*codes, *map(archive_of, codes)]))


@lru_cache(maxsize=1024)
def _category_tags(code: str) -> tuple[str, ...]:
    names = [name for name in (code, ALIASES.get(code), SUBSUMED.get(code)) if name]
    return tuple(
        tag for name in names for tag in (category_tag(name), archive_tag(archive_of(name)))
    )


def _name_tags(parts: tuple[str, ...]) -> str:
    if len(parts) < 2:
        return " ".join(map(name_tag, parts))
    near = parts[:MAX_PARTS]
    runs = [f"{name_tag(part)} {initial_tag(other)}" for part, other in permutations(near, 2)]
    pairs = [both_tag(part, other) for part, other in combinations(near, 2)]
    return " ".join([*map(name_tag, parts[MAX_PARTS:]), *runs, *pairs])
