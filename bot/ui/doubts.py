"""What speaks against saving a topic, and how that is said. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from bot.digest.trial import Trial
from bot.query.results import Advice
from bot.text import markdown
from bot.ui.advice import say_advice
from bot.ui.replies import code


class DoubtKind(StrEnum):
    """What is wrong with a topic."""

    EVERYTHING = "everything"
    NEVER = "never"
    NEGATED = "negated"
    SAME = "same"


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """A reason to think again; ``part`` of the query is to blame, or the topic of that name.

    ``better`` is a query that does without, as it was tried; ``advice`` is why nothing is found.
    """

    kind: DoubtKind
    part: str
    better: Trial | None = None
    advice: Advice | None = None


def say_doubt(doubt: Doubt, trial: Trial, others: str = "the topic") -> str:
    """Say in a sentence or two what speaks against a topic, one of ``others``."""
    match doubt.kind:
        case DoubtKind.EVERYTHING:
            by = f", matched by {code(doubt.part)}" if doubt.part else ""
            return f"That is nearly everything: {trial.share:.0%} of what is announced{by}."
        case DoubtKind.NEGATED:
            return f"{code(doubt.part)} removes everything: without it papers of a year match."
        case DoubtKind.SAME:
            return f"It finds the same papers as {others} **{markdown.escape(doubt.part)}**."
        case DoubtKind.NEVER:
            advice = say_advice(doubt.advice, code) if doubt.advice else []
            return " ".join(["Never: nothing in a year of these categories matches it.", *advice])
