"""The composition root is the one place where the parts are built."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import bot

ROOT = Path(bot.__file__).parent
APP = "run/app.py"
PARTS = {
    "open_store",
    "Store",
    "ClientSession",
    "ArxivClient",
    "HuggingFaceClient",
    "DiscordSender",
    "Delivery",
    "PaperBot",
    "Client",
    "Pipeline",
    "Intake",
    "Importer",
    "Backfill",
    "Enrichment",
    "Reconciliation",
    "Caretaker",
    "Backups",
}
CALL = re.compile(rf"\b(?:{'|'.join(PARTS)})\s*[()]")
"""What only a module that calls one has in its text; to parse all of them takes long."""
OWN_MAKER = {"Store": "store/store.py"}


def calls() -> Iterator[tuple[str, str]]:
    """The calls in modules that call a part, by the module and the name that is called."""
    for path in ROOT.rglob("*.py"):
        text = path.read_text("utf-8")
        for node in ast.walk(ast.parse(text)) if CALL.search(text) else ():
            if isinstance(node, ast.Call):
                yield path.relative_to(ROOT).as_posix(), _name(node.func)


def _name(function: ast.expr) -> str:
    match function:
        case ast.Name():
            return function.id
        case ast.Attribute():
            return function.attr
        case _:
            return ""


def test_every_part_is_built_in_the_composition_root_and_nowhere_else() -> None:
    built = {(module, name) for module, name in calls() if name in PARTS}
    assert built == {(OWN_MAKER.get(name, APP), name) for name in PARTS}
