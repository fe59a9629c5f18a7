"""Papers that say most of what a search asks for, where too few say all of it.

A plain OR of all words would find half the archive, and ranking it takes a tenth of a second for
each hundred thousand papers. Instead a quorum has to be there: all words, now that they are mended;
all but one of them in the title; of the five rarest two, pair by pair, the rarest pairs first. The
candidates are scored like any search by relevance, over all words. Titles are asked as far back as
they go; texts only as far as some ten thousand postings lead (`_ranges`). Why that is soon done is
told in docs/decisions/0024-speed-and-size.md.
"""

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import reduce
from itertools import combinations

from bot.query.ast import (
    And,
    Author,
    LeafNode,
    Node,
    Or,
    Query,
    Since,
    Text,
    TextField,
    Until,
    all_of,
    any_of,
    leaves,
    with_leaves,
)
from bot.query.compile import leaf_expression, rarest_first
from bot.query.interpret import Interpretation, interpret, names_in, without
from bot.query.printer import print_node
from bot.query.relevance import Scorer, asked_words
from bot.query.results import Closest, Match, Mended
from bot.query.tokens import indexed, words
from bot.store.search.find import LOADING_S, load
from bot.store.search.plan import KeyRange, Stretch, plan_tiers
from bot.store.search.pool import read
from bot.store.search.spelling import RARE, may_be_slip, suggest
from bot.store.search.walk import few, follow, follow_newest, follow_up, known_keys, span_of
from bot.store.search.words import (
    count_archive,
    count_forms,
    count_papers,
    estimate_papers,
    weight,
    widened,
)
from bot.store.sqlite.executor import Reading
from bot.store.sqlite.statements import json_array

RAREST = 5  # words of which two have to be there
CANDIDATES = 400  # papers that are looked for
OF_A_GROUP = 200  # at most of them for the same words
MOST_OF_A_TITLE = 10  # words of which one may be wrong
RAREST_OF_A_TITLE = 4  # words by which titles are found; the others are looked for in these
MOST_TITLES = 1000  # that are read to look for the other words: 15 ms
SCORED = 120  # papers whose texts are read
STEPS = (2000, 8000, 30_000)
"""Postings, by the counts of words: what a walk through texts reads before it goes on, if too few
papers are found; the last in about 10 ms."""
WALKS = 3  # so many walks of all steps; then the first has to do: of ten pairs each may take 10 ms
COMMON = 8
USUAL_SHARE = 0.01  # of the archive, that says each word of a phrase which is worth looking for
WITH_THE_RAREST = 0.1  # of the papers that say the rarest word of a phrase: where others are sought


@dataclass(frozen=True, slots=True)
class _Word:
    """A word or phrase that is asked for, and how many papers say it."""

    leaf: Text
    forms: tuple[str, ...]
    papers: int
    weight: float
    counts: Mapping[str, int] = field(compare=False)
    """The papers of each word that is asked for."""
    archive: int = field(compare=False)

    def is_said_in(self, title: str) -> bool:
        """Whether a title, its words between blanks, says it; what is asked elsewhere is known."""
        return self.leaf.field not in (None, TextField.TITLE) or any(
            f" {form} " in title for form in self.forms
        )

    @property
    def in_texts(self) -> "_Word":
        """The same for the index of texts: a phrase without inflections that are rare words.

        FTS5 looks for the first paper with all words of each. Of *time warp attends* there is none,
        which takes as long to find out as all else; *pre trained* is as usual as *pre training*.
        """
        if " " not in self.forms[0]:
            return self
        least = self.archive * USUAL_SHARE
        kept = {each for each in self.forms if " " not in each or self._papers(each) >= least}
        forms = tuple(form for form in self.leaf.forms if form.words in kept)
        return replace(
            self,
            leaf=replace(self.leaf, forms=forms),
            forms=(self.forms[0], *(form.words for form in forms)),
        )

    def _papers(self, form: str) -> int:
        return min(self.counts.get(word, 0) for word in form.split(" "))

    @property
    def part(self) -> "Part":
        """What is asked for it."""
        return part_of(self.leaf, self.forms, self.counts)

    def postings(self, rarest: int) -> float:
        """Estimate how many postings are read for it beside a word of ``rarest`` papers.

        Each of its forms is looked for as often as the other word occurs; of a phrase its rarest
        word, and the others only where that is. A word that nearly every paper says, and often,
        takes nine times as long to look for as a rare one.
        """
        read = 1.0
        for form in self.forms:
            least, *others = sorted(self.counts.get(word, 0) for word in form.split(" "))
            effort = [1 + COMMON * papers / self.archive for papers in (least, *others)]
            read += min(rarest, least) * (effort[0] + WITH_THE_RAREST * sum(effort[1:]))
        return read


