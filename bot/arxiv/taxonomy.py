"""ArXiv's categories, archives and aliases, as data (https://arxiv.org/category_taxonomy).

Six categories are second names of another one; arXiv lists their papers under both. The first
name is called canonical here, as in arXiv's own tables (arXiv/arxiv-base,
``arxiv/taxonomy/definitions.py``).
"""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from bot.errors import UnknownCategory


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """An archive: its English name, and the group that arXiv's OAI-PMH sets put it in."""

    name: str
    group: str


ARCHIVES: Mapping[str, Archive] = MappingProxyType(
    {
        "astro-ph": Archive(name="Astrophysics", group="physics"),
        "cond-mat": Archive(name="Condensed Matter", group="physics"),
        "cs": Archive(name="Computer Science", group="cs"),
        "econ": Archive(name="Economics", group="econ"),
        "eess": Archive(name="Electrical Engineering and Systems Science", group="eess"),
        "gr-qc": Archive(name="General Relativity and Quantum Cosmology", group="physics"),
        "hep-ex": Archive(name="High Energy Physics - Experiment", group="physics"),
        "hep-lat": Archive(name="High Energy Physics - Lattice", group="physics"),
        "hep-ph": Archive(name="High Energy Physics - Phenomenology", group="physics"),
        "hep-th": Archive(name="High Energy Physics - Theory", group="physics"),
        "math": Archive(name="Mathematics", group="math"),
        "math-ph": Archive(name="Mathematical Physics", group="physics"),
        "nlin": Archive(name="Nonlinear Sciences", group="physics"),
        "nucl-ex": Archive(name="Nuclear Experiment", group="physics"),
        "nucl-th": Archive(name="Nuclear Theory", group="physics"),
        "physics": Archive(name="Physics", group="physics"),
        "q-bio": Archive(name="Quantitative Biology", group="q-bio"),
        "q-fin": Archive(name="Quantitative Finance", group="q-fin"),
        "quant-ph": Archive(name="Quantum Physics", group="physics"),
        "stat": Archive(name="Statistics", group="stat"),
    }
)

