"""Commands that broke the hall's state: noted beside the journal, and refused after the restart.

Without this one such press would hold a hall in a circle of crashes, for its sender repeats it until it is answered.
"""

import json
import logging
from pathlib import Path

log = logging.getLogger(__name__)


class Poison:
    """The ids of such commands, and the calls of such pushes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._ids = _read(path)

    def __contains__(self, command_or_call: str) -> bool:
        return command_or_call in self._ids

    def note(self, command_or_call: str) -> None:
        with self._path.open("a", encoding="utf-8") as notes:
            notes.write(json.dumps(command_or_call) + "\n")


def _read(path: Path) -> frozenset[str]:
    if not path.exists():
        return frozenset()
    ids = set()
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            ids.add(json.loads(line))
        except ValueError:
            log.warning("%s: a line cut off by a power failure is passed over: %r", path, line)
    return frozenset(ids)
