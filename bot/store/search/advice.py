"""What to tell a person whose search found nothing: words nobody uses, the part to blame."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from bot.query.ast import And, Author, Node, Or, Query, Text, all_of, leaves
from bot.query.compile import quoted
from bot.query.fields import as_meant, read_fields
from bot.query.printer import print_node
from bot.query.results import MOST_COUNTED, Advice, Blame, DoubtfulName, DoubtfulWord
from bot.query.tokens import words
from bot.store.search.plan import plan_tiers
from bot.store.search.spelling import RARE, suggest
from bot.store.search.typed import nearest_authors
from bot.store.search.walk import follow, known_keys
from bot.store.search.words import count_forms, count_papers, widened
from bot.store.sqlite.executor import Reading

COUNTED = 100
NEAREST = 3  # names like one that nobody has
MOST_PARTS = 8  # that are counted one by one


def advise(reading: Reading, query: Query) -> Advice:
    """Say why ``query`` finds nothing."""
    (_, misnamed), root = read_fields(query), as_meant(query)
    doubtful = _doubtful_words(reading, widened(reading, root))
    names = [
        DoubtfulName(name=leaf.name, nearest=tuple(nearest_authors(reading, leaf.name, NEAREST)))
        for leaf in dict.fromkeys(leaves(root))
        if isinstance(leaf, Author) and not _count(reading, leaf, 1)
    ]
    corrected = _corrected(reading, root, doubtful, names)
    if misnamed and corrected is None and _count(reading, root, 1):
        corrected = Query(text=print_node(root), root=root)
    return Advice(
        misnamed=tuple(misnamed),
        doubtful=tuple(doubtful),
        names=tuple(names),
        corrected=corrected,
        blame=tuple(_blame(reading, root)),
        counts=tuple(_count_parts(reading, root)),
    )


def _doubtful_words(reading: Reading, root: Node) -> list[DoubtfulWord]:
    asked = dict(asked_forms(root))
    counts = count_papers(
        reading, {word for forms in asked.values() for each in forms for word in each.split(" ")}
    )
    found = []
    for word, forms in asked.items():
        if reading.has_passed():
            break
        papers, said = count_forms(forms, counts), counts.get(word, 0)
        if said > RARE:
            continue
        suggested = suggest(reading, word, said, company_of(word, asked))
        better = tuple(each for each in suggested if each not in forms)
        if papers <= RARE:
            if better or not papers:
                found.append(DoubtfulWord(word=word, papers=papers, suggestions=better))
        elif better and _finds_more(reading, root, word, better[0]):
            found.append(DoubtfulWord(word=word, papers=said, suggestions=better[:1]))
    return found


def _finds_more(reading: Reading, root: Node, word: str, better: str) -> bool:
    """Whether a slip that reads as a form of another word, as *mathing*, is one.

    What was meant finds something then, where the other word does not.
    """
    return _count(reading, _replaced(root, {word: better}), 1) > 0


def asked_forms(root: Node) -> Iterator[tuple[str, list[str]]]:
    """Walk the words asked for, each with all that it stands for."""
    for text in _asked_texts(root):
        said = words(text.text)
        if len(said) == 1:
            yield said[0], [said[0], *(form.words for form in text.forms)]
        elif not text.forms:
            yield from ((word, [word]) for word in said)


def company_of(word: str, asked: Mapping[str, Sequence[str]]) -> list[str]:
    """Write the other words that are asked for as FTS5 expressions."""
    others = [forms for other, forms in asked.items() if other != word]
    return [f"({' OR '.join(map(quoted, forms))})" for forms in others]


def _asked_texts(node: Node) -> Iterator[Text]:
    match node:
        case Text(is_prefix=False):
            yield node
        case And(parts) | Or(parts):
            for part in parts:
                yield from _asked_texts(part)


def _corrected(
    reading: Reading,
    root: Node,
    doubtful: Sequence[DoubtfulWord],
    names: Sequence[DoubtfulName],
) -> Query | None:
    better = {each.word: each.suggestions[0] for each in doubtful if each.suggestions}
    called = {each.name: each.nearest[0] for each in names if each.nearest}
    mended = len(better) + len(called)
    if not mended or mended < len(doubtful) + len(names):
        return None
    node = _replaced(_renamed(root, called), better)
    return Query(text=print_node(node), root=node) if _count(reading, node, 1) else None


def _renamed(node: Node, called: Mapping[str, str]) -> Node:
    match node:
        case And(parts) | Or(parts):
            return type(node)(tuple(_renamed(part, called) for part in parts))
        case Author(name=name) if name in called:
            return Author(name=called[name])
        case _:
            return node


def _replaced(node: Node, better: dict[str, str]) -> Node:
    match node:
        case And(parts) | Or(parts):
            return type(node)(tuple(_replaced(part, better) for part in parts))
        case Text(is_prefix=False) if any(word in better for word in words(node.text)):
            typed = words(node.text)
            meant = [part for word in typed for part in better.get(word, word).split()]
            if len(typed) > 1:
                return replace(node, text=" ".join(meant))
            return all_of(*(replace(node, text=word) for word in meant))
        case _:
            return node


# Which part is to blame


def _blame(reading: Reading, root: Node) -> list[Blame]:
    """Leave out each part of an AND in turn, and see what is found."""
    parts = root.parts if isinstance(root, And) else ()
    if len(parts) < 2:
        return []
    found = []
    for at, part in enumerate(parts):
        if reading.has_passed():
            break
        papers = _count(reading, all_of(*parts[:at], *parts[at + 1 :]), COUNTED)
        if papers:
            found.append(Blame(part=print_node(part), papers=papers))
    return sorted(found, key=lambda blame: -blame.papers)


def _count_parts(reading: Reading, root: Node) -> list[tuple[str, int]]:
    """Count what each part of an AND finds by itself; of all of them, or of none."""
    parts = tuple(dict.fromkeys(root.parts)) if isinstance(root, And) else ()
    counts = []
    for part in parts if 1 < len(parts) <= MOST_PARTS else ():
        if reading.has_passed():
            return []
        counts.append((print_node(part), _count(reading, part, MOST_COUNTED)))
    return counts


def _count(reading: Reading, node: Node, most: int) -> int:
    node = widened(reading, node)
    return len(follow(reading, plan_tiers([node], known_keys(reading, node)), most))
