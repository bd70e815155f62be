"""The kiosk's program, with a keyboard that a test plays: each line of stdin is typed into its window, Enter behind it.

The keys are SDL's own events, pushed into the library that Kivy's window has loaded.
"""

import ctypes
import sys
import time
from pathlib import Path
from threading import Thread

from kiosk.__main__ import main

KEY_DOWN, KEY_UP = 0x300, 0x301
SHIFT, ENTER = 0x0001, 0x28
PLAIN = dict(zip("abcdefghijklmnopqrstuvwxyz1234567890", range(0x04, 0x28), strict=True))
PLAIN |= {"-": 0x2D, "/": 0x38, ".": 0x37}
SHIFTED = {letter.upper(): usage for letter, usage in PLAIN.items() if letter.isalpha()} | {":": 0x33, "?": 0x38}


class KeyEvent(ctypes.Structure):
    """SDL_KeyboardEvent, padded to the size of an SDL_Event."""

    _fields_ = (
        ("type", ctypes.c_uint32),
        ("timestamp", ctypes.c_uint32),
        ("window", ctypes.c_uint32),
        ("state", ctypes.c_uint8),
        ("repeat", ctypes.c_uint8),
        ("padding", ctypes.c_uint8 * 2),
        ("scancode", ctypes.c_int32),
        ("sym", ctypes.c_int32),
        ("mod", ctypes.c_uint16),
        ("unused", ctypes.c_uint32),
        ("rest", ctypes.c_uint8 * 32),
    )


def library() -> ctypes.CDLL:
    """Return the SDL that the window uses, once it is there."""
    while True:
        for line in Path("/proc/self/maps").read_text(encoding="utf-8").splitlines():
            path = line.rpartition(" ")[2]
            if "libSDL2-2" in path:
                return ctypes.CDLL(path)
        time.sleep(0.05)


def play() -> None:
    sdl = library()
    for line in sys.stdin:
        for character in [*line.rstrip("\n"), "\n"]:
            usage = ENTER if character == "\n" else (PLAIN | SHIFTED)[character]
            mod = SHIFT if character in SHIFTED else 0
            for kind in (KEY_DOWN, KEY_UP):
                event = KeyEvent(type=kind, state=kind == KEY_DOWN, scancode=usage, sym=usage, mod=mod)
                sdl.SDL_PushEvent(ctypes.byref(event))
            time.sleep(0.005)  # as a scanner types


if __name__ == "__main__":
    Thread(target=play, daemon=True).start()
    sys.exit(main())
