"""A display node: `python -m display --config board.toml`. Its file says whether it is a board or a voice."""

import argparse
import asyncio
import logging
import os
import signal
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from broker.board_file import BoardScreen
from broker.bus import MqttBus
from broker.config import BrokenConfig, DisplayFile, load_node, login_of
from broker.contract.messages import Language, Role
from broker.link import subscriptions, will
from broker.voice_file import Voice
from hardware.devices import PortGone
from hardware.drivers.loudspeaker import open_speaker
from hardware.voice.engines import Command
from hardware.voice.maker import VoiceMaker, usual_maker

from .announcer import Announcer
from .board_check import board_findings
from .check import Finding, check, green, node_findings, red
from .fonts import NoFont
from .phrases import sentences
from .showing import show
from .spoken import SpokenCalls
from .voice_node import VoiceNode, heard_by_voice

log = logging.getLogger(__name__)


def main() -> int:
    options = argparse.ArgumentParser(prog="python -m display", description=__doc__)
    options.add_argument("--config", type=Path, required=True, help="this node's file")
    options.add_argument("--witness", type=Path, metavar="DIR", help="write down there what the board shows")
    options.add_argument("--check", action="store_true", help="show a test picture or say a call; tell what works")
    options.add_argument("--seconds", type=float, default=10.0, help="how long the test picture stays")
    options.add_argument("--json", action="store_true", help="for a program: all that the check found, at the end")
    options.add_argument("--lang", type=Language, default=Language.ZH, help="of what the check tells: zh or en")
    asked = options.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    try:
        file = load_node(asked.config, DisplayFile)
        if asked.check:
            return tell_what_works(file, asked.lang, seconds=asked.seconds, as_json=asked.json)
        return run(file, witness=asked.witness)
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


def tell_what_works(file: DisplayFile, language: Language, *, seconds: float, as_json: bool) -> int:
    match file:
        case DisplayFile(screen=BoardScreen() as screen):
            return check(board_findings(file, screen, seconds=seconds), language, as_json=as_json)
        case DisplayFile(voice=Voice() as voice):
            return check(voice_findings(file, voice), language, as_json=as_json)
        case _:
            raise BrokenConfig(f"{file.node}: a display node is a board or a voice: write either [screen] or [voice]")


def voice_findings(file: DisplayFile, voice: Voice) -> Iterator[Finding]:
    """Say a call through the loudspeaker."""
    yield from node_findings(file)
    yield from asyncio.run(_said_a_call(file, voice))


async def _said_a_call(file: DisplayFile, voice: Voice) -> list[Finding]:
    announcer = Announcer(maker(Path(file.state_dir), voice))
    try:
        speaker = open_speaker(voice.speaker)
        fault = await announcer.warm_up(voice.languages)  # by the engines, not out of the cache
        said = red("speech", "problem", problem=fault) if fault else green("speech", "speech_ok")
        made = await announcer.make(sentences("A001", 1, voice.languages, 1), volume_db=voice.volume_db)
        await speaker.play(made.whole)
    except (ValueError, PortGone) as error:
        return [red("speaker", "speaker_gone", port=voice.speaker, problem=str(error))]
    finally:
        await announcer.close()
    return [said, green("speaker", "speaker_ok", port=voice.speaker)]


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


if __name__ == "__main__":
    sys.exit(main())
