r"""Make TeX, as authors type it into titles and abstracts, readable; lose nothing.

A small converter of our own, because the general ones lose text on prose: a raw ``%`` is no
comment here, ``H&E`` no table, ``$5 and $10`` no formula, and an address stays whole. Three
rules decide everything else: a macro that stands for a character becomes that character, any
other macro gives way to its arguments, and one without arguments leaves its name behind.

    text --_structure--> macros, groups, formulas resolved --_typography--> dashes, quotes, ties

Both steps repeat until nothing changes, so that converted text converts to itself.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping

from bot.text import symbols
from bot.text.scripts import script

_HINT = re.compile(r"[\\$~{}`]|--|\^\{|_\{")
_PARAGRAPH = re.compile(r"\n[ \t]*\n\s*|\n[ \t]{2,}\s*")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_ROUNDS = 4  # real text settles in one or two; hostile text is stripped after these
_DEPTH = 25  # groups nested deeper than this are read flat

_ADDRESS = (
    r"(?:https?|ftp)://(?:[^\s{}\\$<>\"]|\\[_%#&~$^/-](?:\{\})?|\{\\?[~_]\}"
    r"|\\textasciitilde(?:\{\}|[ ])?|\$\\sim\$|\\sim(?![a-zA-Z]))*"
)
_TOKEN = re.compile(
    rf"(?P<address>\b{_ADDRESS})|\\(?P<name>[A-Za-z]+)\*?|\\(?P<sign>.)|(?P<mark>[{{}}$^_])",
    re.DOTALL,
)
_TEX_COMMAND = re.compile(r"\\(?:[A-Za-z\"'`^~=.(\[]|\\)")
_DOLLAR = re.compile(r"\\.|\$", re.DOTALL)
_OPTION = re.compile(r"\[([^\[\]\n]{0,120})\]")
_ACCENTED = re.compile(r"\{|[ \t]+[A-Za-z]|[ \t]*\\[ij]\b")
_CONTRACTION = re.compile(r"(?:s|t|d|m|re|ve|ll)(?![A-Za-z{\\])")
_INVISIBLE = "-/@!()[]"  # places to break, an italic correction, a formula's border
_BLANKS = re.compile(r"[ \t]*(?:\n(?![ \t]*\n|[ \t]{2}))?[ \t]*")


def to_unicode(text: str) -> str:
    """Return readable Unicode: one line per paragraph, paragraphs parted by a blank line.

    ArXiv marks a paragraph by a line break and an indent; any other line break is a blank.
    """
    text = _one_line_per_paragraph(text)
    for _ in range(_ROUNDS):
        if not _HINT.search(text):
            return text
        converted = _one_line_per_paragraph(_typography(_structure(text)))
        if converted == text:
            return text
        text = converted
    return _one_line_per_paragraph(re.sub(r"[\\$~{}`]+|--+|[_^](?=\{)", " ", text))


def one_line(text: str) -> str:
    """Return readable Unicode on a single line, for titles, names and comments."""
    return " ".join(to_unicode(text).split())


def _one_line_per_paragraph(text: str) -> str:
    text = unicodedata.normalize("NFC", _CONTROL.sub(" ", text))
    if "\n" not in text:
        return " ".join(text.split())
    paragraphs = (" ".join(part.split()) for part in _PARAGRAPH.split(text.strip()))
    return "\n\n".join(part for part in paragraphs if part)


# --- structure: macros, groups, formulas ---------------------------------------------------


def _structure(text: str) -> str:
    return _Source(text).render()


class _Source:
    """A text with its braces paired and what can be known about it at once."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.partner = _pair_braces(text)
        self.has_commands = _TEX_COMMAND.search(text) is not None
        self.last = {sign: text.rfind("\\" + sign) for sign in ")]"}

    def render(self) -> str:
        return _Reader(self, 0, len(self.text)).read()


def _pair_braces(text: str) -> dict[int, int]:
    pairs: dict[int, int] = {}
    opened: list[int] = []
    for found in re.finditer(r"\\.|[{}]", text, re.DOTALL):
        if found[0] == "{":
            opened.append(found.start())
        elif found[0] == "}" and opened:
            pairs[opened.pop()] = found.start()
    return pairs


