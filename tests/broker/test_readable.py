"""What the newest release writes while an update is on trial can be read by the one before it."""

import json
from collections.abc import Callable, Coroutine, Iterator
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from broker.bus import MemoryBroker
from broker.contract.messages import (
    AnyAnswer,
    AnyEvent,
    ApproveSpare,
    Hall,
    HallConfigured,
    Node,
    Recorded,
    Refused,
    Role,
    SpareApproved,
    TakeTicket,
    TicketTaken,
)
from broker.database import connect, format_of
from broker.deciding import Deciding, Waiting
from broker.dispatcher import Dispatcher
from broker.hall.clock import ms
from broker.journal import SCHEMA, Journal, read_day
from broker.memory import remembered
from broker.poison import Poison
from broker.promising import PromiseTable
from broker.readable import BrokenReader, OnTrial, Reader, left_by, this_release

GOLDEN = Path(__file__).parent.parent / "golden"
RELEASES = sorted((GOLDEN / "releases").glob("*.json"))
NEW_SINCE = {
    "0.1.0": {"SpareApproved", "DateConfirmed", "NumbersResumed", "DeviceTestAsked", "DeviceTested"}
}  # they wait for the end of a trial
AT = datetime(2026, 11, 21, 1, tzinfo=UTC)
Story = Callable[[Coroutine[Any, Any, None]], None]


def examples() -> Iterator[dict[str, Any]]:
    """Yield every kind of event and answer, as the contract's golden file has them."""
    for line in (GOLDEN / "wire.jsonl").read_text(encoding="utf-8").splitlines():
        topic, body = json.loads(line)
        if "/event/" in topic:
            yield body["event"]
        elif "/reply/" in topic:
            yield body


EXAMPLES = list({example["type"]: example for example in examples()}.values())


def reader(name: str) -> Reader:
    found = left_by(GOLDEN / "releases" / f"{name}.json")
    assert found is not None
    return found


def message(body: dict[str, Any]) -> AnyEvent | AnyAnswer:
    found: AnyEvent | AnyAnswer = msgspec.convert(body, AnyEvent | AnyAnswer)
    return found


@pytest.mark.parametrize("path", RELEASES, ids=lambda path: path.stem)
def test_every_release_reads_what_is_written_today_but_for_the_kinds_that_are_new(path: Path) -> None:
    old = reader(path.stem)
    known_roles = {"dispatcher", "kiosk", "display", "counter", "web", "supervisor", "watch"}
    for body in EXAMPLES:
        for hall in (body.get("hall"), *(each["event"].get("hall") for each in body.get("events", ()))):
            if hall:
                hall["nodes"] = [node for node in hall["nodes"] if node["role"] in known_roles]
    stuck = {body["type"]: old.obstacle(message(body)) for body in EXAMPLES if old.obstacle(message(body))}
    assert stuck.keys() <= NEW_SINCE[path.stem], stuck


def test_a_role_that_the_old_release_does_not_know_is_no_hall_for_it(small_hall: Hall) -> None:
    hall = msgspec.structs.replace(small_hall, nodes=(*small_hall.nodes, Node(id="keeper-1", role=Role.KEEPER)))
    assert "'keeper' is unknown there" in reader("0.1.0").obstacle(HallConfigured(hall=hall))
    assert not reader("0.1.0").obstacle(HallConfigured(hall=small_hall))


def is_time(value: object) -> bool:
    return isinstance(value, str) and (value.endswith(("T01:30:00Z", "_at")) or value in {"due", "at", "again_at"})


def spoilt(body: object) -> Iterator[object]:
    """Yield a message with each of its values gone, of another kind, unknown or too much."""
    if isinstance(body, dict):
        for key in body:
            yield {name: each for name, each in body.items() if name != key}
            yield {**body, "of_tomorrow": 1}
            texts = () if is_time(body[key]) or is_time(key) else ("", "of tomorrow")  # the schema does not tell a time
            for other in (None, 7, -1, 1.5, *texts, [], {}, True, 10**6):
                yield {**body, key: other}
            for below in spoilt(body[key]):
                yield {**body, key: below}
    elif isinstance(body, list) and body:
        for below in spoilt(body[0]):
            yield [below, *body[1:]]


