r"""Numbers with units and formulas of chemistry, as the packages siunitx and mhchem set them."""

import re
from collections.abc import Callable, Mapping

from bot.text.scripts import script
from bot.text.structure import Reader
from bot.text.symbols import SYMBOLS, pairs

_PREFIXES = pairs("""
    yocto y zepto z atto a femto f pico p nano n micro µ milli m centi c deci d deca da hecto h
    kilo k mega M giga G tera T peta P exa E kibi Ki mebi Mi gibi Gi tebi Ti
""")
_UNITS = pairs("""
    ampere A candela cd kelvin K kilogram kg metre m meter m mole mol second s becquerel Bq
    celsius °C coulomb C degreeCelsius °C farad F gray Gy hertz Hz henry H joule J lumen lm
    katal kat lux lx newton N ohm Ω pascal Pa radian rad siemens S sievert Sv steradian sr
    tesla T volt V watt W weber Wb day d hour h minute min hectare ha litre L liter L tonne t
    dalton Da electronvolt eV astronomicalunit au bel B decibel dB neper Np gram g arcminute ′
    arcsecond ″ degree ° percent % parsec pc barn b byte B flop FLOP year yr lightyear ly
    um µm us µs ml mL
""")
"""The units that are not their own sign, as ``\\mm`` and ``\\GHz`` are."""

_POWERS = {"square": "²", "squared": "²", "cubic": "³", "cubed": "³"}
_TOKEN = re.compile(r"\\([A-Za-z]+)(?:\{([^{}]{0,20})\})?|([^\\]+)")
_EXPONENT = re.compile(r"(?<=\d)[eEdD]([+-]?\d+)")


def _quantity(reader: Reader) -> None:
    r"""Write ``\SI{50}{\milli\watt}`` as ``50 mW``."""
    number, unit = _number(reader), _unit(reader)
    parted = "" if unit[:1] in ("°", "′", "″", "%") and unit != "°C" else " "
    reader.write(f"{number}{parted}{unit}" if number and unit else number + unit)


def _quantity_range(reader: Reader) -> None:
    first, last, unit = _number(reader), _number(reader), _unit(reader)
    reader.write(f"{first}–{last} {unit}".rstrip())


def _number_range(reader: Reader) -> None:
    reader.write(f"{_number(reader)}–{_number(reader)}")


def _number_macro(reader: Reader) -> None:
    reader.write(_number(reader))


def _unit_macro(reader: Reader) -> None:
    reader.write(_unit(reader))


def _angle(reader: Reader) -> None:
    parts = zip(_number(reader).split(";"), "°′″", strict=False)
    reader.write("".join(part + sign for part, sign in parts if part))


def _number(reader: Reader) -> str:
    reader.take_option()
    shown = "".join(reader.argument(is_math=True).split())
    shown = _EXPONENT.sub(lambda found: "×10" + script(found[1].lstrip("+"), raised=True), shown)
    return re.sub(r"(?<=\d)x(?=\d)", "×", shown.replace("+-", "±")).lstrip("+")


def _unit(reader: Reader) -> str:
    reader.take_option()
    group = reader.take_group()
    if group is None:
        return ""
    raw = reader.text[slice(*group)]
    if "\\" not in raw:
        return reader.inner(*group, is_math=True).replace(".", " ").strip()
    shown, power, joint = "", "", ""
    for name, given, literal in _TOKEN.findall(raw):
        if name == "per":
            joint = "/"
        elif name in ("square", "cubic"):
            power = _POWERS[name]
        elif name in _POWERS or name in ("tothe", "raiseto"):
            shown += _POWERS.get(name) or script(given, raised=True)
        elif name in _PREFIXES:
            shown += joint + _PREFIXES[name]
            joint = ""
        else:
            sign = _UNITS.get(name) or SYMBOLS.get(name) or literal.strip(" ~.{}") or name
            shown += joint + sign + power
            power, joint = "", " " if name else ""
    return re.sub(r"\s+", " ", shown.strip())


_ARROWS = {"<=>": " ⇌ ", "<->": " ↔ ", "->": " → ", "<-": " ← "}
_ARROW = re.compile(r"\s*(<=>|<->|->|<-)\s*")
_COUNT = re.compile(r"(?<=[A-Za-z)\]])(\d+)")
_CHARGE = re.compile(r"\^(\d*[+-])|(?<=[₀-₉A-Za-z)\]])([+-])(?=$|\s)")


def _chemistry(reader: Reader) -> None:
    r"""Write ``\ce{2 H2O -> SO4^2-}`` as ``2 H₂O → SO₄²⁻``."""
    shown = reader.argument(is_math=False)
    shown = _ARROW.sub(lambda found: _ARROWS[found[1]], shown)
    shown = _COUNT.sub(lambda found: script(found[1], raised=False), shown)
    shown = _CHARGE.sub(lambda found: script(found[1] or found[2], raised=True), shown)
    reader.write(shown)


HANDLERS: Mapping[str, Callable[[Reader], None]] = {
    "SI": _quantity,
    "qty": _quantity,
    "SIrange": _quantity_range,
    "qtyrange": _quantity_range,
    "numrange": _number_range,
    "num": _number_macro,
    "si": _unit_macro,
    "unit": _unit_macro,
    "ang": _angle,
    "ce": _chemistry,
}
"""What to do at each such macro, by name."""
