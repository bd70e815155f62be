"""Draws a board as it is in many halls and moments, into pictures: `python -m display.gallery OUT`; then look at them.

Beside each picture, in gallery.jsonl, stands what it should show and how high its capitals are, in millimetres.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from broker.board_file import BoardScreen, Media, panel_of
from broker.contract.messages import (
    BoardRow,
    BoardView,
    Counter,
    Hall,
    HallView,
    Language,
    Node,
    QueueRow,
    QueuesView,
    Role,
    Service,
    Text,
    Zone,
)
from broker.legibility import CAP
from broker.theme import Theme

from .board import Board, Picture
from .fonts import chinese_fonts
from .glass import OnGlass
from .look import palette
from .pages import Sight, pages_of
from .showing import prepare_kivy
from .slides import found

NOW: Final = datetime(2026, 11, 23, 1, 43, 4, tzinfo=UTC)  # 09:43 in Shanghai
NAMES: Final = (
    ("电费缴纳", "Pay a bill"),
    ("用电报装", "New connection"),
    ("过户更名", "Change of name"),
    ("业务咨询", "Questions"),
    ("电子发票", "Invoices"),
    ("光伏并网", "Solar power"),
)
BOOKED: Final = Text(zh="预约", en="Booked")
FIRST: Final = Text(zh="优先", en="Priority")
CALLS: Final = (
    ("B009", 3, None), ("A031", 1, None), ("Y005", 6, BOOKED), ("A030", 12, None), ("C002", 4, FIRST),
    ("A029", 2, None), ("B008", 5, None), ("A028", 7, None), ("C001", 9, None), ("A027", 11, None),
)  # fmt: skip


def hall(count: int = 4, *, evacuation: bool = False) -> HallView:
    services = tuple(
        Service(
            id=f"s{at}",
            name=Text(zh=NAMES[at % 6][0] + ("" if at < len(NAMES) else f"{at}"), en=NAMES[at % 6][1]),
            prefix="ABC"[at % 3],
            zone="main",
        )
        for at in range(count)
    )
    return HallView(
        day="2026-11-23",
        evacuation=evacuation,
        hall=Hall(
            id="hall",
            name=Text(zh="城东供电营业厅", en="Chengdong Hall"),
            notice=Text(
                zh="居民新装可在手机办理，无需排队。请备好身份证与产权证明。",
                en="Homes: apply on your phone, no waiting.",
            ),
            zones=(Zone(id="main", name=Text(zh="大厅", en="Main hall")),),
            services=services,
            counters=(Counter(number=1, zone="main", skills=("s0",)),),
            nodes=(Node(id="board", role=Role.DISPLAY),),
        ),
    )


def queues(count: int = 4, *, closed: bool = False) -> QueuesView:
    figures = ((3, 4, 7, "A031"), (12, 15, 25, "B009"), (2, 8, 12, "C002"), (0, 0, 0, None))
    rows = []
    for at in range(count):
        waiting, low, high, last = figures[at % 4]
        rows.append(
            QueueRow(
                service=f"s{at}",
                waiting=0 if closed else waiting,
                wait_low_min=low,
                wait_high_min=high,
                last_called=last,
                closed=closed,
            )
        )
    return QueuesView(queues=tuple(rows))


def calls(*rows: tuple[str, int, Text | None]) -> BoardView:
    return BoardView(
        zone="main",
        rows=tuple(
            BoardRow(
                call=f"{ticket}.1",
                ticket=ticket,
                counter=counter,
                times=1,
                started=at > 2,  # noqa: PLR2004 - those called last are still on their way
                tag=tag,
                called_at=NOW - timedelta(seconds=3 + 20 * at),
            )
            for at, (ticket, counter, tag) in enumerate(rows)
        ),
    )


def board(rows: int, *views: HallView | QueuesView | BoardView) -> Board:
    shown = Board(zone="main", most_rows=rows).reached(True, NOW)
    for view in views:
        shown = shown.seen(view, NOW)
    return shown


def moments(rows: int) -> Iterator[tuple[str, Picture, datetime]]:
    """Yield what a board may come to show, by name."""
    busy = board(rows, hall(), queues(), calls(*CALLS))
    yield "busy", busy.picture(NOW), NOW
    later = NOW + timedelta(seconds=30)
    yield "english", busy.picture(later), later
    yield "few", board(rows, hall(), queues(), calls(*CALLS[:1])).picture(NOW), NOW
    yield "empty", board(rows, hall(), queues(), calls()).picture(NOW), NOW
    closed = replace(board(rows, hall(), queues(closed=True), calls()))
    yield "closed", closed.picture(NOW), NOW
    long = (("AB12345", 95, None), ("UU9999", 88, BOOKED), ("A001", 77, None))
    yield "long", board(rows, hall(), queues(), calls(*long)).picture(NOW), NOW
    yield "forty", board(rows, hall(40), queues(40), calls(*CALLS)).picture(NOW), NOW
    away = busy.reached(False, NOW)
    for name, age in (("away", timedelta(minutes=3)), ("lost", timedelta(minutes=12))):
        yield name, away.picture(NOW + age), NOW + age
    yield "starting", Board(zone="main", most_rows=rows).picture(NOW), NOW
    yield "evacuation", board(rows, hall(evacuation=True), queues(), calls(*CALLS)).picture(NOW), NOW


def main() -> int:
    options = argparse.ArgumentParser(prog="python -m display.gallery", description=__doc__)
    options.add_argument("out", type=Path, help="directory for the pictures")
    options.add_argument("--size", default="1920x1080", help="pixels of the screen")
    options.add_argument("--diagonal", type=float, default=55.0, help="inches")
    options.add_argument("--distance", type=float, default=8.0, help="metres")
    options.add_argument("--languages", default="zh,en", help="such as zh,en or en")
    options.add_argument("--brand", help="a theme's colour, such as #005A4E")
    options.add_argument("--media", type=Path, help="folder of pictures")
    options.add_argument("--only", help="names of moments, with commas")
    asked = options.parse_args()
    width, height = (int(side) for side in asked.size.split("x"))
    screen = BoardScreen(
        zone="main",
        width=width,
        height=height,
        diagonal_in=asked.diagonal,
        distance_m=asked.distance,
        languages=tuple(Language(each) for each in asked.languages.split(",")),
        media=Media(folder=str(asked.media)) if asked.media else None,
    )
    asked.out.mkdir(parents=True, exist_ok=True)
    theme = Theme(brand=asked.brand) if asked.brand else Theme()
    draw(screen, asked.out, theme, only=asked.only.split(",") if asked.only else None)
    return 0


def draw(screen: BoardScreen, out: Path, theme: Theme, *, only: list[str] | None) -> None:
    prepare_kivy(out / "state", screen)
    from kivy.clock import Clock  # noqa: PLC0415 - Kivy reads its environment first
    from kivy.core.window import Window  # noqa: PLC0415

    from .screen.app import BoardApp  # noqa: PLC0415

    pages, panel = pages_of(screen), panel_of(screen)
    slides = found(Path(screen.media.folder)) if screen.media is not None else ()
    todo = [each for each in moments(pages.arrangement.rows) if only is None or each[0] in only]
    seen: list[OnGlass] = []
    app = BoardApp(pages=pages, fonts=chinese_fonts(), palette=palette(theme), on_glass=seen.append)
    record = (out / "gallery.jsonl").open("w", encoding="utf-8")
    fine = panel.px_per_mm

    def next_one(_: float) -> None:
        name, picture, now = todo.pop(0)
        sight = pages.sight(picture, now, slides)
        app.show(sight)
        Clock.schedule_once(lambda _: keep(name, sight), 0.1)

    def keep(name: str, sight: Sight) -> None:
        Window.dispatch("on_draw")
        Path(Window.screenshot(str(out / f"{name}.png"))).rename(out / f"{name}.png")
        smallest = min(_inks(app.root), key=lambda ink: ink.shrunk)
        line = {
            "name": name,
            "rows": [[row.ticket, row.counter, row.shrunk] for row in seen[-1].rows],
            "number_mm": round(pages.arrangement.number * CAP / fine, 1),
            "text_mm": round(pages.arrangement.text * CAP / fine, 1),
            "needed_mm": [round(panel.number_px / fine, 1), round(panel.text_px / fine, 1)],
            "px_per_mm": round(fine, 4),
            "strip": sight.strip,
            "text_px": pages.arrangement.text,
            "tickets": [_box(tile.ticket) for tile in app.rows.tiles if tile.row is not None],
            "counters": [_box(tile.counter) for tile in app.rows.tiles if tile.row is not None],
            "clock": _box(app.strip.clock),
            "smallest": smallest.shrunk,
            "smallest_text": smallest.text,
            "shift": sight.shift,
        }
        record.write(json.dumps(line, ensure_ascii=False) + "\n")
        if todo:
            Clock.schedule_once(next_one, 0)
        else:
            app.stop()

    Clock.schedule_once(next_one, 0)
    app.run()
    record.close()


def _box(label: Any) -> list[float]:
    """Return a label's place, counted from the bottom left."""
    return [label.x, label.y, label.width, label.height]


def _inks(widget: Any) -> Iterator[Any]:
    """Yield all labels that say something."""
    if getattr(widget, "text", "") and hasattr(widget, "shrunk"):
        yield widget
    for child in widget.children:
        yield from _inks(child)


if __name__ == "__main__":
    sys.exit(main())
