"""Reads what the screens' witnesses write, as they write it."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

LOOK_S: Final = 0.02


async def follow(path: Path, see: Callable[[dict[str, Any]], None]) -> None:
    """Hand each line of a growing file to `see`, for ever; a line that is not whole yet waits."""
    path.touch()
    with path.open(encoding="utf-8") as lines:
        half = ""
        while True:
            half += lines.readline()
            if half.endswith("\n"):
                see(json.loads(half))
                half = ""
            else:
                await asyncio.sleep(LOOK_S)
