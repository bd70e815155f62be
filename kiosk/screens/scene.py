"""Which picture belongs to which state of the kiosk."""

from typing import assert_never

from .. import flow
from .confirm import confirm
from .home import home
from .message import away, declined, no_paper
from .parts import Scene
from .shapes import Picture
from .ticket import ticket


def picture(scene: Scene) -> Picture:
    match scene.kiosk.screen:
        case flow.Home() as screen:
            return home(scene, screen)
        case flow.Confirm(service=service_id):
            service = scene.kiosk.service(service_id)
            return confirm(scene, service, taking=False) if service is not None else home(scene, flow.Home())
        case flow.Taking(service=service):
            return confirm(scene, service, taking=True)
        case flow.Ticket() as screen:
            return ticket(scene, screen)
        case flow.NoPaper() as screen:
            return no_paper(scene, screen)
        case flow.Declined() as screen:
            return declined(scene, screen)
        case flow.Away() as screen:
            return away(scene, screen)
        case _ as never:
            assert_never(never)
