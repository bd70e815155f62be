"""The hall's network: one bridge, a network namespace and a cable for each box, cables that can be pulled.

Runs inside a network and mount namespace of its own (`unshare --net --mount`), so that nothing of it is seen outside.
"""

import subprocess
from pathlib import Path
from typing import Final

BRIDGE: Final = "hall"
HOST: Final = "10.77.0.1"  # where the people and the far ends of the cables are
NETWORK: Final = "10.77.0.0/24"
CGROUPS: Final = Path("/sys/fs/cgroup")
NAMESPACES: Final = Path("/run/netns")


class Wires:
    """The cables of the hall's switch. Raises CalledProcessError where the kernel refuses."""

    def __init__(self) -> None:
        if not CGROUPS.is_mount():  # as in a bare root: systemd in a box asks for them
            _run("mount", "-t", "cgroup2", "cgroup2", str(CGROUPS))
        _run("mount", "-t", "tmpfs", "tmpfs", "/run/netns") if NAMESPACES.exists() else _own_namespaces()
        _ip("link", "set", "lo", "up")
        _ip("link", "add", BRIDGE, "type", "bridge")
        _ip("address", "add", f"{HOST}/24", "dev", BRIDGE)
        _ip("link", "set", BRIDGE, "up")

    def lay(self, box: str) -> Path:
        """Lay a cable to a box; return the namespace in which it ends as `eth0`."""
        near = _near(box)
        _ip("netns", "add", box)
        _ip("link", "add", near, "type", "veth", "peer", "name", "eth0", "netns", box)
        _ip("link", "set", near, "master", BRIDGE)
        _ip("link", "set", near, "up")
        return NAMESPACES / box

    def pull(self, box: str) -> None:
        """Pull a box's cable out of the switch."""
        _ip("link", "set", _near(box), "down")

    def forget(self, box: str) -> None:
        """Let a box's end of its cable know of nothing, as a box without power; its namespace outlives it."""
        _ip("-n", box, "link", "set", "eth0", "down")
        _ip("-n", box, "address", "flush", "dev", "eth0")

    def plug(self, box: str) -> None:
        _ip("link", "set", _near(box), "up")


def _near(box: str) -> str:
    """Return the name of the switch's end of a cable; the kernel takes 15 characters."""
    return f"to-{box}"[:15]


def _own_namespaces() -> None:
    NAMESPACES.mkdir(parents=True)
    _run("mount", "-t", "tmpfs", "tmpfs", str(NAMESPACES))


def _ip(*arguments: str) -> None:
    _run("ip", *arguments)


def _run(*argv: str) -> None:
    subprocess.run(argv, check=True, capture_output=True, text=True)
