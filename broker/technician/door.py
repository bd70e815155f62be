"""The door to the technician's page: the gesture, the PIN, how long it stays open. Pure; times are monotonic seconds.

shut → five touches within TAPS_S → pad → right PIN → open; left alone it shuts by itself. After TRIES wrong PINs nobody
is heard for a minute, then two, four, up to an hour: also after it was shut, or the program ended, in between.
"""

from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from ..contract.messages import Language
from .pin import LONGEST, SHORTEST

TAPS: Final = 5
TAPS_S: Final = 3.0
ALONE_S: Final = 60.0  # without a touch
LONGEST_S: Final = 600.0  # with touches: then customers want their screen back
TRIES: Final = 5
FIRST_WAIT_S: Final = 60.0
LONGEST_WAIT_S: Final = 3600.0


class Stage(Enum):
    SHUT = "shut"
    PAD = "pad"
    CHECKING = "checking"  # whether the PIN is right
    OPEN = "open"


@dataclass(frozen=True, kw_only=True)
class Door:
    """What is to be seen of it; `page` counts from 0."""

    stage: Stage = Stage.SHUT
    taps: tuple[float, ...] = ()
    typed: str = ""
    was_wrong: bool = False
    tries: int = 0  # wrong PINs since the last right one
    closed_until_s: float = 0.0
    touched_s: float = 0.0
    opened_s: float = 0.0
    page: int = 0
    language: Language = Language.ZH

    @property
    def is_shut(self) -> bool:
        return self.stage is Stage.SHUT

    def wait_s(self, now_s: float) -> int:
        """Return for how many seconds no PIN is taken."""
        return max(0, round(self.closed_until_s - now_s + 0.49))


def after_restart(tries: int, now_s: float) -> Door:
    """Return the door of a program that has just started; so many PINs were wrong before, and the wait begins anew."""
    return Door(tries=tries, closed_until_s=now_s + _wait_s(tries))


def tapped(door: Door, now_s: float) -> Door:
    """Take in a touch of the gesture; the last of them shows the pad."""
    if not door.is_shut:
        return door
    taps = (*(each for each in door.taps if now_s - each < TAPS_S), now_s)
    if len(taps) < TAPS:
        return replace(door, taps=taps)
    return replace(door, stage=Stage.PAD, taps=(), typed="", was_wrong=False, touched_s=now_s, opened_s=now_s)


def pressed(door: Door, key: str, now_s: float, *, pages: int) -> Door:
    """Take in a key of the pad or of the page; at `ok` the stage is CHECKING, and somebody looks at `typed`."""
    if key == "leave":
        return shut(door)
    door = replace(door, touched_s=now_s)
    match door.stage, key.partition(":"):
        case ((Stage.PAD | Stage.OPEN), ("language", _, _)):
            return replace(door, language=Language.EN if door.language is Language.ZH else Language.ZH)
        case Stage.PAD, _ if door.wait_s(now_s):
            return door
        case Stage.PAD, ("digit", _, digit):
            return replace(door, typed=(door.typed + digit)[:LONGEST], was_wrong=False)
        case Stage.PAD, ("clear", _, _):
            return replace(door, typed=door.typed[:-1])
        case Stage.PAD, ("ok", _, _) if len(door.typed) >= SHORTEST:
            return replace(door, stage=Stage.CHECKING)
        case Stage.OPEN, ("next", _, _):
            return replace(door, page=(door.page + 1) % max(pages, 1))
        case Stage.OPEN, ("before", _, _):
            return replace(door, page=(door.page - 1) % max(pages, 1))
        case _:
            return door


def checked(door: Door, now_s: float, *, right: bool) -> Door:
    """Take in whether the PIN was right; a door that was shut meanwhile stays shut, and a wrong PIN counts."""
    if right:
        known = replace(door, tries=0, typed="", was_wrong=False)
        if door.stage is not Stage.CHECKING:
            return known
        return replace(known, stage=Stage.OPEN, page=0, touched_s=now_s, opened_s=now_s)
    tries = door.tries + 1
    stage = Stage.PAD if door.stage is Stage.CHECKING else door.stage
    return replace(door, stage=stage, typed="", was_wrong=True, tries=tries, closed_until_s=now_s + _wait_s(tries))


def ticked(door: Door, now_s: float) -> Door:
    """Shut a door at which nobody stands any more."""
    if door.is_shut:
        return door
    is_over = now_s - door.touched_s >= ALONE_S or now_s - door.opened_s >= LONGEST_S
    return shut(door) if is_over else door


def shut(door: Door) -> Door:
    """Shut it; how often the PIN was wrong is remembered."""
    return replace(door, stage=Stage.SHUT, taps=(), typed="", was_wrong=False, page=0, language=Language.ZH)


def _wait_s(tries: int) -> float:
    beyond = tries - TRIES
    return min(FIRST_WAIT_S * 2.0**beyond, LONGEST_WAIT_S) if beyond >= 0 else 0.0
