"""Small decisions about formulas: what is one, where its blanks go, when brackets are needed."""

import re
import unicodedata

# Inside a formula blanks mean nothing, so words and relations ask for the blanks they need;
# settle() puts them where there is something to part.
AROUND = "\x01"  # a blank, unless at either end
BETWEEN = "\x02"  # a blank between two words

_LONGEST = 1500  # characters; two dollar signs further apart do not belong together
_PARAGRAPH = re.compile(r"\n[ \t]*\n|\n[ \t]{2}")
_MACRO = re.compile(r"\\[A-Za-z]")
_MACRO_OR_GROUP = re.compile(r"\\[A-Za-z]+|\{[^{}]*\}")
_WORD = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{2,}(?![A-Za-z])")
_MATH_SIGN = re.compile(r"[\\^_{=<>+|]")


def is_formula(text: str, start: int, end: int) -> bool:
    """Say what stands between two dollar signs: ``$x^2$``, or prose between two prices."""
    content = text[start : min(end, start + _LONGEST)]
    if not content.strip() or end - start > _LONGEST or _PARAGRAPH.search(content):
        return False
    is_price = content[0].isdigit() and text[end + 1 : end + 2].isdigit()
    if is_price and not _MACRO.search(content):
        return False
    words = len(_WORD.findall(_MACRO_OR_GROUP.sub(" ", content)))
    if _MATH_SIGN.search(content.replace("\\%", "")):
        return words < 4
    if content[0].isspace() or content[-1].isspace():
        return words == 0 or (" " not in content.strip() and not content.strip().islower())
    return words < 2 or (not content[0].isdigit() and words < 4)


_INSIDE_BRACKETS = re.compile(r"(?<=[(\[{⟨⌊⌈])[ ]+|[ ]+(?=[)\]}⟩⌋⌉])")
_RELATION = re.compile(r"[ \x02]*\x01[ \x01\x02]*")
_WORD_BORDER = re.compile(r"(?<=[\w)\]])[ ]*\x02[ \x02]*(?=[\w√∑∏∫])")


_ENDS = ")]}⟩⌋⌉|'′″*%∞!"
_ACCENTS = "\u0300-\u036f\u20d0-\u20ff"
_LEFT_END = rf"[\w{re.escape(_ENDS)}{_ACCENTS}]"
_LEFT_SIDE = rf"(?<={_LEFT_END})"
_RIGHT_SIDE = r"(?=[\w(\[{⟨|√∑∏∫∞\\])(?![²³¹ʰ-˿ᴬ-ᶿ⁰-₟])"  # no script: =ᵈ
_RELATIONS = r"(?:[=≈≠≤≥≡∼×·∈]|[<>](?= *\d))"
_SUMS = r"(?<![a-z]{2})[-+−±∓]"  # behind a word, as in "and +7", it is the sign of a number
_ONE_SIDED = re.compile(
    rf"{_LEFT_SIDE}(?:(?:{_RELATIONS}|{_SUMS}) +"
    rf"|(?: +(?:{_RELATIONS})|(?<![a-z]{{2}}) +(?:[-+−±∓]))){_RIGHT_SIDE}"
)
_PARTED_SIGN = re.compile(r" *([-+−=<>≤≥]) *")


def ends_term(character: str) -> bool:
    """Whether a term may end so, and the sign behind it stands between two of them."""
    return re.fullmatch(_LEFT_END, character) is not None


def settle(text: str, *, is_compact: bool = False) -> str:
    """Put blanks where the words and relations of a formula need them."""
    settled = settle_inside(text.strip(" \x01\x02"), is_compact=is_compact)
    if " " not in settled:
        return settled
    if is_compact:
        settled = _PARTED_SIGN.sub(r"\1", settled)
    else:
        settled = _ONE_SIDED.sub(lambda found: f" {found[0].strip()} ", settled)
    return _INSIDE_BRACKETS.sub("", settled)


def settle_inside(text: str, *, is_compact: bool = False) -> str:
    """Do the same for a stretch that other text surrounds."""
    if AROUND in text:
        text = _RELATION.sub(AROUND, text)
    if BETWEEN in text:
        text = _WORD_BORDER.sub(" ", text).replace(BETWEEN, "")
    return text.replace(AROUND, "" if is_compact else " ")


_TERM = re.compile(r"[^\s+\-−·×/,=<>()∑]*|\([^()]*\)|√?\w*\([^()]*\)")


def wrapped(term: str) -> str:
    """Put a term of a fraction in brackets if it would fall apart without them."""
    return term if _TERM.fullmatch(term) else f"({term})"


def accented(content: str, mark: str, literal: str = "") -> str:
    """Put the combining ``mark`` on the first letter, or write ``literal`` if there is none."""
    if not content or (literal and not content[0].isalpha()):
        return literal + content
    first = {"ı": "i", "ȷ": "j"}.get(content[0], content[0])
    return unicodedata.normalize("NFC", first + mark) + content[1:]


_LETTERS = {"Lu", "Ll", "Lo", "Nd"}
_RAISED = {"Lm", "No", "Mn", "Me"}
_SCRIPT = re.compile(r"[_^](?:\w+|\([^()]*\))|\([^()]*\)$")
_LONGEST_MARKED = 6  # letters; a longer word under a bar or a hat is harder to read


def accented_term(content: str, mark: str, name: str) -> str:
    r"""Put the ``mark`` of a formula's accent on its letters: ``\overline{AB}``, ``\hat{x}_i``.

    Where it covers more than letters, its name stands before it: ``hat(x+y)``.
    """
    if not content:
        return ""
    kinds = [unicodedata.category(each) for each in _SCRIPT.sub("", content)] or [""]
    if all(kind in _LETTERS for kind in kinds) and len(kinds) == len(content) <= _LONGEST_MARKED:
        return "".join(accented(letter, mark) for letter in content)
    if kinds[0] in _LETTERS and all(kind in _RAISED for kind in kinds[1:]):
        end = 1
        while end < len(content) and unicodedata.category(content[end]) in ("Mn", "Me"):
            end += 1
        return unicodedata.normalize("NFC", content[:end] + mark) + content[end:]
    if len(content) == 1:
        return accented(content, mark)
    name = name.removeprefix("wide")
    return f"{name}{content}" if content[0] == "(" else f"{name}({content})"
