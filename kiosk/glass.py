"""Whether what is shown reaches the glass. Pure: times are monotonic seconds.

Told by the window's thread, asked by the node's: each fact is one assignment, so neither waits for the other.
"""

from typing import Final

from broker.contract.messages import DeviceState

OPENING_S: Final = 60.0  # a slow box loads fonts and shaders for so long
STILL_S: Final = 5.0  # no picture takes a window so long
LOOK_S: Final = 1.0  # how often it is asked


class Glass:
    """One window: its loop turns, it draws, and what it drew is handed to the screen."""

    def __init__(self, *, now_s: float) -> None:
        self._started_s = now_s
        self._turned_s: float | None = None
        self._waits_since_s: float | None = None  # of a picture that was drawn and not handed over yet
        self._is_lit = False  # a picture has reached the screen

    def turned(self, *, now_s: float) -> None:
        """Note that the window's loop has come round."""
        self._turned_s = now_s

    def drew(self, *, now_s: float) -> None:
        """Note that a frame is wanted."""
        if self._waits_since_s is None:
            self._waits_since_s = now_s

    def flipped(self) -> None:
        """Note that a frame was handed to the screen."""
        self._is_lit |= self._waits_since_s is not None  # an empty window says nothing yet
        self._waits_since_s = None

    def health(self, *, now_s: float) -> tuple[DeviceState, str]:
        """Return how the screen is, and what to check."""
        if not self._is_lit and now_s - self._started_s < OPENING_S:
            return DeviceState.UNKNOWN, "the window opens"  # the first picture takes as long as its shaders
        if self._turned_s is None:
            return DeviceState.FAULT, "the window does not open: check the display's cable and the graphics driver"
        if now_s - self._turned_s > STILL_S:
            return DeviceState.FAULT, "the window stands still: restart the kiosk; if it happens again, keep its log"
        since_s = self._waits_since_s
        if since_s is not None and now_s - since_s > STILL_S:
            return (
                DeviceState.FAULT,
                "pictures do not reach the screen: check the display's cable, its power and the graphics driver",
            )
        return DeviceState.OK, ""
