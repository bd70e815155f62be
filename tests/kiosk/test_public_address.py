"""The hall's public address: a QR code that leads nowhere is not printed."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from broker.contract.messages import TicketTaken
from kiosk.public_address import PublicAddress


class FrontPage(BaseHTTPRequestHandler):
    status = 200

    def do_HEAD(self) -> None:
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the library
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), FrontPage)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(("status", "works"), [(200, True), (404, True), (405, True), (500, False), (503, False)])
def test_an_address_works_while_its_server_does(
    server: ThreadingHTTPServer, b014: TicketTaken, monkeypatch: pytest.MonkeyPatch, status: int, *, works: bool
) -> None:
    monkeypatch.setattr(FrontPage, "status", status)
    place = f"http://127.0.0.1:{server.server_port}"
    address = PublicAddress(place + "/t/{visit}?n={ticket}")
    assert address.url_of(b014) == "", "nobody has asked yet"
    address.check()
    assert address.url_of(b014) == (f"{place}/t/2026-11-21-B014?n=B014" if works else "")


def test_an_address_that_nobody_answers_gives_no_qr_code(b014: TicketTaken) -> None:
    address = PublicAddress("http://127.0.0.1:1/{visit}")
    address.check()
    assert address.url_of(b014) == ""


def test_a_hall_without_an_address_asks_nobody(b014: TicketTaken) -> None:
    address = PublicAddress("")
    assert not address.is_set
    assert address.url_of(b014) == ""
