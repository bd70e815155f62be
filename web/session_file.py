"""Sessions on disk, so that a restart of the server signs nobody out. Only hashes of their tokens stand there."""

import logging
import os
from pathlib import Path
from typing import Final

import msgspec

from .sessions import Session, Sessions

log = logging.getLogger(__name__)

BEHIND_S: Final = 60.0  # what was done in the last minute need not be on disk: a session would end so much earlier


class _File(msgspec.Struct, frozen=True, kw_only=True):
    sessions: dict[str, Session] = {}


class SessionFile:
    """Keeps the sessions; `sessions` is what holds now. Raises OSError when the directory cannot be written."""

    def __init__(self, path: Path, *, idle_s: float, longest_s: float) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self.sessions = Sessions(idle_s=idle_s, longest_s=longest_s, by_digest=_read(path))
        self._written = self.sessions

    def keep(self, sessions: Sessions) -> None:
        """Take changed sessions; write them down if they changed by more than that somebody did something."""
        self.sessions = sessions
        if self._is_news(sessions):
            self._write(sessions)

    def _is_news(self, sessions: Sessions) -> bool:
        then = self._written.by_digest
        if then.keys() != sessions.by_digest.keys():
            return True
        return any(
            each.acted_s - then[digest].acted_s > BEHIND_S or each.counter != then[digest].counter
            for digest, each in sessions.by_digest.items()
        )

    def _write(self, sessions: Sessions) -> None:
        fresh = self._path.with_suffix(".new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(_File(sessions=dict(sessions.by_digest))))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)
        self._written = sessions


def _read(path: Path) -> dict[str, Session]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_File).sessions
    except FileNotFoundError:
        return {}
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        log.warning("%s cannot be read (%s): everybody signs in anew", path, error)
        return {}
