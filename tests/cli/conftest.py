"""What all tests of the command line start from."""

from pathlib import Path

import pytest

from tests.cli.terminal import environ_in
from tests.stores import lay_out


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    environ = environ_in(tmp_path)
    lay_out(Path(environ["PAPER_BOT_DATABASE__PATH"]))
    return environ
