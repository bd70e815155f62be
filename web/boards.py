"""A board as a browser shows it: the same rows, pages and layout as on a board of our own, drawn by the page.

The browser gets a layout once and a sight at each change, both in pixels of the board's panel, and scales them.
"""

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from broker.board_file import BoardScreen
from broker.config import WebBoard, load_theme
from broker.contract.messages import AnyView, HallView, Language
from broker.contract.texts import texts
from broker.legibility import SIDES
from broker.theme import Theme
from display.board import Board
from display.look import palette
from display.pages import PAD, Pages, Sight, Slide, pages_of
from display.slides import found

SLIDES_S: Final = 30.0  # how long a list of pictures holds


@dataclass(frozen=True, kw_only=True)
class Shown:
    """One board of the web server's file, as it is by now; every change returns a new one."""

    id: str
    screen: BoardScreen
    pages: Pages
    theme: Theme
    board: Board

    def seen(self, view: AnyView, now: datetime) -> "Shown":
        return replace(self, board=self.board.seen(view, now))

    def reached(self, here: bool, now: datetime) -> "Shown":  # noqa: FBT001 - as the link says it
        return replace(self, board=self.board.reached(here, now))

    def layout(self) -> bytes:
        """Return where everything stands, as JSON."""
        words = texts(self.screen.languages[0])["board"]
        arrangement, chinese = self.pages.arrangement, self.screen.languages[0] is Language.ZH
        return msgspec.json.encode(
            {
                "id": self.id,
                "panel": {"w": arrangement.panel.width, "h": arrangement.panel.height},
                "rows": arrangement.rows,
                "pitch": arrangement.pitch,
                "gap": arrangement.gap,
                "calls": arrangement.calls,
                "aside": arrangement.aside,
                "table": self.pages.table_place(slides=False),
                "table_beside": self.pages.table_place(slides=True),
                "slide": self.pages.slide_place,
                "strip": arrangement.strip,
                "number": arrangement.number,
                "text": arrangement.text,
                "pad": PAD,
                "sides": SIDES,
                "language": self.screen.languages[0],
                "word": words["counter_suffix" if chinese else "counter_prefix"],
                "word_short": words["counter_suffix"][:1] if chinese else "",
                "not_heard": words["page_silent"],
                "colours": palette(self.theme),
            }
        )

    def sight(self, now: datetime, slides: tuple[str, ...]) -> tuple[bytes, datetime]:
        """Return what is seen, as JSON, and when it changes by itself. Pictures are named, not their paths."""
        picture = self.board.picture(now)
        sight = self.pages.sight(picture, now, slides)
        changes = min(self.board.changes_at(now), self.pages.changes_at(picture, now, slides))
        return msgspec.json.encode(_named(sight)), changes

    async def slides(self) -> tuple[str, ...]:
        """Return the paths of the pictures that lie in the board's folder."""
        media = self.screen.media
        return await asyncio.to_thread(found, Path(media.folder)) if media is not None else ()


def _named(sight: Sight) -> Sight:
    def name(slide: Slide) -> Slide:
        return Slide(path=Path(slide.path).name)

    return replace(
        sight,
        slide=name(sight.slide) if sight.slide is not None else None,
        aside=name(sight.aside) if isinstance(sight.aside, Slide) else sight.aside,
    )


def shown_of(file: WebBoard) -> Shown:
    """Return a board as it starts. Raises BrokenConfig when its theme cannot be used."""
    screen = file.screen
    pages = pages_of(screen)
    return Shown(
        id=file.id,
        screen=screen,
        pages=pages,
        theme=load_theme(Path(screen.theme)) if screen.theme else Theme(),
        board=Board(zone=screen.zone, also=screen.also, most_rows=pages.arrangement.rows),
    )


def zones_missing(shown: Shown, hall: HallView) -> tuple[str, ...]:
    """Return the zones of a board that the hall does not have."""
    known = {zone.id for zone in hall.hall.zones}
    return tuple(zone for zone in (shown.screen.zone, *shown.screen.also) if zone not in known)
