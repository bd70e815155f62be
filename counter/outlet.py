"""Tells one device what to show, in order, while no other device and no window waits for it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Generic, NoReturn, TypeVar

from hardware.devices import PortGone

log = logging.getLogger(__name__)

T = TypeVar("T")


class Outlet(Generic[T]):
    """`tell(what)` reaches the device; `on_trouble(reason)` hears why it could not, and "" once it can again."""

    def __init__(self, *, tell: Callable[[T], Awaitable[None]], on_trouble: Callable[[str], None]) -> None:
        self._tell = tell
        self._on_trouble = on_trouble
        self._trouble = ""
        self._waiting: asyncio.Queue[T] = asyncio.Queue()

    def put(self, what: T) -> None:
        self._waiting.put_nowait(what)

    async def run(self) -> NoReturn:
        while True:
            what = await self._waiting.get()
            try:
                await self._tell(what)
            except (PortGone, ValueError) as error:  # cable out, or a text that this device has no letters for
                log.warning("%r is not shown: %s", what, error)
                self._report(str(error))
            else:
                self._report("")

    def _report(self, trouble: str) -> None:
        if trouble != self._trouble:
            self._trouble = trouble
            self._on_trouble(trouble)
