"""`./run image`: builds the image of a box, and beside it its bill of materials and its hash."""

import argparse
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from . import bill, debian, disk, layout, python_tree, recipe, root
from .debian import Base
from .layout import MIB
from .progress import BuildFailed, Progress
from .recipe import Arch, Role

REPOSITORY: Final = Path(__file__).parents[2]
_ROOM_MIB: Final = 4000
_STEPS: Final = {
    "Debian's packages": 60.0,
    "Python's packages": 15.0,
    "the root": 30.0,
    "bill of materials": 1.0,
    "squashfs": 45.0,
    "boot partition": 2.0,
    "data partition": 1.0,
    "disk": 4.0,
}
_SLOWER: Final = {Arch.AMD64: 1.0, Arch.ARM64: 5.0}  # Debian's set-up scripts on an emulated processor


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="./run image", description="Build the image of a box, without loop devices.")
    parser.add_argument(
        "--arch", type=Arch, default=Arch.AMD64, choices=list(Arch), help="amd64: PCs; arm64: Raspberry Pi 3 and 4"
    )
    parser.add_argument("--role", type=Role, default=Role.NODE, choices=list(Role), help="default node: all roles")
    parser.add_argument("--out", type=Path, help="default: .image/hallcall-ARCH.img")
    parser.add_argument(
        "--root-only", action="store_true", help="stop at the root, .image/root-ARCH: for systemd-nspawn"
    )
    parser.add_argument("--debug", action="store_true", help="a root shell on the serial console; never for a hall")
    parser.add_argument("--release-certificate", type=Path, metavar="FILE", help="whose updates boxes take (PEM)")
    parser.add_argument("--mirror", default=recipe.MIRROR, help="a Debian mirror (default: %(default)s)")
    parser.add_argument("--security-mirror", default=recipe.SECURITY, help="of security updates (default: %(default)s)")
    parser.add_argument("--cache", type=Path, default=REPOSITORY / ".image", help="default: .image")
    options = parser.parse_args(arguments)
    try:
        with _alone(options.cache):
            build(options)
    except (BuildFailed, layout.OverBudget) as error:
        say(f"\nNo image: {error}")
        return 1
    except OSError as error:
        say(f"\nNo image: {error}. Is the disk full, or the folder somebody else's?")
        return 1
    except KeyboardInterrupt:
        say("\nNo image: interrupted. What was fetched is kept.")
        return 130
    return 0


@contextmanager
def _alone(cache: Path) -> Iterator[None]:
    """Let one build at a time work in a cache."""
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"Another build works in {cache}; this one waits for its end.")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def say(text: str) -> None:
    """Tell whoever builds, beside the progress."""
    sys.stderr.write(f"{text}\n")


def build(options: argparse.Namespace) -> None:
    """Build as the options say."""
    cache: Path = options.cache.absolute()
    _check_machine(cache)
    arch, role = options.arch, options.role
    release = _release(options)
    name = f"{arch}" + ("" if role is Role.NODE else f"-{role}") + ("-debug" if options.debug else "")
    sources = recipe.sources(arch, options.mirror, options.security_mirror)
    base = debian.cached(cache, arch, role, sources)
    tree = python_tree.cached(cache, REPOSITORY, arch, role)
    place = cache / f"root-{name}"
    steps = dict(list(_STEPS.items())[:4]) if options.root_only else dict(_STEPS)
    steps["Debian's packages"] *= 0.01 if base.place.exists() else _SLOWER[arch]
    steps["Python's packages"] *= 0.01 if tree.exists() else 1
    progress = Progress(steps, cache / f"build-{name}.log")
    with progress.step("Debian's packages"):
        if not base.place.exists():
            debian.install(base, arch, role, sources, cache=cache, progress=progress)
    with progress.step("Python's packages"):
        if not tree.exists():
            python_tree.install(tree, REPOSITORY, arch, role, progress)
    with progress.step("the root"):
        root.assemble(place, base, tree, repository=REPOSITORY, release=release, progress=progress)
    out: Path = options.out or cache / f"hallcall-{name}.img"
    with progress.step("bill of materials"):
        out.with_suffix(".cdx.json").write_text(_bill(place, base, release), encoding="utf-8")
    if options.root_only:
        say(f"{place}  {release.version}")
        return
    _disk(out, place, base, release, parts=cache / f"parts-{name}", progress=progress)


