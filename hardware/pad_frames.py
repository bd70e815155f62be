"""How call pads and rating keypads are described which no document of ours explains; pure.

A frame is written as for signs: `AA 55 [ ( {address} {key} ) ] {check} 0D`; see `sign_frames`. What comes in has one
length: a key has as many bytes as are given for it, and `{any}` is one byte that does not matter, such as a counter.
"""

from collections.abc import Iterator, Sequence
from enum import Enum
from typing import Annotated, Final

from msgspec import Meta, Struct

from .devices import KeypadRating, Lamp, PadKey
from .sign_frames import HEX, Check, Frame, Unfit

PLACES: Final = frozenset(
    {"address", "address-digits", "key", "any", "text", "length", "length-be16", "length-le16", "check"}
)
KEYS: Final = frozenset(key.value for key in PadKey)
GRADES: Final = {rating.name.lower(): rating for rating in KeypadRating}
LAMPS: Final = frozenset(lamp.value for lamp in Lamp)
_Means = Annotated[
    str,
    Meta(
        description=f"of a call pad: {', '.join(key.value for key in PadKey)}; of a rating keypad: {', '.join(GRADES)}"
    ),
]
_LongMs = Annotated[
    int,
    Meta(
        ge=0,
        le=5000,
        description="so long a key is held down for its long press, where the pad tells that it is down; 0: none",
    ),
]


class FrameKey(Struct, frozen=True, kw_only=True):
    """A key of a pad or keypad."""

    sends: Annotated[str, Meta(pattern=HEX, description="the bytes in hex that stand at {key}")]
    means: _Means


class FrameLamp(Struct, frozen=True, kw_only=True):
    """What lights a pad."""

    lamp: Annotated[str, Meta(description=", ".join(lamp.value for lamp in Lamp))]
    frame: Annotated[str, Meta(min_length=2)]


class FramedPad(Struct, frozen=True, kw_only=True):
    """How to talk to one model of call pad or rating keypad. Frames are bytes in hex, with places to fill.

    Places: {address} (a byte), {address-digits} (two decimal digits), {key}, {any} (a byte that does not matter),
    {length} (a byte), {length-be16}, {length-le16}, {check}, and {text} in `text`. ( ) is what the length counts,
    [ ] what the check covers.
    """

    press: Annotated[str, Meta(min_length=2, description="frame that a press sends")]
    keys: Annotated[tuple[FrameKey, ...], Meta(min_length=1)]
    poll: Annotated[
        str, Meta(description="frame that asks one address for its keys; left out: pads speak by themselves")
    ] = ""
    nothing: Annotated[str, Meta(description="frame that answers `poll` when no key was pressed")] = ""
    held: Annotated[bool, Meta(description="the answer to `poll` tells which key is down now, not each press once")] = (
        False
    )
    long_ms: _LongMs = 800
    taken: Annotated[str, Meta(description="frame that tells the pad that its press was heard, if it wants one")] = ""
    repeat_ms: Annotated[
        int, Meta(ge=0, le=5000, description="the same frame again within this is the same press, sent once more")
    ] = 0
    lamps: tuple[FrameLamp, ...] = ()
    beep: Annotated[str, Meta(description="frame that lets it beep")] = ""
    text: Annotated[str, Meta(description="frame that shows {text}")] = ""
    characters: Annotated[int, Meta(ge=1, le=16, description="room for the text, ASCII; ranged right")] = 3
    ask: Annotated[str, Meta(description="frame that asks the customer to rate")] = ""
    rest: Annotated[str, Meta(description="frame that ends the asking")] = ""
    check: Annotated[Check, Meta(description="checksum in {check}")] = Check.NONE
    length_adds: Annotated[int, Meta(ge=-20, le=20, description="added to the length that ( ) counts")] = 0
    poll_ms: Annotated[int, Meta(ge=5, le=1000, description="from one poll to the next")] = 25
    answer_ms: Annotated[int, Meta(ge=5, le=1000, description="longest wait for the answer")] = 40
    gap_ms: Annotated[int, Meta(ge=0, le=1000, description="silence after each frame that we send")] = 5
    baud: Annotated[int, Meta(ge=300, le=921_600, description="speed, where the port states none")] = 9600


