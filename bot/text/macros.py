"""The macros of TeX that need more than a table: links, fractions, roots, citations, notes."""

import re
from collections.abc import Iterable

from bot.text import symbols
from bot.text.formulas import AROUND, BETWEEN, accented, settle, wrapped
from bot.text.scripts import script
from bot.text.structure import Handlers, Reader, clean_address


def _href(reader: Reader) -> None:
    group = reader.take_group()
    if group is None:
        return
    address = clean_address(reader.text[slice(*group)])
    label_group = reader.take_group()
    label = reader.inner(*label_group, is_math=False).strip() if label_group else ""
    reader.part_from_word()
    is_same = not label or _bare(label) == _bare(address)
    reader.write(address if is_same else f"{label} ({address})")


def _bare(address: str) -> str:
    return re.sub(r"^https?://(?:www\.)?", "", address.strip().lower()).rstrip("/")


def _url(reader: Reader) -> None:
    group = reader.take_group()
    if group is None:
        return
    reader.part_from_word()
    reader.write(clean_address(reader.text[slice(*group)]).strip())
    if reader.following().isalnum():
        reader.write(" ")


def _fraction(reader: Reader) -> None:
    upper, lower = (settle(reader.argument(is_math=True), is_compact=True) for _ in range(2))
    reader.write(f"{BETWEEN}{wrapped(upper)}/{wrapped(lower)}{BETWEEN}")


def _binomial(reader: Reader) -> None:
    upper, lower = (settle(reader.argument(is_math=True)) for _ in range(2))
    reader.write(f"({upper} choose {lower})")


def _choose(reader: Reader) -> None:
    reader.write(f"{AROUND}choose{AROUND}")


def _root(reader: Reader) -> None:
    degree = reader.take_option().strip()
    content = settle(reader.argument(is_math=True), is_compact=True)
    signs = {"": "√", "2": "√", "3": "∛", "4": "∜"}
    degree = re.sub(r"[\\{}$]", "", degree)
    sign = signs[degree] if degree in signs else script(degree, raised=True) + "√"
    is_one_term = len(content) == 1 or content.isdigit()
    reader.write(sign + (content if is_one_term else f"({content})"))


def _double_struck(reader: Reader) -> None:
    content = reader.argument(is_math=True)
    reader.write(symbols.DOUBLE_STRUCK.get(content, content))


def _operator_name(reader: Reader) -> None:
    reader.write(f"{BETWEEN}{reader.argument(is_math=True)}{BETWEEN}")


_STROKE = "\u0338"


def _negated(reader: Reader) -> None:
    relation = reader.argument().strip(AROUND + " ")
    reader.write(f"{AROUND}{accented(relation, _STROKE)}{AROUND}")


def _left(reader: Reader) -> None:
    r"""Drop a size and the point that stands for no bracket; ``O \left(n`` reads ``O(n``."""
    reader.skip_blanks()
    if reader.following() == ".":
        reader.at += 1
    elif reader.is_math and re.fullmatch(r"[^\W\d_] ", reader.tail()):
        reader.rewrite_last(reader.out[-1].rstrip(" "))


def _right(reader: Reader) -> None:
    reader.skip_blanks()
    if reader.following() == ".":
        reader.at += 1
    if reader.is_math and reader.out:
        reader.rewrite_last(reader.out[-1].rstrip(" "))


def _degree(reader: Reader) -> None:
    r"""Write the sign that ``360{\deg}`` means outside formulas, inside the function's name."""
    is_sign = not reader.is_math or not reader.out
    reader.write("°" if is_sign else f"{BETWEEN}deg{BETWEEN}")


def _cite(reader: Reader) -> None:
    notes = [reader.take_option(), reader.take_option()]
    keys = []
    while (group := reader.take_group()) is not None:
        keys.append(reader.text[slice(*group)])
    shown = _joined(keys + notes)
    reader.write(f"[{shown}]" if shown else "")


def _joined(parts: Iterable[str]) -> str:
    return ", ".join(re.sub(r"[\\{}$]", "", part) for part in parts if part.strip())


def _note(reader: Reader) -> None:
    reader.take_option()
    content = reader.argument(is_math=False).strip()
    if content:
        reader.part_from_word()
        reader.write(f"({content})")


def _raised(reader: Reader) -> None:
    reader.write_script(reader.argument(is_math=False), raised=True)


def _lowered(reader: Reader) -> None:
    reader.write_script(reader.argument(is_math=False), raised=False)


def _verbatim(reader: Reader) -> None:
    border = reader.following()
    end = reader.text.find(border, reader.at + 1, min(reader.end, reader.at + 300))
    if not border or border.isalnum() or border.isspace() or end < 0:
        reader.write("verb")
        return
    reader.write(reader.text[reader.at + 1 : end])
    reader.at = end + 1


def _code_point(reader: Reader) -> None:
    raw = reader.argument(is_math=False).strip()
    try:
        character = chr(int(raw[1:], 16) if raw[:1] in ("x", "X") else int(raw))
    except (ValueError, OverflowError):
        character = raw
    reader.write(character if character.isprintable() else " ")


def _ding(reader: Reader) -> None:
    raw = reader.argument(is_math=False)
    reader.write(symbols.DINGS.get(raw, raw))


def _paragraph(reader: Reader) -> None:
    reader.write("\n\n")


def _line_break_of_programs(reader: Reader) -> None:
    r"""Keep the ``\n`` that papers about programs and language models write of."""
    reader.write("n" if reader.is_math else "\\n")


_DISPLAYED = re.compile(
    r"\{(equation|align|gather|multline|eqnarray|displaymath|math|flalign|alignat)\*?\}"
)


def _begin(reader: Reader) -> None:
    """Read a displayed formula as one, and drop the name of any other environment."""
    found = _DISPLAYED.match(reader.text, reader.at, reader.end)
    group = reader.take_group()
    reader.take_option()
    if found is None or group is None or reader.is_math:
        return
    limit = min(reader.end, reader.at + 3000)
    end = reader.text.find(f"\\end{{{found[1]}", reader.at, limit)
    if end >= 0:
        reader.formula(reader.at, end, end)


HANDLERS: Handlers = {
    "href": _href,
    "url": _url,
    "burl": _url,
    "nolinkurl": _url,
    "frac": _fraction,
    "tfrac": _fraction,
    "dfrac": _fraction,
    "cfrac": _fraction,
    "nicefrac": _fraction,
    "sfrac": _fraction,
    "binom": _binomial,
    "tbinom": _binomial,
    "dbinom": _binomial,
    "choose": _choose,
    "sqrt": _root,
    "mathbb": _double_struck,
    "mathds": _double_struck,
    "operatorname": _operator_name,
    "not": _negated,
    "left": _left,
    "right": _right,
    "deg": _degree,
    "textsuperscript": _raised,
    "textsubscript": _lowered,
    "verb": _verbatim,
    "lstinline": _verbatim,
    "unicode": _code_point,
    "ding": _ding,
    "par": _paragraph,
    "n": _line_break_of_programs,
    "begin": _begin,
    **dict.fromkeys(symbols.CITATIONS, _cite),
    **dict.fromkeys(symbols.NOTES, _note),
}
"""What to do at each such macro, by name."""
