"""A hall for machines made of QEMU: its dispatcher's box in systemd-nspawn, its cards and disks, its clock, its cables.

Runs inside a network and mount namespace of its own (`unshare --net --mount`).
"""

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from hallcall.boxes.machine import Machine
from hallcall.boxes.wires import Wires

HALL: Final = "chengdong"
LOOK_S: Final = 3.0  # who looks more often takes the time of those who work
# Whoever serves the hall's time: this machine's clock, which stays as it is.
CHRONY: Final = "local stratum 8\nallow 10.0.0.0/8\nbindcmdaddress /\ncmdport 0\npidfile {work}/chronyd.pid\n"


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

    async def until(self, what: str, is_so: Callable[[], object], *, timeout_s: float) -> None:
        """Wait until something is so; look now and then. `is_so` may be a coroutine function."""
        until_s = time.monotonic() + timeout_s
        while True:
            so = is_so()
            if asyncio.iscoroutine(so):
                so = await so
            if so:
                break
            if time.monotonic() > until_s:
                raise WentWrong(f"{what}: not so after {timeout_s:.0f} s")
            await asyncio.sleep(LOOK_S)
        self.say(what)


def demo_hall() -> str:
    """Return the demo's hall, as the top of a plan."""
    from importlib.resources import files  # noqa: PLC0415 - only here

    return (files("hallcall.demo") / "files" / "hall.toml").read_text(encoding="utf-8").partition("[[nodes]]")[0]


class Hall:
    """The hall: founded on a laptop, its dispatcher's box running, and the other boxes' disks with their cards.

    `boxes` are those that QEMU makes, each with files that its card has besides.
    """

    def __init__(
        self,
        *,
        work: Path,
        image: Path,
        root: Path,
        plan: str,
        boxes: Mapping[str, Mapping[str, str]],
        disk_gib: int = 3,
    ) -> None:
        self.work, self._image, self._plan, self.boxes, self._disk_gib = work, image, plan, boxes, disk_gib
        self._wires = Wires()
        self.office = work / "office" / HALL
        self.dispatcher = Machine(
            name="dispatcher", directory=work / "dispatcher", image=root, namespace=self._wires.lay("dispatcher")
        )
        self._time: subprocess.Popen[bytes] | None = None

    def disk(self, box: str) -> Path:
        return self.work / f"{box}.img"

    def found(self) -> None:
        """Do what the technician does: plan, cards, an image written to each disk."""
        plan = self.work / "hall-plan.toml"
        plan.write_text(self._plan, encoding="utf-8")
        (self.work / "passphrase").write_text("a hall in a drawer\n", encoding="utf-8")
        self.laptop("hall", "init", "--file", str(plan), "--to", str(self.office.parent), "--yes")
        for box, files in self.boxes.items():
            for name, text in files.items():
                (self.office / "cards" / box / "hallcall" / name).write_text(text, encoding="utf-8")
            run("cp", "--sparse=always", str(self._image), str(self.disk(box)))
            run("truncate", f"--size={self._disk_gib}G", str(self.disk(box)))
            self.laptop("hall", "write", box, "--hall", str(self.office), "--image", str(self.disk(box)))
        self.dispatcher.card.mkdir(parents=True)
        self.laptop("hall", "write", "dispatcher", "--hall", str(self.office), "--to", str(self.dispatcher.card))

    def laptop(self, *words: str, codes: Sequence[int] = (0,)) -> str:
        """Run a command of the technician's, on his laptop. Raises WentWrong where it ends with another code."""
        secret = ("--passphrase-file", str(self.work / "passphrase"))
        return run(sys.executable, "-m", "hallcall", *words, *secret, codes=codes)

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

    def tap(self, box: str) -> str:
        """Lay the cable of a box that QEMU makes; return its name."""
        name = f"to-{box}"
        for words in (("tuntap", "add", name, "mode", "tap"), ("link", "set", name, "master", "hall", "up")):
            run("ip", *words)
        return name


def run(*argv: str, codes: Sequence[int] = (0,)) -> str:
    """Return what a program said. Raises WentWrong where it ends with another code than these."""
    done = subprocess.run(argv, check=False, capture_output=True, text=True)
    if done.returncode not in codes:
        raise WentWrong(f"{' '.join(argv[:6])}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def words_on(picture: Path) -> dict[str, tuple[int, int]]:
    """Return the English words that tesseract reads on a picture, and where their middles are."""
    said = run("env", "OMP_THREAD_LIMIT=1", "nice", "tesseract", str(picture), "-", "--psm", "11", "tsv")
    found = {}
    for row in said.splitlines()[1:]:
        _, _, _, _, _, _, left, top, width, height, _, text = (row + "\t").split("\t")[:12]
        if text.strip():
            found[text.strip().lower()] = (int(left) + int(width) // 2, int(top) + int(height) // 2)
    return found


def ends_tidily() -> None:
    """Let a request to end take the machines along."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
