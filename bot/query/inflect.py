"""English inflections: which written words are forms of one word, and no further relatives.

``train`` is trains, trained and training; never trainer. ``experience`` is not experiment, ``new``
is not news. Rules make the forms; tables hold what no rule gives. A form that nobody writes does no
harm, it only finds nothing, so the rules may offer ``traine`` beside ``train``; what they must not
offer is another word (*unit* and *united*), and `OWN` keeps those apart.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType

LEAST_LETTERS = 3  # shorter ones are acronyms and symbols: GP is not GPS


@lru_cache(maxsize=1 << 13)  # what is searched for; 0.4 kB each
def inflections(word: str) -> tuple[str, ...]:
    """Return ``word``, in small letters, and its other forms, in no particular order."""
    return _inflect(word)


def _inflect(word: str) -> tuple[str, ...]:
    if len(word) < LEAST_LETTERS or not (word.isascii() and word.isalpha()) or word in UNCHANGED:
        return (word,)
    forms = dict.fromkeys(form for lemma in _lemmas(word) for form in _forms(lemma))
    return (word, *(form for form in forms if form != word))


@lru_cache(maxsize=1 << 15)  # of a month of 10,000 papers, 98 % of the words
def lemma_of(word: str) -> str:
    """Return the form under which a dictionary has ``word``: the shortest."""
    return min(_inflect(word), key=lambda form: (len(form), form))


# From a form to the words that it may be a form of


def _lemmas(word: str) -> Sequence[str]:
    if word in _LEMMAS:
        return _LEMMAS[word]
    if word in OWN:
        return (word,)
    found = [
        each for each in _regular(word) if len(each) >= LEAST_LETTERS and each not in UNCHANGED
    ]
    return found or (word,)


def _regular(word: str) -> Sequence[str]:
    if word.endswith("s"):
        singulars = _singulars(word)
        return [base for each in singulars for base in (_gerund(each) or (each,))]
    verbs = [base for base in (*_gerund(word), *_past(word)) if base not in _NOUNS]
    return verbs or (word,)


def _singulars(word: str) -> Sequence[str]:
    if word.endswith("ies"):
        return (f"{word[:-3]}y", word[:-1]) if len(word) > 4 else (word[:-1],)
    if word.endswith(("sses", "xes", "zzes")) or word[:-2] in _PLURAL_IN_ES:
        return (word[:-2],)
    if word.endswith("ses"):
        return (word[:-1], f"{word[:-2]}is")
    if word.endswith(("ches", "shes", "oes")):
        return (word[:-2], word[:-1])
    if word.endswith(("ss", "us", "is", "ics")) and word not in _PLURALS:
        return (word,)
    return (word[:-1],)


def _gerund(word: str) -> Sequence[str]:
    if not word.endswith("ing") or word in OWN or not _VOWEL.search(word[:-3]):
        return ()
    stem = word[:-3]
    if stem.endswith("y") and len(stem) <= 2:  # dying, lying, tying
        return (f"{stem[:-1]}ie",)
    return _bases(stem)


def _past(word: str) -> Sequence[str]:
    if not word.endswith("ed") or len(word) < 4:
        return ()
    if word.endswith("ied"):
        return (f"{word[:-3]}y",) if len(word) > 4 else (word[:-1],)
    if word.endswith("eed"):
        return (word[:-1],) if word[:-1] in _IN_EE else ()
    return _bases(word[:-2]) if _VOWEL.search(word[:-2]) else ()


def _bases(stem: str) -> Sequence[str]:
    """Give back what ``-ed`` and ``-ing`` hid: an e, or one of two consonants; or nothing."""
    if len(stem) > 2 and stem[-1] == stem[-2] and stem[-1] not in "aeiou":
        if stem in _DOUBLED or (stem[-1] in "lszf" and _is_short(stem)):
            return (stem,)
        return (stem, stem[:-1]) if stem[-1] in "lszf" else (stem[:-1],)
    if stem.endswith(("ee", "oe", "ye", "y", "i", "w", "x")):
        return (stem,)
    if _SHORT.fullmatch(stem) or _HIDES_E.search(stem):  # hoping is not of hop: that is hopping
        return (f"{stem}e",)
    return (stem, f"{stem}e")


_VOWEL = re.compile("[aeiouy]")
_SHORT = re.compile(r"(?:[^aeiou]|(?<=q)u)*[aeiouy][^aeiouywx]")
"""One vowel and one consonant at the end of a single syllable."""
_HIDES_E = re.compile(r"[^aeiourlw]l$|[uvcz]$|dg$")


def _is_short(stem: str) -> bool:
    return len(re.findall("[aeiouy]+", stem)) == 1


# From a word to its forms


def _forms(lemma: str) -> Iterator[str]:
    yield lemma
    yield from _IRREGULAR.get(lemma, ())
    for form in _regular_forms(lemma):
        if form not in OWN and form not in UNCHANGED:
            yield form


def _regular_forms(lemma: str) -> Iterator[str]:
    yield from _plurals(lemma)
    is_plural = lemma.endswith("s") and not lemma.endswith("ss") and lemma not in _PLURAL_IN_ES
    if lemma in _NOUNS or is_plural:
        return
    stems = list(_stems(lemma))
    for stem in stems:
        yield f"{stem}ing"
        yield f"{stem}ings"
    if lemma in _STRONG:
        return
    if _CONSONANT_Y.search(lemma):
        yield f"{lemma[:-1]}ied"
    elif lemma.endswith("e"):
        yield f"{lemma}d"
    else:
        yield from (f"{stem}ed" for stem in stems)


def _plurals(lemma: str) -> Iterator[str]:
    if lemma.endswith(("sis", "xis")):
        yield f"{lemma[:-2]}es"
    elif lemma.endswith(("ss", "x", "z", "ch", "sh")) or lemma in _PLURAL_IN_ES:
        yield f"{lemma}es"
        if lemma.endswith("ch"):
            yield f"{lemma}s"
    elif _CONSONANT_Y.search(lemma):
        yield f"{lemma[:-1]}ies"
    elif not lemma.endswith(("s", "ic")) or lemma in _IN_IC:
        yield f"{lemma}s"
        if lemma.endswith("o"):
            yield f"{lemma}es"


def _stems(lemma: str) -> Iterator[str]:
    """Return what stands before ``-ing``."""
    if lemma.endswith("ie"):
        yield f"{lemma[:-2]}y"
    elif lemma.endswith("e") and not lemma.endswith(("ee", "oe", "ye")):
        yield lemma[:-1]
    elif _SHORT.fullmatch(lemma):
        yield lemma + lemma[-1]
    else:
        yield lemma
        if _MAY_DOUBLE.search(lemma):
            yield lemma + lemma[-1]


_CONSONANT_Y = re.compile(r"[^aeiou]y$")
_MAY_DOUBLE = re.compile(r"(?:[^aeiou]|qu)[aeiou][bdglmnprt]$")


def _table(text: str) -> Mapping[str, tuple[str, ...]]:
    lines = (line.split() for line in text.strip().splitlines())
    return MappingProxyType({first: tuple(others) for first, *others in lines})


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# fmt: off
UNCHANGED = _words("""
    a about above after again against all along already also although always am among an and another
    any are as at away be because been before behind being below beneath beside besides between
    beyond both but by can cannot could did do does done down during each either else ever every
    few for from had has have having he hence her here hers him his how however i if in indeed into
    is it its itself just least less lot many may me might more most much must my near neither never
    no nor not now of off often on once one only onto or other others otherwise our ours out over
    own past per perhaps quite rather same seldom several shall she should since so some such than
    that the their them then there therefore these they this those though three through throughout
    thus to together too toward towards two under until up upon us very via was we well were what
    when whence where whereas whether which while who whole whom whose why will with within without
    would yes yet you your news sans
