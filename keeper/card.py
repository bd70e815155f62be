"""The card that the technician wrote becomes this box's /etc/hallcall, and keeps no secret.

A card is taken once: again only if it bears a token, which is erased when all is on this box's own disk. What stays on
it is its name and the hall's root. Nothing on the card is changed before it is safe on the disk.
"""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Final

from cryptography import x509

from broker.authority.reading import BadCertificate, fingerprint, read_chain
from broker.box_file import BoxFile, load_box
from broker.erasing import erase
from broker.invitations import BOX_FILE, ISSUING_KEY, REGISTRAR, ROOT_FILE
from broker.strict_toml import BrokenConfig
from broker.whole_files import replace_file, sync_folder

from .papers import FOR_ALL, Papers

CARD: Final = Path("/boot/hallcall")
FILE_MODE, FOLDER_MODE = 0o640, 0o750  # for the group hallcall, which the unit's files have
STAYS: Final = (BOX_FILE, ROOT_FILE)
_TOKEN: Final = re.compile(rb'^[ \t]*token[ \t]*=[ \t]*"[^"\n]*"[^\n]*\n?', re.MULTILINE)


class BadCard(ValueError):
    """A card that cannot be used; the text says what to do."""


def take_card(card: Path, place: Path, papers: Papers) -> bool:
    """Copy the card to `place`, /etc/hallcall, and erase its secrets; tell whether there was something to take.

    Raises BadCard.
    """
    if not _is_new(card, place):
        if (place / BOX_FILE).exists():
            _erase_rest(card)
        return False
    try:
        box = load_box(card / BOX_FILE)
        checked_root(card, box)
        there = [path for path in card.rglob("*") if path.is_file() and not path.is_symlink()]
        files = {path.relative_to(card).as_posix(): path.read_bytes() for path in there}
    except (BrokenConfig, OSError) as error:
        raise BadCard(f"the card cannot be read: {error}; write it again with `hallcall hall write`") from error
    if box.token:
        replace_file(papers.folder / "token", box.token.encode())
    settle_in(files, place, papers)
    _erase_secrets(card)
    return True


def _is_new(card: Path, place: Path) -> bool:
    """Tell whether a card has something for this box. One whose box.toml is half erased has not."""
    try:
        told = tomllib.loads((card / BOX_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return False
    except (OSError, ValueError):
        if (place / BOX_FILE).exists():
            return False
        raise BadCard(f"{card / BOX_FILE} cannot be read; write the card again with `hallcall hall write`") from None
    return bool(told.get("token")) or not (place / BOX_FILE).exists()


def settle_in(files: Mapping[str, bytes], place: Path, papers: Papers) -> None:
    """Make a box's files /etc/hallcall, box.toml without its token, and last. Raises BadCard."""
    names = [PurePosixPath(name) for name in files]
    bad = next((name for name in names if name.is_absolute() or ".." in name.parts), None)
    if bad is not None or str(BOX_FILE) not in files or str(ROOT_FILE) not in files:
        raise BadCard(f"{bad or 'box.toml or root.crt is missing'}: these are not a box's files; write the card again")
    place.mkdir(parents=True, exist_ok=True)
    place.chmod(FOLDER_MODE)  # whatever the umask is
    for path in sorted(place.rglob("*"), reverse=True):
        if path.is_file() and path.relative_to(place).as_posix() not in files:
            erase(path)  # of another time
    for name in sorted(names, key=lambda name: name == BOX_FILE):
        path = place / name
        for folder in reversed([each for each in path.parents if each != place and place in each.parents]):
            folder.mkdir(exist_ok=True)
            folder.chmod(FOLDER_MODE)
        content = files[str(name)]
        replace_file(path, _TOKEN.sub(b"", content) if name == BOX_FILE else content, mode=FILE_MODE)
    replace_file(papers.root, files[str(ROOT_FILE)], mode=FOR_ALL)


def checked_root(place: Path, box: BoxFile) -> x509.Certificate:
    """Return the hall's root. Raises BadCard where it is not the one that box.toml names."""
    path = place / ROOT_FILE
    try:
        root = read_chain(path.read_bytes())[0]
    except (OSError, BadCertificate) as error:
        raise BadCard(f"{path}: {error}; write the card again with `hallcall hall write`") from error
    if fingerprint(root) != box.authority:
        raise BadCard(f"{path} is not the authority that box.toml names: files of two halls are mixed on the card")
    return root


def _erase_secrets(card: Path) -> None:
    """Leave only the box's name and the hall's root on the card: without its token it is never taken again."""
    box = card / BOX_FILE
    without = _TOKEN.sub(b"", box.read_bytes())
    if without != box.read_bytes():
        beside = card / "box.new"
        beside.write_bytes(without)
        erase(box)
        beside.rename(box)
        sync_folder(card)
    _erase_rest(card)


def _erase_rest(card: Path) -> None:
    for path in sorted(card.rglob("*"), reverse=True):
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
        elif PurePosixPath(path.relative_to(card)) not in STAYS:
            erase(path)


def forget_founding(place: Path) -> None:
    """Erase what the registrar has taken into its state by now: the issuing key first, invitations, boxes' files."""
    erase(place / ISSUING_KEY)
    for path in sorted((place / REGISTRAR).rglob("*"), reverse=True):
        if path.is_dir():
            path.rmdir()
        else:
            erase(path)
