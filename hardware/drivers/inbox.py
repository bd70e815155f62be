"""What a device has said and nobody has read yet; a lost line is told once, in its place."""

import asyncio
from collections.abc import AsyncIterator
from typing import Generic, TypeVar

from ..devices import PortGone

T = TypeVar("T")


class Inbox(Generic[T]):
    def __init__(self) -> None:
        self._items: asyncio.Queue[T | PortGone] = asyncio.Queue()

    def put(self, item: T) -> None:
        self._items.put_nowait(item)

    def lost(self, gone: PortGone) -> None:
        self._items.put_nowait(gone)

    async def items(self) -> AsyncIterator[T]:
        """Every item in order; raises PortGone once for each loss, and may then be called again."""
        while True:
            item = await self._items.get()
            if isinstance(item, PortGone):
                raise PortGone(*item.args) from item
            yield item
