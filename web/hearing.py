"""What the console has heard of the hall, as it stands now; whoever waits for news is woken."""

import asyncio
from datetime import datetime
from typing import Final

from broker.contract.messages import AnyView, CounterView, HallView, QueuesView, Recorded

from .meanwhile import Lately

HEARD: Final = ("view/hall", "view/queues", "view/counter/+", "event/+")


class Hearing:
    """The last view of each kind."""

    def __init__(self) -> None:
        self.hall: HallView | None = None
        self.queues: QueuesView | None = None
        self.counters: dict[int, CounterView] = {}
        self.here = False
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
            case QueuesView():
                self.queues = view
            case CounterView():
                self.counters[view.counter] = view
            case _:
                return
        self.wake()

    def happened(self, recorded: Recorded) -> None:
        self.lately.happened(recorded)

    def reached(self, *, here: bool, now: datetime) -> None:
        self.here, self.since = here, now
        self.wake()

    def wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()
