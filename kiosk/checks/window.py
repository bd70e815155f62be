"""The screen and its touch panel, tried in a program of its own: a graphics driver that dies takes no check with it."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

from broker.panel import px_per_mm

from .finding import Bench, Finding, amber, green, red, skipped

OPEN_S: Final = 40.0  # a slow box loads fonts and shaders for so long
SLOW_FRAME_MS: Final = 34.0  # below 30 frames a second fading stutters
FAR_MM: Final = 6.0  # a finger is 10 mm wide, a key 19
SOFTWARE: Final = ("llvmpipe", "softpipe", "swrast", "swiftshader")
SIZES_DIFFER: Final = 0.12
CONNECTORS: Final = Path("/sys/class/drm")


async def screen(bench: Bench) -> AsyncIterator[Finding]:
    """Open a window as the kiosk does, measure it, and have its crosses touched where somebody stands there."""
    touch_s = bench.touch_s if bench.attended else 0
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "kiosk.trial", "--config", str(bench.path), "--touch-s", str(touch_s)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    seen: list[dict[str, Any]] = []
    try:
        async with asyncio.timeout(OPEN_S + 6 * touch_s):
            while line := await _line(child):
                seen.append(json.loads(line))
                if "cross" in seen[-1]:
                    bench.ask("touch_now", touch_s)
            _, said = await child.communicate()
    except TimeoutError:
        said = b"it stands still"
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    measured = next((each for each in seen if "renderer" in each), None)
    if measured is None or child.returncode:
        last = said.decode(errors="replace").strip().splitlines()
        yield red("screen_dead", problem=last[-1][:200] if last else f"exit {child.returncode}")
        return
    for finding in _of_window(bench, measured, edids()):
        yield finding
    if not touch_s:
        yield skipped("touch_skipped")
        return
    yield touch_finding([each["off_mm"] for each in seen if "off_mm" in each], crosses=measured["crosses"], s=touch_s)


async def _line(child: asyncio.subprocess.Process) -> bytes:
    return await child.stdout.readline() if child.stdout is not None else b""


def _of_window(bench: Bench, measured: dict[str, Any], told: list[tuple[int, int]]) -> list[Finding]:
    """Return what the window says of itself against the file, and the panel's own word against its diagonal."""
    screen = bench.file.screen
    (w, h), found = measured["window"], []
    if (w, h) != (screen.width, screen.height):
        found.append(amber("screen_size", w=w, h=h, width=screen.width, height=screen.height))
    fine = px_per_mm(screen.width, screen.height, diagonal_in=screen.diagonal_in, dpi=screen.dpi)
    long_mm = round(max(screen.width, screen.height) / fine)
    if len(told) == 1 and abs(max(told[0]) - long_mm) > SIZES_DIFFER * long_mm:
        found.append(amber("screen_dpi", told=max(told[0]), mm=long_mm))
    if any(each in measured["renderer"].lower() for each in SOFTWARE):
        found.append(amber("screen_software", renderer=measured["renderer"]))
    frame_ms = measured["frame_ms"]
    if frame_ms > SLOW_FRAME_MS:
        found.append(amber("screen_slow", ms=round(frame_ms)))
    return found or [green("screen_ok", w=w, h=h, renderer=measured["renderer"], ms=round(frame_ms, 1))]


def touch_finding(off_mm: list[float], *, crosses: int, s: int) -> Finding:
    """Return how the touch panel is, from how far beside each cross it was touched."""
    if not off_mm:
        return red("touch_none", seconds=s)
    if len(off_mm) < crosses:
        return red("touch_some", count=len(off_mm), crosses=crosses)
    worst = round(max(off_mm), 1)
    return green("touch_ok", mm=worst) if worst <= FAR_MM else red("touch_beside", mm=worst)


def edids(connectors: Path = CONNECTORS) -> list[tuple[int, int]]:
    """Return width and height in millimetres of each panel that is plugged in and says so."""
    found = []
    for path in sorted(connectors.glob("*/edid")):
        try:
            size = size_of(path.read_bytes())
        except OSError:
            continue
        if size is not None:
            found.append(size)
    return found


def size_of(edid: bytes) -> tuple[int, int] | None:
    """Return a panel's millimetres from its EDID (VESA E-EDID, 3.10.2: first detailed timing, bytes 12 to 14)."""
    if len(edid) < 128 or edid[:8] != bytes.fromhex("00ffffffffffff00"):  # noqa: PLR2004 - length of a block
        return None
    low_w, low_h, high = edid[66:69]
    w, h = low_w | (high & 0xF0) << 4, low_h | (high & 0x0F) << 8
    return (w, h) if w and h else None
