"""The services of this box, asked of systemd; where systemd does not run there are none."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from broker.config import FILE_OF_ROLE, NodeFile
from broker.contract.messages import Role

PATIENCE_S: Final = 5.0
STOP_S: Final = 30.0
ALIVE: Final = "alive"  # as broker/alive.py says it


@dataclass(frozen=True, kw_only=True)
class Service:
    name: str
    active: str  # active, activating, failed, inactive; "" where systemd knows nothing of it
    status: str  # what the program says of itself


def role_of(file: NodeFile) -> Role:
    return next(role for role, kind in FILE_OF_ROLE.items() if kind is type(file))


def unit_of(file: NodeFile) -> str:
    return f"hallcall-{role_of(file).value}@{file.node}.service"


def service(name: str) -> Service:
    """Return a service's state."""
    command = ["systemctl", "show", "--property=LoadState,ActiveState,StatusText", name]
    try:
        ran = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return Service(name=name, active="", status="")
    told = dict(line.split("=", 1) for line in ran.stdout.splitlines() if "=" in line)
    is_known = ran.returncode == 0 and told.get("LoadState") == "loaded"
    return Service(name=name, active=told.get("ActiveState", "") if is_known else "", status=told.get("StatusText", ""))


def told_to(verb: str, name: str) -> bool:
    """Start or stop a service; return whether that went well."""
    try:
        ran = subprocess.run(["systemctl", verb, name], capture_output=True, timeout=STOP_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return ran.returncode == 0


@contextmanager
def credentials(node: str, tls_dir: Path) -> Iterator[dict[str, str]]:
    """Yield the environment in which a program of this node finds its certificate, as in its unit."""
    with TemporaryDirectory(prefix="hallcall-doctor-") as place:
        for name, source in (("root.crt", "root.crt"), ("node.crt", f"{node}.crt"), ("node.key", f"{node}.key")):
            (Path(place) / name).symlink_to(tls_dir / source)
        here = {"CREDENTIALS_DIRECTORY": place} if (tls_dir / f"{node}.crt").exists() else {}
        yield {**os.environ, **here}


def give_back(state_dir: Path) -> None:
    """Give what root's check has left in a node's directory to the node; it could not write it otherwise."""
    try:
        owner = state_dir.stat()
        for path in state_dir.rglob("*"):
            if path.lstat().st_uid == os.geteuid() != owner.st_uid:
                os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)
    except OSError:
        return
