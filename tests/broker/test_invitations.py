"""Invitations: what the registrar is told of a token, and what of a damaged file."""

import re
from datetime import UTC, datetime

import pytest

from broker.invitations import GOOD_FOR, BadInvitations, Invitation, Invitations, read, token_hash, written

MADE = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
INVITED = Invitations(
    hall="chengdong",
    invitations=(
        Invitation(
            box="kiosk-east",
            nodes=("keeper-kiosk-east", "kiosk-1"),
            token=token_hash("0f" * 16),
            expires=MADE + GOOD_FOR,
        ),
    ),
)


def test_what_is_written_is_read_and_holds_no_token() -> None:
    assert read(written(INVITED)) == INVITED
    assert b"0f0f0f" not in written(INVITED)


@pytest.mark.parametrize("damaged", [b"", b"{}", written(INVITED)[:-40], written(INVITED).replace(b"box", b"bx")])
def test_a_damaged_file_says_what_to_do(damaged: bytes) -> None:
    with pytest.raises(
        BadInvitations, match=re.escape("registrar/invitations.json: ") + ".*; write the dispatcher's card"
    ):
        read(damaged)