# Inside a formula blanks mean nothing, so words and relations ask for the blanks they need;
# _settle puts them where there is something to part.
_AROUND = "\x01"  # a blank unless at either end
_BETWEEN = "\x02"  # a blank between two words


class _Reader:
    """Renders one stretch of the source; groups and arguments are read by readers of their own."""

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
                self._plain(self.text[self.at : self.end])
                break
            self._plain(self.text[self.at : found.start()])
            self.at = found.end()
            if found["name"]:
                self._command(found["name"])
            elif found["sign"]:
                self._sign(found["sign"])
            elif found["address"]:
                self.out.append(_clean_address(found["address"]))
            else:
                self._mark(found["mark"])
        return "".join(self.out)

    def _plain(self, text: str) -> None:
        self.out.append(text.replace("~", " ") if self.is_math else text)

    def _last(self) -> str:
        """Return the last character written, or an empty string."""
        return next((part[-1] for part in reversed(self.out) if part), "")

    def _inner(self, start: int, end: int, *, is_math: bool | None = None) -> str:
        math = self.is_math if is_math is None else is_math
        if self.depth >= _DEPTH:
            return re.sub(r"[\\{}$]", " ", self.text[start:end])
        return _Reader(self.source, start, end, is_math=math, depth=self.depth + 1).read()

    # marks: { } $ ^ _

    def _mark(self, mark: str) -> None:
        if mark == "{":
            self._open_group()
        elif mark == "}":
            if not (self.is_math or self.source.has_commands):
                self.out.append(mark)
        elif mark == "$":
            self._dollar()
        else:
            self._script(mark)

    def _group_end(self, at: int) -> int | None:
        """Return where the group that opens at ``at`` closes, if it does so in this stretch."""
        if self.text[at : at + 1] != "{" or at >= self.end:
            return None
        end = self.source.partner.get(at)
        return end if end is not None and end < self.end else None

    def _open_group(self) -> None:
        start = self.at - 1
        end = self._group_end(start)
        if end is None:
            if not (self.is_math or self.source.has_commands):
                self.out.append("{")
        elif self.is_math or self.source.has_commands or self._is_grouping(start, end):
            self.out.append(self._inner(start + 1, end))
            self.at = end + 1
        else:
            self.out.append("{")

    def _is_grouping(self, start: int, end: int) -> bool:
        """Tell capital-protecting and address-holding braces from braces that are text."""
        inner = self.text[start + 1 : end]
        if re.fullmatch(r"\\?(?:https?://|www\.)\S+", inner):
            if self.out and self.out[-1].endswith("url"):  # a \url whose backslash was lost
                self.out[-1] = self.out[-1][:-3]
            return True
        glued = self.text[start - 1 : start].isalpha() or self.text[end + 1 : end + 2].islower()
        return glued and start > 0 and re.fullmatch(r"[A-Z]{1,4}", inner) is not None

    def _dollar(self) -> None:
        if self.is_math:
            return
        if self.text.startswith("$", self.at):
            end = self.text.find("$$", self.at + 1, self.end)
            if end >= 0 and _is_formula(self.text, self.at + 1, end):
                self._formula(self.at + 1, end, end + 2)
                return
        closing = self._next_dollar()
        if closing is not None and _is_formula(self.text, self.at, closing):
            self._formula(self.at, closing, closing + 1)
        else:
            self.out.append("$")

    def _next_dollar(self) -> int | None:
        for found in _DOLLAR.finditer(self.text, self.at, self.end):
            if found[0] == "$":
                return found.start()
        return None

    def _formula(self, start: int, end: int, after: int) -> None:
        self.out.append(_settle(self._inner(start, end, is_math=True)))
        self.at = after

    def _script(self, mark: str) -> None:
        if not self.is_math and (self._group_end(self.at) is None or not self._last().strip()):
            self.out.append(mark)
            return
        content = _settle(self._argument(is_math=True), is_compact=True)
        self._write_script(content, raised=mark == "^")

    def _write_script(self, content: str, *, raised: bool) -> None:
        following = self.text[self.at : self.at + 1]
        self.out.append(script(content, raised=raised, after=following))

    # arguments

    def _skip_blanks(self) -> None:
        found = _BLANKS.match(self.text, self.at, self.end)
        if found:
            self.at = found.end()

    def _argument(self, *, is_math: bool | None = None) -> str:
        """Read what TeX takes as one argument: a group, a macro or a single character."""
        math = self.is_math if is_math is None else is_math
        self._skip_blanks()
        end = self._group_end(self.at)
        if end is not None:
            start, self.at = self.at + 1, end + 1
            return self._inner(start, end, is_math=math)
        if self.at >= self.end or self.text[self.at] in "{}$":
            return ""
        if self.text[self.at] == "\\" and self.depth < _DEPTH:
            reader = _Reader(self.source, self.at, self.end, is_math=math, depth=self.depth + 1)
            rendered = reader.read_one()
            self.at = reader.at
            return rendered
        self.at += 1
        return self.text[self.at - 1].replace("\\", "")

    def read_one(self) -> str:
        """Render the single macro that stands here."""
        found = _TOKEN.match(self.text, self.at, self.end)
        if found is None:
            self.at += 1
            return ""
        self.at = found.end()
        if found["name"]:
            self._command(found["name"])
        elif found["sign"]:
            self._sign(found["sign"])
        return "".join(self.out)

    def _groups(self) -> list[tuple[int, int]]:
        """Take the groups that follow without a blank between."""
        groups = []
        while (end := self._group_end(self.at)) is not None:
            groups.append((self.at + 1, end))
            self.at = end + 1
        return groups

    def _option(self) -> str:
        """Take an optional argument in square brackets, without its brackets."""
        found = _OPTION.match(self.text, self.at, self.end)
        if found is None:
            return ""
        self.at = found.end()
        return found[1]

    # macros that are one sign

    def _sign(self, sign: str) -> None:
        if sign in "([" and not self.is_math:
            self._bracketed_formula(")" if sign == "(" else "]")
        elif sign in "'`^\"~=." and not self.is_math:
            self._accent(sign)
        elif sign == "|":
            self.out.append("‖")
        elif sign == "\\" or sign in ",;:> \t\n":
            self.out.append(" ")
        elif sign not in _INVISIBLE:
            self.out.append(sign)

    def _bracketed_formula(self, closing: str) -> None:
        if self.source.last[closing] < self.at:
            return
        end = self.text.find("\\" + closing, self.at, self.end)
        if end >= 0:
            self._formula(self.at, end, end + 2)

    def _accent(self, accent: str) -> None:
        if self._is_quote(accent):
            self.out.append(accent)
            return
        following = self.text[self.at : min(self.at + 1, self.end)]
        if following.isalpha():
            self.at += 1
            self.out.append(_accented(following, symbols.ACCENTS[accent], accent))
        elif following == "\\" or self._group_end(self.at) is not None:
            content = self._argument(is_math=False)
            self.out.append(_accented(content, symbols.ACCENTS[accent], accent))
        else:
            self.out.append(accent)

    def _is_quote(self, accent: str) -> bool:
        r"""Recognise ``\"word\"`` and ``it\'s``, escaped as in a program's string."""
        if accent == "'" and self._last().isalpha():
            return _CONTRACTION.match(self.text, self.at, self.end) is not None
        if accent not in "'\"" or self._last().isalnum():
            return False
        closing = self.text.find("\\" + accent, self.at, min(self.end, self.at + 200))
        after = self.text[closing + 2 : closing + 3]
        return closing >= 0 and not after.isalpha() and after not in ("{", "\\")

    # macros with a name

    def _command(self, name: str) -> None:
        if self.is_math and self._math_command(name):
            return
        handler = _HANDLERS.get(name)
        if handler is not None:
            handler(self)
        elif name in symbols.NATIONAL:
            self._skip_blanks()
            self.out.append(symbols.NATIONAL[name])
        elif name in symbols.ACCENTS and _ACCENTED.match(self.text, self.at, self.end):
            content = self._argument(is_math=False)
            self.out.append(_accented(content, symbols.ACCENTS[name], ""))
        elif name in symbols.SWITCHES:
            self._skip_blanks()
        elif name in symbols.SPACES:
            self.out.append(" ")
        elif (character := _character(name)) is not None:
            self._symbol(character)
        else:
            self._shown(name)

    def _math_command(self, name: str) -> bool:
        if name in symbols.RELATIONS:
            self._skip_blanks()
            self.out.append(_AROUND + symbols.RELATIONS[name] + _AROUND)
        elif name in symbols.OPERATORS:
            self._skip_blanks()
            blank = " " if self._last() == " " else ""
            self.out.append(symbols.OPERATORS[name] + blank)
        elif name in symbols.LETTERS:
            self._skip_blanks()
            self.out.append(symbols.LETTERS[name])
        elif name in symbols.FUNCTIONS:
            self.out.append(_BETWEEN + name + _BETWEEN)
        elif name in symbols.MATH_ACCENTS:
            self._math_accent(symbols.MATH_ACCENTS[name])
        else:
            return False
        return True

    def _math_accent(self, mark: str) -> None:
        content = _settle(self._argument(), is_compact=True)
        self.out.append(_accented(content, mark, "") if len(content) == 1 else content)

    def _symbol(self, character: str) -> None:
        if self.text.startswith("{}", self.at):
            self.at += 2
        if character.endswith(".") and self.text.startswith(".", self.at):
            self.at += 1
        if self.is_math and character[-1].isalpha():
            character = _BETWEEN + character + _BETWEEN
        self.out.append(character)

    def _shown(self, name: str) -> None:
        """Show the arguments of a macro, or at least its name."""
        if name in symbols.ONE_ARGUMENT:
            self.out.append(self._argument())
            return
        for _ in range(symbols.FIRST_DROPPED.get(name, 0)):
            self._drop_argument()
        parts = [part for start, end in self._groups() if (part := self._inner(start, end))]
        if parts or name in symbols.FIRST_DROPPED:
            self.out.append(" ".join(parts))
        else:
            self.out.append(_BETWEEN + name + _BETWEEN if self.is_math else name)

    def _drop_argument(self) -> None:
        self._option()
        end = self._group_end(self.at)
        if end is not None:
            self.at = end + 1

    # macros with ways of their own

    def _href(self) -> None:
        end = self._group_end(self.at)
        if end is None:
            return
        address = _clean_address(self.text[self.at + 1 : end])
        self.at = end + 1
        label = ""
        if self._group_end(self.at) is not None:
            label = self._argument(is_math=False).strip()
        self._part_from_word()
        is_same = not label or _bare(label) == _bare(address)
        self.out.append(address if is_same else f"{label} ({address})")

    def _url(self) -> None:
        end = self._group_end(self.at)
        if end is None:
            return
        raw = self.text[self.at + 1 : end]
        self.at = end + 1
        self._part_from_word()
        self.out.append(_clean_address(raw))
        if self.text[self.at : self.at + 1].isalnum():
            self.out.append(" ")

    def _part_from_word(self) -> None:
        if self._last().isalnum():
            self.out.append(" ")

    def _fraction(self) -> None:
        upper, lower = (_settle(self._argument(is_math=True), is_compact=True) for _ in range(2))
        self.out.append(f"{_BETWEEN}{_wrapped(upper)}/{_wrapped(lower)}{_BETWEEN}")

    def _binomial(self) -> None:
        upper, lower = (_settle(self._argument(is_math=True)) for _ in range(2))
        self.out.append(f"({upper} choose {lower})")

    def _choose(self) -> None:
        self.out.append(" choose ")

    def _root(self) -> None:
        degree = self._option().strip()
        content = _settle(self._argument(is_math=True), is_compact=True)
        sign = {"": "√", "2": "√", "3": "∛", "4": "∜"}.get(degree)
        if sign is None:
            sign = script(degree, raised=True) + "√"
        is_one_term = len(content) == 1 or content.isdigit()
        self.out.append(sign + (content if is_one_term else f"({content})"))

    def _double_struck(self) -> None:
        content = self._argument(is_math=True)
        self.out.append(symbols.DOUBLE_STRUCK.get(content, content))

    def _citation(self) -> None:
        notes = [note for _ in range(2) if (note := self._option())]
        keys = [self.text[start:end] for start, end in self._groups()]
        shown = ", ".join(re.sub(r"[\\{}$]", "", part) for part in keys + notes)
        if shown:
            self.out.append(f"[{shown}]")

    def _note(self) -> None:
        content = self._argument(is_math=False).strip()
        if content:
            self._part_from_word()
            self.out.append(f"({content})")

    def _raised_text(self) -> None:
        self._write_script(self._argument(is_math=False), raised=True)

    def _lowered_text(self) -> None:
        self._write_script(self._argument(is_math=False), raised=False)

    def _verbatim(self) -> None:
        border = self.text[self.at : self.at + 1]
        end = self.text.find(border, self.at + 1, min(self.end, self.at + 300)) if border else -1
        if end < 0 or border.isspace() or border.isalnum():
            self.out.append("verb")
            return
        self.out.append(self.text[self.at + 1 : end])
        self.at = end + 1

    def _code_point(self) -> None:
        raw = self._argument(is_math=False).strip()
        try:
            character = chr(int(raw[1:], 16) if raw[:1] in ("x", "X") else int(raw))
        except (ValueError, OverflowError):
            character = raw
        self.out.append(character if character.isprintable() else " ")

    def _ding(self) -> None:
        raw = self._argument(is_math=False)
        self.out.append(symbols.DINGS.get(raw, raw))

    def _negated(self) -> None:
        relation = self._argument().strip(_AROUND + " ")
        self.out.append(_AROUND + _accented(relation, "\u0338", "") + _AROUND)

    def _paragraph(self) -> None:
        self.out.append("\n\n")


