"""Whether a box is healthy enough to keep the release that it runs: pure. Times are seconds since the looking began."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from ..units import Unit
from .notes import Trial

WELL_S: Final = 60.0  # without a break, and the release is confirmed
PATIENCE_S: Final = 600.0  # then the old one is started again


class Start(Enum):
    """What kind of start this is."""

    USUAL = "usual"
    ON_TRIAL = "on trial"
    FELL_BACK = "fell back"  # the old release runs, though the new one was to
    NOT_YET = "not yet"  # installed since the machine started; it runs with the next start


class Verdict(Enum):
    WAIT = "wait"
    CONFIRM = "confirm"
    GIVE_UP = "give up"


def kind_of_start(trial: Trial | None, *, slot: str, boot: str) -> Start:
    """Tell what the running slot means, after what was noted before."""
    if trial is None:
        return Start.USUAL
    if trial.slot == slot:
        return Start.ON_TRIAL
    return Start.NOT_YET if trial.boot == boot else Start.FELL_BACK


@dataclass(frozen=True, kw_only=True)
class Sight:
    """What was seen of the box at one moment."""

    units: Sequence[Unit]
    broker: str = ""  # why it was not reached; empty when it was


def ailment(sight: Sight, expected: Sequence[str]) -> str:
    """Return what is wrong with a box on which these units are to run, or nothing. One is active once it said READY."""
    seen = {unit.name: unit for unit in sight.units}
    for name in expected:
        unit = seen.get(name)
        if unit is None:
            return f"{name} was not started"
        if unit.active != "active":
            return f"{unit.name} is {unit.active} ({unit.sub}){': ' if unit.status else ''}{unit.status}"
    return f"the broker was not reached: {sight.broker}" if sight.broker else ""


@dataclass(kw_only=True)
class Watch:
    """Looks at a box on trial until there is a verdict."""

    expected: Sequence[str]  # units
    well_since_s: float | None = None
    ailing: str = "nothing was seen yet"
    _restarts: int = -1

    def look(self, sight: Sight, now_s: float) -> Verdict:
        """Take one more look. A program that was started anew meanwhile begins the minute anew."""
        self.ailing = ailment(sight, self.expected)
        restarts = sum(unit.restarts for unit in sight.units if unit.name in self.expected)
        if self.ailing:
            self.well_since_s = None
        elif self.well_since_s is None or restarts != self._restarts:
            self.well_since_s = now_s
        self._restarts = restarts
        if self.well_since_s is not None and now_s - self.well_since_s >= WELL_S:
            return Verdict.CONFIRM
        if now_s >= PATIENCE_S:
            self.ailing = self.ailing or "programs keep starting anew"
            return Verdict.GIVE_UP
        return Verdict.WAIT
