"""A kiosk's touch panel in millimetres, and what of it people can reach and read. Pure.

Figures: a key is 19 mm at least, a capital 4.8 mm (ADA 707.7.2); controls lie 380 to 1220 mm above the floor (ADA 308,
EN 301 549 8.3), so that a seated person reaches them.
"""

from math import hypot
from typing import Final

MM_PER_INCH: Final = 25.4
LOWEST_MM: Final = 380
HIGHEST_MM: Final = 1220
SHORT_MM: Final = 89.0  # smallest sides of the area in which all screens have room, with keys of 19 mm
LONG_MM: Final = 150.0


def px_per_mm(width: int, height: int, *, diagonal_in: float, dpi: float | None) -> float:
    """Return how fine a panel is; `dpi` goes before the diagonal."""
    return dpi / MM_PER_INCH if dpi is not None else hypot(width, height) / (diagonal_in * MM_PER_INCH)


def reachable_px(height: int, fine: float, bottom_mm: int | None) -> int:
    """Return how many pixels, from the lower edge up, a seated person reaches; None: it is not known to be high."""
    return height if bottom_mm is None else min(height, int((HIGHEST_MM - bottom_mm) * fine))


def faults(width: int, height: int, *, diagonal_in: float, dpi: float | None, bottom_mm: int | None) -> dict[str, str]:
    """Return why people could not use a panel, by the key of the kiosk's file that says so."""
    fine = px_per_mm(width, height, diagonal_in=diagonal_in, dpi=dpi)
    key = "dpi" if dpi is not None else "diagonal_in"
    wide_mm, high_mm = width / fine, height / fine
    if not _has_room(wide_mm, high_mm):
        return {
            key: f"the panel is {wide_mm:.0f} x {high_mm:.0f} mm; keys of 19 mm and capitals of 4.8 mm need "
            f"{LONG_MM:.0f} x {SHORT_MM:.0f} mm: take one of 7 inches or more, or correct its size"
        }
    if bottom_mm is None:
        return {}
    if bottom_mm < LOWEST_MM:
        return {
            "bottom_mm": f"the lowest keys would be {bottom_mm} mm above the floor; nobody should bend below "
            f"{LOWEST_MM} mm: hang the panel {LOWEST_MM - bottom_mm} mm higher"
        }
    within_mm = reachable_px(height, fine, bottom_mm) / fine
    if not _has_room(wide_mm, within_mm):
        needed = SHORT_MM if wide_mm >= LONG_MM else LONG_MM
        return {
            "bottom_mm": f"a seated person reaches up to {HIGHEST_MM} mm: {max(0, within_mm):.0f} mm of this panel; "
            f"all keys need {needed:.0f} mm: hang it {needed - within_mm:.0f} mm lower"
        }
    return {}


def _has_room(wide_mm: float, high_mm: float) -> bool:
    return min(wide_mm, high_mm) >= SHORT_MM and max(wide_mm, high_mm) >= LONG_MM
