"""TeX as authors type it becomes readable Unicode, and nothing of it is lost."""

import re
import unicodedata
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.text.commands import is_known
from bot.text.tex import one_line, to_unicode
from tests.examples import examples
from tests.growth import LINEAR, growth, repeated
from tests.text import corpus

PROSE = [
    # what is TeX elsewhere is text here
    ("5% over the H&E stain", "5% over the H&E stain"),
    ("from $5 and $10 a month", "from $5 and $10 a month"),
    (r"\$5 or \$10, 20\% of R\&D \#1 F1\_score", "$5 or $10, 20% of R&D #1 F1_score"),
    ("prices ($0.23 - $0.27 per image)", "prices ($0.23 - $0.27 per image)"),
    ("about $500-550, of it $400 for parts", "about $500-550, of it $400 for parts"),
    ("F1_score and R^2 of a_b", "F1_score and R^2 of a_b"),
    ("pairs {x, y} of a {CLASS}", "pairs {x, y} of a {CLASS}"),
    ("Skip \\n: a method", "Skip \\n: a method"),
    ("Skip \\n of {x}", "Skip \\n of {x}"),
    ("if a < b and c > d", "if a < b and c > d"),
    ("call tool --flag and --dry-run now", "call tool --flag and --dry-run now"),
    ("a --> b <-- c ---- d", "a --> b <-- c ---- d"),
    # typography
    ("``quoted'' and ``half quoted\"", "“quoted” and “half quoted”"),
    ("''copy and paste'' at 5''", "“copy and paste” at 5''"),
    ("a `word' of users` habits", "a ‘word’ of users` habits"),
    ("a \"free lunch'' and the model`s, `I don't'", "a “free lunch” and the model’s, ‘I don't’"),
    ("half --word and 5.6 ~ 35 of mu ~ rho", "half –word and 5.6 ~ 35 of mu ~ rho"),
    ("spatial--spectral text---indeed -- so", "spatial–spectral text—indeed – so"),
    ("modularity --i.e. reuse--, testing", "modularity –i.e. reuse–, testing"),
    (
        "language models~(LLMs), Table~2, GCG~\\citep{z23}",
        "language models (LLMs), Table 2, GCG [z23]",
    ),
    ("up to ~5% or 2~3x (~.5) at z~2.5", "up to ~5% or 2~3x (~.5) at z~2.5"),
    # accents and national letters
    (r"G\"oran {\O}rsted O\v{s}ep Stra\ss e", "Göran Ørsted Ošep Straße"),
    (r"Schr{\"o}dinger Erd\H{o}s Na\"{\i}ve Fr\'echet", "Schrödinger Erdős Naïve Fréchet"),
    (r"\L{}ukasz Gar\c{c}on Nakibo\u{g}lu Krzy\.{z}ak", "Łukasz Garçon Nakiboğlu Krzyżak"),
    (r"\'{\i} \v c \c{t} \k{a} \r a \d{u} \^{e} \~n \=a \t{oo}", "í č ţ ą å ụ ê ñ ā o͡o"),
    (r"{\AE}ther M{\"u}ller-Lyer \aa ngstr\o m", "Æther Müller-Lyer ångstrøm"),
    (r"it\'s a \"quoted word\" of La Ni\~na", 'it\'s a "quoted word" of La Niña'),
    # macros
    (r"\emph{Generative View} and \textbf{\textit{bold}}", "Generative View and bold"),
    (r"pruning of \ac{CNN} filters", "pruning of CNN filters"),
    (r"{\em Truncation} {\bf D}iscriminator {\sc gan}", "Truncation Discriminator gan"),
    # an author's own macro is shown as typed; one around a text is mostly a mark
    (r"\ours outperforms \method{}, \ie LLMs \etc", r"\ours outperforms \method, i.e. LLMs etc."),
    (r"{\sysname}, \textit{\carb} and two \method{}s", r"\sysname, \carb and two \method{}s"),
    (r"\blue{which} we \revision{prove} for all \ours", r"which we prove for all \ours"),
    (r"\blue{which is never closed", "which is never closed"),
    (r"\ours of \{x, y\} in {CLASS}", r"\ours of {x, y} in {CLASS}"),
    (r"C:\Users\me and \d+", r"C:\Users\me and \d+"),
    (r"\unknown{one}{two} three", "one two three"),
    (r"\textcolor{red}{text} \color{blue} more", "text more"),
    (r"see \cite{a_1,b} in Fig.~\ref{fig:x}", "see [a_1,b] in Fig. [fig:x]"),
    (r"here\footnote{\url{https://x.org/a_b}}", "here (https://x.org/a_b)"),
    (r"low-di\-men\-sion\-al and\\ more", "low-dimensional and more"),
    (r"\SI{50}{\gram} at 360{\deg}, 7\,\textmu m", "50 g at 360°, 7 µm"),
    (
        r"\SI{9.81}{\metre\per\second\squared}, \qty{1e5}{\kilo\hertz}, \si{m.s^{-1}}, \num{2x3}",
        "9.81 m/s², 1×10⁵ kHz, m s⁻¹, 2×3",
    ),
    (r"\SIrange{1}{2}{\square\mm} at \ang{45;30} or \SI{5}{\percent}", "1–2 mm² at 45°30′ or 5%"),
    (r"\ce{2 H2O -> SO4^2-} and \ce{Na+}", "2 H₂O → SO₄²⁻ and Na⁺"),
    (r"of \num and \si_1", r"of \num and \si_1"),
    (r"(\romannumeral1) and Grade \rom{4}", "(i) and Grade IV"),
    (r"\ref{eq:1}, \eqref{eq:2}, \Cref{a}", "[eq:1], (eq:2), [a]"),
    (r"\texorpdfstring{$\beta$}{beta}-decay\hspace{1em}of \kern-1pt x", "β-decay of x"),
    (r"\newcommand{\x}[1]{y}text \def\a{b}more", "text more"),
    (r"\multicolumn{2}{c}{cell} \hyperref[sec:a]{here}", "cell here"),
    (r"\tilde{O}(n), \bar\theta, \overline{AB}, O(n \log n)", "Õ(n), θ̄, A̅B̅, O(n log n)"),
    (
        r"0.75\pm 0.07, a\leq b, 4\times faster, about \sim5",
        "0.75±0.07, a ≤ b, 4× faster, about ∼5",
    ),
    (r"Petojevi\' c and $\la r \ra$", "Petojević and ⟨r⟩"),
    (r"$z \la 3$ at 5", "z ≲ 3 at 5"),
    (r"at \ra 5", r"at \ra 5"),
    (r"a\textasciitilde{}b \textasciitilde 5", "a∼b ~5"),
    # TeX in half, HTML
    ('Schr"{o}dinger and G"{o}del', "Schrödinger and Gödel"),
    (r"Real-\b{eta}-SafeOpt, \v{a}repsilon-fair, \c{c}a \b{o}th", "Real-β-SafeOpt, ε-fair, ça o̱th"),
    ("at https://x.org/a}{https://x.org/a.", "at https://x.org/a."),
    (r"from {50}\% to {2.5}\%, {5} of {a}", "from 50% to 2.5%, {5} of {a}"),
    ("6{,}062 of {S$^3$-Mamba}: {$x$, $y$}", "6,062 of S³-Mamba: {x, y}"),
    ("<b>bold</b> x<sub>2</sub> of 5 &plusmn; 3 &lt; 9", "bold x₂ of 5 ± 3 < 9"),
    ("the tokens <p> and </i> remain", "the tokens <p> and </i> remain"),
    ("<think>a</think>, <s>, <b and R&D; remain", "<think>a</think>, <s>, <b and R&D; remain"),
    (r"a \unicode{x2014} b \ding{182}", "a — b ❶"),
    (r"\verb|a_b| \LaTeX{} \copyright", "a_b LaTeX ©"),
    (r"\verb+a+b \lstinline|a_b| is", "ab a_b is"),
    (r"\verb1 and 1, \verb", "verb1 and 1, verb"),
    (r"\unicode{x3B1} \unicode{945} \unicode{X41}", "α α A"),
    (r"\unicode{99999999999} \unicode{many}", "99999999999 many"),
    (r"a \unicode{7} b", "a b"),
    (r"\etc. and \ie. x", "etc. and i.e. x"),
    (r"\mathrm[a] and \mathrm[a]{b}", "[a] and b"),
    # lengths and arguments that say nothing
    (r"a \hskip 2em b \vskip1pt c \kern d", "a b c d"),
    (r"\begin and \substack and \braket and \ketbra", r"and and \braket and \ketbra"),
    (r"\rom{39} and \rom{40} and \rom x", r"XXXIX and \rom40 and \rom x"),
    ("{P}sychometrics-{A}ssis{T}ed ben{CH}marking", "Psychometrics-AssisTed benCHmarking"),
    (r"\textsuperscript{2} CO\textsubscript{2} CO_{2}", "² CO₂ CO₂"),
    # addresses
    (r"\url{https://github.com/a\_b/c~d}", "https://github.com/a_b/c~d"),
    (r"\href{https://x.org/a}{our code}.", "our code (https://x.org/a)."),
    (r"\href{https://x.org/a}{\texttt{x.org/a}}", "https://x.org/a"),
    ("at https://a.b/~c/d--e_f%20?g=$h&i now", "at https://a.b/~c/d--e_f%20?g=$h&i now"),
    (r"http://x.org/\~{}c and http://x.org/$\sim$d", "http://x.org/~c and http://x.org/~d"),
    ("see github.com/a/b--c~d.", "see github.com/a/b--c~d."),
    ("url{https://x.org} or {https://y.org}", "https://x.org or https://y.org"),
    ("code\\url{https://x.org}and", "code https://x.org and"),
]
FORMULAS = [
    (r"$\dv{f}{x}$, $\pdv[2]{u}{t}$, $\dv{x}$", "df/dx, ∂²u/∂t², d/dx"),
    (r"$A \xrightarrow[{q}]{n} B$ $x^{(q)}$ $k\n$", "A →ⁿ_q B x^(q) kn"),
    ("$ $ A title", "A title"),
    (r"$f(x) \pm b$ $\dist{x}{y}$", r"f(x) ± b \dist(x, y)"),
    (
        r"$f(x) \cap [0, 1] \times \{0, 1\} \cup |x| \oplus x' \ast n! \otimes \hat{x} \times y$",
        "f(x) ∩ [0, 1] × {0, 1} ∪ |x| ⊕ x' ∗ n! ⊗ x̂ × y",
    ),
    (
        r"$\langle x\rangle \times ⌊x⌋ \cup ⌈x⌉ \cap ∞ \oplus u^* \circ 5\% \times y$",
        "⟨x⟩ × ⌊x⌋ ∪ ⌈x⌉ ∩ ∞ ⊕ u* ∘ 5% × y",
    ),
    (r"$\hat{x} \pm b$, $\tilde x =y$, $\vec{x}\times y$", "x̂ ± b, x̃ = y, x⃗×y"),
    (r"\hat{x}\leq b, 5% \pm 1", "x̂ ≤ b, 5% ± 1"),
    (r"$(\times 2)$ $[ \pm 1]$", "(×2) [±1]"),
    (r"$\beta$-Variational", "β-Variational"),
    (r"$β$-Variational", "β-Variational"),
    (r"$x^{2}$, $x_i^2$, $10^{-3}$, CO$_2$, 10$^\circ$C", "x², xᵢ², 10⁻³, CO₂, 10°C"),
    (r"$x^{abc}$ $W_{model}$ $\mathbb{R}^{n\times d}$", "xᵃᵇᶜ W_model ℝ^(n×d)"),
    (r"$\frac{1}{2}$ $\frac12$ $\frac{n+1}{2n}$", "1/2 1/2 (n+1)/2n"),
    (r"$\sqrt{n}$ $\sqrt{n+1}$ $\sqrt[3]{x}$ $\sqrt{10}$", "√n √(n+1) ∛x √10"),
    (r"$O(n\log n)$ $O(m\log^3{n})$ $\min_x f(x)$", "O(n log n) O(m log³ n) minₓ f(x)"),
    (r"$n \leq 5$ $a\leq b$ $\geq 2$ $t\in\{0,1\}^n$", "n ≤ 5 a ≤ b ≥ 2 t ∈ {0,1}ⁿ"),
    (r"$2\times 2$ $2 \times 2$ 4$\times$ $\pm 0.5$", "2×2 2 × 2 4× ±0.5"),
    (r"$\tilde{\mathcal{O}}(\epsilon^{-2})$ $\hat{x}$", "Õ(ε⁻²) x̂"),
    (r"$O \left( \frac{a}{b} \right)$ $\left.x\right|$", "O(a/b) x|"),
    (r"$|\psi\rangle$ $\|w\|_2$ $\lfloor n \rfloor$", "|ψ⟩ ‖w‖₂ ⌊n⌋"),
    (r"$\text{PoA} = \infty$ $P_{\text{stack}}$", "PoA = ∞ P_stack"),
    (r"\(W\) is \(\Delta W\), \[x = 1\]", "W is ΔW, x = 1"),
    (r"$$x^2$$ and $ SE(3) $ and $dQ/dP$", "x² and SE(3) and dQ/dP"),
    (r"\emph{a $$x} b$$", "a x b"),  # nothing twice
    (r"\begin{equation} x \leq 1 \end{equation}", "x ≤ 1"),
    (r"$de novo$ $hallucination$ $top-k$", "de novo hallucination top-k"),
    (r"$33.3\%$ of $\ours$ $\not\in$", r"33.3% of \ours ∉"),
    (r"$\tmO(T)$, $\Ex{X}$, $\gS x$, $\R^n$, $\bb{R}$", r"\tmO(T), \Ex(X), \gS x, ℝⁿ, R"),
    # meaning
    (r"$a \equiv b \pmod{p}$, $\pod 12$, $a \bmod 5$", "a ≡ b (mod p), (12), a mod 5"),
    (r"$\overline{AB}$ $\overline{M_{g,n}}$ $\widehat{x+y}$", "A̅B̅ M̅_(g,n) hat(x+y)"),
    (r"$x\mkern1mu y\hskip 3pt z$", "x y z"),
    (
        r"$f(x)=\begin{cases} 1, & x>0 \\ 0, & x \leq 0\end{cases}$",
        "f(x)={1, x>0; 0, x ≤ 0}",
    ),
    (r"$\begin{pmatrix}a & b\\c & d\end{pmatrix}$", "(a, b; c, d)"),
    (r"\begin{align} a &= b \\ &= c, \\ d &= e. \end{align} So", "a = b = c, d = e. So"),
    (r"$\genfrac{[}{]}{0pt}{1}{a+b}{c}$", "[(a+b) choose c]"),
    (r"$\genfrac{}{}{}{}{a+b}{c}$ $\genfrac{(}{)}{1pt}{}{a}{b}$", "(a+b)/c (a/b)"),
    (r"$\dyad{a}{b} + \ketbra{a}$ and $\Braket{a}$", "|a⟩⟨b| + |a⟩⟨a| and ⟨a⟩"),
    (r"$\right. a$ $\left( a \right )$ $\left. a \right|$", "a (a) a|"),
    (r"$\int f \dd{x}$ $\dd[3]{x}$", "∫ f dx d³x"),
    (r"$\norm{x}$ $\abs{\ket{\psi}}$ $\braket{a}{b}$ $\norm$", r"‖x‖ ||ψ⟩| ⟨a|b⟩ \norm"),
    (r"$A\overset{d}{=}B$ $\xrightarrow{f}$ $\sum_{\substack{i<j\\k}}$", "A =ᵈ B →ᶠ ∑_(i<j, k)"),
    (r"${a+1 \over b}$ ${n\choose k}$ $\pdv{f}{x}$", "(a+1)/b (n choose k) ∂f/∂x"),
    # blanks: on both sides of a sign or on none
    (r"$\rho = 0.93$, $x =5$, $\alpha +\beta$, $a +b$", "ρ = 0.93, x = 5, α+β, a + b"),
    (r"128{ \times }128, $128{ \times }128$, $(-1, -2)$", "128 × 128, 128 × 128, (-1, -2)"),
    (
        r"AUROC $=0.79$, $p< 0.05$, $\sigma <v>$, $+24\%, \text{and} +7\%$",
        "AUROC = 0.79, p < 0.05, σ<v>, +24%, and +7%",
    ),
    (
        r"$\sqrt{\smash[b]{T/K}}$, $\sqrt{d}C/\sqrt{2}$, $\sqrt{n}\log n$",
        "√(T/K), √d C/√2, √n log n",
    ),
    (
        r"$\begin{cases}\begin{pmatrix}a\\b\end{pmatrix} & \sum_{\substack{i\\j}} \\ 0\end{cases}$",
        "{(a; b), ∑_(i, j); 0}",
    ),
    (r"$\begin{cases}\begin{cases}1\\2\end{cases}\\3\end{cases}$", "{{1; 2}; 3}"),
    (r"$\overline{(a+b)}$ $\hat{\bar{x}}$ $\hat{}y$", "overline(a+b) x̄̂ y"),
    (r"$\mathbb{SP}$ $\mathbb{RP}^2$ $a\hspace{-1mm}b$", "SP ℝℙ² ab"),
    (r"5$''$ and $f''(x)$, not ''quoted''", "5″ and f″(x), not “quoted”"),
    (r"$x_{n = 1}$, $q ^n$, $(a) ^2$, $p(\theta | x)$", "xₙ₌₁, qⁿ, (a)², p(θ | x)"),
    (r"$f\colon A\to B$, $x\mapsto y$, $\binom{n}{k}$", "f: A → B, x ↦ y, (n choose k)"),
    (r"{\delta}-margin with \alpha and 5\times", "δ-margin with α and 5×"),
]


