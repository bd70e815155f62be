"""Where the demo's windows lie on the screen: kiosk and board on the left, the panel on the right."""

import ctypes
import ctypes.util
from dataclasses import dataclass
from typing import Final

USUAL: Final = (1920, 1080)
EDGE: Final = 8
TITLE: Final = 36  # height of a window's title bar, roughly


@dataclass(frozen=True, kw_only=True)
class Place:
    """A window's place in pixels from the screen's top left."""

    left: int
    top: int
    width: int
    height: int

    @property
    def environment(self) -> dict[str, str]:
        """Kivy's settings that put its window there."""
        return {
            "KCFG_GRAPHICS_POSITION": "custom",
            "KCFG_GRAPHICS_LEFT": str(self.left),
            "KCFG_GRAPHICS_TOP": str(self.top),
        }


@dataclass(frozen=True, kw_only=True)
class Desk:
    kiosk: Place
    board: Place
    panel: Place


def desk(width: int, height: int) -> Desk:
    """Return places that do not overlap from 1920x1080 up; on a smaller screen a part of each stays in sight."""
    scale = min(width / USUAL[0], height / USUAL[1])
    kiosk_w, board_w = max(800, round(832 * scale)), max(854, round(854 * scale))
    kiosk_h, board_h = kiosk_w * 5 // 8, round(board_w * 9 / 16)
    left = EDGE + max(kiosk_w, board_w) + 2 * EDGE
    panel_w = max(800, min(width - left - EDGE, round(1030 * scale)))
    panel_h = panel_w * 4 // 5
    return Desk(
        kiosk=Place(left=EDGE, top=TITLE, width=kiosk_w, height=kiosk_h),
        board=Place(
            left=EDGE,
            top=max(TITLE, min(TITLE + kiosk_h + TITLE, height - board_h - EDGE)),
            width=board_w,
            height=board_h,
        ),
        panel=Place(left=max(0, min(left, width - panel_w - EDGE)), top=TITLE, width=panel_w, height=panel_h),
    )


def screen_size() -> tuple[int, int]:
    """Return the X screen's width and height, or a usual one's where X does not answer."""
    name = ctypes.util.find_library("X11")
    if name is None:
        return USUAL
    x11 = ctypes.CDLL(name)
    x11.XOpenDisplay.restype = ctypes.c_void_p
    for asks in (x11.XDisplayWidth, x11.XDisplayHeight):
        asks.argtypes = [ctypes.c_void_p, ctypes.c_int]
    x11.XCloseDisplay.argtypes = [ctypes.c_void_p]
    display = x11.XOpenDisplay(None)
    if not display:
        return USUAL
    try:
        return int(x11.XDisplayWidth(display, 0)), int(x11.XDisplayHeight(display, 0))
    finally:
        x11.XCloseDisplay(display)
