"""The story of `./run soak update-over-network-in-qemu`: see update_over_network.sh.

Each step is told with its seconds since the last beginning, a line that starts with a dash.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from .hall_in_qemu import Hall, Story, WentWrong, demo_hall, ends_tidily
from .qemu_machine import EMULATED, NoAnswer, QemuMachine
from .releases import RELEASE, release_of, signed

# A voice is a display without a panel, which an emulated processor need not draw. Nobody listens at its loudspeaker.
PLAN: Final = """\
dispatcher = "10.77.0.2/24"
{hall}
[[hours]]
days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
open = "08:00"
close = "20:00"
[[boxes]]
box = "screens"
address = "10.77.0.22/24"
[boxes.voice]
voice = {{ zone = "main", speaker = "tcp:10.77.0.1:9200" }}
[[boxes]]
box = "{later}"
address = "10.77.0.21/24"
{table}
"""
FIRST: Final = "screens"
KIOSK: Final = "[boxes.kiosk]\nscreen = { width = 1024, height = 768 }"
WINDOWS: Final = """\
[boxes.counters]
windows = [{ counter = 1, keypad = { port = "serial:/dev/hallcall/keypad1?baud=9600" } }]"""
KEYPAD: Final = {"devices.toml": '[[devices]]\nname = "keypad1"\nserial = "KEYPAD1"\n'}
NUMBERS: Final = {FIRST: 22, "kiosk-a": 21, "windows-a": 21}
UNITS: Final = {
    FIRST: "hallcall-display@voice-1",
    "kiosk-a": "hallcall-kiosk@kiosk-1",
    "windows-a": "hallcall-counter@box-1",
}
BOOT_S: Final = 900.0
UPDATE_S: Final = 1500.0
GIVE_UP_S: Final = 1500.0  # ten minutes of patience, and a start on either side
SIGHT: Final = """\
cat /proc/sys/kernel/random/boot_id; grep -o 'rauc.slot=.' /proc/cmdline; cat /{release}
ls /var/lib/hallcall/state/keeper-{box}/update 2>/dev/null | tr '\\n' ' '; echo
ls /var/lib/hallcall/update 2>/dev/null | tr '\\n' ' '; echo
cat /var/lib/hallcall/update/outcome.json 2>/dev/null || echo '{{}}'"""


@dataclass(frozen=True, kw_only=True)
class Sight:
    """How things stand on a box, by its own disk."""

    boot: str
    slot: str
    release: str
    fetched: tuple[str, ...]
    notes: tuple[str, ...]
    outcome: dict[str, str]


class Box:
    """A box in QEMU, which may be switched on once more."""

    def __init__(self, name: str, hall: Hall, story: Story) -> None:
        self.name, self._hall, self._story = name, hall, story
        self._directory = hall.work / name
        self._directory.mkdir()
        self._tap = hall.tap(name)
        self._machine: QemuMachine | None = None

    async def switch_on(self, stack: AsyncExitStack) -> None:
        for left in ("qmp", "console.socket", "printer"):
            (self._directory / left).unlink(missing_ok=True)
        self._machine = QemuMachine(
            directory=self._directory,
            disk=self._hall.disk(self.name),
            tap=self._tap,
            clock="utc",
            number=NUMBERS[self.name],
            watchdog=False,
        )
        await stack.enter_async_context(self._machine)

    async def switch_off(self) -> None:
        """Shut it down by its power key's way."""
        await self.machine.type("systemctl poweroff")
        await self.machine.ended(timeout_s=180)

    @property
    def machine(self) -> QemuMachine:
        assert self._machine is not None
        return self._machine

    async def login(self) -> None:
        """Wait for the console's shell. Raises WentWrong."""
        try:
            await self.machine.login(timeout_s=BOOT_S)
        except TimeoutError:
            raise WentWrong(f"{self.name}: no shell after {BOOT_S:.0f} s") from None

    async def run(self, command: str) -> str:
        """Run a command; a box that starts anew meanwhile is asked again."""
        while True:
            try:
                return await self.machine.run(command, timeout_s=30)
            except NoAnswer:
                await self.login()

    async def sight(self) -> Sight:
        said = await self.run(SIGHT.format(release=RELEASE, box=self.name))
        boot, slot, release, fetched, notes, outcome = (each.strip() for each in said.split("\n", 5))
        return Sight(
            boot=boot,
            slot=slot.removeprefix("rauc.slot="),
            release=release,
            fetched=tuple(fetched.split()),
            notes=tuple(notes.split()),
            outcome=json.loads(outcome),
        )

    async def is_active(self) -> bool:
        return await self.run(f"systemctl is-active {UNITS[self.name]}") == "active"

    async def until(self, what: str, is_so: Callable[[Sight], bool], *, timeout_s: float) -> Sight:
        """Wait until the box's own disk says so."""
        last: list[Sight] = []

        async def so() -> bool:
            last[:] = [await self.sight()]
            return is_so(last[0])

        try:
            await self._story.until(f"{self.name}: {what}", so, timeout_s=timeout_s)
        except WentWrong as error:
            raise WentWrong(f"{error}; last: {last}") from None
        return last[0]

    async def takes(self, release: str) -> Sight:
        """Follow a release from the offer to the start of the slot that it was put into."""
        before = await self.sight()
        await self.until("it downloads", lambda now: bool(now.fetched), timeout_s=120)
        await self.until("the bundle is there", _has_bundle, timeout_s=UPDATE_S)
        await self.until("it is being installed", lambda now: "trial.json" in now.notes, timeout_s=UPDATE_S)
        now = await self.until("it has started anew", lambda now: now.boot != before.boot, timeout_s=UPDATE_S)
        self._story.judge(
            f"{self.name}: slot {before.slot} before, {now.slot} now, release {now.release}",
            good=now.slot != before.slot and now.release == release,
        )
        return now


