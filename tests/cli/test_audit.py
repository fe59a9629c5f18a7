"""The command `audit`: what a category announced, and where it is in each channel."""

import json

from tests.cli.terminal import run
from tests.samples import SEED


def test_it_accounts_for_the_announced_papers(environ: dict[str, str]) -> None:
    assert run(environ, "import", SEED).code in (0, 65)
    ran = run(environ, "audit", "--category", "cs.CV", "--from", "2020-08-20", "--until",
              "2020-08-21")  # fmt: skip
    assert ran.code == 0, ran.err
    assert "Thu, 20 Aug 2020: no listing is known" in ran.out
    assert "Fri, 21 Aug 2020: 47 announced" in ran.out
    found = json.loads(
        run(environ, "audit", "--category", "cs.CV", "--from", "2020-08-21", "--until",
            "2020-08-21", "--json").out
    )  # fmt: skip
    assert found["category"] == "cs.CV"
    assert [(day["date"], day["announced"]) for day in found["days"]] == [("2020-08-21", 47)]
    assert found["channels"] == []


def test_a_period_that_ends_before_it_begins_is_said_so(environ: dict[str, str]) -> None:
    ran = run(environ, "audit", "--category", "cs.CV", "--from", "2020-08-21", "--until",
              "2020-08-20")  # fmt: skip
    assert ran.code == 2
    assert "is before --from" in ran.err