@pytest.mark.parametrize(("source", "readable"), PROSE + FORMULAS)
def test_tex_reads_as_its_author_meant_it(source: str, readable: str) -> None:
    assert to_unicode(source) == readable


def test_readable_text_converts_to_itself() -> None:
    readable = [to_unicode(source) for source, _ in PROSE + FORMULAS]
    assert [to_unicode(text) for text in readable] == readable


@pytest.mark.parametrize(
    ("source", "readable"),
    [
        ("one\ntwo.\n  three", "one two.\n\nthree"),
        ("one\n\ntwo\n \n three", "one\n\ntwo\n\nthree"),
        ("one\n two", "one two"),
        ("  one \t two  \n", "one two"),
        ("one.\\par two", "one.\n\ntwo"),
        ("of all\n  lines\n  are indented\n  here.", "of all lines are indented here."),
    ],
)
def test_an_indented_line_begins_a_paragraph_and_other_line_breaks_are_blanks(
    source: str, readable: str
) -> None:
    assert to_unicode(source) == readable


def test_one_line_is_one_line() -> None:
    assert one_line("A {\\em long}\n  title\nof~two") == "A long title of two"


# --- properties ------------------------------------------------------------------------------

FRAGMENTS = st.sampled_from(
    [
        *"abcXYZ019 .,:;!?()[]{}$$^_~`'\"-\\%&#<>|@*\n",
        *("\n  ", "\n\n", "``", "''", "--", "---", "\\(", "\\)", "\\[", "\\]", "\\$", "\\{", "\\}"),
        *("\\'", '\\"', "\\~", "\\^", "\\=", "\\.", "\\H", "\\c{", "\\n", "\\textbf{", "\\emph "),
        *("\\frac", "\\sqrt[", "\\hat", "\\not", "\\left", "\\right", "\\log", "\\le", "\\pm "),
        *(
            "\\textbackslash ",
            "\\textasciitilde",
            "\\unicode{x24}",
            "\\ding{51}",
            "\\verb|",
            "\\ss ",
        ),
        *("\\begin{align}", "\\end{align}", "\\href{", "\\url{", "https://x.org/", "github.com/a/"),
        *("$x$", "$5 ", "{A}", "url{", "é", "e\u0301", "β", "\x01", "\x02", "中文", "🚀", "\u200b"),
    ]
)
TEXTS = st.lists(FRAGMENTS, max_size=30).map("".join) | st.text(max_size=60)


