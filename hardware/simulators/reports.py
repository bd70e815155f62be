"""What simulators have reported, kept for whoever waits for it: pass one as `report=`, then `await next(kind)`."""

import asyncio
from typing import TypeVar

T = TypeVar("T")


class Reports:
    """All reports in order in `seen`; each is handed out by `next` once."""

    def __init__(self) -> None:
        self.seen: list[object] = []
        self._unread: list[object] = []
        self._arrived = asyncio.Event()

    def __call__(self, report: object) -> None:
        self.seen.append(report)
        self._unread.append(report)
        self._arrived.set()

    async def next(self, kind: type[T], *, timeout_s: float = 10.0) -> T:
        """Wait for the next report of `kind`, skipping others; raises TimeoutError."""
        async with asyncio.timeout(timeout_s):
            while True:
                while self._unread:
                    report = self._unread.pop(0)
                    if isinstance(report, kind):
                        return report
                self._arrived.clear()
                await self._arrived.wait()

    def all(self, kind: type[T]) -> list[T]:
        return [report for report in self.seen if isinstance(report, kind)]
