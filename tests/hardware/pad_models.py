"""Every pad and keypad that there is a driver for, with its far end, as the contract tests want them."""

import struct
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from hardware.devices import KeypadRating, PadPress
from hardware.drivers.jtt905_keypad import EVALUATOR, RATING_COMMAND, Frame, FrameDecoder, Jtt905Keypad, encode
from hardware.drivers.pad_codes import pad_code
from hardware.drivers.pad_line import PadLine
from hardware.drivers.qsystem_pads import PressDecoder, QSystemPads
from hardware.line import Line
from hardware.pad_frames import (
    FramedPad,
    FrameKey,
    FrameLamp,
    HidKey,
    HidPad,
    LinedPad,
    LineKey,
    ModbusPad,
    PadFile,
    RegisterKey,
    RegisterLamp,
)
from hardware.sign_frames import Check
from hardware.simulators.jtt905_keypad import SimulatedKeypad
from hardware.simulators.modbus_pads import SimulatedModbusPads
from hardware.simulators.odd_pads import OddPads
from hardware.simulators.pty_cable import PtyCable
from hardware.simulators.qsystem_pads import SimulatedPads

ADDRESSES = (1, 2, 3)
CLERKS = ("call", "start", "redirect", "finish")
CUSTOMERS = ("satisfied", "average", "dissatisfied", "complaint")


class Far(Protocol):
    cable: PtyCable


class Decoder(Protocol):
    @property
    def discarded_bytes(self) -> int: ...

    def feed(self, chunk: bytes) -> Sequence[object]: ...


@dataclass(frozen=True)
class Model:
    """`press(far, address, number)` presses a key; `heard(driver)` yields (address, number) of each press."""

    name: str
    far: Callable[[Path], AbstractAsyncContextManager[Far]]
    driver: Callable[[Line], object]
    press: Callable[[Far, int, int], None]
    heard: Callable[[object], AsyncIterator[tuple[int, int]]]
    frame: Callable[[int, int], bytes]  # what comes over the wire, for the decoder alone
    decoder: Callable[[], Decoder]
    lapse: Callable[[Decoder], object]
    addresses: tuple[int, ...] = ADDRESSES
    polled: bool = False


async def _presses(driver: object) -> AsyncIterator[tuple[int, int]]:
    assert isinstance(driver, QSystemPads | PadLine)
    async for press in driver.presses():
        assert isinstance(press, PadPress)
        yield press.address, CLERKS.index(press.key.value)


async def _ratings(driver: object) -> AsyncIterator[tuple[int, int]]:
    keypad = driver.keypad(1) if isinstance(driver, PadLine) else driver
    async for rating in keypad.ratings():  # type: ignore[attr-defined]
        assert isinstance(rating, KeypadRating)
        yield 1, rating.value - 1


def xor(some: bytes) -> int:
    check = 0
    for byte in some:
        check ^= byte
    return check


def summed(address: int, key: int) -> bytes:
    body = bytes((0xA5, address, 0x10 + key))
    return b"\x5a" + body + bytes((sum(body) & 0xFF, 0x0D))


def polled(address: int, key: int) -> bytes:
    body = bytes((0x02, 0x03, address, key))
    return body + bytes((xor(body), 0x03))


def asked(address: int) -> bytes:
    body = bytes((0x02, 0x01, address))
    return body + bytes((xor(body), 0x03))


def crc(some: bytes) -> bytes:
    value = 0xFFFF
    for byte in some:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0xA001 if value & 1 else 0)
    return struct.pack("<H", value)


def pressed_on_usb(_address: int, key: int) -> bytes:
    code = 79 + key  # KEY_KP1 and on
    events = [(4, 4, 0x70059 + key), (1, code, 1), (0, 0, 0), (1, code, 0), (0, 0, 0)]
    return b"".join(struct.pack("@llHHi", 1_790_000_000, 1000 + at, *event) for at, event in enumerate(events))


