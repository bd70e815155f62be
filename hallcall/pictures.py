"""`hallcall pictures`: the README's pictures, taken of the real programs in a busy hall; then look at them."""

import argparse
import asyncio
import shutil
import subprocess
import sys
import tempfile
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


def slip_of(raw: bytes) -> Image.Image:
    """Return what a printer makes of a slip's bytes."""
    typesetter = Typesetter()
    steps = [typesetter.step(command) for command in Splitter().feed(raw)]
    return slip_picture([step.piece for step in steps if step.piece is not None])


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="hallcall pictures", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/pictures"), help="where they go")
    out: Path = parser.parse_args(argv).out
    out.mkdir(parents=True, exist_ok=True)
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
    sys.stdout.write(f"pictures are in {out}: look at them\n")
    return 0


def _keep(picture: Image.Image, path: Path) -> None:
    height = round(picture.height * WIDTH / picture.width)
    small = picture.convert("RGB").resize((WIDTH, height), Image.Resampling.LANCZOS)
    small.quantize(256, kmeans=2, dither=Image.Dither.NONE).save(path, optimize=True)
