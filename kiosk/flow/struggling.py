"""A customer who struggles: who goes back again and again, or is long at it, and has no number yet.

The guide is told, and where the kiosk's file wants it the screen offers help. A number, the way home, or a customer who
has left ends it.
"""

from dataclasses import replace

from .effort import Effort, is_too_much, moved, too_long_at_s
from .happenings import Happening, Pressed, Touched
from .pages import Away, Back, Guide, NoPaper, Ticket
from .state import Kiosk

ENDED = (Ticket, Back, Away, NoPaper)  # nothing is left to struggle with


def noticed(before: Kiosk, after: Kiosk, happening: Happening, now_s: float) -> Kiosk:
    """Return the kiosk with what a happening tells of the customer's effort."""
    if isinstance(after.screen, ENDED):
        return at_rest(after)
    if not isinstance(happening, Touched | Pressed):
        return after
    if after.effort.began_s is None and after.is_untouched:
        return after
    effort = moved(after.effort, seen=before.screen, shown=after.screen, now_s=now_s)
    return _judged(replace(after, effort=effort), now_s)


def ticked(kiosk: Kiosk, now_s: float) -> Kiosk:
    """Return the kiosk after time has passed: who stays away from the first page has left."""
    left_s = _left_at_s(kiosk)
    if left_s is not None and now_s >= left_s:
        return at_rest(kiosk)
    return kiosk if kiosk.asking else _judged(kiosk, now_s)


def struggle_due_s(kiosk: Kiosk) -> float | None:
    """Return when `ticked` will change something."""
    too_long_s = None
    if not (kiosk.effort.struggles or kiosk.asking or kiosk.listening):
        too_long_s = too_long_at_s(kiosk.effort, kiosk.patience)
    return min((each for each in (too_long_s, _left_at_s(kiosk)) if each is not None), default=None)


def after_offer(kiosk: Kiosk, key: str, now_s: float) -> Kiosk:
    """Return the kiosk after a touch that answers *need help?*."""
    answered = replace(kiosk, offering=False, since_s=now_s)
    return replace(answered, screen=Guide(), guide_s=now_s) if key == "help" else answered


def at_rest(kiosk: Kiosk) -> Kiosk:
    return replace(kiosk, effort=Effort(), offering=False)


def _judged(kiosk: Kiosk, now_s: float) -> Kiosk:
    if kiosk.effort.struggles or not is_too_much(
        kiosk.effort, kiosk.patience, now_s=now_s, in_haste=not kiosk.listening
    ):
        return kiosk
    offering = kiosk.patience.offers and not kiosk.is_guide_called
    return replace(kiosk, effort=replace(kiosk.effort, struggles=True), offering=offering)


def _left_at_s(kiosk: Kiosk) -> float | None:
    """Return when whoever went back to the first page by himself counts as gone; other pages fall back to home."""
    is_begun = kiosk.effort.began_s is not None
    return kiosk.since_s + kiosk.idle_s if is_begun and kiosk.is_untouched else None
