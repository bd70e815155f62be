"""The QR code of the short report."""

from functools import lru_cache
from typing import Final

import qrcode  # type: ignore[import-untyped] # it ships no types

QUIET: Final = 4  # squares of white around, as ISO/IEC 18004 asks


@lru_cache(maxsize=2)
def squares(text: str) -> tuple[str, ...]:
    """Return the code's rows, `#` for black, with the white around it."""
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_L, border=QUIET)
    code.add_data(text)
    return tuple("".join("#" if dark else " " for dark in row) for row in code.get_matrix())
