"""What the demo's terminal and panel show of a hall, and what their keys do."""

import fcntl
import json
import os
import subprocess
import sys
import termios
from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import Any

import msgspec
import pytest
from rich.console import Console

from broker.contract.messages import Hall, Text
from hallcall.demo.acts import Acts
from hallcall.demo.desk import Desk, Place, desk
from hallcall.demo.floor import Floor
from hallcall.demo.panel.__main__ import Mail
from hallcall.demo.people import Crowd
from hallcall.demo.programs import Programs
from hallcall.demo.seen import CounterSeen, HallSeen, clerks, mischief
from hallcall.demo.terminal import LiveView, PlainLines, picture
from hallcall.demo.touch import Finger

NODES = {"dispatcher": True, "kiosk-1": True, "board-1": False}


def seen(**changes: Any) -> HallSeen:
    hall = HallSeen(
        zh="城东供电营业厅",
        en="Chengdong Hall",
        counters=(
            CounterSeen(number=1, sign="A001", lamp="green", pad="001"),
            CounterSeen(number=2, pad="3", asking=True),
            CounterSeen(number=3, plugged=False),
        ),
        nodes=NODES,
        is_open=True,
        kiosk="home",
        slips=("A001", "B001"),
        board=(("A001", 1),),
        printed=2,
        called=1,
        messages=("B001 出票 slip printed",),
    )
    return msgspec.structs.replace(hall, **changes)


def rendered(hall: HallSeen, *, width: int = 100) -> str:
    console = Console(file=StringIO(), width=width, height=40, color_system=None)
    with console.capture() as lines:
        console.print(picture(hall))
    return lines.get()


def test_the_terminal_shows_counters_board_counts_and_the_last_message() -> None:
    text = rendered(seen())
    for words in (
        "城东供电营业厅 Chengdong Hall",
        "○ board-1",
        "绿 green",
        "请评价 asks",
        "已拔下 unplugged",
        "A001 ➜ 1",
        "出票 printed 2",
        "丢失 lost 0   重复 doubled 0",
        "B001 出票 slip printed",
    ):
        assert words in text


def test_the_terminal_shows_how_far_a_counted_run_is() -> None:
    assert "5/20" in rendered(seen(expected=20, gone=5))
    assert "播报 spoken" not in rendered(seen(spoken=None))


def test_the_terminal_fits_an_old_one_of_80_by_24() -> None:
    lines = rendered(seen(network=False, paper=False, expected=20, gone=20), width=80).splitlines()
    assert len(lines) <= 24


def test_what_is_broken_can_be_mended() -> None:
    broken = seen(paper=False, network=False, counters=(CounterSeen(number=1, plugged=False),))
    assert [offer.act["act"] for offer in mischief(seen())] == ["send", "end_paper", "unplug", "kill", "cut"]
    assert [offer.act["act"] for offer in mischief(broken)] == ["send", "refill", "plug", "kill", "mend"]
    assert clerks(seen(clerks=True)).act == {"act": "auto", "on": False}
    letters = [offer.letter for offer in (*mischief(seen()), clerks(seen()))]
    assert len(set(letters)) == len(letters)


def test_plain_lines_say_when(capsys: pytest.CaptureFixture[str]) -> None:
    with PlainLines() as lines:
        lines.news("A001 出票 slip printed")
    assert capsys.readouterr().out.endswith(" s  A001 出票 slip printed\n")


def test_the_live_view_leaves_the_last_state_standing() -> None:
    out = StringIO()
    with LiveView(console=Console(file=out, width=100, force_terminal=True)) as view:
        view.say("the hall is open")
        view.show(seen())
    text = out.getvalue()
    assert "the hall is open" in text
    assert "A001 ➜ 1" in text


TYPING = """
import asyncio, sys
from hallcall.demo.keyboard import keys

async def listen():
    typed = asyncio.get_running_loop().create_future()
    with keys(typed.set_result):
        print("listening", flush=True)
        print("typed", await typed, flush=True)
        raise KeyboardInterrupt

asyncio.run(listen())
"""


def own_the_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def test_a_key_needs_no_enter_and_the_terminal_is_given_back_after_ctrl_c() -> None:
    ours, theirs = os.openpty()
    before = termios.tcgetattr(theirs)
    with subprocess.Popen(
        [sys.executable, "-c", TYPING],
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=own_the_terminal,  # noqa: PLW1509 - no threads here
    ) as typist:
        assert typist.stdout is not None
        assert typist.stdout.readline() == "listening\n", typist.communicate()[1]
        os.write(ours, b"d")
        assert typist.stdout.readline() == "typed d\n"
        assert typist.communicate()[1].endswith("KeyboardInterrupt\n")
    assert termios.tcgetattr(theirs) == before
    os.close(ours)
    os.close(theirs)


def test_the_panel_takes_the_newest_whole_state_and_notices_the_end() -> None:
    theirs, ours = os.pipe()
    mail = Mail(theirs)
    assert mail.newest() is None
    first, second = (msgspec.json.encode(seen(lost=count)) for count in (1, 2))
    os.write(ours, first + b"\n" + second + b"\n" + first[:20])
    newest = mail.newest()
    assert newest is not None
    assert newest.lost == 2
    os.write(ours, first[20:] + b"\n")
    assert mail.newest() == seen(lost=1)
    assert not mail.ended
    os.close(ours)
    assert mail.newest() is None
    assert mail.ended
    os.close(theirs)


