"""Text can be read in both colour schemes: contrast as WCAG 2.2 reckons it, of each pair of colours that meet.

Source: W3C, Web Content Accessibility Guidelines 2.2, success criteria 1.4.3 (4.5:1) and 1.4.11 (3:1); its definitions
    of relative luminance and contrast ratio (read 2026-11-27).
"""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

CSS = files("pinterest_page").joinpath("static", "page.css").read_text(encoding="utf-8")
TEXT = 4.5
SHAPE = 3.0
PAIRS = [
    ("ink", "paper", TEXT),
    ("ink", "card", TEXT),
    ("quiet", "paper", TEXT),
    ("quiet", "card", TEXT),
    ("wait", "card", TEXT),
    ("accent", "card", TEXT),
    ("on-accent", "accent", TEXT),
    ("good", "good-ground", TEXT),
    ("wait", "wait-ground", TEXT),
    ("bad", "bad-ground", TEXT),
    ("ink", "bad-ground", TEXT),
    ("ink", "plain-ground", TEXT),
    ("accent", "paper", SHAPE),
    ("bad", "card", SHAPE),
    ("quiet", "card", SHAPE),
]


def schemes() -> dict[str, dict[str, str]]:
    light, dark = [
        dict(re.findall(r"--([\w-]+): (#\w{6});", block)) for block in re.findall(r":root \{(.*?)\}", CSS, re.S)
    ]
    return {"light": light, "dark": light | dark}


def luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_the_reckoning_is_that_of_the_guidelines() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("front", "ground", "least"), PAIRS)
def test_colours_that_meet_can_be_told_apart(scheme: str, front: str, ground: str, least: float) -> None:
    colours = schemes()[scheme]

    assert contrast(colours[front], colours[ground]) >= least


def test_the_dark_scheme_has_every_colour_and_no_other_is_used() -> None:
    both = schemes()
    used = set(re.findall(r"var\(--([\w-]+)\)", CSS))

    assert set(both["light"]) == set(both["dark"]) == used
    assert not re.search(r"#\w{3,8}", re.sub(r"--[\w-]+: #\w{6};", "", CSS))