@settings(max_examples=examples(600), deadline=None)
@given(TEXTS)
@example("\\textbackslash textbackslash textbackslash")
@example("\\$x\\$ \\{A\\} \\n {B}")
@example("$\\right ^2 \\right")
def test_converting_twice_is_converting_once(source: str) -> None:
    readable = to_unicode(source)
    assert to_unicode(readable) == readable


@settings(max_examples=examples(400), deadline=None)
@given(TEXTS)
def test_readable_text_is_paragraphs_of_one_line(source: str) -> None:
    readable = to_unicode(source)
    assert all(" ".join(line.split()) == line for line in readable.split("\n"))
    assert "\n\n\n" not in readable
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", readable)


@settings(max_examples=examples(300), deadline=None)
@given(st.lists(st.from_regex(r"[A-Za-z0-9]{1,8}", fullmatch=True), max_size=12), st.randoms())
def test_words_survive_whatever_stands_between_them(words: list[str], dice: Random) -> None:
    signs = [
        " ",
        " {",
        "} ",
        " $",
        "$ ",
        " \\emph{",
        "~",
        "--",
        " \\% ",
        "``",
        "'' ",
        "\\\\ ",
        " & ",
    ]
    source = "".join(word + dice.choice(signs) for word in words)
    assert not _lost_words(source)


