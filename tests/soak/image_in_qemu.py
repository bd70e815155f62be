"""The story of `./run soak image-in-qemu`: the image boots to a kiosk that joins its hall. See image_in_qemu.sh.

Each step is told with its seconds, from power-on or from what was done to the box; pictures are of its panel.
"""

import asyncio
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from hallcall.boxes.machine import Machine
from hallcall.boxes.wires import Wires
from hardware.simulators.escpos_printer import Report, SlipPrinted

from .qemu_machine import NoAnswer, QemuMachine
from .usb_redir import UsbPrinterAtQemu

BOX: Final = "kiosk-a"
KIOSK, COUNTER = "hallcall-kiosk@kiosk-1.service", "hallcall-counter@box-1.service"
# Idle late: an emulated page takes its time, and nobody is to be asked whether he is still there.
PLAN: Final = """\
dispatcher = "10.77.0.2/24"
{hall}
[[boxes]]
box = "kiosk-a"
address = "10.77.0.21/24"
[boxes.kiosk]
screen = {{ width = 1024, height = 768, idle_s = 300, ticket_s = 20 }}
[boxes.counters]
windows = [{{ counter = 1, keypad = {{ port = "serial:/dev/hallcall/keypad1?baud=9600" }} }}]
"""
DEVICES: Final = '[[devices]]\nname = "keypad1"\nserial = "KEYPAD1"\n'
# Whoever serves the hall's time: this machine's clock, which stays as it is.
CHRONY: Final = "local stratum 8\nallow 10.0.0.0/8\nbindcmdaddress /\ncmdport 0\npidfile {work}/chronyd.pid\n"
PANIC: Final = "sysctl -q kernel.panic={after}; echo c > /proc/sysrq-trigger"
PAST: Final = "2020-01-01T00:00:00"
BOOT_S: Final = 900.0
SLIP_S: Final = 180.0
OPENS: Final = """\
python3 -c 'import os
open(r"/sys/fs/cgroup{group}/cgroup.procs", "w").write(str(os.getpid()))
os.open("{device}", os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY)
print("opened")' | tail -n 1"""


class WentWrong(Exception):
    """Something is not as it should be; the text says what."""


class Story:
    """Tells each finding with the seconds since the last beginning."""

    def __init__(self) -> None:
        self._began_s = time.monotonic()

    def begin(self, text: str) -> None:
        self._began_s = time.monotonic()
        self.say(f"— {text}")

    def say(self, text: str) -> None:
        sys.stdout.write(f"{time.monotonic() - self._began_s:7.1f} s  {text}\n")
        sys.stdout.flush()

    def judge(self, text: str, *, good: bool) -> None:
        if not good:
            raise WentWrong(text)
        self.say(text)


class Hall:
    """The hall: founded on a laptop, its dispatcher's box running, and the other box's disk with its card's folder."""

    def __init__(self, work: Path, image: Path, root: Path) -> None:
        self.work, self._image, self._root = work, image, root
        self._wires = Wires()
        self.disk = work / "kiosk-a.img"
        self.dispatcher = Machine(
            name="dispatcher", directory=work / "dispatcher", image=root, namespace=self._wires.lay("dispatcher")
        )
        self._time: subprocess.Popen[bytes] | None = None

    def found(self) -> None:
        """Do what the technician does: plan, cards, an image written to a disk."""
        from importlib.resources import files  # noqa: PLC0415 - only here

        hall = (files("hallcall.demo") / "files" / "hall.toml").read_text(encoding="utf-8").partition("[[nodes]]")[0]
        plan = self.work / "hall-plan.toml"
        plan.write_text(PLAN.format(hall=hall), encoding="utf-8")
        (self.work / "passphrase").write_text("a hall in a drawer\n", encoding="utf-8")
        self._laptop("init", "--file", str(plan), "--to", str(self.work / "office"), "--yes")
        office = self.work / "office/chengdong"
        (office / "cards" / BOX / "hallcall" / "devices.toml").write_text(DEVICES, encoding="utf-8")
        _run("cp", "--sparse=always", str(self._image), str(self.disk))
        _run("truncate", "--size=3G", str(self.disk))
        self._laptop("write", BOX, "--hall", str(office), "--image", str(self.disk))
        self.dispatcher.card.mkdir(parents=True)
        self._laptop("write", "dispatcher", "--hall", str(office), "--to", str(self.dispatcher.card))

    def _laptop(self, *words: str) -> None:
        _run(sys.executable, "-m", "hallcall", "hall", *words, "--passphrase-file", str(self.work / "passphrase"))

    def open(self) -> None:
        """Switch the dispatcher's box on, and the hall's clock."""
        (self.work / "chrony.conf").write_text(CHRONY.format(work=self.work), encoding="utf-8")
        self.dispatcher.assemble()
        self.dispatcher.switch_on()
        inside = ("ip", "netns", "exec", "dispatcher")
        self._time = subprocess.Popen(
            [*inside, "chronyd", "-x", "-d", "-u", "root", "-f", str(self.work / "chrony.conf")],
            stdout=subprocess.DEVNULL,
            stderr=(self.work / "chronyd.log").open("wb"),
        )

    def close(self) -> None:
        if self._time is not None:
            self._time.kill()
            self._time.wait()
        self.dispatcher.take_apart()

    @property
    def is_open(self) -> bool:
        """Tell whether the registrar and the dispatcher are up, by their systemd."""
        if not self.dispatcher.is_on:
            return False
        told = self.dispatcher.run("systemctl", "is-active", "*@dispatcher.service", "*@registrar.service")
        return told.stdout.split() == ["active", "active"]

    def tap(self) -> str:
        """Lay the cable of the box that QEMU makes; return its name."""
        name = f"to-{BOX}"
        for words in (("tuntap", "add", name, "mode", "tap"), ("link", "set", name, "master", "hall", "up")):
            _run("ip", *words)
        return name


