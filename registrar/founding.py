"""What the technician's card brought to the dispatcher's box, for the registrar's first start."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from broker.invitations import BOXES, INVITATIONS, Invitations, read

from .changes import BoxInvited

TECHNICIAN = "technician"


def invited(card: Path, *, hall: str, now: datetime) -> Iterator[BoxInvited]:
    """Yield the boxes that may join, with their files. Raises BadInvitations, OSError."""
    invitations: Invitations = read((card / INVITATIONS).read_bytes())
    if invitations.hall != hall:
        return
    for each in invitations.invitations:
        yield BoxInvited(
            at=now,
            who=TECHNICIAN,
            box=each.box,
            nodes=each.nodes,
            token=each.token,
            expires=each.expires,
            files=files_of(card / BOXES / each.box) or None,
        )


def files_of(folder: Path) -> dict[str, bytes]:
    """Return all files below a folder, by their path in it; none where there is no such folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }
