"""Reasons as they are stored: the code in a column of its own, what belongs to it as JSON."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date

from bot.digest.models import Reason, ReasonCode
from bot.models import IntakeCode, IntakeReason, IntakeSource, IntakeVerdict


def reason_values(reason: Reason | None) -> tuple[str | None, str | None]:
    """Return the code and the details of a reason, as they are stored."""
    if reason is None:
        return None, None
    details = _details(reason)
    return reason.code.value, json.dumps(details, ensure_ascii=False) if details else None


def reason_parameters(reason: Reason | None) -> dict[str, object]:
    """Return the values as the parameters ``:reason`` and ``:details`` of a statement."""
    code, details = reason_values(reason)
    return {"reason": code, "details": details}


def reason_column(code: str, details: str) -> str:
    """Return an expression of SQL for both columns as one text, which `parse_reason` reads.

    Details that are not JSON count for nothing: they must not make a row unreadable.
    """
    readable = f"iif(json_valid({details}), {details}, '{{}}')"
    return f"iif({code} IS NULL, NULL, json_patch({readable}, json_object('code', {code})))"


def parse_reason(text: str) -> Reason:
    """Read what `reason_column` gave; a code of another version is shown as it is."""
    stored = json.loads(text)
    return _reason(stored if isinstance(stored, dict) else {})


def read_reason(code: object, details: object) -> Reason | None:
    """Read the two columns of a reason; nothing in them is an error."""
    if code is None:
        return None
    try:
        found = json.loads(str(details)) if details is not None else {}
    except ValueError:
        found = {}
    return _reason({**(found if isinstance(found, dict) else {}), "code": str(code)})


def _details(reason: Reason) -> dict[str, object]:
    details: dict[str, object] = {
        "status": reason.status,
        "discord_code": reason.discord_code or None,
        "text": reason.text or None,
        "number": reason.number,
    }
    if reason.because is not None:
        details["because"] = {"code": reason.because.code.value, **_details(reason.because)}
    return {name: value for name, value in details.items() if value is not None}


def _reason(stored: Mapping[str, object]) -> Reason:
    code, because = str(stored.get("code")), stored.get("because")
    try:
        known, text = ReasonCode(code), str(stored.get("text") or "")
    except ValueError:
        known, text = ReasonCode.OTHER, f"{code} {stored.get('text') or ''}".strip()
    return Reason(
        code=known,
        status=_number(stored.get("status")),
        discord_code=_number(stored.get("discord_code")) or 0,
        text=text,
        number=_number(stored.get("number")),
        because=_reason(because) if isinstance(because, dict) else None,
    )


def _number(value: object) -> int | None:
    return value if isinstance(value, int) else None


# -- intake ----------------------------------------------------------------------------------------


def intake_reason_values(reason: IntakeReason | None) -> tuple[str | None, str]:
    """Return the code and the details of a reason, as they are stored."""
    if reason is None:
        return None, "{}"
    details = {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in asdict(reason).items()
        if name != "code" and value is not None and value != ""
    }
    return reason.code.value, json.dumps(details, ensure_ascii=False, sort_keys=True)


def intake_reason_column(code: str, details: str) -> str:
    """Return an expression of SQL for both columns as one text, for `parse_intake_reason`."""
    return f"iif(coalesce({code}, '') = '', NULL, json_array({code}, {details}))"


def parse_intake_reason(text: str) -> IntakeReason:
    """Read what `intake_reason_column` gave; what cannot be read is kept as the text."""
    code, details = json.loads(text)
    try:
        found = json.loads(details)
        day, source = found.get("day"), found.get("source")
        return IntakeReason(
            **{
                **found,
                "code": IntakeCode(code),
                "day": date.fromisoformat(day) if day else None,
                "source": IntakeSource(source) if source else None,
            }
        )
    except (ValueError, TypeError, AttributeError):
        return IntakeReason(code=IntakeCode.OTHER, text=f"{code} {details}")


def parse_verdict(text: str) -> IntakeVerdict:
    """Read a verdict; an unknown one is a failure, which leads to another request."""
    try:
        return IntakeVerdict(text)
    except ValueError:
        return IntakeVerdict.FAILED
