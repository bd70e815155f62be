"""What the hardware tests share: reports of simulators, and tasks that end with their test."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path

import pytest

from hardware.simulators.reports import Reports

Start = Callable[[Coroutine[object, object, object]], None]


@pytest.fixture
async def reports() -> Reports:
    return Reports()


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Start a coroutine that runs until the test ends."""
    tasks: list[asyncio.Task[object]] = []

    def begin(work: Coroutine[object, object, object]) -> None:
        tasks.append(asyncio.create_task(work))

    yield begin
    for task in tasks:
        task.cancel()
    for ended in await asyncio.gather(*tasks, return_exceptions=True):
        assert ended is None or isinstance(ended, asyncio.CancelledError), ended


@pytest.fixture
def link(tmp_path: Path) -> Path:
    """The name of a serial line, as udev would give it."""
    return tmp_path / "line1"
