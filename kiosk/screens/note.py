"""A note over a screen that goes by itself: a code was scanned while the kiosk was busy."""

from dataclasses import replace

from .layout import READ, Scene, bottom_keys
from .prose import column, fitting, paragraph
from .shapes import CALL, ON_CALL, Box, Picture, Shape, Words


def noted(scene: Scene, beneath: Picture) -> Picture:
    """Return a busy screen with the note where its keys would stand; one that has keys is no longer busy."""
    if beneath.keys:
        return beneath
    strip = bottom_keys(scene, 1, 1)[0]
    text = strip.inset(24, 8)
    ink = ON_CALL
    lines = paragraph(scene.speech.both("scan_later"), text.w, size=READ, color=ink, second_color=ink, bold=True)
    shown = fitting(text, lines, [line for line in lines if not line.small])
    shapes: list[Shape] = [shape for shape in beneath.shapes if not isinstance(shape, Words) or shape.y < strip.y]
    shapes += [Box(area=strip, fill=CALL, radius=18), *column(shown, text, anchor="center", middle=True)[0]]
    return replace(beneath, shapes=tuple(shapes))
