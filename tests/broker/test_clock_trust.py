"""When a clock is believed, and what a hall does on one that is not."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace as changed

from broker.bus import MemoryBroker
from broker.clock_trust import Anchor, ClockFacts, Machine, TrustedClock, judged
from broker.contract import wire
from broker.contract.messages import AnyAnswer, AnyCommand, ConfirmDate, DeviceState, Done, Hall, Node, Refused, Role
from broker.deciding import Waiting
from broker.dispatcher import Dispatcher
from broker.journal import Journal
from broker.link import will

NOW = datetime(2026, 11, 22, 1, tzinfo=UTC)
AHEAD = timedelta(days=14)
DAY = timedelta(days=1)


def facts(
    now: datetime = NOW,
    *,
    synchronised: bool = False,
    battery: datetime | None = None,
    boot: str = "b-1",
    boot_s: float = 100.0,
    built: datetime | None = None,
) -> ClockFacts:
    return ClockFacts(now=now, boot=boot, boot_s=boot_s, synchronised=synchronised, battery=battery, built=built)


RIGHT = Anchor(boot="b-1", boot_s=0.0, at=NOW - timedelta(seconds=100))


@pytest.mark.parametrize(
    ("machine", "anchor", "last_event", "trusted", "why"),
    [
        (facts(synchronised=True), None, None, True, "time source"),
        (facts(synchronised=True), None, NOW - 400 * DAY, True, "time source"),
        (facts(synchronised=True), None, NOW + DAY, False, "stands before 2026-11-23"),
        (facts(synchronised=True, built=NOW + DAY), None, None, False, "stands before 2026-11-23"),
        (facts(), None, None, False, "neither a time source nor a clock with a battery"),
        (facts(battery=NOW), None, NOW - DAY, True, "fits the journal"),
        (facts(battery=NOW), None, None, True, "fits the journal"),
        (facts(battery=NOW - DAY), None, NOW - DAY, False, "battery says 2026-11-21"),
        (facts(battery=NOW), None, NOW - 15 * DAY, False, "more than 14 days"),
        (facts(), RIGHT, NOW - 15 * DAY, True, "gone on evenly"),
        (facts(NOW + DAY), RIGHT, None, False, "neither"),  # it has jumped
        (facts(boot="b-2"), RIGHT, None, False, "neither"),  # it was switched off
        (facts(NOW + 3 * DAY, boot_s=100 + 3 * 86_400.0 - 100), RIGHT, None, True, "evenly"),  # drift of a weekend
    ],
)  # fmt: skip
def test_a_clock_is_believed_for_a_reason(
    machine: ClockFacts,
    anchor: Anchor | None,
    last_event: datetime | None,
    trusted: bool,  # noqa: FBT001 - a table
    why: str,
) -> None:
    verdict = judged(machine, anchor=anchor, last_event=last_event, ahead=AHEAD)
    assert verdict.trusted is trusted
    assert why in verdict.why


def test_a_clock_that_was_right_once_is_right_until_the_machine_is_switched_off(tmp_path: Path) -> None:
    said = [facts(synchronised=True)]
    clock = TrustedClock(kept=tmp_path / "clock.json", ahead=AHEAD, facts=lambda: said[-1])
    assert clock.verdict(last_event=None).trusted
    said.append(facts(NOW + DAY, boot_s=100 + 86_400))
    again = TrustedClock(kept=tmp_path / "clock.json", ahead=AHEAD, facts=lambda: said[-1])
    assert again.verdict(last_event=None).trusted
    said.append(facts(NOW + DAY, boot="b-2", boot_s=5))
    assert not again.verdict(last_event=None).trusted
    again.confirmed()
    assert again.verdict(last_event=None).trusted


def test_this_machine_can_be_asked() -> None:
    found = Machine().facts()
    assert abs(found.now - datetime.now(UTC)) < timedelta(minutes=1)
    assert found.boot_s > 0
    assert len(found.boot) == len("00000000-0000-0000-0000-000000000000")


class Kept:
    """A dispatcher on a clock that the test turns."""

    def __init__(self, directory: Path, hall: Hall) -> None:
        self.machine = facts(synchronised=True)
        broker = MemoryBroker()
        self.dispatcher = Dispatcher(
            bus=broker.bus(
                name="dispatcher",
                subscriptions=[wire.topic("east", "cmd/{}", "+")],
                will=will(hall="east", node="dispatcher", role=Role.DISPATCHER),
            ),
            journal=Journal(directory),
            hall="east",
            poison=directory / "poison.jsonl",
            now=lambda: self.machine.now,
            clock=TrustedClock(kept=directory / "clock.json", ahead=AHEAD, facts=lambda: self.machine),
        )
        self.dispatcher.open_day()
        self.dispatcher.take_up(changed(hall, nodes=(*hall.nodes, Node(id="desk", role=Role.SUPERVISOR))))

    def ask(self, command: AnyCommand, node: str) -> AnyAnswer:
        return self.dispatcher._carry_out([Waiting(node=node, command=command)])[0]

    def look(self) -> tuple[str | None, DeviceState | None]:
        """Let the dispatcher look at its clock; return the business day and the alarm."""
        self.dispatcher.open_day()
        alarm = next((each.state for each in self.dispatcher.alarms if each.name == "clock"), None)
        return self.dispatcher.state.day, alarm


async def test_no_day_begins_on_a_clock_that_nobody_set(tmp_path: Path, small_hall: Hall) -> None:
    hall = Kept(tmp_path, small_hall)
    assert hall.look() == ("2026-11-22", None)
    hall.machine = facts(NOW + DAY, boot="b-2", boot_s=60)
    assert hall.look() == ("2026-11-22", DeviceState.FAULT)
    (alarm,) = hall.dispatcher.alarms
    assert "2026-11-22 goes on" in alarm.detail
    assert "ConfirmDate day=2026-11-23" in alarm.detail
    hall.machine = facts(NOW + DAY, boot="b-2", boot_s=90, synchronised=True)
    assert hall.look() == ("2026-11-23", None)


async def test_a_clock_without_a_source_is_an_amber_warning_before_midnight(tmp_path: Path, small_hall: Hall) -> None:
    hall = Kept(tmp_path, small_hall)
    hall.machine = facts(NOW + timedelta(hours=1), boot="b-2", boot_s=60)
    assert hall.look() == ("2026-11-22", DeviceState.WARNING)


async def test_a_supervisor_who_confirms_the_date_opens_the_day(tmp_path: Path, small_hall: Hall) -> None:
    hall = Kept(tmp_path, small_hall)
    hall.machine = facts(NOW + DAY, boot="b-2", boot_s=60)
    hall.look()
    assert refusal(hall.ask(ConfirmDate(id="c-1", day="2026-11-23"), "kiosk-1")) == "not_allowed"
    assert refusal(hall.ask(ConfirmDate(id="c-2", day="2026-11-24"), "desk")) == "clock_differs"
    assert refusal(hall.ask(ConfirmDate(id="c-3", day="tomorrow"), "desk")) == "not_a_date"
    assert hall.look() == ("2026-11-22", DeviceState.FAULT)
    assert isinstance(hall.ask(ConfirmDate(id="c-4", day="2026-11-23"), "desk"), Done)
    assert hall.look() == ("2026-11-23", None)
    hall.machine = facts(NOW + 2 * DAY, boot="b-2", boot_s=60 + 86_400)
    assert hall.look() == ("2026-11-24", None)  # until the machine is switched off


async def test_a_clock_that_lags_behind_the_journal_opens_nothing(tmp_path: Path, small_hall: Hall) -> None:
    hall = Kept(tmp_path, small_hall)
    hall.machine = facts(NOW - 300 * DAY, boot="b-2", boot_s=60, synchronised=True)
    assert hall.look() == ("2026-11-22", DeviceState.FAULT)


def refusal(answer: object) -> str:
    assert isinstance(answer, Refused)
    return answer.reason
