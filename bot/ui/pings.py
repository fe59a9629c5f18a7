"""Which roles a digest's first message pings, and how it says so. Pure.

A ping is part of the message as it is planned: nothing adds one later. Only roles are pinged that
an admin chose, and nobody else whatever a message says.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from bot.digest.messages import MessageDraft
from bot.digest.models import Digest, Subscription

MAX_ROLES: Final = 10


def roles_to_ping(subscription: Subscription, digest: Digest) -> tuple[int, ...]:
    """Return the digest's role, once a date, and those of the topics that matched a paper."""
    found = {topic for entry in digest.entries for topic in entry.topics}
    own = [] if digest.is_supplement else [subscription.ping_role]
    roles = [*own, *(topic.ping_role for topic in subscription.topics if topic.name in found)]
    return tuple(dict.fromkeys(role for role in roles if role is not None))[:MAX_ROLES]


def with_pings(drafts: Sequence[MessageDraft], roles: Sequence[int]) -> tuple[MessageDraft, ...]:
    """Let the first message ping ``roles``: below its heading, by which it is recognised."""
    if not roles or not drafts:
        return tuple(drafts)
    first, *others = drafts
    content = f"{first.body.get('content', '')}\n{' '.join(mention_role(role) for role in roles)}"
    mentions = {"parse": [], "roles": [str(role) for role in roles]}
    body = {**first.body, "content": content, "allowed_mentions": mentions}
    return (replace(first, body=body), *others)


def mention_role(role_id: int) -> str:
    return f"<@&{role_id}>"


def allowed_mentions(body: Mapping[str, object]) -> dict[str, Any]:
    """Return whom a planned message may ping: the roles that it names, and nobody else."""
    planned = body.get("allowed_mentions")
    roles = planned.get("roles") if isinstance(planned, Mapping) else None
    return {"parse": [], "roles": list(roles)} if roles else {"parse": []}


def say_role_gone(channel_id: int, topics: Sequence[str]) -> str:
    """Tell a server's admins that a role is no longer pinged, because it was deleted."""
    about = f", for {', '.join(topics)}," if topics else ""
    return (
        f"A role that the digest in <#{channel_id}> pinged{about} was deleted, so it pings nobody "
        "in its place. Choose another with the option `ping` of `/digest setup` or `/topic add`."
    )