def _run(*argv: str) -> str:
    done = subprocess.run(argv, check=False, capture_output=True, text=True)
    if done.returncode:
        raise WentWrong(f"{' '.join(argv[:6])}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def words_on(picture: Path) -> dict[str, tuple[int, int]]:
    """Return the English words that tesseract reads on a picture, and where their middles are."""
    said = _run("tesseract", str(picture), "-", "--psm", "11", "tsv")
    found = {}
    for row in said.splitlines()[1:]:
        _, _, _, _, _, _, left, top, width, height, _, text = (row + "\t").split("\t")[:12]
        if text.strip():
            found[text.strip().lower()] = (int(left) + int(width) // 2, int(top) + int(height) // 2)
    return found


class Box:
    """The box in QEMU, looked at and touched."""

    def __init__(self, machine: QemuMachine, story: Story, pictures: Path, slips: Sequence[Report]) -> None:
        self.machine, self._story, self._pictures, self._slips = machine, story, pictures, slips

    async def until(self, what: str, is_so: Callable[[], object], *, timeout_s: float = BOOT_S) -> None:
        """Wait until something is so; look every second or so. `is_so` may be a coroutine function."""
        until_s = time.monotonic() + timeout_s
        while True:
            so = is_so()
            if asyncio.iscoroutine(so):
                so = await so
            if so:
                break
            if time.monotonic() > until_s:
                await self.machine.picture(self._pictures / "wrong.png")
                raise WentWrong(f"{what}: not so after {timeout_s:.0f} s; the panel: {self._pictures}/wrong.png")
            await asyncio.sleep(1)
        self._story.say(what)

    async def until_read(self, name: str, *words: str, timeout_s: float = BOOT_S) -> dict[str, tuple[int, int]]:
        """Wait until words stand on the panel, keep the picture, and return where they stand."""
        found: dict[str, tuple[int, int]] = {}

        async def reads() -> bool:
            picture = await self.machine.picture(self._pictures / f"{name}.png")
            found.clear()
            found.update(await asyncio.to_thread(words_on, picture))
            return all(word in found for word in words)

        await self.until(f"the panel says {' '.join(words)} ({name}.png)", reads, timeout_s=timeout_s)
        return found

    async def is_ready(self) -> None:
        """Wait until the kiosk has told systemd so."""

        async def ready() -> bool:
            return await self.shown(KIOSK, "ActiveState") == "active"

        await self.until("the kiosk says that it is ready", ready)

    async def takes_a_number(self, name: str) -> SlipPrinted:
        """Touch the service that is for paying bills, then 'Take a number', and wait for the slip."""
        before = len(self._slips)
        home = await self.until_read(name, "choose", "bill")
        self._story.begin("a finger on 'Pay a bill'")
        await self.machine.tap(*home["bill"])
        page = await self.until_read(f"{name}-service", "take", "number", timeout_s=SLIP_S)
        self._story.begin("a finger on 'Take a number'")
        await self.machine.tap(*page["take"])
        await self.until("a slip came out of the printer", lambda: len(self._slips) > before, timeout_s=SLIP_S)
        slip = self._slips[-1]
        assert isinstance(slip, SlipPrinted)
        self._story.say(f"on it: {' / '.join(slip.lines)}")
        return slip

    async def opens(self, unit: str, device: str) -> str:
        """Try to open a device from inside a unit's group, as root: only the device list can forbid it."""
        group = await self.shown(unit, "ControlGroup")
        said = await self.machine.run(OPENS.format(group=group, device=device))
        return "opened" if said.endswith("opened") else said.rpartition("Errno ")[2]

    async def shown(self, unit: str, name: str) -> str:
        return await self.machine.run(f"systemctl show --value --property={name} {unit}")

    async def reach(self, unit: str, device: str, *, may: bool) -> None:
        found = await self.opens(unit, device)
        good = found == "opened" if may else "Operation not permitted" in found
        self._story.judge(f"{unit} and {device}: {found}", good=good)


async def first_start(box: Box, story: Story) -> None:
    """See the box come up, years behind, and belong to the hall."""
    story.begin(f"power on, by UEFI and GRUB; its clock stands at {PAST}")
    await box.machine.login(timeout_s=BOOT_S)
    story.say("a shell on its serial console")
    await box.until_read("home", "choose", "bill")
    behind_s = abs(datetime.now(UTC).timestamp() - float(await box.machine.run("date +%s")))
    story.judge(f"its clock is the hall's again (asked, it was off by {behind_s:.0f} s)", good=behind_s < 30)
    log = await box.machine.run("journalctl -q -b --no-pager -o cat -u hallcall-join")
    story.judge("it has joined", good="belongs to hall chengdong" in log)
    root = await box.machine.run("findmnt -n -o FSTYPE,OPTIONS /")
    story.judge(f"its root is only read: {root[:24]}", good=root.startswith("squashfs") and "ro" in root)
    left = await box.machine.run("grep -c token /boot/hallcall/box.toml; ls /var/lib/hallcall/tls")
    story.judge("no token is left on its card", good=left.startswith("0"))
    failed = await box.machine.run("systemctl --failed --no-legend --plain")
    story.judge(f"no unit failed {failed}", good=not failed)
    await box.is_ready()
    timed = await box.machine.run(f"systemctl show --property=ActiveEnterTimestampMonotonic --value {KIOSK}")
    story.say(f"the kiosk was ready {int(timed) / 1e6:.0f} s after the kernel began")


async def cables(box: Box, story: Story) -> None:
    """Pull a keypad and plug it in again, with a stranger in its place meanwhile."""
    machine, keypad = box.machine, "/dev/hallcall/keypad1"
    story.begin("cables")
    await box.reach(COUNTER, keypad, may=True)
    for unit, device in ((COUNTER, "/dev/usb/lp0"), (COUNTER, "/dev/vda"), (KIOSK, keypad)):
        await box.reach(unit, device, may=False)
    before = [await box.shown(unit, "MainPID") for unit in (KIOSK, COUNTER)]
    first = await machine.run(f"readlink -f {keypad}")

    async def gone() -> bool:
        return "no" in await machine.run(f"[ -e {keypad} ] && echo yes || echo no")

    async def back() -> bool:
        return not await gone() and await box.opens(COUNTER, keypad) == "opened"

    story.begin("the keypad's cable is pulled")
    await machine.unplug("keypad1")
    await box.until("keypad1 is gone", gone, timeout_s=60)
    await machine.plug("stranger")

    async def stranger() -> bool:
        return "yes" in await machine.run(f"[ -e {first} ] && echo yes || echo no")

    async def refused() -> bool:
        return "Operation not permitted" in await box.opens(COUNTER, first)

    await box.until(f"a stranger is {first} now", stranger, timeout_s=60)
    await box.until("the keypad's node may not open it", refused, timeout_s=60)
    story.begin("the keypad's cable is in again")
    await machine.plug("keypad1")
    await box.until("its node may open it", back, timeout_s=120)
    now = await machine.run(f"readlink -f {keypad}")
    story.judge(f"it is {now} now, no longer {first}", good=now != first)
    await box.reach(KIOSK, keypad, may=False)
    await box.reach(COUNTER, first, may=False)
    after = [await box.shown(unit, "MainPID") for unit in (KIOSK, COUNTER)]
    story.judge("both programs ran on", good=before == after)


async def comes_back(box: Box, story: Story, what: str, name: str, *, after: int) -> None:
    """Let the kernel panic, and see the kiosk's page again without anybody's help."""
    story.begin(what)
    await box.machine.type(PANIC.format(after=after))
    await box.machine.said(re.compile(rb"Kernel panic"), timeout_s=60)
    story.say("the kernel has stopped")
    await box.machine.said(re.compile(rb"Booting `Hallcall|Linux version|EFI stub|\[    0\.0"), timeout_s=120)
    story.say("it starts again")
    await box.machine.login(timeout_s=BOOT_S)
    await box.until_read(name, "choose", "bill")
    await box.is_ready()


async def main(work: Path, image: Path, root: Path, pictures: Path) -> int:
    """Play the whole story. Return 0 if all of it was as it should be."""
    _ends_tidily()
    story, hall = Story(), Hall(work, image, root)
    slips: list[Report] = []
    try:
        story.begin("the technician founds the hall, and writes the cards")
        hall.found()
        hall.open()
        async with AsyncExitStack() as stack:
            machine = QemuMachine(directory=work, disk=hall.disk, tap=hall.tap(), clock=PAST)
            await stack.enter_async_context(machine)
            far = UsbPrinterAtQemu(work / "printer", slips.append)
            await stack.enter_async_context(far)
            box = Box(machine, story, pictures, slips)
            await first_start(box, story)
            first = await box.takes_a_number("home")
            await cables(box, story)
            await comes_back(box, story, "the kernel panics", "after-panic", after=10)
            second = await box.takes_a_number("after-panic")
            story.judge("another number", good=first.lines != second.lines)
            await comes_back(box, story, "the kernel panics and stands still", "after-watchdog", after=0)
            story.say("all of it was as it should be")
    except (WentWrong, NoAnswer) as error:
        story.say(f"WRONG: {error}")
        return 1
    finally:
        hall.close()
    return 0


def _ends_tidily() -> None:
    """Let a request to end take QEMU and the dispatcher's box along."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)


if __name__ == "__main__":
    sys.exit(asyncio.run(main(*(Path(each).absolute() for each in sys.argv[1:5]))))
