"""What every language of pads and keypads has in common: what a device said, and what it can be told. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ..devices import Lamp


@dataclass(frozen=True, kw_only=True)
class Said:
    """What one device has said: `means` as its file has it, "" when no key was pressed."""

    address: int | None  # None: its frames do not tell
    means: str


class PadCode(Protocol):
    """The language of one model. `feed` takes chunks of any size, in any noise."""

    @property
    def gap_s(self) -> float: ...

    @property
    def answer_s(self) -> float:
        """Longest wait for the answer to `poll`."""
        ...

    @property
    def write_answer_s(self) -> float:
        """Longest wait for the answer to all else; 0: nothing else is answered."""
        ...

    @property
    def poll_s(self) -> float: ...

    @property
    def is_held(self) -> bool:
        """Whether it says what is down now, and not each press once."""
        ...

    @property
    def long_s(self) -> float:
        """So long a key is held down for its long press, where it is told when it goes up; 0: it is not."""
        ...

    @property
    def repeat_s(self) -> float:
        """The same again within this is the same press."""
        ...

    @property
    def silence_s(self) -> float:
        """A frame that pauses this long has lost its end; 0: it may."""
        ...

    @property
    def discarded_bytes(self) -> int: ...

    @property
    def is_amid_frame(self) -> bool: ...

    def feed(self, chunk: bytes) -> list[Said]: ...

    def lapse(self) -> list[Said]:
        """Give up the frame whose end did not come, and return what was hidden behind it."""
        ...

    def answers(self, frame: bytes, heard: bytes) -> bool:
        """Tell whether the line is free again after `frame`: its answer, if it has one, is in `heard`."""
        ...

    def poll(self, address: int) -> bytes:
        """Return the frame that asks one address, b"" where devices speak by themselves."""
        ...

    def taken(self, address: int) -> Sequence[bytes]: ...

    def lamp(self, address: int, lamp: Lamp) -> Sequence[bytes]: ...

    def beep(self, address: int) -> Sequence[bytes]: ...

    def text(self, address: int, text: str) -> Sequence[bytes]: ...

    def asking(self, address: int, *, lit: bool) -> Sequence[bytes]: ...
