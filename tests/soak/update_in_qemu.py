"""An update on a whole box: UEFI, GRUB, real slots, sticks. See update_in_qemu.sh."""

import argparse
import contextlib
import re
import shutil
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Final

from broker.contract.messages import TicketIssued
from broker.journal import read_day
from hallcall.image import layout

from .box_in_qemu import Box, BoxFailed, pc
from .releases import RELEASE, release_of, signed

DISK_GIB: Final = 4
UPDATE: Final = "/var/lib/hallcall/update"
RUNNING: Final = ("dispatcher@dispatcher", "registrar@registrar", "keeper@keeper-dispatcher")
ORDER: Final = "hallcall order --config /etc/hallcall/nodes/desk-1.toml TakeTicket service=pay"
PLAN: Final = """\
id = "east"
name = { zh = "东区供电营业厅", en = "East Service Hall" }
dispatcher = "10.0.2.15/24"
services = [{ id = "pay", name = { zh = "电费", en = "Bills" }, prefix = "A", zone = "main", minutes = 4 }]
windows = 1
boxes = [{ box = "front", kiosk = {} }]
"""


class Workshop:
    """Makes what the story needs: a hall, a disk with the release that runs, sticks with those that come."""

    def __init__(self, work: Path, cache: Path, keys: Path) -> None:
        self._work, self._cache, self._keys = work, cache, keys
        self._root = cache / "root-amd64-debug"
        self.disk = work / "box.img"
        self.running = release_of(self._root)

    def box(self) -> None:
        """Put the image onto a larger disk, and the dispatcher's card into it, as the technician does."""
        shutil.copyfile(self._cache / "hallcall-amd64-debug.img", self.disk)
        (self._work / "plan.toml").write_text(PLAN, encoding="utf-8")
        (self._work / "passphrase").write_text("a soak of updates\n", encoding="utf-8")
        secret = ("--passphrase-file", str(self._work / "passphrase"))
        self._hallcall("init", "--file", str(self._work / "plan.toml"), "--to", str(self._work), "--yes", *secret)
        self._hallcall("write", "dispatcher", "--hall", str(self._work / "east"), "--image", str(self.disk), *secret)
        with self.disk.open("r+b") as grown:
            grown.truncate(DISK_GIB << 30)

    def _hallcall(self, *words: str) -> None:
        subprocess.run([sys.executable, "-m", "hallcall", "hall", *words], check=True, stdout=subprocess.DEVNULL)

    def stick(self, version: str, *, broken: str = "") -> Path:
        """Return a stick with a signed bundle of a release; `broken` is a program of it that ends at once."""
        made = signed(self._root, version, work=self._work, signer=self._keys / "release-signer.key", broken=broken)
        stick = self._work / f"{made.stem}.stick"
        with stick.open("wb") as empty:
            empty.truncate(made.stat().st_size + (16 << 20))
        for command in (
            ["mkfs.vfat", "-F", "32", "-n", "UPDATE", str(stick)],
            ["mmd", "-i", str(stick), "::hallcall-update"],
            ["mcopy", "-i", str(stick), str(made), "::hallcall-update/"],
        ):
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        made.unlink()
        return stick

    def journal(self) -> Path:
        """Return the hall's journal, taken from the data partition of the box that is off."""
        place = f"{self.disk}?offset={layout.DATA.start_mib << 20}"
        inside = "/lib/hallcall/state/dispatcher"
        if "private" in _debugfs(place, f"stat {inside}"):  # DynamicUser: systemd leaves a link
            inside = "/lib/private/hallcall/state/dispatcher"
        names = re.findall(r"\d{4}-\d\d-\d\d\.sqlite\S*", _debugfs(place, f"ls -p {inside}").replace("/", " "))
        for name in names:
            _debugfs(place, f"dump {inside}/{name} {self._work}/{name}")
        return min(self._work.glob("????-??-??.sqlite"))


def _debugfs(place: str, request: str) -> str:
    return subprocess.run(["debugfs", "-R", request, place], check=True, capture_output=True, text=True).stdout


