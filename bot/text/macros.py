"""The macros of TeX that need more than a table: links, fractions, roots, citations, notes."""

import re
from collections.abc import Callable, Iterable, Mapping

from bot.text import environments, symbols, units
from bot.text.formulas import AROUND, BETWEEN, accented, settle, wrapped
from bot.text.scripts import script
from bot.text.structure import Reader, clean_address


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


def _between(form: str) -> Callable[[Reader], None]:
    r"""Return what reads ``{a \over b}``: all before it in the group, and all behind it."""

    def read(reader: Reader) -> None:
        before = settle("".join(reader.out), is_compact=True)
        behind = settle(reader.inner(reader.at, reader.end), is_compact=True)
        reader.at = reader.end
        reader.out = [BETWEEN + form.format(wrapped(before), wrapped(behind)) + BETWEEN]

    return read


def _generic_fraction(reader: Reader) -> None:
    opening, closing = (reader.argument(is_math=True) for _ in range(2))
    thickness, _ = (reader.argument(is_math=True) for _ in range(2))
    upper, lower = (settle(reader.argument(is_math=True), is_compact=True) for _ in range(2))
    sign = " choose " if thickness.startswith("0") else "/"
    reader.write(f"{opening}{wrapped(upper)}{sign}{wrapped(lower)}{closing}")


def _modulo(form: str) -> Callable[[Reader], None]:
    r"""Return what reads ``\pmod{n}``; a number without braces is taken whole."""

    def read(reader: Reader) -> None:
        reader.skip_blanks()
        found = _DIGITS.match(reader.text, reader.at, reader.end)
        if found:
            reader.at = found.end()
        content = found[0] if found else settle(reader.argument(is_math=True))
        reader.write(f"{AROUND}{form.format(content) if content else 'mod'}{BETWEEN}")

    return read


_DIGITS = re.compile(r"\d+")


def _binary_modulo(reader: Reader) -> None:
    reader.skip_blanks()
    reader.write(f"{AROUND}mod{AROUND}")


_LENGTH = re.compile(
    r"\s*=?\s*[+-]?\s*(?:\d*\.?\d+|\d+\.)?\s*"
    r"(?:(?:mu|pt|em|ex|cm|mm|in|sp|bp|pc|dd|cc)(?![A-Za-z])|\\[A-Za-z]+)"
)


def _kern(reader: Reader) -> None:
    found = _LENGTH.match(reader.text, reader.at, reader.end)
    if found:
        reader.at = found.end()


def _skip(reader: Reader) -> None:
    _kern(reader)
    reader.write(" ")


def _space(reader: Reader) -> None:
    group = reader.take_group()
    is_negative = group is not None and reader.text[group[0] : group[1]].lstrip().startswith("-")
    reader.write("" if is_negative else " ")


def _stacked_over(*, raised: bool) -> Callable[[Reader], None]:
    r"""Return what reads ``\overset{d}{=}``: the sign with what stands over or under it."""

    def read(reader: Reader) -> None:
        mark = settle(reader.argument(is_math=True), is_compact=True)
        base = reader.argument(is_math=True)
        joint = AROUND if AROUND in base or base.strip() in ("=", "<", ">") else ""
        base = base.strip(AROUND + BETWEEN + " ")
        reader.write(f"{joint}{base}{script(mark, raised=raised)}{joint}")

    return read


_ARROWS = {
    "xrightarrow": "→", "xleftarrow": "←", "xleftrightarrow": "↔", "xRightarrow": "⇒",
    "xLeftarrow": "⇐", "xLeftrightarrow": "⇔", "xmapsto": "↦", "xhookrightarrow": "↪",
    "xhookleftarrow": "↩", "xtwoheadrightarrow": "↠", "xlongequal": "=", "xlongrightarrow": "⟶",
}  # fmt: skip


def _arrow(sign: str) -> Callable[[Reader], None]:
    def read(reader: Reader) -> None:
        below = re.sub(r"[\\{}$]", "", reader.take_option())
        above = settle(reader.argument(is_math=True), is_compact=True)
        shown = sign + script(above, raised=True) + script(below, raised=False)
        reader.write(f"{AROUND}{shown}{AROUND}")

    return read


def _framed(name: str, frame: str) -> Callable[[Reader], None]:
    opening, _, closing = frame.partition("…")

    def read(reader: Reader) -> None:
        content = ", ".join(settle(part) for part in reader.groups())
        if content:
            reader.write(f"{opening}{content}{closing}")
        else:
            reader.show_name(name)

    return read


def _bra_ket(reader: Reader) -> None:
    parts = [settle(part) for part in reader.groups()]
    reader.write(f"⟨{'|'.join(parts)}⟩" if parts else "\\braket")


def _ket_bra(reader: Reader) -> None:
    parts = [settle(part) for part in reader.groups()]
    reader.write(f"|{parts[0]}⟩⟨{parts[-1]}|" if parts else "\\ketbra")


def _derivative(sign: str) -> Callable[[Reader], None]:
    r"""Return what reads ``\dv{f}{x}`` and ``\pdv{x}``."""

    def read(reader: Reader) -> None:
        order = script(re.sub(r"[\\{}$]", "", reader.take_option()), raised=True)
        parts = [settle(part, is_compact=True) for part in reader.groups()]
        of = parts[0] if len(parts) > 1 else ""
        variable = parts[-1] if parts else ""
        reader.write(f"{BETWEEN}{sign}{order}{of}/{sign}{variable}{order}{BETWEEN}")

    return read


def _differential(reader: Reader) -> None:
    order = script(re.sub(r"[\\{}$]", "", reader.take_option()), raised=True)
    reader.write(f"{BETWEEN}d{order}{reader.argument(is_math=True)}{BETWEEN}")