_HANDLERS: Mapping[str, Callable[[_Reader], None]] = {
    "href": _Reader._href,
    **dict.fromkeys(("url", "burl", "nolinkurl"), _Reader._url),
    **dict.fromkeys(("frac", "tfrac", "dfrac", "nicefrac", "sfrac"), _Reader._fraction),
    **dict.fromkeys(("binom", "tbinom", "dbinom"), _Reader._binomial),
    "choose": _Reader._choose,
    "sqrt": _Reader._root,
    **dict.fromkeys(("mathbb", "mathds"), _Reader._double_struck),
    "textsuperscript": _Reader._raised_text,
    "textsubscript": _Reader._lowered_text,
    **dict.fromkeys(("verb", "lstinline"), _Reader._verbatim),
    "unicode": _Reader._code_point,
    "ding": _Reader._ding,
    "not": _Reader._negated,
    "par": _Reader._paragraph,
    **dict.fromkeys(symbols.SQUARE, _Reader._citation),
    **dict.fromkeys(symbols.ROUND, _Reader._note),
}


_PROSE = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{2,}(?![A-Za-z])")
_MATH_SIGN = re.compile(r"[\\^_{=<>+|]")
_LONGEST_FORMULA = 1500


def _is_formula(text: str, start: int, end: int) -> bool:
    """Tell ``$x^2$`` from the prose between two prices (``$5 and $10``)."""
    content = text[start : min(end, start + _LONGEST_FORMULA)]
    if not content.strip() or end - start > _LONGEST_FORMULA or _PARAGRAPH.search(content):
        return False
    has_macro = re.search(r"\\[A-Za-z]", content) is not None
    if content[0].isdigit() and text[end + 1 : end + 2].isdigit() and not has_macro:
        return False
    bare = re.sub(r"\\[A-Za-z]+|\{[^{}]*\}", " ", content)
    words = len(_PROSE.findall(bare))
    if _MATH_SIGN.search(content.replace("\\%", "")):
        return words < 4
    is_tight = not (content[0].isspace() or content[-1].isspace())
    return words == 0 or (words == 1 and is_tight)


