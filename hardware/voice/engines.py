"""What makes speech: pyttsx3 in a worker process, the espeak-ng command, or a command of the hall's own.

Each makes files only, in a directory of its own, and each file is checked. One that hangs or dies is ended.
"""

import asyncio
import contextlib
import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final, Protocol

from . import sound
from .sound import Samples

RATE_WPM: Final = 160
WORKER: Final = (sys.executable, "-m", "hardware.voice.worker")
_WORKER_VOICES: Final = {"zh": "cmn", "en": "en-us"}
_ESPEAK_VOICES: Final = {"zh": "cmn-latn-pinyin", "en": "en-us"}  # in Debian's 1.51 plain cmn is broken
_PATIENCE_S: Final = 4.0
_ATTEMPTS: Final = 2  # now and then an engine hangs at its end
_DISTRUST: Final = 0.25  # share of the patience, and one attempt, for an engine that failed the last time
_COMPLAINT: Final = 200  # characters of what a command said when it failed


class NoSpeech(RuntimeError):
    """No engine makes speech: check that pyttsx3 and espeakng-loader are installed, or apt install espeak-ng."""


class Engine(Protocol):
    """Turns a text into the sound of a voice."""

    @property
    def key(self) -> str:
        """Name and version: what another version made is made anew."""
        ...

    def speaks(self, voice: str) -> bool: ...

    async def make(self, voice: str, text: str, pace: float = 1.0) -> Samples:
        """Return speech that can be heard, slower below a pace of 1. Raises NoSpeech, within seconds."""
        ...

    async def close(self) -> None: ...


class Attempts:
    """How long an engine is waited for: one that failed the last time gets less."""

    def __init__(self, patience_s: float) -> None:
        self._patience_s = patience_s
        self._trusted = True

    def allowed(self) -> Sequence[float]:
        """Return the seconds for each attempt."""
        return [self._patience_s] * _ATTEMPTS if self._trusted else [self._patience_s * _DISTRUST]

    def ended(self, *, well: bool) -> None:
        self._trusted = well


class Pyttsx3:
    """pyttsx3 with espeak-ng 1.52, in a worker process that is started when it is needed."""

    def __init__(self, directory: Path, *, worker: Sequence[str] = WORKER, patience_s: float = _PATIENCE_S) -> None:
        self.key = f"pyttsx3 {_version('pyttsx3')}, espeak-ng {_version('espeakng-loader')}, {RATE_WPM}"
        self._scratch = _scratch(directory)
        self._path = Path(self._scratch.name) / "made.wav"
        self._command = worker
        self._attempts = Attempts(patience_s)
        self._worker: asyncio.subprocess.Process | None = None

    def speaks(self, voice: str) -> bool:
        """Tell whether this engine has the voice: espeak has every one."""
        return bool(voice)

    async def make(self, voice: str, text: str, pace: float = 1.0) -> Samples:
        why = ""
        for patience_s in self._attempts.allowed():
            try:
                async with asyncio.timeout(patience_s):
                    samples = await self._ask(voice, text, pace)
            except TimeoutError:
                why = f"no answer for {patience_s:g} s"
            except (OSError, ValueError) as error:  # the worker is gone, its answer or its WAV is bad
                why = str(error) or type(error).__name__
            except asyncio.CancelledError:
                await self._stop()  # its answer would be taken for that of the next request
                raise
            else:
                self._attempts.ended(well=True)
                return samples
            await self._stop()
        self._attempts.ended(well=False)
        raise NoSpeech(f"pyttsx3 makes no {voice} speech ({why}): is the extra 'display' installed?")

    async def close(self) -> None:
        await self._stop()
        self._scratch.cleanup()

    async def _ask(self, voice: str, text: str, pace: float) -> Samples:
        if self._worker is None:
            self._worker = await asyncio.create_subprocess_exec(
                *self._command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
            )
        if self._worker.stdin is None or self._worker.stdout is None:
            raise OSError("the worker has no pipes")
        name, rate = _WORKER_VOICES.get(voice, voice), round(RATE_WPM * pace)
        wanted = {"path": str(self._path), "voice": name, "rate": rate, "text": text}
        self._worker.stdin.write(json.dumps(wanted).encode() + b"\n")
        with contextlib.suppress(ConnectionError):  # it has ended: its silence tells
            await self._worker.stdin.drain()
        if not await self._worker.stdout.readline():
            raise OSError("the worker has ended")
        return _taken(self._path)

    async def _stop(self) -> None:
        worker, self._worker = self._worker, None
        if worker is not None:
            await _ended(worker)


