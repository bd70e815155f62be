"""The counter box on the hall's bus: presses and ratings out, views in, the health of its lines beside them."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from broker.alive import keep_alive
from broker.badge_file import Badge
from broker.bus import Bus
from broker.config import Window as WindowConfig
from broker.contract import wire
from broker.contract.messages import (
    AnyView,
    BoardView,
    CounterView,
    DeviceState,
    HallView,
    Medium,
    Rate,
    RateUnasked,
    Refused,
    Role,
)
from broker.link import HallLink, Unanswered
from broker.pad_keys import PadKeys
from broker.trying import Tries
from broker.ways import Ways
from hardware.devices import CallPads, Keypad, KeypadRating, PortGone, Scanner

from .agreement import Agreement
from .asked import AskedCalls
from .asking import Asked, Rated, Stray
from .dimming import brightness
from .keys import Order
from .outlet import Outlet
from .overview import Overview
from .pending import PendingRatings
from .station import Station, sign_outlet
from .trying import SHOWN_S, DeviceTries
from .window import SignShows
from .wiring import PADS, Devices, DimmedLine, keypad_name, pad_name, sign_name
from .wording import Wording

log = logging.getLogger(__name__)

DISK: Final = "disk"
LOOK_S: Final = 1.0  # how late a sign that parts from the boards may be noticed
DIM_LOOK_S: Final = 20.0  # how late a change of brightness may come


def views(counters: Sequence[int]) -> list[str]:
    """Return what a box listens to: views of the hall, its own counters, and what boards show; and to be tried."""
    of_counters = [wire.channel("view/counter/{}").pattern.format(counter) for counter in counters]
    return ["view/hall", *of_counters, "view/board/+", "event/DeviceTestAsked"]


class CounterBox:
    """Stands between the hall and the devices of some windows.

    `clock` returns monotonic seconds, `now` the time of day, to compare with that of calls; what is tried on a device
    stays for `shown_s`.
    """

    def __init__(
        self,
        *,
        bus: Bus,
        hall: str,
        node: str,
        windows: Sequence[WindowConfig],
        wording: Wording,
        rating_s: float,
        state_dir: Path,
        clock: Callable[[], float],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        keys: PadKeys = PadKeys(),  # noqa: B008 - frozen
        badges: Sequence[Badge] = (),
        shown_s: float = SHOWN_S,
    ) -> None:
        self._link = HallLink(
            bus=bus,
            hall=hall,
            node=node,
            role=Role.COUNTER,
            clock=clock,
            on_view=self._viewed,
            on_hall_here=self._hall_here,
            on_test=lambda test: self._tries.asked(test),  # noqa: PLW0108 - made below
        )
        self._clock, self._now, self._began = clock, now, now()
        self._agreement = Agreement()
        self._ways = Ways(Medium.SIGN)
        self._zones: dict[int, str] = {}  # of counters
        self._arrived: dict[int, tuple[str | None, int]] = {}  # the last call whose way to its sign is known
        self._wording = wording
        self._overviews: list[tuple[str, Overview, Outlet[SignShows]]] = []
        self._troubles: dict[str, dict[str, str]] = {}
        self._down: dict[str, str] = {}  # why, by line
        self._lines_of: Mapping[str, str] = {}  # by device
        self._pending = PendingRatings(state_dir)
        self._asked = AskedCalls(state_dir)
        self._stations = {
            each.counter: Station(
                counter=each.counter,
                wording=wording,
                rating_s=rating_s,
                clock=clock,
                on_order=self._order,
                on_rated=self._rated,
                on_stray=self._stray,
                on_asked=self._keep_asked,
                on_trouble=self._not_shown,
                on_sign=self._on_sign,
                keys=each.keys or keys,
                badges=badges,
                has_keypad=each.keypad is not None,
            )
            for each in windows
        }
        self._pad_stations = {each.pad: self._stations[each.counter] for each in windows if each.pad is not None}
        self._trying = DeviceTries(node=node, stations=self._stations, ailment=self._ailment, shown_s=shown_s)
        self._tries = Tries(node=node, devices=self._trying.names, one=self._trying.one)
        self._tasks = asyncio.TaskGroup()

    def line_changed(self, name: str, up: bool, reason: str) -> None:  # noqa: FBT001 - the line's callback
        """Tell the hall of a line that has come or gone; the reason says what to check, or what cannot be known."""
        self._down[name] = "" if up else reason
        if up:
            self._link.device(name, DeviceState.OK, reason)
            return
        log.warning("%s: %s", name, reason)
        self._link.device(name, DeviceState.FAULT, reason)

    def sign_answers(self, name: str, reason: str) -> None:
        """Tell the hall of a sign that no longer answers, and with "" of one that does again."""
        self._trouble(name, "answers", reason)

    async def run(self, devices: Devices) -> None:
        """Serve the windows until cancelled. A line that is out is tried again for ever and stops nothing else."""
        self._put(devices)
        try:
            async with self._tasks:
                for outlet in (outlet for station in self._stations.values() for outlet in station.outlets()):
                    self._tasks.create_task(outlet.run())
                for _, _, outlet in self._overviews:
                    self._tasks.create_task(outlet.run())
                if devices.signs:
                    self._tasks.create_task(self._compare(list(devices.signs)))
                if devices.dimmed:
                    self._tasks.create_task(_keep_dimmed(devices.dimmed))
                if devices.pads is not None:
                    self._tasks.create_task(self._hear_pads(devices.pads))
                for counter, keypad in devices.keypads.items():
                    self._tasks.create_task(self._hear_keypad(self._stations[counter], keypad))
                for counter, reader in devices.cards.items():
                    self._tasks.create_task(self._hear_cards(self._stations[counter], reader))
                for line in devices.lines:
                    self._tasks.create_task(line.run())
                self._take_up()
                self._tasks.create_task(self._link.run())
                self._tasks.create_task(self._tries.run(self._link))
                self._tasks.create_task(keep_alive())
        finally:
            for station in self._stations.values():
                station.stop()

    def _put(self, devices: Devices) -> None:
        for counter, sign in devices.signs.items():
            self._stations[counter].put_sign(sign)
        for each in devices.hall_signs:
            outlet = sign_outlet(each.sign, on_trouble=lambda reason, name=each.name: self._not_shown(name, reason))  # type: ignore[misc]
            overview = Overview(calls=each.calls, wording=self._wording)
            self._overviews.append((each.zone, overview, outlet))
            self._trying.put_hall_sign(each.name, outlet, overview.again)
        for counter, keypad in devices.keypads.items():
            self._stations[counter].put_keypad(keypad)
        if devices.pads is not None:
            for address, station in self._pad_stations.items():
                station.put_pad(devices.pads, address)
        has_pads = devices.pads is not None
        pads = frozenset(each.counter for each in self._pad_stations.values()) if has_pads else frozenset()
        self._trying.put(devices, pads)
        self._lines_of = devices.lines_of

    def _viewed(self, view: AnyView) -> None:
        if isinstance(view, CounterView) and view.counter in self._stations:
            station = self._stations[view.counter]
            station.viewed(view)
            if station.is_busy:
                self._trying.customer_came(station)
        elif isinstance(view, HallView):
            self._zones = {each.number: each.zone for each in view.hall.counters}
            self._evacuate(on=view.evacuation)
        elif isinstance(view, BoardView):
            self._agreement.viewed(view, self._clock())
            for zone, overview, outlet in self._overviews:
                if zone == view.zone and (shows := overview.viewed(view)) is not None:
                    outlet.put(shows)

    def _evacuate(self, *, on: bool) -> None:
        self._agreement.cover(self._clock(), covered=on)
        for station in self._stations.values():
            station.evacuate(on=on)
        for _, overview, outlet in self._overviews:
            if (shows := overview.evacuate(on=on)) is not None:
                outlet.put(shows)

    def _on_sign(self, station: Station, shows: SignShows) -> None:
        """Take in what has reached a window's sign."""
        self._trying.on_sign(sign_name(station.counter), shows)
        view = shows.of
        call, times = (view.call, view.times) if view is not None else (None, 0)
        self._agreement.shown(station.counter, call, times)
        called_at = view.card.called_at if view is not None and view.card is not None else None
        is_first = call is not None and self._arrived.get(station.counter) != (call, times)
        if is_first and shows.blinks and called_at is not None and called_at > self._began:
            self._arrived[station.counter] = (call, times)
            zone = self._zones.get(station.counter, "")
            self._ways.took(zone, (self._now() - called_at).total_seconds() * 1000)

    async def _compare(self, counters: Sequence[int]) -> None:
        """Look again and again whether the signs show what boards show, and tell how soon calls reached them."""
        while True:
            now_s = self._clock()
            reasons = {counter: self._agreement.parted(counter, now_s) for counter in counters}
            for counter, reason in reasons.items():
                if reason or self._troubles.get(sign_name(counter), {}).get("agreement"):
                    self._trouble(sign_name(counter), "agreement", reason)
            for zone in {self._zones[counter] for counter in counters if counter in self._zones}:
                of_zone = [reason for counter, reason in reasons.items() if reason and self._zones.get(counter) == zone]
                self._link.reached(self._ways.reached(zone, "; ".join(of_zone)))
            await asyncio.sleep(LOOK_S)

    def _hall_here(self, here: bool) -> None:  # noqa: FBT001 - the link's callback has this shape
        for station in self._stations.values():
            station.hall_here(here)

    def _not_shown(self, device: str, reason: str) -> None:
        self._trouble(device, "text", reason)

    def _trouble(self, device: str, what: str, reason: str) -> None:
        """Tell all that ails a device: a sign may be dead, and lack a letter."""
        troubles = self._troubles.setdefault(device, {})
        troubles[what] = reason
        reasons = "; ".join(each for each in troubles.values() if each)
        self._link.device(device, DeviceState.FAULT if reasons else DeviceState.OK, reasons)

    def _ailment(self, device: str) -> str:
        """Return what is wrong with a device, or with a line that it may hang on."""
        own = "; ".join(each for each in self._troubles.get(device, {}).values() if each)
        return own or self._down.get(device, "") or self._down.get(self._lines_of.get(device, ""), "")

    async def _hear_pads(self, pads: CallPads) -> None:
        while True:
            try:
                async for press in pads.presses():
                    station = self._pad_stations.get(press.address)
                    if station is not None:
                        if not self._trying.takes(pad_name(station.counter), press.key.value):
                            station.pressed(press.key)
                        continue
                    self._link.device(
                        PADS,
                        DeviceState.WARNING,
                        f"a pad with address {press.address} was pressed, and no window has it: check the switches "
                        "inside the pad and `pad` in this box's file",
                    )
            except PortGone:
                continue  # the line has told why, and opens again by itself

    async def _hear_keypad(self, station: Station, keypad: Keypad) -> None:
        while True:
            try:
                async for rating in keypad.ratings():
                    name = keypad_name(station.counter)
                    if rating is not KeypadRating.NONE and self._trying.takes(name, rating.name.lower()):
                        continue
                    before = station.unasked_ratings
                    station.rated(rating)
                    if station.unasked_ratings > before:
                        self._link.device(
                            keypad_name(station.counter),
                            DeviceState.OK,
                            f"{station.unasked_ratings} ratings came unasked and were left out",
                        )
            except PortGone:
                continue  # the line has told why, and opens again by itself

    async def _hear_cards(self, station: Station, reader: Scanner) -> None:
        while True:
            try:
                async for code in reader.codes():
                    station.card(code)
            except PortGone:
                continue  # the line has told why, and opens again by itself

    def _order(self, station: Station, order: Order) -> None:
        self._tasks.create_task(self._send(station, order))

    async def _send(self, station: Station, order: Order) -> None:
        fields = {"id": self._link.new_id(), "counter": station.counter, "seen": order.seen, **order.fields}
        command = msgspec.convert(fields, order.kind)
        try:
            answer = await self._link.ask(command)
        except Unanswered as error:
            log.warning("window %d: %s", station.counter, error)
            station.answered(None)
            return
        if isinstance(answer, Refused):
            log.info("window %d: %s refused: %s %s", station.counter, order.kind.__name__, answer.reason, answer.args)
        station.answered(answer)

    def _take_up(self) -> None:
        """Go on with what an earlier run has left on the disk."""
        left: list[Rate] = []
        asked: dict[int, Asked] = {}
        with self._disk():
            left, asked = self._pending.load(), self._asked.load()
        for rate in left:
            log.info("rating %s of call %s is sent again", _grade(rate), rate.call)
            self._tasks.create_task(self._deliver(rate))
        for counter, each in asked.items():
            if counter in self._stations:
                self._stations[counter].resume(each)

    def _keep_asked(self, station: Station, asked: Asked | None) -> None:
        with self._disk():
            self._asked.keep(station.counter, asked)

    def _rated(self, station: Station, rated: Rated) -> None:
        rate = Rate(
            id=self._link.new_id(),
            call=rated.call,
            counter=station.counter,
            rating=rated.rating,
            after_ms=rated.after_ms,
            late=rated.late,
        )
        with self._disk():
            self._pending.add(rate)
        self._tasks.create_task(self._deliver(rate))

    def _stray(self, station: Station, stray: Stray) -> None:
        unasked = RateUnasked(id=self._link.new_id(), counter=station.counter, rating=stray.rating)
        self._tasks.create_task(self._link.ask(unasked))

    async def _deliver(self, rate: Rate) -> None:
        answer = await self._link.ask(rate)
        if isinstance(answer, Refused):
            log.warning("rating %s of call %s refused: %s", _grade(rate), rate.call, answer.reason)
        with self._disk():
            self._pending.remove(rate)

    @contextlib.contextmanager
    def _disk(self) -> Iterator[None]:
        """Tell the hall of a disk that fails, and go on: the windows do not depend on it."""
        try:
            yield
        except OSError as error:
            log.exception("nothing can be kept")
            self._link.device(
                DISK,
                DeviceState.FAULT,
                f"{error}: ratings are lost if this box stops while the hall is away; is the disk full or read-only?",
            )
        else:
            self._link.device(DISK, DeviceState.OK)


def _grade(rate: Rate) -> str:
    return rate.rating.value if rate.rating is not None else "none"


async def _keep_dimmed(lines: Sequence[DimmedLine]) -> None:
    """Set the brightness of signs as the hour wants it."""
    told: dict[int, int] = {}
    while True:
        for index, line in enumerate(lines):
            wanted = brightness(line.usual, line.dims, line.local_time())
            if wanted is not None and told.get(index) != wanted:
                told[index] = wanted
                line.signs.dim(wanted)
        await asyncio.sleep(DIM_LOOK_S)
