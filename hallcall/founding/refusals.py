"""What went wrong on the laptop, in the technician's language."""

from collections.abc import Mapping
from typing import Final

from broker.authority.safe import SHORTEST, ShortPassphrase, WrongPassphrase
from broker.contract.messages import Language
from broker.contract.texts import texts
from broker.joining.asking import NotAnswered

from .authority import NoAuthority

_WORDED: Final[Mapping[type[Exception], str]] = {
    WrongPassphrase: "wrong_passphrase",
    ShortPassphrase: "passphrase_short",
    NoAuthority: "no_authority",
    NotAnswered: "not_answered",
}


def said(error: Exception, language: Language) -> str:
    """Return an error's text in a language; one that has no such text says itself, in English."""
    key = _WORDED.get(type(error))
    return texts(language)["founding"][key].format(detail=error, shortest=SHORTEST) if key else str(error)
