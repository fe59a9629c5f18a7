"""Author names: how two spellings of one person's name are recognised as the same.

A name is the set of its parts, in any order, without accents or case: ``He, Kaiming``, ``Kaiming
He`` and ``K. He`` share the part ``he``; a part of one letter is an initial and agrees with every
part that begins with it. ``Jean-Pierre`` is ``jean`` and ``pierre``, and also ``jeanpierre``.
"""

import re
import unicodedata

MAX_PARTS = 8  # a person has fewer; 'The X Collaboration on behalf of ...' has no initials to match

# Letters that Unicode does not take apart into a base and an accent.
_LETTERS = str.maketrans(
    dict(zip("øłđðıŧħ", "olddith", strict=True)) | {"þ": "th", "æ": "ae", "œ": "oe"}
)
_NOT_IN_A_NAME = re.compile(r"[\W_]+")
_BETWEEN_CHUNKS = re.compile(r"[\s,;&/()]+")


def fold(text: str) -> str:
    """Drop case and accents: ``Łukasz`` and ``Lukasz``, ``Bengió`` and ``bengio`` are one."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text)
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    return bare.casefold().translate(_LETTERS)


def name_parts(name: str) -> tuple[str, ...]:
    """Split a name into its folded parts; initials are parts of one letter.

    A hyphenated chunk gives its halves and the two as one word.
    """
    folded = fold(name)
    if folded.replace(" ", "").isalpha():
        return tuple(folded.split())
    parts: list[str] = []
    for chunk in _BETWEEN_CHUNKS.split(folded):
        pieces = [piece for piece in _NOT_IN_A_NAME.split(chunk) if piece]
        parts.extend(pieces)
        if len(pieces) > 1 and "-" in chunk:
            parts.append("".join(pieces))
    return tuple(parts)


def name_words(name: str) -> tuple[tuple[str, ...], ...]:
    """Split a name as a person typed it into words, each with its other spelling, if any.

    ``Jean-Pierre Serre`` gives (``jean``, ``pierre``, ``serre``) and (``jeanpierre``, ``serre``).
    Words beyond `MAX_PARTS` are ignored: the index pairs no more, and the pairs of hundreds, in
    both orders, took seconds.
    """
    apart: list[str] = []
    joined: list[str] = []
    for chunk in _BETWEEN_CHUNKS.split(fold(name)):
        pieces = [piece for piece in _NOT_IN_A_NAME.split(chunk) if piece]
        apart.extend(pieces)
        joined.extend(["".join(pieces)] if pieces and "-" in chunk else pieces)
    readings = (apart,) if apart == joined else (apart, joined)
    return tuple(tuple(words[:MAX_PARTS]) for words in readings)


def is_initial(part: str) -> bool:
    return len(part) == 1


def is_same_person(asked: str, name: str) -> bool:
    """Whether ``name`` may be the person asked for: a part agrees in full, the others as far."""
    parts = name_parts(name)
    return any(_fits(words, parts) for words in name_words(asked))


def _fits(words: tuple[str, ...], parts: tuple[str, ...]) -> bool:
    surnames = [word for word in words if not is_initial(word) and word in parts]
    if len(words) == 1 or all(map(is_initial, words)):
        return all(word in parts for word in words)
    return any(
        all(_agrees(word, _without(parts, surname)) for word in _without(words, surname))
        for surname in surnames
    )


def _agrees(word: str, parts: tuple[str, ...]) -> bool:
    if is_initial(word):
        return any(part.startswith(word) for part in parts)
    return word in parts or word[0] in parts


def _without(words: tuple[str, ...], one: str) -> tuple[str, ...]:
    at = words.index(one)
    return words[:at] + words[at + 1 :]
