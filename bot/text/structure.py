r"""Resolve the structure of TeX: macros with their arguments, groups, formulas, scripts.

A reader goes once over its stretch of the text and writes what stands for it; groups and
arguments are read by readers of their own. Macros with a name are not known here:
``commands`` says what a name stands for.
"""

import re
from collections.abc import Callable
from typing import TypeAlias

from bot.text import symbols
from bot.text.formulas import (
    BETWEEN,
    accented,
    is_formula,
    settle,
    settle_inside,
)
from bot.text.scripts import script

Command: TypeAlias = "Callable[[Reader, str], None]"
"""Reads the macro of this name, whose arguments stand at the reader's place."""

_DEPTH = 25  # groups nested deeper than this are read flat

_ADDRESS = (
    r"://(?:[^\s{}\\$<>\"]|\\[_%#&~$^@/-](?:\{\})?|\{\\?[~_]\}"
    r"|\\textasciitilde(?:\{\}|[ ])?|\$\\sim\$|\\sim(?![a-zA-Z]))*"
)
# Each alternative begins with a fixed character: so Python's re skips plain words quickly.
_TOKEN = re.compile(
    rf"h(?<!\wh)ttps?{_ADDRESS}|f(?<!\wf)tp{_ADDRESS}"
    r"|\\(?:(?P<name>[A-Za-z]+)\*?|(?P<sign>.))|\{|\}|\$|\^|_",
    re.DOTALL,
)
_COMMAND = re.compile(r"\\(?:([A-Za-z]+)|[\"'`^~=.(\[\\])")
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
_DOLLAR = re.compile(r"\\.|\$", re.DOTALL)
_OPTION = re.compile(r"\[([^\[\]\n]{0,120})\]")
_BLANKS = re.compile(r"[ \t]*(?:\n(?![ \t]*\n|[ \t]{2}))?[ \t]*")
_BLANKS_IN_FORMULA = re.compile(r"[\s~&]+")
_PARTED_LETTER = re.compile(r"[ ]([A-Za-z])(?![A-Za-z])")
_CONTRACTION = re.compile(r"(?:s|t|d|m|re|ve|ll)(?![A-Za-z{\\])")
_PARTED = re.compile(r"[\w)\]}] ")
_INVISIBLE = "-/@!()[]"  # places to break, an italic correction, a formula's border
_ANGLES = {sign: re.compile(rf"\\{sign}(?![A-Za-z])") for sign in ("la", "ra")}
_NAME_END = "\x03"  # stands behind the name of a macro that is shown
_NAME_BEFORE_LETTER = re.compile(_NAME_END + r"(?=[A-Za-z])")


def resolve_structure(text: str, command: Command, is_known: Callable[[str], bool]) -> str:
    """Return ``text`` with its macros, groups and formulas resolved.

    ``command`` reads a macro by its name; ``is_known`` tells TeX's own from the authors'.
    """
    if not ("\\" in text or "$" in text or "{" in text or "}" in text):
        return settle_inside(text)
    shown = Reader(_Source(text, command, is_known), 0, len(text)).read()
    if _NAME_END in shown:  # the plural of \\ours must not become the macro \\ourss
        shown = _NAME_BEFORE_LETTER.sub("{}", shown).replace(_NAME_END, "")
    return shown


class _Source:
    """A text, and what is worth knowing about the whole of it."""

    def __init__(self, text: str, command: Command, is_known: Callable[[str], bool]) -> None:
        self.text = text
        self.command = command
        self.partner = _pair_braces(text)
        # Without TeX's own macros braces are the author's: {x, y} is a set, {NAME} a blank.
        self.has_groups = any(
            found[1] is None or is_known(found[1])
            for found in _COMMAND.finditer(text)
            if found[1] != "n"
        )
        self.has_angles = all(_ANGLES[sign].search(text) for sign in ("la", "ra"))
        self.last = {sign: text.rfind("\\" + sign) for sign in (")", "]", "end")}


def _pair_braces(text: str) -> dict[int, int]:
    pairs: dict[int, int] = {}
    opened: list[int] = []
    for found in _BRACE.finditer(text):
        if found[0] == "{":
            opened.append(found.start())
        elif found[0] == "}" and opened:
            pairs[opened.pop()] = found.start()
    return pairs


