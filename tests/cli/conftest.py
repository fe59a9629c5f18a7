"""What all tests of the command line start from."""

from pathlib import Path

import pytest

from tests.cli.terminal import environ_in


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return environ_in(tmp_path)
