"""How many commands a second the dispatcher carries out, each of them on disk before it is answered.

The floor is the least that any durable dispatcher must do, in the same run and by the same client: take the letters
that have arrived, write them to SQLite with one commit, send each answer back. The real one also decides, journals
answers and events with their hashes, and tells the hall: events, signs, boards, queues.
"""

import argparse
import asyncio
import contextlib
import json
import sqlite3
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import msgspec

from broker.bus import BusDown, Letter, Login, MqttBus
from broker.contract import wire
from broker.contract.messages import (
    Answer,
    AnyCommand,
    Called,
    CallNext,
    Command,
    Done,
    FinishService,
    Presence,
)
from broker.database import connect, stretch_log

from ..demo.layout import Ports
from ..demo.programs import Programs, mosquitto_command
from .large_hall import COUNTERS, LargeHall

HALL: Final = "chengdong"
BOX: Final = "box-1"
WAITING: Final = 4_000
ROUNDS: Final = 5  # the best counts: what else runs on the machine only makes it slower
ALONE: Final = 150  # presses a round
TOGETHER: Final = 20  # presses of each counter a round
BARE: Final = 400  # commits
PATIENCE_S: Final = 60


class Box:
    """A counter box that presses as fast as answers come."""

    def __init__(self, login: Login) -> None:
        self._bus = MqttBus(
            login=login, subscriptions=[wire.topic(HALL, "reply/{}", BOX), wire.topic(HALL, "node/{}", "dispatcher")]
        )
        self._bus.listen(on_letter=self._hear, on_state=lambda up: self._connected.set() if up else None)
        self._connected, self._dispatcher = asyncio.Event(), asyncio.Event()
        self._answers: dict[str, asyncio.Future[Answer]] = {}
        self._sent = 0
        self._running: asyncio.Task[None] | None = None

    async def here(self, *, dispatcher: bool) -> None:
        """Return once connected, and once the dispatcher is there."""
        self._running = asyncio.create_task(self._bus.run())
        async with asyncio.timeout(PATIENCE_S):
            await self._connected.wait()
            if dispatcher:
                await self._dispatcher.wait()

    async def gone(self) -> None:
        if self._running is not None:
            self._running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._running

    def _hear(self, letter: Letter) -> None:
        message = wire.decode(HALL, letter.topic, letter.payload).message
        match message:
            case Answer(id=command):
                self._answers.pop(command).set_result(message)
            case Presence(up=True):
                self._dispatcher.set()
            case _:
                pass

    async def ask(self, command: AnyCommand) -> Answer:
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._answers[command.id] = answer
        self._bus.publish(Letter(topic=wire.topic(HALL, "cmd/{}", BOX), payload=wire.encode(command)))
        return await answer

    async def press(self, counter: int, presses: int) -> None:
        """Call and finish in turn."""
        seen: str | None = None
        for _ in range(presses):
            self._sent += 1
            kind = CallNext if seen is None else FinishService
            answer = await self.ask(kind(id=f"press-{self._sent}", counter=counter, seen=seen))
            seen = answer.call if isinstance(answer, Called) else None


async def _rates(box: Box) -> tuple[float, float]:
    """Return commands a second, of one counter alone and of all counters together."""
    alone, together = 0.0, 0.0
    await box.press(1, 20)  # warm
    for _ in range(ROUNDS):
        began = time.perf_counter()
        await box.press(1, ALONE)
        alone = max(alone, ALONE / (time.perf_counter() - began))
        began = time.perf_counter()
        await asyncio.gather(*(box.press(counter, TOGETHER) for counter in range(1, COUNTERS + 1)))
        together = max(together, COUNTERS * TOGETHER / (time.perf_counter() - began))
    return alone, together


def _bare_commits(path: Path) -> float:
    """Return commits a second of SQLite alone, one row each."""
    with contextlib.closing(_database(path)) as db:
        began = time.perf_counter()
        for _ in range(BARE):
            db.execute("INSERT INTO letter (body) VALUES (?)", (b"x" * 600,))
        return BARE / (time.perf_counter() - began)


