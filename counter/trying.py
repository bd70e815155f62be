"""The box's devices tried while its windows work: a sign shows 8888, a pad or keypad lights and may be pressed.

Its rules:
- Nothing is tried at a window that has a customer; one who is called meanwhile ends the test.
- What is shown goes the way of all that is shown there, so that a call that comes meanwhile stands after it.
- A key that is pressed for a test does nothing else.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from broker.ailments import found
from broker.contract.messages import BoxFinding

from .outlet import Outlet
from .station import Station
from .window import BLINKS, SignShows
from .wiring import Devices, keypad_name, pad_name, sign_name

TRIAL: Final = "8888"  # all segments of a figure
SHOWN_S: Final = 4.0  # for whoever looks up; all devices of a line have been asked several times by then
REACHES_S: Final = 4.0  # a text, over a slow line with many signs


class DeviceTries:
    """`ailment(device)` says what is known to be wrong with a device just now; "" is nothing."""

    def __init__(
        self, *, node: str, stations: Mapping[int, Station], ailment: Callable[[str], str], shown_s: float = SHOWN_S
    ) -> None:
        self._node, self._stations, self._ailment, self._shown_s = node, stations, ailment, shown_s
        self._devices = Devices()
        self._pads: frozenset[int] = frozenset()  # counters
        self._hall_signs: dict[str, tuple[Outlet[SignShows], Callable[[], SignShows]]] = {}
        self._awaited: dict[str, asyncio.Future[str]] = {}  # keys, by device
        self._reached: dict[str, asyncio.Event] = {}  # by sign

    def put(self, devices: Devices, pads: frozenset[int]) -> None:
        """Know what hangs on the box; `pads` are the counters that have one."""
        self._devices, self._pads = devices, pads

    def put_hall_sign(self, name: str, outlet: Outlet[SignShows], shows: Callable[[], SignShows]) -> None:
        """Know a sign of the whole hall; `shows()` is what it should show."""
        self._hall_signs[name] = outlet, shows

    def names(self) -> tuple[str, ...]:
        return (*self._of_windows(), *self._hall_signs)

    def _of_windows(self) -> Iterator[str]:
        for counter in self._stations:
            yield from (sign_name(counter),) if counter in self._devices.signs else ()
            yield from (pad_name(counter),) if counter in self._pads else ()
            yield from (keypad_name(counter),) if counter in self._devices.keypads else ()

    # What is heard meanwhile ------------------------------------------------------------------------------------------

    def takes(self, device: str, key: str) -> bool:
        """Tell whether a key was pressed for a test, and is nobody else's."""
        awaited = self._awaited.get(device)
        if awaited is None or awaited.done():
            return False
        awaited.set_result(key)
        return True

    def on_sign(self, device: str, shows: SignShows) -> None:
        """Take in that a text has reached a sign."""
        if shows.texts == (TRIAL,) and device in self._reached:
            self._reached[device].set()

    def customer_came(self, station: Station) -> None:
        """Leave the window's keys to its clerk."""
        for device in (pad_name(station.counter), keypad_name(station.counter)):
            awaited = self._awaited.get(device)
            if awaited is not None and not awaited.done():
                awaited.set_result("")

    # Trying -----------------------------------------------------------------------------------------------------------

    async def one(self, device: str, press_s: int) -> BoxFinding:
        """Try a device of `names`."""
        if device in self._hall_signs:
            return await self._hall_sign(device)
        kind, _, number = device.rpartition("-")
        station = self._stations[int(number)]
        if station.is_busy:
            return found("test_busy", node=self._node, device=device)
        try:
            if kind == "sign":
                return await self._sign(device, station)
            return await self._keys(device, station, press_s)
        finally:
            station.end_trial()

    async def _hall_sign(self, device: str) -> BoxFinding:
        outlet, shows = self._hall_signs[device]
        outlet.put(SignShows(texts=(TRIAL,)))
        await asyncio.sleep(self._shown_s)
        outlet.put(shows())
        return self._shown(device, self._ailment(device))

    async def _sign(self, device: str, station: Station) -> BoxFinding:
        reached = self._reached[device] = asyncio.Event()
        try:
            station.try_sign(TRIAL, blinks=BLINKS)
            async with asyncio.timeout(REACHES_S):
                await reached.wait()
            await asyncio.sleep(self._shown_s)
        except TimeoutError:
            if station.is_busy:
                return found("test_busy", node=self._node, device=device)
            return self._shown(device, self._ailment(device) or "its line takes nothing")
        finally:
            del self._reached[device]
        return self._shown(device, self._ailment(device))

    def _shown(self, device: str, ailment: str) -> BoxFinding:
        if ailment:
            return found("test_sign_not", node=self._node, device=device, text=TRIAL, problem=ailment)
        return found("test_sign", node=self._node, device=device, text=TRIAL)

    async def _keys(self, device: str, station: Station, press_s: int) -> BoxFinding:
        if device == pad_name(station.counter):
            station.try_pad(TRIAL)
        else:
            station.try_keypad()
        if not press_s:
            await asyncio.sleep(self._shown_s)
        if ailment := self._ailment(device):
            return found("test_line", node=self._node, device=device, problem=ailment)
        if not press_s:
            return found("test_lamp", node=self._node, device=device)
        key = await self._pressed(device, press_s)
        if key is None:
            return found("test_key_silent", node=self._node, device=device, seconds=press_s)
        if not key:
            return found("test_busy", node=self._node, device=device)
        return found("test_key", node=self._node, device=device, key=key)

    async def _pressed(self, device: str, press_s: int) -> str | None:
        """Return the key that was pressed; "" when a customer came, None when there was none in time."""
        awaited: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._awaited[device] = awaited
        try:
            async with asyncio.timeout(press_s):
                return await awaited
        except TimeoutError:
            return None
        finally:
            del self._awaited[device]