CATEGORIES: Mapping[str, str] = MappingProxyType(
    {
        "astro-ph.CO": "Cosmology and Nongalactic Astrophysics",
        "astro-ph.EP": "Earth and Planetary Astrophysics",
        "astro-ph.GA": "Astrophysics of Galaxies",
        "astro-ph.HE": "High Energy Astrophysical Phenomena",
        "astro-ph.IM": "Instrumentation and Methods for Astrophysics",
        "astro-ph.SR": "Solar and Stellar Astrophysics",
        "cond-mat.dis-nn": "Disordered Systems and Neural Networks",
        "cond-mat.mes-hall": "Mesoscale and Nanoscale Physics",
        "cond-mat.mtrl-sci": "Materials Science",
        "cond-mat.other": "Other Condensed Matter",
        "cond-mat.quant-gas": "Quantum Gases",
        "cond-mat.soft": "Soft Condensed Matter",
        "cond-mat.stat-mech": "Statistical Mechanics",
        "cond-mat.str-el": "Strongly Correlated Electrons",
        "cond-mat.supr-con": "Superconductivity",
        "cs.AI": "Artificial Intelligence",
        "cs.AR": "Hardware Architecture",
        "cs.CC": "Computational Complexity",
        "cs.CE": "Computational Engineering, Finance, and Science",
        "cs.CG": "Computational Geometry",
        "cs.CL": "Computation and Language",
        "cs.CR": "Cryptography and Security",
        "cs.CV": "Computer Vision and Pattern Recognition",
        "cs.CY": "Computers and Society",
        "cs.DB": "Databases",
        "cs.DC": "Distributed, Parallel, and Cluster Computing",
        "cs.DL": "Digital Libraries",
        "cs.DM": "Discrete Mathematics",
        "cs.DS": "Data Structures and Algorithms",
        "cs.ET": "Emerging Technologies",
        "cs.FL": "Formal Languages and Automata Theory",
        "cs.GL": "General Literature",
        "cs.GR": "Graphics",
        "cs.GT": "Computer Science and Game Theory",
        "cs.HC": "Human-Computer Interaction",
        "cs.IR": "Information Retrieval",
        "cs.IT": "Information Theory",
        "cs.LG": "Machine Learning",
        "cs.LO": "Logic in Computer Science",
        "cs.MA": "Multiagent Systems",
        "cs.MM": "Multimedia",
        "cs.MS": "Mathematical Software",
        "cs.NA": "Numerical Analysis",
        "cs.NE": "Neural and Evolutionary Computing",
        "cs.NI": "Networking and Internet Architecture",
        "cs.OH": "Other Computer Science",
        "cs.OS": "Operating Systems",
        "cs.PF": "Performance",
        "cs.PL": "Programming Languages",
        "cs.RO": "Robotics",
        "cs.SC": "Symbolic Computation",
        "cs.SD": "Sound",
        "cs.SE": "Software Engineering",
        "cs.SI": "Social and Information Networks",
        "cs.SY": "Systems and Control",
        "econ.EM": "Econometrics",
        "econ.GN": "General Economics",
        "econ.TH": "Theoretical Economics",
        "eess.AS": "Audio and Speech Processing",
        "eess.IV": "Image and Video Processing",
        "eess.SP": "Signal Processing",
        "eess.SY": "Systems and Control",
        "gr-qc": "General Relativity and Quantum Cosmology",
        "hep-ex": "High Energy Physics - Experiment",
        "hep-lat": "High Energy Physics - Lattice",
        "hep-ph": "High Energy Physics - Phenomenology",
        "hep-th": "High Energy Physics - Theory",
        "math-ph": "Mathematical Physics",
        "math.AC": "Commutative Algebra",
        "math.AG": "Algebraic Geometry",
        "math.AP": "Analysis of PDEs",
        "math.AT": "Algebraic Topology",
        "math.CA": "Classical Analysis and ODEs",
        "math.CO": "Combinatorics",
        "math.CT": "Category Theory",
        "math.CV": "Complex Variables",
        "math.DG": "Differential Geometry",
        "math.DS": "Dynamical Systems",
        "math.FA": "Functional Analysis",
        "math.GM": "General Mathematics",
        "math.GN": "General Topology",
        "math.GR": "Group Theory",
        "math.GT": "Geometric Topology",
        "math.HO": "History and Overview",
        "math.IT": "Information Theory",
        "math.KT": "K-Theory and Homology",
        "math.LO": "Logic",
        "math.MG": "Metric Geometry",
        "math.MP": "Mathematical Physics",
        "math.NA": "Numerical Analysis",
        "math.NT": "Number Theory",
        "math.OA": "Operator Algebras",
        "math.OC": "Optimization and Control",
        "math.PR": "Probability",
        "math.QA": "Quantum Algebra",
        "math.RA": "Rings and Algebras",
        "math.RT": "Representation Theory",
        "math.SG": "Symplectic Geometry",
        "math.SP": "Spectral Theory",
        "math.ST": "Statistics Theory",
        "nlin.AO": "Adaptation and Self-Organizing Systems",
        "nlin.CD": "Chaotic Dynamics",
        "nlin.CG": "Cellular Automata and Lattice Gases",
        "nlin.PS": "Pattern Formation and Solitons",
        "nlin.SI": "Exactly Solvable and Integrable Systems",
        "nucl-ex": "Nuclear Experiment",
        "nucl-th": "Nuclear Theory",
        "physics.acc-ph": "Accelerator Physics",
        "physics.ao-ph": "Atmospheric and Oceanic Physics",
        "physics.app-ph": "Applied Physics",
        "physics.atm-clus": "Atomic and Molecular Clusters",
        "physics.atom-ph": "Atomic Physics",
        "physics.bio-ph": "Biological Physics",
        "physics.chem-ph": "Chemical Physics",
        "physics.class-ph": "Classical Physics",
        "physics.comp-ph": "Computational Physics",
        "physics.data-an": "Data Analysis, Statistics and Probability",
        "physics.ed-ph": "Physics Education",
        "physics.flu-dyn": "Fluid Dynamics",
        "physics.gen-ph": "General Physics",
        "physics.geo-ph": "Geophysics",
        "physics.hist-ph": "History and Philosophy of Physics",
        "physics.ins-det": "Instrumentation and Detectors",
        "physics.med-ph": "Medical Physics",
        "physics.optics": "Optics",
        "physics.plasm-ph": "Plasma Physics",
        "physics.pop-ph": "Popular Physics",
        "physics.soc-ph": "Physics and Society",
        "physics.space-ph": "Space Physics",
        "q-bio.BM": "Biomolecules",
        "q-bio.CB": "Cell Behavior",
        "q-bio.GN": "Genomics",
        "q-bio.MN": "Molecular Networks",
        "q-bio.NC": "Neurons and Cognition",
        "q-bio.OT": "Other Quantitative Biology",
        "q-bio.PE": "Populations and Evolution",
        "q-bio.QM": "Quantitative Methods",
        "q-bio.SC": "Subcellular Processes",
        "q-bio.TO": "Tissues and Organs",
        "q-fin.CP": "Computational Finance",
        "q-fin.EC": "Economics",
        "q-fin.GN": "General Finance",
        "q-fin.MF": "Mathematical Finance",
        "q-fin.PM": "Portfolio Management",
        "q-fin.PR": "Pricing of Securities",
        "q-fin.RM": "Risk Management",
        "q-fin.ST": "Statistical Finance",
        "q-fin.TR": "Trading and Market Microstructure",
        "quant-ph": "Quantum Physics",
        "stat.AP": "Applications",
        "stat.CO": "Computation",
        "stat.ME": "Methodology",
        "stat.ML": "Machine Learning",
        "stat.OT": "Other Statistics",
        "stat.TH": "Statistics Theory",
    }
)
"""Every category that is in use, second names included, with its English name."""

