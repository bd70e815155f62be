"""Pads and keypads that files describe, on one polled line of a real box."""

import asyncio
import time
from pathlib import Path

import pytest

from broker.bus import MemoryBroker
from broker.config import BrokenConfig, CounterFile, load_node
from broker.contract import wire
from broker.contract.messages import DeviceState, DeviceStatus, Language, Presence
from broker.link import subscriptions
from counter.node import CounterBox, views
from counter.wiring import connect
from counter.wording import wording
from hardware.devices import PortGone
from hardware.ports import open_port
from hardware.simulators.odd_pads import OddPads

PAD = """\
press = "02 [ 03 {address} {key} ] {check} 03"
nothing = "02 [ 03 {address} FF ] {check} 03"
poll = "02 [ 01 {address} ] {check} 03"
check = "xor"
answer_ms = 60
keys = [{ sends = "31", means = "call" }, { sends = "41", means = "satisfied" }]
"""
BOX = """\
node = "box"
hall = "east"
state_dir = "{dir}"
[broker]
password_file = "{dir}/password"
[pads]
port = "serial:{dir}/line"
driver = "generic-pads"
file = "{dir}/pad.toml"
[[windows]]
counter = 1
pad = 1
[[windows]]
counter = 2
pad = 2
keypad = {{ port = "serial:{dir}/line", driver = "generic-pads", file = "{dir}/pad.toml", address = 9 }}
"""


def framed(*body: int) -> bytes:
    check = 0
    for byte in body:
        check ^= byte
    return bytes((2, *body, check, 3))


def box_file(directory: Path, *, pad: str = PAD, box: str = BOX) -> Path:
    (directory / "pad.toml").write_text(pad, encoding="utf-8")
    path = directory / "counter.toml"
    path.write_text(box.format(dir=directory), encoding="utf-8")
    return path


async def test_a_dead_pad_is_told_by_its_window_with_its_misses_and_the_others_work_on(tmp_path: Path) -> None:
    file = load_node(box_file(tmp_path), CounterFile)
    health: dict[str, DeviceStatus] = {}
    news = asyncio.Event()
    broker = MemoryBroker()
    box = CounterBox(
        bus=broker.bus(name="box", subscriptions=subscriptions(hall="east", node="box", also=views((1, 2)))),
        hall="east",
        node="box",
        windows=file.windows,
        wording=wording(Language.ZH),
        rating_s=20,
        state_dir=tmp_path / "state",
        clock=time.monotonic,
    )
    hall = broker.bus(name="dispatcher", subscriptions=[wire.topic("east", "node/{}", "box")])

    def heard(topic: str, payload: bytes) -> None:
        message = wire.decode("east", topic, payload).message
        if isinstance(message, Presence):
            health.update({device.name: device for device in message.devices})
        news.set()

    hall.listen(on_letter=lambda letter: heard(letter.topic, letter.payload), on_state=lambda _: None)

    async def until(name: str, state: DeviceState) -> None:
        async with asyncio.timeout(20):
            while name not in health or health[name].state is not state:
                news.clear()
                await news.wait()

    far = OddPads(
        link=tmp_path / "line",
        addresses=(1, 2, 9),
        frame=lambda address, key: framed(3, address, int(key, 16)),
        poll=lambda address: framed(1, address),
        nothing=lambda address: framed(3, address, 0xFF),
    )
    devices = connect(file, on_link=box.line_changed, on_sign=box.sign_answers)
    assert len(devices.lines) == 1
    async with far:
        far.dead.add(2)
        work = [asyncio.create_task(box.run(devices)), asyncio.create_task(hall.run())]
        await until("pad-2", DeviceState.FAULT)
        assert "address 2 does not answer (3 of 3 polls)" in health["pad-2"].detail
        assert far.polls[9] >= 2
        far.dead.clear()
        await until("pad-2", DeviceState.OK)
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('driver = "generic-pads"\n', 'driver = "pads"\n', "driver 'pads' is not known here; there are qsystem-pads,"),
        ('file = "{dir}/pad.toml"\n', "", "missing; generic-pads needs the file that describes its frames"),
        (", address = 9", "", ""),
        ('driver = "generic-pads", file = "{dir}/pad.toml", ', "", "one line has one master"),
    ],
)
def test_what_is_wrong_with_pads_in_a_box_s_file_is_said(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = box_file(tmp_path, box=BOX.replace(old, new, 1))
    if not said:
        load_node(path, CounterFile)
        return
    with pytest.raises(BrokenConfig, match=said.replace("(", r"\(")):
        load_node(path, CounterFile)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("{key} ]", "]", "there is no {key} in it"),
        ('check = "xor"', "", "it has {check}, and `check` does not say which"),
        ('means = "call"', 'means = "cal"', "nothing is called 'cal'"),
        ('sends = "41"', 'sends = "4142"', "keys of different lengths"),
        ('sends = "41"', 'sends = "31"', "two keys send the same"),
        ("[ 01 {address} ]", "[ 01 {key} ]", "{key} is for what comes in"),
    ],
)
def test_what_is_wrong_with_a_pad_s_own_file_is_said(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(BrokenConfig) as error:
        load_node(box_file(tmp_path, pad=PAD.replace(old, new, 1)), CounterFile)
    assert said in str(error.value)


async def test_a_machine_without_the_usb_keypad_says_what_to_check(tmp_path: Path) -> None:
    with pytest.raises(PortGone, match=r"is it plugged in.*group input"):
        await open_port("evdev:/dev/input/by-id/nobody")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(PortGone, match="is no USB keypad"):
        await open_port(f"evdev:{tmp_path}/file")
