"""One file a device: the manual's bytes as pure functions on top, the driver below; and the names used in config.

A driver speaks one device's language over a line or port. It never opens a cable by itself and knows no hall.
"""

from typing import Final

from .candle_sign import CandleSigns
from .escpos_printer import EscposPrinter
from .jtt905_keypad import Jtt905Keypad
from .line_id_cards import LineIdCards
from .line_scanner import LineScanner
from .qsystem_pads import QSystemPads

DRIVERS: Final[dict[str, type[QSystemPads | Jtt905Keypad | CandleSigns | EscposPrinter | LineScanner | LineIdCards]]] = {
    "qsystem-pads": QSystemPads,
    "jtt905-keypad": Jtt905Keypad,
    "candle-sign": CandleSigns,
    "escpos-printer": EscposPrinter,
    "line-scanner": LineScanner,
    "line-id-cards": LineIdCards,
}
