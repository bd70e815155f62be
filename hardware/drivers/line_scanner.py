"""Code scanners, and card readers, that send each text as a line: on RS-232, or on USB as a virtual serial port.

Factory settings are 8N1, no handshake, at 9600 or 115200 baud, the code's bytes as they are (QR: UTF-8) and a
terminator of CR, LF or both. Some are told to put a preamble before each code, or a postamble between it and the
terminator: those are `prefix` and `suffix`.
"""

from collections.abc import AsyncIterator, Callable
from typing import Final

from ..devices import PortGone
from ..line import Line
from .inbox import Inbox

BAUD: Final = 9600
LONGEST: Final = 512  # bytes of one code, prefix and suffix included
PAUSE_S: Final = 0.5  # no scanner stops so long within a code: what came before was rubbish
_ENDS: Final = b"\r\n"
_CONTROL: Final = {*range(0x20), 0x7F}


class CodeDecoder:
    """Reassembles codes from chunks of any size; drops what is none, and counts its bytes."""

    def __init__(self, *, prefix: str = "", suffix: str = "") -> None:
        self.discarded_bytes = 0
        self._prefix = prefix.encode()
        self._suffix = suffix.encode()
        self._pending = bytearray()
        self._is_too_long = False
        self._heard_s = 0.0

    def feed(self, chunk: bytes, *, now_s: float) -> list[str]:
        """Return the codes that these bytes complete; `now_s` is monotonic."""
        if now_s - self._heard_s > PAUSE_S:
            self.start_over()
        self._heard_s = now_s
        codes = []
        for byte in chunk:
            if byte not in _ENDS:
                self._take(byte)
            elif self._is_too_long:
                self._is_too_long = False
            elif self._pending:
                code = self._code(bytes(self._pending))
                self.discarded_bytes += 0 if code else len(self._pending)
                self._pending.clear()
                codes += [code] if code else []
        return codes

    def start_over(self) -> None:
        """Forget a code that was cut in two."""
        self.discarded_bytes += len(self._pending)
        self._pending.clear()
        self._is_too_long = False

    def _take(self, byte: int) -> None:
        if self._is_too_long:
            self.discarded_bytes += 1
            return
        self._pending.append(byte)
        if len(self._pending) > LONGEST:
            self.start_over()
            self._is_too_long = True

    def _code(self, line: bytes) -> str:
        """Return what one line holds; empty when it is none of this scanner's, or no text."""
        if not line.startswith(self._prefix) or not line.endswith(self._suffix):
            return ""
        body = line[len(self._prefix) : len(line) - len(self._suffix)]
        if not _CONTROL.isdisjoint(body):
            return ""
        try:
            return body.decode().strip()
        except UnicodeDecodeError:
            return ""


class LineScanner:
    """One scanner; implements `Scanner`.

    `clock` gives monotonic seconds, `on_rubbish` hears how many bytes were no code.
    """

    def __init__(
        self,
        line: Line,
        *,
        clock: Callable[[], float],
        prefix: str = "",
        suffix: str = "",
        on_rubbish: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._decoder = CodeDecoder(prefix=prefix, suffix=suffix)
        self._clock = clock
        self._on_rubbish = on_rubbish
        self._inbox = Inbox[str]()
        line.subscribe(self._received, opened=self._decoder.start_over, lost=self._lost)

    @property
    def discarded_bytes(self) -> int:
        return self._decoder.discarded_bytes

    def codes(self) -> AsyncIterator[str]:
        return self._inbox.items()

    def _received(self, chunk: bytes) -> None:
        before = self._decoder.discarded_bytes
        for code in self._decoder.feed(chunk, now_s=self._clock()):
            self._inbox.put(code)
        if self._decoder.discarded_bytes != before:
            self._on_rubbish(self._decoder.discarded_bytes - before)

    def _lost(self, gone: PortGone) -> None:
        self._decoder.start_over()
        self._inbox.lost(gone)
