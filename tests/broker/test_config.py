"""A broken file says all that is wrong with it, where, and what to do."""
# ruff: noqa: E501 - complaints stand whole, as they are read

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.config import (
    BrokenConfig,
    CounterFile,
    DispatcherFile,
    DisplayFile,
    KioskFile,
    NodeFile,
    load_any,
    load_hall,
    load_node,
    login_of,
)
from broker.contract.messages import Hall, Language, Role, Text
from broker.toml_lines import lines_of

HALL = """\
id = "east"
name = { zh = "东厅", en = "East hall" }

[[zones]]
id = "main"
name = { zh = "一区", en = "Zone 1" }

[[services]]
id = "bill"
name = { zh = "电费", en = "Bills" }
prefix = "A"
zone = "main"

[[counters]]
number = 1
zone = "main"
skills = ["bill"]

[[nodes]]
id = "kiosk-1"
role = "kiosk"

[[nodes]]
id = "box-1"
role = "counter"
counters = [1]
"""

KIOSK = """\
node = "kiosk-1"
hall = "east"
state_dir = "/var/lib/hallcall"
[broker]
password_file = "/etc/hallcall/kiosk-1.password"
[printer]
port = "usblp:/dev/usb/lp0"
"""

BOX = """\
node = "box-1"
hall = "east"
state_dir = "/var/lib/hallcall"
pads = { port = "serial:/dev/hallcall/pads?baud=9600" }

[broker]
password_file = "box-1.password"

[[windows]]
counter = 1
pad = 33

[[windows]]
counter = 2
pad = 34
keypad = { port = "serial:/dev/hallcall/keypad2?baud=9600" }
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "hall.toml"


def complaints(file: Path, text: str, kind: type[NodeFile] | None = None) -> list[str]:
    """Return what is wrong with a text, without the file's name."""
    file.write_text(text, encoding="utf-8")
    with pytest.raises(BrokenConfig) as broken:
        load_hall(file) if kind is None else load_node(file, kind)
    return str(broken.value).replace(f"{file}:", "").splitlines()


def test_a_hall_file_becomes_a_hall(file: Path) -> None:
    file.write_text(HALL, encoding="utf-8")
    hall = load_hall(file)
    assert hall.services[0].name == Text(zh="电费", en="Bills")
    assert [node.role for node in hall.nodes] == [Role.KIOSK, Role.COUNTER]
    assert hall.timezone == "Asia/Shanghai"


def test_a_kiosk_file_has_the_defaults_of_the_reference(file: Path) -> None:
    file.write_text(KIOSK, encoding="utf-8")
    kiosk = load_node(file, KioskFile)
    assert (kiosk.broker.tcp_port, kiosk.printer.width_dots, kiosk.screen.idle_s) == (1883, 576, 25)


