"""TeX as authors type it becomes readable Unicode, and nothing of it is lost."""

import pytest

from bot.text.tex import one_line, to_unicode

EXAMPLES = [
    (r"$\beta$-Variational Classifiers", "β-Variational Classifiers"),
    (
        r"introduce \emph{Generative View Synthesis} (GVS)",
        "introduce Generative View Synthesis (GVS)",
    ),
    (r"pruning of \ac{CNN} filters", "pruning of CNN filters"),
    ("5% over the H&E stain", "5% over the H&E stain"),
    ("from $5 and $10 a month", "from $5 and $10 a month"),
    (r"Schr{\"o}dinger and Erd\H{o}s", "Schrödinger and Erdős"),
    (r"G\"oran {\O}rsted O\v{s}ep", "Göran Ørsted Ošep"),
    ("``quoted'' spatial--spectral text---indeed", "“quoted” spatial–spectral text—indeed"),
    (r"\href{https://x.org/a}{our code}", "our code (https://x.org/a)"),
    (r"\url{https://github.com/a\_b/c~d}", "https://github.com/a_b/c~d"),
    (r"$x^{2}$ and $\frac{1}{2}$", "x² and 1/2"),
    (r"$O(n\log n)$ with $n \leq 5$", "O(n log n) with n ≤ 5"),
    (r"\ours outperforms", "ours outperforms"),
]


@pytest.mark.parametrize(("source", "readable"), EXAMPLES)
def test_tex_reads_as_its_author_meant_it(source: str, readable: str) -> None:
    assert to_unicode(source) == readable


@pytest.mark.parametrize("source", [source for source, _ in EXAMPLES])
def test_readable_text_converts_to_itself(source: str) -> None:
    assert to_unicode(to_unicode(source)) == to_unicode(source)


def test_an_indented_line_begins_a_paragraph_and_other_line_breaks_are_blanks() -> None:
    assert to_unicode("one\ntwo.\n  three") == "one two.\n\nthree"
    assert one_line("one\ntwo.\n  three") == "one two. three"
