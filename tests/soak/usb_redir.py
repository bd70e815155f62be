"""A USB printer outside the guest: what hangs at the far end of QEMU's usb-redir, after usbredir-protocol.txt.

QEMU hands on every packet of the guest's USB host; here they are answered as a printer of the printer class does.
Behind it stands our simulated printer, on TCP.
"""

import asyncio
import struct
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Final, Self

from hardware.simulators.escpos_printer import Report, SimulatedPrinter

HELLO: Final = 0
DEVICE_CONNECT: Final = 1
INTERFACE_INFO: Final = 4
EP_INFO: Final = 5
SET_CONFIGURATION: Final = 6
GET_CONFIGURATION: Final = 7
CONFIGURATION_STATUS: Final = 8
SET_ALT_SETTING: Final = 9
GET_ALT_SETTING: Final = 10
ALT_SETTING_STATUS: Final = 11
CANCEL_DATA_PACKET: Final = 21
CONTROL_PACKET: Final = 100
BULK_PACKET: Final = 101
SUCCESS, CANCELLED, STALL = 0, 1, 4

_FIRST_HEADER: Final = struct.Struct("<III")  # type, length, id: of the greeting
_HEADER: Final = struct.Struct("<IIQ")  # of all others, between two that both know long ids
_CONTROL: Final = struct.Struct("<BBBBHHH")  # endpoint, request, request type, status, value, index, length
_BULK: Final = struct.Struct("<BBHIH")  # endpoint, status, length, stream, the length's upper half
# The device's version, largest packets of endpoints, long ids, long bulk lengths: QEMU's xHCI wants them all.
_CAPABILITIES: Final = 1 << 1 | 1 << 4 | 1 << 5 | 1 << 6
_HIGH_SPEED: Final = 2
_VENDOR, _PRODUCT, _VERSION = 0x04B8, 0x0202, 0x0100
_OUT, _IN, _PACKET = 0x01, 0x82, 512
_SLOTS: Final = 32  # one for each endpoint: 16 out, then 16 in
_STRINGS: Final = {1: "Hallcall", 2: "Ticket printer", 3: "P1"}
_DEVICE: Final = struct.pack("<BBHBBBBHHHBBBB", 18, 1, 0x0200, 0, 0, 0, 64, _VENDOR, _PRODUCT, _VERSION, 1, 2, 3, 1)
_INTERFACE: Final = bytes([9, 4, 0, 0, 2, 7, 1, 2, 0])  # a printer, that also answers
_ENDPOINTS: Final = b"".join(struct.pack("<BBBBHB", 7, 5, each, 2, _PACKET, 0) for each in (_OUT, _IN))
_CONFIGURATION: Final = struct.pack("<BBHBBBBB", 9, 2, 32, 1, 1, 0, 0xC0, 1) + _INTERFACE + _ENDPOINTS
_PNP: Final = b"MFG:Hallcall;MDL:Ticket;CLS:PRINTER;"
_SELECTED_NO_ERROR: Final = b"\x18"