def _pdf_string(reader: Reader) -> None:
    r"""Take what TeX sets, and drop the plain form for bookmarks behind it."""
    reader.write(reader.argument(is_math=False))
    reader.take_group()


_DEFINITION = re.compile(r"\s*\\[A-Za-z]+(?:#\d)*\s*")


def _definition(reader: Reader) -> None:
    found = _DEFINITION.match(reader.text, reader.at, reader.end)
    if found:
        reader.at = found.end()
        reader.take_group()


_FORTY = 40  # has a sign of its own, which no grade or part needs
_NUMBER = re.compile(r"\s*\{?\s*(\d{1,2})\s*\}?")
_ROMAN = ("x", 10), ("ix", 9), ("v", 5), ("iv", 4), ("i", 1)


def _roman(name: str, *, is_small: bool) -> Callable[[Reader], None]:
    def read(reader: Reader) -> None:
        found = _NUMBER.match(reader.text, reader.at, reader.end)
        if found is None or int(found[1]) >= _FORTY:
            reader.show_name(name)
            return
        reader.at = found.end()
        rest, shown = int(found[1]), ""
        for sign, value in _ROMAN:
            shown += sign * (rest // value)
            rest %= value
        reader.write(shown if is_small else shown.upper())

    return read


def _with_group(name: str, read: Callable[[Reader], None]) -> Callable[[Reader], None]:
    r"""Return what reads the macro of a package; ``\si_1`` without an argument is another's."""

    def read_or_show(reader: Reader) -> None:
        if reader.following() in ("{", "["):
            read(reader)
        else:
            reader.show_name(name)

    return read_or_show


def _la(reader: Reader) -> None:
    r"""Write the bracket of a pair ``\la x \ra``, or what journals of astronomy mean by ``\la``."""
    reader.skip_blanks()
    reader.write("⟨" if reader.source.has_angles else f"{AROUND}≲{AROUND}")


def _ra(reader: Reader) -> None:
    if reader.source.has_angles:
        reader.write("⟩")
    else:
        reader.show_name("ra")


def _root(reader: Reader) -> None:
    degree = reader.take_option().strip()
    content = settle(reader.argument(is_math=True), is_compact=True)
    signs = {"": "√", "2": "√", "3": "∛", "4": "∜"}
    degree = re.sub(r"[\\{}$]", "", degree)
    sign = signs[degree] if degree in signs else script(degree, raised=True) + "√"
    is_one_term = len(content) == 1 or content.isdigit()
    # Parted from what follows: √d C is not √(dC).
    reader.write(sign + content + BETWEEN if is_one_term else f"{sign}({content})")


def _double_struck(reader: Reader) -> None:
    content = reader.argument(is_math=True)
    struck = [symbols.DOUBLE_STRUCK.get(letter) for letter in content]
    reader.write("".join(filter(None, struck)) if all(struck) else content)


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


def _tilde(reader: Reader) -> None:
    r"""Write ``\textasciitilde 5`` with the sign for about; elsewhere ``~`` would read as a tie."""
    if not reader.text.startswith("{}", reader.at):
        reader.skip_blanks()
    else:
        reader.at += 2
    reader.write("~" if reader.following().isdigit() and not reader.last().isalnum() else "∼")


def _ding(reader: Reader) -> None:
    raw = reader.argument(is_math=False)
    reader.write(symbols.DINGS.get(raw, raw))


def _paragraph(reader: Reader) -> None:
    reader.write("\n\n")


def _line_break_of_programs(reader: Reader) -> None:
    r"""Keep the ``\n`` that papers about programs and language models write of."""
    reader.write("n" if reader.is_math else "\\n")


HANDLERS: Mapping[str, Callable[[Reader], None]] = {
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
    "genfrac": _generic_fraction,
    "over": _between("{}/{}"),
    "atop": _between("{}, {}"),
    "choose": _between("({} choose {})"),
    "pmod": _modulo("(mod {})"),
    "pod": _modulo("({})"),
    "mod": _modulo("mod {}"),
    "bmod": _binary_modulo,
    "kern": _kern,
    "mkern": _kern,
    "mskip": _skip,
    "hskip": _skip,
    "vskip": _skip,
    "hspace": _space,
    "vspace": _space,
    "stackrel": _stacked_over(raised=True),
    "overset": _stacked_over(raised=True),
    "accentset": _stacked_over(raised=True),
    "underset": _stacked_over(raised=False),
    "underaccent": _stacked_over(raised=False),
    "substack": environments.stacked,
    "ketbra": _ket_bra,
    "dyad": _ket_bra,
    "dv": _derivative("d"),
    "odv": _derivative("d"),
    "pdv": _derivative("∂"),
    "dd": _differential,
    "texorpdfstring": _pdf_string,
    "def": _definition,
    "romannumeral": _roman("romannumeral", is_small=True),
    "rom": _roman("rom", is_small=False),
    "la": _la,
    "ra": _ra,
    **{name: _with_group(name, read) for name, read in units.HANDLERS.items()},
    "sqrt": _root,
    "mathbb": _double_struck,
    "mathds": _double_struck,
    "Bbb": _double_struck,
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
    "textasciitilde": _tilde,
    "par": _paragraph,
    "n": _line_break_of_programs,
    "begin": environments.begin,
    **{name: _arrow(sign) for name, sign in _ARROWS.items()},
    **{name: _framed(name, frame) for name, frame in symbols.DELIMITERS.items()},
    "braket": _bra_ket,
    "Braket": _bra_ket,
    **dict.fromkeys(symbols.CITATIONS, _cite),
    **dict.fromkeys(symbols.NOTES, _note),
}
"""What to do at each such macro, by name."""
