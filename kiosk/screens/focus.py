"""The frame around the key that tactile keys have come to."""

from dataclasses import replace
from typing import Final

from .shapes import BRAND_DEEP, INK, NUMBER, RADIUS, Box, Key, Picture

OUTER: Final = 8.0  # how far the frame reaches out of the key, within the gap to its neighbours
INNER: Final = 2.0  # where the frame begins: between it and the key the ground is seen
STANDS_OUT: Final = {BRAND_DEEP: NUMBER}  # ground → frame; ink elsewhere


def framed(picture: Picture, focus: str | None) -> Picture:
    """Return the picture with a frame beneath the key of that name, wherever it has one."""
    place = next((n for n, each in enumerate(picture.shapes) if isinstance(each, Key) and each.name == focus), None)
    if place is None:
        return picture
    key = picture.shapes[place]
    assert isinstance(key, Key)  # noqa: S101 - found as one above
    frame = (
        Box(area=key.area.inset(-OUTER, -OUTER), fill=STANDS_OUT.get(picture.ground, INK), radius=RADIUS + OUTER),
        Box(area=key.area.inset(-INNER, -INNER), fill=picture.ground, radius=RADIUS + INNER),
    )
    return replace(picture, shapes=(*picture.shapes[:place], *frame, *picture.shapes[place:]))
