"""How the kiosk looks: its palettes, and what a theme's colours make of them. Pure.

Numbers and actions stand out by 7:1, everything else by 4.5:1 (WCAG 2, 1.4.6 and 1.4.3); a theme that breaks this is
refused when it is read.
"""

from collections.abc import Mapping
from typing import Final

from broker.theme import Theme, mixed

Palette = Mapping[str, str]

DARK: Final[Palette] = {
    "ink": "#FFFFFF",
    "muted": "#E6E6E6",
    "paper": "#000000",
    "card": "#000000",
    "line": "#FFFFFF",
    "brand": "#FFD800",
    "deep": "#000000",
    "soft": "#000000",
    "key_ink": "#FFD800",
    "on_brand": "#000000",
    "on_deep": "#FFFFFF",
    "pale": "#FFFFFF",
    "veil": "#000000",
    "call": "#FFD800",
    "on_call": "#000000",
    "number": "#FFD800",
    "alert": "#FFB3AC",
    "alert_soft": "#000000",
    "shut": "#1A1A1A",
    "shut_icon": "#1A1A1A",
    "shut_ink": "#D0D0D0",
    "shade": "#000000E0",
}


def palette(theme: Theme, *, contrast: bool) -> Palette:
    """Return what each colour's name means: the hall's colours, or black and white and yellow."""
    if contrast:
        return DARK
    brand, deep = theme.brand, theme.dark
    return {
        "ink": "#10201E",
        "muted": "#44534F",
        "paper": "#F3F6F4",
        "card": "#FFFFFF",
        "line": "#D5DED9",
        "brand": brand,
        "deep": deep,
        "soft": mixed(brand, "#FFFFFF", 0.88),
        "key_ink": deep,
        "on_brand": "#FFFFFF",
        "on_deep": "#FFFFFF",
        "pale": "#EEF4F2",
        "veil": mixed(deep, "#FFFFFF", 0.1),
        "call": "#FFC233",
        "on_call": "#241A00",
        "number": "#FFC233",
        "alert": "#A3201A",
        "alert_soft": "#FBE9E7",
        "shut": "#EDF0EE",
        "shut_icon": "#DDE3E0",
        "shut_ink": "#4E5B57",
        "shade": "#000000A0",
    }
