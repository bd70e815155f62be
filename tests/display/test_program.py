"""`python -m display` as it is started in a hall: against a real broker, its window off screen."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from broker.bus import Letter, MqttBus
from broker.contract import wire
from broker.contract.messages import AnyView, BoardRow, BoardView, Hall, HallView, Presence, QueueRow, QueuesView, Role

if TYPE_CHECKING:
    from tests.conftest import BrokerProcess

FILE = """
node = "board-1"
hall = "east"
state_dir = "{directory}/state"

[broker]
port = {port}
password_file = "{directory}/password"
"""
QUEUES = QueuesView(
    epoch=1,
    seq=1,
    queues=(QueueRow(service="bill", waiting=2, wait_low_min=3, wait_high_min=5, last_called="A001"),),
)


def display_file(directory: Path, mosquitto: "BrokerProcess", tables: str) -> Path:
    (directory / "password").write_text(mosquitto.login("board-1").password, encoding="utf-8")
    path = directory / "display.toml"
    path.write_text(FILE.format(directory=directory, port=mosquitto.port) + tables, encoding="utf-8")
    return path


@asynccontextmanager
async def program(*arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "display", *arguments),
        env={**os.environ, "SDL_VIDEODRIVER": "offscreen"},
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


class Dispatcher:
    """Publishes views over the real broker, and can go away."""

    def __init__(self, mosquitto: "BrokerProcess") -> None:
        self._bus = MqttBus(
            login=mosquitto.login("dispatcher"), subscriptions=[wire.topic("east", "node/{}", "board-1")]
        )
        self._connected = asyncio.Event()
        self.board_up = asyncio.Event()
        self._bus.listen(on_letter=self._hear, on_state=lambda here: self._connected.set() if here else None)
        self._task = asyncio.create_task(self._bus.run())

    def _hear(self, letter: Letter) -> None:
        if letter.payload and wire.decode("east", letter.topic, letter.payload).message.up:  # type: ignore[union-attr]
            self.board_up.set()

    async def here(self, *, up: bool) -> None:
        await self._connected.wait()
        presence = Presence(node="dispatcher", role=Role.DISPATCHER, up=up)
        topic = wire.topic("east", "node/{}", "dispatcher")
        self._bus.publish(Letter(topic=topic, payload=wire.encode(presence), retained=True))

    def show(self, *views: AnyView) -> None:
        for view in views:
            self._bus.publish(Letter(topic=wire.view_topic("east", view), payload=wire.encode(view), retained=True))

    async def leave(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


def calls(seq: int, *tickets: str) -> BoardView:
    rows = [BoardRow(call=f"c-{each}", ticket=each, counter=12, times=1, started=False) for each in tickets]
    return BoardView(epoch=1, seq=seq, zone="main", rows=tuple(rows))


class Eyes:
    """Reads what was on the glass."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._line = 0

    async def next(self) -> dict[str, object]:
        while True:
            lines = self._file.read_text(encoding="utf-8").splitlines() if self._file.exists() else []
            if len(lines) > self._line:
                self._line += 1
                seen: dict[str, object] = json.loads(lines[self._line - 1])
                return seen
            await asyncio.sleep(0.005)

    async def until(self, *, rows: list[str], alive: bool) -> None:
        while True:
            seen = await self.next()
            texts = [row["text"] for row in seen["rows"]]  # type: ignore[attr-defined]
            if (texts, seen["alive"]) == (rows, alive):
                return


@pytest.mark.broker
@pytest.mark.screen
async def test_a_board_shows_calls_and_says_when_they_are_old(
    tmp_path: Path, mosquitto: "BrokerProcess", small_hall: Hall
) -> None:
    config = display_file(tmp_path, mosquitto, '[screen]\nzone = "main"\nwidth = 960\nheight = 540\n')
    eyes = Eyes(tmp_path / "seen" / "board.jsonl")
    dispatcher = Dispatcher(mosquitto)
    async with asyncio.timeout(20), program("--config", str(config), "--witness", str(tmp_path / "seen")) as board:
        await dispatcher.here(up=True)
        dispatcher.show(HallView(epoch=1, seq=1, day="2026-11-21", hall=small_hall), QUEUES, calls(1))
        await dispatcher.board_up.wait()
        dispatcher.show(calls(2, "A001"))
        await eyes.until(rows=["A001 ➜ 12 号"], alive=True)
        dispatcher.show(calls(3, "B001", "A001"))
        await eyes.until(rows=["B001 ➜ 12 号", "A001 ➜ 12 号"], alive=True)
        await dispatcher.here(up=False)
        await eyes.until(rows=["B001 ➜ 12 号", "A001 ➜ 12 号"], alive=False)
        board.send_signal(signal.SIGTERM)
        assert await board.wait() == 0
    await dispatcher.leave()
    assert (tmp_path / "seen" / "board-1rows.png").stat().st_size > 5000


@pytest.mark.broker
@pytest.mark.sound
async def test_a_voice_starts_without_a_window_and_ends_at_once(tmp_path: Path, mosquitto: "BrokerProcess") -> None:
    config = display_file(tmp_path, mosquitto, '[voice]\nzone = "main"\nspeaker = "tcp:127.0.0.1:9"\n')
    dispatcher = Dispatcher(mosquitto)
    async with asyncio.timeout(10), program("--config", str(config)) as voice:
        await dispatcher.board_up.wait()
        assert "kivy" not in Path(f"/proc/{voice.pid}/maps").read_text(encoding="utf-8")
        voice.send_signal(signal.SIGTERM)
        assert await voice.wait() == 0
    await dispatcher.leave()


@pytest.mark.parametrize(
    ("tables", "complaint"),
    [
        ('[screen]\nzone = "main"\n[voice]\nzone = "main"\n', "either [screen] or [voice]"),
        ("", "neither [screen] nor [voice]"),
        ('[voice]\nzone = "main"\nspeaker = "loud"\n', "is no loudspeaker"),
    ],
)
async def test_a_wrong_file_is_one_clear_complaint(tmp_path: Path, tables: str, complaint: str) -> None:
    path = tmp_path / "display.toml"
    (tmp_path / "password").write_text("x", encoding="utf-8")
    path.write_text(FILE.format(directory=tmp_path, port=1) + tables, encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "display", "--config", str(path)), stderr=asyncio.subprocess.PIPE
    )
    _, said = await process.communicate()
    assert process.returncode == 78
    assert complaint in said.decode()
    assert "Traceback" not in said.decode()
