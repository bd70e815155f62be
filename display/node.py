"""The shell of a board: it hears the hall and passes on what is to be drawn. No Kivy here."""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import datetime
from typing import Final

from broker.bus import Bus
from broker.contract.messages import AnyView, DeviceState, Role
from broker.link import HallLink

from .board import Board, Picture

LOOK_AT_CLOCK_S: Final = 5.0  # it may have been set


class BoardNode:
    """Keeps one board's picture; `show` gets each new one, on the event loop. `now` is aware."""

    def __init__(
        self,
        *,
        bus: Bus,
        hall: str,
        node: str,
        board: Board,
        clock: Callable[[], float],
        now: Callable[[], datetime],
        show: Callable[[Picture], None],
    ) -> None:
        self._board = board
        self._now = now
        self._show = show
        self._shown: Picture | None = None
        self._news = asyncio.Event()
        self.link = HallLink(
            bus=bus,
            hall=hall,
            node=node,
            role=Role.DISPLAY,
            clock=clock,
            on_view=self._viewed,
            on_hall_here=self._reached,
        )

    async def run(self) -> None:
        """Stay in the hall until cancelled."""
        self.link.device("screen", DeviceState.OK)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.link.run())
            tasks.create_task(self._keep_time())

    async def _keep_time(self) -> None:
        while True:
            self._draw()
            self._news.clear()
            now = self._now()
            wait_s = (self._board.changes_at(now) - now).total_seconds()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(wait_s, LOOK_AT_CLOCK_S)):
                    await self._news.wait()

    def _viewed(self, view: AnyView) -> None:
        self._board = self._board.seen(view, self._now())
        self._draw()
        self._news.set()

    def _reached(self, here: bool) -> None:  # noqa: FBT001 - the link's callback has this shape
        self._board = self._board.reached(here, self._now())
        self._draw()
        self._news.set()

    def _draw(self) -> None:
        picture = self._board.picture(self._now())
        if picture != self._shown:
            self._shown = picture
            self._show(picture)
