"""Whether a paper was withdrawn. Pure.

ArXiv has no field for it: a withdrawal is a version whose comment, or abstract, says so in a
sentence of its own, mostly "This paper has been withdrawn by the authors due to ...".
"""

import re

_WORK = r"(?:paper|article|submission|manuscript|preprint|work|draft|note|thesis|version|report)"
_SENTENCE = (
    rf"(?:(?:this|the|our)\s+)?(?:arxiv\s+)?(?:{_WORK}\s+)?"
    r"(?:(?:has|have)\s+been\s+|was\s+|is\s+)?(?:temporarily\s+|now\s+)?withdrawn\b"
)
# Authors also withdraw from conferences, which says nothing of the paper here.
_ELSEWHERE = r"(?!\s+from\s+(?!(?:the\s+)?arxiv))"
_BEGINNING = r"(?:\A|[.;:!]\s)[\s*\[(]*"

_COMMENT = re.compile(_BEGINNING + _SENTENCE + _ELSEWHERE, re.IGNORECASE)
# An abstract tells a story in which something may be withdrawn: it must begin with it.
_ABSTRACT = re.compile(
    rf"[\s*\[(]*(?:(?:this|the)\s+(?:arxiv\s+)?{_WORK}\s+(?:has\s+been|was|is)\s+(?:\w+ly\s+|now\s+)?"
    rf"withdrawn\b|withdrawn(?:\s+(?:by|due|because)\b|\W*\Z)){_ELSEWHERE}",
    re.IGNORECASE,
)


def is_withdrawn(*, comment: str | None, abstract: str) -> bool:
    """Return whether the authors, or arXiv, say that the paper was withdrawn."""
    return bool(_COMMENT.search(comment or "") or _ABSTRACT.match(abstract))
