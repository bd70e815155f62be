"""A loudspeaker on the network: takes one WAV a connection, plays it in real time, records all that the hall heard.

It closes the connection when the last sample has sounded. Two connections at once sound at once, as they would. A
connection that is reset is silent at once.
"""

import asyncio
import io
import socket
import wave
from array import array
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

RATE: Final = 22050
_SAMPLE_BYTES: Final = 2
_LOUDEST: Final = 32767
_AUDIBLE: Final = 200  # below this a sample counts as silence
_SLICE: Final = RATE // 50  # samples after which it looks whether it shall be silent


@dataclass(frozen=True, kw_only=True)
class Announced:
    """One announcement; `start_s` and `end_s` are its first and last audible samples on hall.wav."""

    number: int
    start_s: float
    end_s: float
    overlapped: bool
    monotonic_ms: float
    cut: bool = False  # whoever spoke wanted silence before its end


@dataclass(frozen=True, kw_only=True)
class NotSound:
    """Something came that is no mono or stereo 16-bit WAV."""

    reason: str
    monotonic_ms: float


Report = Announced | NotSound


@dataclass(kw_only=True)
class _Playing:
    number: int
    line: socket.socket
    overlapped: bool = field(default=False)

    @property
    def cut(self) -> bool:
        """Tell whether the far end reset its connection."""
        self._cut = self._cut or bool(self.line.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))  # asking clears it
        return self._cut

    _cut: bool = field(default=False, init=False)


class SimulatedLoudspeaker:
    """Listens on `host:port` (port 0: a free one, named by `port`); writes `tape` if given, for all to hear later."""

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        tape: Path | None = None,
        report: Callable[[Report], None] | None = None,
    ) -> None:
        self.host = host
        self.port = port
        self._report = report or (lambda _heard: None)
        self._tape = HallTape(tape) if tape else None
        self._started_s = 0.0
        self._playing: list[_Playing] = []
        self._sounding = asyncio.Event()
        self._count = 0
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def started_monotonic_ms(self) -> float:
        """Return the moment at which the tape begins."""
        return self._started_s * 1000

    async def sounding(self) -> None:
        """Wait until something is being played."""
        await self._sounding.wait()

    async def __aenter__(self) -> Self:
        self._started_s = asyncio.get_running_loop().time()
        self._server = await asyncio.start_server(self._connected, self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_error: object) -> None:
        if self._server is None:
            return
        self._server.close()
        for connection in list(self._connections):
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await self._server.wait_closed()
        if self._tape is not None:
            self._tape.close(at_s=asyncio.get_running_loop().time() - self._started_s)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.current_task()
        if connection is None:
            return
        self._connections.add(connection)
        try:
            await self._play(await reader.read(-1), writer.get_extra_info("socket"))
        except (OSError, asyncio.CancelledError):
            return
        finally:
            self._connections.discard(connection)
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _play(self, wav: bytes, line: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        try:
            samples = samples_of(wav)
            first, last = audible(samples)
        except (wave.Error, EOFError, ValueError) as error:
            self._report(NotSound(reason=str(error), monotonic_ms=loop.time() * 1000))
            return
        self._count += 1
        others = [each for each in self._playing if not each.cut]
        mine = _Playing(number=self._count, line=line, overlapped=bool(others))
        for other in others:
            other.overlapped = True
        self._playing.append(mine)
        self._sounding.set()
        began_s = loop.time()
        first_s = began_s - self._started_s
        try:
            for end in [*range(_SLICE, len(samples), _SLICE), len(samples)]:
                await asyncio.sleep(began_s + end / RATE - loop.time())
                if mine.cut:
                    break
        finally:
            self._playing.remove(mine)
            if not self._playing:
                self._sounding.clear()
            heard = samples[: round((loop.time() - began_s) * RATE)]
            if self._tape is not None:
                self._tape.mix(heard, at_s=first_s)
        self._report(
            Announced(
                number=mine.number,
                start_s=first_s + first / RATE,
                end_s=first_s + min(last, len(heard)) / RATE,
                overlapped=mine.overlapped,
                monotonic_ms=loop.time() * 1000,
                cut=mine.cut,
            )
        )


def samples_of(wav: bytes) -> "array[int]":
    """Return a WAV's samples as 16-bit mono at 22050 Hz; raises ValueError for another sample width."""
    with wave.open(io.BytesIO(wav)) as sound:
        channels, width, rate = sound.getnchannels(), sound.getsampwidth(), sound.getframerate()
        frames = sound.readframes(sound.getnframes())
    if width != _SAMPLE_BYTES:
        raise ValueError(f"{width * 8}-bit samples; this loudspeaker plays 16-bit only")
    samples = array("h", frames)[::channels]
    if rate == RATE:
        return samples
    return array("h", (samples[number * rate // RATE] for number in range(len(samples) * RATE // rate)))


def audible(samples: "array[int]") -> tuple[int, int]:
    """Return the positions of the first and the last sample that can be heard; (0, 0) for silence."""
    first = next((place for place, sample in enumerate(samples) if abs(sample) > _AUDIBLE), 0)
    last = next((place for place in range(len(samples) - 1, 0, -1) if abs(samples[place]) > _AUDIBLE), 0)
    return first, last


class HallTape:
    """One WAV file that grows with the time of the hall; its header is right after every announcement."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._samples = 0
        self._write_header()

    def mix(self, samples: "array[int]", *, at_s: float) -> None:
        """Add `samples` from `at_s` on to what is already there."""
        start = round(at_s * RATE)
        with self._path.open("r+b") as tape:
            tape.seek(_HEADER_BYTES + start * _SAMPLE_BYTES)
            already = array("h", tape.read(len(samples) * _SAMPLE_BYTES))
            mixed = array("h", map(_mixed, samples, already)) + samples[len(already) :]
            tape.seek(_HEADER_BYTES + start * _SAMPLE_BYTES)  # past the end: the file system fills in silence
            tape.write(mixed.tobytes())
        self._samples = max(self._samples, start + len(samples))
        self._write_header()

    def close(self, *, at_s: float) -> None:
        """End the tape with silence up to `at_s`."""
        self._samples = max(self._samples, round(at_s * RATE))
        self._write_header()

    def _write_header(self) -> None:
        header = io.BytesIO()
        with wave.open(header, "wb") as empty:
            empty.setnchannels(1)
            empty.setsampwidth(_SAMPLE_BYTES)
            empty.setframerate(RATE)
        fixed = bytearray(header.getvalue())
        size = self._samples * _SAMPLE_BYTES
        fixed[4:8] = (_HEADER_BYTES - 8 + size).to_bytes(4, "little")
        fixed[40:44] = size.to_bytes(4, "little")
        with self._path.open("r+b" if self._path.exists() and self._samples else "wb") as tape:
            tape.write(fixed)
            tape.truncate(_HEADER_BYTES + size)


_HEADER_BYTES: Final = 44


def _mixed(one: int, other: int) -> int:
    return max(-_LOUDEST, min(_LOUDEST, one + other))
