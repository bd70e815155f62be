"""Loudspeakers: a sound card through Debian's aplay, or a speaker that takes WAV files over TCP.

`play` returns when the last sample was heard; two announcements never sound at once from one speaker. A `play` that is
cancelled is silent at once: aplay is killed, the connection to a network speaker is reset.
"""

import asyncio
import io
import socket
import struct
import wave
from contextlib import suppress
from typing import Final

from ..devices import PortGone, Speaker

FORMS: Final = "alsa:DEVICE (as listed by `aplay -L`, for instance alsa:default), tcp:HOST:PORT"
_CONNECT_S: Final = 3.0
_LATE_S: Final = 5.0  # a far end that has not closed so long after the last sample is taken for dead
_EARLY: Final = 0.9  # a far end that closes before this share of the sound has dropped it


def open_speaker(url: str) -> Speaker:
    """Return the speaker that `url` names; nothing is opened before `play`. Raises ValueError for a bad url."""
    scheme, _, place = url.partition(":")
    if scheme == "alsa" and place:
        return AlsaSpeaker(place)
    host, _, port = place.rpartition(":")
    if scheme == "tcp" and host and port.isdecimal():
        return TcpSpeaker(host, int(port))
    raise ValueError(f"{url!r} is no loudspeaker that Hallcall knows; write one of: {FORMS}")


def duration_s(wav: bytes) -> float:
    with wave.open(io.BytesIO(wav)) as sound:
        return float(sound.getnframes()) / float(sound.getframerate())


class AlsaSpeaker:
    def __init__(self, device: str) -> None:
        self._device = device
        self._one_at_a_time = asyncio.Lock()

    async def play(self, wav: bytes) -> None:
        async with self._one_at_a_time:
            aplay = await self._start()
            try:
                _, complaint = await aplay.communicate(wav)
            finally:
                if aplay.returncode is None:
                    aplay.kill()
                    await aplay.wait()
            if aplay.returncode != 0:
                raise PortGone(
                    f"sound card {self._device} did not play ({complaint.decode(errors='replace').strip()}): is it "
                    "plugged in, does `aplay -L` list it, does another program hold it, is this user in group audio?"
                )

    async def _start(self) -> asyncio.subprocess.Process:
        try:
            return await asyncio.create_subprocess_exec(
                *("aplay", "-q", "-t", "wav", "-D", self._device, "-"),
                stdin=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
        except FileNotFoundError as error:
            raise PortGone("aplay is not installed: apt install alsa-utils") from error


class TcpSpeaker:
    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._one_at_a_time = asyncio.Lock()

    async def play(self, wav: bytes) -> None:
        async with self._one_at_a_time:
            loop = asyncio.get_running_loop()
            start, length_s = loop.time(), duration_s(wav)
            try:
                async with asyncio.timeout(_CONNECT_S + length_s + _LATE_S):
                    await self._send(wav)
            except OSError as error:
                raise PortGone(
                    f"loudspeaker {self._host}:{self._port} did not play ({str(error) or 'it never finished'}): "
                    "is it on, is its network cable in, is the address right?"
                ) from error
            if loop.time() - start < length_s * _EARLY:
                raise PortGone(f"loudspeaker {self._host}:{self._port} dropped the sound before its end: is it a WAV?")

    async def _send(self, wav: bytes) -> None:
        async with asyncio.timeout(_CONNECT_S):
            reader, writer = await asyncio.open_connection(self._host, self._port)
        try:
            writer.write(wav)
            writer.write_eof()
            while await reader.read(1024):
                pass  # a speaker says nothing; its closing is the answer
        except asyncio.CancelledError:
            _reset(writer)
            raise
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


def _reset(writer: asyncio.StreamWriter) -> None:
    """End a connection so that the far end knows at once: what it has not played yet is not wanted any more."""
    line: socket.socket = writer.get_extra_info("socket")
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
