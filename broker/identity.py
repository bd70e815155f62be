"""Who a program is to the hall's broker, by certificate: its files, and what is wrong when the two do not agree.

The files are read anew at each connection, so a certificate that was renewed counts without a restart.
"""

import contextlib
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from .authority.keys import BadKey, read_key
from .authority.reading import BadCertificate, Fault, Flaw, flaw, read_chain, times

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

# Of X509_verify_cert: what a program found wrong with the broker's certificate
VERIFIED: Final[Mapping[int, Fault]] = {
    9: Fault.BROKER_NOT_YET,
    10: Fault.BROKER_EXPIRED,
    26: Fault.BROKER_NO_SERVER,
    62: Fault.BROKER_ELSEWHERE,
    64: Fault.BROKER_ELSEWHERE,
}
# Of RFC 8446, 6.2: what the broker found wrong with a program's
ALERTS: Final[Mapping[str, Fault]] = {
    "CERTIFICATE_EXPIRED": Fault.EXPIRED,
    "CERTIFICATE_REVOKED": Fault.REVOKED,
}


class Untrusted(ConnectionError):
    """Program and broker do not trust each other; the flaw says why, in each language."""

    def __init__(self, found: Flaw) -> None:
        super().__init__(str(found))
        self.flaw = found


@dataclass(frozen=True, kw_only=True)
class Identity:
    """A program's files (PEM): the hall's root, its own chain of certificates, its key."""

    authority: Path
    certificate: Path
    key: Path

    def context(self, node: str) -> ssl.SSLContext:
        """Return what a connection of this node's begins with. Raises Untrusted where its files cannot be `node`'s.

        What has ended, or not begun, is left to the broker: its clock is the hall's.
        """
        found = self.flaw(node)
        if found is not None and found.fault not in {Fault.EXPIRED, Fault.NOT_YET}:
            raise Untrusted(found)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.sslsocket_class = AlertSocket
        try:
            context.load_verify_locations(cafile=self.authority)
            context.load_cert_chain(self.certificate, self.key)
        except OSError as error:
            raise Untrusted(_missing(node, str(error))) from error
        return context

    def flaw(self, node: str) -> Flaw | None:
        """Return what is wrong with the files themselves, by this machine's clock."""
        try:
            root = read_chain(self.authority.read_bytes())[0]
            chain = read_chain(self.certificate.read_bytes())
            key = read_key(self.key.read_bytes())
        except OSError as error:
            return _missing(node, f"{error.filename}: {error.strerror}")
        except (BadCertificate, BadKey) as error:
            return _missing(node, str(error))
        return flaw(chain, root=root, now=datetime.now(UTC), node=node, key=key)

    def untrusted(self, node: str, host: str, problem: ssl.SSLError | None) -> Untrusted:
        """Return why a connection of `node` to the broker at `host` was refused, by either side."""
        if isinstance(problem, ssl.SSLCertVerificationError):
            fault = VERIFIED.get(problem.verify_code, Fault.BROKER_OTHER_HALL)
            return Untrusted(Flaw(fault=fault, args={"host": host, "now": f"{datetime.now(UTC):%Y-%m-%d %H:%M}"}))
        own = self.flaw(node)
        reason = str(problem.reason or problem) if problem is not None else "hangs up at once"
        fault = next((each for word, each in ALERTS.items() if word in reason), Fault.REFUSED)
        if own is not None and fault is Fault.REFUSED:
            return Untrusted(own)  # such as a certificate that has not begun: TLS has no word for that
        return Untrusted(Flaw(fault=fault, args={**self._told(), "node": node, "problem": reason}))

    def _told(self) -> dict[str, str]:
        try:
            own = read_chain(self.certificate.read_bytes())[0]
        except (OSError, BadCertificate):
            return dict.fromkeys(("begin", "end", "now"), "?")
        return times(own, now=datetime.now(UTC))


class AlertSocket(ssl.SSLSocket):
    """Remembers why the other side hung up: with TLS 1.3 it says so only after the handshake."""

    alert: ssl.SSLError | None = None

    def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
        try:
            return super().recv(buflen, flags)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except ssl.SSLError as error:
            self.alert = error
            raise

    def send(self, data: "ReadableBuffer", flags: int = 0) -> int:
        try:
            return super().send(data, flags)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except OSError:  # gone already; what it said before can still be read
            with contextlib.suppress(OSError):
                self.recv(1)
            raise

    def do_handshake(self, block: bool = False) -> None:  # noqa: FBT001, FBT002 - the library's shape
        self.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # the handshake's small letters too leave at once
        super().do_handshake(block)


def _missing(node: str, problem: str) -> Flaw:
    return Flaw(fault=Fault.MISSING, args={"node": node, "problem": problem})
