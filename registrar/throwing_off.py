"""Throws those off the bus who belong to the hall no longer, and nobody else.

The broker looks at the list of revoked certificates when somebody comes in; whoever was in before stays. But two are
never in under one name. So once the list counts, somebody comes in under that name with a certificate made for this
moment, whose key never leaves this program, and goes again. That the list counts the broker says itself: it turns away
what bears a revoked certificate's number.
"""

import asyncio
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

from broker.authority.reading import Fault
from broker.bus import Login, LoginRefused, try_login
from broker.identity import Identity, Untrusted

from .changes import Certificate

log = logging.getLogger(__name__)

FIRST_S: Final = 0.2
LONGEST_S: Final = 5.0
COMPLAIN_S: Final = 30.0


class Signs(Protocol):
    def momentary(self, of: Certificate, *, as_it: bool, now: datetime) -> tuple[bytes, bytes]:
        """Return chain and key in PEM of a certificate in the name of another; `as_it`: with its number too."""
        ...


class ThrowingOff:
    """Takes certificates that were revoked, and sees to it that nobody stays in by them."""

    def __init__(self, *, host: str, port: int, root: Path) -> None:
        self._host, self._port, self._root = host, port, root
        self._gone: dict[str, Certificate] = {}  # by node, the newest of each
        self._news = asyncio.Event()

    def take(self, certificate: Certificate) -> None:
        self._gone[certificate.node] = certificate
        self._news.set()

    async def run(self, signs: Signs, *, now: Callable[[], datetime]) -> None:
        """Throw off, one after another, until cancelled."""
        while True:
            await self._news.wait()
            self._news.clear()
            while self._gone:
                node, certificate = next(iter(self._gone.items()))
                await self._one(certificate, signs, now)
                if self._gone.get(node) is certificate:
                    del self._gone[node]

    async def _one(self, certificate: Certificate, signs: Signs, now: Callable[[], datetime]) -> None:
        wait_s, waited_s, complained = FIRST_S, 0.0, False
        while not await self._try(certificate, signs, now()):
            if waited_s >= COMPLAIN_S and not complained:
                complained = True
                log.error(
                    "the broker does not take up that %s is revoked; see systemctl status hallcall-broker mosquitto",
                    certificate.node,
                )
            await asyncio.sleep(wait_s)
            waited_s += wait_s
            wait_s = min(wait_s * 1.5, LONGEST_S)
        log.info("%s is off the bus", certificate.node)

    async def _try(self, certificate: Certificate, signs: Signs, at: datetime) -> bool:
        """Tell whether the list counts, and whoever was in under the name is out."""
        try:
            await self._come_in(certificate.node, *signs.momentary(certificate, as_it=True, now=at))
        except Untrusted as refused:
            if refused.flaw.fault not in {Fault.REVOKED, Fault.REFUSED}:  # the latter: of a former authority
                log.warning("%s: %s", certificate.node, refused)
                return False
        except (LoginRefused, OSError):
            return False  # the broker is not there just now
        else:
            return False  # let in: the list does not count yet
        try:
            await self._come_in(certificate.node, *signs.momentary(certificate, as_it=False, now=at))
        except OSError:
            return False
        return True

    async def _come_in(self, node: str, chain: bytes, key: bytes) -> None:
        with in_memory(chain) as certificate_file, in_memory(key) as key_file:
            identity = Identity(authority=self._root, certificate=certificate_file, key=key_file)
            await try_login(Login(host=self._host, port=self._port, name=node, identity=identity))


@contextmanager
def in_memory(content: bytes) -> Iterator[Path]:
    """Give a file that is on no disk."""
    descriptor = os.memfd_create("momentary", os.MFD_CLOEXEC)
    try:
        os.write(descriptor, content)
        yield Path(f"/proc/self/fd/{descriptor}")
    finally:
        os.close(descriptor)