def _character(name: str) -> str | None:
    for table in (symbols.SYMBOLS, symbols.LETTERS, symbols.RELATIONS, symbols.OPERATORS):
        if name in table:
            return table[name]
    return None


def _settle(text: str, *, is_compact: bool = False) -> str:
    """Put blanks where a formula's words and relations need them."""
    text = _RELATION.sub(_AROUND, text.strip(" \x01\x02"))
    text = _WORD_BORDER.sub(" ", text)
    return text.replace(_AROUND, "" if is_compact else " ").replace(_BETWEEN, "")


_RELATION = re.compile(r"[ \x02]*\x01[ \x01\x02]*")
_WORD_BORDER = re.compile(r"(?<=[\w)\]])[ ]*\x02[ \x02]*(?=[\w√∑∏∫])")


def _wrapped(term: str) -> str:
    """Put a term of a fraction in brackets if it would fall apart."""
    if re.fullmatch(r"[^\s+\-−·×/,=<>()∑]*|\([^()]*\)|\w+\([^()]*\)", term):
        return term
    return f"({term})"


def _accented(content: str, mark: str, literal: str) -> str:
    """Put ``mark`` on the first letter of ``content``, or write ``literal`` before it."""
    if not content or (literal and not content[0].isalpha()):
        return literal + content
    first = {"ı": "i", "ȷ": "j"}.get(content[0], content[0])
    return unicodedata.normalize("NFC", first + mark) + content[1:]


