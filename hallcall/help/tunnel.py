"""The tunnel itself: ssh to one machine whose key is known, ended by the machine's own seconds."""

import logging
import os
import sys
from pathlib import Path
from tempfile import mkdtemp
from typing import Final, NoReturn

from broker.help_file import OPEN, HelpFile, OpenTunnel, left_s, load_help, open_tunnel

log = logging.getLogger(__name__)

ALIAS: Final = "helper"  # under which the one key is known


def become(*, file: Path, opened: Path = OPEN) -> int:
    """Become ssh; what hallcall-help.service runs. Ends with 0 where no tunnel is to be. Raises BrokenConfig."""
    tunnel = open_tunnel(opened)
    if tunnel is not None:
        _become(tunnel, load_help(file))
    log.info("no help tunnel is open, or its time is over")
    return 0


def _become(tunnel: OpenTunnel, asked: HelpFile) -> NoReturn:
    known = Path(mkdtemp(prefix="hallcall-help-")) / "known_hosts"
    known.write_text(f"{ALIAS} {asked.host_key}\n", encoding="ascii")
    command = ssh(asked, key=Path(os.environ.get("CREDENTIALS_DIRECTORY", "")) / "help.key", known=known)
    where, until = f"{asked.host}:{asked.port}", f"{tunnel.until.astimezone():%Y-%m-%d %H:%M}"
    log.warning("the help tunnel leads to %s until %s, as %s asked", where, until, tunnel.who)
    sys.stderr.flush()
    os.execvp("timeout", ["timeout", f"{left_s(tunnel):.0f}s", *command])  # noqa: S606 - the unit's own path


def ssh(asked: HelpFile, *, key: Path, known: Path) -> list[str]:
    """Return the command that makes the tunnel: no shell, no agent, no password, no key but the one that is pinned."""
    settings = {
        "BatchMode": "yes",
        "HostKeyAlias": ALIAS,
        "StrictHostKeyChecking": "yes",
        "UserKnownHostsFile": known,
        "GlobalKnownHostsFile": "/dev/null",
        "UpdateHostKeys": "no",
        "IdentityFile": key,
        "IdentitiesOnly": "yes",
        "IdentityAgent": "none",
        "PreferredAuthentications": "publickey",
        "ForwardAgent": "no",
        "ForwardX11": "no",
        "PermitLocalCommand": "no",
        "ExitOnForwardFailure": "yes",
        "ConnectTimeout": "20",
        "ServerAliveInterval": "15",
        "ServerAliveCountMax": "3",
    }
    command = ["ssh", "-F", "/dev/null", "-N", "-T"]
    for name, value in settings.items():
        command += ["-o", f"{name}={value}"]
    for each in asked.forwards:
        command += ["-R", f"127.0.0.1:{each.listen}:127.0.0.1:{each.reaches}"]
    return [*command, "-p", str(asked.port), "-l", asked.user, "--", asked.host]