def find_closest(
    reading: Reading, query: Query, today: date, limit: int, known: Collection[int]
) -> Closest | None:
    """Find papers that say most of ``query``, without those whose keys are ``known``.

    ``known`` are all the papers that say all of it, which are not looked for again. None where
    there is nothing to be less strict about: a query without plain words.
    """
    understood = _with_real_names(reading, interpret(query, today))
    weighed = _weighed(reading, understood)
    mended, meant = _mended(reading, understood, weighed)
    if mended:
        weighed = _weighed(reading, meant)
    asked = [word for word in weighed if word.papers]
    if not asked:
        return None
    found: list[int] = []
    kept = meant.filters
    for kept in _fewer_filters(meant.filters):
        is_new = replace(meant, filters=kept).query.root != query.root
        found = _candidates(reading, asked, all_of(*meant.others, *kept), is_new=is_new)
        if found:
            break
    unmet = tuple(each for each in meant.filters if each not in kept) if found else ()
    meant = replace(meant, filters=kept)
    doubtful = _doubtful(reading, asked)
    best = _ranked(reading, asked, [key for key in found if key not in known])[:limit]
    reading.allow(LOADING_S)
    root = widened(reading, meant.query.root)
    return Closest(
        matches=tuple(Match(stored=stored) for stored in load(reading, [(0, key) for key in best])),
        query=meant.query,
        asked=root,
        filters=meant.filters,
        unmet=unmet,
        left_out=meant.left_out,
        mended=mended,
        counts=tuple((word.leaf.text, word.papers) for word in weighed),
        doubtful=doubtful,
        corrected=_corrected(meant.query.root, doubtful),
    )


def _fewer_filters(filters: tuple[LeafNode, ...]) -> Iterable[tuple[LeafNode, ...]]:
    """Papers of another week are closer than none; those of another author are, too."""
    timeless = tuple(each for each in filters if not isinstance(each, Since | Until))
    return dict.fromkeys((filters, timeless, ()))


def _with_real_names(reading: Reading, understood: Interpretation) -> Interpretation:
    """Take for names only what is one: *by optical means* is not *by Kaiming He*."""
    unknown = [name for name in names_in(understood.filters) if not _is_known(reading, name)]
    return without(understood, unknown)


def _is_known(reading: Reading, name: Author) -> bool:
    sql = "SELECT rowid FROM paper_text WHERE paper_text MATCH ? LIMIT 1"
    return bool(reading.rows(sql, (leaf_expression(name),)))


def _mended(
    reading: Reading, understood: Interpretation, asked: Sequence[_Word]
) -> tuple[tuple[Mended, ...], Interpretation]:
    """Replace words that no paper says by what they were meant to be."""
    company = [leaf_expression(word.leaf) for word in asked if word.papers][:RAREST]
    mended: list[Mended] = []
    meant: list[Text] = []
    for word in asked:
        said = words(word.leaf.text)
        is_unknown = not word.papers and len(said) == 1
        better = suggest(reading, said[0], 0, company, most=1) if is_unknown else []
        if better:
            mended.append(Mended(typed=said[0], meant=better[0]))
            parts = better[0].split(" ")
            meant += [replace(word.leaf, text=part, forms=()) for part in parts]
        else:
            meant.append(replace(word.leaf, forms=()))
    return tuple(mended), replace(understood, words=tuple(meant))