def _bare(address: str) -> str:
    return re.sub(r"^https?://(?:www\.)?", "", address.strip().lower()).rstrip("/")


_TEX_TILDE = re.compile(
    r"\{?\\textasciitilde(?:\{\}|[ ])?\}?|\$?\\sim(?![A-Za-z])\$?|\{?\\?~(?:\{\})?\}?"
)


def _clean_address(raw: str) -> str:
    r"""Undo TeX's escapes in an address: ``\_``, ``\~{}``, ``$\sim$``."""
    if "\\" in raw or "{" in raw:
        raw = _TEX_TILDE.sub("~", raw)
        raw = re.sub(r"\\(.)|\{(_)\}", r"\1\2", raw)
    if raw.count("://") == 1:
        raw = "".join(raw.split())  # blanks in a \\url mean nothing
    return raw


# --- typography: dashes, quotes, ties ------------------------------------------------------

_SPACED_ADDRESS = (
    r"(?:(?:https?|ftp)://|(?<![\w.@/-])(?:[A-Za-z0-9-]{1,63}\.){1,5}[A-Za-z]{2,15}/)[^\s<>\"{}]*"
)
_TYPOGRAPHY = re.compile(
    rf"(?P<address>{_SPACED_ADDRESS})|``|''|(?<!-)-{{2,3}}(?!-)|~"
    r"|(?<![\w`])`(?P<single>[^`'\s][^`'\n]{0,80})'(?!['\w])"
)


