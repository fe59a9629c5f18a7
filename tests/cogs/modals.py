"""Send forms as Discord hands them on, also those that no honest client would send."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import simcord
from simcord.actors import _dispatch_actor_interaction
from simcord.backend import serializers
from simcord.builders import ChannelHandle
from simcord.enums import InteractionType

Modal = Mapping[str, Any]
Values = Mapping[str, str | Sequence[str]]

TEXT, LABEL, RADIO = 4, 18, 21


def fields_of(modal: Modal) -> dict[str, Mapping[str, Any]]:
    """Return a form's fields by their ids."""
    return {each["component"]["custom_id"]: each["component"] for each in modal["components"]}


def filled_in(modal: Modal) -> dict[str, str | list[str]]:
    """Return what a form sends that is left as it was opened."""
    sent: dict[str, str | list[str]] = {}
    for name, field in fields_of(modal).items():
        chosen = [each["value"] for each in field.get("options", ()) if each.get("default")]
        roles = [each["id"] for each in field.get("default_values", ())]
        sent[name] = field.get("value") or "" if field["type"] == TEXT else [*chosen, *roles]
    return sent


async def send_form(
    actor: simcord.MemberActor,
    where: simcord.InteractionResult | simcord.ChannelHandle,
    modal: Modal,
    values: Values,
) -> simcord.InteractionResult:
    """Send a form whatever its fields allow, as often as one likes.

    ``where`` is what opened it, or a channel for one that somebody made up. simcord's own way
    refuses what Discord's client would not let a person send.
    """
    backend, extra, source = actor._env.backend, None, None
    if isinstance(where, simcord.InteractionResult):
        source, channel_id = where._interaction.source_message_id, where._interaction.channel_id
    else:
        channel_id = where.id
    if source is not None:
        message = backend.get_message(channel_id, source)
        extra = {"message": dict(serializers.message_payload(backend, message))}
    return await _dispatch_actor_interaction(
        actor,
        InteractionType.MODAL_SUBMIT,
        ChannelHandle(actor._env, actor.guild, backend.get_channel(channel_id)),
        {"custom_id": modal["custom_id"], "components": [*hold(modal, values)]},
        extra=extra,
        source_message_id=source,
    )


def hold(modal: Modal, values: Values) -> Iterator[dict[str, Any]]:
    """Make what a form sends: what is filled in, and ``values`` in place of some of it."""
    for name, value in (filled_in(modal) | dict(values)).items():
        kind = fields_of(modal)[name]["type"]
        listed = [value] if isinstance(value, str) else [*value]
        one: Any = listed[0] if listed else None
        held = {"value": one} if kind in (TEXT, RADIO) else {"values": listed}
        yield {"type": LABEL, "component": {"type": kind, "custom_id": name, **held}}
