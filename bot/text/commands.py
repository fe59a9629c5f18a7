r"""What a macro with a name stands for, by the tables of ``symbols`` and the rules of ``macros``.

A macro that no table knows is its authors' own. It is shown as they typed it (``\ours``), as
arXiv does; one with text behind it in braces is mostly a mark, and the text is shown.
"""

import re

from bot.text import symbols
from bot.text.formulas import AROUND, BETWEEN, accented, accented_term, ends_term, settle
from bot.text.macros import HANDLERS
from bot.text.structure import Reader

_BLANKS_BEFORE_SIGN = re.compile(r"[ \t\n]+(?=(?:[-+=<>*/|]|:=)[ \t])")
_ACCENTED = re.compile(r"\{|[ \t]+[A-Za-z]|[ \t]*\\[ij]\b")
_ACCENTED_IN_FORMULA = re.compile(r"[ \t]*(?:[A-Za-z{]|\\[A-Za-z])")
_OPERAND = re.compile(r"[ \t]*(?:[0-9({$]|\\(?!\\))")
_SIDE = re.compile(r"[ \t]*(?:\w|[({$]|\\(?!\\))")


def is_known(name: str) -> bool:
    """Distinguish the macros of TeX and its packages from the authors' own."""
    return name in symbols.NAMES or name in HANDLERS


def command(reader: Reader, name: str) -> None:
    handler = HANDLERS.get(name)
    if reader.is_math and _math_command(reader, name):
        return
    if handler is not None:
        handler(reader)
    elif name in symbols.NATIONAL:
        reader.skip_blanks()
        reader.write(symbols.NATIONAL[name])
    elif _accent_command(reader, name):
        return
    elif name in symbols.SWITCHES:
        reader.skip_blanks()
    elif name in symbols.SPACES:
        reader.write(" ")
    elif name in symbols.FUNCTIONS:
        reader.write(BETWEEN + name + BETWEEN)
    elif (character := symbols.character(name)) is not None:
        _symbol(reader, name, character)
    else:
        _show(reader, name)


def _math_command(reader: Reader, name: str) -> bool:
    """Write a macro that is set in formulas only; return False if it is not one."""
    if name in symbols.RELATIONS:
        reader.skip_blanks()
        reader.write(AROUND + symbols.RELATIONS[name] + AROUND)
    elif name in symbols.OPERATORS:
        reader.skip_blanks()
        reader.write(symbols.OPERATORS[name] + (" " if _has_left_side(reader) else ""))
    elif name in symbols.LETTERS or (name in symbols.NUMBERS and reader.following() != "{"):
        _skip_blanks_of_letter(reader)
        reader.write(symbols.LETTERS.get(name) or symbols.NUMBERS[name])
    elif name in symbols.FUNCTIONS:
        reader.write(BETWEEN + name + BETWEEN)
    elif name in symbols.MATH_ACCENTS:
        _math_accent(reader, name)
    else:
        return False
    return True


def _skip_blanks_of_letter(reader: Reader) -> None:
    r"""Skip the blanks that end a macro; those of ``\rho = 1`` are of the sign behind them."""
    if _BLANKS_BEFORE_SIGN.match(reader.text, reader.at, reader.end) is None:
        reader.skip_blanks()


def _accent_command(reader: Reader, name: str) -> bool:
    """Write an accent that has a name; return False if it is not one, or has no letter."""
    if name in symbols.ACCENTS and _ACCENTED.match(reader.text, reader.at, reader.end):
        reader.write(accented(reader.argument(is_math=False), symbols.ACCENTS[name]))
    elif name in symbols.MATH_ACCENTS and _ACCENTED_IN_FORMULA.match(
        reader.text, reader.at, reader.end
    ):
        _math_accent(reader, name)
    else:
        return False
    return True


def _math_accent(reader: Reader, name: str) -> None:
    content = settle(reader.argument(is_math=True), is_compact=True)
    reader.write(accented_term(content, symbols.MATH_ACCENTS[name], name))


def _has_left_side(reader: Reader) -> bool:
    """Distinguish ``a + b`` from a sign before its number, as in ``{0, ±1}``."""
    before, last = reader.tail()[:-1], reader.tail()[-1:]
    return last == " " and ends_term(before)


def _symbol(reader: Reader, name: str, character: str) -> None:
    if reader.text.startswith("{}", reader.at):
        reader.at += 2
    elif character in symbols.PREFIXES:
        reader.skip_blanks()
    elif name in symbols.RELATIONS or name in symbols.OPERATORS:
        character = _infix(reader, name, character)
    if character.endswith(".") and reader.following() == ".":
        reader.at += 1
    is_word = reader.is_math and character[-1].isalpha()
    reader.write(BETWEEN + character + BETWEEN if is_word else character)


def _infix(reader: Reader, name: str, character: str) -> str:
    r"""Give a sign in prose its blanks: on both sides or none, as in ``0.75\pm 0.07``."""
    if not ends_term(reader.last()):
        return character
    if name in symbols.OPERATORS and _OPERAND.match(reader.text, reader.at, reader.end):
        reader.skip_blanks()
    elif name in symbols.RELATIONS and _SIDE.match(reader.text, reader.at, reader.end):
        reader.skip_blanks()
        return f" {character} "
    return character


def _show(reader: Reader, name: str) -> None:
    """Show the arguments of a macro, or at least its name."""
    if name in symbols.TEXT_MACROS:
        _skip_option_of_group(reader)
        reader.write(reader.argument(is_math=False))
    elif name in symbols.MATH_MACROS:
        _skip_option_of_group(reader)
        reader.write(reader.argument(is_math=reader.is_math or name.startswith("math")))
    elif name in symbols.SETTINGS:
        _show_set(reader, symbols.SETTINGS[name])
    else:
        show_private(reader, name)


def _skip_option_of_group(reader: Reader) -> None:
    start = reader.at
    if reader.take_option() and reader.following() != "{":
        reader.at = start


def _show_set(reader: Reader, settings: int) -> None:
    for _ in range(settings):
        reader.take_option()
        reader.take_group()
    _skip_option_of_group(reader)
    reader.write(" ".join(reader.groups()))


def show_private(reader: Reader, name: str) -> None:
    r"""Show a macro of the authors' own as they typed it (``\ours``), as arXiv does.

    With text behind it in braces it is mostly a mark (a colour, a revision): the text is
    shown. In formulas its name says what it means: ``\dist{x}{y}`` reads ``\dist(x, y)``.
    """
    shown = reader.groups()
    if shown and (name in symbols.MARKS or not reader.is_math):
        reader.write(" ".join(shown))
    elif shown:
        reader.write(f"\\{name}({', '.join(settle(part) for part in shown)})")
    elif name in symbols.MARKS and reader.following() == "{":  # which is never closed
        reader.at += 1
    else:
        reader.show_name(name)
