"""A UPS as NUT tells of it: the real upsd and upsmon, set up by our script, with NUT's own driver that plays a UPS."""

import os
import re
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from broker.ailments import advice, said
from broker.contract.messages import BoxFinding, BoxHealth, Language
from keeper import ups
from keeper.machine import Machine

PROGRAMS = Path("/lib/nut")
SET_UP = Path(__file__).parents[2] / "systemd" / "machine" / "ups"
PATIENCE_S = 60
MACHINE = Machine()
pytestmark = pytest.mark.skipif(not (PROGRAMS / "upsd").exists(), reason="apt install nut-server")


class Played:
    """A UPS that is a file, and the server that tells of it."""

    def __init__(self, place: Path, port: int) -> None:
        self.states, self.server = place / "played.dev", f"127.0.0.1:{port}"
        self._at_s = int(time.time())

    def becomes(self, states: str, *, charge: int = 100, runtime: int = 1800) -> None:
        """Have it say so, and wait until the server knows."""
        fresh = self.states.with_suffix(".new")
        fresh.write_text(f"ups.status: {states}\nbattery.charge: {charge}\nbattery.runtime: {runtime}\n")
        self._at_s += 10  # the driver reads a file that is younger, by whole seconds
        os.utime(fresh, (self._at_s, self._at_s))
        fresh.replace(self.states)
        until(lambda: f"ups.status: {states}\n" in (MACHINE.output("upsc", f"ups@{self.server}") or ""))

    def found(self) -> BoxFinding:
        (finding,) = ups.look(BoxHealth(box="dispatcher"), MACHINE, server=self.server).findings
        return finding


def until(is_so: Callable[[], object]) -> None:
    end_s = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < end_s, "NUT does not get there"


def etc(root: Path) -> Path:
    folder = root / "etc" / "nut"
    folder.mkdir(parents=True)
    return folder


def in_file(place: Path, name: str, **changes: str) -> None:
    text = (place / name).read_text()
    for before, after in changes.items():
        text, count = re.subn(before, after, text)
        assert count, before
    (place / name).write_text(text)


@contextmanager
def running(place: Path, *command: str) -> Iterator[None]:
    environment = {**os.environ, "NUT_CONFPATH": str(place), "NUT_STATEPATH": str(place), "NUT_ALTPIDPATH": str(place)}
    program = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        program.terminate()
        program.wait(timeout=PATIENCE_S)


@pytest.fixture
def played(tmp_path: Path) -> Iterator[Played]:
    """Yield a UPS on mains, set up as ours are: only its driver and the port are others."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    subprocess.run([SET_UP, "--driver", "dummy-ups", "--to", tmp_path], check=True)
    in_file(tmp_path, "ups.conf", auto=f"{tmp_path}/played.dev")
    in_file(tmp_path, "upsd.conf", **{"3493": str(port)})
    there = Played(tmp_path, port)
    there.states.write_text("ups.status: OL\n")
    with ExitStack() as programs:
        programs.enter_context(running(tmp_path, f"{PROGRAMS}/dummy-ups", "-a", "ups", "-F", "-i", "1", "-u", "root"))
        until((tmp_path / "dummy-ups-ups").exists)
        programs.enter_context(running(tmp_path, f"{PROGRAMS}/upsd", "-F", "-u", "root"))
        there.becomes("OL")
        yield there


def test_a_power_cut_is_told_from_its_first_minute_to_the_battery_s_last(played: Played) -> None:
    assert said(played.found(), Language.EN) == "ups: on mains, battery 100 %, 30 min"
    played.becomes("OB DISCHRG", charge=83, runtime=1320)
    assert played.found().key == "ups_battery"
    assert said(played.found(), Language.ZH) == "ups：市电已断，电池 83 %, 22 min"
    assert "停止发号" in advice(played.found(), Language.ZH)
    played.becomes("OB DISCHRG LB", charge=9, runtime=100)
    assert played.found().key == "ups_low"
    played.becomes("OL CHRG LB", charge=10, runtime=110)
    assert played.found().key == "ups_ok"
    played.becomes("OL RB")
    assert played.found().key == "ups_worn"


def test_the_machine_is_switched_off_when_the_battery_is_low_and_not_before(played: Played, tmp_path: Path) -> None:
    off, flag = tmp_path / "off", tmp_path / "killpower"
    in_file(tmp_path, "upsmon.conf", **{
        "@127.0.0.1": f"@{played.server}", "/usr/bin/systemctl poweroff": f"/usr/bin/touch {off}",
        "/etc/killpower": str(flag), "FINALDELAY 5": "FINALDELAY 0", "POLLFREQ(ALERT)? 5": r"POLLFREQ\1 1",
        "HOSTSYNC 15": "HOSTSYNC 1",
    })  # fmt: skip
    with running(tmp_path, f"{PROGRAMS}/upsmon", "-F", "-p", "-u", "root"):
        played.becomes("OB DISCHRG", charge=83)
        until(lambda: "127.0.0.1" in (MACHINE.output("upsc", "-c", f"ups@{played.server}") or ""))
        assert not off.exists()
        played.becomes("OB DISCHRG LB", charge=9)
        until(off.exists)
    assert "upsmon" in flag.read_text()  # so that the UPS is switched off as well, and on again with mains


def test_a_ups_of_which_nothing_is_heard_is_told(tmp_path: Path) -> None:
    subprocess.run([SET_UP, "--to", there := etc(tmp_path)], check=True)
    assert (there / "nut.conf").stat().st_mode & 0o777 == 0o644
    assert (there / "upsmon.conf").stat().st_mode & 0o777 == 0o640
    nowhere = ups.look(BoxHealth(box="dispatcher"), Machine(root=tmp_path), server="127.0.0.1:1")
    assert [said(each, Language.EN) for each in nowhere.findings] == [
        "NUT does not answer: a power cut would not be noticed"
    ]


def test_a_machine_without_nut_or_on_which_it_was_never_set_up_has_no_ups(tmp_path: Path) -> None:
    none = BoxHealth(box="dispatcher")
    assert ups.look(none, Machine(root=tmp_path, commands=str(tmp_path))) == none
    (etc(tmp_path) / "nut.conf").write_text("MODE=none\n")
    assert ups.look(none, Machine(root=tmp_path), server="127.0.0.1:1") == none
