"""The wheel that goes to a hall holds all that the programs need: nothing is borrowed from the checkout."""

import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

REPOSITORY: Final = Path(__file__).parents[2]
PACKAGES: Final = ("broker", "counter", "display", "hallcall", "hardware", "keeper", "kiosk", "registrar", "web")
DEMO_S_FILES: Final = [
    f"{name}.toml" for name in ("board", "counter", "desk", "dispatcher", "hall", "kiosk", "pins", "voice", "web")
]
IMPORT_ALL: Final = """
import importlib, pkgutil, sys
package = importlib.import_module(sys.argv[1])
print(package.__file__)
for each in pkgutil.walk_packages(package.__path__, sys.argv[1] + "."):
    print(importlib.import_module(each.name).__file__)
"""
USE_WHAT_IS_NO_PYTHON: Final = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from broker.contract.messages import DayOpened, Done, Language, Recorded
from broker.contract.texts import texts
from broker.journal import Entry, Journal
from hallcall.demo.layout import clear, free_ports, lay_out

place = Path(sys.argv[1])
clear(place)
settings = {"ticket_s": 2, "speaker": "alsa:default", "languages": '["zh"]', "repeats": 1}
hall = lay_out(place, ports=free_ports(), settings={**settings, "board_width": 1280, "board_height": 720})
print(hall.id, sorted(path.name for path in (place / "config").glob("*.toml")))
print(all(texts(language)["kiosk"] for language in Language))
opened = Recorded(epoch=1, seq=1, at=datetime.now(UTC), event=DayOpened(day="2026-05-04"))
Journal(place / "journal").append([Entry(node="dispatcher", command="d1", answer=Done(id="d1"), events=[opened])])
print([path.name for path in (place / "journal").glob("*.sqlite")])
"""


@dataclass(frozen=True, kw_only=True)
class Unpacked:
    """A wheel's contents, in a directory of their own."""

    place: Path
    names: frozenset[str]

    def runs(self, *arguments: str, away: Path) -> str:
        """Run Python on this wheel's code, far from the checkout; return what it prints."""
        environment = {
            **os.environ,
            "PYTHONPATH": str(self.place),
            "PYTHONSAFEPATH": "1",
            "KIVY_NO_ARGS": "1",
            "KIVY_HOME": str(away / "kivy"),
            "SDL_VIDEODRIVER": "offscreen",
        }
        run = subprocess.run(
            [sys.executable, *arguments],
            cwd=away,
            env=environment,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
        assert run.returncode == 0, run.stderr
        return run.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Unpacked:
    place = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--no-deps", "--no-build-isolation"]
    built = subprocess.run(
        [*build, "--no-cache-dir", "--wheel-dir", str(place), str(REPOSITORY)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    (file,) = place.glob("hallcall-*.whl")
    with zipfile.ZipFile(file) as archive:
        archive.extractall(place / "unpacked")
        names = frozenset(archive.namelist())
    return Unpacked(place=place / "unpacked", names=names)


def test_every_file_of_the_packages_is_in_the_wheel_and_nothing_else(wheel: Unpacked) -> None:
    paths = (path for package in PACKAGES for path in (REPOSITORY / package).rglob("*") if path.is_file())
    ours = {path.relative_to(REPOSITORY).as_posix() for path in paths if "__pycache__" not in path.parts}
    assert {name for name in wheel.names if ".dist-info/" not in name} == ours


def test_what_is_no_python_is_there_by_name(wheel: Unpacked) -> None:
    demo = {f"hallcall/demo/files/{name}" for name in DEMO_S_FILES}
    texts = {"broker/contract/texts/zh.toml", "broker/contract/texts/en.toml"}
    packs = {f"broker/packs/{name}.toml" for name in ("sgcc", "csg", "bank", "gov")}
    assert {"broker/journal.sql", *texts, *demo, *packs} <= wheel.names
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in wheel.names)
    assert not any(name.startswith("tests/") for name in wheel.names)


@pytest.mark.screen
@pytest.mark.parametrize("package", PACKAGES)
def test_every_module_can_be_imported_from_the_wheel_alone(wheel: Unpacked, package: str, tmp_path: Path) -> None:
    files = wheel.runs("-c", IMPORT_ALL, package, away=tmp_path).splitlines()
    ours = [Path(file) for file in files if file.endswith(".py")]
    assert {path.relative_to(wheel.place).as_posix() for path in ours} == {
        name for name in wheel.names if name.startswith(f"{package}/") and name.endswith(".py")
    }


def test_the_command_line_runs_from_the_wheel(wheel: Unpacked, tmp_path: Path) -> None:
    assert "usage: hallcall" in wheel.runs("-m", "hallcall", "--help", away=tmp_path)


def test_the_demo_s_files_texts_and_journal_come_out_of_the_wheel(wheel: Unpacked, tmp_path: Path) -> None:
    assert wheel.runs("-c", USE_WHAT_IS_NO_PYTHON, str(tmp_path / "demo"), away=tmp_path).splitlines() == [
        f"chengdong {DEMO_S_FILES}",
        "True",
        "['2026-05-04.sqlite']",
    ]