class Story:
    """What happens to the box."""

    def __init__(self, box: Box, pictures: Path) -> None:
        self._box, self._pictures = box, pictures
        self._numbers = 0

    def opens(self, slot: str, release: str) -> None:
        """The box starts into a slot, and its hall opens."""
        box = self._box
        box.awake()
        box.until("the slot", "cat /proc/cmdline", rf"rauc\.slot={slot}\b", seconds=5)
        shown = box.run(f"cat /{RELEASE}")
        if shown != release:
            raise BoxFailed(f"slot {slot} runs {shown}, not {release}")
        units = " ".join(f"hallcall-{each}.service" for each in RUNNING)
        box.until("all nodes", f"systemctl is-active {units}", r"^active\nactive\nactive$", seconds=600)
        box.tell(f"slot {slot}, release {release}: all nodes are ready")

    def number(self) -> None:
        """A visitor takes a number: the next one, and as many wait before them as have come."""
        expected = f"A{self._numbers + 1:03}"
        said = self._box.until("a number", ORDER, r"done .*", seconds=120)
        if f"ticket={expected}" not in said or f"ahead={self._numbers}" not in said:
            raise BoxFailed(f"{expected} was to be given, {self._numbers} ahead; but: {said}")
        self._box.tell(f"a visitor has {expected}, {self._numbers} wait before them")
        self._numbers += 1

    def update(self, stick: str) -> None:
        """A technician plugs a stick in, reads, pulls it, and plugs it in again."""
        box = self._box
        box.plug(stick)
        asked = "journalctl --boot --no-pager --output=cat --unit='hallcall-stick@*'"
        box.until("the question", asked, "(?i)again within", seconds=600)
        box.picture(self._pictures / f"{stick}.png")
        box.tell(f"the stick {stick} is in; the box asks whether it is meant")
        box.pull(stick)
        box.until("the stick is out", "ls /dev/disk/by-label", r"\A(?!.*UPDATE)", seconds=60)
        began_s = time.monotonic()
        boot = box.run("cat /proc/sys/kernel/random/boot_id")
        box.plug(stick)
        self.restarted(boot, seconds=1200)
        box.tell(f"in again; installed and started anew within {time.monotonic() - began_s:.0f} s")

    def restarted(self, boot: str, *, seconds: float) -> None:
        """Wait until the box has started once more."""
        until_s = time.monotonic() + seconds
        while time.monotonic() < until_s:
            self._box.awake()
            with contextlib.suppress(BoxFailed):  # the restart may swallow any word
                if self._box.run("cat /proc/sys/kernel/random/boot_id", seconds=20) != boot:
                    return
            time.sleep(5)
        raise BoxFailed(f"it did not start anew within {seconds:.0f} s")

    def variables(self) -> None:
        """Say what GRUB will read."""
        said = self._box.run("grub-editenv /boot/grub/grubenv list").split("\n")
        self._box.tell(f"grubenv: {', '.join(sorted(said))}")

    def ended(self, outcome: str, *, seconds: float) -> None:
        """Wait until the trial has ended so."""
        said = self._box.until(
            f"the release is {outcome}", f"cat {UPDATE}/outcome.json; ls {UPDATE}",
            rf'"step":"{outcome}"(?!.*trial\.json).*', seconds=seconds, every_s=5,
        )  # fmt: skip
        self._box.tell(said.partition("\n")[0].strip(' {}"'))


def play(shop: Workshop, work: Path) -> None:
    first, when = shop.running, shop.running.partition("+")[0]
    good, broken = f"{when}+99991.good", f"{when}+99992.broken"
    shop.box()
    sticks = {"good": shop.stick(good), "broken": shop.stick(broken, broken="broker/dispatcher.py")}
    box = Box(pc(shop.disk, work), work, sticks)
    story = Story(box, work)
    try:
        story.opens("A", first)
        for _ in range(3):
            story.number()
        story.variables()

        story.update("good")
        story.opens("B", good)
        story.number()  # while the release is on trial
        story.ended("confirmed", seconds=900)
        story.variables()

        boot = box.run("cat /proc/sys/kernel/random/boot_id")
        with contextlib.suppress(BoxFailed):  # the box may be off before it has said a word
            box.tell(box.run("hallcall update rollback", seconds=60))
        story.restarted(boot, seconds=600)
        story.opens("A", first)  # the old release reads what the new one wrote
        story.number()
        story.variables()

        story.update("broken")
        box.tell(f"on trial: {box.run('cat /proc/cmdline | grep -o rauc.slot=.')}, {box.run(f'cat /{RELEASE}')}")
        boot = box.run("cat /proc/sys/kernel/random/boot_id")
        units = "systemctl show --property=ActiveState,SubState,NRestarts hallcall-dispatcher@dispatcher"
        box.until("it keeps ending", units, r"NRestarts=([3-9]|\d\d)", seconds=600)
        box.tell(f"its dispatcher: {' '.join(box.run(units).split())}")
        began_s = time.monotonic()
        story.restarted(boot, seconds=1200)
        box.tell(f"it gave up and started anew by itself, {time.monotonic() - began_s:.0f} s later")
        story.opens("A", first)
        story.ended("fell_back", seconds=120)
        story.number()
        story.variables()
        box.tell(box.run("hallcall update status").replace("\n", "\n             "))
        box.switch_off()
    finally:
        box.end()
    judge(shop.journal())


def judge(journal: Path) -> None:
    """Read the journal that all three releases wrote: whole, and no number lost or given twice."""
    day = read_day(journal)
    if [each.seq for each in day] != list(range(1, 1 + len(day))):
        raise BoxFailed(f"{journal}: its events are not in one row")
    given = [each.event.ticket for each in day if isinstance(each.event, TicketIssued)]
    if given != [f"A{number:03}" for number in range(1, 1 + len(given))] or any(a >= b for a, b in pairwise(given)):
        raise BoxFailed(f"{journal}: numbers {given}")
    sys.stdout.write(f"the journal: {len(day)} events in one row, numbers {given[0]} to {given[-1]}\n")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True, help="where ./run image --debug worked")
    parser.add_argument("--keys", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    options = parser.parse_args()
    try:
        play(Workshop(options.work, options.cache, options.keys), options.work)
    except BoxFailed as error:
        sys.stderr.write(f"soak: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
