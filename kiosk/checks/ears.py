"""Speech and the tactile keypad, where the kiosk's file names them."""

import asyncio
from collections.abc import AsyncIterator

from broker.contract.messages import Language
from broker.contract.texts import texts
from hardware.devices import PortGone, TactileKey
from hardware.drivers.line_keypad import LineKeypad
from hardware.drivers.loudspeaker import open_speaker
from hardware.line import Line
from hardware.voice import sound
from hardware.voice.engines import NoSpeech
from hardware.voice.maker import usual_maker

from ..speaking import ORDINARY_DB
from ..tactile import VOICE, meanings
from .finding import Bench, Finding, amber, green, red, skipped


async def speech(bench: Bench) -> AsyncIterator[Finding]:
    """Say in both languages what a customer hears first."""
    where = bench.file.speech.speaker
    if not where:
        return
    directory = bench.state_dir / VOICE
    directory.mkdir(parents=True, exist_ok=True)
    maker = usual_maker(directory)
    try:
        for language in Language:
            made = await maker.speech(language.value, texts(language)["hearing"]["welcome"])
            if made.fault:
                yield amber("speech_second", problem=made.fault)
            await open_speaker(where).play(sound.to_wav(sound.gained(made.samples, ORDINARY_DB)))
    except (NoSpeech, PortGone) as error:
        yield red("speech_none", problem=str(error))
    else:
        yield green("speech_ok", speaker=where)
    finally:
        await maker.close()


async def keypad(bench: Bench) -> AsyncIterator[Finding]:
    """Open the keypad's line, and wait for a key where somebody is there to press one."""
    pad = bench.file.keypad
    if not pad.port:
        return
    link: asyncio.Queue[tuple[bool, str]] = asyncio.Queue()
    line = Line(pad.port, on_link=lambda up, reason: link.put_nowait((up, reason)))
    felt = LineKeypad(line, keys=meanings(pad))
    running = asyncio.create_task(line.run())
    try:
        is_up, reason = await link.get()
        if not is_up:
            yield red("keypad_gone", problem=reason)
        elif not bench.attended:
            yield skipped("keypad_unattended", port=pad.port)
        else:
            yield await _pressed(bench, felt)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def _pressed(bench: Bench, felt: LineKeypad) -> Finding:
    bench.ask("keypad_now", bench.touch_s)
    try:
        async with asyncio.timeout(bench.touch_s):
            key: TactileKey = await anext(felt.presses())
    except (TimeoutError, PortGone):
        if felt.unknown:
            return amber("keypad_unknown", names=", ".join(felt.unknown))
        return red("keypad_none", seconds=bench.touch_s)
    return green("keypad_ok", means=key.value)
