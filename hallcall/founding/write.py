"""`hallcall hall write`: a box's card onto a stick or card, or into an image; then the laptop's secrets are erased."""

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from broker.authority.keys import BadKey, key_pem
from broker.authority.safe import WrongPassphrase
from broker.contract.messages import Language
from broker.erasing import erase
from broker.invitations import INVITATIONS, ISSUING_KEY
from broker.strict_toml import BrokenConfig

from . import authority, passphrase
from .init import Console
from .interview import Interview
from .questions import usual_language
from .refusals import said
from .writing import CannotWrite, Card, card_of, erase_token, write_into, write_to


def main(arguments: Sequence[str]) -> int:
    options = _parser().parse_args(arguments)
    language = Language(options.lang) if options.lang else usual_language(os.environ)
    try:
        return _write(Interview(Console(), language), options)
    except (KeyboardInterrupt, EOFError):
        sys.stderr.write("\n")
        return 130
    except (
        CannotWrite,
        WrongPassphrase,
        BadKey,
        BrokenConfig,
        authority.NoAuthority,
        passphrase.NoPassphrase,
    ) as error:
        sys.stderr.write(f"hallcall hall write: {said(error, language)}\n")
        return 1


def add_hall(parser: argparse.ArgumentParser) -> None:
    """Add what every command on an existing hall takes."""
    parser.add_argument(
        "--hall", type=Path, default=Path(), metavar="DIR", help="the hall's folder; left out: this one"
    )
    parser.add_argument(
        "--passphrase-file", type=Path, metavar="FILE", help="its first line; left out: it is asked for"
    )
    parser.add_argument("--lang", choices=[each.value for each in Language], help="left out: as the machine's")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="hallcall hall write", description=__doc__)
    parser.add_argument("box", metavar="BOX", help="name of the box, such as dispatcher")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--to", type=Path, metavar="DIR", help="where the card or stick is mounted")
    where.add_argument("--image", type=Path, metavar="FILE", help="an image that is not on a card yet")
    parser.add_argument("--replace", action="store_true", help="write over another box's files on the card")
    parser.add_argument("--keep", action="store_true", help="keep token and issuing key on this laptop")
    add_hall(parser)
    return parser


def _write(ask: Interview, options: argparse.Namespace) -> int:
    card = card_of(options.hall, options.box)
    is_dispatcher = INVITATIONS in card.files
    if is_dispatcher:
        card = _with_issuing_key(ask, card, options)
    if options.to is not None:
        where = str(write_to(card, options.to, instead=options.replace))
    else:
        where = write_into(card, options.image, instead=options.replace)
    ask.say("card_written", box=card.box, where=where)
    folder = options.hall / authority.FOLDER
    authority.note(folder, "card written", now=datetime.now(UTC), box=card.box, where=where)
    if not card.has_token:
        ask.say("card_spare")
        return 0
    also = ask.words("card_erased_key") if is_dispatcher else ""
    if options.keep or (sys.stdin.isatty() and not ask.yes("ask_erase", usual=True, also=also)):
        ask.say("card_kept", also=also)
        return 0
    erase_token(card)
    if is_dispatcher:
        erase(folder / authority.ISSUING)
    authority.note(folder, "secrets erased", now=datetime.now(UTC), box=card.box)
    ask.say("card_erased", also=also)
    return 0


def _with_issuing_key(ask: Interview, card: Card, options: argparse.Namespace) -> Card:
    """Return the dispatcher's card with the issuing key, which lies on this laptop under the passphrase only."""
    secret = passphrase.known(ask, options.passphrase_file)
    issuing = authority.opened(options.hall / authority.FOLDER, authority.ISSUING, passphrase=secret)
    return replace(card, files={**card.files, ISSUING_KEY: key_pem(issuing.key)})
