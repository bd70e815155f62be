"""A board over eight hours of a busy hall, on virtual time: what a frame costs, and whether memory stays flat."""

import json
import os
import subprocess
import sys
import tempfile
from statistics import median
from typing import Final

HOURS: Final = 8
COMMAND: Final = (sys.executable, "-m", "display.long_day")


def measure() -> None:
    """a board's frame time and memory over eight simulated hours"""  # noqa: D400, D401, D403, D415 - a line of a table
    with tempfile.TemporaryDirectory(prefix="hallcall-bench-") as place:
        run = subprocess.run(
            [*COMMAND, place, "--hours", str(HOURS)],
            env={**os.environ, "SDL_VIDEODRIVER": "offscreen"},
            capture_output=True,
            text=True,
            check=True,
            timeout=1200,
        )
    hours = [json.loads(line) for line in run.stdout.splitlines() if line.startswith("{")]
    floor_ms, floor_mib = hours[0]["frame_ms"], hours[0]["mib"]
    say = sys.stdout.write
    for hour in hours:
        say(
            f"hour {hour['hour']}: {hour['frames']:,} sights drawn, {hour['calls']:,} calls; "
            f"frame {hour['frame_ms'] / floor_ms:.2f} x the first hour's, memory {hour['mib'] / floor_mib:.3f} x\n"
        )
    say(f"floor, the first hour: {floor_ms:.1f} ms a frame, {floor_mib:.0f} MiB\n")
    say(f"frame {median(hour['frame_ms'] for hour in hours):.1f} ms, 99 % {hours[-1]['p99_ms']:.1f} ms\n")
    grown = hours[-1]["mib"] - floor_mib
    say(f"memory after {HOURS} hours: {hours[-1]['mib']:.0f} MiB, {grown:+.1f} MiB since the first\n")
