"""Pads and keypads of vendors that publish nothing: their language is a description, not code."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from ..devices import Lamp
from ..pad_frames import FramedPad, faults, frame
from ..sign_frames import Check, Frame, Unfit, checksum
from .pad_code import Said

_SILENT_BYTES: Final = 20  # ours: a frame that pauses so many bytes' time has lost its end
_LEAST_SILENCE_S: Final = 0.03  # USB adapters hand bytes over every 16 ms
_BITS_A_BYTE: Final = 10


class Incoming:
    """A frame that comes in, of one length: `read` gives the bytes at its places, None for anything else."""

    def __init__(self, described: Frame, *, key_bytes: int, check: Check, length_adds: int) -> None:
        self._check = check
        self._length_adds = length_adds
        widths = {"key": key_bytes, "address-digits": 2, "length-be16": 2, "length-le16": 2}
        widths["check"] = len(checksum(check, b""))
        self._parts: list[tuple[bytes | str, int, int]] = []  # what stands there, from, to
        at = 0
        for part in described.parts:
            width = len(part) if isinstance(part, bytes) else widths.get(part, 1)
            self._parts.append((part, at, at + width))
            at += width
        self.length = at
        self._covered = self._bytes_of(described.spans.get("[", (0, 0)))
        self._counted = self._bytes_of(described.spans.get("(", (0, 0)))

    def begins(self, some: bytes) -> bool:
        """Tell whether `some`, shorter than the frame, may be its beginning."""
        return all(
            some[start : min(end, len(some))] == part[: max(0, len(some) - start)]
            for part, start, end in self._parts
            if isinstance(part, bytes) and start < len(some)
        )

    def read(self, whole: bytes) -> Mapping[str, bytes] | None:
        places: dict[str, bytes] = {}
        for part, start, end in self._parts:
            there = whole[start:end]
            if isinstance(part, bytes):
                if there != part:
                    return None
            elif part == "check":
                if there != checksum(self._check, whole[slice(*self._covered)]):
                    return None
            elif part.startswith("length"):
                counted = self._counted[1] - self._counted[0] + self._length_adds
                if int.from_bytes(there, "little" if part.endswith("le16") else "big") != counted:
                    return None
            elif part != "any" and places.setdefault(part, there) != there:
                return None
        return places

    def _bytes_of(self, span: tuple[int, int]) -> tuple[int, int]:
        begin, end = span
        if begin == end:
            return 0, 0
        return self._parts[begin][1], self._parts[end - 1][2]


class FrameDecoder:
    """Reassembles frames from chunks of any size; drops what begins none, byte by byte, and counts it.

    A frame with a key that nobody has described is noise like any other.
    """

    def __init__(self, frames: Sequence[Incoming], keys: Collection[bytes]) -> None:
        self.discarded_bytes = 0
        self._keys = keys
        self._frames = sorted(frames, key=lambda each: -each.length)
        self._pending = bytearray()

    @property
    def is_amid_frame(self) -> bool:
        return bool(self._pending)

    def feed(self, chunk: bytes) -> list[tuple[Incoming, Mapping[str, bytes]]]:
        self._pending += chunk
        found = []
        while self._pending:
            if (whole := self._whole()) is not None:
                found.append(whole)
                del self._pending[: whole[0].length]
            elif self._may_begin():
                break
            else:
                self._drop()
        return found

    def lapse(self) -> list[tuple[Incoming, Mapping[str, bytes]]]:
        found = []
        while self._pending:
            self._drop()
            found += self.feed(b"")
        return found

    def _whole(self) -> tuple[Incoming, Mapping[str, bytes]] | None:
        for each in self._frames:
            if len(self._pending) < each.length:
                continue
            places = each.read(bytes(self._pending[: each.length]))
            if places is None or not places.get("address-digits", b"0").isdigit():
                continue
            if "key" not in places or places["key"] in self._keys:
                return each, places
        return None

    def _may_begin(self) -> bool:
        return any(len(self._pending) < each.length and each.begins(bytes(self._pending)) for each in self._frames)

    def _drop(self) -> None:
        del self._pending[0]
        self.discarded_bytes += 1


class FramedCode:
    """What a described pad or keypad speaks; implements `PadCode`. Raises Unfit for a description with faults."""

    write_answer_s = 0.0

    def __init__(self, pad: FramedPad) -> None:
        if found := faults(pad):
            raise Unfit("; ".join(f"{key}: {text}" for key, text in found.items()))
        self._pad = pad
        self._keys = {bytes.fromhex(each.sends): each.means for each in pad.keys}
        key_bytes = len(next(iter(self._keys)))
        coming = [
            Incoming(frame(text), key_bytes=key_bytes, check=pad.check, length_adds=pad.length_adds)
            for text in (pad.press, pad.nothing)
            if text
        ]
        self._decoder = FrameDecoder(coming, self._keys)
        self._press = coming[0]
        self._lamps = {each.lamp: frame(each.frame) for each in pad.lamps}
        self._made: dict[tuple[str, int], Sequence[bytes]] = {}
        self.gap_s = pad.gap_ms / 1000
        self.answer_s = pad.answer_ms / 1000
        self.poll_s = pad.poll_ms / 1000
        self.is_held = pad.held
        self.long_s = pad.long_ms / 1000
        self.repeat_s = pad.repeat_ms / 1000
        self.silence_s = max(_LEAST_SILENCE_S, _SILENT_BYTES * _BITS_A_BYTE / pad.baud)

    @property
    def discarded_bytes(self) -> int:
        return self._decoder.discarded_bytes

    @property
    def is_amid_frame(self) -> bool:
        return self._decoder.is_amid_frame

    def feed(self, chunk: bytes) -> list[Said]:
        return [self._said(*each) for each in self._decoder.feed(chunk)]

    def lapse(self) -> list[Said]:
        return [self._said(*each) for each in self._decoder.lapse()]

    def answers(self, frame: bytes, heard: bytes) -> bool:  # noqa: ARG002 - these answer nothing but polls
        return True

    def poll(self, address: int) -> bytes:
        frames = self._maybe(self._pad.poll, address)
        return frames[0] if frames else b""

    def taken(self, address: int) -> Sequence[bytes]:
        return self._maybe(self._pad.taken, address)

    def lamp(self, address: int, lamp: Lamp) -> Sequence[bytes]:
        described = self._lamps.get(lamp.value)
        return (self._filled(described, address),) if described is not None else ()

    def beep(self, address: int) -> Sequence[bytes]:
        return self._maybe(self._pad.beep, address)

    def text(self, address: int, text: str) -> Sequence[bytes]:
        if not self._pad.text:
            return ()
        shown = text[-self._pad.characters :].rjust(self._pad.characters)
        if not (shown.isascii() and shown.isprintable()):
            raise Unfit(f"this pad shows ASCII only, not {shown!r}")
        return (self._filled(frame(self._pad.text), address, text=shown.encode("ascii")),)

    def asking(self, address: int, *, lit: bool) -> Sequence[bytes]:
        return self._maybe(self._pad.ask if lit else self._pad.rest, address)

    def _maybe(self, text: str, address: int) -> Sequence[bytes]:
        """Return the frame, if there is one; polls are the same for ever."""
        if not text:
            return ()
        if (text, address) not in self._made:
            self._made[text, address] = (self._filled(frame(text), address),)
        return self._made[text, address]

    def _filled(self, described: Frame, address: int, **filling: bytes) -> bytes:
        places = {"address": bytes((address,)), "address-digits": f"{address:02d}".encode(), **filling}
        return described.filled(places, check=self._pad.check, length_adds=self._pad.length_adds, escapes={})

    def _said(self, coming: Incoming, places: Mapping[str, bytes]) -> Said:
        address: int | None = None
        if "address" in places:
            address = places["address"][0]
        elif "address-digits" in places:
            address = int(places["address-digits"])
        return Said(address=address, means=self._keys[places["key"]] if coming is self._press else "")
