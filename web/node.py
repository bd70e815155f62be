"""The shell between the hall and the browsers: it hears views, and wakes whoever shows them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from typing import Final

from broker.bus import Bus, Letter
from broker.contract import wire
from broker.contract.messages import AnyView, DeviceState, HallView, Presence, Role
from broker.link import HallLink

from .boards import SLIDES_S, Shown, zones_missing
from .hearing import Hearing

HEARD: Final = ("view/hall", "view/queues", "view/board/+")
HEARTBEAT_S: Final = 5.0  # a page that hears nothing for longer says so


class WebNode:
    """Keeps each board's sight. `clock` gives monotonic seconds, `now` an aware time; `hearing` is the console's."""

    def __init__(
        self,
        *,
        bus: Bus,
        hall: str,
        node: str,
        boards: Sequence[Shown],
        clock: Callable[[], float],
        now: Callable[[], datetime],
        hearing: Hearing | None = None,
    ) -> None:
        self._clock, self._now, self._hearing = clock, now, hearing
        self._hall = hall
        self._boards = {each.id: each for each in boards}
        self._slides: dict[str, tuple[float, tuple[str, ...]]] = {}  # since when they are known, and their paths
        self._changed = asyncio.Event()
        self.link = HallLink(
            bus=bus,
            hall=hall,
            node=node,
            role=Role.WEB,
            clock=clock,
            on_view=self._viewed,
            on_event=hearing.happened if hearing is not None else None,
            on_hall_here=self._reached,
            on_other=self._other,
        )

    @property
    def boards(self) -> dict[str, Shown]:
        """The boards by their names, in the order of the file."""
        return self._boards

    async def sights(self, board: str) -> AsyncIterator[bytes]:
        """Yield what a board shows, as JSON: at once, at each change, and every HEARTBEAT_S."""
        while True:
            changed, slides = self._changed, await self.slides(board)
            now = self._now()
            sight, changes = self._boards[board].sight(now, slides)
            yield sight
            wait_s = min(HEARTBEAT_S, max(0.05, (changes - now).total_seconds()))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await changed.wait()

    async def slides(self, board: str) -> tuple[str, ...]:
        """Return the paths of a board's pictures; looked up now and then."""
        known = self._slides.get(board)
        if known is None or self._clock() - known[0] > SLIDES_S:
            known = (self._clock(), await self._boards[board].slides())
            self._slides[board] = known
        return known[1]

    def _viewed(self, view: AnyView) -> None:
        now = self._now()
        self._boards = {name: board.seen(view, now) for name, board in self._boards.items()}
        if isinstance(view, HallView):
            self._check(view)
        if self._hearing is not None:
            self._hearing.viewed(view)
        self._wake()

    def _other(self, letter: Letter) -> None:
        if self._hearing is None or not letter.payload:
            return
        heard = wire.decode(self._hall, letter.topic, letter.payload).message  # the link has read it before
        if isinstance(heard, Presence):
            self._hearing.present(heard)

    def _check(self, hall: HallView) -> None:
        """Say in the presence which board waits for a zone that there is not."""
        missing = [f"{each.id}: {', '.join(zones_missing(each, hall))}" for each in self._boards.values()]
        wrong = [each for each in missing if not each.endswith(": ")]
        detail = f"no such zone in hall.toml ({'; '.join(wrong)}): correct this node's file" if wrong else ""
        self.link.device("boards", DeviceState.WARNING if wrong else DeviceState.OK, detail)

    def _reached(self, here: bool) -> None:  # noqa: FBT001 - the link's callback has this shape
        now = self._now()
        self._boards = {name: board.reached(here, now) for name, board in self._boards.items()}
        if self._hearing is not None:
            self._hearing.reached(here=here, now=now)
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
