"""The technician at one screen: what was touched there goes in, what is to be shown comes out.

All methods belong to the window's thread; a PIN is looked at in a thread of its own, so that the window never stands.
"""

import logging
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

from ..ailments import Found
from ..contract.messages import DeviceStatus
from . import door
from .door import Door, Stage
from .pin import BrokenPin, is_right, line_of
from .settings import Technician
from .sheet import all_found, report
from .told import Told, left
from .wrong_pins import FILE, WrongPins

log = logging.getLogger(__name__)

PROGRAM: Final = version("hallcall")
Later = Callable[[Callable[[], None]], None]  # has something done in the window's thread


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What the technician's page tells just now."""

    door: Door
    found: tuple[Found, ...] = ()
    report: str = ""
    wait_s: int = 0


class Desk:
    """`devices` returns the states that this program tells of its own, `later` has something done in the window.

    `wrong` remembers wrong PINs for the next start.
    """

    def __init__(
        self,
        about: Technician,
        *,
        node: str,
        devices: Callable[[], Iterable[DeviceStatus]],
        wrong: WrongPins,
        clock: Callable[[], float],
        now: Callable[[], datetime],
        later: Later,
        on_change: Callable[[], None],
    ) -> None:
        self._about, self._node, self._devices = about, node, devices
        self._clock, self._now, self._later, self._on_change = clock, now, later, on_change
        self._wrong = wrong
        self._door = door.after_restart(wrong.count(), clock())
        self._told: Told | None = None
        self._lookers = ThreadPoolExecutor(max_workers=1, thread_name_prefix="pin")

    @property
    def is_open(self) -> bool:
        """Whether the screen is the technician's; touches are, too."""
        return not self._door.is_shut

    def tap(self) -> None:
        self._become(door.tapped(self._door, self._clock()))

    def press(self, key: str, *, pages: int = 1) -> None:
        """Take in a key; one that asks for a look at the PIN starts it."""
        before = self._door
        self._become(door.pressed(before, key, self._clock(), pages=pages))
        if self._door.stage is Stage.CHECKING and before.stage is not Stage.CHECKING:
            self._lookers.submit(self._look, self._door.typed)

    def tick(self) -> None:
        """Let a second pass."""
        if self._door.stage is Stage.OPEN:
            self._told = left(Path(self._about.findings), self._now())
        self._become(door.ticked(self._door, self._clock()))

    def shut(self) -> None:
        """Give the screen back at once."""
        self._become(door.shut(self._door))

    def seen(self) -> Seen:
        if self._door.stage is not Stage.OPEN:
            return Seen(door=self._door, wait_s=self._door.wait_s(self._clock()))
        every = all_found(self._told, node=self._node, devices=self._devices(), language=self._door.language)
        told = report(self._told, every, node=self._node, program=PROGRAM, now=self._now())
        return Seen(door=self._door, found=tuple(every), report=told)

    def _look(self, pin: str) -> None:
        self._wrong.tried()
        try:
            right = is_right(pin, line_of(Path(self._about.pin_file)))
        except BrokenPin as error:
            log.error("%s", error)  # noqa: TRY400 - the text says it all
            right = False
        if right:
            self._wrong.was_right()
        self._later(lambda: self._looked(right=right))

    def _looked(self, *, right: bool) -> None:
        if not right:
            log.warning("a wrong PIN at the technician's page")
        self._become(door.checked(self._door, self._clock(), right=right))
        self.tick()
        self._on_change()

    def _become(self, after: Door) -> None:
        before, self._door = self._door, after
        if before.is_shut and not after.is_shut:
            log.info("somebody asks for the technician's page")
        if before != after:
            self._on_change()


def desk_of(
    about: Technician | None, *, node: str, state_dir: Path, devices: Callable[[], Iterable[DeviceStatus]]
) -> Callable[[Later, Callable[[], None]], Desk] | None:
    """Return what makes the desk of a screen, given `later` and `on_change`; None where its file tells of none."""
    if about is None:
        return None
    settings = about
    return lambda later, on_change: Desk(
        settings,
        node=node,
        devices=devices,
        wrong=WrongPins(state_dir / FILE),
        clock=time.monotonic,
        now=lambda: datetime.now(UTC),
        later=later,
        on_change=on_change,
    )
