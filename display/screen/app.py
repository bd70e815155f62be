"""The board's window: takes pictures from any thread, draws what changed, notes what has been on the glass."""

import time
from pathlib import Path
from typing import Final

from kivy.app import App
from kivy.clock import Clock, ClockEvent
from kivy.core.window import Window, WindowBase
from kivy.uix.widget import Widget

from hardware.witness import Witness

from ..board import Picture
from ..fonts import Fonts
from . import ink
from .aside import Aside, Ticker
from .rows import Rows

PULSE_FRAMES: Final = 6  # a second, while a call is announced


class BoardApp(App):  # type: ignore[misc] # Kivy ships no types
    """Draws pictures until stopped; `run` in the main thread."""

    title = "Hallcall 大屏 board"

    def __init__(self, *, places: int, fonts: Fonts, witness: Witness | None = None) -> None:
        super().__init__()
        ink.register(fonts)
        self._rows, self._aside, self._ticker = Rows(places), Aside(), Ticker()
        self._picture: Picture | None = None
        self._called_at = 0.0
        self._pulse: ClockEvent | None = None
        self._glass = Glass(witness, self._rows) if witness is not None else None

    def load_kv(self, filename: str | None = None) -> bool:  # noqa: ARG002 - Kivy's own signature
        """Load none: every place is given in the design's pixels."""
        return False

    def build(self) -> Widget:
        Window.clearcolor = ink.NIGHT
        root = Widget()
        for part in (self._rows, self._aside, self._ticker):
            root.add_widget(part)
        Window.bind(on_resize=lambda *_: self._redraw())
        if self._glass is not None:
            Window.bind(on_flip=self._glass.flipped)
        return root

    def show_soon(self, picture: Picture) -> None:
        """Show a picture on the next frame; from any thread."""
        Clock.schedule_once(lambda _: self.show(picture), 0)

    def stop_soon(self) -> None:
        """Close the window; from any thread, or from a signal."""
        Clock.schedule_once(lambda _: self.stop(), 0)

    def show(self, picture: Picture) -> None:
        before, self._picture = self._picture, picture
        scale = ink.Scale(*Window.size)
        if before is None or before.rows != picture.rows:
            self._rows.draw(picture.rows, scale)
            self._keep_pulsing(before, picture)
        if before is None or _beside(before) != _beside(picture):
            self._aside.draw(picture, scale)
        self._ticker.draw(picture, scale)
        if self._glass is not None and (before is None or _seen(before) != _seen(picture)):
            self._glass.expect(picture)

    def _redraw(self) -> None:
        picture, self._picture = self._picture, None
        if picture is not None:
            self.show(picture)

    def _keep_pulsing(self, before: Picture | None, picture: Picture) -> None:
        pulsing = _pulsing(picture)
        if pulsing and (before is None or _pulsing(before) != pulsing):
            self._called_at = time.monotonic()
        if pulsing and self._pulse is None:
            self._pulse = Clock.schedule_interval(lambda _: self._beat(), 1 / PULSE_FRAMES)
        if not pulsing and self._pulse is not None:
            self._pulse.cancel()
            self._pulse = None

    def _beat(self) -> None:
        for tile in self._rows.tiles:
            if tile.row is not None and tile.row.pulsing:
                tile.pulse(time.monotonic() - self._called_at)


class Glass:
    """Writes down what the labels said in the frame that was just handed to the screen, and takes pictures."""

    def __init__(self, witness: Witness, rows: Rows) -> None:
        self._witness = witness
        self._rows = rows
        self._expected: Picture | None = None
        self._taken: set[Path] = set()

    def expect(self, picture: Picture) -> None:
        """Note what comes to the glass with the next frame."""
        self._expected = picture

    def flipped(self, window: WindowBase, *_: object) -> bool:
        """Hand the frame over in Kivy's stead, then say what was on it."""
        window.flip()
        picture, self._expected = self._expected, None
        if picture is not None:
            drawn = [(tile.row, tile.words) for tile in self._rows.tiles if tile.row is not None]
            self._witness.saw(
                rows=[
                    {"call": row.call, "text": words, "ticket": row.ticket, "counter": row.counter, "times": row.times}
                    for row, words in drawn
                ],
                alive=picture.alive,
            )
            self._take_picture(window, picture)
        return True

    def _take_picture(self, window: WindowBase, picture: Picture) -> None:
        """Keep the first picture of each number of rows, and of a hall that is away."""
        name = f"board-{len(picture.rows)}rows.png" if picture.alive else "board-away.png"
        path = self._witness.directory / name
        if not picture.rows or path in self._taken:
            return
        self._taken.add(path)
        window.dispatch("on_draw")  # once more, since the frame is no longer ours after its flip
        Path(window.screenshot(str(path))).rename(path)


def _pulsing(picture: Picture) -> list[tuple[str, int]]:
    return [(row.call, row.times) for row in picture.rows if row.pulsing]


def _beside(picture: Picture) -> tuple[object, ...]:
    return picture.clock, picture.date, picture.queues, picture.notice


def _seen(picture: Picture) -> tuple[object, ...]:
    return [(row.call, row.ticket, row.counter, row.times) for row in picture.rows], picture.alive