_SETTING = re.compile(
    r"\\(?:textcolor|color|hspace|vspace|label|begin|end|unicode|ding|leftroot|uproot|rom)\*?\{[^{}]*\}"
)
_MACRO = re.compile(r"\\(?:[A-Za-z]+\*?|.)", re.DOTALL)


def _folded(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text)
    marks = (ord(character) for character in set(decomposed) if unicodedata.combining(character))
    return decomposed.translate(dict.fromkeys(marks))


def _lost_words(source: str) -> set[str]:
    """Return the words of ``source``, outside the names of macros, that its reader misses."""
    readable = _folded(to_unicode(source))
    together = readable.replace(" ", "").replace("\n", "")
    text = re.sub(
        r"\\tfrac\d|\\d?frac ?\d{2}|\\sqrt\[\d\]|\\romannumeral ?\d|\\-",
        "",
        _SETTING.sub(" ", source),
    )
    text = re.sub(r"\\[`'^\"~=.]\s*\{?\\?([A-Za-z])\}?", r"\1", text)  # an accent in a word
    words = set(re.findall(r"[^\W_]+", _folded(_MACRO.sub(" ", text))))
    return {word for word in words if word not in readable and word not in together}


def test_no_word_of_real_papers_is_lost() -> None:
    lost = {word for text in corpus.texts() for word in _lost_words(text)}
    assert not lost


