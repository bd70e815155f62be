"""A node tries its devices because a supervisor asked: one after the other, and each finding goes to the hall.

What is tried, and whether a customer is at it, the node knows; here are only order, patience and the report.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, NoReturn

from .ailments import found
from .contract.messages import BoxFinding, DeviceTestAsked, ReportDeviceTest
from .link import HallLink, Unanswered

log = logging.getLogger(__name__)

MOST_WAITING: Final = 3  # tests; whoever asks for more hears nothing of them
PATIENCE_S: Final = 45.0  # with one device, and the seconds that somebody has for a key
Try = Callable[[str, int], Awaitable[BoxFinding]]


class Tries:
    """`devices()` names what can be tried, `one(device, press_s)` tries it."""

    def __init__(self, *, node: str, devices: Callable[[], Sequence[str]], one: Try) -> None:
        self._node, self._devices, self._one = node, devices, one
        self._asked: asyncio.Queue[DeviceTestAsked] = asyncio.Queue(maxsize=MOST_WAITING)

    def asked(self, test: DeviceTestAsked) -> None:
        """Take in a test; a callback of the link."""
        try:
            self._asked.put_nowait(test)
        except asyncio.QueueFull:
            log.warning("test %s of %s is left out: others are under way", test.test, test.by)

    async def run(self, link: HallLink) -> NoReturn:
        """Try what is asked for until cancelled."""
        while True:
            test = await self._asked.get()
            log.info("devices are tried, as %s asked: %s", test.by, test.device or "all of them")
            names = tuple(self._devices())
            wanted = [each for each in names if test.device in {"", each}]
            for place, device in enumerate(wanted, start=1):
                tried = await self._tried(device, test.press_s)
                await _tell(link, test.test, device, tried, more=place < len(wanted))
            if not wanted:
                await _tell(link, test.test, test.device, self._missing(test.device, names), more=False)

    def _missing(self, device: str, names: Sequence[str]) -> BoxFinding:
        if not device:
            return found("test_none", node=self._node)
        return found("test_unknown", node=self._node, device=device, names=", ".join(names) or "–")

    async def _tried(self, device: str, press_s: int) -> BoxFinding:
        try:
            async with asyncio.timeout(PATIENCE_S + press_s):
                return await self._one(device, press_s)
        except TimeoutError:
            problem = f"it did not answer within {PATIENCE_S + press_s:.0f} s: look at its cable and power"
        except OSError as error:  # its port is gone
            problem = str(error)
        return found("test_line", node=self._node, device=device, problem=problem)


async def _tell(link: HallLink, test: str, device: str, finding: BoxFinding, *, more: bool) -> None:
    report = ReportDeviceTest(id=link.new_id(), test=test, device=device, finding=finding, more=more)
    try:
        await link.ask(report)
    except Unanswered as error:
        log.warning("the test of %s is not told: %s", device, error)
