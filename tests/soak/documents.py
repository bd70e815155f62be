"""`./run soak documents`: what a technician's document says is typed, word for word, on a fresh Debian 12.

Commands stand in blocks marked `sh`; a block marked `console` shows a command and what is answered to its questions.
`--lang zh` plays the Chinese document. It ends with 0 when every command did, and says how many there were and how
long they took.
"""

import argparse
import os
import pty
import re
import select
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import fresh_debian  # type: ignore[import-not-found]  # beside this script, which Python finds and mypy does not

DOCUMENTS: Final = {"en": "README.md", "zh": "README.zh-CN.md"}
FOLDER: Final = fresh_debian.REPOSITORY / "docs/technician"
UNPACKED_AT: Final = "/root/hallcall"
PASSPHRASE: Final = "seven quiet herons on the roof"
UNSEEN: Final = ("passphrase:", "once more:", "口令:", "再输入一次:")
BLOCK: Final = re.compile(r"^```(sh|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COLOURS: Final = re.compile(r"\x1b\[[0-9;]*m")
CARD: Final = "/media/HALLCALL"
STANDS_IN: Final = "/tmp/stands-in"  # noqa: S108 - in a machine that is thrown away
QUIET_S: Final = 1.5
LIMIT_S: Final = 600
DOCTORS_ANSWERS: Final = (0, 1, 2)  # a bare machine in a container is not all green


@dataclass(frozen=True, kw_only=True)
class Typed:
    """A command, and the lines in which its questions and answers stand."""

    command: str
    lines: list[str] = field(default_factory=list)

    def answer(self, prompt: str) -> str | None:
        """Return what the document answers to a line that stays unended; None where it knows no such question."""
        if not prompt:
            return None
        if prompt.lower().endswith(UNSEEN):
            return PASSPHRASE
        known = [line for line in self.lines if line.startswith(prompt)]
        return known[0][len(prompt) :].strip() if known else None


def commands(text: str) -> list[Typed]:
    """Return what a document has typed, in its order."""
    found = []
    for kind, body in BLOCK.findall(text):
        lines = body.splitlines()
        if kind == "console":
            found.append(Typed(command=lines[0].removeprefix("$ "), lines=lines[1:]))
        else:
            found += [Typed(command=bare) for line in lines if (bare := line.partition("  #")[0].strip())]
    return found


def play(machine: fresh_debian.Machine, typed: Typed, locale: str) -> str | None:
    """Type one command; return what went wrong, if anything."""
    if " hall write " in typed.command:
        machine.run(f"rm -rf {CARD}; mkdir -p {CARD}")  # another card is put in
    script = f'cd "$(cat {STANDS_IN} 2>/dev/null || echo /root)"; {typed.command}; s=$?; pwd >{STANDS_IN}; exit $s'
    clean = ["env", "-i", "HOME=/root", "TERM=xterm", f"LANG={locale}", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"]
    child, terminal = pty.fork()
    if child == 0:
        os.execvp(machine.enter[0], [*machine.enter, *clean, "bash", "-lc", script])  # noqa: S606 - word for word
    wrong = _converse(terminal, typed)
    if wrong is not None:
        os.kill(child, 9)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    told = DOCTORS_ANSWERS if "hallcall doctor" in typed.command else (0,)
    return wrong or (None if code in told else f"ended with {code}")


def _converse(terminal: int, typed: Typed) -> str | None:
    """Answer questions until the command ends: a question is a line that stays unended while nothing comes."""
    line, ends = b"", time.monotonic() + LIMIT_S
    while time.monotonic() < ends:
        if select.select([terminal], [], [], QUIET_S)[0]:
            try:
                came = os.read(terminal, 4096)
            except OSError:  # the other side is gone
                return None
            sys.stdout.write(came.decode(errors="replace"))
            sys.stdout.flush()
            line = (line + came).rpartition(b"\n")[2]
        elif (answer := typed.answer(_read(line))) is not None:
            os.write(terminal, f"{answer}\n".encode())
            line = b""
    return f"did not end within {LIMIT_S} s; the last line, which the document does not know: {_read(line)}"


def _read(line: bytes) -> str:
    """Return what somebody reads of a line."""
    return COLOURS.sub("", line.decode(errors="replace")).strip()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, prog="./run soak documents")
    parser.add_argument("--lang", choices=DOCUMENTS, default="en")
    options = parser.parse_args()
    document: Path = FOLDER / DOCUMENTS[options.lang]
    listed = commands(document.read_text(encoding="utf-8"))
    locale = {"en": "en_GB.UTF-8", "zh": "zh_CN.UTF-8"}[options.lang]
    with fresh_debian.machine(UNPACKED_AT) as machine:
        began = time.monotonic()
        for number, typed in enumerate(listed, start=1):
            sys.stdout.write(f"\n[{number}/{len(listed)}] $ {typed.command}\n")
            if (wrong := play(machine, typed, locale)) is not None:
                sys.stdout.write(f"\n{document.name}: {typed.command}: {wrong}\n")
                return 1
        minutes = (time.monotonic() - began) / 60
    sys.stdout.write(f"\n{document.name}: {len(listed)} commands, {minutes:.1f} minutes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
