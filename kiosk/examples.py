"""A state for every screen of the kiosk, in a hall of one's own: for pictures and for measuring. Pure."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from msgspec import structs

from broker.contract.messages import (
    BookingFound,
    Group,
    Hall,
    HallView,
    Identity,
    IdentityKind,
    Language,
    OfflineNumbers,
    QueueRow,
    QueuesView,
    Returned,
    Role,
    Standing,
    TicketTaken,
)
from hardware.devices import PaperState, Printed

from . import flow, shelves

DAY: Final = "2026-11-21"
AT: Final = datetime(2026, 11, 21, 1, 42, tzinfo=UTC)
WAITS: Final = ((3, 4, 7), (6, 15, 25), (2, 8, 12), (0, 0, 0), (1, None, None), (9, 9, 9))
MODES: Final = ("both", "zh", "en", "zh-large", "en-large", "zh-dark", "en-dark")


def examples(hall: Hall, *, per_page: int) -> Iterator[tuple[str, flow.Kiosk]]:
    """Yield (name of the screen and of what it looks like, kiosk) of every screen in every look."""
    home = _home(hall, per_page)
    for mode in MODES:
        language, _, look = mode.partition("-")
        chosen = replace(
            home,
            language=None if language == "both" else Language(language),
            large=look in {"large", "dark"},
            contrast=look == "dark",
        )
        for name, kiosk in _screens(chosen, hall):
            yield f"{name}-{mode}", kiosk


def _home(hall: Hall, per_page: int) -> flow.Kiosk:
    kiosk = flow.started(
        hall=HallView(day=DAY, hall=hall), idle_s=25, ticket_s=8, now_s=0, paper=PaperState.OK, per_page=per_page
    )
    rows = []
    for place, service in enumerate(hall.services):
        waiting, low, high = WAITS[place % len(WAITS)]
        rows.append(
            QueueRow(
                service=service.id,
                waiting=waiting,
                wait_low_min=low,
                wait_high_min=high,
                last_called=None,
                full=place == 4,  # noqa: PLR2004
                closed=place == 5 or place == 3,  # noqa: PLR1714, PLR2004
                opens=AT + timedelta(hours=4) if place == 5 else AT + timedelta(days=2) if place == 3 else None,  # noqa: PLR2004
            )
        )
    for happening in (flow.HallHere(here=True), QueuesView(queues=tuple(rows))):
        kiosk, _ = flow.follow(kiosk, happening, 0)
    return kiosk


def _screens(kiosk: flow.Kiosk, hall: Hall) -> Iterator[tuple[str, flow.Kiosk]]:
    service = max(hall.services, key=lambda each: len(each.documents))
    bare = min(hall.services, key=lambda each: len(each.documents))
    prefix = service.prefix
    taken = TicketTaken(
        id="1",
        visit=f"{DAY}-{prefix}014",
        ticket=f"{prefix}014",
        service=service.id,
        ahead=6,
        wait_low_min=15,
        wait_high_min=25,
        issued_at=AT,
    )
    zone = next(each for each in hall.zones if each.id == service.zone)
    ticket = flow.Ticket(service=service, zone=zone, taken=taken, slip=Printed.YES)
    yield "home", kiosk
    yield "home-focus", replace(kiosk, listening=True, focus=f"service:{hall.services[0].id}")
    size = flow.page_size(kiosk)
    if shelves.has_more(hall, shelves.FRONT, size):
        yield "shelf", replace(kiosk, screen=flow.Home(shelf=shelves.REST))
    yield from _in_groups(kiosk, hall)
    for offered in shelves.classes_offered(hall)[:1]:
        picked = replace(kiosk, priority_class=offered.id)
        yield "home-courtesy", picked
        own = replace(ticket, taken=_with_class(taken, offered.id))
        yield "ticket-courtesy", replace(picked, screen=own)
        yield "ticket-capped", replace(picked, screen=replace(ticket, taken=_capped(taken)))
        yield "classes", replace(picked, screen=flow.Classes())
        yield "needs", replace(picked, screen=flow.Needs(service=service.id))
    yield "confirm", replace(kiosk, screen=flow.Confirm(service=service.id))
    yield "confirm-bare", replace(kiosk, screen=flow.Confirm(service=bare.id))
    yield "taking", replace(kiosk, screen=flow.Taking(service=service, zone=zone))
    yield "ticket", replace(kiosk, screen=ticket)
    yield "ticket-printing", replace(kiosk, screen=replace(ticket, slip=None))
    yield "ticket-unsure", replace(kiosk, screen=replace(ticket, slip=Printed.UNKNOWN))
    yield "missed", replace(kiosk, screen=flow.Missed())
    typed = flow.Missed(prefix=prefix, digits="014")
    yield "missed-typed", replace(kiosk, screen=typed)
    yield "returning", replace(kiosk, screen=flow.Returning(typed=typed))
    again = Returned(id="2", visit=taken.visit, ticket=taken.ticket, after_next=True, ahead=1)
    yield "back", replace(kiosk, screen=flow.Back(answer=again, slip=Printed.YES))
    yield from _scanned(kiosk, again, flow.Taking(service=service, zone=zone), flow.Returning(typed=typed))
    late = Returned(id="2", visit=taken.visit, ticket=taken.ticket, after_next=False, ahead=12)
    yield "back-late", replace(kiosk, screen=flow.Back(answer=late))
    refused = flow.Declined(reason="still_waits", args=(("ticket", taken.ticket),), typed=typed)
    yield "refused-return", replace(kiosk, screen=refused)
    yield "refused", replace(kiosk, screen=flow.Declined(reason="closed", opens=AT + timedelta(days=2)))
    yield from _customers(kiosk, hall, ticket)
    yield "guide", replace(kiosk, screen=flow.Guide(), guide_s=0)
    yield "still-there", replace(kiosk, screen=flow.Confirm(service=service.id), asking=True)
    yield "need-help", replace(kiosk, screen=flow.Confirm(service=service.id), offering=True)
    yield "no-paper", replace(kiosk, screen=flow.NoPaper(paper=PaperState.OUT))
    yield "voided", replace(kiosk, screen=flow.NoPaper(paper=PaperState.OUT, voided=taken.ticket))
    yield "home-alone", _alone(kiosk, hall)
    offline = structs.replace(taken, ticket=f"{prefix}1014", ahead=None, wait_low_min=None, wait_high_min=None)
    yield "ticket-alone", replace(_alone(kiosk, hall), screen=replace(ticket, taken=offline))
    yield "away", replace(kiosk, screen=flow.Away(why=flow.Pause.AWAY))
    yield "starting", replace(kiosk, screen=flow.Away(why=flow.Pause.STARTING))
    yield "no-day", replace(kiosk, screen=flow.Away(why=flow.Pause.NO_DAY))
    yield "evacuation", replace(kiosk, screen=flow.Away(why=flow.Pause.EVACUATION))


def _customers(kiosk: flow.Kiosk, hall: Hall, ticket: flow.Ticket) -> Iterator[tuple[str, flow.Kiosk]]:
    """Yield the screens of a hall that takes bookings and asks who customers are."""
    service = ticket.service.id
    account = Identity(kind=IdentityKind.ACCOUNT, optional=(service,))
    card = Identity(kind=IdentityKind.ID_CARD, required=(service,))
    kiosk = replace(kiosk, hall=structs.replace(hall, bookings=True, identity=account))
    yield "home-bookings", kiosk
    yield "check-in", replace(kiosk, screen=flow.CheckIn())
    yield "check-in-typed", replace(kiosk, screen=flow.CheckIn(digits="482913"))
    yield "checking", replace(kiosk, screen=flow.Checking(code="482913"))
    for standing, minutes in ((Standing.ON_TIME, 8), (Standing.EARLY, 48), (Standing.LATE, -48)):
        at = AT + timedelta(minutes=minutes)
        found = BookingFound(
            id="3", code="482913", service=service, at=at, standing=standing, called_from=at - timedelta(minutes=15)
        )
        yield f"booked-{standing.value}", replace(kiosk, screen=flow.Confirm(service=service), booking=found)
        yield f"ticket-booked-{standing.value}", replace(kiosk, screen=ticket, booking=found)
    for reason, args in (
        ("unknown_booking", ()),
        ("booking_other_day", (("day", "2026-11-23"), ("time", "10:30"))),
        ("booking_used", (("ticket", "B014"),)),
    ):
        refused = flow.Declined(reason=reason, args=args, typed=flow.CheckIn())
        yield f"refused-{reason.replace('_', '-')}", replace(kiosk, screen=refused)
    yield "refused-booking-alone", replace(kiosk, screen=flow.Declined(reason="booking_alone"))
    limit = flow.Declined(reason="person_limit", args=(("most", 3), ("day", "2026-11-23")))
    yield "refused-person-limit", replace(kiosk, screen=limit)
    yield "identify", replace(kiosk, screen=flow.Identify(service=service))
    yield "identify-typed", replace(kiosk, screen=flow.Identify(service=service, typed="1101051949"))
    by_card = replace(kiosk, hall=structs.replace(hall, identity=card))
    yield "identify-card", replace(by_card, screen=flow.Identify(service=service, typed="11010519491231002"))
    wrong = flow.Identify(service=service, typed="110105194912310021", is_wrong=True)
    yield "identify-wrong", replace(by_card, screen=wrong)
    taking = flow.Taking(service=ticket.service, zone=ticket.zone, masked="••••••1949")
    yield "taking-identified", replace(kiosk, screen=taking)


def _in_groups(kiosk: flow.Kiosk, hall: Hall) -> Iterator[tuple[str, flow.Kiosk]]:
    """Yield what stands behind the commonest in a hall with thrice the services, in groups of groups."""
    names = [each.name for each in hall.services]
    groups = (Group(id="a", name=names[0]), Group(id="b", name=names[1]), Group(id="c", name=names[-1], parent="a"))
    services = tuple(
        structs.replace(each, id=f"{each.id}-{place}", group="abc"[place] if place < len(groups) else None)
        for place in range(4)
        for each in hall.services
    )
    known = replace(kiosk, hall=structs.replace(hall, groups=groups, services=services))
    yield "groups", replace(known, screen=flow.Home(shelf=shelves.REST))
    yield "group", replace(known, screen=flow.Home(shelf="group:a"))
    full = tuple(
        QueueRow(service=each.id, waiting=0, wait_low_min=None, wait_high_min=None, last_called=None, full=True)
        for each in services
        if each.group in {"b", "c"}
    )
    yield "groups-full", replace(known, screen=flow.Home(shelf=shelves.REST), queues=full)
    yield "group-full", replace(known, screen=flow.Home(shelf="group:a"), queues=full)


def _scanned(
    kiosk: flow.Kiosk, again: Returned, taking: flow.Taking, returning: flow.Returning
) -> Iterator[tuple[str, flow.Kiosk]]:
    """Yield codes that lead nowhere, and those that came while the kiosk was busy."""
    for why in flow.Misread:
        yield f"unread-{why.value}", replace(kiosk, screen=flow.Unread(why=why))
    yield "taking-noted", replace(kiosk, screen=taking, noted_s=0)
    yield "returning-noted", replace(kiosk, screen=returning, noted_s=0)
    yield "back-printing", replace(kiosk, screen=flow.Back(answer=again, slip=None), noted_s=0)


def _alone(kiosk: flow.Kiosk, hall: Hall) -> flow.Kiosk:
    """Return a kiosk that gives its own numbers, as the hall is away."""
    name = next(each.id for each in hall.nodes if each.role is Role.KIOSK)
    own = OfflineNumbers(first=1001, last=1099)
    nodes = tuple(structs.replace(each, offline=own) if each.id == name else each for each in hall.nodes)
    known = replace(kiosk, hall=structs.replace(hall, nodes=nodes), node=name)
    return flow.follow(known, flow.HallHere(here=False), 0)[0]


def _with_class(taken: TicketTaken, name: str) -> TicketTaken:
    return structs.replace(taken, priority_class=name)


def _capped(taken: TicketTaken) -> TicketTaken:
    return structs.replace(taken, capped=True)
