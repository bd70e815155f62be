"""Whether this machine can boot boxes at all: `python -m hallcall.boxes.ground` asks it, before an image is made.

Containers, chroots and old kernels lack one thing or another that no error message names, so one box without a hall is
tried first.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from .machine import Machine
from .wires import Wires

APART: Final = ("unshare", "--net", "--mount", "--fork", "--kill-child")
PROGRAMS: Final = ("systemd-nspawn", "unshare", "ip", "nsenter")
TRY_S: Final = 60.0
PREFIX: Final = "hallcall boxes: "


def lacking() -> str:
    """Return what this machine lacks, as far as it can be asked; nothing when it lacks nothing."""
    if os.geteuid():
        return "only root may boot boxes:  sudo ./run boxes"
    if missing := [each for each in PROGRAMS if shutil.which(each) is None]:
        return f"{', '.join(missing)} missing; ./run boxes installs what it needs"
    if subprocess.run(["unshare", "--user", "true"], check=False, capture_output=True).returncode:
        return "this system makes no user namespaces (is it a chroot?); boxes need them"
    return ""


def refused(image: Path) -> str:
    """Return what a trial box of this image was refused, in namespaces of its own; nothing when it ran."""
    trial = [*APART, sys.executable, "-m", "hallcall.boxes.ground", str(image)]
    tried = subprocess.run(trial, check=False, capture_output=True, text=True)
    if not tried.returncode:
        return ""
    return tried.stderr.strip().rpartition("\n")[2].removeprefix(PREFIX) or "a trial box did not run"


def run_trial(image: Path) -> None:
    """Lay a cable, put a box together, and run one word in it. Raises CalledProcessError, TimeoutExpired, OSError."""
    with tempfile.TemporaryDirectory(prefix="hallcall-trial-") as place:
        machine = Machine(name="trial", directory=Path(place), image=image, namespace=Wires().lay("trial"))
        try:
            machine.assemble()
            subprocess.run(machine.nspawn("true"), check=True, capture_output=True, text=True, timeout=TRY_S)
        finally:
            machine.take_apart()


def main(arguments: Sequence[str]) -> int:
    """Without an image: say what is lacking. With one: run the trial, in the namespaces that one is in."""
    why = ""
    try:
        if arguments:
            run_trial(Path(arguments[0]))
        else:
            why = lacking()
    except subprocess.CalledProcessError as error:
        why = f"this system does not do what boxes need: {error.cmd[0]}: {error.stderr.strip()}"
    except (subprocess.TimeoutExpired, OSError) as error:
        why = f"this system does not do what boxes need: {error}"
    if not why:
        return os.EX_OK
    sys.stderr.write(f"{PREFIX}{why}\n")
    return os.EX_UNAVAILABLE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
