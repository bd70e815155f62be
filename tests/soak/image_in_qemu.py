"""The story of `./run soak image-in-qemu`: the image boots to a kiosk that joins its hall. See image_in_qemu.sh.

Each step is told with its seconds, from power-on or from what was done to the box; pictures are of its panel.
"""

import asyncio
import re
import sys
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from hardware.simulators.escpos_printer import Report, SlipPrinted

from .hall_in_qemu import Hall, Story, WentWrong, demo_hall, ends_tidily, words_on
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
PANIC: Final = "sysctl -q kernel.panic={after}; echo c > /proc/sysrq-trigger"
PAST: Final = "2020-01-01T00:00:00"
BOOT_S: Final = 900.0
SLIP_S: Final = 180.0
OPENS: Final = """\
python3 -c 'import os
open(r"/sys/fs/cgroup{group}/cgroup.procs", "w").write(str(os.getpid()))
os.open("{device}", os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY)
print("opened")' | tail -n 1"""


class Box:
    """The box in QEMU, looked at and touched."""

    def __init__(self, machine: QemuMachine, story: Story, pictures: Path, slips: Sequence[Report]) -> None:
        self.machine, self._story, self._pictures, self._slips = machine, story, pictures, slips

    async def until(self, what: str, is_so: Callable[[], object], *, timeout_s: float = BOOT_S) -> None:
        """Wait until something is so; where it is not in time, a picture of the panel is kept."""
        try:
            await self._story.until(what, is_so, timeout_s=timeout_s)
        except WentWrong as error:
            await self.machine.picture(self._pictures / "wrong.png")
            raise WentWrong(f"{error}; the panel: {self._pictures}/wrong.png") from None

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
    await box.machine.be_patient()
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
    await box.machine.be_patient()
    await box.until_read(name, "choose", "bill")
    await box.is_ready()


async def main(work: Path, image: Path, root: Path, pictures: Path) -> int:
    """Play the whole story. Return 0 if all of it was as it should be."""
    ends_tidily()
    boxes = {BOX: {"devices.toml": DEVICES}}
    story, hall = Story(), Hall(work=work, image=image, root=root, plan=PLAN.format(hall=demo_hall()), boxes=boxes)
    slips: list[Report] = []
    try:
        story.begin("the technician founds the hall, and writes the cards")
        hall.found()
        hall.open()
        async with AsyncExitStack() as stack:
            machine = QemuMachine(directory=work, disk=hall.disk(BOX), tap=hall.tap(BOX), clock=PAST)
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


if __name__ == "__main__":
    sys.exit(asyncio.run(main(*(Path(each).absolute() for each in sys.argv[1:5]))))
