"""Units of measure, and what one of them is in its base unit.

Where a word has several sizes (US and imperial gallons, three tons, 1000 or 1024 bytes) all count.
"""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import product

_F = Fraction


def _f(text: str) -> Fraction:
    return Fraction(text)


# dimension: names separated by commas, and the sizes
_TABLE: dict[str, list[tuple[str, tuple[str, ...]]]] = {
    "length": [
        ("millimeter,millimetre,mm", ("0.001",)),
        ("centimeter,centimetre,cm", ("0.01",)),
        ("decimeter,decimetre,dm", ("0.1",)),
        ("meter,metre,m", ("1",)),
        ("kilometer,kilometre,km,kms", ("1000",)),
        ("micrometer,micrometre,micron", ("0.000001",)),
        ("nanometer,nanometre,nm", ("0.000000001",)),
        ("inch,inche,in", ("0.0254",)),
        ("foot,feet,ft", ("0.3048",)),
        ("yard,yd", ("0.9144",)),
        ("mile,mi", ("1609.344",)),
        ("nautical mile,nmi", ("1852",)),
        ("light year,light-year", ("9460730472580800",)),
    ],
    "mass": [
        ("milligram,mg", ("0.001",)),
        ("gram,gramme,g", ("1",)),
        ("kilogram,kilo,kg,kgs", ("1000",)),
        ("tonne,metric ton", ("1000000",)),
        ("ton", ("1000000", "907184.74", "1016046.9")),
        ("ounce,oz", ("28.349523",)),
        ("pound,lb,lbs", ("453.59237",)),
        ("stone", ("6350.29318",)),
    ],
    "volume": [
        ("milliliter,millilitre,ml", ("1",)),
        ("centiliter,centilitre,cl", ("10",)),
        ("deciliter,decilitre,dl", ("100",)),
        ("liter,litre,l", ("1000",)),
        ("fluid ounce,fl oz,fl. oz", ("29.5735", "28.4131")),
        ("cup", ("236.588", "240", "250")),
        ("pint", ("473.176", "568.261")),
        ("quart", ("946.353", "1136.52")),
        ("gallon", ("3785.41", "4546.09")),
        ("teaspoon,tsp", ("4.92892", "5")),
        ("tablespoon,tbsp", ("14.7868", "15", "20")),
        ("cubic meter,cubic metre", ("1000000",)),
        ("cubic centimeter,cubic centimetre", ("1",)),
    ],
    "time": [
        ("millisecond,ms", ("0.001",)),
        ("second,sec", ("1",)),
        ("minute,min", ("60",)),
        ("hour,hr,h", ("3600",)),
        ("day", ("86400",)),
        ("week", ("604800",)),
        ("year", ("31536000", "31557600")),
    ],
    "speed": [
        ("meter per second,metre per second,m/s", ("1",)),
        (
            "kilometer per hour,kilometre per hour,km per hour,km/h,km/hr,km/hour,kmh,kph,kmph",
            ("0.277777777778",),
        ),
        ("mile per hour,mph,miles/hr,miles/hour,mi/h,mile/hour", ("0.44704",)),
        ("foot per second,feet per second,ft/s", ("0.3048",)),
        ("knot", ("0.514444",)),
    ],
    "area": [
        ("square meter,square metre,sq m,m²,m2", ("1",)),
        ("square kilometer,square kilometre,sq km,km²,km2", ("1000000",)),
        ("square centimeter,square centimetre,cm²,cm2", ("0.0001",)),
        ("square foot,square feet,sq ft,ft²,ft2", ("0.09290304",)),
        ("square inch,square inche", ("0.00064516",)),
        ("square yard", ("0.83612736",)),
        ("square mile", ("2589988.11",)),
        ("acre", ("4046.8564",)),
        ("hectare,ha", ("10000",)),
    ],
    "data": [
        ("bit", ("0.125",)),
        ("byte", ("1",)),
        ("kilobyte,kb", ("1000", "1024")),
        ("megabyte,mb", ("1000000", "1048576")),
        ("gigabyte,gb", ("1000000000", "1073741824")),
        ("terabyte,tb", ("1000000000000", "1099511627776")),
    ],
    "temperature": [
        ("celsius,degree celsius,degrees celsius,degree c,°c,c,centigrade", ("1",)),
        ("fahrenheit,degree fahrenheit,degrees fahrenheit,degree f,°f,f", ("1",)),
        ("kelvin,degree kelvin,degrees kelvin,k", ("1",)),
    ],
}

UNITS: dict[str, tuple[str, tuple[Fraction, ...], str]] = {
    spelled: (dimension, tuple(map(_f, sizes)), names.split(",")[0])
    for dimension, rows in _TABLE.items()
    for names, sizes in rows
    for name in names.split(",")
    for spelled in (name, f"{name}s", re.sub(r"^(\w+) per", r"\1s per", name))
}

# The longest first, so that "miles per hour" is no "miles".
PATTERN = "|".join(re.escape(name) for name in sorted(UNITS, key=len, reverse=True))


def convert(value: Fraction, unit: str, to: str) -> tuple[Fraction, ...]:
    """What a value may be in another unit (names in lower case), the likeliest first.

    Empty where the two measure different things, or are the same unit.
    """
    kind, sizes, name = UNITS[unit]
    to_kind, to_sizes, to_name = UNITS[to]
    if kind != to_kind or name == to_name:
        return ()
    if kind == "temperature":
        return (_temperature(value, name, to_name),)
    return tuple(value * one / other for one, other in product(sizes, to_sizes))


def _temperature(value: Fraction, unit: str, to: str) -> Fraction:
    zero = _F("273.15")
    celsius = {"celsius": value, "fahrenheit": (value - 32) * 5 / 9, "kelvin": value - zero}[unit]
    return {"celsius": celsius, "fahrenheit": celsius * 9 / 5 + 32, "kelvin": celsius + zero}[to]
