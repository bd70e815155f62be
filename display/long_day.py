"""Draws a busy hall's board through simulated hours, as fast as it can: `python -m display.long_day DIR --hours 8`.

One JSON line an hour: frames drawn, their time, and the memory of this process. For the bench.
"""

import argparse
import json
import os
import resource
import sys
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from statistics import quantiles
from typing import Final

from broker.board_file import BoardScreen
from broker.contract.messages import BoardRow, BoardView
from broker.theme import Theme

from .board import Board
from .fonts import chinese_fonts
from .gallery import NOW, hall, queues
from .look import palette
from .pages import Pages, Sight, pages_of
from .showing import prepare_kivy

COUNTERS: Final = 30
CALL_EVERY_S: Final = 12
STEP_S: Final = 12  # simulated seconds between two looks at the board


def sights(pages: Pages, hours: float) -> Iterator[tuple[datetime, Sight]]:
    """Yield what the board shows, look after look; only what differs from the look before."""
    board = Board(zone="main", most_rows=pages.arrangement.rows).reached(True, NOW)
    for view in (hall(12), queues(12)):
        board = board.seen(view, NOW)
    rows: list[BoardRow] = []
    shown: Sight | None = None
    for second in range(0, int(hours * 3600), STEP_S):
        now = NOW + timedelta(seconds=second)
        if second % CALL_EVERY_S == 0:
            number = second // CALL_EVERY_S
            ticket = f"{'ABC'[number % 3]}{number % 1000:03d}"
            row = BoardRow(
                call=f"{ticket}.{number}",
                ticket=ticket,
                counter=1 + number % COUNTERS,
                times=1,
                started=False,
                called_at=now,
            )
            rows = [row, *rows][:12]
            board = board.seen(BoardView(zone="main", rows=tuple(rows)), now)
        sight = pages.sight(board.picture(now), now)
        if sight != shown:
            shown = sight
            yield now, sight


def main() -> int:
    options = argparse.ArgumentParser(prog="python -m display.long_day", description=__doc__)
    options.add_argument("directory", type=Path)
    options.add_argument("--hours", type=float, default=8)
    asked = options.parse_args()
    screen = BoardScreen(zone="main")
    prepare_kivy(asked.directory, screen)
    os.environ["KCFG_GRAPHICS_MAXFPS"] = "0"  # no waiting between frames
    from kivy.clock import Clock  # noqa: PLC0415 - Kivy reads its environment first

    from .screen.app import BoardApp  # noqa: PLC0415

    pages = pages_of(screen)
    ways: list[float] = []
    count = {"calls": 0, "hour": 0}
    begun: list[float] = []
    app = BoardApp(
        pages=pages,
        fonts=chinese_fonts(),
        palette=palette(Theme()),
        on_glass=lambda glass: ways.append((glass.at_s - begun.pop()) * 1000),
    )
    looks = sights(pages, asked.hours)

    def draw(_: float) -> None:
        look = next(looks, None)
        if look is None:
            app.stop()
            return
        now, sight = look
        begun.append(time.monotonic())
        app.show(sight)
        count["calls"] += any(row.pulsing for row in sight.rows)
        if (now - NOW) >= timedelta(hours=count["hour"] + 1) - timedelta(seconds=STEP_S):
            count["hour"] += 1
            _tell(count["hour"], ways, count["calls"])
            ways.clear()
            count["calls"] = 0

    Clock.schedule_interval(draw, 0)
    app.run()
    return 0


def _tell(hour: int, ways: list[float], calls: int) -> None:
    cuts = quantiles(ways, n=100)
    pages, unit = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]), resource.getpagesize()
    line = {
        "hour": hour,
        "frames": len(ways),
        "calls": calls,
        "frame_ms": cuts[49],
        "p99_ms": cuts[98],
        "mib": pages * unit / 2**20,
    }
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
