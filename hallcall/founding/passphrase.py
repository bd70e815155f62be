"""The authority's passphrase: typed unseen, or the first line of a file."""

import getpass
from pathlib import Path
from typing import Final

from broker.authority.safe import SHORTEST

from . import secrets_drawn
from .interview import Interview

SHORT_KEY: Final = "passphrase_short"


class NoPassphrase(ValueError):
    """There is no passphrase; the text says what to do."""


def from_file(path: Path) -> str:
    """Return the first line of a file. Raises NoPassphrase."""
    try:
        line = path.read_text(encoding="utf-8").partition("\n")[0].strip()
    except (OSError, UnicodeDecodeError) as error:
        raise NoPassphrase(f"{path}: the passphrase cannot be read: {error}") from error
    if len(line) < SHORTEST:
        raise NoPassphrase(f"{path}: the first line must be a passphrase of at least {SHORTEST} characters")
    return line


def new(ask: Interview) -> str:
    """Return a new passphrase, typed twice and alike, or made here and shown once."""
    ask.say("passphrase_why")
    while True:
        first = getpass.getpass(f"{ask.words('ask_passphrase')}: ")
        if not first:
            made = secrets_drawn.passphrase()
            ask.say("passphrase_made", passphrase=made)
            return made
        if len(first) < SHORTEST:
            ask.say(SHORT_KEY, shortest=SHORTEST)
        elif getpass.getpass(f"{ask.words('ask_passphrase_again')}: ") != first:
            ask.say("passphrases_differ")
        else:
            return first


def asked_for(ask: Interview, file: Path | None) -> str:
    """Return a new passphrase, out of a file where one is named. Raises NoPassphrase."""
    return from_file(file) if file is not None else new(ask)


def known(ask: Interview, file: Path | None) -> str:
    """Return an authority's passphrase, out of a file where one is named. Raises NoPassphrase."""
    return from_file(file) if file is not None else getpass.getpass(f"{ask.words('ask_passphrase')}: ")
