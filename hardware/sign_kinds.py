"""The kinds of LED signs that can be driven, and what is known of each before anything is opened."""

from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Final

from msgspec import Meta, Struct


class SignKind(Enum):
    CANDLE = "candle-sign"
    MODBUS = "modbus-sign"
    MATRIX = "matrix-sign"
    ALPHA = "alpha-sign"
    GENERIC = "generic-sign"


@dataclass(frozen=True, kw_only=True)
class About:
    baud: int  # 0: no serial line
    addresses: range
    characters: int  # of the commonest model
    answers: bool = False  # whether a dead one can be noticed
    dims: bool = True  # whether its brightness can be set
    refresh_s: int = 60  # how often its text is sent again: one that was without power shows it again


KINDS: Final = {
    SignKind.CANDLE: About(baud=57600, addresses=range(0x20, 0x80), characters=4),
    SignKind.MODBUS: About(baud=9600, addresses=range(1, 248), characters=4, answers=True, refresh_s=10),
    SignKind.MATRIX: About(baud=0, addresses=range(256), characters=0),
    SignKind.ALPHA: About(baud=9600, addresses=range(1, 256), characters=15, dims=False),
    SignKind.GENERIC: About(baud=9600, addresses=range(256), characters=8),
}


class Registers(Struct, frozen=True, kw_only=True):
    """Where the manual of a Modbus digit panel puts things. The text is ASCII, padded with spaces."""

    text: Annotated[int, Meta(ge=0, le=65535, description="first register of the text")] = 0
    packed: Annotated[
        bool, Meta(description="two characters a register, the first in the high byte; false: one a register")
    ] = True
    blinks: Annotated[
        Annotated[int, Meta(ge=0, le=65535)] | None,
        Meta(description="register for how often it blinks, 0 steady; left out: it is shown dark and lit"),
    ] = None
    brightness: Annotated[
        Annotated[int, Meta(ge=0, le=65535)] | None, Meta(description="register for the brightness, if it has one")
    ] = None
    most_brightness: Annotated[int, Meta(ge=1, le=65535, description="its value at 100 %")] = 100


class Chain(Struct, frozen=True, kw_only=True):
    """How the modules of a MAX7219 matrix are joined: from left to right, then the next row below."""

    width: Annotated[int, Meta(ge=8, le=256, description="LEDs, eight a module")] = 64
    height: Annotated[int, Meta(ge=8, le=16, description="LEDs: 8, or 16 for Chinese")] = 16
    turned: Annotated[
        int, Meta(ge=-90, le=180, description="how the modules lie: -90 on the usual boards of four, 0, 90, 180")
    ] = -90
