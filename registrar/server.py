"""HTTPS for a few dozen boxes: one request a connection, small, soon over, and never more at a time than a hall needs.

Who shows a certificate of the hall is known by it; who shows none may still join. A certificate that is not of this
hall, or has ended, ends the handshake.
"""

import asyncio
import contextlib
import logging
import sqlite3
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from broker.joining.words import MOST_BYTES, Denied

from .doors import Doors

log = logging.getLogger(__name__)

HANDSHAKE_S: Final = 5.0
REQUEST_S: Final = 20.0
HEAD_BYTES: Final = 8_192
CONNECTIONS: Final = 64  # of who shows a certificate
OF_STRANGERS: Final = 32  # so many more, for who may still join
OF_AN_ADDRESS: Final = 12  # of these
GENERATION_DIGITS: Final = 9
PIECE: Final = 65_536
PIECE_S: Final = 30.0  # for the slowest reader of a release

S = TypeVar("S")


class NotUnderstood(ValueError):
    """A request that is none; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Shown:
    """The certificate that somebody showed, and TLS believed."""

    node: str
    hall: str
    serial: str  # hexadecimal, lower case, as the book has it
    by: str = ""  # who signed it: the common name of an authority
    der: bytes = b""  # all of it
    generation: int = 0  # of a technician's


@dataclass(frozen=True, kw_only=True)
class Request:
    """What was asked, by whom."""

    method: str
    path: str
    query: str
    body: bytes
    address: str
    shown: Shown | None
    range_from: int = 0  # of a file: the first byte wanted

    def read(self, kind: type[S]) -> S:
        """Return the body as what it should be. Raises NotUnderstood."""
        try:
            return msgspec.json.decode(self.body, type=kind)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise NotUnderstood(str(error)) from error


@dataclass(frozen=True, kw_only=True)
class Reply:
    """JSON, or a file that is sent piece by piece."""

    status: HTTPStatus = HTTPStatus.OK
    body: bytes = b""
    file: Path | None = None


def said(answer: msgspec.Struct) -> Reply:
    """Return an answer's reply; of a Denied one with a status of refusal."""
    status = HTTPStatus.FORBIDDEN if isinstance(answer, Denied) else HTTPStatus.OK
    return Reply(status=status, body=msgspec.json.encode(answer))


def denied(status: HTTPStatus, reason: str, **args: str | int) -> Reply:
    return Reply(status=status, body=msgspec.json.encode(Denied(reason=reason, args=dict(args))))


