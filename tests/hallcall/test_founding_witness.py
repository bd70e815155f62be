"""A registrar that was put back from an older copy: the laptop knows what it lacks, and says what to do once more."""

from datetime import UTC, datetime, timedelta

import pytest

from broker.joining.words import Act
from hallcall.founding.witness import advice, still_lost

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def act(what: str, box: str = "", *nodes: str, number: int = 1) -> Act:
    at = NOW + timedelta(minutes=number)
    return Act(number=number, at=at, who="technician", what=what, about="", box=box, nodes=nodes)


LOST: list[tuple[list[Act], list[tuple[str, str]]]] = [
    ([act("Expelled", "kiosk-1", "kiosk-1", "keeper-kiosk-1")], [("lost_revoked", "kiosk-1")]),
    ([act("Expelled", "", "kiosk-1")], [("lost_node", "kiosk-1")]),
    ([act("BoxInvited", "board-2", "board-2"), act("BoxJoined", "board-2", "board-2")], [("lost_joined", "board-2")]),
    ([act("Expelled", "kiosk-1", "kiosk-1"), act("BoxJoined", "kiosk-1", "kiosk-1")], [("lost_joined", "kiosk-1")]),
    (
        [act("BoxJoined", "kiosk-1", "kiosk-1"), act("Expelled", "kiosk-1", "kiosk-1")],
        [("lost_revoked", "kiosk-1"), ("lost_unknown", "kiosk-1")],
    ),
    ([act("CertificateRenewed", "", "kiosk-1")], [("lost_renewed", "kiosk-1")]),
    ([act("CertificateRenewed", "", "broker"), act("SpareAsked"), act("TechnicianReplaced")], []),
    ([act("FilesPut", "dispatcher"), act("FilesPut", "dispatcher")], [("lost_files", "dispatcher")]),
    ([act("FilesPut", "kiosk-1"), act("BoxJoined", "kiosk-1", "kiosk-1")], [("lost_joined", "kiosk-1")]),
    ([act("IssuingReplaced")], [("lost_rotated", "")]),
]


@pytest.mark.parametrize(("lost", "told"), LOST)
def test_what_is_missing_is_to_be_done_once_more(lost: list[Act], told: list[tuple[str, str]]) -> None:
    assert list(advice(still_lost(lost, ()))) == told


@pytest.mark.parametrize(
    ("lost", "since", "left"),
    [
        (act("Expelled", "kiosk-1", "kiosk-1"), act("Expelled", "kiosk-1", "kiosk-1"), 0),
        (act("Expelled", "kiosk-1", "kiosk-1"), act("Expelled", "board-1", "board-1"), 1),
        (act("Expelled", "kiosk-1", "kiosk-1"), act("BoxInvited", "kiosk-1", "kiosk-1"), 1),  # the old one is in still
        (act("BoxJoined", "kiosk-1", "kiosk-1"), act("BoxJoined", "kiosk-1", "kiosk-1"), 0),
        (act("Expelled", "", "kiosk-1"), act("Expelled", "kiosk-1", "kiosk-1", "keeper-kiosk-1"), 0),
        (act("CertificateRenewed", "", "kiosk-1"), act("CertificateRenewed", "", "kiosk-1"), 1),  # of the older key
        (act("FilesPut", "kiosk-1"), act("FilesPut", "kiosk-1"), 0),
        (act("IssuingReplaced"), act("IssuingReplaced"), 0),
    ],
)
def test_it_is_said_until_it_was_done(lost: Act, since: Act, left: int) -> None:
    assert len(still_lost([lost], [since])) == left
