"""The hall of boxes: founded by `hallcall hall init`, its cards filled, its machines on their cables."""

import asyncio
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Final

import oscpy

from .machine import Lent, Machine
from .story import WentWrong
from .wires import Wires

HALL: Final = "chengdong"
DISPATCHER: Final = "dispatcher"
SPARE: Final = "cupboard"
WINDOWS: Final = {
    "windows-a": ("pads", "signs", "keypad1", "keypad2"),
    "windows-b": ("pads2", "signs2", "keypad3", "keypad4"),
}
IN_PLACE: Final = (DISPATCHER, "kiosk-a", "screens", "windows-a", "windows-b")
NODES: Final = {
    DISPATCHER: ("dispatcher", "registrar"),
    "kiosk-a": ("kiosk-1",),
    "screens": ("board-1", "voice-1"),
    "windows-a": ("box-1",),
    "windows-b": ("box-2",),
}
SCREENS: Final = "/media/screens"  # in a box: where its windows tell what they show
UNSEEN: Final = """\
# These boxes have no panel: the window is drawn where nobody sees it, and tells what it shows.
[Service]
Environment=SDL_VIDEODRIVER=offscreen LP_NUM_THREADS=1
ExecStart=
ExecStart=/usr/bin/python3 -m {program} --config /etc/hallcall/nodes/%i.toml --witness {screens}
ReadWritePaths={screens}
"""
CODE: Final = re.compile(r"\b([0-9]{6})\b")
UNSEEN_PROGRAMS: Final = {"hallcall-kiosk@": "kiosk", "hallcall-display@": "display"}
# A container's clock is this machine's: chrony does not start, and nobody can wait for it.
NO_CLOCK: Final = "[Service]\nExecStart=\nExecStart=/bin/true\n"
LOOK_S: Final = 0.25


def planned() -> str:
    """Return the plan of the hall: the demo's hall, on boxes of its own."""
    hall = (files("hallcall.demo") / "files" / "hall.toml").read_text(encoding="utf-8").partition("[[nodes]]")[0]
    boxes = (files(__package__) / "boxes.toml").read_text(encoding="utf-8")
    return f'dispatcher = "10.77.0.2/24"\n{hall}{boxes}'