ALIASES: Mapping[str, str] = MappingProxyType(
    {
        "cs.NA": "math.NA",
        "cs.SY": "eess.SY",
        "math.IT": "cs.IT",
        "math.MP": "math-ph",
        "q-fin.EC": "econ.GN",
        "stat.TH": "math.ST",
    }
)
"""Second name -> canonical name."""

SUBSUMED: Mapping[str, str] = MappingProxyType(
    {
        "acc-phys": "physics.acc-ph",
        "adap-org": "nlin.AO",
        "alg-geom": "math.AG",
        "ao-sci": "physics.ao-ph",
        "atom-ph": "physics.atom-ph",
        "bayes-an": "physics.data-an",
        "chao-dyn": "nlin.CD",
        "chem-ph": "physics.chem-ph",
        "cmp-lg": "cs.CL",
        "comp-gas": "nlin.CG",
        "dg-ga": "math.DG",
        "funct-an": "math.FA",
        "mtrl-th": "cond-mat.mtrl-sci",
        "patt-sol": "nlin.PS",
        "plasm-ph": "physics.plasm-ph",
        "q-alg": "math.QA",
        "solv-int": "nlin.SI",
        "supr-con": "cond-mat.supr-con",
    }
)
"""Archives of the 1990s -> the category that took them in."""

_BY_FOLDED = {code.casefold(): code for code in (*CATEGORIES, *SUBSUMED)}
_BY_FOLDED_NAME = {
    name.casefold(): code for code, name in CATEGORIES.items() if code not in ALIASES
}


LEAST_NAME = 4
"""Shorter words are codes that are mistyped, not names."""

POPULAR = (
    "cs.LG", "cs.AI", "cs.CV", "cs.CL", "cs.RO", "stat.ML", "quant-ph", "cs.CR", "cs.SE", "cs.HC",
    "eess.IV", "hep-th", "hep-ph", "astro-ph.GA", "astro-ph.CO", "gr-qc", "cond-mat.mtrl-sci",
    "math.AP", "math.CO", "math.OC", "math.PR", "physics.optics", "q-bio.QM", "eess.SP", "econ.GN",
)  # fmt: skip
"""Categories to offer first: those with the most papers, and one of each field."""


