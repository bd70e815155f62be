"""All that a kiosk's screen is made of."""

from dataclasses import dataclass, field
from typing import Final

from broker.contract.messages import ORDINARY, BookingFound, Hall, Language, QueueRow, Service
from hardware.devices import PaperState

from .. import shelves
from .effort import Effort, Patience
from .pages import Home, Screen

EMPTY: Final = frozenset({PaperState.OUT, PaperState.COVER_OPEN})
# A silent printer is never read as fine; one that never answers is trusted.
SLIPS: Final = frozenset({PaperState.OK, PaperState.NEAR_END, PaperState.TRUSTED, None})


@dataclass(frozen=True, kw_only=True)
class Kiosk:
    """All that the screen shows, and since when."""

    screen: Screen
    since_s: float  # of the last touch or new screen
    idle_s: float
    ticket_s: float
    hall: Hall | None = None
    day: str | None = None
    queues: tuple[QueueRow, ...] = ()
    here: bool | None = None  # None: not known yet
    node: str = ""  # this kiosk's own id
    paper: PaperState | None = None  # None: not asked yet
    language: Language | None = None  # None: nobody has chosen, both are shown
    large: bool = False
    contrast: bool = False  # black and white, for those who see little
    priority_class: str = ORDINARY
    needs: tuple[str, ...] = ()
    booking: BookingFound | None = None  # the booked visit for which a number is taken
    can_hash: bool = False  # this kiosk has the key that hides account and ID numbers
    evacuation: bool = False  # everybody leaves the hall
    listening: bool = False  # somebody works it by tactile keys, and hears it
    focus: str | None = None  # the key that tactile keys have come to
    volume: int = 0  # steps above ordinary
    presses: int = 0  # of tactile keys: each ends what is being said
    asking: bool = False  # nobody has touched for a while: *still there?*
    guide_s: float | None = None  # since when the guide is called
    public_url: str = ""  # template of the address on slips
    scan: int | None = None  # the last code, as a hash: it may name a person
    scan_s: float = 0.0  # when it was last seen
    noted_s: float | None = None  # since when a note says that a code was set aside
    per_page: int = 6  # cards on a page of ordinary text
    patience: Patience = field(default_factory=Patience)
    effort: Effort = field(default_factory=Effort)  # of whoever stands there and has no number yet
    offering: bool = False  # help is offered: *need help?*

    @property
    def is_guide_called(self) -> bool:
        return self.guide_s is not None

    @property
    def is_untouched(self) -> bool:
        """Whether everything stands as the next customer expects it."""
        plain = self.language is None and not self.large and self.priority_class == ORDINARY and not self.needs
        return plain and not self.listening and self.screen == Home()

    @property
    def is_alone(self) -> bool:
        """Whether numbers are given from this kiosk's own range, as the hall is away: nobody knows who waits."""
        nodes = self.hall.nodes if self.hall is not None else ()
        return self.here is False and any(each.id == self.node and each.offline is not None for each in nodes)

    @property
    def ticket_language(self) -> Language:
        return self.language or Language.ZH

    def service(self, service_id: str) -> Service | None:
        services = self.hall.services if self.hall is not None else ()
        return next((each for each in services if each.id == service_id), None)

    def queue(self, service_id: str) -> QueueRow | None:
        return next((row for row in self.queues if row.service == service_id), None)


def page_size(kiosk: Kiosk) -> int:
    return min(4, kiosk.per_page) if kiosk.large else kiosk.per_page


def on_page(kiosk: Kiosk, home: Home) -> tuple[shelves.Entry, ...]:
    return shelves.on_page(kiosk.hall, home.shelf, home.page, page_size(kiosk)) if kiosk.hall is not None else ()


def shut_by(kiosk: Kiosk, shelf: shelves.Shelf) -> QueueRow | None:
    """Return why all of a shelf gives no numbers: the row of the service that opens first; None: some service does."""
    rows = [row for each in shelf.services if (row := kiosk.queue(each)) is not None and (row.closed or row.full)]
    if len(rows) < len(shelf.services):
        return None
    opening = {row.opens: row for row in rows if row.opens is not None}
    if opening:
        return opening[min(opening)]
    return next((row for row in rows if row.full and not row.closed), rows[0])


def can_print(kiosk: Kiosk) -> bool:
    """Return whether a slip may be tried: without one, no number is taken."""
    return kiosk.paper in SLIPS
