"""A hall in which nobody has a password: dispatcher and supervisor from their node files, over mutual TLS."""

import asyncio
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from broker.config import load_hall
from broker.mosquitto import ACL_FILE, acl

if TYPE_CHECKING:
    from tests.conftest import SecuredBroker

pytestmark = pytest.mark.broker
PATIENCE_S: Final = 60
HALL: Final = """
id = "east"
name = { zh = "东区供电营业厅", en = "East Service Hall" }
slip_grace_s = 0
zones = [{ id = "main", name = { zh = "等候区", en = "Waiting area" } }]
services = [{ id = "bill", name = { zh = "电费", en = "Bills" }, prefix = "A", zone = "main" }]
counters = [{ number = 1, zone = "main", skills = ["bill"] }]
nodes = [{ id = "desk", role = "supervisor" }]
"""
NODE: Final = """
node = "{node}"
hall = "east"
state_dir = "{directory}/{node}"
{more}
[broker]
port = {port}
authority = "root.crt"
certificate = "{node}.crt"
key = "{node}.key"
"""


async def hallcall(*arguments: str) -> tuple[int | None, str]:
    """Run a command as somebody types it; return how it ended, and all that it said."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "hallcall",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "LANG": "C.UTF-8"},
    )
    async with asyncio.timeout(PATIENCE_S):
        said, _ = await process.communicate()
    return process.returncode, said.decode()


def furnish(directory: Path, broker: "SecuredBroker", nodes: Sequence[str]) -> None:
    (directory / "hall.toml").write_text(HALL, encoding="utf-8")
    for node in nodes:
        identity = broker.identity(node)
        for here, there in (("root.crt", identity.authority), (f"{node}.crt", identity.certificate)):
            shutil.copy(there, directory / here)
        shutil.copy(identity.key, directory / f"{node}.key")
        more = f'hall_file = "{directory}/hall.toml"' if node == "dispatcher" else ""
        text = NODE.format(node=node, directory=directory, port=broker.port, more=more)
        (directory / f"{node}.toml").write_text(text, encoding="utf-8")
    (broker.directory / ACL_FILE).write_text(acl(load_hall(directory / "hall.toml")), encoding="utf-8")
    broker.hang_up()


async def test_a_supervisor_orders_by_certificate_and_is_told_what_is_wrong_with_it(
    secured: "SecuredBroker", tmp_path: Path
) -> None:
    furnish(tmp_path, secured, ["dispatcher", "desk"])
    files = [str(tmp_path / f"{node}.toml") for node in ("dispatcher", "desk")]
    assert (await hallcall("check-config", str(tmp_path / "hall.toml"), *files))[0] == 0
    dispatcher = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "broker.dispatcher", "--config", files[0], stderr=asyncio.subprocess.PIPE
    )
    try:
        order = ("order", "--config", files[1], "TakeTicket", "service=bill")
        ended, said = await hallcall(*order)
        assert (ended, "ticket=A001" in said) == (0, True), said
        shutil.copy(secured.identity("desk").certificate, tmp_path / "desk.crt")  # another key's
        ended, said = await hallcall(*order)
        assert ended != 0
        assert "key and certificate of desk do not belong together" in said
    finally:
        dispatcher.kill()
        await dispatcher.communicate()
