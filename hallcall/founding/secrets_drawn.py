"""What is drawn by chance for a hall: one-time tokens, tablets' codes, the kiosks' key, PINs."""

import secrets
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from broker.invitations import TOKEN_BYTES
from broker.technician import pin

PIN_DIGITS: Final = 6
CODE_BYTES: Final = 12
LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"  # nobody mistakes one for another
GROUPS: Final = (5, 5)  # groups and letters of a passphrase that is made: 123 bits


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A hall's secrets. `technician_line` is the hash of the technician's PIN, which opens a page on any screen."""

    tokens: Mapping[str, str] = field(repr=False)
    codes: Mapping[int, str] = field(repr=False)
    identity_key: str = field(repr=False)
    supervisor_pin: str = field(repr=False)
    technician_pin: str = field(repr=False)  # empty where it was drawn before
    technician_line: str = field(repr=False)


def drawn(boxes: Iterable[str], tablets: Iterable[int]) -> Drawn:
    technician_pin = pin.drawn()
    return Drawn(
        tokens={box: secrets.token_hex(TOKEN_BYTES) for box in boxes},
        codes={window: secrets.token_urlsafe(CODE_BYTES) for window in tablets},
        identity_key=secrets.token_hex(32),
        supervisor_pin="".join(secrets.choice("0123456789") for _ in range(PIN_DIGITS)),
        technician_pin=technician_pin,
        technician_line=pin.hashed(technician_pin),
    )


def passphrase() -> str:
    """Return a passphrase that can be read aloud: groups of letters and figures."""
    groups, letters = GROUPS
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(letters)) for _ in range(groups))


def write_pin(file: Path, *, supervisor: str, pin: str) -> None:
    """Write the console's file of PINs, as `hallcall clerk pin` does. Raises CalledProcessError."""
    subprocess.run(
        [sys.executable, "-m", "web.pin", "pin", supervisor, "--role", "supervisor", "--stdin", "--file", str(file)],
        input=f"{pin}\n",
        text=True,
        check=True,
        capture_output=True,
    )
