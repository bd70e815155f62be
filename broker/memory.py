"""The hall as its journal remembers it: from the last snapshot and the events after it, or from all events of the day.

Snapshots only save time at a start. They are taken when the hall is quiet, so that no press waits for one.
"""

import asyncio
import hashlib
import logging
import sqlite3
import zlib
from importlib.metadata import version
from typing import Final

import msgspec

from .hall.apply import apply
from .hall.snapshot import Snapshot, restored, set_deadlines, taken
from .hall.state import HallState
from .journal import Journal, Place

log = logging.getLogger(__name__)

EVENTS: Final = 2_000  # a snapshot saves the replay of so many, or of one a visit where the day has more visits
AT_MOST: Final = 10  # times as many without a quiet moment, and one is taken all the same
QUIET_S: Final = 1.0  # since the last commit

_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(Snapshot)


def shape() -> str:
    """Return what a snapshot must have in common with this program; another one may mean something else by it."""
    schema = msgspec.json.encode(msgspec.json.schema(Snapshot))
    return f"{version('hallcall')}-{hashlib.sha256(schema).hexdigest()[:16]}"


def written(state: HallState) -> bytes:
    """Return the hall as a snapshot holds it, before it is packed."""
    return _ENCODER.encode(taken(state))


def packed(body: bytes) -> bytes:
    """Return a tenth of it: a disk takes longer than this does."""
    return zlib.compress(body, 1)


def remembered(journal: Journal) -> HallState:
    """Return today's hall."""
    state = _from_snapshot(journal) or HallState(epoch=journal.epoch)
    for recorded in journal.replay(after_seq=state.seq):
        apply(state, recorded)
    state.seq = journal.seq
    set_deadlines(state)
    return state


def _from_snapshot(journal: Journal) -> HallState | None:
    body = journal.snapshot(shape=shape())
    if body is None:
        return None
    try:
        return restored(_DECODER.decode(zlib.decompress(body)), epoch=journal.epoch)
    except (zlib.error, msgspec.DecodeError, LookupError) as error:
        log.warning("the snapshot cannot be read: all events are replayed. %s", error)
        return None


class Snapshots:
    """Takes one at a quiet moment, once enough has happened since the last."""

    def __init__(self, *, journal: Journal, state: HallState) -> None:
        self._journal = journal
        self._state = state
        self._shape = shape()
        self._since = 0  # events
        self._quiet: asyncio.TimerHandle | None = None
        self._keeping: asyncio.Task[None] | None = None

    def after(self, events: int) -> None:
        """Note that so many events have just been committed, and told."""
        self._since += events
        if self._quiet is not None:
            self._quiet.cancel()
            self._quiet = None
        enough = max(EVENTS, len(self._state.visits))
        if self._since >= enough:
            wait_s = QUIET_S if self._since < AT_MOST * enough else 0
            self._quiet = asyncio.get_running_loop().call_later(wait_s, self._take)

    def _take(self) -> None:
        self._quiet, self._since = None, 0
        place = self._journal.place
        if place.seq == self._state.seq:  # else a commit has failed, and the process is about to end
            self._keeping = asyncio.create_task(self._keep(place, written(self._state)))

    async def _keep(self, place: Place, body: bytes) -> None:
        """Put a snapshot on disk, step by step: a press that comes meanwhile waits for one step at most."""
        await asyncio.sleep(0)
        body = packed(body)
        await asyncio.sleep(0)
        try:
            self._journal.keep_snapshot(place, shape=self._shape, body=body)
        except sqlite3.OperationalError:  # the events are on disk, and nobody was told of a snapshot
            log.warning("no snapshot could be written; is the disk full?", exc_info=True)
