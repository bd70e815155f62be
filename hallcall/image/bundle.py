"""`./run bundle`: a signed update of a root that `./run image` built, for RAUC: the squashfs, and the hook beside it.

Of RAUC's formats `verity`: each block is checked when it is read, so a stick that shows one thing at the first look and
another at the second installs nothing. What it is read by (dm-verity) is in our kernels.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from .build import REPOSITORY, say
from .recipe import Arch

MANIFEST: Final = """\
[update]
compatible=hallcall-{arch}
version={version}

[bundle]
format={format}

[hooks]
filename=hook

[image.rootfs]
filename=rootfs.squashfs
hooks=post-install
"""


class NoBundle(RuntimeError):
    """There is no bundle; the text says why and what to do."""


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="./run bundle", description="Sign an update of the root built last.")
    parser.add_argument("--arch", type=Arch, default=Arch.AMD64, choices=list(Arch))
    parser.add_argument("--key", type=Path, required=True, help="the signer's key; NAME.crt stands beside NAME.key")
    parser.add_argument("--out", type=Path, help="default: .image/hallcall-VERSION-ARCH.raucb")
    parser.add_argument("--plain", action="store_true", help="RAUC's older format, for machines without dm-verity")
    parser.add_argument("--cache", type=Path, default=REPOSITORY / ".image", help="default: .image")
    options = parser.parse_args(arguments)
    try:
        made = bundle(options.cache, options.arch, key=options.key, out=options.out, plain=options.plain)
    except NoBundle as error:
        say(f"No bundle: {error}")
        return 1
    sys.stdout.write(f"{made}  {made.stat().st_size / 1e6:.0f} MB\n")
    return 0


def bundle(cache: Path, arch: Arch, *, key: Path, out: Path | None, plain: bool) -> Path:
    """Make a bundle of the squashfs in a cache; return its file. Raises NoBundle."""
    squashed, told = cache / f"parts-{arch}/root.squashfs", cache / f"root-{arch}/usr/lib/hallcall/release"
    if not squashed.exists() or not told.exists():
        raise NoBundle(f"{squashed} is not there; build the image first: ./run image --arch {arch}")
    version = told.read_text(encoding="utf-8").strip()
    made = out or cache / f"hallcall-{version}-{arch}.raucb"
    with tempfile.TemporaryDirectory(dir=cache) as scratch:
        content = Path(scratch) / "content"
        content.mkdir()
        os.link(squashed, content / "rootfs.squashfs")
        shutil.copy(REPOSITORY / "systemd/image/bundle-hook", content / "hook")
        manifest = MANIFEST.format(arch=arch, version=version, format="plain" if plain else "verity")
        (content / "manifest.raucm").write_text(manifest, encoding="utf-8")
        new = Path(scratch) / "bundle.raucb"
        _sign(content, new, key)
        new.replace(made)
    return made


def _sign(content: Path, new: Path, key: Path) -> None:
    certificate = key.with_suffix(".crt")
    for path in (key, certificate):
        if not path.exists():
            raise NoBundle(f"{path} is not there; keys are made by: hallcall update key --to DIR")
    command = ["rauc", "bundle", f"--cert={certificate}", f"--key={key}", "--mksquashfs-args=-noI -noD -noF -noX"]
    try:
        ran = subprocess.run([*command, str(content), str(new)], capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise NoBundle("rauc is not installed: apt install rauc squashfs-tools") from error
    if ran.returncode:
        raise NoBundle(ran.stderr.strip().splitlines()[-1] if ran.stderr.strip() else "rauc said nothing")
