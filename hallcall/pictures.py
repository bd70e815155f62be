"""`hallcall pictures`: the README's pictures, taken of the real programs in a busy hall; then look at them."""

import argparse
import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib.resources import as_file, files
from pathlib import Path
from typing import Final

import msgspec
from PIL import Image

from hardware.simulators.escpos_commands import Splitter
from hardware.simulators.escpos_paper import Typesetter
from hardware.simulators.escpos_picture import slip_picture

from .demo.layout import clear
from .demo.stage import Stage
from .demo.terminal import PlainLines

WAITING: Final = 9  # people in the hall of the pictures
WIDTH: Final = 1000  # pixels of a picture on a page
PANEL: Final = (1040, 832)
GALLERY: Final = ("env", "SDL_VIDEODRIVER=offscreen", sys.executable, "-m", "kiosk.gallery")
BOARD: Final = ("env", "SDL_VIDEODRIVER=offscreen", sys.executable, "-m", "display.gallery")
CONSOLE: Final = (sys.executable, "-m", "hallcall.console_pictures")
GUTTER: Final = 6
ACROSS: Final = 1900  # pixels of a sheet with all screens
SHEETS: Final = (  # name, panel in pixels, inches, its height above the floor in mm, how the screens look
    ("10in", "1280x800", 10.1, None, ("both", "en", "zh-large", "en-large", "zh-dark")),
    ("10in-upright", "800x1280", 10.1, None, ("both", "en", "zh-large")),
    ("7in", "800x480", 7.0, None, ("both", "en", "zh-large")),
    ("7in-upright", "480x800", 7.0, None, ("both", "en", "zh-large")),
    ("21in-high", "1080x1920", 21.5, 850, ("both",)),
)
BOARDS: Final = (  # name, pixels, inches, metres, languages
    ("43in-8m", "1920x1080", 43, 8, "zh,en"),
    ("55in-8m", "1920x1080", 55, 8, "zh,en"),
    ("65in-8m-en", "1920x1080", 65, 8, "en"),
    ("55in-5m-zh", "1920x1080", 55, 5, "zh"),
    ("65in-12m", "1920x1080", 65, 12, "zh,en"),
    ("55in-8m-upright", "1080x1920", 55, 8, "zh,en"),
)
SLIPS: Final = {
    "slip-58mm-zh": ("--width", "58", "--lang", "zh", "--url", "https://q.example.cn/t/2026-11-23-B014"),
    "slip-80mm-en-large": ("--width", "80", "--lang", "en", "--large", "--priority"),
}
SCREENS: Final = ("kiosk-home-zh", "kiosk-confirm-zh", "kiosk-ticket-zh", "kiosk-home-en", "board-4rows")


class NoPicture(RuntimeError):
    """A screen that should have been seen was not."""


async def play(directory: Path) -> None:
    """Fill a hall, so that its screens are pictured busy, and call four people."""
    stage = Stage(directory=directory, visitors=WAITING + 1, seed=4, desk=None, silent=True, view=PlainLines())
    stage.start()
    try:
        if not await stage.ready():
            raise NoPicture("the hall did not open")
        floor, screens = stage.floor, directory / "screens"
        people = [asyncio.create_task(stage.crowd.send()) for _ in range(WAITING)]
        await floor.until(lambda: len(floor.slips) == WAITING, timeout_s=90)
        for each in screens.glob("kiosk-*.png"):
            each.unlink()  # it is taken anew, with people waiting
        people.append(asyncio.create_task(stage.crowd.send()))
        await floor.until(lambda: len(floor.slips) > WAITING and floor.glass.screen == "home", timeout_s=60)
        await stage.crowd.touch("language:en", on="home")
        for counter in stage.hall.counters:
            stage.act({"act": "press", "counter": counter.number, "key": "call"})
        await floor.until(lambda: len(floor.board_rows) == len(stage.hall.counters), timeout_s=10)
        await asyncio.sleep(2)  # pictures are developed beside
        _picture_panel(msgspec.json.encode(stage.look()), screens / "panel.png", directory / "state" / "panel")
        for person in people:
            person.cancel()
    finally:
        await stage.close()


def _picture_panel(state: bytes, path: Path, home: Path) -> None:
    size = [str(side) for side in PANEL]
    subprocess.run(
        ["env", "SDL_VIDEODRIVER=offscreen", sys.executable, "-m", "hallcall.demo.panel", str(home), *size, str(path)],
        input=state + b"\n",
        check=True,
        stdout=subprocess.DEVNULL,
        timeout=30,
    )


