"""`hallcall help open --hours 2`, `close`, `status`, `key`: lets a helper in from outside, for a while, as root.

`status` ends with 1 while a tunnel is open.
"""

import argparse
import getpass
import json
import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec

from broker.help_file import OPEN, HelpFile, OpenTunnel, load_help, open_tunnel
from broker.strict_toml import BrokenConfig
from broker.whole_files import replace_file

from . import tunnel

UNIT: Final = "hallcall-help.service"
FILE: Final = Path("/etc/hallcall/help.toml")
KEPT: Final = Path("/var/lib/hallcall/help")
MOST_HOURS: Final = 8.0
SHOWN: Final = 10  # of what was done


class NoHelp(RuntimeError):
    """A tunnel cannot be opened; the text says what to do."""


def main(arguments: Sequence[str]) -> int:
    options = _options(arguments)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")  # the keeper tells of it
    say = sys.stdout.write
    try:
        match options.act:
            case "tunnel":
                return tunnel.become(file=options.file, opened=options.opened)
            case "open":
                opened = begin(options)
                say(f"the help tunnel is open until {opened.until.astimezone():%Y-%m-%d %H:%M}\n")
            case "close":
                end(options)
                say("the help tunnel is closed\n")
            case "key":
                say(public_key(options.kept))
            case _:
                return status(options)
    except (BrokenConfig, NoHelp) as error:
        sys.stderr.write(f"hallcall help: {error}\n")
        return 2
    except OSError as error:
        sys.stderr.write(f"hallcall help: {error}; it is root who opens and closes a tunnel\n")
        return 2
    return 0


def begin(options: argparse.Namespace) -> OpenTunnel:
    """Open a tunnel for some hours. Raises NoHelp, BrokenConfig."""
    _asked(options.file)
    public_key(options.kept)
    now = datetime.now(UTC).replace(microsecond=0)
    seconds = options.hours * 3600
    opened = OpenTunnel(
        who=options.who,
        since=now,
        until=now + timedelta(seconds=seconds),
        ends_s=time.clock_gettime(time.CLOCK_BOOTTIME) + seconds,
    )
    note(options.kept, "opened", opened.who, until=opened.until.isoformat())
    options.opened.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    replace_file(options.opened, msgspec.json.encode(opened), mode=0o644)
    if not systemctl("restart"):
        options.opened.unlink(missing_ok=True)
        note(options.kept, "failed", opened.who)
        raise NoHelp(f"{UNIT} does not start; see journalctl -u {UNIT} -n 20")
    return opened


def end(options: argparse.Namespace) -> None:
    """Close the tunnel at once. Raises NoHelp."""
    options.opened.unlink(missing_ok=True)  # then it does not start again by itself
    stopped = systemctl("stop")
    note(options.kept, "closed", options.who)
    if not stopped:
        raise NoHelp(
            f"{UNIT} could not be stopped; see systemctl status {UNIT}. Pull the cable to the router if in doubt"
        )


def status(options: argparse.Namespace) -> int:
    """Say whether a tunnel is open, whom it leads to, and what was done lately."""
    now = open_tunnel(options.opened)
    say = sys.stdout.write
    if now is None:
        say("no help tunnel is open\n")
    else:
        say(f"the help tunnel is open until {now.until.astimezone():%Y-%m-%d %H:%M}, opened by {now.who}\n")
    try:
        asked = _asked(options.file)
    except NoHelp as error:
        say(f"{error}\n")
    else:
        ports = ", ".join(f"{each.reaches} there as {each.listen}" for each in asked.forwards)
        say(f"leads to {asked.user}@{asked.host}:{asked.port}; this box's ports: {ports}\n")
    for line in acts(options.kept)[-SHOWN:]:
        say(f"  {line}\n")
    return int(now is not None)


def _asked(file: Path) -> HelpFile:
    if not file.exists():
        raise NoHelp(f"there is no {file}: nobody was named who may help; docs: help-tunnel")
    return load_help(file)


def public_key(kept: Path) -> str:
    """Return this box's public key, made where there is none; the helper lets it in. Raises NoHelp."""
    private = kept / "key"
    if not private.exists():
        kept.mkdir(mode=0o755, parents=True, exist_ok=True)
        name = f"hallcall-{socket.gethostname()}"
        try:
            subprocess.run(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(private)],
                check=True,
                capture_output=True,
            )
        except (FileNotFoundError, subprocess.CalledProcessError) as error:
            raise NoHelp(f"no key can be made: {error}; is openssh-client installed?") from error
    return private.with_suffix(".pub").read_text(encoding="utf-8")


def systemctl(verb: str) -> bool:
    try:
        ran = subprocess.run(["systemctl", verb, UNIT], capture_output=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return ran.returncode == 0


def note(kept: Path, what: str, who: str, **more: str) -> None:
    """Write down who did what, before it is done."""
    kept.mkdir(mode=0o755, parents=True, exist_ok=True)
    line = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "what": what, "who": who, **more}
    with (kept / "acts.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(line, ensure_ascii=False) + "\n")
        file.flush()
        os.fsync(file.fileno())


def acts(kept: Path) -> list[str]:
    """Return what was done with tunnels, the oldest first."""
    path = kept / "acts.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    rows = [json.loads(each) for each in lines if each.endswith("}")]
    return [
        " ".join([row["at"], row["what"], f"by {row['who']}", *(["until", row["until"]] * ("until" in row))])
        for row in rows
    ]


def _hours(text: str) -> float:
    hours = float(text)
    if not 0 < hours <= MOST_HOURS:
        raise argparse.ArgumentTypeError(f"give more than 0 and at most {MOST_HOURS:g} hours")
    return hours


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="hallcall help", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("act", choices=("open", "close", "status", "key", "tunnel"), help="tunnel: what the unit runs")
    parser.add_argument("--hours", type=_hours, default=2.0, help=f"how long it stays open, at most {MOST_HOURS:g} (2)")
    parser.add_argument(
        "--who", default=os.environ.get("SUDO_USER") or getpass.getuser(), help="who opens or closes it"
    )
    parser.add_argument("--file", type=Path, default=FILE, help=f"who may help ({FILE})")
    parser.add_argument("--kept", type=Path, default=KEPT, help=f"this box's key, and what was done ({KEPT})")
    parser.add_argument("--opened", type=Path, default=OPEN, help=f"says that it is open ({OPEN})")
    return parser.parse_args(arguments)
