"""What check-config says of signs in a counter box's file, and of a sign's own file."""

from pathlib import Path

import pytest

from broker.config import CounterFile, load_node
from broker.sign_file import load_sign
from broker.strict_toml import BrokenConfig

BOX = """\
node = "box"
hall = "east"
state_dir = "state"
[broker]
password_file = "password"
[pads]
port = "serial:/dev/one?baud=9600"
[[signs]]
port = "serial:/dev/one?baud=9600"
driver = "modbus-sign"
modbus = { blinks = 8 }
[[windows]]
counter = 1
pad = 1
sign = 2
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "counter.toml"


def complaints(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BrokenConfig) as broken:
        load_node(path, CounterFile)
    return str(broken.value).replace(f"{path}:", "")


def test_a_good_file_is_read(path: Path) -> None:
    path.write_text(BOX, encoding="utf-8")
    file = load_node(path, CounterFile)
    assert file.signs[0].modbus is not None
    assert file.signs[0].modbus.blinks == 8


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("modbus-sign", "modbus-sing", '10: signs[1].driver: "modbus-sing" is not one of candle-sign, modbus-sign, '),
        ("modbus = {", "file = 'x'\nmodbus = {", "11: signs[1].file: is for driver 'generic-sign', not 'modbus-sign'"),
        ("sign = 2", "sign = 1", "15: windows[1].sign: a call pad on the same cable has address 1; give each its own"),
        ("sign = 2", "sign = 250", "15: windows[1].sign: 250 is no address of a modbus-sign; give 1 to 247"),
        (
            "sign = 2",
            "sign = 2\nsign_line = 'b'",
            "15: windows[1].sign: it is on no line; name one of signs in `sign_line`",
        ),
        ("?baud=9600", "", "state the speed of all of them"),
        ('driver = "modbus-sign"\nmodbus = { blinks = 8 }', 'driver = "generic-sign"', "signs[1].file: missing"),
        (
            'driver = "modbus-sign"\nmodbus = { blinks = 8 }',
            'driver = "alpha-sign"\nbrightness = 5',
            "cannot be dimmed",
        ),
        (
            "[[windows]]",
            '[[hall_signs]]\nzone = "main"\nsign = 2\n[[windows]]',
            "another sign on the same cable has address 2",
        ),
        ("[[windows]]", '[[signs]]\nport = "serial:/dev/two"\n[[windows]]', "two lines are called 'signs'"),
        (
            "[[windows]]",
            '[[signs.dims]]\nbegins = "20:00"\nends = "7:00"\nbrightness = 5\n[[windows]]',
            "signs[1].dims[1].ends",
        ),
    ],
)
def test_what_cannot_work_is_said_with_its_line(path: Path, old: str, new: str, said: str) -> None:
    assert said in complaints(path, BOX.replace(old, new))


def test_all_that_is_wrong_in_a_signs_own_file_is_said_with_line_numbers(tmp_path: Path) -> None:
    path = tmp_path / "bar.toml"
    path.write_text('show = "AA {txt} 55"\nencodng = "gbk"\ngap_ms = -1\n', encoding="utf-8")
    with pytest.raises(BrokenConfig) as broken:
        load_sign(path)
    assert "bar.toml:2: encodng: unknown key; did you mean encoding?" in str(broken.value)
    assert "bar.toml:3: gap_ms: -1 does not fit" in str(broken.value)
    path.write_text('\nshow = "AA {txt} 55"\n', encoding="utf-8")
    with pytest.raises(BrokenConfig) as broken:
        load_sign(path)
    assert "bar.toml:2: show: '{txt}' is no byte in hex" in str(broken.value)
