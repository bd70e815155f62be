"""The side of who asks the registrar: one HTTPS request at a time, with the registrar known by the hall's root."""

import http.client
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from ..contract.messages import Language
from ..contract.texts import texts
from .words import PORT, Asked, Denied

ANSWER_BYTES: Final = 8_000_000
PATIENCE_S: Final = 10.0

T = TypeVar("T")

_NOT_YET, _EXPIRED, _UNKNOWN, _WRONG_NAME = 9, 10, {2, 18, 19, 20, 21}, {62, 64}  # X509_V_ERR_… of OpenSSL


class NotAnswered(ConnectionError):
    """The registrar was not reached, or is not the hall's; the text says what to check."""


class Refused(Exception):
    """The registrar said no, and why."""

    def __init__(self, denied: Denied) -> None:
        super().__init__(in_words(denied, Language.EN))
        self.denied = denied


def in_words(denied: Denied, language: Language) -> str:
    """Return why nothing was done, and what to do about it."""
    wording = texts(language)["joining"]
    return wording.get(denied.reason, wording["other"]).format_map({"reason": denied.reason, **denied.args})


@dataclass(frozen=True, kw_only=True)
class Registrar:
    """Where the registrar is, and the certificate that is shown to it: a node's, the technician's, or none yet."""

    host: str
    root: Path
    certificate: Path | None = None
    key: Path | None = None
    passphrase: str = field(default="", repr=False)  # of the key's file
    port: int = PORT

    def tell(self, path: str, asked: Asked, answer: type[T]) -> T:
        """Ask with something to say. Raises NotAnswered, Refused."""
        return self._exchange("POST", path, msgspec.json.encode(asked), answer)

    def send(self, path: str, piece: bytes, answer: type[T]) -> T:
        """Send a piece of a file. Raises NotAnswered, Refused."""
        return self._exchange("POST", path, piece, answer)

    def read(self, path: str, answer: type[T]) -> T:
        """Ask without changing anything. Raises NotAnswered, Refused."""
        return self._exchange("GET", path, None, answer)

    def _exchange(self, method: str, path: str, body: bytes | None, answer: type[T]) -> T:
        where = f"the registrar at {self.host}:{self.port}"
        try:
            status, said = self._once(method, path, body)
        except ssl.SSLCertVerificationError as error:
            raise NotAnswered(f"{where} {_distrusted(error)}") from error
        except ssl.SSLError as error:
            raise NotAnswered(
                f"{where} does not take our certificate: {error.reason or error}; was it revoked?"
            ) from error
        except (OSError, http.client.HTTPException) as error:
            what = "does not answer" if isinstance(error, TimeoutError) else f"is not reached: {error}"
            raise NotAnswered(f"{where} {what}; check network, address and the dispatcher's box") from error
        try:
            if status == http.client.OK:
                return msgspec.json.decode(said, type=answer)
            denied = msgspec.json.decode(said, type=Denied)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise NotAnswered(f"{where} answers {status} in another language; are both of one version?") from error
        raise Refused(denied)

    def _once(self, method: str, path: str, body: bytes | None) -> tuple[int, bytes]:
        connection = http.client.HTTPSConnection(self.host, self.port, timeout=PATIENCE_S, context=self._context())
        try:
            connection.request(method, path, body=body, headers={"Content-Type": "application/json"})
            response = connection.getresponse()
            return response.status, response.read(ANSWER_BYTES)
        finally:
            connection.close()

    def _context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_verify_locations(self.root)
        if self.certificate is not None:
            context.load_cert_chain(self.certificate, self.key, self.passphrase)
        return context


def _distrusted(error: ssl.SSLCertVerificationError) -> str:
    code = error.verify_code
    if code == _NOT_YET:
        return "has a certificate that is not valid yet by this machine's clock: set the clock (is it far behind?)"
    if code == _EXPIRED:
        return "has a certificate that has ended by this machine's clock; is the clock right?"
    if code in _UNKNOWN:
        return "is another hall's: its certificate is not under this hall's root; is the card of this hall?"
    if code in _WRONG_NAME:
        return "has a certificate for other addresses; use the dispatcher's address as hall.toml and box.toml name it"
    return f"has a certificate that is not trusted: {error.verify_message}"