def test_enumerations_and_inner_tables_are_read(file: Path) -> None:
    text = KIOSK.partition("[printer]")[0] + '[voice]\nzone = "main"\nlanguages = ["en"]\n'
    file.write_text(text, encoding="utf-8")
    voice = load_node(file, DisplayFile).voice
    assert voice is not None
    assert voice.languages == (Language.EN,)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('prefix = "A"', 'prefx = "A"', [
            "8: services[1].prefix: missing; give a text matching ^[ABCEFHLPU]{1,2}$ (one or two letters of its tickets, such that a seven-segment sign can show them)",
            "11: services[1].prefx: unknown key; did you mean prefix?",
        ]),
        ('prefix = "A"', 'prefix = "D"', [
            '11: services[1].prefix: "D" does not fit; give a text matching ^[ABCEFHLPU]{1,2}$ (one or two letters of its tickets, such that a seven-segment sign can show them)',
        ]),
        ("number = 1", 'number = "1"', [
            '15: counters[1].number: "1" is a text; give a whole number from 1 to 95 (the window\'s number, 1 to 95)',
            "26: nodes[2].counters[1]: 1 is not there; counters.number are: 1",
        ]),
        ("number = 1", "number = true", [
            "15: counters[1].number: true is a truth value; give a whole number from 1 to 95 (the window's number, 1 to 95)",
            "26: nodes[2].counters[1]: 1 is not there; counters.number are: none",
        ]),
        ('role = "kiosk"', 'role = "kiosc"', [
            '21: nodes[1].role: "kiosc" is not one of dispatcher, kiosk, display, counter, web, supervisor, watch, keeper, registrar; did you mean kiosk?',
        ]),
        ('role = "kiosk"', 'role = "dispatcher"', ["21: nodes[1].role: the dispatcher is not listed; remove this node"]),
        ('id = "kiosk-1"', 'id = "dispatcher"', ['20: nodes[1].id: "dispatcher" is reserved for the dispatcher; give another']),
        ('id = "kiosk-1"', 'id = "box-1"', ['24: nodes[2].id: "box-1" is taken by nodes[1].id in line 20; give another']),
        ('role = "counter"', 'role = "display"', [
            "26: nodes[2].counters: only nodes of the roles counter and web speak for counters; remove the key or change the role",
        ]),
        ("counters = [1]", "counters = [1, 7, 1]", [
            "26: nodes[2].counters[2]: 7 is not there; counters.number are: 1",
            "26: nodes[2].counters[3]: 1 is taken by nodes[2].counters[1] in line 26; give another",
        ]),
        ('zone = "main"\nskills', 'zone = "west"\nskills', ['16: counters[1].zone: "west" is not there; zones.id are: main']),
        ('skills = ["bill"]', 'skills = ["bills"]', [
            '9: services[1].id: no counter takes "bill"; add it to the skills of a counter',
            '17: counters[1].skills[1]: "bills" is not there; did you mean bill?',
        ]),
        ('skills = ["bill"]', "skills = []", [
            '9: services[1].id: no counter takes "bill"; add it to the skills of a counter',
            "17: counters[1].skills: too few; give a list, 1 or more, of text matching ^[a-z0-9][a-z0-9_-]{0,31}$ (ids of the services it may take)",
        ]),
        ('skills = ["bill"]', 'skills = "bill"', [
            '9: services[1].id: no counter takes "bill"; add it to the skills of a counter',
            "17: counters[1].skills: a text; give a list, 1 or more, of text matching ^[a-z0-9][a-z0-9_-]{0,31}$ (ids of the services it may take)",
        ]),
        ('prefix = "A"', 'prefix = "A"\nfirst = 500\nlast = 499', [
            "13: services[1].last: 499 is below first, 500; give numbers with first <= last",
        ]),
        ('id = "east"', 'id = "east"\ntimezone = "Asia/Peking"', [
            '2: timezone: "Asia/Peking" is no time zone; give an IANA name such as Asia/Shanghai',
        ]),
        ('{ zh = "一区", en = "Zone 1" }', '"Zone 1"', ["6: zones[1].name: a text; give a table (shown on slip, ticket screen and board)"]),
        ('prefix = "A"', "prefix = ", ["11: not TOML: Invalid value; check quotes, brackets and = near this line"]),
        ("counters = [1]\n", "counters = [1", ["26: not TOML: Unclosed array; check quotes, brackets and = near this line"]),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_hall_is_said(file: Path, old: str, new: str, said: list[str]) -> None:
    assert complaints(file, HALL.replace(old, new, 1)) == said


def test_everything_is_said_at_once(file: Path) -> None:
    text = HALL.replace('id = "east"', 'id = "East"').replace('"A"', '"Ö"').replace("number = 1", "number = 96")
    assert [line.split(":")[0] for line in complaints(file, text)] == ["1", "11", "15", "26"]


def test_two_services_cannot_share_a_letter(file: Path) -> None:
    second = HALL[HALL.index("[[services]]") : HALL.index("[[counters]]")].replace('"bill"', '"new"')
    text = HALL.replace("[[counters]]", second + "[[counters]]").replace('["bill"]', '["bill", "new"]')
    assert complaints(file, text) == [
        '17: services[2].prefix: "A" 1 to 999 clashes with 1 to 999 of services[1].prefix in line 11; give other letters, or other first and last'
    ]