@pytest.mark.parametrize("body", EXAMPLES, ids=lambda body: body["type"])
def test_the_schema_takes_what_the_decoder_takes_and_refuses_what_it_refuses(body: dict[str, Any]) -> None:
    today = this_release(SCHEMA)
    for changed in spoilt(deepcopy(body)):
        union = AnyEvent if body["type"] not in {"Done", "Refused"} and "id" not in body else AnyAnswer
        try:
            msgspec.convert(changed, union)
            taken = True
        except msgspec.ValidationError:
            taken = False
        assert _obstacle(today, changed, union) == (not taken), (changed, taken)


def _obstacle(of: Reader, body: object, union: object) -> bool:
    from broker.readable import _obstacles  # noqa: PLC0415

    schema = of.events if union is AnyEvent else of.answers
    return bool(next(_obstacles(body, schema, schema, "it"), ""))


def deciding(directory: Path, hall: Hall, on_trial: OnTrial) -> tuple[Deciding, Journal]:
    journal = Journal(directory / "journal", newest=on_trial.reader.journal_format if on_trial.reader else SCHEMA)
    bus = MemoryBroker().bus(name="dispatcher", subscriptions=[])
    poison = directory / "poison.jsonl"
    opened = Dispatcher(bus=bus, journal=journal, hall=hall.id, poison=poison, now=lambda: AT, on_trial=on_trial)
    opened.configure(hall)
    state = remembered(journal)
    promises = PromiseTable(clock=lambda: 0.0)
    return (
        Deciding(
            journal=journal,
            state=state,
            poison=Poison(poison),
            now_ms=lambda: ms(AT),
            promises=promises,
            on_trial=on_trial,
        ),
        journal,
    )


def test_what_the_old_release_cannot_read_waits_until_the_update_is_confirmed(
    tmp_path: Path, small_hall: Hall, in_no_time: Story
) -> None:
    left = tmp_path / "readers.json"
    left.write_bytes((GOLDEN / "releases" / "0.1.0.json").read_bytes())
    hall = msgspec.structs.replace(small_hall, nodes=(*small_hall.nodes, Node(id="desk-9", role=Role.SUPERVISOR)))

    async def story() -> None:
        decides, journal = deciding(tmp_path, hall, OnTrial(left))
        spare = Waiting(node="desk-9", command=ApproveSpare(id="s-1", code="482913", box="box-1"))
        number = Waiting(node="kiosk-1", command=TakeTicket(id="k-1", service="bill"))
        answers = decides.carry_out([spare, number]).answers
        assert isinstance(answers[0], Refused)
        assert answers[0].reason == "on_trial"
        assert isinstance(answers[1], TicketTaken)
        left.unlink()
        again = Waiting(node="desk-9", command=ApproveSpare(id="s-2", code="482913", box="box-1"))
        happened = decides.carry_out([again]).happened
        assert [type(each.event) for each in happened] == [SpareApproved]
        journal.close()

    in_no_time(story())
    *before, last = read_day(tmp_path / "journal" / "2026-11-21.sqlite")
    assert not [found for each in before if (found := reader("0.1.0").obstacle(each.event))]
    assert isinstance(last, Recorded)


def test_a_day_that_begins_on_trial_has_the_format_of_the_old_release(
    tmp_path: Path, small_hall: Hall, in_no_time: Story
) -> None:
    left = tmp_path / "readers.json"
    left.write_bytes(msgspec.json.encode(msgspec.structs.replace(this_release(SCHEMA), journal_format=SCHEMA - 1)))

    async def story() -> None:
        _, journal = deciding(tmp_path, small_hall, OnTrial(left))
        journal.close()

    in_no_time(story())
    assert format_of(connect(tmp_path / "journal" / "2026-11-21.sqlite")) == SCHEMA - 1
    assert Journal(tmp_path / "journal").seq > 0


def test_a_file_that_cannot_be_read_stops_the_start_and_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "readers.json"
    path.write_text("{", encoding="ascii")
    with pytest.raises(BrokenReader, match="hallcall update rollback"):
        OnTrial(path)
    path.unlink()
    assert OnTrial(path).reader is None
