"""What a hall is: zones, services, classes, counters, clerks, policy, nodes."""

from typing import Annotated, Final

from msgspec import Meta, Struct

from .terms import (
    ORDINARY,
    CounterNumber,
    Discipline,
    GivenBy,
    Id,
    IdentityKind,
    PastLast,
    Rating,
    Role,
    ServiceClass,
    Weekday,
)


class Text(Struct, frozen=True, kw_only=True):
    """A text in both of the hall's languages."""

    zh: Annotated[str, Meta(min_length=1, description="简体中文")]
    en: Annotated[str, Meta(min_length=1, description="English")]


class Zone(Struct, frozen=True, kw_only=True):
    """A part of the hall with its own board and voice."""

    id: Annotated[Id, Meta(description="name of the zone in topics and files")]
    name: Annotated[Text, Meta(description="shown on slip, ticket screen and board")]


class PriorityClass(Struct, frozen=True, kw_only=True):
    """Who the customer is, as the order of calls sees it. Listed from the highest to the lowest."""

    id: Annotated[Id, Meta(description='name of the class; "ordinary" must be one of them')]
    name: Annotated[Text, Meta(description="shown on the kiosk, slip and console")]
    target_min: Annotated[float, Meta(ge=0.01, le=1440, description="longest wait promised, in minutes")] = 15
    absolute: Annotated[bool, Meta(description="called before everybody else, whatever the discipline")] = False
    appointment: Annotated[bool, Meta(description="waits from its booked time")] = False
    given_by: Annotated[GivenBy, Meta(description="who may give it: kiosk, supervisor or nobody")] = GivenBy.KIOSK
    per_hour: Annotated[
        Annotated[int, Meta(ge=1)] | None,
        Meta(description="most tickets of it in 60 minutes; further ones are ordinary. For self-declared courtesy"),
    ] = None
    weight: Annotated[int, Meta(ge=1, le=100, description="calls in each round, under `ratio`")] = 1
    on_board: Annotated[
        Text | None, Meta(description="tag beside its numbers on boards, so that others see why; left out: none")
    ] = None
    closing: Annotated[bool, Meta(description="no new tickets of it")] = False


class Need(Struct, frozen=True, kw_only=True):
    """What a customer needs of the counter, or of the call."""

    id: Annotated[Id, Meta(description="name of the need in files")]
    name: Annotated[Text, Meta(description="shown on the kiosk and console")]
    at_counter: Annotated[
        bool, Meta(description="only a counter or clerk that `meets` it may call, if the service has one")
    ] = True
    walk_s: Annotated[int, Meta(ge=0, le=600, description="seconds more to come before a no-show")] = 0


class ClassTarget(Struct, frozen=True, kw_only=True):
    """The longest wait promised to one class at one service."""

    priority_class: Annotated[Id, Meta(description="id of the class")]
    minutes: Annotated[float, Meta(ge=0.01, le=1440, description="instead of the class's own `target_min`")]


class Group(Struct, frozen=True, kw_only=True):
    """A card on the kiosk that leads to services, or to further groups: for halls with more services than one page.

    The commonest services, which the file lists first, stand on the first page whatever their group.
    """

    id: Annotated[Id, Meta(description="name of the group in this file")]
    name: Annotated[Text, Meta(description="shown on the kiosk")]
    parent: Annotated[Id | None, Meta(description="group in which it stands; left out: behind *more services*")] = None


class Service(Struct, frozen=True, kw_only=True):
    """What customers ask for (业务)."""

    id: Annotated[Id, Meta(description="name of the service in topics and files")]
    name: Annotated[Text, Meta(description="shown on the kiosk, slip and board")]
    prefix: Annotated[
        str,
        Meta(
            pattern=r"^[ABCEFHLPU]{1,2}$",
            description="one or two letters of its tickets, such that a seven-segment sign can show them",
        ),
    ]
    zone: Annotated[Id, Meta(description="where its customers wait")]
    service_class: Annotated[ServiceClass, Meta(description="consult, handle or complain")] = ServiceClass.HANDLE
    group: Annotated[Id | None, Meta(description="group on the kiosk in which it is found; left out: none")] = None
    first: Annotated[int, Meta(ge=1, le=9999, description="first number of a day")] = 1
    last: Annotated[int, Meta(ge=1, le=9999, description="last number of a day")] = 999
    step: Annotated[int, Meta(ge=1, le=100, description="from one number to the next")] = 1
    daily_max: Annotated[
        Annotated[int, Meta(ge=1)] | None, Meta(description="most tickets of a day; then the service is full")
    ] = None
    past_last: Annotated[PastLast, Meta(description="after the last number: full, or extra")] = PastLast.FULL
    extra_prefix: Annotated[
        Annotated[str, Meta(pattern=r"^[ABCEFHLPU]{1,2}$")] | None,
        Meta(description="letters of the numbers after the last one, with past_last = extra"),
    ] = None
    targets: Annotated[
        tuple[ClassTarget, ...], Meta(description="waits promised here, where they differ from those of the classes")
    ] = ()
    minutes: Annotated[int, Meta(ge=1, le=240, description="usual minutes at the counter, for estimates")] = 5
    icon: Annotated[str, Meta(description="picture on the kiosk: bill, bolt, person, question, warning, receipt")] = (
        "bolt"
    )
    documents: Annotated[tuple[Text, ...], Meta(description="what to have ready, shown before a number is taken")] = ()
    self_service: Annotated[Text | None, Meta(description="how to do it without queueing")] = None
    closing: Annotated[bool, Meta(description="no new tickets; who waits is still served")] = False


