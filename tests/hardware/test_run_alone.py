import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from hardware.devices import PaperState, Printed, PrintResult
from hardware.drivers.escpos_layout import Line, encode
from hardware.drivers.escpos_printer import EscposPrinter
from hardware.ports import open_port
from hardware.simulators.run_alone import main

RUN = "import sys; from hardware.simulators.run_alone import main; sys.exit(main(sys.argv[1:]))"


@asynccontextmanager
async def desk(*words: str) -> AsyncIterator[Process]:
    device = await asyncio.create_subprocess_exec(sys.executable, "-c", RUN, *words, stdin=PIPE, stdout=PIPE)
    async with asyncio.timeout(30):
        yield device
        device.terminate()
        assert await device.wait() == 0


async def said(device: Process) -> dict[str, Any]:
    assert device.stdout is not None
    words: dict[str, Any] = json.loads(await device.stdout.readline())
    return words


def type_in(device: Process, text: str) -> None:
    assert device.stdin is not None
    device.stdin.write(text.encode() + b"\n")


async def test_a_technician_prints_on_a_simulated_printer_and_takes_its_paper(tmp_path: Path) -> None:
    async with desk("printer", "--listen", "127.0.0.1:0", "--out", str(tmp_path)) as device:
        ready = await said(device)
        printer = EscposPrinter(f"tcp:{ready['at']}")
        slip = encode([Line("A012")])
        assert await printer.print(slip) == PrintResult(printed=Printed.YES, paper=PaperState.OK)
        assert (await said(device))["lines"] == ["A012"]
        assert (tmp_path / "slip-1.bin").read_bytes() == slip
        type_in(device, "paper out")
        assert (await said(device))["paper"] == "out"
        assert await printer.status() is PaperState.OUT
        await printer.close()


async def test_a_technician_presses_a_simulated_pad(link: Path) -> None:
    async with desk("pads", "--link", str(link)) as device:
        assert (await said(device))["at"] == str(link)
        port = await open_port(f"serial:{link}")
        type_in(device, "press 3 call")
        assert (await port.read())[:1] == b"\x01"
        type_in(device, "press 3 hard")
        assert "call, start" in (await said(device))["refused"]
        type_in(device, "dance")
        assert "press" in (await said(device))["commands"]
        await port.close()


async def test_a_technician_holds_a_code_before_a_simulated_scanner(link: Path) -> None:
    async with desk("scanner", "--link", str(link)) as device:
        assert (await said(device))["at"] == str(link)
        port = await open_port(f"serial:{link}")
        type_in(device, "scan HC1:T:B014")
        heard = b""
        while not heard.endswith(b"\r\n"):
            heard += await port.read()
        assert heard == b"HC1:T:B014\r\n"
        await port.close()


@pytest.mark.parametrize("words", [["pads"], ["printer"], ["loudspeaker", "--link", "x"], ["sign", "--listen", "x:1"]])
def test_a_device_without_a_place_says_what_it_needs(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(words)
    assert "--" in capsys.readouterr().err