""")
"""Words without other forms that anybody searches for, above all those that only join others."""

OWN = _words("""
    news evening morning ceiling nothing something anything everything thing string spring
    king ring wing sting sling swing cling fling bring during sibling offspring sterling lightning
    pudding outing inning innings earring viking herring darling wedding bedding cunning
    bed red wed shed sled fed led need feed seed weed heed reed deed creed breed greed speed steed
    bleed exceed proceed succeed hundred sacred naked wicked kindred hatred shred embed biped
    rugged ragged crooked secreted limbed
    debias unbias testbed seabed flatbed hotbed riverbed streambed roadbed waterbed unembed oled
    amoled microled watershed bloodshed quadruped moped infrared inbred purebred crossbred
    thoroughbred bobsled
    bias gas lens atlas alias canvas texas kansas christmas kudos chaos cosmos ethos pathos
    thermos asbestos species series glasses arms goods customs aids gps sms cms rms lhs rhs
    means odds always ours alps andes paris james ones
    physics https
""")
"""Words of their own, though a rule would make them a form of another."""

_PLURAL_IN_ES = _words("""
    gas bias bus lens atlas alias canvas virus focus status campus corpus bonus census consensus
    apparatus nexus citrus sinus cactus circus chorus surplus nucleus radius thesaurus abacus
    stimulus locus genus iris trellis chaos plus prospectus hiatus syllabus octopus fetus mucus
    thrombus isthmus crocus discus
