"""A kiosk's node in a process of its own, without window and printer: `take SERVICE` on stdin, what it did on stdout.

`slip T` is said when paper comes out, `done T` when the kiosk knows of it; after `hold` the next slip hangs in the
printer for ever.
"""

import asyncio
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from broker.bus import Login, MqttBus
from broker.contract.messages import Role
from broker.link import subscriptions, will
from hardware.devices import PaperState, Printed, PrintResult
from kiosk import flow
from kiosk.__main__ import BOOT_ID
from kiosk.node import VIEWS, KioskNode
from kiosk.slip import Item


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - its way to speak


class Printer:
    """Paper that comes out at once."""

    def __init__(self) -> None:
        self.hangs = False
        self.ticket = ""

    async def status(self) -> PaperState:
        return PaperState.OK

    async def print(self, slip: bytes) -> PrintResult:  # noqa: ARG002 - the number is on the screen
        say(f"slip {self.ticket}")
        if self.hangs:
            await asyncio.get_running_loop().create_future()
        return PrintResult(printed=Printed.YES, paper=PaperState.OK)


class Customer:
    """Touches the screen as told, and goes home when there is a slip."""

    def __init__(self, printer: Printer) -> None:
        self.printer = printer
        self.node: KioskNode | None = None
        self.was_alone: bool | None = None
        self.done = ""

    def sees(self, kiosk: flow.Kiosk) -> None:
        if kiosk.here is not None and isinstance(kiosk.screen, flow.Home) and kiosk.is_alone != self.was_alone:
            self.was_alone = kiosk.is_alone
            say("alone" if kiosk.is_alone else "here")
        if isinstance(kiosk.screen, flow.Ticket):
            self.printer.ticket = kiosk.screen.taken.ticket
            if kiosk.screen.slip is not None and self.node is not None and self.done != kiosk.screen.taken.ticket:
                self.done = kiosk.screen.taken.ticket
                say(f"done {self.done}")
                asyncio.get_running_loop().call_soon(self.node.touch, "home")

    def hears(self, line: str) -> None:
        assert self.node is not None
        if line == "hold":
            self.printer.hangs = True
        else:
            self.node.touch(f"service:{line.removeprefix('take ')}")
            self.node.touch("take")


async def main(node: str, port: int, password_file: Path, state_dir: Path) -> None:
    printer = Printer()
    customer = Customer(printer)
    login = Login(host="127.0.0.1", port=port, name=node, password=password_file.read_text(encoding="utf-8"))
    customer.node = KioskNode(
        bus=MqttBus(
            login=login,
            subscriptions=subscriptions(hall="east", node=node, also=VIEWS),
            will=will(hall="east", node=node, role=Role.KIOSK),
        ),
        hall="east",
        node=node,
        printer=printer,
        encode=_no_bytes,
        state_dir=state_dir,
        idle_s=25,
        ticket_s=8,
        clock=time.monotonic,
        now=lambda: datetime.now(UTC),
        boot=BOOT_ID.read_text(encoding="ascii").strip(),
        in_background=lambda work: work(),
        on_change=customer.sees,
    )
    stdin = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stdin), sys.stdin)
    running = asyncio.create_task(customer.node.run())
    while line := (await stdin.readline()).decode().strip():
        customer.hears(line)
    running.cancel()


def _no_bytes(_: Sequence[Item]) -> bytes:
    return b""


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4])))