def test_acts_go_to_the_devices_and_no_further(tmp_path: Path) -> None:
    orders: list[dict[str, object]] = []

    def order(**act: object) -> None:
        orders.append(act)

    crowd = Crowd(floor=Floor(), finger=Finger(port=9), order=order, services=["pay"], seed=1)
    acts = Acts(
        hall=Hall(id="east", name=Text(zh="东区", en="East"), zones=(), services=(), counters=(), nodes=()),
        order=order,
        programs=Programs(logs=tmp_path, say=print),
        crowd=crowd,
        spawn=lambda work: work.close(),
    )
    for act in (
        {"act": "press", "counter": 2, "key": "call"},
        {"act": "rate", "counter": 1, "grade": 4},
        {"act": "cut"},
    ):
        assert acts.do(act)
    assert orders == [
        {"do": "press", "counter": 2, "key": "call"},
        {"do": "rate", "counter": 1, "grade": 4},
        {"do": "cut"},
    ]
    assert acts.do({"act": "auto", "on": False})
    assert not crowd.clerks_at_work.is_set()
    assert not acts.do({"act": "press", "counter": 2, "key": "open the safe"})
    assert not acts.do({"act": "kill", "program": "mosquitto"})


def overlap(one: Place, other: Place) -> bool:
    return (
        one.left < other.left + other.width
        and other.left < one.left + one.width
        and one.top < other.top + other.height
        and other.top < one.top + one.height
    )


@pytest.mark.parametrize("size", [(1920, 1080), (2560, 1440), (3840, 2160)])
def test_the_windows_lie_side_by_side_on_the_screen(size: tuple[int, int]) -> None:
    places: Desk = desk(*size)
    windows = (places.kiosk, places.board, places.panel)
    for window in windows:
        assert window.left + window.width <= size[0]
        assert window.top + window.height <= size[1]
    assert not overlap(places.kiosk, places.board)
    assert not overlap(places.kiosk, places.panel)
    assert not overlap(places.board, places.panel)


@pytest.mark.parametrize("size", [(1366, 768), (1440, 900), (1280, 720)])
def test_on_a_small_screen_no_window_hides_another_altogether(size: tuple[int, int]) -> None:
    places = desk(*size)
    assert len({(each.left, each.top) for each in (places.kiosk, places.board, places.panel)}) == 3
    assert all(0 <= each.left < size[0] // 2 and 0 <= each.top < size[1] // 2 for each in (places.kiosk, places.panel))


PANEL_IN_A_TEST = """
import json, os, sys
from pathlib import Path
from hallcall.demo.panel.__main__ import prepare_kivy
prepare_kivy(Path(sys.argv[1]), 1000, 800)
from kivy.tests.common import UnitTestTouch
from kivy.core.window import Window
import msgspec
from hallcall.demo.panel import parts
from hallcall.demo.panel.window import Panel
from hallcall.demo.seen import HallSeen

parts.register_font()
acts = []
panel = Panel(1000, 800, send=acts.append)
Window.add_widget(panel)
states = [msgspec.json.decode(line, type=HallSeen) for line in sys.stdin]

def texts(widget):
    found = [widget.text] if isinstance(widget, parts.Words) else []
    return found + [text for child in widget.children for text in texts(child)]

def tap(x, y):
    touch = UnitTestTouch(x, 800 - y)
    touch.touch_down()
    touch.touch_up()

for state in states:
    panel.show(state)
    for place in ((120, 355), (420, 490), (120, 490), (310, 618), (880, 32)):
        tap(*place)
    print(json.dumps({"texts": texts(panel), "acts": acts}))
    acts.clear()
"""


@pytest.mark.screen
def test_the_panel_shows_the_hall_and_says_what_was_touched(tmp_path: Path) -> None:
    states = [seen(), seen(paper=False, lost=2, clerks=True)]
    ran = subprocess.run(
        [sys.executable, "-c", PANEL_IN_A_TEST, str(tmp_path)],
        input="".join(f"{msgspec.json.encode(each).decode()}\n" for each in states),
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "SDL_VIDEODRIVER": "offscreen"},
    )
    assert ran.returncode == 0, ran.stderr
    shown: list[Mapping[str, Any]] = [json.loads(line) for line in ran.stdout.splitlines()]
    assert {"A001", "1 号窗口", "在线缆端清点 counted at the cables", "缺纸", "请顾客评价 keypad asks"} <= set(
        shown[0]["texts"]
    )
    assert shown[0]["acts"] == [
        {"act": "press", "counter": 1, "key": "call"},
        {"act": "rate", "counter": 2, "grade": 1},
        {"act": "end_paper"},
        {"act": "auto", "on": True},
    ]
    assert {"装纸", "自动办理：开", "2"} <= set(shown[1]["texts"])
    assert {"act": "refill"} in shown[1]["acts"]
