"""The registrar on the hall's bus: it hears what supervisors approve, and says what somebody should look at."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from broker.bus import Bus, BusDown, Letter
from broker.contract import wire
from broker.contract.messages import AnyView, BoxLog, DeviceState, HallView, Language, Presence, Recorded, Role
from broker.joining.asking import in_words
from broker.joining.words import Boxes, Denied, Shown
from broker.link import HallLink
from broker.warning_store import WarningStore

from .registrar import Registrar
from .releases import Releases

LOOK_S: Final = 5.0
LOOK_BACK: Final = 200  # events heard at the very first start: an approval may be among them
LAST_DAYS: Final = timedelta(days=30)
ISSUING_LAST_DAYS: Final = timedelta(days=180)
SHOWN: Final = {  # by device: why they were refused, and what is said of it
    "laptop": ("technician_replaced", "the lost laptop is in this network, or its copy: {nodes}"),
    "thrown-out": ("revoked", "revoked, and switched on: {nodes}; take it from the network, or write it a new card"),
    "strangers": (
        "unknown_certificate",
        "certified by this hall, and not in the registrar's book: {nodes}; see hallcall hall boxes",
    ),
}


class RegistrarNode:
    """Brings the registrar's link and the registrar together."""

    def __init__(
        self,
        *,
        bus: Bus,
        hall: str,
        node: str,
        registrar: Registrar,
        clock: Callable[[], float],
        now: Callable[[], datetime],
        releases: Releases | None = None,
        warnings: WarningStore | None = None,
    ) -> None:
        self._registrar, self._now = registrar, now
        self._bus, self._hall, self._releases, self._warnings = bus, hall, releases, warnings
        self._link = HallLink(
            bus=bus,
            hall=hall,
            node=node,
            role=Role.REGISTRAR,
            clock=clock,
            on_view=self._view,
            on_event=self._happened,
            on_other=self._other,
            look_back=LOOK_BACK,
            since=registrar.approving.place,
        )

    async def run(self) -> None:
        """Listen and tell until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._link.run())
            tasks.create_task(self._keep_telling())
            if self._releases is not None:
                tasks.create_task(self._keep_offering(self._releases))

    def _other(self, letter: Letter) -> None:
        """Keep a box's warnings; presences are for whoever hands out releases, and files."""
        if self._releases is not None:
            self._releases.hear(letter)
        if not letter.payload:
            return
        heard = wire.decode(self._hall, letter.topic, letter.payload)  # the link has read it before
        if isinstance(heard.message, Presence):
            self._registrar.putting.heard(heard.message)
        if isinstance(heard.message, BoxLog) and self._warnings is not None:
            self._warnings.take(heard.level, heard.message, now=self._now())

    def _view(self, view: AnyView) -> None:
        if isinstance(view, HallView):
            self._registrar.putting.shown(view)

    def _happened(self, recorded: Recorded) -> None:
        answer = self._registrar.approving.hear(recorded)
        if isinstance(answer, Denied):
            text = in_words(answer, Language.ZH) + " " + in_words(answer, Language.EN)
            self._link.device("approval", DeviceState.WARNING, text)
        elif answer is not None:
            self._link.device("approval", DeviceState.OK)
            self._tell()

    async def _keep_telling(self) -> None:
        while True:
            self._tell()
            await asyncio.sleep(LOOK_S)

    async def _keep_offering(self, releases: Releases) -> None:
        while True:
            try:
                for letter in releases.letters():
                    await self._bus.publish(letter)
            except BusDown:
                releases.forget_offers()  # all of them once more, when the broker is there again
            alert = releases.plan.alert
            self._link.device("release", DeviceState.FAULT if alert else DeviceState.OK, alert)
            await asyncio.sleep(LOOK_S)

    def _tell(self) -> None:
        boxes = self._registrar.told()
        self._link.spares(tuple(each.serial for each in boxes.spares))
        for name, (state, text) in findings(boxes, self._now()).items():
            self._link.device(name, state, text)


def findings(boxes: Boxes, now: datetime) -> dict[str, tuple[DeviceState, str]]:
    """Return what somebody should see to, for the presence."""
    spares = ", ".join(f"{each.serial} at {each.address}" for each in boxes.spares)
    flood = (
        f"{boxes.waiting} machines ask for a place, such as {spares};"
        " approve only a code that you read on a screen in front of you"
    )
    ending = [
        f"{node.node} ({node.until:%Y-%m-%d})"
        for box in boxes.boxes
        for node in box.nodes
        if node.until is not None and node.until - now < LAST_DAYS
    ]
    issuing_ends = boxes.issuing_until is not None and boxes.issuing_until - now < ISSUING_LAST_DAYS
    return {
        "spares": (DeviceState.WARNING, flood)
        if boxes.waiting > len(boxes.spares)
        else (DeviceState.WARNING, f"waiting for a place: {spares}; read the code on its screen, then approve")
        if spares
        else (DeviceState.OK, ""),
        "certificates": (
            DeviceState.WARNING,
            f"end soon: {', '.join(ending)}; are these boxes switched on, and does the network reach them?",
        )
        if ending
        else (DeviceState.OK, ""),
        "authority": (
            DeviceState.WARNING,
            f"the issuing authority ends on {boxes.issuing_until:%Y-%m-%d}; the technician rotates it",
        )
        if issuing_ends
        else (DeviceState.OK, ""),
    } | {name: _shown(boxes.shown, reason, text) for name, (reason, text) in SHOWN.items()}


def _shown(shown: Sequence[Shown], reason: str, text: str) -> tuple[DeviceState, str]:
    """Return what is said of those who came with a certificate that does not count."""
    came = ", ".join(f"{each.node} at {each.address}" for each in shown if each.reason == reason)
    return (DeviceState.WARNING, text.format(nodes=came)) if came else (DeviceState.OK, "")
