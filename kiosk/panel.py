"""How a picture is laid on the panel: its scale, and how much of the panel a seated person reaches. Pure.

A design pixel is 1/5.884 mm at least, so that a key of 112 of them has its 19 mm on every panel; on larger panels it
grows with the panel.
"""

from dataclasses import dataclass
from typing import Final

from broker import panel

UNITS_PER_MM: Final = 5.884  # design pixels: those of a 10.1 inch panel of 1280x800
SHORT: Final = 800.0
LONG: Final = 1280.0
ROOMY: Final = 760.0  # shorter side from which there is room for everything


@dataclass(frozen=True, kw_only=True)
class Panel:
    """The panel as the installer states it."""

    diagonal_in: float = 10.1
    dpi: float | None = None
    bottom_mm: int | None = None  # of the lower edge above the floor


@dataclass(frozen=True, kw_only=True)
class Fit:
    """A design of `w` by `h`, `scale` pixels for each of its own; the topmost `top` of it is out of reach."""

    scale: float
    w: float
    h: float
    top: float = 0.0
    units_per_mm: float = UNITS_PER_MM


def fit(about: Panel, width: int, height: int) -> Fit:
    """Return how a picture lies on a window of so many pixels."""
    fine = panel.px_per_mm(width, height, diagonal_in=about.diagonal_in, dpi=about.dpi)
    within = panel.reachable_px(height, fine, about.bottom_mm)
    short, long = sorted((width, within))
    scale = max(fine / UNITS_PER_MM, min(short / SHORT, long / LONG))
    top = (height - within) / scale
    return Fit(scale=scale, w=width / scale, h=height / scale, top=top, units_per_mm=fine / scale)


def cards(about: Panel, width: int, height: int) -> int:
    """Return how many services a page has room for."""
    found = fit(about, width, height)
    return 6 if min(found.w, found.h - found.top) >= ROOMY else 4
