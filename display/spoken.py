"""Remembers on disk which calls were spoken, so that a voice that starts again does not repeat the last ones."""

from pathlib import Path
from typing import Final

KEPT: Final = 200  # calls; far more than half a minute of them


class SpokenCalls:
    """One line a call: its id and how often it had been called. Losing the file repeats a call, no more."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)

    def read(self) -> frozenset[tuple[str, int]]:
        """Return what was spoken before; a line cut off by a power failure is passed over."""
        lines = self._path.read_text(encoding="utf-8", errors="replace").splitlines() if self._path.exists() else []
        self._path.write_text("".join(f"{line}\n" for line in lines[-KEPT:]), encoding="utf-8")
        words = [line.split() for line in lines[-KEPT:]]
        return frozenset((each[0], int(each[1])) for each in words if len(each) == 2 and each[1].isdecimal())  # noqa: PLR2004 - id and times

    def add(self, call: str, times: int) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(f"{call} {times}\n")
