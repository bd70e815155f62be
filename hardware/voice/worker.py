"""Makes WAV files of speech with pyttsx3 and espeak-ng 1.52: one JSON request a line in, one answer a line out.

Each utterance is made in a fresh fork, so that the same text gives the same samples whatever was said before, and a
fault inside the engine costs one child. Nothing is played here. Ends when its input is closed.
"""

import ctypes
import json
import os
import signal
import sys
import threading
import time
from typing import Final

import espeakng_loader

os.environ["ESPEAK_DATA_PATH"] = espeakng_loader.get_data_path()
ctypes.CDLL(espeakng_loader.get_library_path(), ctypes.RTLD_GLOBAL)  # pyttsx3 then finds 1.52, not the system's 1.51

import pyttsx3  # noqa: E402 - only after its library
import pyttsx3.drivers.espeak  # noqa: E402 - loaded before the forks, not in each of them

_ENGINE_S: Final = 2  # an utterance takes 0.05 s; past this its child is killed by the alarm
_DRAIN_RATE: Final = 190  # a rate that the engine never has by itself
_RESEND_S: Final = 0.02


def _set_rate(engine: pyttsx3.Engine, rate: int) -> None:
    """Set the rate and wait until the engine has it; it loses a parameter now and then."""
    while engine.getProperty("rate") != rate:
        engine.setProperty("rate", rate)
        resend = time.monotonic() + _RESEND_S
        while engine.getProperty("rate") != rate and time.monotonic() < resend:
            time.sleep(0.0005)


def _speak_into(path: str, *, voice: str, rate: int, text: str) -> None:
    """Save one utterance. The engine's own queue must be idle before the voice changes, or settings are lost."""
    engine = pyttsx3.init("espeak")
    finished = threading.Event()
    engine.connect("finished-utterance", lambda **_: finished.set())
    engine.runAndWait()  # the first run returns before its sound: let it have none
    _set_rate(engine, _DRAIN_RATE)
    engine.setProperty("voice", voice)  # loading a voice resets the rate
    _set_rate(engine, rate)
    engine.save_to_file(text, path)
    engine.runAndWait()
    finished.wait()


def _make(path: str, *, voice: str, rate: int, text: str) -> bool:
    """Return whether a child of its own saved the utterance."""
    child = os.fork()
    if child == 0:
        signal.alarm(_ENGINE_S)
        _speak_into(path, voice=voice, rate=rate, text=text)
        os._exit(0)  # the engine asserts when it is closed
    _, status = os.waitpid(child, 0)
    return status == 0


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # pyttsx3 prints to stdout
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the program that started this one
    for line in sys.stdin:
        wanted = json.loads(line)
        made = _make(wanted["path"], voice=wanted["voice"], rate=wanted["rate"], text=wanted["text"])
        answers.write(json.dumps({"path": wanted["path"], "made": made}) + "\n")


if __name__ == "__main__":
    main()
