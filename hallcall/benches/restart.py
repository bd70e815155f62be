"""How long the hall waits for a dispatcher that starts again, late on a long day.

The floor is what the same program needs on a journal in which nothing has happened yet: Python, its modules, the
broker. Beside it the parts, each by itself: the check of every row against its hash, the replay, the snapshot.
"""

import asyncio
import contextlib
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from broker.bus import Letter, MqttBus
from broker.contract import wire
from broker.contract.messages import Presence
from broker.hall.apply import apply
from broker.hall.state import HallState
from broker.journal import Journal
from broker.memory import remembered, shape

from ..demo.programs import Programs, mosquitto_command
from .large_hall import LargeHall, SnapshotCost

LATER: Final = 20_000  # events after the snapshot
EARLIER: Final = 2_000
AIM_S: Final = 3.0
PATIENCE_S: Final = 60


async def seconds_to_start(large: LargeHall) -> tuple[float, float]:
    """Start the dispatcher; return the seconds until it is there, and the megabytes that it then holds."""
    directory = large.directory
    there = asyncio.Event()

    def hear(letter: Letter) -> None:
        if letter.payload and not letter.retained:
            message = wire.decode(large.hall.id, letter.topic, letter.payload).message
            if isinstance(message, Presence) and message.up:
                there.set()

    connected = asyncio.Event()
    bus = MqttBus(login=large.login("guest"), subscriptions=[wire.topic(large.hall.id, "node/{}", "dispatcher")])
    bus.listen(on_letter=hear, on_state=lambda up: connected.set() if up else None)
    programs = Programs(logs=directory / "logs", say=lambda what: print(what, file=sys.stderr))  # noqa: T201
    programs.start("mosquitto", mosquitto_command(large.config / "mosquitto.conf"))
    listening = asyncio.create_task(bus.run())
    try:
        async with asyncio.timeout(PATIENCE_S):
            await connected.wait()
            began = time.perf_counter()
            config = str(large.config / "dispatcher.toml")
            programs.start("dispatcher", [sys.executable, "-m", "broker.dispatcher", "--config", config])
            await there.wait()
            took_s = time.perf_counter() - began
        return took_s, _resident_mb(programs.pid("dispatcher"))
    finally:
        listening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await listening
        await programs.stop()


def _resident_mb(pid: int | None) -> float:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024


def _parts(directory: Path) -> tuple[float, float, float]:
    """Return the seconds of the check of all rows, of a start from the snapshot, and of a full replay."""
    began = time.perf_counter()
    journal = Journal(directory)
    checked = time.perf_counter()
    assert journal.snapshot(shape=shape()) is not None  # noqa: S101 - else the next figure is another's
    remembered(journal)
    from_snapshot = time.perf_counter()
    begun = time.perf_counter()
    state = HallState(epoch=journal.epoch)
    for recorded in journal.replay():
        apply(state, recorded)
    replayed = time.perf_counter()
    journal.close()
    return checked - began, from_snapshot - checked, replayed - begun


def measure() -> None:
    """a dispatcher that starts from a snapshot and 20,000 later events; the full replay's rate"""  # noqa: D400, D401, D403, D415 - a line of a table
    say = sys.stdout.write
    costs: list[SnapshotCost] = []
    with tempfile.TemporaryDirectory(prefix="hallcall-bench-") as place:
        empty = LargeHall(Path(place) / "empty")
        with empty.open():
            pass
        floor_s, _ = asyncio.run(seconds_to_start(empty))
        large = LargeHall(Path(place) / "large")
        with large.open() as writing:
            writing.serve(EARLIER)
            costs.append(writing.keep_snapshot())
            writing.serve(LATER)
            events = writing.state.seq
        took_s, _ = asyncio.run(seconds_to_start(large))
        check_s, from_snapshot_s, replay_s = _parts(large.journal)
    say(f"start with {LATER:,} events after a snapshot: {took_s / floor_s:5.2f} x the floor\n")
    say(f"full replay: {events / replay_s:,.0f} events/s\n")
    say(f"floor, start on an empty day: {floor_s:6.2f} s\n")
    say(f"start as the hall sees it:    {took_s:6.2f} s    (aim: under {AIM_S:g} s)\n")
    say(f"  of which hashes of {events:,} events {check_s:.2f} s, snapshot and later events {from_snapshot_s:.2f} s\n")
    say(f"full replay instead:          {replay_s:6.2f} s\n")
    (cost,) = costs
    steps = f"{cost.encoding_ms:.1f} + {cost.packing_ms:.1f} + {cost.writing_ms:.1f}"
    say(f"a snapshot: {steps} ms (taken, packed, written), {cost.size / 1024:,.0f} KiB\n")
