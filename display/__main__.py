"""A display node: `python -m display --config board.toml`. Its file says whether it is a board or a voice."""

import argparse
import asyncio
import logging
import os
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from broker.bus import MqttBus
from broker.config import BoardScreen, BrokenConfig, DisplayFile, load_node, login_of
from broker.contract.messages import Role
from broker.link import subscriptions, will
from broker.voice_file import Voice
from hardware.drivers.loudspeaker import open_speaker
from hardware.voice.engines import Command
from hardware.voice.maker import VoiceMaker, usual_maker
from hardware.witness import Witness

from .announcer import Announcer
from .board import Board
from .fonts import NoFont, chinese_fonts
from .node import BoardNode
from .node_thread import NodeThread
from .spoken import SpokenCalls
from .voice_node import VoiceNode, heard_by_voice

log = logging.getLogger(__name__)


def main() -> int:
    options = argparse.ArgumentParser(prog="python -m display", description=__doc__)
    options.add_argument("--config", type=Path, required=True, help="this node's file")
    options.add_argument("--witness", type=Path, metavar="DIR", help="write down there what the board shows")
    asked = options.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    try:
        return run(load_node(asked.config, DisplayFile), witness=asked.witness)
    except (BrokenConfig, NoFont) as error:
        sys.stderr.write(f"{error}\n")
        return os.EX_CONFIG


def run(file: DisplayFile, *, witness: Path | None) -> int:
    match file:
        case DisplayFile(screen=BoardScreen() as screen, voice=None):
            return show(file, screen, witness)
        case DisplayFile(screen=None, voice=Voice() as voice):
            return asyncio.run(speak(file, voice))
        case _:
            raise BrokenConfig(f"{file.node}: a display node is a board or a voice: write either [screen] or [voice]")


def bus_of(file: DisplayFile, *also: str) -> MqttBus:
    return MqttBus(
        login=login_of(file),
        subscriptions=subscriptions(hall=file.hall, node=file.node, also=also),
        will=will(hall=file.hall, node=file.node, role=Role.DISPLAY),
    )


async def speak(file: DisplayFile, voice: Voice) -> int:
    """Be a voice until SIGTERM."""
    try:
        speaker = open_speaker(voice.speaker)
    except ValueError as error:
        raise BrokenConfig(f"{file.node}: voice.speaker: {error}") from error
    node = VoiceNode(
        bus=bus_of(file, *heard_by_voice(voice.zone)),
        hall=file.hall,
        node=file.node,
        voice=voice,
        spoken=SpokenCalls(Path(file.state_dir) / "spoken"),
        announcer=Announcer(maker(Path(file.state_dir), voice)),
        speaker=speaker,
        clock=time.monotonic,
        now=lambda: datetime.now(UTC),
    )
    return await until_told_to_stop(node)


def maker(state_dir: Path, voice: Voice) -> VoiceMaker:
    """Return what makes a voice's speech: the hall's own engines first."""
    own = [
        Command(
            state_dir,
            each.command,
            voices={language.value: language.value for language in each.languages},
            patience_s=each.patience_s,
        )
        for each in voice.engines
    ]
    return usual_maker(state_dir, own)


async def until_told_to_stop(node: VoiceNode) -> int:
    running = asyncio.ensure_future(node.run())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, running.cancel)
    try:
        await running
    except asyncio.CancelledError:
        return 0
    return 1


def prepare_kivy(state_dir: Path, screen: BoardScreen) -> None:
    """Say in the environment how Kivy shall run: it reads these when it is imported, and nothing afterwards."""
    home = state_dir / "kivy"
    home.mkdir(parents=True, exist_ok=True)
    os.environ |= {
        "KIVY_NO_ARGS": "1",
        "KIVY_HOME": str(home),
        "KIVY_NO_FILELOG": "1",
        "KIVY_NO_CONSOLELOG": "1",
        "KIVY_LOG_MODE": "PYTHON",
        "KCFG_GRAPHICS_WIDTH": str(screen.width),
        "KCFG_GRAPHICS_HEIGHT": str(screen.height),
        "KCFG_GRAPHICS_FULLSCREEN": "1" if screen.fullscreen else "0",
        "KCFG_GRAPHICS_MULTISAMPLES": "0",  # shapes smooth their own edges; a box without a GPU pays for samples
        "KCFG_GRAPHICS_ALLOW_SCREENSAVER": "0",
        "KCFG_GRAPHICS_SHOW_CURSOR": "0",
        "KCFG_GRAPHICS_RESIZABLE": "0",
        "KCFG_KIVY_EXIT_ON_ESCAPE": "0",
    }


def show(file: DisplayFile, screen: BoardScreen, witness: Path | None) -> int:
    """Be a board until SIGTERM: Kivy has the main thread, the node a thread and loop of its own."""
    prepare_kivy(Path(file.state_dir), screen)
    from .screen.app import BoardApp  # noqa: PLC0415 - a voice has no Kivy, and Kivy reads its environment first

    app = BoardApp(
        places=screen.rows,
        fonts=chinese_fonts(),
        witness=Witness(witness, name="board") if witness else None,
    )

    def make() -> BoardNode:
        return BoardNode(
            bus=bus_of(file, "view/hall", "view/queues", f"view/board/{screen.zone}"),
            hall=file.hall,
            node=file.node,
            board=Board(zone=screen.zone, most_rows=screen.rows),
            clock=time.monotonic,
            now=lambda: datetime.now(UTC),
            show=app.show_soon,
        )

    thread = NodeThread(make=make, on_end=app.stop_soon)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: app.stop_soon())
    thread.start()
    try:
        app.run()
    finally:
        thread.stop()
    if thread.error is not None:
        raise thread.error
    return 0


if __name__ == "__main__":
    sys.exit(main())
