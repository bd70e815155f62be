"""What is plugged into this box, as udev knows it, and under which name the hall may have it. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Final

from broker.device_file import FOLDER, NamedDevice

FREE_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz0123456789_"


class Kind(StrEnum):
    """Kinds of devices that hang on a hall's box."""

    SERIAL = "serial"
    PRINTER = "printer"
    TOUCH = "touch"
    KEYS = "keys"
    SOUND = "sound"
    SPI = "spi"


PREFIX: Final = {Kind.SERIAL: "line", Kind.PRINTER: "printer", Kind.KEYS: "keys"}  # of the names that we propose


@dataclass(frozen=True, kw_only=True)
class Plugged:
    """One device. `folder` is its place under /sys; `others` are further names that it has now."""

    kind: Kind
    device: str
    folder: str
    model: str = ""
    serial: str = ""
    interface: str = ""
    socket: str = ""
    others: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Return its name in the hall; empty when it has none."""
        folder = f"{FOLDER}/"
        return next((each.removeprefix(folder) for each in self.others if each.startswith(folder)), "")


def plugged(database: str) -> list[Plugged]:
    """Read what `udevadm info --export-db` prints."""
    found = [each for block in database.split("\n\n") for each in _device(block)]
    return sorted(found, key=lambda each: (list(Kind).index(each.kind), each.device))


def _device(block: str) -> Iterator[Plugged]:
    lines = [line.partition(": ")[::2] for line in block.splitlines()]
    said = dict(text.partition("=")[::2] for key, text in lines if key == "E")
    kind, device = _kind(said), said.get("DEVNAME", "")
    if kind is None or not device:
        return
    yield Plugged(
        kind=kind,
        device=device,
        folder=f"/sys{said.get('DEVPATH', '')}",
        model=_model(said),
        serial=said.get("ID_SERIAL_SHORT", ""),
        interface=said.get("ID_USB_INTERFACE_NUM", ""),
        socket=said.get("ID_PATH", ""),
        others=tuple(sorted(f"/dev/{text}" for key, text in lines if key == "S")),
    )


def _kind(said: Mapping[str, str]) -> Kind | None:
    name = PurePosixPath(said.get("DEVNAME", "")).name
    match said.get("SUBSYSTEM", ""):
        case "tty" if name.startswith(("ttyUSB", "ttyACM", "ttyAMA")) or (name.startswith("ttyS") and _is_real(said)):
            return Kind.SERIAL
        case "usbmisc" if name.startswith("lp"):
            return Kind.PRINTER
        case "spidev":
            return Kind.SPI
        case "sound" if name.startswith("pcm") and name.endswith("p"):
            return Kind.SOUND
        case "input" if name.startswith("event"):
            if said.get("ID_INPUT_TOUCHSCREEN") == "1":
                return Kind.TOUCH
            return Kind.KEYS if said.get("ID_INPUT_KEYBOARD") == "1" and said.get("ID_BUS") == "usb" else None
    return None


def _is_real(said: Mapping[str, str]) -> bool:
    """Tell whether a ttyS is a socket of the machine: Linux makes four of them in any case."""
    return "/serial8250/" not in said.get("DEVPATH", "")


def _model(said: Mapping[str, str]) -> str:
    of_database = said.get("ID_VENDOR_FROM_DATABASE", ""), said.get("ID_MODEL_FROM_DATABASE", "")
    own = said.get("ID_VENDOR", "").replace("_", " "), said.get("ID_MODEL", "").replace("_", " ")
    return " ".join(part for part in (own if any(own) else of_database) if part)


def proposed(device: Plugged, all_of_them: Sequence[Plugged], *, taken: Sequence[str]) -> NamedDevice | None:
    """Return how a device could be named; None where none of ours needs a name, or nothing tells it from others."""
    if device.kind not in PREFIX:
        return None
    number = 1
    while f"{PREFIX[device.kind]}{number}" in taken:
        number += 1
    return known_by(device, all_of_them, name=f"{PREFIX[device.kind]}{number}")


def known_by(device: Plugged, all_of_them: Sequence[Plugged], *, name: str) -> NamedDevice | None:
    """Return what tells a device from all others: its serial number, or its socket where several have the same."""
    marks = Counter((each.kind, each.serial, each.interface) for each in all_of_them)
    if device.serial and marks[device.kind, device.serial, device.interface] == 1:
        return NamedDevice(name=name, serial=device.serial, interface=device.interface)
    if device.socket:
        return NamedDevice(name=name, socket=device.socket)
    return None
