"""A PC made of QEMU: our image its disk, a panel, a finger, a serial console, sockets for USB, a watchdog, a cable."""

import asyncio
import base64
import contextlib
import json
import re
import secrets
import shutil
from pathlib import Path
from typing import Final, Self

CODE: Final = Path("/usr/share/OVMF/OVMF_CODE.fd")
VARIABLES: Final = Path("/usr/share/OVMF/OVMF_VARS.fd")
WIDTH, HEIGHT = 1024, 768  # a panel that an emulated processor draws in time
_FULL_SCALE: Final = 0x7FFF  # of QEMU's pointing devices
# An emulated processor works out Mesa's shaders and pictures up to fifty times slower than a real one.
# Such a one may also keep PID 1 from its watchdog for longer than the 14 s that our boxes grant.
_SLOW_KIOSK: Final = "[Service]\nTimeoutStartSec=600\nWatchdogSec=120\nEnvironment=LP_NUM_THREADS=0\n"
EMULATED: Final = {  # files by which a root is as patient from its start on
    "usr/lib/systemd/system/hallcall-kiosk@.service.d/90-emulated.conf": _SLOW_KIOSK,
    "etc/systemd/system.conf.d/zz-emulated.conf": "[Manager]\nRuntimeWatchdogSec=90\n",
}
_PATIENCE: Final = f"""\
busctl set-property org.freedesktop.systemd1 /org/freedesktop/systemd1 org.freedesktop.systemd1.Manager \
    RuntimeWatchdogUSec t 90000000
d=/run/systemd/system/hallcall-kiosk@.service.d; mkdir -p $d
printf '{_SLOW_KIOSK.encode("unicode_escape").decode()}' >$d/90-emulated.conf
systemctl daemon-reload; systemctl try-restart --no-block 'hallcall-kiosk@*'; dmesg -n 1"""
_LOGIN: Final = re.compile(rb"# ?$")


class NoAnswer(Exception):
    """The machine's console did not answer in time."""


