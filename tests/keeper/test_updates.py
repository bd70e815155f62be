"""What a box does about updates: when a release is confirmed, what becomes of an offer, the way back, Pi and stick."""

import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec
import pytest

from broker.contract.messages import DayOpened, Done, Hall, HallConfigured, Recorded, Release, SpareApproved, UpdateStep
from broker.journal import SCHEMA, Entry, Journal
from broker.readable import left_by, this_release
from keeper.units import Unit
from keeper.updates.notes import Notes, Outcome, Trial
from keeper.updates.offer import Do, Have, to_do, told
from keeper.updates.rollback import unreadable
from keeper.updates.slots import UpdateRefused, read_slots
from keeper.updates.stick import ANSWER_WITHIN_S, Asked, is_yes
from keeper.updates.take import MOST, Offer, read_offer
from keeper.updates.trial import PATIENCE_S, WELL_S, Sight, Start, Verdict, Watch, kind_of_start
from keeper.updates.versions import is_newer

REPOSITORY: Final = Path(__file__).parents[2]
NOW = datetime(2026, 11, 22, 20, tzinfo=UTC)
TRIAL = Trial(version="2.0", slot="B", old_version="1.0", old_slot="A", boot="first", at=NOW)
RELEASE = Release(version="2.0", sha256="a" * 64, size=100, path="/releases/b.raucb", offered=NOW)


@pytest.mark.parametrize(
    ("trial", "slot", "boot", "start"),
    [
        (None, "A", "first", Start.USUAL),
        (TRIAL, "B", "second", Start.ON_TRIAL),
        (TRIAL, "A", "first", Start.NOT_YET),
        (TRIAL, "A", "second", Start.FELL_BACK),
    ],
)
def test_the_slot_that_runs_tells_what_kind_of_start_it_is(
    trial: Trial | None, slot: str, boot: str, start: Start
) -> None:
    assert kind_of_start(trial, slot=slot, boot=boot) is start


def unit(node: str, active: str = "active", *, restarts: int = 0) -> Unit:
    return Unit(
        name=f"hallcall-x@{node}.service", active=active, sub="running", restarts=restarts, result="", status=""
    )


def watched(*sights: tuple[float, Sight]) -> tuple[Verdict, str]:
    watch = Watch(expected=["hallcall-x@kiosk-1.service", "hallcall-x@keeper-east.service"])
    verdict = Verdict.WAIT
    for at, sight in sights:
        verdict = watch.look(sight, at)
    return verdict, watch.ailing


WELL = Sight(units=[unit("kiosk-1"), unit("keeper-east")])


def test_a_minute_in_which_all_nodes_are_well_confirms_a_release() -> None:
    assert watched((0, WELL), (WELL_S - 1, WELL)) == (Verdict.WAIT, "")
    assert watched((0, WELL), (WELL_S, WELL)) == (Verdict.CONFIRM, "")


def test_a_box_whose_programs_take_their_time_is_confirmed_a_minute_after_the_last_is_up() -> None:
    starting = Sight(units=[unit("kiosk-1"), unit("keeper-east", "activating")])
    assert watched((0, starting), (90, WELL), (90 + WELL_S - 1, WELL)) == (Verdict.WAIT, "")
    assert watched((0, starting), (90, WELL), (90 + WELL_S, WELL)) == (Verdict.CONFIRM, "")


def test_units_that_only_work_for_a_node_now_and_then_are_not_judged() -> None:
    idle = Unit(
        name="hallcall-files@keeper-east.service", active="inactive", sub="dead", restarts=0, result="", status=""
    )
    sight = Sight(units=[idle, *WELL.units])
    later = Sight(units=[replace(idle, restarts=3), *WELL.units])
    assert watched((0, sight), (50, later), (WELL_S, sight)) == (Verdict.CONFIRM, "")


def test_a_program_that_starts_anew_begins_the_minute_anew() -> None:
    again = Sight(units=[unit("kiosk-1", restarts=1), unit("keeper-east")])
    assert watched((0, WELL), (50, again), (80, again))[0] is Verdict.WAIT
    assert watched((0, WELL), (50, again), (110, again))[0] is Verdict.CONFIRM


