"""Can the hall's clock be believed? A day that was opened too early, or a year too late, ends every queue of the hall.

`judged` decides, and asks nothing; `Machine` reads what a machine knows of its clock; `TrustedClock` keeps both, and
remembers on disk when the clock was last right, for as long as the machine is not switched off.
"""

import ctypes
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

log = logging.getLogger(__name__)

JUMP: Final = timedelta(seconds=60)  # further apart, two clocks are not one and the same
DRIFT: Final = 0.0005  # of the time between: five times a bad crystal's, over a weekend without a time source 2 minutes
TIME_ERROR: Final = 5  # adjtimex(2): the clock is not synchronised to a reliable server
BUILT: Final = Path("/usr/lib/clock-epoch")  # its modification time: no clock is earlier than the image, systemd(1)
BATTERY: Final = Path("/sys/class/rtc/rtc0/since_epoch")
BOOT: Final = Path("/proc/sys/kernel/random/boot_id")


class ClockRule(Enum):
    """What a new business day asks of the dispatcher's clock."""

    ANY = "any"
    TRUSTED = "trusted"


class Anchor(Struct, frozen=True, kw_only=True):
    """A moment at which the clock was right: by that run of the machine, and its seconds since power-on."""

    boot: str
    boot_s: float
    at: datetime


@dataclass(frozen=True, kw_only=True)
class ClockFacts:
    """What a machine knows of its clock at one moment."""

    now: datetime
    boot: str
    boot_s: float  # since power-on
    synchronised: bool
    battery: datetime | None  # what the clock with a battery says; None: there is none
    built: datetime | None = None  # when the image was made


class Verdict(Struct, frozen=True, kw_only=True):
    trusted: bool
    why: str
    is_right: bool = False  # the time itself is known to be right, and stays so until the machine is switched off


def judged(facts: ClockFacts, *, anchor: Anchor | None, last_event: datetime | None, ahead: timedelta) -> Verdict:
    """Tell whether a business day may begin by this clock; `ahead`: of the journal, for a clock that nobody set."""
    floors = [each for each in (facts.built, last_event) if each is not None]
    if floors and facts.now < max(floors) - JUMP:
        return Verdict(trusted=False, why=f"it stands before {max(floors):%Y-%m-%d %H:%M} UTC, which has been already")
    if facts.synchronised:
        return Verdict(trusted=True, is_right=True, why="it is set by a time source")
    if anchor is not None and anchor.boot == facts.boot:
        passed = timedelta(seconds=facts.boot_s - anchor.boot_s)
        if abs(facts.now - anchor.at - passed) <= JUMP + passed * DRIFT:
            return Verdict(trusted=True, why="it was right since the machine was switched on, and has gone on evenly")
    if facts.battery is None:
        return Verdict(trusted=False, why="there is neither a time source nor a clock with a battery")
    if abs(facts.battery - facts.now) > JUMP:
        return Verdict(trusted=False, why=f"the clock with the battery says {facts.battery:%Y-%m-%d %H:%M} UTC")
    if last_event is not None and facts.now - last_event > ahead:
        return Verdict(
            trusted=False, why=f"it is more than {ahead.days} days after the last event, with no time source"
        )
    return Verdict(trusted=True, why="the clock with the battery fits the journal")


class Machine:
    """The clocks of the machine that this runs on."""

    def facts(self) -> ClockFacts:
        return ClockFacts(
            now=datetime.now(UTC),
            boot=BOOT.read_text(encoding="ascii").strip(),
            boot_s=time.clock_gettime(time.CLOCK_BOOTTIME),
            synchronised=is_synchronised(),
            battery=_battery(),
            built=datetime.fromtimestamp(BUILT.stat().st_mtime, UTC) if BUILT.exists() else None,
        )


def is_synchronised() -> bool:
    """Tell whether the kernel's clock is held to a time source; False also where nobody may ask."""
    timex = ctypes.create_string_buffer(512)  # all zero: modes 0 reads, and changes nothing
    answer = int(ctypes.CDLL(None, use_errno=True).adjtimex(timex))
    return 0 <= answer < TIME_ERROR


def _battery() -> datetime | None:
    try:
        return datetime.fromtimestamp(int(BATTERY.read_text(encoding="ascii")), UTC)
    except (OSError, ValueError):
        return None


class TrustedClock:
    """The dispatcher's judge of its clock. `facts` reads the machine's."""

    def __init__(self, *, kept: Path, ahead: timedelta, facts: Callable[[], ClockFacts]) -> None:
        self._kept = kept
        self._ahead = ahead
        self._facts = facts
        self._anchor = _read(kept)

    def verdict(self, *, last_event: datetime | None) -> Verdict:
        facts = self._facts()
        found = judged(facts, anchor=self._anchor, last_event=last_event, ahead=self._ahead)
        if found.is_right and not self._is_recent(facts):
            self._keep(facts)
        return found

    def confirmed(self) -> None:
        """Take note that a person has just said that this clock is right."""
        self._keep(self._facts())

    def _is_recent(self, facts: ClockFacts) -> bool:
        """Tell whether today's anchor still holds: the disk is not asked at every look."""
        anchor = self._anchor
        if anchor is None or anchor.boot != facts.boot:
            return False
        passed = timedelta(seconds=facts.boot_s - anchor.boot_s)
        return passed < timedelta(hours=1) and abs(facts.now - anchor.at - passed) <= timedelta(seconds=1)

    def _keep(self, facts: ClockFacts) -> None:
        self._anchor = Anchor(boot=facts.boot, boot_s=facts.boot_s, at=facts.now)
        fresh = self._kept.with_suffix(".new")
        try:
            fresh.write_bytes(msgspec.json.encode(self._anchor))
            fresh.replace(self._kept)
        except OSError as error:  # it is remembered in memory, and asked for again after a restart at worst
            log.warning("%s: %s; is the disk full?", self._kept, error)


def _read(kept: Path) -> Anchor | None:
    try:
        return msgspec.json.decode(kept.read_bytes(), type=Anchor)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None
