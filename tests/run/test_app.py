"""The composition root is the one place where the parts are built."""

import ast
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
OWN_MAKER = {"Store": "store/store.py"}


def calls() -> Iterator[tuple[str, str]]:
    """Every call in the bot, by the module it stands in and the name it calls."""
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
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
