"""What TeX macros stand for: the tables of ``tex``, kept apart because they are data.

Macro names are those of LaTeX, amssymb, textcomp and pifont; the characters are Unicode's own
(https://www.unicode.org/charts/, blocks Greek, Mathematical Operators, Arrows).
"""


def pairs(table: str) -> dict[str, str]:
    """Read ``name character`` pairs, separated by blanks."""
    words = table.split()
    return dict(zip(words[::2], words[1::2], strict=True))


def words(names: str) -> frozenset[str]:
    return frozenset(names.split())


LETTERS = pairs("""
    alpha α beta β gamma γ delta δ epsilon ε varepsilon ε zeta ζ eta η theta θ vartheta ϑ iota ι
    kappa κ varkappa ϰ lambda λ mu μ nu ν xi ξ omicron ο pi π varpi ϖ rho ρ varrho ϱ sigma σ
    varsigma ς tau τ upsilon υ phi φ varphi φ chi χ psi ψ omega ω digamma ϝ
    Gamma Γ Delta Δ Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ Upsilon Υ Phi Φ Psi Ψ Omega Ω
    varGamma Γ varDelta Δ varTheta Θ varLambda Λ varXi Ξ varPi Π varSigma Σ varUpsilon Υ varPhi Φ
    varPsi Ψ varOmega Ω
    ell ℓ hbar ħ hslash ℏ imath ı jmath ȷ Re ℜ Im ℑ wp ℘ aleph ℵ beth ℶ gimel ℷ daleth ℸ eth ð
    partial ∂ nabla ∇ infty ∞ emptyset ∅ varnothing ∅ mho ℧ complement ∁ Bbbk 𝕜
    textalpha α textbeta β textgamma γ textdelta δ textlambda λ texttheta θ textphi ɸ
    upalpha α upbeta β upgamma γ updelta δ upepsilon ε upzeta ζ upeta η uptheta θ upiota ι
    upkappa κ uplambda λ upmu μ upnu ν upxi ξ uppi π uprho ρ upsigma σ uptau τ upphi φ upchi χ
    uppsi ψ upomega ω
    Upgamma Γ Updelta Δ Uptheta Θ Uplambda Λ Upxi Ξ Uppi Π Upsigma Σ Upphi Φ Uppsi Ψ Upomega Ω
    Alpha Α Beta Β Epsilon Ε Zeta Ζ Eta Η Iota Ι Kappa Κ Mu Μ Nu Ν Omicron Ο Rho Ρ Tau Τ Chi Χ
    Finv Ⅎ Game ⅁ backepsilon ϶ circledS Ⓢ
""")
"""Macros that stand for one letter-like character."""

NUMBERS = pairs("""
    R ℝ Z ℤ Q ℚ N ℕ C ℂ RR ℝ ZZ ℤ QQ ℚ NN ℕ CC ℂ PP ℙ reals ℝ Reals ℝ
""")
"""Names that authors of all fields give to the sets of numbers; known in formulas only."""

NATIONAL = pairs("""
    ss ß SS ẞ o ø O Ø l ł L Ł ae æ AE Æ oe œ OE Œ aa å AA Å i ı j ȷ dh ð DH Ð th þ TH Þ
    dj đ DJ Đ ng ŋ NG Ŋ textmu µ textohm Ω
""")
"""Text letters: TeX swallows the blank after them, as in ``Stra\\ss e``."""

