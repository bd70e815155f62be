"""Runs a node on an event loop in a thread of its own: the window has the main thread."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine
from typing import Any, Generic, Protocol, TypeVar


class Running(Protocol):
    def run(self) -> Coroutine[Any, Any, None]:
        """Go on until cancelled."""


Node = TypeVar("Node", bound=Running)


class NodeThread(Generic[Node]):
    """`make` builds the node on the loop, `also` lets more run with it.

    `on_end` hears, in that thread, that it has ended by itself.
    """

    def __init__(
        self,
        *,
        make: Callable[[], Node],
        on_end: Callable[[], None],
        also: Callable[[Node], None] = lambda _: None,
    ) -> None:
        self._make = make
        self._also = also
        self._on_end = on_end
        self._loop: asyncio.AbstractEventLoop | None = None
        self._node: Node | None = None
        self._running: asyncio.Task[None] | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="node")
        self.error: BaseException | None = None

    def start(self) -> None:
        self._thread.start()

    @property
    def node(self) -> Node | None:
        """The node, once it is made; what may be asked of it from another thread, it says itself."""
        return self._node

    def hand(self, say: Callable[[Node], None]) -> None:
        """Let something be said to the node on its loop; from any thread."""
        loop, node = self._loop, self._node
        if loop is not None and node is not None and not loop.is_closed():
            loop.call_soon_threadsafe(say, node)

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
        self._running = asyncio.current_task()
        self._loop = asyncio.get_running_loop()
        if not self._stopping.is_set():
            self._also(self._node)
            await self._node.run()
