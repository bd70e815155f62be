"""Asks the registrar whether the technician has changed this box's files; root fetches them (`take_files.py`)."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final

from broker.joining.asking import NotAnswered, Refused
from broker.joining.words import FilesMark

from .put_files import taken

log = logging.getLogger(__name__)

EVERY_S: Final = 30.0
HERE_EVERY_S: Final = 3.0  # on the registrar's own box: hall.toml is soon in force
AGAIN_S: Final = 60.0  # for files that could not be taken; the unit's journal says why
WANTED: Final = "wanted"  # hallcall-files@.path watches it


async def keep_asking(
    ask: Callable[[str], FilesMark], *, place: Path, folder: Path, every_s: float, clock: Callable[[], float]
) -> None:
    """Ask until cancelled; `ask` may take its time, `folder` is where the wish is put down."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted, since_s = "", 0.0
    while True:
        have = taken(place).mark
        with contextlib.suppress(NotAnswered, Refused):  # it is away, or a release before: asked again
            there = (await asyncio.to_thread(ask, have)).mark
            if there and there != have and (there != wanted or clock() - since_s >= AGAIN_S):
                wanted, since_s = there, clock()
                log.info("the technician has changed this box's files; they are fetched")
                (folder / WANTED).write_text(there, encoding="ascii")
        await asyncio.sleep(every_s)
