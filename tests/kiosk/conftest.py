"""A hall with one more service than a page holds, and the kiosk standing in it."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from broker.contract.messages import (
    Counter,
    Hall,
    HallView,
    Node,
    QueueRow,
    QueuesView,
    Role,
    Service,
    Text,
    TicketTaken,
    Zone,
)
from hardware.devices import PaperState
from kiosk import flow

OPENS = datetime(2026, 11, 21, 13, 30, tzinfo=timezone(timedelta(hours=8)))
SERVICES = (
    ("pay", "电费缴纳", "Pay a bill", "A"),
    ("new", "用电报装", "New connection", "B"),
    ("transfer", "过户更名", "Change of name", "C"),
    ("ask", "业务咨询", "Ask a question", "E"),
    ("complain", "投诉建议", "Complaint", "F"),
    ("invoice", "增值税发票", "VAT invoice", "H"),
    ("solar", "光伏并网", "Solar power", "L"),
)


@pytest.fixture(scope="session")
def hall() -> Hall:
    return Hall(
        id="east",
        name=Text(zh="城东供电营业厅", en="Chengdong Service Hall"),
        zones=(Zone(id="main", name=Text(zh="二区", en="zone 2")),),
        services=tuple(
            Service(
                id=name,
                name=Text(zh=zh, en=en),
                prefix=prefix,
                zone="main",
                documents=(Text(zh="身份证", en="ID card"),),
                self_service=Text(zh="也可在手机上办理。", en="Also on your phone."),
            )
            for name, zh, en, prefix in SERVICES
        ),
        counters=(Counter(number=1, zone="main", skills=tuple(each[0] for each in SERVICES)),),
        nodes=(Node(id="kiosk-1", role=Role.KIOSK), Node(id="watcher", role=Role.WATCH)),
    )


@pytest.fixture
def kiosk(hall: Hall) -> flow.Kiosk:
    """At home at second 100, the hall in reach, paper in the printer; invoices are full, changes of name closed."""
    kiosk = flow.started(
        hall=HallView(day="2026-11-21", hall=hall), idle_s=25, ticket_s=8, now_s=100, paper=PaperState.OK
    )
    queues = (
        QueueRow(service="pay", waiting=3, wait_low_min=4, wait_high_min=7, last_called=None),
        QueueRow(service="new", waiting=6, wait_low_min=15, wait_high_min=25, last_called=None),
        QueueRow(service="ask", waiting=0, wait_low_min=0, wait_high_min=0, last_called=None),
        QueueRow(service="complain", waiting=1, wait_low_min=None, wait_high_min=None, last_called=None),
        QueueRow(service="invoice", waiting=9, wait_low_min=9, wait_high_min=9, last_called=None, full=True),
        QueueRow(
            service="transfer", waiting=2, wait_low_min=5, wait_high_min=9, last_called=None, closed=True, opens=OPENS
        ),
    )
    for happening in (flow.HallHere(here=True), QueuesView(queues=queues)):
        kiosk, _ = flow.follow(kiosk, happening, 100)
    return kiosk


@pytest.fixture(scope="session")
def b014() -> TicketTaken:
    return TicketTaken(
        id="1",
        visit="2026-11-21-B014",
        ticket="B014",
        service="new",
        ahead=6,
        wait_low_min=15,
        wait_high_min=25,
        issued_at=datetime(2026, 11, 21, 1, 42, tzinfo=UTC),
    )
