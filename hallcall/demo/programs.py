"""The demo's processes: each program on its own, watched; one that dies is started again."""

import asyncio
import ctypes
import os
import shutil
import signal
import time
from asyncio.subprocess import Process
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

LONG_LIFE_S: Final = 5.0  # a program that lived this long is started again at once
PAUSES_S: Final = (0.1, 0.5, 1.0, 2.0)  # before a program that keeps dying is started again
GOODBYE_S: Final = 4.0
PR_SET_PDEATHSIG: Final = 1  # prctl(2): the signal a child gets when its parent dies


@dataclass(kw_only=True)
class Program:
    """A running program: what starts it, where its words go."""

    name: str
    argv: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    on_line: Callable[[str], None] | None = None  # gets each line of stdout
    on_close: Callable[[], None] | None = None  # it was closed by a person, and stays so
    process: Process | None = None
    deaths: int = 0


class Programs:
    """Starts programs and keeps them alive until `stop`. `say` tells a person what happens."""

    def __init__(self, *, logs: Path, say: Callable[[str], None]) -> None:
        logs.mkdir(parents=True, exist_ok=True)
        self._logs = logs
        self._say = say
        self._programs: dict[str, Program] = {}
        self._watches: list[asyncio.Task[None]] = []
        self._stopping = False
        self._retired: set[str] = set()

    def start(
        self,
        name: str,
        argv: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        on_line: Callable[[str], None] | None = None,
        on_close: Callable[[], None] | None = None,
    ) -> None:
        program = Program(name=name, argv=argv, environment=environment or {}, on_line=on_line, on_close=on_close)
        self._programs[name] = program
        self._watches.append(asyncio.create_task(self._watch(program)))

    @property
    def deaths(self) -> dict[str, int]:
        return {program.name: program.deaths for program in self._programs.values()}

    def pid(self, name: str) -> int | None:
        process = self._programs[name].process
        return process.pid if process is not None else None

    def kill(self, name: str) -> None:
        """Kill a program as a power cut would; it is started again."""
        process = self._programs[name].process
        if process is not None and process.returncode is None:
            process.kill()

    def retire(self, name: str) -> None:
        """End a program for good."""
        self._retired.add(name)
        self.kill(name)

    def write(self, name: str, line: str) -> None:
        """Write a line to a program's stdin, if it lives."""
        process = self._programs[name].process
        if process is not None and process.stdin is not None and not process.stdin.is_closing():
            process.stdin.write(line.encode() + b"\n")

    def reads(self, name: str) -> bool:
        """Tell whether a program lives and keeps up with what is written to it."""
        process = self._programs[name].process
        if process is None or process.stdin is None or process.returncode is not None:
            return False
        return process.stdin.transport.get_write_buffer_size() == 0

    async def stop(self) -> None:
        """End all programs, friendly first."""
        self._stopping = True
        alive = [each.process for each in self._programs.values() if each.process and each.process.returncode is None]
        for process in reversed(alive):
            process.terminate()
        ends = [asyncio.create_task(process.wait()) for process in alive]
        if ends:
            await asyncio.wait(ends, timeout=GOODBYE_S)
        for process in alive:
            if process.returncode is None:
                process.kill()
        for watch in self._watches:
            watch.cancel()
        await asyncio.gather(*self._watches, return_exceptions=True)

    async def _watch(self, program: Program) -> None:
        quick_deaths = 0
        while True:
            began = time.monotonic()
            code = await self._live(program)
            if self._stopping or program.name in self._retired:
                return
            if code == 0 and program.on_close is not None:
                program.on_close()
                return
            program.deaths += 1
            quick_deaths = 0 if time.monotonic() - began > LONG_LIFE_S else quick_deaths + 1
            self._say(f"{program.name} ended ({_reason(code)}), it is started again; {self._last_word(program)}")
            await asyncio.sleep(PAUSES_S[min(quick_deaths, len(PAUSES_S) - 1)])

    async def _live(self, program: Program) -> int:
        with self._log_path(program).open("ab") as log:
            process = await self._spawn(program, log)
            program.process = process
            if process.stdout is not None and program.on_line is not None:
                while (line := await process.stdout.readline()).endswith(b"\n"):  # a line cut short by death is none
                    program.on_line(line.decode())
            return await process.wait()

    async def _spawn(self, program: Program, log: IO[bytes]) -> Process:
        piped = asyncio.subprocess.PIPE if program.on_line is not None else None
        return await asyncio.create_subprocess_exec(
            *program.argv,
            stdin=piped or asyncio.subprocess.DEVNULL,
            stdout=piped or log,
            stderr=log,
            env={**os.environ, "PYTHONSAFEPATH": "1", **program.environment},
            preexec_fn=_end_with_parent,
            start_new_session=True,
            limit=1 << 20,
        )

    def _log_path(self, program: Program) -> Path:
        return self._logs / f"{program.name}.log"

    def _last_word(self, program: Program) -> str:
        lines = self._log_path(program).read_text(encoding="utf-8", errors="replace").splitlines()
        return lines[-1] if lines else "it said nothing"


def mosquitto_command(conf: Path) -> list[str]:
    """Return what starts the broker; Debian keeps it where an ordinary user's PATH does not look."""
    return [shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin") or "mosquitto", "-c", str(conf)]


def _reason(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"


def _end_with_parent() -> None:
    """Make the kernel end this child when the director dies, however it dies."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