class Reader:
    """Reads one stretch of the source, in or outside a formula, and writes what it stands for."""

    def __init__(
        self, source: _Source, start: int, end: int, *, is_math: bool = False, depth: int = 0
    ) -> None:
        self.source = source
        self.text = source.text
        self.at = start
        self.end = end
        self.is_math = is_math
        self.depth = depth
        self.out: list[str] = []

    def read(self) -> str:
        while self.at < self.end:
            found = _TOKEN.search(self.text, self.at, self.end)
            if found is None:
                self._write_plain(self.text[self.at : self.end])
                break
            self._write_plain(self.text[self.at : found.start()])
            self.at = found.end()
            self._token(found)
        text = "".join(self.out)
        return text if self.is_math else settle_inside(text)

    def read_one(self) -> str:
        """Read the single macro that stands here."""
        found = _TOKEN.match(self.text, self.at, self.end)
        if found is None:
            self.at += 1
            return ""
        self.at = found.end()
        self._token(found)
        return "".join(self.out)

    def _token(self, found: re.Match[str]) -> None:
        if found["name"]:
            self.source.command(self, found["name"])
        elif found["sign"]:
            self._sign(found["sign"])
        elif "://" in found[0]:
            self.write(clean_address(found[0]))
            if self.following() == "\\":  # no part of the address: https://x.org\!y.org
                self.part_from_word()
        else:
            self._mark(found[0])

    # --- writing

    def write(self, text: str) -> None:
        if text:
            self.out.append(text)

    def write_script(self, content: str, *, raised: bool) -> None:
        r"""Write a superscript or subscript; the one of ``\log^2 n`` belongs to the word."""
        is_of_word = bool(self.out) and self.out[-1].endswith(BETWEEN)
        is_parted = self.is_math and _PARTED.fullmatch(self.tail()) is not None
        if is_of_word or is_parted:
            self.rewrite_last(self.out[-1][:-1])
        self.write(script(content, raised=raised, after=self.following()))
        if is_of_word:
            self.write(BETWEEN)

    def rewrite_last(self, text: str) -> None:
        """Replace what was written last."""
        self.out.pop()
        self.write(text)

    def _write_plain(self, text: str) -> None:
        if self.is_math:
            text = _BLANKS_IN_FORMULA.sub(" ", text).replace("''", "″")
        self.write(text)

    def last(self) -> str:
        """Return the last character written, or an empty string."""
        return self.out[-1][-1] if self.out else ""

    def tail(self) -> str:
        """Return the last two characters written, or fewer."""
        return "".join(part[-2:] for part in self.out[-2:])[-2:]

    def part_from_word(self) -> None:
        if self.last().isalnum():
            self.write(" ")

    # --- looking ahead, taking arguments

    def following(self) -> str:
        return self.text[self.at : min(self.at + 1, self.end)]

    def skip_blanks(self) -> None:
        found = _BLANKS.match(self.text, self.at, self.end)
        if found:
            self.at = found.end()

    def take_group(self) -> tuple[int, int] | None:
        """Take the group that stands here; return where its inside begins and ends."""
        end = self._group_end(self.at)
        if end is None:
            return None
        start, self.at = self.at + 1, end + 1
        return start, end

    def take_option(self) -> str:
        """Take an optional argument in square brackets, without its brackets."""
        found = _OPTION.match(self.text, self.at, self.end)
        if found is None:
            return ""
        self.at = found.end()
        return found[1]

    def argument(self, *, is_math: bool | None = None) -> str:
        """Take what TeX takes as an argument: a group, a macro or a single character."""
        self.skip_blanks()
        group = self.take_group()
        if group is not None:
            return self.inner(*group, is_math=is_math)
        following = self.following()
        if following == "\\" and self.depth < _DEPTH:
            reader = self._inner_reader(self.at, self.end, is_math)
            content = reader.read_one()
            self.at = reader.at
            return content
        if following in ("", "{", "}", "$"):
            return ""
        self.at += 1
        return following.replace("\\", "")

    def inner(self, start: int, end: int, *, is_math: bool | None = None) -> str:
        """Return what a part of the source stands for."""
        if self.depth >= _DEPTH:
            return re.sub(r"[\\{}$]", " ", self.text[start:end])
        return self._inner_reader(start, end, is_math).read()

    def _inner_reader(self, start: int, end: int, is_math: bool | None) -> "Reader":
        math = self.is_math if is_math is None else is_math
        return Reader(self.source, start, end, is_math=math, depth=self.depth + 1)

    def end_of_group(self, at: int) -> int | None:
        """Return the place behind the group that opens at ``at``, if it closes in this stretch."""
        end = self._group_end(at)
        return None if end is None else end + 1

    def _group_end(self, at: int) -> int | None:
        """Return where the group that opens at ``at`` closes, if it does so in this stretch."""
        if at >= self.end or self.text[at] != "{":
            return None
        end = self.source.partner.get(at)
        return end if end is not None and end < self.end else None

    # --- marks: { } $ ^ _

    def _mark(self, mark: str) -> None:
        if mark == "{":
            self._open_group()
        elif mark == "}":
            self.write("" if self.is_math or self.source.has_groups else mark)
        elif mark == "$":
            self._dollar()
        elif self.is_math or (self._group_end(self.at) is not None and self.last().strip()):
            content = settle(self.argument(is_math=True), is_compact=True)
            self.write_script(content, raised=mark == "^")
        else:
            self.write(mark)

    def _open_group(self) -> None:
        start = self.at - 1
        end = self._group_end(start)
        is_grouping = self.is_math or self.source.has_groups
        if end is not None and (is_grouping or self._is_for_case_or_address(start, end)):
            self.write(self.inner(start + 1, end))
            self.at = end + 1
        elif not is_grouping:
            self.write("{")

    def _is_for_case_or_address(self, start: int, end: int) -> bool:
        """Distinguish braces that keep capitals or hold an address from braces that are text."""
        inner = self.text[start + 1 : end]
        if re.fullmatch(r"(?:https?://|www\.)\S+", inner):
            if self.out and self.out[-1].endswith("url"):  # a \url whose backslash was lost
                self.rewrite_last(self.out[-1][:-3])
            return True
        if re.fullmatch(r"\\[A-Za-z]+(?:\{\}| )?", inner) or _is_word_with_formula(inner):
            return True
        if re.fullmatch(r"[\d.,]+", inner) and self.text.startswith("\\%", end + 1):
            return True
        is_glued = self.text[start - 1 : start].isalpha() or self.text[end + 1 : end + 2].islower()
        return is_glued and re.fullmatch(r"[A-Z]{1,4}", inner) is not None

    def _dollar(self) -> None:
        if self.is_math:
            return
        width = 2 if self.text.startswith("$", self.at) else 1
        start = self.at + width - 1
        closing = (
            self._closing_dollar(start) if width == 1 else self.text.find("$$", start, self.end)
        )
        if self.text.startswith(" $", self.at):  # an empty formula, typed to begin a line
            self.at += 2
            self.write(" ")
        elif closing is not None and start < closing and is_formula(self.text, start, closing):
            self.formula(start, closing, closing + width)
        else:
            self.write("$")

    def _closing_dollar(self, at: int) -> int | None:
        for found in _DOLLAR.finditer(self.text, at, self.end):
            if found[0] == "$":
                return found.start()
        return None

    def formula(self, start: int, end: int, after: int) -> None:
        content = settle(self.inner(start, end, is_math=True))
        if self.last() == " " and re.match(r"=\w", content):
            content = "= " + content[1:]  # the left side stands before the formula
        self.write(content)
        self.at = after

    # --- macros that are one sign

    def _sign(self, sign: str) -> None:
        if sign in "([" and not self.is_math:
            self._bracketed_formula(")" if sign == "(" else "]")
        elif sign in "'`^\"~=." and not self.is_math:
            self._accent(sign)
        elif sign == "|":
            self.write("‖")
        elif sign in "\\,;:> \t\n":
            self.write(" ")
        elif sign not in _INVISIBLE:
            self.write(sign)

    def _bracketed_formula(self, closing: str) -> None:
        if self.source.last[closing] >= self.at:
            end = self.text.find("\\" + closing, self.at, self.end)
            if end >= 0:
                self.formula(self.at, end, end + 2)

    def _accent(self, accent: str) -> None:
        following = self.following()
        parted = _PARTED_LETTER.match(self.text, self.at, self.end)
        if self._is_quote(accent):
            self.write(accent)
        elif following.isalpha():
            self.at += 1
            self.write(accented(following, symbols.ACCENTS[accent], accent))
        elif parted and accent in "'`^\"~" and self.last().isalpha():
            self.at = parted.end()
            self.write(accented(parted[1], symbols.ACCENTS[accent]))
        elif following == "\\" or self._group_end(self.at) is not None:
            content = self.argument(is_math=False)
            self.write(accented(content, symbols.ACCENTS[accent], accent))
        else:
            self.write(accent)

    def _is_quote(self, accent: str) -> bool:
        r"""Recognise ``\"word\"`` and ``it\'s``, escaped as in a program's string."""
        if accent == "'" and self.last().isalpha():
            return _CONTRACTION.match(self.text, self.at, self.end) is not None
        if accent not in "'\"" or self.last().isalnum():
            return False
        closing = self.text.find("\\" + accent, self.at, min(self.end, self.at + 200))
        after = self.text[closing + 2 : closing + 3]
        return closing >= 0 and not after.isalpha() and after not in ("{", "\\")

    # --- arguments of macros with a name

    def groups(self) -> list[str]:
        """Take all groups that stand here; return what those stand for that hold something."""
        parts = []
        while (group := self.take_group()) is not None:
            parts.append(self.inner(*group))
        return [part for part in parts if part.strip()]

    def show_name(self, name: str) -> None:
        """Show the name of a macro as it was typed."""
        self.write("\\" + name + (BETWEEN if self.is_math else _NAME_END))


def _is_word_with_formula(text: str) -> bool:
    """Recognise ``S$^3$-Mamba``, which TeX's braces hold together."""
    return re.fullmatch(r"[^{}\s,$]*\$[^{}$]{1,60}\$[^{}\s,$]*", text) is not None and (
        not (text[0] == text[-1] == "$")
    )


_TEX_TILDE = re.compile(
    r"\{?\\textasciitilde(?:\{\}|[ ])?\}?|\$?\\sim(?![A-Za-z])\$?|\{?\\?~(?:\{\})?\}?"
)


def clean_address(raw: str) -> str:
    r"""Undo TeX's escapes in an address: ``\_``, ``\~{}``, ``$\sim$``."""
    if "\\" in raw or "{" in raw:
        raw = _TEX_TILDE.sub("~", raw)
        raw = re.sub(r"\\(.)|\{(_)\}", r"\1\2", raw)
    if raw.count("://") == 1:
        raw = "".join(raw.split())  # blanks in a \url mean nothing
    return raw
