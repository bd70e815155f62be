"""`python -m kiosk.gallery --hall hall.toml OUT`: pictures of every screen on a panel, and what was measured on them.

Opens the kiosk's real window. Beside the pictures it writes `gallery.jsonl`, a line a screen: `name`, `window` and
`px_per_mm`, `keys` (name, x, y, w, h in pixels from the bottom left) and `words` (text, size in pixels, is a caption,
how much it was shrunk, its rectangle, and the contrast measured on its
pixels), and `frame`, the contrast of the tactile keys' frame where there is one.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Final

from PIL import Image

from broker.config import load_hall, load_theme
from broker.contract.messages import Hall
from broker.panel import px_per_mm
from broker.theme import Theme, contrast

from . import flow
from .examples import AT, examples
from .panel import Panel, cards
from .screens.focus import INNER, OUTER

MANY: Final = 3  # pixels of a colour that is not only an edge's


def main() -> int:
    parser = argparse.ArgumentParser(prog="kiosk.gallery", description=__doc__)
    parser.add_argument("--hall", type=Path, required=True)
    parser.add_argument("--size", default="1280x800", help="pixels of the panel")
    parser.add_argument("--diagonal", type=float, default=10.1, help="inches")
    parser.add_argument("--bottom-mm", type=int, help="the panel's lower edge above the floor")
    parser.add_argument("--theme", type=Path)
    parser.add_argument("--only", nargs="*", help="names of screens; left out: all")
    parser.add_argument("--measures-only", action="store_true", help="no pictures")
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    width, height = (int(side) for side in options.size.split("x"))
    panel = Panel(diagonal_in=options.diagonal, bottom_mm=options.bottom_mm)
    theme = load_theme(options.theme) if options.theme is not None else Theme()
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        _prepare(Path(home), width, height)
        _take_all(load_hall(options.hall), panel, theme, (width, height), options)
    return 0


def _prepare(home: Path, width: int, height: int) -> None:
    """Set what Kivy reads when it is imported."""
    os.environ.update(
        KIVY_NO_ARGS="1", KIVY_NO_CONSOLELOG="1", KIVY_NO_FILELOG="1", KIVY_LOG_MODE="PYTHON", KIVY_HOME=str(home)
    )
    os.environ.setdefault("SDL_VIDEODRIVER", "offscreen")
    from kivy.config import Config  # noqa: PLC0415 - reads the environment

    for name, value in (("width", width), ("height", height), ("multisamples", 0), ("resizable", 0)):
        Config.set("graphics", name, str(value))


def _take_all(hall: Hall, panel: Panel, theme: Theme, size: tuple[int, int], options: argparse.Namespace) -> None:
    """Show each screen and take its picture at the frame that shows it."""
    from zoneinfo import ZoneInfo  # noqa: PLC0415

    from kivy.app import App  # noqa: PLC0415
    from kivy.clock import Clock  # noqa: PLC0415
    from kivy.core.window import Window  # noqa: PLC0415
    from kivy.graphics.opengl import GL_RGBA, GL_UNSIGNED_BYTE, glReadPixels  # noqa: PLC0415

    from .screens.layout import Scene  # noqa: PLC0415
    from .screens.painter import Painter  # noqa: PLC0415
    from .screens.scene import picture  # noqa: PLC0415

    painter = Painter(panel=panel, theme=theme)
    app = App()
    app.load_kv = lambda **_: False
    app.build = lambda: painter
    fine = px_per_mm(*size, diagonal_in=panel.diagonal_in, dpi=panel.dpi)
    wanted: Iterator[tuple[str, flow.Kiosk]] = (
        (name, kiosk)
        for name, kiosk in examples(hall, per_page=cards(panel, *size))
        if not options.only or any(name.startswith(each) for each in options.only)
    )
    showing: list[tuple[str, str | None]] = []

    def show(_: float) -> None:
        found = next(wanted, None)
        if found is None:
            app.stop()
            return
        name, kiosk = found
        painter.size = size
        fitted = painter.fitted()
        scene = Scene(
            kiosk=kiosk,
            at=AT.astimezone(ZoneInfo(hall.timezone)),
            left_s=18,
            w=fitted.w,
            h=fitted.h,
            logo=theme.logo,
        )
        painter.show(picture(scene, top=fitted.top), fades=False, contrast=kiosk.contrast)
        showing[:] = [(name, kiosk.focus)]
        Window.canvas.ask_update()

    def flipped(*_: object) -> None:
        if not showing:
            return
        raw = glReadPixels(0, 0, *size, GL_RGBA, GL_UNSIGNED_BYTE)
        seen = Image.frombytes("RGBA", size, raw).convert("RGB")
        name, focus = showing.pop()
        if not options.measures_only:
            seen.transpose(Image.Transpose.FLIP_TOP_BOTTOM).save(options.out / f"{name}.png", compress_level=1)
        _measure(record, name, focus, seen, painter, fine)
        Clock.schedule_once(show, 0)

    with (options.out / "gallery.jsonl").open("w", encoding="utf-8") as record:
        Window.bind(on_flip=flipped)
        Clock.schedule_once(show, 0)
        app.run()


def _measure(  # noqa: PLR0917 - a screen and what was seen of it
    record: IO[str], name: str, focus: str | None, seen: Image.Image, painter: "object", fine: float
) -> None:
    from .screens.painter import Painter  # noqa: PLC0415

    assert isinstance(painter, Painter)  # noqa: S101 - Kivy has no types
    words = [
        {
            "text": placed.said.text,
            "pixels": placed.pixels,
            "small": placed.said.small,
            "shrink": round(placed.shrink, 3),
            "box": [round(placed.x), round(placed.y), round(placed.w), round(placed.h)],
            "contrast": round(_contrast(seen, placed.x, placed.y, placed.w, placed.h), 2),
        }
        for placed in painter.placed
        if placed.said.text
    ]
    keys = painter.keys()
    places = [place for key, *place in keys if key == focus]
    frame = round(_frame_contrast(seen, places[0], painter.scale), 2) if places else None
    line = {"name": name, "window": seen.size, "px_per_mm": round(fine, 3), "keys": keys, "words": words}
    line["frame"] = frame
    record.write(json.dumps(line, ensure_ascii=False) + "\n")


def _frame_contrast(seen: Image.Image, place: Sequence[float], scale: float) -> float:
    """Return by how much the frame around a key stands out from what lies around it, at the middle of each side."""
    x, y, w, h = place
    middle, centre = x + w / 2, y + h / 2
    on, beyond = (OUTER + INNER) / 2 * scale, OUTER * scale + 2
    sides = ((x, centre, -1, 0), (x + w, centre, 1, 0), (middle, y, 0, -1), (middle, y + h, 0, 1))
    found = []
    for at_x, at_y, right, up in sides:
        colours = []
        for far in (on, beyond):
            dot = (int(at_x + right * far), int(at_y + up * far))
            if not (0 <= dot[0] < seen.width and 0 <= dot[1] < seen.height):
                break  # nothing lies beyond the panel
            colours.append(f"#{seen.crop((*dot, dot[0] + 1, dot[1] + 1)).tobytes().hex()}")
        if len(colours) == 2:  # noqa: PLR2004 - the frame, and what lies beyond it
            found.append(contrast(*colours))
    return min(found)


def _contrast(seen: Image.Image, x: float, y: float, w: float, h: float) -> float:
    """Return by how much the words in a rectangle, counted from the bottom left, stand out from their ground."""
    box = (max(0, int(x)), max(0, int(y)), min(seen.width, int(x + w) + 1), min(seen.height, int(y + h) + 1))
    if box[0] >= box[2] or box[1] >= box[3]:
        return 0.0
    found = seen.crop(box).getcolors((box[2] - box[0]) * (box[3] - box[1])) or []
    colours = [(count, "#" + bytes(colour).hex()) for count, colour in found if isinstance(colour, tuple)]
    _, ground = max(colours)
    return max(contrast(ground, colour) for count, colour in colours if count >= MANY)


if __name__ == "__main__":
    sys.exit(main())
