"""One box: our image booted by systemd-nspawn, read-only, with its own /var, card, cable and devices."""

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

CARD: Final = "/boot"  # where the image mounts the card's first part
DIALOUT: Final = 20  # group of serial lines; Debian's base-passwd
GRACE_S: Final = 20.0


@dataclass(frozen=True, kw_only=True)
class Lent:
    """Something of this machine that a box sees as its own, a device or a folder: its name in the box, and here."""

    inside: str
    outside: Path


@dataclass(kw_only=True)
class Machine:
    """A box's hardware. `directory` holds its data, its card and its console's words."""

    name: str
    directory: Path
    image: Path  # a directory with the image's root
    namespace: Path
    devices: Sequence[Lent] = ()
    folders: Sequence[Lent] = ()
    _process: "subprocess.Popen[bytes] | None" = field(default=None, init=False)
    _console: IO[bytes] | None = field(default=None, init=False)

    @property
    def card(self) -> Path:
        return self.directory / "card"

    @property
    def data(self) -> Path:
        return self.directory / "var"

    @property
    def changes(self) -> Path:
        """Return the directory of files that this machine's image has beyond the shipped one."""
        return self.directory / "changes"

    @property
    def is_on(self) -> bool:
        """Tell whether its PID 1 lives."""
        return bool(self._leader())

    def drop_in(self, unit: str, text: str) -> None:
        """Change a unit of this machine's image; before it is assembled."""
        folder = self.changes / "usr/lib/systemd/system" / f"{unit}.service.d"
        folder.mkdir(parents=True)
        (folder / "90-played.conf").write_text(text, encoding="utf-8")

    @property
    def last_words(self) -> str:
        """Return why the box ended by itself; empty while it has not."""
        if self._process is None or self._process.poll() is None:
            return ""
        told = (self.directory / "console.log").read_text(encoding="utf-8", errors="replace").strip()
        return told.rpartition("\n")[2] or "it ended without a word"

    def assemble(self) -> None:
        """Put the box together: a blank data part, an empty card."""
        for each in (self.card, self.changes, self.directory / "work", self.directory / "root"):
            each.mkdir(parents=True, exist_ok=True)
        if not self.data.exists():
            shutil.copytree(self.image / "var", self.data, symlinks=True)
        for inside in (CARD, *(each.inside for each in self.folders)):  # a read-only root grows no places to mount on
            (self.changes / inside.lstrip("/")).mkdir(parents=True, exist_ok=True)
        layers = f"lowerdir={self.image},upperdir={self.changes},workdir={self.directory / 'work'}"
        mount = ["mount", "-t", "overlay", "overlay", "-o", layers, str(self._root)]
        subprocess.run(mount, check=True, capture_output=True, text=True)

    def switch_on(self) -> None:
        self._console = (self.directory / "console.log").open("ab")
        for each in self.devices:  # as udev leaves a serial adapter
            os.chown(each.outside, -1, DIALOUT)
            each.outside.chmod(0o660)
        self._process = subprocess.Popen(
            self.nspawn("--boot"), stdin=subprocess.DEVNULL, stdout=self._console, stderr=self._console
        )

    def nspawn(self, *words: str) -> list[str]:
        """Return the command that runs something in this box, or boots it."""
        binds = [f"--bind={self.data}:/var", f"--bind={self.card}:{CARD}"]
        binds += [f"--bind={each.outside.resolve()}:{each.inside}" for each in (*self.devices, *self.folders)]
        return [
            *("systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--read-only", "--console=pipe"),
            f"--directory={self._root}",
            f"--machine={self.name}",
            f"--network-namespace-path={self.namespace}",
            "--capability=CAP_NET_ADMIN",  # its network is its own
            *binds,
            *words,
        ]

    def cut_power(self) -> None:
        """End everything in the box at once, as when the plug is pulled."""
        leader = self._leader()
        if leader:
            os.kill(leader, signal.SIGKILL)
        self._gone()

    def switch_off(self) -> None:
        """Shut down as by the power key."""
        leader = self._leader()
        if leader:
            os.kill(leader, signal.SIGRTMIN + 4)  # systemd(1): start poweroff.target
        self._gone()

    def run(self, *argv: str, timeout_s: float = 60) -> "subprocess.CompletedProcess[str]":
        """Run a command in the box, as root at its console would."""
        return subprocess.run([*self.enter(), *argv], check=False, capture_output=True, text=True, timeout=timeout_s)

    def enter(self) -> list[str]:
        """Return what stands before a command that is run in the box."""
        leader = self._leader()
        if not leader:
            raise RuntimeError(f"{self.name} is off")
        path = "PATH=/opt/hallcall/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        inside = ["/usr/bin/env", "-i", "-C", "/", path, "LANG=C.UTF-8", "TERM=linux"]
        return ["nsenter", f"--target={leader}", "--all", "--wd=/", "--", *inside]

    def take_apart(self) -> None:
        """End the box for good."""
        if self.is_on:
            self.cut_power()
        with contextlib.suppress(subprocess.CalledProcessError):
            subprocess.run(["umount", "--lazy", self._root], check=True, capture_output=True)

    @property
    def _root(self) -> Path:
        return self.directory / "root"

    def _leader(self) -> int:
        """Return the process that is PID 1 in the box, or 0."""
        if self._process is None or self._process.poll() is not None:
            return 0
        pid = self._process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
        return int(children[0]) if children else 0

    def _gone(self) -> None:
        if self._process is None:
            return
        try:
            self._process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None
        if self._console is not None:
            self._console.close()
