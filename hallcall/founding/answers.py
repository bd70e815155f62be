"""What a technician types, understood: days, hours, windows, addresses, screens. Pure; raises Wrong."""

import ipaddress
import re
from collections.abc import Callable
from typing import Final

from broker.contract.messages import Weekday
from hardware.ports import parse

from .interview import Wrong
from .plan import wrong_dispatcher

DAYS: Final = [day.value for day in Weekday]
_ID: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_BOX: Final = re.compile(r"[a-z]([a-z0-9-]{0,22}[a-z0-9])?")
_SPAN: Final = re.compile(r"([01]?\d|2[0-3])[:：]([0-5]\d)\s*[-–—~～至到]\s*([01]?\d|2[0-3])[:：]([0-5]\d)")
_BETWEEN: Final = re.compile(r"\s*[,，、;；\s]\s*")


def hall_id(typed: str) -> str:
    if _ID.fullmatch(typed) is None:
        raise Wrong("bad_id")
    return typed


def suggested_id(english: str) -> str:
    """Return a short name that a hall's English name suggests."""
    words = re.findall("[a-z0-9]+", english.lower())
    return (words[0] if words else "hall")[:32]


def box_id(taken: set[str]) -> Callable[[str], str]:
    def read(typed: str) -> str:
        if _BOX.fullmatch(typed) is None:
            raise Wrong("bad_box")
        if typed in taken:
            raise Wrong("box_taken", box=typed)
        return typed

    return read


def days(typed: str) -> list[str]:
    """Read 1-5, 1,2,6 or mon-fri."""
    for number, name in enumerate(DAYS, start=1):
        typed = typed.lower().replace(name, str(number))
    try:
        found = _numbers(typed, 7)
    except ValueError:
        raise Wrong("bad_days") from None
    return [DAYS[number - 1] for number in found]


def hours(typed: str) -> list[tuple[str, str]]:
    """Read 08:30-12:00, 14:00-17:30."""
    found = [_span(part) for part in re.split(r"\s*[,，、;；]\s*", typed.strip())]
    ends = [end for _, end in found]
    if any(begin >= end for begin, end in found) or any(
        begin < end for (begin, _), end in zip(found[1:], ends, strict=False)
    ):
        raise Wrong("bad_hours")
    return found


def _span(typed: str) -> tuple[str, str]:
    match = _SPAN.fullmatch(typed)
    if match is None:
        raise Wrong("bad_hours")
    a, b, c, d = match.groups()
    return f"{int(a):02}:{b}", f"{int(c):02}:{d}"


def windows(count: int, *, none: bool = False) -> Callable[[str], list[int]]:
    """Return what reads 1-4 or 1,3,5 of so many windows; with `none`, 0 is an empty list."""

    def read(typed: str) -> list[int]:
        if none and typed in ("0", "-", "无", "none"):
            return []
        try:
            return _numbers(typed, count)
        except ValueError:
            raise Wrong("bad_numbers", windows=count) from None

    return read


def picked(count: int) -> Callable[[str], list[int]]:
    def read(typed: str) -> list[int]:
        try:
            return _numbers(typed, count)
        except ValueError:
            raise Wrong("bad_list") from None

    return read


def _numbers(typed: str, high: int) -> list[int]:
    found: set[int] = set()
    for part in _BETWEEN.split(typed.strip()):
        first, dash, last = part.partition("-")
        low, top = int(first), int(last) if dash else int(first)
        if not 1 <= low <= top <= high:
            raise ValueError(part)
        found |= set(range(low, top + 1))
    return sorted(found)


def dispatcher(typed: str) -> str:
    if wrong_dispatcher(typed):
        raise Wrong("bad_address")
    return typed


def gateway(typed: str) -> str:
    if not typed:
        return ""
    try:
        return str(ipaddress.ip_address(typed))
    except ValueError:
        raise Wrong("bad_gateway") from None


def pixels(typed: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{3,4})\s*[x×*]\s*(\d{3,4})", typed.lower())
    if match is None:
        raise Wrong("bad_pixels")
    return int(match[1]), int(match[2])


def decimal(low: float, high: float) -> Callable[[str], float]:
    def read(typed: str) -> float:
        if re.fullmatch(r"\d{1,4}(\.\d{1,2})?", typed) is None or not low <= float(typed) <= high:
            raise Wrong("out_of_span", low=f"{low:g}", high=f"{high:g}")
        return float(typed)

    return read


def port(typed: str) -> str:
    try:
        parse(typed.replace("{counter}", "1"))
    except ValueError as error:
        raise Wrong("bad_port", problem=error) from None
    return typed
