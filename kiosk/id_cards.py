"""A kiosk's ID-card reader on a line of its own, built from its file; it runs beside the node, on its loop."""

import time
from functools import partial
from typing import Final

from broker.config import KioskFile
from broker.contract.messages import DeviceState
from hardware.devices import IdCards, PortGone
from hardware.drivers.line_id_cards import LineIdCards
from hardware.line import Line

from .node import KioskNode

NAME: Final = "id_cards"


def accompany_id_cards(node: KioskNode, file: KioskFile) -> None:
    """Let a reader on a line run with the node, if its file names one."""
    if file.id_cards is None:
        return

    def linked(up: bool, reason: str) -> None:  # noqa: FBT001 - the line's callback has this shape
        node.device(NAME, DeviceState.OK if up else DeviceState.FAULT, reason)

    line = Line(file.id_cards.port, on_link=linked)
    node.accompany(line.run)
    node.accompany(partial(hand_on, LineIdCards(line, clock=time.monotonic), node))


async def hand_on(cards: IdCards, node: KioskNode) -> None:
    """Give the node each number that is read, until cancelled."""
    while True:
        try:
            async for number in cards.numbers():
                node.read_card(number)
        except PortGone:
            continue  # the line says so itself, and comes back
