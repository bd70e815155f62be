"""The hall as the kiosk knew it last, so that it starts with its services before anybody answers."""

import logging
from pathlib import Path

import msgspec

from broker.contract.messages import HallView

log = logging.getLogger(__name__)


def remembered_hall(path: Path) -> HallView | None:
    if not path.exists():
        return None
    try:
        return msgspec.json.decode(path.read_bytes(), type=HallView)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        log.warning("%s is not the hall of this version, waiting for the dispatcher's: %s", path, error)
        return None


def remember(path: Path, view: HallView) -> None:
    """Replace the file so that whoever reads it finds the old hall or the new, never a part."""
    fresh = path.with_suffix(".new")
    fresh.write_bytes(msgspec.json.encode(view))
    fresh.replace(path)
