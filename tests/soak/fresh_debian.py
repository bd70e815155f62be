"""A fresh Debian 12 that boots in a container, with a network of its own: what a technician's document starts from.

Needs root, mmdebstrap, systemd-nspawn, nft. The root is made once and kept in `.image/documents`; each run gets an
overlay over it, which is thrown away. Of this machine it takes over only where packages come from (pip's and apt's
settings).
"""

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

REPOSITORY: Final = Path(__file__).parents[2]
CACHE: Final = REPOSITORY / ".image/documents"
PACKAGES: Final = "ca-certificates,dbus,udev,sudo,systemd-sysv"
NEAR: Final = "10.213.77.1"
FAR: Final = "10.213.77.2"
SETTINGS: Final = ("etc/pip.conf", "root/.config/pip/pip.conf", "etc/ssl/certs/ca-certificates.crt")
APT: Final = Path("etc/apt/apt.conf.d")
PATIENCE_S: Final = 90


class Machine:
    """A machine that is on. `enter` is put before a command."""

    def __init__(self, leader: int) -> None:
        self.enter = ["nsenter", "--target", str(leader), "--mount", "--uts", "--ipc", "--net", "--pid", "--"]

    def run(self, script: str) -> int:
        """Return how a shell's script ends."""
        return subprocess.run([*self.enter, "sh", "-c", script], capture_output=True, check=False).returncode


def root() -> Path:
    """Return a fresh Debian's root, made when it is not there yet."""
    made = CACHE / "debian"
    if not made.is_dir():
        CACHE.mkdir(parents=True, exist_ok=True)
        new = CACHE / "new"
        shutil.rmtree(new, ignore_errors=True)
        _run("mmdebstrap", "--quiet", "--variant=important", f"--include={PACKAGES}", "bookworm", str(new))
        new.rename(made)
    return made


@contextlib.contextmanager
def machine(unpacked_at: str) -> Iterator[Machine]:
    """Switch a fresh machine on, with this repository's last commit unpacked at a path; switch it off at the end."""
    with contextlib.ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hallcall-documents-")))
        merged = _overlay(stack, root(), place)
        _furnish(merged, unpacked_at)
        cable = _network(stack)
        yield Machine(_boot(stack, merged, cable, place))


def _overlay(stack: contextlib.ExitStack, lower: Path, place: Path) -> Path:
    for name in ("upper", "work", "merged"):
        (place / name).mkdir()
    merged = place / "merged"
    layers = f"lowerdir={lower},upperdir={place / 'upper'},workdir={place / 'work'}"
    _run("mount", "-t", "overlay", "overlay", "-o", layers, str(merged))
    stack.callback(_run, "umount", "--lazy", str(merged))
    return merged


def _furnish(merged: Path, unpacked_at: str) -> None:
    for here in [Path("/", name) for name in SETTINGS] + [*Path("/", APT).glob("99*")]:
        if here.is_file():
            there = merged / here.relative_to("/")
            there.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(here, there)
    (merged / "etc/resolv.conf").unlink(missing_ok=True)
    shutil.copy("/etc/resolv.conf", merged / "etc/resolv.conf")
    (merged / "etc/hostname").write_text("fresh\n")
    (merged / "etc/hosts").write_text("127.0.0.1 localhost\n127.0.1.1 fresh\n")
    given = "".join(f"export {key}='{value}'\n" for key, value in os.environ.items() if key.startswith("PIP_"))
    (merged / "etc/profile.d/pip.sh").write_text(given)
    folder = merged / unpacked_at.lstrip("/")
    folder.mkdir(parents=True)
    archive = subprocess.run(["git", "archive", "HEAD"], cwd=REPOSITORY, check=True, capture_output=True)
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive.stdout, check=True)


def _network(stack: contextlib.ExitStack) -> str:
    """Lay a cable to the world; return the network namespace in which the machine stands."""
    name = f"hallcall-docs-{os.getpid()}"
    near = f"docs-{os.getpid()}"[:15]
    _run("ip", "netns", "add", name)
    stack.callback(_run, "ip", "netns", "delete", name)
    _run("ip", "link", "add", near, "type", "veth", "peer", "name", "host0", "netns", name)
    _run("ip", "address", "add", f"{NEAR}/24", "dev", near)
    _run("ip", "link", "set", near, "up")
    for line in (
        "link set lo up",
        f"address add {FAR}/24 dev host0",
        "link set host0 up",
        f"route add default via {NEAR}",
    ):
        _run("ip", "-n", name, *line.split())
    table = f"add table ip {name}; add chain ip {name} out {{ type nat hook postrouting priority 100; }};"
    _run("nft", f"{table} add rule ip {name} out ip saddr {FAR} masquerade")
    stack.callback(_run, "nft", f"delete table ip {name}")
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1\n")
    return f"/run/netns/{name}"


def _boot(stack: contextlib.ExitStack, merged: Path, cable: str, place: Path) -> int:
    argv = ["systemd-nspawn", "--quiet", "-D", str(merged), "--register=no", "--keep-unit", "--boot", "--machine=fresh"]
    argv += [f"--network-namespace-path={cable}", "--resolv-conf=off", "--console=read-only"]
    argv += [f"--bind-ro={found}" for found in _folders_of_packages()]
    with (place / "console").open("wb") as console:
        nspawn = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=console, stderr=console)
    stack.callback(nspawn.wait)
    stack.callback(nspawn.terminate)
    children = Path(f"/proc/{nspawn.pid}/task/{nspawn.pid}/children")
    ends = time.monotonic() + PATIENCE_S
    while time.monotonic() < ends:
        for child in children.read_text().split() if nspawn.poll() is None else []:
            if Machine(int(child)).run("systemctl is-system-running --wait | grep -qE 'running|degraded'") == 0:
                return int(child)
        time.sleep(0.2)
    raise SystemExit(f"the fresh machine did not come up: {(place / 'console').read_text(errors='replace')[-800:]}")


def _folders_of_packages() -> set[Path]:
    """Return folders of this machine from which its pip takes packages, if any."""
    said = [Path("/", name) for name in SETTINGS if name.endswith("pip.conf")]
    text = " ".join([*(each.read_text() for each in said if each.is_file()), os.environ.get("PIP_FIND_LINKS", "")])
    named = [Path(found) for found in re.findall(r"(?:(?<=\s)|(?<=file://))/[^\s'\"]+", f" {text}")]
    return {Path(*each.parts[:3]) for each in named if each.is_dir()}


def _run(*argv: str) -> None:
    subprocess.run(argv, check=True)
