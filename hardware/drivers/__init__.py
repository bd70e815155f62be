"""One file a device: the manual's bytes as pure functions on top, the driver below; and the names used in config.

A driver speaks one device's language over a line or port. It never opens a cable by itself and knows no hall.
"""

from typing import Final

from .escpos_printer import EscposPrinter
from .jtt905_keypad import Jtt905Keypad
from .line_id_cards import LineIdCards
from .line_keypad import LineKeypad
from .line_scanner import LineScanner
from .qsystem_pads import QSystemPads

DRIVERS: Final[dict[str, type[QSystemPads | Jtt905Keypad | EscposPrinter | LineScanner | LineKeypad | LineIdCards]]] = {
    "qsystem-pads": QSystemPads,
    "jtt905-keypad": Jtt905Keypad,
    "escpos-printer": EscposPrinter,
    "line-scanner": LineScanner,
    "line-keypad": LineKeypad,
    "line-id-cards": LineIdCards,
}
