"""Whether the hall's public address answers: a QR code that leads nowhere is not printed."""

import logging
import urllib.error
import urllib.request
from typing import Final
from urllib.parse import quote, urlsplit

from broker.contract.messages import TicketTaken

log = logging.getLogger(__name__)

CHECK_S: Final = 60.0
PATIENCE_S: Final = 4.0
_BROKEN: Final = 500  # HTTP status: from here on the server itself has failed


class PublicAddress:
    """The address under which a ticket can be followed; `template` holds `{visit}` or `{ticket}`, or is empty."""

    def __init__(self, template: str) -> None:
        self.template = template
        self.works = False

    @property
    def is_set(self) -> bool:
        return bool(self.template)

    def url_of(self, taken: TicketTaken) -> str:
        """Return where to follow a ticket; empty while the address does not answer."""
        if not self.works:
            return ""
        names = {"{visit}": taken.visit, "{ticket}": taken.ticket}
        url = self.template
        for name, value in names.items():
            url = url.replace(name, quote(value))
        return url

    def check(self) -> None:
        """Ask the server's front page, for a thread of its own; any answer but its own failure will do."""
        worked, self.works = self.works, _answers(self.template)
        if worked and not self.works:
            log.warning("the public address does not answer: slips have no QR code until it does")


def _answers(template: str) -> bool:
    place = urlsplit(template)
    if place.scheme not in {"http", "https"}:
        return False
    request = urllib.request.Request(f"{place.scheme}://{place.netloc}/", method="HEAD")  # noqa: S310 - checked above
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_S):  # noqa: S310 - checked above
            return True
    except urllib.error.HTTPError as error:
        return error.code < _BROKEN
    except (OSError, ValueError):
        return False