RELATIONS = pairs("""
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
    rightsquigarrow ⇝ leadsto ⇝ twoheadrightarrow ↠ rightarrowtail ↣
    dashrightarrow ⇢ dashleftarrow ⇠ multimap ⊸ rightrightarrows ⇉ leftrightarrows ⇆
    rightleftarrows ⇄ nrightarrow ↛ nleftarrow ↚ nRightarrow ⇏ nLeftarrow ⇍ nLeftrightarrow ⇎ mid |
    given | leqq ≦ geqq ≧ nleq ≰ ngeq ≱ nless ≮ ngtr ≯ lneq ⪇ gneq ⪈ lessapprox ⪅ gtrapprox ⪆
    precsim ≾ succsim ≿ nprec ⊀ nsucc ⊁ nsupseteq ⊉ sqsupset ⊐ subseteqq ⫅ supseteqq ⫆ Subset ⋐
    Supset ⋑ nvdash ⊬ nvDash ⊭ vartriangleleft ⊲ vartriangleright ⊳ circeq ≗ eqcirc ≖ bumpeq ≏
    Bumpeq ≎ nVdash ⊮ nVDash ⊯ Vvdash ⊪ VDash ⊫ supsetneqq ⫌ subsetneqq ⫋ varsubsetneq ⊊
    varsupsetneq ⊋
    backsim ∽ backsimeq ⋍ between ≬ pitchfork ⋔ doteqdot ≑ Doteq ≑
    fallingdotseq ≒ risingdotseq ≓ lessdot ⋖ gtrdot ⋗ lesseqgtr ⋚ gtreqless ⋛ lnsim ⋦ gnsim ⋧
    lneqq ≨ gneqq ≩ lnapprox ⪉ gnapprox ⪊ precapprox ⪷ succapprox ⪸ npreceq ⋠ nsucceq ⋡ ncong ≇
    nsim ≁ nsubset ⊄ nsupset ⊅ ntriangleleft ⋪ ntriangleright ⋫ ntrianglelefteq ⋬
    ntrianglerighteq ⋭ nleftrightarrow ↮ leftleftarrows ⇇ upuparrows ⇈ downdownarrows ⇊
    leftarrowtail ↢ twoheadleftarrow ↞ looparrowleft ↫ looparrowright ↬ leftrightsquigarrow ↭
    leftrightharpoons ⇋ upharpoonleft ↿ upharpoonright ↾ downharpoonleft ⇃ downharpoonright ⇂
    restriction ↾ longleadsto ⟿ mapsfrom ↤ longmapsfrom ⟻ Lleftarrow ⇚ Rrightarrow ⇛ owns ∋
    eqsim ≂ coloneqq ≔ eqqcolon ≕ Coloneqq ⩴ dblcolon ∷ vcentcolon : defeq ≔ eqdef ≔ triangleeq ≜
    lessapprox ⪅ apprle ≲ apprge ≳ dasharrow ⇢ longhookrightarrow ↪
""")
"""Macros set with a blank on either side."""

OPERATORS = pairs("""
    times × div ÷ pm ± mp ∓ cdot · ast ∗ star ⋆ circ ∘ bullet • oplus ⊕ ominus ⊖ otimes ⊗ oslash ⊘
    odot ⊙ cap ∩ cup ∪ sqcap ⊓ sqcup ⊔ uplus ⊎ wedge ∧ land ∧ vee ∨ lor ∨ setminus ∖
    smallsetminus ∖ backslash ∖ wr ≀ amalg ⨿ dagger † ddagger ‡ diamond ⋄ Diamond ◇ lozenge ◊
    boxplus ⊞ boxminus ⊟ boxtimes ⊠ boxdot ⊡ ltimes ⋉ rtimes ⋊ bigcirc ◯ circledast ⊛
    circledcirc ⊚ triangle △ bigtriangleup △ bigtriangledown ▽ triangledown ▽ triangleleft ◃
    triangleright ▹ intercal ⊺ veebar ⊻ barwedge ⊼ dotplus ∔
    curlyvee ⋎ curlywedge ⋏ circleddash ⊝ divideontimes ⋇ Cap ⋒ Cup ⋓ leftthreetimes ⋋
    rightthreetimes ⋌ doublebarwedge ⩞ centerdot ·
    blackdiamond ⬥ blacklozenge ⧫ varbigcirc ◯ cupdot ⊍
""")
"""Macros set with a blank behind them if their author put one before."""

