"""Moves bytes over serial lines, TCP and USB printers: `open_port(url)`, and the only importer of pyserial."""

import asyncio
import fcntl
import os
import select
import socket
import struct
import termios
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Literal, TypeVar
from urllib.parse import parse_qsl

from .devices import Port, PortGone

T = TypeVar("T")

FORMS: Final = (
    "serial:/dev/hallcall/keypad3?baud=9600 (also parity=N|E|O, stop=1|2, write_timeout=SECONDS), "
    "tcp:HOST:PORT (also ?write_timeout=SECONDS), usblp:/dev/usb/lp0, spi:/dev/spidev0.0, "
    "evdev:/dev/input/by-id/…-event-kbd"
)

# pyserial on unplug raises SerialException (an OSError) or OSError, and termios.error on a line that it cannot set.
_CABLE_ERRORS: Final = (OSError, termios.error)
_CHUNK: Final = 4096
_CONNECT_S: Final = 3.0
_EMPTY_TRANSFER_S: Final = 0.05  # some USB printers answer "nothing" at once and for ever
_STALE_S: Final = 0.05  # a USB printer keeps what it said to nobody, and says it to whoever opens it next
_STALE_PIECES: Final = 64  # and one that never stops talking is not waited for
_KEEPALIVE_S: Final = 10
_EVDEV_GRAB: Final = 0x40044590  # EVIOCGRAB: its keys are ours alone, and no longer type anywhere
_SPI_MAX_SPEED: Final = 0x40046B04  # SPI_IOC_WR_MAX_SPEED_HZ
_SPI_HZ: Final = 1_000_000  # a MAX7219 takes ten, its long ribbon cables do not


async def open_port(url: str) -> Port:
    """Open the cable that `url` names; raises PortGone when it cannot be had, ValueError for a bad url."""
    place = parse(url)
    match place.scheme:
        case "serial":
            return await _open_serial(place)
        case "tcp":
            return await _open_tcp(place)
        case "usblp":
            return await _open_usblp(place)
        case "spi":
            return _open_spi(place)
        case "evdev":
            return _open_evdev(place)


@dataclass(frozen=True, kw_only=True)
class Place:
    """A port's url, taken apart and found good; `name` is a path or a host."""

    scheme: Literal["serial", "tcp", "usblp", "spi", "evdev"]
    name: str
    port: int = 0
    baud: int = 9600
    parity: Literal["N", "E", "O"] = "N"
    stop: Literal[1, 2] = 1
    write_timeout_s: float = 5.0


def parse(url: str) -> Place:
    """Read a port's url without opening anything; raises ValueError naming what is wrong and the accepted forms."""
    scheme, _, rest = url.partition(":")
    name, _, query = rest.partition("?")
    options = dict(parse_qsl(query, keep_blank_values=True))
    known = {"baud", "parity", "stop", "write_timeout"} if scheme == "serial" else {"write_timeout"}
    if unknown := set(options) - known:
        raise ValueError(f"{url!r}: unknown option {', '.join(sorted(unknown))}; write one of: {FORMS}")
    write_timeout_s = _number(url, options.get("write_timeout", "5"))
    match scheme:
        case "serial" if name:
            return Place(
                scheme="serial",
                name=name,
                baud=int(_number(url, options.get("baud", "9600"))),
                parity=_choice(url, options.get("parity", "N"), {"N": "N", "E": "E", "O": "O"}),
                stop=_choice(url, options.get("stop", "1"), {"1": 1, "2": 2}),
                write_timeout_s=write_timeout_s,
            )
        case "tcp":
            host, _, port = name.rpartition(":")
            if not host or not port.isdecimal():
                raise ValueError(f"{url!r} has no HOST:PORT; write one of: {FORMS}")
            return Place(scheme="tcp", name=host.strip("[]"), port=int(port), write_timeout_s=write_timeout_s)
        case "usblp" if name:
            return Place(scheme="usblp", name=name, write_timeout_s=write_timeout_s)
        case "spi" if name:
            return Place(scheme="spi", name=name, write_timeout_s=write_timeout_s)
        case "evdev" if name:
            return Place(scheme="evdev", name=name, write_timeout_s=write_timeout_s)
        case _:
            raise ValueError(f"{url!r} is no port that Hallcall knows; write one of: {FORMS}")


