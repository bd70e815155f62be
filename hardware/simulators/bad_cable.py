"""Bad cables: ports that hand over one byte at a time, or lose and spoil bytes as a seed says."""

import random
from collections import deque

from ..devices import Port


class OneByteAtATime:
    """A port whose `read` never returns more than one byte."""

    def __init__(self, port: Port) -> None:
        self._port = port
        self._pending: deque[int] = deque()

    async def read(self) -> bytes:
        if not self._pending:
            self._pending.extend(await self._port.read())
        return bytes((self._pending.popleft(),))

    async def write(self, data: bytes) -> None:
        for byte in data:
            await self._port.write(bytes((byte,)))

    async def close(self) -> None:
        await self._port.close()


class LossyPort:
    """A port that loses or flips a share of the bytes which come in; what goes out is whole."""

    def __init__(self, port: Port, *, seed: int, lost: float = 0.02, flipped: float = 0.02) -> None:
        self._port = port
        self._lost = lost
        self._flipped = flipped
        self._dice = random.Random(seed)  # noqa: S311 - noise on a cable, no secret

    async def read(self) -> bytes:
        while True:
            if heard := bytes(self._spoil(await self._port.read())):
                return heard

    async def write(self, data: bytes) -> None:
        await self._port.write(data)

    async def close(self) -> None:
        await self._port.close()

    def _spoil(self, chunk: bytes) -> bytearray:
        heard = bytearray()
        for byte in chunk:
            luck = self._dice.random()
            if luck >= self._lost:
                heard.append(byte ^ (1 << self._dice.randrange(8)) if luck < self._lost + self._flipped else byte)
        return heard
