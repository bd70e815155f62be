"""What the console has heard of the hall, as it stands now; whoever waits for news is woken."""

import asyncio
from datetime import datetime
from typing import Final

from msgspec import Struct, structs

from broker.box_file import KEEPER
from broker.contract.messages import (
    AnyView,
    CounterView,
    DeviceState,
    HallView,
    Presence,
    QueuesView,
    Recorded,
    Role,
)

from .meanwhile import Lately

OK, FAULT = DeviceState.OK, DeviceState.FAULT
HEARD: Final = ("view/hall", "view/queues", "view/counter/+", "event/+", "node/+")


class Spares(Struct, frozen=True, kw_only=True):
    """Machines that wait for a place, by serial number; the boxes that there are, and whether each is up."""

    waiting: tuple[str, ...] = ()
    boxes: dict[str, bool] = {}
    refused: str = ""  # why the last approval came to nothing


class Hearing:
    """The last view of each kind."""

    def __init__(self) -> None:
        self.hall: HallView | None = None
        self.queues: QueuesView | None = None
        self.counters: dict[int, CounterView] = {}
        self.here = False
        self.spares = Spares()
        self.clock = ""  # why the hall goes on with its last day; a supervisor may confirm the date
        self.since: datetime | None = None  # here, or away
        self.lately = Lately()
        self._news = asyncio.Event()

    @property
    def day(self) -> str | None:
        return self.hall.day if self.hall is not None else None

    @property
    def timezone(self) -> str:
        return self.hall.hall.timezone if self.hall is not None else "Asia/Shanghai"

    @property
    def news(self) -> asyncio.Event:
        """An event that is set at the next change; take it before you look."""
        return self._news

    def viewed(self, view: AnyView) -> None:
        match view:
            case HallView():
                self.hall = view
                known = {each.number for each in view.hall.counters}
                self.counters = {number: each for number, each in self.counters.items() if number in known}
                listed = [node.id.removeprefix(KEEPER) for node in view.hall.nodes if node.role is Role.KEEPER]
                boxes = {**dict.fromkeys(listed, False), **self.spares.boxes}  # not heard of: cut off for long
                self.spares = structs.replace(self.spares, boxes=boxes)
            case QueuesView():
                self.queues = view
            case CounterView():
                self.counters[view.counter] = view
            case _:
                return
        self.wake()

    def present(self, presence: Presence) -> None:
        """Hear how a node is; of interest are the registrar, the boxes' keepers, the hall's clock."""
        before = self.spares, self.clock
        if presence.role is Role.REGISTRAR:
            wrong = [each.detail for each in presence.devices if each.name == "approval" and each.state is not OK]
            waiting = presence.spares if presence.up else ()
            self.spares = structs.replace(self.spares, waiting=waiting, refused=wrong[0] if wrong else "")
        elif presence.role is Role.KEEPER:
            box = presence.node.removeprefix(KEEPER)
            self.spares = structs.replace(self.spares, boxes={**self.spares.boxes, box: presence.up})
        elif presence.role is Role.DISPATCHER and presence.up:
            wrong = [each.detail for each in presence.devices if each.name == "clock" and each.state is FAULT]
            self.clock = wrong[0] if wrong else ""
        if (self.spares, self.clock) != before:
            self.wake()

    def happened(self, recorded: Recorded) -> None:
        self.lately.happened(recorded)

    def reached(self, *, here: bool, now: datetime) -> None:
        self.here, self.since = here, now
        self.wake()

    def wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()
