"""The technician before the hall's registrar: who shows the certificate in the authority's folder."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from broker.authority.keys import key_pem
from broker.box_file import load_box
from broker.invitations import BOX_FILE, ROOT_FILE
from broker.joining.asking import Registrar
from broker.joining.words import PORT

from . import authority
from .folder import CARD_FOLDER, CARDS
from .plan import DISPATCHER_BOX


def dispatchers_box(hall: Path) -> Path:
    """Return the file in a hall's folder that says where its registrar is; a copy of authority/ alone has none."""
    return hall / CARDS / DISPATCHER_BOX / CARD_FOLDER / BOX_FILE


@contextmanager
def at_registrar(hall: Path, *, passphrase: str, host: str = "", port: int = PORT) -> Iterator[Registrar]:
    """Give the hall's registrar, for as long as the technician's key is open: in memory, never on disk.

    Raises NoAuthority, WrongPassphrase, BadKey, BrokenConfig.
    """
    folder = hall / authority.FOLDER
    opened = authority.opened(folder, authority.TECHNICIANS, passphrase=passphrase)
    address = host or load_box(dispatchers_box(hall)).dispatcher
    descriptor = os.memfd_create("technician.key", os.MFD_CLOEXEC)
    try:
        os.write(descriptor, key_pem(opened.key))
        yield Registrar(
            host=address,
            port=port,
            root=folder / ROOT_FILE,
            certificate=folder / authority.TECHNICIANS_CERTIFICATE,
            key=Path(f"/proc/self/fd/{descriptor}"),
        )
    finally:
        os.close(descriptor)
