"""How much memory the dispatcher holds, with few and with very many people waiting."""

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Final

from .large_hall import LargeHall
from .restart import seconds_to_start

WAITING: Final = (500, 100_000)


def _megabytes(directory: Path, waiting: int) -> float:
    large = LargeHall(directory)
    with large.open() as writing:
        writing.take(waiting)
        writing.keep_snapshot()
    _, megabytes = asyncio.run(seconds_to_start(large))
    return megabytes


def measure() -> None:
    """the dispatcher's memory with 500 and with 100,000 waiting"""  # noqa: D400, D401, D403, D415 - a line of a table
    say = sys.stdout.write
    with tempfile.TemporaryDirectory(prefix="hallcall-bench-") as place:
        floor = _megabytes(Path(place) / "0", 0)
        held = {waiting: _megabytes(Path(place) / str(waiting), waiting) for waiting in WAITING}
    for waiting, megabytes in held.items():
        each_kb = (megabytes - floor) * 1024 / waiting
        say(f"{waiting:>7,} waiting: {megabytes / floor:5.2f} x the floor, {each_kb:5.1f} KiB each\n")
    say(f"floor, nobody waits: {floor:6.1f} MiB\n")
    for waiting, megabytes in held.items():
        say(f"{waiting:>7,} waiting:     {megabytes:6.1f} MiB\n")