def server_context(*, root: Path, chain: Path, key: Path) -> ssl.SSLContext:
    """Return how the registrar shows itself, and whom it believes."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_OPTIONAL
    context.load_verify_locations(root)
    context.load_cert_chain(chain, key)
    return context


class Server:
    """Listens, and hands each request to `answer`.

    A disk that is full or ails (OSError, sqlite3.Error) is said, and the next one asks again; whatever else `answer`
    raises ends the program.
    """

    def __init__(self, *, context: ssl.SSLContext, answer: Callable[[Request], Awaitable[Reply]]) -> None:
        self._context = context
        self._answer = answer
        self._certified: Doors[asyncio.StreamWriter] = Doors(room=CONNECTIONS, of_one=CONNECTIONS)
        self._strangers: Doors[asyncio.StreamWriter] = Doors(room=OF_STRANGERS, of_one=OF_AN_ADDRESS)
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def run(self, host: str, port: int, *, listening: Callable[[int], None] = lambda _: None) -> None:
        """Serve until cancelled; `listening` hears the port. Raises OSError where it cannot listen."""
        server = await asyncio.start_server(
            self._serve, host, port, ssl=self._context, ssl_handshake_timeout=HANDSHAKE_S, limit=HEAD_BYTES
        )
        async with server:
            listening(server.sockets[0].getsockname()[1])
            await self._failed

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        address = str(writer.get_extra_info("peername")[0])
        doors = self._certified if writer.get_extra_info("peercert") else self._strangers
        try:
            if (out := doors.enter(writer, address)) is not None:
                out.transport.abort()
            await self._exchange(reader, writer)
        except (OSError, asyncio.IncompleteReadError, TimeoutError):
            log.debug("a connection ended in the middle")
        except Exception as error:  # noqa: BLE001 - not to carry on: the loop would log it and go on
            if not self._failed.done():
                self._failed.set_exception(error)
        finally:
            doors.leave(writer)
            writer.close()
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(HANDSHAKE_S):
                    await writer.wait_closed()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        begin = 0
        try:
            async with asyncio.timeout(REQUEST_S):
                request = await _read(reader, writer)
            begin = request.range_from
            reply = await self._answered(request)
        except (NotUnderstood, asyncio.LimitOverrunError) as error:
            reply = denied(HTTPStatus.BAD_REQUEST, "not_understood", detail=str(error))
        await _write(writer, reply, begin)

    async def _answered(self, request: Request) -> Reply:
        try:
            return await self._answer(request)
        except (OSError, sqlite3.Error) as error:
            log.exception("%s of %s was not answered: is the disk full, or failing?", request.path, request.address)
            return denied(HTTPStatus.INTERNAL_SERVER_ERROR, "registrar_ails", detail=str(error))


async def _read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.split("\r\n")
    method, _, rest = first.partition(" ")
    target, _, version = rest.partition(" ")
    if method not in {"GET", "POST"} or not target.startswith("/") or not version.startswith("HTTP/1."):
        raise NotUnderstood("not an HTTP/1.1 request")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    length = headers.get("content-length", "0")
    if "transfer-encoding" in headers or not length.isdecimal() or len(length) > len(str(MOST_BYTES)):
        raise NotUnderstood("a request says how long it is, with Content-Length")
    if int(length) > MOST_BYTES:
        raise NotUnderstood(f"{length} bytes are more than {MOST_BYTES}")
    path, _, query = target.partition("?")
    return Request(
        method=method,
        path=path,
        query=query,
        body=await reader.readexactly(int(length)),
        address=str(writer.get_extra_info("peername")[0]),
        shown=_shown(writer),
        range_from=_range(headers.get("range", "")),
    )


def _range(header: str) -> int:
    """Return where a download goes on: of "bytes=1000-" the 1000; of anything else the beginning."""
    number = header.removeprefix("bytes=").removesuffix("-")
    return int(number) if number.isdecimal() and len(number) < len(str(2**63)) else 0


def _shown(writer: asyncio.StreamWriter) -> Shown | None:
    certificate, tls = writer.get_extra_info("peercert") or {}, writer.get_extra_info("ssl_object")
    subject, issuer, serial = (certificate.get(key) for key in ("subject", "issuer", "serialNumber"))
    if not isinstance(subject, tuple) or not isinstance(issuer, tuple) or not isinstance(serial, str):
        return None
    names, signer = (dict(pair for part in each for pair in part) for each in (subject, issuer))
    generation = names.get("generationQualifier", "")
    return Shown(
        node=names.get("commonName", ""),
        hall=names.get("organizationName", ""),
        serial=f"{int(serial, 16):x}",
        by=signer.get("commonName", ""),
        der=tls.getpeercert(binary_form=True) or b"",
        generation=int(generation) if generation.isdecimal() and len(generation) <= GENERATION_DIGITS else 0,
    )


async def _write(writer: asyncio.StreamWriter, reply: Reply, begin: int) -> None:
    if reply.file is None:
        writer.write(_head(reply.status, "application/json", len(reply.body)) + reply.body)
        async with asyncio.timeout(PIECE_S):
            await writer.drain()
        return
    with reply.file.open("rb") as file:
        size = file.seek(0, 2)
        begin = min(begin, size)
        file.seek(begin)
        status = HTTPStatus.PARTIAL_CONTENT if begin else reply.status
        writer.write(_head(status, "application/octet-stream", size - begin))
        while piece := await asyncio.to_thread(file.read, PIECE):
            writer.write(piece)
            async with asyncio.timeout(PIECE_S):
                await writer.drain()


def _head(status: HTTPStatus, kind: str, length: int) -> bytes:
    return (
        f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n"
        "Cache-Control: no-store\r\nConnection: close\r\n\r\n"
    ).encode()