SYMBOLS = {"etal": "et al."} | pairs("""
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
    textbackslash ∖ textasciicircum ^ textasciigrave ` textunderscore _
    textbraceleft { textbraceright } textquotesingle ' textquotedbl " textquoteleft ‘
    textquoteright ’ textquotedblleft “ textquotedblright ” lq ‘ rq ’ guillemotleft «
    guillemotright » quotedblbase „ quotesinglbase ‚ textendash – textemdash — texttimes ×
    textpm ± textrightarrow → textleftarrow ← textuparrow ↑ textdownarrow ↓ textonehalf ½
    textonequarter ¼ textthreequarters ¾ textsection § textparagraph ¶ textdagger † textexclamdown ¡
    textquestiondown ¿ texttwosuperior ² textthreesuperior ³ textonesuperior ¹ textordfeminine ª
    textordmasculine º textnumero № textasteriskcentered * textperthousand ‰ slash / And & Colon ∷
    Lsh ↰ Rsh ↱ sphericalangle ∢ rightangle ∟ diagup ╱ diagdown ╲ llcorner ⌞ lrcorner ⌟
    lmoustache ⎰ rmoustache ⎱ lgroup ⟮ rgroup ⟯ blacktriangleleft ◂ blacktriangleright ▸
    oiint ∯ oiiint ∰ iiiint ⨌ bigtimes ⨉ bigcupdot ⨃ bigsqcap ⨅ eighthnote ♪ male ♂ female ♀
    sun ☉ earth ⊕ Sun ☉ Earth ⊕ arcdeg ° degr ° arcmin ′ arcsec ″ micron µm angstrom Å
    fdg .° farcm .′ farcs .″ fh .ʰ fm .ᵐ fs .ˢ
    textwon ₩ textlira ₤ textpeso ₱ textbaht ฿ textdong ₫ textnaira ₦ textflorin ƒ textcurrency ¤
    textbrokenbar ¦ textlnot ¬ textmp ∓ textdiv ÷ textmho ℧ textordmasculine º
    textfractionsolidus ⁄ textinterrobang ‽ textreferencemark ※ textservicemark ℠ textestimated ℮
    textpertenthousand ‱ textrecipe ℞ textmusicalnote ♪ textbigcircle ◯ textdaggerdbl ‡
    textlangle 〈 textrangle 〉 textasciiacute ´ textasciimacron ¯ textasciidieresis ¨
    IJ Ĳ ij ĳ
    LaTeX LaTeX TeX TeX LaTeXe LaTeX2e BibTeX BibTeX XeTeX XeTeX eg e.g. ie i.e. etc etc. cf cf.
    vs vs. viz viz. aka a.k.a. wrt w.r.t. resp resp. iid i.i.d. item •
    cmark ✓ xmark ✗ percent % ampersand & HY -
""")
"""Macros that stand for what is written here, wherever they stand."""

PREFIXES = frozenset("∀∃∄¬⌊⌈⟨⟦")
"""Symbols that stand directly before what they belong to."""

FUNCTIONS = words("""
    arccos arcsin arctan arg argmax argmin cos cosh cot coth csc deg det dim exp gcd hom inf
    injlim ker lg lim liminf limsup ln log max min Pr projlim sec sin sinh sup tan tanh arccot
    arcsinh arccosh arctanh arcsec arccsc sech csch softmax sigmoid sign sgn tr Tr Trace rank diag
    poly polylog Var Cov varliminf varlimsup varinjlim varprojlim erf erfc Res lcm
""")
"""Upright names in formulas: ``n\\log n`` reads ``n log n``."""

SPACES = words("""
    quad qquad enspace enskip thinspace medspace thickspace space newline
    linebreak hfill hfil vfill vfil break smallskip medskip bigskip nobreakspace nolinebreak
    tabularnewline cr crcr hline toprule midrule bottomrule hss quads
""")

SWITCHES = words("""
    bf it em rm tt sf sc sl cal mit bfseries itshape rmfamily ttfamily sffamily scshape slshape
    upshape mdseries normalfont normalsize tiny scriptsize footnotesize small large Large LARGE
    huge Huge boldmath unboldmath displaystyle textstyle scriptstyle scriptscriptstyle centering
    raggedright noindent indent sloppy fussy xspace protect relax limits nolimits null
    nonumber notag middle big Big bigg Bigg bigl Bigl biggl Biggl bigr Bigr biggr Biggr
    bigm Bigm biggm Biggm negthinspace allowbreak nobreak newpage clearpage maketitle makeatletter
    leavevmode strut hfuzz string ignorespaces unskip negmedspace negthickspace mathstrut
    displaylimits expandafter selectfont bgroup egroup begingroup endgroup null relax footnotesize
    bold boldfont eject pagebreak newpage vfill maketitle tableofcontents
    appendix frenchspacing nonfrenchspacing obeylines global long xspace singlespacing
    doublespacing onehalfspacing flushleft flushright makeatother endinput
""")
"""Macros that only set a style or a size: nothing of them is text."""

