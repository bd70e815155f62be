"""The cables that a node's file names: every port and every speaker in it, wherever they stand. Pure."""

from collections.abc import Iterator

import msgspec

from .config import NodeFile


def cables(file: NodeFile) -> Iterator[tuple[str, str]]:
    """Yield `port` or `speaker`, and its address: serial:/dev/hallcall/keypad1?baud=9600. Empty ones are left out."""
    yield from _cables(msgspec.to_builtins(file))


def device_of(address: str) -> str:
    """Return the file under /dev that an address names; empty for one on the network, or a sound card."""
    scheme, _, rest = address.partition(":")
    return rest.partition("?")[0] if scheme in ("serial", "usblp", "spi", "evdev") else ""


def _cables(part: object, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(part, dict):
        for name, value in part.items():
            yield from _cables(value, str(name))
    elif isinstance(part, list | tuple):
        for each in part:
            yield from _cables(each, key)
    elif key in ("port", "speaker") and isinstance(part, str) and part:
        yield key, part