def _doubtful(reading: Reading, asked: Sequence[_Word]) -> tuple[Mended, ...]:
    """Find usual words of which rare ones may be slips: `langauge`, which some papers say too."""
    company = [leaf_expression(word.leaf) for word in asked if word.papers > RARE][:RAREST]
    archive = count_archive(reading)
    found = []
    for word in asked:
        said = words(word.leaf.text)
        is_doubtful = len(said) == 1 and may_be_slip(word.papers, archive)
        if is_doubtful and not reading.has_passed():
            better = suggest(reading, said[0], word.papers, company, most=1)
            found += [Mended(typed=word.leaf.text, meant=each) for each in better]
    return tuple(found)


def _corrected(root: Node, doubtful: Sequence[Mended]) -> Query | None:
    better = {each.typed: each.meant for each in doubtful}

    def meant(leaf: LeafNode) -> Node:
        if not isinstance(leaf, Text) or leaf.text not in better:
            return leaf
        return all_of(*(replace(leaf, text=part) for part in better[leaf.text].split(" ")))

    node = with_leaves(root, meant)
    return Query(text=print_node(node), root=node) if better else None


def _weighed(reading: Reading, understood: Interpretation) -> list[_Word]:
    """Weigh the words that are asked for."""
    root = widened(reading, all_of(*understood.words))
    asked = list(_texts(root))
    counts = count_papers(reading, asked_words(Or(tuple(asked))))
    archive = count_archive(reading)
    return [_word(leaf, counts, archive) for leaf in asked]


def _texts(root: Node) -> Iterator[Text]:
    for leaf in leaves(root):
        if isinstance(leaf, Text):
            yield leaf


def _word(leaf: Text, counts: Mapping[str, int], archive: int) -> _Word:
    forms = (" ".join(words(leaf.text)), *(form.words for form in leaf.forms))
    papers = min(archive, count_forms(forms, counts))
    return _Word(leaf, forms, papers, weight(papers, archive), counts, archive)


def _candidates(reading: Reading, asked: Sequence[_Word], must: Node, *, is_new: bool) -> list[int]:
    """List papers that say a quorum of the words, the weightiest first, of equals the titles.

    ``is_new`` says that not all of the words were asked for yet, as they are now.
    """
    weights: dict[int, dict[_Word, float]] = defaultdict(dict)
    titled: set[int] = set()
    span = span_of(reading)
    walked = 0.0
    for group in _groups(asked, is_new=is_new):
        if reading.has_passed() or len(weights) >= CANDIDATES:
            break
        if group.is_titled:
            for key, said in _say_in_titles(reading, group.words, must):
                weights[key].update((word, word.weight) for word in said)
                titled.add(key)
            continue
        walk = _walk_texts(reading, group.words, must)
        most = _postings(group.words)
        steps = STEPS if walked < WALKS else STEPS[:1]
        found = follow_up(reading, walk, OF_A_GROUP, _ranges(group.words, span, most, steps))
        walked += min(1, most / steps[-1]) if len(found) < OF_A_GROUP else 0
        for key in found:
            weights[key].update((word, word.weight) for word in group.words)
    scores = {key: math.fsum(each.values()) for key, each in weights.items()}
    return sorted(scores, key=lambda key: (-scores[key], key not in titled, -key))[:SCORED]


def _walk_texts(reading: Reading, group: Sequence[_Word], must: Node) -> Sequence[Stretch]:
    """Plan to walk the papers that say all words of a group, rare ones first, phrases last."""
    parts = [word.in_texts.part for word in group]
    guards = [guard for part in parts for guard in part.guards]
    papers = estimate_papers(group[0].counts, group[0].archive)
    guarded = rarest_first(all_of(*guards, must), papers)
    exact = [part.exact for part in parts if part.guards != (part.exact,)]
    root = _one_by_one([guarded, *exact])
    return plan_tiers([root], known_keys(reading, root))


