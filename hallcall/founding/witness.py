"""The laptop as a witness of the registrar's book: one that was put back from an older copy is noticed.

The authority's folder keeps the lines of the book as they were told (book.jsonl). A book that lacks some of them, or
has others in their place, is an older copy; those that are missing stay in lost.jsonl until the like was done again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

import msgspec

from broker.joining.asking import Registrar
from broker.joining.words import Act, Acts

from .folder import write_files

KEPT: Final = PurePosixPath("book.jsonl")
LOST: Final = PurePosixPath("lost.jsonl")
SERVERS: Final = frozenset({"registrar", "broker"})  # certify themselves anew
AGAIN: Final = {  # what is done once more, by what was done: a text's key
    "Expelled": "lost_revoked",
    "BoxJoined": "lost_joined",
    "BoxInvited": "lost_joined",
    "CertificateRenewed": "lost_renewed",
    "FilesPut": "lost_files",
    "IssuingReplaced": "lost_rotated",
}
_ACT: Final = msgspec.json.Decoder(Act)


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What the book says now, and what it said once and says no more."""

    lost: tuple[Act, ...]
    first_lost: bool = False  # noticed just now


def look(registrar: Registrar, folder: Path) -> Seen:
    """Read on in the book, and compare it with what it said before. Raises NotAnswered, Refused, OSError."""
    kept, lost = _read(folder / KEPT), _read(folder / LOST)
    new = list(_told(registrar, after=kept[-1].number - 1 if kept else 0))
    if not kept or new[:1] == kept[-1:]:
        new = new[1:] if kept else new
        _write(folder, KEPT, [*kept, *new])
        left = still_lost(lost, new)
        _write(folder, LOST, left)
        return Seen(lost=left)
    told = list(_told(registrar, after=0))
    same = next((at for at, pair in enumerate(zip(kept, told, strict=False)) if pair[0] != pair[1]), len(told))
    left = still_lost(list(dict.fromkeys([*lost, *kept[same:]])), told[same:])
    _write(folder, LOST, left)  # first: a cut after it is noticed as if nothing had been written
    _write(folder, KEPT, told)
    return Seen(lost=left, first_lost=True)


def still_lost(lost: Sequence[Act], since: Sequence[Act]) -> tuple[Act, ...]:
    """Return what of the lost acts matters, and was not made up for by what was done since."""
    ended = {"Expelled", "BoxJoined"}
    boxes = {act.box for act in since if act.what in ended}
    nodes = {node for act in since if act.what in ended for node in act.nodes}
    put = {act.box for act in since if act.what == "FilesPut"} | boxes
    rotated = any(act.what == "IssuingReplaced" for act in since)

    def matters(act: Act) -> bool:
        if act.what == "IssuingReplaced":
            return not rotated
        if act.what == "FilesPut":
            return act.box not in put
        if act.box:
            return act.box not in boxes
        return not set(act.nodes) <= nodes | SERVERS

    return tuple(act for act in lost if act.what in AGAIN and matters(act))


def advice(lost: Sequence[Act]) -> Iterator[tuple[str, str]]:
    """Yield what is to be done once more: a text's key, and whom it is about."""
    last = {act.box: act.what for act in lost if act.box and act.what != "FilesPut"}
    told: dict[tuple[str, str], None] = {}
    for act in lost:
        if act.what == "FilesPut" and act.box in last:
            continue  # another machine takes its place, with newer files, or none does
        key = "lost_node" if act.what == "Expelled" and not act.box else AGAIN[last.get(act.box, act.what)]
        told[key, act.box or ", ".join(act.nodes)] = None
    for box in {act.box for act in lost if act.what == "BoxJoined" and last[act.box] == "Expelled"}:
        told["lost_unknown", box] = None
    yield from told


def _told(registrar: Registrar, *, after: int) -> Iterator[Act]:
    while acts := registrar.read(f"/acts?after={after}", Acts).acts:
        yield from acts
        after = acts[-1].number


def _read(path: Path) -> list[Act]:
    """Return the lines of a file; none where it is missing, or was cut off: the book is there to be read anew."""
    try:
        return [_ACT.decode(line) for line in path.read_bytes().splitlines()]
    except (FileNotFoundError, msgspec.MsgspecError, UnicodeDecodeError):
        return []


def _write(folder: Path, name: PurePosixPath, acts: Sequence[Act]) -> None:
    if list(acts) != _read(folder / name):
        write_files(folder, {name: b"".join(msgspec.json.encode(act) + b"\n" for act in acts)})
