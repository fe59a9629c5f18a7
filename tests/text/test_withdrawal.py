"""A withdrawal is told in words; other things are withdrawn too."""

import pytest

from bot.text.withdrawal import is_withdrawn


@pytest.mark.parametrize(
    "comment",
    [
        "This paper has been withdrawn by the authors due to an error in Lemma 2",
        "This submission has been withdrawn by arXiv administrators due to disputed authorship",
        "arXiv admin note: This submission has been withdrawn by arXiv administrators",
        "12 pages, 3 figures. This article has been temporarily withdrawn",
        "Withdrawn",
        "withdrawn due to a crucial sign error in equation 1",
        "Paper withdrawn",
        "[withdrawn]",
        "The manuscript is withdrawn from arXiv",
        "Accepted at a workshop; this paper is now withdrawn by the author.",
    ],
)
def test_a_comment_tells_of_a_withdrawal(comment: str) -> None:
    assert is_withdrawn(comment=comment, abstract="We say something.")


@pytest.mark.parametrize(
    "abstract",
    [
        "This paper has been withdrawn by the author due to a gap in the proof.",
        "The submission was withdrawn because of an error.",
        "Withdrawn.",
        "(Withdrawn due to an error)",
    ],
)
def test_an_abstract_tells_of_a_withdrawal(abstract: str) -> None:
    assert is_withdrawn(comment=None, abstract=abstract)


@pytest.mark.parametrize(
    ("comment", "abstract"),
    [
        (None, "We say something."),
        ("", ""),
        ("12 pages", "Withdrawn troops are counted in satellite images."),
        ("Withdrawn from ICLR 2024", "We say something."),
        ("This paper was withdrawn from a conference, 9 pages", "We say something."),
        ("Replaces 2401.00001, which was withdrawn", "We say something."),
        ("Submitted, later withdrawn", "We say something."),
        (None, "Models keep enacting withdrawn requirements. This paper has been withdrawn?"),
        (None, "This paper studies how consent is withdrawn."),
        (None, "The affected models were withdrawn worldwide at short notice."),
    ],
)
def test_what_else_is_withdrawn_is_no_withdrawal(comment: str | None, abstract: str) -> None:
    assert not is_withdrawn(comment=comment, abstract=abstract)
