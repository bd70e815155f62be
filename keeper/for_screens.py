"""What a keeper leaves for the screens of its box: how the box is, and how the hall is as far as it hears."""

import logging
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

from broker.ailments import Found, found
from broker.bus import Letter
from broker.contract.messages import BoxHealth, Language
from broker.contract.texts import texts
from broker.technician.told import Told, leave
from broker.whole_hall import Hearing, whole_hall

log = logging.getLogger(__name__)

HEARD: Final = ("view/hall", "view/queues", "node/+")


class ForScreens:
    """Keeps the last letter of each topic as it came, and reads them when something is left at `path`."""

    def __init__(
        self, *, hall: str, node: str, broker: tuple[str, int], path: Path, now: Callable[[], datetime]
    ) -> None:
        self._hall, self._node, self._broker, self._path, self._now = hall, node, broker, path, now
        self._letters: dict[str, Letter] = {}
        self._complaint = ""

    def hear(self, letter: Letter) -> None:
        """Keep what was said; what an empty letter takes back is forgotten."""
        if letter.payload:
            self._letters[letter.topic] = letter
        else:
            self._letters.pop(letter.topic, None)

    def leave(self, health: BoxHealth, *, connected: bool) -> None:
        """Leave it; a folder that is not there, on a machine without our units, is no fault."""
        if not connected:
            self._letters.clear()  # it will be told anew
        told = Told(
            at=self._now(),
            box=health.box,
            image=health.image,
            slot=health.slot,
            own=health.findings,
            hall={language.value: self._whole(language, connected=connected) for language in Language},
        )
        try:
            leave(self._path, told)
            self._complaint = ""
        except OSError as error:
            if str(error) != self._complaint:
                log.warning("nothing can be left for the technician's page: %s", error)
            self._complaint = str(error)

    def _whole(self, language: Language, *, connected: bool) -> tuple[Found, ...]:
        if not connected:
            host, port = self._broker
            problem = texts(language)["technician"]["no_connection"]
            return (Found("", found("broker_gone", host=host, port=port, problem=problem)),)
        heard = Hearing()
        for letter in list(self._letters.values()):
            heard.hear(self._hall, letter)
        every = whole_hall(heard, language, now=self._now(), own=self._node)
        return tuple(each for each in every if each.finding.what != "log")  # warnings are the registrar's to hear
