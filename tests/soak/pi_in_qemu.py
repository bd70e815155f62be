"""The Pi's image on an emulated arm64 board: a hall on one box, from its card to a number given. See pi_in_qemu.sh."""

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from .box_in_qemu import Box, BoxFailed, board

START_S: Final = 900.0
DISK_GIB: Final = 4
ORDER: Final = "hallcall order --config /etc/hallcall/nodes/desk-1.toml TakeTicket service=pay"
UNITS: Final = (
    "hallcall.target",
    "hallcall-counter.target",
    "hallcall-dispatcher@dispatcher.service",
    "hallcall-registrar@registrar.service",
    "hallcall-counter@box-1.service",
    "hallcall-keeper@keeper-dispatcher.service",
    "mosquitto.service",
)
PLAN: Final = """\
id = "east"
name = { zh = "东区供电营业厅", en = "East Service Hall" }
dispatcher = "10.0.2.15/24"
services = [{ id = "pay", name = { zh = "电费", en = "Bills" }, prefix = "A", zone = "main", minutes = 4 }]
windows = 1

[[boxes]]
box = "dispatcher"
[boxes.counters]
keypads = "serial:/dev/hallcall/keypad{counter}?baud=9600"

[[boxes]]
box = "front"
[boxes.kiosk]
"""


def card(image: Path, work: Path) -> Path:
    """Return a card with the image, and the box's folder in it, as a technician makes it."""
    disk = work / "card.img"
    shutil.copyfile(image, disk)
    (work / "plan.toml").write_text(PLAN, encoding="utf-8")
    (work / "passphrase").write_text("a soak of a Pi\n", encoding="utf-8")
    for words in (
        ("init", "--file", f"{work}/plan.toml", "--to", f"{work}", "--yes"),
        ("write", "dispatcher", "--hall", f"{work}/east", "--image", f"{disk}"),
    ):
        command = [sys.executable, "-m", "hallcall", "hall", *words, "--passphrase-file", f"{work}/passphrase"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    with disk.open("r+b") as grown:
        grown.truncate(DISK_GIB << 30)
    return disk


def play(box: Box) -> None:
    box.awake(START_S)
    box.tell(f"a shell; {box.run('uname -srm')}, {box.run('cat /usr/lib/hallcall/release')}")
    box.until("all units", f"systemctl is-active {' '.join(UNITS)}", r"^(active\n){6}active$", seconds=START_S)
    box.tell(f"active: {', '.join(UNITS)}")
    box.tell(f"the system is {box.run('systemctl is-system-running --wait', seconds=START_S, check=False)}")
    failed = box.run("systemctl --failed --no-legend --plain", check=False)
    if failed:
        raise BoxFailed(f"units failed: {failed}")
    said = box.until("a number", ORDER, r"done .*", seconds=300)
    if "ticket=A001" not in said:
        raise BoxFailed(f"A001 was to be given, but: {said}")
    box.tell("a visitor has A001")
    slots = json.loads(box.run("rauc status --output-format=json").splitlines()[-1])
    if (slots["compatible"], slots["booted"], slots["boot_primary"]) != ("hallcall-arm64", "A", "rootfs.0"):
        raise BoxFailed(f"RAUC sees {slots}")
    box.tell("RAUC, by our backend for the Pi's firmware: slot A runs and starts next")
    if box.run("touch /usr/written", check=False).count("Read-only") != 1:
        raise BoxFailed("the root can be written")
    left = box.run("grep -h token /boot/hallcall/box.toml; ls /boot/hallcall/registrar", check=False)
    if "token =" in left or "issuing" in left:
        raise BoxFailed(f"on the card there are still secrets: {left}")
    box.tell("the root is read-only; the card's secrets are erased")
    box.tell(box.run("systemd-analyze").splitlines()[0])
    box.switch_off()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--image", type=Path, required=True, help="of ./run image --arch arm64 --debug")
    parser.add_argument("--slot", type=Path, required=True, help="what lies in A/ on its boot partition")
    parser.add_argument("--work", type=Path, required=True)
    options = parser.parse_args()
    box = Box(board(card(options.image, options.work), options.slot), options.work, {})
    try:
        play(box)
    except BoxFailed as error:
        sys.stderr.write(f"soak: {error}\n")
        return 1
    finally:
        box.end()
    return 0


if __name__ == "__main__":
    sys.exit(main())
