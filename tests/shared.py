"""Where the reference material lies beside the project; tests skip when it is absent."""

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parent.parent.parent / "shared"


def shared(name: str) -> Path:
    """Return the path of a file or folder of the reference material, or skip the test."""
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"needs ../shared/{name}, which is not here")
    return path
