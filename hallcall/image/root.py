"""A box's root: Debian's, our programs, and what makes it one that is only read. Everything that changes is on /var."""

import os
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from . import python_tree
from .debian import Base
from .progress import Progress
from .recipe import Arch, Role

# Debian's units that a box starts; its other ones stay unused. Ours are linked by systemd/install.
_ENABLED: Final = {
    "multi-user.target.wants": ("chrony.service", "systemd-networkd.service"),
    "sockets.target.wants": ("systemd-networkd.socket",),
    "timers.target.wants": ("fstrim.timer",),
    "local-fs.target.wants": ("tmp.mount",),
}
_MASKED: Final = (
    "systemd-firstboot.service",  # asks questions on a console that nobody sees
    "systemd-repart.service",
    "systemd-machine-id-commit.service",
    "ctrl-alt-del.target",
    "getty@.service",
    "console-getty.service",
    "container-getty@.service",
    "debug-shell.service",
)
_SERIAL: Final = {
    Arch.AMD64: "console=tty1 console=ttyS0,115200",
    # of a Pi, and of an emulated board
    Arch.ARM64: "console=tty1 console=ttyAMA0,115200 console=ttyS1,115200 8250.nr_uarts=2",
}
_NOT_KEPT_IN_VAR: Final = (
    "apt",
    "dpkg",
    "initramfs-tools",
    "ucf",
    "pam",
    "python",
    "misc",
    "grub",
    "deb-systemd-helper-enabled",
)


@dataclass(frozen=True, kw_only=True)
class Release:
    """What the image says of itself."""

    version: str
    epoch: int
    arch: Arch
    role: Role
    debug: bool
    certificate: Path | None


