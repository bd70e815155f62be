"""Which ports of its box a node may open, and to whom it may speak: just those that its file names."""

from pathlib import Path

import pytest

from broker.config import NodeFile, load_any
from broker.strict_toml import BrokenConfig
from keeper.devices import drop_in, needs, unit_of, user_of

HEAD = 'node = "{node}"\nhall = "east"\nstate_dir = "/var/lib/hallcall/state/{node}"\n'
BROKER = '[broker]\nhost = "{host}"\npassword_file = "password"\n'


def node(place: Path, text: str, *, name: str = "node-1", host: str = "192.168.8.2") -> NodeFile:
    path = place / f"{name}.toml"
    path.write_text(HEAD.format(node=name) + BROKER.format(host=host) + text, encoding="utf-8")
    file = load_any(path)
    assert isinstance(file, NodeFile)
    return file


def lines(file: NodeFile) -> list[str]:
    return drop_in(file, needs(file)).splitlines()


COUNTERS = """
[pads]
port = "serial:/dev/hallcall/pads?baud=19200"

[[signs]]
port = "serial:/dev/hallcall/signs?baud=57600"
driver = "candle-sign"

[[windows]]
counter = 1
pad = 1
sign = 33
keypad = { port = "serial:/dev/hallcall/keypad1?baud=9600" }

[[windows]]
counter = 2
pad = 2
keypad = { port = "tcp:192.168.8.77:4001" }
"""


def test_a_counter_box_may_open_the_lines_of_its_file_and_speak_to_the_broker_and_to_its_line_on_the_network(
    tmp_path: Path,
) -> None:
    file = node(tmp_path, COUNTERS)
    assert unit_of(file) == "hallcall-counter@node-1.service"
    assert lines(file) == [
        "# Written by hallcall-nodes.service from nodes/node-1.toml; gone at power-off.",
        "[Service]",
        "User=hall-node-1",
        "DeviceAllow=/dev/hallcall/pads rw",
        "DeviceAllow=/dev/hallcall/signs rw",
        "DeviceAllow=/dev/hallcall/keypad1 rw",
        "SupplementaryGroups=dialout",
        "IPAddressAllow=",
        "IPAddressAllow=localhost 192.168.8.2 192.168.8.77",
    ]


def test_a_kiosk_has_the_screen_its_printer_and_nobody_s_login_beside_it(tmp_path: Path) -> None:
    told = lines(node(tmp_path, '[printer]\nport = "usblp:/dev/usb/lp0"\n'))
    assert "Conflicts=getty@tty1.service" in told
    assert [line for line in told if line.startswith("DeviceAllow=")] == [
        "DeviceAllow=/dev/usb/lp0 rw",
        "DeviceAllow=char-drm rw",
        "DeviceAllow=char-input rw",
        "DeviceAllow=/dev/tty0 rw",
        "DeviceAllow=/dev/tty1 rw",
    ]
    assert "SupplementaryGroups=lp video render input tty" in told


def test_a_voice_has_the_sound_card_by_default_and_no_screen(tmp_path: Path) -> None:
    told = lines(node(tmp_path, '[voice]\nzone = "main"\n'))
    assert "DeviceAllow=char-alsa rw" in told
    assert not any("drm" in line for line in told)


def test_a_keypad_that_types_is_only_read(tmp_path: Path) -> None:
    (tmp_path / "pad.toml").write_text('[[keys]]\ncode = 79\nmeans = "satisfied"\n', encoding="utf-8")
    keypad = f'port = "evdev:/dev/input/by-id/usb-1-event-kbd", driver = "hid-pad", file = "{tmp_path}/pad.toml"'
    file = node(tmp_path, f"[[windows]]\ncounter = 1\nkeypad = {{ {keypad} }}\n")
    assert "DeviceAllow=/dev/input/by-id/usb-1-event-kbd r" in lines(file)


def test_a_dispatcher_has_no_device_at_all_and_speaks_to_its_broker_only(tmp_path: Path) -> None:
    (tmp_path / "hall.toml").touch()
    file = node(tmp_path, "", name="dispatcher", host="127.0.0.1")
    told = lines(load_dispatcher(tmp_path, file))
    assert not any(line.startswith(("DeviceAllow", "SupplementaryGroups")) for line in told)
    assert told[-1] == "IPAddressAllow=localhost 127.0.0.1"


def load_dispatcher(place: Path, file: NodeFile) -> NodeFile:
    path = place / "with-hall.toml"
    text = HEAD.format(node=file.node) + f'hall_file = "{place}/hall.toml"\n' + BROKER.format(host="127.0.0.1")
    path.write_text(text, encoding="utf-8")
    read = load_any(path)
    assert isinstance(read, NodeFile)
    return read


def test_whoever_is_asked_by_browsers_or_names_its_broker_keeps_the_networks_of_a_hall(tmp_path: Path) -> None:
    web = lines(node(tmp_path, '[pages]\nlisten = "0.0.0.0:8080"\n', name="web-1"))
    assert [line for line in web if line.startswith("IP")] == ["IPAddressAllow=192.168.8.2"]
    named = lines(node(tmp_path, COUNTERS, host="hall.lan"))
    assert [line for line in named if line.startswith("IP")] == ["IPAddressAllow=192.168.8.77"]


def test_a_kiosk_that_tries_a_public_address_may_reach_it(tmp_path: Path) -> None:
    kiosk = '[printer]\nport = "tcp:192.168.8.9:9100"\n[slip]\npublic_url = "https://queue.example/{visit}"\n'
    assert [line for line in lines(node(tmp_path, kiosk)) if line.startswith("IP")] == ["IPAddressDeny="]


@pytest.mark.parametrize(
    "name", ["/dev/hallcall/a b", "/etc/passwd", "/dev/../etc/passwd", "/dev/x\\nExecStart=/bin/sh", "/dev/%i"]
)
def test_a_port_that_systemd_could_take_for_something_else_is_refused_with_what_to_do(
    tmp_path: Path, name: str
) -> None:
    file = node(tmp_path, f'[printer]\nport = "usblp:{name}"\n')
    with pytest.raises(BrokenConfig, match=r"no device under /dev with a plain name.*hallcall devices"):
        needs(file)


def test_each_node_has_a_user_of_its_own_that_systemd_accepts_however_long_its_id() -> None:
    ids = ["kiosk-1", "kiosk-2", "k" * 32, "k" * 31 + "j"]
    users = [user_of(each) for each in ids]
    assert len(set(users)) == 4
    assert all(len(each) <= 31 for each in users)
