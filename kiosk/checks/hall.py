"""The hall: is the broker there, does it take the login, does the dispatcher answer, is its time ours."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Final

from broker.bus import LoginRefused, MqttBus, try_login
from broker.config import BrokenConfig, login_of
from broker.contract.messages import AnyView, EventsRead, HallView, ReadEvents, Role
from broker.identity import Untrusted
from broker.link import PROGRAM, HallLink, Unanswered, subscriptions, will

from ..node import VIEWS
from .finding import Bench, Finding, amber, green, red, skipped

ANSWER_S: Final = 5.0
BEHIND_S: Final = 2.0  # no clock that is kept is so far behind an event that has already happened
BACK: Final = 1  # events


async def broker(bench: Bench) -> AsyncIterator[Finding]:
    """Log in as the kiosk does."""
    where: dict[str, str | int] = {"host": bench.file.broker.host, "port": bench.file.broker.tcp_port}
    try:
        await try_login(login_of(bench.file))
    except BrokenConfig as error:
        yield red("broker_password", problem=str(error))
    except Untrusted as error:
        yield red(f"certificate_{error.flaw.fault}", **error.flaw.args)
    except LoginRefused:
        yield red("broker_refused", node=bench.file.node, path=bench.file.broker.proof, **where)
    except OSError as error:
        yield red("broker_gone", problem=str(error), **where)
    else:
        bench.is_reached = True
        yield green("broker_ok", node=bench.file.node, **where)


class _Hearing:
    """What the hall says while it is listened to."""

    def __init__(self) -> None:
        self.view: HallView | None = None
        self.here = asyncio.Event()
        self.told = asyncio.Event()

    def viewed(self, view: AnyView) -> None:
        if isinstance(view, HallView):
            self.view = view
            self.told.set()

    def is_here(self, here: bool) -> None:  # noqa: FBT001 - the link's callback has this shape
        if here:
            self.here.set()


async def dispatcher(bench: Bench) -> AsyncIterator[Finding]:
    """Ask the dispatcher something that changes nothing."""
    file, hearing = bench.file, _Hearing()
    if not bench.is_reached:
        yield skipped("dispatcher_later")
        return
    link = HallLink(
        bus=MqttBus(
            login=login_of(file),
            subscriptions=subscriptions(hall=file.hall, node=file.node, also=VIEWS),
            will=will(hall=file.hall, node=file.node, role=Role.KIOSK),
        ),
        hall=file.hall,
        node=file.node,
        role=Role.KIOSK,
        clock=bench.clock,
        on_view=hearing.viewed,
        on_hall_here=hearing.is_here,
    )
    running = asyncio.ensure_future(link.run())
    try:
        async with asyncio.timeout(ANSWER_S):
            await hearing.here.wait()
            await hearing.told.wait()
        view = hearing.view
        after_seq = max(0, view.seq - BACK) if view is not None else 0
        answer = await link.ask(ReadEvents(id=link.new_id(), after_seq=after_seq), patience_s=ANSWER_S)
    except (TimeoutError, Unanswered):
        yield red("dispatcher_gone", hall=file.hall)
        return
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
    if view is not None:
        bench.hall = view.hall
        named = f"{view.hall.name.zh} {view.hall.name.en}"
        yield green("dispatcher_ok", hall=named, day=view.day or "–", version=link.dispatcher_program)
        for finding in _agreements(bench, view, link.dispatcher_program):
            yield finding
    if isinstance(answer, EventsRead) and answer.events:
        yield against(bench.now(), answer.events[-1].at)


def _agreements(bench: Bench, view: HallView, version: str) -> list[Finding]:
    found = []
    if not any(each.id == bench.file.node and each.role is Role.KIOSK for each in view.hall.nodes):
        found.append(red("dispatcher_stranger", node=bench.file.node))
    if view.day is None:
        found.append(amber("dispatcher_no_day"))
    if version != PROGRAM:
        found.append(amber("dispatcher_version", theirs=version, ours=PROGRAM))
    return found


def against(now: datetime, last: datetime) -> Finding:
    """Return how this machine's clock agrees with the hall's: it cannot be before what has already happened there."""
    behind_s = (last - now).total_seconds()
    if behind_s > BEHIND_S:
        return red("clock_behind", seconds=round(behind_s))
    return green("clock_agrees", time=f"{last.astimezone():%Y-%m-%d %H:%M:%S}")
