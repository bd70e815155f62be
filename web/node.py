"""The shell between the hall and the browsers: it hears views, and wakes whoever shows them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Final

import msgspec

from broker.bus import Bus
from broker.contract.messages import AnyView, HallView, Role
from broker.link import HallLink
from display.board import Board

HEARD: Final = ("view/hall", "view/queues", "view/board/+")
HEARTBEAT_S: Final = 5.0  # a page that hears nothing for longer says so


class WebNode:
    """Keeps the picture of each zone's board. `clock` gives monotonic seconds, `now` an aware time."""

    def __init__(
        self,
        *,
        bus: Bus,
        hall: str,
        node: str,
        most_rows: int,
        clock: Callable[[], float],
        now: Callable[[], datetime],
    ) -> None:
        self._most_rows = most_rows
        self._now = now
        self._hall: HallView | None = None
        self._boards: dict[str, Board] = {}
        self._views: dict[tuple[type[AnyView], str], AnyView] = {}  # the last of each kind and zone
        self._changed = asyncio.Event()
        self.link = HallLink(
            bus=bus,
            hall=hall,
            node=node,
            role=Role.WEB,
            clock=clock,
            on_view=self._viewed,
            on_hall_here=self._reached,
        )

    @property
    def hall(self) -> HallView | None:
        """The hall in force; None until it was heard of."""
        return self._hall

    async def pictures(self, zone: str) -> AsyncIterator[bytes]:
        """Yield what a zone's board shows, as JSON: at once, at each change, and every HEARTBEAT_S."""
        while True:
            changed, now = self._changed, self._now()
            board = self._board(zone)
            yield msgspec.json.encode(board.picture(now))
            wait_s = min(HEARTBEAT_S, max(0.05, (board.changes_at(now) - now).total_seconds()))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await changed.wait()

    def _board(self, zone: str) -> Board:
        """Return a zone's board; before the hall was heard of, and for a zone that it does not have, an empty one."""
        return self._boards.get(zone) or Board(zone=zone, most_rows=self._most_rows)

    def _viewed(self, view: AnyView) -> None:
        now = self._now()
        self._boards = {zone: board.seen(view, now) for zone, board in self._boards.items()}
        self._views[type(view), getattr(view, "zone", "")] = view
        if isinstance(view, HallView):
            self._hall = view
            self._boards = {zone.id: self._boards.get(zone.id) or self._new(zone.id, now) for zone in view.hall.zones}
        self._wake()

    def _new(self, zone: str, now: datetime) -> Board:
        """Return a board that knows all that was heard before its zone was."""
        board = Board(zone=zone, most_rows=self._most_rows).reached(self.link.here, now)
        for view in self._views.values():
            board = board.seen(view, now)
        return board

    def _reached(self, here: bool) -> None:  # noqa: FBT001 - the link's callback has this shape
        now = self._now()
        self._boards = {zone: board.reached(here, now) for zone, board in self._boards.items()}
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
