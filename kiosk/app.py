"""The kiosk's window: draws each state of the kiosk, and turns touches into keys.

Runs in the main thread; the node has a thread of its own. States come in by `show`, keys go out by `on_touch`.
Importing this module starts Kivy: its environment is set before, in `kiosk.__main__`.
"""

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from kivy.app import App
from kivy.base import EventLoop
from kivy.clock import Clock
from kivy.core.window import Window
from kivy.graphics.opengl import glFinish
from kivy.input.motionevent import MotionEvent

from broker.technician.desk import Desk, Later
from broker.theme import Theme
from hardware.devices import TactileKey

from . import flow
from .glass import Glass
from .hearing import offered
from .keyboard import Keyboard, Scan, Tactile
from .panel import Panel
from .screens.layout import Scene
from .screens.painter import Painter
from .screens.scene import picture
from .screens.shapes import Picture, moved
from .screens.technician import CORNER_MM, page
from .screens.witness import ScreenWitness

log = logging.getLogger(__name__)


class KioskApp(App):  # type: ignore[misc] # Kivy ships no types
    """One window.

    `now` gives the time of day, `clock` monotonic seconds, `on_touch` hears keys, `glass` whether the window lives; one
    that `is_locked` is closed by nobody who stands before it. `technician` makes the technician's desk, given how
    something is done in the window's thread, and what to call when it shows something else.
    """

    title = "Hallcall 取号机 kiosk"

    def __init__(
        self,
        *,
        on_touch: Callable[[str], None],
        on_press: Callable[[TactileKey, tuple[str, ...]], None] = lambda _key, _offered: None,
        on_scan: Callable[[str], None] = lambda _: None,
        keys: Mapping[str, TactileKey] | None = None,
        clock: Callable[[], float],
        now: Callable[[], datetime],
        panel: Panel | None = None,
        theme: Theme | None = None,
        glass: Glass | None = None,
        is_locked: bool = False,
        technician: Callable[[Later, Callable[[], None]], Desk] | None = None,
        witness_dir: Path | None = None,
    ) -> None:
        super().__init__()
        self._glass = glass
        self._is_locked = is_locked
        self._on_touch = on_touch
        self._on_press = on_press
        self._on_scan = on_scan
        self._keys = keys or {}
        self._keyboard = Keyboard()
        self._meaningless: set[str] = set()  # keys that were told to technicians
        self._offered: tuple[str, ...] = ()
        self._clock = clock
        self._now = now
        self._witness = ScreenWitness(witness_dir) if witness_dir is not None else None
        self._logo = theme.logo if theme is not None else ""
        self._desk = technician(self._soon, self._draw) if technician is not None else None
        self._pages = 1  # of what the technician sees
        self._painter = Painter(on_drawn=self._drawn, panel=panel, theme=theme)
        self._kiosk: flow.Kiosk | None = None
        self._shown: flow.Screen | None = None
        self._pressed: str | None = None
        self._finger: object = None
        self._asked_s: float | None = None  # when a finger did what the next frame answers
        self._lifted_s: float | None = None  # when it left a key that leads to another screen

    def load_kv(self, filename: str | None = None) -> bool:  # noqa: ARG002 - Kivy's own signature
        """Load none: the pictures give every place in pixels."""
        return False

    def build(self) -> Painter:
        Window.bind(on_resize=lambda *_: self._draw(), on_touch_down=self._down, on_touch_up=self._up)
        Window.bind(on_flip=self._flipped, on_key_down=self._key_down, on_key_up=self._key_up)
        Window.bind(on_request_close=lambda *_, **__: self._is_locked)
        Clock.schedule_interval(lambda _: self._turned(), 1)
        return self._painter

    def open_settings(self, *_: object) -> bool:
        """Open none: Kivy would, at F1."""
        return False

    def on_start(self) -> None:
        self._draw()

    def on_stop(self) -> None:
        """Let touch providers end with the process: closed under their listener they complain."""
        for provider in list(EventLoop.input_providers):
            EventLoop.remove_input_provider(provider)

    def show(self, kiosk: flow.Kiosk) -> None:
        """Show a state; may be called from any thread."""
        Clock.schedule_once(lambda _: self._take_over(kiosk), 0)

    def press(self, key: TactileKey) -> None:
        """Let a tactile key be pressed; may be called from any thread."""
        Clock.schedule_once(lambda _: self._on_press(key, self._offered), 0)

    def end(self) -> None:
        """Close the window soon; may be called from any thread, and from a signal."""
        Clock.schedule_once(lambda _: self.stop(), 0)

    def _soon(self, work: Callable[[], None]) -> None:
        Clock.schedule_once(lambda _: work(), 0)

    def _take_over(self, kiosk: flow.Kiosk) -> None:
        if self._kiosk is not None and kiosk.screen != self._kiosk.screen:
            self._asked_s, self._lifted_s = self._lifted_s, None
        self._kiosk = kiosk
        if kiosk.evacuation and self._desk is not None:
            self._desk.shut()
        self._draw()

    def _draw(self) -> None:
        kiosk = self._kiosk
        if kiosk is None:
            return
        self._painter.size = Window.size
        fitted = self._painter.fitted()
        home_at_s = flow.home_at_s(kiosk)
        scene = Scene(
            kiosk=kiosk,
            at=self._now().astimezone(ZoneInfo(kiosk.hall.timezone) if kiosk.hall is not None else None),
            left_s=None if home_at_s is None or not kiosk.asking else max(0, round(home_at_s - self._clock())),
            pressed=self._pressed,
            w=fitted.w,
            h=fitted.h,
            logo=self._logo,
        )
        if self._desk is not None and self._desk.is_open:
            self._draw_technicians(scene, self._desk, fitted.top)
            return
        before, self._shown = self._shown, kiosk.screen
        drawn = picture(scene, top=fitted.top)
        self._offered = offered(drawn.keys)
        self._painter.show(drawn, fades=_fades(before, kiosk.screen), contrast=kiosk.contrast)

    def _draw_technicians(self, scene: Scene, desk: Desk, top: float) -> None:
        """Draw the technician's page, within everybody's reach; tactile keys find nothing on it."""
        made = page(replace(scene, h=scene.h - top), desk.seen())
        self._offered, self._pages = (), made.pages
        drawn = replace(made.picture, shapes=tuple(moved(shape, top) for shape in made.picture.shapes))
        self._painter.show(drawn, fades=False)

    def _turned(self) -> None:
        """Draw once a second, whatever has changed: so it is seen that the loop turns and that frames arrive."""
        if self._desk is not None:
            self._desk.tick()
        self._draw()
        if self._glass is not None:
            self._glass.turned(now_s=self._clock())
            if self._kiosk is not None:
                self._glass.drew(now_s=self._clock())
            Window.canvas.ask_update()

    def _drawn(self, drawn: Picture) -> None:
        if self._witness is not None and self._kiosk is not None:
            targets = {key.name: self._painter.fraction(key.area) for key in drawn.keys}
            asked_s, self._asked_s = self._asked_s, None
            self._witness.drew(drawn, kiosk=self._kiosk, pressed=self._pressed, targets=targets, asked_s=asked_s)

    def _flipped(self, *_: object) -> None:
        glFinish()  # a software renderer would fall behind, frame upon frame, and hold the memory of each
        if self._glass is not None:
            self._glass.flipped()
        if self._witness is not None:
            self._witness.flipped(is_settled=self._painter.is_settled)

    def _down(self, _: object, touch: MotionEvent) -> bool:
        """Press the key under the newest finger: an older one, or one that never left, cannot block the kiosk."""
        if touch.is_mouse_scrolling:
            return True
        self._asked_s = self._clock()
        self._finger, self._pressed = touch.uid, self._painter.key_at(touch.x, touch.y)
        if self._desk is not None and self._painter.in_corner(touch.x, touch.y, CORNER_MM):
            self._desk.tap()
        self._draw()
        return True

    def _up(self, _: object, touch: MotionEvent) -> bool:
        if touch.uid != self._finger:
            return True
        key, self._pressed, self._finger = self._pressed, None, None
        self._asked_s = self._lifted_s = self._clock()
        self._draw()
        if key is not None and self._painter.key_at(touch.x, touch.y) == key:
            self._touch(key)
        return True

    def _touch(self, key: str) -> None:
        """Hand a key to whose screen it is: a customer's, or the technician's."""
        if self._desk is not None and self._desk.is_open:
            self._desk.press(key, pages=self._pages)
        else:
            self._on_touch(key)

    def _key_down(self, _: object, _key: int, usage: int, _text: str | None, modifiers: Collection[str]) -> bool:
        """Hear a keyboard's key, and leave nothing of it to Kivy: no key leads out of the kiosk."""
        if self._desk is not None and self._desk.is_open:
            return True  # what is scanned now is no customer's
        shift, caps = "shift" in modifiers, "capslock" in modifiers
        match self._keyboard.down(usage, shift=shift, caps=caps, now_s=self._clock()):
            case Scan(text=text):
                self._on_scan(text)
            case Tactile(key=name) if name in self._keys:
                self._on_press(self._keys[name], self._offered)
            case Tactile(key=name) if name not in self._meaningless:
                self._meaningless.add(name)
                log.info("the key %s means nothing here; name it in [keypad] if it is a keypad's", name)
            case _:
                pass
        return True

    def _key_up(self, _: object, _key: int, usage: int) -> bool:
        self._keyboard.up(usage)
        return True


def _fades(before: flow.Screen | None, after: flow.Screen) -> bool:
    """Return whether a new screen fades in; a number, and the taking of one, stand there at once."""
    return before is not None and type(before) is not type(after) and not isinstance(after, flow.Taking | flow.Ticket)
