"""What systemd hears of the web server: a real datagram socket listens in its place."""

import asyncio
import os
import socket
import sys
from pathlib import Path

from tests.conftest import free_port

FILE = """
node = "web-1"
hall = "east"
state_dir = "{place}"

[broker]
port = {nobody}
password_file = "{place}/password"

[pages]
listen = "127.0.0.1:{port}"
"""


async def test_the_web_server_is_ready_once_it_answers_browsers_be_the_broker_there_or_not(tmp_path: Path) -> None:
    place, port = tmp_path, free_port()
    (place / "password").write_text("secret")
    (place / "web.toml").write_text(FILE.format(place=place, nobody=free_port(), port=port))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as systemd:
        systemd.bind(str(place / "notify"))
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "web", "--config", str(place / "web.toml")),
            env={**os.environ, "NOTIFY_SOCKET": str(place / "notify"), "WATCHDOG_USEC": "30000"},
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(20):
                heard = b""
                while b"READY=1" not in heard:
                    heard = await asyncio.get_running_loop().sock_recv(systemd, 4096)
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                while heard != b"WATCHDOG=1":
                    heard = await asyncio.get_running_loop().sock_recv(systemd, 4096)
        finally:
            process.kill()
            await process.wait()
