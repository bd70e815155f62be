"""Clerks' PINs: argon2id hashes in a file of the web server's own, which no other node reads.

    [clerks]
    "0731" = { role = "clerk", pin = "$argon2id$v=19$..." }

`hallcall clerk pin 0731 --file pins.toml` writes a line. A PIN is short, so what guards it is that trying is slow: the
hash costs a tenth of a second, and after five wrong ones a clerk waits.
"""

import contextlib
import logging
import os
import re
import tomllib
from enum import Enum
from pathlib import Path
from typing import Final

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

log = logging.getLogger(__name__)

CLERK: Final = "[a-z0-9][a-z0-9_-]{0,31}"
SHORTEST: Final = 4
LONGEST: Final = 64
# RFC 9106, second recommendation (64 MiB would be four clerks at once on a Pi of 512 MB): 19 MiB, OWASP's floor.
HASHER: Final = PasswordHasher(time_cost=3, memory_cost=19_456, parallelism=1)
_UNKNOWN: Final = HASHER.hash("nobody")  # checked for a clerk who does not exist: it takes as long


class BrokenPins(ValueError):
    """The file of PINs cannot be used; the text says what to do."""


class WebRole(Enum):
    CLERK = "clerk"
    SUPERVISOR = "supervisor"


class Holder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pin: str
    role: WebRole = WebRole.CLERK


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    clerks: dict[str, Holder] = {}


class Pins:
    """Who may sign in. Read anew at each sign-in, and whenever the file has changed: what it says holds at once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: tuple[int, int] | None = None  # when the file was changed last, and its size
        self._roles: dict[str, WebRole] = {}

    def role(self, clerk: str) -> WebRole | None:
        """Return the role that a clerk has by now; while the file is broken, the one that it had before."""
        try:
            stat = self.path.stat()
            if self._seen != (stat.st_mtime_ns, stat.st_size):
                self._roles = {name: holder.role for name, holder in self._read().clerks.items()}
                self._seen = (stat.st_mtime_ns, stat.st_size)
        except (BrokenPins, OSError) as error:
            log.warning("%s: %s", self.path, error)
        return self._roles.get(clerk)

    def count(self) -> int:
        """Return how many may sign in. Raises BrokenPins where the file cannot be used."""
        return len(self._read().clerks)

    def check(self, clerk: str, pin: str) -> WebRole | None:
        """Return the clerk's role if the PIN is right, after about a tenth of a second either way."""
        holder = self._read().clerks.get(clerk)
        try:
            HASHER.verify(holder.pin if holder is not None else _UNKNOWN, pin[:LONGEST])
        except (VerificationError, InvalidHashError):
            return None
        return holder.role if holder is not None else None

    def store(self, clerk: str, pin: str, role: WebRole) -> None:
        """Give a clerk a PIN; what the file said of others stays. Raises BrokenPins."""
        if re.fullmatch(CLERK, clerk) is None:
            raise BrokenPins(f"{clerk}: a clerk's number is of {CLERK}, as in hall.toml's [[clerks]]")
        if not SHORTEST <= len(pin) <= LONGEST:
            raise BrokenPins(f"a PIN has {SHORTEST} to {LONGEST} characters")
        known = dict(self._read().clerks)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        known[clerk] = Holder(pin=HASHER.hash(pin), role=role)
        self._write(known)

    def remove(self, clerk: str) -> bool:
        """Take a clerk's PIN away; tell whether there was one. Raises BrokenPins."""
        known = dict(self._read().clerks)
        found = known.pop(clerk, None)
        self._write(known)
        return found is not None

    def _read(self) -> _File:
        try:
            return msgspec.convert(tomllib.loads(self.path.read_text(encoding="utf-8")), _File)
        except FileNotFoundError:
            return _File()
        except OSError as error:
            raise BrokenPins(f"{self.path}: the clerks' PINs cannot be read: {error}") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
            raise BrokenPins(f"{self.path}: not a file of PINs: {error}; write it with `hallcall clerk pin`") from error

    def _write(self, clerks: dict[str, Holder]) -> None:
        lines = ["# Clerks' PINs, hashed. Written by `hallcall clerk pin`.", "[clerks]"]
        for clerk, holder in sorted(clerks.items()):
            lines.append(f'"{clerk}" = {{ role = "{holder.role.value}", pin = "{holder.pin}" }}')
        fresh = self.path.with_suffix(".new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with contextlib.suppress(OSError):  # who could read the file before can read it after
            before = self.path.stat()
            os.fchown(descriptor, before.st_uid, before.st_gid)
            os.fchmod(descriptor, before.st_mode & 0o640)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write("\n".join([*lines, ""]))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.path)
