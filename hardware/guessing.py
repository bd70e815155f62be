"""What frames mean that no document explains, guessed from a few presses of each key; pure.

A byte that never changes is itself; one that changes with the key is the key; with the device, its address; one that
fits a checksum over those before it is the check; and one that changes from press to press does not matter. What
changes with the key and fits no checksum we know is taken for a part of the key: so a keypad works all the same.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from .sign_frames import Check, checksum

_CHECKS: Final = (Check.CRC16_MODBUS, Check.CRC16_MODBUS_BE, Check.XOR, Check.SUM8)
_LONGEST_TAIL: Final = 4
_LATEST_START: Final = 6
_HEADS: Final = frozenset(b"\x01\x02\x55\xaa\x5a\xa5\x7e\x7f\x3a\x40\x24\xfe\xfa\xfb\x68")
_TAILS: Final = frozenset(b"\x03\x04\x0d\x0a\x7e\x7f\x55\xaa\x16\x07\xef\xfe")
_RUINS: Final = frozenset(b"\x00\xff\xfe\xfc\xf8\xf0\xe0\xc0\x80")  # what a wrong speed makes of good bytes
_PRINTED: Final = frozenset(range(0x20, 0x7F)) | frozenset(b"\r\n")
_DIGITS: Final = frozenset(b"0123456789")


class NotUnderstood(ValueError):
    """The presses do not fit one another: press each key three times, slowly, and nothing else meanwhile."""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One frame, the key that was pressed and the device it was pressed on, as the technician calls them."""

    key: str
    frame: bytes
    device: int = 0


@dataclass(frozen=True, kw_only=True)
class Guess:
    """`frame` is a description as in `pad_frames`; `keys` are the bytes at its {key}."""

    frame: str
    keys: dict[str, bytes]
    check: Check
    addresses: dict[int, int]  # by device, where the frame tells
    any_bytes: int
    left_out: int  # samples of another length: noise


def bursts(timed: Iterable[tuple[float, bytes]], *, silence_s: float) -> list[bytes]:
    """Put together what came without a pause. `timed` are chunks with the second at which each came."""
    found: list[bytes] = []
    last_s = float("-inf")
    for at_s, chunk in timed:
        if at_s - last_s > silence_s or not found:
            found.append(b"")
        found[-1] += chunk
        last_s = at_s
    return found


