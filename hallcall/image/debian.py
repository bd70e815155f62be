"""Debian's part of a box: an installed root, swept, and its kernel; cached by the hash of what made it."""

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from . import recipe
from .progress import BuildFailed, Progress
from .recipe import Arch, Role

_KEYRING: Final = "/usr/share/keyrings/debian-archive-keyring.gpg"
_MACHINE_ID: Final = Path(__file__).parents[2] / "systemd/image/initramfs/machine-id"
_QEMU: Final = Path("/proc/sys/fs/binfmt_misc/qemu-aarch64")


@dataclass(frozen=True, kw_only=True)
class Base:
    """A root as Debian's packages make it, what the kernel needs beside it, and who is in it."""

    place: Path

    @property
    def root(self) -> Path:
        """The root itself: copied, never changed."""
        return self.place / "root"

    @property
    def boot(self) -> Path:
        """Kernel, initramfs and, for a Pi, firmware and device trees."""
        return self.place / "boot"

    @property
    def packages(self) -> Path:
        """Debian's own list of what is installed (dpkg's status file)."""
        return self.place / "packages"


def key(arch: Arch, role: Role, sources: list[str]) -> str:
    """Return the hash under which the cache keeps a root."""
    parts = [
        *recipe.packages(arch, role),
        *sources,
        *recipe.dpkg_options(),
        *recipe.initramfs_modules(arch),
        *recipe.SWEPT,
        str(recipe.DEBIAN_EPOCH),
        Path(__file__).read_text(encoding="utf-8"),
        _MACHINE_ID.read_text(encoding="utf-8"),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def cached(cache: Path, arch: Arch, role: Role, sources: list[str]) -> Base:
    """Return where the root of these inputs lies, or will."""
    return Base(place=cache / f"debian-{arch}-{role}-{key(arch, role, sources)}")


def install(base: Base, arch: Arch, role: Role, sources: list[str], *, cache: Path, progress: Progress) -> None:
    """Fetch and install the packages, then sweep. Fetched packages are kept for the next recipe."""
    if arch is Arch.ARM64 and not _QEMU.exists():
        raise BuildFailed(
            "this machine runs no arm64 programs, and Debian's own set-up scripts need it: "
            "apt install qemu-user-static, then update-binfmts --enable qemu-aarch64"
        )
    archives = "/var/cache/apt/archives"
    fetched = (cache / "packages" / arch).absolute()
    fetched.mkdir(parents=True, exist_ok=True)
    new = base.place.with_suffix(".new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    root = (new / "root").absolute()
    settings = new / "initramfs"
    settings.write_text("MODULES=list\nCOMPRESS=zstd\nRESUME=none\nBUSYBOX=n\n")
    modules = new / "modules"
    modules.write_text("\n".join(recipe.initramfs_modules(arch)) + "\n")
    progress.run(
        [
            *("mmdebstrap", "--mode=root", "--variant=essential", "--format=directory", f"--architectures={arch}"),
            *(f"--keyring={_KEYRING}", f"--include={','.join(recipe.packages(arch, role))}"),
            *(f"--dpkgopt={option}" for option in recipe.dpkg_options()),
            '--aptopt=Acquire::Retries "3"',
            "--skip=download/empty,essential/unlink,cleanup/apt/cache",
            f'--setup-hook=mkdir -p "$1"{archives}; cp -u {fetched}/*.deb "$1"{archives}/ || :',
            '--essential-hook=mkdir -p "$1"/etc/initramfs-tools/conf.d "$1"/usr/share/initramfs-tools/modules.d',
            '--essential-hook=mkdir -p "$1"/etc/initramfs-tools/scripts/init-bottom',
            f'--essential-hook=cp {_MACHINE_ID} "$1"/etc/initramfs-tools/scripts/init-bottom/hallcall-machine-id',
            f'--essential-hook=cp {settings.absolute()} "$1"/etc/initramfs-tools/conf.d/hallcall',
            f'--essential-hook=cp {modules.absolute()} "$1"/usr/share/initramfs-tools/modules.d/hallcall',
            f'--customize-hook=cp -u "$1"{archives}/*.deb {fetched}/; rm -rf "$1"/var/cache/apt',
            *_firmware(recipe.FIRMWARE[arch], new.absolute()),
            recipe.SUITE,
            str(root),
            *sources,
        ],
        SOURCE_DATE_EPOCH=str(recipe.DEBIAN_EPOCH),
    )
    settings.unlink()
    modules.unlink()
    _take_kernel(root, new, arch)
    installed = (root / "var/lib/dpkg/status").read_text()
    unpacked = new / "firmware/control"
    if unpacked.exists():
        installed += f"{unpacked.read_text()}Status: install ok installed\n"
    (new / "packages").write_text(installed)
    for pattern in recipe.SWEPT:
        for path in root.glob(pattern):
            _remove(path)
    for cached_code in [*root.glob("usr/lib/python3*/**/__pycache__")]:
        shutil.rmtree(cached_code, ignore_errors=True)
    for old in cache.glob(f"debian-{arch}-{role}-*"):
        if old != new:
            shutil.rmtree(old)
    new.rename(base.place)


def _firmware(package: str | None, place: Path) -> list[str]:
    if package is None:
        return []
    into = f"{place}/firmware"
    fetch = f"mkdir {into} && cd {into} && APT_CONFIG=$MMDEBSTRAP_APT_CONFIG apt-get download {package}"
    unpack = f"dpkg-deb -x {package}_*.deb . && dpkg-deb -f {package}_*.deb >control"
    licence = (
        f'mkdir -p "$1"/usr/share/doc/{package} && cp usr/share/doc/{package}/copyright "$1"/usr/share/doc/{package}/'
    )
    return [f"--customize-hook={fetch} && {unpack} && {licence}"]


def _take_kernel(root: Path, place: Path, arch: Arch) -> None:
    boot = place / "boot"
    boot.mkdir()
    (kernel,) = root.glob("boot/vmlinuz-*")
    shutil.copyfile(kernel, boot / "vmlinuz")
    shutil.copyfile(root / "boot" / kernel.name.replace("vmlinuz", "initrd.img"), boot / "initrd.img")
    if arch is Arch.ARM64:
        for tree in sorted(root.glob("usr/lib/linux-image-*/broadcom/bcm*-rpi-*.dtb")):
            shutil.copyfile(tree, boot / tree.name)
        shutil.copytree(place / "firmware/usr/lib/raspi-firmware", boot / "firmware")


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
