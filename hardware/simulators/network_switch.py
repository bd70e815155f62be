"""A network cable between a program and a TCP server, which can be pulled and put in again."""

import asyncio
import socket
from contextlib import suppress
from typing import Final, Self

_CHUNK: Final = 65536


class SimulatedSwitch:
    """Relays `host:port` to `to_host:to_port`. Port 0 takes a free one, which `port` then names."""

    def __init__(self, *, to_host: str, to_port: int, host: str = "127.0.0.1", port: int = 0) -> None:
        self.host = host
        self.port = port
        self._to_host = to_host
        self._to_port = to_port
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def connections(self) -> int:
        return len(self._connections)

    async def __aenter__(self) -> Self:
        await self.mend()
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.cut()

    async def mend(self) -> None:
        """Put the cable in: connections are taken again, on the same port."""
        if self._server is not None:
            return
        self._server = await asyncio.start_server(self._connected, self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """Pull the cable: every connection is reset, new ones are refused."""
        if self._server is None:
            return
        server, self._server = self._server, None
        server.close()
        connections = list(self._connections)
        for connection in connections:
            connection.cancel()
        await asyncio.gather(*connections, return_exceptions=True)
        await server.wait_closed()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        relaying = asyncio.current_task()
        if relaying is None:
            return
        self._connections.add(relaying)
        far: asyncio.StreamWriter | None = None
        try:
            far_reader, far = await asyncio.open_connection(self._to_host, self._to_port)
            for side in (writer, far):
                side.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await asyncio.gather(_pump(reader, far), _pump(far_reader, writer))
        except OSError:
            return  # one side is gone: so is the other, below
        except asyncio.CancelledError:
            return  # the cable was pulled; asyncio's server would log a cancelled connection as a fault
        finally:
            self._connections.discard(relaying)
            for end in (writer, far):
                if end is not None:
                    end.transport.abort()


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while chunk := await source.read(_CHUNK):
        sink.write(chunk)
        await sink.drain()
    with suppress(OSError):
        sink.write_eof()