def _number(url: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError as error:
        raise ValueError(f"{url!r}: {text!r} is not a number; write one of: {FORMS}") from error
    if not 0 < number < float("inf"):
        raise ValueError(f"{url!r}: {text!r} must be above zero")
    return number


def _choice(url: str, text: str, choices: Mapping[str, T]) -> T:
    if text not in choices:
        raise ValueError(f"{url!r}: {text!r} is none of {', '.join(choices)}")
    return choices[text]


async def _open_serial(place: Place) -> Port:
    import serial_asyncio_fast  # noqa: PLC0415 - a display node has no serial line, and no pyserial

    try:
        reader, writer = await serial_asyncio_fast.open_serial_connection(
            url=place.name,
            baudrate=place.baud,
            parity=place.parity,
            stopbits=place.stop,
            exclusive=True,
            write_timeout=place.write_timeout_s,
        )
    except _CABLE_ERRORS as error:
        raise PortGone(
            f"serial line {place.name} cannot be opened ({error}): is the adapter plugged in, is its udev name right, "
            "does another program hold it?"
        ) from error
    return _StreamPort(reader, writer, name=f"serial line {place.name}", write_s=place.write_timeout_s)


async def _open_tcp(place: Place) -> Port:
    try:
        async with asyncio.timeout(_CONNECT_S):
            reader, writer = await asyncio.open_connection(place.name, place.port)
    except OSError as error:
        raise PortGone(
            f"{place.name}:{place.port} does not take a connection ({str(error) or 'no answer'}): is the device on, "
            "is its network cable in, is the address right, does another program hold it?"
        ) from error
    line: socket.socket = writer.get_extra_info("socket")
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _KEEPALIVE_S)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, _KEEPALIVE_S)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 2)
    return _StreamPort(reader, writer, name=f"{place.name}:{place.port}", write_s=place.write_timeout_s)


async def _open_usblp(place: Place) -> Port:
    try:
        fd = os.open(place.name, os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY)
    except OSError as error:
        raise PortGone(
            f"USB printer {place.name} cannot be opened ({error.strerror}): is its cable in, is it on, does another "
            "program hold it, may this user open it (group lp)?"
        ) from error
    port = _UsbPort(fd, name=f"USB printer {place.name}", write_s=place.write_timeout_s)
    try:
        await port.forget_the_past()
    except BaseException:
        await port.close()
        raise
    return port


