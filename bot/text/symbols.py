"""What TeX macros stand for: the tables of ``tex``, kept apart because they are data.

Macro names are those of LaTeX, amssymb, textcomp and pifont; the characters are Unicode's own
(https://www.unicode.org/charts/, blocks Greek, Mathematical Operators, Arrows).
"""


def _pairs(table: str) -> dict[str, str]:
    """Read ``name character`` pairs, separated by blanks."""
    words = table.split()
    return dict(zip(words[::2], words[1::2], strict=True))


def _words(names: str) -> frozenset[str]:
    return frozenset(names.split())


LETTERS = _pairs("""
    alpha α beta β gamma γ delta δ epsilon ε varepsilon ε zeta ζ eta η theta θ vartheta ϑ iota ι
    kappa κ varkappa ϰ lambda λ mu μ nu ν xi ξ omicron ο pi π varpi ϖ rho ρ varrho ϱ sigma σ
    varsigma ς tau τ upsilon υ phi φ varphi φ chi χ psi ψ omega ω digamma ϝ
    Gamma Γ Delta Δ Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ Upsilon Υ Phi Φ Psi Ψ Omega Ω
    varGamma Γ varDelta Δ varTheta Θ varLambda Λ varXi Ξ varPi Π varSigma Σ varUpsilon Υ varPhi Φ
    varPsi Ψ varOmega Ω
    ell ℓ hbar ħ hslash ℏ imath ı jmath ȷ Re ℜ Im ℑ wp ℘ aleph ℵ beth ℶ gimel ℷ daleth ℸ eth ð
    partial ∂ nabla ∇ infty ∞ emptyset ∅ varnothing ∅ mho ℧ complement ∁ Bbbk 𝕜
    textalpha α textbeta β textgamma γ textdelta δ textlambda λ
""")
"""Macros that stand for one letter-like character."""

NATIONAL = _pairs("""
    ss ß SS ẞ o ø O Ø l ł L Ł ae æ AE Æ oe œ OE Œ aa å AA Å i ı j ȷ dh ð DH Ð th þ TH Þ
    dj đ DJ Đ ng ŋ NG Ŋ textmu µ textohm Ω
""")
"""Text letters: TeX swallows the blank after them, as in ``Stra\\ss e``."""

RELATIONS = _pairs("""
    leq ≤ le ≤ leqslant ⩽ geq ≥ ge ≥ geqslant ⩾ neq ≠ ne ≠ ll ≪ gg ≫ lll ⋘ ggg ⋙ lesssim ≲
    gtrsim ≳ lessgtr ≶ gtrless ≷ approx ≈ approxeq ≊ sim ∼ simeq ≃ cong ≅ equiv ≡ asymp ≍ doteq ≐
    propto ∝ varpropto ∝ in ∈ notin ∉ ni ∋ subset ⊂ subseteq ⊆ subsetneq ⊊ supset ⊃ supseteq ⊇
    supsetneq ⊋ nsubseteq ⊈ sqsubset ⊏ sqsubseteq ⊑ sqsupseteq ⊒ prec ≺ preceq ⪯ preccurlyeq ≼
    succ ≻ succeq ⪰ succcurlyeq ≽ perp ⊥ parallel ∥ nparallel ∦ vdash ⊢ dashv ⊣ models ⊨ vDash ⊨
    Vdash ⊩ bowtie ⋈ smile ⌣ frown ⌢ triangleq ≜ coloneqq ≔ coloneq ≔ eqqcolon ≕ colonequals ≔
    lhd ⊲ rhd ⊳ unlhd ⊴ unrhd ⊵ trianglelefteq ⊴ trianglerighteq ⊵ nmid ∤ leftarrow ← gets ←
    rightarrow → to → leftrightarrow ↔ Leftarrow ⇐ Rightarrow ⇒ Leftrightarrow ⇔ iff ⇔ implies ⇒
    impliedby ⇐ longrightarrow ⟶ longleftarrow ⟵ longleftrightarrow ⟷ Longrightarrow ⟹
    Longleftarrow ⟸ Longleftrightarrow ⟺ mapsto ↦ longmapsto ⟼ hookrightarrow ↪ hookleftarrow ↩
    rightharpoonup ⇀ rightharpoondown ⇁ leftharpoonup ↼ leftharpoondown ↽ rightleftharpoons ⇌
    rightsquigarrow ⇝ leadsto ⇝ twoheadrightarrow ↠ rightarrowtail ↣ xrightarrow → xleftarrow ←
    dashrightarrow ⇢ dashleftarrow ⇠ multimap ⊸ rightrightarrows ⇉ leftrightarrows ⇆
    rightleftarrows ⇄ nrightarrow ↛ nleftarrow ↚ nRightarrow ⇏ nLeftarrow ⇍ nLeftrightarrow ⇎ mid |
    given | leqq ≦ geqq ≧ nleq ≰ ngeq ≱ nless ≮ ngtr ≯ lneq ⪇ gneq ⪈ lessapprox ⪅ gtrapprox ⪆
    precsim ≾ succsim ≿ nprec ⊀ nsucc ⊁ nsupseteq ⊉ sqsupset ⊐ subseteqq ⫅ supseteqq ⫆ Subset ⋐
    Supset ⋑ nvdash ⊬ nvDash ⊭ vartriangleleft ⊲ vartriangleright ⊳ circeq ≗ eqcirc ≖ bumpeq ≏
""")
"""Macros set with a blank on either side."""

