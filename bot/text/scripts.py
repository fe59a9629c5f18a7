"""Superscripts and subscripts as Unicode has them, and a readable form where it has not."""

import re

SUPERSCRIPTS = dict(zip(
    "0123456789+-−=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVWβγδθφχ⊤∗",
    "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂᵝᵞᵟᶿᵠᵡᵀ*",
    strict=True,
))  # fmt: skip
SUBSCRIPTS = dict(zip(
    "0123456789+-−=()aehijklmnoprstuvxβγρφχ",
    "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ",
    strict=True,
))  # fmt: skip
RAISED = {"∘": "°", "°": "°", "′": "′", "′′": "″", "*": "*", "⋆": "*", "★": "★",
          "deg": "°", "†": "†", "‡": "‡", "®": "®", "™": "™", "'": "'"}  # fmt: skip
"""Superscripts that are raised characters already."""

_LONGEST = 12  # characters; a longer script is easier to read on the line


def script(content: str, *, raised: bool, after: str = "") -> str:
    """Return ``content`` raised or lowered: in Unicode if all of it can be, else ``^(...)``.

    ``after`` is the character that follows; it decides whether brackets are needed.
    """
    content = content.strip()
    if not content:
        return ""
    if raised and content in RAISED:
        return RAISED[content]
    table = SUPERSCRIPTS if raised else SUBSCRIPTS
    if len(content) <= _LONGEST and all(character in table for character in content):
        return "".join(table[character] for character in content)
    mark = "^" if raised else "_"
    is_word = content.isascii() and content.isalnum() and not after.isalnum()
    if len(content) == 1 or is_word or re.fullmatch(r"\([^()]*\)", content):
        return mark + content
    return f"{mark}({content})"
