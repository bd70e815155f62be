"""What the kiosk's screen showed, frame by frame, for the demo and the tests.

Writes a line of `kiosk.jsonl` for each frame that shows something new, when it is handed to the screen: `screen`,
`language` (of the customer, or the hall's first), `both` (nobody has chosen yet: both are shown), `large`, `contrast`
(black and white), `pressed`, `texts`, `answered_ms` (from a touch to the frame that answers it, with the pressed key or
the next screen; null where it answers none), and `targets`: key → [x0, y0, x1, y1] in parts of the window, 0 to 1, x to
the right, y **upwards**, as Kivy counts. TUIO counts y downwards: to touch a key's centre over TUIO send
((x0 + x1) / 2, 1 - (y0 + y1) / 2).

A screen that has no picture yet in its language gets one, written beside: `kiosk-home-zh.png`,
`kiosk-home-zh-large.png`.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from kivy.core.window import Window
from kivy.graphics.opengl import GL_RGBA, GL_UNSIGNED_BYTE, glReadPixels
from PIL import Image

from hardware.witness import Witness

from ..flow import Kiosk
from .shapes import Picture

Targets = dict[str, list[float]]


class ScreenWitness:
    """Told of each drawn picture, writes at the frame that shows it. Its methods belong to Kivy's thread."""

    def __init__(self, directory: Path) -> None:
        self._witness = Witness(directory, name="kiosk")
        self._drawn: tuple[Picture, Kiosk, str | None, Targets, float | None] | None = None
        self._wants_picture = ""
        self._darkroom = ThreadPoolExecutor(max_workers=1)  # the window does not wait for pictures

    def drew(
        self, picture: Picture, *, kiosk: Kiosk, pressed: str | None, targets: Targets, asked_s: float | None
    ) -> None:
        """Note a picture; `asked_s` is the time.monotonic of the touch that it answers."""
        self._drawn = (picture, kiosk, pressed, targets, asked_s)
        language = kiosk.ticket_language.value
        name = f"kiosk-{picture.name}-{language}{'-large' if kiosk.large else ''}"
        is_taken = (self._witness.directory / f"{name}.png").exists()
        self._wants_picture = "" if is_taken or pressed is not None else name

    def flipped(self, *, is_settled: bool) -> None:
        """Write what this frame shows; its picture once nothing fades any more."""
        if self._drawn is not None:
            picture, kiosk, pressed, targets, asked_s = self._drawn
            self._drawn = None
            self._witness.saw(
                screen=picture.name,
                language=kiosk.ticket_language.value,
                both=kiosk.language is None and not kiosk.large,
                large=kiosk.large,
                contrast=kiosk.contrast,
                pressed=pressed,
                focus=kiosk.focus,
                texts=picture.texts,
                targets=targets,
                answered_ms=round((time.monotonic() - asked_s) * 1000, 1) if asked_s is not None else None,
            )
        if self._wants_picture and is_settled:
            self._save(self._witness.directory / f"{self._wants_picture}.png")
            self._wants_picture = ""

    def _save(self, path: Path) -> None:
        width, height = (int(side) for side in Window.system_size)
        pixels = glReadPixels(0, 0, width, height, GL_RGBA, GL_UNSIGNED_BYTE)
        self._darkroom.submit(_develop, path, (width, height), pixels)


def _develop(path: Path, size: tuple[int, int], pixels: bytes) -> None:
    """Write a picture whole: whoever finds the file can read it."""
    picture = Image.frombytes("RGBA", size, pixels).convert("RGB").transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    picture.save(path.with_suffix(".part"), format="png", compress_level=1)
    path.with_suffix(".part").replace(path)
