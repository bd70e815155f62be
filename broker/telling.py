"""What the dispatcher tells the hall: answers, events and views, each where somebody waits for it first.

After a commit: the counters that it touched, which light the signs; its events, which the voice speaks; their boards.
Whatever else may look different now follows a moment later, for many commits at once, and with it the waits.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from .bus import Bus, BusDown, Letter
from .contract import wire
from .contract.messages import (
    AnyAnswer,
    AnyView,
    BoardView,
    CounterView,
    DeviceStatus,
    EvacuationEnded,
    EvacuationStarted,
    Presence,
    Recorded,
    Role,
)
from .hall import views
from .hall.state import HallState
from .link import PROGRAM, will
from .promising import PromiseTable
from .told import NODE

REST_S: Final = 0.1  # after a commit, the views that it did not touch
OF_A_PLACE: Final = (CounterView, BoardView)


class Telling:
    """`now_ms` is the hall's time; `is_on_disk` tells whether all that `state` holds may be told."""

    def __init__(
        self,
        *,
        bus: Bus,
        hall: str,
        state: HallState,
        promises: PromiseTable,
        now_ms: Callable[[], int],
        is_on_disk: Callable[[], bool],
    ) -> None:
        self._bus = bus
        self._hall = hall
        self._state = state
        self._now_ms = now_ms
        self._loop = asyncio.get_running_loop()
        self._promises = promises
        self._is_on_disk = is_on_disk
        self._told: dict[str, AnyView] = {}  # by topic
        self._rest: asyncio.TimerHandle | None = None
        self._waits: asyncio.TimerHandle | None = None
        self._connected = False

    def connection(self, connected: bool) -> None:  # noqa: FBT001 - the bus's callback has this shape
        self._connected = connected
        self._told.clear()
        self.all()

    def answer(self, node: str, answer: AnyAnswer) -> None:
        self._publish(Letter(topic=wire.topic(self._hall, "reply/{}", node), payload=wire.encode(answer)))

    def happened(self, happened: Sequence[Recorded]) -> None:
        """Tell what one commit has changed; all else follows a little later."""
        if not happened:
            return
        if any(isinstance(each.event, EvacuationStarted | EvacuationEnded) for each in happened):
            self._show_hall()
        numbers = [number for each in happened if (number := getattr(each.event, "counter", None)) is not None]
        counters = dict.fromkeys(numbers)  # in the order of the calls
        for number in counters:
            self._show(views.counter_view(self._state, number))
        for recorded in happened:
            self._publish(Letter(topic=wire.event_topic(self._hall, recorded), payload=wire.encode(recorded)))
        for zone in {counter.zone for number in counters if (counter := self._state.counter(number)) is not None}:
            self._show(views.board_view(self._state, zone))
        if not counters:  # the broker is to know at once how far the hall has come: a lost tail is noticed by that
            self._show_queues()
        if self._rest is None and self._connected:
            self._rest = self._loop.call_later(REST_S, self.all)

    def all(self) -> None:
        """Show whatever looks different from what the hall has been told."""
        if self._rest is not None:
            self._rest.cancel()
            self._rest = None
        hall = views.hall_view(self._state)
        if hall is None or not self._connected or not self._is_on_disk():
            return
        shown: list[AnyView] = [hall]
        shown += [views.counter_view(self._state, counter.number) for counter in hall.hall.counters]
        shown += [views.board_view(self._state, zone.id) for zone in hall.hall.zones]
        for view in shown:
            self._show(view)
        if self._waits is None and self._promises.wait_s:
            self._waits = self._loop.call_later(self._promises.wait_s, self._show_waits)
        self._promises.make(self._state, self._now_ms())
        self._show_queues()
        self._take_away_all_but({wire.view_topic(self._hall, view) for view in shown})

    def presence(self, *, devices: tuple[DeviceStatus, ...], bad_messages: int) -> None:
        presence = Presence(
            node=NODE, role=Role.DISPATCHER, up=True, program=PROGRAM, devices=devices, bad_messages=bad_messages
        )
        topic = wire.topic(self._hall, "node/{}", NODE)
        self._publish(
            Letter(topic=topic, payload=wire.encode(presence), retained=True, expiry_s=wire.PRESENCE_EXPIRY_S)
        )

    def farewell(self) -> None:
        self._publish(will(hall=self._hall, node=NODE, role=Role.DISPATCHER))

    def _show_waits(self) -> None:
        self._waits = None
        if self._is_on_disk():
            self._promises.make(self._state, self._now_ms())
            self._show_queues()

    def _show_hall(self) -> None:
        hall = views.hall_view(self._state)
        if hall is not None:
            self._show(hall)

    def _show_queues(self) -> None:
        self._show(views.queues_view(self._state, self._promises.table, self._now_ms()))

    def _show(self, view: AnyView) -> None:
        """Send a view, unless the hall has been told the same before."""
        topic = wire.view_topic(self._hall, view)
        bare = msgspec.structs.replace(view, seq=0)
        if self._told.get(topic) != bare and self._publish(
            Letter(topic=topic, payload=wire.encode(view), retained=True)
        ):
            self._told[topic] = bare

    def _take_away_all_but(self, topics: set[str]) -> None:
        """Let the broker forget the views of counters and zones that the hall no longer has."""
        gone = [topic for topic, view in self._told.items() if topic not in topics and type(view) in OF_A_PLACE]
        for topic in gone:
            if self._publish(Letter(topic=topic, payload=b"", retained=True)):
                del self._told[topic]

    def _publish(self, letter: Letter) -> bool:
        try:
            self._bus.publish(letter)
        except BusDown:
            return False  # the views are sent anew when the broker is back, and commands are repeated
        return True
