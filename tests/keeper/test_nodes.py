"""A box's nodes are started, each by itself. A program in systemctl's place writes down what it was asked."""

import os
import stat
from pathlib import Path

import pytest

from keeper import device_rules, nodes, plugged, renewed
from keeper.node_files import units_of

BOX = """
box = "west"
hall = "east"
dispatcher = "192.168.8.2"
authority = "{authority}"
nodes = [{nodes}]
"""
HEAD = 'node = "{node}"\nhall = "east"\nstate_dir = "/var/lib/hallcall/state/{node}"\n'
BROKER = '[broker]\nhost = "192.168.8.2"\npassword_file = "password"\n'
KIOSK = BROKER + '[printer]\nport = "usblp:{printer}"\n'
COUNTER = BROKER + '[[windows]]\ncounter = 1\nkeypad = {{ port = "serial:{port}" }}\n'


class Box:
    """A box's folder /etc/hallcall, and the systemctl and udevadm that it has."""

    def __init__(self, place: Path) -> None:
        self.etc, self.units, self.bin, self.said = (place / each for each in ("etc", "units", "bin", "said"))
        self.ports = place / "ports"
        (self.etc / "nodes").mkdir(parents=True)
        self.units.mkdir()
        self.bin.mkdir()
        self.has_program("systemctl", 'case "$*" in *ActiveEnterTimestamp*) echo @1000000000;; esac')
        self.has_program("udevadm", "")

    def has_program(self, name: str, does: str) -> None:
        program = self.bin / name
        program.write_text(f'#!/bin/sh\necho "{name} $*" >>{self.said}\n{does}\n', encoding="utf-8")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)

    def has(self, **files: str) -> None:
        for node, text in files.items():
            name = node.replace("_", "-")
            (self.etc / "nodes" / f"{name}.toml").write_text(HEAD.format(node=name) + text, encoding="utf-8")
        listed = ", ".join(f'"{each.replace("_", "-")}"' for each in files)
        self.etc.joinpath("box.toml").write_text(BOX.format(authority="0" * 64, nodes=listed), encoding="utf-8")

    def start(self) -> int:
        return nodes.main(["--place", str(self.etc), "--units", str(self.units), "--ports", str(self.ports)])

    def asked(self) -> list[str]:
        """Return what systemctl and udevadm were asked since the last time, without the manners."""
        lines = self.said.read_text(encoding="utf-8").splitlines() if self.said.exists() else []
        self.said.unlink(missing_ok=True)
        return [line.replace("--no-pager --no-ask-password ", "") for line in lines]


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Box:
    made = Box(tmp_path)
    monkeypatch.setenv("PATH", f"{made.bin}:{os.environ['PATH']}")
    return made


ANY = 'SUBSYSTEM=="tty|usbmisc|input"'
KEEPER = 'box = "west"\n' + BROKER


def test_all_nodes_of_the_box_are_started_with_their_own_ports(box: Box) -> None:
    box.has(kiosk_1=KIOSK.format(printer="/dev/usb/lp0"), keeper_west=KEEPER)
    assert box.start() == 0
    assert box.asked() == [
        "systemctl daemon-reload",
        "systemctl try-restart --no-block hallcall-kiosk@kiosk-1.service hallcall-keeper@keeper-west.service",
        "systemctl start --no-block hallcall-kiosk.target",
        "systemctl start --no-block hallcall-keeper.target",
    ]
    kiosk = (box.units / "hallcall-kiosk@kiosk-1.service.d" / "50-node.conf").read_text(encoding="utf-8")
    assert "DeviceAllow=/dev/usb/lp0 rw" in kiosk
    target = (box.units / "hallcall-kiosk.target.d" / "50-nodes.conf").read_text(encoding="utf-8")
    assert "Wants=hallcall-kiosk@kiosk-1.service" in target


def test_a_supervisor_s_login_on_the_box_is_no_program(box: Box) -> None:
    box.has(desk_1=BROKER, keeper_west=KEEPER)
    assert box.start() == 0
    assert not any("desk-1" in line for line in box.asked())


def test_started_again_it_disturbs_nobody(box: Box) -> None:
    box.has(kiosk_1=KIOSK.format(printer="/dev/usb/lp0"), keeper_west=KEEPER)
    box.start()
    box.asked()
    assert box.start() == 0
    assert box.asked() == [
        "systemctl start --no-block hallcall-kiosk.target",
        "systemctl start --no-block hallcall-keeper.target",
    ]


def test_only_the_node_whose_ports_changed_starts_anew_and_what_left_the_box_is_stopped(box: Box) -> None:
    box.has(
        kiosk_1=KIOSK.format(printer="/dev/usb/lp0"), counter_1=COUNTER.format(port="/dev/ttyS0"), keeper_west=KEEPER
    )
    box.start()
    box.asked()
    box.has(kiosk_1=KIOSK.format(printer="/dev/hallcall/printer"), keeper_west=KEEPER)
    assert box.start() == 0
    assert [line for line in box.asked() if "stop" in line or "restart" in line] == [
        "systemctl stop --no-block hallcall-counter@counter-1.service",
        "systemctl try-restart --no-block hallcall-kiosk@kiosk-1.service",
    ]


def test_a_file_that_is_no_good_keeps_its_own_node_down_and_says_why(
    box: Box, caplog: pytest.LogCaptureFixture
) -> None:
    box.has(kiosk_1=KIOSK.format(printer="/dev/usb/lp0"), counter_1="windows = 3\n" + BROKER, keeper_west=KEEPER)
    assert box.start() == 1
    assert "systemctl start --no-block hallcall-kiosk.target" in box.asked()
    assert "counter-1.toml:4" in caplog.text
    assert "the others start all the same" in caplog.text
    assert not (box.units / "hallcall-counter@counter-1.service.d").exists()


