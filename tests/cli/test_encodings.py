"""Whatever the terminal or the pipe can hold: every result is printed, and JSON stays whole."""

import json
import subprocess
import sys

import pytest

from bot.cli.output import EXIT_OK, EXIT_USAGE
from tests.cli.terminal import environ_in, run
from tests.fakes.forking import ROOT

TITLE = "Schrödinger's λ-Splatting of CO₂ ∀ 中文 😀"
LISTING = f"""\
# ArXiv cs.CV --Fri, 21 Aug 2020
### 1.{TITLE}  [ :arrow_down: ](https://arxiv.org/pdf/2008.08999.pdf)
>  We splat.
"""
AS_JSON = [["digest", "--category", "cs.CV", "--format", "json"], ["search", "splatting", "--json"]]
PRINTING = [
    ["digest", "--category", "cs.CV"],
    ["digest", "--category", "cs.CV", "--format", "bibtex"],
    ["search", "splatting"],
    ["search", "splatting", "--explain"],
    ["search", "(λ"],
    ["digest", "--category", "λ"],
    ["import", "/λ"],
    ["--help"],
    ["audit", "--category", "cs.CV", "--from", "2020-08-20", "--until", "2020-08-21"],
]


@pytest.fixture(scope="module")
def environ(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("encodings")
    listing = folder / "listing.md"
    listing.write_text(LISTING, "utf-8")
    environ = environ_in(folder)
    imported = run(environ, "import", listing)
    assert imported.code == 0, imported.err
    return environ


@pytest.mark.parametrize("arguments", PRINTING, ids=" ".join)
def test_no_encoding_stops_a_command(environ: dict[str, str], arguments: list[str]) -> None:
    ran = run(environ | {"PYTHONIOENCODING": "ascii"}, *arguments)
    assert "Traceback" not in ran.err
    assert ran.code in (EXIT_OK, EXIT_USAGE)
    assert ran.out or ran.err


def test_what_an_encoding_lacks_is_replaced(environ: dict[str, str]) -> None:
    for encoding, title in (
        ("ascii", "Schr?dinger's ?-Splatting of CO? ? ?? ?"),
        ("cp1252", "Schr\\xf6dinger's ?-Splatting of CO? ? ?? ?"),
    ):
        assert title in run(environ | {"PYTHONIOENCODING": encoding}, "search", "splatting").out


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
@pytest.mark.parametrize("arguments", AS_JSON, ids=" ".join)
def test_json_is_whole_in_every_encoding(
    environ: dict[str, str], encoding: str, arguments: list[str]
) -> None:
    ran = run(environ | {"PYTHONIOENCODING": encoding}, *arguments)
    assert json.loads(ran.out)["papers"][0]["title"] == TITLE


def test_a_locale_without_letters_prints_them_all_the_same(environ: dict[str, str]) -> None:
    """Python takes a terminal of C or POSIX for one of UTF-8, which only a real start shows."""
    for locale in ({"LANG": "C"}, {"LC_ALL": "POSIX"}):
        ran = subprocess.run(
            [sys.executable, "-m", "bot", "search", "splatting"],
            env=environ | locale, cwd=ROOT, capture_output=True, timeout=60, check=True,
        )  # fmt: skip
        assert TITLE in ran.stdout.decode()