def _typography(text: str) -> str:
    return _TYPOGRAPHY.sub(_Typographer(), text)


class _Typographer:
    """Replaces one mark after the other; remembers how many quotations are open."""

    def __init__(self) -> None:
        self.open_quotes = 0

    def __call__(self, found: re.Match[str]) -> str:
        if found["address"]:
            return found[0]
        if found["single"]:
            return f"‘{found['single']}’"
        if found[0] == "~":
            return _tie(found)
        if found[0].startswith("-"):
            return _dash(found)
        return self._quote(found[0])

    def _quote(self, mark: str) -> str:
        if mark == "``":
            self.open_quotes += 1
            return "“"
        if self.open_quotes:
            self.open_quotes -= 1
            return "”"
        return mark


def _tie(found: re.Match[str]) -> str:
    """Make TeX's unbreakable blank a blank, unless it means *about* (``~5%``) or *to* (``2~3``)."""
    before = found.string[: found.start()][-1:]
    is_sign = re.compile(r"~ ?[.$]?\d").match(found.string, found.start())
    if is_sign and (before in ("", " ", "(", "[", "=", "\n") or before.isdigit()):
        return "~"
    return " "


def _dash(found: re.Match[str]) -> str:
    before = found.string[max(found.start() - 1, 0) : found.start()]
    after = found.string[found.end() : found.end() + 1]
    if before in ("<", "!") or after == ">":
        return found[0]  # an arrow or a comment of some program
    if found[0] == "---":
        return "—"
    if after.isalpha() and (not before or before in " (['\"`“‘"):
        return found[0]  # an option of some program: --flag
    return "–"
