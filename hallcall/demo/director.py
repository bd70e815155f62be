"""The demo's director: `hallcall demo`. Opens the hall, sends people into it, counts, and says what is missing."""

import argparse
import asyncio
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from . import tally
from .desk import Desk, desk, screen_size
from .keyboard import keys
from .layout import NotOurs, clear
from .seen import clerks, mischief
from .stage import Stage
from .terminal import LiveView, PlainLines


async def _run(directory: Path, options: argparse.Namespace, *, place: Desk | None) -> int:
    """Play the hall until its end. `place` is where the windows go; without it nobody sees them."""
    view = LiveView() if place is None and sys.stdout.isatty() else PlainLines()
    counted = options.visitors is not None
    with view:
        stage = Stage(
            directory=directory,
            visitors=options.visitors,
            seed=options.seed,
            desk=place,
            silent=place is None or counted or not _has_sound(),
            view=view,
        )
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, stage.stop, f"told to end by {number.name}")
        with keys(lambda letter: _type(stage, letter)):
            try:
                return await _play(stage, options, windows=place is not None)
            finally:
                stage.say("the hall closes")
                await stage.close()


async def _play(stage: Stage, options: argparse.Namespace, *, windows: bool) -> int:
    """Open, let people in, count; return the exit code when the last has gone, or when somebody ends a held hall."""
    code = 0
    stage.say(f"the hall's files: {stage.directory}")
    stage.crowd.clerks_at_work.clear()
    stage.start()
    if not await _unless(stage.stopped, stage.ready()):
        return 1
    stage.say("营业厅已开门 the hall is open")
    stage.say(stage.page())
    if options.hold:
        stage.say(stage.invitation())
    if options.visitors is not None:
        stage.staff()
        began = time.monotonic()
        await _unless(stage.stopped, stage.visit(options.visitors, options.no_shows))
        stage.say(f"{options.visitors} visitors in {time.monotonic() - began:.0f} s")
        code = await asyncio.to_thread(_report, stage, options)
    elif not windows:
        stage.staff()
        stage.spawn(stage.arrivals())
    if options.visitors is None or options.hold:
        await stage.stopped.wait()
    return code


def _type(stage: Stage, letter: str) -> None:
    """Do what a key of the terminal means."""
    seen = stage.look()
    if letter == "q":
        stage.stopped.set()
    for offer in (*mischief(seen), clerks(seen)):
        if offer.letter == letter and seen.is_open:
            stage.act(offer.act)


async def _unless(stopped: asyncio.Event, work: Coroutine[Any, Any, Any]) -> Any:
    """Return what `work` returns, or None when the demo is stopped first."""
    working = asyncio.ensure_future(work)
    stopping = asyncio.ensure_future(stopped.wait())
    await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if working.done():
        stopping.cancel()
        return working.result()
    working.cancel()
    return None


def _report(stage: Stage, options: argparse.Namespace) -> int:
    """Count what the far ends saw, write calls.jsonl and summary.json, and say what is missing."""
    floor, directory = stage.floor, stage.directory
    visitors: int = options.visitors
    errors = tally.recognise(
        floor,
        tape=directory / "audio" / "hall.wav",
        known=directory / "state" / "phrases",
        languages=stage.languages,
        repeats=stage.repeats,
    )
    errors += tally.mismatches(
        floor,
        visitors=visitors,
        no_shows=options.no_shows,
        unlucky=stage.crowd.unlucky,
        unheard=stage.crowd.unheard,
    )
    lines = [json.dumps(call, ensure_ascii=False) for call in tally.calls(floor)]
    (directory / "calls.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    summary = tally.summary(floor, visitors=visitors, errors=errors)
    text = json.dumps(summary, ensure_ascii=False, indent=2)
    (directory / "summary.json").write_text(text + "\n", encoding="utf-8")
    stage.say(f"summary.json: {json.dumps(summary, ensure_ascii=False)}")
    for error in errors:
        stage.say(f"MISSING: {error}")
    return 1 if errors else 0


def _has_screen() -> bool:
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _has_sound() -> bool:
    cards = Path("/proc/asound/cards")
    return cards.exists() and "no soundcards" not in cards.read_text(encoding="utf-8")


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="hallcall demo", description="A whole hall on this machine 一台电脑上的整个营业厅"
    )
    parser.add_argument("--headless", action="store_true", help="no windows: virtual people act on the devices")
    parser.add_argument("--visitors", type=int, metavar="N", help="send N visitors, count everything, and end")
    parser.add_argument("--no-shows", type=int, default=0, metavar="N", help="how many of them do not come when called")
    parser.add_argument("--seed", type=int, default=1, help="of the virtual people's chances")
    parser.add_argument("--out", type=Path, help="directory for all that the run leaves behind")
    parser.add_argument(
        "--hold", action="store_true", help="keep the hall running until Ctrl-C; print a login to watch"
    )
    options = parser.parse_args(argv)
    directory = (options.out or Path(tempfile.mkdtemp(prefix="hallcall-demo-"))).resolve()
    try:
        clear(directory)
    except NotOurs as error:
        sys.stderr.write(f"{error}\n")
        return 2
    headless = options.headless or not _has_screen()
    return asyncio.run(_run(directory, options, place=None if headless else desk(*screen_size())))
