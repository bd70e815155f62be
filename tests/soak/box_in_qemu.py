"""A box in QEMU that starts one of our images: its serial console's shell, its USB sockets."""

import json
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO, Final

FIRMWARE: Final = Path("/usr/share/OVMF")
HANDSHAKE_S: Final = 8.0
START_S: Final = 1200.0  # from power to a shell; without hardware help a minute or two, on a busy machine many


class BoxFailed(AssertionError):
    """The box did not do what it was to do; the text says what."""


class Qmp:
    """QEMU's own monitor: the hand that moves sticks."""

    def __init__(self, path: Path) -> None:
        self._line = socket.socket(socket.AF_UNIX)
        self._line.connect(str(path))
        self._said = self._line.makefile("r")
        self._said.readline()
        self.ask("qmp_capabilities")

    def ask(self, execute: str, **arguments: object) -> None:
        self._line.sendall(json.dumps({"execute": execute, "arguments": arguments}).encode() + b"\n")
        while "return" not in (answer := json.loads(self._said.readline())):
            if "error" in answer:
                raise BoxFailed(f"QEMU will not {execute}: {answer['error']['desc']}")


def pc(disk: Path, work: Path) -> list[str]:
    """Return a PC with UEFI; its firmware's variables are kept in `work`."""
    variables = work / "firmware-variables.fd"
    shutil.copyfile(FIRMWARE / "OVMF_VARS_4M.fd", variables)
    return [
        *("qemu-system-x86_64", "-machine", "q35", "-cpu", "Westmere", "-device", "VGA"),
        *("-drive", f"if=pflash,format=raw,readonly=on,file={FIRMWARE}/OVMF_CODE_4M.fd"),
        *("-drive", f"if=pflash,format=raw,file={variables}"),
        *("-drive", f"file={disk},if=virtio,format=raw"),
    ]


def board(disk: Path, slot: Path) -> list[str]:
    """Return QEMU's own arm64 board with a Pi 4's processor. It is given a slot's kernel, as by a Pi's firmware."""
    return [
        *("qemu-system-aarch64", "-machine", "virt", "-cpu", "cortex-a72"),
        *("-kernel", f"{slot}/vmlinuz", "-initrd", f"{slot}/initrd.img"),
        *("-append", (slot / "cmdline.txt").read_text(encoding="utf-8").strip()),
        *("-drive", f"file={disk},if=virtio,format=raw"),
    ]


class Box:
    """The machine. `sticks` are the files of sticks that may be plugged in, by name."""

    def __init__(self, machine: list[str], work: Path, sticks: dict[str, Path]) -> None:
        self._work, self._began_s = work, time.monotonic()
        self._heard, self._more = "", threading.Condition()
        self._asked = 0
        self._process = subprocess.Popen(
            [
                *machine,
                *("-accel", "tcg", "-m", "1024", "-smp", "1", "-uuid", "48414c4c-0000-4000-8000-0000000000b0"),
                *("-display", "none", "-nodefaults", "-serial", "stdio"),
                *("-netdev", "user,id=net,restrict=on", "-device", "virtio-net-pci,netdev=net"),
                *("-device", "qemu-xhci,id=usb", "-qmp", f"unix:{work}/qmp,server=on,wait=off"),
                *(each for name, file in sticks.items() for each in ("-blockdev", _stick(name, file))),
            ],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        threading.Thread(target=self._listen, daemon=True).start()
        self._qmp: Qmp | None = None

    def _listen(self) -> None:
        """Keep all that the console says, in memory and in the file `console`."""
        assert self._process.stdout is not None
        with (self._work / "console").open("wb") as log:
            while read := self._process.stdout.read1(65536):  # type: ignore[attr-defined] # a BufferedReader
                log.write(read)
                log.flush()
                with self._more:
                    self._heard += read.decode(errors="replace")
                    self._more.notify_all()

    def tell(self, text: str) -> None:
        """Tell whoever watches, with the time since the box was switched on."""
        sys.stdout.write(f"{time.monotonic() - self._began_s:7.1f} s  {text}\n")
        sys.stdout.flush()

    # Its console ------------------------------------------------------------------------------------------------------

    def _expect(self, pattern: str, seconds: float) -> "re.Match[str] | None":
        until_s = time.monotonic() + seconds
        with self._more:
            while not (found := re.search(pattern, self._heard, re.DOTALL)):
                left_s = until_s - time.monotonic()
                if left_s <= 0 or not self._more.wait(left_s):
                    return None
            return found

    def _type(self, text: str) -> None:
        stdin: IO[bytes] | None = self._process.stdin
        assert stdin is not None
        stdin.write(text.encode())
        stdin.flush()

    def awake(self, patience_s: float = START_S) -> None:
        """Wait for the shell of a box that starts."""
        until_s = time.monotonic() + patience_s
        while time.monotonic() < until_s:
            if self._process.poll() is not None:
                raise BoxFailed(f"QEMU ended: exit code {self._process.returncode}")
            try:
                self.run("dmesg -n 1; kill -RTMIN+21 1; PATH=$PATH:/opt/hallcall/bin", seconds=HANDSHAKE_S)
            except BoxFailed:
                continue
            return
        raise BoxFailed(f"no shell after {patience_s:.0f} s; see {self._work}/console")

    def run(self, command: str, *, seconds: float = 120.0, check: bool = True) -> str:
        """Run a command as root at its console; return what it printed."""
        self._asked += 1
        mark = f"{self._asked}"
        with self._more:
            self._heard = ""
        self._type(f'echo "@@"B{mark}; {{ {command}; }} 2>&1; echo "@@"E{mark} $?\n')
        found = self._expect(rf"@@B{mark}\r*\n(.*?)@@E{mark} (\d+)", seconds)
        if found is None:
            raise BoxFailed(f"`{command}`: no answer within {seconds:.0f} s")
        said = found[1].replace("\r", "").strip()
        if check and found[2] != "0":
            raise BoxFailed(f"`{command}`: exit code {found[2]}: {said}")
        return said

    def until(self, what: str, command: str, pattern: str, *, seconds: float, every_s: float = 3.0) -> str:
        """Look until a command prints what matches; return the match."""
        began_s = time.monotonic()
        said = ""
        while time.monotonic() - began_s < seconds:
            said = self.run(command, check=False)
            if found := re.search(pattern, said, re.DOTALL):
                return found[0]
            time.sleep(every_s)
        raise BoxFailed(f"{what}: not so after {seconds:.0f} s; last: {said}")

    # Its cables -------------------------------------------------------------------------------------------------------

    def plug(self, stick: str) -> None:
        self._hand.ask("device_add", driver="usb-storage", id=f"plugged-{stick}", bus="usb.0", drive=stick)

    def pull(self, stick: str) -> None:
        self._hand.ask("device_del", id=f"plugged-{stick}")

    def picture(self, to: Path) -> None:
        """Keep what its screen shows."""
        self._hand.ask("screendump", filename=str(to), format="png")

    @property
    def _hand(self) -> Qmp:
        if self._qmp is None:
            self._qmp = Qmp(self._work / "qmp")
        return self._qmp

    def switch_off(self) -> None:
        """Shut down by systemd, and wait for the end."""
        self._type("systemctl poweroff\n")
        self._process.wait(120)

    def end(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()


def _stick(name: str, file: Path) -> str:
    return f"driver=raw,node-name={name},read-only=on,file.driver=file,file.filename={file}"