def canonical_category(text: str) -> str:
    """Return the category that ``text`` names, in arXiv's own spelling.

    Case does not matter, a second name gives the canonical one (``cs.SY`` gives ``eess.SY``), a
    former archive the category that took it in. Raises `UnknownCategory` with the nearest ones.
    """
    code = _BY_FOLDED.get(text.strip().casefold())
    if code is None:
        raise UnknownCategory(text.strip()[:60], nearest_categories(text))
    return ALIASES.get(code) or SUBSUMED.get(code) or code


def is_category(text: str) -> bool:
    """Whether `canonical_category` knows it."""
    return text.strip().casefold() in _BY_FOLDED


def find_archive(text: str) -> tuple[str, ...]:
    """Return the categories of the archive that ``cs`` or ``cs.*`` names; none for other words."""
    archive = text.strip().casefold().removesuffix(".*")
    if archive not in ARCHIVES:
        return ()
    return tuple(_canonical_once(code for code in CATEGORIES if archive_of(code) == archive))


def find_named(text: str) -> tuple[str, ...]:
    """Return the categories of that English name, else those whose name holds it as words."""
    wanted = " ".join(re.split(r"[\s_]+", text.strip().casefold()))
    if len(wanted) < LEAST_NAME:
        return ()
    names = {code: name.casefold() for code, name in CATEGORIES.items() if code not in ALIASES}
    exact = [code for code, name in names.items() if name == wanted]
    held = [code for code, name in names.items() if f" {wanted} " in f" {name} "]
    return tuple(exact or held)


def category_name(category: str) -> str:
    """Return the English name; an unknown code (of an old paper) is its own name."""
    if category in CATEGORIES:
        return CATEGORIES[category]
    if category in ARCHIVES:
        return ARCHIVES[category].name
    return category


def archive_of(category: str) -> str:
    """Return the archive: ``cs`` for ``cs.CV``, ``hep-th`` for ``hep-th``."""
    return category.partition(".")[0]


def oai_set(category: str) -> str:
    """Return the OAI-PMH set ``group:archive:CATEGORY``; an archive without classes ends there.

    ``cs.CV`` is ``cs:cs:CV``, ``hep-th`` is ``physics:hep-th``
    (https://oaipmh.arxiv.org/oai?verb=ListSets).
    """
    archive, _, subject_class = category.partition(".")
    parts = [ARCHIVES[archive].group, archive, subject_class]
    return ":".join(part for part in parts if part)


def nearest_categories(text: str, limit: int = 3) -> list[str]:
    """Return the canonical categories whose code or name looks most like ``text``."""
    folded = " ".join(re.split(r"[\s_]+", text.strip().casefold()[:60]))
    in_archive = [code for code in CATEGORIES if archive_of(code) == folded]
    by_word = suggest_categories(folded, limit) if folded else []
    by_code = difflib.get_close_matches(folded, _BY_FOLDED, n=limit, cutoff=0.6)
    by_name = difflib.get_close_matches(folded, _BY_FOLDED_NAME, n=limit, cutoff=0.6)
    found = [_BY_FOLDED[code] for code in by_code] + [_BY_FOLDED_NAME[name] for name in by_name]
    return _canonical_once([*in_archive, *by_word, *found])[:limit]


def suggest_categories(prefix: str, limit: int = 25) -> list[str]:
    """Return canonical categories for autocomplete: by code first, then by a word of the name."""
    folded = prefix.strip().casefold()
    by_code = [code for code in CATEGORIES if code.casefold().startswith(folded)]
    by_class = [code for code in CATEGORIES if f".{folded}" in code.casefold()]
    by_word = [code for code, name in CATEGORIES.items() if f" {folded}" in f" {name.casefold()}"]
    return _canonical_once([*by_code, *by_class, *by_word])[:limit]


def _canonical_once(codes: Iterable[str]) -> list[str]:
    """Replace second names by canonical ones; the first mention of each counts."""
    return list(dict.fromkeys(ALIASES.get(code) or SUBSUMED.get(code) or code for code in codes))
