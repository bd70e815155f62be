"""Writes the announcements that the voice would play as WAV files, sample for sample, to compare recordings with.

Reads lines of {"name": "a", "ticket": "A012", "counter": 3, "languages": ["zh"], "repeats": 1}; writes DIR/a.wav.
"""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import msgspec

from broker.contract.messages import Language
from hardware.voice.maker import usual_maker

from .announcer import Announcer
from .phrases import sentences, short


class Wanted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str
    ticket: str
    counter: int
    languages: tuple[Language, ...]
    repeats: int = 1
    short: bool = False  # as it is said among others, without chime


async def write(lines: Iterable[str], directory: Path) -> list[str]:
    """Write one WAV a line and return what went wrong."""
    faults = []
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        announcer = Announcer(usual_maker(Path(scratch)))
        for line in lines:
            wanted = msgspec.json.decode(line, type=Wanted)
            parts = sentences(wanted.ticket, wanted.counter, wanted.languages, wanted.repeats)
            if wanted.short:
                parts = tuple(short(wanted.ticket, wanted.counter, each, first=True) for each in wanted.languages)
            made = await announcer.make(parts)
            (directory / f"{wanted.name}.wav").write_bytes(made.rest if wanted.short else made.whole)
            if made.fault:
                faults.append(f"{wanted.name}: {made.fault}")
        await announcer.close()
    return faults


def main() -> int:
    options = argparse.ArgumentParser(prog="python -m display.reference", description=__doc__)
    options.add_argument("--out", type=Path, required=True, help="directory for the WAV files")
    faults = asyncio.run(write((line for line in sys.stdin if line.strip()), options.parse_args().out))
    sys.stderr.writelines(f"{fault}\n" for fault in faults)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
