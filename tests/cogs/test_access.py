"""Whom a server's settings let use the admin commands, who lacks Manage Server."""

import pytest

from bot.cogs.access import Asker, Kind, Rule, is_let_in

GUILD, USER, ROLE, OTHER, CHANNEL = 100, 1, 2, 3, 4
ASKER = Asker(guild_id=GUILD, user_id=USER, role_ids=[ROLE, OTHER], channel_id=CHANNEL)


def rule(kind: Kind, id_: int, *, allows: bool) -> Rule:
    return Rule(id=id_, kind=kind, allows=allows)


ME = rule(Kind.USER, USER, allows=True)
NOT_ME = rule(Kind.USER, USER, allows=False)
MINE = rule(Kind.ROLE, ROLE, allows=True)
NOT_MINE = rule(Kind.ROLE, OTHER, allows=False)
EVERYONE = rule(Kind.ROLE, GUILD, allows=True)
NOT_HERE = rule(Kind.CHANNEL, CHANNEL, allows=False)
HERE = rule(Kind.CHANNEL, CHANNEL, allows=True)
NOWHERE = rule(Kind.CHANNEL, GUILD - 1, allows=False)


@pytest.mark.parametrize(
    ("command", "everything", "lets_in"),
    [
        ([], [], False),
        ([ME], [], True),
        ([MINE], [], True),
        ([EVERYONE], [], True),
        ([NOT_ME, MINE, EVERYONE], [], False),
        ([NOT_MINE, EVERYONE], [], False),
        ([NOT_MINE, MINE], [], True),
        ([ME, NOT_HERE], [], False),
        ([ME, NOWHERE], [], False),
        ([ME, NOWHERE, HERE], [], True),
        ([ME], [NOT_HERE], False),
        ([ME, HERE], [NOT_HERE], True),
        ([], [ME, EVERYONE], False),  # the settings of all commands only take away
        ([rule(Kind.USER, ROLE, allows=True)], [], False),  # another kind, the same number
    ],
)
def test_the_commands_own_rules_let_people_in(
    command: list[Rule], everything: list[Rule], lets_in: bool
) -> None:
    assert is_let_in(ASKER, command, everything) is lets_in
