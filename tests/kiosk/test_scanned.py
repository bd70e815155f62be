"""What the texts mean that customers hold before a kiosk's scanner."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.scanned import BookingCode, Meaning, TicketCode, Unknown, code_of, meaning

B014 = TicketCode(ticket="B014")
SATURDAY = TicketCode(ticket="B014", day="2026-11-21")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("B014", B014),
        (" b014\r\n", B014),
        ("B14", B014),
        ("B 014", B014),
        ("B-014", B014),
        ("AB1014", TicketCode(ticket="AB1014")),
        ("HC1:T:B014", B014),
        ("hc1:t:b014", B014),
        (code_of("2026-11-21-B014"), SATURDAY),
        ("2026-11-21-B014", SATURDAY),
        ("HC1:B:482913", BookingCode(code="482913")),
        ("HC1:B:K7-204", BookingCode(code="K7-204")),
        ("482913", BookingCode(code="482913")),
        ("", Unknown()),
        ("HC1:", Unknown()),
        ("HC1:T:", Unknown()),
        ("HC1:T:Q014", Unknown()),
        ("HC1:T:B01444", Unknown()),
        ("HC1:B:no spaces", Unknown()),
        ("HC1:X:B014", Unknown()),
        ("6901234567892 ", BookingCode(code="6901234567892")),
        ("https://qr.alipay.com/fkx0123", Unknown()),
        ("WIFI:S:hall;P:secret;;", Unknown()),
        ("B014; DROP TABLE", Unknown()),
        ("二区 B014", Unknown()),
    ],
)
def test_a_text_means_what_the_hall_has_printed(text: str, meant: Meaning) -> None:
    assert meaning(text) == meant


@pytest.mark.parametrize(
    ("template", "text", "meant"),
    [
        ("https://q.example/t/{visit}", "https://q.example/t/2026-11-21-B014", SATURDAY),
        ("https://q.example/t/{visit}", "HTTPS://Q.EXAMPLE/t/2026-11-21-B014", SATURDAY),
        ("https://q.example/t?n={ticket}&h=east", "https://q.example/t?n=B014&h=east", B014),
        ("https://q.example/{ticket}/{visit}", "https://q.example/B014/2026-11-21-B014", SATURDAY),
        ("https://q.example/{visit}", "https://q.example/about", Unknown()),
        ("https://q.example/t?n={ticket}", "https://elsewhere.example/t?n=B014", Unknown()),
        ("", "https://elsewhere.example/B014", Unknown()),
        ("", "https://elsewhere.example/follow?visit=2026-11-21-B014&lang=en", SATURDAY),
        ("", "https://elsewhere.example/s/2026%2D11%2D21-B014#top", SATURDAY),
        ("https://no-blank.example/", "https://no-blank.example/", Unknown()),
    ],
)
def test_the_address_on_a_slip_names_its_number(template: str, text: str, meant: Meaning) -> None:
    assert meaning(text, public_url=template) == meant


@given(st.text(), st.sampled_from(["", "https://q.example/{visit}", "https://q.example/{ticket}?v={visit}"]))
def test_no_text_whatever_breaks_the_reading(text: str, template: str) -> None:
    for said in (text, "http://" + text, "HC1:T:" + text, "HC1:B:" + text):
        assert isinstance(meaning(said, public_url=template), TicketCode | BookingCode | Unknown)
