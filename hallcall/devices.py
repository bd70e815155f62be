"""`hallcall devices`: what is plugged into this box, which node uses it, and names that stay.

`hallcall devices name keypad3 /dev/ttyUSB0` gives a name, /dev/hallcall/keypad3; `hallcall devices forget keypad3`
takes it away. Both write devices.toml and take effect at once.
"""

import argparse
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from broker.cables import cables, device_of
from broker.config import NodeFile, load_any
from broker.contract.messages import Language
from broker.contract.texts import texts
from broker.device_file import FOLDER, DevicesFile, NamedDevice, load_devices
from broker.strict_toml import BrokenConfig
from broker.whole_files import replace_file

from .doctor.here import language_of
from .plugged import Plugged, known_by, plugged, proposed

PLACE: Final = Path("/etc/hallcall")
GROUP_MAY_READ: Final = 0o640
SYSTEMD_S: Final = 60


class NoUdev(RuntimeError):
    """What is plugged in cannot be listed; the text says why."""


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="hallcall devices", description=__doc__.partition("\n")[0])
    parser.add_argument("--place", type=Path, default=PLACE, help="where devices.toml and nodes/ are")
    parser.add_argument("--lang", type=Language, choices=list(Language), default=language_of(), metavar="zh|en")
    acts = parser.add_subparsers(dest="act", metavar="ACT")
    naming = acts.add_parser("name", help="give a device a name that stays")
    naming.add_argument("name", help="small letters, digits, _: keypad3")
    naming.add_argument("device", help="as it is called now: /dev/ttyUSB0")
    forgetting = acts.add_parser("forget", help="take a name away")
    forgetting.add_argument("name")
    asked = parser.parse_args(arguments)
    words = texts(asked.lang)["devices"]
    try:
        named = named_in(asked.place)
        there = plugged(database()) if asked.act != "forget" else []
        match asked.act:
            case "name":
                device = next((each for each in there if asked.device in (each.device, *each.others)), None)
                if device is None:
                    return _fail(words["not_there"].format(device=asked.device))
                wanted = known_by(device, there, name=asked.name)
                if wanted is None:
                    return _fail(words["like_others"].format(device=asked.device))
                write(asked.place, [*(each for each in named if each.name != asked.name), wanted])
                sys.stdout.write(words["named"].format(device=asked.device, name=f"{FOLDER}/{asked.name}") + "\n")
                return take_up(device)
            case "forget":
                if asked.name not in [each.name for each in named]:
                    return _fail(words["no_such_name"].format(name=asked.name))
                write(asked.place, [each for each in named if each.name != asked.name])
                return take_up(None)
            case _:
                tell(there, named, users(asked.place), words)
    except (BrokenConfig, NoUdev, OSError) as error:
        return _fail(str(error))
    return 0


def named_in(place: Path) -> list[NamedDevice]:
    """Return the names that are given. Raises BrokenConfig."""
    path = place / "devices.toml"
    return [*load_devices(path).devices] if path.exists() else []


def database() -> str:
    """Return what udev knows. Raises NoUdev."""
    try:
        asked = subprocess.run(
            ["udevadm", "info", "--export-db"], capture_output=True, text=True, timeout=SYSTEMD_S, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise NoUdev(
            f"udev does not tell what is plugged in ({error}): is this the box itself, and no container?"
        ) from error
    return asked.stdout


def users(place: Path) -> dict[str, list[str]]:
    """Return which nodes name which device; a file that is no good names none (`hallcall check-config` says more)."""
    found: dict[str, list[str]] = {}
    for path in sorted((place / "nodes").glob("*.toml")):
        try:
            file = load_any(path)
        except BrokenConfig:
            continue
        if isinstance(file, NodeFile):
            for device in dict.fromkeys(device_of(address) for _, address in cables(file)):
                found.setdefault(device, []).append(file.node)
    return found


def tell(
    there: Sequence[Plugged], named: Sequence[NamedDevice], used: Mapping[str, Sequence[str]], words: Mapping[str, str]
) -> None:
    """Print what is plugged in, what is named and missing, and what could be named."""
    taken = [each.name for each in named]
    for device in there:
        by = dict.fromkeys(node for each in (device.device, *device.others) for node in used.get(each, []))
        sys.stdout.write("".join(f"{line}\n" for line in _lines(device, there, taken, list(by), words)))
    here = [each.name for each in there]
    for name in taken:
        if name not in here:
            by_names = ", ".join(used.get(f"{FOLDER}/{name}", []))
            sys.stdout.write(words["missing"].format(name=f"{FOLDER}/{name}", nodes=by_names or words["nobody"]) + "\n")
    if not there:
        sys.stdout.write(words["none"] + "\n")


def _lines(
    device: Plugged, there: Sequence[Plugged], taken: Sequence[str], by: Sequence[str], words: Mapping[str, str]
) -> Iterator[str]:
    called = f"{FOLDER}/{device.name}" if device.name else device.device
    yield f"{called}  {words[device.kind.value]}  {device.model}".rstrip()
    if device.name:
        yield f"    = {device.device}"
    yield f"    {words['used_by'].format(nodes=', '.join(by) or words['nobody'])}"
    could = proposed(device, there, taken=taken) if not device.name else None
    if could is not None:
        mark = "by_serial" if could.serial else "by_socket"
        yield f"    {words[mark].format(mark=could.serial or could.socket)}"
        yield f"    hallcall devices name {could.name} {device.device}"


def write(place: Path, devices: Sequence[NamedDevice]) -> None:
    """Write devices.toml. Raises BrokenConfig for a name that cannot be one, OSError."""
    text = "# hallcall devices\n" + "".join(
        "\n[[devices]]\n" + "".join(f'{key} = "{value}"\n' for key, value in msgspec.to_builtins(each).items() if value)
        for each in devices
    )
    try:
        msgspec.convert(msgspec.to_builtins(DevicesFile(devices=tuple(devices))), DevicesFile)
    except msgspec.ValidationError as error:
        raise BrokenConfig(f"devices.toml: {error}; a name has small letters, digits and _ only") from error
    replace_file(place / "devices.toml", text.encode(), mode=GROUP_MAY_READ)


def take_up(device: Plugged | None) -> int:
    """Have udev and the nodes take the names up; tell what did not work."""
    asked = [["systemctl", "restart", "hallcall-devices.service"]]
    if device is not None:
        asked.append(["systemctl", "start", _plugged_unit(device)])
    for words in asked:
        try:
            done = subprocess.run(words, capture_output=True, text=True, timeout=SYSTEMD_S, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            return _fail(f"{' '.join(words)}: {error}")
        if done.returncode != 0:
            return _fail(f"{' '.join(words)}: {done.stderr.strip()}")
    return 0


def _plugged_unit(device: Plugged) -> str:
    escaped = subprocess.run(
        ["systemd-escape", "--path", "--template=hallcall-plugged@.service", device.folder],
        capture_output=True,
        text=True,
        timeout=SYSTEMD_S,
        check=False,
    )
    return escaped.stdout.strip()


def _fail(text: str) -> int:
    sys.stderr.write(f"{text}\n")
    return 1
