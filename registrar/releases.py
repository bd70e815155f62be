"""The hall's releases: bundles on this disk, one rollout at a time, each box's offer on the bus.

What is to be offered is decided in `staging.py` from what the keepers tell; here it is heard, written down and told.
"""

import hashlib
import logging
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Final

import msgspec
from msgspec import structs

from broker.bus import Letter
from broker.contract import wire
from broker.contract.messages import Hall, Presence, Release, Role
from broker.joining import words
from broker.room import KEPT_FREE, missing
from broker.whole_files import replace_file

from .quiet import next_quiet
from .server import Reply, Request, denied, said
from .staging import Package, Plan, Rollout, Seen, plan

log = logging.getLogger(__name__)

_NAME: Final = re.compile(words.BUNDLE_NAME)
MOST: Final = 4 << 30  # bytes of one bundle


class Releases:
    """`boxes` returns each box's nodes; `now` aware UTC."""

    def __init__(
        self,
        *,
        directory: Path,
        hall: Callable[[], Hall],
        boxes: Callable[[], Mapping[str, Iterable[str]]],
        now: Callable[[], datetime],
        kept_free: int = KEPT_FREE,
    ) -> None:
        self._kept_free = kept_free
        self._directory, self._hall, self._boxes, self._now = directory, hall, boxes, now
        self._note = directory / "rollout.json"
        self._presences: dict[str, tuple[datetime, Presence]] = {}
        self._offered: dict[str, Release] | None = None  # None: what the broker retains is not known
        directory.mkdir(parents=True, exist_ok=True)
        self._rollout = self._read()
        self.plan = Plan()

    # The bus ----------------------------------------------------------------------------------------------------------

    def hear(self, letter: Letter) -> None:
        """Take note of a keeper's presence."""
        if not letter.payload:
            return
        try:
            presence = wire.decode(self._hall().id, letter.topic, letter.payload).message
        except wire.BadMessage as error:
            log.warning("dropped: %s", error)
            return
        if isinstance(presence, Presence) and presence.role is Role.KEEPER:
            before = self._presences.get(presence.node)
            if not presence.up and before is not None:  # a will has no figures, and no hour
                self._presences[presence.node] = (before[0], structs.replace(presence, box=before[1].box))
            elif presence.up:
                self._presences[presence.node] = (self._now(), presence)

    def forget_offers(self) -> None:
        """Offer everything anew: the broker may have lost what it retained."""
        self._offered = None

    def letters(self) -> list[Letter]:
        """Return what is to be told to the boxes just now."""
        hall, boxes = self._hall(), self._seen()
        self._consider(hall, boxes)
        offers = dict(self.plan.offers)
        before = self._offered
        changed = [each.box for each in boxes if before is None or before.get(each.box) != offers.get(each.box)]
        self._offered = offers
        return [_letter(hall.id, box, offers.get(box)) for box in changed]

    def _consider(self, hall: Hall, boxes: list[Seen]) -> None:
        """Decide anew what each box is offered, and whether the rollout stops here."""
        if self._rollout is None:
            self.plan = Plan()
            return
        now = self._now()
        self.plan = plan(self._rollout, boxes, next_quiet(hall, now), now)
        if self.plan.alert and not self._rollout.stopped:
            log.error("release %s stops here: %s", self._rollout.version, self.plan.alert)
            self._write(structs.replace(self._rollout, stopped=self.plan.alert))

    def _seen(self) -> list[Seen]:
        roles = {node.id: node.role for node in self._hall().nodes}
        found = []
        for box, nodes in self._boxes().items():
            at, presence = self._presences.get(f"keeper-{box}", (None, None))
            found.append(
                Seen(
                    box=box,
                    roles=frozenset(roles[node] for node in nodes if node in roles),
                    up=presence is not None and presence.up,
                    at=at,
                    health=presence.box if presence is not None else None,
                )
            )
        return found

    # What is asked over HTTPS -----------------------------------------------------------------------------------------

    def answer(self, request: Request, *, technician: bool, member: bool) -> Reply | None:
        """Answer what is about releases; None: it is about something else."""
        if request.path != "/rollout" and not request.path.startswith(("/rollout/", "/releases/")):
            return None
        if request.method == "GET" and request.path.startswith("/releases/"):
            return self._file(request) if member or technician else denied(HTTPStatus.FORBIDDEN, "no_certificate")
        if not technician:
            return denied(HTTPStatus.FORBIDDEN, "technician_only")
        match (request.method, request.path):
            case ("GET", "/rollout"):
                return said(self.told())
            case ("POST", "/rollout"):
                return self._begin(request.read(words.Begin))
            case ("POST", "/rollout/back"):
                return self._back(request.read(words.Back))
            case ("POST", "/rollout/stop"):
                return self._stop()
            case ("POST", path) if path.startswith("/releases/"):
                return self._take(request)
            case _:
                return denied(HTTPStatus.NOT_FOUND, "no_such_question", path=request.path[:80])

    def told(self) -> words.RolloutTold:
        """Return how far the hall is."""
        rollout, now = self._rollout, self.plan
        if rollout is None:
            return words.RolloutTold()
        return words.RolloutTold(
            version=rollout.version,
            begun=rollout.begun,
            back=rollout.back,
            at_once=rollout.at_once,
            alert=now.alert,
            done=now.done,
            waits_for=now.waits_for,
            later=now.later,
            absent=now.absent,
            takes_none=now.takes_none,
            quiet_from=None if rollout.at_once else next_quiet(self._hall(), self._now()).begins,
        )

    def _file(self, request: Request) -> Reply:
        path = self._path(request)
        if path is None or not path.is_file():
            return denied(HTTPStatus.NOT_FOUND, "no_such_release")
        return Reply(file=path)

    def _take(self, request: Request) -> Reply:
        """Take a piece of a bundle, `?at=` where it belongs; a piece for another place tells where the next belongs."""
        path = self._path(request)
        if path is None:
            return denied(HTTPStatus.BAD_REQUEST, "no_such_release")
        part = path.with_suffix(".part")
        number = request.query.removeprefix("at=")
        at = int(number) if number.isdecimal() and len(number) < len(str(MOST)) + 1 else -1
        if at == 0:
            part.unlink(missing_ok=True)
        size = part.stat().st_size if part.exists() else 0
        if lacks := missing(self._directory, len(request.body), kept_free=self._kept_free):
            part.unlink(missing_ok=True)
            return denied(HTTPStatus.INSUFFICIENT_STORAGE, "no_room", megabytes=(lacks >> 20) + 1)
        if at == size and size + len(request.body) <= MOST:
            with part.open("ab") as file:
                file.write(request.body)
            size += len(request.body)
        return said(words.GotSoFar(size=size))

    def _begin(self, asked: words.Begin) -> Reply:
        packages = []
        for arch, name in asked.packages.items():
            path = self._directory / name
            part = path.with_suffix(".part")
            if part.exists():
                part.replace(path)
            if not path.is_file():
                return denied(HTTPStatus.BAD_REQUEST, "no_such_release")
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            packages.append(Package(arch=arch, file=name, sha256=digest, size=path.stat().st_size))
        self._write(Rollout(version=asked.version, packages=tuple(packages), begun=self._now(), at_once=asked.at_once))
        for old in (*self._directory.glob("*.raucb"), *self._directory.glob("*.part")):
            if old.name not in asked.packages.values():
                old.unlink()
        log.info("release %s is given to the hall", asked.version)
        return self._considered()

    def _back(self, asked: words.Back) -> Reply:
        """Let everybody leave the release that was given last."""
        if self._rollout is None:
            return denied(HTTPStatus.BAD_REQUEST, "no_such_release")
        self._write(structs.replace(self._rollout, begun=self._now(), at_once=asked.at_once, stopped="", back=True))
        log.info("the hall leaves release %s", self._rollout.version)
        return self._considered()

    def _stop(self) -> Reply:
        if self._rollout is not None and not self._rollout.stopped:
            self._write(structs.replace(self._rollout, stopped="the technician stopped it"))
        return self._considered()

    def _considered(self) -> Reply:
        """Answer with what follows from a change, not with what was so before it."""
        self._consider(self._hall(), self._seen())
        return said(self.told())

    def _path(self, request: Request) -> Path | None:
        name = request.path.removeprefix("/releases/")
        return self._directory / name if _NAME.match(name) else None

    # The disk ---------------------------------------------------------------------------------------------------------

    def _read(self) -> Rollout | None:
        try:
            return msgspec.json.decode(self._note.read_bytes(), type=Rollout)
        except FileNotFoundError:
            return None
        except msgspec.DecodeError as error:
            log.error("%s cannot be read (%s): no release is offered; give it to the hall again", self._note, error)  # noqa: TRY400
            return None

    def _write(self, rollout: Rollout) -> None:
        replace_file(self._note, msgspec.json.encode(rollout))
        self._rollout = rollout


def _letter(hall: str, box: str, release: Release | None) -> Letter:
    return Letter(
        topic=wire.topic(hall, "release/{}", f"keeper-{box}"),
        payload=wire.encode(release) if release is not None else b"",
        retained=True,
    )