def _disk(out: Path, place: Path, base: Base, release: root.Release, *, parts: Path, progress: Progress) -> None:
    parts.mkdir(exist_ok=True)
    arch = release.arch
    squashed, boot, data = parts / "root.squashfs", parts / "boot.fat", parts / "data.ext4"
    with progress.step("squashfs"):
        disk.squash(place, squashed, release.epoch, progress)
        layout.check_budget(squashed.stat().st_size)
    with progress.step("boot partition"):
        grub = REPOSITORY / "systemd/image/grub.cfg"
        disk.boot_files(parts / "boot", base, place, grub, arch, debug=release.debug, progress=progress)
        disk.fat(parts / "boot", boot, release.epoch, progress)
    with progress.step("data partition"):
        disk.data(data, release.epoch, progress)
    with progress.step("disk"):
        disk.lay_out(out, {layout.BOOT: boot, layout.SLOT_A: squashed, layout.DATA: data}, arch, progress)
        with out.open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
        out.with_suffix(".sha256").write_text(f"{digest}  {out.name}\n")
    root_mib = squashed.stat().st_size / MIB
    say(
        f"{out}  {release.version}\n"
        f"  root {root_mib:.0f} MiB of at most {layout.BUDGET_MIB}, disk {layout.DISK_MIB} MiB, sha256 {digest}\n"
        f"  bill of materials: {out.with_suffix('.cdx.json').name}"
    )
    if release.certificate is None:
        say("  it takes no updates: no --release-certificate was given")
    if release.debug:
        say("  DEBUG: its serial console is a root shell; never take it to a hall")


def _release(options: argparse.Namespace) -> root.Release:
    git = ("git", "-C", str(REPOSITORY))
    try:
        told = subprocess.run([*git, "log", "-1", "--format=%ct %h"], capture_output=True, text=True, check=True).stdout
        seconds, commit = told.split()
    except (OSError, subprocess.CalledProcessError, ValueError):
        if "SOURCE_DATE_EPOCH" not in os.environ:
            raise BuildFailed("this is no git checkout: set SOURCE_DATE_EPOCH to the release's time") from None
        seconds, commit = os.environ["SOURCE_DATE_EPOCH"], "unknown"
    epoch = int(os.environ.get("SOURCE_DATE_EPOCH", seconds))
    version = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["version"]
    when = datetime.fromtimestamp(epoch, UTC).strftime("%Y%m%dT%H%M%S")
    return root.Release(
        version=f"{version}+{when}.{commit}",
        epoch=epoch,
        arch=options.arch,
        role=options.role,
        debug=options.debug,
        certificate=options.release_certificate,
    )


def _bill(place: Path, base: Base, release: root.Release) -> str:
    documents = place / "usr/share/doc"
    copyrights = {file.parent.name: file.read_text(errors="replace") for file in documents.glob("*/copyright")}
    lib = place / "opt/hallcall/lib"
    metadata = [file.read_text(encoding="utf-8", errors="replace") for file in sorted(lib.glob("*.dist-info/METADATA"))]
    locked = python_tree.requirements(REPOSITORY, release.role).read_text()
    parts = bill.of_debian(base.packages.read_text(), copyrights) + bill.of_python(metadata, locked)
    return bill.cyclonedx(parts, version=release.version, arch=release.arch, role=release.role, epoch=release.epoch)


def _check_machine(cache: Path) -> None:
    if not (REPOSITORY / "requirements").is_dir():
        raise BuildFailed("images are built from a checkout of Hallcall, by ./run image; this is an installed one")
    if os.geteuid() != 0:
        raise BuildFailed("a root's files belong to root, so root must build it: sudo ./run image")
    free = shutil.disk_usage(cache).free / MIB
    if free < _ROOM_MIB:
        raise BuildFailed(f"{cache} has {free:.0f} MiB free, and a build takes {_ROOM_MIB}: make room, or use --cache")
    if not re.match(r"3\.11\.", sys.version):
        raise BuildFailed(
            "boxes have Python 3.11, and byte code is made for it: put python3.11 first on PATH, rm -r .venv"
        )
