"""What is plugged into a box, and the names that stay: read from what Debian 12's udev prints."""

import os
import stat
from pathlib import Path

import pytest

from broker.device_file import load_devices
from hallcall import devices
from hallcall.plugged import Kind, known_by, plugged, proposed

USB = "/devices/pci0000:00/0000:00:14.0/usb1/1-2"
DATABASE = f"""\
P: {USB}/1-2.1/1-2.1:1.0/ttyUSB0/tty/ttyUSB0
M: ttyUSB0
U: tty
D: c 188:0
N: ttyUSB0
L: 0
S: serial/by-id/usb-FTDI_FT232R_USB_UART_A10K9Q-if00-port0
S: hallcall/keypad1
E: DEVPATH={USB}/1-2.1/1-2.1:1.0/ttyUSB0/tty/ttyUSB0
E: SUBSYSTEM=tty
E: DEVNAME=/dev/ttyUSB0
E: ID_BUS=usb
E: ID_VENDOR=FTDI
E: ID_MODEL=FT232R_USB_UART
E: ID_SERIAL_SHORT=A10K9Q
E: ID_USB_INTERFACE_NUM=00
E: ID_PATH=pci-0000:00:14.0-usb-0:2.1:1.0

P: {USB}/1-2.2/1-2.2:1.0/ttyUSB1/tty/ttyUSB1
N: ttyUSB1
E: DEVPATH={USB}/1-2.2/1-2.2:1.0/ttyUSB1/tty/ttyUSB1
E: SUBSYSTEM=tty
E: DEVNAME=/dev/ttyUSB1
E: ID_BUS=usb
E: ID_VENDOR=1a86
E: ID_MODEL=USB_Serial
E: ID_USB_INTERFACE_NUM=00
E: ID_PATH=pci-0000:00:14.0-usb-0:2.2:1.0

P: {USB}/1-2.3/1-2.3:1.0/usbmisc/lp0
N: usb/lp0
E: DEVPATH={USB}/1-2.3/1-2.3:1.0/usbmisc/lp0
E: SUBSYSTEM=usbmisc
E: DEVNAME=/dev/usb/lp0
E: ID_VENDOR=EPSON
E: ID_MODEL=TM-T88V
E: ID_SERIAL_SHORT=5142
E: ID_PATH=pci-0000:00:14.0-usb-0:2.3:1.0

P: /devices/platform/serial8250/tty/ttyS1
N: ttyS1
E: DEVPATH=/devices/platform/serial8250/tty/ttyS1
E: SUBSYSTEM=tty
E: DEVNAME=/dev/ttyS1

P: /devices/virtual/mem/null
N: null
E: DEVNAME=/dev/null
E: SUBSYSTEM=mem
"""
COUNTER = """
node = "counter-1"
hall = "east"
state_dir = "/var/lib/hallcall/state/counter-1"
[broker]
password_file = "password"
[[windows]]
counter = 1
keypad = { port = "serial:/dev/hallcall/keypad1?baud=9600" }
[[windows]]
counter = 2
keypad = { port = "serial:/dev/hallcall/keypad2?baud=9600" }
"""


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A box's folder; beside it programs in the places of udevadm and systemctl."""
    programs = {
        "udevadm": f"cat {tmp_path}/database",
        "systemctl": f'echo "$*" >>{tmp_path}/asked',
        "systemd-escape": "echo hallcall-plugged@x.service",
    }
    (tmp_path / "bin").mkdir()
    for name, does in programs.items():
        program = tmp_path / "bin" / name
        program.write_text(f"#!/bin/sh\n{does}\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    (tmp_path / "database").write_text(DATABASE)
    (tmp_path / "nodes").mkdir()
    (tmp_path / "nodes" / "counter-1.toml").write_text(COUNTER)
    return tmp_path


def test_lines_and_printers_are_found_and_what_linux_only_imagines_is_not() -> None:
    there = plugged(DATABASE)
    assert [(each.kind, each.device, each.name) for each in there] == [
        (Kind.SERIAL, "/dev/ttyUSB0", "keypad1"),
        (Kind.SERIAL, "/dev/ttyUSB1", ""),
        (Kind.PRINTER, "/dev/usb/lp0", ""),
    ]
    assert there[0].model == "FTDI FT232R USB UART"


def test_a_serial_number_tells_a_device_and_its_socket_one_that_has_none() -> None:
    there = plugged(DATABASE)
    wanted = [proposed(each, there, taken=["line1"]) for each in there[1:]]
    assert [(each.name, each.serial, each.socket) for each in wanted if each] == [
        ("line2", "", "pci-0000:00:14.0-usb-0:2.2:1.0"),
        ("printer1", "5142", ""),
    ]


def test_two_adapters_of_one_serial_number_are_told_by_their_sockets() -> None:
    twins = plugged(DATABASE.replace("E: ID_VENDOR=1a86", "E: ID_SERIAL_SHORT=A10K9Q"))
    named = known_by(twins[0], twins, name="keypad1")
    assert named is not None
    assert (named.serial, named.socket) == ("", "pci-0000:00:14.0-usb-0:2.1:1.0")


def test_the_list_says_who_uses_what_what_is_missing_and_what_to_type(
    box: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (box / "devices.toml").write_text(
        '[[devices]]\nname = "keypad1"\nserial = "A10K9Q"\n[[devices]]\nname = "keypad2"\nserial = "A10K9R"\n'
    )
    assert devices.main(["--place", str(box), "--lang", "en"]) == 0
    told = capsys.readouterr().out
    assert (
        "/dev/hallcall/keypad1  serial line  FTDI FT232R USB UART\n    = /dev/ttyUSB0\n    used by: counter-1" in told
    )
    assert "hallcall devices name line1 /dev/ttyUSB1" in told
    assert "/dev/hallcall/keypad2  MISSING: not plugged in (used by: counter-1)" in told


def test_a_name_is_kept_beside_the_others_and_taken_up_at_once(box: Path) -> None:
    (box / "devices.toml").write_text('[[devices]]\nname = "keypad1"\nserial = "A10K9Q"\n')
    assert devices.main(["--place", str(box), "name", "printer", "/dev/usb/lp0"]) == 0
    kept = load_devices(box / "devices.toml").devices
    assert [(each.name, each.serial) for each in kept] == [("keypad1", "A10K9Q"), ("printer", "5142")]
    assert (box / "asked").read_text().splitlines() == [
        "restart hallcall-devices.service",
        "start hallcall-plugged@x.service",
    ]
    assert devices.main(["--place", str(box), "forget", "printer"]) == 0
    assert [each.name for each in load_devices(box / "devices.toml").devices] == ["keypad1"]


@pytest.mark.parametrize(
    ("act", "says"),
    [
        (["name", "keypad1", "/dev/ttyUSB7"], "/dev/ttyUSB7 is not plugged in"),
        (["name", "Key Pad", "/dev/ttyUSB1"], "small letters, digits and _"),
        (["forget", "keypad9"], "no device is named keypad9"),
    ],
)
def test_what_cannot_be_named_is_said_and_nothing_is_written(
    box: Path, capsys: pytest.CaptureFixture[str], act: list[str], says: str
) -> None:
    assert devices.main(["--place", str(box), "--lang", "en", *act]) == 1
    assert says in capsys.readouterr().err
    assert not (box / "devices.toml").exists()
