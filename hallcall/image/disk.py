"""The disk: squashfs, FAT and ext4 made as files and laid side by side. No loop device, nothing mounted."""

import os
import shutil
from pathlib import Path
from typing import Final

from . import layout
from .debian import Base
from .layout import MIB, Partition
from .progress import Progress
from .recipe import Arch
from .root import command_line_file

_GRUB_MODULES: Final = [
    "part_gpt",
    "part_msdos",
    "fat",
    "normal",
    "configfile",
    "loadenv",
    "linux",
    "echo",
    "test",
    "reboot",
    "sleep",
    "all_video",
    "gfxterm",
]
_PI: Final = """\
# Read by the Raspberry Pi's firmware. os_prefix is the slot that starts; RAUC writes it (/etc/rauc/tryboot-slots).
os_prefix=A/
arm_64bit=1
kernel=vmlinuz
initramfs initrd.img followkernel
# Debian's kernel knows the Pi's parts by the names of the kernel's own device trees.
upstream_kernel=1
disable_overscan=1
# Screens that are switched on later than the box
hdmi_force_hotplug=1
disable_splash=1
"""


def squash(root: Path, into: Path, epoch: int, progress: Progress) -> None:
    """Pack the root, all files dated as the release."""
    into.unlink(missing_ok=True)
    progress.run(
        [
            *("mksquashfs", str(root), str(into), "-noappend", "-no-progress", "-comp", "zstd"),
            *("-Xcompression-level", "9", "-b", "256K", "-all-time", str(epoch), "-mkfs-time", str(epoch)),
            *("-no-exports", "-e", "proc/*", "sys/*", "dev/*", "run/*", "tmp/*"),
            "-wildcards",
        ]
    )


def boot_files(
    folder: Path, base: Base, root: Path, grub: Path, arch: Arch, *, debug: bool, progress: Progress
) -> None:
    """Lay out the boot partition: slot A's kernel, what starts it, and a place for the box's own files."""
    shutil.rmtree(folder, ignore_errors=True)
    slot = folder / "A"
    shutil.copytree(root / "usr/lib/hallcall/boot", slot)
    line = slot / command_line_file(arch)
    line.write_text(layout.filled_in(line.read_text(), "A"))
    shutil.copyfile(root / "usr/lib/hallcall/release", slot / "release")
    (folder / "B").mkdir()
    (folder / "hallcall").mkdir()
    if arch is Arch.ARM64:
        shutil.copytree(base.boot / "firmware", folder, dirs_exist_ok=True)
        uart = "enable_uart=1\nuart_2ndstage=1\n" if debug else ""
        (folder / "config.txt").write_text(_PI + uart)
        return
    (folder / "EFI/BOOT").mkdir(parents=True)
    efi = folder / "EFI/BOOT/BOOTX64.EFI"
    # a prefix without a disk: the one that the firmware started counts, whatever sticks hang on the box
    progress.run(["grub-mkimage", "-O", "x86_64-efi", "-o", str(efi), "-p", "/grub", *_GRUB_MODULES])
    (folder / "grub").mkdir()
    shutil.copyfile(grub, folder / "grub/grub.cfg")
    variables = folder / "grub/grubenv"
    progress.run(["grub-editenv", str(variables), "create"])
    slots = ("ORDER=A B", "A_OK=1", "A_TRY=0", "B_OK=0", "B_TRY=0")
    progress.run(["grub-editenv", str(variables), "set", *slots])


def fat(folder: Path, into: Path, epoch: int, progress: Progress) -> None:
    """Make the boot partition of a folder."""
    _empty(into, layout.BOOT_MIB)
    progress.run(["mkfs.vfat", "-F", "32", "-n", layout.BOOT_LABEL, "--invariant", str(into)])
    dated = {"TZ": "UTC", "SOURCE_DATE_EPOCH": str(epoch)}
    # file by file: mcopy takes a folder's files in whatever order the disk here keeps them
    for path in sorted(folder.rglob("*")):
        os.utime(path, (epoch, epoch))
        place = f"::{path.relative_to(folder)}"
        if path.is_dir():
            progress.run(["mmd", "-i", str(into), place], **dated)
        else:
            progress.run(["mcopy", "-m", "-Q", "-i", str(into), str(path), place], **dated)


def data(into: Path, epoch: int, progress: Progress) -> None:
    """Make the empty data partition; what belongs on it makes itself at the first start."""
    _empty(into, layout.DATA_MIB)
    progress.run(
        [
            *("mke2fs", "-q", "-F", "-t", "ext4", "-L", layout.DATA_LABEL, "-U", layout.DATA_UUID, "-b", "4096"),
            *("-J", "size=16", "-m", "1", "-E"),
            # room for the table of a disk of 2 TiB; nothing left to be made later
            f"hash_seed={layout.DATA_UUID},resize=536870912,lazy_itable_init=0,lazy_journal_init=0",
            str(into),
        ],
        E2FSPROGS_FAKE_TIME=str(epoch),
    )


def lay_out(into: Path, parts: dict[Partition, Path], arch: Arch, progress: Progress) -> None:
    """Write table and partitions into one file; what is empty takes no room in it."""
    new = into.with_name(f"{into.name}.new")
    new.unlink(missing_ok=True)
    _empty(new, layout.DISK_MIB)
    progress.run(["sfdisk", "--quiet", str(new)], stdin=layout.table(arch))
    for partition, file in parts.items():
        progress.run(
            [
                *("dd", "status=none", "conv=notrunc,sparse", "bs=1M", f"seek={partition.start_mib}"),
                *(f"if={file}", f"of={new}"),
            ]
        )
    new.rename(into)


def _empty(file: Path, size_mib: int) -> None:
    file.unlink(missing_ok=True)
    with file.open("wb") as opened:
        opened.truncate(size_mib * MIB)