class LineKey(Struct, frozen=True, kw_only=True):
    """A key of a pad that speaks in lines."""

    sends: Annotated[str, Meta(min_length=1, max_length=24, description="what stands at {key}")]
    means: _Means


class LinedPad(Struct, frozen=True, kw_only=True):
    """Pads and keypads that send each press as a line of text, such as Q1-025. Places: {address}, {key}, {any}."""

    press: Annotated[str, Meta(min_length=1, description="line that a press sends; {any} is whatever stands there")]
    keys: Annotated[tuple[LineKey, ...], Meta(min_length=1)]
    text: Annotated[str, Meta(description="line that shows {text} at {address}")] = ""
    lamp: Annotated[str, Meta(description="line that lights the {lamp} at {address}: off, red, green …")] = ""
    beep: Annotated[str, Meta(description="line that lets {address} beep")] = ""
    ask: Annotated[str, Meta(description="line that asks the customer to rate")] = ""
    rest: Annotated[str, Meta(description="line that ends the asking")] = ""
    characters: Annotated[int, Meta(ge=1, le=16, description="room for the text")] = 4
    ends: Annotated[
        str, Meta(pattern=HEX, description="what ends each line that we send, in hex; incoming ends need no word")
    ] = "0D 0A"
    gap_ms: Annotated[int, Meta(ge=0, le=1000, description="silence after each line that we send")] = 5
    baud: Annotated[int, Meta(ge=300, le=921_600, description="speed, where the port states none")] = 9600


class RegisterKey(Struct, frozen=True, kw_only=True):
    """A key of a Modbus pad."""

    value: Annotated[int, Meta(ge=1, le=65535, description="what stands in the register")]
    means: _Means


class RegisterLamp(Struct, frozen=True, kw_only=True):
    lamp: Annotated[str, Meta(description=", ".join(lamp.value for lamp in Lamp))]
    value: Annotated[int, Meta(ge=0, le=65535)]


_Register = Annotated[int, Meta(ge=0, le=65535)]


class ModbusPad(Struct, frozen=True, kw_only=True):
    """Modbus RTU pads and keypads: the last key in a register, 0 while there is none."""

    key: Annotated[_Register, Meta(description="register that holds the key")] = 0
    input: Annotated[bool, Meta(description="an input register (function 4); false: a holding register (3)")] = False
    keys: Annotated[tuple[RegisterKey, ...], Meta(min_length=1)]
    latched: Annotated[
        bool, Meta(description="the register keeps the key until we write 0; false: 0 when the key is let go")
    ] = True
    long_ms: _LongMs = 800
    lamp: Annotated[_Register | None, Meta(description="register for the lamp, if it has one")] = None
    lamps: tuple[RegisterLamp, ...] = ()
    beep: Annotated[_Register | None, Meta(description="register that beeps when 1 is written")] = None
    text: Annotated[_Register | None, Meta(description="first register of the text, two characters each")] = None
    characters: Annotated[int, Meta(ge=1, le=16, description="room for the text")] = 4
    ask: Annotated[_Register | None, Meta(description="register that asks for a rating: 1, and 0 ends it")] = None
    poll_ms: Annotated[int, Meta(ge=5, le=1000, description="from one poll to the next")] = 25
    answer_ms: Annotated[int, Meta(ge=5, le=1000, description="longest wait for the answer")] = 50
    baud: Annotated[int, Meta(ge=300, le=921_600, description="speed, where the port states none")] = 9600


class HidKey(Struct, frozen=True, kw_only=True):
    """A key of a USB pad."""

    code: Annotated[int, Meta(ge=1, le=767, description="the kernel's number of the key; `hallcall sniff` tells it")]
    means: _Means


class HidPad(Struct, frozen=True, kw_only=True):
    """A numeric USB keypad as pad or keypad, taken away from the console; port evdev:/dev/input/by-id/…-event-kbd."""

    keys: Annotated[tuple[HidKey, ...], Meta(min_length=1)]
    long_ms: _LongMs = 800