def _has_bundle(now: Sight) -> bool:
    return "ready.raucb" in now.fetched or "trial.json" in now.notes


class Laptop:
    """The technician's, with `hallcall update hall`."""

    def __init__(self, hall: Hall, story: Story) -> None:
        self._hall, self._story = hall, story
        self._said = ""

    def give(self, *words: str) -> None:
        """Give a release, and read out what is answered."""
        self._said = self._ask(*words)
        for line in self._said.strip().split("\n"):
            self._story.say(f"  | {line}")

    async def is_told(self, *pieces: str) -> bool:
        """Tell whether the registrar says so now; what it says anew is read out."""
        said = await asyncio.to_thread(self._ask)
        if said != self._said:
            self._said = said
            self._story.say(f"  | {' / '.join(' '.join(line.split()) for line in said.strip().splitlines())}")
        flat = " ".join(said.split())
        return all(piece in flat for piece in pieces)

    def _ask(self, *words: str) -> str:
        return self._hall.laptop("update", "hall", *words, "--hall", str(self._hall.office), codes=(0, 1))


def noon() -> str:
    """Return the time zone in which it is noon just now, so that the hall is open."""
    return f"Etc/GMT{datetime.now(UTC).hour - 12:+d}"


async def good_release(boxes: dict[str, Box], laptop: Laptop, story: Story, bundle: Path, release: str) -> None:
    """See a good release wait for the evening, and then go from box to box."""
    screens, later = boxes.values()
    story.begin(f"{release} is given to the hall, which is open")
    laptop.give(str(bundle))
    in_the_evening = ("outside opening hours", "at work screens")
    await story.until("boxes are to restart in the evening", lambda: laptop.is_told(*in_the_evening), timeout_s=300)
    before = await screens.until("the bundle is there", _has_bundle, timeout_s=UPDATE_S)
    await asyncio.sleep(30)  # it could begin now
    now, other = await screens.sight(), await later.sight()
    waits = now.boot == before.boot and not {"install", "trial.json"} & {*now.fetched, *now.notes}
    story.judge("screens: it waits for the evening", good=waits)
    story.judge(f"{later.name}: nothing was offered yet", good=not other.fetched)

    story.begin("the same with --now")
    laptop.give(str(bundle), "--now")
    await screens.takes(release)
    other = await later.sight()
    story.judge(f"{later.name}: still nothing was offered", good=not other.fetched)
    await screens.until("confirmed", lambda now: now.outcome.get("step") == "confirmed", timeout_s=BOOT_S)
    await story.until("the registrar goes on", lambda: laptop.is_told(f"at work {later.name}"), timeout_s=120)
    story.begin("the next stage")
    await later.takes(release)
    await later.until("confirmed", lambda now: now.outcome.get("step") == "confirmed", timeout_s=BOOT_S)
    await story.until("the registrar is done", lambda: laptop.is_told("done", "confirmed"), timeout_s=120)
    story.judge("its program is ready", good=await later.is_active())


async def broken_release(
    hall: Hall, boxes: dict[str, Box], laptop: Laptop, story: Story, *, bundle: Path, release: str
) -> None:
    """See a release with a broken program fall back, and nobody else get it; screens is off."""
    _, later = boxes.values()
    before = (await later.sight()).release
    story.begin(f"{release}, whose program ends at once, is given with --now; screens is switched off")
    laptop.give(str(bundle), "--now")
    trial = await later.takes(release)
    story.begin(f"{later.name} is on trial")

    async def ends() -> bool:
        return int(await later.run(f"systemctl show --property=NRestarts --value {UNITS[later.name]}") or 0) >= 3

    await story.until("its program keeps ending", ends, timeout_s=600)
    now = await later.until(
        "it gave up and started anew by itself", lambda now: now.boot != trial.boot, timeout_s=GIVE_UP_S
    )
    story.judge(f"slot {now.slot}, release {now.release} again", good=now.release == before)
    await later.machine.be_patient()
    now = await later.until("noted", lambda now: now.outcome.get("step") == "fell_back", timeout_s=300)
    story.say(f"{later.name}: {now.outcome.get('why')}")
    await story.until("its program is ready again", later.is_active, timeout_s=BOOT_S)
    await story.until("the registrar stops", lambda: laptop.is_told(f"STOPPED: {later.name} fell back"), timeout_s=300)
    said = hall.dispatcher.run("hallcall", "doctor", "--hall", "--lang", "en", timeout_s=120).stdout
    lines = [line.strip() for line in said.splitlines() if "fell back" in line]
    story.judge(f"hallcall doctor --hall: {' / '.join(lines)}", good=bool(lines))


