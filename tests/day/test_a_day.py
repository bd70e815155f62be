"""A small working day, played by `hallcall demo`: four visitors, one of whom does not come when called."""

import asyncio
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import wave
from asyncio.subprocess import PIPE, STDOUT
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from broker.contract import wire
from broker.contract.messages import Role, TicketCalled
from hallcall.demo.cables import FIRST_SIGN

VISITORS = 4
PATIENCE_S = 150.0
DEMO = [sys.executable, "-m", "hallcall", "demo", "--headless", "--seed", "5"]
HALL = "城东供电营业厅"

pytestmark = [pytest.mark.broker, pytest.mark.screen, pytest.mark.sound]


@dataclass(frozen=True, kw_only=True)
class Day:
    """What a day has left behind."""

    directory: Path
    exit_code: int
    said: str

    @property
    def summary(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.read("summary.json"))
        return found

    @property
    def calls(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.read("calls.jsonl").splitlines()]

    @property
    def slips(self) -> list[str]:
        return [path.read_bytes().decode("gb18030") for path in sorted((self.directory / "slips").iterdir())]

    def read(self, name: str) -> str:
        return (self.directory / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Day:
    directory = tmp_path_factory.mktemp("day")
    options = ["--visitors", str(VISITORS), "--no-shows", "1", "--out", str(directory)]
    played = subprocess.run(
        [*DEMO, *options], stdout=PIPE, stderr=STDOUT, text=True, timeout=PATIENCE_S, check=False, encoding="utf-8"
    )
    return Day(directory=directory, exit_code=played.returncode, said=played.stdout)


def test_everybody_is_counted_and_nothing_is_missing(day: Day) -> None:
    assert day.exit_code == 0, day.said
    summary = day.summary
    for what in ("visitors", "issued", "printed", "called", "shown_on_board", "shown_on_sign", "spoken"):
        assert summary[what] == VISITORS, what
    assert summary["served"] == VISITORS - 1
    assert 1 <= summary["rated"] <= VISITORS - 1
    assert summary["errors"] == []
    for delay in ("press_to_sign_ms", "press_to_board_ms", "press_to_voice_ms"):
        assert summary[delay]["p50"] > 0


def test_each_slip_carries_the_hall_s_name_and_the_number_of_one_call(day: Day) -> None:
    tickets = sorted(call["ticket"] for call in day.calls)
    assert len(set(tickets)) == VISITORS
    assert all(HALL in slip for slip in day.slips)
    assert sorted(ticket for slip in day.slips for ticket in tickets if ticket in slip) == tickets


def test_board_sign_and_voice_say_the_same_of_each_call(day: Day) -> None:
    for call in day.calls:
        assert call["board_text"] == f"{call['ticket']} ➜ {call['counter']} 号"  # the word is short at 8 m
        sign = bytes.fromhex(call["sign_bytes"])
        assert sign[1] == FIRST_SIGN + call["counter"] - 1
        assert call["ticket"].encode() in sign
        assert call["voice_start_s"] is not None  # whom it called is told by its sound
        assert call["pressed_ms"] < min(call["sign_ms"], call["board_ms"])


def test_box_board_and_voice_tell_how_soon_each_call_reached_them_and_that_they_are_at_one(day: Day) -> None:
    told: dict[str, dict[str, Any]] = {}
    for said in re.findall(r"/node/\S+ (\{.*\})$", day.read("mqtt.log"), flags=re.MULTILINE):
        told.update({each["medium"]: each for each in json.loads(said).get("reached", ())})
    assert sorted(told) == ["row", "sign", "sound"]
    for medium, figures in told.items():
        assert (figures["calls"], figures["parted"]) == (VISITORS, ""), medium
    assert told["sign"]["p50_ms"] < told["sound"]["p50_ms"]


def test_no_announcement_overlaps_another_and_all_are_on_the_tape(day: Day) -> None:
    heard = sorted((call["voice_start_s"], call["voice_end_s"]) for call in day.calls)
    ends = [0.0, *(end for _, end in heard)]
    assert all(start >= before for before, (start, _) in zip(ends, heard, strict=False))
    with wave.open(str(day.directory / "audio" / "hall.wav")) as tape:
        assert tape.getsampwidth() * 8 == 16
        assert tape.getnframes() / tape.getframerate() >= heard[-1][1]


def test_pictures_of_the_screens_are_there_and_none_is_blank(day: Day) -> None:
    pictures = sorted((day.directory / "screens").glob("*.png"))
    names = {path.stem for path in pictures}
    assert {"kiosk-home-zh", "kiosk-confirm-zh", "kiosk-ticket-zh", "board-1rows"} <= names
    for path in pictures:
        with Image.open(path) as picture:
            darkest, brightest = picture.convert("L").getextrema()
            assert isinstance(darkest, int | float), path
            assert isinstance(brightest, int | float), path
            assert brightest - darkest > 100, f"{path.name} is blank"


def test_the_log_of_the_bus_holds_every_kind_of_message(day: Day) -> None:
    topics = set(re.findall(r" (hallcall/1/chengdong/\S+) ", day.read("mqtt.log")))
    for channel in wire.CHANNELS:
        if {*channel.writers, *channel.postmen} <= {Role.KEEPER, Role.REGISTRAR}:
            continue  # the demo's programs share one machine, which nobody keeps
        begins = wire.topic("chengdong", channel.pattern)
        assert any(topic.startswith(begins) for topic in topics), begins
    events = {topic.rpartition("/")[2] for topic in topics if "/event/" in topic}
    assert events == {"TicketIssued", "SlipReported", "TicketCalled", "ServiceStarted", "VisitEnded", "VisitRated"}


def test_the_journal_opens_with_sqlite_and_holds_the_calls_that_were_seen(day: Day) -> None:
    (journal,) = (day.directory / "journal").glob("*.sqlite")
    with closing(sqlite3.connect(f"file:{journal}?mode=ro", uri=True)) as db:
        rows = db.execute("SELECT body FROM event WHERE kind = ? ORDER BY seq", (TicketCalled.__name__,)).fetchall()
    journalled = {(call["call"], call["ticket"], call["counter"]) for call in (json.loads(body) for (body,) in rows)}
    assert journalled == {(call["call_id"], call["ticket"], call["counter"]) for call in day.calls}
    assert len(rows) == VISITORS


def test_the_configuration_of_the_day_is_in_order(day: Day) -> None:
    found = (day.directory / "config").glob("*.toml")
    files = sorted(str(path) for path in found if path.name != "pins.toml")  # the web server's own
    checked = subprocess.run(
        [sys.executable, "-m", "hallcall", "check-config", *files],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr
    assert [line.rpartition(": ")[2] for line in checked.stdout.splitlines()] == [
        "ok (DisplayFile)",
        "ok (CounterFile)",
        "ok (SupervisorFile)",
        "ok (DispatcherFile)",
        "ok (Hall)",
        "ok (KioskFile)",
        "ok (DisplayFile)",
        "ok (WebFile)",
    ]


async def test_a_board_that_hangs_is_missed_by_name(tmp_path: Path) -> None:
    demo = await asyncio.create_subprocess_exec(
        *DEMO, "--visitors", "1", "--out", str(tmp_path), stdout=PIPE, stderr=STDOUT
    )
    assert demo.stdout is not None
    said = []
    try:
        async with asyncio.timeout(PATIENCE_S):
            async for line in demo.stdout:
                said.append(line.decode())
                if "the hall is open" in said[-1]:
                    os.kill(pid_of(tmp_path / "config" / "board.toml"), signal.SIGSTOP)
            assert await demo.wait() == 1, "".join(said)
    finally:
        if demo.returncode is None:
            demo.kill()
            await demo.wait()
    missing = [line.partition("MISSING: ")[2].strip() for line in said if "MISSING" in line]
    assert [re.sub(r"^[A-Z]001 at counter [1-4]", "the call", each) for each in missing] == [
        "the call: not seen at the board"
    ]


def pid_of(config: Path) -> int:
    """Return the process that was started with this file."""
    commands = {path.parent: path.read_bytes().split(b"\0") for path in Path("/proc").glob("[0-9]*/cmdline")}
    (pid,) = (int(place.name) for place, words in commands.items() if str(config).encode() in words)
    return pid