OPERATORS = _pairs("""
    times × div ÷ pm ± mp ∓ cdot · ast ∗ star ⋆ circ ∘ bullet • oplus ⊕ ominus ⊖ otimes ⊗ oslash ⊘
    odot ⊙ cap ∩ cup ∪ sqcap ⊓ sqcup ⊔ uplus ⊎ wedge ∧ land ∧ vee ∨ lor ∨ setminus ∖
    smallsetminus ∖ backslash ∖ wr ≀ amalg ⨿ dagger † ddagger ‡ diamond ⋄ Diamond ◇ lozenge ◊
    boxplus ⊞ boxminus ⊟ boxtimes ⊠ boxdot ⊡ ltimes ⋉ rtimes ⋊ bigcirc ◯ circledast ⊛
    circledcirc ⊚ triangle △ bigtriangleup △ bigtriangledown ▽ triangledown ▽ triangleleft ◃
    triangleright ▹ intercal ⊺ veebar ⊻ barwedge ⊼ dotplus ∔
    curlyvee ⋎ curlywedge ⋏ circleddash ⊝ divideontimes ⋇ Cap ⋒ Cup ⋓ leftthreetimes ⋋
    rightthreetimes ⋌
""")
"""Macros set with a blank behind them if their author put one before."""

SYMBOLS = {"etal": "et al."} | _pairs("""
    sum ∑ prod ∏ coprod ∐ int ∫ iint ∬ iiint ∭ oint ∮ bigcup ⋃ bigcap ⋂ bigvee ⋁ bigwedge ⋀
    bigoplus ⨁ bigotimes ⨂ bigodot ⨀ biguplus ⨄ bigsqcup ⨆
    forall ∀ exists ∃ nexists ∄ neg ¬ lnot ¬ top ⊤ bot ⊥ angle ∠ measuredangle ∡ surd √
    prime ′ backprime ‵ therefore ∴ because ∵ square □ Box □ blacksquare ■ qed ∎ checkmark ✓
    uparrow ↑ downarrow ↓ updownarrow ↕ Uparrow ⇑ Downarrow ⇓ Updownarrow ⇕ nearrow ↗ searrow ↘
    swarrow ↙ nwarrow ↖ circlearrowright ↻ circlearrowleft ↺ curvearrowright ↷ curvearrowleft ↶
    ldots … dots … dotsc … dotsb … dotso … dotsm ⋯ cdots ⋯ vdots ⋮ ddots ⋱ textellipsis …
    iddots ⋰ dotsi … vartriangle △ textvisiblespace ␣ ulcorner ⌜ urcorner ⌝ textcelsius °C
    guilsinglleft ‹ guilsinglright › textopenbullet ◦ textschwa ə
    lfloor ⌊ rfloor ⌋ lceil ⌈ rceil ⌉ langle ⟨ rangle ⟩ lVert ‖ rVert ‖ Vert ‖ lvert | rvert |
    vert | lbrace { rbrace } lbrack [ rbrack ] llbracket ⟦ rrbracket ⟧ colon :
    natural ♮ sharp ♯ flat ♭ heartsuit ♥ spadesuit ♠ clubsuit ♣ diamondsuit ♦ bigstar ★
    blacktriangle ▲ blacktriangledown ▼ maltese ✠ degree ° textdegree ° celsius °C
    S § P ¶ dag † ddag ‡ copyright © textcopyright © textregistered ® registered ® texttrademark ™
    pounds £ textsterling £ euro € texteuro € EUR € textyen ¥ yen ¥ textcent ¢ textdollar $
    textperiodcentered · textbullet • textbar | textbardbl ‖ textless < textgreater > lt < gt >
    textbackslash ∖ textasciitilde ~ textasciicircum ^ textasciigrave ` textunderscore _
    textbraceleft { textbraceright } textquotesingle ' textquotedbl " textquoteleft ‘
    textquoteright ’ textquotedblleft “ textquotedblright ” lq ‘ rq ’ guillemotleft «
    guillemotright » quotedblbase „ quotesinglbase ‚ textendash – textemdash — texttimes ×
    textpm ± textrightarrow → textleftarrow ← textuparrow ↑ textdownarrow ↓ textonehalf ½
    textonequarter ¼ textthreequarters ¾ textsection § textparagraph ¶ textdagger † textexclamdown ¡
    textquestiondown ¿ texttwosuperior ² textthreesuperior ³ textonesuperior ¹ textordfeminine ª
    textordmasculine º textnumero № textasteriskcentered * textperthousand ‰ slash / And & Colon ∷
    LaTeX LaTeX TeX TeX LaTeXe LaTeX2e BibTeX BibTeX XeTeX XeTeX eg e.g. ie i.e. etc etc. cf cf.
    vs vs. viz viz. aka a.k.a. wrt w.r.t. resp resp. iid i.i.d. item •
    cmark ✓ xmark ✗ percent % ampersand & HY -
""")
"""Macros that stand for what is written here, wherever they stand."""

