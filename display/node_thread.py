"""Runs a board's node on an event loop in a thread of its own: the window has the main thread."""

import asyncio
import contextlib
import threading
from collections.abc import Callable

from .node import BoardNode


class NodeThread:
    """`make` builds the node on its loop; `on_end` hears, in that thread, that it has ended."""

    def __init__(self, *, make: Callable[[], BoardNode], on_end: Callable[[], None]) -> None:
        self._make = make
        self._on_end = on_end
        self._loop: asyncio.AbstractEventLoop | None = None
        self._running: asyncio.Task[None] | None = None
        self._begun = threading.Event()
        self._thread = threading.Thread(target=self._work, name="node")
        self.error: BaseException | None = None

    def start(self) -> None:
        self._thread.start()
        self._begun.wait()

    def stop(self) -> None:
        """End the node and wait for its goodbye."""
        if self._loop is not None and self._running is not None:
            with contextlib.suppress(RuntimeError):  # the loop has closed by itself
                self._loop.call_soon_threadsafe(self._running.cancel)
        self._thread.join(timeout=3)

    def _work(self) -> None:
        try:
            asyncio.run(self._serve())
        except asyncio.CancelledError:
            pass
        except BaseException as error:  # noqa: BLE001 - carried to the main thread, which ends the program with it
            self.error = error
        finally:
            self._begun.set()
            self._on_end()

    async def _serve(self) -> None:
        self._loop, self._running = asyncio.get_running_loop(), asyncio.current_task()
        self._begun.set()
        await self._make().run()
