"""RAUC, as a box asks it: which slot runs, what a bundle is, put it into the other slot."""

import os
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

PATIENCE_S: Final = 900  # a Pi writes a slot in some minutes
TRYBOOT: Final = Path("/boot/tryboot.txt")  # on a Pi, when the next start is to be of the other slot


class UpdateRefused(RuntimeError):
    """An update was not carried out; the text says why and what to check."""


class Bundle(Struct, frozen=True, kw_only=True):
    """What a bundle says of itself; its signature is good."""

    compatible: str
    version: str


@dataclass(frozen=True, kw_only=True)
class Slot:
    name: str  # A or B
    runs: bool
    good: bool
    version: str  # that an update put there; empty where the card was written whole


@dataclass(frozen=True, kw_only=True)
class Slots:
    compatible: str  # hallcall-arm64
    first: str  # the slot that starts next
    slots: Sequence[Slot]

    @property
    def running(self) -> Slot:
        return self._one(runs=True)

    @property
    def other(self) -> Slot:
        return self._one(runs=False)

    def _one(self, *, runs: bool) -> Slot:
        found = [slot for slot in self.slots if slot.runs is runs]
        if not found:
            raise UpdateRefused(
                "this machine was not started from a slot, so it takes no updates: it was not made from our image, or "
                "rauc.slot= is missing on its kernel's command line (cat /proc/cmdline)"
            )
        return found[0]


def read_slots(text: str) -> Slots:
    """Read `rauc status --detailed --output-format=json`. Raises UpdateRefused."""
    try:
        said = msgspec.json.decode(text.strip().splitlines()[-1], type=_Status)
    except (IndexError, msgspec.DecodeError) as error:
        raise UpdateRefused(f"rauc's answer was not understood: {error}; see rauc status") from error
    named = [(name, each) for one in said.slots for name, each in one.items()]
    first = next((each.bootname for name, each in named if name == said.boot_primary), "")
    return Slots(
        compatible=said.compatible,
        first=first or "",
        slots=[
            Slot(
                name=each.bootname or name,
                runs=each.state == "booted",
                good=each.boot_status == "good",
                version=each.slot_status.bundle.version or "",
            )
            for name, each in named
        ],
    )


class _Of(Struct):
    version: str | None = None


class _SlotStatus(Struct):
    bundle: _Of = msgspec.field(default_factory=_Of)


class _Slot(Struct):
    bootname: str | None = None
    state: str = ""
    boot_status: str | None = None
    slot_status: _SlotStatus = msgspec.field(default_factory=_SlotStatus)


class _Status(Struct):
    compatible: str
    boot_primary: str | None = None
    slots: list[dict[str, _Slot]] = []


class Rauc:
    """RAUC's command; it speaks to rauc.service. `conf` is another system.conf, in tests."""

    def __init__(self, *, conf: str = "", tryboot: Path = TRYBOOT) -> None:
        self._conf = ["--conf", conf] if conf else []
        self._tryboot = tryboot

    def slots(self) -> Slots:
        return read_slots(self._run("status", "--detailed", "--output-format=json"))

    def bundle(self, path: Path) -> Bundle:
        """Return what a bundle is, if its signature is good. Raises UpdateRefused."""
        said = self._run("info", "--output-format=json", str(path))
        try:
            return msgspec.json.decode(said.strip().splitlines()[-1], type=Bundle)
        except (IndexError, msgspec.DecodeError) as error:
            raise UpdateRefused(f"{path}: rauc's words about it were not understood: {error}") from error

    def install(self, path: Path, progress: Callable[[str], None]) -> None:
        """Put a bundle into the slot that does not run; that slot starts next. Raises UpdateRefused."""
        command = ["rauc", *self._conf, "install", str(path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as running:
            said: list[str] = []
            for line in running.stdout or ():
                said.append(line.strip())
                progress(line.strip())
        if running.returncode:
            raise UpdateRefused(f"{path} was not installed; the release that runs goes on. {_last_words(said)}")

    def mark(self, what: str, slot: str) -> None:
        """Mark a slot, booted or other, as good, bad or active."""
        self._run("status", f"mark-{what}", slot)

    def restart(self) -> None:
        """Start the machine anew, into the slot that is to start next."""
        argument = ["--reboot-argument=0 tryboot"] if self._tryboot.exists() else []
        subprocess.run(["systemctl", "reboot", *argument], check=True)

    def _run(self, *arguments: str) -> str:
        command = ["rauc", *self._conf, *arguments]
        try:
            ran = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
        except FileNotFoundError as error:
            raise UpdateRefused(
                "rauc is not here: only boxes that were made from our images take updates; others are installed anew"
            ) from error
        except subprocess.TimeoutExpired as error:
            raise UpdateRefused(f"{' '.join(command)}: no answer; is rauc.service well?") from error
        if ran.returncode:
            raise UpdateRefused(
                f"{' '.join(command)}: {_last_words(ran.stderr.splitlines() or ran.stdout.splitlines())}"
            )
        return ran.stdout


def boot_id() -> str:
    """Return the id of this start of the machine."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def release(root: Path = Path("/")) -> str:
    """Return the running image's release; empty where the machine was not made from one."""
    try:
        return (root / "usr/lib/hallcall/release").read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def architecture() -> str:
    """Return the processor as Debian calls it."""
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine, os.uname().machine)


def _last_words(lines: Sequence[str]) -> str:
    words = [line.strip() for line in lines if line.strip()]
    return words[-1] if words else "it said nothing; see journalctl -u rauc"
