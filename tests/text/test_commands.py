"""Every macro of TeX has its meaning in a table or a rule; the authors' own are shown as typed."""

import re
from collections import Counter
from collections.abc import Iterable

import pytest

from bot.text import symbols
from bot.text.commands import is_known
from bot.text.macros import HANDLERS
from bot.text.tex import to_unicode
from tests.text import corpus

WITH_ARGUMENT = re.compile(r"\\([A-Za-z]+)\*?(?=(?:\[[^\[\]\n]{0,120}\])?\{(?!\}))")
STYLES = symbols.TEXT_MACROS | symbols.MATH_MACROS | symbols.MARKS
"""The tables of macros whose argument is all that they mean."""
OTHERS = frozenset().union(
    symbols.ACCENTS, symbols.MATH_ACCENTS, symbols.SETTINGS, symbols.CITATIONS, symbols.NOTES,
    HANDLERS,
)  # fmt: skip
"""The macros for whose argument there is a rule."""
ALONE = frozenset().union(
    symbols.LETTERS, symbols.NATIONAL, symbols.RELATIONS, symbols.OPERATORS, symbols.SYMBOLS,
    symbols.FUNCTIONS, symbols.SPACES, symbols.SWITCHES,
)  # fmt: skip
"""Those that take none: braces behind them are a group of its own, as in ``\\log{n}``."""


def unruled(texts: Iterable[str]) -> Counter[str]:
    """Return the macros of ``texts`` with an argument for which there is neither table nor rule."""
    names = Counter(name for text in texts for name in WITH_ARGUMENT.findall(text))
    return Counter({name: names[name] for name in names if name not in STYLES | OTHERS | ALONE})


def test_every_macro_of_the_corpus_that_takes_an_argument_has_a_meaning() -> None:
    assert unruled(corpus.texts(None)) == {}


LATEX = r"""
    emph{a} textbf{a} textcolor{red}{a} mbox{a} footnote{a} cite[p. 1]{a} url{a} href{a}{b} ref{a}
    eqref{a} label{a} begin{a} end{a} item[a]{b} hspace{1em} frac{a}{b} sqrt[3]{a} binom{a}{b}
    overline{a} underline{a} widehat{a} overbrace{a} underbrace{a} overset{a}{b} underset{a}{b}
    stackrel{a}{b} xrightarrow[a]{b} substack{a} operatorname{a} pmod{a} pod{a} mod{a} text{a}
    mathrm{a} mathbb{a} mathcal{a} boldsymbol{a} phantom{a} tag{a} boxed{a} cancel{a} genfrac{}{}{a}
    ensuremath{a} texorpdfstring{a}{b} multicolumn{2}{a}{b} raisebox{a}{b} rule{a}{b} title{a}
    SI{1}{a} si{a} num{1} qty{1}{a} ang{1} ce{a} ket{a} braket{a} abs{a} norm{a} ac{a} gls{a}
    includegraphics[a]{b} newcommand{a}{b} caption{a} thanks{a} verb{a} textsuperscript{a} dv{a}{b}
    foreignlanguage{a}{b} enquote{a} mathop{a} smash{a} vec{a} dot{a} log{n} c{c} H{o} not{=}
"""


def test_the_macros_of_latex_and_its_packages_have_a_meaning() -> None:
    macros = ["\\" + macro for macro in re.split(r"\s+(?=[A-Za-z]+[\[{])", LATEX.strip())]
    assert len(macros) > 75
    assert unruled(macros) == {}


def test_a_macro_without_table_or_rule_is_found() -> None:
    assert unruled([r"\ours{} of \method[b]{x} and \method{y} \emph{z}"]) == {"method": 2}


@pytest.mark.parametrize("table", [STYLES | OTHERS | ALONE])
def test_what_is_in_a_table_is_known(table: frozenset[str]) -> None:
    own = {name for name in table if not is_known(name)}
    assert own <= symbols.MARKS | set(symbols.NUMBERS)  # names that authors use for other things


def test_a_mark_shows_its_text_and_without_one_its_name() -> None:
    names = (STYLES | symbols.SETTINGS.keys()) - symbols.NAMES
    assert {to_unicode(rf"so \{name}{{it}} is") for name in names} == {"so it is"}
    assert {name: to_unicode(rf"so \{name} is") for name in names} == {
        name: rf"so \{name} is" for name in names
    }


@pytest.mark.parametrize("frame", ["{}", "${}$"])
def test_a_style_leaves_its_argument(frame: str) -> None:
    names = symbols.TEXT_MACROS | symbols.MATH_MACROS
    shown = {name: to_unicode(frame.replace("{}", rf"\{name}{{x}}")) for name in names}
    assert shown == dict.fromkeys(names, "x")
