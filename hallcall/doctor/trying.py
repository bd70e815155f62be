"""`hallcall doctor --hall --test`: devices are tried while the hall works, node after node; each answer as it comes."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Final

from broker.ailments import found
from broker.config import SupervisorFile
from broker.contract.messages import (
    BoxFinding,
    DeviceTestAsked,
    DeviceTested,
    Language,
    Presence,
    Recorded,
    Refused,
    Role,
    TestDevice,
)
from broker.contract.texts import texts

from ..desk import Desk

SILENCE_S: Final = 50  # after the last word of a node: it gives up on a device before that
WITH_DEVICES: Final = (Role.KIOSK, Role.COUNTER, Role.DISPLAY)


def to_try(nodes: Iterable[Presence], only: str = "") -> list[str]:
    """Return the nodes that are there and have devices, kiosks first; `only` names one."""
    there = [each for each in nodes if each.up and each.role in WITH_DEVICES and only in {"", each.node}]
    return [each.node for each in sorted(there, key=lambda each: (WITH_DEVICES.index(each.role), each.node))]


async def tried(
    file: SupervisorFile, nodes: Iterable[str], language: Language, *, device: str = "", press_s: int = 0
) -> AsyncIterator[BoxFinding]:
    """Have the devices of these nodes tried; yield each finding as the hall hears it. Raises HallAway."""
    told: asyncio.Queue[DeviceTestAsked | DeviceTested] = asyncio.Queue()

    def hear(recorded: Recorded) -> None:
        if isinstance(recorded.event, DeviceTestAsked | DeviceTested):
            told.put_nowait(recorded.event)

    async with Desk(file, on_event=hear) as desk:
        for node in nodes:
            answer = await desk.ask(TestDevice(id="typed", node=node, device=device, press_s=press_s))
            if isinstance(answer, Refused):
                words = texts(language)["refusal"]
                problem = words.get(answer.reason, words["other"]).format_map(answer.args)
                yield found("test_refused", node=node, problem=problem)
                continue
            async for finding in _of_node(told, node, by=file.node, silence_s=SILENCE_S + press_s):
                yield finding


async def _of_node(
    told: asyncio.Queue[DeviceTestAsked | DeviceTested], node: str, *, by: str, silence_s: int
) -> AsyncIterator[BoxFinding]:
    """Yield what one node finds in the test that was asked for last."""
    test = ""
    while True:
        try:
            async with asyncio.timeout(silence_s):
                event = await told.get()
        except TimeoutError:
            yield found("test_silent", node=node, seconds=silence_s)
            return
        if isinstance(event, DeviceTestAsked):
            test = event.test if (event.node, event.by) == (node, by) else test
        elif (event.test, event.node) == (test, node):
            yield event.finding
            if not event.more:
                return
