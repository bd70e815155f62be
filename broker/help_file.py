"""The help tunnel: where it leads, help.toml, and whether it is open, a small file in /run."""

import time
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from .checks.agreement import once
from .strict_toml import BrokenConfig, Reading, TomlFile

OPEN: Final = Path("/run/hallcall-help/open.json")  # gone after a restart: so is the tunnel
Port = Annotated[int, Meta(ge=1, le=65535)]


class Forward(Struct, frozen=True, kw_only=True):
    """A port of this box that the helper reaches."""

    listen: Annotated[Port, Meta(description="the port on the helper's machine, on its loopback only")]
    reaches: Annotated[Port, Meta(description="the port of this box, on its loopback only")]


class HelpFile(Struct, frozen=True, kw_only=True):
    """Whoever may be asked for help, /etc/hallcall/help.toml on the dispatcher's box; without it there is no tunnel."""

    host: Annotated[
        str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9.:-]{0,252}$", description="the helper's machine, name or address")
    ]
    user: Annotated[str, Meta(pattern=r"^[a-z_][a-z0-9_-]{0,31}$", description="the hall's login there")]
    host_key: Annotated[
        str,
        Meta(
            pattern=r"^(ssh-ed25519|ecdsa-sha2-nistp256|ssh-rsa) [A-Za-z0-9+/=]{40,1000}$",
            description="its public key, as the helper gave it; a machine with another key is not spoken to",
        ),
    ]
    forwards: Annotated[tuple[Forward, ...], Meta(min_length=1, max_length=4, description="what the helper reaches")]
    port: Annotated[Port, Meta(description="of its SSH server")] = 22


class OpenTunnel(Struct, frozen=True, kw_only=True):
    """A tunnel that somebody has opened. It ends by the machine's own seconds, whatever its clock says."""

    who: str
    since: datetime
    until: datetime
    ends_s: float  # CLOCK_BOOTTIME


def load_help(path: Path) -> HelpFile:
    """Read whom to ask for help. Raises BrokenConfig, whose text is every error of the file."""
    file = TomlFile(path)
    reading = Reading()
    asked = reading.structure(file.tables, HelpFile)
    findings = [*reading.findings, *once(file, "forwards[].listen")]
    if asked is None or findings:
        raise BrokenConfig("\n".join(file.worded(findings)))
    return asked


def open_tunnel(path: Path = OPEN) -> OpenTunnel | None:
    """Return the tunnel that is open now; None where there is none, or its time is over."""
    try:
        known = msgspec.json.decode(path.read_bytes(), type=OpenTunnel)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None
    return known if left_s(known) > 0 else None


def left_s(tunnel: OpenTunnel) -> float:
    return tunnel.ends_s - time.clock_gettime(time.CLOCK_BOOTTIME)
