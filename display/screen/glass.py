"""Says what the labels said in the frame that was just handed to the screen, and takes pictures for a witness."""

import time
from collections.abc import Callable
from pathlib import Path

from kivy.core.window import WindowBase

from hardware.witness import Witness

from ..glass import OnGlass, RowOnGlass
from ..pages import Sight
from .film import plays_films
from .rows import Rows


class Glass:
    def __init__(self, rows: Rows, on_glass: Callable[[OnGlass], None], witness: Witness | None) -> None:
        self._rows, self._on_glass, self._witness = rows, on_glass, witness
        self._expected: Sight | None = None
        self._said: object = None
        self._taken: set[Path] = set()
        self.window_px = (0, 0)

    def expect(self, sight: Sight) -> None:
        """Note what comes to the glass with the next frame."""
        self._expected = sight

    def flipped(self, window: WindowBase, *_: object) -> bool:
        """Hand the frame over in Kivy's stead, then say what was on it."""
        window.flip()
        sight, self._expected = self._expected, None
        if sight is not None:
            self._say(window, sight)
        return True

    def _say(self, window: WindowBase, sight: Sight) -> None:
        drawn = [(tile.row, tile) for tile in self._rows.tiles if tile.row is not None]
        covered = sight.message is not None
        self._on_glass(
            OnGlass(
                rows=tuple(
                    RowOnGlass(
                        call=row.call,
                        times=row.times,
                        ticket=tile.ticket.text,
                        counter=tile.counter.text,
                        shrunk=tile.shrunk,
                    )
                    for row, tile in drawn
                    if not covered
                ),
                covered=covered,
                at_s=time.monotonic(),
                window_px=self.window_px,
                plays_films=plays_films(),
            )
        )
        if self._witness is None:
            return
        rows = [
            {
                "call": row.call,
                "text": tile.words,
                "ticket": row.ticket,
                "counter": row.counter,
                "times": row.times,
            }
            for row, tile in drawn
        ]
        said = (rows, sight.alive, covered)
        if said != self._said:
            self._said = said
            self._witness.saw(rows=rows, alive=sight.alive, message=covered)
        self._take_picture(self._witness, window, sight)

    def _take_picture(self, witness: Witness, window: WindowBase, sight: Sight) -> None:
        """Keep the first picture of each number of rows, of a hall that is away, and of a message."""
        name = f"board-{len(sight.rows)}rows.png" if sight.alive else "board-away.png"
        path = witness.directory / ("board-message.png" if sight.message is not None else name)
        if (not sight.rows and sight.message is None) or path in self._taken:
            return
        self._taken.add(path)
        window.dispatch("on_draw")  # once more, since the frame is no longer ours after its flip
        Path(window.screenshot(str(path))).rename(path)