@pytest.mark.parametrize(
    ("sight", "said"),
    [
        (Sight(units=[unit("kiosk-1")]), "hallcall-x@keeper-east.service was not started"),
        (Sight(units=[unit("kiosk-1", "activating"), unit("keeper-east")]), "hallcall-x@kiosk-1.service is activating"),
        (Sight(units=WELL.units, broker="refused"), "the broker was not reached: refused"),
    ],
)
def test_a_box_that_is_not_well_in_ten_minutes_gives_the_release_up_and_says_why(sight: Sight, said: str) -> None:
    verdict, why = watched((0, sight), (PATIENCE_S - 1, sight))
    assert verdict is Verdict.WAIT
    verdict, why = watched((0, sight), (PATIENCE_S, sight))
    assert verdict is Verdict.GIVE_UP
    assert why.startswith(said)


def test_programs_that_start_anew_for_ever_are_given_up_though_each_look_finds_them_well() -> None:
    sights = [
        (at, Sight(units=[unit("kiosk-1", restarts=at), unit("keeper-east")]))
        for at in range(0, int(PATIENCE_S) + 1, 30)
    ]
    assert watched(*sights) == (Verdict.GIVE_UP, "programs keep starting anew")


HAVE = Have(arch="arm64", running="1.0", whole=True)


@pytest.mark.parametrize(
    ("release", "have", "do", "step"),
    [
        (None, HAVE, Do.NOTHING, UpdateStep.NONE),
        (RELEASE, Have(arch="arm64", running="1.0", got=40), Do.DOWNLOAD, UpdateStep.DOWNLOADING),
        (RELEASE, HAVE, Do.INSTALL, UpdateStep.WAITING),
        (msgspec.structs.replace(RELEASE, not_before=NOW + timedelta(hours=1)), HAVE, Do.WAIT, UpdateStep.WAITING),
        (msgspec.structs.replace(RELEASE, not_after=NOW), HAVE, Do.WAIT, UpdateStep.WAITING),
        (RELEASE, Have(arch="arm64", running="1.0", whole=True, installing=True), Do.NOTHING, UpdateStep.INSTALLING),
        (RELEASE, Have(arch="arm64", running="1.0", trial=TRIAL), Do.NOTHING, UpdateStep.INSTALLING),
        (RELEASE, Have(arch="arm64", running="2.0", trial=TRIAL), Do.NOTHING, UpdateStep.TRIAL),
    ],
)
def test_what_a_box_does_with_an_offer(release: Release | None, have: Have, do: Do, step: UpdateStep) -> None:
    assert to_do(release, have, NOW) is do
    assert told(release, have).step is step


def test_a_release_that_fell_back_is_not_tried_again_until_it_is_offered_anew() -> None:
    badly = Outcome(version="2.0", step=UpdateStep.FELL_BACK, at=NOW + timedelta(minutes=20), why="no sound")
    have = Have(arch="arm64", running="1.0", outcome=badly, whole=True)
    assert to_do(RELEASE, have, NOW) is Do.NOTHING
    assert (told(RELEASE, have).step, told(RELEASE, have).why) == (UpdateStep.FELL_BACK, "no sound")
    later = msgspec.structs.replace(RELEASE, offered=NOW + timedelta(hours=1))
    assert to_do(later, have, NOW) is Do.INSTALL


def test_a_bundle_that_was_refused_is_told_as_this_very_offer_and_not_tried_again() -> None:
    refused = Outcome(version="2.0", step=UpdateStep.FAILED, at=NOW + timedelta(minutes=1), why="not our signature")
    have = Have(arch="arm64", running="1.0", outcome=refused, whole=True, installing=True)
    assert to_do(RELEASE, have, NOW) is Do.NOTHING
    said = told(RELEASE, have)
    assert (said.step, said.version, said.why) == (UpdateStep.FAILED, "2.0", "not our signature")


BACK = msgspec.structs.replace(RELEASE, back=True)
LEFT = Outcome(version="2.0", step=UpdateStep.FELL_BACK, at=NOW + timedelta(minutes=1), why="2.0 was left by hand")
NO_WAY = Outcome(version="2.0", step=UpdateStep.FAILED, at=NOW + timedelta(minutes=1), why="it cannot read the journal")


