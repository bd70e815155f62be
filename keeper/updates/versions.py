"""Which of two releases is newer: pure. A release is numbers with dots, and perhaps a word behind: 0.2.0, 0.3.0-rc1."""

import re
from typing import Final

_NUMBERS: Final = re.compile(r"^(\d+(?:\.\d+)*)(?:[-~](\w+(?:\.\w+)*))?(?:\+.*)?$")


def order(release: str) -> tuple[tuple[int, ...], bool, str]:
    """Return what releases are ordered by; one with a word behind comes before the one without. "" is the oldest."""
    match = _NUMBERS.match(release)
    if match is None:
        return (), False, release
    numbers = tuple(int(part) for part in match[1].split("."))
    while numbers and numbers[-1] == 0:
        numbers = numbers[:-1]
    return numbers, match[2] is None, match[2] or ""


def is_newer(release: str, than: str) -> bool:
    return order(release) > order(than)
