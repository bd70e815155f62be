"""Who is signed in, in which browser. Pure but for the random tokens, which are arguments.

A session ends after `idle_s` without an act and after `longest_s` in any case. Its token stands only in the browser's
cookie: the server keeps a SHA-256 of it (the token has 256 random bits, so nothing slower is needed), also on disk, so
that a restart of the server signs nobody out. What a page must say with each act is drawn from the same token: a page
from elsewhere can read neither.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Final

import msgspec

from .pins import WebRole

WRONG_BEFORE_PAUSE: Final = 5  # PINs, then a pause that doubles
FIRST_PAUSE_S: Final = 30.0
LONGEST_PAUSE_S: Final = 900.0
MOST_TRIES: Final = 1_000  # names and addresses that are remembered


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """One sign-in. Times are seconds of the wall clock: they outlive the process."""

    clerk: str
    role: WebRole
    counter: int | None = None
    language: str = "zh"
    began_s: float
    acted_s: float


class Ending(Enum):
    """Why a session is over."""

    IDLE = "idle"
    LONGEST = "longest"
    SIGNED_OUT = "signed_out"


@dataclass(frozen=True, kw_only=True)
class Sessions:
    """All that are signed in; every change returns a new value."""

    idle_s: float
    longest_s: float
    by_digest: Mapping[str, Session] = field(default_factory=dict)

    def began(self, token: str, session: Session) -> "Sessions":
        """Let somebody be signed in under a fresh token; whoever's time is over is forgotten."""
        now_s = session.began_s
        alive = {digest: each for digest, each in self.by_digest.items() if self._is_alive(each, now_s)}
        return replace(self, by_digest={**alive, digest_of(token): session})

    def find(self, token: str, now_s: float) -> Session | None:
        """Return who a browser's token stands for; None when there is no such session any more."""
        session = self.by_digest.get(digest_of(token))
        return session if session is not None and self._is_alive(session, now_s) else None

    def acted(self, token: str, now_s: float) -> "Sessions":
        """Note that somebody who is signed in did something."""
        return self._changed(token, acted_s=now_s)

    def moved(self, token: str, counter: int | None) -> "Sessions":
        """Note at which counter somebody who is signed in works now."""
        return self._changed(token, counter=counter)

    def spoke(self, token: str, language: str) -> "Sessions":
        return self._changed(token, language=language)

    def ended(self, token: str) -> "Sessions":
        rest = {digest: each for digest, each in self.by_digest.items() if digest != digest_of(token)}
        return replace(self, by_digest=rest)

    def left_s(self, session: Session, now_s: float) -> float:
        """Return the seconds until a session ends if nothing is done."""
        return min(session.acted_s + self.idle_s, session.began_s + self.longest_s) - now_s

    def why_over(self, session: Session, now_s: float) -> Ending:
        """Return why a session is over that is not found any more."""
        if now_s >= session.began_s + self.longest_s:
            return Ending.LONGEST
        return Ending.IDLE if now_s >= session.acted_s + self.idle_s else Ending.SIGNED_OUT

    def _changed(self, token: str, **changes: float | str | None) -> "Sessions":
        digest = digest_of(token)
        session = self.by_digest.get(digest)
        if session is None:  # signed out in another tab meanwhile
            return self
        return replace(self, by_digest={**self.by_digest, digest: msgspec.structs.replace(session, **changes)})

    def _is_alive(self, session: Session, now_s: float) -> bool:
        return self.left_s(session, now_s) > 0


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def page_token(token: str) -> str:
    """Return what the pages of a session say with each act; it tells nothing of the cookie."""
    return hmac.new(token.encode(), b"page", hashlib.sha256).hexdigest()


def is_same(one: str, other: str) -> bool:
    """Compare secrets in a time that does not tell where they differ."""
    return hmac.compare_digest(one.encode(), other.encode())


@dataclass(frozen=True, kw_only=True)
class Tries:
    """Wrong PINs of one clerk, or from one address."""

    wrong: int = 0
    until_s: float = 0.0  # none is looked at before

    def failed(self, now_s: float) -> "Tries":
        wrong = self.wrong + 1
        if wrong < WRONG_BEFORE_PAUSE:
            return replace(self, wrong=wrong)
        pause_s = min(FIRST_PAUSE_S * 2 ** min(wrong - WRONG_BEFORE_PAUSE, 10), LONGEST_PAUSE_S)
        return Tries(wrong=wrong, until_s=now_s + pause_s)

    def wait_s(self, now_s: float) -> float:
        return max(0.0, self.until_s - now_s)


class Doorman:
    """Counts wrong PINs by clerk and by address. A try counts as wrong until it proves right: many at once, too."""

    def __init__(self) -> None:
        self._tries: dict[str, Tries] = {}

    def wait_s(self, keys: tuple[str, ...], now_s: float) -> float:
        """Return for how many seconds nobody may try."""
        return max(self._tries.get(key, Tries()).wait_s(now_s) for key in keys)

    def tries(self, keys: tuple[str, ...], now_s: float) -> None:
        """Note a try, before it is known whether it is right."""
        for key in keys:
            self._tries[key] = self._tries.pop(key, Tries()).failed(now_s)
        while len(self._tries) > MOST_TRIES:
            self._forget(now_s)

    def came_in(self, keys: tuple[str, ...]) -> None:
        for key in keys:
            self._tries.pop(key, None)

    def _forget(self, now_s: float) -> None:
        """Forget the oldest that has not to wait just now, or the oldest of all."""
        free = next((key for key, tries in self._tries.items() if not tries.wait_s(now_s)), None)
        del self._tries[free if free is not None else next(iter(self._tries))]