@pytest.mark.parametrize(
    ("release", "have", "do", "step"),
    [
        (BACK, Have(arch="arm64", running="2.0"), Do.BACK, UpdateStep.WAITING),
        (
            msgspec.structs.replace(BACK, not_before=NOW + timedelta(hours=1)),
            Have(arch="arm64", running="2.0"),
            Do.WAIT,
            UpdateStep.WAITING,
        ),
        (BACK, Have(arch="arm64", running="2.0", installing=True), Do.NOTHING, UpdateStep.INSTALLING),
        (BACK, Have(arch="arm64", running="2.0", trial=TRIAL), Do.NOTHING, UpdateStep.TRIAL),
        (BACK, Have(arch="arm64", running="2.0", outcome=NO_WAY), Do.NOTHING, UpdateStep.FAILED),
        (BACK, Have(arch="arm64", running="1.0", outcome=LEFT), Do.NOTHING, UpdateStep.FELL_BACK),
        (BACK, Have(arch="arm64", running="1.0"), Do.NOTHING, UpdateStep.NONE),
    ],
)
def test_what_a_box_does_when_it_is_to_go_back(release: Release, have: Have, do: Do, step: UpdateStep) -> None:
    assert to_do(release, have, NOW) is do
    assert told(release, have).step is step


@pytest.mark.parametrize(
    ("written", "offer"),
    [
        (f"{'a' * 64} 2026-11-22T20:00:00+00:00 2.0", Offer(False, "2.0")),
        ("back 2026-11-22T20:00:00+00:00 2.0", Offer(True, "2.0")),
        ("", None),
        ("\u6253\u5305", None),
    ],
)
def test_what_the_keeper_hands_over_is_read_with_care(tmp_path: Path, written: str, offer: Offer | None) -> None:
    (tmp_path / "install").write_text(written, encoding="utf-8")
    assert read_offer(tmp_path / "install") == offer
    (tmp_path / "install").write_text("x" * 100_000)
    read = read_offer(tmp_path / "install")
    assert read is not None
    assert len(read.version) <= MOST


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("", "0.1"),
        ("0.1.9", "0.1.10"),
        ("1.0-rc1", "1.0"),
        ("0.1.0+20261122T211430.944c614", "0.1.0+20261123T080000.0000000"),
        ("0.1.0+20261122T211430.944c614", "0.1.1+20260101T000000.0000000"),
    ],
)
def test_releases_are_ordered_as_people_order_them(older: str, newer: str) -> None:
    assert is_newer(newer, older)
    assert not is_newer(older, newer)
    assert not is_newer(newer, newer)


def test_a_machine_that_was_not_started_from_a_slot_says_so() -> None:
    text = (
        '{"compatible":"hallcall-amd64","boot_primary":null,"slots":[{"rootfs.0":{"bootname":"A","state":"inactive"}}]}'
    )
    with pytest.raises(UpdateRefused, match=r"rauc\.slot= is missing"):
        _ = read_slots(text).running


def test_half_a_note_that_power_left_behind_is_none(tmp_path: Path) -> None:
    notes = Notes(tmp_path)
    (tmp_path / "trial.json").write_text('{"version": "2')
    half = notes.trial
    notes.begin(TRIAL, this_release(SCHEMA))
    left = left_by(notes.readers)
    assert (half, notes.trial) == (None, TRIAL)
    assert left is not None
    assert left.obstacle(DayOpened(day="2026-11-22")) == ""


def test_a_way_back_that_the_journal_has_closed_is_said(tmp_path: Path, small_hall: Hall) -> None:
    old = left_by(REPOSITORY / "tests/golden/releases/0.1.0.json")
    assert old is not None
    journal = Journal(tmp_path / "dispatcher")
    events = [
        Recorded(epoch=1, seq=1, at=NOW, event=DayOpened(day="2026-11-22")),
        Recorded(epoch=1, seq=2, at=NOW, event=HallConfigured(hall=small_hall)),
    ]
    journal.append([Entry(node="dispatcher", command="d", answer=Done(id="d"), events=events)])
    assert unreadable(old, tmp_path) == ""
    spare = Recorded(epoch=1, seq=3, at=NOW, event=SpareApproved(code="123456", box="kiosk", node="desk"))
    journal.append([Entry(node="desk", command="s", answer=Done(id="s"), events=[spare])])
    assert unreadable(old, tmp_path) == "2026-11-22.sqlite: event 3: SpareApproved: 'SpareApproved' is unknown there"


