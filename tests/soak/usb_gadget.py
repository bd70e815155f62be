"""A USB printer at the far end of a simulated bus: Linux's printer gadget, with our simulated printer behind it.

Needs root, the modules dummy_hcd and usb_f_printer, and configfs. What the kernel makes of it is a real /dev/usb/lp0.
"""

import asyncio
import fcntl
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

from hardware.simulators.escpos_printer import Report, SimulatedPrinter

LP: Final = Path("/dev/usb/lp0")
GADGET: Final = Path("/sys/kernel/config/usb_gadget/hallcall")
CONTROLLER: Final = "dummy_udc.0"
FAR_END: Final = Path("/dev/g_printer0")
_PACKET: Final = 8192
_SET_STATUS: Final = 0xC0016722  # linux/usb/g_printer.h: GADGET_SET_PRINTER_STATUS
_SELECTED_NO_ERROR: Final = 0x18
_WELL_S: Final = 20


def build() -> None:
    """Describe the printer to the kernel; its cable is not in yet."""
    GADGET.mkdir()
    (GADGET / "idVendor").write_text("0x04b8")
    (GADGET / "idProduct").write_text("0x0202")
    for folder in ("strings/0x409", "configs/c.1/strings/0x409", "functions/printer.0"):
        (GADGET / folder).mkdir(parents=True)
    (GADGET / "strings/0x409/manufacturer").write_text("Hallcall")
    (GADGET / "strings/0x409/product").write_text("Ticket printer")
    (GADGET / "functions/printer.0/pnp_string").write_text("MFG:Hallcall;MDL:Ticket;CLS:PRINTER;")
    (GADGET / "configs/c.1/printer.0").symlink_to(GADGET / "functions/printer.0")


class UsbPrinter:
    """The simulated printer, its cable a USB one: `unplug` and `plug` are what a person does to it."""

    def __init__(self, report: Callable[[Report], None]) -> None:
        self.printer = SimulatedPrinter(report=report)
        self._fd = -1
        self._said = 0

    async def __aenter__(self) -> Self:
        await self.printer.__aenter__()
        self._reader, self._writer = await asyncio.open_connection(self.printer.host, self.printer.port)
        self._answering = asyncio.create_task(self._answer())
        await self.plug()
        return self

    async def __aexit__(self, *_error: object) -> None:
        if self._fd >= 0:
            await self.unplug()
        self._answering.cancel()
        await asyncio.gather(self._answering, return_exceptions=True)
        self._writer.close()
        await self.printer.__aexit__()

    async def plug(self) -> None:
        """Put the cable in, and wait until the kernel has found the printer."""
        (GADGET / "UDC").write_text(CONTROLLER)
        await _until(LP.exists)
        self._fd = os.open(FAR_END, os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(self._fd, _SET_STATUS, _SELECTED_NO_ERROR)
        self.take()

    async def unplug(self) -> None:
        self.take_nothing()
        os.close(self._fd)
        self._fd = -1
        (GADGET / "UDC").write_text("\n")
        await _until(lambda: not LP.exists())

    async def has_said(self, count: int) -> None:
        """Wait until so many bytes of answers were given to the bus, heard or not."""
        await _until(lambda: self._said >= count)

    def take(self) -> None:
        asyncio.get_running_loop().add_reader(self._fd, self._taken)

    def take_nothing(self) -> None:
        """As a printer whose memory is full: the bus stands still."""
        asyncio.get_running_loop().remove_reader(self._fd)

    def _taken(self) -> None:
        with suppress(OSError):  # woken for nothing, or the cable goes out
            self._writer.write(os.read(self._fd, _PACKET))

    async def _answer(self) -> None:
        while chunk := await self._reader.read(_PACKET):
            if self._fd >= 0:
                with suppress(OSError):
                    self._said += os.write(self._fd, chunk)


async def _until(fact: Callable[[], bool]) -> None:
    async with asyncio.timeout(_WELL_S):
        while not fact():  # noqa: ASYNC110 - facts of the kernel, which tells nobody
            await asyncio.sleep(0.02)