class Counter(Struct, frozen=True, kw_only=True):
    """A window (窗口) and the services it may take."""

    number: CounterNumber
    zone: Annotated[Id, Meta(description="whose board and voice call its customers")]
    skills: Annotated[tuple[Id, ...], Meta(min_length=1, description="ids of the services it may take")]
    helps: Annotated[tuple[Id, ...], Meta(description="services it takes only while none of its skills waits")] = ()
    reserved_for: Annotated[tuple[Id, ...], Meta(description="classes; it takes no others")] = ()
    first_for: Annotated[tuple[Id, ...], Meta(description="classes that it takes before all others")] = ()
    meets: Annotated[tuple[Id, ...], Meta(description="needs that it meets, such as a low counter")] = ()
    closing: Annotated[bool, Meta(description="ends what it has begun and calls nobody")] = False


class Clerk(Struct, frozen=True, kw_only=True):
    """Somebody who staffs a counter. No names: those are kept elsewhere."""

    id: Annotated[Id, Meta(description="the clerk's number or sign-in")]
    skills: Annotated[tuple[Id, ...] | None, Meta(description="services the clerk may take; left out: all")] = None
    meets: Annotated[tuple[Id, ...], Meta(description="needs that the clerk meets, such as sign language")] = ()
    call_by_number: Annotated[bool, Meta(description="may call a ticket out of its turn, by its number")] = True


class Rule(Struct, frozen=True, kw_only=True):
    """A condition of the discipline `rules`: when it holds, the oldest ticket that it names is called."""

    service: Annotated[Id | None, Meta(description="service that it is about; left out: all")] = None
    priority_class: Annotated[Id | None, Meta(description="class that it is about; left out: all")] = None
    waiting_over: Annotated[int, Meta(ge=0, description="holds while more than so many of them wait")] = 0
    waited_over_min: Annotated[float, Meta(ge=0, description="holds once the oldest of them waited longer")] = 0


class Policy(Struct, frozen=True, kw_only=True):
    """Whose turn it is, and what the hall allows."""

    discipline: Annotated[Discipline, Meta(description="how a counter chooses")] = Discipline.SHARE
    rules: Annotated[tuple[Rule, ...], Meta(description="for the discipline `rules`, tried from the first on")] = ()
    overtaken_times: Annotated[
        Annotated[int, Meta(ge=0)] | None,
        Meta(description="how often a later ticket may be called first, at most; left out: no bound"),
    ] = None
    overtaken_min: Annotated[
        Annotated[float, Meta(ge=0)] | None,
        Meta(description="how much later a ticket called first may have come, in minutes; left out: no bound"),
    ] = None
    bound_yields: Annotated[
        bool, Meta(description="absolute classes may break the bound; false: the bound holds against them too")
    ] = True
    early_min: Annotated[float, Meta(ge=0, le=240, description="an appointment's wait begins so early at most")] = 15
    late_min: Annotated[float, Meta(ge=0, le=240, description="later than this an appointment is ordinary")] = 15
    calls: Annotated[int, Meta(ge=1, le=20, description="calls of one ticket, recalls too, at most")] = 3
    no_show_s: Annotated[int, Meta(ge=0, le=600, description="seconds from a call to a no-show, at least")] = 0
    return_numbers: Annotated[
        int, Meta(ge=0, description="after a no-show: back within so many calls of the service, called after the next")
    ] = 5
    return_min: Annotated[float, Meta(ge=0, description="or back within so many minutes")] = 10
    return_days: Annotated[int, Meta(ge=0, le=90, description="days a follow-up's return ticket is good for")] = 3
    outcome_mandatory: Annotated[bool, Meta(description="an outcome that was not stated is owed")] = False
    hold_min: Annotated[float, Meta(ge=1, le=1440, description="a hold ends by itself after so long")] = 60
    rest_s: Annotated[int, Meta(ge=0, le=300, description="rest of an armed counter after a finished visit")] = 0
    undo_s: Annotated[int, Meta(ge=0, le=300, description="seconds in which a clerk's last act can be undone")] = 30
    undo_no_show_s: Annotated[int, Meta(ge=0, le=3600, description="the same for a no-show")] = 300


