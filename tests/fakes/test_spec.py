"""What Discord would refuse is found by its description, and nothing else is."""

import pytest

from tests.fakes.spec import MESSAGES, body_errors, has_spec

pytestmark = pytest.mark.skipif(not has_spec(), reason="needs Discord's description")

COMMANDS = "/applications/{application_id}/commands"
BUTTON = {"type": 2, "style": 1, "label": "Turn", "custom_id": "turn"}
COMMAND = {"name": "search", "description": "Search", "type": 1}


def message(**button: object) -> dict[str, object]:
    return {"content": "x", "components": [{"type": 1, "components": [BUTTON | button]}]}


@pytest.mark.parametrize(
    ("button", "is_good"),
    [
        ({}, True),
        ({"style": 4}, True),
        ({"style": 99}, False),
        ({"style": True}, False),
        ({"style": 1.5}, False),
        ({"type": 99}, False),
        ({"label": "x" * 81}, False),
    ],
)
def test_a_message_is_held_to_the_constants_and_limits(
    button: dict[str, object], is_good: bool
) -> None:
    assert (body_errors("POST", MESSAGES, message(**button)) == []) is is_good


@pytest.mark.parametrize(
    ("command", "is_good"),
    [({}, True), ({"type": 99}, False), ({"type": "1"}, False), ({"name": ""}, False)],
)
def test_a_command_is_held_to_them_too(command: dict[str, object], is_good: bool) -> None:
    assert (body_errors("PUT", COMMANDS, [COMMAND | command]) == []) is is_good


def test_each_body_is_looked_at_by_itself() -> None:
    """Answers are kept: for the same body, not for one that is only alike."""
    for _ in range(2):
        assert body_errors("POST", MESSAGES, message()) == []
        assert body_errors("POST", MESSAGES, message(style=99))
