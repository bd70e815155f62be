"""Runs the node on an event loop in a thread of its own, beside the window's."""

import asyncio
import contextlib
import threading
from collections.abc import Callable

from hardware.devices import TactileKey

from .node import KioskNode


class NodeThread:
    """`make` builds the node on the loop, `also` lets more run with it.

    `on_end` hears, in that thread, that it has ended by itself.
    """

    def __init__(
        self,
        *,
        make: Callable[[], KioskNode],
        on_end: Callable[[], None],
        also: Callable[[KioskNode], None] = lambda _: None,
    ) -> None:
        self._make = make
        self._also = also
        self._on_end = on_end
        self._loop: asyncio.AbstractEventLoop | None = None
        self._node: KioskNode | None = None
        self._running: asyncio.Task[None] | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="node")
        self.error: BaseException | None = None

    def start(self) -> None:
        self._thread.start()

    def touch(self, key: str) -> None:
        """Hand a key to the node, from any thread."""
        loop, node = self._loop, self._node
        if loop is not None and node is not None and not loop.is_closed():
            loop.call_soon_threadsafe(node.touch, key)

    def scan(self, text: str) -> None:
        """Hand a scanned code to the node, from any thread."""
        loop, node = self._loop, self._node
        if loop is not None and node is not None and not loop.is_closed():
            loop.call_soon_threadsafe(node.scan, text)

    def press(self, key: TactileKey, offered: tuple[str, ...]) -> None:
        """Hand a tactile key to the node, from any thread."""
        loop, node = self._loop, self._node
        if loop is not None and node is not None and not loop.is_closed():
            loop.call_soon_threadsafe(node.press, key, offered)

    def stop(self) -> None:
        """End the node and wait for its goodbye."""
        self._stopping.set()
        if self._loop is not None and self._running is not None:
            with contextlib.suppress(RuntimeError):  # the loop has just closed by itself
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
            self._on_end()

    async def _serve(self) -> None:
        self._node = self._make()
        self._also(self._node)
        self._running = asyncio.current_task()
        self._loop = asyncio.get_running_loop()
        if not self._stopping.is_set():
            await self._node.run()
