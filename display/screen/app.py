"""The board's window: takes sights from any thread, draws what changed, says what has been on the glass."""

import time
from collections.abc import Callable
from typing import Final

from kivy.app import App
from kivy.clock import Clock, ClockEvent
from kivy.core.window import Window
from kivy.graphics import Color, PopMatrix, PushMatrix, Rectangle, Scale, Translate
from kivy.uix.widget import Widget

from broker.contract.messages import Language
from broker.technician.desk import Desk, Later
from hardware.witness import Witness

from ..fonts import Fonts
from ..glass import OnGlass
from ..look import Palette
from ..pages import Pages, Sight
from .aside import Aside
from .glass import Glass
from .ink import Ground, register
from .message import Whole
from .rows import Rows
from .strip import Strip
from .technician import TechnicianLayer

PULSE_FRAMES: Final = 6  # a second, while a call is announced
STEP: Final = 0.03  # of the text's size: how far the picture moves in one step, against burning in


class BoardApp(App):  # type: ignore[misc] # Kivy ships no types
    """Draws sights until stopped; `run` in the main thread. `on_glass` hears of each new frame, in that thread."""

    title = "Hallcall 大屏 board"

    def __init__(
        self,
        *,
        pages: Pages,
        fonts: Fonts,
        palette: Palette,
        on_glass: Callable[[OnGlass], None],
        witness: Witness | None = None,
        technician: Callable[[Later, Callable[[], None]], Desk] | None = None,
    ) -> None:
        super().__init__()
        register(fonts)
        self._pages, self._panel = pages, pages.arrangement.panel
        self._ground = Ground(height=self._panel.height, palette=dict(palette))
        first: Language = pages.languages[0]
        arrangement = pages.arrangement
        self.rows = Rows(arrangement, self._ground, first)
        self.strip = Strip(arrangement, self._ground)
        self._parts = (self.rows, Aside(pages, self._ground), self.strip)
        self._whole = Whole(arrangement, self._ground)
        self._sight: Sight | None = None
        self._called_at = 0.0
        self._pulse: ClockEvent | None = None
        self._desk = technician(self._soon, self._draw_technicians) if technician is not None else None
        self._technicians = (
            TechnicianLayer(width=self._panel.width, height=self._panel.height, ground=self._ground, desk=self._desk)
            if self._desk is not None
            else None
        )
        self._glass = Glass(self.rows, on_glass, witness)

    def load_kv(self, filename: str | None = None) -> bool:  # noqa: ARG002 - Kivy's own signature
        """Load none: every place is given in pixels."""
        return False

    def build(self) -> Widget:
        Window.clearcolor = self._ground.colours["night"]
        root = Widget()
        with root.canvas.before:
            PushMatrix()
            self._zoom = Scale(1, 1, 1)
            self._shift = Translate(0, 0)
        with root.canvas.after:
            PopMatrix()
            self._dim = Color(0, 0, 0, 0)
            self._shade = Rectangle(size=(0, 0))
        for part in (*self._parts, self._whole):
            root.add_widget(part)
        if self._technicians is not None:
            root.add_widget(self._technicians)
            Clock.schedule_interval(lambda _: self._tick(), 1)
        Window.bind(on_key_down=self._key_down)
        Window.bind(on_resize=lambda *_: self._fit(), on_flip=self._glass.flipped)
        self._fit()
        return root

    def _key_down(self, _: object, _key: int, usage: int, *_rest: object) -> bool:
        """Hear the technician's remote control; nothing of a keyboard is left to Kivy."""
        if self._technicians is not None:
            self._technicians.key(usage)
        return True

    def open_settings(self, *_: object) -> bool:
        """Open none: Kivy would, at F1."""
        return False

    def _soon(self, work: Callable[[], None]) -> None:
        Clock.schedule_once(lambda _: work(), 0)

    def _tick(self) -> None:
        if self._desk is not None and self._desk.is_open:
            self._desk.tick()
            self._draw_technicians()

    def _draw_technicians(self) -> None:
        if self._technicians is not None:
            self._technicians.draw()

    def show_soon(self, sight: Sight) -> None:
        """Show a sight on the next frame; from any thread."""
        Clock.schedule_once(lambda _: self.show(sight), 0)

    def stop_soon(self) -> None:
        """Close the window; from any thread, or from a signal."""
        Clock.schedule_once(lambda _: self.stop(), 0)

    def show(self, sight: Sight) -> None:
        before, self._sight = self._sight, sight
        if before is None or _calls(before) != _calls(sight):
            self.rows.draw(sight)
            self._keep_pulsing(before, sight)
        for part in self._parts[1:]:
            part.draw(sight)
        self._whole.draw(sight)
        if self._desk is not None and sight.message is not None and sight.message.alarm:
            self._desk.shut()  # everybody leaves
        self._dim.a = 1 - sight.light
        self._shade.size = Window.size if sight.light < 1 else (0, 0)  # without a GPU each layer costs
        step = max(1.0, STEP * self._pages.arrangement.text)
        self._shift.x, self._shift.y = sight.shift[0] * step, sight.shift[1] * step
        self._glass.expect(sight)

    def _fit(self) -> None:
        """Fill the window that there is, though it should not be of another size than its file says."""
        self._zoom.x, self._zoom.y = Window.width / self._panel.width, Window.height / self._panel.height
        self._glass.window_px = (int(Window.width), int(Window.height))

    def _keep_pulsing(self, before: Sight | None, sight: Sight) -> None:
        pulsing = _pulsing(sight)
        if pulsing and (before is None or _pulsing(before) != pulsing):
            self._called_at = time.monotonic()
        if pulsing and self._pulse is None:
            self._pulse = Clock.schedule_interval(lambda _: self._beat(), 1 / PULSE_FRAMES)
        if not pulsing and self._pulse is not None:
            self._pulse.cancel()
            self._pulse = None

    def _beat(self) -> None:
        for tile in self.rows.tiles:
            if tile.row is not None and tile.row.pulsing:
                tile.pulse(time.monotonic() - self._called_at)


def _pulsing(sight: Sight) -> list[tuple[str, int]]:
    return [(row.call, row.times) for row in sight.rows if row.pulsing]


def _calls(sight: Sight) -> tuple[object, ...]:
    return sight.rows, sight.empty, sight.faded
