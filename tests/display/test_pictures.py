"""Pictures of the real window: how high capitals are, measured in pixels, and what somebody else reads there."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from display.glass import SHRUNK

BOARDS = {
    "43 inches, 8 m": ("1920x1080", 43, 8, "zh,en"),
    "55 inches, 8 m": ("1920x1080", 55, 8, "zh,en"),
    "65 inches, 8 m, English": ("1920x1080", 65, 8, "en"),
    "55 inches, 5 m": ("1920x1080", 55, 5, "zh"),
    "65 inches, 12 m": ("1920x1080", 65, 12, "zh,en"),
    "55 inches upright, 8 m": ("1080x1920", 55, 8, "zh,en"),
    "55 inches, 4K, 8 m": ("3840x2160", 55, 8, "zh,en"),
}
MOMENTS = "busy,few,long,forty"
Shown = tuple[Path, float, dict[str, dict[str, Any]]]


@pytest.fixture(scope="module", params=list(BOARDS))
def shown(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Shown:
    """What a board's real window showed: the pictures, the distance, and what should stand in each."""
    size, diagonal, distance, languages = BOARDS[request.param]
    out = tmp_path_factory.mktemp("board")
    asked = ["--size", size, "--diagonal", str(diagonal), "--distance", str(distance), "--languages", languages]
    subprocess.run(
        [sys.executable, "-m", "display.gallery", str(out), *asked, "--only", MOMENTS],
        env={**os.environ, "SDL_VIDEODRIVER": "offscreen"},
        check=True,
        timeout=300,
        stderr=subprocess.DEVNULL,
    )
    lines = [json.loads(line) for line in (out / "gallery.jsonl").read_text(encoding="utf-8").splitlines()]
    return out, distance, {line["name"]: line for line in lines}


def cut(out: Path, line: dict[str, Any], box: list[float]) -> Image.Image:
    """Return a rectangle of a picture, counted from the bottom left, in grey."""
    step = max(1.0, 0.03 * line["text_px"])
    x, y, w, h = box[0] + line["shift"][0] * step, box[1] + line["shift"][1] * step, box[2], box[3]
    with Image.open(out / f"{line['name']}.png") as picture:
        grey = picture.convert("L")
    return grey.crop((int(x), int(grey.height - y - h), int(x + w), int(grey.height - y)))


def ground_of(grey: Image.Image) -> int:
    """Return what most pixels are."""
    pixels = grey.tobytes()
    return max(set(pixels), key=pixels.count)


def height_mm(out: Path, line: dict[str, Any], box: list[float]) -> float:
    """Return how high the writing in a rectangle is, counted from the bottom left: pixels that stand out."""
    seen = cut(out, line, box)
    pixels, width, ground = seen.tobytes(), seen.width, ground_of(seen)
    rows = [
        row
        for row in range(seen.height)
        if any(abs(each - ground) > 90 for each in pixels[row * width : (row + 1) * width])
    ]
    return float((rows[-1] - rows[0] + 1) / line["px_per_mm"])


@pytest.mark.pictures
def test_numbers_and_windows_have_12_mm_for_each_metre_and_other_text_6(shown: Shown) -> None:
    out, distance, lines = shown
    busy = lines["busy"]
    pixel = 1 / busy["px_per_mm"]
    assert len(busy["tickets"]) == len(busy["rows"]) >= 1
    for box in (*busy["tickets"], *busy["counters"]):
        assert height_mm(out, busy, box) >= 12.2 * distance - pixel
    assert height_mm(out, busy, busy["clock"]) >= 6.4 * distance - pixel


@pytest.mark.pictures
def test_no_text_is_smaller_than_it_must_be_in_any_moment(shown: Shown) -> None:
    for name, line in shown[2].items():
        if name != "long":
            assert line["smallest"] >= SHRUNK, f"{name}: {line['smallest_text']}"


@pytest.mark.pictures
@pytest.mark.skipif(shutil.which("tesseract") is None, reason="tesseract is not installed: apt install tesseract-ocr")
def test_somebody_else_reads_number_and_window(shown: Shown) -> None:
    out, _, lines = shown
    busy = lines["busy"]
    for (ticket, counter, _), ticket_box, counter_box in zip(
        busy["rows"], busy["tickets"], busy["counters"], strict=True
    ):
        assert read(out, busy, ticket_box, counter_box) == f"{ticket} {counter}"


def read(out: Path, line: dict[str, Any], *boxes: list[float]) -> str:
    """Return what tesseract reads in rectangles of a picture, set beside each other like words."""
    page, left = Image.new("L", (900, 120), 255), 40
    for box in boxes:
        word = cut(out, line, box)
        word = word.crop((0, word.height // 8, word.width, word.height - word.height // 8))  # the card alone
        if ground_of(word) < 128:
            word = word.point(lambda value: 255 - value)
        word = word.resize((max(1, round(word.width * 64 / word.height)), 64), Image.Resampling.LANCZOS)
        page.paste(word, (left, 28))
        left += word.width + 36
    path = out / "read.png"
    page.crop((0, 0, left, 120)).save(path)
    said = subprocess.run(
        ["tesseract", str(path), "-", "--psm", "7", "-c", "tessedit_char_whitelist=ABCEFHLPUY0123456789 "],
        capture_output=True,
        check=True,
        timeout=30,
        text=True,
    )
    return said.stdout.strip()
