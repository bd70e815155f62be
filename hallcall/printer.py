"""`hallcall printer probe PORT`: finds out what a ticket printer understands, and saves it as a profile."""

import argparse
import asyncio
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from broker.printer_file import ChineseEncoding, Knife, PrinterProfile, profile_text
from hardware.devices import PortGone
from hardware.drivers.escpos_printer import CLEAR, Answering, ask
from hardware.drivers.escpos_probe import CUTS, ENCODINGS, QUESTIONS, WIDTHS, Question, strips
from hardware.ports import open_port

LISTEN_S: Final = 1.5


class NoAnswer(ValueError):
    """An answer that is no strip's number: count the strips again."""


async def heard_from(port_url: str, *, listen_s: float = LISTEN_S) -> Answering:
    """Ask the printer how it is, have it clear its memory, and print the strips; return what it said."""
    port = await open_port(port_url)
    answering = Answering()
    try:
        await port.write(ask(1) + CLEAR)
        try:
            async with asyncio.timeout(listen_s):
                while not (answering.statuses and answering.cleared):
                    answering.feed(await port.read())
        except TimeoutError:
            pass  # it stays mute, or does not know one of the two
        await port.write(strips())
        await asyncio.sleep(0 if answering.statuses else listen_s)  # a cable closed too early may drop the rest
        return answering
    finally:
        await port.close()


def profile_of(answers: Sequence[int], heard: Answering) -> PrinterProfile:
    """Return the profile that the answers to the questions, in their order, and the printer's own make."""
    encoding, width, qr, knife = answers
    return PrinterProfile(
        encoding=ChineseEncoding(ENCODINGS[encoding - 1]),
        width_dots=WIDTHS[width - 1],
        knife=Knife(CUTS[knife - 1]) if knife else Knife.NONE,
        native_qr=bool(qr),
        answers=bool(heard.statuses),
        clears=heard.cleared,
    )


def answered(question: Question, said: str) -> int:
    """Read one answer. Raises NoAnswer."""
    least = 0 if question.none else 1
    if not said.strip().isdecimal() or not least <= int(said) <= question.strips:
        raise NoAnswer(f"{question.name}: {said.strip()!r} is no strip; give {least} to {question.strips}")
    return int(said)


def main(arguments: Sequence[str], *, read: Callable[[str], str] = input) -> int:
    parser = argparse.ArgumentParser(prog="hallcall printer probe", description=__doc__)
    parser.add_argument("port", help="tcp:HOST:PORT, serial:DEVICE?baud=N or usblp:DEVICE; nothing else may hold it")
    parser.add_argument("--out", type=Path, required=True, help="the profile")
    parser.add_argument("--answers", metavar="N,N,N,N", help="for a program: encoding, width, QR, knife")
    options = parser.parse_args(arguments)
    given = iter(options.answers.split(",")) if options.answers is not None else None
    try:
        heard = asyncio.run(heard_from(options.port))
        print(f"strips are printed; the printer {'answers' if heard.statuses else 'does not answer'}")  # noqa: T201
        answers = [_answer(question, given, read) for question in QUESTIONS]
    except (PortGone, ValueError) as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    about = f"found by hallcall printer probe on {options.port}"
    options.out.write_text(profile_text(profile_of(answers, heard), about=about), encoding="utf-8")
    print(f'{options.out}: name it in the kiosk\'s file: [printer] profile = "{options.out}"')  # noqa: T201
    return 0


def _answer(question: Question, given: Iterator[str] | None, read: Callable[[str], str]) -> int:
    if given is not None:
        return answered(question, next(given, ""))
    while True:
        try:
            return answered(question, read(f"{question.name.upper()}: which number is {question.text}? "))
        except NoAnswer as error:
            print(error)  # noqa: T201
