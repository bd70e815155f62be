"""Account and ID numbers: what is accepted, what is shown, what is sent."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from broker.config import BrokenConfig, KioskFile, load_node
from broker.contract.messages import Hall, Identity, IdentityKind, Language
from broker.contract.texts import texts
from kiosk.checks.finding import Bench
from kiosk.checks.identity import identity
from kiosk.identity import is_right, masked, person_of
from kiosk.identity_key import identity_key
from kiosk.screens.customers import grouped

KEY = b"the secret of this hall's kiosks, long enough"
ACCOUNT, ID_CARD = Identity(kind=IdentityKind.ACCOUNT), Identity(kind=IdentityKind.ID_CARD)


@pytest.mark.parametrize(
    ("identity", "number", "right"),
    [
        (ACCOUNT, "1101051949", True),
        (ACCOUNT, "1101051949123", True),
        (ACCOUNT, "110105194", False),
        (ACCOUNT, "110105194X", False),
        (ACCOUNT, "１１０１０５１９４９", False),
        (ID_CARD, "11010519491231002X", True),  # the example of GB 11643-1999
        (ID_CARD, "440524188001010014", True),  # its other one
        (ID_CARD, "110105194912310021", False),
        (ID_CARD, "11010519491231002x", False),
        (ID_CARD, "X1010519491231002X", False),
        (ID_CARD, "", False),
    ],
)
def test_which_numbers_there_may_be(identity: Identity, number: str, right: bool) -> None:  # noqa: FBT001 - a table
    assert is_right(identity, number) is right


def test_a_number_is_shown_by_its_last_four_and_in_the_groups_in_which_it_is_read() -> None:
    assert masked("1101051949") == "••••••1949"
    assert grouped("11010519491231002X", 18) == "110105 19491231 002X"
    assert grouped("1101", 18) == "1101"
    assert grouped("1101051949", 13) == "1101 0519 49"


@given(st.integers(0, 10**10 - 1), st.integers(0, 10**10 - 1))
def test_two_numbers_two_days_two_halls_and_two_keys_have_nothing_in_common(one: int, other: int) -> None:
    def person(number: int, *, key: bytes = KEY, hall: str = "east", day: str = "2026-11-22") -> str:
        return person_of(f"{number:010d}", key=key, hall=hall, day=day, kind=IdentityKind.ACCOUNT)

    assert re.fullmatch(r"[0-9a-f]{24}", person(one))
    assert (person(one) == person(other)) is (one == other)
    others = {person(one, day="2026-11-23"), person(one, hall="west"), person(one, key=KEY[::-1]), person(one)}
    assert len(others) == 4


def test_the_hash_is_what_it_always_was() -> None:
    """Two kiosks of one hall may be of two versions on one day. Worked out with openssl dgst -hmac."""
    person = person_of("1101051949", key=KEY, hall="east", day="2026-11-22", kind=IdentityKind.ACCOUNT)
    assert person == "95922571658e356e108982ac"


def kiosk_file(directory: Path, key: str | None) -> KioskFile:
    named = f'identity_key_file = "{directory}/key"\n'
    if key is not None:
        (directory / "key").write_text(key, encoding="utf-8")
    (directory / "kiosk.toml").write_text(
        f'node = "kiosk-1"\nhall = "east"\nstate_dir = "{directory}"\n{named}'
        'broker = { password_file = "p" }\nprinter = { port = "usblp:/dev/usb/lp0" }\n',
        encoding="utf-8",
    )
    return load_node(directory / "kiosk.toml", KioskFile)


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (None, "the key that hides account and ID numbers cannot be read"),
        ("", "has 0 characters; it needs 32"),
        ("short", "has 5 characters; it needs 32: make one for all kiosks of the hall with head -c 32 /dev/urandom"),
        ("钥匙" * 20, "cannot be read"),
    ],
)
def test_a_key_that_is_none_is_refused_before_a_window_opens(tmp_path: Path, key: str | None, said: str) -> None:
    with pytest.raises(BrokenConfig, match=re.escape(said)):
        identity_key(kiosk_file(tmp_path, key))


def test_a_key_is_its_files_first_line(tmp_path: Path) -> None:
    assert identity_key(kiosk_file(tmp_path, f"{KEY.decode()}\nfor kiosks 1 and 2\n")) == KEY


@pytest.mark.parametrize(
    ("key", "asks", "light"),
    [(KEY.decode(), True, "green"), ("short", False, "red"), (None, True, "red"), (None, False, None)],
)
async def test_the_technicians_check_says_whether_the_key_is_there(
    tmp_path: Path,
    hall: Hall,
    key: str | None,
    asks: bool,  # noqa: FBT001 - a table
    light: str | None,
) -> None:
    file = kiosk_file(tmp_path, key)
    bench = Bench(
        file=file if key is not None else structs.replace(file, identity_key_file=""),
        path=tmp_path / "kiosk.toml",
        now=lambda: datetime.now(UTC),
        clock=lambda: 0.0,
        hall=structs.replace(hall, identity=ACCOUNT if asks else None),
    )
    found = [finding async for finding in identity(bench)]
    assert [each.light.value for each in found] == ([light] if light is not None else [])
    for language in Language:
        for each in found:
            assert texts(language)["check"][each.key].format(**dict(each.args))
