"""Every screen in its real window, in every look: sizes, gaps and contrast measured on what stands there."""

import json
import os
import subprocess
import sys
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from broker.config import BrokenConfig, KioskFile, load_any, load_hall, load_theme
from broker.panel import HIGHEST_MM, LOWEST_MM
from kiosk.examples import AT, MODES, examples
from kiosk.hearing import heard
from kiosk.panel import Panel, cards, fit
from kiosk.screens.layout import Scene

HALL = Path(__file__).parents[2] / "hallcall" / "demo" / "files" / "hall.toml"
KEY_MM = 19.0
GAP_MM = 3.3
CAPITAL = 0.714  # of the size, in WenQuanYi Micro Hei, the font that is asked for
READ_MM = 4.8
SMALL_MM = 3.0
PANELS = {
    "7 inches, wide": ("800x480", 7.0, None),
    "7 inches, upright": ("480x800", 7.0, None),
    "10.1 inches, wide": ("1280x800", 10.1, None),
    "10.1 inches, upright": ("800x1280", 10.1, None),
    "21.5 inches, wide": ("1920x1080", 21.5, None),
    "21.5 inches, upright and high": ("1080x1920", 21.5, 850),
}
Shown = list[dict[str, Any]]


@pytest.fixture(scope="module", params=list(PANELS))
def panel(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def shown(panel: str, tmp_path_factory: pytest.TempPathFactory) -> Shown:
    """What the kiosk's real window showed: all screens, once."""
    size, diagonal, bottom = PANELS[panel]
    out = tmp_path_factory.mktemp("gallery")
    where = [] if bottom is None else ["--bottom-mm", str(bottom)]
    subprocess.run(
        [
            sys.executable,
            "-m",
            "kiosk.gallery",
            "--hall",
            HALL,
            "--size",
            size,
            "--diagonal",
            str(diagonal),
            *where,
            "--measures-only",
            out,
        ],
        env={**os.environ, "SDL_VIDEODRIVER": "offscreen"},
        check=True,
        timeout=600,
        capture_output=True,
    )
    lines = (out / "gallery.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


pytestmark = pytest.mark.pictures


def test_every_key_is_19_mm_within_the_panel_and_apart_from_others(shown: Shown) -> None:
    for screen in shown:
        fine, (width, height) = screen["px_per_mm"], screen["window"]
        keys = [key for key in screen["keys"] if key[3] < width or key[4] < height / 2]  # not *touch anywhere*
        for name, x, y, w, h in keys:
            assert min(w, h) / fine >= KEY_MM, (screen["name"], name, min(w, h) / fine)
            assert x >= -1 <= y, (screen["name"], name)
            assert x + w <= width + 1, (screen["name"], name)
            assert y + h <= height + 1, (screen["name"], name)
        for a, b in combinations(keys, 2):
            apart = max(b[1] - a[1] - a[3], a[1] - b[1] - b[3], b[2] - a[2] - a[4], a[2] - b[2] - b[4])
            assert apart / fine >= GAP_MM, (screen["name"], a[0], b[0], apart / fine)


def test_every_text_fits_and_is_large_enough_to_be_read(shown: Shown) -> None:
    for screen in shown:
        width, height = screen["window"]
        for word in screen["words"]:
            capitals_mm = word["pixels"] * CAPITAL / screen["px_per_mm"]
            x, _, w, _ = word["box"]
            wanted = SMALL_MM if word["small"] else READ_MM
            assert capitals_mm >= wanted, (screen["name"], word["text"], round(capitals_mm, 2), word["shrink"])
            assert x >= 0, (screen["name"], word["text"])
            assert x + w <= width + 1, (screen["name"], word["text"])
            assert 0 <= word["box"][1] + word["box"][3] * 0.2 <= height, (screen["name"], word["text"])


def test_no_text_runs_into_another(shown: Shown) -> None:
    for screen in shown:
        for a, b in combinations(screen["words"], 2):
            (ax, ay, aw, ah), (bx, by, bw, bh) = a["box"], b["box"]
            beside = min(ax + aw, bx + bw) - max(ax, bx)
            above = min(ay + 0.9 * ah, by + 0.9 * bh) - max(ay + 0.22 * ah, by + 0.22 * bh)
            assert beside <= 3 or above <= 2, (screen["name"], a["text"], b["text"])


def test_keys_and_numbers_stand_out_by_7_to_1_and_everything_by_4_5(shown: Shown) -> None:
    for screen in shown:
        for word in screen["words"]:
            x, y, w, h = word["box"]
            is_on_key = any(
                key[1] <= x + w / 2 <= key[1] + key[3] and key[2] <= y + h / 2 <= key[2] + key[4]
                for key in screen["keys"]
            )
            action = (is_on_key and not word["small"]) or word["text"] in {"B014", "A014"}
            assert word["contrast"] >= (7.0 if action else 4.5), (screen["name"], word["text"], word["contrast"])


def test_what_can_be_touched_is_what_tactile_keys_reach_and_nothing_else(panel: str, shown: Shown) -> None:
    size, diagonal, bottom = PANELS[panel]
    width, height = (int(side) for side in size.split("x"))
    about = Panel(diagonal_in=diagonal, bottom_mm=bottom)
    fitted = fit(about, width, height)
    states = dict(examples(load_hall(HALL), per_page=cards(about, width, height)))
    assert {screen["name"] for screen in shown} == set(states)
    for screen in shown:
        scene = Scene(kiosk=states[screen["name"]], at=AT, left_s=18, w=fitted.w, h=fitted.h - fitted.top)
        reached = [offer.key for offer in heard(scene).offers]
        assert sorted(reached) == sorted({key[0] for key in screen["keys"]}), screen["name"]


def test_the_frame_of_the_tactile_keys_stands_out_by_3_to_1(shown: Shown) -> None:
    framed = [screen["frame"] for screen in shown if screen["frame"] is not None]
    assert len(framed) == len(MODES)
    assert min(framed) >= 3.0


def test_every_key_of_a_high_panel_is_within_a_seated_persons_reach(panel: str, shown: Shown) -> None:
    bottom = PANELS[panel][2]
    if bottom is None:
        pytest.skip("nobody said how high it hangs")
    for screen in shown:
        for name, _, y, _, h in screen["keys"]:
            assert bottom + (y + h) / screen["px_per_mm"] <= HIGHEST_MM + 1, (screen["name"], name)
            assert bottom + y / screen["px_per_mm"] >= LOWEST_MM


# What an installer may enter ------------------------------------------------------------------------------------------

KIOSK = """
node = "kiosk-1"
hall = "east"
state_dir = "/var/lib/hallcall"
broker = {{ password_file = "password" }}
printer = {{ port = "usblp:/dev/usb/lp0" }}
[screen]
{screen}
"""


@pytest.mark.parametrize(
    ("screen", "said"),
    [
        ("diagonal_in = 5", "the panel is 108 x 67 mm; keys of 19 mm and capitals of 4.8 mm need 150 x 89 mm"),
        ("dpi = 300", "the panel is 108 x 68 mm"),
        ("bottom_mm = 300", "the lowest keys would be 300 mm above the floor"),
        ("bottom_mm = 1180", "a seated person reaches up to 1220 mm: 40 mm of this panel"),
    ],
)
def test_a_panel_that_people_cannot_use_is_refused_with_the_reason(tmp_path: Path, screen: str, said: str) -> None:
    file = tmp_path / "kiosk.toml"
    file.write_text(KIOSK.format(screen=screen), encoding="utf-8")
    with pytest.raises(BrokenConfig, match=said):
        load_any(file)


@pytest.mark.parametrize("screen", ["", "bottom_mm = 800", "diagonal_in = 7\nwidth = 480\nheight = 800"])
def test_a_panel_that_people_can_use_is_accepted(tmp_path: Path, screen: str) -> None:
    file = tmp_path / "kiosk.toml"
    file.write_text(KIOSK.format(screen=screen), encoding="utf-8")
    assert isinstance(load_any(file), KioskFile)


@pytest.mark.parametrize(
    ("theme", "said"),
    [
        ('brand = "#00A0E9"', "white on #00A0E9 stands out by 2.9:1 only; 7:1 is needed: take a darker one"),
        ('brand = "#00574B"\ndeep = "#888888"', "the number on #888888 stands out by"),
        ('logo = "logo.png"', "logo.png is not there; put the picture beside this file"),
    ],
)
def test_a_theme_that_people_cannot_read_is_refused_with_the_reason(tmp_path: Path, theme: str, said: str) -> None:
    file = tmp_path / "theme.toml"
    file.write_text(theme, encoding="utf-8")
    with pytest.raises(BrokenConfig, match=said):
        load_theme(file)


def test_a_hall_has_its_own_colours(tmp_path: Path) -> None:
    file = tmp_path / "theme.toml"
    file.write_text('brand = "#7A1220"', encoding="utf-8")
    assert load_theme(file).dark == "#510C15"
