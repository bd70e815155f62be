"""Shows a build: which step, how far in all, how long; and keeps what the tools said in a log."""

import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TextIO

_TICK_S: Final = 1.0
_CAUSES: Final = {
    "No space left on device": "the disk is full: make room, or set another place with --cache",
    "Temporary failure resolving": "the network is not there: check cable, name server and proxy",
    "Could not connect": "the package server did not answer: check the network, or name a nearer one with --mirror",
    "Connection timed out": "the package server did not answer: check the network, or name a nearer one with --mirror",
    "Failed to establish a new connection": "the Python package index did not answer: check the network and pip.conf",
    "THESE PACKAGES DO NOT MATCH THE HASHES": "a Python package is not the one that was locked: see ./run lock",
    "No matching distribution found": "a locked Python package is not to be had for this processor: see ./run lock",
    "NO_PUBKEY": "Debian's keys are missing: apt install debian-archive-keyring",
    "unmet dependencies": "Debian's packages do not fit together: is the mirror whole? Try again later",
}


class BuildFailed(Exception):
    """The image was not built; the text says at which step, why, and what to check."""


class Progress:
    """One line a step. In a terminal the running step's line moves; elsewhere each step prints when it is done."""

    def __init__(self, steps: Mapping[str, float], log: Path, out: TextIO = sys.stderr) -> None:
        """Take the steps in their order, each with the seconds it usually takes: these make the percentage."""
        self._usual, self._log, self._out = dict(steps), log, out
        self._names = list(steps)
        self._done_s = 0.0
        self._now = ""
        self._began = self._step_began = time.monotonic()
        self._moving = out.isatty()
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text("")

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time one step; a step that ends with an error says so on its line."""
        self._now, self._step_began = name, time.monotonic()
        self._draw("…", end="\r")
        try:
            yield
        except BaseException:
            self._draw("failed", end="\n")
            raise
        self._done_s += self._usual[name]
        self._draw("done", end="\n")

    def passed(self, name: str) -> None:
        """Say that a step was not needed: the cache has its result."""
        with self.step(name):
            pass

    def run(self, command: Sequence[str], *, stdin: str = "", **environment: str) -> str:
        """Run a program to its end, its words going into the log; return its standard output."""
        with self._log.open("a") as log:
            log.write(f"$ {' '.join(command)}\n")
        start = self._log.stat().st_size
        with self._log.open("a") as log:
            try:
                program = subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    text=True,
                    env={**os.environ, **environment},
                )
            except FileNotFoundError:
                raise BuildFailed(
                    f"{command[0]} is missing on this machine: ./run image installs what it needs"
                ) from None
            assert program.stdin is not None  # noqa: S101
            assert program.stdout is not None  # noqa: S101
            program.stdin.write(stdin)
            program.stdin.close()
            said = []
            while True:
                ready, _, _ = select.select([program.stdout], [], [], _TICK_S)
                self._draw("…", end="\r")
                if ready:
                    part = os.read(program.stdout.fileno(), 65536)
                    if not part:
                        break
                    said.append(part)
            program.wait()
        out = b"".join(said).decode(errors="replace")
        if program.returncode != 0:
            with self._log.open("rb") as log_again:
                log_again.seek(start)
                words = log_again.read().decode(errors="replace") + out
            raise BuildFailed(why(command[0], program.returncode, words, self._log))
        return out

    def _draw(self, state: str, *, end: str) -> None:
        if end == "\r" and not self._moving:
            return
        whole = sum(self._usual.values())
        taken = time.monotonic() - self._step_began
        part = min(taken, 0.95 * self._usual[self._now]) if state == "…" else 0.0
        place = self._names.index(self._now) + 1
        line = (
            f"[{place:2}/{len(self._names)}] {100 * (self._done_s + part) / whole:3.0f} %  "
            f"{self._now:44} {state:6} {taken:6.1f} s   {time.monotonic() - self._began:5.0f} s in all"
        )
        self._out.write(line + end)
        self._out.flush()


def why(program: str, code: int, words: str, log: Path) -> str:
    """Return what to tell of a tool that failed: its last words, and the usual cause if one is known."""
    known = next((advice for sign, advice in _CAUSES.items() if sign in words), f"all that it said is in {log}")
    last = "\n".join(f"    {line}" for line in words.strip().splitlines()[-4:])
    return f"{program} ended with {code}; {known}\n{last}"
