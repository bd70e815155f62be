"""What the keys of a keyboard mean at a kiosk: a scanner that types, or a tactile key. Pure.

Keys come as HID usages (*HID Usage Tables*, page 07, Keyboard/Keypad), which SDL hands on as its scancodes: where a key
lies, whatever layout or input method the system has. A scanner types as an American keyboard does. What is typed faster
than people type, and ended by Enter or Tab, is a scan; characters that come more slowly mean nothing. A key that is
held counts once.
"""

from dataclasses import dataclass
from typing import Final

MOST: Final = 512  # characters of a code; what is longer is none
LEAST: Final = 3
PAUSE_S: Final = 0.3  # no scanner pauses so long: a new code begins
TYPED_S: Final = 0.05  # a character, on average; a quick typist needs twice as long
STALL_S: Final = 0.1  # so late the window may hear of the end, when it is busy
HELD_S: Final = 1.0  # a key that is held repeats sooner; what comes later is a new press, its release was lost

ENTER: Final = "enter"
_END: Final = frozenset({0x28, 0x58, 0x2B})  # Enter, keypad Enter, Tab
_SHIFTED: Final = dict(zip("1234567890-=[]\\;'`,./", '!@#$%^&*()_+{}|:"~<>?', strict=True))
_LETTERS: Final = {0x04 + place: letter for place, letter in enumerate("abcdefghijklmnopqrstuvwxyz")}
_SIGNS: Final = {
    **{0x1E + place: digit for place, digit in enumerate("1234567890")},
    0x2C: " ",
    **{0x2D + place: sign for place, sign in enumerate("-=[]\\")},
    **{0x33 + place: sign for place, sign in enumerate(";'`,./")},
}
_KEYPAD: Final = {**{0x59 + place: digit for place, digit in enumerate("1234567890")}, 0x63: "."}
TACTILE: Final = {
    0x28: ENTER,
    0x58: ENTER,
    0x29: "escape",
    0x2A: "backspace",
    0x2B: "tab",
    0x49: "insert",
    0x4A: "home",
    0x4B: "pageup",
    0x4C: "delete",
    0x4D: "end",
    0x4E: "pagedown",
    0x4F: "right",
    0x50: "left",
    0x51: "down",
    0x52: "up",
    0x54: "keypad/",
    0x55: "keypad*",
    0x56: "keypad-",
    0x57: "keypad+",
    0x7F: "mute",
    0x80: "volumeup",
    0x81: "volumedown",
    **{0x3A + place: f"f{1 + place}" for place in range(12)},
    **{0x68 + place: f"f{13 + place}" for place in range(12)},
}


@dataclass(frozen=True)
class Scan:
    """A code that a scanner has typed."""

    text: str


@dataclass(frozen=True)
class Tactile:
    """A key of its own was pressed; one of the names of `TACTILE`."""

    key: str


class Keyboard:
    """All keyboards of a kiosk as one. `now_s` is monotonic."""

    def __init__(self) -> None:
        self._typed = ""
        self._since_s = 0.0  # of the first character
        self._last_s = 0.0
        self._held: dict[int, float] = {}  # usage → when it was last heard of

    def down(self, usage: int, *, shift: bool = False, caps: bool = False, now_s: float) -> Scan | Tactile | None:
        """Return what a key means that goes down, or repeats because it is held."""
        heard_s = self._held.get(usage)
        self._held[usage] = now_s
        if heard_s is not None and now_s - heard_s < HELD_S:
            return None
        character = _character(usage, shift=shift, caps=caps)
        if character:
            self._type(character, now_s)
            return None
        if usage not in TACTILE:  # Shift and its like come in the middle of a code
            return None
        scan = self._scan(now_s) if usage in _END else None
        self._typed = ""
        return scan or Tactile(TACTILE[usage])

    def up(self, usage: int) -> None:
        self._held.pop(usage, None)

    def _type(self, character: str, now_s: float) -> None:
        if now_s - self._last_s > PAUSE_S:
            self._typed = ""
        if not self._typed:
            self._since_s = now_s
        self._last_s = now_s
        if len(self._typed) <= MOST:  # one more: it is known to be too long
            self._typed += character

    def _scan(self, now_s: float) -> Scan | None:
        length = len(self._typed)
        is_quick = now_s - self._last_s <= PAUSE_S and now_s - self._since_s <= length * TYPED_S + STALL_S
        return Scan(self._typed) if LEAST <= length <= MOST and is_quick else None


def _character(usage: int, *, shift: bool, caps: bool) -> str:
    if usage in _LETTERS:
        letter = _LETTERS[usage]
        return letter.upper() if shift is not caps else letter
    if usage in _SIGNS:
        return _SHIFTED.get(_SIGNS[usage], _SIGNS[usage]) if shift else _SIGNS[usage]
    return _KEYPAD.get(usage, "")
