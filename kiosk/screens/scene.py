"""Which picture belongs to which state of the kiosk, and where on the panel it lies."""

from dataclasses import replace
from typing import assert_never

from .. import flow
from .confirm import confirm, needs
from .customers import customer
from .focus import framed
from .header import mark
from .home import home
from .layout import READ, Scene
from .message import away, classes, declined, guide, need_help, no_paper, still_there, unread
from .missed import missed
from .note import noted
from .shapes import BRAND, CAP, ON_BRAND, Area, Box, Picture, Shape, moved, words
from .ticket import back, ticket


def picture(scene: Scene, *, top: float = 0.0) -> Picture:
    """Return the picture of a state; the topmost `top` of it, out of a seated person's reach, names the hall."""
    if top <= 0:
        return _asked(scene)
    within = _asked(replace(scene, h=scene.h - top))
    banner = [*_banner(scene, top), *(moved(shape, top) for shape in within.shapes)]
    return replace(within, shapes=tuple(banner))


def _asked(scene: Scene) -> Picture:
    drawn = _drawn(scene)
    if scene.kiosk.noted_s is not None:
        drawn = noted(scene, drawn)
    if scene.kiosk.asking:
        return still_there(scene, drawn)
    shown = need_help(scene, drawn) if scene.kiosk.offering else drawn
    return framed(shown, scene.kiosk.focus)


def _drawn(scene: Scene) -> Picture:  # noqa: C901, PLR0912 - an arm for each screen
    kiosk = scene.kiosk
    match kiosk.screen:
        case flow.Home() as screen:
            return home(scene, screen)
        case flow.Confirm(service=service_id) | flow.Needs(service=service_id) as screen:
            service = kiosk.service(service_id)
            if service is None:
                return home(scene, flow.Home())
            return confirm(scene, service, taking=False) if isinstance(screen, flow.Confirm) else needs(scene, service)
        case flow.Classes():
            return classes(scene)
        case flow.Taking(service=service):
            return confirm(scene, service, taking=True)
        case flow.Ticket() as screen:
            return ticket(scene, screen)
        case flow.Missed() as screen:
            return missed(scene, screen, waiting=False)
        case flow.Returning(typed=typed):
            return missed(scene, typed, waiting=True)
        case flow.CheckIn() | flow.Checking() | flow.Identify() as screen:
            return customer(scene, screen)
        case flow.Back() as screen:
            return back(scene, screen)
        case flow.Unread() as screen:
            return unread(scene, screen)
        case flow.Guide():
            return guide(scene)
        case flow.NoPaper() as screen:
            return no_paper(scene, screen)
        case flow.Declined() as screen:
            return declined(scene, screen)
        case flow.Away() as screen:
            return away(scene, screen)
        case _ as never:
            assert_never(never)


def _banner(scene: Scene, top: float) -> list[Shape]:
    shapes: list[Shape] = [Box(area=Area(x=0, y=0, w=scene.w, h=top), fill=BRAND, radius=0)]
    hall = scene.kiosk.hall
    size = min(72.0, top * 0.3)
    if hall is None or size < READ:
        return shapes
    side = size * 1.6
    if top > 3 * side:
        shapes += mark(scene, (scene.w - side) / 2, top / 2 - side * 1.3, side)
    first, second = scene.speech.of_text(hall.name)
    y = top / 2 + size * CAP + (side * 0.3 if top > 3 * side else 0)
    shapes.append(words(first, scene.w / 2, y, size, color=ON_BRAND, bold=True, anchor="center", fit=scene.w - 80))
    if second:
        shapes.append(
            words(second, scene.w / 2, y + size * 0.9, READ, color=ON_BRAND, anchor="center", fit=scene.w - 80)
        )
    return shapes
