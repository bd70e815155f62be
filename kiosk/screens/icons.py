"""The line icons of services and signs, as strokes in a 24 by 24 grid, y downwards."""

from collections.abc import Sequence
from math import cos, pi, sin
from typing import Final

Point = tuple[float, float]
Stroke = Sequence[Point]

STEPS: Final = 24  # of a full circle


def arc(x: float, y: float, r: float, start: float, end: float) -> list[Point]:
    """Return points of an arc; degrees run clockwise from three o'clock."""
    count = max(2, round(abs(end - start) / 360 * STEPS * 2))
    angles = [(start + (end - start) * step / count) * pi / 180 for step in range(count + 1)]
    return [(x + r * cos(angle), y + r * sin(angle)) for angle in angles]


def rounded(x: float, y: float, w: float, h: float, r: float) -> list[Point]:
    right, bottom = x + w - r, y + h - r
    corners = [
        *arc(right, y + r, r, -90, 0),
        *arc(right, bottom, r, 0, 90),
        *arc(x + r, bottom, r, 90, 180),
        *arc(x + r, y + r, r, 180, 270),
    ]
    return [*corners, corners[0]]


ICONS: Final[dict[str, Sequence[Stroke]]] = {
    "bill": [rounded(3, 5, 18, 14, 3), [(3, 10), (21, 10)], [(7, 15), (11, 15)]],
    "bolt": [[(13, 2), (5, 14), (11, 14), (10, 22), (18, 10), (12, 10), (13, 2)]],
    "person": [
        [(4, 20), (4, 18), *arc(10, 18, 6, 180, 360), (16, 20)],
        arc(10, 7, 4, 0, 360),
        [(17, 8), (19, 10), (22, 6)],
    ],
    "question": [
        [*arc(13, 12, 8, 140, -218), (4, 21), (9.4, 19.1)],
        [(9.5, 10.5), (16, 10.5)],
        [(9.5, 14), (14, 14)],
    ],
    "warning": [[(12, 3), (2.5, 20), (21.5, 20), (12, 3)], [(12, 10), (12, 14)], [(12, 17.1), (12, 17.2)]],
    "receipt": [
        [(5, 3), (19, 3), (19, 21), (16.6, 19), (14.3, 21), (12, 19), (9.7, 21), (7.4, 19), (5, 21), (5, 3)],
        [(9, 8), (15, 8)],
        [(9, 12), (15, 12)],
    ],
    "clock": [arc(12, 12, 9, 0, 360), [(12, 7), (12, 12), (15, 15)]],
    "ticket": [
        [(6, 3), (18, 3), (18, 21), (15, 19), (12, 21), (9, 19), (6, 21), (6, 3)],
        [(10, 8), (14, 8)],
        [(10, 12), (14, 12)],
    ],
    "check": [[(5, 12.5), (10, 17.5), (20, 6.5)]],
    "printer": [
        [(7, 9), (7, 3), (17, 3), (17, 9)],
        [(7, 17), (3, 17), (3, 9), (21, 9), (21, 17), (17, 17)],
        [(7, 14), (17, 14), (17, 21), (7, 21), (7, 14)],
    ],
    "desk": [
        arc(12, 6.5, 3.5, 0, 360),
        [(5.5, 16), *arc(12, 19.5, 6.8, 212, 328), (18.5, 16)],
        [(2.5, 16), (21.5, 16)],
        [(4.5, 16), (4.5, 21)],
        [(19.5, 16), (19.5, 21)],
    ],
}


def strokes(name: str) -> Sequence[Stroke]:
    """Return an icon's strokes; one that nobody drew is a ticket."""
    return ICONS.get(name, ICONS["ticket"])
