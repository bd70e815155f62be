"""What a person in front of a screen would notice, written down as it is drawn: for the demo and the tests.

One JSON object a line, with `ms` of the machine's monotonic clock, taken when the frame was handed to the screen.
"""

import json
import time
from pathlib import Path


class Witness:
    def __init__(self, directory: Path, *, name: str) -> None:
        """Write to `directory/name.jsonl`; pictures belong beside it."""
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self._file = (directory / f"{name}.jsonl").open("a", encoding="utf-8", buffering=1)

    def saw(self, **what: object) -> None:
        self._file.write(json.dumps({"ms": time.monotonic() * 1000, **what}, ensure_ascii=False) + "\n")
