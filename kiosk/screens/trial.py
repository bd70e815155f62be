"""The window of the kiosk's check: a test picture, the time of its frames, and crosses to be touched."""

import time
from collections.abc import Callable
from math import hypot
from typing import Final

from kivy.app import App
from kivy.base import EventLoop
from kivy.clock import Clock
from kivy.core.window import Window
from kivy.graphics import Color, Line, Rectangle
from kivy.graphics.opengl import GL_RENDERER, glGetString
from kivy.input.motionevent import MotionEvent
from kivy.uix.label import Label
from kivy.uix.widget import Widget

from .painter import FAMILY, register_font

FRAMES: Final = 40
FIRST: Final = 10  # frames that are not counted: textures are made
CROSSES: Final = ((0.1, 0.1), (0.9, 0.1), (0.5, 0.5), (0.1, 0.9), (0.9, 0.9))  # parts of the window, y upwards
ARM_MM: Final = 8.0
BARS: Final = ("#FFFFFF", "#FFFF00", "#00FFFF", "#00FF00", "#FF00FF", "#FF0000", "#0000FF", "#000000")


class TrialApp(App):  # type: ignore[misc] # Kivy ships no types
    """Draws, counts and closes itself; `say` hears what was measured."""

    def __init__(self, *, say: Callable[..., None], px_per_mm: float, touch_s: float) -> None:
        super().__init__()
        self._say = say
        self._fine = px_per_mm
        self._touch_s = touch_s
        self._flips: list[float] = []
        self._cross = -1
        self._deadline_s = 0.0
        self._root = Widget()

    def load_kv(self, filename: str | None = None) -> bool:  # noqa: ARG002 - Kivy's own signature
        return False

    def open_settings(self, *_: object) -> bool:
        return False

    def build(self) -> Widget:
        register_font()
        Window.bind(on_flip=self._flipped, on_touch_down=self._touched)
        Clock.schedule_interval(lambda _: self._turned(), 0)
        return self._root

    def on_stop(self) -> None:
        for provider in list(EventLoop.input_providers):
            EventLoop.remove_input_provider(provider)

    def _turned(self) -> None:
        if len(self._flips) < FRAMES:
            self._draw()
            Window.canvas.ask_update()
        elif self._cross >= 0 and time.monotonic() > self._deadline_s:
            self.stop()

    def _flipped(self, *_: object) -> None:
        if len(self._flips) >= FRAMES:
            return
        self._flips.append(time.monotonic())
        if len(self._flips) == FRAMES:
            frame_ms = (self._flips[-1] - self._flips[FIRST]) * 1000 / (FRAMES - 1 - FIRST)
            renderer = glGetString(GL_RENDERER)
            name = renderer.decode(errors="replace") if isinstance(renderer, bytes) else str(renderer)
            self._say(window=list(Window.size), renderer=name, frame_ms=frame_ms, crosses=len(CROSSES))
            Clock.schedule_once(lambda _: self._next(), 0)

    def _next(self) -> None:
        self._cross += 1
        if not self._touch_s or self._cross >= len(CROSSES):
            self.stop()
            return
        self._deadline_s = time.monotonic() + self._touch_s
        self._draw()
        self._say(cross=self._cross)

    def _touched(self, _: object, touch: MotionEvent) -> bool:
        if 0 <= self._cross < len(CROSSES):
            x, y = self._place()
            self._say(off_mm=round(hypot(touch.x - x, touch.y - y) / self._fine, 1))
            Clock.schedule_once(lambda _: self._next(), 0)
        return True

    def _place(self) -> tuple[float, float]:
        part_x, part_y = CROSSES[self._cross]
        return part_x * Window.width, part_y * Window.height

    def _draw(self) -> None:
        self._root.canvas.clear()
        self._root.clear_widgets()
        w, h = Window.size
        with self._root.canvas:
            Color(0.25, 0.25, 0.25)
            Rectangle(pos=(0, 0), size=(w, h))
            for place, colour in enumerate(BARS):
                Color(*(int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)))
                Rectangle(pos=(w * place / len(BARS), h * 0.62), size=(w / len(BARS) + 1, h * 0.16))
            if self._cross >= 0:
                x, y = self._place()
                arm = ARM_MM * self._fine
                Color(1, 1, 1)
                Line(points=(x - arm, y, x + arm, y), width=2)
                Line(points=(x, y - arm, x, y + arm), width=2)
                Line(circle=(x, y, arm / 2), width=2)
        said = "取号机检测  Kiosk check"
        if self._cross >= 0:
            said = f"请触摸十字中心  Touch the cross   {self._cross + 1} / {len(CROSSES)}"
        words = Label(text=said, font_name=FAMILY, font_size=h * 0.05, size=(w, h * 0.1), pos=(0, h * 0.32))
        self._root.add_widget(words)