SETTINGS = {
    "textcolor": 1, "colorbox": 1, "fcolorbox": 2, "scalebox": 1, "raisebox": 1, "resizebox": 2,
    "rotatebox": 1, "fontsize": 2, "color": 1, "label": 1, "end": 1,
    "pagestyle": 1, "thispagestyle": 1, "selectlanguage": 1, "foreignlanguage": 1, "setlength": 2,
    "addtolength": 2, "setcounter": 2, "addtocounter": 2, "definecolor": 3, "phantom": 1,
    "hphantom": 1, "vphantom": 1, "leftroot": 1, "uproot": 1, "hypersetup": 1, "cellcolor": 1,
    "rowcolor": 1, "columncolor": 1, "pagecolor": 1, "rule": 2, "includegraphics": 1, "input": 1,
    "include": 1, "bibliography": 1, "bibliographystyle": 1, "usepackage": 1, "documentclass": 1,
    "multicolumn": 2, "multirow": 2, "parbox": 1, "adjustbox": 1, "newcommand": 2,
    "renewcommand": 2, "providecommand": 2, "newenvironment": 3, "renewenvironment": 3,
    "DeclareMathOperator": 2, "index": 1, "nocite": 1, "hyphenation": 1, "pdfbookmark": 2,
    "hypertarget": 1, "hyperlink": 1, "cline": 1, "cmidrule": 1, "markboth": 2, "markright": 1,
    "fontfamily": 1, "fontseries": 1, "fontshape": 1, "linespread": 1, "pagenumbering": 1,
    "colorlet": 2, "textls": 1, "textscale": 1, "setstretch": 1,
}  # fmt: skip
"""How many first arguments of a macro are settings (a colour, a length, a name), not text."""

TEXT_MACROS = words("""
    emph textbf textit texttt textsc textsf textsl textrm textmd textup textnormal text mbox hbox
    fbox underline uline ul sout hl enquote lowercase uppercase MakeUppercase MakeLowercase
    textquote blockquote makebox framebox vbox vtop uuline uwave xout dashuline st so caps textln
    textsw textulc textssc textlf intertext shortintertext hyperref nohyphens path
""")
"""Macros that show their one argument, a text even in formulas."""

MATH_MACROS = words("""
    mathrm mathit mathbf mathsf mathtt mathcal mathscr mathfrak mathnormal mathbbm mathop mathbin
    mathrel mathord mathopen mathclose mathpunct mathinner boldsymbol bm pmb ensuremath smash
    overbrace underbrace overbracket underbracket underbar mathbfit mathsfit mathup mathbfcal
    mathpzc mathbfsf symbf symbfit symrm symcal EuScript llap rlap clap mathllap mathrlap mathclap
    cramped vcenter boxed frak bold
""")
"""Macros that show their one argument, in a formula a part of it."""

MARKS = words("""
    title author date abstract keywords section subsection subsubsection paragraph subparagraph
    chapter caption center centerline leftline rightline
    ac acp acs acsp acl aclp acf acfp acro acrshort acrlong acrfull Ac Acp gls Gls GLS glspl Glspl
    red blue green cyan magenta orange purple violet brown teal gray grey black white
    new add added edit edited change changed rev revise revised revision revisions review reviewed
    R highlight mark marked todo comment code codeword q quoted term taco zhize port texit
    bb bs mc mcal scr Cal mat mbf mrm msf boldvec mahtit
""")
"""Names that packages and authors give to acronyms, headings, colours, revisions and alphabets:
they show the groups behind them; without one they are names like any other."""

