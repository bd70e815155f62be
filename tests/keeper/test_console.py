"""The technician's console on a box without a screen of the hall."""

from pathlib import Path

import pytest

from broker.technician.pin import drawn, hashed
from broker.technician.wrong_pins import WrongPins
from keeper import console
from keeper.console import PIN_FILE, has_screen, let_in

PIN = "223543541187"
BOX = """\
box = "windows-1"
hall = "east"
dispatcher = "192.168.8.10"
authority = "{authority}"
nodes = [{nodes}"keeper-windows-1"]
address = "192.168.8.13/24"
"""
NODE = '\nhall = "east"\nstate_dir = "/tmp"\nbroker = { host = "192.168.8.10", password_file = "x" }\n'


def a_box(place: Path, pin: str = PIN, **files: str) -> Path:
    (place / "nodes").mkdir()
    nodes = "".join(f'"{node}", ' for node in files)
    (place / "box.toml").write_text(BOX.format(authority="a" * 64, nodes=nodes), encoding="utf-8")
    (place / "nodes/keeper-windows-1.toml").write_text(f'node = "keeper-windows-1"\nbox = "windows-1"{NODE}')
    for node, text in files.items():
        (place / f"nodes/{node}.toml").write_text(f'node = "{node}"{NODE}{text}')
    if pin:
        (place / PIN_FILE).write_text(f"{hashed(pin)}\n", encoding="ascii")
    return place


class Somebody:
    """Types one thing after another, and reads what is shown. Its clock runs only while it is made to wait."""

    def __init__(self, *typed: str) -> None:
        self.typed = list(typed)
        self.read = ""
        self.waited_s = 0.0

    def let_in(self, place: Path) -> bool:
        wrong = WrongPins(place / "wrong-pins")
        return let_in(
            place, wrong=wrong, say=self._say, secret=self._secret, now=lambda: self.waited_s, sleep=self._sleep
        )

    def _say(self, text: str) -> None:
        self.read += text

    def _secret(self, prompt: str) -> str:
        self.read += prompt
        if not self.typed:
            raise EOFError
        return self.typed.pop(0)

    def _sleep(self, seconds: float) -> None:
        self.waited_s += seconds


def test_the_technicians_pin_opens_a_shell(tmp_path: Path) -> None:
    somebody = Somebody("12345678", PIN)
    assert somebody.let_in(a_box(tmp_path))
    assert "windows-1 of hall east, 192.168.8.13/24" in somebody.read
    assert somebody.read.count("That is not it.") == 1
    assert PIN not in somebody.read


def test_who_guesses_waits_longer_and_longer(tmp_path: Path) -> None:
    somebody = Somebody(*["000000"] * 8)
    place = a_box(tmp_path)
    with pytest.raises(EOFError):
        somebody.let_in(place)
    assert somebody.waited_s == pytest.approx(60 + 120 + 240 + 480, abs=4)


def test_who_ends_the_program_between_guesses_waits_all_the_same(tmp_path: Path) -> None:
    place = a_box(tmp_path)
    for _ in range(5):
        with pytest.raises(EOFError):
            Somebody("000000").let_in(place)
    sixth = Somebody(PIN)
    assert sixth.let_in(place)
    assert sixth.waited_s == pytest.approx(60, abs=1)
    seventh = Somebody(PIN)
    assert seventh.let_in(place)
    assert not seventh.waited_s


def test_a_box_without_a_pin_opens_no_shell(tmp_path: Path) -> None:
    somebody = Somebody("", "")
    assert not somebody.let_in(a_box(tmp_path, pin=""))
    assert "No shell here" in somebody.read


def test_a_box_of_no_hall_says_so_and_has_nothing_to_hide(tmp_path: Path) -> None:
    somebody = Somebody("")
    assert somebody.let_in(tmp_path)
    assert "belongs to no hall yet" in somebody.read


def test_a_box_where_customers_stand_has_no_console(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a_box(tmp_path, board='screen = { zone = "main" }\n')
    assert has_screen(tmp_path)
    assert console.main(["--place", str(tmp_path)]) == 0
    assert capsys.readouterr().out == ""


def test_a_voice_is_no_screen(tmp_path: Path) -> None:
    assert not has_screen(a_box(tmp_path, voice='voice = { zone = "main", speaker = "alsa:default" }\n'))


def test_a_pin_that_is_drawn_is_too_long_to_be_found_from_a_cards_hash() -> None:
    assert len(drawn()) == 12
