"""A box with two slots, as far as one machine can play another: real RAUC and GRUB, a real FAT, slots on loop devices.

GRUB is Debian's grub-emu: its own interpreter, over the box's FAT image, with our grub.cfg up to where the kernel would
be loaded. Only the kernel is missing: which program a slot starts, the test plays.
"""

import os
import re
import shutil
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from keeper.updates.slots import Rauc, UpdateRefused

REPOSITORY: Final = Path(__file__).parents[2]
SLOT_BYTES: Final = 8 << 20
PATIENCE_S: Final = 20.0
TOOLS: Final = (
    *("rauc", "grub-emu", "grub-editenv", "mksquashfs", "unsquashfs", "mkfs.vfat", "mcopy", "mdeltree"),
    *("losetup", "dbus-daemon", "openssl", "script"),
)


def missing() -> str:
    """Return why this machine cannot play a box; empty when it can."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    lacking = [tool for tool in TOOLS if shutil.which(tool, path=path) is None]
    if lacking:
        return f"not installed: {', '.join(lacking)}"
    if os.geteuid() != 0:
        return "loop devices and mounts are root's"
    return "" if Path("/dev/loop-control").exists() else "this machine has no loop devices"


def run(*command: str | Path, **environment: str) -> str:
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin", **environment},
    )
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout


class PlayedBox:
    """One machine with its disk. `start` is a power-on; between two of them it can be cut at any time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.boot, self.data = folder / "boot", folder / "data"
        self.boot.mkdir()
        self.data.mkdir()
        self.key, self.certificate = folder / "release.key", folder / "release.crt"
        run(
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
            *("-days", "30", "-subj", "/CN=release", "-keyout", self.key, "-out", self.certificate),
        )
        self._bus = subprocess.Popen(
            ["dbus-daemon", "--session", "--nofork", "--print-address=1"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._bus.stdout is not None
        self.bus = self._bus.stdout.readline().strip()
        self._service: subprocess.Popen[bytes] | None = None
        self._slots: dict[str, str] = {}
        for name in "AB":
            image = folder / f"{name}.img"
            image.touch()
            os.truncate(image, SLOT_BYTES)
            self._slots[name] = run("losetup", "--find", "--show", image).strip()
        self._format_boot()
        self._configure()

    def _format_boot(self) -> None:
        self.fat = self.folder / "fat.img"
        self.fat.touch()
        os.truncate(self.fat, 8 << 20)
        run("mkfs.vfat", "-n", "HALLCALL", self.fat)
        laid_out = self.folder / "laid-out"
        for name in ("A", "B", "grub"):
            (laid_out / name).mkdir(parents=True)
        (laid_out / "A" / "cmdline.cfg").write_text('set options="root=A"\n')
        whole = (REPOSITORY / "systemd/image/grub.cfg").read_text()
        choice, loads, _ = whole.partition("menuentry")
        assert loads
        (laid_out / "grub" / "grub.cfg").write_text(choice + 'echo "STARTS=$slot"\nexit\n')
        run("grub-editenv", laid_out / "grub/grubenv", "create")
        variables = ("ORDER=A B", "A_OK=1", "A_TRY=0", "B_OK=0", "B_TRY=0")
        run("grub-editenv", laid_out / "grub/grubenv", "set", *variables)
        run("mcopy", "-s", "-i", self.fat, *laid_out.iterdir(), "::")
        (self.folder / "device.map").write_text(f"(hd0) {self.fat}\n")

    def _configure(self) -> None:
        text = (REPOSITORY / "systemd/box/rauc/system-amd64.conf").read_text()
        self.verity = Path("/dev/mapper/control").exists()  # without a device mapper: the other format of bundles
        for ours, here in (
            ("/boot/grub", f"{self.boot}/grub"),
            ("/var/lib/hallcall/update", str(self.data)),
            ("/usr/share/hallcall/release.crt", str(self.certificate)),
            ("/dev/disk/by-partlabel/hallcall-a", self._slots["A"]),
            ("/dev/disk/by-partlabel/hallcall-b", self._slots["B"]),
            ("bundle-formats=verity", "bundle-formats=" + ("verity" if self.verity else "plain")),
        ):
            assert ours in text
            text = text.replace(ours, here)
        self.conf = self.folder / "system.conf"
        self.conf.write_text(text)
        self.rauc = Rauc(conf=str(self.conf))

    def root(self, release: str) -> Path:
        """Return the folder of a release's root, with what updates need in it."""
        root = self.folder / f"root-{release}"
        boot = root / "usr/lib/hallcall/boot"
        boot.mkdir(parents=True)
        (boot / "vmlinuz").write_bytes(os.urandom(20_000))
        (boot / "initrd.img").write_bytes(os.urandom(20_000))
        (boot / "cmdline.cfg").write_text('set options="root=PARTLABEL=hallcall-@SLOT_LOWER@"\n')
        (root / "usr/lib/hallcall/release").write_text(f"{release}\n")
        return root

    def burn(self, root: Path, slot: str) -> None:
        """Write a slot as a new card has it."""
        run("mksquashfs", root, self.folder / "burnt.squashfs", "-noappend", "-quiet", "-no-progress")
        run("dd", f"if={self.folder / 'burnt.squashfs'}", f"of={self._slots[slot]}", "bs=1M", "status=none")

    def bundle(self, release: str, root: Path, *, compatible: str = "hallcall-amd64", key: Path | None = None) -> Path:
        """Return a signed bundle, as ./run bundle makes it."""
        content = self.folder / f"content-{release}"
        shutil.rmtree(content, ignore_errors=True)
        content.mkdir()
        run("mksquashfs", root, content / "rootfs.squashfs", "-noappend", "-quiet", "-no-progress")
        shutil.copy(REPOSITORY / "systemd/image/bundle-hook", content / "hook")
        (content / "manifest.raucm").write_text(
            f"[update]\ncompatible={compatible}\nversion={release}\n\n"
            f"[bundle]\nformat={'verity' if self.verity else 'plain'}\n\n"
            "[hooks]\nfilename=hook\n\n[image.rootfs]\nfilename=rootfs.squashfs\nhooks=post-install\n"
        )
        made = self.folder / f"hallcall-{release}-amd64.raucb"
        made.unlink(missing_ok=True)
        signed_by = key or self.key
        run("rauc", "bundle", f"--cert={signed_by.with_suffix('.crt')}", f"--key={signed_by}", content, made)
        return made

    def start(self) -> str:
        """Switch the machine on: GRUB chooses, that slot's RAUC comes up. Returns the slot."""
        self.cut()
        line = f"grub-emu -m {self.folder / 'device.map'} -d /grub -r hd0"
        said = subprocess.run(
            ["script", "-qec", line, "/dev/null"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=20,
        ).stdout.decode(errors="replace")
        found = re.search(r"STARTS=([AB])", said)
        assert found is not None, said
        self._read_fat()
        self._service = subprocess.Popen(
            [
                *("rauc", f"--conf={self.conf}", f"--mount={self.folder / 'mnt'}"),
                *(f"--override-boot-slot={found[1]}", "service"),
            ],
            env={**os.environ, **self.environment},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + PATIENCE_S
        while True:
            try:
                assert self.rauc.slots().running.name == found[1]
            except UpdateRefused:
                assert time.monotonic() < until, "rauc's service does not come up"
            else:
                return found[1]

    @property
    def environment(self) -> dict[str, str]:
        return {
            "DBUS_SESSION_BUS_ADDRESS": self.bus,
            "DBUS_STARTER_BUS_TYPE": "session",
            "HALLCALL_BOOT": str(self.boot),
        }

    def cut(self) -> None:
        """Take the power away."""
        if self._service is not None:
            self._service.kill()
            self._service.wait()
            self._service = None
            self._write_fat()

    def _read_fat(self) -> None:
        """Have on /boot what the FAT holds: mtools instead of a mount, for not every kernel knows vfat."""
        shutil.rmtree(self.boot)
        self.boot.mkdir()
        run("mcopy", "-s", "-n", "-i", self.fat, "::*", self.boot)

    def _write_fat(self) -> None:
        for name in ("A", "B"):
            subprocess.run(["mdeltree", "-i", str(self.fat), f"::{name}"], check=False, capture_output=True)
            run("mcopy", "-s", "-o", "-i", self.fat, self.boot / name, "::")
        run("mcopy", "-o", "-i", self.fat, self.boot / "grub/grubenv", "::grub/grubenv")

    def unpacked(self, slot: str) -> Path:
        """Return where a slot's root can be read, unpacked from the slot just now."""
        at = self.folder / f"unpacked-{slot}"
        shutil.rmtree(at, ignore_errors=True)
        run("unsquashfs", "-quiet", "-no-progress", "-dest", at, self._slots[slot])
        return at

    def close(self) -> None:
        with suppress(AssertionError):
            self.cut()
        for device in self._slots.values():
            subprocess.run(["losetup", "-d", device], check=False, capture_output=True)
        self._bus.kill()
        self._bus.wait()