class QemuMachine:
    """The machine, switched on as long as this context lasts; it starts again by itself where a real one does."""

    def __init__(
        self, *, directory: Path, disk: Path, tap: str, clock: str, number: int = 21, watchdog: bool = True
    ) -> None:
        """`number` tells it from others on the same network; without `watchdog` nothing resets one that is starved."""
        self.directory = directory
        self._disk, self._tap, self._clock, self._number = disk, tap, clock, number
        self._on_watchdog = "reset" if watchdog else "none"
        self._said = bytearray()
        self._heard = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        here = self.directory
        shutil.copyfile(VARIABLES, here / "uefi")
        socket = ",server=on,wait=off"
        self._process = await asyncio.create_subprocess_exec(
            *(
                "qemu-system-x86_64",
                "-accel",
                "tcg",
                "-cpu",
                "Westmere,+rdrand",
                "-m",
                "1536",
                "-smp",
                "1",
                "-nodefaults",
            ),
            *("-display", "none", "-rtc", f"base={self._clock}", "-machine", "q35"),
            *("-uuid", f"68616c6c-6361-4c6c-8000-6b696f73{self._number:04}"),
            *("-drive", f"if=pflash,format=raw,readonly=on,file={CODE}"),
            *("-drive", f"if=pflash,format=raw,file={here}/uefi"),
            *("-drive", f"file={self._disk},if=virtio,format=raw"),
            *("-device", f"virtio-vga,xres={WIDTH},yres={HEIGHT}"),
            *("-netdev", f"tap,id=cable,ifname={self._tap},script=no,downscript=no"),
            *("-device", f"virtio-net-pci,netdev=cable,mac=52:54:00:77:00:{self._number:02},romfile="),
            *("-chardev", f"socket,id=console,path={here}/console.socket{socket}", "-serial", "chardev:console"),
            *("-device", "virtio-rng-pci"),
            *("-qmp", f"unix:{here}/qmp{socket}"),
            *(
                "-global",
                "ICH9-LPC.noreboot=off",
                "-action",
                f"watchdog={self._on_watchdog}",
            ),  # the board's own watchdog resets it
            *("-device", "qemu-xhci,id=usb", "-device", "usb-tablet,id=finger,bus=usb.0"),
            *("-chardev", f"socket,id=printer,path={here}/printer{socket}"),
            *("-device", "usb-redir,id=printer,chardev=printer,bus=usb.0"),
            *(each for name in ("keypad1", "stranger") for each in ("-chardev", f"null,id=line-{name}")),
            *("-device", "usb-serial,always-plugged=on,id=keypad1,bus=usb.0,chardev=line-keypad1,serial=KEYPAD1"),
            stdin=asyncio.subprocess.DEVNULL,
        )
        await self._until_there(here / "console.socket", here / "qmp", here / "printer")
        reader, self._keys = await asyncio.open_unix_connection(str(here / "console.socket"))
        self._tasks = [asyncio.create_task(self._listen(reader))]
        self._answers, self._monitor = await asyncio.open_unix_connection(str(here / "qmp"), limit=1 << 22)
        await self.ask("qmp_capabilities")
        return self

    async def __aexit__(self, *_error: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()

    async def ended(self, *, timeout_s: float) -> None:
        """Wait until it has switched itself off."""
        async with asyncio.timeout(timeout_s):
            await self._process.wait()

    async def _until_there(self, *paths: Path) -> None:
        while not all(path.exists() for path in paths):
            if self._process.returncode is not None:
                raise RuntimeError("QEMU did not start; its words are above")
            await asyncio.sleep(0.05)

    # Hands ------------------------------------------------------------------------------------------------------------

    async def ask(self, execute: str, **arguments: object) -> object:
        """Ask QEMU's monitor. Raises RuntimeError with its refusal."""
        self._monitor.write(json.dumps({"execute": execute, "arguments": arguments}).encode() + b"\n")
        while "return" not in (answer := json.loads(await self._answers.readline())):
            if "error" in answer:
                raise RuntimeError(f"QEMU will not {execute}: {answer['error']['desc']}")
        return answer["return"]

    async def picture(self, into: Path) -> Path:
        """Photograph the panel, as PNG."""
        await self.ask("screendump", filename=str(into), format="png")
        return into

    async def tap(self, x: int, y: int) -> None:
        """Touch the panel at a pixel, and lift the finger again."""
        place = [
            {"type": "abs", "data": {"axis": axis, "value": round(at / of * _FULL_SCALE)}}
            for axis, at, of in (("x", x, WIDTH), ("y", y, HEIGHT))
        ]
        await self.ask("input-send-event", events=place)
        await asyncio.sleep(0.5)
        for down in (True, False):
            await self.ask("input-send-event", events=[{"type": "btn", "data": {"button": "left", "down": down}}])
            await asyncio.sleep(0.3)

    async def plug(self, name: str) -> None:
        adapter = {"id": name, "bus": "usb.0", "chardev": f"line-{name}", "serial": name.upper()}
        await self.ask("device_add", driver="usb-serial", **adapter, **{"always-plugged": True})

    async def unplug(self, name: str) -> None:
        await self.ask("device_del", id=name)

    # Its serial console -----------------------------------------------------------------------------------------------

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        with (self.directory / "console.log").open("ab") as log:
            while chunk := await reader.read(4096):
                log.write(chunk)
                log.flush()
                self._said += chunk
                self._heard.set()

    async def said(self, pattern: "re.Pattern[bytes]", *, timeout_s: float) -> "re.Match[bytes]":
        """Wait until the console says something; what stood before it is forgotten."""
        try:
            async with asyncio.timeout(timeout_s):
                while not (found := pattern.search(bytes(self._said))):
                    self._heard.clear()
                    await self._heard.wait()
        except TimeoutError:
            raise NoAnswer(f"{pattern.pattern!r}: not heard in {timeout_s:.0f} s") from None
        del self._said[: found.end()]
        return found

    async def login(self, *, timeout_s: float) -> None:
        """Wait for the root shell of a debug image."""
        self._said.clear()
        async with asyncio.timeout(timeout_s):
            while True:
                self._keys.write(b"\n")
                with contextlib.suppress(NoAnswer):
                    await self.said(_LOGIN, timeout_s=3)
                    self._keys.write(b"stty -echo\n")
                    await self.run("true", timeout_s=20)
                    break
                self._keys.write(b"\x03")  # a line that the shell's start swallowed in part may stand open

    async def be_patient(self) -> None:
        """Let watchdog and kiosk be as slow as the emulation, until the next start."""
        await self.run(_PATIENCE, timeout_s=120)

    async def run(self, command: str, *, timeout_s: float = 60) -> str:
        """Run a shell command as root, and return what it says. Its words come in base64: others write there too."""
        mark = secrets.token_hex(4)
        wrapped = f'echo; echo {mark}""=$({{ {command}; }} 2>&1 | base64 -w0)=={mark}\n'
        self._keys.write(wrapped.encode())
        found = await self.said(re.compile(rf"{mark}=([A-Za-z0-9+/=\s]*)=={mark}".encode()), timeout_s=timeout_s)
        words = re.sub(rb"\s", b"", found[1]).rstrip(b"=")
        return base64.b64decode(words + b"=" * (-len(words) % 4)).decode(errors="replace").strip()

    async def type(self, line: str) -> None:
        """Type a line whose answer nobody waits for."""
        self._keys.write(line.encode() + b"\n")
