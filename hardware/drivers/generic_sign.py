"""LED bars of vendors that publish nothing but a frame: the sign's language is a description, not code."""

from collections.abc import Mapping, Sequence

from ..sign_frames import Frame, GenericSign, Unfit, faults
from .line_signs import Blinking
from .sign_text import Written, written


class GenericCode:
    """What a described sign understands; implements `SignCode`. Raises Unfit for a description with faults."""

    answer_s = 0.0

    def __init__(self, sign: GenericSign, *, characters: int = 0, letters: Mapping[str, str] | None = None) -> None:
        if found := faults(sign):
            raise Unfit("; ".join(f"{key}: {text}" for key, text in found.items()))
        self._sign = sign
        self._letters = letters
        self._characters = characters or sign.characters
        self._escapes = {bytes.fromhex(each.byte)[0]: bytes.fromhex(each.send) for each in sign.escapes}
        self._show, self._blink = Frame(sign.show), Frame(sign.blink)
        self._clear, self._brightness = Frame(sign.clear), Frame(sign.brightness)
        self.gap_s = sign.gap_ms / 1000
        self.blinking = Blinking.BY_HAND
        if sign.blink:
            self.blinking = Blinking.COUNTED if "blinks" in self._blink.names else Blinking.FLASHING

    def begun(self, address: int) -> Sequence[bytes]:  # noqa: ARG002 - nothing is wanted
        return ()

    def written(self, text: str) -> Written:
        return written(
            text, has=self._has, fits=lambda shown: self._size(shown) <= self._characters, letters=self._letters
        )

    def shown(self, address: int, text: str, *, blinks: int) -> Sequence[bytes]:
        if not text and self._sign.clear:
            return (self._filled(self._clear, address),)
        frame = self._blink if blinks and self._sign.blink else self._show
        encoded = text.encode(self._sign.encoding.value)
        encoded += bytes.fromhex(self._sign.fill) * (self._sign.text_bytes - len(encoded))
        return (self._filled(frame, address, text=encoded, blinks=bytes((min(blinks, 0xFF),))),)

    def dimmed(self, address: int, percent: int) -> Sequence[bytes]:
        if not self._sign.brightness:
            return ()
        low, high = self._sign.level_low, self._sign.level_high
        return (self._filled(self._brightness, address, level=bytes((round(low + (high - low) * percent / 100),))),)

    def reply(self, frame: bytes, heard: bytes) -> str | None:  # noqa: ARG002 - no answer is described
        return None

    def _filled(self, frame: Frame, address: int, **filling: bytes) -> bytes:
        first, last = self._sign.first_address, self._sign.last_address
        if not first <= address <= last:
            raise ValueError(f"this sign's address is from {first} to {last}, not {address}: see its switches")
        places = {"address": bytes((address,)), "address-digits": f"{address:02d}".encode(), **filling}
        return frame.filled(places, check=self._sign.check, length_adds=self._sign.length_adds, escapes=self._escapes)

    def _has(self, character: str) -> bool:
        try:
            character.encode(self._sign.encoding.value)
        except UnicodeEncodeError:
            return False
        return character.isprintable()

    def _size(self, text: str) -> int:
        return len(text.encode(self._sign.encoding.value))
