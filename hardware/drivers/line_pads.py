"""Pads and keypads that send each press as a line of text, such as `Q1-025`; CR, LF or both end a line."""

import re
from collections.abc import Sequence
from typing import Final

from ..devices import Lamp
from ..pad_frames import LinedPad, faults
from ..sign_frames import Unfit
from .pad_code import Said

LONGEST: Final = 64  # ours: noise without an end must not grow for ever
_ENDS: Final = re.compile(rb"[\r\n]+")
_PLACE: Final = re.compile(r"\{([a-z]+)\}")
_PATTERNS: Final = {"address": r"(?P<address>\d{1,3})", "any": r".*?"}


class LinedCode:
    """What a pad speaks whose presses are lines; implements `PadCode`. Raises Unfit for a description with faults."""

    answer_s = write_answer_s = poll_s = long_s = repeat_s = silence_s = 0.0
    is_held = False

    def __init__(self, pad: LinedPad) -> None:
        if found := faults(pad):
            raise Unfit("; ".join(f"{key}: {text}" for key, text in found.items()))
        self._pad = pad
        self._means = {each.sends: each.means for each in pad.keys}
        keys = sorted(self._means, key=len, reverse=True)
        patterns = _PATTERNS | {"key": f"(?P<key>{'|'.join(map(re.escape, keys))})"}
        pieces = _PLACE.split(pad.press)  # texts and names of places in turn
        try:
            described = "".join(
                patterns[piece] if number % 2 else re.escape(piece) for number, piece in enumerate(pieces)
            )
            self._line = re.compile(described)
        except (KeyError, re.error) as error:
            raise Unfit(f"press: {pad.press!r} has a place that is not known, or one twice ({error})") from error
        self.gap_s = pad.gap_ms / 1000
        self.discarded_bytes = 0
        self._pending = b""

    @property
    def is_amid_frame(self) -> bool:
        return bool(self._pending)

    def feed(self, chunk: bytes) -> list[Said]:
        *lines, self._pending = _ENDS.split(self._pending + chunk)
        if len(self._pending) > LONGEST:
            self.discarded_bytes += len(self._pending) - LONGEST
            self._pending = self._pending[-LONGEST:]
        return [said for line in lines if line and (said := self._understood(line)) is not None]

    def lapse(self) -> list[Said]:
        self.discarded_bytes += len(self._pending)
        self._pending = b""
        return []

    def answers(self, frame: bytes, heard: bytes) -> bool:  # noqa: ARG002 - these answer nothing
        return True

    def poll(self, address: int) -> bytes:  # noqa: ARG002 - these speak by themselves
        return b""

    def taken(self, address: int) -> Sequence[bytes]:  # noqa: ARG002 - nothing is wanted
        return ()

    def lamp(self, address: int, lamp: Lamp) -> Sequence[bytes]:
        return self._sent(self._pad.lamp, address, lamp=lamp.value)

    def beep(self, address: int) -> Sequence[bytes]:
        return self._sent(self._pad.beep, address)

    def text(self, address: int, text: str) -> Sequence[bytes]:
        return self._sent(self._pad.text, address, text=text[-self._pad.characters :])

    def asking(self, address: int, *, lit: bool) -> Sequence[bytes]:
        return self._sent(self._pad.ask if lit else self._pad.rest, address)

    def _understood(self, line: bytes) -> Said | None:
        """Return what a line says; noise before it on the same line does no harm."""
        text = line.decode("ascii", errors="replace")
        for start in range(len(text)):
            found = self._line.fullmatch(text, start)
            if found is not None:
                self.discarded_bytes += start
                places = found.groupdict()
                address = places.get("address")
                return Said(address=int(address) if address else None, means=self._means[places["key"]])
        self.discarded_bytes += len(line)
        return None

    def _sent(self, line: str, address: int, **filling: str) -> Sequence[bytes]:
        if not line:
            return ()
        filling |= {"address": str(address)}
        text = _PLACE.sub(lambda place: filling.get(place[1], place[0]), line)
        return (text.encode("ascii", errors="replace") + bytes.fromhex(self._pad.ends),)
