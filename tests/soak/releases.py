"""Releases to be played with: the image's own root under another name, signed; some have a program broken."""

import re
import shutil
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from hallcall.image import disk
from hallcall.image.bundle import bundle
from hallcall.image.progress import Progress
from hallcall.image.recipe import Arch

RELEASE: Final = "usr/lib/hallcall/release"
LIBRARY: Final = "opt/hallcall/lib"


def release_of(root: Path) -> str:
    return (root / RELEASE).read_text(encoding="utf-8").strip()


def signed(
    root: Path, version: str, *, work: Path, signer: Path, broken: str = "", besides: Mapping[str, str] | None = None
) -> Path:
    """Return a bundle of a root as another release. `broken` is a program that ends at once; `besides`, more files."""
    cache = work / version.rpartition("+")[2]
    copy, parts = cache / "root-amd64", cache / "parts-amd64"
    parts.mkdir(parents=True)
    subprocess.run(["cp", "-a", "--reflink=auto", str(root), str(copy)], check=True)
    (copy / RELEASE).write_text(f"{version}\n", encoding="utf-8")
    named = copy / "usr/lib/os-release"
    text = named.read_text(encoding="utf-8")
    renamed = re.sub(r"(?m)^IMAGE_VERSION=.*$", f'IMAGE_VERSION="{version}"', text)
    named.write_text(renamed, encoding="utf-8")
    for name, words in (besides or {}).items():
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_text(words, encoding="utf-8")
    if broken:
        _break(copy / LIBRARY / broken)
    disk.squash(copy, parts / "root.squashfs", int(time.time()), Progress({}, cache / "log"))
    made = bundle(cache, Arch.AMD64, key=signer, out=work / f"{cache.name}.raucb", plain=False)
    shutil.rmtree(cache)
    return made


def _break(program: Path) -> None:
    text = program.read_text(encoding="utf-8")
    changed = text.replace("import argparse\n", "raise SystemExit(1)\nimport argparse\n", 1)
    if changed == text:
        raise ValueError(f"{program} has no line `import argparse`: it would not be broken")
    program.write_text(changed, encoding="utf-8")
    for compiled in (program.parent / "__pycache__").glob(f"{program.stem}.*"):
        compiled.unlink()
