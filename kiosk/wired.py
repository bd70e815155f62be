"""The devices of a kiosk's file, as its programs hold them."""

from broker.config import KioskFile
from hardware.drivers.escpos_layout import KNIVES
from hardware.drivers.escpos_printer import EscposPrinter

from .paper import paper_of


def printer_of(file: KioskFile) -> EscposPrinter:
    printer = file.printer
    return EscposPrinter(
        printer.port,
        answer_timeout_s=printer.acknowledge_s,
        answers=printer.answers,
        clears=printer.clears,
        knife=KNIVES[paper_of(printer).knife],
    )
