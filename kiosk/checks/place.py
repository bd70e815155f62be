"""The machine that the kiosk stands on: its fonts, its disk, its clock, and its own numbers."""

import os
import shutil
from collections.abc import AsyncIterator, Iterable, Iterator
from datetime import datetime
from typing import Final

from PIL import ImageFont

from broker.contract.messages import Hall, Language, Text
from broker.contract.texts import texts

from ..fonts import NoFont, installed
from ..offline import BookOnDisk
from .finding import Bench, Finding, amber, green, red, skipped

SLOW_SYNC_MS: Final = 500  # a customer waits for the disk when the hall is away
LITTLE_MB: Final = 100
FIRST_YEAR, LAST_YEAR = 2025, 2060  # a dead battery says 1970 or 2000
SOME: Final = 12
NOWHERE: Final = "\U0010fffe"  # a character that no font has: how the font draws what it lacks


async def fonts(bench: Bench) -> AsyncIterator[Finding]:
    """Look whether the font has every character of our texts and of the hall's names."""
    try:
        regular, _ = installed()
    except NoFont:
        yield red("font_none")
        return
    font = ImageFont.truetype(str(regular), 32)
    lacks = bytes(font.getmask(NOWHERE))
    wanted = sorted({each for text in _said(bench.hall) for each in text if each.isprintable() and not each.isspace()})
    missing = [each for each in wanted if bytes(font.getmask(each)) == lacks]
    if missing:
        yield red("font_lacks", font=regular.name, count=len(missing), some=" ".join(missing[:SOME]))
    else:
        yield green("font_ok", font=regular.name, count=len(wanted))
    if bench.hall is None:
        yield skipped("font_hall")


def _said(hall: Hall | None) -> Iterator[str]:
    for language in Language:
        for table in texts(language).values():
            yield from table.values()
    if hall is None:
        return
    named: list[Iterable[object]] = [hall.services, hall.zones, hall.classes, hall.needs]
    for name in (hall.name, *(each.name for group in named for each in group if hasattr(each, "name"))):
        if isinstance(name, Text):
            yield from (name.zh, name.en)


async def disk(bench: Bench) -> AsyncIterator[Finding]:
    """Write, sync and read where the kiosk keeps what it owes."""
    trial = bench.state_dir / "check.trial"
    try:
        bench.state_dir.mkdir(parents=True, exist_ok=True)
        begun_s = bench.clock()
        with trial.open("wb") as file:
            file.write(b"hallcall" * 512)
            file.flush()
            os.fsync(file.fileno())
        took_ms = round((bench.clock() - begun_s) * 1000)
        trial.unlink()
        free_mb = shutil.disk_usage(bench.state_dir).free // 1_000_000
    except OSError as error:
        yield red("disk_broken", path=str(bench.state_dir), problem=error.strerror or str(error))
        return
    if free_mb < LITTLE_MB:
        yield amber("disk_full", path=str(bench.state_dir), mb=free_mb)
    if took_ms > SLOW_SYNC_MS:
        yield amber("disk_slow", path=str(bench.state_dir), ms=took_ms)
    else:
        yield green("disk_ok", path=str(bench.state_dir), ms=took_ms)


async def clock(bench: Bench) -> AsyncIterator[Finding]:
    """Look whether the clock can be right at all; the hall's own time is compared where the dispatcher answers."""
    now = bench.now()
    yield clock_finding(now)


def clock_finding(now: datetime) -> Finding:
    said = f"{now.astimezone():%Y-%m-%d %H:%M:%S %Z}"
    return green("clock_ok", time=said) if FIRST_YEAR <= now.year <= LAST_YEAR else red("clock_wrong", time=said)


async def own_numbers(bench: Bench) -> AsyncIterator[Finding]:
    """Look at the numbers that this kiosk gives while the hall is away."""
    path = bench.state_dir / "offline.json"
    try:
        book = BookOnDisk(path)
    except OSError as error:
        yield red("offline_book", path=str(path), problem=error.strerror or str(error))
        return
    if book.wrong:
        yield red("offline_book", path=str(path), problem="JSON")
    if book.book.given:
        yield amber("offline_owed", count=len(book.book.given))
    left = bench.state_dir / "not-merged.jsonl"
    if left.exists() and (count := len(left.read_text(encoding="utf-8").splitlines())):
        yield amber("offline_left", count=count, path=str(left))
    if bench.hall is None:
        yield skipped("offline_unknown")
        return
    own = next((each.offline for each in bench.hall.nodes if each.id == bench.file.node), None)
    if own is None:
        yield amber("offline_none", node=bench.file.node)
    elif not book.wrong:
        yield green("offline_ok", first=own.first, last=own.last)
