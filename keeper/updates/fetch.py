"""Fetches what is offered from the registrar, piece by piece, and hands it over to be installed.

A download that was cut goes on where it ended. Nothing is handed over before its checksum is right; its signature is
judged by whoever installs it.
"""

import asyncio
import contextlib
import errno
import hashlib
import http.client
import logging
import os
import ssl
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

from broker.bus import Letter
from broker.contract import wire
from broker.contract.messages import BoxUpdate, Release
from broker.room import missing

from .notes import Notes
from .offer import BACK, HANDED_OVER, READY, Do, Have, to_do, told

log = logging.getLogger(__name__)
PIECE: Final = 1 << 18
PATIENCE_S: Final = 30.0
EVERY_S: Final = 5.0
AGAIN_S: Final = 60.0  # after a download that failed


class Fetching:
    """`connect` opens a connection to the registrar, anew each time: certificates are renewed."""

    def __init__(
        self,
        *,
        folder: Path,
        notes: Notes,
        arch: str,
        running: str,
        connect: Callable[[], http.client.HTTPConnection],
        now: Callable[[], datetime],
    ) -> None:
        self._folder, self._notes, self._arch, self._running = folder, notes, arch, running
        self._connect, self._now = connect, now
        self._release: Release | None = None
        self._news = asyncio.Event()
        self._trouble = ""
        self._whole = ""  # checksum of the file that is ready

    def offered(self, release: Release | None) -> None:
        """Take note of what the registrar offers; None: nothing."""
        if release != self._release:
            self._release = release
            self._trouble = ""
            self._news.set()

    def hear(self, letter: Letter, *, hall: str, node: str) -> None:
        """Take a letter, if it is about a release of ours; an empty one withdraws it."""
        if letter.topic != wire.topic(hall, "release/{}", node):
            return
        if not letter.payload:
            self.offered(None)
            return
        heard = wire.decode(hall, letter.topic, letter.payload).message
        if isinstance(heard, Release):
            self.offered(heard)

    def told(self) -> BoxUpdate:
        return told(self._release, self._have(self._release))

    async def run(self) -> None:
        """Do what is to be done, until cancelled."""
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / HANDED_OVER).unlink(missing_ok=True)  # power may have gone before anything was installed
        while True:
            release = self._release
            match to_do(release, self._have(release), self._now()):
                case Do.DOWNLOAD if release is not None:
                    await self._download(release)
                case Do.INSTALL | Do.BACK if release is not None:
                    self._hand_over(release)
                case _:
                    self._tidy(release)
            self._news.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(AGAIN_S if self._trouble else EVERY_S):
                    await self._news.wait()

    def _have(self, release: Release | None) -> Have:
        part = self._part(release) if release is not None else None
        return Have(
            arch=self._arch,
            running=self._running,
            trial=self._notes.trial,
            outcome=self._notes.outcome,
            got=part.stat().st_size if part is not None and part.exists() else 0,
            whole=release is not None and self._whole == release.sha256,
            installing=release is not None and self._handed_over() == _ticket(release),
            trouble=self._trouble,
        )

    def _part(self, release: Release) -> Path:
        return self._folder / f"{release.sha256}.part"

    def _handed_over(self) -> str:
        try:
            return (self._folder / HANDED_OVER).read_text(encoding="ascii")
        except OSError:
            return ""

    async def _download(self, release: Release) -> None:
        for other in self._folder.glob("*.part"):
            if other != self._part(release):
                other.unlink()
        ready = self._folder / READY
        if ready.exists() and await asyncio.to_thread(_checksum, ready) == release.sha256:
            self._whole = release.sha256
            self._news.set()
            return
        try:
            await asyncio.to_thread(self._fetch, release)
            whole = await asyncio.to_thread(_checksum, self._part(release))
        except (OSError, http.client.HTTPException) as error:
            self._trouble = f"the download stopped: {error}; is the dispatcher's box reached? It goes on by itself"
            log.warning("%s: %s", release.path, self._trouble)
            return
        if whole != release.sha256:
            self._part(release).unlink(missing_ok=True)
            self._trouble = "what came is not what was offered; it is fetched anew"
            log.warning("%s: %s", release.path, self._trouble)
            return
        self._part(release).replace(ready)
        ready.chmod(0o644)
        self._whole, self._trouble = release.sha256, ""
        self._news.set()

    def _fetch(self, release: Release) -> None:
        part = self._part(release)
        got = part.stat().st_size if part.exists() else 0
        if got >= release.size:
            return
        if lacks := missing(self._folder, release.size - got):
            raise OSError(errno.ENOSPC, f"this box's disk lacks {(lacks >> 20) + 1} MB (hallcall doctor)")
        connection = self._connect()
        try:
            connection.request("GET", release.path, headers={"Range": f"bytes={got}-"} if got else {})
            response = connection.getresponse()
            if response.status not in {http.client.OK, http.client.PARTIAL_CONTENT}:
                raise http.client.HTTPException(f"the registrar answers {response.status}")
            if response.status == http.client.OK:
                part.unlink(missing_ok=True)
            with part.open("ab") as file:
                while self._release == release and (piece := response.read(PIECE)):
                    file.write(piece)
                    if file.tell() > release.size:
                        raise http.client.HTTPException("more comes than was offered")
                os.fsync(file.fileno())
            if part.stat().st_size < release.size:
                raise http.client.HTTPException("it was cut")
        finally:
            connection.close()

    def _hand_over(self, release: Release) -> None:
        log.info("release %s is handed over to be %s", release.version, "left" if release.back else "installed")
        (self._folder / HANDED_OVER).write_text(_ticket(release), encoding="ascii")

    def _tidy(self, release: Release | None) -> None:
        """Give room back when nothing is to be installed any more."""
        if release is None or release.version == self._running:
            for old in (*self._folder.glob("*.part"), self._folder / READY):
                old.unlink(missing_ok=True)
            self._whole = ""


def _ticket(release: Release) -> str:
    """Return what is handed over: this very offer, and last the release's name, for whoever refuses it."""
    what = BACK if release.back else release.sha256
    return f"{what} {release.offered.isoformat() if release.offered is not None else '-'} {release.version}"


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def connected(host: str, port: int, *, root: Path, certificate: Path, key: Path) -> http.client.HTTPConnection:
    """Return a connection to the registrar, which is known by the hall's root, and knows us by our certificate."""
    context = ssl.create_default_context(cafile=str(root))
    context.load_cert_chain(certificate, key)
    return http.client.HTTPSConnection(host, port, timeout=PATIENCE_S, context=context)
