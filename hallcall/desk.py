"""A supervisor's place in the hall for as long as an order takes."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import msgspec

from broker.bus import MqttBus
from broker.config import BrokenConfig, SupervisorFile, load_any, login_of
from broker.contract.messages import (
    AnyAnswer,
    AnyView,
    Command,
    CounterCommand,
    CounterView,
    HallView,
    Recorded,
    Role,
)
from broker.link import HallLink, Unanswered, subscriptions, will

PLACE: Final = Path("/etc/hallcall")
HALL_WAIT_S: Final = 5
ANSWER_WAIT_S: Final = 10
_AWAY: Final = "the hall does not answer: check [broker] in the node file, and the dispatcher"


class NoLogin(ValueError):
    """Only a supervisor may: give his node file with --config, or go to the dispatcher's box."""


def supervisor_here(place: Path = PLACE) -> Path:
    """Return the supervisor's file of this box. Raises NoLogin."""
    for path in sorted((place / "nodes").glob("*.toml")):
        try:
            if isinstance(load_any(path), SupervisorFile):
                return path
        except BrokenConfig:
            continue
    raise NoLogin(f"no supervisor's file in {place / 'nodes'}: give one with --config, or ask on the dispatcher's box")


class HallAway(RuntimeError):
    """Broker or dispatcher cannot be reached: check the address in the node file, and that both run."""


class Desk:
    """Open it with `async with`. Raises HallAway where the hall is not there. `on_event` hears what happens."""

    def __init__(self, file: SupervisorFile, *, on_event: Callable[[Recorded], None] | None = None) -> None:
        self._here = asyncio.Event()
        self._shown = asyncio.Event()
        self._seen: dict[int, str | None] = {}
        self._hall: HallView | None = None
        self._link = HallLink(
            bus=MqttBus(
                login=login_of(file),
                subscriptions=subscriptions(
                    hall=file.hall,
                    node=file.node,
                    also=["view/counter/+", "view/hall", *(["event/+"] if on_event is not None else [])],
                ),
                will=will(hall=file.hall, node=file.node, role=Role.SUPERVISOR),
            ),
            hall=file.hall,
            node=file.node,
            role=Role.SUPERVISOR,
            clock=time.monotonic,
            on_view=self._view,
            on_event=on_event,
            on_hall_here=lambda here: self._here.set() if here else self._here.clear(),
        )

    async def __aenter__(self) -> Self:
        self._running = asyncio.create_task(self._link.run())
        try:
            async with asyncio.timeout(HALL_WAIT_S):
                await self._here.wait()
        except TimeoutError as error:
            await self._leave()
            raise HallAway(_AWAY) from error
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._leave()

    async def _leave(self) -> None:
        self._running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait([self._running])

    async def hall(self) -> HallView:
        """Return the hall in force today."""
        while self._hall is None:
            await self._next_view()
        return self._hall

    async def ask(self, command: Command) -> AnyAnswer:
        """Send a command under a new id; one of a counter says that it has seen what the counter shows."""
        while isinstance(command, CounterCommand) and command.counter not in self._seen:
            await self._next_view()
        if isinstance(command, CounterCommand):
            command = msgspec.structs.replace(command, seen=self._seen[command.counter])
        named = msgspec.structs.replace(command, id=self._link.new_id())
        try:
            return await self._link.ask(named, patience_s=ANSWER_WAIT_S)  # type: ignore[arg-type]
        except Unanswered as error:
            raise HallAway(_AWAY) from error

    async def _next_view(self) -> None:
        self._shown.clear()
        try:
            async with asyncio.timeout(HALL_WAIT_S):
                await self._shown.wait()
        except TimeoutError as error:
            raise HallAway(_AWAY) from error

    def _view(self, view: AnyView) -> None:
        match view:
            case CounterView():
                self._seen[view.counter] = view.call
            case HallView():
                self._hall = view
            case _:
                return
        self._shown.set()
