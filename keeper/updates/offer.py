"""What a box does with the release that it is offered: pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final

from broker.contract.messages import BoxUpdate, Release, UpdateStep

from .notes import Outcome, Trial

READY: Final = "ready.raucb"  # the bundle, whole
HANDED_OVER: Final = "install"  # hallcall-update@.path watches this one; it names the offer
BACK: Final = "back"  # stands there instead of a checksum


class Do(Enum):
    NOTHING = "nothing"
    DOWNLOAD = "download"
    WAIT = "wait"
    INSTALL = "install"
    BACK = "back"


@dataclass(frozen=True, kw_only=True)
class Have:
    """How things stand on the box."""

    arch: str
    running: str  # release
    trial: Trial | None = None
    outcome: Outcome | None = None
    got: int = 0  # bytes of the offered bundle that are on the disk
    whole: bool = False  # and its checksum is right
    installing: bool = False  # it was handed over
    trouble: str = ""  # why the last try to download came to nothing


def to_do(release: Release | None, have: Have, now: datetime) -> Do:
    """Return what to do now about an offer."""
    if release is None or _settled(release, have) or have.trial is not None or _failed(release, have):
        return Do.NOTHING
    if not have.whole and not release.back:
        return Do.DOWNLOAD
    if have.installing:
        return Do.NOTHING
    too_early = release.not_before is not None and now < release.not_before
    too_late = release.not_after is not None and now >= release.not_after
    if too_early or too_late:
        return Do.WAIT
    return Do.BACK if release.back else Do.INSTALL


def told(release: Release | None, have: Have) -> BoxUpdate:
    """Return how far the box is, for its presence."""
    if have.trial is not None:
        ours = have.trial.version == have.running
        return BoxUpdate(
            arch=have.arch, step=UpdateStep.TRIAL if ours else UpdateStep.INSTALLING, version=have.trial.version
        )
    outcome = have.outcome
    if release is None or _settled(release, have) or _failed(release, have):
        if outcome is None:
            return BoxUpdate(arch=have.arch)
        return BoxUpdate(arch=have.arch, step=outcome.step, version=outcome.version, at=outcome.at, why=outcome.why)
    if have.installing:
        return BoxUpdate(arch=have.arch, step=UpdateStep.INSTALLING, version=release.version)
    if have.whole or release.back:
        return BoxUpdate(arch=have.arch, step=UpdateStep.WAITING, version=release.version)
    return BoxUpdate(
        arch=have.arch,
        step=UpdateStep.DOWNLOADING,
        version=release.version,
        percent=have.got * 100 // release.size,
        why=have.trouble,
    )


def _settled(release: Release, have: Have) -> bool:
    """Tell whether the box runs what it is to run."""
    return (release.version == have.running) is not release.back


def _failed(release: Release, have: Have) -> bool:
    """Tell whether this very offer came to nothing before; a later one of the same release is tried again."""
    outcome = have.outcome
    if outcome is None or outcome.version != release.version:
        return False
    badly = outcome.step is UpdateStep.FAILED or (outcome.step is UpdateStep.FELL_BACK and not release.back)
    return badly and (release.offered is None or outcome.at >= release.offered)