class Command:
    """A program that makes a WAV file; the text is an argument, `{text}`, or comes on its standard input.

    `{wav}` is the file to write, `{voice}` the voice's name, `{rate}` the words a minute. `voices` gives the names of
    those voices that this program has, by tag.
    """

    def __init__(
        self,
        directory: Path,
        command: Sequence[str],
        *,
        voices: dict[str, str],
        patience_s: float = _PATIENCE_S,
        advice: str = "does it run in a terminal?",
    ) -> None:
        self._scratch = _scratch(directory)
        self._path = Path(self._scratch.name) / "made.wav"
        self._command = tuple(command)
        self._voices = voices
        self._attempts = Attempts(patience_s)
        self._advice = advice

    @property
    def key(self) -> str:
        """Its words, and the time and size of each file among them: the program, a model."""
        files = [Path(found) for word in self._command if (found := shutil.which(word) or word) and "{" not in word]
        ages = [f"{file.stat().st_mtime_ns} {file.stat().st_size}" for file in files if file.is_file()]
        return " ".join([*self._command, *ages])

    def speaks(self, voice: str) -> bool:
        return voice in self._voices

    async def make(self, voice: str, text: str, pace: float = 1.0) -> Samples:
        why = ""
        for patience_s in self._attempts.allowed():
            try:
                async with asyncio.timeout(patience_s):
                    samples = await self._run(voice, text, pace)
            except TimeoutError:
                why = f"no answer for {patience_s:g} s"
            except (OSError, ValueError) as error:  # not installed, it failed, or there is no speech in its file
                why = str(error) or type(error).__name__
            else:
                self._attempts.ended(well=True)
                return samples
        self._attempts.ended(well=False)
        raise NoSpeech(f"{self._command[0]} makes no {voice} speech ({why}): {self._advice}")

    async def close(self) -> None:
        self._scratch.cleanup()

    async def _run(self, voice: str, text: str, pace: float) -> Samples:
        rate = str(round(RATE_WPM * pace))
        words = {"{wav}": str(self._path), "{voice}": self._voices[voice], "{rate}": rate, "{text}": text}
        filled = [_filled(word, words) for word in self._command]
        run = await asyncio.create_subprocess_exec(
            *filled,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            on_stdin = b"" if "{text}" in self._command else f"{text}\n".encode()
            _, complaint = await run.communicate(on_stdin)
        finally:
            await _ended(run)
        if run.returncode:
            raise OSError(f"exit code {run.returncode}: {complaint.decode(errors='replace').strip()[-_COMPLAINT:]}")
        return _taken(self._path)


def espeak_command(directory: Path, *, program: str = "espeak-ng", patience_s: float = _PATIENCE_S) -> Command:
    """Return Debian's espeak-ng as an engine."""
    return Command(
        directory,
        (program, "-v", "{voice}", "-s", "{rate}", "-w", "{wav}", "--", "{text}"),
        voices=_ESPEAK_VOICES,
        patience_s=patience_s,
        advice="apt install espeak-ng",
    )


def _filled(word: str, words: dict[str, str]) -> str:
    for place, filling in words.items():
        if place != "{text}" or word == place:  # a text is a whole word: it may hold anything
            word = filling if word == place else word.replace(place, filling)
    return word


def _scratch(directory: Path) -> "tempfile.TemporaryDirectory[str]":
    directory.mkdir(parents=True, exist_ok=True)
    return tempfile.TemporaryDirectory(prefix="voice-", dir=directory)


def _taken(path: Path) -> Samples:
    """Return the samples of a file just made. Raises OSError when there is none, BadSound when it is no speech."""
    wav = path.read_bytes()
    path.unlink()
    return sound.read(wav)


async def _ended(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
        await process.wait()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "missing"
