"""Our slips and our printer, judged by strangers from the npm registry. Started by `./run soak printer-strangers`.

npos reads the bytes of our slips; receiptio, a client of real printers, works with our simulated one.
"""

import asyncio
import json
import os
import subprocess
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from itertools import product
from pathlib import Path
from typing import Final

import pytest

from broker.contract.messages import Language, TicketTaken
from hardware.drivers.escpos_layout import Paper
from hardware.simulators.escpos_printer import Report, SimulatedPrinter, SlipPrinted
from kiosk import paper as kiosk_paper
from kiosk.paper import slip_bytes
from kiosk.preview import EXAMPLE
from kiosk.slip import Line, Qr, Rule
from kiosk.template import load_template
from kiosk.written import Occasion, written

PACKAGES: Final = ("npos@0.1.19", "receiptio@2.1.2")
CACHE: Final = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "hallcall" / "npm"
TEMPLATES: Final = sorted((Path(kiosk_paper.__file__).parent / "slips").glob("*.toml"))
HOST: Final = "127.0.0.9"  # receiptio asks every address at port 9100
SAID: Final = {0: "success", 100: "online", 101: "coveropen", 102: "paperempty", 103: "error", 104: "offline"}
RECEIPT: Final = "^^^RECEIPT\n\nAsparagus | 1| 1.00\n---\n^TOTAL | ^1.00\n"


@pytest.fixture(scope="session", autouse=True)
def _packages() -> None:
    CACHE.mkdir(parents=True, exist_ok=True)
    subprocess.run(["npm", "install", "--silent", "--omit=optional", "--prefix", CACHE, *PACKAGES], check=True)


def occasions() -> Iterator[tuple[Path, int, Occasion]]:
    """Each kind of slip × width × language × large × copy × offline × with a QR code."""
    at = datetime(2026, 11, 23, 9, 42, tzinfo=timezone(timedelta(hours=8)))
    taken = TicketTaken(
        id="1",
        visit="2026-11-23-B014",
        ticket="B014",
        service="new",
        ahead=6,
        wait_low_min=15,
        wait_high_min=25,
        issued_at=at,
    )
    truths = (False, True)
    for template, width_dots, language in product(TEMPLATES, (384, 576), Language):
        for large, reprint, offline, url in product(truths, repeat=4):
            yield (
                template,
                width_dots,
                Occasion(
                    hall=EXAMPLE,
                    service=EXAMPLE.services[0],
                    zone=EXAMPLE.zones[0],
                    taken=taken,
                    at=at,
                    language=language,
                    url="https://q.example.cn/t/2026-11-23-B014" if url else "",
                    large=large,
                    reprint=reprint,
                    offline=offline,
                ),
            )


def test_npos_reads_every_slip() -> None:
    slips = [
        (written(load_template(template), occasion, width_dots=width_dots), Paper(width_dots=width_dots))
        for template, width_dots, occasion in occasions()
    ]
    sent = "".join(slip_bytes(items, paper=paper).hex() + "\n" for items, paper in slips)
    run = subprocess.run(
        ["node", Path(__file__).with_name("npos_reads.js")],
        input=sent,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "NODE_PATH": str(CACHE / "node_modules")},
    )
    readings = [json.loads(line) for line in run.stdout.splitlines()]
    assert len(readings) == len(slips)
    for (items, paper), reading in zip(slips, readings, strict=True):
        assert "error" not in reading, reading
        assert list(lines_of(reading["pieces"])) == [
            each
            for item in items
            for each in (
                [(item.text, item.size, item.bold)]
                if isinstance(item, Line)
                else [("-" * (paper.width_dots // 12), 1, False)]
                if isinstance(item, Rule)
                else []
            )
        ]
        stored = [bytes.fromhex(raw)[8:] for name, raw in reading["pieces"] if name == "GS (k" and raw[10:14] == "3150"]
        assert stored == [item.text.encode() for item in items if isinstance(item, Qr)]
        assert [name for name, _ in reading["pieces"]].count("GS V") == 1
    print(f"npos read {len(readings)} slips")  # noqa: T201 - the figure


def lines_of(pieces: list[tuple[str, str]]) -> Iterator[tuple[str, int, bool]]:
    size, bold = 1, False
    for name, told in pieces:
        match name:
            case "GS !":
                size = int(told[4:6], 16) % 16 + 1
            case "ESC E":
                bold = told[4:6] == "01"
            case "text":
                for line in told.removesuffix("\n").split("\n"):
                    yield line, size, bold


@pytest.mark.parametrize(
    ("trouble", "said"),
    [("none", "success"), ("paper", "paperempty"), ("cover", "coveropen"), ("cutter", "error")],
)
async def test_receiptio_is_content_with_our_printer(trouble: str, said: str, tmp_path: Path) -> None:
    seen: list[Report] = []
    (tmp_path / "receipt.txt").write_text(RECEIPT, encoding="ascii")
    async with SimulatedPrinter(host=HOST, port=9100, report=seen.append) as printer:
        match trouble:
            case "paper":
                printer.end_paper()
            case "cover":
                printer.open_cover()
            case "cutter":
                printer.jam_cutter()
        assert await receiptio("-q") == ("online" if trouble == "none" else said)
        assert await receiptio(str(tmp_path / "receipt.txt")) == said
    printed = [each for each in seen if isinstance(each, SlipPrinted)]
    assert len(printed) == (trouble == "none")


async def receiptio(*arguments: str) -> str:
    """Return what receiptio says of the printer, by how it ends."""
    command = CACHE / "node_modules" / ".bin" / "receiptio"
    nothing = asyncio.subprocess.DEVNULL
    run = await asyncio.create_subprocess_exec(command, "-d", HOST, *arguments, stdin=nothing, stdout=nothing)
    async with asyncio.timeout(60):
        return SAID.get(await run.wait(), "something else")
