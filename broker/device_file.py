"""The names of a box's devices, devices.toml: which adapter, printer or keypad is /dev/hallcall/NAME.

They stay, in whatever order the devices are plugged in. `hallcall devices` writes the file, hallcall-devices.service
tells udev.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

from msgspec import Meta, Struct

from .checks.agreement import once
from .strict_toml import BrokenConfig, Finding, Reading, TomlFile

UDEV_SAFE: Final = r"^$|^[^\s\"\\*?\[\]|$%]{1,160}$"  # in a rule these mean something else
FOLDER: Final = "/dev/hallcall"


class NamedDevice(Struct, frozen=True, kw_only=True):
    """One device, known by its serial number; one that has none, by the socket that it is plugged into."""

    name: Annotated[str, Meta(pattern=r"^[a-z0-9_]{1,32}$", description="it becomes /dev/hallcall/NAME")]
    serial: Annotated[str, Meta(pattern=UDEV_SAFE, description="serial number, as `hallcall devices` shows it")] = ""
    interface: Annotated[
        str, Meta(pattern=r"^$|^[0-9a-f]{2}$", description="which port of an adapter that has several: 00, 01, …")
    ] = ""
    socket: Annotated[str, Meta(pattern=UDEV_SAFE, description="where it is plugged in, if it has no number")] = ""


class DevicesFile(Struct, frozen=True, kw_only=True):
    """The names of a box's devices: /etc/hallcall/devices.toml."""

    devices: Annotated[tuple[NamedDevice, ...], Meta(description="one for each name")] = ()


def load_devices(path: Path) -> DevicesFile:
    """Read the names of a box's devices. Raises BrokenConfig, whose text is every error of the file."""
    return read_devices(TomlFile(path))


def read_devices(file: TomlFile) -> DevicesFile:
    """Return the names that a file gives. Raises BrokenConfig."""
    reading = Reading()
    devices = reading.structure(file.tables, DevicesFile)
    findings = [*reading.findings, *device_findings(file)]
    if devices is None or findings:
        raise BrokenConfig("\n".join(file.worded(findings)))
    return devices


def device_findings(file: TomlFile) -> Iterator[Finding]:
    """Yield names that two devices have, and devices that could be any."""
    yield from once(file, "devices[].name")
    for place, device in file.select("devices[]"):
        if not isinstance(device, dict):
            continue
        if bool(device.get("serial")) == bool(device.get("socket")):
            text = "a device is known by its `serial` or by its `socket`; give one of them (`hallcall devices`)"
            yield Finding(place=(*place, "name"), text=text)


def rules(devices: DevicesFile) -> str:
    """Return udev's rules for the names of a box's devices."""
    lines = [
        "# Written from /etc/hallcall/devices.toml; gone at power-off.",
        'ACTION=="remove", GOTO="hallcall_names_end"',
    ]
    lines += [_rule(each) for each in devices.devices]
    return "\n".join([*lines, 'LABEL="hallcall_names_end"']) + "\n"


def _rule(device: NamedDevice) -> str:
    if device.serial:
        wanted = [f'ENV{{ID_SERIAL_SHORT}}=="{device.serial}"']
        wanted += [f'ENV{{ID_USB_INTERFACE_NUM}}=="{device.interface}"'] if device.interface else []
    else:
        wanted = [f'ENV{{ID_PATH}}=="{device.socket}"']
    return ", ".join(['SUBSYSTEM=="tty|usbmisc|input"', *wanted, f'SYMLINK+="hallcall/{device.name}"'])