DELIMITERS = {
    "abs": "|…|", "envert": "|…|", "card": "|…|", "norm": "‖…‖", "Norm": "‖…‖", "enVert": "‖…‖",
    "ket": "|…⟩", "Ket": "|…⟩", "bra": "⟨…|", "Bra": "⟨…|",
    "ev": "⟨…⟩", "expval": "⟨…⟩", "expect": "⟨…⟩", "expectation": "⟨…⟩", "mean": "⟨…⟩",
    "avg": "⟨…⟩", "average": "⟨…⟩", "vev": "⟨…⟩", "inner": "⟨…⟩", "inp": "⟨…⟩", "inprod": "⟨…⟩",
    "innerprod": "⟨…⟩", "innerproduct": "⟨…⟩", "dotp": "⟨…⟩", "ip": "⟨…⟩", "iprod": "⟨…⟩",
    "scal": "⟨…⟩", "floor": "⌊…⌋", "ceil": "⌈…⌉", "set": "{…}", "Set": "{…}", "paren": "(…)",
    "pqty": "(…)", "bqty": "[…]", "vqty": "|…|", "brk": "[…]", "comm": "[…]", "commutator": "[…]",
    "acomm": "{…}", "anticommutator": "{…}", "order": "O(…)", "bigO": "O(…)", "BigO": "O(…)",
    "proj": "|…⟩⟨…|",
}  # fmt: skip
"""Macros that set their arguments between two signs, by the names of braket, mathtools, physics
and of most authors; without an argument they are names like any other."""

CITATIONS = words("""
    cite citep citet citealt citealp citeauthor citeyear citeyearpar citenum parencite textcite
    autocite footcite onlinecite Citet Citep Cite shortcite citeA citeN citenp fullcite supercite
    smartcite citefullauthor citetext citetalias citepalias bibcite ref autoref cref Cref vref
    pageref nameref fref subref labelcref namecref
""")
"""Macros whose argument, keys of references, is shown in square brackets."""

NOTES = words("""
    footnote footnotetext thanks marginpar tablefootnote marginnote sidenote endnote tag eqref
""")
"""Macros whose argument is shown in round brackets."""

ACCENTS = {
    "'": "\u0301", "`": "\u0300", "^": "\u0302", '"': "\u0308", "~": "\u0303", "=": "\u0304",
    ".": "\u0307", "u": "\u0306", "v": "\u030c", "H": "\u030b", "c": "\u0327", "k": "\u0328",
    "r": "\u030a", "d": "\u0323", "b": "\u0331", "t": "\u0361",
}  # fmt: skip
"""Text accents to combining marks."""

MATH_ACCENTS = {
    "hat": "\u0302", "widehat": "\u0302", "tilde": "\u0303", "widetilde": "\u0303",
    "bar": "\u0304", "overline": "\u0305", "dot": "\u0307", "ddot": "\u0308", "vec": "\u20d7",
    "overrightarrow": "\u20d7", "overleftarrow": "\u20d6", "overleftrightarrow": "\u20e1",
    "check": "\u030c", "widecheck": "\u030c", "breve": "\u0306", "acute": "\u0301",
    "grave": "\u0300", "mathring": "\u030a", "dddot": "\u20db", "ddddot": "\u20dc",
    "utilde": "\u0330", "wt": "\u0303", "wh": "\u0302", "overbar": "\u0305", "ol": "\u0305",
    "wideparen": "\u0311", "cancel": "\u0338", "slashed": "\u0338", "xcancel": "\u0338",
    "bcancel": "\u0338", "Hat": "\u0302", "Tilde": "\u0303", "Bar": "\u0304", "Vec": "\u20d7",
    "Dot": "\u0307", "Ddot": "\u0308", "Check": "\u030c", "Breve": "\u0306",
}  # fmt: skip
"""Accents of formulas to combining marks."""

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


NAMES = frozenset().union(
    LETTERS, NATIONAL, RELATIONS, OPERATORS, SYMBOLS, FUNCTIONS, SPACES, SWITCHES, SETTINGS,
    TEXT_MACROS, MATH_MACROS, CITATIONS, NOTES, ACCENTS, MATH_ACCENTS,
)  # fmt: skip
"""The macros of LaTeX and its packages that a table knows; an author's own are not among them."""