PadFile = FramedPad | LinedPad | ModbusPad | HidPad


class PadKind(Enum):
    """Drivers that need a file, beside `qsystem-pads` and `jtt905-keypad`, which need none."""

    FRAMED = "generic-pads"
    LINED = "line-pads"
    MODBUS = "modbus-pads"
    HID = "hid-pad"


FILES: Final[dict[PadKind, type[FramedPad | LinedPad | ModbusPad | HidPad]]] = {
    PadKind.FRAMED: FramedPad,
    PadKind.LINED: LinedPad,
    PadKind.MODBUS: ModbusPad,
    PadKind.HID: HidPad,
}


def frame(text: str) -> Frame:
    """Read a frame's description. Raises Unfit."""
    return Frame(text, places=PLACES)


def faults(pad: PadFile) -> dict[str, str]:
    """Return what is wrong in a description, by its key."""
    found = dict(_meaning_faults(pad))
    match pad:
        case FramedPad():
            found |= dict(_frame_faults(pad))
            if len({len(bytes.fromhex(each.sends)) for each in pad.keys}) > 1:
                found["keys"] = "keys of different lengths; give each as many bytes"
            found |= _twice([bytes.fromhex(each.sends) for each in pad.keys])
        case LinedPad():
            if "{key}" not in pad.press:
                found["press"] = "there is no {key} in it"
            found |= _twice([each.sends for each in pad.keys])
        case ModbusPad():
            found |= _twice([each.value for each in pad.keys])
            if pad.lamps and pad.lamp is None:
                found["lamps"] = "there is no register `lamp` that they could be written to"
            if pad.latched and pad.input:
                found["input"] = "an input register cannot be written, so nothing can be `latched` there"
        case HidPad():
            found |= _twice([each.code for each in pad.keys])
    return found


def _twice(sent: Sequence[object]) -> dict[str, str]:
    return {"keys": "two keys send the same"} if len(set(sent)) < len(sent) else {}


def _meaning_faults(pad: PadFile) -> Iterator[tuple[str, str]]:
    unknown = [each.means for each in pad.keys if each.means not in KEYS and each.means not in GRADES]
    if unknown:
        there = f"a pad's keys are {', '.join(sorted(KEYS))}, a keypad's {', '.join(GRADES)}"
        yield "keys", f"nothing is called {unknown[0]!r}; {there}"
    strange = [each.lamp for each in getattr(pad, "lamps", ()) if each.lamp not in LAMPS]
    if strange:
        yield "lamps", f"no lamp is called {strange[0]!r}; there are {', '.join(sorted(LAMPS))}"


def _frame_faults(pad: FramedPad) -> Iterator[tuple[str, str]]:
    frames = {key: getattr(pad, key) for key in ("press", "poll", "nothing", "taken", "beep", "text", "ask", "rest")}
    frames |= {f"lamps ({each.lamp})": each.frame for each in pad.lamps}
    wanted, unwanted = {"press": "key", "text": "text"}, {"key", "any"}
    for name, text in frames.items():
        if not text:
            continue
        try:
            names = frame(text).names
        except Unfit as unfit:
            yield name, str(unfit)
            continue
        if name in wanted and wanted[name] not in names:
            yield name, f"there is no {{{wanted[name]}}} in it"
        elif "check" in names and pad.check is Check.NONE:
            yield name, "it has {check}, and `check` does not say which"
        elif name not in {"press", "nothing"} and (stray := names & unwanted):
            yield name, f"{{{min(stray)}}} is for what comes in; nobody could fill it"
        elif name != "text" and "text" in names:
            yield name, "{text} is for `text` alone"
        elif name in {"press", "nothing"} and ("<" in text or ">" in text):
            yield name, "< > marks what is escaped in frames that we send; give what comes in as it comes"
    if pad.nothing and not pad.poll:
        yield "nothing", "nobody asks, so nobody answers that nothing was pressed; give `poll`, or leave it out"
