"""What the hall says, letter by letter: a change here is a change that every node of every hall must understand."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from broker.contract import messages as m
from broker.contract import wire

GOLDEN = Path(__file__).parent.parent / "golden" / "wire.jsonl"
TRIED = m.BoxFinding(
    what="test", state=m.DeviceState.OK, key="test_sign", args={"node": "windows", "device": "sign-1", "text": "8888"}
)
AT = datetime(2026, 11, 22, 1, 30, tzinfo=UTC)


def spoken(hall: m.Hall) -> list[tuple[str, m.Message]]:
    """Return one message of each kind on its topic."""
    commands: list[m.AnyCommand] = [
        m.OpenDay(id="d-1", day="2026-11-22"),
        m.ResumeNumbers(id="d-4", day="2026-11-22", last={"bill": "A057"}),
        m.ConfigureHall(id="d-2", hall=hall),
        m.Elapsed(id="d-3"),
        m.TakeTicket(
            id="k-1",
            service="bill",
            language=m.Language.EN,
            age_ms=40,
            priority_class="booked",
            needs=("low",),
            then=("new",),
            booked_at=AT,
            return_code="c-0",
            booking="482913",
            person="0123456789abcdef01234567",
        ),
        m.ReportSlip(id="k-2", visit="v-1", fate=m.SlipFate.NOT_PRINTED),
        m.MergeTicket(
            id="k-5",
            ticket="A1001",
            number=1001,
            service="bill",
            day="2026-11-22",
            ago_ms=90_000,
            slip=m.SlipFate.PRINTED,
            language=m.Language.EN,
            priority_class="courtesy",
            needs=("low",),
            by_clock=True,
            abandoned="k-1",
            booking="482913",
            person="0123456789abcdef01234567",
        ),
        m.ReturnTicket(id="k-3", ticket="A001"),
        m.CancelTicket(id="k-4", ticket="A001"),
        m.BookVisit(id="s-6", code="482913", service="bill", at=AT),
        m.CancelBooking(id="s-7", code="482913"),
        m.CheckBooking(id="k-6", code="482913"),
        m.Reclassify(id="s-1", ticket="A001", priority_class="courtesy"),
        m.MarkServedByHand(id="s-2", up_to="A057"),
        m.StartEvacuation(id="s-4"),
        m.EndEvacuation(id="s-5"),
        m.ConfirmDate(id="s-9", day="2026-11-22"),
        m.ApproveSpare(id="s-8", code="482913", box="kiosk-1"),
        m.TestDevice(id="s-10", node="windows", device="sign-1", press_s=20),
        m.ReportDeviceTest(id="b-20", test="s-10", device="sign-1", finding=TRIED, more=True),
        m.StateOutcome(id="s-3", visit="v-1", counter=1, outcome=m.Outcome.FOLLOW_UP, reason="meter", due="2026-11-25"),
        m.CallNext(id="b-1", counter=1, seen="c-1"),
        m.Recall(id="b-2", counter=1, seen="c-1"),
        m.StartService(id="b-3", counter=1, seen="c-1"),
        m.FinishService(id="b-4", counter=1, seen="c-1", outcome=m.Outcome.DECLINED, reason="no deed"),
        m.MarkNoShow(id="b-5", counter=1, seen="c-1", inferred=True),
        m.CallTicket(id="b-8", counter=1, ticket="A001"),
        m.HoldVisit(id="b-9", counter=1, seen="c-1", hold=m.Hold.DOCUMENTS_KEPT),
        m.ResumeVisit(id="b-10", counter=1, ticket="A001"),
        m.TransferVisit(
            id="b-11", counter=1, seen="c-1", service="new", to_counter=2, to_clerk="zhang", position=m.Position.FIRST
        ),
        m.NotEntitled(id="b-12", counter=1, seen="c-1"),
        m.ServeWithoutTicket(id="b-13", counter=1, service="bill"),
        m.PauseCounter(id="b-14", counter=1, reason="lunch"),
        m.OpenCounter(id="b-15", counter=1),
        m.CloseCounter(id="b-16", counter=1),
        m.ArmCounter(id="b-17", counter=1, armed=True),
        m.SignIn(id="b-18", counter=1, clerk="zhang", by=m.SignedInBy.CARD),
        m.Undo(id="b-19", counter=1, seen="c-1", no_show="A001"),
        m.Rate(id="b-6", call="c-1", counter=1, rating=m.Rating.SATISFIED, after_ms=4200, late=True),
        m.RateUnasked(id="b-20", counter=1, rating=m.Rating.VERY_SATISFIED),
        m.ExplainRating(id="b-21", call="c-1", counter=1, reasons=("slow",)),
        m.ReadEvents(id="b-7", after_seq=12),
    ]
    zh = m.Language.ZH
    events: list[m.AnyEvent] = [
        m.DayOpened(
            day="2026-11-22", returns=(m.ReturnRight(code="c-0", service="bill", clerk=None, until="2026-11-24"),),
            learned=m.Learned(service_ms={"bill": (300_000, 7)}),
            bookings=(m.Booking(code="482913", service="bill", at=AT, visit="v-1"),),
        ),
        m.HallConfigured(hall=hall, kept=m.Kept(services=("old",), classes=("vip",), counters=(9,))),
        m.TicketIssued(
            visit="v-1", ticket="A001", service="bill", number=1, language=zh, node="kiosk-1", ahead=0,
            wait_low_min=None, wait_high_min=None, priority_class="booked", booked_at=AT, ready_at=AT,
            taken_offline_at=AT, by_clock=True, booking="482913", person="0123456789abcdef01234567",
        ),
        m.VisitBooked(code="482913", service="bill", at=AT),
        m.BookingCancelled(code="482913"),
        m.TicketReady(visit="v-1", ticket="A001"),
        m.SlipReported(visit="v-1", fate=m.SlipFate.PRINTED),
        m.TicketVoided(visit="v-1", ticket="A001"),
        m.TicketCalled(
            call="c-1", visit="v-1", ticket="A001", service="bill", counter=1, zone="main", language=zh, rule="share",
            waited_s=65, clerk="zhang", pushed=True,
            scores=(m.Score(ticket="A001", service="bill", priority_class="booked", waited_s=65, target_s=300),),
            passed=(
                m.Passed(ticket="B001", service="new", priority_class="ordinary", earlier_s=20, times=1, exempt=0),
            ),
        ),
        m.CallRepeated(call="c-1", visit="v-1", ticket="A001", counter=1, zone="main", language=zh, times=2),
        m.ServiceStarted(call="c-1", visit="v-1", ticket="A001", counter=1),
        m.VisitEnded(visit="v-1", ticket="A001", outcome=m.Outcome.DONE, call="c-1", counter=1),
        m.TransactionEnded(
            call="c-1", visit="v-1", ticket="A001", counter=1, outcome=m.Outcome.DONE, service="new",
        ),
        m.OutcomeStated(visit="v-1", ticket="A001", counter=1, outcome=m.Outcome.ESCALATED, reason="amount"),
        m.CaseOpened(
            case="c-1", visit="v-1", ticket="A001", service="bill", counter=1, outcome=m.Outcome.FOLLOW_UP,
            due="2026-11-25", until="2026-11-28",
        ),
        m.VisitHeld(call="c-1", visit="v-1", ticket="A001", counter=1, hold=m.Hold.DOCUMENTS_AWAY, until=AT),
        m.VisitTransferred(
            call="c-1", visit="v-1", ticket="A001", counter=1, service="new", position=m.Position.LAST, to_counter=2,
        ),
        m.VisitReturned(visit="v-1", ticket="A001", after_next=True),
        m.TicketReclassified(visit="v-1", ticket="A001", priority_class="ordinary", call="c-1", counter=1),
        m.WalkUpServed(call="w-1", visit="w", ticket=m.NO_TICKET, service="bill", counter=1, clerk="zhang"),
        m.CounterOpened(counter=1),
        m.CounterPaused(counter=1, reason="lunch"),
        m.CounterClosed(counter=1),
        m.CounterArmed(counter=1, armed=True),
        m.ClerkSignedIn(counter=1, clerk="zhang"),
        m.Undone(counter=1, act="TicketCalled", seq=6, visit="v-1", ticket="A001", call="c-1"),
        m.VisitRated(
            call="c-1", visit="v-1", ticket="A001", counter=1, rating=m.Rating.COMPLAINT, clerk="zhang",
            service="bill", waited_s=900, promised_low_min=5, promised_high_min=10, served_s=12, after_ms=400,
            flags=(m.RatingFlag.TOO_FAST, m.RatingFlag.TOO_SHORT),
        ),
        m.VisitNotRated(call="c-1", visit="v-1", ticket="A001", counter=1, clerk="zhang"),
        m.RatingSetAside(counter=1, rating=m.Rating.AVERAGE, why=m.SetAside.EARLIER_DAY, call="c-0"),
        m.RatingExplained(call="c-1", visit="v-1", ticket="A001", counter=1, reasons=("slow",)),
        m.EvacuationStarted(),
        m.EvacuationEnded(),
        m.DateConfirmed(day="2026-11-22", node="desk"),
        m.NumbersResumed(last={"bill": "A057"}),
        m.SpareApproved(code="482913", box="kiosk-1", node="desk"),
        m.DeviceTestAsked(test="s-10", node="windows", device="sign-1", press_s=20, by="desk"),
        m.DeviceTested(test="s-10", node="windows", device="sign-1", finding=TRIED, more=True),
    ]  # fmt: skip
    recorded = [m.Recorded(epoch=1, seq=n, at=AT, event=event) for n, event in enumerate(events, 1)]
    answers: list[m.AnyAnswer] = [
        m.Done(id="b-3", epoch=1, seq=8),
        m.TicketTaken(
            id="k-1", epoch=1, seq=3, visit="v-1", ticket="A001", service="bill", ahead=3, wait_low_min=5,
            wait_high_min=10, issued_at=AT, priority_class="ordinary", capped=True,
        ),
        m.BookingFound(
            id="k-6", epoch=1, seq=3, code="482913", service="bill", at=AT, standing=m.Standing.EARLY, called_from=AT,
        ),
        m.Returned(
            id="k-3", epoch=1, seq=12, visit="v-1", ticket="A001", after_next=True, ahead=1, service="bill",
            language=m.Language.EN, at=AT,
        ),
        m.Called(id="b-1", epoch=1, seq=6, call="c-1", ticket="A001"),
        m.EventsRead(id="b-7", epoch=1, seq=10, events=(recorded[0],), more=True),
        m.Refused(id="k-1", epoch=1, seq=3, reason="service_full", args={"service": "bill", "last": 999}),
    ]  # fmt: skip
    views: list[m.AnyView] = [
        m.HallView(epoch=1, seq=2, day="2026-11-22", hall=hall),
        m.HallView(epoch=1, seq=27, day="2026-11-22", hall=hall, evacuation=True),
        m.QueuesView(
            epoch=1, seq=3, day="2026-11-22",
            queues=(
                m.QueueRow(
                    service="bill", waiting=1, wait_low_min=0, wait_high_min=5, last_called=None, last_given="A057"
                ),
                m.QueueRow(
                    service="new", waiting=0, wait_low_min=None, wait_high_min=None, last_called="B001", closed=True,
                    opens=AT,
                ),
            ),
        ),
        m.BoardView(
            epoch=1, seq=6, zone="main",
            rows=(
                m.BoardRow(
                    call="c-1", ticket="A001", counter=1, times=1, started=False, tag=m.Text(zh="预约", en="Booked"),
                    called_at=AT,
                ),
            ),
        ),
        m.CounterView(epoch=1, seq=6, counter=1, state=m.CounterState.CALLED, waiting=2, call="c-1", ticket="A001"),
        m.CounterView(
            epoch=1, seq=7, counter=3, state=m.CounterState.SERVING, waiting=2, call="v-1.2", ticket="A001", times=1,
            card=m.Card(
                visit="v-1", service="new", issued_at=AT, called_at=AT, started_at=AT, waited_s=65, promised_min=9,
                target_s=900, minutes=5, priority_class="booked", rule="share", needs=("low",), then=("bill",),
                past=(m.PastStep(what=m.Past.TRANSFERRED, at=AT, counter=2, to="new"),),
            ),
        ),
        m.CounterView(
            epoch=1, seq=9, counter=2, state=m.CounterState.PAUSED, waiting=2, armed=True, clerk="zhang",
            held=("B001",), owed=("v-1",), undo="VisitEnded", paused="lunch", since=AT,
            held_visits=(m.HeldVisit(ticket="B001", hold=m.Hold.OTHER_STEP, service="new", since=AT, until=AT),),
            owed_visits=(m.OwedVisit(visit="v-1", ticket="A001", service="bill", ended_at=AT),),
            undoable=m.UndoOffer(act="VisitEnded", ticket="A001", until=AT),
        ),
    ]  # fmt: skip
    printer = m.DeviceStatus(name="printer", state=m.DeviceState.FAULT, detail="no paper; put in a roll")
    presence = m.Presence(
        node="kiosk-1", role=m.Role.KIOSK, up=True, program="0.1.0", devices=(printer,), epoch=1,
        given=m.GivenNumbers(day="2026-11-22", last={"bill": "A001"}),
    )  # fmt: skip
    board = m.Presence(
        node="board-1",
        role=m.Role.DISPLAY,
        up=True,
        reached=(
            m.Reached(
                zone="main", medium=m.Medium.ROW, calls=9, p50_ms=12, p99_ms=40, worst_ms=41, parted="A001 is missing"
            ),
        ),
    )
    health = m.BoxHealth(
        box="box-1", image="2026.11.22", slot="A", uptime_s=86_400, clock_offset_ms=0.4, clock_set=True,
        clock_battery=False, certificates=(m.CertificateEnd(node="kiosk-1", last_day="2027-11-21"),),
        disk_free_mb=4_000, disk_total_mb=16_000, disk_wear_percent=10, memory_free_mb=512, load=0.5,
        temperature_c=61.5,
        findings=(m.BoxFinding(what="power", state=m.DeviceState.FAULT, key="power_low", args={"times": 2}),),
        update=m.BoxUpdate(arch="arm64", step=m.UpdateStep.FELL_BACK, version="0.2.0", at=AT, why="k"),
    )  # fmt: skip
    keeper = m.Presence(node="keeper-box-1", role=m.Role.KEEPER, up=True, box=health)
    warning = m.BoxWarning(number=7, first=AT, last=AT, unit="kernel", priority=3, text="mmcblk0: error -110", count=3)
    release = m.Release(
        version="0.2.0",
        sha256="0" * 64,
        size=300_000_000,
        path="/releases/0.2.0",
        offered=AT,
        not_before=AT,
        not_after=AT,
    )
    return [
        *((wire.topic("east", "cmd/{}", "kiosk-1"), command) for command in commands),
        *((wire.topic("east", "reply/{}", "kiosk-1"), answer) for answer in answers),
        *((wire.event_topic("east", each), each) for each in recorded),
        *((wire.view_topic("east", view), view) for view in views),
        (wire.topic("east", "node/{}", "kiosk-1"), presence),
        (wire.topic("east", "node/{}", "board-1"), board),
        (wire.topic("east", "node/{}", "keeper-box-1"), keeper),
        (wire.topic("east", "log/{}", "keeper-box-1"), m.BoxLog(box="box-1", run="r-1", warnings=(warning,))),
        (wire.topic("east", "release/{}", "keeper-box-1"), release),
    ]


def test_every_message_reads_as_it_always_did(small_hall: m.Hall) -> None:
    lines = [
        json.dumps([topic, json.loads(wire.encode(said))], ensure_ascii=False) for topic, said in spoken(small_hall)
    ]
    assert lines == GOLDEN.read_text(encoding="utf-8").splitlines()


def test_every_message_is_heard_as_it_was_said(small_hall: m.Hall) -> None:
    for topic, said in spoken(small_hall):
        assert wire.decode("east", topic, wire.encode(said)).message == said


def test_no_kind_of_message_is_missing_here(small_hall: m.Hall) -> None:
    said = {type(message) for _, message in spoken(small_hall)}
    events = {type(message.event) for _, message in spoken(small_hall) if isinstance(message, m.Recorded)}
    assert said == {
        *get_args(m.AnyCommand),
        *get_args(m.AnyAnswer),
        *get_args(m.AnyView),
        m.Recorded,
        m.Presence,
        m.BoxLog,
        m.Release,
    }
    assert events == set(get_args(m.AnyEvent))


def test_every_topic_of_the_contract_is_spoken_on(small_hall: m.Hall) -> None:
    heard = {wire.decode("east", topic, wire.encode(said)).channel for topic, said in spoken(small_hall)}
    assert heard == set(wire.CHANNELS)


def test_the_level_of_a_topic_is_heard() -> None:
    press = wire.encode(m.CallNext(id="b-1", counter=1))
    assert wire.decode("east", "hallcall/1/east/cmd/box-1", press).level == "box-1"


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("hallcall/1/east/cmd/box-1", b""),
        ("hallcall/1/east/cmd/box-1", b"{"),
        ("hallcall/1/east/cmd/box-1", b"\xff\xfe"),
        ("hallcall/1/east/cmd/box-1", b"[]"),
        ("hallcall/1/east/cmd/box-1", b'{"id": "1", "counter": 1}'),
        ("hallcall/1/east/cmd/box-1", b'{"type": "CallAll", "id": "1"}'),
        ("hallcall/1/east/cmd/box-1", b'{"type": "CallNext", "id": "1"}'),
        ("hallcall/1/east/cmd/box-1", b'{"type": "CallNext", "id": "1", "counter": "1"}'),
        ("hallcall/1/east/cmd/box-1", b'{"type": "CallNext", "id": "1", "counter": 96}'),
        ("hallcall/1/east/cmd/box-1", b'{"type": "CallNext", "id": "", "counter": 1}'),
        ("hallcall/1/east/cmd/box-1", b'{"type": "CallNext", "id": "1", "counter": 1, "age_ms": -1}'),
        ("hallcall/1/east/cmd/box-1", b'{"type": "Done", "id": "1"}'),
        ("hallcall/1/east/view/hall", b'{"type": "QueuesView", "queues": []}'),
        ("hallcall/1/east/event/DayOpened", b'{"epoch": 1, "seq": 1, "at": "today", "event": {"type": "DayOpened"}}'),
        ("hallcall/1/east/cmd/box-1/more", b'{"type": "CallNext", "id": "1", "counter": 1}'),
        ("hallcall/1/east/gossip", b"{}"),
        ("hallcall/1/west/view/hall", b"{}"),
        ("hallcall/2/east/view/hall", b"{}"),
    ],
)
def test_what_is_none_of_the_contract_is_a_bad_message(topic: str, payload: bytes) -> None:
    with pytest.raises(wire.BadMessage, match=r"^hallcall/"):
        wire.decode("east", topic, payload)


def with_more(message: m.Message) -> bytes:
    fields: dict[str, Any] = json.loads(wire.encode(message))
    return msgspec.json.encode({**fields, "of_a_later_version": 1})


def test_a_command_with_an_unknown_field_is_refused() -> None:
    with pytest.raises(wire.BadMessage, match="of_a_later_version"):
        wire.decode("east", "hallcall/1/east/cmd/box-1", with_more(m.CallNext(id="b-1", counter=1)))


def test_everything_else_may_know_more_than_we_do(small_hall: m.Hall) -> None:
    for topic, said in spoken(small_hall):
        if not isinstance(said, m.Command):
            assert wire.decode("east", topic, with_more(said)).message == said
