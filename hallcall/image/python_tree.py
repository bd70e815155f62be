"""Our programs and the packages that they import, as they lie in /opt/hallcall/lib: locked by their hashes."""

import hashlib
import shutil
import sys
from pathlib import Path
from typing import Final

from .progress import Progress
from .recipe import Arch, Role

PYTHON: Final = "3.11"  # Debian 12's
_MACHINE: Final = {Arch.AMD64: "x86_64", Arch.ARM64: "aarch64"}
_GLIBC: Final = ("2_36", "2_35", "2_34", "2_31", "2_28", "2_27", "2_26", "2_24", "2_17")  # Debian 12 has 2.36
# What wheels bring and no program of ours imports.
_SWEPT: Final = (
    "bin",
    "share",
    "kivy/tests",
    "kivy/tools",
    "kivy/include",
    "kivy/**/*.pyx",
    "kivy/**/*.pxd",
    "kivy/**/*.pxi",
    "docutils/parsers/rst/include",
    "docutils/writers/odf_odt",
    "docutils/writers/pep_html",
    "docutils/writers/s5_html",
    "setuptools/tests",
    "pkg_resources/tests",
    "**/*.dist-info/direct_url.json",
    "**/*.dist-info/REQUESTED",
    "**/__pycache__",
)


def requirements(repository: Path, role: Role) -> Path:
    """Return the file of locked packages that a box of this role gets."""
    return repository / "requirements" / f"{role}.txt"


def cached(cache: Path, repository: Path, arch: Arch, role: Role) -> Path:
    """Return where the packages of these inputs lie, or will."""
    locked = requirements(repository, role).read_bytes() + Path(__file__).read_bytes()
    return cache / f"python-{arch}-{role}-{hashlib.sha256(locked).hexdigest()[:12]}"


def install(tree: Path, repository: Path, arch: Arch, role: Role, progress: Progress) -> None:
    """Fetch the locked packages, built for the box's processor, and lay them into one folder. None of them is run."""
    new = tree.with_suffix(".new")
    shutil.rmtree(new, ignore_errors=True)
    progress.run(
        [
            *_pip("install", "--no-deps", "--require-hashes", "--no-compile", "--only-binary=:all:"),
            *("--python-version", PYTHON, "--implementation=cp", "--abi=cp311", "--abi=abi3", "--abi=none"),
            *(f"--platform=manylinux_{glibc}_{_MACHINE[arch]}" for glibc in _GLIBC),
            *(f"--platform=manylinux2014_{_MACHINE[arch]}", "--target", str(new)),
            *("--requirement", str(requirements(repository, role))),
        ],
        PIP_NO_WARN_SCRIPT_LOCATION="1",
    )
    for pattern in _SWEPT:
        for path in [*new.glob(pattern)]:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
    for old in tree.parent.glob(f"python-{arch}-{role}-*"):
        if old != new:
            shutil.rmtree(old)
    new.rename(tree)


def wheel(repository: Path, into: Path, epoch: int, progress: Progress) -> None:
    """Build our own wheel and unpack it beside the others."""
    built = into.parent / "wheel"
    shutil.rmtree(built, ignore_errors=True)
    progress.run(
        [
            *_pip("wheel", "--no-deps", "--no-build-isolation", "--no-cache-dir"),
            "--wheel-dir",
            str(built),
            str(repository),
        ],
        SOURCE_DATE_EPOCH=str(epoch),
    )
    progress.run(
        [
            *_pip("install", "--no-deps", "--no-compile", "--no-index", f"--find-links={built}"),
            *("--target", str(into), "--upgrade", "hallcall"),
        ]
    )
    shutil.rmtree(built)
    for leavings in ("bin", "hallcall-*.dist-info/direct_url.json", "hallcall-*.dist-info/REQUESTED"):
        for path in [*into.glob(leavings)]:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()


def compile_all(root: Path, folders: list[str], progress: Progress) -> None:
    """Make byte code beside the sources: a read-only root cannot make it later, and a Pi would take a minute of it.

    It is not tied to the sources' dates, which the image sets to the release's.
    """
    for folder in folders:
        progress.run(
            [
                *(sys.executable, "-m", "compileall", "-q", "-j", "0", "--invalidation-mode", "unchecked-hash"),
                *("-s", str(root), "-p", "/", str(root / folder)),
            ],
            PYTHONHASHSEED="0",
        )


def _pip(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "pip", "--disable-pip-version-check", arguments[0], "--quiet", *arguments[1:]]