def test_real_papers_convert_to_what_converts_to_itself() -> None:
    readable = [to_unicode(text) for text in corpus.texts()]
    assert [text for text in readable if to_unicode(text) != text] == []


def test_readable_real_papers_hold_no_tex_but_their_authors_own() -> None:
    names = (
        name for text in corpus.texts() for name in re.findall(r"\\([A-Za-z]+)", to_unicode(text))
    )
    assert [name for name in names if is_known(name)] == []


@pytest.mark.slow(11)
def test_the_whole_corpus_keeps_its_words_and_converts_once() -> None:
    for text in corpus.texts(None):
        readable = to_unicode(text)
        assert to_unicode(readable) == readable
        assert _lost_words(text) <= KNOWN_LOSSES, text


KNOWN_LOSSES = {"12k", "1T", "brains", "url", "12"}
r"""``\tfrac12k``, ``\frac1T``, ``\textcolor{}`` inside a word: read rightly, spelt differently."""

HOSTILE = ["{", "}", "$", "\\", "\\(", "\\[x", "\\'", '\\"', "_{", "\\frac{", "\\hat", "``", "~"]
HOSTILE += ["--a ", "`a ", "http://", "a.", "\\begin{align}", "\\cite[", "\n  ", "$5 ", "\\left( "]
HOSTILE += ["\\la ", "\\begin{cases}", "\\\\ &", "\\substack{", '"a', "\"a''", "<b>", "</b", "&lt;"]
HOSTILE += [
    "a\\over ",
    "\\SI{",
    "{S$x",
    "\\b{e}",
    "https://x}{",
    "\\ours",
    "6{,}",
    "\\hat{x",
    "`I'm ",
]
HOSTILE += ["$\\le", "\\href{", "\\n", "a\u0301", "\\verb|", "\\sqrt[", "$\\log_", "\\textbf{x"]


@pytest.mark.parametrize("fragment", HOSTILE)
@pytest.mark.parametrize("frame", ["{}", "${}$", "https://x.org/{}"])
def test_no_text_takes_long(fragment: str, frame: str) -> None:
    def read(length: int) -> None:
        to_unicode(frame.replace("{}", repeated(fragment, length)))

    assert growth(read) < LINEAR
