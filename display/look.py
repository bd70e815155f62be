"""How a board looks: light on dark, amber for the call alone, and what a theme's brand makes of it. Pure."""

from collections.abc import Mapping
from typing import Final

from broker.theme import Theme, mixed

Palette = Mapping[str, str]
NIGHT: Final = "#0B1715"


def palette(theme: Theme) -> Palette:
    """Return what each colour's name means. White stands out from every ground by 7:1 at least."""
    night = NIGHT if theme == Theme() else mixed(theme.dark, "#000000", 0.62)
    return {
        "night": night,
        "card": mixed(night, "#FFFFFF", 0.045),
        "line": mixed(night, "#FFFFFF", 0.16),
        "note": mixed(night, "#FFFFFF", 0.09),
        "white": "#FFFFFF",
        "muted": "#A9BFB8",
        "faded": "#9AA8A4",
        "call": "#FFC233",
        "call_light": "#FFE6A8",
        "on_call": "#1C1300",
        "arrow_on_call": "#6B4A00",
        "alive": "#43C59E",
        "away": "#6E807B",
        "alarm": "#8E1A14",
        "tag": "#FFFFFF",
    }