def assemble(root: Path, base: Base, tree: Path, *, repository: Path, release: Release, progress: Progress) -> None:
    """Make the root anew from the cache's parts and the repository's own."""
    new = root.with_name(f"{root.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    progress.run(["cp", "-a", "--reflink=auto", str(base.root), str(new)])
    lib = new / "opt/hallcall/lib"
    lib.parent.mkdir(parents=True)
    progress.run(["cp", "-a", "--reflink=auto", str(tree), str(lib)])
    python_tree.wheel(repository, lib, release.epoch, progress)
    python_tree.compile_all(new, ["usr/lib/python3.11", "usr/lib/python3", "opt/hallcall/lib"], progress)
    progress.run(["cp", "-a", "--no-preserve=ownership", f"{repository}/systemd/image/root/.", str(new)])
    progress.run([str(repository / "systemd/install"), "--box", str(new)])
    progress.run(["systemd-sysusers", f"--root={new}"], SOURCE_DATE_EPOCH=str(release.epoch))
    _units(new, release)
    _release(new, base, repository, release)
    _read_only(new)
    _owned_by_root(new / "opt", new / "usr/lib/hallcall", new / "usr/share/hallcall")
    old = root.with_name(f"{root.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if root.exists():
        root.rename(old)
    new.rename(root)
    shutil.rmtree(old, ignore_errors=True)


def _units(root: Path, release: Release) -> None:
    units = root / "etc/systemd/system"
    library = "/usr/lib/systemd/system"
    shutil.copyfile(root / "usr/share/systemd/tmp.mount", root / library[1:] / "tmp.mount")
    for wanted_by, names in _ENABLED.items():
        for name in names:
            _link(units / wanted_by / name, f"{library}/{name}")
    for name in _MASKED:
        _link(units / name, "/dev/null")
    if release.debug:
        # systemd itself starts one on each serial console of the kernel's command line
        own = units / "serial-getty@.service.d/10-debug.conf"
        own.parent.mkdir(parents=True)
        own.write_text("[Service]\nExecStart=\nExecStart=-/sbin/agetty --autologin root --noclear %I 115200 linux\n")


def _release(root: Path, base: Base, repository: Path, release: Release) -> None:
    ours = root / "usr/lib/hallcall"
    ours.mkdir(parents=True, exist_ok=True)
    (ours / "release").write_text(f"{release.version}\n")
    shutil.copytree(base.boot, ours / "boot", ignore=shutil.ignore_patterns("firmware"))
    (ours / "boot" / command_line_file(release.arch)).write_text(command_line(release.arch, debug=release.debug))
    with (root / "usr/lib/os-release").open("a") as told:
        told.write(f'IMAGE_ID="hallcall"\nIMAGE_VERSION="{release.version}"\nVARIANT_ID="{release.role}"\n')
    for other in (root / "etc/rauc").glob("system-*.conf"):
        if other.name == f"system-{release.arch}.conf":
            shutil.copyfile(other, root / "etc/rauc/system.conf")
        other.unlink()
    if release.certificate:
        (root / "usr/share/hallcall").mkdir(exist_ok=True)
        shutil.copyfile(release.certificate, root / "usr/share/hallcall/release.crt")
    documents = root / "usr/share/doc/hallcall"
    documents.mkdir(parents=True)
    for page in [*sorted((repository / "docs").glob("*.md")), repository / "LICENSE"]:
        shutil.copyfile(page, documents / page.name)


def command_line_file(arch: Arch) -> str:
    """Return the name of the file that tells a slot's kernel where its root is."""
    return "cmdline.cfg" if arch is Arch.AMD64 else "cmdline.txt"


def command_line(arch: Arch, *, debug: bool) -> str:
    """Return that file's text; @SLOT@ and @SLOT_LOWER@ are filled in where it is written beside a kernel."""
    partition = "PARTLABEL=hallcall-@SLOT_LOWER@" if arch is Arch.AMD64 else "PARTUUID=48414c4c-@SLOT_PARTITION@"
    # a box that hangs or panics starts again: nobody stands beside it
    told = f"root={partition} rootfstype=squashfs ro panic=10 oops=panic softlockup_panic=1 systemd.firstboot=off"
    # a touch screen that sleeps may not wake for a finger
    told += " usbcore.autosuspend=-1"
    console = _SERIAL[arch] if debug else "console=tty1 quiet loglevel=3 vt.global_cursor_default=0"
    if arch is Arch.AMD64:
        return f'set options="{told} {console} consoleblank=0"\n'
    return f"{told} rauc.slot=@SLOT@ {console} consoleblank=0\n"


def _read_only(root: Path) -> None:
    (root / "etc/hostname").write_text("hallcall\n")
    (root / "etc/machine-id").write_text("")
    # a time below which the clock never starts: systemd reads this file's date, which is the release's
    (root / "usr/lib/clock-epoch").write_text("")
    _link(root / "etc/resolv.conf", "/run/hallcall-resolv.conf")
    _link(root / "etc/hallcall", "/var/lib/hallcall/etc")
    for settings in (root / "usr/lib/tmpfiles.d").glob("*.conf"):
        text = settings.read_text(encoding="utf-8")
        if "/etc/hallcall" in text:
            settings.write_text(text.replace("/etc/hallcall", "/var/lib/hallcall/etc"), encoding="utf-8")
    (root / "usr/lib/tmpfiles.d/00-hallcall-var.conf").write_text(_var(root))
    for entry in (root / "var").iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
    for path in root.rglob("*"):
        mode = path.lstat().st_mode
        if stat.S_ISREG(mode) and mode & (stat.S_ISUID | stat.S_ISGID):
            path.chmod(stat.S_IMODE(mode) & ~(stat.S_ISUID | stat.S_ISGID))


def _var(root: Path) -> str:
    """Return the folders that Debian's packages made under /var, as lines that make them on an empty data partition."""
    users = _names(root / "etc/passwd")
    groups = _names(root / "etc/group")
    lines = ["# What packages expect under /var, made on an empty data partition."]
    for folder, names, _files in os.walk(root / "var"):
        place = Path(folder)
        names[:] = sorted(name for name in names if not (place.name == "lib" and name in _NOT_KEPT_IN_VAR))
        if place == root / "var/cache":
            names[:] = []
        for name in names:
            path = place / name
            where = f"/{path.relative_to(root)}"
            if path.is_symlink():
                lines.append(f"L+ {where} - - - - {path.readlink()}")
            else:
                is_ = path.stat()
                mode = f"{stat.S_IMODE(is_.st_mode):04o}"
                lines.append(f"d {where} {mode} {users[is_.st_uid]} {groups[is_.st_gid]} -")
    return "\n".join(lines) + "\n"


def _names(file: Path) -> dict[int, str]:
    rows = (line.split(":") for line in file.read_text().splitlines())
    return {int(row[2]): row[0] for row in rows}


def _link(path: Path, to: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.symlink_to(to)


def _owned_by_root(*folders: Path) -> None:
    for folder in folders:
        for path in [folder, *folder.rglob("*")] if folder.exists() else []:
            os.lchown(path, 0, 0)
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