class Hours(Struct, frozen=True, kw_only=True):
    """When tickets are given out; a day may have several, around a midday break."""

    days: Annotated[tuple[Weekday, ...], Meta(min_length=1, description="mon to sun")]
    open: Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description="first ticket, HH:MM in local time")]
    close: Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description="no more tickets, HH:MM")]
    serve_until: Annotated[
        Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] | None,
        Meta(description="who still waits then ends unserved; left out: when the next day opens"),
    ] = None


class Identity(Struct, frozen=True, kw_only=True):
    """Who the customer is: a number that kiosks ask for and send on as a keyed hash of the day, never as it is.

    Each kiosk needs `identity_key_file` with the same key.
    """

    kind: Annotated[IdentityKind, Meta(description="account: 户号; id_card: 身份证号, checked by its last digit")]
    digits: Annotated[
        tuple[Annotated[int, Meta(ge=4, le=20)], ...],
        Meta(min_length=1, description="how long an account number may be (an ID card's is always 18)"),
    ] = (10, 13)
    required: Annotated[tuple[Id, ...], Meta(description="services that give a number to nobody without it")] = ()
    optional: Annotated[tuple[Id, ...], Meta(description="services that ask for it, where a customer may skip it")] = ()
    per_day: Annotated[
        Annotated[int, Meta(ge=1)] | None, Meta(description="most tickets of a person in a day; left out: any number")
    ] = None


class OfflineNumbers(Struct, frozen=True, kw_only=True):
    """Numbers that a kiosk gives by itself while the dispatcher is away, behind the letters of each service."""

    first: Annotated[int, Meta(ge=1, le=9999, description="first number given without the dispatcher")]
    last: Annotated[int, Meta(ge=1, le=9999, description="last number given without the dispatcher")]


class Node(Struct, frozen=True, kw_only=True):
    """A running program with a login of its own."""

    id: Annotated[Id, Meta(description="its login and its place in topics")]
    role: Annotated[Role, Meta(description="kiosk, display, counter, supervisor or watch")]
    counters: Annotated[
        tuple[CounterNumber, ...],
        Meta(description="counters it may speak for (roles counter and web; a web server without them: for all)"),
    ] = ()
    offline: Annotated[
        OfflineNumbers | None,
        Meta(description="numbers of its own for outages (role kiosk), outside every service's; left out: none"),
    ] = None


class Reason(Struct, frozen=True, kw_only=True):
    """Why a clerk pauses, or declines: one of a list, so that reports can count it."""

    id: Annotated[Id, Meta(description="what events and reports say")]
    name: Annotated[Text, Meta(description="what the console shows")]


PAUSE_REASONS: Final = (
    Reason(id="lunch", name=Text(zh="午餐", en="Lunch")),
    Reason(id="break", name=Text(zh="短暂休息", en="Short break")),
    Reason(id="meeting", name=Text(zh="会议", en="Meeting")),
    Reason(id="back_office", name=Text(zh="后台业务", en="Back office")),
    Reason(id="training", name=Text(zh="培训", en="Training")),
)
DECLINE_REASONS: Final = (
    Reason(id="documents_missing", name=Text(zh="资料不全", en="Documents missing")),
    Reason(id="not_the_holder", name=Text(zh="非本人且无授权", en="Not the holder, and not authorised")),
    Reason(id="conditions_not_met", name=Text(zh="不符合办理条件", en="Conditions not met")),
    Reason(id="other_office", name=Text(zh="不属本厅办理", en="Handled elsewhere")),
    Reason(id="customer_declined", name=Text(zh="客户放弃办理", en="Customer gave up")),
)


class Grade(Struct, frozen=True, kw_only=True):
    """A grade of the hall's scale."""

    grade: Annotated[Rating, Meta(description="what events and reports say")]
    name: Annotated[Text, Meta(description="shown on rating pages and in reports")]
    bad: Annotated[bool, Meta(description="opens a case: somebody calls back, and mends it (差评)")] = False


GRADES: Final = (
    Grade(grade=Rating.SATISFIED, name=Text(zh="满意", en="Satisfied")),
    Grade(grade=Rating.AVERAGE, name=Text(zh="一般", en="Average")),
    Grade(grade=Rating.DISSATISFIED, name=Text(zh="不满意", en="Dissatisfied"), bad=True),
    Grade(grade=Rating.COMPLAINT, name=Text(zh="投诉", en="Complaint"), bad=True),
)
RATING_REASONS: Final = (
    Reason(id="waited_long", name=Text(zh="等候太久", en="Waited too long")),
    Reason(id="slow", name=Text(zh="办理太慢", en="Too slow at the counter")),
    Reason(id="attitude", name=Text(zh="服务态度不好", en="Unfriendly")),
    Reason(id="not_explained", name=Text(zh="没有讲清楚", en="Not explained clearly")),
    Reason(id="not_solved", name=Text(zh="事情没办成", en="My matter was not settled")),
    Reason(id="many_visits", name=Text(zh="让我跑了多趟", en="Had to come several times")),
    Reason(id="other", name=Text(zh="其他原因", en="Something else")),
)


