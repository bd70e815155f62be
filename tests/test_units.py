"""What systemd thinks of our units: the check that `./run check` makes lets none pass that is not as it was meant."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

SYSTEMD: Final = Path(__file__).parents[1] / "systemd"
pytestmark = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")


@pytest.fixture
def units(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SYSTEMD, tmp_path / "systemd", symlinks=True))


def judged(units: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([units / "check"], capture_output=True, text=True, timeout=60, check=False)


def test_all_units_are_understood_and_none_is_too_exposed(units: Path) -> None:
    run = judged(units)
    assert (run.returncode, run.stderr) == (0, "")
    exposures = dict(line.split() for line in run.stdout.splitlines())
    assert float(exposures["mosquitto.service"]) <= 3.0
    assert all(float(value) <= 2.0 for name, value in exposures.items() if name != "mosquitto.service")
    roles = ("dispatcher", "kiosk", "display", "counter", "web", "keeper", "registrar")
    assert {f"hallcall-{role}@example.service" for role in roles} <= set(exposures)


def test_a_word_that_systemd_does_not_know_fails(units: Path) -> None:
    with (units / "system" / "hallcall-web@.service").open("a") as unit:
        unit.write("ProtectSystm=strict\n")
    run = judged(units)
    assert run.returncode == 1
    assert "Unknown key 'ProtectSystm'" in run.stderr


def test_a_unit_that_may_do_too_much_fails(units: Path) -> None:
    shared = units / "system" / "hallcall-node.conf"
    shared.write_text(shared.read_text().replace("DynamicUser=yes\n", "").replace("ProtectSystem=strict\n", ""))
    run = judged(units)
    assert run.returncode == 1
    assert "above 2.0" in run.stdout


def test_what_is_installed_can_be_listed_and_taken_away_again(tmp_path: Path) -> None:
    subprocess.run([SYSTEMD / "install", tmp_path], check=True)
    listed = subprocess.run([SYSTEMD / "install", "--list"], check=True, capture_output=True, text=True).stdout
    there = {f"/{path.relative_to(tmp_path)}" for path in tmp_path.rglob("*") if path.is_symlink() or path.is_file()}
    assert there == set(listed.splitlines())


@pytest.mark.parametrize("where", ["system/var-lib-hallcall-copies.mount", "../keeper/updates/stick.py"])
def test_links_on_a_stick_lead_root_nowhere(where: str) -> None:
    (options,) = re.findall(r"ptions=([a-z,]+)", (SYSTEMD / where).read_text())
    assert {"nosuid", "nodev", "noexec", "nosymfollow"} <= set(options.split(","))