PREFIXES = frozenset("∀∃∄¬⌊⌈⟨⟦")
"""Symbols that stand directly before what they belong to."""

FUNCTIONS = _words("""
    arccos arcsin arctan arg argmax argmin cos cosh cot coth csc deg det dim exp gcd hom inf
    injlim ker lg lim liminf limsup ln log max min mod bmod Pr projlim sec sin sinh sup tan tanh
    softmax sigmoid sign sgn tr Tr rank diag poly polylog Var Cov
""")
"""Upright names in formulas: ``n\\log n`` reads ``n log n``."""

SPACES = _words("""
    quad qquad enspace enskip thinspace medspace thickspace space newline
    linebreak hfill hfil break smallskip medskip bigskip nobreakspace
""")

SWITCHES = _words("""
    bf it em rm tt sf sc sl cal mit bfseries itshape rmfamily ttfamily sffamily scshape slshape
    upshape mdseries normalfont normalsize tiny scriptsize footnotesize small large Large LARGE
    huge Huge boldmath unboldmath displaystyle textstyle scriptstyle scriptscriptstyle centering
    raggedright noindent indent sloppy fussy xspace protect relax limits nolimits null
    nonumber notag middle big Big bigg Bigg bigl Bigl biggl Biggl bigr Bigr biggr Biggr
    bigm Bigm biggm Biggm negthinspace allowbreak nobreak newpage clearpage maketitle makeatletter
    leavevmode strut hfuzz string ignorespaces unskip
""")
"""Macros that only set a style or a size: nothing of them is text."""

