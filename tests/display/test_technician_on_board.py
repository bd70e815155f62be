"""The technician before a board's own window, with the digits of a remote control."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from zxingcpp import read_barcodes

from broker.technician.pin import hashed

PLAY = """
import sys, time
from datetime import UTC, datetime
from pathlib import Path
from broker.ailments import found
from broker.board_file import BoardScreen
from broker.technician.desk import desk_of
from broker.technician.settings import Technician
from broker.technician.told import Told, leave
from broker.theme import Theme
from display.fonts import chinese_fonts
from display.look import palette
from display.pages import pages_of
from display.showing import prepare_kivy

place = Path(sys.argv[1])
own = (found("disk_low", free_mb=310, path="/var"), found("memory_ok", free_mb=400, total_mb=900))
leave(place / "findings.json", Told(at=datetime.now(UTC), box="b1", own=own))
screen = BoardScreen(zone="main", width=1280, height=720)
prepare_kivy(place, screen)
from kivy.clock import Clock
from kivy.core.window import Window
from kivy.graphics.opengl import GL_RGBA, GL_UNSIGNED_BYTE, glReadPixels
from PIL import Image
from display.screen.app import BoardApp
from display.screen.ink import Ink
import json

about = Technician(pin_file=str(place / "pin"), findings=str(place / "findings.json"))
app = BoardApp(pages=pages_of(screen), fonts=chinese_fonts(), palette=palette(Theme()), on_glass=lambda _: None,
               technician=desk_of(about, node="board-1", state_dir=place, devices=tuple))
DIGIT = {str(n): 0x1E + (n - 1) % 10 for n in range(10)}

def texts():
    layer = app._technicians
    return [each.text for each in layer.children if isinstance(each, Ink) and each.text]

def press(*usages):
    for usage in usages:
        Window.dispatch("on_key_down", 0, usage, None, [])

def picture(name):
    raw = glReadPixels(0, 0, 1280, 720, GL_RGBA, GL_UNSIGNED_BYTE)
    shown = Image.frombytes("RGBA", (1280, 720), raw).convert("RGB").transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    shown.save(place / f"{name}.png")

told = {}
def begin(_):
    press(*[0x28] * 4); told["four"] = texts()
    press(0x28); told["pad"] = texts()
    press(*[DIGIT[n] for n in "40718293"], 0x28)
    Clock.schedule_interval(until_open, 0.05)

def until_open(_):
    if not any("310 MB" in each for each in texts()):
        return True
    told["zh"] = texts()
    press(0x2B)
    told["en"] = texts()
    Clock.schedule_once(finish, 0.5)
    return False

def finish(_):
    picture("board")
    press(0x29)
    told["left"] = texts()
    print(json.dumps(told, ensure_ascii=False))
    app.stop()

Clock.schedule_once(begin, 1)
Clock.schedule_once(lambda _: app.stop(), 40)
app.run()
"""


@pytest.mark.screen
def test_five_times_ok_and_the_pin_show_what_is_broken_on_a_board(tmp_path: Path) -> None:
    (tmp_path / "pin").write_text(hashed("40718293") + "\n", encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-c", PLAY, str(tmp_path)],
        capture_output=True, text=True, timeout=60, check=True, env={**os.environ, "SDL_VIDEODRIVER": "offscreen"},
    )  # fmt: skip
    told = json.loads(ran.stdout.strip().splitlines()[-1])
    assert told["four"] == []
    assert "请输入技术员 PIN" in told["pad"]
    assert any("/var 只剩 310 MB" in each for each in told["zh"])
    assert any("only 310 MB free in /var" in each for each in told["en"])
    assert told["left"] == []
    (code,) = read_barcodes(Image.open(tmp_path / "board.png"))
    assert "A b1 disk_low free_mb=310 path=/var" in code.text
