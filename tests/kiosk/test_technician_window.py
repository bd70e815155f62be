"""The technician before the kiosk's own window: five touches, a PIN, what is broken; and nobody else gets in."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from oscpy.client import OSCClient
from PIL import Image
from zxingcpp import read_barcodes

from broker.ailments import found
from broker.technician.pin import hashed
from broker.technician.told import Told, leave

from .test_window import CONFIG, PATIENCE_S, Customer, free_udp_port, program

PIN = "40718293"
TECHNICIAN = """
[technician]
pin_file = "{directory}/technician.pin"
findings = "{directory}/findings.json"
"""


class Technician(Customer):
    async def taps_the_corner(self, times: int) -> None:
        finger = OSCClient("127.0.0.1", self.touch_port)
        for _ in range(times):
            self.touches += 1
            place = [b"set", self.touches, 0.02, 0.02, 0.0, 0.0, 0.0]
            finger.send_bundle([(b"/tuio/2Dcur", [b"alive", self.touches]), (b"/tuio/2Dcur", place)])
            await asyncio.sleep(0.1)  # a finger's pace
            finger.send_bundle([(b"/tuio/2Dcur", [b"alive"])])
            await asyncio.sleep(0.05)

    async def types(self, pin: str) -> None:
        for digit in pin:
            await self.touch(f"digit:{digit}")
        await self.touch("ok")


def furnished(tmp_path: Path) -> tuple[Path, int]:
    """Return a kiosk's file, and the port at which it is touched."""
    touch_port = free_udp_port()
    (tmp_path / "password").write_text("a password that no broker asks for", encoding="utf-8")
    (tmp_path / "technician.pin").write_text(hashed(PIN) + "\n", encoding="utf-8")
    own = (found("disk_low", free_mb=310, path="/var"), found("memory_ok", free_mb=400, total_mb=900))
    leave(tmp_path / "findings.json", Told(at=datetime.now(UTC), box="b1", own=own))
    config = tmp_path / "kiosk.toml"
    config.write_text(
        CONFIG.format(directory=tmp_path, broker_port=1, touch_port=touch_port, printer_port=1)
        + TECHNICIAN.format(directory=tmp_path),
        encoding="utf-8",
    )
    return config, touch_port


@pytest.mark.screen
async def test_a_technician_sees_what_is_broken_and_the_kiosk_is_given_back(tmp_path: Path) -> None:
    config, touch_port = furnished(tmp_path)
    technician = Technician(witness=tmp_path / "seen" / "kiosk.jsonl", touch_port=touch_port)
    async with program(config, tmp_path / "seen"):
        away = await technician.sees(lambda frame: frame["screen"] == "away")
        await technician.taps_the_corner(4)
        assert technician.seen()[-1]["screen"] == away["screen"]
        await technician.taps_the_corner(1)
        await technician.sees(lambda frame: frame["screen"] == "technician_pin")
        await technician.types("00000000")
        wrong = await technician.sees(lambda frame: "PIN 不正确，请重新输入。" in frame["texts"])
        assert "●●●●●●●●" not in wrong["texts"]
        await technician.types(PIN)
        sheet = await technician.sees(lambda frame: frame["screen"] == "technician")
        assert "/var 只剩 310 MB" in sheet["texts"]
        assert {"leave", "language"} <= set(sheet["targets"])
        await technician.touch("language")
        await technician.sees(lambda frame: "only 310 MB free in /var" in frame["texts"])
        picture = tmp_path / "seen" / "kiosk-technician-zh.png"
        async with asyncio.timeout(PATIENCE_S):
            while not picture.exists():  # noqa: ASYNC110 - another process writes it
                await asyncio.sleep(0.01)
        (code,) = read_barcodes(Image.open(picture))
        assert code.text.startswith("HALLCALL ")
        assert "A b1 disk_low free_mb=310 path=/var" in code.text
        await technician.touch("leave")
        await technician.sees(lambda frame: frame["screen"] == "away")


def waits(frame: dict[str, Any]) -> bool:
    return any(text.startswith("多次输入错误，请等待") for text in frame["texts"])


@pytest.mark.screen
async def test_whoever_pulls_the_plug_after_the_fifth_wrong_pin_still_waits(tmp_path: Path) -> None:
    config, touch_port = furnished(tmp_path)
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "wrong-pins").write_text("4", encoding="ascii")
    first = Technician(witness=tmp_path / "first" / "kiosk.jsonl", touch_port=touch_port)
    async with program(config, tmp_path / "first"):
        await first.sees(lambda frame: frame["screen"] == "away")
        await first.taps_the_corner(5)
        await first.sees(lambda frame: frame["screen"] == "technician_pin")
        await first.types("000000")
        await first.sees(waits)
    second = Technician(witness=tmp_path / "second" / "kiosk.jsonl", touch_port=touch_port)
    async with program(config, tmp_path / "second"):
        await second.sees(lambda frame: frame["screen"] == "away")
        await second.taps_the_corner(5)
        await second.sees(waits)
