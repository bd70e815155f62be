"""Turns sentences into WAVs: pyttsx3 in a worker process, else the espeak-ng command, else the chime alone.

The worker only makes files, and each is checked; one that hangs or dies is started again. Nothing is played here.
"""

import asyncio
import json
import logging
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from broker.contract.messages import Language

from . import sound
from .sound import Samples
from .speech import Spoken, phrase

log = logging.getLogger(__name__)

RATE_WPM: Final = 160
ENGINE_VOICES: Final = {Language.ZH: "cmn", Language.EN: "en-us"}
COMMAND_VOICES: Final = {Language.ZH: "cmn-latn-pinyin", Language.EN: "en-us"}  # in Debian's 1.51 plain cmn is broken
PATIENCE_S: Final = 4.0
ATTEMPTS: Final = 2
DISTRUST: Final = 0.25  # share of the patience, and one attempt, for an engine that failed the last time


class NoSpeech(RuntimeError):
    """No engine makes speech: check that pyttsx3 and espeakng-loader are installed, or apt install espeak-ng."""


@dataclass(frozen=True, kw_only=True)
class Made:
    """One announcement's WAV; `fault` says what is wrong when an engine failed, for a technician."""

    wav: bytes
    fault: str = ""


class VoiceMaker:
    def __init__(
        self,
        *,
        state_dir: Path,
        worker: Sequence[str] = (sys.executable, "-m", "display.voice_worker"),
        command: str = "espeak-ng",
        patience_s: float = PATIENCE_S,
    ) -> None:
        state_dir.mkdir(parents=True, exist_ok=True)
        self._directory = tempfile.TemporaryDirectory(prefix="voice-", dir=state_dir)
        self._worker_command = worker
        self._command = command
        self._patience_s = patience_s
        self._worker: asyncio.subprocess.Process | None = None
        self._trusted = True  # the engine did not fail the last time
        self._one_at_a_time = asyncio.Lock()
        self._made = 0

    async def warm_up(self, languages: Sequence[Language]) -> None:
        """Start the worker and say something in each language to nobody, so that the first call is quick."""
        sound.chime()
        await self.make([Spoken(language=each, text=phrase("A001", 1, each)) for each in languages])

    async def make(self, parts: Sequence[Spoken]) -> Made:
        """Return the WAV of an announcement; it never fails, at worst it is the chime."""
        async with self._one_at_a_time:
            spoken: dict[Spoken, Samples] = {}
            faults = []
            for part in dict.fromkeys(parts):
                try:
                    spoken[part] = await self._by_engine(part)
                except NoSpeech as error:
                    faults.append(str(error))
                    log.warning("%s", error)
                    try:
                        spoken[part] = await self._by_command(part)
                    except NoSpeech as worse:
                        faults.append(str(worse))
                        log.warning("%s", worse)
            return Made(
                wav=sound.announcement([spoken[part] for part in parts if part in spoken]),
                fault="; ".join(dict.fromkeys(faults)),
            )

    async def close(self) -> None:
        await self._stop_worker()
        self._directory.cleanup()

    async def _by_engine(self, part: Spoken) -> Samples:
        why = ""
        attempts, patience_s = (ATTEMPTS, self._patience_s) if self._trusted else (1, self._patience_s * DISTRUST)
        for _ in range(attempts):
            try:
                async with asyncio.timeout(patience_s):
                    samples = await self._ask_worker(part)
            except TimeoutError:
                why = f"no answer for {patience_s:g} s"
            except (OSError, ValueError) as error:  # the worker is gone, its answer or its WAV is bad
                why = str(error) or type(error).__name__
            else:
                self._trusted = True
                return samples
            await self._stop_worker()
        self._trusted = False
        raise NoSpeech(f"pyttsx3 makes no {part.language.value} speech ({why}): is the extra 'display' installed?")

    async def _ask_worker(self, part: Spoken) -> Samples:
        if self._worker is None:
            self._worker = await asyncio.create_subprocess_exec(
                *self._worker_command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
            )
        if self._worker.stdin is None or self._worker.stdout is None:
            raise OSError("the worker has no pipes")
        path = self._new_path()
        wanted = {
            "path": str(path),
            "voice": ENGINE_VOICES[part.language],
            "rate": RATE_WPM,
            "text": part.text,
        }
        self._worker.stdin.write(json.dumps(wanted).encode() + b"\n")
        await self._worker.stdin.drain()
        answer = await self._worker.stdout.readline()
        if not answer:
            raise OSError("the worker has ended")
        return _read_and_remove(path)

    async def _by_command(self, part: Spoken) -> Samples:
        why = ""
        for _ in range(ATTEMPTS):  # now and then 1.51 hangs at its end
            try:
                return await self._run_command(part)
            except (OSError, ValueError) as error:  # not installed, no answer, or no speech in its file
                why = repr(error)
        raise NoSpeech(f"{self._command} makes no {part.language.value} speech ({why}): apt install espeak-ng")

    async def _run_command(self, part: Spoken) -> Samples:
        path = self._new_path()
        run = await asyncio.create_subprocess_exec(
            *(self._command, "-v", COMMAND_VOICES[part.language], "-s", str(RATE_WPM)),
            *("-w", str(path), "--", part.text),
        )
        try:
            async with asyncio.timeout(self._patience_s):
                await run.wait()
        finally:
            if run.returncode is None:
                run.kill()
        return _read_and_remove(path)

    async def _stop_worker(self) -> None:
        worker, self._worker = self._worker, None
        if worker is None:
            return
        if worker.returncode is None:
            worker.kill()
        await worker.wait()

    def _new_path(self) -> Path:
        self._made += 1
        return Path(self._directory.name) / f"{self._made}.wav"


def _read_and_remove(path: Path) -> Samples:
    """Return the samples of a file just made. Raises OSError when there is none, BadSound when it is no speech."""
    wav = path.read_bytes()
    path.unlink()
    return sound.read(wav)
