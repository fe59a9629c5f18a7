"""A comment names a venue only where the paper itself was surely accepted there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text.venue import MAX_NAME, read_venue

NAMED = [
    ("Accepted to ECCV 2026", "accepted ECCV 2026"),
    ("10 pages, 5 figures. Accepted by CVPR 2026", "accepted CVPR 2026"),
    (
        "15 pages, 6 figures, accepted to ECCV 2026, project page: this https URL",
        "accepted ECCV 2026",
    ),
    ("Accepted at ECCV 2026; Project Page: https://example.org/page", "accepted ECCV 2026"),
    ("Accepted to ECCV 2026. Code is available at this https URL", "accepted ECCV 2026"),
    ("Accepted by ECCV-2026", "accepted ECCV 2026"),
    ("Accepted to ECCV26", "accepted ECCV 2026"),
    ("Accepted by NeurIPS 2025 main track", "accepted NeurIPS 2025"),
    (
        "8 pages, accepted at the 6th International Workshop on Metamorphic Testing (MET'21)",
        "accepted MET 2021",
    ),
    (
        "Accepted for publication at the 19th European Conference on Computer Vision (ECCV 2026)",
        "accepted ECCV 2026",
    ),
    (
        "Accepted for publication at 2025 IEEE Conference on Software Testing (ICST)",
        "accepted ICST 2025",
    ),
    ("Accepted to IEEE Signal Processing Letters (SPL), 2026", "accepted SPL 2026"),
    ("Accepted to Robotics: Science and Systems (RSS) 2026", "accepted RSS 2026"),
    ("This paper is accepted by ECCV 2026", "accepted ECCV 2026"),
    ("Aceepted by MICCAI2026. More modifications may be performed", "accepted MICCAI 2026"),
    ("accepted for publication in MNRAS", "accepted MNRAS"),
    (
        "12 pages, 2 tables, accepted for publication in PHYS. REV. D; v2. add Figs. 4",
        "accepted PHYS. REV. D",
    ),
    ("Accepted for publication in Physical Review Letters", "accepted Physical Review Letters"),
    ("version accepted for publication in Quantum (completed missing part)", "accepted Quantum"),
    ("accepted for publication to The Astrophysical Journal", "accepted Astrophysical Journal"),
    (
        "Accepted for Software Testing, Verification, and Reliability journal. (arXiv: x)",
        "accepted Software Testing, Verification, and Reliability journal",
    ),
    (
        "Accepted for publication in IEEE Robotics and Automation Letters (RA-L), 2026",
        "accepted IEEE Robotics and Automation Letters 2026",
    ),
    (
        "To appear in the Proc. of the IEEE Conference on Software Testing (ICST) 2021",
        "to-appear ICST 2021",
    ),
    (
        '14 pages; to appear in "Algorithmica". Part of this work has been presented at X',
        "to-appear Algorithmica",
    ),
    ("To be published in Acta Astronautica. 50 pages, 16 figures", "to-appear Acta Astronautica"),
    ("Published as a conference paper at CVPR 2026", "published CVPR 2026"),
    ("9 pages, 5 figures, published in Galaxies", "published Galaxies"),
    (
        "In proceedings of the 19th IEEE Conference on Software Testing 2026 (ICST '26)",
        "published ICST 2026",
    ),
    ("CVPR 2026", "accepted CVPR 2026"),
    ("ICML 2026. Project page: https://example.org", "accepted ICML 2026"),
    ("10 pages, NIAI 2023", "accepted NIAI 2023"),
    ("MNRAS Accepted, 10 pages, 8 figures", "accepted MNRAS"),
    ("ECCV2026 Accept", "accepted ECCV 2026"),
    ("European Conference on Computer Vision -- ECCV 2026", "accepted ECCV 2026"),
]

UNNAMED = [
    None,
    "",
    "12 pages, 5 figures",
    "Accepted",
    "Accepted for publication",
    "16 pages, 3 figures; Published version",
    "Published on December 9th, 2022",
    # Not settled.
    "Submitted to ACM SIGSPATIAL 2026",
    "Submitted as a conference paper to NeurIPS 2026",
    "30 pages. Submitted to WACV 2027 (Algorithms Track)",
    "Under review at Nature Scientific Data",
    "Currently under review at Journal of Software Testing, Verification and Reliability",
    "Not yet accepted at CVPR 2026",
    "To be presented at ICML 2026 if accepted; submitted",
    "This work has been submitted to the IEEE Transactions on Imaging for possible publication",
    "7 pages, conference proceedings submitted to the Journal of Low Temperature Physics",
    "Rejected, then accepted by nobody",
    # Another version, or something else.
    "53 pages. Abridged version to appear in Symposium on Discrete Algorithms (SODA), 2021",
    "Preliminary version accepted at the ML4Astro Workshop at ICML 2022",
    'Extended version of paper "Testing" on POPL 2026',
    "The paper achieved second place in the QoMEX 2026 Grand Challenge",
    "2 pages, 1 figure, 2 tables. SoccerNet 2026 challenge technical report",
    "4 pages; ICME 2026 Quantization Challenge submission",
    "Phd thesis in Fundamental and Applied Physics presented at University, 2016",
    "7 pages, 10 figures. IEEE conference format",
    "8 pages, 12 figures, conference",
]


@pytest.mark.parametrize(("comment", "said"), NAMED)
def test_a_venue_is_read(comment: str, said: str) -> None:
    venue = read_venue(comment)
    assert venue is not None
    assert f"{venue.standing} {venue}" == said


@pytest.mark.parametrize("comment", UNNAMED)
def test_nothing_is_guessed(comment: str | None) -> None:
    assert read_venue(comment) is None


@given(st.text(alphabet="accepted to published in CVPR2026 (),.;:'\n&", max_size=3000))
def test_any_comment_gives_a_short_name_of_one_line(comment: str) -> None:
    venue = read_venue(f"{comment} accepted to {comment}")
    assert venue is None or (0 < len(venue.name) <= MAX_NAME and "\n" not in venue.name)