""")

_PLURALS = _words("""
    gpus cpus tpus npus dpus ipus menus emus gurus taus mus nus thesauruses metrics topics
    statistics heuristics characteristics logics graphics mosaics fabrics critics clinics epidemics
    pandemics publics republics cubics conics lyrics plastics ceramics antibiotics mimics picnics
    traffics panics lunatics skeptics tics comics relics skis taxis bikinis
    rubrics tactics geodesics harmonics metaheuristics subtopics
    hifis wikis apis
""")
"""Plurals in -us, -is and -ics, which mostly end words that are none."""

_IN_IC = frozenset(word[:-1] for word in _PLURALS if word.endswith("ics"))
_NOUNS = _words("""
    unit cloth bath breath past even morn ceil the cal mis pos will human secret sibl breed seed
    feed string spring king wing thing evening morning bed red hundred data
    datum media medium mouse mice child woman man news species series
    off out inn kin son one
""")
"""Words that are not verbs, where a verb's ending would make another word of them."""

_IN_EE = _words("agree disagree free decree guarantee referee foresee oversee flee glee tee")
_DOUBLED = _words("add err ebb egg butt purr putt odd boycott watt")

_IRREGULAR = _table("""
    analysis analyses
    appendix appendices
    arise arose arisen
    automaton automata
    awake awoke awoken
    axis axes
    bacterium bacteria
    beat beaten
    become became
    begin began begun beginning beginnings
    bend bent
    bite bitten
    blow blew blown
    break broke broken
    bring brought bringing
    build built
    buy bought
    catch caught
    child children
    choose chose chosen
    cling clung clinging
    codex codices
    come came
    continuum continua
    corpus corpora
    criterion criteria
    curriculum curricula
    datum data
    deal dealt
    dig dug
    draw drew drawn
    drink drank drunk
    drive drove driven
    eat ate eaten
    eigenbasis eigenbases
    equilibrium equilibria
    erratum errata
    extremum extrema
    fall fallen
    feed fed feeding
    feel felt
    fight fought
    find found
    flee fled
    fly flew flown flies
    focus foci focussed focussing
    foot feet
    forbid forbade forbidden
    forget forgot forgotten
    formula formulae
    freeze froze frozen
    fungus fungi
    genus genera
    get got gotten getting
    give gave given
    go went gone goes going
    grow grew grown
    half halves
    hang hung
    hear heard
    helix helices
    hide hid hidden
    hold held
    index indices
    infimum infima
    keep kept
    knife knives
    know knew known
    larva larvae
    lead led
    leaf leaves
    learn learnt
    leave left
    lemma lemmata
    lend lent
    life lives
    locus loci
    lose lost
    loss losses
    make made making
    man men
    manifold manifolds
    matrix matrices
    maximum maxima
    mean meant
    medium media
    meet met
    memorandum memoranda
    minimum minima
    momentum momenta
    mouse mice
    nebula nebulae
    nova novae
    nucleus nuclei
    optimum optima
    overcome overcame
    pay paid
    person people
    phenomenon phenomena
    polyhedron polyhedra
    prove proven
    quantum quanta
    queue queueing
    quiz quizzes quizzed quizzing
    radius radii
    ride rode ridden
    rise risen
    run ran
    say said
    schema schemata
    seek sought
    self selves
    sell sold
    send sent
    shake shook shaken
    shelf shelves
    show shown
    shrink shrank shrunk
    simplex simplices
    sing sang sung singing
    sink sank sunk
    speak spoken
    spectrum spectra
    spend spent
    spin spun
    spring sprung
    stand stood
    steal stole stolen
    stick stuck
    stimulus stimuli
    stratum strata
    string strung
    strike struck
    supernova supernovae
    swim swam swum
    swing swung swinging
    symposium symposia
    take took taken
    teach taught
    tell told
    tetrahedron tetrahedra
    think thought
    throw threw thrown
    tooth teeth
    torus tori
    understand understood
    undergo underwent undergone
    underlie underlying
    vacuum vacua
    vertebra vertebrae
    vertex vertices
    vortex vortices
    wear worn
    weave wove woven
    wife wives
    win won winning winnings
    withdraw withdrew withdrawn
    withstand withstood
    wolf wolves
    woman women
    write wrote written
    bias biases biased biasing
    gas gases
    lens lenses lensed lensing
    basis bases
    base bases based basing
    analyse analyses
    ansatz ansatzes
    axe axes
    debias debiases debiased debiasing
    defocus defocuses defocused defocusing
    demosaic demosaics demosaiced demosaicing demosaicking
    emoji emojis
    plateau plateaus plateaued plateauing
    refocus refocuses refocused refocusing
    relu relus
    sync syncs synced syncing
    see saw seen seeing
""")
_STRONG = _words("""
    arise awake become begin bend blow break bring build buy catch choose cling come deal dig draw
    drink drive eat fall feed feel fight find flee forbid forget freeze get give go grow hear
    hide hold keep know lead leave lend lose make meet pay ride rise run say see seek sell send
    shake shrink sing sink speak spend spin stand steal stick strike swim swing take teach tell
    think throw understand undergo win withdraw withstand write cut hit let put set split cast
    shut spread cost burst overcome hurt quit rid read
""")
_LEMMAS = MappingProxyType({
    **{form: (lemma,) for lemma, forms in _IRREGULAR.items() for form in forms},
    "analyses": ("analysis", "analyse"), "bases": ("base", "basis"), "axes": ("axis", "axe"),
    "found": ("find", "found"), "left": ("left",), "saw": ("see", "saw"),
    "leaves": ("leaf", "leave"),
    "lives": ("life", "live"), "thought": ("think", "thought"), "ate": ("ate",), "met": ("meet",),
    "based": ("base",), "basing": ("base",), "ran": ("run",), "dug": ("dig",), "won": ("win",),
    "uniting": ("unite",), "unites": ("unite",), "bent": ("bend",), "lent": ("lend",),
    "people": ("person",), "spun": ("spin",), "hung": ("hang",), "stole": ("steal",),
    "going": ("go",), "getting": ("get",), "led": ("lead",), "fed": ("feed",), "data": ("data",),
    "goes": ("go",), "flies": ("fly",), "quanta": ("quantum",), "media": ("media", "medium"),
})
"""Irregular forms, and those of two words; first what a word that is left out here would be."""
# fmt: on