def test_a_counter_is_spoken_for_by_one_node(file: Path) -> None:
    text = HALL + '[[nodes]]\nid = "box-2"\nrole = "counter"\ncounters = [1]\n'
    assert complaints(file, text) == [
        "30: nodes[3].counters[1]: 1 is taken by nodes[2].counters[1] in line 26; give another"
    ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("pad = 34", "pad = 33", ["15: windows[2].pad: 33 is taken by windows[1].pad in line 11; give another"]),
        ("counter = 2", "counter = 1", ["14: windows[2].counter: 1 is taken by windows[1].counter in line 10; give another"]),
        ("pad = 34", "sign = 34", ["15: windows[2].sign: it is on no line; add [[signs]] with its port, or remove it"]),
        ("counter = 2", "counter = 2\nsign = 256", [
            "15: windows[2].sign: 256 does not fit; give a whole number from 0 to 255 (address of its sign)",
            "15: windows[2].sign: it is on no line; add [[signs]] with its port, or remove it",
        ]),
        ("keypad = { port", "keypad = { prt", [
            "16: windows[2].keypad.port: missing; give a text (serial:DEVICE?baud=N, tcp:HOST:PORT, or evdev:DEVICE for hid-pad)",
            "16: windows[2].keypad.prt: unknown key; did you mean port?",
        ]),
        ("password_file", "port = 0\npassword_file", ["7: broker.port: 0 does not fit; give a whole number from 1 to 65535 (TCP port of the broker; left out: 8883 with a certificate, 1883 with a password)"]),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_counter_box_is_said(file: Path, old: str, new: str, said: list[str]) -> None:
    assert complaints(file, BOX.replace(old, new, 1), CounterFile) == said


def test_a_display_shows_or_speaks(file: Path) -> None:
    text = KIOSK.partition("[printer]")[0]
    assert complaints(file, text, DisplayFile) == ["1: screen: neither [screen] nor [voice]; give one of them"]


def test_a_file_that_is_not_there_or_not_utf8_is_said(file: Path) -> None:
    with pytest.raises(BrokenConfig, match="cannot be read: No such file"):
        load_hall(file)
    file.write_bytes('id = "east"\nname = "厅"'.encode("gb18030"))
    with pytest.raises(BrokenConfig, match=r":2: not UTF-8; save the file as UTF-8"):
        load_hall(file)


BOARD = KIOSK.partition("[printer]")[0] + '[screen]\nzone = "main"\n'


@pytest.mark.parametrize(("text", "kind"), [(HALL, Hall), (KIOSK, KioskFile), (BOX, CounterFile), (BOARD, DisplayFile)])
def test_the_kind_of_a_file_shows_in_its_keys(file: Path, text: str, kind: type) -> None:
    file.write_text(text, encoding="utf-8")
    assert type(load_any(file)) is kind


@pytest.mark.parametrize(
    ("kind", "old", "new", "said"),
    [
        (KioskFile, "usblp:/dev/usb/lp0", "/dev/usb/lp0", r":7: printer\.port: '/dev/usb/lp0' is no port"),
        (
            KioskFile,
            "usblp:/dev/usb/lp0",
            "tcp:10.0.0.9",
            r":7: printer\.port: 'tcp:10\.0\.0\.9' has no HOST:PORT",
        ),
        (CounterFile, "?baud=9600", "?baud=fast", r":4: pads\.port: .*'fast' is not a number"),
    ],
)
def test_an_address_that_no_cable_has_is_said_when_the_file_is_read(
    file: Path, kind: type[NodeFile], old: str, new: str, said: str
) -> None:
    text = KIOSK if kind is KioskFile else BOX
    file.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(BrokenConfig, match=said):
        load_node(file, kind)


def test_a_login_is_the_password_file_s_first_line(file: Path, tmp_path: Path) -> None:
    secret = tmp_path / "password"
    file.write_text(KIOSK.replace("/etc/hallcall/kiosk-1.password", str(secret)), encoding="utf-8")
    with pytest.raises(BrokenConfig, match="the password of kiosk-1 cannot be read"):
        login_of(load_node(file, KioskFile))
    secret.write_text("s3cret \nkept since May", encoding="utf-8")
    login = login_of(load_node(file, KioskFile))
    assert (login.name, login.password) == ("kiosk-1", "s3cret")
    assert "s3cret" not in repr(login)


def test_a_dispatcher_file_names_the_hall_file(file: Path) -> None:
    file.write_text(
        KIOSK.partition("[printer]")[0].replace("[broker]", 'hall_file = "hall.toml"\n[broker]'), encoding="utf-8"
    )
    assert load_node(file, DispatcherFile).hall_file == "hall.toml"


def test_every_way_to_write_a_key_has_its_line() -> None:
    text = '''\
a = 1 # x [y]
"b c".'d' = """x
[q]
"""
[t]
e = [1,
  2, { k = "}", l = 'a#' }]
[[s]]
n = 2026-11-22 10:00:00
[s.sub]
z = "\\"]"
[[s]]
n = \'\'\'
[[s]]\'\'\'
[[s.deep]]
u.v = true
'''
    assert lines_of(text) == {
        ("a",): 1, ("b c",): 2, ("b c", "d"): 2, ("t",): 5, ("t", "e"): 6, ("t", "e", 0): 6, ("t", "e", 1): 7,
        ("t", "e", 2): 7, ("t", "e", 2, "k"): 7, ("t", "e", 2, "l"): 7, ("s",): 8, ("s", 0): 8, ("s", 0, "n"): 9,
        ("s", 0, "sub"): 10, ("s", 0, "sub", "z"): 11, ("s", 1): 12, ("s", 1, "n"): 13, ("s", 1, "deep"): 15,
        ("s", 1, "deep", 0): 15, ("s", 1, "deep", 0, "u"): 16, ("s", 1, "deep", 0, "u", "v"): 16,
    }  # fmt: skip


@given(cut=st.integers(0, len(HALL)), length=st.integers(0, 12), insert=st.text(alphabet='[]{}"=.#\n a1', max_size=4))
def test_no_damage_to_a_file_is_more_than_a_complaint(
    tmp_path_factory: pytest.TempPathFactory, cut: int, length: int, insert: str
) -> None:
    file = tmp_path_factory.getbasetemp() / "damaged.toml"
    file.write_text(HALL[:cut] + insert + HALL[cut + length :], encoding="utf-8")
    said = ""
    try:
        load_hall(file)
    except BrokenConfig as broken:
        said = str(broken)
    assert all(line.startswith(str(file)) for line in said.splitlines())


CERTIFIED = 'authority = "root.crt"\ncertificate = "node.crt"\nkey = "node.key"'


def test_a_certificate_s_files_are_the_unit_s_credentials_or_beside_the_node_s_file(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text(KIOSK.replace('password_file = "/etc/hallcall/kiosk-1.password"', CERTIFIED), encoding="utf-8")
    login = login_of(load_node(file, KioskFile))
    assert login.identity is not None
    assert (login.port, login.identity.key) == (8883, file.parent / "node.key")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "/run/credentials/hallcall-kiosk@kiosk-1.service")
    login = login_of(load_node(file, KioskFile))
    assert login.identity is not None
    assert login.identity.authority == Path("/run/credentials/hallcall-kiosk@kiosk-1.service/root.crt")


@pytest.mark.parametrize(
    ("instead", "said"),
    [
        ("port = 8883", "neither a certificate (authority, certificate, key) nor a password_file; give one of them"),
        (f'{CERTIFIED}\npassword_file = "p"', "a certificate and a password; the broker takes one of them"),
        ('certificate = "node.crt"', "a certificate needs all of its files; name the authority and key too"),
    ],
)
def test_a_login_is_whole(file: Path, instead: str, said: str) -> None:
    text = KIOSK.replace('password_file = "/etc/hallcall/kiosk-1.password"', instead)
    assert any(said in line for line in complaints(file, text, KioskFile))
