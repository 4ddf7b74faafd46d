"""The parts of the page: a library that says what it is, and colours that can be read."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path

import pytest

TEMPLATES = files("curate") / "templates"
LIBRARY = (TEMPLATES / "echarts.min.js").read_text("utf-8")
CSS = (TEMPLATES / "report.css").read_text("utf-8")
CHARTS = Path(__file__).resolve().parent.parent.parent / "docs" / "charts"
PARTS = json.loads((CHARTS / "package.json").read_text("utf-8"))["dependencies"]
TEXT = ("ink", "quiet", "link", "kept", "edited", "dropped", "quarantined", "flag", "sign")


# --- the library --------------------------------------------------------------------------------


def test_the_library_is_the_one_that_its_recipe_and_its_licences_name():
    licences = (TEMPLATES / "echarts.LICENSE.txt").read_text("utf-8")
    for name, version in PARTS.items():
        assert f"\n{name} {version}: " in licences
    assert f"Apache ECharts {PARTS['echarts']}," in LIBRARY.partition("\n")[0]
    for words in ("Apache License", "Redistribution and use in source and binary forms", "d3"):
        assert words in licences


def test_the_library_holds_what_the_script_draws_and_nothing_that_ends_or_asks():
    drawn = set(re.findall(r'type: "(\w+)"', (TEMPLATES / "charts.js").read_text("utf-8")))
    assert {"sankey", "bar"} <= drawn
    assert all(f'"{kind}"' in LIBRARY for kind in drawn)
    assert not re.search(r"</script|<!--|\beval\(|new Function\(|XMLHttpRequest|fetch\(", LIBRARY)
    hosts = set(re.findall(r"https?://([\w.-]+)", LIBRARY))
    assert hosts == {"www.w3.org", "www.apache.org"}  # names of XML spaces, and the licence
    assert len(LIBRARY) < 600_000


# --- the colours --------------------------------------------------------------------------------


def colours(block):
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6})\b", block))


LIGHT = colours(CSS.partition("}")[0])
DARK = LIGHT | colours(CSS.partition("prefers-color-scheme: dark")[2].partition("}")[0])
PRINT = LIGHT | colours(CSS.partition("@media print")[2].partition("}")[0])


def luminance(colour):
    wide = colour[1:] if len(colour) == 7 else "".join(sign * 2 for sign in colour[1:])
    parts = [int(wide[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    """The ratio of WCAG 2, 1 to 21; 4.5 is enough for text."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_what_the_standard_says_it_is():
    assert contrast("#000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("scheme", [LIGHT, DARK, PRINT], ids=["light", "dark", "print"])
@pytest.mark.parametrize("name", TEXT)
def test_text_can_be_read_in_every_scheme(scheme, name):
    assert contrast(scheme[name], scheme["paper"]) >= 4.5


@pytest.mark.parametrize("scheme", [LIGHT, DARK, PRINT], ids=["light", "dark", "print"])
@pytest.mark.parametrize("mark", ["hit", "differs", "secret"])
def test_marked_text_can_be_read_in_every_scheme(scheme, mark):
    assert contrast(scheme["ink"], scheme[mark]) >= 4.5