class _StreamPort:
    """A serial line or a TCP connection."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, name: str, write_s: float
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._name = name
        self._write_s = write_s
        writer.transport.set_write_buffer_limits(high=0)  # drain() then waits until the kernel has it all

    async def read(self) -> bytes:
        try:
            chunk = await self._reader.read(_CHUNK)
        except _CABLE_ERRORS as error:
            raise self._gone(str(error)) from error
        if not chunk:
            raise self._gone("closed by the far end")
        return chunk

    async def write(self, data: bytes) -> None:
        if self._writer.is_closing():
            raise self._gone("already closed")
        try:
            async with asyncio.timeout(self._write_s):
                self._writer.write(data)
                await self._writer.drain()
        except TimeoutError as error:
            raise self._gone(f"took no bytes for {self._write_s:g} s") from error
        except _CABLE_ERRORS as error:
            raise self._gone(str(error)) from error

    async def close(self) -> None:
        transport = self._writer.transport
        if not transport.is_closing() or transport.get_write_buffer_size():  # a serial line must not be closed twice
            transport.abort()
        try:
            await self._writer.wait_closed()
        except _CABLE_ERRORS:
            return  # it was gone already

    def _gone(self, reason: str) -> PortGone:
        return PortGone(f"{self._name} is gone ({reason}): check its cable, its power, and who else holds it")


class _UsbPort:
    """A device of the kernel on USB (usblp, evdev), opened without blocking."""

    def __init__(self, fd: int, *, name: str, write_s: float) -> None:
        self._fd = fd
        self._name = name
        self._write_s = write_s
        self._waiting: set[asyncio.Future[None]] = set()

    async def read(self) -> bytes:
        while True:
            try:
                chunk = os.read(self._open_fd(), _CHUNK)
            except BlockingIOError:
                await self._readable()
                continue
            except OSError as error:
                raise self._gone(str(error)) from error
            if chunk:
                return chunk
            if _is_hung_up(self._open_fd()):
                raise self._gone("unplugged")
            await asyncio.sleep(_EMPTY_TRANSFER_S)

    async def forget_the_past(self) -> None:
        """Drop what the printer said to whoever had it open before: it would be taken for its next answer."""
        with suppress(TimeoutError):
            for _ in range(_STALE_PIECES):
                async with asyncio.timeout(_STALE_S):
                    await self.read()

    async def write(self, data: bytes) -> None:
        """Send all; the kernel drops what the printer has not taken yet when the device is closed, so wait for that."""
        rest = memoryview(data)
        try:
            async with asyncio.timeout(self._write_s):
                while rest:
                    try:
                        rest = rest[os.write(self._open_fd(), rest) :]
                    except BlockingIOError:
                        await self._writable()
                await self._writable()
        except TimeoutError as error:
            raise self._gone(f"took no bytes for {self._write_s:g} s") from error
        except OSError as error:
            raise self._gone(str(error)) from error
        if _is_hung_up(self._open_fd()):
            raise self._gone("unplugged")

    async def close(self) -> None:
        if self._fd < 0:
            return
        os.close(self._fd)
        self._fd = -1
        for future in self._waiting:
            if not future.done():
                future.set_result(None)

    def _open_fd(self) -> int:
        if self._fd < 0:
            raise self._gone("already closed")
        return self._fd

    async def _readable(self) -> None:
        loop = asyncio.get_running_loop()
        fd, ready = self._fd, loop.create_future()
        loop.add_reader(fd, _settle, ready)
        try:
            await self._wait(ready)
        finally:
            loop.remove_reader(fd)

    async def _writable(self) -> None:
        loop = asyncio.get_running_loop()
        fd, ready = self._fd, loop.create_future()
        loop.add_writer(fd, _settle, ready)
        try:
            await self._wait(ready)
        finally:
            loop.remove_writer(fd)

    async def _wait(self, ready: asyncio.Future[None]) -> None:
        self._waiting.add(ready)
        try:
            await ready
        finally:
            self._waiting.discard(ready)

    def _gone(self, reason: str) -> PortGone:
        return PortGone(f"{self._name} is gone ({reason}): check its cable, its power, and who else holds it")


def _open_evdev(place: Place) -> Port:
    try:
        fd = os.open(place.name, os.O_RDONLY | os.O_NONBLOCK)
    except OSError as error:
        raise PortGone(
            f"USB keypad {place.name} cannot be opened ({error.strerror}): is it plugged in, is its name the one under "
            "/dev/input/by-id, may this user read it (group input), has this machine such devices at all?"
        ) from error
    try:
        fcntl.ioctl(fd, _EVDEV_GRAB, 1)
    except OSError as error:
        os.close(fd)
        raise PortGone(f"{place.name} is no USB keypad, or another program has it ({error.strerror})") from error
    return _UsbPort(fd, name=f"USB keypad {place.name}", write_s=place.write_timeout_s)


def _open_spi(place: Place) -> Port:
    try:
        fd = os.open(place.name, os.O_RDWR)
        fcntl.ioctl(fd, _SPI_MAX_SPEED, struct.pack("=I", _SPI_HZ))
    except OSError as error:
        raise PortGone(
            f"spi {place.name} cannot be opened ({error}): is SPI switched on (raspi-config), and may this user use it?"
        ) from error
    return _SpiPort(fd, name=f"spi {place.name}")


class _SpiPort:
    """A Linux spidev device: each write is one transfer, latched at its end. What hangs there says nothing."""

    def __init__(self, fd: int, *, name: str) -> None:
        self._fd = fd
        self._name = name
        self._closed = asyncio.Event()

    async def read(self) -> bytes:
        await self._closed.wait()
        raise PortGone(f"{self._name} is closed")

    async def write(self, data: bytes) -> None:
        if self._closed.is_set():
            raise PortGone(f"{self._name} is closed")
        try:
            os.write(self._fd, data)  # some hundred bytes at 1 MHz: no loop waits for that
        except OSError as error:
            raise PortGone(f"{self._name} takes no bytes ({error}): check that SPI is switched on") from error

    async def close(self) -> None:
        if not self._closed.is_set():
            self._closed.set()
            os.close(self._fd)


def _is_hung_up(fd: int) -> bool:
    watch = select.poll()
    watch.register(fd, 0)
    return bool(watch.poll(0))


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