def picture_kiosk(out: Path) -> None:
    """Take every screen of the kiosk on every panel and in every look: one sheet for each."""
    with as_file(files("hallcall.demo") / "files" / "hall.toml") as hall:
        for name, size, inches, bottom_mm, looks in SHEETS:
            high = [] if bottom_mm is None else ["--bottom-mm", str(bottom_mm)]
            panel = ["--size", size, "--diagonal", str(inches), *high]
            with tempfile.TemporaryDirectory(prefix="hallcall-kiosk-") as place:
                subprocess.run([*GALLERY, "--hall", str(hall), *panel, place], check=True, timeout=600)
                order = [json.loads(line)["name"] for line in (Path(place) / "gallery.jsonl").read_text().splitlines()]
                for look in looks:
                    screens = [Path(place) / f"{each}.png" for each in order if each.endswith(f"-{look}")]
                    _sheet(screens).save(out / f"kiosk-{name}-{look}.png", optimize=True)


def picture_boards(out: Path) -> None:
    """Take every moment of a board on screens of several sizes and distances: one sheet for each."""
    for name, size, inches, metres, languages in BOARDS:
        with tempfile.TemporaryDirectory(prefix="hallcall-board-") as place:
            screen = ["--size", size, "--diagonal", str(inches), "--distance", str(metres), "--languages", languages]
            subprocess.run([*BOARD, *screen, place], check=True, timeout=600, stderr=subprocess.DEVNULL)
            order = [json.loads(line)["name"] for line in (Path(place) / "gallery.jsonl").read_text().splitlines()]
            _sheet([Path(place) / f"{each}.png" for each in order]).save(out / f"board-{name}.png", optimize=True)


def _sheet(paths: Sequence[Path]) -> Image.Image:
    """Return pictures of one size side by side, small."""
    with Image.open(paths[0]) as first:
        columns = 4 if first.width > first.height else 7
        w = ACROSS // columns - GUTTER
        h = round(w * first.height / first.width)
    rows = -(-len(paths) // columns)
    sheet = Image.new("RGB", (columns * (w + GUTTER), rows * (h + GUTTER)), "#8A9590")
    for place, path in enumerate(paths):
        small = Image.open(path).convert("RGB").resize((w, h), Image.Resampling.LANCZOS)
        sheet.paste(small, (place % columns * (w + GUTTER), place // columns * (h + GUTTER)))
    return sheet.quantize(128, kmeans=1, dither=Image.Dither.NONE)


def slip_of(raw: bytes) -> Image.Image:
    """Return what a printer makes of a slip's bytes."""
    typesetter = Typesetter()
    steps = [typesetter.step(command) for command in Splitter().feed(raw)]
    return slip_picture([step.piece for step in steps if step.piece is not None])


def picture_slips(out: Path) -> None:
    """Draw the example's slips as `hallcall slip preview` does."""
    for name, options in SLIPS.items():
        command = [sys.executable, "-m", "kiosk.preview", *options, "--out", str(out / f"{name}.png")]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=30)


def picture_hall(out: Path) -> None:
    """Take the README's own pictures, of a demo that is busy."""
    with tempfile.TemporaryDirectory(prefix="hallcall-pictures-") as place:
        directory = Path(place)
        clear(directory)
        asyncio.run(play(directory))
        for name in (*SCREENS, "panel"):
            path = directory / "screens" / f"{name}.png"
            if not path.exists():
                raise NoPicture(f"{name} was never seen; look at {shutil.copytree(directory, out / 'failed')}")
            _keep(Image.open(path), out / f"{name}.png")
        newest = max((directory / "slips").glob("*.bin"))
        slip_of(newest.read_bytes()).save(out / "slip.png", optimize=True)
    picture_slips(out)


def picture_console(out: Path) -> None:
    subprocess.run([*CONSOLE, str(out)], check=True, timeout=600)


PARTS: Final = {  # what is taken, and where it goes
    "hall": (picture_hall, "."),
    "console": (picture_console, "console"),
    "board": (picture_boards, "board"),
    "kiosk": (picture_kiosk, "kiosk"),
}


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="hallcall pictures", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/pictures"), help="where they go")
    parser.add_argument("--hall", action="store_true", help="the README's")
    parser.add_argument("--kiosk", action="store_true", help="every screen of the kiosk, on every panel")
    parser.add_argument("--board", action="store_true", help="what boards show, on several screens")
    parser.add_argument("--console", action="store_true", help="the clerk's console, in a browser")
    options = parser.parse_args(argv)
    wanted = [name for name in PARTS if getattr(options, name)] or list(PARTS)
    for name in wanted:
        take, below = PARTS[name]
        place = options.out / below
        place.mkdir(parents=True, exist_ok=True)
        take(place)
        sys.stdout.write(f"pictures are in {place}: look at them\n")
    return 0


def _keep(picture: Image.Image, path: Path) -> None:
    height = round(picture.height * WIDTH / picture.width)
    small = picture.convert("RGB").resize((WIDTH, height), Image.Resampling.LANCZOS)
    small.quantize(256, kmeans=2, dither=Image.Dither.NONE).save(path, optimize=True)
