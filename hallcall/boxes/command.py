"""`hallcall boxes`: a hall of boxes that boot our image, on this machine."""

import argparse
import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ..demo.layout import OURS
from .ground import APART, lacking, refused
from .play import Play
from .story import Story, WentWrong

INSIDE: Final = "HALLCALL_BOXES_INSIDE"  # set in the namespaces


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="hallcall boxes", description=__doc__)
    parser.add_argument("--image", type=Path, required=True, help="the root of our image, a folder")
    parser.add_argument("--out", type=Path, help="new folder for all that the run leaves behind")
    parser.add_argument("--visitors", type=int, default=8, help="people in each act")
    parser.add_argument("--hold", action="store_true", help="open the hall and keep it open, to type commands in it")
    options = parser.parse_args(arguments)
    if INSIDE not in os.environ:
        if why := lacking() or refused(options.image.resolve()):
            sys.stderr.write(f"hallcall boxes: {why}\n")
            return os.EX_UNAVAILABLE
        argv = [*APART, sys.executable, "-m", "hallcall", "boxes", *arguments]
        signal.signal(signal.SIGINT, lambda *_: None)  # who is inside hears it too, and takes the boxes apart
        return subprocess.run(argv, check=False, env={**os.environ, INSIDE: "1"}).returncode
    directory = (options.out or Path(tempfile.mkdtemp(prefix="hallcall-boxes-"))).resolve()
    for each in (*OURS, "boxes"):
        (directory / each).mkdir(parents=True, exist_ok=True)
    (directory / "screens").chmod(0o777)
    story = Story()
    story.say(f"all that is left behind: {directory}")
    wrong: list[str] = []
    try:
        _play(options, directory, story)
    except* WentWrong as group:
        wrong += [str(error) for error in group.exceptions]
    finally:
        story.write(directory / "story.json")
    for each in wrong:
        story.say(f"WENT WRONG: {each}")
    if not wrong:
        story.say("all as it should be")
    return int(bool(wrong))


def _play(options: argparse.Namespace, directory: Path, story: Story) -> None:
    image: Path = options.image.resolve()
    play = Play(directory=directory, image=image, visitors=options.visitors, story=story, hold=options.hold)
    try:
        asyncio.run(play.run())
    except KeyboardInterrupt:
        story.say("ended by hand; nothing of it runs any more")
        raise SystemExit(130) from None
