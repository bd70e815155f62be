"""The help tunnel: opened by the hall alone, to one machine, for a while; `systemctl` is stood in for by a script."""

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from getpass import getuser
from pathlib import Path

import msgspec
import pytest

from broker.contract.messages import BoxHealth, DeviceState
from broker.help_file import OpenTunnel, load_help, open_tunnel
from broker.strict_toml import BrokenConfig
from keeper import helped
from tests.conftest import free_port

KEY = "ssh-ed25519 " + "A" * 68
FILE = """\
host = "{host}"
port = {port}
user = "{user}"
host_key = "{key}"
[[forwards]]
listen = {listen}
reaches = {reaches}
"""
SSHD = shutil.which("sshd") or "/usr/sbin/sshd"
needs_sshd = pytest.mark.skipif(
    not Path(SSHD).exists() or os.geteuid() != 0, reason="needs root and sshd: apt install openssh-server"
)


class Box:
    """The dispatcher's box, as far as the tunnel knows it."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.file, self.kept, self.opened = place / "help.toml", place / "kept", place / "run" / "open.json"
        (place / "bin").mkdir()
        systemctl = place / "bin" / "systemctl"
        systemctl.write_text(f'#!/bin/sh\necho "$*" >>{place}/systemctl.log\n[ ! -e {place}/broken ]\n')
        systemctl.chmod(0o755)

    def write(self, **more: object) -> None:
        asked = {"host": "127.0.0.1", "port": 22, "user": getuser(), "key": KEY, "listen": 20022, "reaches": 8884}
        self.file.write_text(FILE.format(**{**asked, **more}))

    def help(self, *arguments: str) -> tuple[int, str]:
        ran = subprocess.run(
            [*self.command, *arguments, "--who", "li"],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env={**os.environ, "PATH": f"{self.place / 'bin'}:{os.environ['PATH']}"},
        )
        assert "Traceback" not in ran.stderr, ran.stderr
        return ran.returncode, ran.stdout + ran.stderr

    @property
    def command(self) -> list[str]:
        places = ["--file", str(self.file), "--kept", str(self.kept), "--opened", str(self.opened)]
        return [sys.executable, "-m", "hallcall", "help", *places]

    @property
    def acts(self) -> list[tuple[str, str]]:
        lines = (self.kept / "acts.jsonl").read_text().splitlines()
        return [(each["what"], each["who"]) for each in map(json.loads, lines)]

    @property
    def asked_of_systemd(self) -> list[str]:
        return (self.place / "systemctl.log").read_text().splitlines()

    def opened_for(self, seconds: float) -> None:
        """Leave what `open` leaves, for less than any hours."""
        now = datetime.now(UTC)
        tunnel = OpenTunnel(
            who="li",
            since=now,
            until=now + timedelta(seconds=seconds),
            ends_s=time.clock_gettime(time.CLOCK_BOOTTIME) + seconds,
        )
        self.opened.parent.mkdir(exist_ok=True)
        self.opened.write_bytes(msgspec.json.encode(tunnel))

    def tunnel(self) -> "subprocess.Popen[str]":
        """Start what hallcall-help.service starts."""
        credentials = self.place / "credentials"
        credentials.mkdir(exist_ok=True)
        shutil.copyfile(self.kept / "key", credentials / "help.key")
        (credentials / "help.key").chmod(0o400)
        return subprocess.Popen(
            [*self.command, "tunnel"],
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "CREDENTIALS_DIRECTORY": str(credentials), "TMPDIR": str(self.place)},
        )


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def test_nobody_is_let_in_where_nobody_was_named(box: Box) -> None:
    ended, said = box.help("open")
    assert ended == 2
    assert "nobody was named who may help" in said
    assert box.help("status")[0] == 0
    assert not box.opened.exists()


def test_a_tunnel_is_opened_for_hours_shown_and_closed_and_who_did_it_is_written_down(box: Box) -> None:
    box.write()
    ended, said = box.help("open", "--hours", "2")
    assert (ended, "is open until" in said) == (0, True)
    tunnel = open_tunnel(box.opened)
    assert tunnel is not None
    assert (tunnel.who, tunnel.until - tunnel.since) == ("li", timedelta(hours=2))
    ended, said = box.help("status")
    assert ended == 1
    assert "opened by li" in said
    assert f"leads to {getuser()}@127.0.0.1:22" in said
    assert box.help("close")[0] == 0
    assert open_tunnel(box.opened) is None
    assert box.acts == [("opened", "li"), ("closed", "li")]
    assert box.asked_of_systemd == ["restart hallcall-help.service", "stop hallcall-help.service"]


def test_the_key_is_made_on_the_box_once_and_only_its_public_half_is_shown(box: Box) -> None:
    _, first = box.help("key")
    assert first.startswith("ssh-ed25519 ")
    assert box.help("key") == (0, first)
    assert (box.kept / "key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("hours", ["0", "-1", "9", "nan"])
def test_nobody_is_let_in_for_ever(box: Box, hours: str) -> None:
    box.write()
    ended, said = box.help("open", f"--hours={hours}")
    assert ended == 2
    assert "at most 8 hours" in said
    assert not box.opened.exists()


def test_a_tunnel_that_does_not_start_is_not_said_to_be_open(box: Box) -> None:
    box.write()
    (box.place / "broken").touch()
    ended, said = box.help("open")
    assert ended == 2
    assert "journalctl -u hallcall-help.service" in said
    assert open_tunnel(box.opened) is None
    assert box.acts == [("opened", "li"), ("failed", "li")]


@pytest.mark.parametrize(
    ("more", "wrong"),
    [
        ({"host": "-oProxyCommand=reboot"}, "host"),
        ({"key": "ssh-dss AAAA"}, "host_key"),
        ({"user": "-l root"}, "user"),
        ({"listen": 0}, "listen"),
    ],
)
def test_a_file_that_could_mean_something_else_to_ssh_is_refused(box: Box, more: dict[str, object], wrong: str) -> None:
    box.write(**more)
    with pytest.raises(BrokenConfig, match=wrong):
        load_help(box.file)


def test_a_keeper_tells_of_an_open_tunnel_until_its_time_is_over(box: Box) -> None:
    box.opened_for(60)
    (finding,) = helped.look(BoxHealth(box="desk"), box.opened).findings
    assert (finding.key, finding.state, finding.args["who"]) == ("help_open", DeviceState.WARNING, "li")
    box.opened_for(-1)
    assert helped.look(BoxHealth(box="desk"), box.opened).findings == ()


def test_a_tunnel_whose_time_is_over_does_not_start_again(box: Box) -> None:
    box.write()
    box.help("key")
    box.opened_for(-1)
    assert box.tunnel().wait(timeout=30) == 0


class Helper:
    """The helper's machine: a real sshd on the loopback, which lets in the box's key."""

    def __init__(self, box: Box, place: Path) -> None:
        self.port = free_port()
        place.mkdir()
        for name in ("host", "other"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(place / name)], check=True)
        _, public = box.help("key")
        (place / "allowed").write_text(f"restrict,port-forwarding {public}")
        self._conf = place / "conf"
        self._conf.write_text(
            f"Port {self.port}\nListenAddress 127.0.0.1\nHostKey {place}/host\nPidFile none\nUsePAM no\n"
            f"AuthorizedKeysFile {place}/allowed\nStrictModes no\nPasswordAuthentication no\nPermitRootLogin yes\n"
        )
        self.host_key, self.other_key = (
            " ".join((place / f"{name}.pub").read_text().split()[:2]) for name in ("host", "other")
        )

    @contextmanager
    def running(self) -> Iterator[None]:
        Path("/run/sshd").mkdir(exist_ok=True)
        sshd = subprocess.Popen([SSHD, "-D", "-e", "-f", str(self._conf)], stderr=subprocess.DEVNULL)
        try:
            until(lambda: reaches(self.port))
            yield
        finally:
            sshd.terminate()
            sshd.wait(timeout=10)


def reaches(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def until(wanted: "object", patience_s: float = 20.0) -> None:
    assert callable(wanted)
    ends = time.monotonic() + patience_s
    pause = threading.Event()
    while not wanted():
        assert time.monotonic() < ends, "it did not come"
        pause.wait(0.05)


@needs_sshd
def test_the_helper_reaches_the_named_port_and_the_tunnel_ends_by_itself(box: Box) -> None:
    helper = Helper(box, box.place / "helper")
    listen = free_port()
    with helper.running(), closing(socket.create_server(("127.0.0.1", 0))) as door:
        box.write(port=helper.port, key=helper.host_key, listen=listen, reaches=door.getsockname()[1])
        box.opened_for(6)
        tunnel = box.tunnel()
        until(lambda: reaches(listen))
        door.settimeout(10)
        assert door.accept()[1][0] == "127.0.0.1"
        assert tunnel.wait(timeout=30) == 124
        until(lambda: not reaches(listen))


@needs_sshd
def test_a_machine_with_another_key_is_not_spoken_to(box: Box) -> None:
    helper = Helper(box, box.place / "helper")
    with helper.running():
        box.write(port=helper.port, key=helper.other_key, listen=free_port())
        box.opened_for(30)
        tunnel = box.tunnel()
        _, said = tunnel.communicate(timeout=30)
    assert tunnel.returncode == 255
    assert "Host key verification failed" in said


@needs_sshd
def test_a_port_that_is_taken_at_the_helpers_ends_the_tunnel(box: Box) -> None:
    helper = Helper(box, box.place / "helper")
    with helper.running(), closing(socket.create_server(("127.0.0.1", 0))) as taken:
        box.write(port=helper.port, key=helper.host_key, listen=taken.getsockname()[1])
        box.opened_for(30)
        tunnel = box.tunnel()
        _, said = tunnel.communicate(timeout=30)
    assert tunnel.returncode == 255
    assert "remote port forwarding failed" in said