@pytest.mark.parametrize(
    ("asked", "now_s", "yes"),
    [
        (None, 100, False),
        (Asked(version="2.0", at_s=90), 100, True),
        (Asked(version="2.1", at_s=90), 100, False),
        (Asked(version="2.0", at_s=90), 91 + ANSWER_WITHIN_S, False),
        (Asked(version="2.0", at_s=90), 80, False),  # the machine was started anew in between
    ],
)
def test_the_same_stick_again_within_ten_minutes_is_a_yes(asked: Asked | None, now_s: float, yes: bool) -> None:  # noqa: FBT001
    assert is_yes(asked, "2.0", now_s) is yes


class Pi:
    """A Raspberry Pi's boot partition, and its firmware: config.txt, or once tryboot.txt. After the Pi's documents."""

    def __init__(self, folder: Path) -> None:
        self.boot, self.cmdline = folder / "boot", folder / "cmdline"
        (self.boot / "A").mkdir(parents=True)
        (self.boot / "B").mkdir()
        (self.boot / "config.txt").write_text("arm_64bit=1\nos_prefix=A/\nkernel=vmlinuz\n")
        self.start()

    def start(self, *, tryboot: bool = False) -> str:
        file = self.boot / ("tryboot.txt" if tryboot else "config.txt")
        prefix = next(line for line in file.read_text().splitlines() if line.startswith("os_prefix="))
        slot = prefix.removeprefix("os_prefix=").rstrip("/")
        self.cmdline.write_text(f"console=tty1 rauc.slot={slot} ro\n")
        return slot

    def rauc(self, *question: str) -> str:
        ran = subprocess.run(
            [REPOSITORY / "systemd/box/rauc/tryboot-slots", *question],
            env={"PATH": "/usr/bin:/bin", "HALLCALL_BOOT": str(self.boot), "HALLCALL_CMDLINE": str(self.cmdline)},
            capture_output=True,
            text=True,
            check=True,
        )
        return ran.stdout.strip()

    def update(self) -> None:
        """What RAUC asks its backend for, around the writing of a slot."""
        self.rauc("set-state", "B", "bad")
        assert self.rauc("get-state", "B") == "bad"
        self.rauc("set-primary", "B")


def test_a_pi_tries_the_other_slot_once_and_any_other_start_is_the_old_one(tmp_path: Path) -> None:
    pi = Pi(tmp_path)
    assert pi.rauc("get-primary") == "A"
    pi.update()
    assert (pi.rauc("get-primary"), pi.rauc("get-state", "B")) == ("B", "good")
    assert pi.start(tryboot=True) == "B"
    assert pi.start() == "A"  # it hung, panicked or lost power
    pi.rauc("set-primary", "A")
    assert pi.rauc("get-primary") == "A"
    assert not (pi.boot / "tryboot.txt").exists()


def test_a_slot_of_a_pi_that_is_good_starts_from_then_on_and_the_rest_of_its_configuration_stays(
    tmp_path: Path,
) -> None:
    pi = Pi(tmp_path)
    pi.update()
    pi.start(tryboot=True)
    pi.rauc("set-state", "B", "good")
    assert [pi.start(), pi.start()] == ["B", "B"]
    assert (pi.boot / "config.txt").read_text() == "arm_64bit=1\nos_prefix=B/\nkernel=vmlinuz\n"
    pi.rauc("set-primary", "A")  # rollback
    assert pi.start(tryboot=True) == "A"
    pi.rauc("set-state", "A", "good")
    assert pi.start() == "A"


def test_a_slot_of_a_pi_that_is_bad_is_not_tried_again(tmp_path: Path) -> None:
    pi = Pi(tmp_path)
    pi.update()
    pi.rauc("set-state", "B", "bad")
    assert pi.rauc("get-primary") == "A"
