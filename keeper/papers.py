"""The keys and certificates of this box's nodes, in a folder that root alone may change.

root.crt                the hall's root
NODE.key, NODE.crt      what a node shows, the certificate with the issuing authority's after it
NODE.key.next           a key for which a certificate is asked
NODE.pair               key and certificate together, on their way to the two files: never one without the other
token                   joins this box, once; erased when it has
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from broker.authority.keys import BadKey, Key, key_pem, new_key, read_key
from broker.authority.reading import BadCertificate, read_chain
from broker.authority.requests import request_pem
from broker.erasing import erase
from broker.whole_files import replace_file

TLS: Final = Path("/var/lib/hallcall/tls")
FOR_ALL: Final = 0o644  # certificates are no secret: the keeper tells until when they hold
_NEXT: Final = ".key.next"
_PAIR: Final = ".pair"
_BEGIN: Final = b"-----BEGIN CERTIFICATE-----"


class Papers:
    """One box's. Every method may be cut off by the power anywhere, and done again."""

    def __init__(self, folder: Path = TLS) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)  # the keeper, who is not root, reads until when certificates hold
        self.folder = folder

    @property
    def root(self) -> Path:
        return self.folder / "root.crt"

    def certificate(self, node: str) -> Path:
        return self.folder / f"{node}.crt"

    def key(self, node: str) -> Path:
        return self.folder / f"{node}.key"

    def has(self, node: str) -> bool:
        """Tell whether a node has a certificate, and the key that belongs to it."""
        try:
            own = read_chain(self.certificate(node).read_bytes())[0]
            return read_key(self.key(node).read_bytes()).public_key() == own.public_key()
        except (OSError, BadCertificate, BadKey):
            return False

    def request(self, node: str) -> str:
        """Return the request around the node's next key, which is made the first time."""
        return request_pem(self._next(node), node=node).decode()

    def _next(self, node: str) -> Key:
        path = self.folder / f"{node}{_NEXT}"
        try:
            return read_key(path.read_bytes())
        except (FileNotFoundError, BadKey):
            key = new_key()
            replace_file(path, key_pem(key))
            return key

    def take(self, certificates: Mapping[str, str]) -> None:
        """Put certificates for the next keys on disk; `settle` brings them to their places."""
        for node, chain in certificates.items():
            replace_file(self.folder / f"{node}{_PAIR}", key_pem(self._next(node)) + chain.encode())

    def settle(self) -> list[str]:
        """Bring every pair to its place; return whose."""
        done = []
        for pair in sorted(self.folder.glob(f"*{_PAIR}")):
            node = pair.name.removesuffix(_PAIR)
            key, mark, chain = pair.read_bytes().partition(_BEGIN)
            replace_file(self.key(node), key)
            replace_file(self.certificate(node), mark + chain, mode=FOR_ALL)
            (self.folder / f"{node}{_NEXT}").unlink(missing_ok=True)
            erase(pair)
            done.append(node)
        return done

    def forget(self, keep: Sequence[str]) -> None:
        """Erase the papers of nodes that this box no longer has."""
        for path in [*self.folder.glob("*.key"), *self.folder.glob(f"*{_NEXT}"), *self.folder.glob("*.crt")]:
            if path != self.root and path.name.split(".")[0] not in keep:
                erase(path)
