"""The technician's PIN: its hash alone, the first line of a file. `hallcall hall init` and `hallcall pin` write it.

scrypt (RFC 7914) is in Python itself, so that a screen's box needs no library more; 32 MB and a tenth of a second a
try. A short PIN's hash can be found out by whoever holds a kiosk's card, and it opens a shell on the dispatcher's box
(`keeper.console`): those drawn here have twelve digits.
"""

import base64
import hashlib
import hmac
import re
import secrets
from pathlib import Path
from typing import Final

DIGITS: Final = 12
SHORTEST, LONGEST = 6, 12
_COST: Final = 2**15
_BLOCK: Final = 8
_MEMORY: Final = 64 << 20
_LINE: Final = re.compile(r"^\$scrypt\$([A-Za-z0-9+/=]{24})\$([A-Za-z0-9+/=]{44})$")


class BrokenPin(ValueError):
    """The file holds no PIN; the text says what to do."""


def drawn() -> str:
    """Return a PIN by chance."""
    return "".join(secrets.choice("0123456789") for _ in range(DIGITS))


def hashed(pin: str) -> str:
    """Return the line that stands for a PIN. Raises BrokenPin."""
    if not (pin.isascii() and pin.isdigit() and SHORTEST <= len(pin) <= LONGEST):
        raise BrokenPin(f"a technician's PIN has {SHORTEST} to {LONGEST} digits, and nothing else")
    salt = secrets.token_bytes(16)
    return f"$scrypt${base64.b64encode(salt).decode()}${base64.b64encode(_digest(pin, salt)).decode()}"


def is_right(pin: str, line: str) -> bool:
    """Tell whether it is the PIN, after about a tenth of a second either way. Raises BrokenPin."""
    found = _LINE.match(line.strip())
    if found is None:
        raise BrokenPin("not a technician's PIN: write the file anew with `hallcall pin --file FILE`")
    salt, known = (base64.b64decode(each) for each in found.groups())
    return hmac.compare_digest(_digest(pin, salt), known)


def line_of(path: Path) -> str:
    """Return the file's line. Raises BrokenPin."""
    try:
        line = path.read_text(encoding="ascii").partition("\n")[0]
    except (OSError, UnicodeDecodeError) as error:
        raise BrokenPin(f"{path} cannot be read: {error}; write it with `hallcall pin --file {path}`") from error
    if _LINE.match(line.strip()) is None:
        raise BrokenPin(f"{path}: not a technician's PIN: write it anew with `hallcall pin --file {path}`")
    return line


def _digest(pin: str, salt: bytes) -> bytes:
    return hashlib.scrypt(pin.encode(), salt=salt, n=_COST, r=_BLOCK, p=1, maxmem=_MEMORY, dklen=32)