class UsbPrinterAtQemu:
    """The printer and its cable. QEMU listens at `socket`; the cable is in as long as this context lasts."""

    def __init__(self, socket: Path, report: Callable[[Report], None]) -> None:
        self.printer = SimulatedPrinter(report=report)
        self._socket = socket
        self._answers = bytearray()
        self._wanted: deque[tuple[int, int]] = deque()  # reads of the guest that wait: id, how much it takes
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        await self.printer.__aenter__()
        self._from_paper, self._to_paper = await asyncio.open_connection(self.printer.host, self.printer.port)
        self._reader, self._writer = await asyncio.open_unix_connection(str(self._socket))
        self._tasks = [asyncio.create_task(self._serve()), asyncio.create_task(self._listen())]
        return self

    async def __aexit__(self, *_error: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._writer.close()
        self._to_paper.close()
        await self.printer.__aexit__()

    def _send(self, kind: int, body: bytes, number: int = 0) -> None:
        self._writer.write(_HEADER.pack(kind, len(body), number) + body)

    async def _serve(self) -> None:
        greeting = b"hallcall printer".ljust(64, b"\0") + struct.pack("<I", _CAPABILITIES)
        self._writer.write(_FIRST_HEADER.pack(HELLO, len(greeting), 0) + greeting)
        kind, length, _ = _FIRST_HEADER.unpack(await self._reader.readexactly(_FIRST_HEADER.size))
        if kind != HELLO:
            raise ValueError(f"QEMU does not greet: message {kind}")
        await self._reader.readexactly(length)
        self._introduce()
        while True:
            kind, length, number = _HEADER.unpack(await self._reader.readexactly(_HEADER.size))
            await self._take(kind, number, await self._reader.readexactly(length))

    async def _take(self, kind: int, number: int, body: bytes) -> None:
        if kind in (SET_CONFIGURATION, GET_CONFIGURATION):
            self._send(CONFIGURATION_STATUS, bytes([SUCCESS, 1]), number)
        elif kind in (SET_ALT_SETTING, GET_ALT_SETTING):
            self._send(ALT_SETTING_STATUS, bytes([SUCCESS, body[0], 0]), number)
        elif kind == CONTROL_PACKET:
            self._control(number, body)
        elif kind == BULK_PACKET:
            await self._bulk(number, body)
        elif kind == CANCEL_DATA_PACKET:
            self._wanted = deque(each for each in self._wanted if each[0] != number)
            self._send(BULK_PACKET, _BULK.pack(_IN, CANCELLED, 0, 0, 0), number)

    def _introduce(self) -> None:
        kinds, intervals, interfaces = bytearray(b"\xff" * _SLOTS), bytes(_SLOTS), bytes(_SLOTS)
        sizes = [0] * _SLOTS
        for endpoint in (0x00, 0x80, _OUT, _IN):
            slot = (endpoint & 0x80) >> 3 | endpoint & 0x0F
            kinds[slot] = 2 if endpoint & 0x0F else 0
            sizes[slot] = _PACKET if endpoint & 0x0F else 64
        self._send(EP_INFO, bytes(kinds) + intervals + interfaces + struct.pack(f"<{_SLOTS}H", *sizes))
        columns = (each.to_bytes().ljust(_SLOTS, b"\0") for each in (0, 7, 1, 2))
        self._send(INTERFACE_INFO, struct.pack("<I", 1) + b"".join(columns))
        self._send(DEVICE_CONNECT, struct.pack("<BBBBHHH", _HIGH_SPEED, 0, 0, 0, _VENDOR, _PRODUCT, _VERSION))

    def _control(self, number: int, body: bytes) -> None:
        endpoint, request, request_type, _, value, index, length = _CONTROL.unpack_from(body)
        answer = _answer(request_type, request, value)
        status = STALL if answer is None else SUCCESS
        answer = (answer or b"")[:length]
        told = len(answer) if request_type & 0x80 else length
        self._send(
            CONTROL_PACKET,
            _CONTROL.pack(endpoint, request, request_type, status, value, index, told) + answer,
            number,
        )

    async def _bulk(self, number: int, body: bytes) -> None:
        endpoint, _, low, stream, high = _BULK.unpack_from(body)
        if endpoint & 0x80:
            self._wanted.append((number, high << 16 | low))
            self._hand_out()
            return
        self._to_paper.write(body[_BULK.size :])
        await self._to_paper.drain()
        self._send(BULK_PACKET, _BULK.pack(endpoint, SUCCESS, low, stream, high), number)

    async def _listen(self) -> None:
        while chunk := await self._from_paper.read(4096):
            self._answers += chunk
            self._hand_out()

    def _hand_out(self) -> None:
        while self._answers and self._wanted:
            number, length = self._wanted.popleft()
            part = bytes(self._answers[:length])
            del self._answers[: len(part)]
            self._send(BULK_PACKET, _BULK.pack(_IN, SUCCESS, len(part), 0, 0) + part, number)


def _answer(request_type: int, request: int, value: int) -> bytes | None:
    """Return what the device says to a request on its control pipe; None: it does not know that one."""
    match request_type, request:
        case 0x80, 6:
            return _descriptor(value >> 8, value & 0xFF)
        case 0x80, 0:
            return b"\x01\x00"
        case 0xA1, 0:
            return struct.pack(">H", len(_PNP) + 2) + _PNP
        case 0xA1, 1:
            return _SELECTED_NO_ERROR
        case (0x21, 2) | (0x02, 1) | (0x00, 1) | (0x00, 3):
            return b""
    return None


def _descriptor(kind: int, index: int) -> bytes | None:
    if kind == 3:
        text = struct.pack("<H", 0x0409) if index == 0 else _STRINGS.get(index, "").encode("utf-16-le")
        return bytes([len(text) + 2, 3]) + text
    return {1: _DEVICE, 2: _CONFIGURATION}.get(kind)