def test_what_was_plugged_in_is_told_by_the_kernel_and_may_be_gone_again(tmp_path: Path) -> None:
    (tmp_path / "uevent").write_text("MAJOR=188\nMINOR=1\nDEVNAME=ttyUSB1\n", encoding="utf-8")
    assert plugged.device_of(tmp_path, Path("/dev")) == Path("/dev/ttyUSB1")
    assert plugged.device_of(tmp_path / "gone", Path("/dev")) is None


def test_nothing_happens_to_nodes_when_something_is_plugged_in_that_none_of_them_names(
    box: Box, tmp_path: Path
) -> None:
    box.has(counter_1=COUNTER.format(port="/dev/zero"), keeper_west=KEEPER)
    box.start()
    box.asked()
    (tmp_path / "uevent").write_text("DEVNAME=ttyUSB9\n", encoding="utf-8")
    assert plugged.main(["--ports", str(box.ports), str(tmp_path)]) == 0
    assert box.asked() == []


def test_a_stranger_does_not_inherit_the_number_of_a_keypad_that_was_pulled_out(box: Box, tmp_path: Path) -> None:
    box.has(
        counter_1=COUNTER.format(port="/dev/hallcall/away"),
        kiosk_1=KIOSK.format(printer="/dev/zero"),
        keeper_west=KEEPER,
    )
    box.start()
    box.asked()
    (tmp_path / "uevent").write_text("DEVNAME=ttyUSB0\n", encoding="utf-8")
    assert plugged.main(["--ports", str(box.ports), str(tmp_path)]) == 0
    assert box.asked() == [
        "systemctl set-property --runtime hallcall-counter@counter-1.service DeviceAllow=/dev/hallcall/away rw"
    ]


def test_a_device_under_the_name_in_the_node_s_file_is_let_in(box: Box, tmp_path: Path) -> None:
    box.has(counter_1=COUNTER.format(port="/dev/null"), kiosk_1=KIOSK.format(printer="/dev/zero"), keeper_west=KEEPER)
    box.start()
    box.asked()
    (tmp_path / "uevent").write_text("DEVNAME=null\n", encoding="utf-8")
    assert plugged.main(["--ports", str(box.ports), str(tmp_path)]) == 0
    assert box.asked() == [
        "systemctl set-property --runtime hallcall-counter@counter-1.service DeviceAllow=/dev/null rw"
    ]


def test_a_node_with_a_newer_certificate_than_its_start_is_started_anew_and_no_other(box: Box, tmp_path: Path) -> None:
    box.has(kiosk_1=KIOSK.format(printer="/dev/usb/lp0"), keeper_west=KEEPER)
    for node, when in (("kiosk-1", 1_000_000_001), ("keeper-west", 999_999_999)):
        (tmp_path / f"{node}.crt").touch()
        os.utime(tmp_path / f"{node}.crt", (when, when))
    assert renewed.main(["--place", str(box.etc), "--tls", str(tmp_path)]) == 0
    assert [line for line in box.asked() if "restart" in line] == [
        "systemctl try-restart hallcall-kiosk@kiosk-1.service"
    ]


def test_a_box_s_devices_get_the_names_of_its_file(box: Box, tmp_path: Path) -> None:
    (box.etc / "devices.toml").write_text(
        '[[devices]]\nname = "keypad3"\nserial = "A10K9"\ninterface = "01"\n'
        '[[devices]]\nname = "printer"\nsocket = "pci-0000:00:14.0-usb-0:2:1.0"\n',
        encoding="utf-8",
    )
    rules = tmp_path / "rules" / "names.rules"
    assert device_rules.main(["--place", str(box.etc), "--rules", str(rules)]) == 0
    assert rules.read_text(encoding="utf-8").splitlines()[2:4] == [
        f'{ANY}, ENV{{ID_SERIAL_SHORT}}=="A10K9", ENV{{ID_USB_INTERFACE_NUM}}=="01", SYMLINK+="hallcall/keypad3"',
        f'{ANY}, ENV{{ID_PATH}}=="pci-0000:00:14.0-usb-0:2:1.0", SYMLINK+="hallcall/printer"',
    ]
    assert [line.split()[1] for line in box.asked()] == ["control", "trigger", "settle"]


@pytest.mark.parametrize(
    ("device", "says"),
    [
        ('name = "a"', "serial` or by its `socket`"),
        ('name = "a"\nserial = "1"\nsocket = "2"', "serial` or by its `socket`"),
        ('name = "../sda"\nserial = "1"', "name"),
        ('name = "a"\nserial = "x\\", RUN+=\\"/bin/sh"', "serial"),
        ('name = "a"\nserial = "*"', "serial"),
    ],
)
def test_names_that_would_do_more_than_name_are_refused(
    box: Box, caplog: pytest.LogCaptureFixture, device: str, says: str
) -> None:
    (box.etc / "devices.toml").write_text(f"[[devices]]\n{device}\n", encoding="utf-8")
    assert device_rules.main(["--place", str(box.etc), "--rules", str(box.units / "rules")]) == 1
    assert says in caplog.text
    assert not (box.units / "rules").exists()


def test_a_supervisors_login_is_no_program_that_an_update_is_judged_by(box: Box) -> None:
    box.has(
        kiosk_1=KIOSK.format(printer="/dev/usb/lp0"),
        desk_1=BROKER,
        wrong_1="[[[",
        keeper_west='box = "west"\n' + BROKER,
    )
    assert units_of(box.etc) == [
        "hallcall-kiosk@kiosk-1.service",
        "wrong-1",
        "hallcall-keeper@keeper-west.service",
    ]
