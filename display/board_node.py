"""The shell of a board: it hears the hall, turns pages by the clock, and watches what is on the glass. No Kivy here."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final

from broker.ailments import found as finding_of
from broker.alive import keep_alive
from broker.bus import Bus
from broker.contract.messages import AnyView, BoxFinding, DeviceState, Medium, Role
from broker.link import HallLink
from broker.trying import Tries
from broker.ways import Ways, figures

from .board import Board, Picture
from .glass import PATIENCE_S, Agreement, OnGlass
from .pages import Pages, Sight
from .slides import FILMS, found

HEARD: Final = ("view/hall", "view/queues", "event/DeviceTestAsked")  # and the calls of its zones
SCREEN: Final = "screen"
TRIAL_S: Final = 5.0  # for whoever looks up
COVERS_S: Final = 3.0  # a slow machine's frame
LOOK_S: Final = 5.0  # the clock may have been set, the folder of pictures filled


class BoardNode:
    """Keeps one board's sight; `show` gets each new one, on the event loop. `now` is aware.

    A test picture stays for `trial_s`.
    """

    def __init__(
        self,
        *,
        bus: Bus,
        hall: str,
        node: str,
        board: Board,
        pages: Pages,
        folder: Path | None,
        clock: Callable[[], float],
        now: Callable[[], datetime],
        show: Callable[[Sight], None],
        trial_s: float = TRIAL_S,
    ) -> None:
        self._board, self._pages, self._folder = board, pages, folder
        self._clock, self._now, self._show = clock, now, show
        self._picture: Picture = board.picture(now())
        self._shown: Sight | None = None
        self._slides: Sequence[str] = ()
        self._agreement = Agreement()
        self._ways = Ways(Medium.ROW)
        self._films = False
        self._window_px = (0, 0)
        self._news = asyncio.Event()
        self._node, self._trial_s, self._trial, self._covered = node, trial_s, False, asyncio.Event()
        self._tries = Tries(node=node, devices=lambda: (SCREEN,), one=self._try_out)
        self.link = HallLink(
            bus=bus,
            hall=hall,
            node=node,
            role=Role.DISPLAY,
            clock=clock,
            on_view=self._viewed,
            on_hall_here=self._reached,
            on_test=self._tries.asked,
        )

    async def run(self) -> None:
        """Stay in the hall until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.link.run())
            tasks.create_task(self._keep_time())
            tasks.create_task(self._watch())
            tasks.create_task(self._tries.run(self.link))
            tasks.create_task(keep_alive(lambda: self._agreement.parted(self._clock())))

    def on_glass(self, glass: OnGlass) -> None:
        """Take in what a frame showed, on the event loop."""
        for call, times in self._agreement.see(glass):
            called_at = self._board.called(call, times)
            if called_at is not None and self._board.called_at.get((call, times), called_at) > called_at:
                late_s = self._clock() - glass.at_s
                way_ms = ((self._now() - called_at).total_seconds() - late_s) * 1000
                self._ways.took(self._board.zone_of(call), way_ms)
        if glass.covered:
            self._covered.set()
        self._films, self._window_px = glass.plays_films, glass.window_px

    async def _keep_time(self) -> None:
        while True:
            if self._folder is not None:
                self._slides = await asyncio.to_thread(found, self._folder)
            self._draw()
            self._news.clear()
            now = self._now()
            changes = min(self._board.changes_at(now), self._pages.changes_at(self._picture, now, self._playable()))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min((changes - now).total_seconds(), LOOK_S)):
                    await self._news.wait()

    async def _watch(self) -> None:
        while True:
            parted = self._agreement.parted(self._clock())
            self.link.device(SCREEN, *self._health(parted))
            for zone in self._board.zones:
                self.link.reached(self._ways.reached(zone, parted))
            if self._folder is not None:
                self.link.device("media", *self._media())
            await asyncio.sleep(PATIENCE_S)

    def _health(self, parted: str) -> tuple[DeviceState, str]:
        if parted:
            return DeviceState.FAULT, parted
        panel = self._pages.arrangement.panel
        if self._window_px not in {(0, 0), (panel.width, panel.height)}:
            wide, high = self._window_px
            said = f"the window has {wide} x {high} pixels, its file says {panel.width} x {panel.height}: correct it"
            return DeviceState.WARNING, said
        if self._agreement.too_long:
            said = f"{self._agreement.too_long} is too long to be read from {panel.distance_m:g} m on this screen"
            return DeviceState.WARNING, said
        return DeviceState.OK, figures(*(self._ways.reached(zone) for zone in self._board.zones), to="the glass")

    def _media(self) -> tuple[DeviceState, str]:
        films = [path for path in self._slides if path.lower().endswith(FILMS)]
        if films and not self._films:
            said = f"{len(films)} films are not shown: this machine plays none; pip install ffpyplayer"
            return DeviceState.WARNING, said
        if not self._slides:
            return DeviceState.WARNING, f"no pictures in {self._folder}: put PNG or JPEG files there"
        return DeviceState.OK, f"{len(self._slides)} pictures and films"

    def _playable(self) -> Sequence[str]:
        return [path for path in self._slides if self._films or not path.lower().endswith(FILMS)]

    def _viewed(self, view: AnyView) -> None:
        self._board = self._board.seen(view, self._now())
        self._draw()
        self._news.set()

    def _reached(self, here: bool) -> None:  # noqa: FBT001 - the link's callback has this shape
        self._board = self._board.reached(here, self._now())
        self._draw()
        self._news.set()

    def _draw(self) -> None:
        now = self._now()
        self._picture = self._board.picture(now)
        sight = self._pages.sight(self._picture, now, self._playable())
        self._trial = self._trial and _is_quiet(sight)
        if self._trial:
            sight = replace(sight, message=self._pages.trial)
        self._agreement.want(sight.rows, self._clock(), covered=sight.message is not None)
        if sight != self._shown:
            self._shown = sight
            self._show(sight)

    async def _try_out(self, device: str, _press_s: int) -> BoxFinding:
        """Show a test picture for a moment; a call that comes meanwhile ends it at once."""
        if not _is_quiet(self._pages.sight(self._picture, self._now())):
            return finding_of("test_busy", node=self._node, device=device)
        self._covered.clear()
        self._trial = True
        self._draw()
        try:
            async with asyncio.timeout(COVERS_S):
                await self._covered.wait()
            await asyncio.sleep(self._trial_s)
        except TimeoutError:
            if not self._trial:  # a call came first
                return finding_of("test_busy", node=self._node, device=device)
            problem = self._agreement.parted(self._clock()) or "no frame has come to the glass"
            return finding_of("test_picture_not", node=self._node, device=device, problem=problem)
        finally:
            self._trial = False
            self._draw()
        return finding_of("test_picture", node=self._node, device=device)


def _is_quiet(sight: Sight) -> bool:
    """Tell whether nobody looks for his number just now, and nothing overrides the board."""
    return sight.message is None and not any(row.pulsing for row in sight.rows)
