"""In which order boxes get a release: pure. From what was seen of the boxes follows what each is offered now.

One box goes first, alone; then all displays, then kiosks and counter boxes, then the web, the dispatcher last. A stage
begins when the one before is healthy under the new release, and a box that fell back stops everything.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct, structs

from broker.contract.messages import BoxHealth, BoxUpdate, Release, Role, UpdateStep

from .quiet import Quiet

STAGES: Final = (  # of a box with several nodes the last counts
    (Role.DISPLAY,),
    (Role.KIOSK, Role.COUNTER),
    (Role.WEB,),
    (Role.DISPATCHER, Role.REGISTRAR),
)
SILENT: Final = timedelta(minutes=45)  # a box that may install and then says nothing for so long has come to harm


class Package(Struct, frozen=True, kw_only=True):
    """The bundle for one kind of machine."""

    arch: str
    file: str
    sha256: str
    size: int


class Rollout(Struct, frozen=True, kw_only=True):
    """A release that the hall is to get; written down, so that a restart goes on with it."""

    version: str
    packages: tuple[Package, ...]
    begun: datetime
    at_once: bool = False  # also while the hall is open
    stopped: str = ""  # why nobody else gets it
    back: bool = False  # away from this release, to the one that each box had before

    @property
    def ends_badly(self) -> tuple[UpdateStep, ...]:
        return (UpdateStep.FAILED,) if self.back else (UpdateStep.FELL_BACK, UpdateStep.FAILED)


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A box, and what its keeper told last."""

    box: str
    roles: frozenset[Role]
    up: bool = False
    at: datetime | None = None  # when it was heard last
    health: BoxHealth | None = None


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is offered now, and what a technician is told."""

    offers: Mapping[str, Release] = field(default_factory=dict)
    done: tuple[str, ...] = ()
    waits_for: tuple[str, ...] = ()  # boxes of the stage that is at work
    later: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()  # switched off since before: they get it when they are back
    takes_none: tuple[str, ...] = ()  # machines that were not started from a slot
    alert: str = ""

    @property
    def ended(self) -> bool:
        return not self.alert and not self.waits_for and not self.later


def plan(rollout: Rollout, boxes: Sequence[Seen], quiet: Quiet, now: datetime) -> Plan:
    """Return what each box is offered now. `alert` says why a rollout ends before its end."""
    alert = rollout.stopped or next(_harm(rollout, boxes, quiet, now), "")
    done = tuple(each.box for each in boxes if _has(each, rollout))
    if alert:
        rest = tuple(each.box for each in boxes if each.box not in done and not _takes_none(each))
        return Plan(done=done, later=rest, alert=alert)
    offers: dict[str, Release] = {}
    absent: list[str] = []
    takes_none = tuple(each.box for each in boxes if _takes_none(each))
    stages = list(_stages(boxes, rollout))
    for number, stage in enumerate(stages):
        missing = [each for each in stage if not _has(each, rollout)]
        for each in missing:
            if (release := _release(rollout, each, quiet)) is not None:
                offers[each.box] = release
            if not _counts(each, rollout) and each.box not in takes_none:
                absent.append(each.box)
        if waits := tuple(each.box for each in missing if _counts(each, rollout)):
            passed = {*done, *takes_none}
            later = tuple(each.box for rest in stages[number + 1 :] for each in rest if each.box not in passed)
            return Plan(
                offers=offers, done=done, waits_for=waits, later=later, absent=tuple(absent), takes_none=takes_none
            )
    return Plan(offers=offers, done=done, absent=tuple(absent), takes_none=takes_none)


def stage_of(roles: frozenset[Role]) -> int:
    """Return the stage of a box with these nodes; one with nothing but its keeper goes with the kiosks."""
    return max((number for number, stage in enumerate(STAGES) if roles & set(stage)), default=1)


def _stages(boxes: Sequence[Seen], rollout: Rollout) -> Iterator[list[Seen]]:
    """Yield the stages in turn; of the first one a single box, which is there, by itself."""
    ordered = sorted(boxes, key=lambda each: (stage_of(each.roles), each.box))
    first = next((each for each in ordered if _counts(each, rollout)), None)
    if first is not None:
        yield [first]
    for number in range(len(STAGES)):
        stage = [each for each in ordered if stage_of(each.roles) == number and each is not first]
        if stage:
            yield stage


def _has(seen: Seen, rollout: Rollout) -> bool:
    """Tell whether a box runs the release, and has confirmed it; on the way back, whether it runs another one."""
    health = seen.health
    if health is None or (health.image == rollout.version) is rollout.back:
        return False
    return health.update is None or health.update.step is not UpdateStep.TRIAL


def _takes_none(seen: Seen) -> bool:
    """Tell whether a box is there and says that it takes no updates, being no machine with slots."""
    return seen.up and seen.health is not None and seen.health.update is None


def _counts(seen: Seen, rollout: Rollout) -> bool:
    """Tell whether a stage waits for this box: it was there when, or since, the rollout began, and can be updated."""
    there = seen.up or (seen.at is not None and seen.at >= rollout.begun)
    return there and seen.health is not None and seen.health.update is not None


def _harm(rollout: Rollout, boxes: Sequence[Seen], quiet: Quiet, now: datetime) -> Iterator[str]:
    for each in sorted(boxes, key=lambda seen: seen.box):
        update = each.health.update if each.health is not None else None
        if update is None or _has(each, rollout):
            continue
        if update.arch not in {package.arch for package in rollout.packages}:
            yield f"{each.box} is a machine of kind {update.arch}, and no bundle for it was given; give both in one go"
        ended = update.at is None or update.at >= rollout.begun  # not in a rollout before
        if update.version == rollout.version and update.step in rollout.ends_badly and ended:
            yield _ended_badly(each.box, update, rollout)
        may = rollout.at_once or quiet.begins <= now < quiet.ends
        lost = not each.up and each.at is not None and each.at >= rollout.begun and now - each.at > SILENT
        if may and lost and update.version == rollout.version:
            yield f"{each.box} has been silent since it got the release; look at it, or switch it off and on"


def _ended_badly(box: str, update: BoxUpdate, rollout: Rollout) -> str:
    why = update.why or "it did not say why"
    if rollout.back:
        return f"{box} could not go back: {why}"
    if update.step is UpdateStep.FELL_BACK:
        return f"{box} fell back to the release before: {why}"
    return f"{box} could not install it: {why}"


def _release(rollout: Rollout, seen: Seen, quiet: Quiet) -> Release | None:
    arch = seen.health.update.arch if seen.health is not None and seen.health.update is not None else ""
    package = next((each for each in rollout.packages if each.arch == arch), None)
    if package is None:
        return None
    release = Release(
        version=rollout.version,
        sha256=package.sha256,
        size=package.size,
        path=f"/releases/{package.file}",
        offered=rollout.begun,
        back=rollout.back,
    )
    if rollout.at_once:
        return release
    return structs.replace(release, not_before=quiet.begins, not_after=quiet.ends)
