"""`hallcall why A023`: why it was called when it was, or why it still waits; from the journal, while the hall runs."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

import msgspec

from broker.config import BrokenConfig
from broker.contract.messages import Language
from broker.contract.texts import texts
from broker.journal import JournalDamaged, JournalTooNew, read_day
from broker.report.sentences import Section, sections
from broker.report.slip import Line, slip
from broker.report.why import Account, UnknownTicket, account
from broker.report.words import Words
from hardware.devices import Printed
from hardware.drivers import escpos_layout
from hardware.drivers.escpos_printer import EscposPrinter

from .journals import INSTALLED, day_file, directory

COLUMN_DOTS: Final = 12  # of a narrow character
ENCODINGS: Final[dict[str, escpos_layout.Encoding]] = {"gb18030": "gb18030", "gbk": "gbk", "utf-8": "utf-8"}


class NotPrinted(RuntimeError):
    """The slip did not come out: look at the printer's paper, cover, cable and power."""


def main(arguments: Sequence[str]) -> int:
    options = _options(arguments)
    try:
        path = day_file(directory(options.journal, options.config), options.day)
        told = account(read_day(path), options.ticket.upper(), now=datetime.now(UTC))
        language = Language(options.lang) if options.lang is not None else told.language
        words = Words(texts(language)["why"], hall=told.hall, language=language)
        answer = sections(told, words)
        sys.stdout.write(_json(told, answer) if options.json else _text(answer))
        if options.print is not None:
            asyncio.run(_print(_bytes(told, words, options), options.print))
    except (UnknownTicket, JournalDamaged, JournalTooNew, BrokenConfig, NotPrinted, ValueError, OSError) as error:
        sys.stderr.write(f"hallcall why: {error}\n")
        return 1
    return 0


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="hallcall why", description=__doc__)
    parser.add_argument("ticket", metavar="TICKET", help="its number, such as A023")
    parser.add_argument("--journal", type=Path, metavar="PATH", help="directory of journals, or one day's file")
    parser.add_argument("--config", type=Path, metavar="FILE", help=f"dispatcher.toml; left out: {INSTALLED}")
    parser.add_argument("--day", type=date.fromisoformat, metavar="YYYY-MM-DD", help="left out: the last day")
    parser.add_argument("--lang", choices=[each.value for each in Language], help="left out: the ticket's")
    parser.add_argument("--json", action="store_true", help="as data")
    parser.add_argument(
        "--print", metavar="PORT", help="on a slip printer: tcp:HOST:PORT, serial:DEVICE?baud=N, usblp:…"
    )
    parser.add_argument("--width-dots", type=int, default=576, metavar="N", help="384 on 58 mm paper, 576 on 80 mm")
    parser.add_argument("--encoding", choices=ENCODINGS, default="gb18030", help="of the printer's Chinese text")
    return parser.parse_args(arguments)


def _text(answer: Sequence[Section]) -> str:
    paragraphs = ("\n".join((each.heading, *(f"  {line}" for line in each.lines))) for each in answer)
    return "\n\n".join(paragraphs) + "\n"


def _json(told: Account, answer: Sequence[Section]) -> str:
    plain = msgspec.to_builtins(told)
    plain["hall"] = told.hall.id
    plain["told"] = msgspec.to_builtins(answer)
    return msgspec.json.format(msgspec.json.encode(plain), indent=2).decode() + "\n"


def _bytes(told: Account, words: Words, options: argparse.Namespace) -> bytes:
    items = slip(told, words, at=told.as_of, columns=options.width_dots // COLUMN_DOTS)
    laid_out = [
        escpos_layout.Line(each.text, size=each.size, bold=each.bold, align="center" if each.centred else "left")
        if isinstance(each, Line)
        else escpos_layout.Rule()
        for each in items
    ]
    return escpos_layout.encode(laid_out, encoding=ENCODINGS[options.encoding], width_dots=options.width_dots)


async def _print(slip_bytes: bytes, port: str) -> None:
    printer = EscposPrinter(port)
    try:
        result = await printer.print(slip_bytes)
    finally:
        await printer.close()
    if result.printed is not Printed.YES:
        raise NotPrinted(
            f"printer {port}: printed: {result.printed.value}, paper: {result.paper.value}. Look at its "
            "paper, cover, cable and power, then print again."
        )
