"""Who is signed in, in which browser. Pure but for the random tokens, which are arguments.

A session ends after `idle_s` without an act and after `longest_s` in any case. Its token stands only in the browser's
cookie: the server keeps a SHA-256 of it (the token has 256 random bits, so nothing slower is needed), also on disk, so
that a restart of the server signs nobody out.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import msgspec

from .pins import WebRole

WRONG_BEFORE_PAUSE: Final = 5  # PINs, then a pause that doubles
FIRST_PAUSE_S: Final = 30.0
LONGEST_PAUSE_S: Final = 900.0


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """One sign-in. Times are seconds of the wall clock: they outlive the process."""

    clerk: str
    role: WebRole
    csrf: str  # said in a header with each act; a foreign page does not know it
    counter: int | None = None
    began_s: float
    acted_s: float


@dataclass(frozen=True, kw_only=True)
class Sessions:
    """All that are signed in; every change returns a new value."""

    idle_s: float
    longest_s: float
    by_digest: Mapping[str, Session] = field(default_factory=dict)

    def began(self, token: str, session: Session, now_s: float) -> "Sessions":
        """Let somebody be signed in under a fresh token."""
        alive = {digest: each for digest, each in self.by_digest.items() if self._is_alive(each, now_s)}
        return replace(self, by_digest={**alive, digest_of(token): session})

    def find(self, token: str, now_s: float) -> Session | None:
        """Return who a browser's token stands for; None when there is no such session any more."""
        session = self.by_digest.get(digest_of(token))
        return session if session is not None and self._is_alive(session, now_s) else None

    def acted(self, token: str, now_s: float, *, counter: int | None = None) -> "Sessions":
        """Note that the clerk did something; at which counter, if it changed."""
        digest = digest_of(token)
        session = self.by_digest[digest]
        changed = msgspec.structs.replace(session, acted_s=now_s, counter=counter or session.counter)
        return replace(self, by_digest={**self.by_digest, digest: changed})

    def ended(self, token: str) -> "Sessions":
        rest = {digest: each for digest, each in self.by_digest.items() if digest != digest_of(token)}
        return replace(self, by_digest=rest)

    def left_s(self, session: Session, now_s: float) -> float:
        """Return the seconds until a session ends if nothing is done."""
        return min(session.acted_s + self.idle_s, session.began_s + self.longest_s) - now_s

    def _is_alive(self, session: Session, now_s: float) -> bool:
        return self.left_s(session, now_s) > 0 and session.acted_s <= now_s + 1


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def is_same(one: str, other: str) -> bool:
    """Compare secrets in a time that does not tell where they differ."""
    return hmac.compare_digest(one.encode(), other.encode())


@dataclass(frozen=True, kw_only=True)
class Tries:
    """Wrong PINs of one clerk."""

    wrong: int = 0
    until_s: float = 0.0  # none is looked at before

    def failed(self, now_s: float) -> "Tries":
        wrong = self.wrong + 1
        if wrong < WRONG_BEFORE_PAUSE:
            return replace(self, wrong=wrong)
        pause_s = min(FIRST_PAUSE_S * 2 ** (wrong - WRONG_BEFORE_PAUSE), LONGEST_PAUSE_S)
        return Tries(wrong=wrong, until_s=now_s + pause_s)

    def wait_s(self, now_s: float) -> float:
        return max(0.0, self.until_s - now_s)
