"""Whom a box asks for the time; the file is read by the real chronyd."""

import shutil
import subprocess
from pathlib import Path

import pytest

from broker.box_file import BoxFile
from keeper.time_source import box_here, chrony_conf

KIOSK = BoxFile(
    box="kiosk-1", hall="east", dispatcher="192.168.8.10", authority="0" * 64, nodes=("kiosk-1", "keeper-kiosk-1")
)
DESK = BoxFile(
    box="desk", hall="east", dispatcher="192.168.8.10", authority="0" * 64, nodes=("dispatcher", "keeper-desk")
)
SPARE = BoxFile(box="spare-1", hall="east", dispatcher="192.168.8.10", authority="0" * 64, spare=True)


@pytest.mark.parametrize("box", [KIOSK, SPARE])
def test_a_box_asks_the_dispatchers_box_and_nobody_outside(box: BoxFile) -> None:
    conf = chrony_conf(box)
    assert "server 192.168.8.10 iburst" in conf
    assert "pool" not in conf
    assert "allow" not in conf
    assert "makestep 1 -1" in conf


def test_the_dispatchers_box_serves_the_hall_also_without_a_source() -> None:
    conf = chrony_conf(DESK)
    assert "local stratum 10" in conf
    assert "allow 192.168.0.0/16" in conf
    assert "server" not in conf
    assert "makestep 1 3" in conf  # later a step would turn the hall's time back


def test_a_box_that_does_not_know_what_it_is_serves_nobody(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "allow" not in chrony_conf(box_here((tmp_path / "none.toml",)))
    broken = tmp_path / "box.toml"
    broken.write_text('box = "kiosk-1\n', encoding="utf-8")
    assert "allow" not in chrony_conf(box_here((broken,)))
    assert "box.toml" in capsys.readouterr().err


@pytest.mark.parametrize("box", [KIOSK, DESK, None])
def test_chrony_itself_takes_the_file(box: BoxFile | None, tmp_path: Path) -> None:
    if shutil.which("chronyd", path="/usr/sbin:/usr/bin") is None:
        pytest.skip("chronyd is not installed")
    conf = tmp_path / "chrony.conf"
    conf.write_text(chrony_conf(box), encoding="utf-8")
    done = subprocess.run(["/usr/sbin/chronyd", "-p", "-f", conf], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "makestep" in done.stdout
