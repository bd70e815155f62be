"""The shell around a box: it looks, listens to journald, and tells the hall."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from broker.ailments import advice, said
from broker.bus import Bus, BusDown, Letter
from broker.contract import wire
from broker.contract.messages import BoxFinding, BoxHealth, DeviceState, DeviceStatus, Language, Role
from broker.link import HallLink

from . import notebook
from .for_screens import ForScreens
from .journald import entry, warning
from .notebook import Notes

log = logging.getLogger(__name__)

LOOK_S: Final = 10.0
TELL_S: Final = 5.0  # between two pages, so that a storm of warnings is one page
SAVE_S: Final = 5.0  # at most so much is lost with the power; journald still has it
AGAIN_S: Final = 10.0
LONGEST_LINE: Final = 1_000_000
WORST: Final = (DeviceState.FAULT, DeviceState.WARNING, DeviceState.UNKNOWN, DeviceState.OK)


class KeeperNode:
    """`look` returns the box's health and may take its time; `journal` is the command to follow, but for the cursor."""

    def __init__(
        self,
        *,
        bus: Bus,
        hall: str,
        node: str,
        box: str,
        look: Callable[[], BoxHealth],
        journal: Sequence[str],
        state_dir: Path,
        run_id: str,
        clock: Callable[[], float],
        tell_s: float = TELL_S,
        on_other: Callable[[Letter], None] = lambda _: None,
        for_screens: ForScreens | None = None,
    ) -> None:
        self._bus, self._hall, self._node, self._box = bus, hall, node, box
        self._look, self._journal = look, journal
        self._path = state_dir / "warnings.json"
        self._tell_s = tell_s
        self._notes: Notes = notebook.load(self._path, run=run_id)
        self._saved = self._notes
        self._news = asyncio.Event()
        self._news.set()  # what could not be told before the last end
        self._devices: set[str] = set()
        self._for_screens = for_screens
        self.link = HallLink(
            bus=bus,
            hall=hall,
            node=node,
            role=Role.KEEPER,
            clock=clock,
            on_hall_here=self._reached,
            on_other=on_other,
            on_letter=for_screens.hear if for_screens is not None else lambda _: None,
        )

    async def run(self) -> None:
        """Look and tell until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                for work in (self.link.run, self._keep_looking, self._follow, self._keep_telling, self._keep_saving):
                    tasks.create_task(work())
        finally:
            self._save()

    async def _keep_looking(self) -> None:
        while True:
            health = await asyncio.to_thread(self._look)
            self._state(health)
            if self._for_screens is not None:
                await asyncio.to_thread(partial(self._for_screens.leave, health, connected=self.link.connected))
            await asyncio.sleep(LOOK_S)

    def _state(self, health: BoxHealth) -> None:
        """Tell the figures, and of each thing looked at the worst finding as a device's state."""
        worst: dict[str, BoxFinding] = {}
        for finding in health.findings:
            known = worst.get(finding.what)
            if known is None or WORST.index(finding.state) < WORST.index(known.state):
                worst[finding.what] = finding
        for what in self._devices - worst.keys():
            self.link.device(what, DeviceState.UNKNOWN)
        for what, finding in worst.items():
            self._devices.add(what)
            status = as_device(what, finding)
            self.link.device(what, status.state, status.detail)
        self.link.box(health)

    async def _follow(self) -> None:
        """Read journald's lines; a journalctl that ends is started anew where it was."""
        told = ""
        while True:
            complaint = await self._one_following()
            if complaint and complaint != told:
                log.warning("warnings of this box cannot be followed: %s", complaint)
            told = complaint
            await asyncio.sleep(AGAIN_S)

    async def _one_following(self) -> str:
        since = ("--after-cursor", self._notes.cursor) if self._notes.cursor else ()
        try:
            following = await asyncio.create_subprocess_exec(
                *self._journal, *since, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
                limit=LONGEST_LINE,
            )  # fmt: skip
        except OSError as error:
            return str(error)
        try:
            while following.stdout is not None and (line := await _line(following.stdout)) is not None:
                self._heard(line)
            return f"journalctl has ended with {await following.wait()}"
        finally:
            if following.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    following.terminate()
                await following.wait()

    def _heard(self, line: bytes) -> None:
        heard = entry(line)
        if heard is None:
            return
        self._notes = self._notes.read(heard)
        if (told := warning(heard)) is not None:
            self._notes = self._notes.noted(told)
            self._news.set()

    async def _keep_telling(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            while (page := self._notes.page(self._box)) is not None:
                topic = wire.topic(self._hall, "log/{}", self._node)
                with contextlib.suppress(BusDown):  # told when the hall is there again
                    if await self._bus.publish(Letter(topic=topic, payload=wire.encode(page), retained=True)):
                        self._notes = self._notes.told(page)
                await asyncio.sleep(self._tell_s)

    def _reached(self, here: bool) -> None:  # noqa: FBT001 - the link's callback has this shape
        if here:
            self._notes = self._notes.anew()
            self._news.set()

    async def _keep_saving(self) -> None:
        while True:
            await asyncio.sleep(SAVE_S)
            if (self._notes.warnings, self._notes.untold) != (self._saved.warnings, self._saved.untold):
                self._save()

    def _save(self) -> None:
        try:
            notebook.save(self._path, self._notes)
            self._saved = self._notes
        except OSError as error:
            self.link.device("disk", DeviceState.FAULT, f"{self._path}: {error}; see whether the disk takes writes")


def as_device(what: str, finding: BoxFinding) -> DeviceStatus:
    """Return a finding as a presence's device, whose detail technicians read in English."""
    detail = said(finding, Language.EN)
    if finding.state in {DeviceState.WARNING, DeviceState.FAULT}:
        detail = f"{detail}. {advice(finding, Language.EN)}"
    return DeviceStatus(name=what, state=finding.state, detail=detail)


async def _line(stream: asyncio.StreamReader) -> bytes | None:
    """Return the next line; None at the end. One that is too long is passed over."""
    while True:
        try:
            return await stream.readline() or None
        except ValueError:
            continue
