"""The kiosk's program, with a keyboard that a test plays: each line of stdin is typed into its window, Enter behind it.

A line such as `>right` holds that one key for a while.

A line such as `!200` is somebody who wants out: so many keys that lead out of other programs, with Ctrl, Alt and Super,
and requests to close the window. All are SDL's own events, pushed into the library that Kivy's window has loaded.
"""

import ctypes
import random
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


QUIT, WINDOW, CLOSE = 0x100, 0x200, 14
CTRL, ALT, SUPER = 0x0040, 0x0100, 0x0400
F1, F4, F11, F12, ESCAPE, PRINT_SCREEN, TAB, DELETE = 0x3A, 0x3D, 0x44, 0x45, 0x29, 0x46, 0x2B, 0x4C
LETTERS = range(0x04, 0x1E)
FELT = {"right": 0x4F, "left": 0x50, "enter": 0x28, "escape": 0x29, "back": 0x72}  # F23: Storm's <<
BY_SCANCODE = 1 << 30  # SDLK_SCANCODE_MASK: a key that has no character


class WindowEvent(ctypes.Structure):
    """SDL_WindowEvent, padded to the size of an SDL_Event."""

    _fields_ = (
        ("type", ctypes.c_uint32),
        ("timestamp", ctypes.c_uint32),
        ("window", ctypes.c_uint32),
        ("event", ctypes.c_uint8),
        ("padding", ctypes.c_uint8 * 3),
        ("rest", ctypes.c_uint8 * 48),
    )


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
        if line.startswith(">"):
            hold(sdl, FELT[line[1:].strip()])
            continue
        if line.startswith("!"):
            storm(sdl, int(line[1:]))
            continue
        for character in [*line.rstrip("\n"), "\n"]:
            usage = ENTER if character == "\n" else (PLAIN | SHIFTED)[character]
            mod = SHIFT if character in SHIFTED else 0
            for kind in (KEY_DOWN, KEY_UP):
                event = KeyEvent(type=kind, state=kind == KEY_DOWN, scancode=usage, sym=usage, mod=mod)
                sdl.SDL_PushEvent(ctypes.byref(event))


def hold(sdl: ctypes.CDLL, usage: int) -> None:
    """Hold a key until it has repeated five times, as a keypad's does that types as a keyboard."""
    for repeat in range(6):
        event = KeyEvent(type=KEY_DOWN, state=1, repeat=repeat > 0, scancode=usage, sym=usage | BY_SCANCODE)
        sdl.SDL_PushEvent(ctypes.byref(event))
    sdl.SDL_PushEvent(ctypes.byref(KeyEvent(type=KEY_UP, scancode=usage, sym=usage | BY_SCANCODE)))


def storm(sdl: ctypes.CDLL, keys: int) -> None:
    chance = random.Random(4)  # noqa: S311
    for _ in range(keys):
        usage = chance.choice([F1, F4, F11, F12, ESCAPE, PRINT_SCREEN, TAB, DELETE, *LETTERS])
        mod = chance.choice([0, CTRL, ALT, SUPER, CTRL | ALT])
        sym = ord("a") + usage - LETTERS[0] if usage in LETTERS else usage | BY_SCANCODE
        for kind in (KEY_DOWN, KEY_UP):
            event = KeyEvent(type=kind, window=1, state=kind == KEY_DOWN, scancode=usage, sym=sym, mod=mod)
            sdl.SDL_PushEvent(ctypes.byref(event))
        if usage == F4:
            sdl.SDL_PushEvent(ctypes.byref(WindowEvent(type=WINDOW, window=1, event=CLOSE)))
            sdl.SDL_PushEvent(ctypes.byref(WindowEvent(type=QUIT)))
        time.sleep(0.002)


if __name__ == "__main__":
    Thread(target=play, daemon=True).start()
    sys.exit(main())