SETTINGS = {
    "textcolor": 1, "colorbox": 1, "fcolorbox": 2, "scalebox": 1, "raisebox": 1, "resizebox": 2,
    "rotatebox": 1, "fontsize": 2, "color": 1, "hspace": 1, "vspace": 1, "label": 1, "end": 1,
    "pagestyle": 1, "thispagestyle": 1, "selectlanguage": 1, "foreignlanguage": 1, "setlength": 2,
    "definecolor": 3, "phantom": 1, "hphantom": 1, "vphantom": 1, "leftroot": 1, "uproot": 1,
    "hypersetup": 1, "cellcolor": 1, "rowcolor": 1,
}  # fmt: skip
"""How many first arguments of a macro are settings (a colour, a length, a name), not text."""

TEXT_MACROS = _words("""
    emph textbf textit texttt textsc textsf textsl textrm textmd textup textnormal text mbox hbox
    fbox underline uline ul sout hl enquote lowercase uppercase MakeUppercase MakeLowercase
""")
"""Macros that show their one argument, a text even in formulas."""

MATH_MACROS = _words("""
    mathrm mathit mathbf mathsf mathtt mathcal mathscr mathfrak mathnormal mathbbm mathop mathbin
    mathrel mathord mathopen mathclose mathpunct mathinner boldsymbol bm pmb ensuremath smash
    overbrace underbrace
""")
"""Macros that show their one argument, in a formula a part of it."""

CITATIONS = _words("""
    cite citep citet citealt citealp citeauthor citeyear citeyearpar citenum parencite textcite
    autocite footcite onlinecite
""")
"""Macros whose argument, keys of references, is shown in square brackets."""

NOTES = _words("footnote footnotetext thanks marginpar tablefootnote")
"""Macros whose argument is shown in round brackets."""

ACCENTS = {
    "'": "\u0301", "`": "\u0300", "^": "\u0302", '"': "\u0308", "~": "\u0303", "=": "\u0304",
    ".": "\u0307", "u": "\u0306", "v": "\u030c", "H": "\u030b", "c": "\u0327", "k": "\u0328",
    "r": "\u030a", "d": "\u0323", "b": "\u0331", "t": "\u0361",
}  # fmt: skip
"""Text accents to combining marks."""

MATH_ACCENTS = {
    "hat": "\u0302", "widehat": "\u0302", "tilde": "\u0303", "widetilde": "\u0303",
    "bar": "\u0304", "overline": "\u0304", "dot": "\u0307", "ddot": "\u0308", "vec": "\u20d7",
    "overrightarrow": "\u20d7", "check": "\u030c", "breve": "\u0306", "acute": "\u0301",
    "grave": "\u0300", "mathring": "\u030a", "wt": "\u0303", "wh": "\u0302",
}  # fmt: skip
"""Accents in formulas to combining marks; put on one character only."""

DOUBLE_STRUCK = dict(zip("CHNPQRZ", "ℂℍℕℙℚℝℤ", strict=True)) | {"1": "𝟙"}

DINGS = {
    "51": "✓", "52": "✔", "53": "✕", "54": "✖", "55": "✗", "56": "✘", "72": "★",
    **{str(172 + n): chr(0x2460 + n) for n in range(10)},  # circled digits
    **{str(182 + n): chr(0x2776 + n) for n in range(10)},  # negative circled digits
    **{str(192 + n): chr(0x2780 + n) for n in range(10)},  # circled sans-serif digits
    **{str(202 + n): chr(0x278A + n) for n in range(10)},  # negative circled sans-serif digits
}  # fmt: skip
"""Characters of the pifont package by number."""


def character(name: str) -> str | None:
    """Return the character that a macro stands for, outside formulas too."""
    for table in (SYMBOLS, LETTERS, RELATIONS, OPERATORS):
        if name in table:
            return table[name]
    return None
