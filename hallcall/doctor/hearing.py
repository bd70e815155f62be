"""What the broker tells of the whole hall within a moment: its views, everybody's presence, all boxes' warnings."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Final

from broker.bus import Bus, Letter, MqttBus
from broker.config import NodeFile, login_of
from broker.contract import wire
from broker.whole_hall import Hearing

TOPICS: Final = (("view/hall", ""), ("view/queues", ""), ("node/{}", "+"), ("log/{}", "+"))
CONNECT_S: Final = 3.0
QUIET_S: Final = 0.5  # what the broker has kept comes in one go
AT_MOST_S: Final = 1.5  # in a hall where somebody always speaks


def bus_of(file: NodeFile) -> MqttBus:
    """Return a connection that listens to all that a doctor may hear. Raises BrokenConfig."""
    topics = [wire.topic(file.hall, pattern, level) for pattern, level in TOPICS]
    return MqttBus(login=login_of(file), subscriptions=topics)


async def listen(bus: Bus, hall: str, *, quiet_s: float = QUIET_S) -> Hearing:
    """Return what is heard until it is quiet; nothing, where the broker is not reached in CONNECT_S."""
    heard, news, here = Hearing(), asyncio.Event(), asyncio.Event()

    def hear(letter: Letter) -> None:
        heard.hear(hall, letter)
        news.set()

    bus.listen(on_letter=hear, on_state=_sets(here))
    running = asyncio.ensure_future(bus.run())
    try:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CONNECT_S):
                await here.wait()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(AT_MOST_S):
                await _until_quiet(news, quiet_s)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    return heard


def _sets(here: asyncio.Event) -> Callable[[bool], None]:
    return lambda connected: here.set() if connected else None


async def _until_quiet(news: asyncio.Event, quiet_s: float) -> None:
    with contextlib.suppress(TimeoutError):
        while True:
            news.clear()
            async with asyncio.timeout(quiet_s):
                await news.wait()
