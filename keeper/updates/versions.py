"""Which of two releases is newer: pure. 0.2.0, 0.3.0-rc1, 0.3.0+20261122T211430.944c614: numbers, a word, a build."""

import re
from typing import Final

_RELEASE: Final = re.compile(r"^(\d+(?:\.\d+)*)(?:[-~](\w+(?:\.\w+)*))?(?:\+(.*))?$")


def order(release: str) -> tuple[tuple[int, ...], bool, str, str]:
    """Return what releases are ordered by; one with a word comes before the one without. Nothing is the oldest."""
    match = _RELEASE.match(release)
    if match is None:
        return (), False, release, ""
    numbers = tuple(int(part) for part in match[1].split("."))
    while numbers and numbers[-1] == 0:
        numbers = numbers[:-1]
    return numbers, match[2] is None, match[2] or "", match[3] or ""


def is_newer(release: str, than: str) -> bool:
    return order(release) > order(than)
