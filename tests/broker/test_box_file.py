"""A box's file: what a machine is before any program of it runs, and what is said of a wrong one."""

from pathlib import Path

import pytest

from broker.box_file import BoxFile, load_box
from broker.config import BrokenConfig, load_any
from hallcall.__main__ import main

FINGERPRINT = "ab" * 32
BOX = f"""\
box = "kiosk-east"
hall = "chengdong"
dispatcher = "192.168.8.10"
authority = "{FINGERPRINT}"
token = "{"0f" * 16}"
nodes = ["keeper-kiosk-east", "kiosk-1"]
address = "192.168.8.21/24"
gateway = "192.168.8.1"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "box.toml"


def test_a_box_knows_its_hall_its_dispatcher_and_its_nodes(file: Path) -> None:
    file.write_text(BOX, encoding="utf-8")
    assert load_box(file) == BoxFile(
        box="kiosk-east",
        hall="chengdong",
        dispatcher="192.168.8.10",
        authority=FINGERPRINT,
        token="0f" * 16,
        nodes=("keeper-kiosk-east", "kiosk-1"),
        address="192.168.8.21/24",
        gateway="192.168.8.1",
    )
    assert load_box(file).keeper == "keeper-kiosk-east"


def test_check_config_knows_a_box(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(BOX, encoding="utf-8")
    assert type(load_any(file)) is BoxFile
    assert main(["check-config", str(file)]) == 0
    assert capsys.readouterr().out == f"{file}: ok (BoxFile)\n"


def test_a_spare_needs_neither_nodes_nor_token(file: Path) -> None:
    lines = [line for line in BOX.splitlines() if not line.startswith(("token", "nodes", "address", "gateway"))]
    file.write_text("\n".join([*lines, "spare = true"]), encoding="utf-8")
    assert load_box(file).spare


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            '"kiosk-east"\n',
            '"Kiosk_East"\n',
            (
                '1: box: "Kiosk_East" does not fit; give a text matching '
                "^[a-z0-9]([a-z0-9-]{0,22}[a-z0-9])?$ (name of the machine, its host name; its keeper is keeper-<box>)"
            ),
        ),
        ('"keeper-kiosk-east", ', "", '6: nodes: "keeper-kiosk-east" is missing: each box has its keeper; add it'),
        ('"kiosk-1"', '"kiosk-1", "kiosk-1"', '6: nodes[3]: "kiosk-1" stands here twice; remove one'),
        (
            "192.168.8.21/24",
            "192.168.8.21",
            ('7: address: "192.168.8.21" is no address with its network; give one such as 192.168.8.21/24'),
        ),
        (
            "192.168.8.21/24",
            "192.168.8.255/24",
            ("7: address: 192.168.8.255 is no box's in 192.168.8.0/24; give one between 192.168.8.1 and 192.168.8.254"),
        ),
        ('192.168.8.1"', 'router"', '8: gateway: "router" is no address; give the router\'s, such as 192.168.8.1'),
        ('address = "192.168.8.21/24"\n', "", "7: gateway: DHCP tells the router; give `address` too, or leave it out"),
        (
            "gateway",
            'timezone = "Beijing"\ngateway',
            ('8: timezone: "Beijing" is no time zone; give an IANA name such as Asia/Shanghai'),
        ),
        (
            "gateway",
            "spare = true\ngateway",
            ("5: token: a spare has none until it takes a place; remove it, or spare = true"),
        ),
        ("tok", "tokn = 1\ntok", "5: tokn: unknown key; did you mean token?"),
    ],
)
def test_what_is_wrong_with_a_box_is_said(file: Path, old: str, new: str, said: str) -> None:
    file.write_text(BOX.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(BrokenConfig) as error:
        load_box(file)
    assert str(error.value).splitlines()[0] == f"{file}:{said}"