def _postings(group: Sequence[_Word]) -> float:
    """Estimate how many postings are read to walk through the archive for all words of a group."""
    rarest = min(word.papers for word in group)
    return sum(word.in_texts.postings(rarest) for word in group)


def _ranges(
    group: Sequence[_Word], span: KeyRange, most: float, steps: Sequence[int]
) -> Iterator[KeyRange]:
    """Cut the part of the archive where texts are walked through for all words of a group.

    What would read more than the last of `STEPS` goes back through as much less of the time that
    the archive covers. A step in which not even one paper is to be expected is not taken by itself:
    each begins with a look for the oldest paper of all, which is then as long as the whole walk.
    """
    shares = [min(1.0, limit / most) for limit in steps]
    expected = _expected(group)
    end = span.end
    for share in shares:
        if share * expected < 1 and share < shares[-1]:
            continue
        first = span.end - int((span.end - span.first) * share)
        yield KeyRange(first, end)
        if first == span.first:
            break
        end = first


def _expected(group: Sequence[_Word]) -> float:
    """Return how many papers would say all of the words if none had to do with another."""
    archive = group[0].archive
    return archive * math.prod(word.papers / archive for word in group)


def _say_in_titles(
    reading: Reading, asked: Sequence[_Word], must: Node
) -> Iterator[tuple[int, list[_Word]]]:
    """List papers whose titles say all of the words but one at most, each with what it says.

    The index is asked for the rarest words, and for the others only where it finds too many titles:
    to look for a common word in all its forms takes longer than to read a title.
    """
    for key, title in read(reading, "key, title", _titled(reading, asked, must)):
        text = f" {indexed(title)} "
        said = [word for word in asked if word.is_said_in(text)]
        if len(said) >= len(asked) - 1:
            yield key, said


def _titled(reading: Reading, asked: Sequence[_Word], must: Node) -> list[int]:
    """List papers whose titles say all of the words but one at most, or of the rarest of them."""
    are_titled = all(word.leaf.field in (None, TextField.TITLE) for word in asked)
    rarest = asked[:RAREST_OF_A_TITLE] if are_titled else asked
    walk = _walk_titles(reading, rarest, must)
    found = few(reading, walk, MOST_TITLES)
    if len(rarest) == len(asked):
        return (
            [key for _, key in follow(reading, walk, CANDIDATES)]
            if found is None
            else found[:CANDIDATES]
        )
    if found is None:
        return follow_newest(reading, _walk_titles(reading, asked, must), CANDIDATES)
    return found


def _walk_titles(reading: Reading, asked: Sequence[_Word], must: Node) -> Sequence[Stretch]:
    """Plan to walk the papers whose titles say all of the words but one at most."""
    root = all_of(all_but_one([word.part.in_title for word in asked]).exact, must)
    return plan_tiers([root], known_keys(reading, root))


@dataclass(frozen=True, slots=True)
class Part:
    """What is asked for, and its guards: questions without phrases, which find it all and more.

    FTS5 reads the lists of all words of a phrase until they are in one paper, from wherever it is
    told to go on, and looks at once for the first. Asked only where its words are, beside all else,
    the phrase *sim to real* takes a fifth of the time.
    """

    exact: Node
    guards: tuple[Node, ...]

    @property
    def in_title(self) -> "Part":
        exact, *guards = (with_leaves(node, _in_title) for node in (self.exact, *self.guards))
        return Part(exact, tuple(guards))


