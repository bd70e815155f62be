"""Alpha signs on one RS-485 line, a receiver written from the Alpha Sign Communications Protocol.

A standard packet: nulls, SOH, type code, two digits of address, STX, command, EOT. Known here is what shows a text:
command A, a file label, and perhaps ESC, a position and a mode. The priority file "0" is shown before all others.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final, Self

from .candle_signs import SignShows
from .pty_cable import PtyCable

_NUL, _SOH, _STX, _EOT, _ESC = 0x00, 0x01, 0x02, 0x04, 0x1B
_MOST: Final = 4096
_EVERY_SIGN: Final = b"00"
_FLASH: Final = b"c"
_HEAD: Final = 4  # type code, address, STX


class SimulatedAlphaSigns:
    """`even_parity`: the signs are set to 7 bits with even parity, their default; a byte with a wrong one is lost."""

    def __init__(
        self,
        *,
        link: Path,
        addresses: Iterable[int] = range(1, 9),
        report: Callable[[SignShows], None] | None = None,
        baud: int = 9600,
        even_parity: bool = True,
    ) -> None:
        self.files: dict[int, dict[str, str]] = {address: {} for address in addresses}
        self.flashing: dict[int, bool] = dict.fromkeys(self.files, False)
        self.bad_bytes = 0
        self.not_understood = 0
        self._even_parity = even_parity
        self._report = report or (lambda _shown: None)
        self._packet: bytearray | None = None
        self._nulls = 0
        self.cable = PtyCable(link, self._received, baud=baud)

    async def __aenter__(self) -> Self:
        self.cable.plug()
        return self

    async def __aexit__(self, *_error: object) -> None:
        self.cable.unplug()

    def text(self, address: int) -> str:
        """Return what people read."""
        files = self.files[address]
        return files.get("0") or files.get("A", "")

    def _received(self, chunk: bytes, ended_at_s: float) -> None:
        for position, byte in enumerate(chunk, start=1):
            at_ms = (ended_at_s - (len(chunk) - position) * self.cable.byte_s) * 1000
            self._byte(byte, at_ms)

    def _byte(self, byte: int, at_ms: float) -> None:
        if self._even_parity:
            if byte.bit_count() % 2:
                self.bad_bytes += 1
                self._packet = None
                return
            byte &= 0x7F
        if byte == _SOH:
            self._packet = bytearray() if self._nulls >= 5 else None  # noqa: PLR2004 - "five nulls or more"
            self.not_understood += self._packet is None
        elif byte == _EOT and self._packet is not None:
            self._obey(bytes(self._packet), at_ms)
            self._packet = None
        elif self._packet is not None and len(self._packet) < _MOST:
            self._packet.append(byte)
        self._nulls = self._nulls + 1 if byte == _NUL else 0

    def _obey(self, packet: bytes, at_ms: float) -> None:
        kind, address, begin, command = packet[:1], packet[1:3], packet[3:4], packet[_HEAD:]
        if kind not in (b"Z", b"!") or begin != bytes((_STX,)) or command[:1] != b"A" or len(command) < 2:  # noqa: PLR2004
            self.not_understood += 1
            return
        label, body, mode = command[1:2].decode(), command[2:], b""
        if body[:1] == bytes((_ESC,)):
            mode, body = body[2:3], body[3:]
        for each in list(self.files):
            if address not in (_EVERY_SIGN, f"{each:02X}".encode()):
                continue
            self.files[each][label] = body.decode("ascii").strip()
            self.flashing[each] = mode == _FLASH
            self._report(
                SignShows(
                    address=each,
                    text=self.text(each),
                    blinks=-1 if self.flashing[each] else 0,
                    raw=packet,
                    monotonic_ms=at_ms,
                )
            )
