"""What systemd hears: a real datagram socket listens in its place."""

import asyncio
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from broker.alive import keep_alive, notify, watchdog_s
from broker.bus import Login

HALL = """
id = "east"
name = {zh = "东区供电营业厅", en = "East Service Hall"}

[[zones]]
id = "main"
name = {zh = "等候区", en = "Waiting area"}

[[services]]
id = "bill"
name = {zh = "电费", en = "Bills"}
prefix = "A"
zone = "main"

[[counters]]
number = 1
zone = "main"
skills = ["bill"]

[[nodes]]
id = "board-1"
role = "display"
"""


class Mosquitto(Protocol):
    port: int

    def login(self, name: str) -> Login: ...


class Systemd:
    """The far end of NOTIFY_SOCKET, which listens for datagrams as sd_notify(3) describes them."""

    def __init__(self, address: str) -> None:
        self._sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._sock.bind("\0" + address[1:] if address.startswith("@") else address)
        self.environment = {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "30000"}

    async def hears(self) -> list[str]:
        """Return the lines of the next message."""
        async with asyncio.timeout(20):
            return (await asyncio.get_running_loop().sock_recv(self._sock, 4096)).decode().split("\n")

    def close(self) -> None:
        self._sock.close()


@pytest.fixture(params=["path", "abstract"])
def systemd(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Systemd]:
    name = str(tmp_path / "notify")
    systemd = Systemd(name if request.param == "path" else f"@hallcall-test-{tmp_path.name}")
    yield systemd
    systemd.close()


async def test_a_program_says_that_it_is_ready_once_and_then_that_it_lives(systemd: Systemd) -> None:
    running = asyncio.ensure_future(keep_alive(environment=systemd.environment))
    heard = [await systemd.hears() for _ in range(3)]
    running.cancel()
    assert heard == [["READY=1", "WATCHDOG=1"], ["WATCHDOG=1"], ["WATCHDOG=1"]]


async def test_it_is_silent_while_something_ails_it_and_says_what(systemd: Systemd) -> None:
    ailments = iter(["the window opens", "the window opens", "", "", "the window stands still", "", ""])
    running = asyncio.ensure_future(keep_alive(lambda: next(ailments, ""), environment=systemd.environment))
    heard = [await systemd.hears() for _ in range(7)]
    running.cancel()
    assert heard == [
        ["STATUS=the window opens"],
        ["STATUS=alive"],
        ["READY=1", "WATCHDOG=1"],
        ["WATCHDOG=1"],
        ["STATUS=the window stands still"],
        ["STATUS=alive"],
        ["WATCHDOG=1"],
    ]


async def test_nothing_is_sent_where_systemd_does_not_ask() -> None:
    await keep_alive(environment={})  # ends at once
    notify("READY=1", {})


def test_a_systemd_that_restarts_stops_nobody(tmp_path: Path) -> None:
    notify("READY=1", {"NOTIFY_SOCKET": str(tmp_path / "nobody listens")})


@pytest.mark.parametrize(("usec", "every_s"), [("30000000", 1.0), ("900000", 0.3), ("", 1.0), ("0", 1.0), ("x", 1.0)])
def test_it_tells_three_times_within_systemds_patience(usec: str, every_s: float) -> None:
    assert watchdog_s({"WATCHDOG_USEC": usec}) == pytest.approx(every_s)


@pytest.mark.broker
async def test_the_dispatcher_itself_tells_that_it_is_ready_and_lives(
    systemd: Systemd, mosquitto: Mosquitto, tmp_path: Path
) -> None:
    (tmp_path / "password").write_text(mosquitto.login("dispatcher").password, encoding="utf-8")
    (tmp_path / "hall.toml").write_text(HALL, encoding="utf-8")
    config = tmp_path / "dispatcher.toml"
    config.write_text(
        f"""node = "dispatcher"
hall = "east"
state_dir = "{tmp_path}/state"
hall_file = "{tmp_path}/hall.toml"

[broker]
port = {mosquitto.port}
password_file = "{tmp_path}/password"
""",
        encoding="utf-8",
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "broker.dispatcher", "--config", str(config), "--accept-loss"),
        env={**os.environ, **systemd.environment},
    )
    try:
        heard = [await systemd.hears() for _ in range(3)]
    finally:
        process.terminate()
        await process.wait()
    assert heard == [["READY=1", "WATCHDOG=1"], ["WATCHDOG=1"], ["WATCHDOG=1"]]
