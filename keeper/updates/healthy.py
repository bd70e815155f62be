"""Confirms the slot that runs, or starts the old one again: hallcall-healthy.service, once at each start. Root.

A slot without a trial is good once the machine is up: a broken printer is no reason to go back to an old release.
"""

import argparse
import logging
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from broker.alive import READY, notify
from broker.box_file import BoxFile, load_box
from broker.contract.messages import UpdateStep
from broker.strict_toml import BrokenConfig

from ..node_files import units_of
from ..units import PROPERTIES, units
from .notes import FOLDER, Notes, Outcome, Trial
from .slots import Rauc, UpdateRefused, boot_id
from .trial import Sight, Start, Verdict, Watch, kind_of_start

log = logging.getLogger(__name__)
EVERY_S: Final = 2.0
BROKER_PORT: Final = 8883
NEVER_STARTED: Final = (
    "the new release never got as far as its own check: it stopped, hung or lost power while starting, or was not "
    "written to its end"
)


def settle(
    *, rauc: Rauc, notes: Notes, expected: list[str], boot: str, look: Callable[[], Sight], now_s: Callable[[], float],
    wait: Callable[[float], None],
) -> Outcome | None:  # fmt: skip
    """Do what this start asks for; return how a trial ended. When it was given up, the machine is to start anew."""
    trial, slots = notes.trial, rauc.slots()
    match kind_of_start(trial, slot=slots.running.name, boot=boot):
        case Start.USUAL:
            rauc.mark("good", "booted")
        case Start.FELL_BACK if trial is not None:
            return _fell_back(trial, rauc, notes)
        case Start.ON_TRIAL if trial is not None:
            return _judge(trial, rauc, notes, Watch(expected=expected), look=look, now_s=now_s, wait=wait)
        case _:
            log.info("an update is installed and runs with the next start")
    return None


def _judge(
    trial: Trial, rauc: Rauc, notes: Notes, watch: Watch, *, look: Callable[[], Sight], now_s: Callable[[], float],
    wait: Callable[[float], None],
) -> Outcome:  # fmt: skip
    began_s, said = now_s(), ""
    while (verdict := watch.look(look(), now_s() - began_s)) is Verdict.WAIT:
        if watch.ailing != said:
            log.info("release %s on trial: %s", trial.version, watch.ailing or "all is well; one minute of it")
            said = watch.ailing
        wait(EVERY_S)
    at = datetime.now(UTC)
    if verdict is Verdict.CONFIRM:
        rauc.mark("good", "booted")
        confirmed = Outcome(version=trial.version, step=UpdateStep.CONFIRMED, at=at)
        notes.end(confirmed)
        log.info("release %s is confirmed", trial.version)
        return confirmed
    log.error("release %s is given up: %s", trial.version, watch.ailing)
    given_up = Outcome(version=trial.version, step=UpdateStep.FELL_BACK, at=at, why=watch.ailing)
    notes.judge(given_up)  # the old release ends the trial, once it runs
    rauc.mark("active", "other")
    rauc.mark("bad", "booted")
    return given_up


def _fell_back(trial: Trial, rauc: Rauc, notes: Notes) -> Outcome:
    judged = notes.outcome
    why = judged.why if judged is not None and judged.version == trial.version and judged.at > trial.at else ""
    outcome = Outcome(version=trial.version, step=UpdateStep.FELL_BACK, at=datetime.now(UTC), why=why or NEVER_STARTED)
    rauc.mark("active", "booted")
    rauc.mark("good", "booted")
    rauc.mark("bad", "other")
    notes.end(outcome)
    log.error("release %s was given up, and %s runs again: %s", trial.version, trial.old_version, outcome.why)
    return outcome


def broker_reached(box: BoxFile, tls: Path, node: str) -> str:
    """Return why the hall's broker was not reached over TLS; nothing when it was."""
    try:
        context = ssl.create_default_context(cafile=str(tls / "root.crt"))
        context.load_cert_chain(tls / f"{node}.crt", tls / f"{node}.key")
        address = (box.dispatcher, BROKER_PORT)
        with (
            socket.create_connection(address, timeout=5) as plain,
            context.wrap_socket(plain, server_hostname=box.dispatcher),
        ):
            return ""
    except OSError as error:  # ssl.SSLError too
        return f"{box.dispatcher}:{BROKER_PORT}: {error}"


def _sight(box: BoxFile, tls: Path) -> Sight:
    command = ["systemctl", "show", "--all", f"--property={PROPERTIES}", "hallcall-*@*.service"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    return Sight(units=units(ran.stdout), broker=broker_reached(box, tls, box.keeper))


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m keeper.updates.healthy", description=__doc__)
    parser.add_argument("--box", type=Path, default=Path("/etc/hallcall/box.toml"))
    parser.add_argument("--tls", type=Path, default=Path("/var/lib/hallcall/tls"))
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--rauc-conf", default="")
    options = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    rauc = Rauc(conf=options.rauc_conf)
    notify(READY)  # what follows takes minutes, and nobody is to wait for it
    try:
        box = load_box(options.box)
    except BrokenConfig as error:  # not joined yet: a new card has nothing on trial
        log.warning("%s", error)
        box = None
    try:
        outcome = settle(
            rauc=rauc,
            notes=Notes(options.folder),
            expected=units_of(options.box.parent) if box is not None else [],
            boot=boot_id(),
            look=lambda: _sight(box, options.tls) if box is not None else Sight(units=[], broker="no box.toml"),
            now_s=time.monotonic,
            wait=time.sleep,
        )
        if outcome is not None and outcome.step is UpdateStep.FELL_BACK and rauc.slots().first != _runs(rauc):
            rauc.restart()
    except UpdateRefused as error:
        log.error("%s", error)  # noqa: TRY400 - the text is for a technician
        return 1
    return 0


def _runs(rauc: Rauc) -> str:
    return rauc.slots().running.name


if __name__ == "__main__":
    sys.exit(main())