class RatingScale(Struct, frozen=True, kw_only=True):
    """How customers rate a service."""

    grades: Annotated[
        tuple[Grade, ...],
        Meta(
            min_length=3,
            max_length=5,
            description="from the best to the worst; left out: the four keys of most keypads, satisfied, average,"
            " dissatisfied, complaint, of which the last two are bad",
        ),
    ] = GRADES
    reasons: Annotated[
        tuple[Reason, ...],
        Meta(
            max_length=12,
            description="asked after a bad grade, where there is a page for it; left out: waited_long, slow, attitude,"
            " not_explained, not_solved, many_visits, other",
        ),
    ] = RATING_REASONS
    too_fast_s: Annotated[
        float, Meta(ge=0, le=10, description="a rating sooner than this after the question is flagged")
    ] = 1.0
    too_short_s: Annotated[
        int, Meta(ge=0, le=600, description="a rating of a service shorter than this is flagged")
    ] = 20


class Shift(Struct, frozen=True, kw_only=True):
    """A line of the roster: who staffs a counter from an hour on.

    It holds until the next shift of that counter, or until a card, a PIN or a console says otherwise. The call and
    rating of a counter that nobody is known to staff belong to the window only.
    """

    counter: CounterNumber
    clerk: Annotated[Id, Meta(description="id of the clerk")]
    days: Annotated[tuple[Weekday, ...], Meta(min_length=1, description="mon to sun; left out: every day")] = tuple(
        Weekday
    )
    begins: Annotated[
        str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description="HH:MM, local; left out: as the day begins")
    ] = "00:00"


class Hall(Struct, frozen=True, kw_only=True):
    """The whole hall, as `hall.toml` states it."""

    id: Annotated[Id, Meta(description="name of the hall in topics")]
    name: Annotated[Text, Meta(description="name of the hall on slip and screens")]
    timezone: Annotated[str, Meta(description="IANA name; a business day begins at its midnight")] = "Asia/Shanghai"
    slip_grace_s: Annotated[
        int, Meta(ge=0, le=120, description="seconds after which a ticket is callable though its slip is unconfirmed")
    ] = 10
    notice: Annotated[Text | None, Meta(description="a notice at the side of the boards")] = None
    zones: Annotated[tuple[Zone, ...], Meta(min_length=1)]
    services: Annotated[tuple[Service, ...], Meta(min_length=1)]
    counters: Annotated[tuple[Counter, ...], Meta(min_length=1)]
    nodes: Annotated[tuple[Node, ...], Meta(min_length=1)]
    classes: Annotated[tuple[PriorityClass, ...], Meta(min_length=1, description="from the highest to the lowest")] = (
        PriorityClass(id=ORDINARY, name=Text(zh="普通", en="Ordinary")),
    )
    needs: Annotated[tuple[Need, ...], Meta(description="what customers may need besides a service")] = ()
    clerks: Annotated[tuple[Clerk, ...], Meta(description="those who may take less, or meet more, than others")] = ()
    groups: Annotated[
        tuple[Group, ...],
        Meta(description="cards that lead to services on the kiosk; left out: further services stand by their class"),
    ] = ()
    policy: Annotated[Policy, Meta(description="whose turn it is")] = Policy()
    hours: Annotated[tuple[Hours, ...], Meta(description="left out: always open")] = ()
    bookings: Annotated[
        bool,
        Meta(description="customers check in at the kiosk for booked visits; needs a class with appointment = true"),
    ] = False
    identity: Annotated[Identity | None, Meta(description="left out: nobody is asked who he is")] = None
    pause_reasons: Annotated[
        tuple[Reason, ...],
        Meta(min_length=1, description="why a counter pauses; left out: lunch, break, meeting, back_office, training"),
    ] = PAUSE_REASONS
    decline_reasons: Annotated[
        tuple[Reason, ...],
        Meta(
            min_length=1,
            description="why something is declined; left out: documents_missing, not_the_holder, conditions_not_met,"
            " other_office, customer_declined",
        ),
    ] = DECLINE_REASONS
    rating: Annotated[RatingScale, Meta(description="how customers rate a service")] = RatingScale()
    roster: Annotated[tuple[Shift, ...], Meta(description="who staffs which counter")] = ()
    closed_on: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")], ...], Meta(description="days off, ISO dates")
    ] = ()
