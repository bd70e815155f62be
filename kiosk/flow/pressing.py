"""Which screen follows a tactile key: keys move a focus over what can be touched, and touch it."""

from dataclasses import replace
from typing import Final

from hardware.devices import TactileKey

from .happenings import Pressed, Wish
from .pages import Home
from .settling import hushed
from .state import Kiosk
from .touches import after_touch

LOUDEST: Final = 4  # steps above ordinary, together 20 dB (49 CFR 27.71)
WAYS_BACK: Final = ("back", "home", "stay")
_STEPS: Final = {TactileKey.PREVIOUS: -1, TactileKey.NEXT: 1}
_VOLUMES: Final = {TactileKey.LOUDER: 1, TactileKey.QUIETER: -1}


def after_press(kiosk: Kiosk, press: Pressed, now_s: float) -> tuple[Kiosk, Wish | None]:
    """Return the kiosk after a tactile key; the first one only wakes its speech."""
    if press.key is TactileKey.UNPLUGGED:
        return hushed(kiosk), None
    pressed = replace(kiosk, since_s=now_s, presses=kiosk.presses + 1)
    if not kiosk.listening:
        return replace(pressed, listening=True, focus=_first_words(press.offered), asking=False), None
    if kiosk.asking:  # any key answers *still there?*, as any touch does
        return replace(pressed, asking=False), None
    match press.key:
        case TactileKey.PREVIOUS | TactileKey.NEXT:
            return replace(pressed, focus=_moved(kiosk.focus, press.offered, _STEPS[press.key])), None
        case TactileKey.LOUDER | TactileKey.QUIETER:
            volume = min(LOUDEST, max(0, kiosk.volume + _VOLUMES[press.key]))
            return replace(pressed, volume=volume), None
        case TactileKey.OK if kiosk.focus in press.offered:
            return _touched(pressed, kiosk.focus, now_s)
        case TactileKey.OK:  # nothing is chosen yet: say what comes first, and touch nothing
            return replace(pressed, focus=_moved(None, press.offered, 1)), None
        case TactileKey.BACK:
            return _touched(pressed, next((each for each in WAYS_BACK if each in press.offered), None), now_s)
        case _:
            return pressed, None


def refocused(before: Kiosk, after: Kiosk) -> Kiosk:
    """Return the kiosk with no focus where another screen stands than before."""
    if after.focus is None or not before.listening or before.screen == after.screen:
        return after
    if type(before.screen) is type(after.screen) and not isinstance(after.screen, Home):
        return after  # a digit was typed, a slip was printed
    return replace(after, focus=None)


def _touched(kiosk: Kiosk, key: str | None, now_s: float) -> tuple[Kiosk, Wish | None]:
    return after_touch(kiosk, key, now_s) if key is not None else (kiosk, None)


def _moved(focus: str | None, offered: tuple[str, ...], step: int) -> str | None:
    """Return the next key, round and round."""
    if not offered:
        return None
    if focus not in offered:
        return offered[0 if step > 0 else -1]
    return offered[(offered.index(focus) + step) % len(offered)]


def _first_words(offered: tuple[str, ...]) -> str | None:
    """Return the key of the other language: whoever does not understand the first words needs it first."""
    return next((each for each in offered if each.startswith("language:")), None)