def _database(path: Path) -> sqlite3.Connection:
    db = connect(path)
    stretch_log(db)
    db.execute("CREATE TABLE letter (number INTEGER PRIMARY KEY, body BLOB)")
    return db


async def _least(login: Login, path: Path) -> None:
    """Be the floor: one commit for the letters that wait together, then an answer to each."""
    bus = MqttBus(login=login, subscriptions=[wire.topic(HALL, "cmd/{}", BOX)])
    waiting: list[bytes] = []
    with contextlib.closing(_database(path)) as db:

        def work() -> None:
            letters, waiting[:] = list(waiting), []
            db.execute("BEGIN IMMEDIATE")
            db.executemany("INSERT INTO letter (body) VALUES (?)", [(letter,) for letter in letters])
            db.execute("COMMIT")
            for letter in letters:
                command = msgspec.json.decode(letter, type=AnyCommand)
                if isinstance(command, Command):
                    answer = wire.encode(Done(id=command.id))
                    bus.publish(Letter(topic=wire.topic(HALL, "reply/{}", BOX), payload=answer))

        def hear(letter: Letter) -> None:
            if not waiting:
                asyncio.get_running_loop().call_soon(work)
            waiting.append(letter.payload)

        bus.listen(on_letter=hear, on_state=lambda up: print("up", flush=True) if up else None)  # noqa: T201
        await bus.run()


async def _measure(directory: Path) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the rates of the floor and of the dispatcher."""
    large = LargeHall(directory)
    with large.open() as writing:
        writing.take(WAITING)
    programs = Programs(logs=directory / "logs", say=lambda what: print(what, file=sys.stderr))  # noqa: T201
    programs.start("mosquitto", mosquitto_command(large.config / "mosquitto.conf"))
    up = asyncio.Event()
    floor = [sys.executable, "-m", "hallcall.benches.durability", "--floor", str(directory)]
    programs.start("floor", floor, on_line=lambda _: up.set())
    try:
        async with asyncio.timeout(PATIENCE_S):
            await up.wait()
        box = Box(large.login(BOX))
        await box.here(dispatcher=False)
        least = await _rates(box)
        await box.gone()
        programs.retire("floor")
        config = str(large.config / "dispatcher.toml")
        programs.start("dispatcher", [sys.executable, "-m", "broker.dispatcher", "--config", config])
        box = Box(large.login(BOX))
        await box.here(dispatcher=True)
        rates = await _rates(box)
        await box.gone()
    finally:
        await programs.stop()
    return least, rates


def measure() -> None:
    """commands a second, each on disk before it is answered: one counter alone, thirty together"""  # noqa: D400, D403, D415 - a line of a table
    say = sys.stdout.write
    with tempfile.TemporaryDirectory(prefix="hallcall-bench-") as place:
        bare = _bare_commits(Path(place) / "bare.sqlite")
        floor, rates = asyncio.run(_measure(Path(place) / "hall"))
    alone, together = rates
    say(f"one counter alone, against the floor:        {floor[0] / alone:6.2f} x the time\n")
    say(f"{COUNTERS} counters together, against the floor:     {floor[1] / together:6.2f} x the time\n")
    say(f"floor, hop + commit + hop:    alone {floor[0]:7.0f}/s    together {floor[1]:7.0f}/s\n")
    say(f"dispatcher and mosquitto:     alone {alone:7.0f}/s    together {together:7.0f}/s\n")
    say(f"SQLite by itself, a commit a row:   {bare:7.0f}/s\n")


def main(argv: list[str]) -> int:
    """Be the floor, in a process of its own."""
    parser = argparse.ArgumentParser(prog="hallcall.benches.durability")
    parser.add_argument("--floor", type=Path, required=True)
    directory = parser.parse_args(argv).floor
    ports = Ports(**json.loads((directory / "config" / "ports.json").read_text(encoding="utf-8")))
    password = (directory / "config" / "dispatcher.password").read_text(encoding="utf-8").strip()
    login = Login(host="127.0.0.1", port=ports.broker, name="dispatcher", password=password)
    with contextlib.suppress(BusDown, KeyboardInterrupt):
        asyncio.run(_least(login, directory / "state" / "floor.sqlite"))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