class BoxHall:
    """All boxes of a run. `directory` holds everything that they leave; `image` is the root of our image."""

    def __init__(self, *, directory: Path, image: Path) -> None:
        self.directory = directory
        self.screens = directory / "screens"
        self._wires = Wires()
        self.machines = {
            name: Machine(
                name=name,
                directory=directory / "boxes" / name,
                image=image,
                namespace=self._wires.lay(name),
                devices=[
                    Lent(inside=f"/dev/hallcall/{line}", outside=directory / "lines" / line)
                    for line in WINDOWS.get(name, ())
                ],
                folders=[Lent(inside=SCREENS, outside=self.screens)],
            )
            for name in (*IN_PLACE, SPARE)
        }

    def found(self) -> None:
        """Plan the hall, and fill a card for each box, as a technician does on the laptop. Raises WentWrong."""
        plan = self.directory / "hall-plan.toml"
        plan.write_text(planned(), encoding="utf-8")
        self._secret.write_text("a hall of boxes\n", encoding="utf-8")
        self.laptop("init", "--file", str(plan), "--to", str(self.office.parent), "--yes", *self._by_passphrase)

    @property
    def office(self) -> Path:
        """Return the folder with the hall's authority and cards, which stays with the technician."""
        return self.directory / "office" / HALL

    @property
    def _secret(self) -> Path:
        return self.directory / "passphrase"

    @property
    def _by_passphrase(self) -> tuple[str, str]:
        return "--passphrase-file", str(self._secret)

    @property
    def technician(self) -> list[str]:
        """Return `hallcall hall`, to be run from anywhere in the hall's network; its PART goes between."""
        network = ["nsenter", f"--target={os.getpid()}", "--net", "--mount", "--"]
        return [*network, sys.executable, "-m", "hallcall", "hall"]

    @property
    def by_hall(self) -> list[str]:
        return ["--hall", str(self.office), *self._by_passphrase]

    def laptop(self, part: str, *arguments: str) -> str:
        """Run `hallcall hall PART` as on the technician's laptop. Raises WentWrong."""
        argv = [sys.executable, "-m", "hallcall", "hall", part, *arguments]
        done = subprocess.run(argv, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if done.returncode:
            raise WentWrong(f"hallcall hall {part}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def assemble(self, name: str) -> None:
        """Put a box together: its card in, no panel, and somebody who watches its windows."""
        machine = self.machines[name]
        machine.card.mkdir(parents=True)
        self.laptop("write", name, "--hall", str(self.office), "--to", str(machine.card), *self._by_passphrase)
        for unit, program in UNSEEN_PROGRAMS.items():
            machine.drop_in(unit, UNSEEN.format(program=program, screens=SCREENS))
        machine.drop_in("hallcall-clock", NO_CLOCK)
        touch = Path(oscpy.__file__).parent  # the finger's language; no real box has it
        shutil.copytree(touch, machine.changes / "opt/hallcall/lib/oscpy", ignore=shutil.ignore_patterns("*.pyc"))
        machine.assemble()

    def cut_power(self, name: str) -> None:
        self.machines[name].cut_power()
        self._wires.forget(name)

    def pull(self, name: str) -> None:
        self._wires.pull(name)

    def plug(self, name: str) -> None:
        self._wires.plug(name)

    async def until(self, what: str, seen: Callable[[], bool], *, timeout_s: float) -> None:
        """Wait until something is so. Raises WentWrong."""
        until_s = time.monotonic() + timeout_s
        while not await asyncio.to_thread(seen):
            if time.monotonic() > until_s:
                raise WentWrong(
                    f"{what}: not so after {timeout_s:.0f} s; the boxes' words are in {self.directory}/boxes"
                )
            await asyncio.sleep(LOOK_S)

    def runs(self, name: str, nodes: Sequence[str] | None = None) -> bool:
        """Tell whether a box's nodes are all up, by its systemd. Raises WentWrong where the box itself ended."""
        machine = self.machines[name]
        units = [f"*@{node}.service" for node in (NODES[name] if nodes is None else nodes)]
        if machine.last_words:
            raise WentWrong(f"{name} ended: {machine.last_words}")
        if not machine.is_on:
            return False
        told = machine.run("systemctl", "show", "--property=ActiveState", "--value", *units)
        return told.stdout.split() == ["active"] * len(units)

    def order(self, command: str, *fields: str) -> None:
        """Give a supervisor's command at the dispatcher's console. Raises WentWrong."""
        argv = ("hallcall", "order", "--config", "/etc/hallcall/nodes/desk-1.toml", command, *fields)
        done = self.machines[DISPATCHER].run(*argv)
        if done.returncode:
            raise WentWrong(f"{' '.join(argv)}: {done.stdout}{done.stderr}")

    def revoke(self, name: str) -> None:
        """Send a box away for good, by the technician's certificate. Raises WentWrong."""
        self.laptop("revoke", name, "--hall", str(self.office), "--why", "played", *self._by_passphrase)

    def reaches(self, name: str) -> bool:
        """Tell whether a box is on the hall's network."""
        return "10.77.0." in self.machines[name].run("ip", "-4", "address", "show", "eth0").stdout

    def code_of(self, name: str) -> str:
        """Return the six digits that a spare shows; empty as long as it shows none."""
        machine = self.machines[name]
        if not machine.is_on:
            return ""
        told = machine.run("journalctl", "--unit=hallcall-join", "--output=cat", "--no-pager").stdout
        found = CODE.findall(told)
        return found[-1] if found else ""

    def is_refused(self, name: str, node: str) -> bool:
        """Tell whether the broker lets a box's node in no more, by the node's own words."""
        machine = self.machines[name]
        if not machine.is_on:
            return False
        return "revoked" in machine.run("journalctl", f"--unit=*@{node}.service", "--output=cat", "--no-pager").stdout

    def move_cables(self, old: str, new: str) -> None:
        """Unplug the devices of one box and plug them into another."""
        self.machines[new].devices = self.machines[old].devices
        self.machines[old].devices = ()

    def take_apart(self) -> None:
        for machine in self.machines.values():
            machine.take_apart()
