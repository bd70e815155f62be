"""Looks at a board: its figures, fonts, pictures and window, which shows a test picture meanwhile."""

import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any, Final

from broker.board_file import BoardScreen, panel_of
from broker.config import BrokenConfig, DisplayFile
from broker.legibility import CAP

from .board import Row
from .check import Finding, amber, green, node_findings, red
from .fonts import Fonts, NoFont, chinese_fonts
from .glass import OnGlass
from .look import palette
from .pages import Note, Pages, Sight, pages_of
from .showing import prepare_kivy, theme_of
from .slides import FILMS, found

PATIENCE_S: Final = 10.0  # until the first frame
SLOW_MS: Final = 120  # a frame; the pulse of a call needs six a second


def board_findings(file: DisplayFile, screen: BoardScreen, *, seconds: float) -> Iterator[Finding]:
    """Yield what is found, as it is found."""
    yield from node_findings(file)
    panel, pages = panel_of(screen), pages_of(screen)
    fine = panel.px_per_mm
    yield green(
        "layout",
        "layout_ok",
        rows=pages.arrangement.rows,
        number=f"{pages.arrangement.number * CAP / fine:.0f}",
        text=f"{pages.arrangement.text * CAP / fine:.0f}",
        distance=f"{panel.distance_m:g}",
    )
    try:
        fonts = chinese_fonts()
        yield green("fonts", "fonts_ok", font=fonts.text)
    except NoFont as error:
        yield red("fonts", "problem", problem=str(error))
        return
    try:
        theme_of(screen)
    except BrokenConfig as error:
        yield red("theme", "problem", problem=str(error))
        return
    window = _window(file, screen, pages, fonts, seconds)
    yield from _window_findings(window, screen)
    if screen.media is not None:
        yield from _media_findings(screen.media.folder, window.get("films", False))


def sight_of(pages: Pages) -> Sight:
    """Return a test picture, which says how high its own letters are."""
    panel = pages.arrangement.panel
    fine = panel.px_per_mm
    number = f"{pages.arrangement.number * CAP / fine:.0f} mm"
    text = f"{pages.arrangement.text * CAP / fine:.0f} mm"
    rows = tuple(
        Row(call=f"test.{at}", ticket=f"H{8 - at}88"[:4], counter=at + 1, times=1, newest=at == 0, pulsing=at == 0)
        for at in range(pages.arrangement.rows)
    )
    lines = (f"H = {number}", f"h = {text}", f"{panel.distance_m:g} m", f"{panel.diagonal_in:g} in")
    note = Note(title="TEST", lines=lines)
    return Sight(rows=rows, alive=True, clock="88:88", strip=f"H {number}  h {text}", aside=note)


def _window(file: DisplayFile, screen: BoardScreen, pages: Pages, fonts: Fonts, seconds: float) -> dict[str, Any]:
    """Show the test picture for so long; return what was measured."""
    prepare_kivy(Path(file.state_dir), screen)
    try:
        from kivy.clock import Clock  # noqa: PLC0415 - Kivy reads its environment first
        from kivy.core.window import Window  # noqa: PLC0415
        from kivy.graphics import Color, Line  # noqa: PLC0415
        from kivy.graphics.opengl import GL_RENDERER, glGetString  # noqa: PLC0415

        from .screen.app import BoardApp  # noqa: PLC0415
    except Exception as error:  # noqa: BLE001 - whatever the graphics of a machine raise
        return {"problem": str(error)}
    if Window is None:
        return {"problem": "no window could be opened"}
    seen: list[OnGlass] = []
    frames: list[float] = []

    def look(glass: OnGlass) -> None:
        if not seen:
            Clock.schedule_once(lambda _: app.stop(), seconds)
        seen.append(glass)

    app = BoardApp(pages=pages, fonts=fonts, palette=palette(theme_of(screen)), on_glass=look)

    def begin(_: float) -> None:
        app.show(sight_of(pages))
        with Window.canvas.after:
            Color(1, 1, 1, 1)
            Line(rectangle=(1, 1, Window.width - 2, Window.height - 2), width=1)

    Window.bind(on_draw=lambda *_: frames.append(time.monotonic()))
    Clock.schedule_once(begin, 0)
    Clock.schedule_once(lambda _: app.stop(), seconds + PATIENCE_S)
    app.run()
    ways = [(b - a) * 1000 for a, b in pairwise(frames)]
    return {
        "size": tuple(int(side) for side in Window.size),
        "renderer": glGetString(GL_RENDERER).decode(errors="replace"),
        "frame_ms": median(ways) if ways else None,
        "rows": len(seen[-1].rows) if seen else 0,
        "films": bool(seen and seen[-1].plays_films),
    }


def _window_findings(window: dict[str, Any], screen: BoardScreen) -> Iterator[Finding]:
    if "problem" in window:
        yield red("screen", "screen_none", problem=window["problem"])
        return
    wide, high = window["size"]
    if (wide, high) != (screen.width, screen.height):
        yield amber("screen", "screen_size", wide=wide, high=high, width=screen.width, height=screen.height)
    if not window["rows"]:
        yield red("screen", "screen_empty")
    elif window["frame_ms"] is not None and window["frame_ms"] > 2 * SLOW_MS:
        yield amber("screen", "screen_slow", ms=f"{window['frame_ms']:.0f}", renderer=window["renderer"])
    else:
        yield green("screen", "screen_ok", wide=wide, high=high, renderer=window["renderer"])


def _media_findings(folder: str, plays: bool) -> Iterator[Finding]:  # noqa: FBT001 - one fact of the window
    slides = found(Path(folder))
    films = sum(path.lower().endswith(FILMS) for path in slides)
    if not slides:
        yield amber("media", "media_none", path=folder)
    elif films and not plays:
        yield amber("media", "media_films", count=films)
    else:
        yield green("media", "media_ok", count=len(slides), path=folder)
