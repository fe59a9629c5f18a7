"""One table for the engine: queries, the papers they find, and why.

Run through the store, `/paper search`, the command line and the daily matching, with equal
results (`tests/test_engine.py`).
"""

from datetime import timedelta

from bot.models import AnnounceType
from bot.store.store import Store
from tests.builders import DAY, NOW, make_link, make_listing, make_paper

PAPERS = (
    make_paper(
        1,
        title="Deep Residual Learning for Image Recognition",
        abstract="Deeper neural networks are more difficult to train.",
        authors=("Kaiming He", "Xiangyu Zhang"),
        categories=("cs.CV", "cs.LG"),
        comment="Tech report",
    ),
    make_paper(
        2,
        title="Training C++ agents: a multi-agent study",
        abstract="Deep learning of policies; code at https://github.com/example/project.",
        authors=("Jean-Pierre Sérré", "K. Łukasik"),
        categories=("cs.MA",),
        links=(make_link(),),
    ),
    make_paper(
        3,
        title="Dark matter halos",
        abstract="We recognise images of halos without learning.",
        authors=("Kaiming Hu", "Xin He"),
        categories=("astro-ph.CO", "stat.ML"),
        doi="10.1103/PhysRevD.76.013009",
    ),
)


async def announce_papers(store: Store) -> None:
    """Announce the first two papers on `DAY`; the third, and the first again, a day later."""
    await store.papers.add_listing(make_listing(*PAPERS[:2]), now=NOW)
    later = make_listing(
        PAPERS[2], (PAPERS[0], AnnounceType.CROSS), announced_on=DAY + timedelta(days=1)
    )
    await store.papers.add_listing(later, now=NOW)


TABLE: tuple[tuple[str, str, str], ...] = (
    ("learning", "321", "a word in any field"),
    ("LEARNED", "321", "in any form and case"),
    ("deep learning", "21", "words are ANDed"),
    ('"deep learning"', "2", "a phrase is words next to each other"),
    ("halos OR residual", "31", "OR"),
    ("learning -deep", "3", "minus"),
    ("learning NOT deep", "3", "NOT"),
    ("-deep", "3", "only exclusion"),
    ("(residual OR halos) images", "31", "parentheses"),
    ("recogn*", "31", "prefix"),
    ("title:learning", "1", "field"),
    ("abstract:(deep learning)", "2", "a field for a group"),
    ("comment:report", "1", "comment"),
    ("serre", "2", "accents do not matter"),
    ("author:he", "31", "surname"),
    ('author:"K. He"', "1", "initial and surname of one person"),
    ('author:"He, Kaiming"', "1", "order does not matter"),
    ('author:"J.-P. Serre"', "2", "initials of a double name"),
    ('author:"Jeanpierre Serre"', "2", "a double name without hyphen"),
    ('author:"Krzysztof Lukasik"', "2", "the paper has only the initial"),
    ('author:"Kaiming Zhang"', "", "never parts of two persons"),
    ("category:cs.LG", "1", "cross-listed category"),
    ("category:cs.*", "21", "archive"),
    ("category:astro-ph", "3", "archive without star"),
    ("type:cross", "1", "announce type in any listing"),
    ("type:new", "321", "announced as new"),
    ("has:code", "2", "code link"),
    ("-has:code", "31", "no code link"),
    ("since:2024-03-06", "3", "since"),
    ("until:2024-03-05", "21", "until"),
    ("halos OR until:2024-03-05", "321", "a date inside OR"),
    ("-since:2024-03-06", "21", "a date excluded"),
    ("2403.00002v3", "2", "identifier, any version"),
    ("https://arxiv.org/pdf/2403.00003.pdf", "3", "address"),
    ("id:2403.00001 OR id:2403.00003", "31", "identifiers in OR"),
    ("10.1103/physrevd.76.013009", "3", "DOI"),
    ("2403.99999", "", "unknown identifier"),
    ("-2403.00002", "31", "identifier excluded"),
    ("C++ multi-agent", "2", "punctuation inside words"),
    ("", "321", "nothing asked"),
    ("zzz", "", "nothing found"),
)
"""Query, last digits of the papers it finds newest first, why."""