def single(burst: bytes) -> bytes:
    """Return the frame of a burst that is the same frame several times, as keys send that are held."""
    for size in range(3, len(burst) // 2 + 1):
        if len(burst) % size == 0 and burst == burst[:size] * (len(burst) // size):
            return burst[:size]
    return burst


def plausibility(heard: Sequence[bytes]) -> float:
    """Return how much bursts look like frames at the right speed and parity; more is better, 0 is nothing."""
    frames = [single(each) for each in heard if len(each) > 1]
    if not frames:
        return 0.0
    often = Counter(frames).most_common(1)[0][1]
    score = 1.0 + min(often, 4) / 4
    for frame in frames:
        ruins = sum(byte in _RUINS for byte in frame) / len(frame)
        score += (0.5 * (frame[0] in _HEADS) + 0.5 * (frame[-1] in _TAILS) - 2 * ruins) / len(frames)
        score += (1.0 if _checks_of([frame]) else 0.0) / len(frames)
        score += (0.5 if all(byte in _PRINTED for byte in frame) else 0.0) / len(frames)
    return max(score, 0.01)


def guess(samples: Sequence[Sample]) -> Guess:
    """Describe the frame of which all samples are examples. Raises NotUnderstood."""
    if not samples:
        raise NotUnderstood("nothing came")
    length = Counter(len(each.frame) for each in samples).most_common(1)[0][0]
    fitting = [each for each in samples if len(each.frame) == length]
    if len({each.key for each in samples}) != len({each.key for each in fitting}):
        raise NotUnderstood("keys send frames of different lengths")
    varying = {at for at in range(length) if len({each.frame[at] for each in fitting}) > 1}
    check, covered, check_at = _check(fitting, varying)
    checked = set(range(*check_at))
    restless = _varying_within(fitting, lambda each: (each.key, each.device)) - checked
    addresses = _varying_within(fitting, lambda each: (each.key,)) - checked - restless
    keys = _varying_within(fitting, lambda each: (each.device,)) - checked - restless
    if addresses & keys:
        raise NotUnderstood("address and key stand in the same byte: press the same keys on the second device")
    address_name = _address_name(fitting, addresses)
    names = dict.fromkeys(restless, "any") | dict.fromkeys(addresses, address_name) | dict.fromkeys(checked, "check")
    if keys:
        span = range(min(keys), max(keys) + 1)
        if set(span) & set(names):
            if len(keys) > 1 and not set(span) & (addresses | checked):
                raise NotUnderstood("a byte that changes from press to press stands amid the key")
            raise NotUnderstood("the key is torn apart by address or checksum")
    elif len({each.key for each in fitting}) > 1:
        raise NotUnderstood("all keys send the same")
    else:
        span = range(0)
    names |= dict.fromkeys(span, "key")
    return Guess(
        frame=_described(fitting[0].frame, names, covered, check_at),
        keys={each.key: bytes(each.frame[at] for at in span) for each in fitting},
        check=check,
        addresses={each.device: _address(each.frame, sorted(addresses)) for each in fitting} if addresses else {},
        any_bytes=len(restless),
        left_out=len(samples) - len(fitting),
    )


def _varying_within(samples: Sequence[Sample], group: Callable[[Sample], tuple[str | int, ...]]) -> set[int]:
    """Return the places at which frames of one group differ."""
    found: set[int] = set()
    for _, together in groupby(sorted(samples, key=group), key=group):
        frames = [each.frame for each in together]
        found |= {at for at in range(len(frames[0])) if len({frame[at] for frame in frames}) > 1}
    return found


def _check(samples: Sequence[Sample], varying: set[int]) -> tuple[Check, tuple[int, int], tuple[int, int]]:
    """Return which checksum fits all frames, what it covers and where it stands."""
    frames = sorted({each.frame for each in samples})
    if len(frames) > 1:
        for kind, start, at, end in _checks_of(frames):
            has_news = bool(varying & set(range(start, at)))
            if set(range(at, end)) & varying and has_news:
                return kind, (start, at), (at, end)
    return Check.NONE, (0, 0), (0, 0)


def _checks_of(frames: Sequence[bytes]) -> list[tuple[Check, int, int, int]]:
    """Return kind, begin of what is covered, place and end of each checksum that all frames keep."""
    found = []
    length = len(frames[0])
    for kind in _CHECKS:
        width = len(checksum(kind, b""))
        for at in range(length - width, max(1, length - width - _LONGEST_TAIL) - 1, -1):
            for start in range(min(_LATEST_START, at - 1)):
                if all(checksum(kind, frame[start:at]) == frame[at : at + width] for frame in frames):
                    found.append((kind, start, at, at + width))
                    break
    return found


def _address_name(samples: Sequence[Sample], places: set[int]) -> str:
    if len(places) <= 1:
        places_bytes = [each.frame[at] for each in samples for at in places]
        before = {at - 1 for at in places}
        are_digits = bool(places) and all(byte in _DIGITS for byte in places_bytes)
        if are_digits and all(each.frame[at] in _DIGITS for each in samples for at in before if at >= 0):
            places |= {at for at in before if at >= 0}
        return "address-digits" if len(places) > 1 else "address"
    two = sorted(places)
    if len(two) == 2 and two[1] == two[0] + 1 and all(each.frame[at] in _DIGITS for each in samples for at in two):  # noqa: PLR2004
        return "address-digits"
    raise NotUnderstood("devices differ in more than an address: press the same key on both")


def _address(frame: bytes, places: Sequence[int]) -> int:
    return frame[places[0]] if len(places) == 1 else int(bytes(frame[at] for at in places))


def _described(frame: bytes, names: dict[int, str], covered: tuple[int, int], check_at: tuple[int, int]) -> str:
    words: list[str] = []
    has_check = check_at[0] < check_at[1]
    last = ""
    for at, byte in enumerate(frame):
        if has_check and at == covered[1]:
            words.append("]")
        if has_check and at == covered[0]:
            words.append("[")
        name = names.get(at, "")
        if not name:
            words.append(f"{byte:02X}")
        elif name == "any" or name != last:
            words.append(f"{{{name}}}")
        last = name
    return " ".join(words)


# A host that polls ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Talk:
    """One burst between an old host and its devices."""

    from_host: bool
    frame: bytes


@dataclass(frozen=True, kw_only=True)
class Polling:
    """How the old host asks: its frame for each device, and what the devices say when nothing is pressed."""

    polls: tuple[bytes, ...]
    answers: dict[bytes, frozenset[bytes]]  # by poll

    def device(self, poll: bytes) -> int:
        return self.polls.index(poll)


def polling(quiet: Sequence[Talk]) -> Polling | None:
    """Tell from a while in which nobody pressed a key how the host asks; None if it does not."""
    often = Counter(each.frame for each in quiet if each.from_host)
    polls = tuple(sorted(frame for frame, times in often.items() if times > 2))  # noqa: PLR2004 - asked again and again
    if not polls:
        return None
    answers: dict[bytes, set[bytes]] = {poll: set() for poll in polls}
    asked: bytes | None = None
    for each in quiet:
        if each.from_host:
            asked = each.frame
        elif asked in answers:
            answers[asked].add(each.frame)
            asked = None
    return Polling(polls=polls, answers={poll: frozenset(said) for poll, said in answers.items()})


def presses(talks: Sequence[Talk], how: Polling, key: str) -> list[Sample]:
    """Return what devices said while one key was pressed and never say otherwise."""
    idle = frozenset().union(*how.answers.values())
    found, asked = [], None
    for each in talks:
        if each.from_host:
            asked = each.frame if each.frame in how.polls else asked
        elif asked is not None and each.frame not in idle:
            found.append(Sample(key=key, frame=each.frame, device=how.device(asked)))
    return found


def told(talks: Sequence[Talk], how: Polling | None) -> list[bytes]:
    """Return what the host said beside its polls, each frame once, in order; a poll may follow without a pause."""
    polls = how.polls if how is not None else ()
    found: dict[bytes, None] = {}
    for each in talks:
        rest = each.frame if each.from_host else b""
        for poll in polls:
            rest = rest.replace(poll, b"")
        if rest:
            found[rest] = None
    return list(found)
