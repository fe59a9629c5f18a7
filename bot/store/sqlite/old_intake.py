"""The sentences that the first versions stored about listings, as the codes of today.

Used by a migration only: what is stored today are codes (`models.IntakeReason`).
"""

import json
import re

_CODES: tuple[tuple[str, str], ...] = (
    (r"no announcement on this day", "no-announcement"),
    (r"no announcement on this day; the (?P<source>\w+) repeats an earlier one", "repeats-earlier"),
    (
        r"no announcement on this day; the feed carried the listing of (?P<day>[\d-]+)",
        "carries-earlier",
    ),
    (r"the (?P<source>\w+) is empty on a day that should have a listing", "empty"),
    (r"(?:.*; the catch-up page has none|feed and catch-up page are empty): taken for a holiday",
     "holiday"),
    (r"the (?P<source>\w+) repeats an earlier day under this date", "repeats-earlier"),
    (r"the feed still carries the listing of (?P<day>[\d-]+)", "carries-earlier"),
    (r"may repeat (?P<day>\d[\d-]+), which is not known yet", "may-repeat"),
    (r"may repeat the day before, which is not known yet", "may-repeat"),
    (r"surfaced under the date (?P<day>[\d-]+)", "surfaced-under"),
    (r"the answer was not the whole listing", "part"),
    (r"(?P<papers>\d+) papers where about (?P<usual>\d+) are usual: read again", "short"),
    (r"never asked", "never-asked"),
    (r"arXiv answered with HTTP (?P<status>403)\b.*", "refused"),
    (r"arXiv answered with HTTP (?P<status>\d+)\b.*", "http-status"),
    (r"arXiv did not answer within (?P<seconds>[\d.]+) seconds\.", "no-answer"),
    (r"arXiv could not be reached \((?P<text>.*)\)\.", "unreachable"),
    (r"arXiv has too many requests just now\.", "too-many-requests"),
    (r"arXiv asked us to stay away for (?P<seconds>\d+) more seconds\.", "asked-to-wait"),
    (r"arXiv redirected to another place \('(?P<text>.*)'\)\.", "redirected"),
)  # fmt: skip
_NUMBERS = {"papers": int, "usual": int, "status": int, "seconds": float}


def old_intake_code(sentence: str) -> str | None:
    """Return the code of a stored sentence; None for an empty one, ``other`` for an unknown."""
    return _read(sentence)[0]


def old_intake_details(sentence: str) -> str:
    """Return what belongs to the code, as JSON; an unknown sentence is kept as the text."""
    return json.dumps(_read(sentence)[1], ensure_ascii=False, sort_keys=True)


def _read(sentence: str) -> tuple[str | None, dict[str, object]]:
    # The verdict says today whether a listing came after all.
    while sentence.startswith("complete after: "):
        sentence = sentence.removeprefix("complete after: ")
    if not sentence:
        return None, {}
    for pattern, code in _CODES:
        if found := re.fullmatch(pattern, sentence, re.DOTALL):
            told = {name: value for name, value in found.groupdict().items() if value}
            return code, {name: _NUMBERS.get(name, str)(value) for name, value in told.items()}
    return "other", {"text": sentence}