SUMMED = FramedPad(
    press="5A [ A5 {address} {key} ] {check} 0D",
    check=Check.SUM8,
    keys=tuple(FrameKey(sends=f"{0x10 + at:02X}", means=means) for at, means in enumerate(CLERKS)),
)
POLLED = FramedPad(
    press="[ 02 03 {address} {key} ] {check} 03",
    nothing="[ 02 03 {address} FF ] {check} 03",
    poll="[ 02 01 {address} ] {check} 03",
    lamps=(FrameLamp(lamp="red", frame="[ 02 05 {address} 31 ] {check} 03"),),
    check=Check.XOR,
    keys=tuple(FrameKey(sends=f"{at:02X}", means=means) for at, means in enumerate(CLERKS)),
    poll_ms=20,
    answer_ms=60,  # a busy machine answers late
)
BARE = FramedPad(
    press="7E {key} 7F",
    keys=tuple(FrameKey(sends=f"{0x41 + at:02X}", means=means) for at, means in enumerate(CUSTOMERS)),
    ask="7E 31 7F",
    rest="7E 30 7F",
)
LINED = LinedPad(
    press="Q{address}-{key}",
    keys=tuple(LineKey(sends=str(at), means=means) for at, means in enumerate(CLERKS)),
    text="D{address}:{text}",
)
MODBUS = ModbusPad(
    key=9,
    lamp=8,
    text=0,
    lamps=(RegisterLamp(lamp="red", value=1), RegisterLamp(lamp="off", value=0)),
    keys=tuple(RegisterKey(value=at + 1, means=means) for at, means in enumerate(CLERKS)),
    poll_ms=20,
    answer_ms=80,
)
HID = HidPad(keys=tuple(HidKey(code=79 + at, means=means) for at, means in enumerate(CUSTOMERS)))


def _described(
    name: str, pad: PadFile, frame: Callable[[int, int], bytes], *, alone: bool = False, is_polled: bool = False
) -> Model:
    addresses = (1,) if alone else ADDRESSES

    def far(link: Path) -> OddPads:
        asking = {"poll": asked, "nothing": lambda address: polled(address, 0xFF)} if is_polled else {}
        return OddPads(
            link=link,
            addresses=addresses,
            frame=lambda address, key: frame(address, int(key)),
            **asking,  # type: ignore[arg-type]
        )

    def press(far: Far, address: int, number: int) -> None:
        assert isinstance(far, OddPads)
        far.press(address, str(number))

    def lapse(decoder: Decoder) -> object:
        return decoder.lapse()  # type: ignore[attr-defined]

    return Model(
        name=name,
        far=far,
        driver=lambda line: PadLine(line, pad_code(pad), addresses=addresses, alone=alone),
        press=press,
        heard=_ratings if alone else _presses,
        frame=frame,
        decoder=lambda: pad_code(pad),
        lapse=lapse,
        addresses=addresses,
        polled=is_polled,
    )


def _press_qsystem(far: Far, address: int, number: int) -> None:
    assert isinstance(far, SimulatedPads)
    far.press(address, ("call", "start", "redirect", "finish")[number])


def _press_jtt905(far: Far, _address: int, number: int) -> None:
    assert isinstance(far, SimulatedKeypad)
    far.is_asking = True
    far.rate(number + 1)


def _press_modbus(far: Far, address: int, number: int) -> None:
    assert isinstance(far, SimulatedModbusPads)
    far.press(address, number + 1)


def _forget(decoder: Decoder) -> object:
    return decoder.start_over()  # type: ignore[attr-defined]


def _lapse(decoder: Decoder) -> object:
    return decoder.lapse()  # type: ignore[attr-defined]


def _modbus_answer(address: int, number: int) -> bytes:
    body = bytes((address, 3, 2, 0, number + 1))
    return body + crc(body)


MODELS = (
    Model(
        name="qsystem-pads",
        far=lambda link: SimulatedPads(link=link),
        driver=QSystemPads,
        press=_press_qsystem,
        heard=_presses,
        frame=lambda address, number: bytes((1, address, 0x31 + number, 7)),
        decoder=PressDecoder,
        lapse=_forget,
    ),
    Model(
        name="jtt905-keypad",
        far=lambda link: SimulatedKeypad(link=link),
        driver=Jtt905Keypad,
        press=_press_jtt905,
        heard=_ratings,
        frame=lambda _address, number: encode(
            Frame(device_type=EVALUATOR, vendor=0, command=RATING_COMMAND, data=bytes((number + 1,)))
        ),
        decoder=FrameDecoder,
        lapse=_lapse,
        addresses=(1,),
    ),
    _described("generic-pads", SUMMED, summed),
    _described("generic-pads, polled", POLLED, polled, is_polled=True),
    _described("generic-pads, no checksum", BARE, lambda _address, key: bytes((0x7E, 0x41 + key, 0x7F)), alone=True),
    _described("line-pads", LINED, lambda address, key: f"Q{address}-{key}\r\n".encode()),
    Model(
        name="modbus-pads",
        far=lambda link: SimulatedModbusPads(link=link),
        driver=lambda line: PadLine(line, pad_code(MODBUS), addresses=ADDRESSES),
        press=_press_modbus,
        heard=_presses,
        frame=_modbus_answer,
        decoder=lambda: pad_code(MODBUS),
        lapse=_lapse,
        polled=True,
    ),
    _described("hid-pad", HID, pressed_on_usb, alone=True),
)