async def taken_back(boxes: dict[str, Box], laptop: Laptop, story: Story, first: str) -> None:
    """See both boxes leave the release again, one after the other."""
    screens, later = boxes.values()
    story.begin("the technician takes it back from the hall, with --now")
    before, other = await screens.sight(), await later.sight()
    laptop.give("--back", "--now")
    now = await screens.until("it has started anew", lambda now: now.boot != before.boot, timeout_s=BOOT_S)
    story.judge(f"{FIRST}: slot {now.slot}, release {now.release}", good=now.release == first)
    await screens.machine.be_patient()
    now = await later.until("it has started anew", lambda now: now.boot != other.boot, timeout_s=BOOT_S)
    story.judge(f"{later.name}: slot {now.slot}, release {now.release}", good=now.release == first)
    await later.machine.be_patient()
    for box in boxes.values():
        await story.until(f"{box.name}: {UNITS[box.name]} is ready", box.is_active, timeout_s=BOOT_S)
    await story.until("the registrar is done", lambda: laptop.is_told("done", "have left it"), timeout_s=120)


async def play(hall: Hall, story: Story, first: str, bundles: dict[str, Path]) -> None:
    """Play the whole story. Raises WentWrong, NoAnswer."""
    story.begin("the technician founds the hall, and writes the cards; all boxes are switched on")
    hall.found()
    hall.open()
    laptop = Laptop(hall, story)
    boxes = {name: Box(name, hall, story) for name in hall.boxes}
    async with AsyncExitStack() as stack:
        for box in boxes.values():
            await box.switch_on(stack)
        await story.until("the dispatcher's box is open", lambda: hall.is_open, timeout_s=BOOT_S)
        for box in boxes.values():
            await box.login()
            story.say(f"{box.name}: a shell on its serial console")
            await box.machine.be_patient()
        for box in boxes.values():
            await story.until(f"{box.name}: {UNITS[box.name]} is ready", box.is_active, timeout_s=BOOT_S)
            now = await box.sight()
            story.judge(f"{box.name}: slot {now.slot}, release {now.release}", good=now.release == first)

        (good, bundle), (broken, bad_bundle) = bundles.items()
        await good_release(boxes, laptop, story, bundle, good)
        await taken_back(boxes, laptop, story, first)
        await boxes[FIRST].switch_off()
        await broken_release(hall, boxes, laptop, story, bundle=bad_bundle, release=broken)
        story.begin("screens is switched on again")
        await boxes[FIRST].switch_on(stack)
        await story.until("its voice is ready", boxes[FIRST].is_active, timeout_s=BOOT_S)
        await asyncio.sleep(30)  # an offer would have come
        now = await boxes[FIRST].sight()
        still = now.release == first and not now.fetched
        story.judge(f"screens keeps {now.release}, and is offered nothing", good=still)
        story.say("all of it was as it should be")


async def main() -> int:
    """Return 0 if all of it was as it should be."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--cache", "--keys", "--work"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--releases", type=Path, help="where the bundles were made before")
    parser.add_argument("--windows", action="store_true", help="a counter box instead of the kiosk: nothing is drawn")
    options = parser.parse_args()
    ends_tidily()
    story, root = Story(), options.cache / "root-amd64-debug"
    first = release_of(root)
    when = first.partition("+")[0]
    bundles = {}
    later, table, program = ("windows-a", WINDOWS, "counter") if options.windows else ("kiosk-a", KIOSK, "kiosk")
    for version, broken in ((f"{when}+99991.good", ""), (f"{when}+99992.broken", f"{program}/__main__.py")):
        made = options.releases / f"{version.rpartition('+')[2]}.raucb" if options.releases else None
        bundles[version] = made or signed(
            root,
            version,
            work=options.work,
            signer=options.keys / "release-signer.key",
            broken=broken,
            besides=EMULATED,
        )
    hall = Hall(
        work=options.work,
        image=options.cache / "hallcall-amd64-debug.img",
        root=root,
        plan=PLAN.format(hall=demo_hall().replace('"Asia/Shanghai"', f'"{noon()}"'), later=later, table=table),
        boxes={FIRST: {}, later: KEYPAD if options.windows else {}},
        disk_gib=4,
    )
    try:
        await play(hall, story, first, bundles)
    except (WentWrong, NoAnswer) as error:
        story.say(f"WRONG: {error}")
        return 1
    finally:
        hall.close()
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