def part_of(leaf: Text, forms: Sequence[str], counts: Mapping[str, int]) -> Part:
    """Ask for a word or phrase in all its ``forms``, the first of which is as it is typed.

    A paper that says a phrase says for each place in it one of the words that are there in forms of
    the same length, or the rarest word of another form. A letter is no such word: it is not looked
    for in names, as a phrase is.
    """

    def papers(word: str) -> int:
        return counts.get(word, 0)

    said = [form.split(" ") for form in forms]
    if len(said[0]) == 1:
        return Part(leaf, (leaf,))
    alike = [form for form in said if len(form) == len(said[0])]
    others = {min(form, key=papers) for form in said if len(form) != len(said[0])}
    places = [others.union(each) for each in zip(*alike, strict=True)]
    guards = [
        any_of(*(Text(text=word, field=leaf.field, is_exact=True) for word in sorted(place)))
        for place in sorted(places, key=lambda place: sum(map(papers, place)))
        if all(map(_is_usual, place))
    ]
    return Part(leaf, tuple(guards) or (leaf,))


def _is_usual(word: str) -> bool:
    return len(word) > 1 and words(word) == [word]


def all_but_one(parts: Sequence[Part]) -> Part:
    """Ask for all of the parts, the rarest first, or for all but one.

    One question instead of one for each part that may be missing: which is either in the first half
    or in the second. In pairs, so that the index looks for each part only where the ones before it
    are.
    """
    if len(parts) <= 2:
        return _either(*parts)
    half = (len(parts) + 1) // 2
    first, second = parts[:half], parts[half:]
    with_first = [*first, all_but_one(second)] if len(second) > 1 else first
    return _either(_together(with_first), _together([all_but_one(first), *second]))


def _either(*parts: Part) -> Part:
    exact = any_of(*(part.exact for part in parts))
    return Part(exact, (any_of(*(part.guards[0] for part in parts)),))


def _together(parts: Sequence[Part]) -> Part:
    """Ask for all of the parts, exactly only where their guards are."""
    guards = [part.guards[0] for part in parts]
    guards += [guard for part in parts for guard in part.guards[1:]]
    guarded = _one_by_one(guards)
    exact = [part.exact for part in parts if part.guards != (part.exact,)]
    return Part(_one_by_one([guarded, *exact]), (guarded,))


def _one_by_one(parts: Sequence[Node]) -> Node:
    return reduce(lambda rarer, other: And((rarer, other)), parts)


@dataclass(frozen=True, slots=True)
class _Group:
    """Words that a paper says: all of them, or in its title all but one at most."""

    words: Sequence[_Word]
    is_titled: bool = False


def _groups(asked: Sequence[_Word], *, is_new: bool) -> Iterator[_Group]:
    """List groups of words that are a quorum."""
    different = sorted(dict.fromkeys(asked), key=lambda word: word.papers)
    if len(different) > 2 and is_new:
        yield _Group(different)
    if 2 < len(different) <= MOST_OF_A_TITLE:
        yield _Group(different, is_titled=True)
    rarest = different[:RAREST]
    pairs: list[tuple[_Word, ...]] = list(combinations(rarest, 2))
    if len(rarest) <= 2:
        pairs += [(word,) for word in rarest]
    pairs.sort(key=lambda group: min(word.papers for word in group) / len(group) ** 4)
    yield from map(_Group, pairs)


def _in_title(leaf: LeafNode) -> Node:
    if isinstance(leaf, Text) and leaf.field is None:
        return replace(leaf, field=TextField.TITLE)
    return leaf


def _ranked(reading: Reading, asked: Sequence[_Word], keys: Sequence[int]) -> list[int]:
    """Order papers by how well they say all the words."""
    weights = {word.forms: word.weight for word in asked}
    scorer = Scorer(Or(tuple(word.leaf for word in asked)), lambda forms: weights[tuple(forms)])
    rows = reading.rows(
        "SELECT key, title, abstract, authors FROM paper "
        "WHERE key IN (SELECT value FROM json_each(?))",
        (json_array(keys),),
    )
    scores = {key: scorer.score(*texts) for key, *texts in rows}
    return sorted(scores, key=lambda key: (-scores[key], -key))
